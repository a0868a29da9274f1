//! Entering compiled code, and what comes back.
//!
//! Nothing unwinds over compiled frames: a host function's panic is caught where
//! it would leave the host, kept in the store, and resumed when the entry
//! trampoline has returned. Errors take the same way.

use std::any::Any;
use std::panic::resume_unwind;
use std::ptr::NonNull;

use microwasm_codegen::TrapCode;
use microwasm_codegen::vmctx::STACK_SLACK;

use crate::error::{Error, Result};
use crate::sys::stack::{self, Place};
use crate::trap::Trap;
use crate::vm::{EntryFn, Slot, VmCtx, VmFuncRef, VmHostFunc};

use super::StoreInner;

/// Stack kept for host functions: a quarter of the thread's, within these bounds.
const HOST_STACK: std::ops::RangeInclusive<usize> = (16 << 10)..=(256 << 10);

/// How a host function failed.
pub(crate) enum HostFailure {
    /// It returned an error.
    Error(Error),
    /// It panicked.
    Panic(Box<dyn Any + Send>),
}

impl HostFailure {
    /// The error; a panic goes on.
    pub(crate) fn into_error(self) -> Error {
        match self {
            HostFailure::Error(error) => error,
            HostFailure::Panic(panic) => resume_unwind(panic),
        }
    }
}

/// Calls a function that a module defines.
///
/// # Safety
/// `callee` is a Wasm function of the store and `entry` the entry trampoline of its
/// signature, which needs `stack` bytes for arguments and results. `args` holds the
/// arguments and has room for the results. Nobody else is using the store, and no
/// reference to any part of it is held.
// What a call costs is mostly this: in the host's loop its values stay in registers.
#[inline(always)]
pub(crate) unsafe fn enter(
    store: NonNull<StoreInner>,
    entry: EntryFn,
    callee: NonNull<VmFuncRef>,
    args: *mut Slot,
    stack: u32,
) -> Result<()> {
    let sp = stack::pointer();
    let inner = store.as_ptr();
    // SAFETY: the caller's promise; the reference does not outlive the statement.
    let limit = unsafe { (*inner).prepare_stack(sp) };
    // With a limit of all ones this is true as well.
    if sp.saturating_sub(stack as usize) < limit {
        return Err(TrapCode::StackOverflow.into());
    }
    #[cfg(feature = "trace")]
    // SAFETY: the caller's promise; the reference does not outlive the condition.
    if unsafe { (*inner).engine.config().fill_stack } {
        stack::fill();
    }
    #[cfg(feature = "trace")]
    if crate::trace::is_watching() {
        crate::trace::entering(store, callee);
    }
    // SAFETY: the caller's promise, and there is stack.
    let code = unsafe { entry(callee.as_ptr(), args, inner.cast()) };
    // SAFETY: execution is over, so that the store is ours again.
    let inner = unsafe { &mut *inner };
    if code == 0 && inner.failure.is_none() {
        return Ok(());
    }
    // SAFETY: the code comes from this execution.
    Err(unsafe { inner.ended(code) })
}

/// Calls a host function for the host.
///
/// # Safety
/// As for [`enter`], for a host function.
pub(crate) unsafe fn call_host(
    store: NonNull<StoreInner>,
    callee: NonNull<VmFuncRef>,
    args: *mut Slot,
) -> Result<()> {
    // SAFETY: by the caller's promise a host function, whose context is this.
    let code = unsafe {
        let host = (*callee.as_ptr()).vmctx.cast::<VmHostFunc>();
        ((*host).entry)(host, std::ptr::null_mut::<VmCtx>(), args)
    };
    // SAFETY: the host function is done with the store.
    let inner = unsafe { &mut *store.as_ptr() };
    if code == 0 && inner.failure.is_none() {
        return Ok(());
    }
    match inner.failure.take() {
        Some(failure) => Err(failure.into_error()),
        None => Err(TrapCode::Host.into()),
    }
}

