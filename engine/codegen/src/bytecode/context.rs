//! Values and slots: where everything on the virtual stack is, and bringing operands where an
//! instruction wants them.
//!
//! Owns the virtual stack and the emitter; knows neither Wasm nor blocks. The lowerings pop
//! operands, emit, and push results.
//!
//! Invariants:
//! - A slot that is named belongs to a position that is at home: before a slot is written, who
//!   names it gets a copy of its own.
//! - What `local.set` writes is at home at once. So only what was pushed as a constant or a copy
//!   is off home, and branches seldom have anything to move.
//! - Popped operands stay where they are until the operator's result is written.

use super::emit::{Emitter, frame_slot};
use super::stack::{Entry, Loc, VirtualStack};
use crate::error::CodegenError;
use crate::moves::{Dst, MoveResolver, Src};
use microwasm::ValType;
use microwasm::op::{FloatCmp, FloatSize, IntCmp, IntSize};

/// A popped operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) ty: ValType,
    pub(super) value: Value,
    /// Its position's own slot, where a constant can be put.
    pub(super) home: u32,
}

/// Where an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Slot(u32),
    Const(u64),
}

impl Operand {
    /// The operand's bits, if it is a constant.
    #[inline]
    pub(super) fn constant(self) -> Option<u64> {
        match self.value {
            Value::Const(bits) => Some(bits),
            Value::Slot(_) => None,
        }
    }

    /// The operand as an immediate that sign-extends to its value.
    #[inline]
    pub(super) fn imm32(self) -> Option<i32> {
        match (self.value, self.ty) {
            (Value::Const(bits), ValType::I32) => Some(bits as u32 as i32),
            (Value::Const(bits), _) => i32::try_from(bits as i64).ok(),
            _ => None,
        }
    }
}

/// A compare whose result nobody has asked for yet. Its operands are still where they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Compare {
    pub(super) cond: Cond,
    pub(super) lhs: Operand,
    pub(super) rhs: Operand,
}

/// When a compare holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cond {
    Int(IntCmp, IntSize),
    /// With whether it is negated.
    Float(FloatCmp, FloatSize, bool),
}

/// What the operator before has left for the next one to complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Nothing,
    /// The top of the stack is this compare.
    Compare(Compare),
    /// The top is to change places with the value at this position; most often it is dropped.
    Swap(u32),
}

/// The virtual stack of the function being compiled, and where its code goes.
pub(super) struct Context {
    pub(super) emit: Emitter,
    pub(super) stack: VirtualStack,
    pub(super) moves: MoveResolver,
    pub(super) pending: Pending,
    /// Slots of the frame so far.
    frame: u32,
    max_frame: u32,
}

impl Context {
    /// A context for functions with frames of up to `max_frame` bytes.
    pub(super) fn new(max_frame: u32, self_check: bool) -> Context {
        let mut moves = MoveResolver::default();
        moves.trace = self_check.then(Vec::new);
        Context {
            emit: Emitter::default(),
            stack: VirtualStack::default(),
            moves,
            pending: Pending::Nothing,
            frame: 0,
            max_frame: max_frame / 8,
        }
    }

    /// Forgets the previous function.
    pub(super) fn begin_function(&mut self) {
        self.emit.begin_function();
        self.stack.clear();
        self.pending = Pending::Nothing;
        self.frame = 0;
    }

    /// Makes the frame at least so large that it has `end` slots.
    #[inline]
    pub(super) fn reserve(&mut self, end: u32) {
        self.frame = self.frame.max(end);
    }

