//! Which closures can be host functions: those whose parameters are WebAssembly
//! values, after an optional [`Caller`], and whose results are, or are a
//! `Result` of, WebAssembly values.

use microwasm::FuncType;

use crate::error::Result;
use crate::store::AsContext;
use crate::vm::{Slot, VmCtx, VmHostFunc};

use super::host::{HostFunc, run};
use super::values::Owner;
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
                unsafe extern "C" fn entry<T, Func, Results, $($name),*>(
                    this: *mut VmHostFunc,
                    caller: *mut VmCtx,
                    args: *mut Slot,
                ) -> u32
                where
                    Func: Fn($($name),*) -> Results,
                    Results: HostResults,
                    $($name: WasmTy,)*
                {
                    // SAFETY: called with what `from_entry` was given, and by its signature.
                    unsafe {
                        let func = &*(*this).callee.cast::<Func>();
                        run_typed::<T, ($($name,)*), Results>(this, caller, args, |_, ($($name,)*)| {
                            func($($name),*)
                        })
                    }
                }
                let ty = func_type::<($($name,)*), Results::Values>();
                // SAFETY: the entry expects a `Func`.
                unsafe { HostFunc::from_entry(&ty, entry::<T, Func, Results, $($name),*>, self) }
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
                let ty = func_type::<($($name,)*), Results::Values>();
                // SAFETY: the entry expects a `Func`.
                unsafe { HostFunc::from_entry(&ty, entry::<T, Func, Results, $($name),*>, self) }
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
