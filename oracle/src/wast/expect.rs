//! Holds what a script expects against what happened.

use wast::WastRet;
use wast::core::{AbstractHeapType, HeapType, NanPattern, WastRetCore};

use super::Wrong;
use crate::engine::Trap;
use crate::value::{Value, is_nan_32, is_nan_64};

/// Whether the results are those that the script expects.
pub(super) fn results(expected: &[WastRet<'_>], got: &[Value]) -> Result<(), Wrong> {
    let mut same = expected.len() == got.len();
    for (expected, got) in expected.iter().zip(got) {
        let WastRet::Core(expected) = expected else {
            return Err(Wrong::Unsupported("components"));
        };
        same &= matches(expected, got)?;
    }
    if same {
        return Ok(());
    }
    let list = |values: Vec<String>| format!("({})", values.join(", ")).into();
    Err(Wrong::Results {
        expected: list(expected.iter().map(show).collect()),
        got: list(got.iter().map(Value::to_string).collect()),
    })
}

/// Whether the outcome is the trap that the script expects.
pub(super) fn trap(message: &str, outcome: Result<Vec<Value>, Trap>) -> Result<(), Wrong> {
    match outcome {
        Ok(_) => Err(Wrong::NoTrap(message.into())),
        Err(got) if means(message, got) => Ok(()),
        Err(got) => Err(Wrong::OtherTrap {
            expected: message.into(),
            got,
        }),
    }
}

/// Whether `message`, in the words of the spec suite, means `trap`. Scripts differ in
/// how much they say.
fn means(message: &str, trap: Trap) -> bool {
    let any: &[&str] = match trap {
        Trap::Unreachable => &["unreachable"],
        Trap::MemoryOutOfBounds => &["out of bounds memory access", "out of bounds"],
        Trap::TableOutOfBounds => &[
            "out of bounds table access",
            "undefined element",
            "out of bounds",
        ],
        Trap::IndirectCallToNull => &["uninitialized element", "uninitialized"],
        Trap::BadSignature => &["indirect call type mismatch", "indirect call"],
        Trap::DivisionByZero => &["integer divide by zero"],
        Trap::IntegerOverflow => &["integer overflow"],
        Trap::BadConversion => &["invalid conversion to integer"],
        Trap::StackOverflow => &["call stack exhausted", "stack overflow"],
        Trap::Host(_) | Trap::OutOfFuel | Trap::ResourceLimit | Trap::Unknown => &[],
    };
    any.iter().any(|words| message.starts_with(words))
}

/// Null of a heap type.
pub(super) fn null(ty: &HeapType<'_>) -> Result<Value, Wrong> {
    match ty {
        HeapType::Abstract {
            ty: AbstractHeapType::Func,
            ..
        } => Ok(Value::FuncRef(None)),
        HeapType::Abstract {
            ty: AbstractHeapType::Extern,
            ..
        } => Ok(Value::ExternRef(None)),
        _ => Err(Wrong::Unsupported(
            "references other than funcref and externref",
        )),
    }
}

fn matches(expected: &WastRetCore<'_>, got: &Value) -> Result<bool, Wrong> {
    Ok(match expected {
        WastRetCore::I32(v) => *got == Value::I32(*v as u32),
        WastRetCore::I64(v) => *got == Value::I64(*v as u64),
        WastRetCore::F32(pattern) => match got {
            Value::F32(bits) => match pattern {
                NanPattern::Value(v) => v.bits == *bits,
                NanPattern::CanonicalNan => bits & 0x7fff_ffff == 0x7fc0_0000,
                NanPattern::ArithmeticNan => is_nan_32(*bits) && bits & 0x40_0000 != 0,
            },
            _ => false,
        },
        WastRetCore::F64(pattern) => match got {
            Value::F64(bits) => match pattern {
                NanPattern::Value(v) => v.bits == *bits,
                NanPattern::CanonicalNan => bits << 1 == 0x7ff8_0000_0000_0000 << 1,
                NanPattern::ArithmeticNan => is_nan_64(*bits) && bits & 1 << 51 != 0,
            },
            _ => false,
        },
        WastRetCore::RefNull(ty) => match ty {
            Some(ty) => null(ty)? == *got,
            None => matches!(got, Value::FuncRef(None) | Value::ExternRef(None)),
        },
        WastRetCore::RefExtern(Some(v)) => *got == Value::ExternRef(Some(*v)),
        WastRetCore::RefExtern(None) => matches!(got, Value::ExternRef(Some(_))),
        WastRetCore::RefFunc(None) => matches!(got, Value::FuncRef(Some(_))),
        WastRetCore::Either(cases) => {
            let mut any = false;
            for case in cases {
                any |= matches(case, got)?;
            }
            any
        }
        WastRetCore::V128(_) => return Err(Wrong::Unsupported("vectors")),
        _ => {
            return Err(Wrong::Unsupported(
                "references other than funcref and externref",
            ));
        }
    })
}

fn show(expected: &WastRet<'_>) -> String {
    match expected {
        WastRet::Core(WastRetCore::I32(v)) => format!("i32:{v}"),
        WastRet::Core(WastRetCore::I64(v)) => format!("i64:{v}"),
        WastRet::Core(WastRetCore::F32(NanPattern::Value(v))) => format!("f32:{:#010x}", v.bits),
        WastRet::Core(WastRetCore::F64(NanPattern::Value(v))) => format!("f64:{:#018x}", v.bits),
        WastRet::Core(other) => format!("{other:?}"),
        _ => "a component value".into(),
    }
}
