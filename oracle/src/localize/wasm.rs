//! The operator of WebAssembly that two engines take differently: for what the front end makes of
//! a module, and for the reference.
//!
//! The same module with probes runs in both, to the step that failed; the number of probes that
//! count is searched for the smallest with which the two differ.

use microwasm::input::{Consumer, Form, FunctionBody, InputError, translate};
use microwasm::wasm::Limits;
use microwasm::{Op, Sink};
use thiserror::Error;

use super::blame::outcome;
use super::drive::{Driver, Go, drive};
use super::finding::{Finding, Function, WasmOp, WrongValue};
use super::lockstep::same_outcome;
use super::probes::{self, Account, Manner, Probe, Which};
use crate::engine::{Engine, Refusal};
use crate::engines;
use crate::observe::{Observation, Outcome};
use crate::run::{Case, Divergence, Stage, Step};

/// Why probes tell nothing.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// The module is not WebAssembly, or not valid.
    #[error("probes cannot be put into the module: {0}")]
    Module(#[from] wasmparser::BinaryReaderError),
    /// An engine does not take the module with probes.
    #[error("with probes in it, the module is refused: {0}")]
    Refused(#[from] Refusal),
    /// An engine that there is not.
    #[error("there is no engine {0}")]
    Engine(Box<str>),
}

/// Finds the first operator after which the value is not the same in the engine that is right and
/// in the one that is wrong.
pub(super) fn probe(
    case: &Case,
    divergence: &Divergence,
    finding: &mut Finding,
) -> Result<(), ProbeError> {
    finding.symptom = divergence.difference.signature();
    if Form::of(&case.wasm) != Form::Wasm {
        finding
            .notes
            .push("there is no WebAssembly to put probes into".into());
        return Ok(());
    }
    let by_name =
        |name: &str| engines::by_name(name).ok_or_else(|| ProbeError::Engine(name.into()));
    let (right, wrong) = match divergence.stage {
        Some(Stage::Reference) => (&divergence.subject, &divergence.reference),
        _ => (&divergence.reference, &divergence.subject),
    };
    if divergence.stage == Some(Stage::Reference) {
        let note = format!("{right} is right: the witness agrees with it");
        finding.notes.push(note);
    }
    let sides = Sides {
        case,
        right: &*by_name(right)?,
        wrong: &*by_name(wrong)?,
        wasm: &case.wasm,
        step: Some(divergence.step),
    };
    sides.compare(finding)
}

/// Modules with more places for probes are not searched one by one.
const SINGLE_PROBES: usize = 512;

/// Two engines and what they are to run.
pub(super) struct Sides<'a> {
    pub(super) case: &'a Case,
    pub(super) right: &'a dyn Engine,
    pub(super) wrong: &'a dyn Engine,
    /// The module of the one that is wrong: that of the case, but for planted mistakes.
    pub(super) wasm: &'a [u8],
    /// The last step to be taken.
    pub(super) step: Option<Step>,
}

