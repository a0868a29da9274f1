//! Blocks and branches: conventions, the moves on an edge, binding.
//!
//! A block has a *convention*, which says where its callers put things. The
//! first caller chooses it from where its values are:
//! - [`Convention::Virtual`]: one forward caller and nothing to drop. The caller's
//!   state is taken over as it is, constants and aliases included.
//! - [`Convention::Fixed`]: everything is at home, except for a bounded list of
//!   positions with a register of their own.
//!
//! Later callers of a fixed block move their values where it wants them. A
//! conditional edge that needs moves is skipped over when it is not taken; one
//! that needs none is a bare conditional jump.
//!
//! After a terminator the state belongs to nobody, but for two cases that are
//! resolved when the next block is bound: a jump that would go to the next
//! instruction is never emitted, and a block with one caller that is bound right
//! behind its conditional branch goes on with the state as it is.
//!
//! Invariant: binding and branching cost O(block arguments), whatever the height.

use super::abi::ArgLoc;
use super::buffer::JumpLabel;
use super::compiler::FunctionCompiler;
use super::context::{Context, Frame};
use super::masm::{Alu, Cond, Size};
use super::moves::{Dst, MoveResolver};
use super::perturb::one_in;
use super::reg::{Gpr, Reg, RegSet};
use super::stack::Loc;
use crate::stencil::CodeOffset;
use microwasm::op::BlockDecl;
use microwasm::{Label, RegClass, ValType};
use std::ops::Range;

/// Where the callers of a block put things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Convention {
    /// No caller yet.
    Unset,
    /// Everything at home but these [`Blocks::bindings`].
    Fixed(Range<u32>),
    /// As it was at the only caller: these [`Blocks::snapshots`].
    Virtual(Range<u32>),
    /// The function's return: results as the calling convention says.
    Return,
}

/// A declared block.
#[derive(Clone, Debug)]
struct Block {
    base: u32,
    args: Range<u32>,
    backward: bool,
    single: bool,
    convention: Convention,
    label: Option<JumpLabel>,
    /// In the branch table numbered so, edges to this block go through `edge`.
    table: u32,
    edge: JumpLabel,
}

/// What follows the operator just compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    /// The next operator.
    Open,
    /// The block after the branch; its arguments are in place, the jump is not emitted.
    Jump(Label),
    /// The block to which the live state belongs.
    Fall(Label),
    /// Nothing: operators are skipped until a block with a caller is bound.
    Dead,
}

/// The blocks of the function being compiled.
#[derive(Debug)]
pub struct Blocks {
    blocks: Vec<Block>,
    arg_types: Vec<ValType>,
    bindings: Vec<(u32, Reg)>,
    snapshots: Vec<(u32, Loc)>,
    cursor: Cursor,
    /// Whether no block takes over its caller's state that is declared now.
    pub all_fixed: bool,
    tables: u32,
    /// Edges of the branch table at hand that need code of their own.
    edges: Vec<Label>,
}

impl Default for Blocks {
    fn default() -> Blocks {
        Blocks {
            blocks: Vec::new(),
            arg_types: Vec::new(),
            bindings: Vec::new(),
            snapshots: Vec::new(),
            cursor: Cursor::Dead,
            all_fixed: false,
            tables: 0,
            edges: Vec::new(),
        }
    }
}

impl Blocks {
    /// Forgets the previous function; `results` are the arguments of the return block.
    pub fn begin_function(&mut self, results: &[ValType]) {
        self.blocks.clear();
        self.arg_types.clear();
        self.bindings.clear();
        self.snapshots.clear();
        self.cursor = Cursor::Open;
        self.tables = 0;
        self.declare(
            Label::RETURN,
            BlockDecl {
                base: microwasm::StackHeight(0),
                args: results,
                backward: false,
                callers: None,
            },
        );
        self.blocks[0].convention = Convention::Return;
    }

