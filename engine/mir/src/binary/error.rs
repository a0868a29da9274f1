//! Why a binary module is refused.

use crate::types::FuncIndex;
use crate::verify::Violation;
use crate::wasm::LimitExceeded;

/// Why a binary module is refused, with the byte offset in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BinaryError {
    /// The bytes are not a module.
    #[error("malformed at offset {offset:#x}: {cause}")]
    Malformed {
        /// Byte offset in the module.
        offset: u32,
        /// What is wrong.
        cause: Malformed,
    },
    /// A module, but not a valid one.
    #[error("invalid at offset {offset:#x}{}: {violation}", in_func(.func))]
    Invalid {
        /// Byte offset in the module.
        offset: u32,
        /// The function, if it is in one.
        func: Option<FuncIndex>,
        /// What does not hold.
        violation: Violation,
    },
    /// Exceeds a limit.
    #[error("too large: {0}")]
    Limit(LimitExceeded),
    /// An earlier chunk of the same module was refused already.
    #[error("the module was refused before")]
    Refused,
}

fn in_func(func: &Option<FuncIndex>) -> String {
    func.map_or(String::new(), |func| format!(" in function {func}"))
}

impl BinaryError {
    /// Byte offset in the module, if there is one.
    pub fn offset(&self) -> Option<u32> {
        match self {
            BinaryError::Malformed { offset, .. } | BinaryError::Invalid { offset, .. } => {
                Some(*offset)
            }
            BinaryError::Limit(limit) => Some(limit.offset),
            BinaryError::Refused => None,
        }
    }

    pub(super) fn malformed(offset: u32, cause: Malformed) -> BinaryError {
        BinaryError::Malformed { offset, cause }
    }

    pub(super) fn invalid(
        offset: u32,
        func: Option<FuncIndex>,
        violation: Violation,
    ) -> BinaryError {
        match violation {
            Violation::Limit { kind, value, limit } => BinaryError::Limit(LimitExceeded {
                kind,
                value,
                limit,
                offset,
            }),
            violation => BinaryError::Invalid {
                offset,
                func,
                violation,
            },
        }
    }
}

impl From<LimitExceeded> for BinaryError {
    fn from(limit: LimitExceeded) -> BinaryError {
        BinaryError::Limit(limit)
    }
}

/// What exactly is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The bytes end too early.
    #[error("unexpected end")]
    End,
    /// Other first bytes than [`super::MAGIC`].
    #[error("not a Microwasm module")]
    Magic,
    /// Another version.
    #[error("version {0} of the format is not known")]
    Version(u32),
    /// An unknown section.
    #[error("unknown section {0}")]
    Section(u8),
    /// A section after one that comes later, or twice.
    #[error("section {0} is out of order")]
    SectionOrder(u8),
    /// A section, or a list that can be left out, without contents.
    #[error("empty where nothing is needed")]
    Empty,
    /// A section or body that is longer or shorter than its contents.
    #[error("contents do not end where their size says")]
    Size,
    /// A number that does not fit, or takes more bytes than it needs.
    #[error("number too large or not in its shortest form")]
    Number,
    /// More items than bytes.
    #[error("{count} items in {bytes} bytes")]
    Count {
        /// Items claimed.
        count: u32,
        /// Bytes left.
        bytes: u32,
    },
    /// An unknown operator.
    #[error("unknown operator {0:#04x}")]
    Opcode(u8),
    /// An operator that cannot be in a constant expression.
    #[error("operator in a constant expression that is not constant")]
    NotConstant,
    /// An unknown value type.
    #[error("unknown type {0:#04x}")]
    Type(u8),
    /// Flags, a kind or a mode that does not exist.
    #[error("unknown flags {0:#04x}")]
    Flags(u8),
    /// A name that is not UTF-8.
    #[error("name is not UTF-8")]
    Utf8,
}
