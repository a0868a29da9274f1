//! Floating-point numbers and conversions.

use super::int::is_greater;
use crate::bytecode::compiler::FunctionCompiler;
use crate::bytecode::context::{Compare, Cond, Value};
use crate::bytecode::op::Opcode;
use crate::bytecode::stack::Loc;
use microwasm::op::{ConvertOp, FloatBinary, FloatCmp, FloatSize, FloatUnary};

/// The opcode of a width.
macro_rules! sized {
    ($size:expr, $f32:ident, $f64:ident) => {
        match $size {
            FloatSize::F32 => Opcode::$f32,
            FloatSize::F64 => Opcode::$f64,
        }
    };
}

/// A compare as a value: the opcode, whether the operands change places, and whether that is
/// all, or the result is the opposite.
pub(super) fn value_form(cmp: FloatCmp, size: FloatSize, negated: bool) -> (Opcode, bool, bool) {
    let (opcode, exact) = match (cmp, negated) {
        (FloatCmp::Eq, false) | (FloatCmp::Ne, true) => (sized!(size, F32Eq, F64Eq), true),
        (FloatCmp::Ne, false) | (FloatCmp::Eq, true) => (sized!(size, F32Ne, F64Ne), true),
        (FloatCmp::Lt | FloatCmp::Gt, _) => (sized!(size, F32Lt, F64Lt), !negated),
        (FloatCmp::Le | FloatCmp::Ge, _) => (sized!(size, F32Le, F64Le), !negated),
    };
    (opcode, is_greater(cmp), exact)
}

/// A compare as a condition: the opcode, and whether the operands change places.
pub(super) fn branch_form(cmp: FloatCmp, size: FloatSize, negated: bool) -> (Opcode, bool) {
    let opcode = match (cmp, negated) {
        (FloatCmp::Eq, false) | (FloatCmp::Ne, true) => sized!(size, BrF32Eq, BrF64Eq),
        (FloatCmp::Ne, false) | (FloatCmp::Eq, true) => sized!(size, BrF32Ne, BrF64Ne),
        (FloatCmp::Lt | FloatCmp::Gt, false) => sized!(size, BrF32Lt, BrF64Lt),
        (FloatCmp::Le | FloatCmp::Ge, false) => sized!(size, BrF32Le, BrF64Le),
        (FloatCmp::Lt | FloatCmp::Gt, true) => sized!(size, BrF32NotLt, BrF64NotLt),
        (FloatCmp::Le | FloatCmp::Ge, true) => sized!(size, BrF32NotLe, BrF64NotLe),
    };
    (opcode, is_greater(cmp))
}

impl FunctionCompiler<'_> {
    #[inline(never)]
    pub(in crate::bytecode) fn float_binary(&mut self, op: FloatBinary, size: FloatSize) {
        let opcode = match op {
            FloatBinary::Add => sized!(size, F32Add, F64Add),
            FloatBinary::Sub => sized!(size, F32Sub, F64Sub),
            FloatBinary::Mul => sized!(size, F32Mul, F64Mul),
            FloatBinary::Div => sized!(size, F32Div, F64Div),
            FloatBinary::Min => sized!(size, F32Min, F64Min),
            FloatBinary::Max => sized!(size, F32Max, F64Max),
            FloatBinary::Copysign => sized!(size, F32Copysign, F64Copysign),
        };
        let cx = &mut self.c.cx;
        let (rhs, lhs) = (cx.pop(), cx.pop());
        let (lhs, rhs) = (cx.slot(lhs), cx.slot(rhs));
        let dst = cx.push_result(size.ty());
        cx.emit.dss(opcode, dst, lhs, rhs);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn float_unary(&mut self, op: FloatUnary, size: FloatSize) {
        let opcode = match op {
            FloatUnary::Abs => sized!(size, F32Abs, F64Abs),
            FloatUnary::Neg => sized!(size, F32Neg, F64Neg),
            FloatUnary::Ceil => sized!(size, F32Ceil, F64Ceil),
            FloatUnary::Floor => sized!(size, F32Floor, F64Floor),
            FloatUnary::Trunc => sized!(size, F32Trunc, F64Trunc),
            FloatUnary::Nearest => sized!(size, F32Nearest, F64Nearest),
            FloatUnary::Sqrt => sized!(size, F32Sqrt, F64Sqrt),
        };
        self.c.cx.unary(opcode, size.ty());
    }

    #[inline(never)]
    pub(in crate::bytecode) fn float_cmp(&mut self, cmp: FloatCmp, size: FloatSize) {
        let cx = &mut self.c.cx;
        let (rhs, lhs) = (cx.pop(), cx.pop());
        let cond = Cond::Float(cmp, size, false);
        cx.push_compare(Compare { cond, lhs, rhs });
    }

    #[inline(never)]
    pub(in crate::bytecode) fn convert(&mut self, op: ConvertOp) {
        use ConvertOp::*;
        let opcode = match op {
            I64ExtendI32U | I32ReinterpretF32 | I64ReinterpretF64 | F32ReinterpretI32
            | F64ReinterpretI64 => return self.rename(op),
            I32WrapI64 => Opcode::I32WrapI64,
            I64ExtendI32S => Opcode::I64Extend32S,
            I32TruncF32S => Opcode::I32TruncF32S,
            I32TruncF32U => Opcode::I32TruncF32U,
            I32TruncF64S => Opcode::I32TruncF64S,
            I32TruncF64U => Opcode::I32TruncF64U,
            I64TruncF32S => Opcode::I64TruncF32S,
            I64TruncF32U => Opcode::I64TruncF32U,
            I64TruncF64S => Opcode::I64TruncF64S,
            I64TruncF64U => Opcode::I64TruncF64U,
            I32TruncSatF32S => Opcode::I32TruncSatF32S,
            I32TruncSatF32U => Opcode::I32TruncSatF32U,
            I32TruncSatF64S => Opcode::I32TruncSatF64S,
            I32TruncSatF64U => Opcode::I32TruncSatF64U,
            I64TruncSatF32S => Opcode::I64TruncSatF32S,
            I64TruncSatF32U => Opcode::I64TruncSatF32U,
            I64TruncSatF64S => Opcode::I64TruncSatF64S,
            I64TruncSatF64U => Opcode::I64TruncSatF64U,
            F32ConvertI32S => Opcode::F32ConvertI32S,
            F32ConvertI32U => Opcode::F32ConvertI32U,
            F32ConvertI64S => Opcode::F32ConvertI64S,
            F32ConvertI64U => Opcode::F32ConvertI64U,
            F64ConvertI32S => Opcode::F64ConvertI32S,
            F64ConvertI32U => Opcode::F64ConvertI32U,
            F64ConvertI64S => Opcode::F64ConvertI64S,
            F64ConvertI64U => Opcode::F64ConvertI64U,
            F32DemoteF64 => Opcode::F32DemoteF64,
            F64PromoteF32 => Opcode::F64PromoteF32,
        };
        self.c.cx.unary(opcode, op.signature().1);
    }

    /// A conversion that changes the type and no bit of the slot.
    fn rename(&mut self, op: ConvertOp) {
        let cx = &mut self.c.cx;
        let ty = op.signature().1;
        let operand = cx.pop();
        match operand.value {
            Value::Slot(slot) if slot == operand.home => {
                cx.push_result(ty);
            }
            Value::Slot(slot) => cx.push(ty, Loc::Slot(slot)),
            Value::Const(bits) => cx.push(ty, Loc::Const(bits)),
        }
    }
}
