//! Functions, and calling them.
//!
//! | file | owns |
//! |---|---|
//! | `mod` | handles to functions, and calls with values whose types are only known then |
//! | `typed` | calls whose types are known when the host is compiled |
//! | `values` | which Rust types are WebAssembly values |
//! | `host` | functions of the host: where compiled code enters them |
//! | `into_func` | which closures can be such functions |
//! | `caller` | what a host function knows of who called it |

mod caller;
mod host;
mod into_func;
mod typed;
mod values;

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use microwasm::{FuncType, ValType};

pub use caller::Caller;
pub(crate) use host::HostFunc;
pub use into_func::{HostResults, IntoFunc};
pub use typed::TypedFunc;
pub use values::{WasmTy, WasmValues};

use crate::error::{Error, Result, UsageError};
use crate::interp;
use crate::signature::Signature;
use crate::store::{AsContext, AsContextMut, StoreId, StoreInner, call_host, enter};
use crate::val::{self, Val};
use crate::vm::{FuncKind, Slot, VmFuncRef};

/// Calls with up to this many values allocate nothing.
const INLINE: usize = 16;

/// A function of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Func {
    store: StoreId,
    /// Valid as long as the store.
    funcref: NonNull<VmFuncRef>,
}

// SAFETY: the reference is only used together with a borrow of the store.
unsafe impl Send for Func {}
// SAFETY: as above.
unsafe impl Sync for Func {}

impl Func {
    /// Makes a function of a closure that gets its arguments and sets its results as values.
    ///
    /// # Errors
    /// The type has too many values or some that are not supported, or there is no memory.
    pub fn new<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Result<Func> {
        HostFunc::new(ty, func)?.place(store.as_context_mut().inner_mut())
    }

    /// Makes a function of a closure whose parameters and results are WebAssembly values.
    /// Its first parameter may be a [`Caller`].
    ///
    /// # Errors
    /// There is no memory.
    pub fn wrap<T: 'static, Params, Results>(
        mut store: impl AsContextMut<Data = T>,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Result<Func> {
        HostFunc::wrap(func).place(store.as_context_mut().inner_mut())
    }

    /// # Safety
    /// A function of this store.
    pub(crate) unsafe fn from_raw(store: StoreId, funcref: NonNull<VmFuncRef>) -> Func {
        Func { store, funcref }
    }

    /// # Safety
    /// A reference of this store as in a slot.
    pub(crate) unsafe fn from_bits(bits: u64, store: StoreId) -> Option<Func> {
        val::address_of(bits).map(|funcref| Func { store, funcref })
    }

    pub(crate) fn raw(&self) -> NonNull<VmFuncRef> {
        self.funcref
    }

    pub(crate) fn store(&self) -> StoreId {
        self.store
    }

    /// The reference, if it is one of `store`.
    #[inline]
    pub(crate) fn funcref(&self, store: StoreId) -> Result<NonNull<VmFuncRef>, UsageError> {
        if self.store == store {
            Ok(self.funcref)
        } else {
            Err(UsageError::WrongStore)
        }
    }

    /// The signature. Callers have checked the store.
    pub(crate) fn signature(&self) -> &Signature {
        // SAFETY: the store is alive and keeps the signature.
        unsafe { &*self.funcref.as_ref().signature }
    }

    /// Whether it is a function of the host, and not of a module. A function that has been
    /// imported and exported again is what it was before.
    pub fn belongs_to_host(&self, store: impl AsContext) -> bool {
        self.store == store.as_context().inner().id && self.is_host()
    }

    /// Whether it is a function of the host. Callers have checked the store.
    pub(crate) fn is_host(&self) -> bool {
        // SAFETY: the store is alive and keeps the reference.
        unsafe { self.funcref.as_ref().kind == FuncKind::Host }
    }

    /// Its type.
    ///
    /// # Panics
    /// If the function belongs to another store.
    pub fn ty(&self, store: impl AsContext) -> FuncType {
        assert!(
            self.store == store.as_context().inner().id,
            "{}",
            UsageError::WrongStore
        );
        self.signature().ty().clone()
    }

