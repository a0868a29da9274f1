//! What lies on the stack before each operator of a body, and which positions are one:
//! a block's argument is the same *web* as what its callers pass.

use microwasm::op::{Const, IntSize};
use microwasm::{FuncIndex, Label, ModuleInfo, Op, ValType};

use super::{Decl, Item};

/// A stack position for as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) ty: ValType,
    pub(super) web: usize,
}

/// The stacks of a body.
pub(super) struct Stacks {
    /// Before each operator. After a terminator, the stack is as it was there.
    pub(super) before: Vec<Vec<Slot>>,
    /// What each operator pushes.
    pub(super) pushed: Vec<Vec<Slot>>,
    /// How many values each operator pops.
    pub(super) pops: Vec<usize>,
    /// Arguments of each label, by number.
    pub(super) args: Vec<Vec<Slot>>,
    /// By web, a web that it is one with, or itself.
    same: Vec<usize>,
}

impl Stacks {
    /// The stacks of a valid body; `None` if it is not.
    pub(super) fn of(info: &ModuleInfo, func: FuncIndex, body: &[Item]) -> Option<Stacks> {
        let mut stacks = Stacks {
            before: Vec::new(),
            pushed: Vec::new(),
            pops: Vec::new(),
            args: vec![Vec::new()],
            same: Vec::new(),
        };
        let mut stack = stacks.fresh(&info.func_type(func).params);
        // What lies below the arguments of each label.
        let mut prefixes: Vec<Vec<Slot>> = vec![Vec::new()];
        for item in body {
            stacks.before.push(stack.clone());
            let (mut pops, mut pushed) = (0, Vec::new());
            match item {
                Item::Declare(_, Decl { base, args, .. }) => {
                    prefixes.push(stack.get(..base.index())?.to_vec());
                    let args = stacks.fresh(args);
                    stacks.args.push(args);
                }
                Item::Op(Op::Label(label)) => {
                    stack.clone_from(prefixes.get(label.index())?);
                    stack.extend_from_slice(stacks.args.get(label.index())?);
                }
                _ => {
                    let types = stack.iter().map(|slot| slot.ty).collect::<Vec<_>>();
                    let (count, types) = effect(info, &item.op(), &types)?;
                    pops = count;
                    stack.truncate(stack.len().checked_sub(pops)?);
                    pushed = stacks.fresh(&types);
                    stack.extend_from_slice(&pushed);
                    for label in item.targets().into_iter().flatten() {
                        stacks.join(&stack, label)?;
                    }
                }
            }
            stacks.pushed.push(pushed);
            stacks.pops.push(pops);
        }
        Some(stacks)
    }

    fn fresh(&mut self, types: &[ValType]) -> Vec<Slot> {
        let slot = |&ty: &ValType| {
            self.same.push(self.same.len());
            let web = self.same.len() - 1;
            Slot { ty, web }
        };
        types.iter().map(slot).collect()
    }

    fn join(&mut self, stack: &[Slot], label: Label) -> Option<()> {
        let args = self.args.get(label.index())?.clone();
        let from = stack.len().checked_sub(args.len())?;
        for (slot, arg) in stack[from..].iter().zip(args) {
            let (one, other) = (self.web(*slot), self.web(arg));
            self.same[one] = other;
        }
        Some(())
    }

    /// The web that a position belongs to.
    pub(super) fn web(&self, slot: Slot) -> usize {
        let mut web = slot.web;
        while self.same[web] != web {
            web = self.same[web];
        }
        web
    }
}

/// How many values an operator pops, and the types of those it pushes then.
pub(super) fn effect(
    info: &ModuleInfo,
    op: &Op<'_>,
    stack: &[ValType],
) -> Option<(usize, Vec<ValType>)> {
    use ValType::{FuncRef, I32};
    let of = |size: &IntSize| vec![size.ty()];
    Some(match op {
        Op::Declare(..) | Op::Label(_) | Op::Br(_) | Op::Unreachable | Op::Swap(_) => (0, vec![]),
        Op::BrIf { .. } | Op::BrTable { .. } | Op::Drop => (1, vec![]),
        Op::Pick(depth) => {
            let position = stack.len().checked_sub(1 + *depth as usize)?;
            (0, vec![stack[position]])
        }
        Op::Const(Const::Null(ty)) => (0, vec![*ty]),
        Op::Const(value) => (0, vec![value.ty()]),
        Op::Zeros { ty, count } => (0, vec![*ty; *count as usize]),
        Op::Alu(_, size) | Op::Mul(size) | Op::Shift(_, size) | Op::Div(_, size) => (2, of(size)),
        Op::Bit(_, size) => (1, of(size)),
        Op::IntCmp(..) | Op::FloatCmp(..) => (2, vec![I32]),
        Op::Eqz(_) | Op::RefIsNull | Op::MemoryGrow(_) => (1, vec![I32]),
        Op::Extend(op) => (1, vec![op.ty()]),
        Op::FloatBinary(_, size) => (2, vec![size.ty()]),
        Op::FloatUnary(_, size) => (1, vec![size.ty()]),
        Op::Convert(op) => (1, vec![op.signature().1]),
        Op::Select(ty) => (3, vec![*ty]),
        Op::Load(op, _) => (1, vec![op.ty()]),
        Op::Store(..) | Op::TableSet(_) => (2, vec![]),
        Op::MemorySize(_) | Op::TableSize(_) => (0, vec![I32]),
        Op::MemoryFill(_)
        | Op::MemoryCopy { .. }
        | Op::MemoryInit { .. }
        | Op::TableFill(_)
        | Op::TableCopy { .. }
        | Op::TableInit { .. } => (3, vec![]),
        Op::DataDrop(_) | Op::ElemDrop(_) => (0, vec![]),
        Op::GlobalGet(global) => (0, vec![info.globals.get(global.index())?.ty]),
        Op::GlobalSet(_) => (1, vec![]),
        Op::TableGet(table) => (1, vec![info.tables.get(table.index())?.element]),
        Op::TableGrow(_) => (2, vec![I32]),
        Op::RefFunc(_) => (0, vec![FuncRef]),
        Op::Call(func) => {
            let ty = info.types.get(info.funcs.get(func.index())?.index())?;
            (ty.params.len(), ty.results.to_vec())
        }
        Op::CallIndirect { ty, .. } => {
            let ty = info.types.get(ty.index())?;
            (ty.params.len() + 1, ty.results.to_vec())
        }
    })
}
