//! Conversions between integers and floats.

use crate::stencil::TrapCode;
use crate::x64::compiler::FunctionCompiler;
use crate::x64::context::Operand;
use crate::x64::masm::{Alu, Cond, FloatOp, Size};
use crate::x64::reg::{Gpr, Xmm};
use crate::x64::stack::Loc;
use microwasm::ValType;
use microwasm::op::{ConvertOp, ShiftOp};

/// A truncation to an integer.
#[derive(Clone, Copy)]
struct Trunc {
    from: Size,
    to: Size,
    signed: bool,
    saturate: bool,
}

impl Trunc {
    fn of(op: ConvertOp) -> Option<Trunc> {
        use ConvertOp::*;
        let (from, to, signed, saturate) = match op {
            I32TruncF32S => (Size::S32, Size::S32, true, false),
            I32TruncF32U => (Size::S32, Size::S32, false, false),
            I32TruncF64S => (Size::S64, Size::S32, true, false),
            I32TruncF64U => (Size::S64, Size::S32, false, false),
            I64TruncF32S => (Size::S32, Size::S64, true, false),
            I64TruncF32U => (Size::S32, Size::S64, false, false),
            I64TruncF64S => (Size::S64, Size::S64, true, false),
            I64TruncF64U => (Size::S64, Size::S64, false, false),
            I32TruncSatF32S => (Size::S32, Size::S32, true, true),
            I32TruncSatF32U => (Size::S32, Size::S32, false, true),
            I32TruncSatF64S => (Size::S64, Size::S32, true, true),
            I32TruncSatF64U => (Size::S64, Size::S32, false, true),
            I64TruncSatF32S => (Size::S32, Size::S64, true, true),
            I64TruncSatF32U => (Size::S32, Size::S64, false, true),
            I64TruncSatF64S => (Size::S64, Size::S64, true, true),
            I64TruncSatF64U => (Size::S64, Size::S64, false, true),
            _ => return None,
        };
        Some(Trunc {
            from,
            to,
            signed,
            saturate,
        })
    }

    /// A power of two as bits of the operand's type.
    fn pow2(self, exponent: u32, negative: bool) -> u64 {
        let value = if negative {
            -2f64.powi(exponent as i32)
        } else {
            2f64.powi(exponent as i32)
        };
        float_bits(self.from, value)
    }
}

/// Bits of a value that both float types represent exactly.
fn float_bits(size: Size, value: f64) -> u64 {
    match size {
        Size::S32 => (value as f32).to_bits() as u64,
        Size::S64 => value.to_bits(),
    }
}

