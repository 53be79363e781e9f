//! Fuzzes `daaslens_fuzz::store`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::store::check(data));
