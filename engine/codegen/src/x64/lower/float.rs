//! Floating-point arithmetic and comparisons.

use crate::x64::compiler::FunctionCompiler;
use crate::x64::context::{Context, Operand};
use crate::x64::masm::{Alu, Cond, FloatOp, Masm, Round, Size};
use crate::x64::moves::slot;
use crate::x64::reg::{Gpr, Xmm};
use crate::x64::stack::Loc;
use microwasm::ValType;
use microwasm::op::{FloatBinary, FloatCmp, FloatSize, FloatUnary};

/// Bits of the sign of a float.
fn sign_bit(size: Size) -> u64 {
    match size {
        Size::S32 => 1 << 31,
        Size::S64 => 1 << 63,
    }
}

impl FunctionCompiler<'_> {
    #[inline(never)]
    pub(in crate::x64) fn float_binary(&mut self, op: FloatBinary, size: FloatSize) {
        let width = Size::from(size);
        let float_op = match op {
            FloatBinary::Add => FloatOp::Add,
            FloatBinary::Sub => FloatOp::Sub,
            FloatBinary::Mul => FloatOp::Mul,
            FloatBinary::Div => FloatOp::Div,
            FloatBinary::Min => return self.min_max(FloatOp::Min, size),
            FloatBinary::Max => return self.min_max(FloatOp::Max, size),
            FloatBinary::Copysign => return self.copysign(size),
        };
        let avx = self.c.settings.features.avx;
        let cx = &mut self.c.cx;
        let mut b = cx.pop();
        let mut a = cx.pop();
        let keep_a = matches!(a.loc, Loc::Reg { reg, .. } if !cx.is_dead(reg));
        if avx && keep_a && !matches!(b.loc, Loc::Slot(_)) {
            let x = cx.xmm(&mut a);
            let y = cx.xmm(&mut b);
            rule!(FloatAvx);
            let dst = if cx.is_dead(y) { y } else { cx.alloc_xmm() };
            cx.masm.fop_avx(float_op, width, dst, x, y);
            return cx.push_reg(size.ty(), dst);
        }
        if !matches!(b.loc, Loc::Slot(_)) {
            cx.xmm(&mut b);
        }
        let dst = cx.reg_mut(a).xmm();
        match b.loc {
            Loc::Slot(s) => {
                rule!(FloatSlot);
                cx.masm.fop_rm(float_op, width, dst, slot(s))
            }
            _ => {
                rule!(FloatReg);
                let src = cx.xmm(&mut b);
                cx.masm.fop(float_op, width, dst, src);
            }
        }
        cx.push_reg(size.ty(), dst);
    }

    /// `minss` and `maxss` return their second operand when the operands are equal or
    /// unordered; Wasm wants −0 < +0 and a NaN for any NaN.
    fn min_max(&mut self, op: FloatOp, size: FloatSize) {
        let width = Size::from(size);
        let cx = &mut self.c.cx;
        let mut b = cx.pop();
        let a = cx.pop();
        let src = cx.xmm(&mut b);
        let dst = fresh_xmm(cx, a, src);
        let masm = &mut cx.masm;
        let (differ, nan, done) = (
            masm.buf.new_label(),
            masm.buf.new_label(),
            masm.buf.new_label(),
        );
        masm.ucomis(width, dst, src);
        masm.jcc(Cond::Ne, differ);
        masm.jcc(Cond::Parity, nan);
        // Equal: only the zeros differ in their bits.
        match op {
            FloatOp::Min => masm.for_(dst, src),
            _ => masm.fand(dst, src),
        }
        masm.jmp(done);
        masm.buf.bind(nan);
        masm.fop(FloatOp::Add, width, dst, src);
        masm.jmp(done);
        masm.buf.bind(differ);
        masm.fop(op, width, dst, src);
        masm.buf.bind(done);
        cx.push_reg(size.ty(), dst);
    }

    fn copysign(&mut self, size: FloatSize) {
        let width = Size::from(size);
        let cx = &mut self.c.cx;
        let mut b = cx.pop();
        let a = cx.pop();
        let sign = cx.xmm(&mut b);
        let dst = fresh_xmm(cx, a, sign);
        let picked = cx.alloc_xmm();
        let masm = &mut cx.masm;
        masm.mov_ri(Gpr::SCRATCH, sign_bit(width));
        masm.gpr_to_xmm(width, Xmm::SCRATCH, Gpr::SCRATCH);
        masm.fmov_rr(picked, Xmm::SCRATCH);
        masm.fand(picked, sign);
        masm.fandn(Xmm::SCRATCH, dst);
        masm.fmov_rr(dst, Xmm::SCRATCH);
        masm.for_(dst, picked);
        cx.push_reg(size.ty(), dst);
    }

    #[inline(never)]
    pub(in crate::x64) fn float_unary(&mut self, op: FloatUnary, size: FloatSize) {
        let width = Size::from(size);
        let sse41 = self.c.settings.features.sse41;
        let cx = &mut self.c.cx;
        let mut operand = cx.pop();
        match op {
            FloatUnary::Abs | FloatUnary::Neg => {
                let dst = cx.reg_mut(operand).xmm();
                let (mask, flip) = match op {
                    FloatUnary::Abs => (sign_bit(width) - 1, false),
                    _ => (sign_bit(width), true),
                };
                let masm = &mut cx.masm;
                masm.mov_ri(Gpr::SCRATCH, mask);
                masm.gpr_to_xmm(width, Xmm::SCRATCH, Gpr::SCRATCH);
                if flip {
                    masm.fxor(dst, Xmm::SCRATCH);
                } else {
                    masm.fand(dst, Xmm::SCRATCH);
                }
                cx.push_reg(size.ty(), dst);
            }
            FloatUnary::Sqrt => {
                let src = cx.xmm(&mut operand);
                let dst = if cx.is_dead(src) { src } else { cx.alloc_xmm() };
                cx.masm.fop(FloatOp::Sqrt, width, dst, src);
                cx.push_reg(size.ty(), dst);
            }
            FloatUnary::Ceil | FloatUnary::Floor | FloatUnary::Trunc | FloatUnary::Nearest => {
                let round = match op {
                    FloatUnary::Ceil => Round::Ceil,
                    FloatUnary::Floor => Round::Floor,
                    FloatUnary::Trunc => Round::Trunc,
                    _ => Round::Nearest,
                };
                let src = cx.xmm(&mut operand);
                let dst = cx.alloc_xmm();
                if sse41 {
                    cx.masm.fround(round, width, dst, src);
                } else {
                    round_baseline(cx, round, width, dst, src);
                }
                cx.push_reg(size.ty(), dst);
            }
        }
    }

    #[inline(never)]
    pub(in crate::x64) fn float_cmp(&mut self, cmp: FloatCmp, size: FloatSize) {
        let width = Size::from(size);
        let cx = &mut self.c.cx;
        let mut b = cx.pop();
        let mut a = cx.pop();
        // Unordered operands set CF, ZF and PF: `above` is false for them, `below` is not.
        if matches!(cmp, FloatCmp::Lt | FloatCmp::Le) {
            std::mem::swap(&mut a, &mut b);
        }
        let x = cx.xmm(&mut a);
        if let (Loc::Slot(s), false) = (b.loc, matches!(cmp, FloatCmp::Eq | FloatCmp::Ne)) {
            cx.masm.ucomis_rm(width, x, slot(s));
        } else {
            let y = cx.xmm(&mut b);
            cx.masm.ucomis(width, x, y);
        }
        match cmp {
            FloatCmp::Lt | FloatCmp::Gt => cx.push(ValType::I32, Loc::Flags(Cond::GtU)),
            FloatCmp::Le | FloatCmp::Ge => cx.push(ValType::I32, Loc::Flags(Cond::GeU)),
            FloatCmp::Eq | FloatCmp::Ne => {
                // Equal means ZF without PF: no single condition.
                let dst = cx.alloc_gpr();
                let (zero, parity) = match cmp {
                    FloatCmp::Eq => (Cond::Eq, Cond::NotParity),
                    _ => (Cond::Ne, Cond::Parity),
                };
                let masm = &mut cx.masm;
                masm.setcc(zero, dst);
                masm.setcc(parity, Gpr::SCRATCH);
                let op = if cmp == FloatCmp::Eq {
                    Alu::And
                } else {
                    Alu::Or
                };
                masm.alu_rr(op, Size::S32, dst, Gpr::SCRATCH);
                masm.movzx8(dst, dst);
                cx.push_reg(ValType::I32, dst);
            }
        }
    }
}

