//! Fuzzes `daaslens_fuzz::phplog`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::phplog::check(data));
