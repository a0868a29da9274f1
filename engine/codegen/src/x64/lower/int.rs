//! Integer arithmetic, comparisons and selection.

use crate::stencil::TrapCode;
use crate::x64::buffer::JumpLabel;
use crate::x64::compiler::FunctionCompiler;
use crate::x64::context::{Context, Operand};
use crate::x64::masm::{Alu, Cond, Mem, Size};
use crate::x64::moves::{size_of, slot};
use crate::x64::reg::{Gpr, RegSet};
use crate::x64::stack::Loc;
use microwasm::ValType;
use microwasm::op::{AluOp, BitOp, DivOp, ExtendOp, IntCmp, IntSize, ShiftOp};

impl FunctionCompiler<'_> {
    #[inline(never)]
    pub(in crate::x64) fn alu(&mut self, op: AluOp, size: IntSize) {
        let cx = &mut self.c.cx;
        let mut b = cx.pop();
        let mut a = cx.pop();
        if let (Some(x), Some(y)) = (cx.constant(a), cx.constant(b)) {
            rule!(FoldAlu);
            return cx.push_constant(size.ty(), fold_alu(op, size, x, y));
        }
        // The constant on the right; and if only the right one may be overwritten, that one left.
        if op != AluOp::Sub {
            let swap = a.is_constant() || !overwritable(cx, a) && overwritable(cx, b);
            if swap {
                rule!(SwapAlu);
                std::mem::swap(&mut a, &mut b);
            }
        }
        let dst = match (op, cx.imm32(b)) {
            (AluOp::Add | AluOp::Sub, Some(imm)) if !overwritable(cx, a) => {
                match (op, imm.checked_neg()) {
                    (AluOp::Add, _) => lea_imm(cx, a, size, imm),
                    (_, Some(imm)) => lea_imm(cx, a, size, imm),
                    (_, None) => alu_in_place(cx, op, size, a, b),
                }
            }
            (AluOp::Add, None) if !overwritable(cx, a) && !b.is_constant() => {
                lea_sum(cx, a, b, size)
            }
            _ => alu_in_place(cx, op, size, a, b),
        };
        cx.push_reg(size.ty(), dst);
    }

    #[inline(never)]
    pub(in crate::x64) fn mul(&mut self, size: IntSize) {
        let cx = &mut self.c.cx;
        let mut b = cx.pop();
        let mut a = cx.pop();
        if let (Some(x), Some(y)) = (cx.constant(a), cx.constant(b)) {
            let product = x.wrapping_mul(y);
            return cx.push_constant(size.ty(), truncate(size, product));
        }
        if a.is_constant() || !overwritable(cx, a) && overwritable(cx, b) {
            std::mem::swap(&mut a, &mut b);
        }
        let width = Size::from(size);
        let dst = if let Some(imm) = cx.imm32(b) {
            let src = cx.gpr(&mut a);
            let dst = if cx.is_dead(src) { src } else { cx.alloc_gpr() };
            match imm as u32 {
                // The sign does not matter to a product's low half, nor does the flag of a shift.
                count if count.is_power_of_two() && imm > 0 => {
                    cx.mov(width, dst, src);
                    cx.masm
                        .shift_ri(ShiftOp::Shl, width, dst, count.trailing_zeros() as u8);
                    rule!(MulShift);
                }
                _ => {
                    rule!(MulImm);
                    cx.masm.imul_rri(width, dst, src, imm)
                }
            }
            dst
        } else {
            let dst = cx.reg_mut(a).gpr();
            match b.loc {
                Loc::Slot(s) => {
                    rule!(MulSlot);
                    cx.masm.imul_rm(width, dst, slot(s))
                }
                _ => {
                    rule!(MulReg);
                    let src = cx.gpr(&mut b);
                    cx.masm.imul_rr(width, dst, src);
                }
            }
            dst
        };
        cx.push_reg(size.ty(), dst);
    }

    #[inline(never)]
    pub(in crate::x64) fn shift(&mut self, op: ShiftOp, size: IntSize) {
        let bmi2 = self.c.settings.features.bmi2;
        let cx = &mut self.c.cx;
        let width = Size::from(size);
        let mut count = cx.pop();
        let mut value = cx.pop();
        if let Some(bits) = cx.constant(count) {
            rule!(ShiftImm);
            let bits = bits & (8 * width.bytes() as u64 - 1);
            let dst = shift_by_constant(cx, op, width, value, bits as u8, bmi2);
            return cx.push_reg(size.ty(), dst);
        }
        if bmi2 && !matches!(op, ShiftOp::Rotl | ShiftOp::Rotr) {
            rule!(ShiftBmi2);
            let by = cx.gpr(&mut count);
            let src = cx.gpr(&mut value);
            let dst = if cx.is_dead(src) { src } else { cx.alloc_gpr() };
            cx.masm.shift_bmi2(op, width, dst, src, by);
            return cx.push_reg(size.ty(), dst);
        }
        rule!(ShiftCl);
        let dst = shift_operands(cx, count, value);
        cx.masm.shift_cl(op, width, dst);
        cx.push_reg(size.ty(), dst);
    }

    #[inline(never)]
    pub(in crate::x64) fn div(&mut self, op: DivOp, size: IntSize) {
        let width = Size::from(size);
        let cx = &mut self.c.cx;
        let divisor = cx.pop();
        let dividend = cx.pop();
        let constant = cx.constant(divisor).map(|bits| sign_extend(size, bits));
        let divisor = div_operands(cx, dividend, divisor);
        if constant.is_none_or(|c| c == 0) {
            cx.masm.test_rr(width, divisor, divisor);
            self.trap_if(Cond::Eq, TrapCode::IntegerDivideByZero);
        }
        let signed = matches!(op, DivOp::DivS | DivOp::RemS);
        let done = if signed && constant.is_none_or(|c| c == -1) {
            self.minus_one(op, width, divisor)
        } else {
            rule!(DivUnchecked);
            None
        };
        let masm = &mut self.c.cx.masm;
        if signed {
            masm.cdq(width);
            masm.idiv(width, divisor);
        } else {
            masm.zero(Gpr::RDX);
            masm.div(width, divisor);
        }
        if let Some(done) = done {
            masm.buf.bind(done);
        }
        let result = if matches!(op, DivOp::DivS | DivOp::DivU) {
            Gpr::RAX
        } else {
            Gpr::RDX
        };
        self.c.cx.push_reg(size.ty(), result);
    }

    /// Division of the smallest integer by −1 overflows; its remainder is 0, which the
    /// instruction would not say. Returns where a remainder by −1 goes on.
    fn minus_one(&mut self, op: DivOp, width: Size, divisor: Gpr) -> Option<JumpLabel> {
        rule!(DivMinusOne);
        let masm = &mut self.c.cx.masm;
        let other = masm.buf.new_label();
        masm.alu_ri(Alu::Cmp, width, divisor, -1);
        masm.jcc(Cond::Ne, other);
        if op == DivOp::RemS {
            let done = masm.buf.new_label();
            masm.zero(Gpr::RDX);
            masm.jmp(done);
            masm.buf.bind(other);
            return Some(done);
        }
        match width {
            Size::S32 => masm.alu_ri(Alu::Cmp, width, Gpr::RAX, i32::MIN),
            Size::S64 => {
                masm.mov_ri(Gpr::SCRATCH, i64::MIN as u64);
                masm.alu_rr(Alu::Cmp, width, Gpr::RAX, Gpr::SCRATCH);
            }
        }
        self.trap_if(Cond::Eq, TrapCode::IntegerOverflow);
        self.c.cx.masm.buf.bind(other);
        None
    }

    #[inline(never)]
    pub(in crate::x64) fn bit(&mut self, op: BitOp, size: IntSize) {
        let features = self.c.settings.features;
        let cx = &mut self.c.cx;
        let width = Size::from(size);
        let mut operand = cx.pop();
        let src = cx.gpr(&mut operand);
        let dst = cx.alloc_gpr();
        match op {
            BitOp::Clz if features.lzcnt => cx.masm.lzcnt(width, dst, src),
            BitOp::Ctz if features.bmi1 => cx.masm.tzcnt(width, dst, src),
            BitOp::Popcnt if features.popcnt => cx.masm.popcnt(width, dst, src),
            BitOp::Clz => clz_baseline(cx, width, dst, src),
            BitOp::Ctz => ctz_baseline(cx, width, dst, src),
            BitOp::Popcnt => popcnt_baseline(cx, width, dst, src),
        }
        cx.push_reg(size.ty(), dst);
    }

    #[inline(never)]
    pub(in crate::x64) fn int_cmp(&mut self, cmp: IntCmp, size: IntSize) {
        let cx = &mut self.c.cx;
        let width = Size::from(size);
        let mut b = cx.pop();
        let mut a = cx.pop();
        let mut cond = Cond::from(cmp);
        if a.is_constant() && !b.is_constant() {
            std::mem::swap(&mut a, &mut b);
            cond = cond.swap_operands();
        }
        match (a.loc, cx.imm32(b), b.loc) {
            (Loc::Slot(s), Some(imm), _) => {
                rule!(CmpSlotImm);
                cx.masm.alu_mi(Alu::Cmp, width, slot(s), imm)
            }
            (_, Some(0), _) => {
                rule!(CmpZero);
                let a = cx.gpr(&mut a);
                cx.masm.test_rr(width, a, a);
            }
            (_, Some(imm), _) => {
                rule!(CmpImm);
                let a = cx.gpr(&mut a);
                cx.masm.alu_ri(Alu::Cmp, width, a, imm);
            }
            (_, None, Loc::Slot(s)) => {
                rule!(CmpSlot);
                let a = cx.gpr(&mut a);
                cx.masm.alu_rm(Alu::Cmp, width, a, slot(s));
            }
            _ => {
                rule!(CmpReg);
                let a = cx.gpr(&mut a);
                let b = cx.gpr(&mut b);
                cx.masm.alu_rr(Alu::Cmp, width, a, b);
            }
        }
        cx.push(ValType::I32, Loc::Flags(cond));
    }

    #[inline(never)]
    pub(in crate::x64) fn eqz(&mut self, size: IntSize) {
        let cx = &mut self.c.cx;
        let mut operand = cx.pop();
        let cond = match operand.loc {
            Loc::Flags(cond) => cond.negate(),
            Loc::Slot(s) => {
                cx.masm.alu_mi(Alu::Cmp, Size::from(size), slot(s), 0);
                Cond::Eq
            }
            _ => {
                let reg = cx.gpr(&mut operand);
                cx.masm.test_rr(Size::from(size), reg, reg);
                Cond::Eq
            }
        };
        cx.push(ValType::I32, Loc::Flags(cond));
    }

    #[inline(never)]
    pub(in crate::x64) fn extend(&mut self, op: ExtendOp) {
        let cx = &mut self.c.cx;
        let mut operand = cx.pop();
        let src = cx.gpr(&mut operand);
        let dst = if cx.is_dead(src) { src } else { cx.alloc_gpr() };
        cx.masm.extend(op, dst, src);
        cx.push_reg(operand.ty, dst);
    }

    #[inline(never)]
    pub(in crate::x64) fn select(&mut self, ty: ValType) {
        let cond = self.pop_condition();
        let cx = &mut self.c.cx;
        let mut b = cx.pop();
        let a = cx.pop();
        // Neither a spill nor a copy changes flags.
        let dst = cx.reg_mut(a);
        cx.hold(dst);
        if let (false, Loc::Slot(s)) = (dst.is_xmm(), b.loc) {
            rule!(SelectSlot);
            cx.masm
                .cmov_rm(cond.negate(), size_of(ty), dst.gpr(), slot(s));
        } else if !dst.is_xmm() {
            rule!(SelectReg);
            let b = cx.gpr(&mut b);
            // All 64 bits: an i32 is zero-extended in both.
            cx.masm.cmov(cond.negate(), Size::S64, dst.gpr(), b);
        } else {
            rule!(SelectXmm);
            let b = cx.xmm(&mut b);
            let skip = cx.masm.buf.new_label();
            cx.masm.jcc(cond, skip);
            cx.masm.fmov_rr(dst.xmm(), b);
            cx.masm.buf.bind(skip);
        }
        cx.push_reg(ty, dst);
    }
}

