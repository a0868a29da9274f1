//! Writes instructions into the code buffer.
//!
//! Receives slots as numbers of any size and hides that fields have 16 bits: what lies beyond
//! is copied to and from scratch slots. Remembers the instruction that was written last, so
//! that its result can be sent elsewhere ([`Emitter::redirect`]) or carried over to the next one
//! ([`Carry`]).
//!
//! Invariant: the first field of every instruction with a result is the slot that it goes to.

use super::NARROW_SLOTS;
use super::op::{Carry, Inst, Opcode};
use crate::buffer::{CodeBuffer, JumpLabel};
use crate::moves::{Dst, Move, MoveEmitter, Src};
use crate::stencil::{ExternalName, RelocKind};
use microwasm::ValType;

/// The instruction written last, if it has a result.
#[derive(Clone, Copy, Debug)]
struct LastResult {
    /// Its offset, and that behind it.
    start: u32,
    end: u32,
    slot: u32,
}

/// Scratch slots: operands take them in turn, results the last but one, moves the last.
const SCRATCH: u16 = NARROW_SLOTS as u16;
const SCRATCH_RESULT: u16 = SCRATCH + 6;

/// Writes instructions.
#[derive(Default)]
pub(super) struct Emitter {
    pub(super) buf: CodeBuffer,
    last: Option<LastResult>,
    scratch: u16,
    /// Slot through which cycles of moves go.
    move_scratch: u32,
}

/// The slot's number in the frame, where slots above the scratch slots are moved up.
#[inline]
pub(super) fn frame_slot(slot: u32) -> u32 {
    if slot < NARROW_SLOTS { slot } else { slot + 8 }
}

impl Emitter {
    /// Forgets the previous function.
    pub(super) fn begin_function(&mut self) {
        self.last = None;
        self.scratch = 0;
    }

    #[inline(always)]
    pub(super) fn inst(&mut self, inst: Inst) {
        let (bits, len) = inst.bytes();
        self.buf.append(bits, len);
    }

    // --- slots ---

    /// The field that names a slot which is read.
    #[inline(always)]
    fn src(&mut self, slot: u32) -> u16 {
        if slot < NARROW_SLOTS {
            slot as u16
        } else {
            self.load_wide(slot)
        }
    }

    #[cold]
    #[inline(never)]
    fn load_wide(&mut self, slot: u32) -> u16 {
        self.scratch = (self.scratch + 1) % 6;
        let scratch = SCRATCH + self.scratch;
        self.copy_wide(u32::from(scratch), frame_slot(slot));
        scratch
    }

    /// Between slots of the frame, by their numbers in it.
    fn copy_wide(&mut self, dst: u32, src: u32) {
        self.inst(Inst::new(Opcode::CopyWide).u32(dst).u32(src));
    }

    /// The field that names the slot of a result.
    #[inline(always)]
    fn dst(&self, slot: u32) -> u16 {
        if slot < NARROW_SLOTS {
            slot as u16
        } else {
            SCRATCH_RESULT
        }
    }

    /// Ends an instruction whose result goes to `slot`.
    #[inline(always)]
    fn result(&mut self, inst: Inst, slot: u32) {
        let start = self.buf.offset().0;
        self.inst(inst);
        let end = self.buf.offset().0;
        self.last = Some(LastResult { start, end, slot });
        if slot >= NARROW_SLOTS {
            self.store_wide(slot);
        }
    }

    #[cold]
    #[inline(never)]
    fn store_wide(&mut self, slot: u32) {
        self.last = None;
        self.copy_wide(frame_slot(slot), u32::from(SCRATCH_RESULT));
    }

    /// Begins an instruction with one operand.
    #[inline(always)]
    fn one(&self, opcode: Opcode, slot: u32) -> Inst {
        let carry = if self.has(slot) {
            Carry::First
        } else {
            Carry::Nothing
        };
        Inst::new(opcode).carry(carry)
    }

    /// Begins an instruction with two.
    #[inline(always)]
    fn two(&self, opcode: Opcode, first: u32, second: u32) -> Inst {
        if self.has(second) {
            Inst::new(opcode).carry(Carry::Second)
        } else {
            self.one(opcode, first)
        }
    }

    /// Whether the instruction just before has the slot as its result.
    #[inline(always)]
    fn has(&self, slot: u32) -> bool {
        matches!(self.last, Some(last) if last.slot == slot && last.end == self.buf.offset().0)
    }

