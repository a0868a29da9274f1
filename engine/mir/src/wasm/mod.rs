//! The WebAssembly front end: bytes in, Microwasm out, in one pass.
//!
//! Receives a module, whole or in chunks, and validates it as it comes. Hands
//! on every function body, as soon as its last byte is there, to a
//! [`Consumer`], which has it translated into a [`Sink`](crate::Sink) of its
//! choice; and in the end the [`ModuleInfo`]. Never names a backend.
//!
//! Accepted is exactly WebAssembly 2.0 without vectors, and extended constant
//! expressions. Everything else is a typed [`WasmError`]: no input panics, and
//! nothing is allocated because an input says how much there will be.

mod control;
mod convert;
mod emit;
mod error;
mod func;
mod limits;
mod module;
mod operands;
mod read;
mod references;
mod sections;
mod visit;

use wasmparser::WasmFeatures;

pub use control::Scratch;
pub use error::{Cause, Proposal, WasmError};
pub use func::{DetachedBodies, DetachedBody, FunctionBody, LARGE_BODY};
pub use limits::{LimitExceeded, LimitKind, Limits};
pub use module::ModuleTranslator;
pub use references::Reference;

use crate::module::ModuleInfo;

/// What the validator accepts. `FLOATS` and `GC_TYPES` are no proposals: they
/// let floating-point numbers and `externref` be.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .difference(WasmFeatures::SIMD)
    .union(WasmFeatures::EXTENDED_CONST);

/// Receives the functions of a module, in order.
pub trait Consumer {
    /// Why translating stops early: the module's fault or the consumer's own.
    type Error: From<WasmError>;

    /// Takes a function body, by translating it or by detaching it for later.
    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), Self::Error>;
}

/// Translates a module that is there as a whole, without copying it.
pub fn translate<C: Consumer>(
    bytes: &[u8],
    limits: Limits,
    consumer: &mut C,
) -> Result<ModuleInfo, C::Error> {
    translate_with(bytes, limits, &mut Scratch::default(), consumer)
}

/// As [`translate`], with memory that is left over from other modules.
pub fn translate_with<C: Consumer>(
    bytes: &[u8],
    limits: Limits,
    scratch: &mut Scratch,
    consumer: &mut C,
) -> Result<ModuleInfo, C::Error> {
    ModuleTranslator::new(limits).whole(bytes, scratch, consumer)
}