/// Whether the operand is in a register that may be overwritten.
fn overwritable(cx: &Context, operand: Operand) -> bool {
    matches!(operand.loc, Loc::Reg { reg, .. } if cx.is_dead(reg))
}

fn alu_in_place(cx: &mut Context, op: AluOp, size: IntSize, a: Operand, mut b: Operand) -> Gpr {
    let width = Size::from(size);
    // The right operand first: bringing it in may not disturb a copy of the left one.
    let in_register = match b.loc {
        Loc::Const(_) | Loc::Wide(_) => cx.imm32(b).is_none(),
        Loc::Slot(_) => false,
        _ => true,
    };
    if in_register {
        cx.gpr(&mut b);
    }
    let dst = cx.reg_mut(a).gpr();
    match (cx.imm32(b), b.loc) {
        (Some(imm), _) => {
            rule!(AluImm);
            cx.masm.alu_ri(Alu::from(op), width, dst, imm)
        }
        (None, Loc::Slot(s)) => {
            rule!(AluSlot);
            cx.masm.alu_rm(Alu::from(op), width, dst, slot(s))
        }
        _ => {
            rule!(AluReg);
            let src = cx.gpr(&mut b);
            cx.masm.alu_rr(Alu::from(op), width, dst, src);
        }
    }
    dst
}

