//! A Microwasm module that can be edited, and the edits that make it smaller.
//!
//! A body is a flat list of operators. An edit may leave blocks that nothing reaches and
//! labels out of order; [`tidy`] puts that right. It may also make the body invalid:
//! [`Editable::encode`] verifies, and hands on nothing that is not valid.

pub(super) mod blocks;
mod declarations;
pub(super) mod ranges;
pub(super) mod slots;
mod types;

pub(super) use declarations::Kind;

use microwasm::binary::{ModuleWriter, OpWriter};
use microwasm::input::{self, Consumer, FunctionBody, InputError};
use microwasm::op::{BlockDecl, Const};
use microwasm::wasm::Limits;
use microwasm::{Label, ModuleInfo, Op, Sink, StackHeight, ValType};

/// A module taken apart.
#[derive(Clone, Debug)]
pub(super) struct Editable {
    pub(super) info: ModuleInfo,
    /// Bodies of the functions that are not imported.
    pub(super) bodies: Vec<Body>,
}

/// The operators of a function.
pub(super) type Body = Vec<Item>;

/// An operator that owns its lists.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Declare(Label, Decl),
    Table(Vec<Label>, Label),
    Op(Op<'static>),
}

/// A declaration; see [`BlockDecl`].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decl {
    pub(super) base: StackHeight,
    pub(super) args: Vec<ValType>,
    pub(super) backward: bool,
    pub(super) callers: Option<u32>,
}

impl Editable {
    /// Takes a module of any form apart.
    pub(super) fn read(bytes: &[u8]) -> Result<Editable, InputError> {
        let mut bodies = Bodies::default();
        let mut info = input::translate(bytes, Limits::default(), &mut bodies)?;
        info.func_names.clear();
        Ok(Editable {
            info,
            bodies: bodies.0,
        })
    }

    /// The module in binary form, if it is valid.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let mut writer = ModuleWriter::default();
        for body in &self.bodies {
            let mut bytes = Vec::new();
            let mut sink = OpWriter::new(&mut bytes);
            tidy(body)?.iter().for_each(|item| sink.op(item.op()));
            writer.body(&bytes);
        }
        let bytes = writer.finish(&self.info);
        let valid = input::translate(&bytes, Limits::default(), &mut Bodies::default());
        valid.is_ok().then_some(bytes)
    }

    /// How much there is to understand in it. Every step has to make it less, so that the
    /// search ends.
    pub(super) fn weight(&self) -> usize {
        let declarations = ModuleWriter::default().finish(&self.info).len();
        let bodies = self.bodies.iter().filter_map(|body| tidy(body));
        declarations + bodies.flatten().map(|item| item.weight()).sum::<usize>()
    }
}

#[derive(Default)]
struct Bodies(Vec<Body>);

impl Consumer for Bodies {
    type Error = InputError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), InputError> {
        let mut items = Items(Vec::new());
        body.feed(&mut items)?;
        self.0.push(items.0);
        Ok(())
    }
}

struct Items(Body);

impl Sink for Items {
    fn op(&mut self, op: Op<'_>) {
        self.0.push(match op {
            Op::Declare(label, decl) => Item::Declare(
                label,
                Decl {
                    base: decl.base,
                    args: decl.args.to_vec(),
                    backward: decl.backward,
                    callers: decl.callers,
                },
            ),
            Op::BrTable { targets, default } => Item::Table(targets.to_vec(), default),
            _ => Item::Op(op.without_list().expect("the two with lists are above")),
        });
    }
}

