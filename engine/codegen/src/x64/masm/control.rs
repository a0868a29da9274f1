//! Jumps, calls, jump tables, the stack pointer, and padding.

use super::inst::{Form, InstBuf};
use super::{Alu, Cond, JumpLabel, Masm, Mem, Patch32, Size, asm};
use crate::stencil::{Builtin, CodeOffset, ExternalName, RelocKind};
use crate::x64::buffer::PADDING;
use crate::x64::reg::Gpr;
use microwasm::FuncIndex;

/// The addend of a relocation whose field ends the instruction: `P` is the field's
/// address, the machine counts from its end.
const CALL_ADDEND: i32 = -4;

/// `r11 = [vmctx + slot]`, then jumps to the address at `[r11 + entry]`. Of fixed length,
/// and built without a buffer, because the linker makes one per imported function.
pub fn load_and_jump(slot: i32, entry: i32) -> [u8; 16] {
    let mut inst = InstBuf::new();
    asm!(inst; mov r11, [DWORD r15 + slot]; jmp QWORD [DWORD r11 + entry]);
    let mut bytes = inst.bits.to_le_bytes();
    bytes[inst.len as usize..].fill(PADDING);
    bytes
}

/// `r11 = [vmctx + slot]`, then jumps to the address at `[rip + disp32]`, which the linker
/// fills in. Also tells where those four bytes are.
pub fn load_and_jump_external(slot: i32) -> ([u8; 16], CodeOffset, i32) {
    let mut inst = InstBuf::new();
    asm!(inst; mov r11, [DWORD r15 + slot]; jmp QWORD [rip + 0]);
    let mut bytes = inst.bits.to_le_bytes();
    bytes[inst.len as usize..].fill(PADDING);
    (bytes, CodeOffset(inst.len - 4), CALL_ADDEND)
}

impl Masm {
    /// Distance of a two-byte jump from here to `label`, if it is bound and near enough.
    #[inline]
    fn short_distance(&self, label: JumpLabel) -> Option<i8> {
        let after = self.buf.offset().0 + 2;
        let distance = self.buf.bound_at(label)?.wrapping_sub(after) as i32;
        i8::try_from(distance).ok()
    }

    /// Jumps to `label`. Goes away again when `label` is bound right behind it.
    #[inline]
    pub fn jmp(&mut self, label: JumpLabel) {
        let mut inst = InstBuf::new();
        if let Some(distance) = self.short_distance(label) {
            asm!(inst; jmp BYTE distance);
            return self.emit(inst);
        }
        asm!(inst; jmp DWORD 0);
        self.emit(inst);
        self.buf.use_label(label);
        if !self.buf.is_bound(label) {
            self.buf.note_tail_jump(label);
        }
    }

    /// Jumps to `label` if `cond` holds.
    #[inline]
    pub fn jcc(&mut self, cond: Cond, label: JumpLabel) {
        let mut inst = InstBuf::new();
        // dynasm's conditional jumps only take labels of its own.
        if let Some(distance) = self.short_distance(label) {
            asm!(inst; .u8 0x70 | cond as u8; .i8 distance);
            return self.emit(inst);
        }
        asm!(inst; .u8 0x0f; .u8 0x80 | cond as u8; .i32 0);
        self.emit(inst);
        self.buf.use_label(label);
    }