fn lea_imm(cx: &mut Context, mut a: Operand, size: IntSize, imm: i32) -> Gpr {
    let src = cx.gpr(&mut a);
    let dst = cx.alloc_gpr();
    rule!(LeaImm);
    cx.masm.lea(Size::from(size), dst, Mem::base(src, imm));
    dst
}

fn lea_sum(cx: &mut Context, mut a: Operand, mut b: Operand, size: IntSize) -> Gpr {
    let x = cx.gpr(&mut a);
    let y = cx.gpr(&mut b);
    let dst = cx.alloc_gpr();
    rule!(LeaSum);
    cx.masm.lea(Size::from(size), dst, Mem::indexed(x, y, 0));
    dst
}

fn shift_by_constant(
    cx: &mut Context,
    op: ShiftOp,
    width: Size,
    value: Operand,
    count: u8,
    bmi2: bool,
) -> Gpr {
    if let (ShiftOp::Rotl | ShiftOp::Rotr, Loc::Reg { reg, .. }, true) = (op, value.loc, bmi2)
        && !cx.is_dead(reg)
    {
        // The instruction takes a count of the width for 0.
        let right = match op {
            ShiftOp::Rotl => 8 * width.bytes() as u8 - count,
            _ => count,
        };
        let dst = cx.alloc_gpr();
        rule!(ShiftRorx);
        cx.masm.rorx(width, dst, reg.gpr(), right);
        return dst;
    }
    let dst = cx.reg_mut(value).gpr();
    if count != 0 {
        cx.masm.shift_ri(op, width, dst, count);
    }
    dst
}

