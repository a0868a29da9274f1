//! Names for what modules import.

use std::collections::HashMap;
use std::marker::PhantomData;

use microwasm::FuncType;

use crate::error::{ImportError, ImportErrorKind, Result, UsageError};
use crate::externs::Extern;
use crate::func::{Caller, HostFunc, IntoFunc};
use crate::instance::{Instance, instantiate};
use crate::module::Module;
use crate::store::{AsContext, AsContextMut, StoreInner};
use crate::val::Val;

/// Definitions by module and name. Host functions can be used in any number of stores;
/// everything else belongs to one.
pub struct Linker<T> {
    modules: HashMap<Box<str>, HashMap<Box<str>, Definition>>,
    shadowing: bool,
    data: PhantomData<fn(T)>,
}

#[derive(Clone)]
enum Definition {
    Extern(Extern),
    HostFunc(HostFunc),
}

impl<T: 'static> Linker<T> {
    /// A linker without definitions.
    pub fn new() -> Linker<T> {
        Linker {
            modules: HashMap::new(),
            shadowing: false,
            data: PhantomData,
        }
    }

    /// Whether a name may be defined again, which replaces the earlier definition.
    pub fn allow_shadowing(&mut self, allow: bool) -> &mut Linker<T> {
        self.shadowing = allow;
        self
    }

    /// Defines something of a store.
    ///
    /// # Errors
    /// The name is defined already.
    pub fn define(
        &mut self,
        module: &str,
        name: &str,
        item: impl Into<Extern>,
    ) -> Result<&mut Linker<T>> {
        self.insert(module, name, Definition::Extern(item.into()))
    }

    /// Defines a host function that takes values.
    ///
    /// # Errors
    /// The name is defined already, or the type is not supported.
    pub fn func_new(
        &mut self,
        module: &str,
        name: &str,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<&mut Linker<T>> {
        self.insert(module, name, Definition::HostFunc(HostFunc::new(ty, func)?))
    }

    /// Defines a host function with typed parameters and results.
    ///
    /// # Errors
    /// The name is defined already.
    pub fn func_wrap<Params, Results>(
        &mut self,
        module: &str,
        name: &str,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Result<&mut Linker<T>> {
        self.insert(module, name, Definition::HostFunc(HostFunc::wrap(func)))
    }

    /// Defines all exports of an instance under the name of a module.
    ///
    /// # Errors
    /// One of the names is defined already.
    ///
    /// # Panics
    /// If the instance belongs to another store.
    pub fn instance(
        &mut self,
        store: impl AsContext,
        module: &str,
        instance: Instance,
    ) -> Result<&mut Linker<T>> {
        for (name, item) in instance.exports(&store) {
            self.insert(module, name, Definition::Extern(item))?;
        }
        Ok(self)
    }

    fn insert(
        &mut self,
        module: &str,
        name: &str,
        definition: Definition,
    ) -> Result<&mut Linker<T>> {
        if !self.modules.contains_key(module) {
            self.modules.insert(module.into(), HashMap::new());
        }
        let names = self.modules.get_mut(module).expect("just inserted");
        match names.get_mut(name) {
            Some(_) if !self.shadowing => return Err(UsageError::Duplicate.into()),
            Some(there) => *there = definition,
            None => drop(names.insert(name.into(), definition)),
        }
        Ok(self)
    }

    /// What is defined under a name. A host function becomes one of the store.
    pub fn get(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &str,
        name: &str,
    ) -> Result<Option<Extern>> {
        match self.modules.get(module).and_then(|names| names.get(name)) {
            None => Ok(None),
            Some(definition) => definition
                .resolve(store.as_context_mut().inner_mut())
                .map(Some),
        }
    }

    /// Type of the host function of that name.
    pub fn func_type(&self, module: &str, name: &str) -> Option<&FuncType> {
        match self.modules.get(module)?.get(name)? {
            Definition::HostFunc(func) => Some(func.ty()),
            Definition::Extern(_) => None,
        }
    }

    /// Instantiates a module with imports from here, and runs its start function.
    ///
    /// # Errors
    /// Something is not defined; otherwise as for [`Instance::new`].
    pub fn instantiate(
        &self,
        mut store: impl AsContextMut<Data = T>,
        module: &Module,
    ) -> Result<Instance> {
        let mut context = store.as_context_mut();
        let inner = context.inner_mut();
        let mut imports = Vec::with_capacity(module.imports().len());
        for import in module.imports() {
            let names = self.modules.get(&*import.module);
            let Some(definition) = names.and_then(|names| names.get(&import.name)) else {
                return Err(ImportError {
                    module: import.module.clone(),
                    name: import.name.clone(),
                    kind: ImportErrorKind::Missing,
                }
                .into());
            };
            imports.push(definition.resolve(inner)?);
        }
        let ptr = context.as_ptr();
        // SAFETY: the store is exclusively borrowed, and no reference into it is held.
        unsafe { instantiate(ptr, module, &imports) }
    }
}

impl Definition {
    fn resolve(&self, store: &mut StoreInner) -> Result<Extern> {
        match self {
            Definition::Extern(item) => Ok(*item),
            Definition::HostFunc(func) => Ok(Extern::Func(func.place(store)?)),
        }
    }
}

impl<T: 'static> Default for Linker<T> {
    fn default() -> Linker<T> {
        Linker::new()
    }
}

impl<T> Clone for Linker<T> {
    fn clone(&self) -> Linker<T> {
        Linker {
            modules: self.modules.clone(),
            shadowing: self.shadowing,
            data: PhantomData,
        }
    }
}

impl<T> std::fmt::Debug for Linker<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Linker")
            .field("modules", &self.modules.len())
            .finish_non_exhaustive()
    }
}
