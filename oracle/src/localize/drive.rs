//! Takes a case through one engine, step by step.

use crate::engine::{Engine, Refusal};
use crate::observe::{Observation, Outcome};
use crate::run::{Case, Step};
use crate::subject::Subject;

/// Which steps are looked at closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steps {
    /// All of them.
    All,
    /// This one: up to there everything was the same.
    Only(Step),
}

impl Steps {
    /// Whether the step is one of them.
    pub(super) fn contains(self, step: Step) -> bool {
        match self {
            Steps::All => true,
            Steps::Only(only) => only == step,
        }
    }
}

/// Whether to take the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Go {
    On,
    Stop,
}

/// Is there when steps are taken.
pub(super) trait Driver {
    /// Takes a step, by calling `run` once.
    fn step(&mut self, step: Step, run: &mut dyn FnMut());
    /// The step has been taken.
    fn taken(&mut self, step: Step, seen: &Observation<'_>) -> Go;
}

/// Takes all steps of `case` in `engine`, with `wasm` for its module.
pub(super) fn drive(
    case: &Case,
    engine: &dyn Engine,
    wasm: &[u8],
    driver: &mut dyn Driver,
) -> Result<(), Refusal> {
    let mut started = None;
    driver.step(Step::Instantiation, &mut || {
        started = Some(Subject::start(
            engine,
            wasm,
            &case.shape,
            case.seed,
            case.limits,
        ));
    });
    let started = started.expect("the driver takes every step")?;
    let (mut subject, outcome) = (started.subject, started.outcome);
    let instantiated = matches!(outcome, Outcome::Returned(_));
    let go = driver.taken(Step::Instantiation, &subject.observe(outcome));
    if !instantiated || go == Go::Stop {
        return Ok(());
    }
    for (index, invocation) in case.invocations.iter().enumerate() {
        let mut exports = case.shape.exported_funcs();
        let export = exports.find(|(name, _)| *name == &*invocation.export);
        let Some((_, func)) = export else { continue };
        let step = Step::Invocation(index);
        let mut outcome = None;
        driver.step(step, &mut || {
            outcome = Some(subject.invoke(func, &invocation.args));
        });
        let outcome = outcome.expect("the driver takes every step");
        if driver.taken(step, &subject.observe(outcome)) == Go::Stop {
            break;
        }
    }
    Ok(())
}