/// The left operand in a register that may be overwritten while `other` is still needed.
fn fresh_xmm(cx: &mut Context, a: Operand, other: Xmm) -> Xmm {
    let shared = matches!(a.loc, Loc::Reg { reg, .. } if reg == other.into());
    if !shared {
        return cx.reg_mut(a).xmm();
    }
    rule!(FloatSameOperand);
    let dst = cx.alloc_xmm();
    cx.load_operand_into(a, dst.into());
    dst
}

/// Rounding without SSE4.1. Above 2^23 (2^52) every float is an integer, and NaNs are
/// left to the addition that quiets them. Below, adding and subtracting that power with
/// the operand's sign rounds to nearest even; the directed modes correct by one, and the
/// sign is restored for results of zero.
fn round_baseline(cx: &mut Context, round: Round, width: Size, dst: Xmm, src: Xmm) {
    let magnitude = cx.alloc_xmm();
    let sign = cx.alloc_xmm();
    let (limit, one) = match width {
        Size::S32 => (8_388_608f32.to_bits() as u64, 1f32.to_bits() as u64),
        Size::S64 => (4_503_599_627_370_496f64.to_bits(), 1f64.to_bits()),
    };
    let masm = &mut cx.masm;
    let (integral, done) = (masm.buf.new_label(), masm.buf.new_label());
    let constant = |masm: &mut Masm, dst: Xmm, bits: u64| {
        masm.mov_ri(Gpr::SCRATCH, bits);
        masm.gpr_to_xmm(width, dst, Gpr::SCRATCH);
    };
    // sign = sign bit of src, magnitude = |src|
    constant(masm, sign, sign_bit(width));
    masm.fmov_rr(magnitude, sign);
    masm.fandn(magnitude, src);
    masm.fand(sign, src);
    constant(masm, Xmm::SCRATCH, limit);
    masm.ucomis(width, Xmm::SCRATCH, magnitude);
    // Not above, or unordered: CF or ZF.
    masm.jcc(Cond::LeU, integral);
    // dst = (|src| + 2^n) - 2^n: the nearest integer, ties to even
    masm.fmov_rr(dst, magnitude);
    masm.fop(FloatOp::Add, width, dst, Xmm::SCRATCH);
    masm.fop(FloatOp::Sub, width, dst, Xmm::SCRATCH);
    let skip = masm.buf.new_label();
    constant(masm, Xmm::SCRATCH, one);
    match round {
        Round::Nearest => {}
        Round::Trunc => {
            masm.ucomis(width, dst, magnitude);
            masm.jcc(Cond::LeU, skip);
            masm.fop(FloatOp::Sub, width, dst, Xmm::SCRATCH);
        }
        Round::Floor | Round::Ceil => {
            // On the signed value: one too high, or one too low?
            masm.for_(dst, sign);
            if matches!(round, Round::Floor) {
                masm.ucomis(width, dst, src);
                masm.jcc(Cond::LeU, skip);
                masm.fop(FloatOp::Sub, width, dst, Xmm::SCRATCH);
            } else {
                masm.ucomis(width, src, dst);
                masm.jcc(Cond::LeU, skip);
                masm.fop(FloatOp::Add, width, dst, Xmm::SCRATCH);
            }
        }
    }
    masm.buf.bind(skip);
    masm.for_(dst, sign);
    masm.jmp(done);
    masm.buf.bind(integral);
    // An integer, an infinity or a NaN, which the addition quiets.
    masm.fmov_rr(dst, src);
    masm.fzero(Xmm::SCRATCH);
    masm.for_(Xmm::SCRATCH, sign);
    masm.fop(FloatOp::Add, width, dst, Xmm::SCRATCH);
    masm.buf.bind(done);
}
