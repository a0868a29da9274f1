//! What is counted of operators: the places of their operands.

use super::context::Context;
use super::stack::{Entry, Loc};
use crate::coverage::{Kind, Lowering};
use microwasm::op::Op;

/// Counts an operator that is about to be compiled.
pub(super) fn operator(cx: &Context, op: &Op<'_>) {
    let Some(lowering) = Lowering::of(op) else {
        return;
    };
    count(cx, lowering, 0);
    if let Some(deeper) = lowering.deeper() {
        count(cx, deeper, 1);
    }
}

/// Counts the operands of `lowering`, the first of which is `skip` below the top.
fn count(cx: &Context, lowering: Lowering, skip: u32) {
    let at = |depth: u32| {
        (depth < lowering.count()).then(|| cx.stack.get(cx.stack.height() - 1 - skip - depth))
    };
    let (top, second) = (at(0), at(1));
    let same = match (top.and_then(slot), second.and_then(slot)) {
        (Some(top), Some(second)) => top == second,
        _ => false,
    };
    let second = if same { Kind::Special } else { kind(second) };
    cover!(BytecodeOperands, lowering, kind(top), second);
}

fn slot(entry: Entry) -> Option<u32> {
    match entry.loc {
        Loc::Home => Some(entry.home),
        Loc::Slot(slot) => Some(slot),
        Loc::Const(_) | Loc::Compare => None,
    }
}

fn kind(entry: Option<Entry>) -> Kind {
    let Some(entry) = entry else {
        return Kind::None;
    };
    match entry.loc {
        Loc::Home => Kind::Home,
        Loc::Slot(_) => Kind::Slot,
        Loc::Const(bits) => Kind::of_constant(entry.ty, bits),
        Loc::Compare => Kind::Special,
    }
}
