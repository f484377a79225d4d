#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| xoxzo_2fa_fuzz::request(data));