    fn declare(&mut self, label: Label, decl: BlockDecl<'_>) {
        let start = self.arg_types.len() as u32;
        self.arg_types.extend_from_slice(decl.args);
        let block = Block {
            base: decl.base.0,
            args: start..self.arg_types.len() as u32,
            backward: decl.backward,
            single: decl.callers == Some(1) && !decl.backward && !self.all_fixed,
            convention: Convention::Unset,
            label: None,
            table: 0,
            edge: JumpLabel::NONE,
        };
        let index = label.index();
        if index == self.blocks.len() {
            self.blocks.push(block);
        } else {
            let filler = Block {
                convention: Convention::Unset,
                ..block.clone()
            };
            self.blocks.resize(self.blocks.len().max(index + 1), filler);
            self.blocks[index] = block;
        }
    }

    /// Whether operators are being skipped.
    #[inline]
    pub fn is_dead(&self) -> bool {
        self.cursor == Cursor::Dead
    }

    /// Whether the state belongs to the next operator.
    pub fn is_open(&self) -> bool {
        self.cursor == Cursor::Open
    }

    fn get(&self, label: Label) -> &Block {
        &self.blocks[label.index()]
    }

    fn arity(&self, label: Label) -> u32 {
        let args = &self.get(label).args;
        args.end - args.start
    }
}

/// Where the moves of an edge start and go.
struct EdgeShape {
    base: u32,
    args: Range<u32>,
    /// Position of the first argument now.
    first: u32,
}

