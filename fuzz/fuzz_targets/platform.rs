//! Fuzzes `daaslens_fuzz::platform`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::platform::check(data));
