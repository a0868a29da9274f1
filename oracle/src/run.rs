//! Runs one case in several engines, in step, and compares after each step.
//!
//! The first engine is the reference. Every step is taken by the reference and then by
//! each subject, so that a difference is found at the first step where it shows.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::compare::{Difference, NanRule, Verdict, compare};
use crate::engine::{Engine, Limits, Poison, Refusal, RefusalKind};
use crate::observe::{Observation, Outcome};
use crate::prepare::Shape;
use crate::subject::Subject;
use crate::value::{FuncName, Value};

/// A call of an exported function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Name of the export.
    pub export: Box<str>,
    /// Arguments; made to fit the function's type when they do not.
    pub args: Vec<Value<FuncName>>,
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.export)?;
        self.args.iter().try_for_each(|arg| write!(f, " {arg}"))
    }
}

/// Everything that decides how a run goes.
#[derive(Clone, Debug)]
pub struct Case {
    /// The module, prepared for observation.
    pub wasm: Vec<u8>,
    /// Its shape.
    pub shape: Arc<Shape>,
    /// What to call, in order.
    pub invocations: Vec<Invocation>,
    /// What host functions do and what imports hold.
    pub seed: u64,
    /// How NaNs are compared.
    pub nans: NanRule,
    /// Limits of each store.
    pub limits: Limits,
}

impl Case {
    /// The case without what is called up to this step.
    fn behind(&self, step: Step) -> Case {
        let mut rest = self.clone();
        if let Step::Invocation(index) = step {
            rest.invocations.drain(..=index);
        }
        rest
    }
}

/// Which step of a run; the later, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Compiling the module.
    Compilation,
    /// Instantiating it.
    Instantiation,
    /// The invocation with this index.
    Invocation(usize),
}

/// A difference and where it showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The step after which it showed.
    pub step: Step,
    /// Name of the engine that was taken for right.
    pub reference: Box<str>,
    /// Name of the engine that differs from it.
    pub subject: Box<str>,
    /// What differs.
    pub difference: Difference,
    /// Where the bug is, as far as other engines can tell.
    pub stage: Option<Stage>,
}

/// Part of an engine that is to blame for a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The reference: the witness agrees with the subject.
    Reference,
    /// The subject's backend: its sibling, which has another one, agrees with the reference.
    BackEnd,
    /// The linker: the same code, linked in another way, agrees with the reference.
    Linker,
    /// The front end: its output is wrong, for the sibling shows the same, and so does whoever
    /// defines what the output means, if there is such.
    FrontEnd,
    /// What the subject has in common with its sibling besides the front end.
    Runtime,
    /// What the backends share of generating code: as the runtime, but the operator that goes
    /// wrong is none that the runtime has a part in. Only localization can tell.
    CodeGen,
}

/// An engine that has parts in common with one that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relative {
    /// The engine itself, once more.
    Itself,
    /// The same code, linked in another way: [`Engine::relinked`].
    Relinked(usize),
    /// [`Engine::sibling`].
    Sibling,
    /// [`Engine::definition`].
    Definition,
}

impl Relative {
    /// Whether this relative of `subject` agrees with `reference`, if there is one and that can
    /// be said.
    pub fn is_right(
        self,
        case: &Case,
        reference: &dyn Engine,
        subject: &dyn Engine,
    ) -> Option<bool> {
        let owned;
        let relative = match self {
            Relative::Itself => subject,
            Relative::Relinked(way) => {
                owned = subject.relinked().into_iter().nth(way)?;
                &*owned
            }
            Relative::Sibling => {
                owned = subject.sibling()?;
                &*owned
            }
            Relative::Definition => {
                owned = subject.definition()?;
                &*owned
            }
        };
        match run(case, &[reference, relative]).verdict {
            RunVerdict::Agree => Some(true),
            RunVerdict::Diverged(_) | RunVerdict::Outvoted(_) => Some(false),
            RunVerdict::Poisoned(_) | RunVerdict::Discarded(_) => None,
        }
    }
}