    /// Slots of the frame.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn frame(&self) -> Result<u32, CodegenError> {
        let frame = frame_slot(self.frame);
        if frame > self.max_frame {
            return Err(CodegenError::FrameTooLarge {
                limit: 8 * self.max_frame,
            });
        }
        Ok(frame)
    }

    // --- the stack ---

    /// Pushes a value that is not at home.
    #[inline]
    pub(super) fn push(&mut self, ty: ValType, loc: Loc) {
        if self.stack.off().len() >= VirtualStack::MAX_OFF {
            self.flush();
        }
        self.stack.push(ty, loc);
    }

    /// Pushes the result of the instruction that comes next; returns its slot.
    #[inline]
    pub(super) fn push_result(&mut self, ty: ValType) -> u32 {
        let slot = self.stack.end_slot();
        self.stack.push_home(ty, 1);
        self.reserve(slot + ty.slots());
        slot
    }

    /// Pops a value for use by the current operator.
    #[inline]
    pub(super) fn pop(&mut self) -> Operand {
        let Entry { loc, home, ty } = self.stack.pop();
        let value = match loc {
            Loc::Home => Value::Slot(home),
            Loc::Slot(slot) => Value::Slot(slot),
            Loc::Const(bits) => Value::Const(bits),
            Loc::Compare => unreachable!("settled, or taken by its consumer"),
        };
        Operand { ty, value, home }
    }

    /// The slot that an operand is in; a constant is put into its own.
    #[inline]
    pub(super) fn slot(&mut self, operand: Operand) -> u32 {
        match operand.value {
            Value::Slot(slot) => slot,
            Value::Const(bits) => {
                self.reserve(operand.home + operand.ty.slots());
                self.emit.constant(operand.home, bits);
                operand.home
            }
        }
    }

    /// Pushes a copy of the value at `pos`: a new name, no code.
    #[inline]
    pub(super) fn pick(&mut self, pos: u32) {
        let entry = self.stack.get(pos);
        let loc = match entry.loc {
            Loc::Home => Loc::Slot(entry.home),
            loc => loc,
        };
        self.push(entry.ty, loc);
    }

    /// Moves the top to `pos` below it, whose value nobody wants any more, and pops it.
    #[inline(never)]
    pub(super) fn set(&mut self, pos: u32) {
        let home = self.stack.get(pos).home;
        let top = self.stack.pop();
        match top.loc {
            Loc::Slot(slot) if slot == home => {
                bytecode_rule!(SetSame);
                return;
            }
            Loc::Const(bits) => {
                bytecode_rule!(SetConst);
                self.free_slot(home);
                self.emit.constant(home, bits);
            }
            Loc::Home => {
                if self.is_named(home) || !self.emit.redirect(top.home, home) {
                    bytecode_rule!(SetCopy);
                    self.free_slot(home);
                    self.emit.copy(home, top.home);
                } else {
                    bytecode_rule!(SetRedirect);
                }
            }
            Loc::Slot(slot) => self.set_from(slot, home),
            Loc::Compare => unreachable!("settled before"),
        }
        self.stack.set(pos, Loc::Home);
    }

    /// Copies `slot` to `home`. If what is in `slot` has just been computed there, computes it
    /// in `home` instead and lets the position that it belongs to name that: `local.tee`.
    fn set_from(&mut self, slot: u32, home: u32) {
        let owner = self.stack.position_of_slot(slot);
        if let Some(owner) = owner
            && home < slot
            && !self.is_named(home)
            && !self.is_named(slot)
            && self.emit.redirect(slot, home)
        {
            bytecode_rule!(TeeRedirect);
            self.stack.set(owner, Loc::Slot(home));
            return;
        }
        bytecode_rule!(TeeCopy);
        self.free_slot(home);
        self.emit.copy(home, slot);
    }

    /// Exchanges the top with the value at `pos`.
    #[cold]
    #[inline(never)]
    fn swap(&mut self, pos: u32) {
        let top_pos = self.stack.height() - 1;
        let (low, top) = (self.stack.get(pos), self.stack.get(top_pos));
        // Who is named is at home.
        if top.loc == Loc::Slot(low.home) {
            bytecode_rule!(SwapSame);
            return;
        }
        bytecode_rule!(SwapMoves);
        self.free_slot(low.home);
        let (low, top) = (self.stack.get(pos), self.stack.get(top_pos));
        self.moves.add(low.ty, top.source(), Dst::Slot(low.home));
        self.moves.add(low.ty, low.source(), Dst::Slot(top.home));
        self.resolve_moves();
        self.stack.set(pos, Loc::Home);
        self.stack.set(top_pos, Loc::Home);
    }

    // --- settling ---

    /// Completes what the operator before has left, as one that cannot take it needs it.
    #[cold]
    #[inline(never)]
    pub(super) fn settle(&mut self) {
        if let Some(compare) = self.take_compare() {
            bytecode_rule!(SettleCompare);
            let dst = self.push_result(ValType::I32);
            self.compare(compare, dst);
        } else if let Pending::Swap(pos) = self.pending {
            bytecode_rule!(SettleSwap);
            self.pending = Pending::Nothing;
            self.swap(pos);
        }
    }

    /// Pops the pending compare, if the top is one.
    #[inline]
    pub(super) fn take_compare(&mut self) -> Option<Compare> {
        let Pending::Compare(compare) = self.pending else {
            return None;
        };
        self.pending = Pending::Nothing;
        let top = self.stack.pop();
        debug_assert_eq!(top.loc, Loc::Compare);
        Some(compare)
    }

    /// Pushes a compare, to be settled or taken by the next operator.
    #[inline]
    pub(super) fn push_compare(&mut self, compare: Compare) {
        self.push(ValType::I32, Loc::Compare);
        self.pending = Pending::Compare(compare);
    }

    /// Whether an entry names the slot.
    #[inline]
    fn is_named(&self, slot: u32) -> bool {
        self.stack.has_slot_aliases()
            && self
                .stack
                .off()
                .iter()
                .any(|&pos| self.stack.get(pos).loc == Loc::Slot(slot))
    }

    /// Prepares a slot for being written: gives all entries that name it a copy of their own.
    #[inline]
    fn free_slot(&mut self, slot: u32) {
        if self.stack.has_slot_aliases() {
            self.copy_aliases(slot);
        }
    }

    fn copy_aliases(&mut self, slot: u32) {
        let Context {
            emit, stack, frame, ..
        } = self;
        stack.update_off(|_, entry| {
            if entry.loc != Loc::Slot(slot) {
                return None;
            }
            bytecode_rule!(CopyAlias);
            *frame = (*frame).max(entry.home + entry.ty.slots());
            emit.copy(entry.home, slot);
            Some(Loc::Home)
        });
    }

    /// Sends every value in positions `[from, end)` home.
    pub(super) fn send_home(&mut self, from: u32, end: u32) {
        if self.stack.off().last().is_none_or(|&pos| pos < from) {
            return;
        }
        let Context {
            emit, stack, frame, ..
        } = self;
        stack.update_off(|pos, entry| {
            if pos < from || pos >= end {
                return None;
            }
            *frame = (*frame).max(entry.home + entry.ty.slots());
            match entry.source() {
                Src::Slot(slot) => emit.copy(entry.home, slot),
                Src::Const(bits) => emit.constant(entry.home, bits),
                Src::Reg(_) => unreachable!("bytecode has no registers"),
            }
            Some(Loc::Home)
        });
    }

    /// Makes room in the list of positions off home.
    #[cold]
    fn flush(&mut self) {
        const KEEP: usize = 16;
        bytecode_rule!(Flush);
        let off = self.stack.off();
        let end = off[off.len() - KEEP];
        self.send_home(0, end);
    }

    /// Makes the moves listed in [`Context::moves`].
    pub(super) fn resolve_moves(&mut self) {
        if self.moves.is_empty() {
            return;
        }
        // Behind everything: what moves goes from positions of the stack to lower ones.
        let scratch = self.stack.end_slot();
        self.reserve(scratch + 2);
        self.emit.set_move_scratch(scratch);
        self.moves.resolve(&mut self.emit);
    }
}
