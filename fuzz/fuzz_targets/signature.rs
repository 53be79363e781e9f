//! Fuzzes `daaslens_fuzz::signature`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::signature::check(data));
