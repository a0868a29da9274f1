//! Any bytes in any chunking: a module or a typed error, and always the same one.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    microwasm_fuzz::counted(|| microwasm_oracle::targets::decode(bytes).or_panic());
});
