//! The part of a store that does not depend on the host's data type.

use std::any::Any;
use std::num::NonZeroU64;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use microwasm::module::{Limits, MemoryType, TableType};
use microwasm_codegen::Backend;
use rustix::io::Errno;

use crate::arena::Arena;
use crate::builtins;
use crate::code::CodeMemoryError;
use crate::engine::Engine;
use crate::error::{Error, ResourceError, Result};
use crate::instance::InstanceData;
use crate::interp;
use crate::memory::LinearMemory;
use crate::signature::SignatureRef;
use crate::sys::map::MapError;
use crate::sys::stack::Place;
use crate::vm::{EntryInRegisters, FuncKind, HostEntry, VmFuncRef, VmHostFunc, VmStore, VmTable};

use super::enter::HostFailure;
use super::limiter::{Ask, Growth};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Identifies a store among all that the process ever has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StoreId(NonZeroU64);

impl StoreId {
    fn next() -> StoreId {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        StoreId(NonZeroU64::new(id).expect("2^64 stores take centuries to make"))
    }
}

/// State of a store. Its head is what compiled code knows.
#[repr(C)]
pub(crate) struct StoreInner {
    pub(crate) vm: VmStore,
    pub(crate) id: StoreId,
    /// The limit that all instances have at the moment; 0 before the first entry.
    pub(super) stack_limit: usize,
    /// Where compiled code was last entered from outside.
    pub(super) entered: Place,
    /// What a host function left when it failed.
    pub(crate) failure: Option<HostFailure>,
    pub(super) limiter: Option<Ask>,
    pub(crate) engine: Engine,
    pub(crate) instances: Vec<InstanceData>,
    pub(crate) memories: Vec<LinearMemory>,
    pub(crate) tables: Vec<TableData>,
    host_funcs: Vec<HostFuncOwner>,
    pub(crate) arena: Arena,
    spare_elements: Vec<Vec<u64>>,
    pub(crate) interp: interp::State,
}

/// Keeps alive what a host function in the arena points to.
struct HostFuncOwner {
    _callee: Arc<dyn Any + Send + Sync>,
    _signature: SignatureRef,
}

/// A table.
pub(crate) struct TableData {
    /// References, as they are in slots.
    pub(crate) elements: Vec<u64>,
    pub(crate) ty: TableType,
    /// What compiled code reads; kept up to date.
    descriptor: NonNull<VmTable>,
}

/// Memory that a store leaves to the next one.
#[derive(Default)]
pub(crate) struct StoreResources {
    instances: Vec<InstanceData>,
    memories: Vec<LinearMemory>,
    tables: Vec<TableData>,
    host_funcs: Vec<HostFuncOwner>,
    arena: Arena,
    spare_elements: Vec<Vec<u64>>,
    interp: interp::State,
}

// SAFETY: all lists are empty, the arena is reset, and the interpreter's stack is not in use.
unsafe impl Send for StoreResources {}

/// Tables' elements that are kept for the next store: how many, and how large.
const SPARE: usize = 8;
const SPARE_CAPACITY: usize = 64 << 10;

impl StoreInner {
    pub(super) fn new(engine: &Engine) -> StoreInner {
        let StoreResources {
            instances,
            memories,
            tables,
            host_funcs,
            arena,
            spare_elements,
            interp,
        } = engine.take_store();
        StoreInner {
            vm: VmStore::new(engine.epoch_counter()),
            id: StoreId::next(),
            stack_limit: 0,
            entered: Place::NOWHERE,
            failure: None,
            limiter: None,
            engine: engine.clone(),
            instances,
            memories,
            tables,
            host_funcs,
            arena,
            spare_elements,
            interp,
        }
    }

    /// The limit that instances have to be given.
    pub(crate) fn stack_limit(&self) -> usize {
        self.stack_limit
    }

    /// Places a host function.
    pub(crate) fn add_host_func(
        &mut self,
        signature: &SignatureRef,
        entry: HostEntry,
        in_registers: Option<EntryInRegisters>,
        callee: &Arc<dyn Any + Send + Sync>,
    ) -> Result<NonNull<VmFuncRef>> {
        let code = match self.engine.backend() {
            Backend::X64 => host_trampoline(signature, in_registers.is_some())?,
            // The interpreter calls the entry itself.
            Backend::Bytecode => std::ptr::null(),
        };
        let signature_ptr: *const _ = &**signature;
        let host = self.arena.place(VmHostFunc {
            entry,
            in_registers,
            callee: Arc::as_ptr(callee).cast(),
            store: &raw mut self.vm,
            signature: signature_ptr,
        })?;
        let funcref = self.arena.place(VmFuncRef {
            code,
            cross: code,
            vmctx: host.as_ptr().cast(),
            sig: signature.id(),
            kind: FuncKind::Host,
            signature: signature_ptr,
        })?;
        self.host_funcs.push(HostFuncOwner {
            _callee: callee.clone(),
            _signature: signature.clone(),
        });
        Ok(funcref)
    }

    /// Whether the host lets something grow.
    pub(crate) fn allows(&mut self, growth: Growth) -> bool {
        match self.limiter {
            None => true,
            // SAFETY: set together with the limiter, for the store's data type.
            Some(ask) => unsafe { ask(NonNull::from(self), growth) },
        }
    }

