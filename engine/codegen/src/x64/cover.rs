//! What is counted of operators: the places of their operands, and how many registers are free.

use super::compiler::FunctionCompiler;
use super::context::Context;
use super::stack::{Entry, Loc};
use crate::coverage::{Kind, Lowering};
use microwasm::op::{Branch, Op};
use microwasm::{RegClass, ValType};

/// Counts an operator that is about to be compiled.
pub(super) fn operator(cx: &Context, ty: Option<ValType>, op: &Op<'_>) {
    let Some(lowering) = Lowering::of(op) else {
        return;
    };
    count(cx, lowering, ty, 0);
    if let Some(deeper) = lowering.deeper() {
        count(cx, deeper, ty, 1);
    }
}

/// Counts the operands of `lowering`, the first of which is `skip` below the top.
fn count(cx: &Context, lowering: Lowering, ty: Option<ValType>, skip: u32) {
    let at = |depth: u32| {
        (depth < lowering.count()).then(|| cx.stack.get(cx.stack.height() - 1 - skip - depth))
    };
    let (top, second) = (at(0), at(1));
    let same = match (top, second) {
        (Some(top), Some(second)) => place(top) == place(second) && place(top) != Place::Nowhere,
        _ => false,
    };
    let kind_of = |entry: Option<Entry>| match entry {
        None => Kind::None,
        Some(entry) => kind(cx, entry, 1 + u32::from(same)),
    };
    let second_kind = if same { Kind::Special } else { kind_of(second) };
    let class = top.map_or(ty.map_or(RegClass::Gpr, ValType::class), |top| {
        top.ty.class()
    });
    let pressure = match cx.free(class).len() {
        0 => 2,
        1..4 => 1,
        _ => 0,
    };
    cover!(X64Operands, lowering, kind_of(top), second_kind, pressure);
}

/// What two operands can share.
#[derive(PartialEq, Eq)]
enum Place {
    Nowhere,
    Slot(u32),
    Reg(u8),
}

fn place(entry: Entry) -> Place {
    match entry.loc {
        Loc::Home => Place::Slot(entry.home),
        Loc::Slot(slot) => Place::Slot(slot),
        Loc::Reg { reg, .. } => Place::Reg(reg.0),
        Loc::Const(_) | Loc::Wide(_) | Loc::Flags(_) => Place::Nowhere,
    }
}

/// `operands` of those that are in its register are popped with it.
fn kind(cx: &Context, entry: Entry, operands: u32) -> Kind {
    match entry.loc {
        Loc::Home => Kind::Home,
        Loc::Slot(_) => Kind::Slot,
        Loc::Const(bits) => Kind::of_constant(entry.ty, bits.into()),
        Loc::Wide(number) => Kind::of_constant(entry.ty, cx.constants.wide(number)),
        Loc::Flags(_) => Kind::Special,
        Loc::Reg { reg, .. } if cx.refs(reg) > operands => Kind::Shared,
        Loc::Reg { .. } => Kind::Own,
    }
}

impl FunctionCompiler<'_> {
    /// Counts the operators of a branch.
    pub(super) fn count_branch(&self, branch: Branch) {
        let Branch { target, next, .. } = branch;
        self.count_operator(&Op::BrIf {
            then: target,
            otherwise: next,
        });
    }

    /// Counts an operator that is about to be compiled.
    pub(super) fn count_operator(&self, op: &Op<'_>) {
        let ty = match op {
            Op::GlobalGet(global) => Some(self.module.globals[global.index()].ty),
            _ => None,
        };
        operator(&self.c.cx, ty, op);
    }
}