impl FunctionCompiler<'_> {
    #[inline(never)]
    pub(super) fn declare(&mut self, label: Label, decl: BlockDecl<'_>) {
        self.c.blocks.declare(label, decl);
    }

    fn jump_label(&mut self, label: Label) -> JumpLabel {
        let block = &mut self.c.blocks.blocks[label.index()];
        *block
            .label
            .get_or_insert_with(|| self.c.cx.masm.buf.new_label())
    }

    fn shape(&self, label: Label) -> EdgeShape {
        let block = self.c.blocks.get(label);
        let args = block.args.clone();
        EdgeShape {
            base: block.base,
            first: self.c.cx.stack.height() - (args.end - args.start),
            args,
        }
    }

    // --- terminators ---

    #[inline(never)]
    pub(super) fn br(&mut self, label: Label) {
        self.edge(label);
        self.c.blocks.cursor = match self.c.blocks.get(label).convention {
            Convention::Return => Cursor::Dead,
            _ => Cursor::Jump(label),
        };
    }

    /// Moves the arguments of an edge where its target wants them; a return also leaves
    /// the function.
    fn edge(&mut self, label: Label) {
        self.choose_convention(label);
        self.add_moves(label);
        self.count_edge(0, label);
        self.c.cx.resolve_moves();
        if self.c.blocks.get(label).convention == Convention::Return {
            self.epilogue();
        }
    }

    #[inline(never)]
    pub(super) fn br_if(&mut self, then: Label, otherwise: Label) {
        let cond = self.pop_condition();
        if then == otherwise {
            return self.br(then);
        }
        let blocks = &self.c.blocks;
        let falls = |label: Label| {
            let block = blocks.get(label);
            block.single
                && block.convention == Convention::Unset
                && block.base + blocks.arity(label) == self.c.cx.stack.height()
        };
        if falls(then) {
            self.branch_if(cond.negate(), otherwise);
            self.c.blocks.cursor = Cursor::Fall(then);
        } else if falls(otherwise) {
            self.branch_if(cond, then);
            self.c.blocks.cursor = Cursor::Fall(otherwise);
        } else {
            self.branch_if(cond, then);
            self.br(otherwise);
        }
    }

    /// Pops an `i32` and turns it into a condition on the flags.
    pub(super) fn pop_condition(&mut self) -> Cond {
        let cx = &mut self.c.cx;
        let mut operand = cx.pop();
        match operand.loc {
            Loc::Flags(cond) => {
                rule!(CondFlags);
                cond
            }
            Loc::Slot(slot) => {
                rule!(CondSlot);
                cx.masm
                    .alu_mi(Alu::Cmp, Size::S32, super::moves::slot(slot), 0);
                Cond::Ne
            }
            _ => {
                rule!(CondReg);
                let reg = cx.gpr(&mut operand);
                cx.masm.test_rr(Size::S32, reg, reg);
                Cond::Ne
            }
        }
    }

    /// Branches when `cond` holds; otherwise goes on with the state as it is.
    fn branch_if(&mut self, cond: Cond, label: Label) {
        self.choose_convention(label);
        self.add_moves(label);
        self.count_edge(1, label);
        let returns = self.c.blocks.get(label).convention == Convention::Return;
        if self.c.cx.moves.is_empty() && !returns {
            let target = self.jump_label(label);
            self.c.cx.masm.jcc(cond, target);
            return;
        }
        let skip = self.c.cx.masm.buf.new_label();
        self.c.cx.masm.jcc(cond.negate(), skip);
        self.c.cx.resolve_moves();
        if returns {
            self.epilogue();
        } else {
            let target = self.jump_label(label);
            self.c.cx.masm.jmp(target);
        }
        self.c.cx.masm.buf.bind(skip);
    }

    #[inline(never)]
    pub(super) fn br_table(&mut self, targets: &[Label], default: Label) {
        let mut index = self.c.cx.pop();
        if targets.is_empty() {
            rule!(TableEmpty);
            return self.br(default);
        }
        let index = self.c.cx.gpr(&mut index);
        let scratch = self.c.cx.alloc_gpr();
        self.c.blocks.tables += 1;
        // Choosing a fixed convention may move values: so before any state is captured.
        for &label in targets.iter().chain([&default]) {
            if !self.c.blocks.get(label).single {
                self.choose_convention(label);
            }
        }
        for &label in targets.iter().chain([&default]) {
            self.table_edge(label);
        }
        let masm = &mut self.c.cx.masm;
        masm.alu_ri(Alu::Cmp, Size::S32, index, targets.len() as i32);
        let default_edge = self.c.blocks.get(default).edge;
        masm.jcc(Cond::GeU, default_edge);
        let table = masm.buf.new_label();
        masm.lea_label(Gpr::SCRATCH, table);
        masm.load_jump_table_entry(scratch, Gpr::SCRATCH, index);
        masm.alu_rr(Alu::Add, Size::S64, scratch, Gpr::SCRATCH);
        masm.jmp_r(scratch);
        masm.buf.bind(table);
        let start: CodeOffset = masm.buf.offset();
        for &label in targets {
            let edge = self.c.blocks.get(label).edge;
            self.c.cx.masm.jump_table_entry(start, edge);
        }
        let edges = std::mem::take(&mut self.c.blocks.edges);
        for &label in &edges {
            let edge = self.c.blocks.get(label).edge;
            self.c.cx.masm.buf.bind(edge);
            self.edge(label);
            if self.c.blocks.get(label).convention != Convention::Return {
                let target = self.jump_label(label);
                self.c.cx.masm.jmp(target);
            }
        }
        self.c.blocks.edges = edges;
        self.c.blocks.edges.clear();
        self.c.blocks.cursor = Cursor::Dead;
    }

    /// Decides where the entries of the current branch table for `label` point: straight
    /// at the block, or at code that moves its arguments.
    fn table_edge(&mut self, label: Label) {
        if self.c.blocks.get(label).table == self.c.blocks.tables {
            return;
        }
        self.choose_convention(label);
        let returns = self.c.blocks.get(label).convention == Convention::Return;
        let direct = !returns && {
            self.add_moves(label);
            self.count_edge(2, label);
            self.c.cx.moves.discard()
        };
        let edge = if direct {
            self.jump_label(label)
        } else {
            self.c.blocks.edges.push(label);
            self.c.cx.masm.buf.new_label()
        };
        let tables = self.c.blocks.tables;
        let block = &mut self.c.blocks.blocks[label.index()];
        block.table = tables;
        block.edge = edge;
    }

    /// Counts an edge whose moves have been listed.
    #[inline(always)]
    fn count_edge(&self, kind: usize, label: Label) {
        #[cfg(feature = "coverage")]
        {
            let block = self.c.blocks.get(label);
            let convention = match block.convention {
                Convention::Unset => unreachable!("the caller has chosen a convention"),
                Convention::Virtual(_) => 0,
                Convention::Fixed(_) if block.backward => 2,
                Convention::Fixed(_) => 1,
                Convention::Return => 3,
            };
            let shape = self.shape(label);
            let moves = !self.c.cx.moves.is_empty();
            cover!(X64Edges, kind, convention, moves, shape.first != shape.base);
        }
        #[cfg(not(feature = "coverage"))]
        let _ = (kind, label);
    }

    pub(super) fn end_dead(&mut self) {
        self.c.blocks.cursor = Cursor::Dead;
    }

    // --- conventions ---

    /// Lets the current state choose the block's convention, if it is the first caller.
    fn choose_convention(&mut self, label: Label) {
        if self.c.blocks.get(label).convention != Convention::Unset {
            return;
        }
        let shape = self.shape(label);
        let block = self.c.blocks.get(label);
        if block.single && shape.first == shape.base {
            cover!(X64Conventions, 0, 0);
            let start = self.c.blocks.snapshots.len() as u32;
            let stack = &self.c.cx.stack;
            self.c
                .blocks
                .snapshots
                .extend(stack.off().iter().map(|&p| (p, stack.get(p).loc)));
            let end = self.c.blocks.snapshots.len() as u32;
            // An empty range names no place: others may have been taken back below it.
            let range = if start == end { 0..0 } else { start..end };
            self.c.blocks.blocks[label.index()].convention = Convention::Virtual(range);
            return;
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
        settle(&mut self.c.cx, end, reserve);
        let start = self.c.blocks.bindings.len() as u32;
        self.bind_kept(end, backward);
        if !in_place {
            self.bind_moved(&shape, start, reserve);
        }
        let bindings = start..self.c.blocks.bindings.len() as u32;
        self.c.blocks.blocks[label.index()].convention = Convention::Fixed(bindings);
    }

    /// Binds every position below `end` that is in a register to that register. What is at
    /// home, too, a forward block expects there: later callers have it there as well, or
    /// have changed it, and most of it will not be used again. A loop keeps its registers.
    fn bind_kept(&mut self, end: u32, backward: bool) {
        let Context { stack, perturb, .. } = &mut self.c.cx;
        for &pos in stack.off().iter().take_while(|&&p| p < end) {
            if let Loc::Reg { reg, clean } = stack.get(pos).loc
                && (backward || !clean || one_in(perturb, 2))
            {
                self.c.blocks.bindings.push((pos, reg));
            }
        }
    }

    /// Binds arguments that change position: those in a register of their own stay there,
    /// the others get free ones as far as there are any.
    fn bind_moved(&mut self, shape: &EdgeShape, start: u32, reserve: u32) {
        let Blocks {
            bindings,
            arg_types,
            ..
        } = &mut self.c.blocks;
        let stack = &self.c.cx.stack;
        let mut bound = RegSet::EMPTY;
        for &(_, reg) in &bindings[start as usize..] {
            bound.insert(reg);
        }
        let count = shape.args.end - shape.args.start;
        let below = bindings.len();
        for i in 0..count {
            if let Loc::Reg { reg, .. } = stack.get(shape.first + i).loc
                && !bound.contains(reg)
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

    /// Lists the moves from the current state to what the block's convention says.
    fn add_moves(&mut self, label: Label) {
        let shape = self.shape(label);
        match self.c.blocks.get(label).convention.clone() {
            Convention::Virtual(_) => {}
            Convention::Return => self.add_return_moves(shape.first),
            Convention::Fixed(bindings) => {
                let args_from = self.add_moves_below(&shape, &bindings);
                self.add_arg_moves(&shape, args_from..bindings.end);
            }
            Convention::Unset => unreachable!("the caller has chosen a convention"),
        }
    }

    /// Moves of the positions below the block's base; returns the first binding behind them.
    fn add_moves_below(&mut self, shape: &EdgeShape, bindings: &Range<u32>) -> u32 {
        let Context {
            stack,
            moves,
            frame,
            ..
        } = &mut self.c.cx;
        let send_home = |moves: &mut MoveResolver, frame: &mut Frame, pos: u32| {
            let entry = stack.get(pos);
            if !matches!(entry.loc, Loc::Reg { clean: true, .. }) {
                frame.reserve(entry.home + entry.ty.slots());
                moves.add(entry.ty, entry.source(), Dst::Slot(entry.home));
            }
        };
        let off = stack.off();
        let mut next_off = 0;
        let all = &self.c.blocks.bindings[to_usize(bindings)];
        let mut count = 0;
        for &(pos, reg) in all.iter().take_while(|&&(pos, _)| pos < shape.base) {
            count += 1;
            while let Some(&p) = off.get(next_off).filter(|&&p| p < pos) {
                send_home(moves, frame, p);
                next_off += 1;
            }
            next_off += usize::from(off.get(next_off) == Some(&pos));
            let entry = stack.get(pos);
            if !matches!(entry.loc, Loc::Reg { reg: at, .. } if at == reg) {
                moves.add(entry.ty, entry.source(), Dst::Reg(reg));
            }
        }
        let rest = off.get(next_off..).unwrap_or(&[]).iter();
        for &pos in rest.take_while(|&&p| p < shape.base) {
            send_home(moves, frame, pos);
        }
        bindings.start + count
    }

    fn add_arg_moves(&mut self, shape: &EdgeShape, bindings: Range<u32>) {
        let Context {
            stack,
            moves,
            frame,
            ..
        } = &mut self.c.cx;
        let mut bindings = self.c.blocks.bindings[bindings.start as usize..bindings.end as usize]
            .iter()
            .peekable();
        let mut home = if shape.base < stack.height() {
            stack.get(shape.base).home
        } else {
            stack.end_slot()
        };
        for i in 0..shape.args.end - shape.args.start {
            let entry = stack.get(shape.first + i);
            let dst = match bindings.next_if(|b| b.0 == shape.base + i) {
                Some(&(_, reg)) => Some(Dst::Reg(reg)),
                None if entry.home == home && matches!(entry.loc, Loc::Reg { clean: true, .. }) => {
                    None
                }
                None => {
                    frame.reserve(home + entry.ty.slots());
                    Some(Dst::Slot(home))
                }
            };
            if let Some(dst) = dst {
                moves.add(entry.ty, entry.source(), dst);
            }
            home += entry.ty.slots();
        }
    }

    fn add_return_moves(&mut self, first: u32) {
        let mut places = self.result_places.clone();
        let Context { stack, moves, .. } = &mut self.c.cx;
        for pos in first..stack.height() {
            let entry = stack.get(pos);
            let dst = match places.next(entry.ty) {
                ArgLoc::Reg(reg) => Dst::Reg(reg),
                ArgLoc::Stack(offset) => Dst::Caller(offset),
            };
            moves.add(entry.ty, entry.source(), dst);
        }
    }

    // --- binding ---

    #[inline(never)]
    pub(super) fn label(&mut self, label: Label) {
        match self.c.blocks.cursor {
            Cursor::Fall(fall) if fall == label => {
                rule!(BindFall);
                self.c.blocks.cursor = Cursor::Open;
                return;
            }
            Cursor::Fall(fall) => {
                rule!(BindOtherFall);
                self.edge(fall);
                self.jump_to(fall);
            }
            Cursor::Jump(target) if target != label => {
                rule!(BindJump);
                self.jump_to(target);
            }
            Cursor::Jump(_) => {
                rule!(BindNext);
            }
            _ => {}
        }
        let mut block = self.c.blocks.get(label).clone();
        if block.backward && block.convention == Convention::Unset {
            rule!(BindLoopFirst);
            // Its callers all come later. They find everything at home.
            let end = self.c.blocks.bindings.len() as u32;
            block.convention = Convention::Fixed(end..end);
            self.c.blocks.blocks[label.index()].convention = block.convention.clone();
        }
        let cx = &mut self.c.cx;
        match block.convention {
            Convention::Unset | Convention::Return => {
                rule!(BindDead);
                self.c.blocks.cursor = Cursor::Dead;
                return;
            }
            Convention::Fixed(range) => {
                rule!(BindFixed);
                rebuild(
                    cx,
                    &block.base,
                    &self.c.blocks.arg_types[to_usize(&block.args)],
                );
                for &(pos, reg) in &self.c.blocks.bindings[to_usize(&range)] {
                    cx.restore(pos, Loc::Reg { reg, clean: false });
                }
            }
            Convention::Virtual(range) => {
                rule!(BindVirtual);
                rebuild(
                    cx,
                    &block.base,
                    &self.c.blocks.arg_types[to_usize(&block.args)],
                );
                for &(pos, loc) in &self.c.blocks.snapshots[to_usize(&range)] {
                    cx.restore(pos, loc);
                }
                if range.end as usize == self.c.blocks.snapshots.len() {
                    self.c.blocks.snapshots.truncate(range.start as usize);
                } else {
                    rule!(BindVirtualKept);
                }
            }
        }
        if let Some(jump) = block.label {
            self.c.cx.masm.buf.bind(jump);
        } else if block.backward {
            let jump = self.jump_label(label);
            self.c.cx.masm.buf.bind(jump);
        }
        self.c.blocks.cursor = Cursor::Open;
        if block.backward {
            self.interruption_checks();
        }
    }

    fn jump_to(&mut self, label: Label) {
        let target = self.jump_label(label);
        self.c.cx.masm.jmp(target);
    }

    /// Emits the jump that was held back, at the end of the function.
    pub(super) fn flush_cursor(&mut self) {
        match std::mem::replace(&mut self.c.blocks.cursor, Cursor::Dead) {
            Cursor::Jump(target) => self.jump_to(target),
            Cursor::Fall(fall) => {
                self.edge(fall);
                self.jump_to(fall);
            }
            Cursor::Open | Cursor::Dead => {}
        }
    }
}

/// Gives every position below `end` that is not at home a register of its own, while more
/// than `reserve` of its class are free, or sends it home.
fn settle(cx: &mut Context, end: u32, reserve: u32) {
    let mut seen = RegSet::EMPTY;
    let mut i = 0;
    while let Some(&pos) = cx.stack.off().get(i)
        && pos < end
    {
        let entry = cx.stack.get(pos);
        match entry.loc {
            Loc::Reg { reg, .. } if !seen.contains(reg) => {
                seen.insert(reg);
                i += 1;
            }
            _ => {
                let free = cx.free(entry.ty.class());
                match free.first() {
                    Some(reg) if free.len() > reserve => {
                        rule!(MergeRegister);
                        cx.copy_entry_to(pos, reg);
                        seen.insert(reg);
                        i += 1;
                    }
                    // Leaves the list, and `i` names the next one.
                    _ => {
                        rule!(MergeHome);
                        cx.send_home(pos);
                    }
                }
            }
        }
    }
}

/// Cuts the stack to a block's base and arguments, all at home.
fn rebuild(cx: &mut Context, base: &u32, args: &[ValType]) {
    cx.stack.reset_home(*base);
    cx.stack.push_args(args);
    cx.clear_registers();
}

fn to_usize(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}
