//! Takes a value out of a function: every position of one web, from where it is pushed to
//! where it is popped, through blocks and their arguments.
//!
//! Who reads the value gets a zero in its place; who writes it writes nothing.

use microwasm::{FuncIndex, Label, ModuleInfo, Op};

use super::types::{Slot, Stacks};
use super::{Body, Decl, Item};

/// How many webs a body has at most, as an upper bound of their numbers.
pub(in crate::reduce) fn webs(info: &ModuleInfo, func: FuncIndex, body: &[Item]) -> usize {
    let params = info.func_type(func).params.len();
    let stacks = Stacks::of(info, func, body);
    params
        + stacks.map_or(0, |stacks| {
            let pushed: usize = stacks.pushed.iter().map(Vec::len).sum();
            pushed + stacks.args.iter().map(Vec::len).sum::<usize>()
        })
}

/// A body without a value, and the parameters that went with it.
pub(in crate::reduce) struct Forgotten {
    pub(in crate::reduce) body: Body,
    pub(in crate::reduce) params: Vec<usize>,
}

/// The body without the positions of `web`. `None` if it is no web, or cannot go.
pub(in crate::reduce) fn forgotten(
    info: &ModuleInfo,
    func: FuncIndex,
    body: &[Item],
    web: usize,
) -> Option<Forgotten> {
    let stacks = Stacks::of(info, func, body)?;
    let goes = |slot: &Slot| stacks.web(*slot) == web;
    let params = info.func_type(func).params.len();
    let params = (0..params).filter(|&param| goes(&stacks.before[0][param]));
    let params: Vec<usize> = params.collect();
    let everything = stacks.pushed.iter().chain(&stacks.args).flatten();
    if params.is_empty() && !everything.into_iter().any(goes) {
        return None;
    }
    let results = info.func_type(func).results.len();
    let mut new = Vec::new();
    for (at, item) in body.iter().enumerate() {
        let (before, pushed) = (&stacks.before[at], &stacks.pushed[at]);
        let below = |height: usize| before[..height].iter().filter(|slot| goes(slot)).count();
        match item {
            Item::Declare(label, decl) => {
                let args = stacks.args[label.index()].iter();
                let mut decl = Decl {
                    args: args
                        .filter(|slot| !goes(slot))
                        .map(|slot| slot.ty)
                        .collect(),
                    ..decl.clone()
                };
                decl.base.0 -= below(decl.base.index()) as u32;
                new.push(Item::Declare(*label, decl));
            }
            Item::Op(Op::Pick(depth)) => {
                let position = before.len() - 1 - *depth as usize;
                if goes(&pushed[0]) {
                    continue;
                }
                new.push(if goes(&before[position]) {
                    Item::zero(pushed[0].ty)?
                } else {
                    let gone = below(before.len()) - below(position + 1);
                    Item::Op(Op::Pick(depth - gone as u32))
                });
            }
            Item::Op(Op::Swap(depth)) => {
                let position = before.len() - 1 - *depth as usize;
                if goes(&before[position]) || goes(&before[before.len() - 1]) {
                    continue;
                }
                let gone = below(before.len()) - below(position + 1);
                new.push(Item::Op(Op::Swap(depth - gone as u32)));
            }
            Item::Op(Op::Drop) if goes(before.last()?) => {}
            Item::Op(Op::Const(_)) if goes(&pushed[0]) => {}
            Item::Op(Op::Zeros { ty, .. }) => {
                let count = pushed.iter().filter(|slot| !goes(slot)).count() as u32;
                if count > 0 {
                    new.push(Item::Op(Op::Zeros { ty: *ty, count }));
                }
            }
            _ => {
                // Operands that are gone can only be pushed again on top.
                let operands = match item {
                    Item::Op(Op::Br(Label::RETURN)) => results,
                    _ => stacks.pops[at],
                };
                new.extend(on_top(&before[before.len() - operands..], goes)?);
                new.push(item.clone());
                let returns = |label: &Label| *label == Label::RETURN;
                if operands != results || *item != Item::Op(Op::Br(Label::RETURN)) {
                    let height = before.len() - operands;
                    let returned = before.get(height.wrapping_sub(results)..height);
                    if item
                        .targets()
                        .is_some_and(|targets| targets.iter().any(returns))
                        && returned?.iter().any(goes)
                    {
                        return None;
                    }
                }
                let dropped = on_top(pushed, goes)?.len();
                new.extend(vec![Item::Op(Op::Drop); dropped]);
            }
        }
    }
    Some(Forgotten { body: new, params })
}

/// Zeros for those of `slots` that go, all of which have to be on top of those that stay.
fn on_top(slots: &[Slot], goes: impl Fn(&Slot) -> bool) -> Option<Vec<Item>> {
    let first = slots.iter().position(&goes).unwrap_or(slots.len());
    let gone = &slots[first..];
    if !gone.iter().all(goes) {
        return None;
    }
    gone.iter().map(|slot| Item::zero(slot.ty)).collect()
}