impl StoreInner {
    /// Sets the stack limit of all instances, if compiled code is entered from outside;
    /// from a host function the limit stays. Returns the limit: all ones if the
    /// stack is not known.
    #[inline(always)]
    fn prepare_stack(&mut self, sp: usize) -> usize {
        // From the same place the limit is that of the last time.
        if self.vm.entry_sp == 0 && !self.entered.contains(sp) {
            self.enter_at(sp);
        }
        self.stack_limit
    }

    #[cold]
    fn enter_at(&mut self, sp: usize) {
        self.entered = Place::around(sp);
        let limit = stack_limit(sp, self.engine.config().max_wasm_stack);
        if limit == self.stack_limit {
            return;
        }
        self.stack_limit = limit;
        for instance in &self.instances {
            // SAFETY: contexts live as long as the store, and nobody holds a reference to one.
            unsafe { (*instance.vmctx.as_ptr()).stack_limit = limit };
        }
    }

    /// Why execution ended with this code.
    ///
    /// # Safety
    /// Compiled code has just returned it.
    #[cold]
    unsafe fn ended(&mut self, code: u32) -> Error {
        if let Some(failure) = self.failure.take() {
            return failure.into_error();
        }
        let code = TrapCode::from_u32(code).expect("compiled code returns trap codes only");
        if code == TrapCode::OutOfFuel {
            // Counted down past 0.
            self.vm.fuel = 0;
        }
        // SAFETY: the caller's promise.
        unsafe { Trap::raised(code, self) }.into()
    }
}

/// The lowest stack pointer for compiled code that is entered at `sp`. Rounded, so
/// that entering from slightly different depths gives the same; and by the depth, not by the
/// address, so that how much there is does not depend on where the stack happens to lie.
fn stack_limit(sp: usize, max_wasm_stack: usize) -> usize {
    let Some(range) = stack::bounds(sp) else {
        return usize::MAX;
    };
    let host = (range.len() / 4).clamp(*HOST_STACK.start(), *HOST_STACK.end());
    let lowest = range.start + STACK_SLACK as usize + host;
    let granule = if max_wasm_stack >= 1 << 20 {
        64 << 10
    } else {
        4 << 10
    };
    let used = (stack::depth(sp) / granule + 1) * granule;
    lowest.max(
        range
            .end
            .saturating_sub(used)
            .saturating_sub(max_wasm_stack),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_leaves_room_for_the_host() {
        for size in [64 << 10, 256 << 10, 8 << 20] {
            std::thread::Builder::new()
                .stack_size(size)
                .spawn(move || {
                    let sp = stack::pointer();
                    let limit = stack_limit(sp, 1 << 20);
                    let range = stack::bounds(sp).expect("a thread has a stack");
                    assert!(limit >= range.start + (32 << 10), "{size}");
                    assert!(limit < sp, "{size}");
                    assert!(sp - limit <= (1 << 20) + (64 << 10), "{size}");
                })
                .expect("a thread can be started")
                .join()
                .expect("the checks hold");
        }
    }

    /// What overflows in one process does so in every other.
    #[test]
    fn the_limit_depends_on_the_depth_and_not_on_the_address() {
        let room = || {
            let end = stack::bounds(stack::pointer()).expect("a stack").end;
            (end % (64 << 10), end - stack_limit(end - 5000, 1 << 20))
        };
        let (places, rooms): (Vec<usize>, Vec<usize>) = (0..16)
            .map(|pages| {
                std::thread::Builder::new()
                    .stack_size((8 << 20) + (pages << 12))
                    .spawn(room)
                    .expect("a thread can be started")
                    .join()
                    .expect("a thread has a stack")
            })
            .unzip();
        assert!(places.iter().any(|place| *place != places[0]), "{places:?}");
        assert_eq!(rooms, [(64 << 10) + (1 << 20); 16]);
    }

    #[test]
    fn an_unknown_stack_has_no_room() {
        assert_eq!(stack_limit(1 << 12, 1 << 20), usize::MAX);
    }
}
