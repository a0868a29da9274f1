//! Integers: arithmetic, compares and what consumes them.

use crate::buffer::JumpLabel;
use crate::bytecode::compiler::FunctionCompiler;
use crate::bytecode::context::{Compare, Cond, Context, Operand, Pending, Value};
use crate::bytecode::op::Opcode;
use microwasm::ValType;
use microwasm::op::{AluOp, BitOp, DivOp, ExtendOp, FloatCmp, IntCmp, IntSize, ShiftOp};

/// The opcode of a width.
macro_rules! sized {
    ($size:expr, $i32:ident, $i64:ident) => {
        match $size {
            IntSize::I32 => Opcode::$i32,
            IntSize::I64 => Opcode::$i64,
        }
    };
}

impl FunctionCompiler<'_> {
    /// An operator with a form whose right operand is a constant.
    fn binary(&mut self, size: IntSize, slots: Opcode, imm: Opcode, commutes: bool) {
        let cx = &mut self.c.cx;
        let (mut rhs, mut lhs) = (cx.pop(), cx.pop());
        if commutes && lhs.constant().is_some() {
            (lhs, rhs) = (rhs, lhs);
        }
        cx.binary(size.ty(), slots, imm, lhs, rhs, rhs.imm32());
    }

    #[inline(never)]
    pub(in crate::bytecode) fn alu(&mut self, op: AluOp, size: IntSize) {
        let (slots, imm) = match op {
            AluOp::Add => (
                sized!(size, I32Add, I64Add),
                sized!(size, I32AddImm, I64AddImm),
            ),
            AluOp::And => (
                sized!(size, I32And, I64And),
                sized!(size, I32AndImm, I64AndImm),
            ),
            AluOp::Or => (sized!(size, I32Or, I64Or), sized!(size, I32OrImm, I64OrImm)),
            AluOp::Xor => (
                sized!(size, I32Xor, I64Xor),
                sized!(size, I32XorImm, I64XorImm),
            ),
            AluOp::Sub => return self.sub(size),
        };
        self.binary(size, slots, imm, true);
    }

    /// Subtracting a constant is adding its opposite, which is a constant of 32 bits for all
    /// but the least one: of that only the width of the operator is known to wrap.
    fn sub(&mut self, size: IntSize) {
        let cx = &mut self.c.cx;
        let (rhs, lhs) = (cx.pop(), cx.pop());
        let imm = rhs.imm32().and_then(|imm| match size {
            IntSize::I32 => Some(imm.wrapping_neg()),
            IntSize::I64 => imm.checked_neg(),
        });
        let (slots, add) = (
            sized!(size, I32Sub, I64Sub),
            sized!(size, I32AddImm, I64AddImm),
        );
        cx.binary(size.ty(), slots, add, lhs, rhs, imm);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn mul(&mut self, size: IntSize) {
        self.binary(
            size,
            sized!(size, I32Mul, I64Mul),
            sized!(size, I32MulImm, I64MulImm),
            true,
        );
    }

    #[inline(never)]
    pub(in crate::bytecode) fn shift(&mut self, op: ShiftOp, size: IntSize) {
        let cx = &mut self.c.cx;
        let (rhs, lhs) = (cx.pop(), cx.pop());
        let bits = match size {
            IntSize::I32 => 31,
            IntSize::I64 => 63,
        };
        let count = rhs.constant().map(|count| count as i32 & bits);
        let (slots, imm, count) = match op {
            ShiftOp::Shl => (
                sized!(size, I32Shl, I64Shl),
                sized!(size, I32ShlImm, I64ShlImm),
                count,
            ),
            ShiftOp::ShrS => (
                sized!(size, I32ShrS, I64ShrS),
                sized!(size, I32ShrSImm, I64ShrSImm),
                count,
            ),
            ShiftOp::ShrU => (
                sized!(size, I32ShrU, I64ShrU),
                sized!(size, I32ShrUImm, I64ShrUImm),
                count,
            ),
            ShiftOp::Rotl => (
                sized!(size, I32Rotl, I64Rotl),
                sized!(size, I32RotlImm, I64RotlImm),
                count,
            ),
            ShiftOp::Rotr => (
                sized!(size, I32Rotr, I64Rotr),
                sized!(size, I32RotlImm, I64RotlImm),
                count.map(|count| count.wrapping_neg() & bits),
            ),
        };
        cx.binary(size.ty(), slots, imm, lhs, rhs, count);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn div(&mut self, op: DivOp, size: IntSize) {
        let cx = &mut self.c.cx;
        let (rhs, lhs) = (cx.pop(), cx.pop());
        let (slots, imm) = match op {
            DivOp::DivS => (
                sized!(size, I32DivS, I64DivS),
                sized!(size, I32DivSImm, I64DivSImm),
            ),
            DivOp::DivU => (
                sized!(size, I32DivU, I64DivU),
                sized!(size, I32DivUImm, I64DivUImm),
            ),
            DivOp::RemS => (
                sized!(size, I32RemS, I64RemS),
                sized!(size, I32RemSImm, I64RemSImm),
            ),
            DivOp::RemU => (
                sized!(size, I32RemU, I64RemU),
                sized!(size, I32RemUImm, I64RemUImm),
            ),
        };
        // The forms with a constant cannot trap.
        let divisor = rhs.imm32().filter(|imm| !matches!(imm, 0 | -1));
        cx.binary(size.ty(), slots, imm, lhs, rhs, divisor);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn bit(&mut self, op: BitOp, size: IntSize) {
        let opcode = match op {
            BitOp::Clz => sized!(size, I32Clz, I64Clz),
            BitOp::Ctz => sized!(size, I32Ctz, I64Ctz),
            BitOp::Popcnt => sized!(size, I32Popcnt, I64Popcnt),
        };
        self.c.cx.unary(opcode, size.ty());
    }

    #[inline(never)]
    pub(in crate::bytecode) fn extend(&mut self, op: ExtendOp) {
        let opcode = match op {
            ExtendOp::I32Extend8S => Opcode::I32Extend8S,
            ExtendOp::I32Extend16S => Opcode::I32Extend16S,
            ExtendOp::I64Extend8S => Opcode::I64Extend8S,
            ExtendOp::I64Extend16S => Opcode::I64Extend16S,
            ExtendOp::I64Extend32S => Opcode::I64Extend32S,
        };
        self.c.cx.unary(opcode, op.ty());
    }

    // --- compares ---

    #[inline(never)]
    pub(in crate::bytecode) fn int_cmp(&mut self, cmp: IntCmp, size: IntSize) {
        let cx = &mut self.c.cx;
        let (rhs, lhs) = (cx.pop(), cx.pop());
        let cond = Cond::Int(cmp, size);
        cx.push_compare(Compare { cond, lhs, rhs });
    }

    #[inline(never)]
    pub(in crate::bytecode) fn eqz(&mut self, size: IntSize) {
        let cx = &mut self.c.cx;
        if let Pending::Swap(_) = cx.pending {
            cx.settle();
        }
        let compare = match cx.take_compare() {
            Some(compare) => compare.negate(),
            None => {
                let lhs = cx.pop();
                let rhs = Operand {
                    value: Value::Const(0),
                    ..lhs
                };
                Compare {
                    cond: Cond::Int(IntCmp::Eq, size),
                    lhs,
                    rhs,
                }
            }
        };
        cx.push_compare(compare);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn select(&mut self, ty: ValType) {
        let cx = &mut self.c.cx;
        let negated = match cx.pending {
            // An `i32` compared with zero is a condition already.
            Pending::Compare(Compare {
                cond: Cond::Int(cmp @ (IntCmp::Eq | IntCmp::Ne), IntSize::I32),
                lhs,
                rhs:
                    Operand {
                        value: Value::Const(0),
                        ..
                    },
            }) => Some((cmp == IntCmp::Eq, lhs)),
            _ => None,
        };
        let (negated, cond) = match negated {
            Some(taken) => {
                cx.take_compare();
                taken
            }
            None => {
                cx.settle();
                (false, cx.pop())
            }
        };
        let (mut otherwise, mut then) = (cx.pop(), cx.pop());
        if negated {
            (then, otherwise) = (otherwise, then);
        }
        let (cond, then, otherwise) = (cx.slot(cond), cx.slot(then), cx.slot(otherwise));
        let dst = cx.push_result(ty);
        cx.emit.select(dst, cond, then, otherwise);
    }
}

impl Compare {
    /// The compare that holds when this one does not.
    pub(in crate::bytecode) fn negate(self) -> Compare {
        let cond = match self.cond {
            Cond::Int(cmp, size) => Cond::Int(negate(cmp), size),
            Cond::Float(cmp, size, negated) => Cond::Float(cmp, size, !negated),
        };
        Compare { cond, ..self }
    }

    /// The compare with a constant, if there is one, on the right.
    fn constant_last(self) -> Compare {
        match self.cond {
            Cond::Int(cmp, size)
                if self.lhs.constant().is_some() && self.rhs.constant().is_none() =>
            {
                Compare {
                    cond: Cond::Int(swap(cmp), size),
                    lhs: self.rhs,
                    rhs: self.lhs,
                }
            }
            _ => self,
        }
    }
}

fn negate(cmp: IntCmp) -> IntCmp {
    use IntCmp::*;
    match cmp {
        Eq => Ne,
        Ne => Eq,
        LtS => GeS,
        LtU => GeU,
        GtS => LeS,
        GtU => LeU,
        LeS => GtS,
        LeU => GtU,
        GeS => LtS,
        GeU => LtU,
    }
}

fn swap(cmp: IntCmp) -> IntCmp {
    use IntCmp::*;
    match cmp {
        Eq => Eq,
        Ne => Ne,
        LtS => GtS,
        LtU => GtU,
        GtS => LtS,
        GtU => LtU,
        LeS => GeS,
        LeU => GeU,
        GeS => LeS,
        GeU => LeU,
    }
}

/// Forms of a compare between slots, and whether the operands change places.
fn slots_form(cmp: IntCmp, size: IntSize) -> (Opcode, Opcode, bool) {
    let form = |value, branch| (value, branch, false);
    match cmp {
        IntCmp::Eq => form(sized!(size, I32Eq, I64Eq), sized!(size, BrI32Eq, BrI64Eq)),
        IntCmp::Ne => form(sized!(size, I32Ne, I64Ne), sized!(size, BrI32Ne, BrI64Ne)),
        IntCmp::LtS => form(
            sized!(size, I32LtS, I64LtS),
            sized!(size, BrI32LtS, BrI64LtS),
        ),
        IntCmp::LtU => form(
            sized!(size, I32LtU, I64LtU),
            sized!(size, BrI32LtU, BrI64LtU),
        ),
        IntCmp::LeS => form(
            sized!(size, I32LeS, I64LeS),
            sized!(size, BrI32LeS, BrI64LeS),
        ),
        IntCmp::LeU => form(
            sized!(size, I32LeU, I64LeU),
            sized!(size, BrI32LeU, BrI64LeU),
        ),
        IntCmp::GtS | IntCmp::GtU | IntCmp::GeS | IntCmp::GeU => {
            let (value, branch, _) = slots_form(swap(cmp), size);
            (value, branch, true)
        }
    }
}

/// Forms of a compare with a constant.
fn imm_form(cmp: IntCmp, size: IntSize) -> (Opcode, Opcode) {
    macro_rules! both {
        ($v32:ident, $v64:ident, $b32:ident, $b64:ident) => {
            (sized!(size, $v32, $v64), sized!(size, $b32, $b64))
        };
    }
    match cmp {
        IntCmp::Eq => both!(I32EqImm, I64EqImm, BrI32EqImm, BrI64EqImm),
        IntCmp::Ne => both!(I32NeImm, I64NeImm, BrI32NeImm, BrI64NeImm),
        IntCmp::LtS => both!(I32LtSImm, I64LtSImm, BrI32LtSImm, BrI64LtSImm),
        IntCmp::LtU => both!(I32LtUImm, I64LtUImm, BrI32LtUImm, BrI64LtUImm),
        IntCmp::GtS => both!(I32GtSImm, I64GtSImm, BrI32GtSImm, BrI64GtSImm),
        IntCmp::GtU => both!(I32GtUImm, I64GtUImm, BrI32GtUImm, BrI64GtUImm),
        IntCmp::LeS => both!(I32LeSImm, I64LeSImm, BrI32LeSImm, BrI64LeSImm),
        IntCmp::LeU => both!(I32LeUImm, I64LeUImm, BrI32LeUImm, BrI64LeUImm),
        IntCmp::GeS => both!(I32GeSImm, I64GeSImm, BrI32GeSImm, BrI64GeSImm),
        IntCmp::GeU => both!(I32GeUImm, I64GeUImm, BrI32GeUImm, BrI64GeUImm),
    }
}

impl Context {
    /// Emits an operator of two popped operands and pushes its result; `imm` is the right one,
    /// as the form with a constant wants it.
    #[inline]
    pub(in crate::bytecode) fn binary(
        &mut self,
        ty: ValType,
        slots: Opcode,
        with_imm: Opcode,
        lhs: Operand,
        rhs: Operand,
        imm: Option<i32>,
    ) {
        let lhs = self.slot(lhs);
        match imm {
            Some(imm) => {
                let dst = self.push_result(ty);
                self.emit.dsi(with_imm, dst, lhs, imm);
            }
            None => {
                let rhs = self.slot(rhs);
                let dst = self.push_result(ty);
                self.emit.dss(slots, dst, lhs, rhs);
            }
        }
    }

    /// Emits an operator of one operand and pushes its result.
    #[inline]
    pub(in crate::bytecode) fn unary(&mut self, opcode: Opcode, ty: ValType) {
        let operand = self.pop();
        let src = self.slot(operand);
        let dst = self.push_result(ty);
        self.emit.ds(opcode, dst, src);
    }

    /// Emits a compare as a value.
    pub(in crate::bytecode) fn compare(&mut self, compare: Compare, dst: u32) {
        let Compare { cond, lhs, rhs } = compare.constant_last();
        match cond {
            Cond::Int(cmp, size) => {
                let lhs = self.slot(lhs);
                if let Some(imm) = rhs.imm32() {
                    return self.emit.dsi(imm_form(cmp, size).0, dst, lhs, imm);
                }
                let rhs = self.slot(rhs);
                match slots_form(cmp, size) {
                    (opcode, _, false) => self.emit.dss(opcode, dst, lhs, rhs),
                    (opcode, _, true) => self.emit.dss(opcode, dst, rhs, lhs),
                }
            }
            Cond::Float(cmp, size, negated) => {
                let (lhs, rhs) = (self.slot(lhs), self.slot(rhs));
                let (opcode, swapped, exact) = super::float::value_form(cmp, size, negated);
                let (lhs, rhs) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
                self.emit.dss(opcode, dst, lhs, rhs);
                if !exact {
                    self.emit.dsi(Opcode::I32EqImm, dst, dst, 0);
                }
            }
        }
    }

    /// Jumps when a compare holds.
    pub(in crate::bytecode) fn branch(&mut self, compare: Compare, label: JumpLabel) {
        let Compare { cond, lhs, rhs } = compare.constant_last();
        match cond {
            Cond::Int(cmp, size) => {
                let lhs = self.slot(lhs);
                match (cmp, size, rhs.imm32()) {
                    (IntCmp::Ne, IntSize::I32, Some(0)) => {
                        self.emit.br_slot(Opcode::BrNz, lhs, label);
                    }
                    (IntCmp::Eq, IntSize::I32, Some(0)) => {
                        self.emit.br_slot(Opcode::BrZ, lhs, label);
                    }
                    (_, _, Some(imm)) => {
                        self.emit.br_imm(imm_form(cmp, size).1, lhs, imm, label);
                    }
                    (_, _, None) => {
                        let rhs = self.slot(rhs);
                        match slots_form(cmp, size) {
                            (_, opcode, false) => self.emit.br_slots(opcode, lhs, rhs, label),
                            (_, opcode, true) => self.emit.br_slots(opcode, rhs, lhs, label),
                        }
                    }
                }
            }
            Cond::Float(cmp, size, negated) => {
                let (lhs, rhs) = (self.slot(lhs), self.slot(rhs));
                let (opcode, swapped) = super::float::branch_form(cmp, size, negated);
                let (lhs, rhs) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
                self.emit.br_slots(opcode, lhs, rhs, label);
            }
        }
    }
}

/// Whether a compare is one between the operands exchanged.
pub(super) fn is_greater(cmp: FloatCmp) -> bool {
    matches!(cmp, FloatCmp::Gt | FloatCmp::Ge)
}
