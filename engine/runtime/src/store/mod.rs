//! Stores: what instances, and everything that they can reach, live in.
//!
//! | file | owns |
//! |---|---|
//! | `inner` | the state that does not depend on the host's data type |
//! | `context` | ways to get at a store: the store itself, a borrow of it, a caller |
//! | `enter` | entering compiled code: the stack limit, traps, errors and panics of the host |
//! | `limiter` | asking the host before a memory or a table grows |
//!
//! A store is reached through raw pointers, because while it executes it is
//! reached from several places: the host's frames below, compiled code, and the
//! host functions above. At any time only the topmost of them uses it; the
//! borrow that the public handles carry enforces that for the host.

mod context;
mod enter;
mod inner;
mod limiter;

use std::ptr::NonNull;

pub use context::{AsContext, AsContextMut, StoreContext, StoreContextMut};
pub(crate) use enter::{HostFailure, call_host, enter};
pub(crate) use inner::{StoreId, StoreInner, StoreResources, TableData};
use limiter::Limiter;
pub use limiter::ResourceLimiter;

use crate::engine::Engine;

/// Instances, their memories, tables, globals and functions, and the host's data.
pub struct Store<T> {
    data: NonNull<StoreData<T>>,
}

/// What a store consists of. The part that compiled code and the builtins know comes first.
#[repr(C)]
pub(crate) struct StoreData<T> {
    pub(crate) inner: StoreInner,
    pub(crate) host: T,
    limiter: Option<Box<Limiter<T>>>,
}

// SAFETY: a store owns all it points to; the host's functions are `Send + Sync`, its limiter
// is `Send`, and what compiled code keeps about a thread, the stack limit, is set at every entry.
unsafe impl<T: Send> Send for Store<T> {}
// SAFETY: a shared store only lets memory, tables and globals be read.
unsafe impl<T: Sync> Sync for Store<T> {}

impl<T> Store<T> {
    /// An empty store.
    pub fn new(engine: &Engine, data: T) -> Store<T> {
        let inner = StoreInner::new(engine);
        let data = Box::new(StoreData {
            inner,
            host: data,
            limiter: None,
        });
        Store {
            data: NonNull::from(Box::leak(data)),
        }
    }

    fn get(&self) -> &StoreData<T> {
        // SAFETY: ours until dropped, and nothing executes while it is borrowed.
        unsafe { self.data.as_ref() }
    }

    fn get_mut(&mut self) -> &mut StoreData<T> {
        // SAFETY: as above, and exclusively borrowed.
        unsafe { self.data.as_mut() }
    }

    /// The store's engine.
    pub fn engine(&self) -> &Engine {
        &self.get().inner.engine
    }

    /// The host's data.
    pub fn data(&self) -> &T {
        &self.get().host
    }

    /// The host's data.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.get_mut().host
    }

    /// Drops everything but the host's data.
    pub fn into_data(self) -> T {
        let this = std::mem::ManuallyDrop::new(self);
        // SAFETY: leaked by `new`, and not used after this.
        let data = unsafe { Box::from_raw(this.data.as_ptr()) };
        data.host
    }

    /// Sets the fuel that is left.
    ///
    /// # Errors
    /// The engine does not count fuel.
    pub fn set_fuel(&mut self, fuel: u64) -> crate::Result<()> {
        self.as_context_mut().set_fuel(fuel)
    }

    /// The fuel that is left.
    ///
    /// # Errors
    /// The engine does not count fuel.
    pub fn get_fuel(&self) -> crate::Result<u64> {
        self.as_context().get_fuel()
    }

    /// Has execution interrupted when the engine's epoch has advanced by `ticks` from now.
    /// Stores are never interrupted unless this is called.
    pub fn set_epoch_deadline(&mut self, ticks: u64) {
        self.as_context_mut().set_epoch_deadline(ticks);
    }

    /// Asks `limiter` before a memory or a table is made or grows.
    pub fn limiter(
        &mut self,
        limiter: impl (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send + 'static,
    ) {
        let data = self.get_mut();
        data.limiter = Some(Box::new(limiter));
        data.inner.limiter = Some(limiter::ask::<T>);
    }

    /// How many instances there are.
    pub fn instance_count(&self) -> usize {
        self.get().inner.instances.len()
    }
}

impl<T> Drop for Store<T> {
    fn drop(&mut self) {
        // SAFETY: leaked by `new`, not used after this, and nothing of it executes: whoever
        // executes borrows it.
        drop(unsafe { Box::from_raw(self.data.as_ptr()) });
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("data", self.data())
            .finish_non_exhaustive()
    }
}
