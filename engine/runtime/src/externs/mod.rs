//! Handles to what instances import and export.
//!
//! A handle names its store and is checked against it; it can be copied and kept
//! for as long as one likes.

mod global;
mod memory;
mod table;

pub use global::Global;
pub use memory::Memory;
pub use table::Table;

use crate::error::ItemType;
use crate::func::Func;
use crate::instance::item_type;
use crate::store::{AsContext, StoreId};

/// Something imported or exported.
#[derive(Clone, Copy, Debug)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A table.
    Table(Table),
    /// A memory.
    Memory(Memory),
    /// A global.
    Global(Global),
}

impl Extern {
    /// The function, if it is one.
    pub fn into_func(self) -> Option<Func> {
        if let Extern::Func(func) = self {
            Some(func)
        } else {
            None
        }
    }

    /// The table, if it is one.
    pub fn into_table(self) -> Option<Table> {
        if let Extern::Table(table) = self {
            Some(table)
        } else {
            None
        }
    }

    /// The memory, if it is one.
    pub fn into_memory(self) -> Option<Memory> {
        if let Extern::Memory(memory) = self {
            Some(memory)
        } else {
            None
        }
    }

    /// The global, if it is one.
    pub fn into_global(self) -> Option<Global> {
        if let Extern::Global(global) = self {
            Some(global)
        } else {
            None
        }
    }

    /// Its type. Limits are the current size and the maximum.
    ///
    /// # Panics
    /// If it belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> ItemType {
        let context = store.as_context();
        assert!(
            self.belongs_to(context.inner().id),
            "the object belongs to another store"
        );
        item_type(context.inner(), self)
    }

    pub(crate) fn belongs_to(&self, store: StoreId) -> bool {
        store
            == match self {
                Extern::Func(func) => func.store(),
                Extern::Table(table) => table.store(),
                Extern::Memory(memory) => memory.store(),
                Extern::Global(global) => global.store(),
            }
    }
}

impl From<Func> for Extern {
    fn from(func: Func) -> Extern {
        Extern::Func(func)
    }
}

impl From<Table> for Extern {
    fn from(table: Table) -> Extern {
        Extern::Table(table)
    }
}

impl From<Memory> for Extern {
    fn from(memory: Memory) -> Extern {
        Extern::Memory(memory)
    }
}

impl From<Global> for Extern {
    fn from(global: Global) -> Extern {
        Extern::Global(global)
    }
}
