//! What a host function knows of who called it.

use crate::engine::Engine;
use crate::externs::Extern;
use crate::instance::Instance;
use crate::store::{AsContext, AsContextMut, StoreContextMut};
use crate::vm::VmCtx;

/// The store, and the instance that has called; or none if the host has.
pub struct Caller<'a, T> {
    pub(crate) store: StoreContextMut<'a, T>,
    instance: Option<Instance>,
}

impl<'a, T> Caller<'a, T> {
    /// # Safety
    /// `vmctx` is null or that of an instance of the store.
    pub(super) unsafe fn new(store: StoreContextMut<'a, T>, vmctx: *const VmCtx) -> Caller<'a, T> {
        let instance = (!vmctx.is_null()).then(|| {
            // SAFETY: the caller's promise.
            Instance::from_index(store.inner().id, unsafe { VmCtx::instance_index(vmctx) })
        });
        Caller { store, instance }
    }

    /// The instance that has called.
    pub fn instance(&self) -> Option<Instance> {
        self.instance
    }

    /// The export of that name of the calling instance.
    pub fn get_export(&self, name: &str) -> Option<Extern> {
        self.instance?.get_export(&self.store, name)
    }

    /// The store's engine.
    pub fn engine(&self) -> &Engine {
        self.store.engine()
    }

    /// The host's data.
    pub fn data(&self) -> &T {
        self.store.data()
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        self.store.data_mut()
    }

    /// The fuel that is left.
    ///
    /// # Errors
    /// The engine does not count fuel.
    pub fn get_fuel(&self) -> crate::Result<u64> {
        self.as_context().get_fuel()
    }

    /// Sets the fuel that is left.
    ///
    /// # Errors
    /// The engine does not count fuel.
    pub fn set_fuel(&mut self, fuel: u64) -> crate::Result<()> {
        self.as_context_mut().set_fuel(fuel)
    }
}

impl<T> std::fmt::Debug for Caller<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller")
            .field("instance", &self.instance)
            .finish_non_exhaustive()
    }
}
