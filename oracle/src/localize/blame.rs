//! Which operator is guilty of a mismatch, and what is to be said of it.

use microwasm::FuncIndex;
use microwasm_codegen::locations::{Boundary, Operand, Place};

use super::finding::{
    CodeLine, Finding, Function, MicrowasmOp, OperandAt, SETTLED, WasmOp, WrongValue,
};
use super::lockstep::{Differing, How, Lockstep, Mismatch};
use super::maps::{FunctionMap, Maps};
use super::reference::{Before, Event, Watched};
use crate::observe::Outcome;
use crate::value::Value;

/// Operands that are shown at most, and values that are wrong.
const SHOWN: usize = 8;

/// Registers of 64 bits, by number.
const GPRS: [&str; 16] = [
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15",
];

/// The operator that was executed last before the difference, and how it went wrong.
pub(super) struct Guilt {
    /// The state before it; none if it is not an operator of a function.
    pub(super) op: Option<Before>,
    pub(super) symptom: String,
    pub(super) wrong: Vec<WrongValue>,
}

/// Finds the guilty operator of the mismatch that a comparison has ended with, if it has.
pub(super) fn guilt(maps: &Maps, lockstep: &Lockstep<'_>, watched: Watched) -> Option<Guilt> {
    let last = lockstep.last.clone();
    Some(match lockstep.mismatch.as_ref()? {
        Mismatch::Values { before, differing } => values(maps, lockstep, before, differing),
        Mismatch::Watched { before, got } => {
            let what = match watched {
                Watched::Memory { address, bytes } => {
                    format!("memory, {bytes} bytes at {address:#x},")
                }
                Watched::Global(global) => format!("global {global}"),
                Watched::Element { table, index } => format!("element {index} of table {table}"),
                Watched::Nothing => return None,
            };
            let bits = |bits: Option<u64>| bits.map_or("nothing".into(), |b| format!("{b:#x}"));
            Guilt {
                op: last,
                symptom: format!("wrong {}", state(watched)),
                wrong: vec![WrongValue {
                    what,
                    place: state(watched).into(),
                    expected: bits(before.watched.map(|value| value.canonical_bits())),
                    got: bits(*got),
                }],
            }
        }
        Mismatch::Argument {
            index,
            expected,
            got,
        } => Guilt {
            op: last,
            symptom: "wrong argument to the host".into(),
            wrong: vec![WrongValue {
                what: format!("argument {index}"),
                place: "the call".into(),
                expected: expected.to_string(),
                got: got.to_string(),
            }],
        },
        Mismatch::Path { expected, func, op } => {
            let went = format!("{} of function {func}", name(maps, *func, *op));
            let (symptom, expected) = match &**expected {
                Event::Ended(Outcome::Trapped(trap)) => {
                    (format!("missing trap: {trap}"), format!("a trap ({trap})"))
                }
                Event::Ended(_) => ("wrong path".into(), "the end".into()),
                Event::Before(before) => {
                    let text = name(maps, before.func, before.op);
                    (
                        "wrong path".into(),
                        format!("{text} of function {}", before.func),
                    )
                }
            };
            Guilt {
                op: last,
                symptom,
                wrong: vec![WrongValue {
                    what: "next operator".into(),
                    place: "the program counter".into(),
                    expected,
                    got: went,
                }],
            }
        }
        Mismatch::Ended { expected, got } => ended(maps, last, expected, got),
    })
}

fn ended(maps: &Maps, last: Option<Before>, expected: &Event, got: &Outcome) -> Guilt {
    let symptom = match (expected, got) {
        (Event::Ended(Outcome::Returned(_)), Outcome::Returned(_)) => "wrong result".into(),
        (Event::Ended(Outcome::Trapped(_)), Outcome::Trapped(_)) => "wrong trap".into(),
        (Event::Ended(Outcome::Trapped(trap)), _) => format!("missing trap: {trap}"),
        (_, Outcome::Trapped(trap)) => format!("unexpected trap: {trap}"),
        _ => "wrong path".into(),
    };
    let expected = match expected {
        Event::Ended(expected) => outcome(expected),
        Event::Before(before) => {
            let text = name(maps, before.func, before.op);
            format!("{text} of function {}", before.func)
        }
    };
    Guilt {
        op: last,
        symptom,
        wrong: vec![WrongValue {
            what: "what comes next".into(),
            place: "-".into(),
            expected,
            got: outcome(got),
        }],
    }
}

/// What a step came to in words.
pub(super) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Returned(results) => {
            let results: Vec<String> = results.iter().map(ToString::to_string).collect();
            format!("return of ({})", results.join(", "))
        }
        Outcome::Trapped(trap) => format!("trap ({trap})"),
        Outcome::NotLinked => "link error".into(),
        Outcome::NoSuchFunction => "no such export".into(),
    }
}

