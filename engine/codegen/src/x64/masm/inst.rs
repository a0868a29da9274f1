//! One instruction while it is being put together.
//!
//! dynasm pushes its bytes here; the functions below then fill in the field that
//! tells a family's members apart, replace the address by its shortest form, and
//! take out prefixes that say nothing. All positions are compile-time constants.

use super::{Mem, Size};
use dynasmrt::{AssemblyOffset, DynasmApi};

/// Up to 15 bytes of machine code, first byte lowest. Bits above `len` bytes are zero.
#[derive(Clone, Copy, Default)]
pub(super) struct InstBuf {
    pub(super) bits: u128,
    pub(super) len: u32,
}

/// Where an instruction with a memory operand has its REX prefix and its ModRM byte.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) rex: u32,
    pub(super) modrm: u32,
}

impl Form {
    /// REX, one byte of opcode.
    pub(super) const OP: Form = Form { rex: 0, modrm: 2 };
    /// REX, `0F`, one byte of opcode.
    pub(super) const OP_0F: Form = Form { rex: 0, modrm: 3 };
    /// A `66` prefix, REX, one byte of opcode.
    pub(super) const PREFIX_OP: Form = Form { rex: 1, modrm: 3 };
    /// A `66`, `F2` or `F3` prefix, REX, `0F`, one byte of opcode.
    pub(super) const PREFIX_OP_0F: Form = Form { rex: 1, modrm: 4 };
}

/// The low `bytes` bytes, `bytes` being less than 16.
#[inline(always)]
fn low(bits: u128, bytes: u32) -> u128 {
    bits & ((1 << (8 * bytes)) - 1)
}

impl InstBuf {
    #[inline(always)]
    pub(super) fn new() -> InstBuf {
        InstBuf::default()
    }

    #[inline(always)]
    fn push_bits(&mut self, bits: u128, len: u32) {
        debug_assert!(self.len + len <= 15, "an instruction has at most 15 bytes");
        self.bits |= bits << (8 * self.len);
        self.len += len;
    }

    #[inline(always)]
    pub(super) fn byte(self, at: u32) -> u8 {
        (self.bits >> (8 * at)) as u8
    }

    /// Sets bits of the byte at `at`.
    #[inline(always)]
    pub(super) fn or(self, at: u32, bits: u8) -> InstBuf {
        InstBuf {
            bits: self.bits | (bits as u128) << (8 * at),
            ..self
        }
    }

    /// Inverts bits of the byte at `at`.
    #[inline(always)]
    pub(super) fn xor(self, at: u32, bits: u8) -> InstBuf {
        InstBuf {
            bits: self.bits ^ (bits as u128) << (8 * at),
            ..self
        }
    }

    /// Sets REX.W of a 32-bit instruction for 64-bit operands.
    #[inline(always)]
    pub(super) fn size(self, rex: u32, size: Size) -> InstBuf {
        self.or(rex, (size as u8) << 3)
    }

    /// Turns an `F3`-prefixed scalar single instruction into the `F2`-prefixed double one.
    #[inline(always)]
    pub(super) fn scalar(self, size: Size) -> InstBuf {
        debug_assert_eq!(self.byte(0), 0xf3);
        self.xor(0, size as u8)
    }

    /// Keeps the first `len` bytes.
    #[inline(always)]
    pub(super) fn truncate(self, len: u32) -> InstBuf {
        InstBuf {
            bits: low(self.bits, len),
            len,
        }
    }

    /// Takes the byte at `at` out.
    #[inline(always)]
    fn remove(self, at: u32) -> InstBuf {
        let rest = self.bits >> (8 * (at + 1)) << (8 * at);
        InstBuf {
            bits: low(self.bits, at) | rest,
            len: self.len - 1,
        }
    }

    /// Takes the REX prefix at `rex` out if none of its bits is set.
    #[inline(always)]
    pub(super) fn drop_empty_rex(self, rex: u32) -> InstBuf {
        debug_assert_eq!(self.byte(rex) & 0xf0, 0x40, "there is a REX prefix");
        if self.byte(rex) == 0x40 {
            self.remove(rex)
        } else {
            self
        }
    }

    /// Of an instruction that ends in ModRM, SIB and a displacement byte: leaves out the latter
    /// if it is zero.
    #[inline(always)]
    pub(super) fn drop_zero_displacement(self, form: Form) -> InstBuf {
        debug_assert_eq!(
            self.byte(form.modrm) & 0xc7,
            0x44,
            "ModRM with SIB and disp8"
        );
        let zero = u8::from(self.byte(form.modrm + 2) == 0);
        InstBuf {
            len: self.len - u32::from(zero),
            ..self.xor(form.modrm, zero << 6)
        }
    }

