//! Why stencils could not be linked.

use crate::stencil::{ExternalName, RelocKind};
use thiserror::Error;

/// Why stencils could not be linked. Offsets are the image's, and those of relocations are
/// the offsets of their fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)]
pub enum LinkError {
    /// The distance does not fit in the field.
    #[error("{kind} against {symbol} at {offset:#x}: {value:#x} does not fit in 32 bits")]
    OutOfRange {
        symbol: ExternalName,
        kind: RelocKind,
        offset: u32,
        value: i64,
    },
    /// The field does not lie, whole, in what it is a part of, or the bytes around it are not
    /// those of an instruction that the kind belongs to. `value` is what was found there.
    #[error("{kind} against {symbol} at {offset:#x}: not such a place, but {value:#06x}")]
    WrongSite {
        symbol: ExternalName,
        kind: RelocKind,
        offset: u32,
        value: u16,
    },
    /// The field has been filled in before.
    #[error("{kind} against {symbol} at {offset:#x}: resolved already")]
    AlreadyResolved {
        symbol: ExternalName,
        kind: RelocKind,
        offset: u32,
    },
    /// The field is not at a multiple of its size. `value` is how far it is from one.
    #[error("{kind} against {symbol} at {offset:#x}: {value} bytes off its alignment")]
    Misaligned {
        symbol: ExternalName,
        kind: RelocKind,
        offset: u32,
        value: u64,
    },
    /// There is no such function, or its address was not given.
    #[error("{kind} against {symbol} at {offset:#x}: undefined")]
    Undefined {
        symbol: ExternalName,
        kind: RelocKind,
        offset: u32,
    },
    /// Distances in the image would not fit in 32 bits.
    #[error("the image needs {size} bytes")]
    ImageTooLarge { size: u64 },
    /// The memory given is not as large as the image.
    #[error("the image has {size} bytes, the memory for it {given}")]
    WrongSize { size: usize, given: usize },
    /// The order is not a permutation of the functions, or the alignment not a power of two.
    #[error("the layout does not place each function once, at an alignment that is a power of two")]
    BadLayout,
    /// The stencils are not those that the plan was made for.
    #[error("the stencils are not those that the plan was made for")]
    WrongStencils,
}
