//! Every operator with its operands in every place.
#![no_main]

use microwasm_oracle::generate::directed::Directed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    microwasm_fuzz::counted(|| {
        microwasm_oracle::targets::directed(Directed::SingleOp, bytes).or_panic()
    });
});
