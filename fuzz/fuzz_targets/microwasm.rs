//! Random Microwasm against the definitional interpreter; everything observable is compared.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    microwasm_fuzz::counted(|| microwasm_oracle::targets::microwasm(bytes).or_panic());
});