/// Which part of an engine is to blame for being wrong, as its relatives tell: asked in turn
/// whether they are right.
///
/// # Errors
/// Those of asking.
pub fn blame<E>(
    mut is_right: impl FnMut(Relative) -> Result<Option<bool>, E>,
) -> Result<Option<Stage>, E> {
    let mut way = 0;
    while let Some(right) = is_right(Relative::Relinked(way))? {
        // What is wrong now and then has nothing to do with links.
        if right && is_right(Relative::Itself)? == Some(false) {
            return Ok(Some(Stage::Linker));
        }
        way += 1;
    }
    Ok(match is_right(Relative::Sibling)? {
        None => None,
        Some(true) => Some(Stage::BackEnd),
        Some(false) => match is_right(Relative::Definition)? {
            Some(true) => Some(Stage::Runtime),
            _ => Some(Stage::FrontEnd),
        },
    })
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Reference => "the reference",
            Stage::BackEnd => "the backend",
            Stage::Linker => "the linker",
            Stage::FrontEnd => "the front end",
            Stage::Runtime => "the runtime",
            Stage::CodeGen => "what the backends share",
        })
    }
}

impl Divergence {
    /// Two divergences with the same signature are taken for the same bug.
    pub fn signature(&self) -> String {
        format!("{}: {}", self.subject, self.difference.signature())
    }
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunVerdict {
    /// Every engine showed the same after every step.
    Agree,
    /// A limit was reached; up to there everything was the same.
    Poisoned(Poison),
    /// No engine accepted the module, or the reference ran into a limit compiling it.
    Discarded(RefusalKind),
    /// Two engines differ.
    Diverged(Box<Divergence>),
    /// The reference differs from an engine and a witness, which agree with each other: a
    /// bug of the reference.
    Outvoted(Box<Divergence>),
}

/// What a run came to, and how far it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The judgement.
    pub verdict: RunVerdict,
    /// Whether instantiation succeeded in the reference.
    pub instantiated: bool,
    /// Invocations made in the reference.
    pub invocations: u32,
    /// How many of them trapped.
    pub traps: u32,
    /// Host events in the reference.
    pub events: u64,
}

/// Runs `case` in all `engines`, the first of which is the reference.
pub fn run(case: &Case, engines: &[&dyn Engine]) -> Report {
    let modules: Vec<(&dyn Engine, &[u8])> = engines
        .iter()
        .map(|engine| (*engine, &*case.wasm))
        .collect();
    run_modules(case, &modules)
}

/// Runs `case` as [`run`] does, with a module for each engine; what they import, and what they
/// export for observation, is as the shape of the case says.
pub fn run_modules(case: &Case, modules: &[(&dyn Engine, &[u8])]) -> Report {
    let mut report = Report {
        verdict: RunVerdict::Agree,
        instantiated: false,
        invocations: 0,
        traps: 0,
        events: 0,
    };
    if let Err(verdict) = (Run {
        case,
        modules,
        report: &mut report,
    })
    .all()
    {
        report.verdict = verdict;
    }
    report
}

/// Runs `case` as [`run`] does, and has `witness` decide when a subject differs from the
/// reference. If the subject stays to blame, its sibling tells which part of it.
pub fn run_with_witness(
    case: &Case,
    engines: &[&dyn Engine],
    witness: Option<&dyn Engine>,
) -> Report {
    let mut report = run(case, engines);
    let RunVerdict::Diverged(divergence) = &mut report.verdict else {
        return report;
    };
    let subject = engines
        .iter()
        .find(|engine| *engine.name() == *divergence.subject);
    let (Some(&reference), Some(&subject)) = (engines.first(), subject) else {
        return report;
    };
    let step = divergence.step;
    let outvoted = |witness| is_outvoted(case, step, reference, subject, witness);
    if witness.is_some_and(outvoted) {
        divergence.stage = Some(Stage::Reference);
        report.verdict = RunVerdict::Outvoted(divergence.clone());
    } else {
        let judged = blame(|relative| Ok(relative.is_right(case, reference, subject)));
        let Ok::<_, Infallible>(stage) = judged;
        divergence.stage = stage;
    }
    report
}

/// Whether it is `reference` that is wrong, which differs from `subject` after `step`: `witness`
/// agrees with the subject until then. If those two differ further on, they must do so without
/// what came before, too, and the subject must not have both against it there.
fn is_outvoted(
    case: &Case,
    step: Step,
    reference: &dyn Engine,
    subject: &dyn Engine,
    witness: &dyn Engine,
) -> bool {
    match run(case, &[witness, subject]).verdict {
        RunVerdict::Agree => true,
        RunVerdict::Diverged(later) if later.step > step => {
            let rest = case.behind(step);
            let again = run(&rest, &[witness, subject]).verdict;
            matches!(again, RunVerdict::Diverged(_))
                && !has_both_against_it(&rest, subject, reference, witness)
        }
        _ => false,
    }
}

