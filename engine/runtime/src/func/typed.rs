//! Calls whose types are known when the host is compiled.

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use crate::error::{Result, UsageError};
use crate::interp;
use crate::store::{AsContextMut, call_host, enter};
use crate::vm::{EntryFn, FuncKind, Slot};

use super::values::Owner;
use super::{Func, INLINE, WasmValues};

/// A function with parameters `P` and results `R`. Calling it allocates nothing.
pub struct TypedFunc<P, R> {
    func: Func,
    /// The entry trampoline and the stack that it needs; none for a host function, which
    /// needs no entering.
    entry: Option<(EntryFn, u32)>,
    types: PhantomData<fn(P) -> R>,
}

impl<P, R> Clone for TypedFunc<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for TypedFunc<P, R> {}

impl<P: WasmValues, R: WasmValues> TypedFunc<P, R> {
    /// `func` with its store checked.
    pub(super) fn new(func: Func) -> Result<TypedFunc<P, R>> {
        let signature = func.signature();
        let ty = signature.ty();
        if *ty.params != *P::TYPES || *ty.results != *R::TYPES {
            return Err(UsageError::WrongSignature.into());
        }
        // SAFETY: a function of a store that is alive.
        let entry = match unsafe { func.raw().as_ref().kind } {
            FuncKind::Wasm => Some((signature.entry()?, signature.stack_area())),
            FuncKind::Bytecode => Some((interp::enter as EntryFn, interp::NATIVE_FRAME)),
            FuncKind::Host => None,
        };
        Ok(TypedFunc {
            func,
            entry,
            types: PhantomData,
        })
    }

    /// The function without its types.
    pub fn func(&self) -> &Func {
        &self.func
    }

    /// Calls it.
    ///
    /// # Errors
    /// It traps, or a host function fails; or it, or a reference among the parameters,
    /// belongs to another store.
    #[inline]
    pub fn call(&self, mut store: impl AsContextMut, params: P) -> Result<R> {
        let mut context = store.as_context_mut();
        let id = context.inner().id;
        let funcref = self.func.funcref(id)?;
        let mut slots = [const { MaybeUninit::<Slot>::uninit() }; INLINE];
        let slots: *mut Slot = slots.as_mut_ptr().cast();
        let ptr = context.as_ptr();
        // SAFETY: a function of the store, which is exclusively borrowed; its signature has
        // been compared with `P` and `R`, for which there are enough slots.
        unsafe {
            params.store(slots, Owner(id))?;
            match self.entry {
                Some((entry, stack)) => enter(ptr, entry, funcref, slots, stack)?,
                None => call_host(ptr, funcref, slots)?,
            }
            Ok(R::load(slots, Owner(id)))
        }
    }
}

impl<P, R> std::fmt::Debug for TypedFunc<P, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TypedFunc").field(&self.func).finish()
    }
}
