//! Instances.
//!
//! | file | owns |
//! |---|---|
//! | `data` | what the runtime keeps of an instance: its context and what it refers to |
//! | `imports` | whether what is offered for an import is what the module wants |
//! | `instantiate` | making an instance, in the order that the specification gives |
//! | `segments` | constant expressions, and copying element and data segments |

mod data;
mod imports;
mod instantiate;
pub(crate) mod segments;

use microwasm::module::ExportItem;

pub(crate) use data::InstanceData;
pub(crate) use imports::item_type;
pub(crate) use instantiate::instantiate;

use crate::error::{Error, Result, UsageError};
use crate::externs::{Extern, Global, Memory, Table};
use crate::func::{Func, TypedFunc, WasmValues};
use crate::module::Module;
use crate::store::{AsContext, AsContextMut, StoreId, StoreInner};

/// An instance of a module in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    store: StoreId,
    index: u32,
}

impl Instance {
    /// Instantiates a module with its imports in order, and runs its start function.
    ///
    /// # Errors
    /// Something offered is not what the module wants, a limit is exceeded, or
    /// initialising the instance traps. What the instance did before stays done.
    pub fn new(
        mut store: impl AsContextMut,
        module: &Module,
        imports: &[Extern],
    ) -> Result<Instance> {
        let mut store = store.as_context_mut();
        let ptr = store.as_ptr();
        // SAFETY: the store is exclusively borrowed, and no reference into it is held.
        unsafe { instantiate(ptr, module, imports) }
    }

    pub(crate) fn from_index(store: StoreId, index: usize) -> Instance {
        Instance {
            store,
            index: index as u32,
        }
    }

    fn data<'a>(&self, store: &'a StoreInner) -> &'a InstanceData {
        assert!(self.store == store.id, "{}", UsageError::WrongStore);
        &store.instances[self.index as usize]
    }

    /// The module.
    ///
    /// # Panics
    /// If the instance belongs to another store; so do all methods here.
    pub fn module<'a, C: AsContext>(&self, store: &'a C) -> &'a Module
    where
        C::Data: 'a,
    {
        &self.data(store.as_context().inner()).module
    }

    /// The export of that name.
    ///
    /// # Panics
    /// If the instance belongs to another store.
    pub fn get_export(&self, store: impl AsContext, name: &str) -> Option<Extern> {
        let context = store.as_context();
        let data = self.data(context.inner());
        let item = data.module.export(name)?;
        Some(data.export(context.inner(), item))
    }

    /// All exports, in order.
    ///
    /// # Panics
    /// If the instance belongs to another store.
    pub fn exports<'a, C: AsContext>(
        &self,
        store: &'a C,
    ) -> impl ExactSizeIterator<Item = (&'a str, Extern)> + use<'a, C>
    where
        C::Data: 'a,
    {
        let inner = store.as_context().inner();
        let data = self.data(inner);
        data.module
            .exports()
            .iter()
            .map(|export| (&*export.name, data.export(inner, export.item)))
    }

    /// The exported function of that name.
    ///
    /// # Panics
    /// If the instance belongs to another store.
    pub fn get_func(&self, store: impl AsContext, name: &str) -> Option<Func> {
        self.get_export(store, name)?.into_func()
    }

    /// The exported function of that name, if its signature is the one given.
    ///
    /// # Errors
    /// There is no function of that name, or it has another signature.
    ///
    /// # Panics
    /// If the instance belongs to another store.
    pub fn get_typed_func<P: WasmValues, R: WasmValues>(
        &self,
        store: impl AsContext,
        name: &str,
    ) -> Result<TypedFunc<P, R>> {
        let func = self
            .get_func(&store, name)
            .ok_or(Error::Usage(UsageError::NoExport))?;
        func.typed(store)
    }

    /// The exported memory of that name.
    ///
    /// # Panics
    /// If the instance belongs to another store.
    pub fn get_memory(&self, store: impl AsContext, name: &str) -> Option<Memory> {
        self.get_export(store, name)?.into_memory()
    }

    /// The exported table of that name.
    ///
    /// # Panics
    /// If the instance belongs to another store.
    pub fn get_table(&self, store: impl AsContext, name: &str) -> Option<Table> {
        self.get_export(store, name)?.into_table()
    }

    /// The exported global of that name.
    ///
    /// # Panics
    /// If the instance belongs to another store.
    pub fn get_global(&self, store: impl AsContext, name: &str) -> Option<Global> {
        self.get_export(store, name)?.into_global()
    }

    /// Everything in the instance's index spaces, exported or not, for those who observe it.
    ///
    /// # Panics
    /// If the instance belongs to another store.
    pub fn get_item(&self, store: impl AsContext, item: ExportItem) -> Option<Extern> {
        let context = store.as_context();
        let data = self.data(context.inner());
        let info = data.module.info();
        let there = match item {
            // Only functions that something names have a reference.
            ExportItem::Func(func) => data.find_funcref(func).is_some(),
            ExportItem::Table(table) => table.index() < info.tables.len(),
            ExportItem::Memory(memory) => memory.index() < info.memories.len(),
            ExportItem::Global(global) => global.index() < info.globals.len(),
        };
        there.then(|| data.export(context.inner(), item))
    }
}