impl Sides<'_> {
    /// Finds the first probe that differs, and says what there is to say of it.
    pub(super) fn compare(&self, finding: &mut Finding) -> Result<(), ProbeError> {
        let tee = self.first((Manner::Tee, Which::All))?;
        let set = self.first((Manner::Set, Which::All))?;
        let best = match (tee, set) {
            // The probes themselves may be what goes wrong: then the very first one differs.
            (Some(tee), Some(set)) => Some(if tee.number < set.number { set } else { tee }),
            (tee, set) => {
                // Or they hide it, and one of them is wrong where all else is right.
                let alone = match self.first_alone()? {
                    None if tee.is_none() && set.is_none() => self.end_alone()?,
                    alone => alone,
                };
                if alone.is_some() {
                    let note = "seen with this probe alone: with all of them, it does not show";
                    finding.notes.push(note.into());
                }
                alone.or(tee).or(set)
            }
        };
        match best {
            Some(first) => first.describe(self.case, finding),
            None => {
                let note = "with probes in the module, the engines agree";
                finding.notes.push(note.into());
            }
        }
        Ok(())
    }

    /// The first place where a probe sees another value, if it is the only one: where an engine
    /// looks at several operators at once, probes between them hide what it does.
    fn first_alone(&self) -> Result<Option<First>, ProbeError> {
        self.alone(Manner::Set, |found| found.outcomes.is_none())
    }

    /// Likewise, but where all that is seen is another end.
    fn end_alone(&self) -> Result<Option<First>, ProbeError> {
        self.alone(Manner::Tee, |_| true)
    }

    fn alone(
        &self,
        manner: Manner,
        counts: impl Fn(&First) -> bool,
    ) -> Result<Option<First>, ProbeError> {
        let places = self.probed(&self.case.wasm, 0, (manner, Which::All))?;
        let places = places.probes.len().min(SINGLE_PROBES) as u32;
        for number in 0..places {
            let found = self.first((manner, Which::Only(number)))?;
            if found.as_ref().is_some_and(&counts) {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn first(&self, which: (Manner, Which)) -> Result<Option<First>, ProbeError> {
        let (right, wrong) = (
            self.run(self.right, &self.case.wasm, u32::MAX, which)?,
            self.run(self.wrong, self.wasm, u32::MAX, which)?,
        );
        let outcomes = right.1.zip(wrong.1);
        let (Some(right), Some(wrong)) = (right.0, wrong.0) else {
            return Ok(None);
        };
        if (right.hash, right.count) == (wrong.hash, wrong.count) {
            return self.in_the_end(right, outcomes, which);
        }
        // With so many probes they are the same; with so many they are not.
        let (mut same, mut differ) = (0, right.count.max(wrong.count));
        while differ - same > 1 {
            let middle = same + (differ - same) / 2;
            let (right, wrong) = self.accounts(middle, which)?;
            if right.map(|account| account.hash) == wrong.map(|account| account.hash) {
                same = middle;
            } else {
                differ = middle;
            }
        }
        let probes = self.probed(&self.case.wasm, differ, which)?.probes;
        let (Some(right), Some(wrong)) = self.accounts(differ, which)? else {
            return Ok(None);
        };
        let probe = |account: &Account| probes.get(account.latest as usize).copied();
        let passed = |account: Account| Passed {
            probe: probe(&account).filter(|_| account.count >= differ),
            value: account.value,
        };
        let before = match same {
            0 => None,
            _ => self.accounts(same, which)?.0,
        };
        Ok(Some(First {
            number: same,
            before: before.as_ref().and_then(probe),
            right: passed(right),
            wrong: passed(wrong),
            outcomes: None,
        }))
    }

    /// All probes are the same, but what the step came to may not be: then it is what execution
    /// did behind the last of them.
    fn in_the_end(
        &self,
        account: Account,
        outcomes: Option<(Outcome, Outcome)>,
        which: (Manner, Which),
    ) -> Result<Option<First>, ProbeError> {
        let outcomes = outcomes.filter(|(right, wrong)| !same_outcome(right, wrong));
        if outcomes.is_none() || account.count == 0 {
            return Ok(None);
        }
        let probes = self.probed(&self.case.wasm, 0, which)?.probes;
        let nothing = || Passed {
            probe: None,
            value: 0,
        };
        Ok(Some(First {
            number: account.count,
            before: probes.get(account.latest as usize).copied(),
            right: nothing(),
            wrong: nothing(),
            outcomes,
        }))
    }

    fn probed(
        &self,
        wasm: &[u8],
        limit: u32,
        which: (Manner, Which),
    ) -> Result<probes::Probed, ProbeError> {
        Ok(probes::insert(wasm, &self.case.shape, limit, which)?)
    }

    fn accounts(
        &self,
        limit: u32,
        which: (Manner, Which),
    ) -> Result<(Option<Account>, Option<Account>), ProbeError> {
        Ok((
            self.run(self.right, &self.case.wasm, limit, which)?.0,
            self.run(self.wrong, self.wasm, limit, which)?.0,
        ))
    }

    /// The account of an engine, and what the last step came to.
    fn run(
        &self,
        engine: &dyn Engine,
        wasm: &[u8],
        limit: u32,
        which: (Manner, Which),
    ) -> Result<(Option<Account>, Option<Outcome>), ProbeError> {
        let probed = self.probed(wasm, limit, which)?;
        let case = Case {
            wasm: probed.wasm,
            shape: probed.shape.into(),
            ..self.case.clone()
        };
        let mut reading = Reading {
            step: self.step,
            account: None,
            outcome: None,
            globals: case.shape.globals.len(),
        };
        drive(&case, engine, &case.wasm, &mut reading)?;
        Ok((reading.account, reading.outcome))
    }
}

/// The first probe that differs.
struct First {
    /// How many came before it.
    number: u32,
    before: Option<Probe>,
    right: Passed,
    wrong: Passed,
    /// What the step came to, if only that differs.
    outcomes: Option<(Outcome, Outcome)>,
}

/// A probe as an engine came by.
struct Passed {
    /// None if the run had ended.
    probe: Option<Probe>,
    value: u64,
}

/// Reads the account after a step.
struct Reading {
    step: Option<Step>,
    account: Option<Account>,
    outcome: Option<Outcome>,
    globals: usize,
}

impl Driver for Reading {
    fn step(&mut self, _: Step, run: &mut dyn FnMut()) {
        run();
    }

    fn taken(&mut self, step: Step, seen: &Observation<'_>) -> Go {
        let globals = seen.globals.get(..self.globals).unwrap_or_default();
        let bits = globals.iter().flatten().map(|value| value.canonical_bits());
        self.account = Account::of(&bits.collect::<Vec<_>>());
        self.outcome = Some(seen.outcome.clone());
        match self.step {
            Some(last) if last == step => Go::Stop,
            _ => Go::On,
        }
    }
}

impl First {
    fn describe(self, case: &Case, finding: &mut Finding) {
        let text = |probe: Option<Probe>| match probe {
            Some(probe) => format!(
                "{} at {:#x}",
                operator(&case.wasm, probe.offset as u32),
                probe.offset
            ),
            None => "the end".into(),
        };
        let same_probe = self.right.probe == self.wrong.probe;
        let guilty = match same_probe && self.outcomes.is_none() {
            true => self.right.probe,
            // Where they part: behind the last one that both have passed.
            false => match self.before {
                Some(before) => Some(branch_behind(&case.wasm, before).unwrap_or(before)),
                None => self.right.probe,
            },
        };
        if let Some((right, wrong)) = &self.outcomes {
            finding.symptom = "wrong result".into();
            finding.wrong.push(WrongValue {
                what: "what the step comes to".into(),
                place: "the end".into(),
                expected: outcome(right),
                got: outcome(wrong),
            });
        } else if same_probe {
            finding.symptom = "wrong result".into();
            finding.wrong.push(WrongValue {
                what: "the bits left".into(),
                place: "the top of the stack".into(),
                expected: format!("{:#x}", self.right.value),
                got: format!("{:#x}", self.wrong.value),
            });
        } else {
            finding.symptom = "wrong path".into();
            finding.wrong.push(WrongValue {
                what: "what comes next".into(),
                place: "the program".into(),
                expected: text(self.right.probe),
                got: text(self.wrong.probe),
            });
        }
        if let Some(probe) = guilty {
            finding.function = Some(Function {
                index: probe.func,
                name: None,
            });
            finding.wasm = Some(WasmOp {
                offset: probe.offset as u32,
                text: String::new(),
            });
            name(&case.wasm, finding);
            if finding.stage != Some(Stage::Reference) {
                let made = made_of(&case.wasm, probe);
                finding.notes.push(format!("Microwasm made of it: {made}"));
            }
        }
        if self.number > 0 {
            let note = format!("{} values are the same before it", self.number);
            finding.notes.push(note);
        }
    }
}

/// The first operator behind a probe that goes elsewhere than to the next one.
fn branch_behind(wasm: &[u8], probe: Probe) -> Option<Probe> {
    use wasmparser::{Operator, Payload};
    let payloads = wasmparser::Parser::new(0).parse_all(wasm).flatten();
    let mut bodies = payloads.filter_map(|payload| match payload {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    let body = bodies.find(|body| body.range().contains(&probe.offset))?;
    let ops = body.get_operators_reader().ok()?;
    let mut ops = ops.into_iter_with_offsets().flatten();
    let branch = ops.find(|(op, offset)| {
        let branches = matches!(
            op,
            Operator::Br { .. }
                | Operator::BrIf { .. }
                | Operator::BrTable { .. }
                | Operator::If { .. }
                | Operator::Else
                | Operator::End
                | Operator::Return
                | Operator::Unreachable
        );
        *offset > probe.offset && branches
    });
    branch.map(|(_, offset)| Probe { offset, ..probe })
}

/// What the front end makes of an operator.
fn made_of(wasm: &[u8], probe: Probe) -> String {
    let mut made = Made {
        probe,
        here: false,
        ops: Vec::new(),
    };
    if let Err(error) = translate(wasm, Limits::default(), &mut made) {
        return format!("nothing ({error})");
    }
    match made.ops.is_empty() {
        true => "nothing".into(),
        false => made.ops.join("; "),
    }
}

struct Made {
    probe: Probe,
    here: bool,
    ops: Vec<String>,
}

impl Consumer for Made {
    type Error = InputError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), InputError> {
        body.translate(self)
    }
}

impl Sink for Made {
    fn op(&mut self, op: Op<'_>) {
        if self.here {
            self.ops.push(op.to_string());
        }
    }

    fn source(&mut self, offset: u32) {
        self.here = u64::from(offset) == self.probe.offset;
    }
}

/// Fills in the text of the operator of WebAssembly that is known by its offset.
pub(super) fn name(wasm: &[u8], finding: &mut Finding) {
    if let Some(op) = &mut finding.wasm {
        op.text = operator(wasm, op.offset);
    }
    if Form::of(wasm) != Form::Wasm {
        // Microwasm has no other operators, and its own offsets.
        finding.wasm = None;
    }
}

/// The operator at an offset as text.
fn operator(wasm: &[u8], offset: u32) -> String {
    let mut storage = String::new();
    let lines = wasmprinter::Config::new().offsets_and_lines(wasm, &mut storage);
    let lines = match lines {
        Ok(lines) => lines,
        Err(error) => return format!("an operator ({error})"),
    };
    let mut found = lines.filter(|(at, _)| *at == Some(offset.into()));
    found.next().map_or("an operator".into(), |(_, line)| {
        // Comments say where a branch goes.
        let code = line.split(";;").next().unwrap_or(line);
        let parts = code
            .split("(;")
            .enumerate()
            .map(|(index, part)| match index {
                0 => part,
                _ => part.split_once(";)").map_or("", |(_, behind)| behind),
            });
        let text: String = parts.collect();
        match &*text.split_whitespace().collect::<Vec<_>>().join(" ") {
            ")" => "end".to_owned(),
            text => text.to_owned(),
        }
    })
}

/// Gives the function of a finding the name that it has in this module.
pub(super) fn name_function(wasm: &[u8], finding: &mut Finding) {
    let Some(function) = &mut finding.function else {
        return;
    };
    for payload in wasmparser::Parser::new(0).parse_all(wasm).flatten() {
        let wasmparser::Payload::CustomSection(section) = payload else {
            continue;
        };
        let wasmparser::KnownCustom::Name(names) = section.as_known() else {
            continue;
        };
        for subsection in names.into_iter().flatten() {
            if let wasmparser::Name::Function(map) = subsection {
                let mut names = map.into_iter().flatten();
                let naming = names.find(|naming| naming.index == function.index);
                function.name = naming.map(|naming| naming.name.to_owned());
            }
        }
    }
}