impl FunctionCompiler<'_> {
    #[inline(never)]
    pub(in crate::x64) fn convert(&mut self, op: ConvertOp) {
        use ConvertOp::*;
        match op {
            I32WrapI64 => self.wrap(),
            I64ExtendI32S => self.extend_signed(),
            I64ExtendI32U => self.extend_unsigned(),
            F32ConvertI32S => self.int_to_float(Size::S32, Size::S32, op),
            F64ConvertI32S => self.int_to_float(Size::S32, Size::S64, op),
            F32ConvertI64S => self.int_to_float(Size::S64, Size::S32, op),
            F64ConvertI64S => self.int_to_float(Size::S64, Size::S64, op),
            // A u32 is a non-negative i64, and its register is zero-extended.
            F32ConvertI32U => self.int_to_float(Size::S64, Size::S32, op),
            F64ConvertI32U => self.int_to_float(Size::S64, Size::S64, op),
            F32ConvertI64U => self.u64_to_float(Size::S32, op),
            F64ConvertI64U => self.u64_to_float(Size::S64, op),
            F32DemoteF64 => self.float_to_float(Size::S64, op),
            F64PromoteF32 => self.float_to_float(Size::S32, op),
            I32ReinterpretF32 | I64ReinterpretF64 | F32ReinterpretI32 | F64ReinterpretI64 => {
                self.reinterpret(op);
            }
            _ => self.truncate(Trunc::of(op).expect("every other conversion truncates"), op),
        }
    }

    fn wrap(&mut self) {
        let cx = &mut self.c.cx;
        let mut operand = cx.pop();
        if let Some(bits) = cx.constant(operand) {
            return cx.push_constant(ValType::I32, bits as u32 as u64);
        }
        let src = cx.gpr(&mut operand);
        let dst = if cx.is_dead(src) { src } else { cx.alloc_gpr() };
        cx.masm.mov_rr(Size::S32, dst, src);
        cx.push_reg(ValType::I32, dst);
    }

    fn extend_signed(&mut self) {
        let cx = &mut self.c.cx;
        let mut operand = cx.pop();
        if let Some(bits) = cx.constant(operand) {
            return cx.push_constant(ValType::I64, bits as u32 as i32 as i64 as u64);
        }
        let src = cx.gpr(&mut operand);
        let dst = if cx.is_dead(src) { src } else { cx.alloc_gpr() };
        cx.masm.movsxd(dst, src);
        cx.push_reg(ValType::I64, dst);
    }

    /// A register holds an `i32` zero-extended already. But entries that share a register
    /// have one type, or a spill would store too little for some: so a shared one is copied.
    fn extend_unsigned(&mut self) {
        let cx = &mut self.c.cx;
        let operand = cx.pop();
        if let Some(bits) = cx.constant(operand) {
            return cx.push_constant(ValType::I64, bits);
        }
        let dst = cx.reg_mut(operand);
        cx.push_reg(ValType::I64, dst);
    }

    fn int_to_float(&mut self, from: Size, to: Size, op: ConvertOp) {
        let cx = &mut self.c.cx;
        let mut operand = cx.pop();
        let src = cx.gpr(&mut operand);
        let dst = cx.alloc_xmm();
        cx.masm.cvt_i2f(from, to, dst, src);
        cx.push_reg(op.signature().1, dst);
    }

    /// Values above `i64::MAX` are halved, with the lost bit kept so that rounding is right,
    /// converted, and doubled.
    fn u64_to_float(&mut self, to: Size, op: ConvertOp) {
        let cx = &mut self.c.cx;
        let mut operand = cx.pop();
        let src = cx.gpr(&mut operand);
        let half = cx.alloc_gpr();
        let dst = cx.alloc_xmm();
        let masm = &mut cx.masm;
        let (large, done) = (masm.buf.new_label(), masm.buf.new_label());
        masm.test_rr(Size::S64, src, src);
        masm.jcc(Cond::Sign, large);
        masm.cvt_i2f(Size::S64, to, dst, src);
        masm.jmp(done);
        masm.buf.bind(large);
        masm.mov_rr(Size::S64, half, src);
        masm.shift_ri(ShiftOp::ShrU, Size::S64, half, 1);
        masm.mov_rr(Size::S64, Gpr::SCRATCH, src);
        masm.alu_ri(Alu::And, Size::S32, Gpr::SCRATCH, 1);
        masm.alu_rr(Alu::Or, Size::S64, half, Gpr::SCRATCH);
        masm.cvt_i2f(Size::S64, to, dst, half);
        masm.fop(FloatOp::Add, to, dst, dst);
        masm.buf.bind(done);
        cx.push_reg(op.signature().1, dst);
    }

    fn float_to_float(&mut self, from: Size, op: ConvertOp) {
        let cx = &mut self.c.cx;
        let mut operand = cx.pop();
        let src = cx.xmm(&mut operand);
        let dst = if cx.is_dead(src) { src } else { cx.alloc_xmm() };
        cx.masm.cvt_f2f(from, dst, src);
        cx.push_reg(op.signature().1, dst);
    }

    fn reinterpret(&mut self, op: ConvertOp) {
        let (from, to) = op.signature();
        let cx = &mut self.c.cx;
        let operand = cx.pop();
        let dst = cx.alloc(to.class());
        // A slot or constant is read with the type wanted; a register is moved across.
        cx.load_operand_into(
            Operand {
                ty: retype(operand.loc, from, to),
                ..operand
            },
            dst,
        );
        cx.push_reg(to, dst);
    }

    fn truncate(&mut self, trunc: Trunc, op: ConvertOp) {
        let cx = &mut self.c.cx;
        let mut operand = cx.pop();
        let src = cx.xmm(&mut operand);
        let dst = cx.alloc_gpr();
        match (trunc.to, trunc.signed) {
            (_, true) => self.truncate_signed(trunc, dst, src),
            (Size::S32, false) => self.truncate_u32(trunc, dst, src),
            (Size::S64, false) => self.truncate_u64(trunc, dst, src),
        }
        self.c.cx.push_reg(op.signature().1, dst);
    }

    fn float_constant(&mut self, size: Size, bits: u64) {
        let masm = &mut self.c.cx.masm;
        masm.mov_ri(Gpr::SCRATCH, bits);
        masm.gpr_to_xmm(size, Xmm::SCRATCH, Gpr::SCRATCH);
    }

    /// The instruction answers MIN for everything out of range; only then look closer.
    fn truncate_signed(&mut self, trunc: Trunc, dst: Gpr, src: Xmm) {
        let Trunc {
            from, to, saturate, ..
        } = trunc;
        let masm = &mut self.c.cx.masm;
        let done = masm.buf.new_label();
        masm.cvt_f2i(from, to, dst, src);
        masm.alu_ri(Alu::Cmp, to, dst, 1);
        // dst - 1 overflows only for MIN.
        masm.jcc(Cond::NotOverflow, done);
        if saturate {
            self.saturate_signed(trunc, dst, src);
        } else {
            let masm = &mut self.c.cx.masm;
            masm.ucomis(from, src, src);
            self.trap_if(Cond::Parity, TrapCode::BadConversionToInteger);
            // MIN itself is right from -2^n on; in f64 → i32 from above -2^31 - 1.
            let bits = if to == Size::S32 { 31 } else { 63 };
            let (low, cond) = match (from, to) {
                (Size::S64, Size::S32) => (float_bits(from, -2_147_483_649.0), Cond::LeU),
                _ => (trunc.pow2(bits, true), Cond::LtU),
            };
            self.float_constant(from, low);
            self.c.cx.masm.ucomis(from, src, Xmm::SCRATCH);
            self.trap_if(cond, TrapCode::IntegerOverflow);
            // A positive operand was too large.
            let masm = &mut self.c.cx.masm;
            masm.fzero(Xmm::SCRATCH);
            masm.ucomis(from, src, Xmm::SCRATCH);
            self.trap_if(Cond::GtU, TrapCode::IntegerOverflow);
        }
        self.c.cx.masm.buf.bind(done);
    }

    /// `dst` is MIN: right for what is too small; 0 for a NaN, MAX for what is too large.
    fn saturate_signed(&mut self, trunc: Trunc, dst: Gpr, src: Xmm) {
        let masm = &mut self.c.cx.masm;
        let (number, done) = (masm.buf.new_label(), masm.buf.new_label());
        masm.ucomis(trunc.from, src, src);
        masm.jcc(Cond::NotParity, number);
        masm.zero(dst);
        masm.jmp(done);
        masm.buf.bind(number);
        masm.fzero(Xmm::SCRATCH);
        masm.ucomis(trunc.from, src, Xmm::SCRATCH);
        masm.jcc(Cond::LtU, done);
        // MIN - 1 wraps to MAX.
        masm.alu_ri(Alu::Sub, trunc.to, dst, 1);
        masm.buf.bind(done);
    }

    /// Through a signed 64-bit truncation, which holds every u32.
    fn truncate_u32(&mut self, trunc: Trunc, dst: Gpr, src: Xmm) {
        let from = trunc.from;
        let masm = &mut self.c.cx.masm;
        let done = masm.buf.new_label();
        masm.cvt_f2i(from, Size::S64, dst, src);
        masm.mov_rr(Size::S32, Gpr::SCRATCH, dst);
        masm.alu_rr(Alu::Cmp, Size::S64, dst, Gpr::SCRATCH);
        masm.jcc(Cond::Eq, done);
        self.unsigned_out_of_range(trunc, dst, src);
        self.c.cx.masm.buf.bind(done);
    }

    /// What is at least 2^63 is truncated after subtracting 2^63.
    fn truncate_u64(&mut self, trunc: Trunc, dst: Gpr, src: Xmm) {
        let from = trunc.from;
        let rest = self.c.cx.alloc_xmm();
        self.float_constant(from, trunc.pow2(63, false));
        let masm = &mut self.c.cx.masm;
        let (large, out, done) = (
            masm.buf.new_label(),
            masm.buf.new_label(),
            masm.buf.new_label(),
        );
        masm.ucomis(from, src, Xmm::SCRATCH);
        masm.jcc(Cond::Parity, out);
        masm.jcc(Cond::GeU, large);
        masm.cvt_f2i(from, Size::S64, dst, src);
        masm.test_rr(Size::S64, dst, dst);
        masm.jcc(Cond::NotSign, done);
        masm.jmp(out);
        masm.buf.bind(large);
        masm.fmov_rr(rest, src);
        masm.fop(FloatOp::Sub, from, rest, Xmm::SCRATCH);
        masm.cvt_f2i(from, Size::S64, dst, rest);
        masm.test_rr(Size::S64, dst, dst);
        masm.jcc(Cond::Sign, out);
        masm.mov_ri(Gpr::SCRATCH, 1 << 63);
        masm.alu_rr(Alu::Xor, Size::S64, dst, Gpr::SCRATCH);
        masm.jmp(done);
        masm.buf.bind(out);
        self.unsigned_out_of_range(trunc, dst, src);
        self.c.cx.masm.buf.bind(done);
    }

    /// The operand is a NaN, below or equal to −1, or too large.
    fn unsigned_out_of_range(&mut self, trunc: Trunc, dst: Gpr, src: Xmm) {
        let masm = &mut self.c.cx.masm;
        masm.ucomis(trunc.from, src, src);
        if !trunc.saturate {
            self.trap_if(Cond::Parity, TrapCode::BadConversionToInteger);
            let overflow = self.trap_label(TrapCode::IntegerOverflow);
            self.c.cx.masm.jmp(overflow);
            return;
        }
        let (zero, done) = (masm.buf.new_label(), masm.buf.new_label());
        masm.jcc(Cond::Parity, zero);
        masm.fzero(Xmm::SCRATCH);
        masm.ucomis(trunc.from, src, Xmm::SCRATCH);
        masm.jcc(Cond::LtU, zero);
        let max = if trunc.to == Size::S32 {
            u32::MAX as u64
        } else {
            u64::MAX
        };
        masm.mov_ri(dst, max);
        masm.jmp(done);
        masm.buf.bind(zero);
        masm.zero(dst);
        masm.buf.bind(done);
    }
}

/// The type with which to read a value that is reinterpreted.
fn retype(loc: Loc, from: ValType, to: ValType) -> ValType {
    if matches!(loc, Loc::Reg { .. }) {
        from
    } else {
        to
    }
}