    /// Makes a memory of a valid type; it belongs to no instance yet.
    pub(crate) fn new_memory(&mut self, ty: MemoryType) -> Result<u32> {
        let config = self.engine.config();
        let (bounds, keep) = (config.settings.bounds, config.idle_memories);
        let Limits {
            min: pages,
            max: maximum,
        } = ty.limits;
        let limit = config.max_memory_pages;
        if pages > limit {
            return Err(ResourceError::MemoryPages { pages, limit }.into());
        }
        if !self.allows(Growth::Memory {
            current: 0,
            desired: pages,
            maximum,
        }) {
            return Err(self.refused(ResourceError::Limiter));
        }
        self.memories.push(LinearMemory::new(ty, bounds, keep)?);
        Ok(self.memories.len() as u32 - 1)
    }

    /// Makes a table of a valid type, described at `descriptor`.
    pub(crate) fn new_table(
        &mut self,
        ty: TableType,
        init: u64,
        descriptor: NonNull<VmTable>,
    ) -> Result<u32> {
        let Limits {
            min: elements,
            max: maximum,
        } = ty.limits;
        let limit = self.engine.config().max_table_elements;
        if elements > limit {
            return Err(ResourceError::TableElements { elements, limit }.into());
        }
        if !self.allows(Growth::Table {
            current: 0,
            desired: elements,
            maximum,
        }) {
            return Err(self.refused(ResourceError::Limiter));
        }
        let spare = self.spare_elements.pop().unwrap_or_default();
        let mut table = TableData {
            elements: spare,
            ty,
            descriptor,
        };
        table.extend(elements, init)?;
        self.tables.push(table);
        Ok(self.tables.len() as u32 - 1)
    }

    /// Grows a memory; returns its previous size.
    pub(crate) fn grow_memory(&mut self, memory: u32, delta: u32) -> Result<u32, ResourceError> {
        let data = &self.memories[memory as usize];
        let current = data.pages();
        let maximum = data.ty().limits.max;
        let limit = data.max_pages().min(self.engine.config().max_memory_pages);
        let desired = current.saturating_add(delta);
        if desired > limit {
            return Err(ResourceError::MemoryPages {
                pages: desired,
                limit,
            });
        }
        if !self.allows(Growth::Memory {
            current,
            desired,
            maximum,
        }) {
            return Err(ResourceError::Limiter);
        }
        self.memories[memory as usize].grow(delta)?;
        Ok(current)
    }

    /// Grows a table; returns its previous size.
    pub(crate) fn grow_table(
        &mut self,
        table: u32,
        delta: u32,
        init: u64,
    ) -> Result<u32, ResourceError> {
        let data = &self.tables[table as usize];
        let current = data.elements.len() as u32;
        let maximum = data.ty.limits.max;
        let limit = maximum
            .unwrap_or(u32::MAX)
            .min(self.engine.config().max_table_elements);
        let desired = current.saturating_add(delta);
        if desired > limit {
            return Err(ResourceError::TableElements {
                elements: desired,
                limit,
            });
        }
        if !self.allows(Growth::Table {
            current,
            desired,
            maximum,
        }) {
            return Err(ResourceError::Limiter);
        }
        self.tables[table as usize].extend(delta, init)?;
        Ok(current)
    }

    /// Makes an error of a refusal outside of execution: if the limiter panicked, that goes on.
    pub(crate) fn refused(&mut self, error: ResourceError) -> Error {
        match self.failure.take() {
            Some(failure) => failure.into_error(),
            None => error.into(),
        }
    }
}

/// What compiled code calls for a host function.
fn host_trampoline(
    signature: &SignatureRef,
    in_registers: bool,
) -> Result<*const u8, CodeMemoryError> {
    if in_registers && let Some(code) = signature.host_in_registers()? {
        // It may want to leave, and cannot report then that there is no code memory.
        builtins::host_exit()?;
        return Ok(code);
    }
    signature.host()
}

impl TableData {
    /// Appends elements, if there is memory.
    fn extend(&mut self, delta: u32, init: u64) -> Result<(), ResourceError> {
        let bytes = delta as usize * size_of::<u64>();
        if self.elements.try_reserve(delta as usize).is_err() {
            return Err(MapError {
                bytes,
                errno: Errno::NOMEM,
            }
            .into());
        }
        self.elements
            .resize(self.elements.len() + delta as usize, init);
        let now = VmTable {
            base: self.elements.as_mut_ptr(),
            len: self.elements.len() as u64,
        };
        // SAFETY: the descriptor lies in the store's arena, and nobody holds a reference to it.
        unsafe { self.descriptor.write(now) };
        Ok(())
    }

    /// What compiled code reads.
    pub(crate) fn descriptor(&self) -> NonNull<VmTable> {
        self.descriptor
    }
}

impl Drop for StoreInner {
    fn drop(&mut self) {
        let mut resources = StoreResources {
            instances: std::mem::take(&mut self.instances),
            memories: std::mem::take(&mut self.memories),
            tables: std::mem::take(&mut self.tables),
            host_funcs: std::mem::take(&mut self.host_funcs),
            arena: std::mem::take(&mut self.arena),
            spare_elements: std::mem::take(&mut self.spare_elements),
            interp: std::mem::take(&mut self.interp),
        };
        resources.memories.clear();
        for mut table in resources.tables.drain(..) {
            if resources.spare_elements.len() < SPARE && table.elements.capacity() <= SPARE_CAPACITY
            {
                table.elements.clear();
                resources.spare_elements.push(table.elements);
            }
        }
        resources.instances.clear();
        resources.host_funcs.clear();
        // SAFETY: everything that points into the arena is gone.
        unsafe { resources.arena.reset() };
        self.engine.put_store(resources);
    }
}
