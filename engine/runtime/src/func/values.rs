//! Which Rust types are WebAssembly values, and lists of them.

use microwasm::ValType;

use crate::error::UsageError;
use crate::store::StoreId;
use crate::val::{self, ExternRef};
use crate::vm::Slot;

use super::{Func, INLINE};

/// A Rust type that is a WebAssembly value.
///
/// # Safety
/// `from_bits` of what `into_bits` gave is the same value.
pub unsafe trait WasmTy: Send + Sized {
    /// Its type.
    const TYPE: ValType;

    /// As what native functions take and return it.
    #[doc(hidden)]
    type Register: Register;

    /// The bits in a slot, for use in a store.
    #[doc(hidden)]
    fn into_bits(self, store: Owner) -> Result<u64, UsageError>;

    /// # Safety
    /// The bits are of a value of this type in that store.
    #[doc(hidden)]
    unsafe fn from_bits(bits: u64, store: Owner) -> Self;
}

/// What the native convention passes in a register.
#[doc(hidden)]
pub trait Register: Copy {
    /// From the bits in a slot.
    fn from_slot(bits: u64) -> Self;

    /// The bits in a slot.
    fn to_slot(self) -> u64;
}

impl Register for u64 {
    #[inline]
    fn from_slot(bits: u64) -> u64 {
        bits
    }

    #[inline]
    fn to_slot(self) -> u64 {
        self
    }
}

impl Register for f32 {
    #[inline]
    fn from_slot(bits: u64) -> f32 {
        f32::from_bits(bits as u32)
    }

    #[inline]
    fn to_slot(self) -> u64 {
        u64::from(self.to_bits())
    }
}

impl Register for f64 {
    #[inline]
    fn from_slot(bits: u64) -> f64 {
        f64::from_bits(bits)
    }

    #[inline]
    fn to_slot(self) -> u64 {
        self.to_bits()
    }
}

/// Nothing, returned in no register.
impl Register for () {
    #[inline]
    fn from_slot(_: u64) {}

    #[inline]
    fn to_slot(self) -> u64 {
        0
    }
}

/// The store that a value is for.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Owner(pub(crate) StoreId);

macro_rules! numbers {
    ($($ty:ident $val:ident $register:ident, $into:expr, $from:expr;)*) => {$(
        // SAFETY: the conversions are inverse.
        unsafe impl WasmTy for $ty {
            const TYPE: ValType = ValType::$val;

            type Register = $register;

            #[inline]
            fn into_bits(self, _: Owner) -> Result<u64, UsageError> {
                Ok($into(self))
            }

            #[inline]
            unsafe fn from_bits(bits: u64, _: Owner) -> $ty {
                $from(bits)
            }
        }
    )*};
}

numbers! {
    i32 I32 u64, |v: i32| u64::from(v as u32), |bits| bits as i32;
    u32 I32 u64, u64::from, |bits| bits as u32;
    i64 I64 u64, |v: i64| v as u64, |bits| bits as i64;
    u64 I64 u64, |v: u64| v, |bits| bits;
    f32 F32 f32, |v: f32| u64::from(v.to_bits()), |bits| f32::from_bits(bits as u32);
    f64 F64 f64, f64::to_bits, f64::from_bits;
}

// SAFETY: the address, or 0 for null, either way.
unsafe impl WasmTy for Option<Func> {
    const TYPE: ValType = ValType::FuncRef;

    type Register = u64;

    #[inline]
    fn into_bits(self, store: Owner) -> Result<u64, UsageError> {
        match self {
            Some(func) => Ok(func.funcref(store.0)?.as_ptr() as u64),
            None => Ok(0),
        }
    }

    #[inline]
    unsafe fn from_bits(bits: u64, store: Owner) -> Option<Func> {
        // SAFETY: the caller's promise.
        unsafe { Func::from_bits(bits, store.0) }
    }
}

