//! The compile cache: functions that have been compiled before are not compiled again.
//!
//! | file | owns |
//! |---|---|
//! | `mod` | the cache, and what of it is in memory |
//! | `disk` | what of it is in files |
//!
//! Content-addressed: a function is found by a [`Key`], the hash of all that its code depends
//! on. What is found is what compiling would give, byte for byte, so that nothing is ever
//! invalidated. A function that is found is not validated again either: it was valid when it
//! was compiled, and its key covers what that depends on.
//!
//! Files that are damaged are noticed, counted, and replaced; they are never executed. Files
//! that somebody has written on purpose are not noticed: whoever can write to the folder can
//! run code in every process that uses it. A folder that others than its owner can write to
//! is therefore refused.

mod disk;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use microwasm_codegen::Stencils;
use microwasm_codegen::cache::Key;
use microwasm_codegen::stencil::Stencil;

use crate::stored::StoredFunction;

pub use disk::CacheError;
use disk::Folder;

/// Compiled functions, for any number of engines and threads. Cheap to clone.
#[derive(Clone)]
pub struct CompileCache(Arc<Inner>);

struct Inner {
    memory: Mutex<Memory>,
    folder: Option<Folder>,
    hits: AtomicU64,
    misses: AtomicU64,
    damaged: AtomicU64,
    unwritten: AtomicU64,
}

/// What is in memory: the functions used first go first.
struct Memory {
    functions: HashMap<Key, Arc<StoredFunction>>,
    order: VecDeque<Key>,
    bytes: usize,
    limit: usize,
}

/// What a cache has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Functions that were found.
    pub hits: u64,
    /// Functions that were not.
    pub misses: u64,
    /// Files that were found damaged.
    pub damaged: u64,
    /// Functions that could not be written to the folder; they are compiled again next time.
    pub unwritten: u64,
}

impl CompileCache {
    /// A cache that ends with the process, of at most so many bytes.
    pub fn in_memory(max_bytes: usize) -> CompileCache {
        CompileCache::new(max_bytes, None)
    }

    /// A cache in a folder, which is made if it is not there, with at most so many bytes of it
    /// in memory. Any number of processes may use the same folder at the same time.
    ///
    /// # Errors
    /// The folder cannot be used, or others than this user can write to it.
    pub fn on_disk(folder: &Path, max_bytes: usize) -> Result<CompileCache, CacheError> {
        let folder = Folder::open(folder)?;
        Ok(CompileCache::new(max_bytes, Some(folder)))
    }

    fn new(limit: usize, folder: Option<Folder>) -> CompileCache {
        CompileCache(Arc::new(Inner {
            memory: Mutex::new(Memory {
                functions: HashMap::new(),
                order: VecDeque::new(),
                bytes: 0,
                limit,
            }),
            folder,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            damaged: AtomicU64::new(0),
            unwritten: AtomicU64::new(0),
        }))
    }

    /// What it has done so far.
    pub fn stats(&self) -> CacheStats {
        let Inner {
            hits,
            misses,
            damaged,
            unwritten,
            ..
        } = &*self.0;
        CacheStats {
            hits: hits.load(Ordering::Relaxed),
            misses: misses.load(Ordering::Relaxed),
            damaged: damaged.load(Ordering::Relaxed),
            unwritten: unwritten.load(Ordering::Relaxed),
        }
    }

    /// Appends the function with this key to `stencils`, if it is there.
    pub(crate) fn find(&self, key: Key, stencils: &mut Stencils) -> bool {
        let found = self.lookup(key);
        let hit = found.is_some_and(|function| function.push_to(stencils));
        let counter = if hit { &self.0.hits } else { &self.0.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        hit
    }

    /// Keeps a function that has just been compiled.
    pub(crate) fn keep(&self, key: Key, stencil: &Stencil<'_>) {
        let function = Arc::new(StoredFunction::new(stencil));
        if let Some(folder) = &self.0.folder
            && !folder.write(key, &function)
        {
            self.0.unwritten.fetch_add(1, Ordering::Relaxed);
        }
        self.memory().insert(key, function);
    }

    fn lookup(&self, key: Key) -> Option<Arc<StoredFunction>> {
        if let Some(found) = self.memory().functions.get(&key) {
            return Some(found.clone());
        }
        match self.0.folder.as_ref()?.read(key) {
            Ok(found) => {
                let function = Arc::new(found?);
                self.memory().insert(key, function.clone());
                Some(function)
            }
            Err(disk::Damaged) => {
                self.0.damaged.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Nothing panics half-way through a change.
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn insert(&mut self, key: Key, function: Arc<StoredFunction>) {
        let size = function.size();
        if size > self.limit || self.functions.contains_key(&key) {
            return;
        }
        while self.bytes + size > self.limit {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if let Some(removed) = self.functions.remove(&oldest) {
                self.bytes -= removed.size();
            }
        }
        self.bytes += size;
        self.order.push_back(key);
        self.functions.insert(key, function);
    }
}

impl fmt::Debug for CompileCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompileCache")
            .field("folder", &self.0.folder)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
