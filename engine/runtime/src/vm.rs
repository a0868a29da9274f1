//! The structures that compiled code reads and writes.
//!
//! Their layout is the code generator's: every field that it knows is asserted
//! to lie where it expects it. Fields behind those are the runtime's own.

use std::mem::offset_of;
use std::ptr;

use microwasm_codegen::vmctx as layout;

use crate::signature::Signature;

/// An argument or result of an array call.
pub(crate) type Slot = [u8; 16];

const _: () = assert!(size_of::<Slot>() == layout::ARRAY_SLOT as usize);

/// Head of an instance's context. The module's variable part follows it, the
/// [`VmInstance`] precedes it.
#[repr(C, align(16))]
pub(crate) struct VmCtx {
    pub(crate) stack_limit: usize,
    pub(crate) memory_base: *mut u8,
    pub(crate) memory_len: u64,
    pub(crate) store: *mut VmStore,
}

const _: () = {
    assert!(offset_of!(VmCtx, stack_limit) == layout::VMCTX_STACK_LIMIT as usize);
    assert!(offset_of!(VmCtx, memory_base) == layout::VMCTX_MEMORY_BASE as usize);
    assert!(offset_of!(VmCtx, memory_len) == layout::VMCTX_MEMORY_LEN as usize);
    assert!(offset_of!(VmCtx, store) == layout::VMCTX_STORE as usize);
    assert!(size_of::<VmCtx>() == layout::VMCTX_IMPORTS as usize);
};

/// What lies before the vmctx: how the runtime finds the instance it belongs to.
#[repr(C, align(16))]
pub(crate) struct VmInstance {
    /// Index of the instance in its store.
    pub(crate) index: usize,
}

impl VmCtx {
    /// Index in its store of the instance that a vmctx belongs to.
    ///
    /// # Safety
    /// `vmctx` is the context of an instance.
    #[inline]
    pub(crate) unsafe fn instance_index(vmctx: *const VmCtx) -> usize {
        // SAFETY: every vmctx is allocated right behind a `VmInstance`.
        unsafe { (*vmctx.cast::<VmInstance>().sub(1)).index }
    }
}

/// Head of a store: what entering and leaving compiled code, fuel and interruption need.
#[repr(C)]
pub(crate) struct VmStore {
    /// Not 0 while compiled code of this store is on the stack.
    pub(crate) entry_sp: usize,
    /// Where the last trap came from.
    pub(crate) trap_pc: usize,
    pub(crate) fuel: u64,
    /// The engine's counter.
    pub(crate) epoch: *const u64,
    pub(crate) epoch_deadline: u64,
}

const _: () = {
    assert!(offset_of!(VmStore, entry_sp) == layout::STORE_ENTRY_SP as usize);
    assert!(offset_of!(VmStore, trap_pc) == layout::STORE_TRAP_PC as usize);
    assert!(offset_of!(VmStore, fuel) == layout::STORE_FUEL as usize);
    assert!(offset_of!(VmStore, epoch) == layout::STORE_EPOCH as usize);
    assert!(offset_of!(VmStore, epoch_deadline) == layout::STORE_EPOCH_DEADLINE as usize);
};

/// A reference to a function.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct VmFuncRef {
    pub(crate) code: *const u8,
    pub(crate) cross: *const u8,
    /// A [`VmCtx`], or for a host function its [`VmHostFunc`].
    pub(crate) vmctx: *mut VmCtx,
    pub(crate) sig: u32,
    pub(crate) kind: FuncKind,
    /// Kept alive by the instance's module, or by the store for a host function.
    pub(crate) signature: *const Signature,
}

/// Whose function it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum FuncKind {
    /// Compiled from a module to machine code.
    Wasm,
    /// Compiled from a module to bytecode.
    Bytecode,
    /// A function of the host.
    Host,
}

const _: () = {
    assert!(offset_of!(VmFuncRef, code) == layout::FUNCREF_CODE as usize);
    assert!(offset_of!(VmFuncRef, cross) == layout::FUNCREF_CROSS as usize);
    assert!(offset_of!(VmFuncRef, vmctx) == layout::FUNCREF_VMCTX as usize);
    assert!(offset_of!(VmFuncRef, sig) == layout::FUNCREF_SIG as usize);
};

/// Descriptor of a table.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct VmTable {
    pub(crate) base: *mut u64,
    pub(crate) len: u64,
}

impl VmTable {
    /// Where an element is, if it is in bounds.
    #[inline(always)]
    pub(crate) fn slot(self, index: u32) -> Option<*mut u64> {
        (u64::from(index) < self.len).then(|| self.base.wrapping_add(index as usize))
    }
}

const _: () = {
    assert!(offset_of!(VmTable, base) == layout::TABLE_BASE as usize);
    assert!(offset_of!(VmTable, len) == layout::TABLE_LEN as usize);
};

/// Entry of a host function: `caller` is the vmctx of the calling instance, or null
/// when the host itself calls. Returns 0 or a trap code.
pub(crate) type HostEntry =
    unsafe extern "C" fn(this: *mut VmHostFunc, caller: *mut VmCtx, args: *mut Slot) -> u32;

/// Entry of a host function that takes the arguments in registers, behind `this`, `caller` and
/// `back`, and returns the result; its real type depends on the function's. See
/// [`vmctx::HOST_ENTRY_IN_REGISTERS`].
pub(crate) type EntryInRegisters = unsafe extern "C" fn();

/// Context of a host function.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct VmHostFunc {
    pub(crate) entry: HostEntry,
    /// The entry that takes values in registers, if its type allows it.
    pub(crate) in_registers: Option<EntryInRegisters>,
    /// What the entry calls; its type is the entry's business.
    pub(crate) callee: *const (),
    /// The store, of the type that the entry expects.
    pub(crate) store: *mut VmStore,
    /// The function's type, kept alive by the store.
    pub(crate) signature: *const Signature,
}

const _: () = {
    assert!(offset_of!(VmHostFunc, entry) == layout::HOST_ENTRY as usize);
    assert!(offset_of!(VmHostFunc, in_registers) == layout::HOST_ENTRY_IN_REGISTERS as usize);
};

/// Entry trampoline: calls a function with its arguments in an array, and puts the
/// results there.
pub(crate) type EntryFn =
    unsafe extern "C" fn(callee: *const VmFuncRef, args: *mut Slot, store: *mut VmStore) -> u32;

impl VmStore {
    /// The head of a store that does not execute.
    pub(crate) fn new(epoch: *const u64) -> VmStore {
        VmStore {
            entry_sp: 0,
            trap_pc: 0,
            fuel: 0,
            epoch,
            epoch_deadline: u64::MAX,
        }
    }
}

impl VmTable {
    /// The descriptor of an empty table.
    pub(crate) const EMPTY: VmTable = VmTable {
        base: ptr::null_mut(),
        len: 0,
    };
}