/// Whether there is a step after which both judges show the same, and `subject` something else.
fn has_both_against_it(
    case: &Case,
    subject: &dyn Engine,
    judge: &dyn Engine,
    other: &dyn Engine,
) -> bool {
    let RunVerdict::Diverged(found) = run(case, &[judge, subject]).verdict else {
        return false;
    };
    match run(case, &[judge, other]).verdict {
        // All three differ, or the judge is alone: its mistake.
        RunVerdict::Diverged(between)
            if between.step <= found.step && matches!(found.step, Step::Invocation(_)) =>
        {
            has_both_against_it(&case.behind(found.step), subject, judge, other)
        }
        _ => true,
    }
}

struct Run<'a> {
    case: &'a Case,
    modules: &'a [(&'a dyn Engine, &'a [u8])],
    report: &'a mut Report,
}

/// The subjects still running, with the index of their engine; the reference is first.
type Subjects<'a> = Vec<(usize, Subject<'a>)>;

impl<'a> Run<'a> {
    /// The error is whatever ends the run early.
    fn all(mut self) -> Result<(), RunVerdict> {
        let (mut subjects, outcomes) = self.start()?;
        self.report.instantiated = matches!(outcomes[0], Outcome::Returned(_));
        self.judge(Step::Instantiation, &mut subjects, outcomes)?;
        if !self.report.instantiated {
            return Ok(());
        }
        for (index, invocation) in self.case.invocations.iter().enumerate() {
            let export = self
                .case
                .shape
                .exported_funcs()
                .find(|(name, _)| *name == &*invocation.export);
            let Some((_, func)) = export else { continue };
            let outcomes: Vec<Outcome> = subjects
                .iter_mut()
                .map(|(_, subject)| subject.invoke(func, &invocation.args))
                .collect();
            self.report.invocations += 1;
            self.report.traps += u32::from(matches!(outcomes[0], Outcome::Trapped(_)));
            self.judge(Step::Invocation(index), &mut subjects, outcomes)?;
        }
        Ok(())
    }

    fn start(&mut self) -> Result<(Subjects<'a>, Vec<Outcome>), RunVerdict> {
        let case = self.case;
        let mut subjects = Vec::with_capacity(self.modules.len());
        let mut outcomes = Vec::with_capacity(self.modules.len());
        let mut refused: Vec<(usize, Refusal)> = Vec::new();
        for (index, (engine, wasm)) in self.modules.iter().enumerate() {
            match Subject::start(*engine, wasm, &case.shape, case.seed, case.limits) {
                Ok(started) => {
                    subjects.push((index, started.subject));
                    outcomes.push(started.outcome);
                }
                Err(refusal) => refused.push((index, refusal)),
            }
        }
        if subjects.is_empty() || refused.iter().any(|(_, r)| r.kind == RefusalKind::Limit) {
            let kind = refused
                .first()
                .map_or(RefusalKind::Limit, |(_, refusal)| refusal.kind);
            return Err(RunVerdict::Discarded(kind));
        }
        match refused.first() {
            Some((index, refusal)) => {
                let expected = *index != 0;
                let subject = if expected { *index } else { subjects[0].0 };
                let why = refusal.to_string().into();
                let difference = Difference::Acceptance {
                    expected,
                    got: !expected,
                    why,
                };
                Err(self.diverged(Step::Compilation, subject, difference))
            }
            None => Ok((subjects, outcomes)),
        }
    }

    fn judge(
        &mut self,
        step: Step,
        subjects: &mut Subjects<'_>,
        outcomes: Vec<Outcome>,
    ) -> Result<(), RunVerdict> {
        let mut outcomes = outcomes.into_iter();
        let Some(((_, first), others)) = subjects.split_first_mut() else {
            return Ok(());
        };
        let Some(outcome) = outcomes.next() else {
            return Ok(());
        };
        let expected: Observation<'_> = first.observe(outcome);
        self.report.events += expected.trace.len() as u64;
        let mut poisoned = None;
        for ((index, subject), outcome) in others.iter_mut().zip(outcomes) {
            match compare(&expected, &subject.observe(outcome), self.case.nans) {
                Verdict::Agree => {}
                Verdict::Poisoned(poison) => poisoned = Some(poison),
                Verdict::Diverged(difference) => {
                    return Err(self.diverged(step, *index, difference));
                }
            }
        }
        poisoned.map_or(Ok(()), |poison| Err(RunVerdict::Poisoned(poison)))
    }

    fn diverged(&self, step: Step, subject: usize, difference: Difference) -> RunVerdict {
        RunVerdict::Diverged(Box::new(Divergence {
            step,
            reference: self.modules[0].0.name().into(),
            subject: self.modules[subject].0.name().into(),
            difference,
            stage: None,
        }))
    }
}
