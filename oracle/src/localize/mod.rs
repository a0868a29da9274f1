//! From a difference to the first operator after which a value is wrong.
//!
//! | file | owns |
//! |---|---|
//! | `maps` | where every value is before every operator, and the code that is about |
//! | `reference` | the expected values, from the definitional interpreter |
//! | `drive` | taking a case through an engine, step by step |
//! | `trace` | an engine's code, watched while it executes |
//! | `lockstep` | comparing the two |
//! | `blame` | which operator is guilty of what differs |
//! | `wasm` | the same for the front end and the reference: probes in the WebAssembly |
//! | `probes` | what is put in for that |
//! | `finding` | what is said in the end |
//! | `worker` | doing all this in a child process, which may die of it |
//!
//! Receives a case and the engines in which it fails; hands on a [`Finding`]. Everything up to
//! the failing step runs at full speed; only that step is watched. The code that runs is the code
//! that failed, byte by byte.

mod blame;
mod drive;
mod finding;
mod lockstep;
mod maps;
mod probes;
mod reference;
mod trace;
mod wasm;
pub mod worker;

pub use finding::{CodeLine, Finding, Function, MicrowasmOp, OperandAt, WasmOp, WrongValue};
pub use maps::MapError;
pub use trace::TraceError;
pub use wasm::ProbeError;

use std::rc::Rc;

use microwasm_codegen::locations::Reads;
use thiserror::Error;

use crate::compare::Difference;
use crate::engine::{Engine, Poison};
use crate::engines;
use crate::engines::x64::X64;
use crate::run::{Case, Divergence, RunVerdict, Stage, Step, run_with_witness};
use crate::value::Value;
use blame::Guilt;
use drive::Steps;
use reference::{Before, Watched};

/// Why nothing can be said.
#[derive(Debug, Error)]
pub enum LocalizeError {
    /// The run cannot be watched.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// Probes cannot be put into the module.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// An engine that cannot be watched.
    #[error("{0} cannot be watched")]
    Engine(Box<str>),
}

impl From<MapError> for LocalizeError {
    fn from(error: MapError) -> LocalizeError {
        TraceError::from(error).into()
    }
}

/// What a case came to.
#[derive(Clone, Debug)]
pub enum Localized {
    /// The engines agree.
    Agree,
    /// Nothing can be said: a limit was reached.
    Poisoned(Poison),
    /// Nothing can be said: no engine takes the module.
    Discarded,
    /// They differ, and this is why.
    Found(Box<Finding>),
}

/// Where execution stands, with everything as it should be.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// The engine that is watched.
    pub engine: &'a str,
    /// The function.
    pub func: u32,
    /// Number of the next operator among those that are executed.
    pub op: u32,
    /// The uppermost values of the stack.
    pub values: &'a [Value],
}

