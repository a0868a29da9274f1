//! Edits of blocks: ended early, branches that go one way only, blocks put into the block
//! that alone branches to them. What nothing reaches any more goes with
//! [`tidy`](super::tidy).

use microwasm::{FuncIndex, Label, ModuleInfo, Op};

use super::types::Stacks;
use super::{Body, Item, sections};

/// How a block ends that is cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reduce) enum Ending {
    /// It traps.
    Trap,
    /// It returns what is on the stack.
    Return,
    /// It returns zeros.
    ReturnZeros,
}

/// The body with the block at `at` ending there.
pub(in crate::reduce) fn cut(
    info: &ModuleInfo,
    func: FuncIndex,
    body: &[Item],
    at: usize,
    ending: Ending,
) -> Option<Body> {
    let section = sections(body)?.into_iter().find(|section| {
        (section.start..=section.end).contains(&at)
            && (at != section.start || section.label.is_none())
    })?;
    let mut new = Vec::new();
    match ending {
        Ending::Trap => new.push(Item::Op(Op::Unreachable)),
        Ending::Return => new.push(Item::Op(Op::Br(Label::RETURN))),
        Ending::ReturnZeros => {
            for ty in &info.func_type(func).results {
                new.push(Item::zero(*ty)?);
            }
            new.push(Item::Op(Op::Br(Label::RETURN)));
        }
    }
    let mut changed = body.to_vec();
    changed.splice(at..=section.end, new);
    Some(changed)
}

/// The body with the branch at `at`, which has several targets, going to one of them.
pub(in crate::reduce) fn redirected(body: &[Item], at: usize, target: usize) -> Option<Body> {
    let item = body.get(at)?;
    if !matches!(item, Item::Table(..) | Item::Op(Op::BrIf { .. })) {
        return None;
    }
    let label = *item.targets()?.get(target)?;
    let mut changed = body.to_vec();
    changed.splice(at..=at, [Item::Op(Op::Drop), Item::Op(Op::Br(label))]);
    Some(changed)
}

/// The body with the block of this label in the place of the only branch to it.
pub(in crate::reduce) fn merged(
    info: &ModuleInfo,
    func: FuncIndex,
    body: &[Item],
    label: Label,
) -> Option<Body> {
    let goes = |item: &Item| {
        item.targets()
            .is_some_and(|targets| targets.contains(&label))
    };
    let mut callers = (0..body.len()).filter(|&at| goes(&body[at]));
    let (at, None) = (callers.next()?, callers.next()) else {
        return None;
    };
    if body[at] != Item::Op(Op::Br(label)) {
        return None;
    }
    let stacks = Stacks::of(info, func, body)?;
    let section = sections(body)?
        .into_iter()
        .find(|section| section.label == Some(label))?;
    if (section.start..=section.end).contains(&at) {
        return None;
    }
    // What lies between the base and the arguments has to go.
    let args = stacks.args.get(label.index())?.len();
    let inside = stacks.before.get(section.start + 1)?.len();
    let dropped = stacks.before[at].len().checked_sub(inside)?;
    if dropped > 0 && args > 0 {
        return None;
    }
    let mut block = vec![Item::Op(Op::Drop); dropped];
    block.extend_from_slice(&body[section.start + 1..section.next]);
    let mut changed = body.to_vec();
    if section.start > at {
        changed.drain(section.start..section.next);
        changed.splice(at..=at, block);
    } else {
        changed.splice(at..=at, block);
        changed.drain(section.start..section.next);
    }
    Some(changed)
}
