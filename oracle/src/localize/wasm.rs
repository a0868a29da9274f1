//! The operator of WebAssembly that two engines take differently: for what the front end makes of
//! a module, and for the reference.
//!
//! The same module with probes runs in both, to the step that failed; the number of probes that
//! count is searched for the smallest with which the two differ.

use microwasm::input::{Consumer, Form, FunctionBody, InputError, translate};
use microwasm::wasm::Limits;
use microwasm::{Op, Sink};
use thiserror::Error;

use super::drive::{Driver, Go, drive};
use super::finding::{Finding, Function, WasmOp, WrongValue};
use super::probes::{self, Account, Manner, Probe};
use crate::engine::{Engine, Refusal};
use crate::engines;
use crate::observe::Observation;
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
    let (right, wrong) = (by_name(right)?, by_name(wrong)?);
    let mut best: Option<First> = None;
    // The probes themselves may be what goes wrong: then the very first one differs.
    for manner in [Manner::Tee, Manner::Set] {
        let pair = Pair {
            case,
            right: &*right,
            wrong: &*wrong,
            step: divergence.step,
            manner,
        };
        let found = pair.first()?;
        if let Some(found) = found
            && best.as_ref().is_none_or(|best| best.number < found.number)
        {
            best = Some(found);
        }
    }
    match best {
        Some(first) => first.describe(case, finding),
        None => {
            let note = "with probes in the module, the engines do not differ";
            finding.notes.push(note.into());
        }
    }
    Ok(())
}

/// Two engines and what they are to run.
struct Pair<'a> {
    case: &'a Case,
    right: &'a dyn Engine,
    wrong: &'a dyn Engine,
    step: Step,
    manner: Manner,
}

/// The first probe that differs.
struct First {
    /// How many came before it.
    number: u32,
    before: Option<Probe>,
    right: Passed,
    wrong: Passed,
}

/// A probe as an engine came by.
struct Passed {
    /// None if the run had ended.
    probe: Option<Probe>,
    value: u64,
}

impl Pair<'_> {
    fn first(&self) -> Result<Option<First>, ProbeError> {
        let (right, wrong) = self.accounts(u32::MAX)?;
        let (Some(right), Some(wrong)) = (right, wrong) else {
            return Ok(None);
        };
        if (right.hash, right.count) == (wrong.hash, wrong.count) {
            return Ok(None);
        }
        // With so many probes they are the same; with so many they are not.
        let (mut same, mut differ) = (0, right.count.max(wrong.count));
        while differ - same > 1 {
            let middle = same + (differ - same) / 2;
            let (right, wrong) = self.accounts(middle)?;
            if right.map(|account| account.hash) == wrong.map(|account| account.hash) {
                same = middle;
            } else {
                differ = middle;
            }
        }
        let probes = self.probed(differ)?.probes;
        let (Some(right), Some(wrong)) = self.accounts(differ)? else {
            return Ok(None);
        };
        let passed = |account: Account| Passed {
            probe: (account.count >= differ)
                .then(|| probes.get(account.latest as usize).copied())
                .flatten(),
            value: account.value,
        };
        let before = match same {
            0 => None,
            _ => self.accounts(same)?.0,
        };
        Ok(Some(First {
            number: same,
            before: before.and_then(|account| probes.get(account.latest as usize).copied()),
            right: passed(right),
            wrong: passed(wrong),
        }))
    }

    fn probed(&self, limit: u32) -> Result<probes::Probed, ProbeError> {
        let Case { wasm, shape, .. } = self.case;
        Ok(probes::insert(wasm, shape, limit, self.manner)?)
    }

    fn accounts(&self, limit: u32) -> Result<(Option<Account>, Option<Account>), ProbeError> {
        let probed = self.probed(limit)?;
        let case = Case {
            wasm: probed.wasm,
            shape: probed.shape,
            ..self.case.clone()
        };
        let run = |engine| -> Result<Option<Account>, ProbeError> {
            let mut reading = Reading {
                step: self.step,
                account: None,
                globals: case.shape.globals.len(),
            };
            drive(&case, engine, &case.wasm, &mut reading)?;
            Ok(reading.account)
        };
        Ok((run(self.right)?, run(self.wrong)?))
    }
}

/// Reads the account after a step.
struct Reading {
    step: Step,
    account: Option<Account>,
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
        if step == self.step { Go::Stop } else { Go::On }
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
        let guilty = match same_probe {
            true => self.right.probe,
            // Where they part: behind the last one that both have passed.
            false => self.before.or(self.right.probe),
        };
        if same_probe {
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
            let made = made_of(&case.wasm, probe);
            finding.notes.push(format!("Microwasm made of it: {made}"));
        }
        finding
            .notes
            .push(format!("{} values are the same before it", self.number));
    }
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
        let line = line.split(";;").next().unwrap_or(line).trim();
        line.trim_end_matches("(;").trim().to_owned()
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
