//! Value types, signatures and the newtypes of every index space.
//!
//! Owns nothing but plain data. Every index that crosses a crate boundary is a
//! newtype from here, so that a function index can never be used as a type
//! index, or a defined function's index as one of the whole index space.

use std::fmt;
use std::hash::{Hash, Hasher};

/// A WebAssembly value type (Wasm spec, 2.3.1–2.3.5).
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32-bit IEEE 754 number.
    F32,
    /// 64-bit IEEE 754 number.
    F64,
    /// 128-bit vector. Slots and conventions have room for it; no op produces one yet.
    V128,
    /// Reference to a function, or null.
    FuncRef,
    /// Opaque reference that the host owns, or null.
    ExternRef,
}

/// The register class that holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegClass {
    /// General-purpose register.
    Gpr,
    /// Vector register.
    Xmm,
}

impl ValType {
    /// The register class that values of this type live in.
    #[inline]
    pub fn class(self) -> RegClass {
        match self {
            ValType::I32 | ValType::I64 | ValType::FuncRef | ValType::ExternRef => RegClass::Gpr,
            ValType::F32 | ValType::F64 | ValType::V128 => RegClass::Xmm,
        }
    }

    /// How many 8-byte frame slots a value of this type takes.
    #[inline]
    pub fn slots(self) -> u32 {
        match self {
            ValType::V128 => 2,
            _ => 1,
        }
    }

    /// True for `funcref` and `externref`.
    #[inline]
    pub fn is_ref(self) -> bool {
        matches!(self, ValType::FuncRef | ValType::ExternRef)
    }

    /// The name that the text formats use.
    pub fn name(self) -> &'static str {
        match self {
            ValType::I32 => "i32",
            ValType::I64 => "i64",
            ValType::F32 => "f32",
            ValType::F64 => "f64",
            ValType::V128 => "v128",
            ValType::FuncRef => "funcref",
            ValType::ExternRef => "externref",
        }
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A function signature.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FuncType {
    /// Parameter types, first to last.
    pub params: Box<[ValType]>,
    /// Result types, first to last.
    pub results: Box<[ValType]>,
}

/// Many types at a time: one by one takes longer than all else about interning a signature.
impl Hash for FuncType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for types in [&self.params, &self.results] {
            state.write_usize(types.len());
            for some in types.chunks(u64::BITS as usize / 4) {
                state.write_u64(some.iter().fold(0, |bits, &ty| bits << 4 | ty as u64));
            }
        }
    }
}

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name(pub u32);
        impl $name {
            /// The index as a `usize`, for slices.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
        impl From<u32> for $name {
            fn from(index: u32) -> $name {
                $name(index)
            }
        }
        impl From<$name> for u32 {
            fn from(index: $name) -> u32 {
                index.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

index! {
    /// Index into the type section.
    TypeIndex;
    /// Index into the function index space: imports first, then defined functions.
    FuncIndex;
    /// Index of a function that the module defines: `FuncIndex` less the imports.
    DefinedFuncIndex;
    /// Index into the table index space.
    TableIndex;
    /// Index into the memory index space.
    MemoryIndex;
    /// Index into the global index space.
    GlobalIndex;
    /// Index into the element segments.
    ElemIndex;
    /// Index into the data segments.
    DataIndex;
    /// Name of a block within one function; see [`crate::op::Op::Declare`].
    Label;
    /// Number of values on the virtual stack.
    StackHeight;
}

impl Label {
    /// The block that every function has from the start: its arguments are the
    /// function's results, and branching to it returns.
    pub const RETURN: Label = Label(0);
}
