//! The conventions of blocks: where callers put things, and the moves on an edge.
//!
//! The first caller chooses a block's convention from where its values are:
//! - [`Convention::Virtual`]: one forward caller and nothing to drop. The caller's
//!   state is taken over as it is, constants and aliases included.
//! - [`Convention::Fixed`]: everything is at home, except for a bounded list of
//!   positions with a register of their own.
//!
//! Later callers of a fixed block move their values where it wants them.
//!
//! Invariant: an edge costs O(block arguments), whatever the height.

use super::abi::ArgLoc;
use super::compiler::{Compiler, FunctionCompiler};
use super::context::{Context, Frame};
use super::moves::{Dst, MoveResolver};
use super::perturb::one_in;
use super::reg::{Reg, RegSet};
use super::stack::Loc;
use crate::blocks::{self, Block, Span};
use microwasm::{Label, RegClass};

/// Where the callers of a block put things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Convention {
    /// No caller yet.
    #[default]
    Unset,
    /// Everything at home but these [`Conventions::bindings`].
    Fixed(Span),
    /// As it was at the only caller: these [`Conventions::snapshots`].
    Virtual(Span),
    /// The function's return: results as the calling convention says.
    Return,
}

/// The blocks of the function being compiled.
pub(super) type Blocks = blocks::Blocks<Convention>;

/// What the conventions of the function being compiled say.
#[derive(Debug, Default)]
pub(super) struct Conventions {
    pub(super) bindings: Vec<(u32, Reg)>,
    snapshots: Vec<(u32, Loc)>,
}

impl Conventions {
    /// Forgets the previous function.
    pub(super) fn clear(&mut self) {
        self.bindings.clear();
        self.snapshots.clear();
    }
}

/// What came of choosing a convention.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Chosen {
    /// An earlier caller had chosen.
    Before,
    /// Every value is where the convention says.
    InPlace,
    /// Arguments change position.
    Moved,
}

/// Where the moves of an edge start and go.
pub(super) struct EdgeShape {
    pub(super) base: u32,
    args: Span,
    /// Position of the first argument now.
    pub(super) first: u32,
}

