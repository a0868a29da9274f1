//! Moves: between registers, constants, memory and the stack. None of them changes
//! flags, except [`Masm::zero`].

use super::inst::{Form, InstBuf};
use super::{Masm, Mem, Patch32, Size, asm};
use crate::x64::reg::{Gpr, Xmm};
use microwasm::op::LoadOp;

impl Masm {
    /// `dst = src`; the 32-bit form zero-extends.
    #[inline]
    pub fn mov_rr(&mut self, size: Size, dst: Gpr, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; mov Rd(dst.0), Rd(src.0));
        self.emit_reg(inst.size(0, size), 0);
    }

    /// `dst = bits`, in the shortest form that leaves the flags alone.
    #[inline]
    pub fn mov_ri(&mut self, dst: Gpr, bits: u64) {
        let mut inst = InstBuf::new();
        if let Ok(bits) = u32::try_from(bits) {
            asm!(inst; mov Rd(dst.0), DWORD bits as i32);
        } else if let Ok(bits) = i32::try_from(bits as i64) {
            asm!(inst; mov Rq(dst.0), DWORD bits);
        } else {
            asm!(inst; mov Rq(dst.0), QWORD bits as i64);
        }
        self.emit_reg(inst, 0);
    }

    /// `dst = 0`. Changes flags.
    #[inline]
    pub fn zero(&mut self, dst: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; xor Rd(dst.0), Rd(dst.0));
        self.emit_reg(inst, 0);
    }

    /// `dst = [mem]`; the 32-bit form zero-extends.
    #[inline]
    pub fn load(&mut self, size: Size, dst: Gpr, mem: Mem) {
        let mut inst = InstBuf::new();
        asm!(inst; mov Rd(dst.0), [Rq(mem.base.0) + Rq(mem.sib_index())]);
        self.emit_mem(inst.size(0, size), Form::OP, mem);
    }

    /// `[mem] = src`
    #[inline]
    pub fn store(&mut self, size: Size, mem: Mem, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; mov [Rq(mem.base.0) + Rq(mem.sib_index())], Rd(src.0));
        self.emit_mem(inst.size(0, size), Form::OP, mem);
    }

    /// [`Masm::load`] from [`Mem::slot`]: what is emitted most.
    #[inline(never)]
    pub fn load_slot(&mut self, size: Size, dst: Gpr, offset: i32) {
        let offset = offset.wrapping_add(self.sp_adjust);
        let mut inst = InstBuf::new();
        if let Ok(offset) = i8::try_from(offset) {
            asm!(inst; mov Rd(dst.0), [BYTE rsp + offset]);
            inst = inst.drop_zero_displacement(Form::OP);
        } else {
            asm!(inst; mov Rd(dst.0), [DWORD rsp + offset]);
        }
        self.emit_reg(inst.size(0, size), 0);
    }

    /// [`Masm::store`] to [`Mem::slot`].
    #[inline(never)]
    pub fn store_slot(&mut self, size: Size, offset: i32, src: Gpr) {
        let offset = offset.wrapping_add(self.sp_adjust);
        let mut inst = InstBuf::new();
        if let Ok(offset) = i8::try_from(offset) {
            asm!(inst; mov [BYTE rsp + offset], Rd(src.0));
            inst = inst.drop_zero_displacement(Form::OP);
        } else {
            asm!(inst; mov [DWORD rsp + offset], Rd(src.0));
        }
        self.emit_reg(inst.size(0, size), 0);
    }

    /// `[mem] = imm`; the 64-bit form sign-extends it.
    #[inline]
    pub fn store_imm(&mut self, size: Size, mem: Mem, imm: i32) {
        let mut inst = InstBuf::new();
        asm!(inst; mov DWORD [Rq(mem.base.0) + Rq(mem.sib_index())], imm);
        self.emit_mem(inst.size(0, size), Form::OP, mem);
    }

    /// An integer load with the extension that `op` asks for; the result's upper half is
    /// zero when its type is `i32`.
    ///
    /// # Panics
    /// In debug builds, for `f32` and `f64`: those are [`Masm::fload`]'s.
    pub fn load_ext(&mut self, op: LoadOp, dst: Gpr, mem: Mem) {
        debug_assert!(
            !matches!(op, LoadOp::F32 | LoadOp::F64),
            "{op:?} is not an integer load"
        );
        let (d, b, i) = (dst.0, mem.base.0, mem.sib_index());
        let mut inst = InstBuf::new();
        // In each arm, where the instruction is a constant.
        match op {
            LoadOp::I32 | LoadOp::F32 | LoadOp::I64Load32U => {
                asm!(inst; mov Rd(d), [Rq(b) + Rq(i)]);
                self.emit_mem(inst, Form::OP, mem);
            }
            LoadOp::I64 | LoadOp::F64 => {
                asm!(inst; mov Rq(d), [Rq(b) + Rq(i)]);
                self.emit_mem(inst, Form::OP, mem);
            }
            LoadOp::I64Load32S => {
                asm!(inst; movsxd Rq(d), DWORD [Rq(b) + Rq(i)]);
                self.emit_mem(inst, Form::OP, mem);
            }
            LoadOp::I32Load8U | LoadOp::I64Load8U => {
                asm!(inst; movzx Rd(d), BYTE [Rq(b) + Rq(i)]);
                self.emit_mem(inst, Form::OP_0F, mem);
            }
            LoadOp::I32Load16U | LoadOp::I64Load16U => {
                asm!(inst; movzx Rd(d), WORD [Rq(b) + Rq(i)]);
                self.emit_mem(inst, Form::OP_0F, mem);
            }
            LoadOp::I32Load8S => {
                asm!(inst; movsx Rd(d), BYTE [Rq(b) + Rq(i)]);
                self.emit_mem(inst, Form::OP_0F, mem);
            }
            LoadOp::I32Load16S => {
                asm!(inst; movsx Rd(d), WORD [Rq(b) + Rq(i)]);
                self.emit_mem(inst, Form::OP_0F, mem);
            }
            LoadOp::I64Load8S => {
                asm!(inst; movsx Rq(d), BYTE [Rq(b) + Rq(i)]);
                self.emit_mem(inst, Form::OP_0F, mem);
            }
            LoadOp::I64Load16S => {
                asm!(inst; movsx Rq(d), WORD [Rq(b) + Rq(i)]);
                self.emit_mem(inst, Form::OP_0F, mem);
            }
        }
    }

    /// Stores the low `bytes` (1, 2, 4 or 8) bytes of `src`.
    #[inline]
    pub fn store_narrow(&mut self, bytes: u32, mem: Mem, src: Gpr) {
        let (s, b, i) = (src.0, mem.base.0, mem.sib_index());
        let mut inst = InstBuf::new();
        match bytes {
            1 => {
                asm!(inst; mov [Rq(b) + Rq(i)], Rb(s));
                self.emit_mem8(inst, mem, src);
            }
            2 => {
                asm!(inst; mov [Rq(b) + Rq(i)], Rw(s));
                self.emit_mem(inst, Form::PREFIX_OP, mem);
            }
            4 => self.store(Size::S32, mem, src),
            _ => {
                debug_assert_eq!(bytes, 8);
                self.store(Size::S64, mem, src);
            }
        }
    }

    /// Stores the low `bytes` (1, 2, 4 or 8) bytes of the sign-extended `imm`.
    #[inline]
    pub fn store_imm_narrow(&mut self, bytes: u32, mem: Mem, imm: i32) {
        let (b, i) = (mem.base.0, mem.sib_index());
        let mut inst = InstBuf::new();
        match bytes {
            1 => {
                asm!(inst; mov BYTE [Rq(b) + Rq(i)], imm as i8);
                self.emit_mem(inst, Form::OP, mem);
            }
            2 => {
                asm!(inst; mov WORD [Rq(b) + Rq(i)], imm as i16);
                self.emit_mem(inst, Form::PREFIX_OP, mem);
            }
            4 => self.store_imm(Size::S32, mem, imm),
            _ => {
                debug_assert_eq!(bytes, 8);
                self.store_imm(Size::S64, mem, imm);
            }
        }
    }

    /// `dst` = the address `mem`; the 32-bit form truncates and zero-extends it.
    #[inline]
    pub fn lea(&mut self, size: Size, dst: Gpr, mem: Mem) {
        let mut inst = InstBuf::new();
        asm!(inst; lea Rd(dst.0), [Rq(mem.base.0) + Rq(mem.sib_index())]);
        self.emit_mem(inst.size(0, size), Form::OP, mem);
    }

    /// `dst = base + 8 * index`
    #[inline]
    pub fn lea_scaled8(&mut self, dst: Gpr, base: Gpr, index: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; lea Rq(dst.0), [BYTE Rq(base.0) + Rq(index.0) * 8 + 0]);
        self.emit(inst);
    }

    /// Exchanges two whole registers.
    #[inline]
    pub fn xchg(&mut self, a: Gpr, b: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; xchg Rq(a.0), Rq(b.0));
        self.emit(inst);
    }

    /// Pushes all 64 bits. The caller accounts for the change of `rsp`.
    #[inline]
    pub fn push(&mut self, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; push Rq(src.0));
        self.emit_reg(inst, 0);
    }

    /// Pops all 64 bits. The caller accounts for the change of `rsp`.
    #[inline]
    pub fn pop(&mut self, dst: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; pop Rq(dst.0));
        self.emit_reg(inst, 0);
    }

    /// `dst = src`, all 128 bits.
    #[inline]
    pub fn fmov_rr(&mut self, dst: Xmm, src: Xmm) {
        let mut inst = InstBuf::new();
        asm!(inst; movaps Rx(dst.0), Rx(src.0));
        self.emit_reg(inst, 0);
    }

    /// `dst = [mem]`, the rest of the register zero.
    #[inline]
    pub fn fload(&mut self, size: Size, dst: Xmm, mem: Mem) {
        let mut inst = InstBuf::new();
        asm!(inst; movss Rx(dst.0), [Rq(mem.base.0) + Rq(mem.sib_index())]);
        self.emit_mem(inst.scalar(size), Form::PREFIX_OP_0F, mem);
    }

    /// `[mem] = src`
    #[inline]
    pub fn fstore(&mut self, size: Size, mem: Mem, src: Xmm) {
        let mut inst = InstBuf::new();
        asm!(inst; movss [Rq(mem.base.0) + Rq(mem.sib_index())], Rx(src.0));
        self.emit_mem(inst.scalar(size), Form::PREFIX_OP_0F, mem);
    }

    /// Loads 16 bytes, aligned or not.
    #[inline]
    pub fn vload(&mut self, dst: Xmm, mem: Mem) {
        let mut inst = InstBuf::new();
        asm!(inst; movups Rx(dst.0), [Rq(mem.base.0) + Rq(mem.sib_index())]);
        self.emit_mem(inst, Form::OP_0F, mem);
    }

    /// Stores 16 bytes, aligned or not.
    #[inline]
    pub fn vstore(&mut self, mem: Mem, src: Xmm) {
        let mut inst = InstBuf::new();
        asm!(inst; movups [Rq(mem.base.0) + Rq(mem.sib_index())], Rx(src.0));
        self.emit_mem(inst, Form::OP_0F, mem);
    }

    /// `dst` = the bits of `src`, the rest of the register zero.
    #[inline]
    pub fn gpr_to_xmm(&mut self, size: Size, dst: Xmm, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; movd Rx(dst.0), Rd(src.0));
        self.emit_reg(inst.size(1, size), 1);
    }

    /// `dst` = the low bits of `src`; the 32-bit form zero-extends.
    #[inline]
    pub fn xmm_to_gpr(&mut self, size: Size, dst: Gpr, src: Xmm) {
        let mut inst = InstBuf::new();
        asm!(inst; movd Rd(dst.0), Rx(src.0));
        self.emit_reg(inst.size(1, size), 1);
    }

    /// `dst = 0`, all 128 bits. Leaves the flags alone.
    #[inline]
    pub fn fzero(&mut self, dst: Xmm) {
        self.fxor(dst, dst);
    }

    /// `dst = [rsp + disp32]`, the displacement to be patched in.
    pub fn load_patchable(&mut self, size: Size, dst: Gpr) -> Patch32 {
        let mut inst = InstBuf::new();
        asm!(inst; mov Rd(dst.0), [DWORD rsp + 0]);
        self.emit_reg(inst.size(0, size), 0);
        self.buf.patch_here()
    }

    /// `dst = [rsp + disp32]`, the displacement to be patched in.
    pub fn fload_patchable(&mut self, size: Size, dst: Xmm) -> Patch32 {
        let mut inst = InstBuf::new();
        asm!(inst; movss Rx(dst.0), [DWORD rsp + 0]);
        self.emit_reg(inst.scalar(size), 1);
        self.buf.patch_here()
    }

    /// `[rsp + disp32] = src`, the displacement to be patched in.
    pub fn store_patchable(&mut self, size: Size, src: Gpr) -> Patch32 {
        let mut inst = InstBuf::new();
        asm!(inst; mov [DWORD rsp + 0], Rd(src.0));
        self.emit_reg(inst.size(0, size), 0);
        self.buf.patch_here()
    }

    /// `[rsp + disp32] = src`, the displacement to be patched in.
    pub fn fstore_patchable(&mut self, size: Size, src: Xmm) -> Patch32 {
        let mut inst = InstBuf::new();
        asm!(inst; movss [DWORD rsp + 0], Rx(src.0));
        self.emit_reg(inst.scalar(size), 1);
        self.buf.patch_here()
    }
}
