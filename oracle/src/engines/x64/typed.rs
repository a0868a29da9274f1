//! Host functions with types of Rust, for the signatures listed here: their values go between
//! compiled code and the host in registers, those of other functions in an array.

use microwasm::{FuncType, ValType};
use microwasm_runtime::{
    Caller, Error, ExternRef as Object, Func as RuntimeFunc, Result, StoreContextMut, Val, WasmTy,
    WasmValues,
};

use super::{Data, call_host};
use crate::engine::HostFunc;

// Named as the variants of `ValType` are: one list makes patterns and types.
type I32 = u32;
type I64 = u64;
type F32 = f32;
type F64 = f64;
type FuncRef = Option<RuntimeFunc>;
type ExternRef = Option<Object>;

/// A value with a type of Rust.
trait Typed: WasmTy {
    fn to_val(self) -> Val;
    fn of_val(val: Val) -> Option<Self>;
}

macro_rules! typed {
    ($($ty:ident: $to:expr, $from:expr;)*) => {$(
        impl Typed for $ty {
            fn to_val(self) -> Val {
                Val::$ty($to(self))
            }

            fn of_val(val: Val) -> Option<$ty> {
                match val {
                    Val::$ty(value) => Some($from(value)),
                    _ => None,
                }
            }
        }
    )*};
}

typed! {
    I32: |v: u32| v as i32, |v: i32| v as u32;
    I64: |v: u64| v as i64, |v: i64| v as u64;
    F32: f32::to_bits, f32::from_bits;
    F64: f64::to_bits, f64::from_bits;
    FuncRef: |v| v, |v| v;
    ExternRef: |v| v, |v| v;
}

/// What a host function returns.
trait Returned: WasmValues {
    /// Takes it from the values that the suite's host has returned.
    fn take(caller: Caller<'_, Data>, number: HostFunc, args: &[Val]) -> Result<Self, Error>;
}

impl Returned for () {
    #[inline(never)]
    fn take(caller: Caller<'_, Data>, number: HostFunc, args: &[Val]) -> Result<(), Error> {
        call_host(caller, number, args, &mut [])
    }
}

macro_rules! returned {
    ($($ty:ident)*) => {$(
        impl Returned for $ty {
            // Not once more in every closure: there are many.
            #[inline(never)]
            fn take(caller: Caller<'_, Data>, number: HostFunc, args: &[Val]) -> Result<$ty, Error> {
                let mut result = [Val::I32(0)];
                call_host(caller, number, args, &mut result)?;
                Ok($ty::of_val(result[0]).expect("the host returns what the type says"))
            }
        }
    )*};
}

returned! { I32 I64 F32 F64 FuncRef ExternRef }

/// The host function with this number, if its type is listed.
pub(super) fn func(
    store: StoreContextMut<'_, Data>,
    number: HostFunc,
    ty: &FuncType,
) -> Option<Result<RuntimeFunc>> {
    match *ty.results {
        [] => returning::<()>(store, number, &ty.params),
        [ValType::I32] => returning::<I32>(store, number, &ty.params),
        [ValType::I64] => returning::<I64>(store, number, &ty.params),
        [ValType::F32] => returning::<F32>(store, number, &ty.params),
        [ValType::F64] => returning::<F64>(store, number, &ty.params),
        [ValType::FuncRef] => returning::<FuncRef>(store, number, &ty.params),
        [ValType::ExternRef] => returning::<ExternRef>(store, number, &ty.params),
        _ => None,
    }
}

macro_rules! of_params {
    ($params:ident $store:ident $number:ident $result:ident: $([$($ty:ident $arg:ident),*])*) => {
        match $params {
            $([$(ValType::$ty),*] => RuntimeFunc::wrap(
                $store,
                move |caller: Caller<'_, Data>, $($arg: $ty),*| {
                    $result::take(caller, $number, &[$($arg.to_val()),*])
                },
            ),)*
            _ => return None,
        }
    };
}

fn returning<R: Returned + 'static>(
    store: StoreContextMut<'_, Data>,
    number: HostFunc,
    params: &[ValType],
) -> Option<Result<RuntimeFunc>> {
    Some(of_params! {
        params store number R:
        [] [I32 a] [I64 a] [F32 a] [F64 a] [FuncRef a] [ExternRef a]
        [I32 a, I64 b] [I64 a, F32 b] [F64 a, I32 b] [F32 a, F64 b]
        [I32 a, I64 b, F64 c]
        // As many as there are registers for.
        [I64 a, F32 b, I32 c, F64 d, F32 e, F64 f, I64 g, F32 h, F64 i, F32 j, F64 k]
        // More than there are registers for.
        [I32 a, I64 b, I32 c, I64 d]
    })
}
