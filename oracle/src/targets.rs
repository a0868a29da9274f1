//! The fuzz targets as plain functions on bytes: same bytes, same verdict, no panics.
//!
//! A fuzz target is one call of a function here and of [`Outcome::or_panic`], the one
//! place where a finding becomes a panic.

use std::fmt;

pub use crate::cache::cache;
use crate::choice::{Choices, mix};
pub use crate::decode::decode;
use crate::engine::{Engine, Poison};
use crate::engines;
use crate::generate::directed::{self, Directed};
use crate::generate::mutate::{Bounded, NoMutant};
use crate::generate::{self, Discard, EngineChoice};
use crate::prepare::PrepareError;
pub use crate::roundtrip::roundtrip;
use crate::run::{self, Case, Divergence, RunVerdict, Step};

/// Keeps the choice of engines apart from others made with the same seed.
const ENGINES: u64 = 1;

/// What an input came to.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Every engine showed the same.
    Agree,
    /// A limit was reached.
    Poisoned(Poison),
    /// No module came of the input, no engine took it, or there is nothing to compare it with.
    Discarded(&'static str),
    /// A finding.
    Diverged(Box<Finding>),
    /// The reference is wrong: a witness agrees with the engine that differs from it.
    Outvoted(Box<Finding>),
}

/// A divergence with what is needed to understand it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What differs, where.
    pub divergence: Divergence,
    /// The run in which it showed.
    pub case: Case,
}

/// What an input came to, and how far it got.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The judgement.
    pub verdict: Verdict,
    /// Invocations made.
    pub invocations: u32,
    /// How many of them trapped.
    pub traps: u32,
    /// Host events seen.
    pub events: u64,
    /// Size of the module.
    pub module_bytes: usize,
}

impl Outcome {
    fn discarded(why: &'static str) -> Outcome {
        Outcome {
            verdict: Verdict::Discarded(why),
            invocations: 0,
            traps: 0,
            events: 0,
            module_bytes: 0,
        }
    }

    /// Panics with a readable report if there is a finding.
    pub fn or_panic(self) {
        if let Verdict::Diverged(finding) = self.verdict {
            panic!("{finding}");
        }
    }
}

/// Generates a module and compares engines on it.
pub fn differential(bytes: &[u8]) -> Outcome {
    match generate::case(bytes) {
        Err(discard) => Outcome::discarded(discard.reason()),
        Ok((case, choice)) => with_engines(choice, |engines, witness| {
            differential_case(case, engines, witness)
        }),
    }
}

/// Generates Microwasm and compares the engines that take it.
pub fn microwasm(bytes: &[u8]) -> Outcome {
    let Ok(case) = generate::microwasm::case(bytes) else {
        return Outcome::discarded("generated module is invalid");
    };
    let chosen = engines::choose_microwasm(case.seed as u8);
    with_all(|all| {
        let engines: Vec<&dyn Engine> = chosen.iter().map(|index| &*all[*index]).collect();
        differential_case(case, &engines, None)
    })
}

/// Compares engines on a case of a directed generator.
pub fn directed(generator: Directed, bytes: &[u8]) -> Outcome {
    let case = directed::case(generator, bytes);
    with_all(|all| {
        let chosen = directed_engines(&case).iter();
        let engines: Vec<&dyn Engine> = chosen.map(|index| &*all[*index]).collect();
        differential_case(case, &engines, Some(&*all[engines::WITNESS_INDEX]))
    })
}

/// Which engines a case of a directed generator is run in. What a setting draws from the case's
/// seed does not depend on this choice.
fn directed_engines(case: &Case) -> &'static [usize] {
    engines::choose_directed(mix(case.seed, ENGINES))
}

/// Compares engines on a module and on what mutations that must not change its behaviour have made
/// of it; and the two in the reference. So they are the same in every engine.
pub fn mutate(bytes: &[u8]) -> Outcome {
    let module = match Bounded::read(bytes) {
        Ok(module) => module,
        Err(discard) => return Outcome::discarded(discard.reason()),
    };
    with_engines(EngineChoice(module.seed as u8), |engines, witness| {
        mutants(&module, engines, witness)
            .unwrap_or_else(|_| Outcome::discarded(NoMutant::Invalid.reason()))
    })
}

fn mutants(
    module: &Bounded,
    engines: &[&dyn Engine],
    witness: Option<&dyn Engine>,
) -> Result<Outcome, PrepareError> {
    let case = module.case()?;
    let mut outcome = differential_case(case.clone(), engines, witness);
    if !matches!(outcome.verdict, Verdict::Agree) {
        return Ok(outcome);
    }
    let mutant = match module.mutant() {
        Ok(mutant) => mutant,
        Err(why) => {
            outcome.verdict = Verdict::Discarded(why.reason());
            return Ok(outcome);
        }
    };
    let mut outcome = differential_case(mutant.case()?, engines, witness);
    if matches!(outcome.verdict, Verdict::Agree) {
        let renamed = mutant.renamed()?;
        let both = [(engines[0], &*case.wasm), (engines[0], &*renamed)];
        if let RunVerdict::Diverged(_) = run::run_modules(&case, &both).verdict {
            outcome.verdict = Verdict::Discarded("mutation changed the behaviour");
        }
    }
    Ok(outcome)
}

/// The targets that compare engines on a generated module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Modules of wasm-smith.
    Differential,
    /// Modules of a directed generator.
    Directed(Directed),
    /// Random Microwasm.
    Microwasm,
    /// Modules and mutations of them.
    Mutate,
}