impl FunctionCompiler<'_> {
    pub(super) fn shape(&self, label: Label) -> EdgeShape {
        let block = self.c.blocks.get(label);
        let args = block.args;
        EdgeShape {
            base: block.base,
            first: self.c.cx.stack.height() - args.len(),
            args,
        }
    }

    /// Lists the moves from the current state, which chooses the block's convention if it is
    /// that of the first caller, to what the convention says.
    #[inline]
    pub(super) fn list_moves(&mut self, label: Label) {
        if self.choose_convention(label) != Chosen::InPlace {
            self.add_moves(label);
        }
    }

    /// Lets the current state choose the block's convention, if it is the first caller.
    #[inline]
    pub(super) fn choose_convention(&mut self, label: Label) -> Chosen {
        match self.c.blocks.get(label).convention {
            Convention::Unset => self.first_caller(label),
            _ => Chosen::Before,
        }
    }

    #[inline(never)]
    fn first_caller(&mut self, label: Label) -> Chosen {
        let shape = self.shape(label);
        let block = self.c.blocks.get(label);
        if block.single && shape.first == shape.base {
            cover!(X64Conventions, 0, 0);
            let start = self.c.conventions.snapshots.len() as u32;
            let stack = &self.c.cx.stack;
            self.c
                .conventions
                .snapshots
                .extend(stack.off().iter().map(|&p| (p, stack.get(p).loc)));
            let snapshot = Span::since(start, &self.c.conventions.snapshots);
            self.c.blocks.get_mut(label).convention = Convention::Virtual(snapshot);
            return Chosen::InPlace;
        }
        // Free registers to leave to the code behind: fewer for loops, which live long.
        let backward = block.backward;
        let reserve = if backward { 2 } else { 4 };
        let in_place = shape.first == shape.base;
        cover!(X64Conventions, 1 + usize::from(!in_place), backward);
        let end = if in_place {
            self.c.cx.stack.height()
        } else {
            shape.base
        };
        let start = self.c.conventions.bindings.len() as u32;
        self.bind_kept(end, reserve, backward);
        if !in_place {
            self.bind_moved(&shape, start, reserve);
        }
        let bindings = Span::since(start, &self.c.conventions.bindings);
        self.c.blocks.get_mut(label).convention = Convention::Fixed(bindings);
        if in_place {
            Chosen::InPlace
        } else {
            Chosen::Moved
        }
    }

    /// Binds every position below `end` that is not at home to a register of its own, while more
    /// than `reserve` of its class are free, or sends it home. What is at home, too, a forward
    /// block expects there: later callers have it there as well, or have changed it, and most
    /// of it will not be used again. A loop keeps its registers.
    fn bind_kept(&mut self, end: u32, reserve: u32, backward: bool) {
        let calls_often = self.c.cx.calls_often();
        let Compiler {
            cx, conventions, ..
        } = &mut *self.c;
        let mut bound = RegSet::EMPTY;
        let mut i = 0;
        while let Some(&pos) = cx.stack.off().get(i)
            && pos < end
        {
            let entry = cx.stack.get(pos);
            let (reg, clean) = match entry.loc {
                Loc::Reg { reg, .. }
                    if cx.age(reg) > patience(entry.ty.class(), backward, calls_often) =>
                {
                    rule!(MergeOld);
                    cx.send_home(pos);
                    continue;
                }
                Loc::Reg { reg, clean } if !bound.contains(reg) => (reg, clean),
                _ => {
                    let free = cx.free(entry.ty.class());
                    let Some(reg) = free.first().filter(|_| free.len() > reserve) else {
                        rule!(MergeHome);
                        cx.send_home(pos);
                        continue;
                    };
                    rule!(MergeRegister);
                    cx.copy_entry_to(pos, reg);
                    (reg, false)
                }
            };
            bound.insert(reg);
            i += 1;
            if backward || !clean || one_in(&mut cx.perturb, 2) {
                conventions.bindings.push((pos, reg));
            }
        }
    }

    /// Binds arguments that change position: those in a register of their own stay there,
    /// the others get free ones as far as there are any.
    fn bind_moved(&mut self, shape: &EdgeShape, start: u32, reserve: u32) {
        let bindings = &mut self.c.conventions.bindings;
        let arg_types = &self.c.blocks.arg_types;
        let Context { stack, perturb, .. } = &mut self.c.cx;
        let mut bound = RegSet::EMPTY;
        for &(_, reg) in &bindings[start as usize..] {
            bound.insert(reg);
        }
        let count = shape.args.len();
        let below = bindings.len();
        for i in 0..count {
            if let Loc::Reg { reg, .. } = stack.get(shape.first + i).loc
                && !bound.contains(reg)
                && !one_in(perturb, 4)
            {
                rule!(ArgKept);
                bound.insert(reg);
                bindings.push((shape.base + i, reg));
            }
        }
        let kept = bindings.len();
        let mut next_kept = below;
        for i in 0..count {
            if next_kept < kept && bindings[next_kept].0 == shape.base + i {
                next_kept += 1;
                continue;
            }
            let class = arg_types[(shape.args.start + i) as usize].class();
            let free = match class {
                RegClass::Gpr => RegSet::GPR,
                RegClass::Xmm => RegSet::XMM,
            }
            .without(bound);
            if free.len() > reserve
                && !one_in(perturb, 4)
                && let Some(reg) = free.first()
            {
                rule!(ArgGiven);
                bound.insert(reg);
                bindings.push((shape.base + i, reg));
            } else {
                rule!(ArgHome);
            }
        }
        bindings[below..].sort_unstable_by_key(|b| b.0);
    }

    #[inline(never)]
    fn add_moves(&mut self, label: Label) {
        let shape = self.shape(label);
        match self.c.blocks.get(label).convention {
            Convention::Virtual(_) => {}
            Convention::Return => self.add_return_moves(shape.first),
            Convention::Fixed(bindings) => {
                let of_args = self.add_moves_below(shape.base, bindings);
                if shape.args.len() > 0 {
                    self.add_arg_moves(&shape, of_args);
                }
            }
            Convention::Unset => unreachable!("the caller has chosen a convention"),
        }
    }

    /// Moves of the positions below the block's base; returns the bindings behind them.
    #[inline(never)]
    fn add_moves_below(&mut self, base: u32, bindings: Span) -> Span {
        let Context {
            stack,
            constants,
            moves,
            frame,
            ..
        } = &mut self.c.cx;
        let send_home = |moves: &mut MoveResolver, frame: &mut Frame, pos: u32| {
            let entry = stack.get(pos);
            if !matches!(entry.loc, Loc::Reg { clean: true, .. }) {
                frame.reserve(entry.home + entry.ty.slots());
                moves.add(entry.ty, entry.source(constants), Dst::Slot(entry.home));
            }
        };
        let mut off = stack.off();
        let mut below = 0;
        for &(pos, reg) in bindings.of(&self.c.conventions.bindings) {
            if pos >= base {
                break;
            }
            below += 1;
            while let [first, rest @ ..] = off
                && *first <= pos
            {
                if *first < pos {
                    send_home(moves, frame, *first);
                }
                off = rest;
            }
            let entry = stack.get(pos);
            if !matches!(entry.loc, Loc::Reg { reg: at, .. } if at == reg) {
                moves.add(entry.ty, entry.source(constants), Dst::Reg(reg));
            }
        }
        for &pos in off {
            if pos >= base {
                break;
            }
            send_home(moves, frame, pos);
        }
        Span {
            start: bindings.start + below,
            ..bindings
        }
    }

    #[inline(never)]
    fn add_arg_moves(&mut self, shape: &EdgeShape, bindings: Span) {
        let Context {
            stack,
            constants,
            moves,
            frame,
            ..
        } = &mut self.c.cx;
        let mut bindings = bindings.of(&self.c.conventions.bindings);
        let mut home = if shape.base < stack.height() {
            stack.get(shape.base).home
        } else {
            stack.end_slot()
        };
        for i in 0..shape.args.len() {
            let entry = stack.get(shape.first + i);
            let dst = match bindings {
                [(pos, reg), rest @ ..] if *pos == shape.base + i => {
                    bindings = rest;
                    Dst::Reg(*reg)
                }
                _ => {
                    frame.reserve(home + entry.ty.slots());
                    Dst::Slot(home)
                }
            };
            moves.add(entry.ty, entry.source(constants), dst);
            home += entry.ty.slots();
        }
    }

    #[inline(never)]
    fn add_return_moves(&mut self, first: u32) {
        let mut places = self.result_places.clone();
        let Context {
            stack,
            constants,
            moves,
            ..
        } = &mut self.c.cx;
        for pos in first..stack.height() {
            let entry = stack.get(pos);
            let dst = match places.next(entry.ty) {
                ArgLoc::Reg(reg) => Dst::Reg(reg),
                ArgLoc::Stack(offset) => Dst::Caller(offset),
            };
            moves.add(entry.ty, entry.source(constants), dst);
        }
    }

    /// Makes the state what the block's convention says.
    pub(super) fn restore(&mut self, block: &Block<Convention>) {
        let cx = &mut self.c.cx;
        cx.stack.reset_home(block.base);
        cx.stack.push_args(self.c.blocks.args(block));
        cx.clear_registers();
        let Conventions {
            bindings,
            snapshots,
        } = &mut self.c.conventions;
        match block.convention {
            Convention::Fixed(span) => {
                rule!(BindFixed);
                for &(pos, reg) in span.of(bindings) {
                    cx.restore(pos, Loc::Reg { reg, clean: false });
                }
                if !block.backward {
                    span.take_back(bindings);
                }
            }
            Convention::Virtual(span) => {
                rule!(BindVirtual);
                for &(pos, loc) in span.of(snapshots) {
                    cx.restore(pos, loc);
                }
                if !span.take_back(snapshots) {
                    rule!(BindVirtualKept);
                }
            }
            Convention::Unset | Convention::Return => unreachable!("nobody goes on there"),
        }
    }
}

/// After how many operators a value that has not been used leaves its register for a block's sake.
/// A call on the way there would send it home, and the edge from behind the call bring it back: so
/// where calls are frequent, soon. Where registers are short, other callers will often have needed
/// this one, and have to load the value: of 4, 6, 8 and 12 the kernels were fastest with 6. With 6
/// for vector registers, too, one of them took half as long again. A loop keeps more.
#[inline]
fn patience(class: RegClass, backward: bool, calls_often: bool) -> u32 {
    match class {
        _ if backward => 48,
        _ if calls_often => 2,
        RegClass::Gpr => 6,
        RegClass::Xmm => 24,
    }
}
