//! Edits within a block: operators become drops and constants, constants become simpler.

use std::ops::Range;

use microwasm::op::{Const, MemArg};
use microwasm::{FuncIndex, ModuleInfo, Op};

use super::types::Stacks;
use super::{Body, Item};

/// The last index up to `limit` such that everything from `start` to there is in one block
/// and does not end it. `None` if that is nothing.
pub(in crate::reduce) fn range(body: &[Item], start: usize, limit: usize) -> Option<Range<usize>> {
    let ends = |item: &Item| item.targets().is_some() || item.is_label();
    let rest = body.get(start..limit.min(body.len()))?;
    let length = rest.iter().position(ends).unwrap_or(rest.len());
    (length > 0).then_some(start..start + length)
}

/// How much of the stack a range gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reduce) enum Keep {
    /// As little as the heights before and after ask for.
    All,
    /// Everything that the range takes from the stack.
    Untouched,
}

/// The body with `range` replaced by drops and constants. Declarations in it come after them.
pub(in crate::reduce) fn without(
    info: &ModuleInfo,
    func: FuncIndex,
    body: &[Item],
    range: Range<usize>,
    keep: Keep,
) -> Option<Body> {
    let stacks = Stacks::of(info, func, body)?;
    let (before, after) = (&stacks.before[range.start], stacks.before.get(range.end)?);
    let mut kept = before.len().min(after.len());
    if keep == Keep::Untouched {
        let lowest = range
            .clone()
            .map(|at| stacks.before[at].len() - stacks.pops[at]);
        kept = lowest.fold(kept, usize::min);
    }
    let mut new = vec![Item::Op(Op::Drop); before.len() - kept];
    for slot in &after[kept..] {
        new.push(Item::zero(slot.ty)?);
    }
    let declarations = body[range.clone()].iter();
    new.extend(
        declarations
            .filter(|item| matches!(item, Item::Declare(..)))
            .cloned(),
    );
    let mut changed = body.to_vec();
    changed.splice(range, new);
    Some(changed)
}

/// The body with a simpler operator at `at`, the `choice`th one.
pub(in crate::reduce) fn simplified(body: &[Item], at: usize, choice: usize) -> Option<Body> {
    let simple = |value: &Const, bits: u64| match value {
        Const::I32(_) => Const::I32(bits as i32),
        Const::I64(_) => Const::I64(bits as i64),
        Const::F32(_) => Const::F32(if bits == 0 { 0 } else { 1f32.to_bits() }),
        Const::F64(_) => Const::F64(if bits == 0 { 0 } else { 1f64.to_bits() }),
        Const::Null(ty) => Const::Null(*ty),
    };
    let arg = |arg: &MemArg| MemArg { offset: 0, ..*arg };
    let new = match (body.get(at)?, choice) {
        (Item::Op(Op::Const(value)), 0 | 1) => Item::Op(Op::Const(simple(value, choice as u64))),
        (Item::Op(Op::Load(op, memory)), 0) => Item::Op(Op::Load(*op, arg(memory))),
        (Item::Op(Op::Store(op, memory)), 0) => Item::Op(Op::Store(*op, arg(memory))),
        (Item::Op(Op::Swap(depth)), 0) if *depth > 1 => Item::Op(Op::Swap(1)),
        (Item::Declare(label, decl), 0) => {
            let mut decl = decl.clone();
            decl.callers = None;
            Item::Declare(*label, decl)
        }
        (Item::Declare(label, decl), 1) => {
            let mut decl = decl.clone();
            decl.backward = false;
            Item::Declare(*label, decl)
        }
        _ => return None,
    };
    let mut changed = body.to_vec();
    changed[at] = new;
    Some(changed)
}
