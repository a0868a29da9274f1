//! Values as the host sees them, and their form in slots.
//!
//! In a slot a value is little-endian and zero-extended; a function reference is
//! the address of its `VmFuncRef`, an external reference the host's own number,
//! null is 0.

use std::num::NonZeroU64;
use std::ptr::NonNull;

use microwasm::ValType;

use crate::error::{Result, UsageError};
use crate::func::Func;
use crate::store::StoreId;
use crate::vm::Slot;

/// A WebAssembly value.
#[derive(Clone, Copy, Debug)]
pub enum Val {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// 32-bit number, as its bits.
    F32(u32),
    /// 64-bit number, as its bits.
    F64(u64),
    /// Reference to a function, or null.
    FuncRef(Option<Func>),
    /// Reference of the host, or null.
    ExternRef(Option<ExternRef>),
}

/// A reference that only the host can make and understand: a number of its choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExternRef(NonZeroU64);

impl ExternRef {
    /// The reference with this number.
    pub fn new(number: u32) -> ExternRef {
        ExternRef(NonZeroU64::MIN.saturating_add(u64::from(number)))
    }

    /// The number given to [`ExternRef::new`], or 0 from [`ExternRef::from_raw`] of other values.
    pub fn number(self) -> u32 {
        u32::try_from(self.0.get() - 1).unwrap_or(0)
    }

    /// A reference that is `raw` itself, for instance an address.
    pub fn from_raw(raw: NonZeroU64) -> ExternRef {
        ExternRef(raw)
    }

    /// The reference as compiled code sees it.
    pub fn raw(self) -> NonZeroU64 {
        self.0
    }
}

impl Val {
    /// Its type.
    pub fn ty(&self) -> ValType {
        match self {
            Val::I32(_) => ValType::I32,
            Val::I64(_) => ValType::I64,
            Val::F32(_) => ValType::F32,
            Val::F64(_) => ValType::F64,
            Val::FuncRef(_) => ValType::FuncRef,
            Val::ExternRef(_) => ValType::ExternRef,
        }
    }

    /// Zero, or null. `None` for a type without values of its own here.
    pub fn default_for(ty: ValType) -> Option<Val> {
        Some(match ty {
            ValType::I32 => Val::I32(0),
            ValType::I64 => Val::I64(0),
            ValType::F32 => Val::F32(0),
            ValType::F64 => Val::F64(0),
            ValType::FuncRef => Val::FuncRef(None),
            ValType::ExternRef => Val::ExternRef(None),
            ValType::V128 => return None,
        })
    }

    /// The bits in a slot, for use in `store`.
    pub(crate) fn to_bits(self, store: StoreId) -> Result<u64, UsageError> {
        Ok(match self {
            Val::I32(v) => u64::from(v as u32),
            Val::I64(v) => v as u64,
            Val::F32(bits) => u64::from(bits),
            Val::F64(bits) => bits,
            Val::FuncRef(None) | Val::ExternRef(None) => 0,
            Val::FuncRef(Some(func)) => func.funcref(store)?.as_ptr() as u64,
            Val::ExternRef(Some(reference)) => reference.0.get(),
        })
    }

    /// As [`Val::to_bits`], if the value is of type `ty`.
    pub(crate) fn to_bits_of(self, ty: ValType, store: StoreId) -> Result<u64, UsageError> {
        if self.ty() != ty {
            return Err(UsageError::WrongType {
                expected: ty,
                found: self.ty(),
            });
        }
        self.to_bits(store)
    }

    /// The value of type `ty` with these bits.
    ///
    /// # Safety
    /// The bits are of a value of that type in `store`.
    pub(crate) unsafe fn from_bits(bits: u64, ty: ValType, store: StoreId) -> Val {
        match ty {
            ValType::I32 => Val::I32(bits as i32),
            ValType::I64 => Val::I64(bits as i64),
            ValType::F32 => Val::F32(bits as u32),
            ValType::F64 => Val::F64(bits),
            // SAFETY: by contract a function reference of the store, or null.
            ValType::FuncRef => Val::FuncRef(unsafe { Func::from_bits(bits, store) }),
            ValType::ExternRef => Val::ExternRef(NonZeroU64::new(bits).map(ExternRef)),
            ValType::V128 => unreachable!("the front end accepts no vectors"),
        }
    }
}

impl From<i32> for Val {
    fn from(v: i32) -> Val {
        Val::I32(v)
    }
}

impl From<i64> for Val {
    fn from(v: i64) -> Val {
        Val::I64(v)
    }
}

impl From<f32> for Val {
    fn from(v: f32) -> Val {
        Val::F32(v.to_bits())
    }
}

impl From<f64> for Val {
    fn from(v: f64) -> Val {
        Val::F64(v.to_bits())
    }
}

/// Reads the low half of a slot.
///
/// # Safety
/// `slot` can be read.
#[inline]
pub(crate) unsafe fn read(slot: *const Slot) -> u64 {
    // SAFETY: the caller's promise; slots have the alignment of bytes.
    unsafe { slot.cast::<u64>().read_unaligned() }
}

/// Writes the low half of a slot.
///
/// # Safety
/// `slot` can be written.
#[inline]
pub(crate) unsafe fn write(slot: *mut Slot, bits: u64) {
    // SAFETY: the caller's promise.
    unsafe { slot.cast::<u64>().write_unaligned(bits) }
}

/// A function reference as an address, or `None` for null.
#[inline]
pub(crate) fn address_of<T>(bits: u64) -> Option<NonNull<T>> {
    NonNull::new(bits as *mut T)
}