fn state(watched: Watched) -> &'static str {
    match watched {
        Watched::Nothing => "nothing",
        Watched::Memory { .. } => "memory",
        Watched::Global(_) => "global",
        Watched::Element { .. } => "table element",
    }
}

/// Values on the stack differ.
fn values(maps: &Maps, lockstep: &Lockstep<'_>, before: &Before, differing: &[Differing]) -> Guilt {
    let map = maps.function(before.func);
    let height = before.values.len() as u32;
    let mut op = lockstep.last.clone();
    let mut kind = Kind::of(maps, op.as_ref());
    // From here on lie what the operator leaves; below, what it should leave alone.
    let mut results = match (&op, kind) {
        (None, _) => 0,
        (Some(last), Kind::Call) if before.depth > last.depth => 0,
        (Some(last), _) if before.depth == last.depth => boundary(maps, last)
            .map_or(0, |boundary| {
                boundary.height.saturating_sub(boundary.operands)
            }),
        _ => 0,
    };
    if let Some(returned) = &lockstep.returned {
        let call = &returned.call;
        let kept = boundary(maps, call).map_or(0, |boundary| {
            boundary.height.saturating_sub(boundary.operands)
        });
        let of_host = boundary(maps, call).is_some_and(|call| calls_import(maps, &call.text));
        let clobbered = differing.iter().all(|value| value.position < kept);
        if clobbered || of_host || returned.right == Some(true) {
            op = Some(call.clone());
            kind = Kind::Call;
        }
        results = kept;
    }
    if kind == Kind::Branch || joined(maps, op.as_ref(), before) {
        // Everything that the block keeps goes over the edge; what a local is set to is computed
        // there at once.
        results = 0;
    }
    let main = differing
        .iter()
        .find(|value| value.position >= results)
        .or(differing.first());
    let symptom = main.map_or("wrong result".into(), |main| match main.how {
        How::UpperHalf => "upper half of i32 not zero".to_owned(),
        How::Stale => "stale home slot".to_owned(),
        How::Wrong if was_pending(maps, op.as_ref(), main.position) => SETTLED.to_owned(),
        How::Wrong if main.position < results => {
            format!("clobbers {}", place_kind(map, main.position, main.place))
        }
        How::Wrong => match kind {
            Kind::Entry => "wrong argument from outside".to_owned(),
            Kind::Call if before.depth > op.as_ref().map_or(0, |op| op.depth) => {
                "wrong argument".to_owned()
            }
            Kind::Branch => "wrong value over the edge".to_owned(),
            Kind::Call | Kind::Other => "wrong result".to_owned(),
        },
    });
    let mut wrong: Vec<&Differing> = differing.iter().collect();
    wrong.sort_by_key(|value| value.position < results);
    let wrong = wrong.into_iter().take(SHOWN);
    let wrong = wrong.map(|value| WrongValue {
        what: match height - 1 - value.position {
            0 => format!("[{}], the top of the stack,", value.position),
            _ => format!("[{}] of {height}", value.position),
        },
        place: describe(map, value.position, value.place),
        expected: value.expected.to_string(),
        got: match (value.got, value.how) {
            (None, _) => "nothing".into(),
            (Some(bits), How::UpperHalf) => format!("{bits:#018x}"),
            (Some(bits), _) => typed(&value.expected, bits),
        },
    });
    Guilt {
        op,
        symptom,
        wrong: wrong.collect(),
    }
}

/// Whether the operators between the two share their code with the first.
fn joined(maps: &Maps, op: Option<&Before>, next: &Before) -> bool {
    let Some((op, map)) = op.and_then(|op| Some((op, maps.function(op.func)?))) else {
        return false;
    };
    let mut between = (op.op + 1..next.op)
        .filter_map(|op| map.boundary(op))
        .peekable();
    (op.func, op.depth) == (next.func, next.depth)
        && between.peek().is_some()
        && between.all(|boundary| !boundary.judged)
}

/// Whether the value, which is not the operator's, was a pending compare before it.
fn was_pending(maps: &Maps, op: Option<&Before>, position: u32) -> bool {
    let Some((op, map)) = op.and_then(|op| Some((op, maps.function(op.func)?))) else {
        return false;
    };
    map.boundary(op.op).is_some_and(|boundary| {
        let stays =
            boundary.text.starts_with("pick ") || position + boundary.operands < boundary.height;
        let place = map.locations.place(boundary, position);
        position < boundary.height && stays && matches!(place, Place::Flags(_) | Place::Test(_))
    })
}

