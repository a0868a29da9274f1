//! Arithmetic that is not a method of Rust's numbers: what traps, and what Wasm says about
//! NaNs and zeros (Wasm spec, 4.3).

use microwasm_codegen::TrapCode;

/// Division and remainder of a type.
macro_rules! division {
    ($div_s:ident, $div_u:ident, $rem_s:ident, $rem_u:ident, $signed:ty, $unsigned:ty) => {
        #[inline(always)]
        pub(super) fn $div_s(a: $unsigned, b: $unsigned) -> Result<$unsigned, TrapCode> {
            if b == 0 {
                return Err(TrapCode::IntegerDivideByZero);
            }
            let quotient = (a as $signed).checked_div(b as $signed);
            quotient.map_or(Err(TrapCode::IntegerOverflow), |q| Ok(q as $unsigned))
        }

        #[inline(always)]
        pub(super) fn $div_u(a: $unsigned, b: $unsigned) -> Result<$unsigned, TrapCode> {
            a.checked_div(b).ok_or(TrapCode::IntegerDivideByZero)
        }

        #[inline(always)]
        pub(super) fn $rem_s(a: $unsigned, b: $unsigned) -> Result<$unsigned, TrapCode> {
            if b == 0 {
                return Err(TrapCode::IntegerDivideByZero);
            }
            Ok((a as $signed).wrapping_rem(b as $signed) as $unsigned)
        }

        #[inline(always)]
        pub(super) fn $rem_u(a: $unsigned, b: $unsigned) -> Result<$unsigned, TrapCode> {
            a.checked_rem(b).ok_or(TrapCode::IntegerDivideByZero)
        }
    };
}

division!(div_s32, div_u32, rem_s32, rem_u32, i32, u32);
division!(div_s64, div_u64, rem_s64, rem_u64, i64, u64);

/// Operators on floats as bits.
macro_rules! float {
    ($module:ident, $float:ty, $bits:ty, $sign:expr) => {
        pub(super) mod $module {
            const SIGN: $bits = $sign;

            #[inline(always)]
            pub(in crate::interp) fn min(a: $float, b: $float) -> $float {
                if a < b {
                    a
                } else if b < a {
                    b
                } else if a == b {
                    <$float>::from_bits(a.to_bits() | b.to_bits())
                } else {
                    a + b
                }
            }

            #[inline(always)]
            pub(in crate::interp) fn max(a: $float, b: $float) -> $float {
                if a > b {
                    a
                } else if b > a {
                    b
                } else if a == b {
                    <$float>::from_bits(a.to_bits() & b.to_bits())
                } else {
                    a + b
                }
            }

            #[inline(always)]
            pub(in crate::interp) fn copysign(a: $bits, b: $bits) -> $bits {
                a & !SIGN | b & SIGN
            }

            #[inline(always)]
            pub(in crate::interp) fn abs(a: $bits) -> $bits {
                a & !SIGN
            }

            #[inline(always)]
            pub(in crate::interp) fn neg(a: $bits) -> $bits {
                a ^ SIGN
            }

            /// Rounds; a NaN becomes a quiet one.
            #[inline(always)]
            pub(in crate::interp) fn round(a: $float, f: impl Fn($float) -> $float) -> $float {
                if a.is_nan() { a + a } else { f(a) }
            }
        }
    };
}

float!(f32, f32, u32, 1 << 31);
float!(f64, f64, u64, 1 << 63);

/// Truncations that trap: the numbers between the bounds, both excluded, have a result.
macro_rules! truncate {
    ($($name:ident($from:ident, $low:expr, $high:expr) -> $to:ident as $bits:ident;)*) => {$(
        #[inline(always)]
        pub(super) fn $name(a: $from) -> Result<$bits, TrapCode> {
            if a > $low && a < $high {
                Ok(a as $to as $bits)
            } else if a.is_nan() {
                Err(TrapCode::BadConversionToInteger)
            } else {
                Err(TrapCode::IntegerOverflow)
            }
        }
    )*};
}

truncate! {
    // The number before −2^31 and −2^63 among those of the type; for i32 in f64, that below.
    i32_f32_s(f32, -2147483904.0, 2147483648.0) -> i32 as u32;
    i32_f32_u(f32, -1.0, 4294967296.0) -> u32 as u32;
    i32_f64_s(f64, -2147483649.0, 2147483648.0) -> i32 as u32;
    i32_f64_u(f64, -1.0, 4294967296.0) -> u32 as u32;
    i64_f32_s(f32, -9223373136366403584.0, 9223372036854775808.0) -> i64 as u64;
    i64_f32_u(f32, -1.0, 18446744073709551616.0) -> u64 as u64;
    i64_f64_s(f64, -9223372036854777856.0, 9223372036854775808.0) -> i64 as u64;
    i64_f64_u(f64, -1.0, 18446744073709551616.0) -> u64 as u64;
}
