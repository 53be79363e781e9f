//! Fuzzes `daaslens_fuzz::applog`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::applog::check(data));
