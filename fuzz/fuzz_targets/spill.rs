//! More values than registers.
#![no_main]

use microwasm_oracle::generate::directed::Directed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    microwasm_fuzz::counted(|| {
        microwasm_oracle::targets::directed(Directed::Spill, bytes).or_panic()
    });
});
