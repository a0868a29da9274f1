//! Text, binary and verifier: the forms of a module agree, mutated ones are refused or valid.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    microwasm_fuzz::counted(|| microwasm_oracle::targets::roundtrip(bytes).or_panic());
});
