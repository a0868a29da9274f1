//! The fuzz targets as plain functions on bytes: same bytes, same verdict, no panics.
//!
//! A fuzz target is one call of a function here and of [`Outcome::or_panic`], the one
//! place where a finding becomes a panic.

use std::fmt;

pub use crate::decode::decode;
use crate::engine::{Engine, Poison};
use crate::engines;
use crate::generate::{self, Discard, EngineChoice};
pub use crate::roundtrip::roundtrip;
use crate::run::{self, Case, Divergence, RunVerdict, Step};

/// What an input came to.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Every engine showed the same.
    Agree,
    /// A limit was reached.
    Poisoned(Poison),
    /// No module came of the input, or no engine took it.
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
        Err(discard) => Outcome::discarded(match discard {
            Discard::Generator(_) => "generator gave up",
            Discard::Termination => "run time not bounded",
            Discard::Invalid(_) => "generated module is invalid",
        }),
        Ok((case, choice)) => with_engines(choice, |engines, witness| {
            differential_case(case, engines, witness)
        }),
    }
}

/// Generates Microwasm and compares the engines that take it: the definitional interpreter
/// is the reference, one or two others are compared with it.
pub fn microwasm(bytes: &[u8]) -> Outcome {
    thread_local! {
        static ENGINES: Vec<Box<dyn Engine>> = engines::microwasm();
    }
    let Ok(case) = generate::microwasm::case(bytes) else {
        return Outcome::discarded("generated module is invalid");
    };
    let choice = case.seed as usize >> 8;
    ENGINES.with(|all| {
        let others = all.len() - 1;
        let mut chosen = vec![&*all[0], &*all[1 + choice % others]];
        if choice % 3 == 0 {
            chosen.push(&*all[1 + (choice / 3 + 1) % others]);
        }
        differential_case(case, &chosen, None)
    })
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

/// Calls `f` with the engines that an input chose, and the witness. They are made once per thread.
fn with_engines<R>(
    choice: EngineChoice,
    f: impl FnOnce(&[&dyn Engine], Option<&dyn Engine>) -> R,
) -> R {
    thread_local! {
        static ENGINES: Vec<Box<dyn Engine>> = engines::all();
    }
    ENGINES.with(|all| {
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
        write!(
            f,
            "{} bytes of module, seed {:#x}",
            self.case.wasm.len(),
            self.case.seed
        )
    }
}
