//! Integer arithmetic, comparison and bit counting. 32-bit forms zero the upper
//! half of their destination. Flags are changed as the machine does, unless noted.

use super::inst::{Form, InstBuf};
use super::{Alu, Cond, Masm, Mem, Size, asm};
use crate::x64::reg::Gpr;
use microwasm::op::{ExtendOp, ShiftOp};

impl Alu {
    /// The operation in an opcode, and likewise in a ModRM byte that has room for it.
    #[inline(always)]
    fn field(self) -> u8 {
        (self as u8) << 3
    }
}

/// The operation in the ModRM byte of a shift or rotate.
#[inline(always)]
fn shift_field(op: ShiftOp) -> u8 {
    let digit = match op {
        ShiftOp::Rotl => 0,
        ShiftOp::Rotr => 1,
        ShiftOp::Shl => 4,
        ShiftOp::ShrU => 5,
        ShiftOp::ShrS => 7,
    };
    digit << 3
}

impl Masm {
    /// `dst = dst op src`; `cmp` only sets flags.
    #[inline]
    pub fn alu_rr(&mut self, op: Alu, size: Size, dst: Gpr, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; add Rd(dst.0), Rd(src.0));
        self.emit_reg(inst.or(1, op.field()).size(0, size), 0);
    }

    /// `dst = dst op imm`, sign-extended.
    #[inline]
    pub fn alu_ri(&mut self, op: Alu, size: Size, dst: Gpr, imm: i32) {
        let mut inst = InstBuf::new();
        if let Ok(imm) = i8::try_from(imm) {
            asm!(inst; add Rd(dst.0), BYTE imm);
        } else {
            asm!(inst; add Rd(dst.0), DWORD imm);
        }
        self.emit_reg(inst.or(2, op.field()).size(0, size), 0);
    }

    /// `dst = dst op [mem]`
    #[inline]
    pub fn alu_rm(&mut self, op: Alu, size: Size, dst: Gpr, mem: Mem) {
        let mut inst = InstBuf::new();
        asm!(inst; add Rd(dst.0), [Rq(mem.base.0) + Rq(mem.sib_index())]);
        self.emit_mem(inst.or(1, op.field()).size(0, size), Form::OP, mem);
    }

    /// `[mem] = [mem] op imm`, sign-extended.
    #[inline]
    pub fn alu_mi(&mut self, op: Alu, size: Size, mem: Mem, imm: i32) {
        /// Bit of the opcode that makes the immediate one sign-extended byte.
        const IMM8: u8 = 2;
        let mut inst = InstBuf::new();
        asm!(inst; add DWORD [Rq(mem.base.0) + Rq(mem.sib_index())], imm);
        let mut inst = inst.or(2, op.field()).size(0, size);
        if i8::try_from(imm).is_ok() {
            inst = inst.or(1, IMM8).truncate(inst.len - 3);
        }
        self.emit_mem(inst, Form::OP, mem);
    }

    /// `[mem] = [mem] op src`
    #[inline]
    pub fn alu_mr(&mut self, op: Alu, size: Size, mem: Mem, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; add [Rq(mem.base.0) + Rq(mem.sib_index())], Rd(src.0));
        self.emit_mem(inst.or(1, op.field()).size(0, size), Form::OP, mem);
    }

    /// Sets flags for `a & b`.
    #[inline]
    pub fn test_rr(&mut self, size: Size, a: Gpr, b: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; test Rd(a.0), Rd(b.0));
        self.emit_reg(inst.size(0, size), 0);
    }

    /// Sets flags for `a & imm`, sign-extended.
    #[inline]
    pub fn test_ri(&mut self, size: Size, a: Gpr, imm: i32) {
        let mut inst = InstBuf::new();
        asm!(inst; test Rd(a.0), DWORD imm);
        self.emit_reg(inst.size(0, size), 0);
    }

    /// `dst = dst * src`
    #[inline]
    pub fn imul_rr(&mut self, size: Size, dst: Gpr, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; imul Rd(dst.0), Rd(src.0));
        self.emit_reg(inst.size(0, size), 0);
    }

    /// `dst = dst * [mem]`
    #[inline]
    pub fn imul_rm(&mut self, size: Size, dst: Gpr, mem: Mem) {
        let mut inst = InstBuf::new();
        asm!(inst; imul Rd(dst.0), [Rq(mem.base.0) + Rq(mem.sib_index())]);
        self.emit_mem(inst.size(0, size), Form::OP_0F, mem);
    }

    /// `dst = src * imm`, sign-extended.
    #[inline]
    pub fn imul_rri(&mut self, size: Size, dst: Gpr, src: Gpr, imm: i32) {
        let mut inst = InstBuf::new();
        if let Ok(imm) = i8::try_from(imm) {
            asm!(inst; imul Rd(dst.0), Rd(src.0), BYTE imm);
        } else {
            asm!(inst; imul Rd(dst.0), Rd(src.0), DWORD imm);
        }
        self.emit_reg(inst.size(0, size), 0);
    }

    /// `dst = -dst`
    #[inline]
    pub fn neg(&mut self, size: Size, dst: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; neg Rd(dst.0));
        self.emit_reg(inst.size(0, size), 0);
    }

    /// `dst = !dst`. Leaves the flags alone.
    #[inline]
    pub fn not(&mut self, size: Size, dst: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; not Rd(dst.0));
        self.emit_reg(inst.size(0, size), 0);
    }

    /// `dst = dst op cl`, the count modulo the size.
    #[inline]
    pub fn shift_cl(&mut self, op: ShiftOp, size: Size, dst: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; rol Rd(dst.0), cl);
        self.emit_reg(inst.or(2, shift_field(op)).size(0, size), 0);
    }

    /// `dst = dst op count`, the count modulo the size.
    #[inline]
    pub fn shift_ri(&mut self, op: ShiftOp, size: Size, dst: Gpr, count: u8) {
        let mut inst = InstBuf::new();
        asm!(inst; rol Rd(dst.0), BYTE count as i8);
        self.emit_reg(inst.or(2, shift_field(op)).size(0, size), 0);
    }

    /// `dst = src op count`, the count modulo the size, without touching flags. Needs BMI2.
    ///
    /// # Panics
    /// In debug builds, for rotations, which have no such form.
    #[inline]
    pub fn shift_bmi2(&mut self, op: ShiftOp, size: Size, dst: Gpr, src: Gpr, count: Gpr) {
        debug_assert!(self.features.bmi2);
        let (d, s, c) = (dst.0, src.0, count.0);
        let mut inst = InstBuf::new();
        match op {
            ShiftOp::ShrS => asm!(inst; sarx Rd(d), Rd(s), Rd(c)),
            ShiftOp::ShrU => asm!(inst; shrx Rd(d), Rd(s), Rd(c)),
            ShiftOp::Shl | ShiftOp::Rotl | ShiftOp::Rotr => {
                debug_assert_eq!(op, ShiftOp::Shl);
                asm!(inst; shlx Rd(d), Rd(s), Rd(c));
            }
        }
        // VEX.W lies in the top bit of the prefix's third byte.
        self.emit(inst.or(2, (size as u8) << 7));
    }

    /// `dst = src` rotated right by `count`, which is less than the width. Leaves the flags
    /// alone. Needs BMI2.
    #[inline]
    pub fn rorx(&mut self, size: Size, dst: Gpr, src: Gpr, count: u8) {
        debug_assert!(self.features.bmi2);
        let mut inst = InstBuf::new();
        asm!(inst; rorx Rd(dst.0), Rd(src.0), BYTE count as i8);
        self.emit(inst.or(2, (size as u8) << 7));
    }

    /// `edx` (`rdx`) = the sign of `eax` (`rax`), in all bits. Leaves the flags alone.
    #[inline]
    pub fn cdq(&mut self, size: Size) {
        let mut inst = InstBuf::new();
        match size {
            Size::S32 => asm!(inst; cdq),
            Size::S64 => asm!(inst; cqo),
        }
        self.emit(inst);
    }

    /// Unsigned division of `rdx:rax`: quotient in `rax`, remainder in `rdx`.
    #[inline]
    pub fn div(&mut self, size: Size, divisor: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; div Rd(divisor.0));
        self.emit_reg(inst.size(0, size), 0);
    }

    /// Signed division of `rdx:rax`: quotient in `rax`, remainder in `rdx`.
    #[inline]
    pub fn idiv(&mut self, size: Size, divisor: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; idiv Rd(divisor.0));
        self.emit_reg(inst.size(0, size), 0);
    }

    /// Leading zeros; the size for 0. Needs LZCNT.
    #[inline]
    pub fn lzcnt(&mut self, size: Size, dst: Gpr, src: Gpr) {
        debug_assert!(self.features.lzcnt);
        let mut inst = InstBuf::new();
        asm!(inst; lzcnt Rd(dst.0), Rd(src.0));
        self.emit_reg(inst.size(1, size), 1);
    }

    /// Trailing zeros; the size for 0. Needs BMI1.
    #[inline]
    pub fn tzcnt(&mut self, size: Size, dst: Gpr, src: Gpr) {
        debug_assert!(self.features.bmi1);
        let mut inst = InstBuf::new();
        asm!(inst; tzcnt Rd(dst.0), Rd(src.0));
        self.emit_reg(inst.size(1, size), 1);
    }

    /// Number of one bits. Needs POPCNT.
    #[inline]
    pub fn popcnt(&mut self, size: Size, dst: Gpr, src: Gpr) {
        debug_assert!(self.features.popcnt);
        let mut inst = InstBuf::new();
        asm!(inst; popcnt Rd(dst.0), Rd(src.0));
        self.emit_reg(inst.size(1, size), 1);
    }

    /// Index of the highest one bit; for 0 sets the zero flag and leaves `dst` undefined.
    #[inline]
    pub fn bsr(&mut self, size: Size, dst: Gpr, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; bsr Rd(dst.0), Rd(src.0));
        self.emit_reg(inst.size(0, size), 0);
    }

    /// Index of the lowest one bit; for 0 sets the zero flag and leaves `dst` undefined.
    #[inline]
    pub fn bsf(&mut self, size: Size, dst: Gpr, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; bsf Rd(dst.0), Rd(src.0));
        self.emit_reg(inst.size(0, size), 0);
    }

    /// Sign extension from the low bits. Leaves the flags alone.
    #[inline]
    pub fn extend(&mut self, op: ExtendOp, dst: Gpr, src: Gpr) {
        let mut inst = InstBuf::new();
        match op {
            ExtendOp::I32Extend8S => {
                asm!(inst; movsx Rd(dst.0), Rb(src.0));
                self.emit_reg8(inst, src);
            }
            ExtendOp::I32Extend16S => {
                asm!(inst; movsx Rd(dst.0), Rw(src.0));
                self.emit_reg(inst, 0);
            }
            ExtendOp::I64Extend8S => {
                asm!(inst; movsx Rq(dst.0), Rb(src.0));
                self.emit(inst);
            }
            ExtendOp::I64Extend16S => {
                asm!(inst; movsx Rq(dst.0), Rw(src.0));
                self.emit(inst);
            }
            ExtendOp::I64Extend32S => self.movsxd(dst, src),
        }
    }

    /// `dst` = the low half of `src`, sign-extended. Leaves the flags alone.
    #[inline]
    pub fn movsxd(&mut self, dst: Gpr, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; movsxd Rq(dst.0), Rd(src.0));
        self.emit(inst);
    }

    /// `dst` = the low byte of `src`, zero-extended. Leaves the flags alone.
    #[inline]
    pub fn movzx8(&mut self, dst: Gpr, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; movzx Rd(dst.0), Rb(src.0));
        self.emit_reg8(inst, src);
    }

    /// Low byte of `dst` = 1 if `cond` holds, else 0. Leaves the flags alone.
    #[inline]
    pub fn setcc(&mut self, cond: Cond, dst: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; seto Rb(dst.0));
        self.emit_reg8(inst.or(2, cond as u8), dst);
    }

    /// `dst = src` if `cond` holds; the 32-bit form zeroes `dst`'s upper half in any case.
    /// Leaves the flags alone.
    #[inline]
    pub fn cmov(&mut self, cond: Cond, size: Size, dst: Gpr, src: Gpr) {
        let mut inst = InstBuf::new();
        asm!(inst; cmovo Rd(dst.0), Rd(src.0));
        self.emit_reg(inst.or(2, cond as u8).size(0, size), 0);
    }

    /// `dst = [mem]`, which is read in any case, if `cond` holds. Otherwise as [`Masm::cmov`].
    #[inline]
    pub fn cmov_rm(&mut self, cond: Cond, size: Size, dst: Gpr, mem: Mem) {
        let mut inst = InstBuf::new();
        asm!(inst; cmovo Rd(dst.0), [Rq(mem.base.0) + Rq(mem.sib_index())]);
        self.emit_mem(inst.or(2, cond as u8).size(0, size), Form::OP_0F, mem);
    }
}
