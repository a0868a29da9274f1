//! What all targets share: the compiler's counts of its rules as further counters of libFuzzer,
//! for which an input that uses a rule in new circumstances is as good as one that reaches new
//! code.

use microwasm_oracle::coverage::{self, WORDS};
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Where libFuzzer looks for them. It sets them to 0 before each input.
// SAFETY: the section holds nothing but counters, which may have any value.
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static COUNTERS: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

/// Runs a target on an input and tells libFuzzer which cells it reached. How often does not
/// matter: every other count would be news, and drown what is.
pub fn counted(target: impl FnOnce()) {
    target();
    coverage::take(|word, counts| {
        // Counts stop at 128: the sums stay within their bytes.
        let reached = (counts + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101;
        COUNTERS[word].store(reached, Ordering::Relaxed);
    });
}
