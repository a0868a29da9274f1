//! Deterministic choices: a hash, a generator seeded by one, and the values that
//! compilers get wrong.

use microwasm::ValType;

use crate::value::{CANONICAL_NAN_32, CANONICAL_NAN_64, Value};

/// Mixes `value` into `hash` (the finalizer of splitmix64).
pub fn mix(hash: u64, value: u64) -> u64 {
    let mut z =
        hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ value.wrapping_add(0x632b_e59b_d9b4_e019);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Mixes a text into `hash`.
pub fn mix_text(hash: u64, text: &str) -> u64 {
    text.bytes()
        .fold(mix(hash, text.len() as u64), |hash, byte| {
            mix(hash, byte.into())
        })
}

/// A stream of choices.
#[derive(Clone, Debug)]
pub struct Choices {
    state: u64,
}

impl Choices {
    /// A stream that depends on `seed` alone.
    pub fn new(seed: u64) -> Choices {
        Choices { state: seed }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(1);
        mix(self.state, 0)
    }

    /// A number below `n`, or 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.bits() % n }
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of `items`, or `None` if there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.below(items.len() as u64) as usize;
        items.get(index)
    }

    /// A value of type `ty`, interesting as often as not. Floats are never a NaN other
    /// than the canonical one. `func` chooses among functions.
    pub fn value<F>(
        &mut self,
        ty: ValType,
        func: impl FnOnce(&mut Choices) -> Option<F>,
    ) -> Option<Value<F>> {
        Some(match ty {
            ValType::I32 => Value::I32(self.i32()),
            ValType::I64 => Value::I64(self.i64()),
            ValType::F32 => Value::F32(self.f32()),
            ValType::F64 => Value::F64(self.f64()),
            ValType::FuncRef => Value::FuncRef(func(self)),
            ValType::ExternRef => Value::ExternRef(if self.one_in(4) {
                None
            } else {
                Some(self.below(8) as u32)
            }),
            ValType::V128 => return None,
        })
    }

    fn i32(&mut self) -> u32 {
        const INTERESTING: [u32; 14] = [
            0,
            1,
            2,
            7,
            31,
            32,
            255,
            0x7fff,
            0xffff,
            0x1_0000,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_fffe,
            0xffff_ffff,
        ];
        match self.below(4) {
            0 => self.bits() as u32,
            1 => self.below(256) as u32,
            _ => INTERESTING[self.below(INTERESTING.len() as u64) as usize],
        }
    }

    fn i64(&mut self) -> u64 {
        const INTERESTING: [u64; 15] = [
            0,
            1,
            2,
            31,
            63,
            64,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            0x1_0000_0000,
            0xffff_ffff_8000_0000,
            0x7fff_ffff_ffff_ffff,
            0x8000_0000_0000_0000,
            0xffff_ffff_ffff_fffe,
            0xffff_ffff_ffff_ffff,
        ];
        match self.below(4) {
            0 => self.bits(),
            1 => self.below(256),
            _ => INTERESTING[self.below(INTERESTING.len() as u64) as usize],
        }
    }

    fn f32(&mut self) -> u32 {
        const INTERESTING: [f32; 16] = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            -0.5,
            1.5,
            2.5,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::MIN_POSITIVE,
            f32::MAX,
            2147483648.0,
            -2147483648.0,
            4294967296.0,
            9223372036854775808.0,
        ];
        match self.below(8) {
            0 => CANONICAL_NAN_32,
            1 => 1,
            2 | 3 => {
                let bits = self.bits() as u32;
                if crate::value::is_nan_32(bits) {
                    CANONICAL_NAN_32
                } else {
                    bits
                }
            }
            _ => INTERESTING[self.below(INTERESTING.len() as u64) as usize].to_bits(),
        }
    }

    fn f64(&mut self) -> u64 {
        const INTERESTING: [f64; 18] = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            -0.5,
            1.5,
            2.5,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MIN_POSITIVE,
            f64::MAX,
            2147483647.0,
            -2147483648.0,
            4294967295.0,
            9223372036854775808.0,
            -9223372036854775808.0,
            18446744073709551616.0,
        ];
        match self.below(8) {
            0 => CANONICAL_NAN_64,
            1 => 1,
            2 | 3 => {
                let bits = self.bits();
                if crate::value::is_nan_64(bits) {
                    CANONICAL_NAN_64
                } else {
                    bits
                }
            }
            _ => INTERESTING[self.below(INTERESTING.len() as u64) as usize].to_bits(),
        }
    }
}
