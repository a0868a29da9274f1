//! What a benchmark asks of an engine: compile, instantiate, call.
//!
//! Three traits, one per stage, so that each stage can be timed by itself. They return boxes: the
//! two allocations per module are below what any of the measurements can see. Every module that a
//! benchmark compiles imports nothing but functions of [`HOST_FUNCTIONS`].

use std::error::Error;

use thiserror::Error;

/// The reason an engine gave; engines have error types of their own.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why an engine did not do what a benchmark asked for.
#[derive(Debug, Error)]
pub enum Failure {
    /// The module was refused.
    #[error("does not compile: {0}")]
    Compile(Cause),
    /// The module compiled and would not instantiate.
    #[error("does not instantiate: {0}")]
    Instantiate(Cause),
    /// The call ended in a trap where none was expected.
    #[error("trapped: {0}")]
    Trap(Cause),
    /// There is no export of that name and type.
    #[error("has no export `{name}` of the type asked for")]
    Export {
        /// The name asked for.
        name: String,
    },
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It returned.
    Returned,
    /// It trapped.
    Trapped,
}

/// The types of values that cross the boundary of a benchmarked module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `funcref`
    FuncRef,
    /// `externref`
    ExternRef,
}

/// An exported function and its type.
#[derive(Debug, Clone)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// The types of its parameters.
    pub params: Vec<ValueType>,
    /// The types of its results.
    pub results: Vec<ValueType>,
}

/// A function that every engine offers to the modules, under [`HOST_MODULE`].
#[derive(Debug, Clone, Copy)]
pub struct HostFunction {
    /// Its name.
    pub name: &'static str,
    /// The types of its parameters.
    pub params: &'static [ValueType],
    /// The types of its results, which are all zero.
    pub results: &'static [ValueType],
}

/// The module name of all imports.
pub const HOST_MODULE: &str = "bench";

/// The import that is timed: `(i32, i32) -> i32`, defined by each engine with its fastest, typed
/// means. It computes [`host_step`].
pub const HOST_STEP: &str = "step";

/// What [`HOST_STEP`] computes; the native kernels link the same function.
#[must_use]
pub fn host_step(x: u32, y: u32) -> u32 {
    x.wrapping_add(y.wrapping_mul(3))
}

/// The other imports: untyped functions that return zeros. None has two results, since Singlepass
/// panics over an import that has.
pub const HOST_FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: "tick",
        params: &[],
        results: &[],
    },
    HostFunction {
        name: "put",
        params: &[ValueType::I32],
        results: &[],
    },
    HostFunction {
        name: "get",
        params: &[],
        results: &[ValueType::I32],
    },
    HostFunction {
        name: "wide",
        params: &[ValueType::I64],
        results: &[ValueType::I64],
    },
    HostFunction {
        name: "single",
        params: &[ValueType::F32],
        results: &[ValueType::F32],
    },
    HostFunction {
        name: "double",
        params: &[ValueType::F64, ValueType::I32],
        results: &[ValueType::F64],
    },
];

/// An engine under measurement.
pub trait Engine {
    /// How the tables call it.
    fn name(&self) -> &'static str;

    /// Validates and compiles a module, all of it, now.
    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Compiled + '_>, Failure>;

    /// The same, of a module that arrives in chunks, where the engine can compile what has come.
    fn compile_stream(&self, chunks: Chunks<'_>) -> Result<Box<dyn Compiled + '_>, Failure> {
        self.compile(chunks.whole)
    }
}

/// A module that arrives in chunks.
#[derive(Debug, Clone, Copy)]
pub struct Chunks<'a> {
    whole: &'a [u8],
}

impl<'a> Chunks<'a> {
    /// Bytes in a chunk.
    const SIZE: usize = 64 << 10;

    /// Of the module `whole`.
    #[must_use]
    pub fn of(whole: &'a [u8]) -> Self {
        Self { whole }
    }

    /// One after another.
    pub fn each(self) -> impl Iterator<Item = &'a [u8]> {
        self.whole.chunks(Self::SIZE)
    }
}

/// A compiled module.
pub trait Compiled {
    /// Bytes of machine code, where the engine tells.
    fn code_size(&self) -> Option<usize>;

    /// Makes an instance in a store of its own, running the start function.
    fn instantiate(&self) -> Result<Box<dyn Running>, Failure>;
}

/// An instance.
pub trait Running {
    /// Calls an export with all parameters zero, through the engine's untyped interface.
    fn call(&mut self, export: &Export) -> Result<Outcome, Failure>;

    /// Calls the entry of a kernel: `run`, of type `(i32) -> i64`.
    fn run(&mut self, scale: i32) -> Result<i64, Failure>;

    /// Calls `step`, of type `(i32) -> i32`, this many times through the engine's typed interface,
    /// feeding each result to the next call, and returns the last result.
    fn step_repeatedly(&mut self, count: u32) -> Result<i32, Failure>;

    /// Calls the named export, of type `() -> ()`, this many times through the engine's typed
    /// interface, and returns how many of the calls trapped.
    fn trap_repeatedly(&mut self, name: &str, count: u32) -> Result<u32, Failure>;
}