    /// Sends the result of the instruction written last from `from` to `to`, if it was the one
    /// that computed what is in `from`.
    pub(super) fn redirect(&mut self, from: u32, to: u32) -> bool {
        match self.last {
            Some(last) if self.has(from) && to < NARROW_SLOTS => {
                self.buf.overwrite16(last.start + 2, to as u16);
                self.last = Some(LastResult { slot: to, ..last });
                true
            }
            _ => false,
        }
    }

    // --- shapes ---

    /// An instruction without fields.
    pub(super) fn plain(&mut self, opcode: Opcode) {
        self.inst(Inst::new(opcode));
    }

    /// `dst ← op`
    pub(super) fn d(&mut self, opcode: Opcode, dst: u32) {
        self.result(Inst::new(opcode).slot(self.dst(dst)), dst);
    }

    /// `dst ← op src`
    #[inline]
    pub(super) fn ds(&mut self, opcode: Opcode, dst: u32, src: u32) {
        let field = self.src(src);
        let inst = self.one(opcode, src).slot(self.dst(dst)).slot(field);
        self.result(inst, dst);
    }

    /// `dst ← op lhs, rhs`
    #[inline]
    pub(super) fn dss(&mut self, opcode: Opcode, dst: u32, lhs: u32, rhs: u32) {
        let fields = (self.src(lhs), self.src(rhs));
        let inst = self.two(opcode, lhs, rhs).slot(self.dst(dst));
        self.result(inst.slot(fields.0).slot(fields.1), dst);
    }

    /// `dst ← op lhs, imm`
    #[inline]
    pub(super) fn dsi(&mut self, opcode: Opcode, dst: u32, lhs: u32, rhs: i32) {
        let field = self.src(lhs);
        let inst = self.one(opcode, lhs).slot(self.dst(dst));
        self.result(inst.slot(field).i32(rhs), dst);
    }

    /// `dst ← op src`, with an unsigned immediate: loads.
    #[inline]
    pub(super) fn dsu(&mut self, opcode: Opcode, dst: u32, src: u32, imm: u32) {
        let field = self.src(src);
        let inst = self.one(opcode, src).slot(self.dst(dst));
        self.result(inst.slot(field).u32(imm), dst);
    }

    /// `dst ← op imm`, unsigned.
    pub(super) fn du(&mut self, opcode: Opcode, dst: u32, imm: u32) {
        self.result(Inst::new(opcode).slot(self.dst(dst)).u32(imm), dst);
    }

    /// `op src, imm`, unsigned.
    pub(super) fn su(&mut self, opcode: Opcode, src: u32, imm: u32) {
        let field = self.src(src);
        self.inst(self.one(opcode, src).slot(field).u32(imm));
    }

    /// `op a, b, imm`, unsigned: stores.
    #[inline]
    pub(super) fn ssu(&mut self, opcode: Opcode, a: u32, b: u32, imm: u32) {
        let fields = (self.src(a), self.src(b));
        let inst = self.two(opcode, a, b);
        self.inst(inst.slot(fields.0).slot(fields.1).u32(imm));
    }

    /// `op a, value, imm`: stores of constants.
    pub(super) fn siu(&mut self, opcode: Opcode, a: u32, value: i32, imm: u32) {
        let field = self.src(a);
        let inst = self.one(opcode, a).slot(field);
        self.inst(inst.i32(value).u32(imm));
    }

    pub(super) fn select(&mut self, dst: u32, cond: u32, then: u32, otherwise: u32) {
        let (field, then, otherwise) = (self.src(cond), self.src(then), self.src(otherwise));
        let inst = self.one(Opcode::Select, cond).slot(self.dst(dst));
        self.result(inst.slot(field).slot(then).slot(otherwise), dst);
    }

    pub(super) fn return_slot(&mut self, value: u32) {
        let field = self.src(value);
        self.inst(self.one(Opcode::ReturnSlot, value).slot(field));
    }

    /// Copies a slot.
    #[inline]
    pub(super) fn copy(&mut self, dst: u32, src: u32) {
        if dst < NARROW_SLOTS && src < NARROW_SLOTS {
            self.ds(Opcode::Copy, dst, src);
        } else {
            self.copy_wide(frame_slot(dst), frame_slot(src));
        }
    }

    /// Puts the bits of a constant into a slot.
    pub(super) fn constant(&mut self, dst: u32, bits: u64) {
        let inst = |opcode| Inst::new(opcode).slot(self.dst(dst));
        let inst = if let Ok(bits) = u32::try_from(bits) {
            inst(Opcode::Const32).i32(bits as i32)
        } else if let Ok(bits) = i32::try_from(bits as i64) {
            inst(Opcode::ConstS32).i32(bits)
        } else {
            inst(Opcode::Const64).u64(bits)
        };
        self.result(inst, dst);
    }

