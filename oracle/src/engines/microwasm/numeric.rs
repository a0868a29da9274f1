//! Arithmetic, as the WebAssembly specification defines it (4.3).

use microwasm::op::{
    AluOp, BitOp, ConvertOp, DivOp, ExtendOp, FloatBinary, FloatCmp, FloatUnary, IntCmp, ShiftOp,
};

use crate::engine::Trap;
use crate::value::{CANONICAL_NAN_32, CANONICAL_NAN_64, Value};

macro_rules! integers {
    ($($name:ident: $unsigned:ty, $signed:ty;)*) => {$(
        /// Integers of one width.
        pub(super) mod $name {
            use super::*;

            type U = $unsigned;
            type S = $signed;

            pub(in super::super) fn alu(op: AluOp, a: U, b: U) -> U {
                match op {
                    AluOp::Add => a.wrapping_add(b),
                    AluOp::Sub => a.wrapping_sub(b),
                    AluOp::And => a & b,
                    AluOp::Or => a | b,
                    AluOp::Xor => a ^ b,
                }
            }

            pub(in super::super) fn shift(op: ShiftOp, a: U, b: U) -> U {
                let count = (b % U::from(U::BITS)) as u32;
                match op {
                    ShiftOp::Shl => a << count,
                    ShiftOp::ShrS => (a as S >> count) as U,
                    ShiftOp::ShrU => a >> count,
                    ShiftOp::Rotl => a.rotate_left(count),
                    ShiftOp::Rotr => a.rotate_right(count),
                }
            }

            pub(in super::super) fn div(op: DivOp, a: U, b: U) -> Result<U, Trap> {
                if b == 0 {
                    return Err(Trap::DivisionByZero);
                }
                let (s, t) = (a as S, b as S);
                Ok(match op {
                    DivOp::DivS => s.checked_div(t).ok_or(Trap::IntegerOverflow)? as U,
                    DivOp::DivU => a / b,
                    DivOp::RemS => s.wrapping_rem(t) as U,
                    DivOp::RemU => a % b,
                })
            }

            pub(in super::super) fn bit(op: BitOp, a: U) -> U {
                U::from(match op {
                    BitOp::Clz => a.leading_zeros(),
                    BitOp::Ctz => a.trailing_zeros(),
                    BitOp::Popcnt => a.count_ones(),
                })
            }

            pub(in super::super) fn compare(cmp: IntCmp, a: U, b: U) -> bool {
                let (s, t) = (a as S, b as S);
                match cmp {
                    IntCmp::Eq => a == b,
                    IntCmp::Ne => a != b,
                    IntCmp::LtS => s < t,
                    IntCmp::LtU => a < b,
                    IntCmp::GtS => s > t,
                    IntCmp::GtU => a > b,
                    IntCmp::LeS => s <= t,
                    IntCmp::LeU => a <= b,
                    IntCmp::GeS => s >= t,
                    IntCmp::GeU => a >= b,
                }
            }
        }
    )*};
}

integers! {
    int32: u32, i32;
    int64: u64, i64;
}

macro_rules! floats {
    ($($name:ident: $float:ty, $bits:ty, $sign:expr, $nan:expr;)*) => {$(
        /// Floating-point numbers of one width, as bits.
        pub(super) mod $name {
            use super::*;

            type F = $float;
            type B = $bits;
            const SIGN: B = $sign;

            fn bits(value: F) -> B {
                if value.is_nan() { $nan } else { value.to_bits() }
            }

            pub(in super::super) fn binary(op: FloatBinary, a: B, b: B) -> B {
                let (x, y) = (F::from_bits(a), F::from_bits(b));
                match op {
                    FloatBinary::Add => bits(x + y),
                    FloatBinary::Sub => bits(x - y),
                    FloatBinary::Mul => bits(x * y),
                    FloatBinary::Div => bits(x / y),
                    FloatBinary::Min | FloatBinary::Max if x.is_nan() || y.is_nan() => $nan,
                    // Equal numbers differ at most in the sign of zero.
                    FloatBinary::Min if x == y => a | b,
                    FloatBinary::Max if x == y => a & b,
                    FloatBinary::Min => if x < y { a } else { b },
                    FloatBinary::Max => if x > y { a } else { b },
                    FloatBinary::Copysign => a & !SIGN | b & SIGN,
                }
            }

            pub(in super::super) fn unary(op: FloatUnary, a: B) -> B {
                let x = F::from_bits(a);
                match op {
                    FloatUnary::Abs => a & !SIGN,
                    FloatUnary::Neg => a ^ SIGN,
                    FloatUnary::Ceil => bits(x.ceil()),
                    FloatUnary::Floor => bits(x.floor()),
                    FloatUnary::Trunc => bits(x.trunc()),
                    FloatUnary::Nearest => bits(x.round_ties_even()),
                    FloatUnary::Sqrt => bits(x.sqrt()),
                }
            }

            pub(in super::super) fn compare(cmp: FloatCmp, a: B, b: B) -> bool {
                let (x, y) = (F::from_bits(a), F::from_bits(b));
                match cmp {
                    FloatCmp::Eq => x == y,
                    FloatCmp::Ne => x != y,
                    FloatCmp::Lt => x < y,
                    FloatCmp::Gt => x > y,
                    FloatCmp::Le => x <= y,
                    FloatCmp::Ge => x >= y,
                }
            }
        }
    )*};
}