/// Is told where execution stands.
pub type Progress = Rc<dyn Fn(At<'_>)>;

/// Runs `case` in `engines`, the first of which is the reference, and finds the operator that
/// makes them differ. A witness decides when the reference may be wrong itself.
///
/// # Errors
/// They differ, but more cannot be said.
pub fn localize(
    case: &Case,
    engines: &[&dyn Engine],
    witness: Option<&dyn Engine>,
    progress: Progress,
) -> Result<Localized, LocalizeError> {
    let report = run_with_witness(case, engines, witness);
    let divergence = match report.verdict {
        RunVerdict::Agree => return Ok(Localized::Agree),
        RunVerdict::Poisoned(poison) => return Ok(Localized::Poisoned(poison)),
        RunVerdict::Discarded(_) => return Ok(Localized::Discarded),
        RunVerdict::Diverged(divergence) | RunVerdict::Outvoted(divergence) => divergence,
    };
    let mut finding = Finding {
        engine: divergence.subject.to_string(),
        stage: divergence.stage,
        difference: divergence.difference.to_string(),
        ..Finding::default()
    };
    if divergence.step == Step::Compilation {
        finding.symptom = divergence.difference.signature();
        return Ok(found(finding));
    }
    let compiled = engines::compiled(&divergence.subject);
    match (divergence.stage, compiled) {
        (Some(Stage::Reference), _) => {
            finding.engine = divergence.reference.to_string();
            wasm::probe(case, &divergence, &mut finding)?;
        }
        (Some(Stage::FrontEnd), _) | (_, None) => {
            wasm::probe(case, &divergence, &mut finding)?;
        }
        (_, Some(subject)) => {
            let watch = Watch {
                case,
                subject: &subject,
                wasm: &case.wasm,
                progress,
            };
            watch.backend(&divergence, &mut finding)?;
        }
    }
    Ok(found(finding))
}

fn found(finding: Finding) -> Localized {
    Localized::Found(Box::new(finding.with_key()))
}

/// Watches `engine`, one of those that compile, from the first step on: to be used when the
/// process has died without being watched.
///
/// # Errors
/// As [`localize`].
pub fn watch_all(
    case: &Case,
    engine: &str,
    progress: Progress,
) -> Result<Option<Finding>, LocalizeError> {
    let subject = engines::compiled(engine).ok_or_else(|| LocalizeError::Engine(engine.into()))?;
    watch_planted(case, &subject, &case.wasm, progress)
}

/// Watches an engine that runs another module than the reference: what they differ in is found
/// as if it were the engine's bug. The modules have the same operators but for some of them.
///
/// # Errors
/// As [`localize`].
pub fn watch_planted(
    case: &Case,
    subject: &X64,
    wasm: &[u8],
    progress: Progress,
) -> Result<Option<Finding>, LocalizeError> {
    let watch = Watch {
        case,
        subject,
        wasm,
        progress,
    };
    let mut finding = Finding {
        engine: subject.name().to_owned(),
        stage: Some(Stage::BackEnd),
        ..Finding::default()
    };
    let found = watch.steps(Steps::All, Watched::Nothing, &mut finding)?;
    Ok(found.then(|| finding.with_key()))
}

/// As [`watch_planted`] for the front end: compares what two engines make of two modules that
/// differ in some operators, by probes.
///
/// # Errors
/// As [`localize`].
pub fn probe_planted(
    case: &Case,
    (right, wrong): (&dyn Engine, &dyn Engine),
    wasm: &[u8],
) -> Result<Finding, LocalizeError> {
    let mut finding = Finding {
        engine: wrong.name().to_owned(),
        stage: Some(Stage::FrontEnd),
        ..Finding::default()
    };
    let sides = wasm::Sides {
        case,
        right,
        wrong,
        wasm,
        step: None,
    };
    sides.compare(&mut finding)?;
    Ok(finding.with_key())
}

/// The operator that a process was executing when it died of it: the `op`th of the function, and
/// its operands as text.
///
/// # Errors
/// As [`localize`].
pub fn describe_crash(
    case: &Case,
    engine: &str,
    (func, op): (u32, u32),
    values: &[String],
    how: &str,
) -> Result<Finding, LocalizeError> {
    let subject = engines::compiled(engine).ok_or_else(|| LocalizeError::Engine(engine.into()))?;
    let maps = trace::maps(case, &subject, &case.wasm)?;
    let mut finding = Finding {
        engine: engine.to_owned(),
        difference: format!("the process ends: {how}"),
        symptom: how.to_owned(),
        stage: Some(Stage::BackEnd),
        ..Finding::default()
    };
    if misdirected(&maps, &case.wasm, &mut finding) {
        return Ok(finding.with_key());
    }
    let before = Before {
        func: microwasm::FuncIndex(func),
        op,
        depth: 0,
        values: Box::default(),
        watched: None,
    };
    blame::describe_op(&maps, &before, &mut finding);
    if let Some(op) = &mut finding.op {
        for (operand, value) in op.operands.iter_mut().rev().zip(values.iter().rev()) {
            operand.value.clone_from(value);
        }
    }
    wasm::name(&case.wasm, &mut finding);
    Ok(finding.with_key())
}

/// Whether a call of the module was linked wrongly, which is seen without running it.
fn misdirected(maps: &maps::Maps, wasm: &[u8], finding: &mut Finding) -> bool {
    let Some(found) = maps.misdirected() else {
        return false;
    };
    finding.stage = Some(Stage::Linker);
    finding.symptom = "call goes astray".into();
    finding.wrong = vec![WrongValue {
        what: format!("call of function {}", found.callee),
        place: "the code".into(),
        expected: "its beginning".into(),
        got: format!("{:+} bytes from it", found.off),
    }];
    if let Some(op) = found.op {
        let before = Before {
            func: found.func,
            op,
            depth: 0,
            values: Box::default(),
            watched: None,
        };
        blame::describe_op(maps, &before, finding);
        wasm::name(wasm, finding);
    }
    true
}

/// An engine to be watched in a case.
struct Watch<'a> {
    case: &'a Case,
    subject: &'a X64,
    wasm: &'a [u8],
    progress: Progress,
}