/// Bits as a value of the same type as another.
fn typed(like: &Value, bits: u64) -> String {
    match like {
        Value::I32(_) => Value::<u32>::I32(bits as u32).to_string(),
        Value::I64(_) => Value::<u32>::I64(bits).to_string(),
        Value::F32(_) => Value::<u32>::F32(bits as u32).to_string(),
        Value::F64(_) => Value::<u32>::F64(bits).to_string(),
        Value::FuncRef(_) | Value::ExternRef(_) => format!("reference {bits:#x}"),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Entry,
    Call,
    Branch,
    Other,
}

impl Kind {
    fn of(maps: &Maps, op: Option<&Before>) -> Kind {
        let Some(op) = op else { return Kind::Entry };
        match boundary(maps, op).map(|boundary| &*boundary.text) {
            Some(text) if text.starts_with("call") => Kind::Call,
            Some(text) if text.starts_with("br") => Kind::Branch,
            _ => Kind::Other,
        }
    }
}

fn calls_import(maps: &Maps, text: &str) -> bool {
    let callee = text
        .strip_prefix("call ")
        .and_then(|func| func.parse().ok());
    callee.is_some_and(|func: u32| func < maps.info.imported_funcs)
}

/// Fills in what is known of the operator: where its operands are, its code, where it comes from.
pub(super) fn describe_op(maps: &Maps, op: &Before, finding: &mut Finding) {
    let Some((map, boundary)) = maps.function(op.func).zip(boundary(maps, op)) else {
        return;
    };
    finding.function = Some(Function {
        index: op.func.0,
        name: None,
    });
    finding.wasm = Some(WasmOp {
        offset: boundary.source,
        text: String::new(),
    });
    let first = boundary.height.saturating_sub(boundary.operands);
    let mut positions: Vec<u32> = (first..boundary.height).collect();
    // Of what is only exchanged or copied, the two ends count.
    if boundary.text.starts_with("pick ") {
        positions.truncate(1);
    } else if boundary.text.starts_with("swap ") && positions.len() > 2 {
        positions.drain(1..positions.len() - 1);
    }
    if positions.len() > SHOWN {
        positions.drain(..positions.len() - SHOWN);
    }
    let operands = positions.into_iter().map(|position| {
        let place = map.locations.place(boundary, position);
        let value = op.values.get(position as usize);
        OperandAt {
            position,
            place: describe(Some(map), position, place),
            kind: place_kind(Some(map), position, place).into(),
            value: value.map_or("a value".into(), ToString::to_string),
        }
    });
    finding.op = Some(MicrowasmOp {
        number: boundary.number,
        text: boundary.text.clone(),
        operands: operands.collect(),
    });
    let lines = maps.code(op.func, op.op).into_iter();
    finding.code = lines
        .take(3 * SHOWN)
        .map(|line| CodeLine {
            offset: line.offset.0,
            text: line.text,
        })
        .collect();
}

/// The boundary before an operator.
pub(super) fn boundary<'m>(maps: &'m Maps, op: &Before) -> Option<&'m Boundary> {
    maps.function(op.func)?.boundary(op.op)
}

fn name(maps: &Maps, func: FuncIndex, op: u32) -> String {
    let boundary = maps.function(func).and_then(|map| map.boundary(op));
    boundary.map_or("an operator".into(), |boundary| {
        format!("{}, number {},", boundary.text, boundary.number)
    })
}

/// A place in words: registers as in the listing, slots by number.
fn describe(map: Option<&FunctionMap>, position: u32, place: Place) -> String {
    let operand = |operand| match operand {
        Operand::Slot(slot) => format!("slot {slot}"),
        Operand::Const(bits) => format!("constant {bits:#x}"),
    };
    match place {
        Place::Gpr(reg) => GPRS[usize::from(reg.0 & 15)].into(),
        Place::Xmm(reg) => format!("xmm{}", reg.0),
        Place::Const(bits) => format!("constant {bits:#x}"),
        Place::Slot(slot) if is_home(map, position, slot) => format!("slot {slot}"),
        Place::Slot(slot) => format!("slot {slot} of another"),
        Place::Flags(cond) => format!("flags {cond:?}"),
        Place::Test(test) => format!(
            "pending compare of {} and {}",
            operand(test.lhs),
            operand(test.rhs)
        ),
    }
}

/// A place in one word.
fn place_kind(map: Option<&FunctionMap>, position: u32, place: Place) -> &'static str {
    match place {
        Place::Gpr(_) => "reg",
        Place::Xmm(_) => "xmm",
        Place::Const(_) => "const",
        Place::Slot(slot) if is_home(map, position, slot) => "slot",
        Place::Slot(_) => "alias",
        Place::Flags(_) => "flags",
        Place::Test(_) => "compare",
    }
}

fn is_home(map: Option<&FunctionMap>, position: u32, slot: u32) -> bool {
    map.is_none_or(|map| map.locations.home(position) == slot)
}
