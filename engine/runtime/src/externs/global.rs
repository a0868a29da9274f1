//! Handles to globals.

use std::ptr::NonNull;

use microwasm::ValType;
use microwasm::module::GlobalType;

use crate::error::{Result, UsageError};
use crate::store::{AsContext, AsContextMut, StoreId};
use crate::val::Val;

/// A global of a store.
#[derive(Clone, Copy, Debug)]
pub struct Global {
    store: StoreId,
    /// In an instance's context or in the store's arena; valid as long as the store.
    cell: NonNull<u64>,
    ty: GlobalType,
}

// SAFETY: the cell is only used together with a borrow of the store.
unsafe impl Send for Global {}
// SAFETY: as above.
unsafe impl Sync for Global {}

impl Global {
    /// Makes a global that belongs to no instance.
    ///
    /// # Errors
    /// `value` is not of the type, or there is no memory.
    pub fn new(mut store: impl AsContextMut, ty: GlobalType, value: Val) -> Result<Global> {
        if ty.ty == ValType::V128 {
            return Err(UsageError::BadType(ty.ty).into());
        }
        let mut context = store.as_context_mut();
        let inner = context.inner_mut();
        let bits = value.to_bits_of(ty.ty, inner.id)?;
        let cell = inner.arena.place(bits)?;
        Ok(Global {
            store: inner.id,
            cell,
            ty,
        })
    }

    /// # Safety
    /// `cell` is a global of this type in this store.
    pub(crate) unsafe fn from_raw(store: StoreId, cell: NonNull<u64>, ty: GlobalType) -> Global {
        Global { store, cell, ty }
    }

    pub(crate) fn cell(&self) -> NonNull<u64> {
        self.cell
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    pub(crate) fn global_type(&self) -> GlobalType {
        self.ty
    }

    /// Its type.
    pub fn ty(&self) -> GlobalType {
        self.ty
    }

    /// Its value.
    ///
    /// # Panics
    /// If the global belongs to another store.
    pub fn get(&self, store: impl AsContext) -> Val {
        let context = store.as_context();
        assert!(
            self.store == context.inner().id,
            "{}",
            UsageError::WrongStore
        );
        // SAFETY: a global of this type in this store, which is alive and not executing.
        unsafe { Val::from_bits(self.cell.read(), self.ty.ty, self.store) }
    }

    /// Sets its value.
    ///
    /// # Errors
    /// The global is immutable, belongs to another store, or the value is not of its type.
    pub fn set(&self, mut store: impl AsContextMut, value: Val) -> Result<()> {
        let mut context = store.as_context_mut();
        let inner = context.inner_mut();
        if self.store != inner.id {
            return Err(UsageError::WrongStore.into());
        }
        if !self.ty.mutable {
            return Err(UsageError::Immutable.into());
        }
        let bits = value.to_bits_of(self.ty.ty, inner.id)?;
        // SAFETY: as above.
        unsafe { self.cell.write(bits) };
        Ok(())
    }
}
