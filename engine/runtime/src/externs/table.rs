//! Handles to tables.

use microwasm::module::TableType;

use crate::error::{Result, UsageError};
use crate::store::{AsContext, AsContextMut, StoreId, StoreInner, TableData};
use crate::val::Val;
use crate::vm::VmTable;

/// A table of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    store: StoreId,
    number: u32,
}

impl Table {
    /// Makes a table that belongs to no instance, with `init` in every element.
    ///
    /// # Errors
    /// The limits contradict each other, `init` is not of the element type, or more is
    /// asked for than is allowed or there is.
    pub fn new(mut store: impl AsContextMut, ty: TableType, init: Val) -> Result<Table> {
        if !ty.element.is_ref() {
            return Err(UsageError::BadType(ty.element).into());
        }
        if ty.limits.max.is_some_and(|max| ty.limits.min > max) {
            return Err(UsageError::BadLimits.into());
        }
        let mut context = store.as_context_mut();
        let inner = context.inner_mut();
        let init = init.to_bits_of(ty.element, inner.id)?;
        let descriptor = inner.arena.place(VmTable::EMPTY)?;
        Ok(Table {
            store: inner.id,
            number: inner.new_table(ty, init, descriptor)?,
        })
    }

    pub(crate) fn from_number(store: StoreId, number: u32) -> Table {
        Table { store, number }
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    fn table<'a>(&self, store: &'a StoreInner) -> &'a TableData {
        assert!(self.store == store.id, "{}", UsageError::WrongStore);
        &store.tables[self.number as usize]
    }

    /// Its type, as it was made.
    ///
    /// # Panics
    /// If the table belongs to another store; so do all methods here.
    pub fn ty(&self, store: impl AsContext) -> TableType {
        self.table(store.as_context().inner()).ty
    }

    /// Current number of elements.
    pub fn size(&self, store: impl AsContext) -> u32 {
        self.table(store.as_context().inner()).elements.len() as u32
    }

    /// An element, or `None` past the end.
    pub fn get(&self, store: impl AsContext, index: u32) -> Option<Val> {
        let context = store.as_context();
        let table = self.table(context.inner());
        let bits = *table.elements.get(index as usize)?;
        // SAFETY: elements are of the table's type.
        Some(unsafe { Val::from_bits(bits, table.ty.element, self.store) })
    }

    /// Sets an element.
    ///
    /// # Errors
    /// The index is past the end, or the value not of the element type.
    pub fn set(&self, mut store: impl AsContextMut, index: u32, value: Val) -> Result<()> {
        let mut context = store.as_context_mut();
        let inner = context.inner_mut();
        let bits = value.to_bits_of(self.table(inner).ty.element, inner.id)?;
        let elements = &mut inner.tables[self.number as usize].elements;
        *elements
            .get_mut(index as usize)
            .ok_or(UsageError::TableBounds)? = bits;
        Ok(())
    }

    /// Appends elements. Returns the previous size.
    ///
    /// # Errors
    /// The value is not of the element type, the maximum or a limit would be exceeded, or
    /// there is no memory.
    pub fn grow(&self, mut store: impl AsContextMut, delta: u32, init: Val) -> Result<u32> {
        let mut context = store.as_context_mut();
        let inner = context.inner_mut();
        let data = self.table(inner);
        let bits = init.to_bits_of(data.ty.element, inner.id)?;
        inner
            .grow_table(self.number, delta, bits)
            .map_err(|error| inner.refused(error))
    }
}
