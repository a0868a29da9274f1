//! Values as the suite sees them: bits, never host floats.
//!
//! A value is generic in how it names a function. Engines name functions by a
//! handle of one store ([`crate::engine::Func`]); observations and invocation
//! plans name them by what every engine agrees on ([`FuncName`]).

use std::fmt;

use microwasm::ValType;

use crate::engine::Func;

/// A Wasm value, bit-exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value<F = Func> {
    /// `i32`
    I32(u32),
    /// `i64`
    I64(u64),
    /// `f32`, as bits.
    F32(u32),
    /// `f64`, as bits.
    F64(u64),
    /// `funcref`
    FuncRef(Option<F>),
    /// `externref`: a number of the host's choosing.
    ExternRef(Option<u32>),
}

/// A function named independently of any engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FuncName {
    /// By its index in the module's function index space.
    Index(u32),
    /// A host function that is not imported but came in through a table or a global.
    Host(u32),
    /// Not a function of the module, or not one that could be identified.
    Unknown,
}

impl fmt::Display for FuncName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FuncName::Index(i) => write!(f, "{i}"),
            FuncName::Host(i) => write!(f, "host{i}"),
            FuncName::Unknown => f.write_str("unknown"),
        }
    }
}

/// Bits of the positive canonical NaN of `f32`.
pub const CANONICAL_NAN_32: u32 = 0x7fc0_0000;
/// Bits of the positive canonical NaN of `f64`.
pub const CANONICAL_NAN_64: u64 = 0x7ff8_0000_0000_0000;

/// Whether `bits` is a NaN of `f32`.
pub fn is_nan_32(bits: u32) -> bool {
    bits & 0x7fff_ffff > 0x7f80_0000
}

/// Whether `bits` is a NaN of `f64`.
pub fn is_nan_64(bits: u64) -> bool {
    bits & 0x7fff_ffff_ffff_ffff > 0x7ff0_0000_0000_0000
}

impl<F> Value<F> {
    /// The type of the value.
    pub fn ty(&self) -> ValType {
        match self {
            Value::I32(_) => ValType::I32,
            Value::I64(_) => ValType::I64,
            Value::F32(_) => ValType::F32,
            Value::F64(_) => ValType::F64,
            Value::FuncRef(_) => ValType::FuncRef,
            Value::ExternRef(_) => ValType::ExternRef,
        }
    }

    /// Zero or null of `ty`, or `None` for types that the suite has no values of.
    pub fn zero(ty: ValType) -> Option<Value<F>> {
        Some(match ty {
            ValType::I32 => Value::I32(0),
            ValType::I64 => Value::I64(0),
            ValType::F32 => Value::F32(0),
            ValType::F64 => Value::F64(0),
            ValType::FuncRef => Value::FuncRef(None),
            ValType::ExternRef => Value::ExternRef(None),
            ValType::V128 => return None,
        })
    }

    /// The same value with its function renamed; `f` may not know the function.
    pub fn map_func<G>(self, f: impl FnOnce(F) -> Option<G>) -> Value<G> {
        match self {
            Value::I32(v) => Value::I32(v),
            Value::I64(v) => Value::I64(v),
            Value::F32(v) => Value::F32(v),
            Value::F64(v) => Value::F64(v),
            Value::FuncRef(v) => Value::FuncRef(v.and_then(f)),
            Value::ExternRef(v) => Value::ExternRef(v),
        }
    }

    /// Whether the value is a NaN.
    pub fn is_nan(&self) -> bool {
        match self {
            Value::F32(bits) => is_nan_32(*bits),
            Value::F64(bits) => is_nan_64(*bits),
            _ => false,
        }
    }