floats! {
    float32: f32, u32, 1 << 31, CANONICAL_NAN_32;
    float64: f64, u64, 1 << 63, CANONICAL_NAN_64;
}

/// In-place sign extension.
pub(super) fn extend(op: ExtendOp, value: Value) -> Value {
    match (op, value) {
        (ExtendOp::I32Extend8S, Value::I32(v)) => Value::I32(v as i8 as u32),
        (ExtendOp::I32Extend16S, Value::I32(v)) => Value::I32(v as i16 as u32),
        (ExtendOp::I64Extend8S, Value::I64(v)) => Value::I64(v as i8 as u64),
        (ExtendOp::I64Extend16S, Value::I64(v)) => Value::I64(v as i16 as u64),
        (ExtendOp::I64Extend32S, Value::I64(v)) => Value::I64(v as i32 as u64),
        _ => unreachable!("verified: {op:?} of {value:?}"),
    }
}

/// The integers that a truncation may give.
struct Range(i128, i128);

const S32: Range = Range(i32::MIN as i128, i32::MAX as i128);
const U32: Range = Range(0, u32::MAX as i128);
const S64: Range = Range(i64::MIN as i128, i64::MAX as i128);
const U64: Range = Range(0, u64::MAX as i128);

/// Rounds towards zero. Every `f64` beyond 2^127 is as far out of range as 2^127 is.
fn trunc(value: f64, Range(min, max): Range) -> Result<i128, Trap> {
    if value.is_nan() {
        return Err(Trap::BadConversion);
    }
    let integer = value.trunc() as i128;
    if integer < min || integer > max {
        return Err(Trap::IntegerOverflow);
    }
    Ok(integer)
}

/// As [`trunc`], to the nearest integer in range; 0 for a NaN.
fn trunc_sat(value: f64, Range(min, max): Range) -> i128 {
    if value.is_nan() {
        return 0;
    }
    (value.trunc() as i128).clamp(min, max)
}

/// Conversions. Every `f32` is an `f64`, so that truncations need one form only.
pub(super) fn convert(op: ConvertOp, value: Value) -> Result<Value, Trap> {
    use ConvertOp::*;
    let i32_of = |integer: i128| Value::I32(integer as u32);
    let i64_of = |integer: i128| Value::I64(integer as u64);
    let float = match value {
        Value::F32(bits) => f64::from(f32::from_bits(bits)),
        Value::F64(bits) => f64::from_bits(bits),
        _ => 0.0,
    };
    Ok(match (op, value) {
        (I32WrapI64, Value::I64(v)) => Value::I32(v as u32),
        (I64ExtendI32S, Value::I32(v)) => Value::I64(v as i32 as u64),
        (I64ExtendI32U, Value::I32(v)) => Value::I64(v.into()),
        (I32TruncF32S | I32TruncF64S, _) => i32_of(trunc(float, S32)?),
        (I32TruncF32U | I32TruncF64U, _) => i32_of(trunc(float, U32)?),
        (I64TruncF32S | I64TruncF64S, _) => i64_of(trunc(float, S64)?),
        (I64TruncF32U | I64TruncF64U, _) => i64_of(trunc(float, U64)?),
        (I32TruncSatF32S | I32TruncSatF64S, _) => i32_of(trunc_sat(float, S32)),
        (I32TruncSatF32U | I32TruncSatF64U, _) => i32_of(trunc_sat(float, U32)),
        (I64TruncSatF32S | I64TruncSatF64S, _) => i64_of(trunc_sat(float, S64)),
        (I64TruncSatF32U | I64TruncSatF64U, _) => i64_of(trunc_sat(float, U64)),
        (F32ConvertI32S, Value::I32(v)) => Value::F32((v as i32 as f32).to_bits()),
        (F32ConvertI32U, Value::I32(v)) => Value::F32((v as f32).to_bits()),
        (F32ConvertI64S, Value::I64(v)) => Value::F32((v as i64 as f32).to_bits()),
        (F32ConvertI64U, Value::I64(v)) => Value::F32((v as f32).to_bits()),
        (F64ConvertI32S, Value::I32(v)) => Value::F64(f64::from(v as i32).to_bits()),
        (F64ConvertI32U, Value::I32(v)) => Value::F64(f64::from(v).to_bits()),
        (F64ConvertI64S, Value::I64(v)) => Value::F64((v as i64 as f64).to_bits()),
        (F64ConvertI64U, Value::I64(v)) => Value::F64((v as f64).to_bits()),
        (F32DemoteF64, _) if float.is_nan() => Value::F32(CANONICAL_NAN_32),
        (F32DemoteF64, _) => Value::F32((float as f32).to_bits()),
        (F64PromoteF32, _) if float.is_nan() => Value::F64(CANONICAL_NAN_64),
        (F64PromoteF32, _) => Value::F64(float.to_bits()),
        (I32ReinterpretF32, Value::F32(bits)) => Value::I32(bits),
        (I64ReinterpretF64, Value::F64(bits)) => Value::I64(bits),
        (F32ReinterpretI32, Value::I32(bits)) => Value::F32(bits),
        (F64ReinterpretI64, Value::I64(bits)) => Value::F64(bits),
        _ => unreachable!("verified: {op:?} of {value:?}"),
    })
}
