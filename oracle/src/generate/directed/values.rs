//! The values at which compilers go wrong.

use microwasm::ValType;

use super::ops::Numeric;
use crate::value::Value;

/// Around the edges of widths and of shift counts; 64-bit operators sign-extend them.
const INTEGERS: [u64; 40] = [
    0,
    1,
    u64::MAX,
    1 << 31,
    (1 << 31) - 1,
    1 << 63,
    (1 << 63) - 1,
    2,
    u64::MAX - 1,
    3,
    7,
    8,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    15,
    16,
    31,
    32,
    33,
    63,
    64,
    65,
    0xffff_ffff,
    1 << 32,
    (1 << 32) + 1,
    0xffff_ffff_8000_0000,
    0xffff_ffff_7fff_ffff,
    0x8000_0000_0000_0001,
    0x8000_0001,
    0xdead_beef_0bad_cafe,
    0x5555_5555_aaaa_aaaa,
    0xff80,
    0xffff_8000,
    0x0123_4567_89ab_cdef,
];

/// Bits: zeros, subnormals, halves, infinities, NaNs with payloads, and what does and does
/// not fit into integers.
const FLOATS_32: [u32; 36] = [
    0,
    0x8000_0000,
    0x3f80_0000, // 1
    0xbf80_0000,
    0x7fc0_0000, // NaNs: canonical, negative, with payloads, signalling
    0xffc0_0000,
    0x7fc1_2345,
    0xffff_ffff,
    0x7f80_0001,
    0xffa0_0000,
    0x7f80_0000, // infinities
    0xff80_0000,
    0x0000_0001, // subnormals and the smallest normal number
    0x8000_0001,
    0x007f_ffff,
    0x0080_0000,
    0x7f7f_ffff, // the largest
    0xff7f_ffff,
    0x3f00_0000, // 0.5, -0.5, 1.5, 2.5, -1.5, 0.49999997, -0.99999994
    0xbf00_0000,
    0x3fc0_0000,
    0x4020_0000,
    0xbfc0_0000,
    0x3eff_ffff,
    0xbf7f_ffff,
    0x4f00_0000, // 2^31 and neighbours, -2^31 and below
    0x4eff_ffff,
    0xcf00_0000,
    0xcf00_0001,
    0x4f80_0000, // 2^32 and below
    0x4f7f_ffff,
    0x5f00_0000, // 2^63 and below, -2^63 and below
    0x5eff_ffff,
    0xdf00_0000,
    0xdf00_0001,
    0x5f80_0000, // 2^64
];

const FLOATS_64: [u64; 46] = [
    0,
    1 << 63,
    0x3ff0_0000_0000_0000, // 1
    0xbff0_0000_0000_0000,
    0x7ff8_0000_0000_0000, // NaNs
    0xfff8_0000_0000_0000,
    0x7ff8_0000_1234_5678,
    0xffff_ffff_ffff_ffff,
    0x7ff0_0000_0000_0001,
    0xfff4_0000_0000_0000,
    0x7ff0_0000_0000_0000, // infinities
    0xfff0_0000_0000_0000,
    0x0000_0000_0000_0001, // subnormals and the smallest normal number
    0x8000_0000_0000_0001,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x7fef_ffff_ffff_ffff, // the largest
    0xffef_ffff_ffff_ffff,
    0x3fe0_0000_0000_0000, // halves
    0xbfe0_0000_0000_0000,
    0x3ff8_0000_0000_0000,
    0x4004_0000_0000_0000,
    0xbff8_0000_0000_0000,
    0x3fdf_ffff_ffff_ffff,
    0xbfef_ffff_ffff_ffff,
    0x41e0_0000_0000_0000, // 2^31, below, in between
    0x41df_ffff_ffc0_0000,
    0x41df_ffff_ffff_ffff,
    0xc1e0_0000_0000_0000, // -2^31, below, in between
    0xc1e0_0000_0020_0000,
    0xc1e0_0000_001f_ffff,
    0x41f0_0000_0000_0000, // 2^32, below, in between
    0x41ef_ffff_ffe0_0000,
    0x41ef_ffff_ffff_ffff,
    0x43e0_0000_0000_0000, // 2^63 and below, -2^63 and below
    0x43df_ffff_ffff_ffff,
    0xc3e0_0000_0000_0000,
    0xc3e0_0000_0000_0001,
    0x43f0_0000_0000_0000, // 2^64 and below
    0x43ef_ffff_ffff_ffff,
    0x47ef_ffff_e000_0000, // the edges of f32
    0x47ef_ffff_f000_0000,
    0x36a0_0000_0000_0000,
    0x3690_0000_0000_0000,
    0x3810_0000_0000_0000,
    0x380f_ffff_ffff_ffff,
];