    /// Turns the three-byte VEX prefix that dynasm emits into the two-byte form if possible:
    /// no X, B or W bit (the first two are stored inverted) and opcode map `0F`.
    #[inline(always)]
    pub(super) fn shorten_vex(self) -> InstBuf {
        debug_assert_eq!(self.byte(0), 0xc4);
        if self.byte(1) & 0x7f != 0x61 || self.byte(2) & 0x80 != 0 {
            return self;
        }
        let second = self.byte(1) & 0x80 | self.byte(2);
        InstBuf {
            bits: self.bits >> 24 << 16 | (second as u128) << 8 | 0xc5,
            len: self.len - 1,
        }
    }

    /// What dynasm assembled with `[base + index]`, taken apart: ModRM, SIB and a displacement
    /// byte make way for the shortest encoding of the address.
    #[inline(always)]
    pub(super) fn without_address(self, form: Form) -> Parts {
        let Form { modrm, .. } = form;
        debug_assert_eq!(self.byte(modrm) & 0xc7, 0x44, "ModRM with SIB and disp8");
        Parts {
            head: InstBuf {
                bits: low(self.bits, modrm),
                len: modrm,
            },
            field: self.byte(modrm) & 0x38,
            immediate: InstBuf {
                bits: self.bits >> (8 * (modrm + 3)),
                len: self.len - modrm - 3,
            },
        }
    }
}

/// An instruction with a memory operand, less the operand.
pub(super) struct Parts {
    /// Prefixes and opcode: at most five bytes.
    pub(super) head: InstBuf,
    /// The reg field of ModRM, in place.
    pub(super) field: u8,
    /// At most four bytes.
    pub(super) immediate: InstBuf,
}

impl Mem {
    /// The index for a SIB byte; 4, `rsp`, means none.
    #[inline(always)]
    pub(super) fn sib_index(self) -> u8 {
        self.index.0
    }

    /// ModRM (with an empty reg field), SIB and displacement, and how many bytes they are.
    /// What is above those bytes means nothing.
    #[inline(always)]
    pub(super) fn encode(self, sp_adjust: i32) -> (u64, u32) {
        let disp = self.disp.wrapping_add(sp_adjust * i32::from(self.slot));
        let base = u32::from(self.base.0 & 7);
        let index = u32::from(self.index.0 & 7);
        // Base 5 without a displacement means something else, and so does base 4 without a SIB.
        let (head, head_len) = if self.sib {
            (4 | index << 11 | base << 8, 2)
        } else {
            (base, 1)
        };
        // No, one, or four bytes of displacement; told apart by the top bits of ModRM.
        let some = u32::from((disp != 0) | (base == 5));
        let wide = u32::from(disp as i8 as i32 != disp);
        let head = u64::from(head | (some + wide) << 6);
        let disp = u64::from(disp as u32) << (8 * head_len);
        (head | disp, head_len + some + 3 * wide)
    }
}

impl Extend<u8> for InstBuf {
    #[inline(always)]
    fn extend<T: IntoIterator<Item = u8>>(&mut self, bytes: T) {
        for byte in bytes {
            self.push_bits(byte as u128, 1);
        }
    }
}

impl<'a> Extend<&'a u8> for InstBuf {
    #[inline(always)]
    fn extend<T: IntoIterator<Item = &'a u8>>(&mut self, bytes: T) {
        for byte in bytes {
            self.push_bits(*byte as u128, 1);
        }
    }
}

impl DynasmApi for InstBuf {
    #[inline(always)]
    fn offset(&self) -> AssemblyOffset {
        AssemblyOffset(self.len as usize)
    }

    #[inline(always)]
    fn push(&mut self, byte: u8) {
        self.push_bits(byte as u128, 1);
    }

    #[inline(always)]
    fn align(&mut self, alignment: usize, with: u8) {
        while !(self.len as usize).is_multiple_of(alignment) {
            self.push(with);
        }
    }

    #[inline(always)]
    fn push_i16(&mut self, value: i16) {
        self.push_bits(value as u16 as u128, 2);
    }

    #[inline(always)]
    fn push_i32(&mut self, value: i32) {
        self.push_bits(value as u32 as u128, 4);
    }

    #[inline(always)]
    fn push_i64(&mut self, value: i64) {
        self.push_bits(value as u64 as u128, 8);
    }
}
