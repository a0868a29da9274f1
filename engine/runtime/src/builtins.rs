//! The functions of the runtime that compiled code calls, and the way out of it.
//!
//! Each has the signature that `Builtin` gives it. The vmctx tells the instance;
//! bounds are checked before anything is written. They run on the stack of
//! compiled code, whose limit leaves room for them, and must not unwind.

use std::ptr::NonNull;
use std::sync::OnceLock;

use microwasm::{DataIndex, ElemIndex, FuncIndex};
use microwasm_codegen::link::BuiltinAddresses;
use microwasm_codegen::x64::trampoline;
use microwasm_codegen::{Builtin, TrapCode};

use crate::code::{CodeBlock, CodeMemoryError};
use crate::instance::{InstanceData, segments};
use crate::store::StoreInner;
use crate::vm::VmCtx;

/// Result of growing something that could not grow.
const GROWTH_FAILED: u32 = u32::MAX;

/// Where compiled code leaves for a trap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrapExit {
    /// Entered by a call.
    pub(crate) by_call: usize,
    /// Entered with the program counter in a register.
    pub(crate) with_pc: usize,
}

/// The trap exit, one for the process.
pub(crate) fn trap_exit() -> Result<TrapExit, CodeMemoryError> {
    static CODE: OnceLock<(CodeBlock, usize)> = OnceLock::new();
    let (code, with_pc) = match CODE.get() {
        Some(there) => there,
        None => {
            let trampoline::TrapExit { code, with_pc } = trampoline::trap_exit();
            let block = CodeBlock::new::<CodeMemoryError>(code.len(), |out| {
                out.copy_from_slice(&code);
                Ok(())
            })?;
            // If another thread was faster, its code stays and ours goes.
            CODE.get_or_init(|| (block, with_pc as usize))
        }
    };
    let by_call = code.address().as_ptr() as usize;
    Ok(TrapExit {
        by_call,
        with_pc: by_call + with_pc,
    })
}

/// Where host functions return to that have failed and were entered with their arguments in
/// registers.
pub(crate) fn host_exit() -> Result<*const u8, CodeMemoryError> {
    static CODE: OnceLock<CodeBlock> = OnceLock::new();
    let code = match CODE.get() {
        Some(there) => there,
        None => {
            let code = trampoline::host_exit();
            let block = CodeBlock::new::<CodeMemoryError>(code.len(), |out| {
                out.copy_from_slice(&code);
                Ok(())
            })?;
            CODE.get_or_init(|| block)
        }
    };
    Ok(code.address().as_ptr())
}

/// The function that a builtin is; `None` for the one that is none.
pub(crate) fn native(builtin: Builtin) -> Option<*const ()> {
    Some(match builtin {
        Builtin::MemoryGrow => memory_grow as *const (),
        Builtin::MemoryFill => memory_fill as *const (),
        Builtin::MemoryCopy => memory_copy as *const (),
        Builtin::MemoryInit => memory_init as *const (),
        Builtin::DataDrop => data_drop as *const (),
        Builtin::TableGrow => table_grow as *const (),
        Builtin::TableFill => table_fill as *const (),
        Builtin::TableCopy => table_copy as *const (),
        Builtin::TableInit => table_init as *const (),
        Builtin::ElemDrop => elem_drop as *const (),
        Builtin::RefFunc => ref_func as *const (),
        Builtin::Trap => return None,
    })
}

/// Addresses of all builtins.
pub(crate) fn addresses() -> Result<BuiltinAddresses, CodeMemoryError> {
    let trap = trap_exit()?.by_call as u64;
    Ok(BuiltinAddresses(Builtin::ALL.map(|builtin| {
        native(builtin).map_or(trap, |function| function as u64)
    })))
}

/// The store and the instance that compiled code is executing for.
///
/// # Safety
/// `vmctx` is what compiled code has passed to the builtin that is running.
unsafe fn context<'a>(vmctx: NonNull<VmCtx>) -> (&'a mut StoreInner, usize) {
    // SAFETY: a vmctx knows its store, whose head `VmStore` is; while a builtin runs nobody
    // else uses it.
    unsafe {
        let store = (*vmctx.as_ptr()).store.cast::<StoreInner>();
        (&mut *store, VmCtx::instance_index(vmctx.as_ptr()))
    }
}

/// As [`context`], with the instance itself.
///
/// # Safety
/// As for [`context`].
unsafe fn instance<'a>(vmctx: NonNull<VmCtx>) -> &'a InstanceData {
    // SAFETY: the caller's promise.
    let (store, index) = unsafe { context(vmctx) };
    &store.instances[index]
}

fn trap_code(result: Result<(), TrapCode>) -> u32 {
    result.err().map_or(0, |code| code as u32)
}

/// `[start, start + len)` of memory 0, if it is in bounds.
///
/// # Safety
/// As for [`context`].
unsafe fn memory_range(vmctx: NonNull<VmCtx>, start: u32, len: u32) -> Result<*mut u8, TrapCode> {
    // SAFETY: the head keeps base and length of memory 0.
    let (base, size) = unsafe { ((*vmctx.as_ptr()).memory_base, (*vmctx.as_ptr()).memory_len) };
    if u64::from(start) + u64::from(len) > size {
        return Err(TrapCode::MemoryOutOfBounds);
    }
    // Without memory the length is 0, and so is what is copied.
    Ok(base.wrapping_add(start as usize))
}

