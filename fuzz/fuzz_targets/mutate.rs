//! Modules, mutated by wasm-mutate, and what mutations that change nothing make of them.
#![no_main]

use microwasm_oracle::generate::mutate::{Semantics, mutated};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    microwasm_fuzz::counted(|| microwasm_oracle::targets::mutate(bytes).or_panic());
});

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let semantics = match seed % 4 {
        0 => Semantics::Preserved,
        _ => Semantics::Free,
    };
    // Some mutations cannot be made, or make too much: then the next ones are tried.
    let mutant = (0..8)
        .filter_map(|round| mutated(&data[..size], u64::from(seed) + (round << 32), semantics).ok())
        .find(|mutant| mutant.len() <= max_size);
    match mutant {
        Some(mutant) => {
            data[..mutant.len()].copy_from_slice(&mutant);
            mutant.len()
        }
        None => size,
    }
});