impl Item {
    /// The operator.
    pub(super) fn op(&self) -> Op<'_> {
        match self {
            Item::Declare(label, decl) => Op::Declare(
                *label,
                BlockDecl {
                    base: decl.base,
                    args: &decl.args,
                    backward: decl.backward,
                    callers: decl.callers,
                },
            ),
            Item::Table(targets, default) => Op::BrTable {
                targets,
                default: *default,
            },
            Item::Op(op) => *op,
        }
    }

    /// Whether a block begins here.
    pub(super) fn is_label(&self) -> bool {
        matches!(self, Item::Op(Op::Label(_)))
    }

    /// Where it branches to; `None` if it does not end a block.
    fn targets(&self) -> Option<Vec<Label>> {
        match self {
            Item::Table(targets, default) => Some([targets.as_slice(), &[*default]].concat()),
            Item::Op(Op::Br(label)) => Some(vec![*label]),
            Item::Op(Op::BrIf { then, otherwise }) => Some(vec![*then, *otherwise]),
            Item::Op(Op::Unreachable) => Some(Vec::new()),
            _ => None,
        }
    }

    /// The item with other labels.
    fn relabelled(&self, to: impl Fn(Label) -> Option<Label>) -> Option<Item> {
        Some(match self {
            Item::Declare(label, decl) => Item::Declare(to(*label)?, decl.clone()),
            Item::Table(targets, default) => Item::Table(
                targets
                    .iter()
                    .map(|label| to(*label))
                    .collect::<Option<_>>()?,
                to(*default)?,
            ),
            Item::Op(Op::Label(label)) => Item::Op(Op::Label(to(*label)?)),
            Item::Op(Op::Br(label)) => Item::Op(Op::Br(to(*label)?)),
            Item::Op(Op::BrIf { then, otherwise }) => Item::Op(Op::BrIf {
                then: to(*then)?,
                otherwise: to(*otherwise)?,
            }),
            other => other.clone(),
        })
    }

    /// The zero of a type.
    fn zero(ty: ValType) -> Option<Item> {
        Some(Item::Op(Op::Const(match ty {
            ValType::I32 => Const::I32(0),
            ValType::I64 => Const::I64(0),
            ValType::F32 => Const::F32(0),
            ValType::F64 => Const::F64(0),
            ValType::FuncRef | ValType::ExternRef => Const::Null(ty),
            ValType::V128 => return None,
        })))
    }

    /// What replaces an operator weighs less than the operator, whatever its operands.
    fn weight(&self) -> usize {
        match self {
            Item::Declare(_, decl) => {
                let hints = usize::from(decl.backward) + usize::from(decl.callers.is_some());
                3 + decl.args.len() + hints
            }
            Item::Table(targets, _) => 7 + targets.len(),
            Item::Op(op) => match op {
                Op::Label(_) | Op::Unreachable => 1,
                Op::Drop | Op::Br(_) => 2,
                Op::BrIf { .. } => 6,
                Op::Const(value) => match value.bits() {
                    0 => 3,
                    1 => 4,
                    _ => 5,
                },
                Op::Zeros { count, .. } => 3 + *count as usize,
                Op::Pick(_) | Op::Swap(_) => 6,
                Op::Load(_, arg) | Op::Store(_, arg) => 16 + usize::from(arg.offset != 0),
                Op::Call(_) | Op::CallIndirect { .. } => 60,
                _ => 16,
            },
        }
    }
}

/// The body without blocks that nothing reaches, with labels in the order of their
/// declarations and callers counted. `None` if a block does not end.
pub(super) fn tidy(body: &[Item]) -> Option<Body> {
    let sections = sections(body)?;
    let labels = body.iter().map(|item| match item {
        Item::Declare(label, _) => label.index(),
        _ => 0,
    });
    let most = labels.max().unwrap_or(0);
    let mut edges = vec![0u32; most + 1];
    let mut live = vec![false; sections.len()];
    let mut queue = vec![0];
    while let Some(section) = queue.pop() {
        if std::mem::replace(live.get_mut(section)?, true) {
            continue;
        }
        for label in body[sections[section].end].targets()? {
            *edges.get_mut(label.index())? += 1;
            if label != Label::RETURN {
                let begins = |section: &Section| section.label == Some(label);
                queue.push(sections.iter().position(begins)?);
            }
        }
    }
    let mut kept = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let items = &body[section.start..section.next];
        let wanted = items.iter().enumerate().filter(|(at, item)| match item {
            Item::Declare(label, _) => edges.get(label.index()).is_some_and(|edges| *edges > 0),
            _ => live[index] && section.start + at <= section.end,
        });
        kept.extend(wanted.map(|(_, item)| item.clone()));
    }
    let mut numbers = vec![None; most + 1];
    numbers[0] = Some(Label::RETURN);
    let mut next = 0;
    for item in &mut kept {
        if let Item::Declare(label, decl) = item {
            next += 1;
            numbers[label.index()] = Some(Label(next));
            decl.callers = decl.callers.map(|_| edges[label.index()]);
        }
    }
    let number = |label: Label| numbers.get(label.index()).copied().flatten();
    kept.iter().map(|item| item.relabelled(number)).collect()
}

/// A block in a body, and the declarations after it.
struct Section {
    /// `None` for the first.
    label: Option<Label>,
    start: usize,
    /// Where its terminator is.
    end: usize,
    /// Where the next one starts.
    next: usize,
}

fn sections(body: &[Item]) -> Option<Vec<Section>> {
    let mut starts = vec![0];
    starts.extend((0..body.len()).filter(|&index| body[index].is_label()));
    let ends = starts[1..].iter().copied().chain([body.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, next)| {
            let end = (start..next).find(|&index| body[index].targets().is_some())?;
            let label = match body[start] {
                Item::Op(Op::Label(label)) => Some(label),
                _ => None,
            };
            Some(Section {
                label,
                start,
                end,
                next,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