/// Brings a shift's count into `cl` and its value into a register to shift in place.
fn shift_operands(cx: &mut Context, count: Operand, value: Operand) -> Gpr {
    let dst = if overwritable(cx, value) && !in_reg(value, Gpr::RCX) {
        cx.reg_mut(value).gpr()
    } else {
        let dst = cx.alloc_in(RegSet::GPR.without(RegSet::of(Gpr::RCX)));
        cx.load_operand_into(value, dst);
        dst.gpr()
    };
    if in_reg(count, Gpr::RCX) {
        rule!(ShiftClThere);
        return dst;
    }
    cx.take(Gpr::RCX);
    cx.load_operand_into(count, Gpr::RCX.into());
    dst
}

/// Brings the dividend into `rax` and the divisor into a register besides `rax` and `rdx`;
/// both of those may then be overwritten.
fn div_operands(cx: &mut Context, dividend: Operand, divisor: Operand) -> Gpr {
    let fixed = RegSet::of(Gpr::RAX).or(RegSet::of(Gpr::RDX));
    let divisor_reg = match divisor.loc {
        Loc::Reg { reg, .. } if !fixed.contains(reg) => reg,
        _ => {
            let reg = cx.alloc_in(RegSet::GPR.without(fixed));
            cx.load_operand_into(divisor, reg);
            reg
        }
    };
    cx.take(Gpr::RAX);
    // Taking rdx may move others into registers, but none into one that is held.
    if in_reg(dividend, Gpr::RDX) {
        rule!(DivDividendInRdx);
        cx.load_operand_into(dividend, Gpr::RAX.into());
        cx.take(Gpr::RDX);
    } else {
        cx.take(Gpr::RDX);
        cx.load_operand_into(dividend, Gpr::RAX.into());
    }
    divisor_reg.gpr()
}

