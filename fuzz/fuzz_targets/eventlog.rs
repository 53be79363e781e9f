//! Fuzzes `daaslens_fuzz::eventlog`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::eventlog::check(data));
