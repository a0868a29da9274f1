//! Ways to get at a store: the store itself, borrows of it, and callers.

use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::engine::Engine;
use crate::error::{Result, UsageError};
use crate::func::Caller;

use super::{Store, StoreData, StoreInner};

/// Something that a store can be read through.
pub trait AsContext {
    /// The host's data.
    type Data;

    /// The store.
    fn as_context(&self) -> StoreContext<'_, Self::Data>;
}

/// Something that a store can be changed through.
pub trait AsContextMut: AsContext {
    /// The store.
    fn as_context_mut(&mut self) -> StoreContextMut<'_, Self::Data>;
}

/// A shared borrow of a store.
pub struct StoreContext<'a, T> {
    data: NonNull<StoreData<T>>,
    borrow: PhantomData<&'a StoreData<T>>,
}

/// An exclusive borrow of a store.
pub struct StoreContextMut<'a, T> {
    data: NonNull<StoreData<T>>,
    borrow: PhantomData<&'a mut StoreData<T>>,
}

impl<'a, T> StoreContext<'a, T> {
    /// The store's engine.
    pub fn engine(&self) -> &'a Engine {
        &self.inner().engine
    }

    /// The host's data.
    pub fn data(&self) -> &'a T {
        // SAFETY: borrowed for `'a`.
        unsafe { &(*self.data.as_ptr()).host }
    }

    /// The fuel that is left.
    ///
    /// # Errors
    /// The engine does not count fuel.
    pub fn get_fuel(&self) -> Result<u64> {
        let inner = self.inner();
        if !inner.engine.settings().fuel {
            return Err(UsageError::NoFuel.into());
        }
        Ok(inner.vm.fuel)
    }

    pub(crate) fn inner(&self) -> &'a StoreInner {
        // SAFETY: borrowed for `'a`.
        unsafe { &(*self.data.as_ptr()).inner }
    }
}

impl<'a, T> StoreContextMut<'a, T> {
    /// # Safety
    /// The store is alive for `'a` and nobody else uses it.
    pub(crate) unsafe fn from_raw(data: NonNull<StoreData<T>>) -> StoreContextMut<'a, T> {
        StoreContextMut {
            data,
            borrow: PhantomData,
        }
    }

    /// The store's engine.
    pub fn engine(&self) -> &Engine {
        &self.inner().engine
    }

    /// The host's data.
    pub fn data(&self) -> &T {
        // SAFETY: borrowed with `self`.
        unsafe { &(*self.data.as_ptr()).host }
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        // SAFETY: exclusively borrowed with `self`.
        unsafe { &mut (*self.data.as_ptr()).host }
    }

    /// The fuel that is left.
    ///
    /// # Errors
    /// The engine does not count fuel.
    pub fn get_fuel(&self) -> Result<u64> {
        self.as_context().get_fuel()
    }

    /// Sets the fuel that is left.
    ///
    /// # Errors
    /// The engine does not count fuel.
    pub fn set_fuel(&mut self, fuel: u64) -> Result<()> {
        let inner = self.inner_mut();
        if !inner.engine.settings().fuel {
            return Err(UsageError::NoFuel.into());
        }
        inner.vm.fuel = fuel;
        Ok(())
    }

    /// Has execution interrupted when the engine's epoch has advanced by `ticks` from now.
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        let inner = self.inner_mut();
        inner.vm.epoch_deadline = inner.engine.epoch().saturating_add(ticks);
    }

    pub(crate) fn inner(&self) -> &StoreInner {
        // SAFETY: borrowed with `self`.
        unsafe { &(*self.data.as_ptr()).inner }
    }

    pub(crate) fn inner_mut(&mut self) -> &mut StoreInner {
        // SAFETY: exclusively borrowed with `self`.
        unsafe { &mut (*self.data.as_ptr()).inner }
    }

    /// For execution, during which no reference into the store is held.
    pub(crate) fn as_ptr(&mut self) -> NonNull<StoreInner> {
        self.data.cast()
    }

    /// For results that live as long as the borrow.
    pub(crate) fn into_inner(self) -> &'a mut StoreInner {
        // SAFETY: exclusively borrowed for `'a`.
        unsafe { &mut (*self.data.as_ptr()).inner }
    }

    /// For results that live as long as the borrow.
    pub(crate) fn into_parts(self) -> (&'a mut StoreInner, &'a mut T) {
        // SAFETY: exclusively borrowed for `'a`; the two do not overlap.
        unsafe {
            let data = self.data.as_ptr();
            (&mut (*data).inner, &mut (*data).host)
        }
    }
}

impl<T> AsContext for Store<T> {
    type Data = T;

    #[inline]
    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext {
            data: self.data,
            borrow: PhantomData,
        }
    }
}

impl<T> AsContextMut for Store<T> {
    #[inline]
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut {
            data: self.data,
            borrow: PhantomData,
        }
    }
}

impl<T> AsContext for StoreContext<'_, T> {
    type Data = T;

    #[inline]
    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext {
            data: self.data,
            borrow: PhantomData,
        }
    }
}

impl<T> AsContext for StoreContextMut<'_, T> {
    type Data = T;

    #[inline]
    fn as_context(&self) -> StoreContext<'_, T> {
        StoreContext {
            data: self.data,
            borrow: PhantomData,
        }
    }
}

impl<T> AsContextMut for StoreContextMut<'_, T> {
    #[inline]
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        StoreContextMut {
            data: self.data,
            borrow: PhantomData,
        }
    }
}

impl<T> AsContext for Caller<'_, T> {
    type Data = T;

    #[inline]
    fn as_context(&self) -> StoreContext<'_, T> {
        self.store.as_context()
    }
}

impl<T> AsContextMut for Caller<'_, T> {
    #[inline]
    fn as_context_mut(&mut self) -> StoreContextMut<'_, T> {
        self.store.as_context_mut()
    }
}

impl<C: AsContext> AsContext for &C {
    type Data = C::Data;

    #[inline]
    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContext> AsContext for &mut C {
    type Data = C::Data;

    #[inline]
    fn as_context(&self) -> StoreContext<'_, C::Data> {
        C::as_context(self)
    }
}

impl<C: AsContextMut> AsContextMut for &mut C {
    #[inline]
    fn as_context_mut(&mut self) -> StoreContextMut<'_, C::Data> {
        C::as_context_mut(self)
    }
}

impl<'a, C: AsContext> From<&'a C> for StoreContext<'a, C::Data> {
    fn from(context: &'a C) -> Self {
        context.as_context()
    }
}

impl<'a, C: AsContext> From<&'a mut C> for StoreContext<'a, C::Data> {
    fn from(context: &'a mut C) -> Self {
        C::as_context(context)
    }
}

impl<'a, C: AsContextMut> From<&'a mut C> for StoreContextMut<'a, C::Data> {
    fn from(context: &'a mut C) -> Self {
        context.as_context_mut()
    }
}
