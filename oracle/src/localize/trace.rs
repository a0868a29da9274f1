//! A traced run: an engine's code watched while it executes, in step with the reference.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use microwasm_runtime::trace;

use super::drive::{Driver, Go, Steps, drive};
use super::lockstep::Lockstep;
use super::maps::{MapError, Maps};
use super::reference::{self, Watched};
use crate::engine::{Engine, Host, HostFunc, Limits, Refusal, Store, Trap};
use crate::engines::x64::X64;
use crate::observe::Observation;
use crate::run::{Case, Step};
use crate::value::Value;
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
    let calls = Rc::new(RefCell::new(Vec::new()));
    let listening = Listening {
        engine: subject,
        calls: Rc::clone(&calls),
    };
    let mut tracing = Tracing {
        lockstep,
        steps,
        calls,
    };
    drive(case, &listening, wasm, &mut tracing)?;
    Ok(tracing.lockstep)
}

/// The maps of `wasm` as `subject` compiles it in `case`.
pub(super) fn maps(case: &Case, subject: &X64, wasm: &[u8]) -> Result<Maps, MapError> {
    let engine = subject.seeded_engine(case.seed, case.limits.fuel.is_some());
    Maps::new(&engine, wasm)
}

struct Tracing<'m> {
    lockstep: Lockstep<'m>,
    steps: Steps,
    calls: Calls,
}

/// Arguments of the calls of the host that have not been compared yet.
type Calls = Rc<RefCell<Vec<Box<[Value]>>>>;

/// An engine whose calls of the host are noted.
struct Listening<'a> {
    engine: &'a X64,
    calls: Calls,
}

impl Engine for Listening<'_> {
    fn name(&self) -> &str {
        self.engine.name()
    }

    fn store(&self, host: Rc<dyn Host>, limits: Limits) -> Box<dyn Store> {
        let calls = Rc::clone(&self.calls);
        self.engine.store(Rc::new(Noting { host, calls }), limits)
    }

    fn seeded_store(&self, seed: u64, host: Rc<dyn Host>, limits: Limits) -> Box<dyn Store> {
        let calls = Rc::clone(&self.calls);
        let host = Rc::new(Noting { host, calls });
        self.engine.seeded_store(seed, host, limits)
    }
}

struct Noting {
    host: Rc<dyn Host>,
    calls: Calls,
}

impl Host for Noting {
    fn call(
        &self,
        store: &mut dyn Store,
        func: HostFunc,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Trap> {
        self.calls.borrow_mut().push(args.into());
        self.host.call(store, func, args, results)
    }
}

impl Driver for Tracing<'_> {
    fn step(&mut self, step: Step, run: &mut dyn FnMut()) {
        if !self.steps.contains(step) {
            return run();
        }
        let (lockstep, calls) = (&mut self.lockstep, &self.calls);
        calls.borrow_mut().clear();
        let mut observer = |stop: &trace::Stop<'_>| -> ControlFlow<()> {
            for args in calls.borrow_mut().drain(..) {
                lockstep.host_called(&args);
            }
            lockstep.stop(stop)
        };
        trace::watch(&mut observer, run);
        for args in calls.borrow_mut().drain(..) {
            lockstep.host_called(&args);
        }
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
