//! Fuzzes `daaslens_fuzz::threads`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::threads::check(data));
