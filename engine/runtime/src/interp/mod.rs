//! The interpreter of bytecode.
//!
//! | file | owns |
//! |---|---|
//! | `mod` | its stack, and entering it |
//! | `run` | going on from one instruction to the next |
//! | `execute` | what every instruction does |
//! | `machine` | the state: code, frame, memory; calls and returns |
//! | `number` | arithmetic that is not a method of Rust's numbers |
//! | `host` | `call_indirect_host`: leaving the interpreter for native functions |
//!
//! The interpreter has a stack of its own, one per store, made of 64-bit words: frames grow
//! from its lower end, and where to return to is kept at its upper end, growing down. When the
//! two would meet, the stack is exhausted. Nested executions, of functions that the host
//! calls while it has been called itself, go on where the outer one stands.
//!
//! No executable memory, no signal handler and no guard pages: what runs here is data.

mod execute;
mod host;
mod machine;
mod number;
mod run;

use std::ptr::{self, NonNull};

use microwasm_codegen::TrapCode;

use crate::error::ResourceError;
use crate::signature::Signature;
use crate::store::StoreInner;
use crate::sys::map::MapError;
use crate::val;
use crate::vm::{Slot, VmCtx, VmFuncRef, VmStore};

/// Native stack that an execution needs, what it calls excluded.
pub(crate) const NATIVE_FRAME: u32 = if cfg!(debug_assertions) {
    64 << 10
} else {
    4 << 10
};

/// Words between the two ends of the stack that calls may use without a check of their own.
const MARGIN: usize = 16;

/// The stack of a store, and how far it is in use by executions that have called the host.
pub(crate) struct State {
    words: Vec<u64>,
    /// First word that no frame uses.
    top: *mut u64,
    /// Lowest word that is in use at the upper end.
    control: *mut u64,
    /// Whose code trapped last.
    trap_vmctx: *mut VmCtx,
}

impl Default for State {
    fn default() -> State {
        State {
            words: Vec::new(),
            top: ptr::null_mut(),
            control: ptr::null_mut(),
            trap_vmctx: ptr::null_mut(),
        }
    }
}

impl State {
    /// Makes the stack, if there is none of this size yet.
    fn prepare(&mut self, bytes: usize) -> Result<(), ResourceError> {
        let words = bytes / size_of::<u64>();
        if self.words.len() != words {
            self.words = zeroed(words)?;
        }
        let range = self.words.as_mut_ptr_range();
        self.top = range.start;
        self.control = range.end;
        Ok(())
    }
}

#[cfg(feature = "trace")]
impl State {
    /// Fills the beginning of the stack, which is not in use.
    fn fill(&mut self) {
        let words = self.words.iter_mut().take(crate::sys::stack::FILLED);
        words.for_each(|word| *word = crate::sys::stack::FILL);
        // The pointers are to what they are made from last.
        let range = self.words.as_mut_ptr_range();
        (self.top, self.control) = (range.start, range.end);
    }
}

/// Memory that the system clears when it is first touched.
fn zeroed(words: usize) -> Result<Vec<u64>, ResourceError> {
    // A vector of zeroes is one allocation of cleared memory; asking first tells whether there is any.
    let mut probe = Vec::<u64>::new();
    if probe.try_reserve_exact(words).is_err() {
        return Err(ResourceError::Memory(MapError {
            bytes: words * size_of::<u64>(),
            errno: rustix::io::Errno::NOMEM,
        }));
    }
    drop(probe);
    Ok(vec![0; words])
}

/// Calls a function whose code is bytecode: what the entry trampoline is to machine code.
///
/// # Safety
/// As for an entry trampoline: `callee` is a function of the store's whose module is alive,
/// `args` holds its arguments and has room for its results, and nobody else is using the store.
pub(crate) unsafe extern "C" fn enter(
    callee: *const VmFuncRef,
    args: *mut Slot,
    store: *mut VmStore,
) -> u32 {
    let inner = store.cast::<StoreInner>();
    // SAFETY: the caller's promise; no reference outlives its statement.
    unsafe {
        let outermost = (*inner).vm.entry_sp == 0;
        if outermost {
            let bytes = (*inner).engine.config().max_wasm_stack;
            if (*inner).interp.prepare(bytes).is_err() {
                return stack_overflow(inner);
            }
            #[cfg(feature = "trace")]
            if (*inner).engine.config().fill_stack {
                (*inner).interp.fill();
            }
        }
        let signature: *const Signature = (*callee).signature;
        let ty = (*signature).ty();
        let (top, control) = ((*inner).interp.top, (*inner).interp.control);
        if (control as usize).saturating_sub(top as usize)
            < size_of::<u64>() * ((*signature).array_len() + MARGIN)
        {
            return stack_overflow(inner);
        }
        for i in 0..ty.params.len() {
            top.add(i).write(val::read(args.add(i)));
        }
        let before = std::mem::replace(&mut (*inner).vm.entry_sp, control as usize);
        let code = run::run(callee, top, control);
        (*inner).vm.entry_sp = before;
        (*inner).interp.top = top;
        (*inner).interp.control = control;
        if code == 0 {
            for i in 0..ty.results.len() {
                val::write(args.add(i), top.add(i).read());
            }
        }
        code
    }
}

/// There is no stack, or not enough.
///
/// # Safety
/// The store is the caller's to use.
unsafe fn stack_overflow(store: *mut StoreInner) -> u32 {
    // SAFETY: the caller's promise.
    unsafe {
        (*store).vm.trap_pc = 0;
        (*store).interp.trap_vmctx = ptr::null_mut();
    }
    TrapCode::StackOverflow as u32
}

/// The instance whose code has just trapped, if it was code that did.
pub(crate) fn trap_vmctx(store: &StoreInner) -> Option<NonNull<VmCtx>> {
    NonNull::new(store.interp.trap_vmctx)
}
