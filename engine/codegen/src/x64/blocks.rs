//! Blocks and branches: terminators and binding.
//!
//! On an edge values move where the block's convention ([`super::convention`]) says. A
//! conditional edge that needs moves is skipped over when it is not taken; one
//! that needs none is a bare conditional jump.
//!
//! After a terminator the state belongs to nobody, but for two cases that are
//! resolved when the next block is bound: a jump that would go to the next
//! instruction is never emitted, and a block with one caller that is bound right
//! behind its conditional branch goes on with the state as it is.
//!
//! Invariant: binding and branching cost O(block arguments), whatever the height.

use super::buffer::JumpLabel;
use super::compiler::FunctionCompiler;
use super::context::Context;
use super::convention::{Convention, EdgeShape};
use super::masm::{Alu, Cond, Size};
use super::reg::Gpr;
use super::stack::Loc;
use crate::blocks::{Cursor, Edge, Span};
use microwasm::Label;
use microwasm::op::BlockDecl;

impl FunctionCompiler<'_> {
    #[inline(never)]
    pub(super) fn declare(&mut self, label: Label, decl: BlockDecl<'_>) {
        self.c.blocks.declare(label, decl);
    }

    fn jump_label(&mut self, label: Label) -> JumpLabel {
        let block = self.c.blocks.get_mut(label);
        block.jump_label(&mut self.c.cx.masm.buf)
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
        self.list_moves(label);
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
        let falls = |label: Label| {
            let block = self.c.blocks.get(label);
            let EdgeShape { base, first, .. } = self.shape(label);
            block.single && block.convention == Convention::Unset && first == base
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

    /// Branches to `target` if the condition on top [is met](microwasm::op::Branch::when) and goes
    /// on with the state as it is. Counts as two operators but for the last's [`Context::end_op`].
    #[inline(never)]
    pub(super) fn branch_on(&mut self, target: Label, when: bool) {
        let cond = self.pop_condition();
        let cond = if when { cond } else { cond.negate() };
        self.branch_if(cond, target);
        rule!(BindFall);
        self.c.cx.end_op();
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
        self.list_moves(label);
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
        let blocks = &self.c.blocks;
        masm.jcc(Cond::GeU, blocks.entry(default));
        let table = masm.buf.new_label();
        masm.lea_label(Gpr::SCRATCH, table);
        masm.load_jump_table_entry(scratch, Gpr::SCRATCH, index);
        masm.alu_rr(Alu::Add, Size::S64, scratch, Gpr::SCRATCH);
        masm.jmp_r(scratch);
        masm.buf.bind(table);
        masm.buf
            .jump_table(targets.iter().map(|&label| blocks.entry(label)));
        let edges = std::mem::take(&mut self.c.blocks.edges);
        for edge in edges.iter().filter(|edge| !edge.direct) {
            self.c.cx.masm.buf.bind(edge.entry);
            self.edge(edge.block);
            if self.c.blocks.get(edge.block).convention != Convention::Return {
                self.jump_to(edge.block);
            }
        }
        self.c.blocks.edges = edges;
        self.c.blocks.edges.clear();
        self.c.blocks.cursor = Cursor::Dead;
    }

    /// Decides where the entries of the current branch table for `label` point: straight
    /// at the block, or at code that moves its arguments.
    fn table_edge(&mut self, label: Label) {
        if self.c.blocks.edge(label).is_some() {
            return;
        }
        let returns = self.c.blocks.get(label).convention == Convention::Return;
        let direct = !returns && {
            self.list_moves(label);
            self.count_edge(2, label);
            self.c.cx.moves.discard()
        };
        let entry = if direct {
            self.jump_label(label)
        } else {
            self.c.cx.masm.buf.new_label()
        };
        self.c.blocks.add_edge(Edge {
            block: label,
            entry,
            direct,
        });
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
        let mut block = *self.c.blocks.get(label);
        let bound_first = block.backward && block.convention == Convention::Unset;
        if bound_first {
            rule!(BindLoopFirst);
            // Its callers all come later. They find everything at home.
            block.convention = Convention::Fixed(Span::EMPTY);
            self.c.blocks.get_mut(label).convention = block.convention;
        }
        match block.convention {
            Convention::Unset | Convention::Return => {
                rule!(BindDead);
                self.c.blocks.cursor = Cursor::Dead;
                return;
            }
            Convention::Fixed(_) | Convention::Virtual(_) => self.restore(&block),
        }
        if bound_first {
            // What callers store, they store into slots that they have reserved. Here, none has
            // come yet, and the slots that the values are in from now on count, too.
            let Context { stack, frame, .. } = &mut self.c.cx;
            frame.reserve(stack.end_slot());
        }
        if block.label != JumpLabel::NONE || block.backward {
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
