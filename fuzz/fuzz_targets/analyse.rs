//! Fuzzes `daaslens_fuzz::analyse`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::analyse::check(data));
