//! Fuzzes `daaslens_fuzz::w3c`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::w3c::check(data));