    /// The function with a signature that is known when the host is compiled.
    ///
    /// # Errors
    /// It has another signature, belongs to another store, or there is no code memory.
    pub fn typed<P: WasmValues, R: WasmValues>(
        &self,
        store: impl AsContext,
    ) -> Result<TypedFunc<P, R>> {
        self.funcref(store.as_context().inner().id)?;
        TypedFunc::new(*self)
    }

    /// Calls it. Before the results are written, `results` has to have as many values as the
    /// function has results; what they are does not matter.
    ///
    /// # Errors
    /// It traps, or a host function fails; or the values are not those of its type.
    pub fn call(
        &self,
        mut store: impl AsContextMut,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let mut context = store.as_context_mut();
        let id = context.inner().id;
        self.funcref(id)?;
        let signature: *const Signature = self.signature();
        // SAFETY: the store keeps it, also while it executes.
        let signature = unsafe { &*signature };
        let ty = signature.ty();
        expect_count(ty.params.len(), params.len())?;
        expect_count(ty.results.len(), results.len())?;
        let mut inline = [const { MaybeUninit::<Slot>::uninit() }; INLINE];
        let mut heap = Vec::new();
        let slots = slots(&mut inline, &mut heap, signature.array_len());
        for (i, (param, ty)) in params.iter().zip(&ty.params).enumerate() {
            // SAFETY: there is a slot for each.
            unsafe { val::write(slots.add(i), param.to_bits_of(*ty, id)?) };
        }
        let ptr = context.as_ptr();
        // SAFETY: a function of the store, which is exclusively borrowed; arguments are in place.
        unsafe { self.call_array(ptr, slots)? };
        for (i, (result, ty)) in results.iter_mut().zip(&ty.results).enumerate() {
            // SAFETY: the function has filled in its results.
            *result = unsafe { Val::from_bits(val::read(slots.add(i)), *ty, id) };
        }
        Ok(())
    }

    /// Calls it with arguments and results in slots.
    ///
    /// # Safety
    /// A function of the store, which nobody else is using; `slots` has room for all
    /// arguments, which are in place, and all results.
    unsafe fn call_array(&self, store: NonNull<StoreInner>, slots: *mut Slot) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe {
            match self.funcref.as_ref().kind {
                FuncKind::Host => call_host(store, self.funcref, slots),
                FuncKind::Bytecode => enter(
                    store,
                    interp::enter,
                    self.funcref,
                    slots,
                    interp::NATIVE_FRAME,
                ),
                FuncKind::Wasm => {
                    let signature = self.signature();
                    let (entry, stack) = (signature.entry()?, signature.stack_area());
                    enter(store, entry, self.funcref, slots, stack)
                }
            }
        }
    }
}

/// Calls a function without parameters and results.
///
/// # Safety
/// It is one, of the store, which nobody else is using.
pub(crate) unsafe fn call_no_values(
    store: NonNull<StoreInner>,
    funcref: NonNull<VmFuncRef>,
) -> Result<()> {
    // SAFETY: the caller's promise.
    unsafe {
        let func = Func {
            store: (*store.as_ptr()).id,
            funcref,
        };
        func.call_array(store, NonNull::dangling().as_ptr())
    }
}

fn expect_count(expected: usize, found: usize) -> Result<(), Error> {
    if expected == found {
        Ok(())
    } else {
        Err(UsageError::WrongCount { expected, found }.into())
    }
}

/// Room for `len` slots, on the heap only if there are many.
fn slots(inline: &mut [MaybeUninit<Slot>; INLINE], heap: &mut Vec<Slot>, len: usize) -> *mut Slot {
    if len <= INLINE {
        return inline.as_mut_ptr().cast();
    }
    heap.resize(len, [0; 16]);
    heap.as_mut_ptr()
}

/// Whether values of these types can be parameters and results of host functions.
fn check_type(ty: &FuncType) -> Result<(), UsageError> {
    /// As many as a module can have.
    const MOST: usize = 1000;
    for types in [&ty.params, &ty.results] {
        if types.len() > MOST {
            return Err(UsageError::TooManyValues { count: types.len() });
        }
        if types.contains(&ValType::V128) {
            return Err(UsageError::BadType(ValType::V128));
        }
    }
    Ok(())
}