impl Target {
    /// All of them, by name.
    pub const ALL: [(&'static str, Target); 7] = [
        ("differential", Target::Differential),
        ("single_op", Target::Directed(Directed::SingleOp)),
        ("spill", Target::Directed(Directed::Spill)),
        ("block_args", Target::Directed(Directed::BlockArgs)),
        ("host_calls", Target::Directed(Directed::HostCalls)),
        ("microwasm", Target::Microwasm),
        ("mutate", Target::Mutate),
    ];

    /// The target with this name.
    pub fn by_name(name: &str) -> Option<Target> {
        let mut all = Target::ALL.iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, target)| *target)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let mut all = Target::ALL.iter();
        all.find(|(_, target)| *target == self)
            .map_or("", |(name, _)| name)
    }

    /// What an input comes to.
    pub fn run(self, bytes: &[u8]) -> Outcome {
        match self {
            Target::Differential => differential(bytes),
            Target::Directed(generator) => directed(generator, bytes),
            Target::Microwasm => microwasm(bytes),
            Target::Mutate => mutate(bytes),
        }
    }

    /// The case that an input stands for, the first one if there are two, and indices of the
    /// engines to run it in.
    pub fn case(self, bytes: &[u8]) -> Result<(Case, &'static [usize]), Discard> {
        match self {
            Target::Differential => {
                let (case, choice) = generate::case(bytes)?;
                Ok((case, engines::choose(choice.0)))
            }
            Target::Directed(generator) => {
                let case = directed::case(generator, bytes);
                let engines = directed_engines(&case);
                Ok((case, engines))
            }
            Target::Microwasm => {
                let case = generate::microwasm::case(bytes)?;
                let engines = engines::choose_microwasm(case.seed as u8);
                Ok((case, engines))
            }
            Target::Mutate => {
                let module = Bounded::read(bytes)?;
                Ok((module.case()?, engines::choose(module.seed as u8)))
            }
        }
    }

    /// An input for those who have no fuzzer.
    pub fn input(self, choices: &mut Choices) -> Vec<u8> {
        match self {
            Target::Mutate => generate::mutate::input(choices),
            _ => random_bytes(choices, self.longest()),
        }
    }

    /// How long inputs of random bytes should be at most.
    pub fn longest(self) -> usize {
        match self {
            Target::Differential => 1064,
            Target::Directed(Directed::SingleOp) => 48,
            Target::Directed(Directed::BlockArgs) => 160,
            Target::Directed(Directed::HostCalls) => 144,
            Target::Directed(Directed::Spill) => 240,
            Target::Microwasm => 600,
            Target::Mutate => 0,
        }
    }
}

/// At least one byte, and hardly more than `longest`.
pub fn random_bytes(choices: &mut Choices, longest: usize) -> Vec<u8> {
    let length = choices.below(longest as u64) + 1;
    (0..length.div_ceil(8))
        .flat_map(|_| choices.bits().to_le_bytes())
        .collect()
}

/// Runs a case in `engines`, the first of which is the reference. A witness decides in
/// case of doubt.
pub fn differential_case(
    case: Case,
    engines: &[&dyn Engine],
    witness: Option<&dyn Engine>,
) -> Outcome {
    let report = run::run_with_witness(&case, engines, witness);
    let module_bytes = case.wasm.len();
    let verdict = match report.verdict {
        RunVerdict::Agree => Verdict::Agree,
        RunVerdict::Poisoned(poison) => Verdict::Poisoned(poison),
        RunVerdict::Discarded(_) => Verdict::Discarded("refused by an engine"),
        RunVerdict::Diverged(divergence) => Verdict::Diverged(Box::new(Finding {
            divergence: *divergence,
            case,
        })),
        RunVerdict::Outvoted(divergence) => Verdict::Outvoted(Box::new(Finding {
            divergence: *divergence,
            case,
        })),
    };
    Outcome {
        verdict,
        invocations: report.invocations,
        traps: report.traps,
        events: report.events,
        module_bytes,
    }
}

/// Calls `f` with all engines. They are made once per thread.
fn with_all<R>(f: impl FnOnce(&[Box<dyn Engine>]) -> R) -> R {
    thread_local! {
        static ENGINES: Vec<Box<dyn Engine>> = engines::all();
    }
    ENGINES.with(|all| f(all))
}

/// Calls `f` with the engines that an input chose, and the witness.
fn with_engines<R>(
    choice: EngineChoice,
    f: impl FnOnce(&[&dyn Engine], Option<&dyn Engine>) -> R,
) -> R {
    with_all(|all| {
        let chosen: Vec<&dyn Engine> = engines::choose(choice.0)
            .iter()
            .map(|index| &*all[*index])
            .collect();
        f(
            &chosen,
            all.get(engines::WITNESS_INDEX).map(|witness| &**witness),
        )
    })
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Divergence {
            step,
            reference,
            subject,
            difference,
            stage,
        } = &self.divergence;
        writeln!(f, "{subject} differs from {reference}")?;
        match step {
            Step::Compilation => writeln!(f, "when compiling the module")?,
            Step::Instantiation => writeln!(f, "after instantiation")?,
            Step::Invocation(n) => {
                writeln!(f, "after invocation {n}: {}", self.case.invocations[*n])?;
            }
        }
        writeln!(f, "{difference}")?;
        if let Some(stage) = stage {
            writeln!(f, "to blame: {stage}")?;
        }
        write!(
            f,
            "{} bytes of module, seed {:#x}",
            self.case.wasm.len(),
            self.case.seed
        )
    }
}
