//! Fuzzes `daaslens_fuzz::azure`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::azure::check(data));
