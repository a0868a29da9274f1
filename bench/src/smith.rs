//! Random modules of about a kilobyte, the same ones on every machine.

use arbitrary::Unstructured;
use wasm_encoder::{EntityType, ImportSection, TypeSection, ValType};
use wasm_smith::{Config, Module};

use crate::engine::{HOST_FUNCTIONS, HOST_MODULE, ValueType};

/// xorshift64*: numbers that depend on the seed alone.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Starts a sequence; every seed gives another one.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // Spread the bits, so that small seeds do not give similar sequences; never zero.
        Self((seed.wrapping_add(1)).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `limit`, which is not zero.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.number() >> 16) as usize % limit
    }

    /// As many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..count.div_ceil(8))
            .flat_map(|_| self.number().to_le_bytes())
            .collect();
        bytes.truncate(count);
        bytes
    }
}

/// How many choices (bytes of input) a generated module gets, at least and at most.
const CHOICES: (usize, usize) = (600, 4000);

/// The sizes that count as about a kilobyte.
const SIZES: (usize, usize) = (512, 2048);

/// Loop rounds and calls after which a generated module traps.
const FUEL: u32 = 200;

/// Makes random modules, each from a seed.
#[derive(Debug)]
pub struct Generator {
    config: Config,
}

impl Default for Generator {
    fn default() -> Self {
        Self { config: config() }
    }
}

impl Generator {
    /// The choices that [`Generator::module`] makes the module from.
    #[must_use]
    pub fn choices(&self, seed: u64) -> Vec<u8> {
        let mut random = Random::new(seed);
        let count = CHOICES.0 + random.below(CHOICES.1 - CHOICES.0);
        random.bytes(count)
    }

    /// The module of these choices; nothing if they do not make one.
    #[must_use]
    pub fn module(&self, choices: &[u8]) -> Option<Vec<u8>> {
        let mut module = Module::new(self.config.clone(), &mut Unstructured::new(choices)).ok()?;
        module.ensure_termination(FUEL).ok()?;
        Some(module.to_bytes())
    }

    /// Whether a module's size is about a kilobyte.
    #[must_use]
    pub fn fits(wasm: &[u8]) -> bool {
        (SIZES.0..=SIZES.1).contains(&wasm.len())
    }
}

/// Wasm 2.0 without SIMD, importing only what the benchmarks offer, sure to end. References are
/// left out as well: Winch refuses almost every module that has any.
fn config() -> Config {
    Config {
        allow_start_export: false,
        available_imports: Some(importable()),
        reference_types_enabled: false,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        threads_enabled: false,
        tail_call_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        compact_imports_enabled: false,
        memory64_enabled: false,
        wide_arithmetic_enabled: false,
        extended_const_enabled: true,
        max_memories: 1,
        max_memory32_bytes: 2 << 16,
        max_table_elements: 1000,
        max_tables: 1,
        max_tags: 0,
        min_funcs: 1,
        min_exports: 1,
        ..Config::default()
    }
}

/// A module that imports everything there is to import.
fn importable() -> Vec<u8> {
    let mut types = TypeSection::new();
    let mut imports = ImportSection::new();
    for (index, host) in (0u32..).zip(HOST_FUNCTIONS) {
        types.ty().function(
            host.params.iter().map(encoded),
            host.results.iter().map(encoded),
        );
        imports.import(HOST_MODULE, host.name, EntityType::Function(index));
    }
    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&imports);
    module.finish()
}

fn encoded(value: &ValueType) -> ValType {
    match value {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
        ValueType::F32 => ValType::F32,
        ValueType::F64 => ValType::F64,
        ValueType::FuncRef => ValType::FUNCREF,
        ValueType::ExternRef => ValType::EXTERNREF,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::engines::Validator;

    #[test]
    fn generated_modules_are_valid_and_reproducible() {
        let generator = Generator::default();
        let mut made = 0;
        for seed in 0..50 {
            let choices = generator.choices(seed);
            let Some(wasm) = generator.module(&choices) else {
                continue;
            };
            Validator
                .compile(&wasm)
                .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert_eq!(
                Some(&wasm),
                generator.module(&choices).as_ref(),
                "seed {seed}"
            );
            made += 1;
        }
        assert!(made >= 40, "{made} modules of 50 seeds");
    }
}