impl Watch<'_> {
    /// Finds the guilty operator of a divergence that is not the front end's.
    fn backend(&self, divergence: &Divergence, finding: &mut Finding) -> Result<(), LocalizeError> {
        let watched = after(&divergence.difference);
        let step = Steps::Only(divergence.step);
        let found = self.steps(step, Watched::Nothing, finding)?
            || watched != Watched::Nothing && self.steps(step, watched, finding)?
            // Something may be wrong since an earlier step, and not have been seen.
            || self.steps(Steps::All, watched, finding)?;
        if !found {
            finding.symptom = divergence.difference.signature();
            let note = "no operator was found to leave a wrong value behind";
            finding.notes.push(note.into());
        }
        Ok(())
    }

    /// Watches some steps; whether there was a mismatch.
    fn steps(
        &self,
        steps: Steps,
        watched: Watched,
        finding: &mut Finding,
    ) -> Result<bool, LocalizeError> {
        let maps = trace::maps(self.case, self.subject, self.wasm)?;
        if misdirected(&maps, self.wasm, finding) {
            return Ok(true);
        }
        let Some((mut guilt, mut seen)) = self.once(&maps, steps, watched)? else {
            return Ok(false);
        };
        // What was loaded may have been wrong in memory already.
        if watched == Watched::Nothing
            && let Some(state) = guilt.op.as_ref().and_then(|op| state_read(&maps, op))
            && let Some(earlier) = self.once(&maps, steps, state)?
        {
            let both = guilt.op.as_ref().zip(earlier.0.op.as_ref());
            if both.is_some_and(|(late, early)| (late.func, late.op) != (early.func, early.op)) {
                (guilt, seen) = earlier;
            }
        }
        finding.symptom = guilt.symptom;
        finding.wrong = guilt.wrong;
        match &guilt.op {
            Some(op) => blame::describe_op(&maps, op, finding),
            None => finding.notes.push("not in a function's code".into()),
        }
        finding.notes.push(seen);
        wasm::name(self.wasm, finding);
        Ok(true)
    }

    fn once(
        &self,
        maps: &maps::Maps,
        steps: Steps,
        watched: Watched,
    ) -> Result<Option<(Guilt, String)>, LocalizeError> {
        let progress = self.progress.clone();
        let engine = self.subject.name().to_owned();
        let shown = Box::new(move |before: &Before| {
            let first = before.values.len().saturating_sub(8);
            progress(At {
                engine: &engine,
                func: before.func.0,
                op: before.op,
                values: &before.values[first..],
            });
        });
        let lockstep = trace::trace(
            self.case,
            self.subject,
            self.wasm,
            maps,
            (steps, watched),
            shown,
        )
        .map_err(TraceError::from)?;
        let seen = format!(
            "{} operators compared, {} instructions watched",
            lockstep.boundaries, lockstep.instructions
        );
        Ok(blame::guilt(maps, &lockstep, watched).map(|guilt| (guilt, seen)))
    }
}

/// What to look at to find out when a difference in state came about.
fn after(difference: &Difference) -> Watched {
    match *difference {
        Difference::MemoryByte {
            memory: 0, offset, ..
        } => Watched::Memory {
            address: offset as u64,
            bytes: 1,
        },
        Difference::Global { index, .. } => Watched::Global((index as u32).into()),
        Difference::TableEntry { table, index, .. } => Watched::Element {
            table: table as u32,
            index: index as u32,
        },
        _ => Watched::Nothing,
    }
}

/// The state that an operator reads, by its operands.
fn state_read(maps: &maps::Maps, op: &Before) -> Option<Watched> {
    let address = || match op.values.last() {
        Some(Value::I32(address)) => Some(*address),
        _ => None,
    };
    Some(match blame::boundary(maps, op)?.reads {
        Reads::Nothing => return None,
        Reads::Memory { offset, bytes } => Watched::Memory {
            address: u64::from(address()?) + u64::from(offset),
            bytes,
        },
        Reads::Global(global) => Watched::Global(global),
        Reads::Element(table) => Watched::Element {
            table: table.0,
            index: address()?,
        },
    })
}