fn in_reg(operand: Operand, gpr: Gpr) -> bool {
    matches!(operand.loc, Loc::Reg { reg, .. } if reg == gpr.into())
}

/// `bsr` leaves its destination undefined for 0: −1 there makes `width − 1 − index` the width.
fn clz_baseline(cx: &mut Context, width: Size, dst: Gpr, src: Gpr) {
    let top = if width == Size::S32 { 31 } else { 63 };
    cx.masm.mov_ri(Gpr::SCRATCH, u64::MAX);
    cx.masm.bsr(width, dst, src);
    cx.masm.cmov(Cond::Eq, width, dst, Gpr::SCRATCH);
    cx.masm.neg(width, dst);
    cx.masm.alu_ri(Alu::Add, width, dst, top);
}

fn ctz_baseline(cx: &mut Context, width: Size, dst: Gpr, src: Gpr) {
    let bits = if width == Size::S32 { 32 } else { 64 };
    cx.masm.mov_ri(Gpr::SCRATCH, bits);
    cx.masm.bsf(width, dst, src);
    cx.masm.cmov(Cond::Eq, width, dst, Gpr::SCRATCH);
}

/// Sums neighbouring fields of 1, 2 and 4 bits, then all bytes by a multiplication
/// (Warren, *Hacker's Delight*, 5-1).
fn popcnt_baseline(cx: &mut Context, width: Size, dst: Gpr, src: Gpr) {
    let mask = |byte: u64| {
        let all = byte.wrapping_mul(0x0101_0101_0101_0101);
        if width == Size::S32 {
            all & 0xffff_ffff
        } else {
            all
        }
    };
    let tmp = Gpr::SCRATCH;
    let constant = cx.alloc_gpr();
    let masm = &mut cx.masm;
    // dst = src - (src >> 1 & 0x55…)
    masm.mov_rr(width, tmp, src);
    masm.shift_ri(ShiftOp::ShrU, width, tmp, 1);
    masm.mov_ri(constant, mask(0x55));
    masm.alu_rr(Alu::And, width, tmp, constant);
    masm.mov_rr(width, dst, src);
    masm.alu_rr(Alu::Sub, width, dst, tmp);
    // dst = (dst & 0x33…) + (dst >> 2 & 0x33…)
    masm.mov_ri(constant, mask(0x33));
    masm.mov_rr(width, tmp, dst);
    masm.shift_ri(ShiftOp::ShrU, width, tmp, 2);
    masm.alu_rr(Alu::And, width, tmp, constant);
    masm.alu_rr(Alu::And, width, dst, constant);
    masm.alu_rr(Alu::Add, width, dst, tmp);
    // dst = (dst + (dst >> 4)) & 0x0f…
    masm.mov_rr(width, tmp, dst);
    masm.shift_ri(ShiftOp::ShrU, width, tmp, 4);
    masm.alu_rr(Alu::Add, width, dst, tmp);
    masm.mov_ri(constant, mask(0x0f));
    masm.alu_rr(Alu::And, width, dst, constant);
    // The top byte of dst * 0x0101… is the sum of all bytes.
    masm.mov_ri(constant, mask(0x01));
    masm.imul_rr(width, dst, constant);
    masm.shift_ri(
        ShiftOp::ShrU,
        width,
        dst,
        if width == Size::S32 { 24 } else { 56 },
    );
}

fn truncate(size: IntSize, bits: u64) -> u64 {
    match size {
        IntSize::I32 => bits as u32 as u64,
        IntSize::I64 => bits,
    }
}

fn sign_extend(size: IntSize, bits: u64) -> i64 {
    match size {
        IntSize::I32 => bits as u32 as i32 as i64,
        IntSize::I64 => bits as i64,
    }
}

fn fold_alu(op: AluOp, size: IntSize, x: u64, y: u64) -> u64 {
    let bits = match op {
        AluOp::Add => x.wrapping_add(y),
        AluOp::Sub => x.wrapping_sub(y),
        AluOp::And => x & y,
        AluOp::Or => x | y,
        AluOp::Xor => x ^ y,
    };
    truncate(size, bits)
}
