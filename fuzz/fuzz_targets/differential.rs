//! Random modules in several engines; everything observable is compared.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    microwasm_fuzz::counted(|| microwasm_oracle::targets::differential(bytes).or_panic());
});
