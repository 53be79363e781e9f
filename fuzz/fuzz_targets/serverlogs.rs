//! Fuzzes `daaslens_fuzz::serverlogs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::serverlogs::check(data));
