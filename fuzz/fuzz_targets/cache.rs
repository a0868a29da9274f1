//! Versions of a random module, compiled from scratch and with a cache: the same code.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    microwasm_fuzz::counted(|| microwasm_oracle::targets::cache(bytes).or_panic());
});
