//! Whole modules, as people and compilers write them, and what wasm-mutate makes of them.
//!
//! Receives a module of WebAssembly, binary or text. Hands on one whose run time is [`Bounded`],
//! and a second one, which has been changed, step by step, in ways that must not change what it
//! does. The seed of both is a hash of the input. Panics of wasm-mutate end here.

use std::sync::Arc;

use thiserror::Error;
use wasm_mutate::WasmMutate;
use wasmparser::Validator;

use super::directed::{self, Directed};
use super::{Discard, canonicalize, case_of_module, module, plan};
use crate::choice::{Choices, mix};
use crate::compare::NanRule;
use crate::panics::caught;
use crate::prepare::{self, Bound, FEATURES, PrepareError, Prepared};
use crate::run::{Case, Invocation};

/// Largest module that is taken or made, in bytes.
pub const LARGEST: usize = 1 << 16;

/// What wasm-mutate may spend on one step, in units of its own.
const FUEL: u64 = 2_000;

/// The seed corpus.
const SEEDS: [&str; 8] = [
    include_str!("../../../corpus/seeds/mutate/allocator.wat"),
    include_str!("../../../corpus/seeds/mutate/bigint.wat"),
    include_str!("../../../corpus/seeds/mutate/crc32.wat"),
    include_str!("../../../corpus/seeds/mutate/events.wat"),
    include_str!("../../../corpus/seeds/mutate/interpreter.wat"),
    include_str!("../../../corpus/seeds/mutate/mandelbrot.wat"),
    include_str!("../../../corpus/seeds/mutate/matrix.wat"),
    include_str!("../../../corpus/seeds/mutate/sort.wat"),
];

/// What a mutation may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Semantics {
    /// Anything, as long as the module stays valid.
    Free,
    /// Nothing that can be observed.
    Preserved,
}

/// Why there is no mutated module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{}", self.reason())]
pub enum NoMutant {
    /// wasm-mutate found nothing to change, or gave up.
    Inapplicable,
    /// wasm-mutate panicked.
    Panicked,
    /// What it made is not valid, or not by the features that the suite is about.
    Invalid,
    /// What it made is larger than [`LARGEST`].
    TooLarge,
}

impl NoMutant {
    /// Under which name it is counted.
    pub fn reason(self) -> &'static str {
        match self {
            NoMutant::Inapplicable => "no mutation applies",
            NoMutant::Panicked => "wasm-mutate panicked",
            NoMutant::Invalid => "mutated module is invalid",
            NoMutant::TooLarge => "mutated module is too large",
        }
    }
}

/// One mutation of a module, binary or text, chosen by `seed`.
///
/// # Errors
/// There is none of this seed; another one may do.
pub fn mutated(module: &[u8], seed: u64, semantics: Semantics) -> Result<Vec<u8>, NoMutant> {
    let wasm = wat::parse_bytes(module).map_err(|_| NoMutant::Inapplicable)?;
    let mutated = caught(|| {
        let mut mutate = WasmMutate::default();
        mutate
            .seed(seed)
            .fuel(FUEL)
            .preserve_semantics(semantics == Semantics::Preserved)
            .raw_mutate_func(Some(Arc::new(move |data, longest| {
                mutate_data(data, longest, seed);
                Ok(())
            })));
        // A module that it cannot read, a mutation that it gives up: it goes on from nothing.
        mutate.run(&wasm).ok()?.find_map(Result::ok)
    })
    .map_err(|_| NoMutant::Panicked)?
    .ok_or(NoMutant::Inapplicable)?;
    if mutated.len() > LARGEST {
        return Err(NoMutant::TooLarge);
    }
    Validator::new_with_features(FEATURES)
        .validate_all(&mutated)
        .map_err(|_| NoMutant::Invalid)?;
    Ok(mutated)
}

/// Changes the bytes of a segment a little: wasm-mutate itself would make megabytes of them.
fn mutate_data(data: &mut Vec<u8>, longest: usize, seed: u64) {
    let mut choices = Choices::new(seed);
    match choices.below(4) {
        0 => data.truncate(choices.below(data.len() as u64 + 1) as usize),
        1 => data.extend(choices.bits().to_le_bytes()),
        _ => {
            let at = choices.below(data.len() as u64) as usize;
            if let Some(byte) = data.get_mut(at) {
                *byte = choices.bits() as u8;
            }
        }
    }
    data.truncate(longest);
}

/// A module with bounded run time, in which everything is exported, and how to run it.
#[derive(Clone, Debug)]
pub struct Bounded {
    /// The module. No NaNs have been made canonical.
    pub wasm: Vec<u8>,
    /// The seed of the run, and of the mutations.
    pub seed: u64,
    /// What to call, by names that mutations keep.
    pub invocations: Vec<Invocation>,
}

impl Bounded {
    /// Makes a module of an input, binary or text.
    ///
    /// # Errors
    /// It is no module, or too large.
    pub fn read(bytes: &[u8]) -> Result<Bounded, Discard> {
        let wasm = wat::parse_bytes(bytes).map_err(|_| Discard::NoModule)?;
        if wasm.len() > LARGEST {
            return Err(Discard::TooLarge);
        }
        let options = prepare::Options {
            fold_drops: true,
            name_funcs: true,
            bound: Bound::Added,
            ..prepare::Options::OBSERVE
        };
        let Prepared { wasm, shape } = prepare::prepare(&wasm, &options)?;
        let seed = bytes.iter().fold(3, |hash, &byte| mix(hash, byte.into()));
        let mut invocations = plan(&shape, seed, 4 + (seed % 8) as usize);
        // Mutations make names that no header of a file can have; every function has another one.
        for invocation in &mut invocations {
            if let Some(export) = shape.export(&invocation.export) {
                invocation.export = format!("f{}", export.index).into();
            }
        }
        Ok(Bounded {
            wasm,
            seed,
            invocations,
        })
    }

