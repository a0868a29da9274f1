//! Numbers, strings and lists as the text form writes them.

use std::fmt::{self, Display, Write};

use crate::types::{Label, ValType};

/// `.return` or `.L7`.
pub(super) struct LabelName(pub(super) Label);

impl Display for LabelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Label::RETURN => f.write_str(".return"),
            Label(number) => write!(f, ".L{number}"),
        }
    }
}

/// `[i32 i64]`
pub(super) struct Types<'a>(pub(super) &'a [ValType]);

impl Display for Types<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        for (i, ty) in self.0.iter().enumerate() {
            let space = if i == 0 { "" } else { " " };
            write!(f, "{space}{ty}")?;
        }
        f.write_char(']')
    }
}

/// A string as Wasm's text format has it: printable ASCII as it is, every other
/// byte as two hexadecimal digits.
pub(super) struct Quoted<'a>(pub(super) &'a [u8]);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for &byte in self.0 {
            match byte {
                b'"' | b'\\' => write!(f, "\\{}", char::from(byte))?,
                b' '..=b'~' => f.write_char(char::from(byte))?,
                _ => write!(f, "\\{byte:02x}")?,
            }
        }
        f.write_char('"')
    }
}

/// The bits of an `f32`.
pub(super) struct F32(pub(super) u32);

impl Display for F32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = f32::from_bits(self.0);
        if value.is_nan() {
            let sign = if value.is_sign_negative() { "-" } else { "" };
            return write!(f, "{sign}nan:{:#x}", self.0 & 0x7f_ffff);
        }
        write!(f, "{value:?}")
    }
}

/// The bits of an `f64`.
pub(super) struct F64(pub(super) u64);

impl Display for F64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = f64::from_bits(self.0);
        if value.is_nan() {
            let sign = if value.is_sign_negative() { "-" } else { "" };
            return write!(f, "{sign}nan:{:#x}", self.0 & 0xf_ffff_ffff_ffff);
        }
        write!(f, "{value:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_keep_their_bits() {
        assert_eq!(F32(0x8000_0000).to_string(), "-0.0");
        assert_eq!(F32(0x7fc0_0001).to_string(), "nan:0x400001");
        assert_eq!(F64(f64::NEG_INFINITY.to_bits()).to_string(), "-inf");
        assert_eq!(
            F64(0xfff8_0000_0000_0000).to_string(),
            "-nan:0x8000000000000"
        );
        for bits in [1, 0x3f80_0001, 0x7f7f_ffff, 0x0080_0000] {
            assert_eq!(
                F32(bits).to_string().parse::<f32>().map(f32::to_bits),
                Ok(bits)
            );
        }
    }

    #[test]
    fn strings_are_ascii() {
        assert_eq!(
            Quoted("a\"\\\n\u{e9}".as_bytes()).to_string(),
            r#""a\"\\\0a\c3\a9""#
        );
    }
}
