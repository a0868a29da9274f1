//! A traced run: an engine's code watched while it executes, in step with the reference.

use std::ops::ControlFlow;

use microwasm_runtime::trace;

use super::drive::{Driver, Go, Steps, drive};
use super::lockstep::Lockstep;
use super::maps::{MapError, Maps};
use super::reference::{self, Watched};
use crate::engine::Refusal;
use crate::engines::x64::X64;
use crate::observe::Observation;
use crate::run::{Case, Step};
use thiserror::Error;

/// Why there is no trace.
#[derive(Debug, Error)]
pub enum TraceError {
    /// There are no location maps.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The engine refuses the module.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Runs `subject` on `wasm`, which mostly is the module of `case`, beside the reference, and ends
/// at the first mismatch in one of `steps`.
pub(super) fn trace<'m>(
    case: &Case,
    subject: &X64,
    wasm: &[u8],
    maps: &'m Maps,
    (steps, watched): (Steps, Watched),
    progress: Box<dyn FnMut(&reference::Before)>,
) -> Result<Lockstep<'m>, Refusal> {
    let backend = subject
        .engine(case.limits.fuel.is_some())
        .settings()
        .backend;
    let source = reference::start(case, steps, watched);
    let mut lockstep = Lockstep::new(maps, backend, source, watched);
    lockstep.progress = progress;
    let mut tracing = Tracing { lockstep, steps };
    drive(case, subject, wasm, &mut tracing)?;
    Ok(tracing.lockstep)
}

/// The maps of `wasm` as `subject` compiles it in `case`.
pub(super) fn maps(case: &Case, subject: &X64, wasm: &[u8]) -> Result<Maps, MapError> {
    Maps::new(subject.engine(case.limits.fuel.is_some()), wasm)
}

struct Tracing<'m> {
    lockstep: Lockstep<'m>,
    steps: Steps,
}

impl Driver for Tracing<'_> {
    fn step(&mut self, step: Step, run: &mut dyn FnMut()) {
        if !self.steps.contains(step) {
            return run();
        }
        let lockstep = &mut self.lockstep;
        let mut observer = |stop: &trace::Stop<'_>| -> ControlFlow<()> { lockstep.stop(stop) };
        trace::watch(&mut observer, run);
    }

    fn taken(&mut self, step: Step, seen: &Observation<'_>) -> Go {
        if self.steps.contains(step) {
            self.lockstep.ended(&seen.outcome);
        }
        match self.lockstep.mismatch {
            None if self.steps != Steps::Only(step) => Go::On,
            _ => Go::Stop,
        }
    }
}
