//! Scalar floating-point arithmetic and comparison.

use super::inst::{Form, InstBuf};
use super::{FloatOp, Masm, Mem, Round, Size, asm};
use crate::x64::reg::Xmm;

impl FloatOp {
    /// What makes the opcode of `sqrt` that of this operation.
    #[inline(always)]
    fn field(self) -> u8 {
        self as u8 ^ FloatOp::Sqrt as u8
    }
}

impl Masm {
    /// `dst = dst op src`, or `sqrt(src)`; the rest of the register stays.
    #[inline]
    pub fn fop(&mut self, op: FloatOp, size: Size, dst: Xmm, src: Xmm) {
        let mut inst = InstBuf::new();
        asm!(inst; sqrtss Rx(dst.0), Rx(src.0));
        self.emit_reg(inst.scalar(size).xor(3, op.field()), 1);
    }

    /// `dst = dst op [mem]`, or `sqrt([mem])`; the rest of the register stays.
    #[inline]
    pub fn fop_rm(&mut self, op: FloatOp, size: Size, dst: Xmm, mem: Mem) {
        let mut inst = InstBuf::new();
        asm!(inst; sqrtss Rx(dst.0), [Rq(mem.base.0) + Rq(mem.sib_index())]);
        self.emit_mem(
            inst.scalar(size).xor(3, op.field()),
            Form::PREFIX_OP_0F,
            mem,
        );
    }

    /// `dst = a op b`, or `sqrt(b)`; the rest of the register comes from `a`. Needs AVX.
    #[inline]
    pub fn fop_avx(&mut self, op: FloatOp, size: Size, dst: Xmm, a: Xmm, b: Xmm) {
        debug_assert!(self.features.avx);
        let mut inst = InstBuf::new();
        asm!(inst; vsqrtss Rx(dst.0), Rx(a.0), Rx(b.0));
        // The prefix's last two bits tell single (2, as F3) from double (3, as F2).
        self.emit(inst.or(2, size as u8).xor(3, op.field()).shorten_vex());
    }

    /// Compares; sets carry, zero and parity, all three if unordered.
    #[inline]
    pub fn ucomis(&mut self, size: Size, a: Xmm, b: Xmm) {
        let mut inst = InstBuf::new();
        match size {
            Size::S32 => {
                asm!(inst; ucomiss Rx(a.0), Rx(b.0));
                self.emit_reg(inst, 0);
            }
            Size::S64 => {
                asm!(inst; ucomisd Rx(a.0), Rx(b.0));
                self.emit_reg(inst, 1);
            }
        }
    }

    /// Compares with memory; see [`Masm::ucomis`].
    #[inline]
    pub fn ucomis_rm(&mut self, size: Size, a: Xmm, mem: Mem) {
        let mut inst = InstBuf::new();
        match size {
            Size::S32 => {
                asm!(inst; ucomiss Rx(a.0), [Rq(mem.base.0) + Rq(mem.sib_index())]);
                self.emit_mem(inst, Form::OP_0F, mem);
            }
            Size::S64 => {
                asm!(inst; ucomisd Rx(a.0), [Rq(mem.base.0) + Rq(mem.sib_index())]);
                self.emit_mem(inst, Form::PREFIX_OP_0F, mem);
            }
        }
    }

    /// `dst` = `src` rounded to an integral value; the rest of the register stays. Needs SSE4.1.
    #[inline]
    pub fn fround(&mut self, round: Round, size: Size, dst: Xmm, src: Xmm) {
        debug_assert!(self.features.sse41);
        let mut inst = InstBuf::new();
        asm!(inst; roundss Rx(dst.0), Rx(src.0), BYTE round as i8);
        self.emit_reg(inst.or(4, size as u8), 1);
    }

    /// `dst = dst & src`, all 128 bits.
    #[inline]
    pub fn fand(&mut self, dst: Xmm, src: Xmm) {
        let mut inst = InstBuf::new();
        asm!(inst; andps Rx(dst.0), Rx(src.0));
        self.emit_reg(inst, 0);
    }

    /// `dst = !dst & src`, all 128 bits.
    #[inline]
    pub fn fandn(&mut self, dst: Xmm, src: Xmm) {
        let mut inst = InstBuf::new();
        asm!(inst; andnps Rx(dst.0), Rx(src.0));
        self.emit_reg(inst, 0);
    }

    /// `dst = dst | src`, all 128 bits.
    #[inline]
    pub fn for_(&mut self, dst: Xmm, src: Xmm) {
        let mut inst = InstBuf::new();
        asm!(inst; orps Rx(dst.0), Rx(src.0));
        self.emit_reg(inst, 0);
    }

    /// `dst = dst ^ src`, all 128 bits.
    #[inline]
    pub fn fxor(&mut self, dst: Xmm, src: Xmm) {
        let mut inst = InstBuf::new();
        asm!(inst; xorps Rx(dst.0), Rx(src.0));
        self.emit_reg(inst, 0);
    }
}