    /// Jumps to the address in `target`.
    #[inline]
    pub fn jmp_r(&mut self, target: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; jmp Rq(target.0));
        self.emit_reg(inst, 0);
    }

    /// Jumps to the address at `mem`.
    #[inline]
    pub fn jmp_m(&mut self, mem: Mem) {
        let mut inst = InstBuf::new();
        asm!(inst; jmp QWORD [Rq(mem.base.0) + Rq(mem.sib_index())]);
        self.emit_mem(inst, Form::OP, mem);
    }

    /// Calls the address at `mem`.
    #[inline]
    pub fn call_m(&mut self, mem: Mem) {
        let mut inst = InstBuf::new();
        asm!(inst; call QWORD [Rq(mem.base.0) + Rq(mem.sib_index())]);
        self.emit_mem(inst, Form::OP, mem);
    }

    /// Calls a function of the module, or the thunk of an imported one.
    #[inline]
    pub fn call_func(&mut self, func: FuncIndex) {
        let mut inst = InstBuf::new();
        asm!(inst; call 0);
        self.emit(inst);
        self.buf
            .add_reloc(RelocKind::Plt32, ExternalName::Func(func), CALL_ADDEND);
    }

    /// Calls a function of the runtime: six bytes, whether near or far.
    #[inline]
    pub fn call_builtin(&mut self, builtin: Builtin) {
        let mut inst = InstBuf::new();
        asm!(inst; call QWORD [rip + 0]);
        self.emit(inst);
        self.buf.add_reloc(
            RelocKind::GotPcRelX,
            ExternalName::Builtin(builtin),
            CALL_ADDEND,
        );
    }

    /// `dst` = the address of `label`.
    #[inline]
    pub fn lea_label(&mut self, dst: Gpr, label: JumpLabel) {
        let mut inst = InstBuf::new();
        asm!(inst; lea Rq(dst.0), [rip + 0]);
        self.emit(inst);
        self.buf.use_label(label);
    }

    /// `dst` = the entry `index` of the jump table at `base`, sign-extended.
    #[inline]
    pub fn load_jump_table_entry(&mut self, dst: Gpr, base: Gpr, index: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; movsxd Rq(dst.0), DWORD [BYTE Rq(base.0) + Rq(index.0) * 4 + 0]);
        self.emit(inst);
    }

    /// Overwrites the function's first instructions, at least five bytes, by a jump to `target`.
    pub fn overwrite_entry_with_jump(&mut self, target: CodeOffset) {
        const LENGTH: u32 = 5;
        let mut inst = InstBuf::new();
        asm!(inst; jmp DWORD target.0.wrapping_sub(LENGTH) as i32);
        self.buf
            .overwrite_entry(&inst.bits.to_le_bytes()[..LENGTH as usize]);
    }

    /// Returns.
    #[inline]
    pub fn ret(&mut self) {
        let mut inst = InstBuf::new();
        asm!(inst; ret);
        self.emit(inst);
    }

    /// Faults. For places that are never reached.
    #[inline]
    pub fn ud2(&mut self) {
        let mut inst = InstBuf::new();
        asm!(inst; ud2);
        self.emit(inst);
    }

    /// `bytes` bytes that do nothing, in as few instructions as possible.
    pub fn nop(&mut self, bytes: usize) {
        /// The forms that Intel's and AMD's manuals recommend, by length.
        const NOPS: [u128; 9] = [
            0x90, 0x9066, 0x1f0f, 0x401f0f, 0x441f0f, 0x441f0f66, 0x801f0f, 0x841f0f, 0x841f0f66,
        ];
        let mut left = bytes;
        while left > 0 {
            let len = left.min(NOPS.len());
            self.buf.append(NOPS[len - 1], len as u32);
            left -= len;
        }
    }

    /// Pads to the next multiple of `to`, a power of two of at most 16, with instructions
    /// that do nothing.
    pub fn align(&mut self, to: u32) {
        let at = self.buf.offset().0;
        self.nop((at.next_multiple_of(to) - at) as usize);
    }

    /// `rsp -= imm32`, to be patched in. Changes flags.
    pub fn sub_rsp_patchable(&mut self) -> Patch32 {
        let mut inst = InstBuf::new();
        asm!(inst; sub rsp, DWORD 0);
        self.emit(inst);
        self.buf.patch_here()
    }

    /// `rsp += imm32`, to be patched in. Changes flags.
    pub fn add_rsp_patchable(&mut self) -> Patch32 {
        let mut inst = InstBuf::new();
        asm!(inst; add rsp, DWORD 0);
        self.emit(inst);
        self.buf.patch_here()
    }

    /// `rsp += imm`, which may be negative; nothing for 0. Changes flags.
    #[inline]
    pub fn add_rsp(&mut self, imm: i32) {
        if imm > 0 {
            self.alu_ri(Alu::Add, Size::S64, Gpr::RSP, imm);
        } else if imm < 0 {
            self.alu_ri(Alu::Sub, Size::S64, Gpr::RSP, imm.wrapping_neg());
        }
    }
}
