//! Bare validation by `wasmparser`: the floor under every engine that validates.

use wasmparser::WasmFeatures;

use crate::engine::{Compiled, Engine, Failure, Running};

/// An "engine" that only validates.
#[derive(Debug, Clone, Copy)]
pub struct Validator;

/// The features that every benchmarked module keeps to: Wasm 2.0 without SIMD, plus extended
/// constant expressions.
#[must_use]
pub fn features() -> WasmFeatures {
    (WasmFeatures::WASM2 - WasmFeatures::SIMD) | WasmFeatures::EXTENDED_CONST
}

impl Engine for Validator {
    fn name(&self) -> &'static str {
        "validation"
    }

    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Compiled + '_>, Failure> {
        wasmparser::Validator::new_with_features(features())
            .validate_all(wasm)
            .map_err(|error| Failure::Compile(Box::new(error)))?;
        Ok(Box::new(Validated))
    }
}

struct Validated;

impl Compiled for Validated {
    fn code_size(&self) -> Option<usize> {
        None
    }

    fn instantiate(&self) -> Result<Box<dyn Running>, Failure> {
        Err(Failure::Instantiate("a validator runs nothing".into()))
    }
}
