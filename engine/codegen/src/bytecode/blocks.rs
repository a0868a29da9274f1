//! Blocks and branches.
//!
//! A branch finds everything at home: what lies below the block, and its arguments in the
//! slots where the block wants them. Since locals are at home anyway, few branches move
//! anything; a conditional one that has to is jumped over when it is not taken.
//!
//! After a terminator the state belongs to nobody, but for two cases that are resolved when
//! the next block is bound: a jump that would go to the next instruction is never emitted, and
//! a block with one caller that is bound right behind its conditional branch goes on with the
//! state as it is.
//!
//! Invariant: binding and branching cost O(block arguments), whatever the height.

use super::compiler::FunctionCompiler;
use super::context::{Compare, Cond, Operand, Value};
use super::op::Opcode;
use crate::blocks::{self, Block, Cursor, Edge};
use crate::buffer::JumpLabel;
use crate::moves::{Dst, Src};
use microwasm::Label;
use microwasm::op::{BlockDecl, IntCmp, IntSize};

/// The blocks of the function being compiled. What is settled with a block's callers is whether
/// there has been one.
pub(super) type Blocks = blocks::Blocks<Called>;

/// Whether a branch to a block has been compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Called(bool);

impl FunctionCompiler<'_> {
    #[inline(never)]
    pub(super) fn declare(&mut self, label: Label, decl: BlockDecl<'_>) {
        self.c.blocks.declare(label, decl);
    }

    pub(super) fn end_dead(&mut self) {
        self.c.blocks.cursor = Cursor::Dead;
    }

    fn jump_label(&mut self, label: Label) -> JumpLabel {
        let block = self.c.blocks.get_mut(label);
        block.jump_label(&mut self.c.cx.emit.buf)
    }

    /// Position of the first argument of a branch to `label`, and where it belongs.
    fn arguments(&self, label: Label) -> (u32, u32) {
        let Block { base, args, .. } = *self.c.blocks.get(label);
        (self.c.cx.stack.height() - args.len(), base)
    }

    // --- terminators ---

    #[inline(never)]
    pub(super) fn br(&mut self, label: Label) {
        self.edge(label);
        self.c.blocks.cursor = match label {
            Label::RETURN => Cursor::Dead,
            _ => Cursor::Jump(label),
        };
    }

    /// Moves everything to where a branch to `label` wants it; a return also leaves the function.
    fn edge(&mut self, label: Label) {
        if label == Label::RETURN {
            return self.leave();
        }
        self.settle_edge(label);
        self.add_moves(label);
        self.count_edge(0, label);
        self.c.cx.resolve_moves();
    }

    /// Counts an edge whose moves have been listed.
    #[inline(always)]
    fn count_edge(&self, kind: usize, label: Label) {
        #[cfg(feature = "coverage")]
        {
            let (first, base) = self.arguments(label);
            cover!(
                BytecodeEdges,
                kind,
                !self.c.cx.moves.is_empty(),
                first != base
            );
        }
        #[cfg(not(feature = "coverage"))]
        let _ = (kind, label);
    }

    /// Sends everything home that a branch to `label` wants there and that would go to the
    /// same place if the branch were not taken.
    fn settle_edge(&mut self, label: Label) {
        self.c.blocks.get_mut(label).convention = Called(true);
        if label == Label::RETURN {
            return;
        }
        let (first, base) = self.arguments(label);
        let end = if first == base {
            self.c.cx.stack.height()
        } else {
            base
        };
        self.c.cx.send_home(0, end);
    }

    /// Lists the moves that are left after [`FunctionCompiler::settle_edge`].
    fn add_moves(&mut self, label: Label) {
        let (first, base) = self.arguments(label);
        let cx = &mut self.c.cx;
        if first == base {
            return;
        }
        let mut home = cx.stack.get(base).home;
        for pos in first..cx.stack.height() {
            let entry = cx.stack.get(pos);
            cx.moves.add(entry.ty, entry.source(), Dst::Slot(home));
            home += entry.ty.slots();
        }
        cx.reserve(home);
    }

    /// Returns: the results go to the first slots.
    fn leave(&mut self) {
        let (first, _) = self.arguments(Label::RETURN);
        let cx = &mut self.c.cx;
        let height = cx.stack.height();
        if height - first == 1 {
            match cx.stack.get(first).source() {
                Src::Slot(slot) if slot != 0 => {
                    bytecode_rule!(ReturnSlot);
                    return cx.emit.return_slot(slot);
                }
                Src::Const(bits) => {
                    bytecode_rule!(ReturnConst);
                    cx.emit.constant(0, bits);
                }
                _ => {
                    bytecode_rule!(ReturnThere);
                }
            }
            return cx.emit.plain(Opcode::Return);
        }
        bytecode_rule!(ReturnMany);
        let mut slot = 0;
        for pos in first..height {
            let entry = cx.stack.get(pos);
            cx.moves.add(entry.ty, entry.source(), Dst::Slot(slot));
            slot += entry.ty.slots();
        }
        cx.resolve_moves();
        cx.emit.plain(Opcode::Return);
    }

    #[inline(never)]
    pub(super) fn br_if(&mut self, then: Label, otherwise: Label) {
        let cond = self.pop_condition();
        if then == otherwise {
            return self.br(then);
        }
        let falls = |label: Label| {
            let Block {
                single,
                convention: Called(called),
                ..
            } = *self.c.blocks.get(label);
            let (first, base) = self.arguments(label);
            single && !called && first == base
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

    /// Pops an `i32` and turns it into a compare.
    fn pop_condition(&mut self) -> Compare {
        if let Some(compare) = self.c.cx.take_compare() {
            return compare;
        }
        let lhs = self.c.cx.pop();
        Compare {
            cond: Cond::Int(IntCmp::Ne, IntSize::I32),
            lhs,
            rhs: Operand {
                value: Value::Const(0),
                ..lhs
            },
        }
    }

    /// Branches when `cond` holds; otherwise goes on with the state as it is.
    fn branch_if(&mut self, cond: Compare, label: Label) {
        self.settle_edge(label);
        if label != Label::RETURN {
            self.add_moves(label);
            self.count_edge(1, label);
            if self.c.cx.moves.is_empty() {
                let target = self.jump_label(label);
                return self.c.cx.branch(cond, target);
            }
        }
        let skip = self.c.cx.emit.buf.new_label();
        self.c.cx.branch(cond.negate(), skip);
        if label == Label::RETURN {
            self.leave();
        } else {
            self.c.cx.resolve_moves();
            self.jump_to(label);
        }
        self.c.cx.emit.bind(skip);
    }

    #[inline(never)]
    pub(super) fn br_table(&mut self, targets: &[Label], default: Label) {
        let index = self.c.cx.pop();
        if targets.is_empty() {
            bytecode_rule!(TableEmpty);
            return self.br(default);
        }
        let height = self.c.cx.stack.height();
        self.c.cx.send_home(0, height);
        let index = self.c.cx.slot(index);
        self.c.cx.emit.br_table(index, targets.len() as u32);
        for &label in targets.iter().chain([&default]) {
            let entry = self.table_entry(label);
            self.c.cx.emit.br(entry);
        }
        let edges = std::mem::take(&mut self.c.blocks.edges);
        for edge in edges.iter().filter(|edge| !edge.direct) {
            self.c.cx.emit.bind(edge.entry);
            self.edge(edge.block);
            if edge.block != Label::RETURN {
                self.jump_to(edge.block);
            }
        }
        self.c.blocks.edges = edges;
        self.c.blocks.edges.clear();
        self.end_dead();
    }

    /// Where the entries of the current branch table for `label` go: straight to the block, or
    /// to code that moves its arguments.
    fn table_entry(&mut self, label: Label) -> JumpLabel {
        if let Some(edge) = self.c.blocks.edge(label) {
            return edge.entry;
        }
        self.c.blocks.get_mut(label).convention = Called(true);
        let direct = label != Label::RETURN && {
            self.add_moves(label);
            self.count_edge(2, label);
            self.c.cx.moves.discard()
        };
        let entry = if direct {
            self.jump_label(label)
        } else {
            self.c.cx.emit.buf.new_label()
        };
        self.c.blocks.add_edge(Edge {
            block: label,
            entry,
            direct,
        });
        entry
    }

    // --- binding ---

    #[inline(never)]
    pub(super) fn label(&mut self, label: Label) {
        match self.c.blocks.cursor {
            Cursor::Fall(fall) if fall == label => {
                bytecode_rule!(BindFall);
                self.c.blocks.cursor = Cursor::Open;
                return;
            }
            Cursor::Jump(target) if target == label => {
                bytecode_rule!(BindNext);
            }
            _ => self.flush_cursor(),
        }
        let Block {
            base,
            args,
            backward,
            convention: Called(called),
            label: jump,
            ..
        } = *self.c.blocks.get(label);
        // The callers of a backward block may all come later.
        if !(called || backward) || label == Label::RETURN {
            bytecode_rule!(BindDead);
            return self.end_dead();
        }
        bytecode_rule!(BindLabel);
        let cx = &mut self.c.cx;
        cx.stack.reset_home(base);
        cx.stack.push_args(args.of(&self.c.blocks.arg_types));
        cx.reserve(cx.stack.end_slot());
        if jump != JumpLabel::NONE || backward {
            let jump = self.jump_label(label);
            self.c.cx.emit.bind(jump);
        }
        self.c.cx.emit.forget_last();
        self.c.blocks.cursor = Cursor::Open;
        if backward {
            self.interruption_checks();
        }
    }

    fn jump_to(&mut self, label: Label) {
        let target = self.jump_label(label);
        self.c.cx.emit.br(target);
    }

    /// Emits the jump that was held back.
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