    /// The value's bits with every NaN made canonical and every reference reduced to
    /// null or not: what host functions may base their decisions on.
    pub fn canonical_bits(&self) -> u64 {
        match self {
            Value::F32(bits) if is_nan_32(*bits) => CANONICAL_NAN_32.into(),
            Value::F64(bits) if is_nan_64(*bits) => CANONICAL_NAN_64,
            Value::I32(v) | Value::F32(v) => u64::from(*v),
            Value::I64(v) | Value::F64(v) => *v,
            Value::FuncRef(v) => u64::from(v.is_some()),
            Value::ExternRef(v) => v.map_or(0, |v| u64::from(v) + 1),
        }
    }
}

/// Prints `type:value`, which [`parse`] reads.
impl<F: fmt::Display> fmt::Display for Value<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::I32(v) => write!(f, "i32:{}", *v as i32),
            Value::I64(v) => write!(f, "i64:{}", *v as i64),
            Value::F32(v) => write!(f, "f32:{v:#010x}"),
            Value::F64(v) => write!(f, "f64:{v:#018x}"),
            Value::FuncRef(None) => f.write_str("funcref:null"),
            Value::FuncRef(Some(func)) => write!(f, "funcref:{func}"),
            Value::ExternRef(None) => f.write_str("externref:null"),
            Value::ExternRef(Some(v)) => write!(f, "externref:{v}"),
        }
    }
}

/// Reads what `Display` prints, and also plain decimal floats (`f64:1.5`).
pub fn parse(text: &str) -> Option<Value<FuncName>> {
    let (ty, value) = text.trim().split_once(':')?;
    parse_as(ty, value)
}

/// Reads `value` as a value of the type named `ty`.
pub fn parse_as(ty: &str, value: &str) -> Option<Value<FuncName>> {
    let value = value.trim();
    Some(match ty.trim() {
        "i32" => Value::I32(parse_int(value, 32)? as u32),
        "i64" => Value::I64(parse_int(value, 64)?),
        "f32" => Value::F32(match value.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => value.parse::<f32>().ok()?.to_bits(),
        }),
        "f64" => Value::F64(match value.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16).ok()?,
            None => value.parse::<f64>().ok()?.to_bits(),
        }),
        "funcref" => Value::FuncRef(match value {
            "null" => None,
            "unknown" => Some(FuncName::Unknown),
            name => Some(match name.strip_prefix("host") {
                Some(number) => FuncName::Host(number.parse().ok()?),
                None => FuncName::Index(name.parse().ok()?),
            }),
        }),
        "externref" => Value::ExternRef(match value {
            "null" => None,
            number => Some(number.parse().ok()?),
        }),
        _ => return None,
    })
}

/// An integer of `bits` bits, signed or unsigned, decimal or hexadecimal.
fn parse_int(text: &str, bits: u32) -> Option<u64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let magnitude = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok()?,
        None => digits.parse::<u64>().ok()?,
    };
    let limit = if negative {
        1u128 << (bits - 1)
    } else {
        (1u128 << bits) - 1
    };
    (u128::from(magnitude) <= limit).then(|| {
        if negative {
            magnitude.wrapping_neg()
        } else {
            magnitude
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_reads() {
        let values: [Value<FuncName>; 10] = [
            Value::I32(0x8000_0000),
            Value::I64(u64::MAX),
            Value::F32(0x7fc0_0001),
            Value::F64(0x8000_0000_0000_0000),
            Value::FuncRef(None),
            Value::FuncRef(Some(FuncName::Index(3))),
            Value::FuncRef(Some(FuncName::Host(2))),
            Value::FuncRef(Some(FuncName::Unknown)),
            Value::ExternRef(None),
            Value::ExternRef(Some(7)),
        ];
        for value in values {
            assert_eq!(parse(&value.to_string()), Some(value), "{value}");
        }
    }

    #[test]
    fn refuses_what_does_not_fit() {
        for text in [
            "i32:4294967296",
            "i32:-2147483649",
            "i64:x",
            "f32:",
            "v128:0",
            "i32",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("f64:1.5"), Some(Value::F64(1.5f64.to_bits())));
        assert_eq!(parse("i32:0xffffffff"), Some(Value::I32(u32::MAX)));
    }
}
