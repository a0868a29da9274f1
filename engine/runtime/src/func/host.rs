//! Functions of the host: where compiled code enters them.
//!
//! An entry is a native function, one for each type of closure. It is the only
//! place where compiled code meets the host's: panics are caught and errors kept
//! here, and compiled code only learns that it has to stop.

use std::any::Any;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use microwasm::FuncType;
use microwasm_codegen::TrapCode;

use crate::builtins;
use crate::error::{Result, UsageError};
use crate::signature::{Signature, SignatureRef};
use crate::store::{AsContext, HostFailure, StoreContextMut, StoreData, StoreInner};
use crate::val::{self, Val};
use crate::vm::{EntryInRegisters, HostEntry, Slot, VmCtx, VmHostFunc};

use super::{Caller, Func, INLINE, IntoFunc, check_type};

/// A host function that can be placed in stores.
#[derive(Clone)]
pub(crate) struct HostFunc {
    signature: SignatureRef,
    entry: HostEntry,
    in_registers: Option<EntryInRegisters>,
    callee: Arc<dyn Any + Send + Sync>,
}

impl HostFunc {
    /// Of a closure that takes values. It may only be placed in stores with data `T`.
    pub(crate) fn new<T: 'static, F>(ty: FuncType, func: F) -> Result<HostFunc, UsageError>
    where
        F: Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    {
        check_type(&ty)?;
        Ok(HostFunc {
            signature: SignatureRef::of(&ty),
            entry: untyped_entry::<T, F>,
            in_registers: None,
            callee: Arc::new(func),
        })
    }

    /// Of a closure with typed parameters. It may only be placed in stores with data `T`.
    pub(crate) fn wrap<T: 'static, Params, Results>(
        func: impl IntoFunc<T, Params, Results>,
    ) -> HostFunc {
        func.into_host_func()
    }

    /// With entries that call `callee`.
    ///
    /// # Safety
    /// The entries keep to their types, and expect a `callee` of this one. That in registers is
    /// for `ty`.
    pub(super) unsafe fn from_entry<F: Send + Sync + 'static>(
        ty: &FuncType,
        entry: HostEntry,
        in_registers: Option<EntryInRegisters>,
        callee: F,
    ) -> HostFunc {
        HostFunc {
            signature: SignatureRef::of(ty),
            entry,
            in_registers,
            callee: Arc::new(callee),
        }
    }

    /// Makes it a function of a store.
    pub(crate) fn place(&self, store: &mut StoreInner) -> Result<Func> {
        let funcref =
            store.add_host_func(&self.signature, self.entry, self.in_registers, &self.callee)?;
        // SAFETY: just placed in this store.
        Ok(unsafe { Func::from_raw(store.id, funcref) })
    }

    /// Its type.
    pub(crate) fn ty(&self) -> &FuncType {
        self.signature.ty()
    }
}

/// Runs a host function on behalf of compiled code, or of the host if `caller` is null.
///
/// # Safety
/// `this` was placed in a store with data `T`, whose turn it is.
#[inline]
pub(super) unsafe fn run<T>(
    this: *mut VmHostFunc,
    caller: *mut VmCtx,
    body: impl FnOnce(Caller<'_, T>) -> Result<()>,
) -> u32 {
    // SAFETY: the caller's promise; `VmStore` is the head of the store.
    let store = unsafe { NonNull::new_unchecked((*this).store.cast::<StoreData<T>>()) };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: while a host function runs, the store is its caller's to lend.
        body(unsafe { Caller::new(StoreContextMut::from_raw(store), caller) })
    }));
    #[cfg(feature = "trace")]
    // SAFETY: the host function is done with the store.
    if unsafe { (*store.as_ptr()).inner.engine.config().fill_stack } {
        crate::sys::stack::fill();
    }
    let failure = match outcome {
        Ok(Ok(())) => return 0,
        Ok(Err(error)) => HostFailure::Error(error),
        Err(panic) => HostFailure::Panic(panic),
    };
    // SAFETY: the host function is done with the store.
    unsafe { (*store.as_ptr()).inner.failure = Some(failure) };
    TrapCode::Host as u32
}

/// Has a host function that took its arguments in registers, and has failed, return to the way
/// out of compiled code. No frame is skipped but those of compiled code.
///
/// # Safety
/// At `back` lies the address that the function returns to.
#[cold]
pub(super) unsafe fn return_to_exit(back: *mut *const u8) {
    let exit = builtins::host_exit().expect("built with the first function that may fail");
    #[cfg(feature = "trace")]
    // SAFETY: the caller's promise.
    if unsafe { crate::trace::redirect(back, exit) } {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe { back.write(exit) };
}

/// Entry of closures that take values.
unsafe extern "C" fn untyped_entry<T, F>(
    this: *mut VmHostFunc,
    caller: *mut VmCtx,
    args: *mut Slot,
) -> u32
where
    F: Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()>,
{
    // SAFETY: compiled code or the host calls with what `HostFunc::place` has made.
    unsafe {
        let func = &*(*this).callee.cast::<F>();
        let signature = &*(*this).signature;
        run::<T>(this, caller, |caller| {
            call_with_values(caller, func, signature, args)
        })
    }
}

/// # Safety
/// `args` has the arguments of the signature, and room for its results.
unsafe fn call_with_values<T>(
    caller: Caller<'_, T>,
    func: &impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()>,
    signature: &Signature,
    args: *mut Slot,
) -> Result<()> {
    let store = caller.as_context().inner().id;
    let FuncType { params, results } = signature.ty();
    let mut inline = [const { MaybeUninit::<Val>::uninit() }; INLINE];
    let mut heap = Vec::new();
    let count = params.len() + results.len();
    let values = if count <= INLINE {
        &mut inline[..count]
    } else {
        heap.resize_with(count, MaybeUninit::uninit);
        &mut heap[..]
    };
    for (i, (value, ty)) in values.iter_mut().zip(params).enumerate() {
        // SAFETY: the caller's promise.
        value.write(unsafe { Val::from_bits(val::read(args.add(i)), *ty, store) });
    }
    for (value, ty) in values[params.len()..].iter_mut().zip(results) {
        value.write(Val::default_for(*ty).expect("checked when the function was made"));
    }
    // SAFETY: all have been written.
    let values = unsafe { &mut *(std::ptr::from_mut(values) as *mut [Val]) };
    let (arguments, out) = values.split_at_mut(params.len());
    func(caller, arguments, out)?;
    for (i, (value, ty)) in out.iter().zip(results).enumerate() {
        // SAFETY: the caller's promise.
        unsafe { val::write(args.add(i), value.to_bits_of(*ty, store)?) };
    }
    Ok(())
}