    /// Clears `count` slots from `first` on.
    pub(super) fn zeros(&mut self, first: u32, count: u32) {
        let narrow = NARROW_SLOTS.saturating_sub(first).min(count);
        for (first, count) in [(first, narrow), (first + narrow, count - narrow)] {
            if count > 0 {
                let first = frame_slot(first);
                self.inst(Inst::new(Opcode::Zeros).u32(first).u32(count));
            }
        }
    }

    // --- jumps ---

    /// Makes `label` the target of an instruction all of whose other fields are there.
    #[inline]
    pub(super) fn jump(&mut self, inst: Inst, label: JumpLabel) {
        self.inst(inst.i32(0));
        self.buf.use_label(label);
    }

    pub(super) fn br(&mut self, label: JumpLabel) {
        self.jump(Inst::new(Opcode::Br), label);
    }

    /// Jumps when the slot is zero, or not, as the opcode says.
    pub(super) fn br_slot(&mut self, opcode: Opcode, cond: u32, label: JumpLabel) {
        let field = self.src(cond);
        self.jump(self.one(opcode, cond).slot(field), label);
    }

    /// Jumps when two slots compare so.
    pub(super) fn br_slots(&mut self, opcode: Opcode, lhs: u32, rhs: u32, label: JumpLabel) {
        let fields = (self.src(lhs), self.src(rhs));
        let inst = self.two(opcode, lhs, rhs);
        self.jump(inst.slot(fields.0).slot(fields.1), label);
    }

    /// Jumps when a slot and a constant compare so.
    pub(super) fn br_imm(&mut self, opcode: Opcode, lhs: u32, rhs: i32, label: JumpLabel) {
        let field = self.src(lhs);
        self.jump(self.one(opcode, lhs).slot(field).i32(rhs), label);
    }

    /// Binds a label here: the instruction before does not dominate what follows any more.
    pub(super) fn bind(&mut self, label: JumpLabel) {
        self.buf.bind(label);
        self.last = None;
    }

    /// The instruction written last may not be all that leads here.
    pub(super) fn forget_last(&mut self) {
        self.last = None;
    }

    /// Begins a branch table of `count` jumps and a default.
    pub(super) fn br_table(&mut self, index: u32, count: u32) {
        self.su(Opcode::BrTable, index, count);
    }

    // --- calls ---

    /// A call, to be filled in by the linker. `base` is narrow.
    pub(super) fn call(&mut self, base: u32, callee: ExternalName) {
        let inst = match callee {
            ExternalName::Func(_) => Inst::new(Opcode::Call)
                .slot(base as u16)
                .i32(super::UNRESOLVED as i32),
            ExternalName::Builtin(_) => Inst::new(Opcode::CallIndirectHost)
                .slot(base as u16)
                .u32(super::UNRESOLVED),
        };
        self.inst(inst);
        self.buf.add_reloc(RelocKind::BytecodeCall, callee, -4);
    }

    /// A call through a table. `base` is narrow.
    pub(super) fn call_indirect(
        &mut self,
        opcode: Opcode,
        base: u32,
        index: u32,
        table: u32,
        sig: u32,
    ) {
        let field = self.src(index);
        let inst = self.one(opcode, index).slot(base as u16).slot(field);
        self.inst(inst.u32(table).u32(sig));
    }

    /// Moves the frame.
    pub(super) fn adjust_frame(&mut self, slots: i32) {
        self.inst(Inst::new(Opcode::AdjustFrame).i32(slots));
    }

    /// Says which slot moves may use for a moment.
    pub(super) fn set_move_scratch(&mut self, slot: u32) {
        self.move_scratch = slot;
    }
}

impl MoveEmitter for Emitter {
    fn emit(&mut self, mv: &Move) {
        let Dst::Slot(dst) = mv.dst else {
            unreachable!("bytecode moves values between slots")
        };
        cover!(BytecodeMoves, matches!(mv.src, Src::Const(_)));
        match mv.src {
            Src::Slot(src) => self.copy(dst, src),
            Src::Const(bits) => self.constant(dst, bits),
            Src::Reg(_) => unreachable!("bytecode has no registers"),
        }
    }

    fn scratch(&mut self, _: Dst, _: ValType) -> Dst {
        Dst::Slot(self.move_scratch)
    }

    fn is_scratch(&self, place: Dst) -> bool {
        place == Dst::Slot(self.move_scratch)
    }
}
