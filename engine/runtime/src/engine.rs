//! The engine: settings, and what its modules and stores share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use microwasm_codegen::{Backend, MemoryBounds, Settings};

use crate::builtins;
use crate::config::Config;
use crate::error::Result;
use crate::helpers::Helpers;
use crate::module::CompileContext;
use crate::store::StoreResources;
use crate::sys::{map, signal};

/// Compilers that are kept per engine.
const IDLE_COMPILERS: usize = 8;

/// Settings and pools that modules and stores share. Cheap to clone.
///
/// The child of a fork may go on compiling and running modules. Those that were compiled
/// before the fork it may run only while the parent keeps them, too: the code is shared.
#[derive(Clone)]
pub struct Engine(Arc<EngineInner>);

struct EngineInner {
    config: Config,
    epoch: AtomicU64,
    compilers: Mutex<Vec<CompileContext>>,
    stores: Mutex<Vec<StoreResources>>,
    helpers: Mutex<Option<Arc<Helpers>>>,
}

/// What the process-wide pools hold and have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStats {
    /// Calls to the system on memory mappings since the process began.
    pub mapping_calls: u64,
    /// Memories that are ready for the next instance.
    pub idle_memories: usize,
}

impl Engine {
    /// An engine with these settings.
    ///
    /// # Errors
    /// There is no code memory.
    pub fn new(config: &Config) -> Result<Engine> {
        let mut config = config.clone();
        match config.settings.backend {
            Backend::X64 => {
                let trap_exit = builtins::trap_exit()?;
                if config.settings.bounds == MemoryBounds::Guard {
                    signal::install(trap_exit.with_pc);
                }
            }
            Backend::Bytecode => config.settings.bounds = MemoryBounds::Explicit,
        }
        Ok(Engine(Arc::new(EngineInner {
            config,
            epoch: AtomicU64::new(0),
            compilers: Mutex::new(Vec::new()),
            stores: Mutex::new(Vec::new()),
            helpers: Mutex::new(None),
        })))
    }

    /// The engine's settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// How modules are compiled.
    pub fn settings(&self) -> &Settings {
        &self.0.config.settings
    }

    /// Advances the epoch. Stores whose deadline it reaches are interrupted. May be called
    /// from any thread, and from a signal handler.
    pub fn increment_epoch(&self) {
        self.0.epoch.fetch_add(1, Ordering::Relaxed);
    }

    /// The current epoch.
    pub fn epoch(&self) -> u64 {
        self.0.epoch.load(Ordering::Relaxed)
    }

    /// Whether two handles are of the same engine.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }

    /// State of the pools that all engines share.
    pub fn pool_stats() -> PoolStats {
        PoolStats {
            mapping_calls: map::calls(),
            idle_memories: crate::memory::idle(),
        }
    }

    /// What modules are compiled to.
    pub(crate) fn backend(&self) -> Backend {
        self.0.config.settings.backend
    }

    /// The counter that compiled code compares with the deadline.
    pub(crate) fn epoch_counter(&self) -> *const u64 {
        self.0.epoch.as_ptr()
    }

    /// A compiler, until it is given back.
    pub(crate) fn take_compiler(&self) -> CompileContext {
        let idle = pop(&self.0.compilers);
        idle.unwrap_or_else(|| CompileContext::new(self.0.config.settings))
    }

    /// Gives a compiler back.
    pub(crate) fn put_compiler(&self, compiler: CompileContext) {
        push(&self.0.compilers, compiler, IDLE_COMPILERS);
    }

    /// The threads that compile besides the calling one, if there are to be any.
    pub(crate) fn helpers(&self) -> Option<Arc<Helpers>> {
        let count = self.0.config.compile_threads - 1;
        if count == 0 {
            return None;
        }
        let mut helpers = self
            .0
            .helpers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(of_parent) = helpers.take_if(|helpers| !helpers.are_here()) {
            // Ending them would mean waking threads that do not exist.
            std::mem::forget(of_parent);
        }
        if helpers.is_none() {
            *helpers = Helpers::new(count).map(Arc::new);
        }
        helpers.clone()
    }

    /// Memory for a store's bookkeeping, until it is given back.
    pub(crate) fn take_store(&self) -> StoreResources {
        pop(&self.0.stores).unwrap_or_default()
    }

    /// Gives the memory of a store back.
    pub(crate) fn put_store(&self, resources: StoreResources) {
        push(&self.0.stores, resources, self.0.config.idle_stores);
    }
}

fn pop<T>(pool: &Mutex<Vec<T>>) -> Option<T> {
    pool.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn push<T>(pool: &Mutex<Vec<T>>, item: T, most: usize) {
    let mut pool = pool.lock().unwrap_or_else(PoisonError::into_inner);
    // What is too much is dropped after the lock.
    let _surplus = if pool.len() < most {
        pool.push(item);
        None
    } else {
        Some(item)
    };
    drop(pool);
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("config", &self.0.config)
            .finish_non_exhaustive()
    }
}
