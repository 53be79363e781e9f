//! Fuzzes `daaslens_fuzz::freb`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::freb::check(data));
