//! Everything besides the input that influences the code produced.

/// How memory accesses are checked.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemoryBounds {
    /// The address space behind the memory faults; no check is emitted.
    Guard,
    /// Index, offset and size are compared with the length before each access.
    Explicit,
}

/// CPU features that the backend may use. SSE2 is always there.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs)]
pub struct CpuFeatures {
    pub sse41: bool,
    pub popcnt: bool,
    pub lzcnt: bool,
    pub bmi1: bool,
    pub bmi2: bool,
    pub avx: bool,
}

impl CpuFeatures {
    /// No feature beyond the x86-64 baseline.
    pub const BASELINE: CpuFeatures = CpuFeatures {
        sse41: false,
        popcnt: false,
        lzcnt: false,
        bmi1: false,
        bmi2: false,
        avx: false,
    };

    /// Whether there is no feature here that is not in `others`.
    pub fn is_within(self, others: CpuFeatures) -> bool {
        let pairs = [
            (self.sse41, others.sse41),
            (self.popcnt, others.popcnt),
            (self.lzcnt, others.lzcnt),
            (self.bmi1, others.bmi1),
            (self.bmi2, others.bmi2),
            (self.avx, others.avx),
        ];
        pairs.into_iter().all(|(here, there)| there || !here)
    }

    /// The features of the machine this runs on.
    pub fn detect() -> CpuFeatures {
        CpuFeatures {
            sse41: std::is_x86_feature_detected!("sse4.1"),
            popcnt: std::is_x86_feature_detected!("popcnt"),
            lzcnt: std::is_x86_feature_detected!("lzcnt"),
            bmi1: std::is_x86_feature_detected!("bmi1"),
            bmi2: std::is_x86_feature_detected!("bmi2"),
            avx: std::is_x86_feature_detected!("avx"),
        }
    }
}

/// What operators are compiled to.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Backend {
    /// x86-64 machine code.
    #[default]
    X64,
    /// Bytecode for the interpreter, which always checks bounds explicitly.
    Bytecode,
}

/// Settings of a compilation.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// What to compile to.
    pub backend: Backend,
    /// How memory accesses are checked.
    pub bounds: MemoryBounds,
    /// Count fuel: one unit per function entry and per arrival at a loop header.
    pub fuel: bool,
    /// Compare the epoch with the store's deadline at the same places.
    pub epoch: bool,
    /// CPU features to use.
    pub features: CpuFeatures,
    /// Record where each operator's code begins.
    pub source_map: bool,
    /// Record where the stack pointer is, for unwind tables.
    pub unwind: bool,
    /// Verify the allocator's state after each operator and the moves of each edge.
    pub self_check: bool,
    /// Has the x86-64 backend choose otherwise wherever nothing observable may depend on what
    /// it chooses, at random from this seed: for tests.
    pub perturb: Option<u64>,
    /// Largest frame, in bytes.
    pub max_frame: u32,
    /// Largest code of one function, in bytes.
    pub max_function_code: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            backend: Backend::X64,
            bounds: MemoryBounds::Guard,
            fuel: false,
            epoch: false,
            features: CpuFeatures::detect(),
            source_map: false,
            unwind: false,
            self_check: cfg!(debug_assertions) || cfg!(fuzzing),
            perturb: None,
            max_frame: 64 << 20,
            max_function_code: 256 << 20,
        }
    }
}
