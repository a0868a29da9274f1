//! Limits on what a module may contain.
//!
//! Owns the one table of limits: the enum that names them, the struct that
//! holds them and its defaults come from it. The defaults are those on which
//! Web engines agree; the validator has the same ones built in, so that raising
//! a limit above its default has no effect where the table says "at most".

use std::fmt;

/// A limit that a module ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// Which limit.
    pub kind: LimitKind,
    /// What the module has or claims; the least it can be where reading stopped early.
    pub value: u64,
    /// The limit.
    pub limit: u32,
    /// Byte offset in the module.
    pub offset: u32,
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LimitExceeded {
            kind,
            value,
            limit,
            offset,
        } = self;
        write!(f, "{value} {kind} at offset {offset:#x}, limit {limit}")
    }
}

macro_rules! limits {
    ($($(#[$doc:meta])* $kind:ident $field:ident $what:literal = $default:expr;)*) => {
        /// Names a limit; see the field of [`Limits`] of the same name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum LimitKind {
            $($(#[$doc])* $kind,)*
        }

        impl LimitKind {
            /// Every limit.
            pub const ALL: &'static [LimitKind] = &[$(LimitKind::$kind),*];
        }

        impl fmt::Display for LimitKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(LimitKind::$kind => $what,)*
                })
            }
        }

        /// Largest sizes and counts that the front end accepts.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($(#[$doc])* pub $field: u32,)*
        }

        impl Default for Limits {
            fn default() -> Limits {
                Limits { $($field: $default,)* }
            }
        }

        impl Limits {
            /// The value of a limit.
            pub fn get(&self, kind: LimitKind) -> u32 {
                match kind {
                    $(LimitKind::$kind => self.$field,)*
                }
            }
        }
    };
}

limits! {
    /// Bytes in a module.
    ModuleSize module_size "bytes in the module" = 1 << 30;
    /// Function types. At most 1,000,000.
    Types types "types" = 1_000_000;
    /// Parameters of one function type. At most 1,000.
    Params params "parameters" = 1_000;
    /// Results of one function type. At most 1,000.
    Results results "results" = 1_000;
    /// Imports. At most 1,000,000.
    Imports imports "imports" = 1_000_000;
    /// Functions, imported ones included. At most 1,000,000.
    Functions functions "functions" = 1_000_000;
    /// Tables, imported ones included. At most 100,000.
    Tables tables "tables" = 100_000;
    /// Globals, imported ones included. At most 1,000,000.
    Globals globals "globals" = 1_000_000;
    /// Exports. At most 1,000,000.
    Exports exports "exports" = 1_000_000;
    /// Element segments. At most 100,000.
    ElemSegments elem_segments "element segments" = 100_000;
    /// Elements of one segment. At most 10,000,000.
    Elems elems "elements in a segment" = 10_000_000;
    /// Data segments. At most 100,000.
    DataSegments data_segments "data segments" = 100_000;
    /// Bytes in a name of an import or export. At most 100,000.
    NameLength name_length "bytes in a name" = 100_000;
    /// Bytes in a function body. At most 7,654,321.
    FunctionSize function_size "bytes in a function body" = 7_654_321;
    /// Parameters and locals of one function. At most 50,000.
    Locals locals "locals" = 50_000;
    /// Blocks, loops and ifs around one operator.
    Nesting nesting "nested blocks" = 80_000;
}

/// A Microwasm function body may have as many times the bytes of a Wasm one: so every
/// function that the front end takes has a Microwasm form.
const BODY_GROWTH: u64 = 16;

impl Limits {
    /// The most bytes in a Microwasm function body.
    pub(crate) fn body_size(&self) -> u64 {
        u64::from(self.function_size) * BODY_GROWTH
    }

    /// Accepts `value` if it is within the limit.
    #[inline]
    pub(crate) fn check(
        &self,
        kind: LimitKind,
        value: u64,
        offset: u64,
    ) -> Result<(), LimitExceeded> {
        let limit = self.get(kind);
        if value <= u64::from(limit) {
            return Ok(());
        }
        Err(LimitExceeded {
            kind,
            value,
            limit,
            offset: super::error::narrow(offset),
        })
    }
}
