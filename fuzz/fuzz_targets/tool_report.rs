//! Fuzzes `daaslens_fuzz::tool_report`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| daaslens_fuzz::tool_report::check(data));