unsafe extern "C" fn memory_grow(vmctx: NonNull<VmCtx>, delta: u32) -> u32 {
    // SAFETY: called by compiled code.
    let (store, index) = unsafe { context(vmctx) };
    let memory = store.instances[index]
        .memory
        .expect("validated: there is a memory");
    store.grow_memory(memory, delta).unwrap_or(GROWTH_FAILED)
}

unsafe extern "C" fn memory_fill(vmctx: NonNull<VmCtx>, dst: u32, value: u32, len: u32) -> u32 {
    // SAFETY: called by compiled code.
    trap_code(unsafe { memory_range(vmctx, dst, len) }.map(|dst| {
        // SAFETY: checked to be in bounds.
        unsafe { dst.write_bytes(value as u8, len as usize) }
    }))
}

unsafe extern "C" fn memory_copy(vmctx: NonNull<VmCtx>, dst: u32, src: u32, len: u32) -> u32 {
    let copy = || {
        // SAFETY: called by compiled code.
        let (src, dst) = unsafe {
            (
                memory_range(vmctx, src, len)?,
                memory_range(vmctx, dst, len)?,
            )
        };
        // SAFETY: both checked to be in bounds; they may overlap.
        unsafe { src.copy_to(dst, len as usize) };
        Ok(())
    };
    trap_code(copy())
}

unsafe extern "C" fn memory_init(
    vmctx: NonNull<VmCtx>,
    segment: u32,
    dst: u32,
    src: u32,
    len: u32,
) -> u32 {
    // SAFETY: called by compiled code.
    let bytes = unsafe { instance(vmctx) }.data_bytes(DataIndex(segment));
    let copy = || {
        let bytes = bytes
            .get(src as usize..)
            .and_then(|bytes| bytes.get(..len as usize))
            .ok_or(TrapCode::MemoryOutOfBounds)?;
        // SAFETY: called by compiled code.
        let dst = unsafe { memory_range(vmctx, dst, len)? };
        // SAFETY: checked to be in bounds; a segment is no memory.
        unsafe { bytes.as_ptr().copy_to_nonoverlapping(dst, bytes.len()) };
        Ok(())
    };
    trap_code(copy())
}

unsafe extern "C" fn data_drop(vmctx: NonNull<VmCtx>, segment: u32) {
    // SAFETY: called by compiled code.
    unsafe { instance(vmctx) }.drop_data(DataIndex(segment));
}

unsafe extern "C" fn table_grow(vmctx: NonNull<VmCtx>, table: u32, init: u64, delta: u32) -> u32 {
    // SAFETY: called by compiled code.
    let (store, index) = unsafe { context(vmctx) };
    let table = store.instances[index].table(table);
    store
        .grow_table(table, delta, init)
        .unwrap_or(GROWTH_FAILED)
}

unsafe extern "C" fn table_fill(
    vmctx: NonNull<VmCtx>,
    table: u32,
    start: u32,
    value: u64,
    len: u32,
) -> u32 {
    // SAFETY: called by compiled code.
    let (store, index) = unsafe { context(vmctx) };
    let table = store.instances[index].table(table);
    let elements = store.tables[table as usize].range(start, len);
    trap_code(elements.map(|elements| elements.fill(value)))
}

unsafe extern "C" fn table_copy(
    vmctx: NonNull<VmCtx>,
    tables: u64,
    dst: u32,
    src: u32,
    len: u32,
) -> u32 {
    // SAFETY: called by compiled code.
    let (store, index) = unsafe { context(vmctx) };
    let instance = &store.instances[index];
    let (to, from) = (
        instance.table(tables as u32),
        instance.table((tables >> 32) as u32),
    );
    let mut copy = || {
        let src = store.tables[from as usize].range(src, len)?.as_ptr();
        let dst = store.tables[to as usize].range(dst, len)?.as_mut_ptr();
        // SAFETY: both checked to be in bounds; they may overlap.
        unsafe { src.copy_to(dst, len as usize) };
        Ok(())
    };
    trap_code(copy())
}

unsafe extern "C" fn table_init(
    vmctx: NonNull<VmCtx>,
    table_and_segment: u64,
    dst: u32,
    src: u32,
    len: u32,
) -> u32 {
    // SAFETY: called by compiled code.
    let (store, index) = unsafe { context(vmctx) };
    let segment = ElemIndex((table_and_segment >> 32) as u32);
    let table = table_and_segment as u32;
    trap_code(segments::table_init(
        store, index, table, segment, dst, src, len,
    ))
}

unsafe extern "C" fn elem_drop(vmctx: NonNull<VmCtx>, segment: u32) {
    // SAFETY: called by compiled code.
    unsafe { instance(vmctx) }.drop_elem(ElemIndex(segment));
}

unsafe extern "C" fn ref_func(vmctx: NonNull<VmCtx>, func: u32) -> u64 {
    // SAFETY: called by compiled code.
    unsafe { instance(vmctx) }.funcref(FuncIndex(func)).as_ptr() as u64
}
