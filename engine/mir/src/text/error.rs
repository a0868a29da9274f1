//! Why a text is refused.

use crate::types::FuncIndex;
use crate::verify::Violation;

/// Why a text is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {cause}")]
pub struct TextError {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// Byte offset in the text.
    pub offset: u32,
    /// What is wrong.
    pub cause: TextCause,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextCause {
    /// Something else should be here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A declaration with another number than the next of its kind.
    #[error("expected number {0}, the next one")]
    Number(u32),
    /// A declaration after others that come later.
    #[error("declaration out of order")]
    Order,
    /// An unknown operator.
    #[error("unknown operator")]
    Operator,
    /// An operator that cannot be in a constant expression.
    #[error("operator is not constant")]
    NotConstant,
    /// A function without its end.
    #[error("function {0} does not end")]
    Unended(FuncIndex),
    /// The text is not UTF-8.
    #[error("not UTF-8")]
    Utf8,
    /// Well-formed, but not valid.
    #[error("{0}")]
    Invalid(Violation),
}

impl TextError {
    /// An error at a byte offset of `text`.
    pub(super) fn new(text: &[u8], offset: usize, cause: TextCause) -> TextError {
        let before = &text[..offset.min(text.len())];
        let newlines = before.iter().filter(|&&byte| byte == b'\n').count();
        let start = before.iter().rposition(|&byte| byte == b'\n');
        let line = &before[start.map_or(0, |newline| newline + 1)..];
        // Bytes that continue a character are no column.
        let column = line.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
        let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        TextError {
            line: narrow(newlines + 1),
            column: narrow(column + 1),
            offset: narrow(offset),
            cause,
        }
    }
}
