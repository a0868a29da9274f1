//! From the bytes of a fuzzer to a [`Case`]: a module, what to call, and how to compare.
//!
//! The first [`HEADER`] bytes choose the configuration (swarm testing: each input
//! switches features off and on, and sizes up and down, for itself), the seed of the
//! host, and the invocations. The rest is what wasm-smith makes the module of. When it
//! is shorter than the input asks for, it is continued from the seed, so that short
//! inputs make full-grown modules, too, and a change of one byte stays local.

pub mod directed;
pub mod microwasm;
pub mod mutate;
mod plan;
mod swarm;

pub use plan::plan;
pub use swarm::{EngineChoice, NanMode, Swarm};

use arbitrary::Unstructured;
use thiserror::Error;

use crate::choice::Choices;
use crate::compare::NanRule;
use crate::engine::Limits;
use crate::prepare::{self, Bound, Canonicalize, FUEL, PrepareError, Prepared};
use crate::run::Case;

/// How many bytes at the start of an input are not given to wasm-smith.
pub const HEADER: usize = 40;

/// A generated module before it is prepared for observation.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The module, with bounded run time and every function exported.
    pub wasm: Vec<u8>,
    /// How it came about.
    pub swarm: Swarm,
}

/// Why no module came of an input.
#[derive(Clone, Debug, Error)]
pub enum Discard {
    /// wasm-smith could not make a module of the bytes.
    #[error("the generator gave up: {0}")]
    Generator(#[from] arbitrary::Error),
    /// Run time could not be bounded.
    #[error("run time could not be bounded")]
    Termination,
    /// The input is neither a module nor the text of one.
    #[error("the input is no module")]
    NoModule,
    /// The module is too large to be compared again and again.
    #[error("the module is too large")]
    TooLarge,
    /// The generated module is not valid.
    #[error("the generated module is not valid: {0}")]
    Invalid(#[from] PrepareError),
}

impl Discard {
    /// Under which name it is counted.
    pub fn reason(&self) -> &'static str {
        match self {
            Discard::Generator(_) => "generator gave up",
            Discard::Termination => "run time not bounded",
            Discard::NoModule => "no module",
            Discard::TooLarge => "module is too large",
            Discard::Invalid(_) => "generated module is invalid",
        }
    }
}

/// Options under which a generated module is prepared.
fn options(swarm: &Swarm, fuel_global: u32, observe: bool) -> prepare::Options {
    prepare::Options {
        nans: canonicalize(swarm.nans.rule()),
        fold_drops: swarm.fold_drops,
        call_with_drops: swarm.call_with_drops,
        name_funcs: true,
        observe,
        bound: Bound::Global(fuel_global),
    }
}

/// Makes a module with wasm-smith.
fn smith(bytes: &[u8]) -> Result<(Vec<u8>, u32, Swarm), Discard> {
    let header = &bytes[..bytes.len().min(HEADER)];
    let swarm = Swarm::read(header);
    let own = bytes.get(HEADER..).unwrap_or_default();
    let mut body = own.to_vec();
    let mut more = Choices::new(swarm.seed);
    while body.len() < swarm.length {
        body.extend_from_slice(&more.bits().to_le_bytes());
    }
    let mut config = swarm.config();
    let mut module = wasm_smith::Module::new(config.clone(), &mut Unstructured::new(&body));
    if module.is_err() {
        // A minimum of memories cannot be met when one is imported; the generator only
        // notices then.
        config.min_memories = 0;
        config.min_imports = 0;
        module = wasm_smith::Module::new(config, &mut Unstructured::new(&body));
    }
    let mut module = module?;
    let fuel = module
        .ensure_termination(FUEL)
        .map_err(|_| Discard::Termination)?;
    Ok((module.to_bytes(), fuel, swarm))
}

/// The module that `bytes` stand for, not yet prepared for observation. Running it with
/// NaNs made canonical and observed gives the same as the case of the same bytes.
pub fn module(bytes: &[u8]) -> Result<Generated, Discard> {
    let (wasm, fuel, swarm) = smith(bytes)?;
    let options = prepare::Options {
        nans: Canonicalize::Nothing,
        ..options(&swarm, fuel, false)
    };
    Ok(Generated {
        wasm: prepare::prepare(&wasm, &options)?.wasm,
        swarm,
    })
}

/// The case that `bytes` stand for, and the engines to run it in.
pub fn case(bytes: &[u8]) -> Result<(Case, EngineChoice), Discard> {
    let (wasm, fuel, swarm) = smith(bytes)?;
    let prepared = prepare::prepare(&wasm, &options(&swarm, fuel, true))?;
    Ok((case_of(prepared, &swarm), swarm.engines))
}

/// The case of a prepared module under the choices of `swarm`.
fn case_of(prepared: Prepared, swarm: &Swarm) -> Case {
    let invocations = plan(&prepared.shape, swarm.seed, swarm.invocations);
    Case {
        wasm: prepared.wasm,
        shape: prepared.shape.into(),
        invocations,
        seed: swarm.seed,
        nans: swarm.nans.rule(),
        limits: Limits::DIFFERENTIAL,
    }
}

/// What has to be done to a module for its NaNs to be comparable by this rule.
fn canonicalize(rule: NanRule) -> Canonicalize {
    match rule {
        NanRule::Bits => Canonicalize::Conversions,
        NanRule::Class => Canonicalize::Leaks,
        NanRule::Hidden => Canonicalize::Nothing,
    }
}

impl NanMode {
    /// How NaNs are to be compared.
    pub fn rule(self) -> NanRule {
        match self {
            NanMode::Generator => NanRule::Bits,
            NanMode::AtLeaks => NanRule::Class,
        }
    }
}

/// The case of the module of [`module`] after somebody changed it, or of any module.
/// NaNs are made canonical as the rule by which they are compared demands.
pub fn case_of_module(
    wasm: &[u8],
    seed: u64,
    nans: NanRule,
    invocations: Option<Vec<crate::run::Invocation>>,
) -> Result<Case, PrepareError> {
    let options = prepare::Options {
        nans: canonicalize(nans),
        ..prepare::Options::OBSERVE
    };
    let prepared = prepare::prepare(wasm, &options)?;
    let invocations = invocations
        .unwrap_or_else(|| plan(&prepared.shape, seed, prepared.shape.funcs.len().min(64)));
    Ok(Case {
        wasm: prepared.wasm,
        shape: prepared.shape.into(),
        invocations,
        seed,
        nans,
        limits: Limits::DIFFERENTIAL,
    })
}
