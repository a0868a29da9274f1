//! Which closures can be host functions: those whose parameters are WebAssembly
//! values, after an optional [`Caller`], and whose results are, or are a
//! `Result` of, WebAssembly values.

use microwasm::FuncType;

use crate::error::Result;
use crate::store::AsContext;
use crate::vm::{EntryInRegisters, HostEntry, Slot, VmCtx, VmHostFunc};

use super::host::{HostFunc, return_to_exit, run};
use super::values::{Owner, Register};
use super::{Caller, WasmTy, WasmValues};

/// What a closure may return.
pub trait HostResults {
    /// The results, if it succeeds.
    type Values: WasmValues;

    /// The results, or why there are none.
    fn into_result(self) -> Result<Self::Values>;
}

impl<V: WasmValues> HostResults for V {
    type Values = V;

    #[inline]
    fn into_result(self) -> Result<V> {
        Ok(self)
    }
}

impl<V: WasmValues> HostResults for Result<V> {
    type Values = V;

    #[inline]
    fn into_result(self) -> Result<V> {
        self
    }
}

/// A closure that can be a host function of stores with data `T`.
pub trait IntoFunc<T, Params, Results>: Send + Sync + 'static {
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn into_host_func(self) -> HostFunc;
}

fn func_type<P: WasmValues, R: WasmValues>() -> FuncType {
    FuncType {
        params: P::TYPES.into(),
        results: R::TYPES.into(),
    }
}

/// Calls `body` with the arguments in `args`, and puts the results there.
///
/// # Safety
/// As for [`run`]; `args` has values of the types `P` and room for those of `R`.
#[inline]
unsafe fn run_typed<T, P: WasmValues, R: HostResults>(
    this: *mut VmHostFunc,
    caller: *mut VmCtx,
    args: *mut Slot,
    body: impl FnOnce(Caller<'_, T>, P) -> R,
) -> u32 {
    // SAFETY: the caller's promise.
    unsafe {
        run::<T>(this, caller, |caller| {
            let owner = Owner(caller.as_context().inner().id);
            let results = body(caller, P::load(args, owner)).into_result()?;
            results.store(args, owner)?;
            Ok(())
        })
    }
}

/// As [`run_typed`], for an entry that takes arguments and returns results in registers.
///
/// # Safety
/// As for [`run`], and for [`return_to_exit`].
#[inline]
unsafe fn run_in_registers<T, R: HostResults>(
    this: *mut VmHostFunc,
    caller: *mut VmCtx,
    back: *mut *const u8,
    body: impl FnOnce(Caller<'_, T>, Owner) -> R,
) -> <R::Values as WasmValues>::Register {
    let mut results = None;
    // SAFETY: the caller's promise.
    let code = unsafe {
        run::<T>(this, caller, |from| {
            let owner = Owner(from.as_context().inner().id);
            results = Some(body(from, owner).into_result()?.into_register(owner)?);
            Ok(())
        })
    };
    match results {
        Some(results) if code == 0 => results,
        _ => {
            // SAFETY: the caller's promise; the failure is in the store.
            unsafe { return_to_exit(back) };
            Register::from_slot(0)
        }
    }
}

/// An entry whose type is that of a function of the host with these values.
fn entry_in_registers<R: HostResults>(entry: *const ()) -> Option<EntryInRegisters> {
    // SAFETY: both are pointers to functions. What calls it knows its type.
    R::Values::IN_REGISTER
        .then(|| unsafe { std::mem::transmute::<*const (), EntryInRegisters>(entry) })
}

macro_rules! closures {
    ($(($($name:ident)*))*) => {$(
        impl<T, Func, Results, $($name),*> IntoFunc<T, ($($name,)*), Results> for Func
        where
            T: 'static,
            Func: Fn($($name),*) -> Results + Send + Sync + 'static,
            Results: HostResults,
            $($name: WasmTy,)*
        {
            #[allow(private_interfaces, non_snake_case)]
            fn into_host_func(self) -> HostFunc {
                let with_caller = move |_: Caller<'_, T>, $($name: $name),*| self($($name),*);
                IntoFunc::<T, (Caller<'_, T>, $($name,)*), Results>::into_host_func(with_caller)
            }
        }

        impl<T, Func, Results, $($name),*> IntoFunc<T, (Caller<'_, T>, $($name,)*), Results> for Func
        where
            T: 'static,
            Func: Fn(Caller<'_, T>, $($name),*) -> Results + Send + Sync + 'static,
            Results: HostResults,
            $($name: WasmTy,)*
        {
            #[allow(private_interfaces, non_snake_case)]
            fn into_host_func(self) -> HostFunc {
                unsafe extern "C" fn entry<T, Func, Results, $($name),*>(
                    this: *mut VmHostFunc,
                    caller: *mut VmCtx,
                    args: *mut Slot,
                ) -> u32
                where
                    Func: Fn(Caller<'_, T>, $($name),*) -> Results,
                    Results: HostResults,
                    $($name: WasmTy,)*
                {
                    // SAFETY: called with what `from_entry` was given, and by its signature.
                    unsafe {
                        let func = &*(*this).callee.cast::<Func>();
                        run_typed::<T, ($($name,)*), Results>(this, caller, args, |caller, ($($name,)*)| {
                            func(caller, $($name),*)
                        })
                    }
                }
                #[allow(improper_ctypes_definitions)]
                unsafe extern "C" fn in_registers<T, Func, Results, $($name),*>(
                    this: *mut VmHostFunc,
                    caller: *mut VmCtx,
                    back: *mut *const u8,
                    $($name: $name::Register,)*
                ) -> <Results::Values as WasmValues>::Register
                where
                    Func: Fn(Caller<'_, T>, $($name),*) -> Results,
                    Results: HostResults,
                    $($name: WasmTy,)*
                {
                    // SAFETY: called with what `from_entry` was given, and by its signature.
                    unsafe {
                        let func = &*(*this).callee.cast::<Func>();
                        run_in_registers::<T, Results>(this, caller, back, |caller, _owner| {
                            $(let $name = <$name as WasmTy>::from_bits($name.to_slot(), _owner);)*
                            func(caller, $($name),*)
                        })
                    }
                }
                let ty = func_type::<($($name,)*), Results::Values>();
                let entry: HostEntry = entry::<T, Func, Results, $($name),*>;
                let in_registers = in_registers::<T, Func, Results, $($name),*> as *const ();
                let in_registers = entry_in_registers::<Results>(in_registers);
                // SAFETY: the entries expect a `Func`, and are for values of these types.
                unsafe { HostFunc::from_entry(&ty, entry, in_registers, self) }
            }
        }
    )*};
}

closures! {
    ()
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
    (A B C D E F G H)
    (A B C D E F G H I)
    (A B C D E F G H I J)
    (A B C D E F G H I J K)
    (A B C D E F G H I J K L)
}