/// Operands of divisions that overflow, trap, or nearly do.
const DIVISION: [u64; 6] = [1 << 63, 1 << 31, u64::MAX, 1, 0, u64::MAX >> 1];

/// Halfway between two floats of 24 or 53 bits, and just beside.
const HALFWAY: [u64; 12] = [
    0x8000_0000_0000_0400, // 64 bits to 53: to even, up, to even
    0x8000_0000_0000_0401,
    0x8000_0000_0000_0c00,
    0x8000_0080_0000_0000, // 64 bits to 24
    0x8000_0080_0000_0001,
    0x8000_007f_ffff_ffff,
    0x0020_0000_0000_0001, // 54 bits to 53
    0x0020_0000_0000_0003,
    0x8000_0080, // 32 bits to 24
    0x8000_0081,
    0x0100_0001, // 25 bits to 24
    0x0100_0003,
];

/// The zeros of floats, of which -0 is the smaller one.
const ZEROS_32: [u64; 2] = [0, 1 << 31];
const ZEROS_64: [u64; 2] = [0, 1 << 63];

/// Bits that are edges for this operator more than for others; of 32 bits are the low ones.
pub fn edges(op: Numeric) -> &'static [u64] {
    match op.code {
        0x6d | 0x6f | 0x7f | 0x81 => &DIVISION,
        0x96 | 0x97 => &ZEROS_32,
        0xa4 | 0xa5 => &ZEROS_64,
        // From u64, which is converted by halves from 2^63 on.
        0xb5 | 0xba => &HALFWAY[..6],
        0xb2..=0xb4 | 0xb7..=0xb9 => &HALFWAY,
        _ => &[],
    }
}

/// The value that `choice` stands for; from 248 on, the bits of `any`.
pub fn value<F>(ty: ValType, choice: u8, any: u64) -> Value<F> {
    let at = usize::from(choice);
    match ty {
        ValType::I32 if choice >= 248 => Value::I32(any as u32),
        ValType::I32 => Value::I32(INTEGERS[at % INTEGERS.len()] as u32),
        ValType::I64 if choice >= 248 => Value::I64(any),
        ValType::I64 => Value::I64(INTEGERS[at % INTEGERS.len()]),
        ValType::F32 if choice >= 248 => Value::F32(any as u32),
        ValType::F32 => Value::F32(FLOATS_32[at % FLOATS_32.len()]),
        ValType::F64 if choice >= 248 => Value::F64(any),
        ValType::F64 => Value::F64(FLOATS_64[at % FLOATS_64.len()]),
        ValType::ExternRef if !choice.is_multiple_of(4) => {
            Value::ExternRef(Some(u32::from(choice / 4)))
        }
        ValType::ExternRef => Value::ExternRef(None),
        ValType::FuncRef => Value::FuncRef(None),
        ValType::V128 => unreachable!("generators make no vectors"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_conversions_round_up_and_down() {
        let convert = Numeric::of(0xba);
        let (mut up, mut down) = (0, 0);
        for &edge in edges(convert) {
            let rounded = edge as f64 as u64;
            up += u32::from(rounded > edge);
            down += u32::from(rounded < edge);
        }
        assert!(up > 0 && down > 0);
        // A conversion by halves that loses the lowest bit gets one of them wrong.
        let lossy = |edge: u64| (edge >> 1) as f64 * 2.0;
        assert!(
            edges(convert)
                .iter()
                .any(|edge| lossy(*edge) != *edge as f64)
        );
    }
}
