//! Settings of an engine.

use microwasm::wasm::Limits;
use microwasm_codegen::{Backend, CpuFeatures, MemoryBounds, Settings};

use crate::cache::CompileCache;
use crate::memory::MAX_PAGES;

/// How an [`Engine`](crate::Engine) compiles and what it allows.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) settings: Settings,
    pub(crate) cache: Option<CompileCache>,
    pub(crate) compile_limits: Limits,
    pub(crate) compile_threads: usize,
    pub(crate) max_module_code: u32,
    pub(crate) max_wasm_stack: usize,
    pub(crate) max_memory_pages: u32,
    pub(crate) max_table_elements: u32,
    pub(crate) max_instances: u32,
    pub(crate) idle_memories: usize,
    pub(crate) idle_stores: usize,
    #[cfg(feature = "trace")]
    pub(crate) fill_stack: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            settings: Settings::default(),
            cache: None,
            compile_limits: Limits::default(),
            compile_threads: 1,
            max_module_code: 1 << 30,
            max_wasm_stack: 1 << 20,
            max_memory_pages: MAX_PAGES,
            max_table_elements: 10_000_000,
            max_instances: 10_000,
            idle_memories: 64,
            idle_stores: 64,
            #[cfg(feature = "trace")]
            fill_stack: false,
        }
    }
}

impl Config {
    /// The defaults.
    pub fn new() -> Config {
        Config::default()
    }

    /// What modules are compiled to: machine code by default. Bytecode needs no executable
    /// memory and no signal handler, and always checks bounds explicitly.
    pub fn backend(&mut self, backend: Backend) -> &mut Config {
        self.settings.backend = backend;
        self
    }

    /// How memory accesses of machine code are checked. Guard pages by default.
    pub fn memory_bounds(&mut self, bounds: MemoryBounds) -> &mut Config {
        self.settings.bounds = bounds;
        self
    }

    /// Counts fuel: one unit per function call and per turn of a loop. Stores start with none.
    pub fn fuel(&mut self, enable: bool) -> &mut Config {
        self.settings.fuel = enable;
        self
    }

    /// Makes execution end when the engine's epoch reaches the store's deadline.
    pub fn epoch_interruption(&mut self, enable: bool) -> &mut Config {
        self.settings.epoch = enable;
        self
    }

    /// CPU features that compiled code may use; by default those there are. Claiming one
    /// that the machine lacks has no effect.
    pub fn cpu_features(&mut self, features: CpuFeatures) -> &mut Config {
        let there = CpuFeatures::detect();
        self.settings.features = CpuFeatures {
            sse41: features.sse41 && there.sse41,
            popcnt: features.popcnt && there.popcnt,
            lzcnt: features.lzcnt && there.lzcnt,
            bmi1: features.bmi1 && there.bmi1,
            bmi2: features.bmi2 && there.bmi2,
            avx: features.avx && there.avx,
        };
        self
    }

    /// Has the compiler verify itself after every operator. On in debug builds.
    pub fn self_check(&mut self, enable: bool) -> &mut Config {
        self.settings.self_check = enable;
        self
    }

    /// Has the x86-64 backend choose registers, places, conventions of blocks and CPU features
    /// at random from a seed, wherever nothing observable may depend on what it chooses. The
    /// same seed gives the same code. For tests of the compiler; code becomes slow.
    pub fn perturb(&mut self, seed: Option<u64>) -> &mut Config {
        self.settings.perturb = seed;
        self
    }

    /// Has the stack below compiled code filled with a pattern before it is entered, and when a
    /// function of the host has returned to it: what reads a slot that nobody has written then
    /// reads the same in every process. For tests of the compiler; entering becomes slow.
    #[cfg(feature = "trace")]
    pub fn fill_stack(&mut self, enable: bool) -> &mut Config {
        self.fill_stack = enable;
        self
    }

    /// Keeps the way from machine code back to the offset in the module.
    pub fn source_map(&mut self, enable: bool) -> &mut Config {
        self.settings.source_map = enable;
        self
    }

    /// Has functions that were compiled before taken from a cache, and puts there those that
    /// were not. No cache by default. Engines may share one.
    pub fn cache(&mut self, cache: &CompileCache) -> &mut Config {
        self.cache = Some(cache.clone());
        self
    }

    /// Stack that compiled code may use, in bytes, rounded to some pages. 1 MiB by default.
    /// The thread's own stack is never exceeded. The interpreter's stack has this size.
    pub fn max_wasm_stack(&mut self, bytes: usize) -> &mut Config {
        self.max_wasm_stack = bytes;
        self
    }

    /// What a module may contain.
    pub fn compile_limits(&mut self, limits: Limits) -> &mut Config {
        self.compile_limits = limits;
        self
    }

    /// How many threads share the functions of a WebAssembly module; 1, which is the calling
    /// one, by default. The others begin when they are first needed, and end with the engine.
    /// Code and errors do not depend on it. Small modules, other forms, and modules whose
    /// functions are looked up in a [cache](Config::cache) are not shared.
    pub fn compile_threads(&mut self, threads: usize) -> &mut Config {
        self.compile_threads = threads.max(1);
        self
    }

    /// Largest frame of a function, in bytes.
    pub fn max_frame(&mut self, bytes: u32) -> &mut Config {
        self.settings.max_frame = bytes;
        self
    }

    /// Largest machine code of a function, in bytes.
    pub fn max_function_code(&mut self, bytes: u32) -> &mut Config {
        self.settings.max_function_code = bytes;
        self
    }

    /// Largest machine code of a module, in bytes.
    pub fn max_module_code(&mut self, bytes: u32) -> &mut Config {
        self.max_module_code = bytes;
        self
    }

    /// Most pages of a memory. One that starts with more cannot be made; one that would
    /// grow beyond does not.
    pub fn max_memory_pages(&mut self, pages: u32) -> &mut Config {
        self.max_memory_pages = pages.min(MAX_PAGES);
        self
    }

    /// Most elements of a table, likewise.
    pub fn max_table_elements(&mut self, elements: u32) -> &mut Config {
        self.max_table_elements = elements;
        self
    }

    /// Most instances of a store.
    pub fn max_instances(&mut self, instances: u32) -> &mut Config {
        self.max_instances = instances;
        self
    }

    /// How many memories that are not in use stay ready for the next instance. All engines
    /// share them; the last one to give a memory back decides.
    pub fn idle_memories(&mut self, count: usize) -> &mut Config {
        self.idle_memories = count;
        self
    }

    /// How many stores' worth of bookkeeping stays ready.
    pub fn idle_stores(&mut self, count: usize) -> &mut Config {
        self.idle_stores = count;
        self
    }
}