// SAFETY: the number, or 0 for null, either way.
unsafe impl WasmTy for Option<ExternRef> {
    const TYPE: ValType = ValType::ExternRef;

    type Register = u64;

    #[inline]
    fn into_bits(self, _: Owner) -> Result<u64, UsageError> {
        Ok(self.map_or(0, |reference| reference.raw().get()))
    }

    #[inline]
    unsafe fn from_bits(bits: u64, _: Owner) -> Option<ExternRef> {
        std::num::NonZeroU64::new(bits).map(ExternRef::from_raw)
    }
}

/// A list of WebAssembly values: one, or a tuple.
///
/// # Safety
/// `TYPES` has at most as many types as fit in 16 slots; `store` writes and
/// `load` reads no more slots than there are types.
pub unsafe trait WasmValues: Send + Sized {
    /// Their types.
    const TYPES: &'static [ValType];

    /// As what native functions return them. `()` for several, which they do not.
    #[doc(hidden)]
    type Register: Register;

    /// Whether native functions return them in a register, or there are none.
    #[doc(hidden)]
    const IN_REGISTER: bool;

    /// The register, if there is one.
    #[doc(hidden)]
    fn into_register(self, store: Owner) -> Result<Self::Register, UsageError>;

    /// Writes them to slots.
    ///
    /// # Safety
    /// There are enough slots.
    #[doc(hidden)]
    unsafe fn store(self, slots: *mut Slot, store: Owner) -> Result<(), UsageError>;

    /// Reads them from slots.
    ///
    /// # Safety
    /// There are values of these types in the slots, of that store.
    #[doc(hidden)]
    unsafe fn load(slots: *const Slot, store: Owner) -> Self;
}

// SAFETY: one value, one slot.
unsafe impl<V: WasmTy> WasmValues for V {
    const TYPES: &'static [ValType] = &[V::TYPE];

    type Register = V::Register;

    const IN_REGISTER: bool = true;

    #[inline]
    fn into_register(self, store: Owner) -> Result<V::Register, UsageError> {
        self.into_bits(store).map(V::Register::from_slot)
    }

    #[inline]
    unsafe fn store(self, slots: *mut Slot, store: Owner) -> Result<(), UsageError> {
        // SAFETY: the caller's promise.
        unsafe { val::write(slots, self.into_bits(store)?) };
        Ok(())
    }

    #[inline]
    unsafe fn load(slots: *const Slot, store: Owner) -> V {
        // SAFETY: the caller's promise.
        unsafe { V::from_bits(val::read(slots), store) }
    }
}

macro_rules! tuples {
    ($(($($name:ident $at:literal)*))*) => {$(
        // SAFETY: each value has a slot of its own, counted from 0.
        unsafe impl<$($name: WasmTy),*> WasmValues for ($($name,)*) {
            const TYPES: &'static [ValType] = &[$($name::TYPE),*];

            type Register = ();

            const IN_REGISTER: bool = Self::TYPES.is_empty();

            #[inline]
            fn into_register(self, _: Owner) -> Result<(), UsageError> {
                Ok(())
            }

            #[inline]
            #[allow(unused_variables, non_snake_case)]
            unsafe fn store(self, slots: *mut Slot, store: Owner) -> Result<(), UsageError> {
                let ($($name,)*) = self;
                // SAFETY: the caller's promise.
                $(unsafe { val::write(slots.add($at), $name.into_bits(store)?) };)*
                Ok(())
            }

            #[inline]
            #[allow(unused_variables, clippy::unused_unit)]
            unsafe fn load(slots: *const Slot, store: Owner) -> Self {
                // SAFETY: the caller's promise.
                ($(unsafe { $name::from_bits(val::read(slots.add($at)), store) },)*)
            }
        }
    )*};
}

const _: () = assert!(12 <= INLINE);

tuples! {
    ()
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 E 4)
    (A 0 B 1 C 2 D 3 E 4 F 5)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11)
}
