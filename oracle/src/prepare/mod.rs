//! Prepares a module for observation by re-encoding it once.
//!
//! Receives any valid module, hands on an equivalent one in which everything that an
//! observer wants to read is exported, and a [`Shape`] that says what there is. Code
//! changes only in three ways, all optional: NaNs are made canonical ([`Canonicalize`]), dropped
//! numbers are folded into a global, and run time is bounded ([`Bound`]). Everything untouched is
//! copied byte by byte.

mod body;
mod microwasm;
mod rewrite;
mod shape;

pub use rewrite::{Bound, Canonicalize, Options, PrepareError, Prepared, prepare};
pub use shape::{Export, Import, ImportType, ItemKind, ReservedName, Shape};
pub(crate) use shape::{encoder_type, val_type};

use wasmparser::WasmFeatures;

/// Exports with this prefix belong to the suite. A number follows.
pub const RESERVED: &str = "microwasm:";

/// Name of the exported global that bounds how long a generated module runs.
pub const FUEL_EXPORT: &str = "microwasm-fuel";

/// Fuel of a generated module for each invocation.
pub const FUEL: u32 = 1000;

/// What a module may use: Wasm 2.0 without SIMD, plus extended constants.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .difference(WasmFeatures::SIMD)
    .union(WasmFeatures::EXTENDED_CONST);
