//! The functions of the host that bytecode can call: every signature there is, in one table.
//!
//! `call_indirect_host` leaves the interpreter for a native function. Which native signature
//! it has is the instruction's immediate, a row of this table; the interpreter's half of the
//! table, which casts and calls, is generated from the same rows by [`for_each_signature`].
//!
//! Arguments lie in consecutive slots from the call's base on: the operands of the operator,
//! then its immediate, if it has one. A row names for each native parameter behind the vmctx
//! the slot and the type; so immediates may come first in the native signature.

use crate::stencil::Builtin;

/// What becomes of a native function's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostResult {
    /// There is none.
    Nothing,
    /// A value, which goes to the call's base.
    Value,
    /// 0, or the code of a trap to raise.
    Trap,
}

/// Calls a macro with all rows: `Name(slot: type, …) -> result;`. [`HostSignature::Array`]
/// is no row: its arguments are passed in an array.
#[macro_export]
macro_rules! for_each_host_signature {
    ($with:ident) => {
        $with! {
            Grow(0: u32) -> Value(u32);
            Bulk(0: u32, 1: u32, 2: u32) -> Trap(u32);
            Init(3: u32, 0: u32, 1: u32, 2: u32) -> Trap(u32);
            Drop(0: u32) -> Nothing(());
            GrowRef(2: u32, 0: u64, 1: u32) -> Value(u32);
            FillRef(3: u32, 0: u32, 1: u64, 2: u32) -> Trap(u32);
            Pair(3: u64, 0: u32, 1: u32, 2: u32) -> Trap(u32);
            Ref(0: u32) -> Value(u64);
        }
    };
}

macro_rules! signatures {
    ($($name:ident($($slot:literal: $ty:ty),*) -> $result:ident($native:ty);)*) => {
        /// A native signature. The first parameter of each is the vmctx.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum HostSignature {
            $($name,)*
            /// An imported function: its arguments and results are in an array.
            Array,
        }

        impl HostSignature {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [HostSignature] =
                &[$(HostSignature::$name,)* HostSignature::Array];

            /// Slots of the arguments; none for [`HostSignature::Array`], whose are the callee's.
            pub fn arguments(self) -> u32 {
                match self {
                    $(HostSignature::$name => [$($slot as u32),*].len() as u32,)*
                    HostSignature::Array => 0,
                }
            }

            /// What becomes of the result.
            pub fn result(self) -> HostResult {
                match self {
                    $(HostSignature::$name => HostResult::$result,)*
                    HostSignature::Array => HostResult::Trap,
                }
            }
        }
    };
}

for_each_host_signature!(signatures);

impl HostSignature {
    /// The signature with this number, if there is one.
    pub fn from_u8(number: u8) -> Option<HostSignature> {
        HostSignature::ALL.get(number as usize).copied()
    }

    /// The signature of a builtin; `None` for the one that is no function.
    pub fn of(builtin: Builtin) -> Option<HostSignature> {
        Some(match builtin {
            Builtin::MemoryGrow => HostSignature::Grow,
            Builtin::MemoryFill | Builtin::MemoryCopy => HostSignature::Bulk,
            Builtin::MemoryInit => HostSignature::Init,
            Builtin::DataDrop | Builtin::ElemDrop => HostSignature::Drop,
            Builtin::TableGrow => HostSignature::GrowRef,
            Builtin::TableFill => HostSignature::FillRef,
            Builtin::TableCopy | Builtin::TableInit => HostSignature::Pair,
            Builtin::RefFunc => HostSignature::Ref,
            Builtin::Trap => return None,
        })
    }
}

/// The immediate of `call_indirect_host`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCallee {
    /// How it is called.
    pub signature: HostSignature,
    /// The number of the builtin, or for [`HostSignature::Array`] of the imported function;
    /// below [`HostCallee::MOST`].
    pub number: u32,
}

impl HostCallee {
    /// Numbers are below this.
    pub const MOST: u32 = 1 << 24;

    /// As in the instruction's field.
    #[inline]
    pub fn to_u32(self) -> u32 {
        self.signature as u32 | self.number << 8
    }

    /// Of the instruction's field, if there is such a signature.
    #[inline]
    pub fn from_u32(field: u32) -> Option<HostCallee> {
        Some(HostCallee {
            signature: HostSignature::from_u8(field as u8)?,
            number: field >> 8,
        })
    }
}
