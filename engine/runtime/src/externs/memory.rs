//! Handles to memories.

use microwasm::module::MemoryType;

use crate::error::{Error, Result, UsageError};
use crate::memory::{LinearMemory, MAX_PAGES};
use crate::store::{AsContext, AsContextMut, StoreContext, StoreContextMut, StoreId, StoreInner};

/// A memory of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Memory {
    store: StoreId,
    number: u32,
}

impl Memory {
    /// Makes a memory that belongs to no instance.
    ///
    /// # Errors
    /// The limits contradict each other, or more is asked for than is allowed or there is.
    pub fn new(mut store: impl AsContextMut, ty: MemoryType) -> Result<Memory> {
        let max = ty.limits.max.unwrap_or(MAX_PAGES);
        if ty.limits.min > max || max > MAX_PAGES {
            return Err(UsageError::BadLimits.into());
        }
        let mut context = store.as_context_mut();
        let inner = context.inner_mut();
        Ok(Memory {
            store: inner.id,
            number: inner.new_memory(ty)?,
        })
    }

    pub(crate) fn from_number(store: StoreId, number: u32) -> Memory {
        Memory { store, number }
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    fn get<'a>(&self, store: &'a StoreInner) -> &'a LinearMemory {
        assert!(self.store == store.id, "{}", UsageError::WrongStore);
        &store.memories[self.number as usize]
    }

    fn get_mut<'a>(&self, store: &'a mut StoreInner) -> &'a mut LinearMemory {
        assert!(self.store == store.id, "{}", UsageError::WrongStore);
        &mut store.memories[self.number as usize]
    }

    /// Its type, as it was made.
    ///
    /// # Panics
    /// If the memory belongs to another store; so do all methods here that return no `Result`.
    pub fn ty(&self, store: impl AsContext) -> MemoryType {
        self.get(store.as_context().inner()).ty()
    }

    /// Current size in pages of 64 KiB.
    pub fn size(&self, store: impl AsContext) -> u32 {
        self.get(store.as_context().inner()).pages()
    }

    /// Current size in bytes.
    pub fn data_size(&self, store: impl AsContext) -> usize {
        self.get(store.as_context().inner()).len()
    }

    /// Adds pages. Returns the previous size in pages.
    ///
    /// # Errors
    /// The maximum or a limit would be exceeded, or there is no memory.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u32) -> Result<u32> {
        let mut context = store.as_context_mut();
        let inner = context.inner_mut();
        self.check(inner)?;
        inner
            .grow_memory(self.number, delta)
            .map_err(|error| inner.refused(error))
    }

    /// Its contents.
    pub fn data<'a, T: 'a>(&self, store: impl Into<StoreContext<'a, T>>) -> &'a [u8] {
        self.get(store.into().inner()).bytes()
    }

    /// Its contents.
    pub fn data_mut<'a, T: 'a>(&self, store: impl Into<StoreContextMut<'a, T>>) -> &'a mut [u8] {
        self.get_mut(store.into().into_inner()).bytes_mut()
    }

    /// Its contents and the host's data.
    pub fn data_and_store_mut<'a, T: 'a>(
        &self,
        store: impl Into<StoreContextMut<'a, T>>,
    ) -> (&'a mut [u8], &'a mut T) {
        let (inner, host) = store.into().into_parts();
        (self.get_mut(inner).bytes_mut(), host)
    }

    /// Copies bytes out of the memory.
    ///
    /// # Errors
    /// They are out of bounds, or the memory belongs to another store.
    pub fn read(&self, store: impl AsContext, offset: usize, buffer: &mut [u8]) -> Result<()> {
        let context = store.as_context();
        let inner = context.inner();
        self.check(inner)?;
        let bytes = self
            .get(inner)
            .bytes()
            .get(offset..)
            .and_then(|b| b.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(UsageError::MemoryBounds)?);
        Ok(())
    }

    /// Copies bytes into the memory.
    ///
    /// # Errors
    /// They are out of bounds, or the memory belongs to another store.
    pub fn write(&self, mut store: impl AsContextMut, offset: usize, bytes: &[u8]) -> Result<()> {
        let mut context = store.as_context_mut();
        let inner = context.inner_mut();
        self.check(inner)?;
        let memory = self.get_mut(inner).bytes_mut();
        let there = memory
            .get_mut(offset..)
            .and_then(|memory| memory.get_mut(..bytes.len()));
        there
            .ok_or(UsageError::MemoryBounds)?
            .copy_from_slice(bytes);
        Ok(())
    }

    fn check(&self, store: &StoreInner) -> Result<(), Error> {
        if self.store == store.id {
            Ok(())
        } else {
            Err(UsageError::WrongStore.into())
        }
    }
}
