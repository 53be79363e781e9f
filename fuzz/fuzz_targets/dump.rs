//! Fuzzes `daaslens_fuzz::dump`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::dump::check(data));