    /// A module that does the same.
    ///
    /// # Errors
    /// None of the mutations that were tried could be made.
    pub fn mutant(&self) -> Result<Bounded, NoMutant> {
        let mut choices = Choices::new(mix(self.seed, 0x6d75));
        let steps = 1 + choices.below(6);
        Ok(Bounded {
            wasm: chain(&self.wasm, steps, Semantics::Preserved, &mut choices)?,
            ..self.clone()
        })
    }

    /// Its case.
    ///
    /// # Errors
    /// The module is not valid.
    pub fn case(&self) -> Result<Case, PrepareError> {
        let invocations = Some(self.invocations.clone());
        case_of_module(&self.wasm, self.seed, NANS, invocations)
    }

    /// The module of its case as a mutant of another one: what was exported for observation before
    /// the mutation keeps its name, whatever its index is now.
    ///
    /// # Errors
    /// The module is not valid.
    pub fn renamed(&self) -> Result<Vec<u8>, PrepareError> {
        let options = prepare::Options {
            nans: canonicalize(NANS),
            observe: false,
            ..prepare::Options::OBSERVE
        };
        Ok(prepare::prepare(&self.wasm, &options)?.wasm)
    }
}

/// Real code does not care about the bits of NaNs.
const NANS: NanRule = NanRule::Class;

/// Applies so many mutations, or as many as come of a few times as many attempts; fails if there is
/// none.
fn chain(
    wasm: &[u8],
    steps: u64,
    semantics: Semantics,
    choices: &mut Choices,
) -> Result<Vec<u8>, NoMutant> {
    let mut last = Err(NoMutant::Inapplicable);
    let mut made = 0;
    for _ in 0..steps * 4 {
        let before = last.as_deref().unwrap_or(wasm);
        match mutated(before, choices.bits(), semantics) {
            Ok(mutated) => {
                last = Ok(mutated);
                made += 1;
            }
            Err(why) if last.is_err() => last = Err(why),
            Err(_) => {}
        }
        if made == steps {
            break;
        }
    }
    last
}

/// An input for those who have no fuzzer: a module of the seed corpus or of another generator,
/// mutated a few times.
pub fn input(choices: &mut Choices) -> Vec<u8> {
    let mut bytes = |length: u64| -> Vec<u8> {
        let words = choices.below(length).div_ceil(8) + 1;
        (0..words)
            .flat_map(|_| choices.bits().to_le_bytes())
            .collect()
    };
    let generated = bytes(240);
    let seed = SEEDS[choices.below(SEEDS.len() as u64) as usize];
    let wasm = match choices.below(8) {
        0 => directed::case(Directed::BlockArgs, &generated).wasm,
        1 => directed::case(Directed::Spill, &generated).wasm,
        2 | 3 => module(&generated).map_or(seed.into(), |generated| generated.wasm),
        _ => seed.into(),
    };
    let steps = choices.below(12);
    chain(&wasm, steps, Semantics::Free, choices).unwrap_or(wasm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{self, RunVerdict};

    #[test]
    fn every_seed_is_a_module_with_mutants_of_both_kinds() {
        for seed in SEEDS {
            let module = Bounded::read(seed.as_bytes()).expect("a module");
            let mutant = module.mutant().expect("a mutant");
            assert_ne!(module.wasm, mutant.wasm);
            let mut choices = Choices::new(1);
            let free = chain(seed.as_bytes(), 12, Semantics::Free, &mut choices);
            assert!(free.is_ok(), "{free:?}");
        }
    }

    #[test]
    fn a_mutant_that_does_something_else_is_told_from_one_that_does_not() {
        let module = Bounded::read(SEEDS[7].as_bytes()).expect("a module");
        let case = module.case().expect("valid");
        let reference = crate::engines::by_name("wasmi").expect("the reference");
        let with = |mutant: Bounded| {
            let renamed = mutant.renamed().expect("valid");
            let both = [(&*reference, &*case.wasm), (&*reference, &*renamed)];
            run::run_modules(&case, &both).verdict
        };
        assert_eq!(with(module.mutant().expect("a mutant")), RunVerdict::Agree);
        let differs = (0..20).any(|seed| {
            let other = mutated(&module.wasm, seed, Semantics::Free).map(|wasm| Bounded {
                wasm,
                ..module.clone()
            });
            other.is_ok_and(|other| matches!(with(other), RunVerdict::Diverged(_)))
        });
        assert!(differs, "no mutation is seen");
    }

    #[test]
    fn a_bound_is_put_into_a_loop_without_an_end() {
        let wat = "(module (func (export \"f\") (loop $l (br $l))) (func (export \"g\") (call 1)))";
        let module = Bounded::read(wat.as_bytes()).expect("a module");
        let reference = crate::engines::by_name("wasmi").expect("the reference");
        let report = run::run(&module.case().expect("valid"), &[&*reference]);
        assert!(report.invocations > 0);
        assert_eq!(report.traps, report.invocations);
    }
}
