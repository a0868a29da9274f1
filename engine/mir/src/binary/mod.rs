//! The binary form of Microwasm; `docs/microwasm.md` specifies it.
//!
//! [`ModuleWriter`] takes operators and writes a module; [`ModuleReader`] takes a module,
//! whole or in chunks, and hands on each function body as soon as its last byte is there.
//! A body checks itself while it is translated, so that no sink sees an operator that is
//! not valid. Nothing is allocated because an input says how much there will be.
//!
//! Every module has exactly one binary form: numbers take as few bytes as they can,
//! sections come in order, and none is empty.

mod bytes;
mod error;
mod func;
mod read;
mod sections;
mod write;

pub use error::{BinaryError, Malformed};
pub use func::FunctionBody;
pub use read::ModuleReader;
pub use write::{ModuleWriter, OpWriter, write};

use crate::types::ValType;

/// The first bytes of every module.
pub const MAGIC: [u8; 4] = *b"\0mwm";

/// The version of the format.
pub const VERSION: u32 = 1;

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident = $id:literal,)*) => {
        /// Sections, in the order in which they come.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Section {
            $($(#[$doc])* $name = $id,)*
        }

        impl Section {
            /// Every section, in order.
            pub const ALL: &'static [Section] = &[$(Section::$name),*];

            /// The section with this id.
            pub fn from_id(id: u8) -> Option<Section> {
                Section::ALL.iter().copied().find(|&section| section as u8 == id)
            }
        }
    };
}

sections! {
    /// Function types.
    Types = 1,
    /// Imports.
    Imports = 2,
    /// Types of the functions that have bodies.
    Functions = 3,
    /// Tables.
    Tables = 4,
    /// Memories.
    Memories = 5,
    /// Globals.
    Globals = 6,
    /// Exports.
    Exports = 7,
    /// The start function.
    Start = 8,
    /// Element segments.
    Elems = 9,
    /// How many data segments there are.
    DataCount = 10,
    /// Function bodies.
    Code = 11,
    /// Data segments.
    Datas = 12,
    /// Names of functions.
    Names = 13,
}

/// The codes of value types, which are Wasm's.
const TYPES: [(u8, ValType); 6] = [
    (0x7f, ValType::I32),
    (0x7e, ValType::I64),
    (0x7d, ValType::F32),
    (0x7c, ValType::F64),
    (0x70, ValType::FuncRef),
    (0x6f, ValType::ExternRef),
];

/// Bits of a declaration's first byte.
mod declare {
    pub(super) const BACKWARD: u8 = 1;
    pub(super) const CALLERS: u8 = 2;
    pub(super) const ARGS: u8 = 4;
}

/// Codes of what can be imported or exported.
mod kind {
    pub(super) const FUNC: u8 = 0;
    pub(super) const TABLE: u8 = 1;
    pub(super) const MEMORY: u8 = 2;
    pub(super) const GLOBAL: u8 = 3;
}

/// Codes of where a segment goes; an element segment of expressions has [`mode::EXPRS`], too.
mod mode {
    pub(super) const ACTIVE: u8 = 0;
    pub(super) const PASSIVE: u8 = 1;
    pub(super) const DECLARED: u8 = 2;
    pub(super) const EXPRS: u8 = 4;
}
