//! `call_indirect_host`: leaving the interpreter for native functions.
//!
//! The instruction says how the function is called; the cast to that signature is generated
//! from the rows of the table that the compiler has its immediates from.

use std::mem::{self, MaybeUninit};

use microwasm_codegen::bytecode::signature::HostSignature;
use microwasm_codegen::for_each_host_signature;
use microwasm_codegen::{Builtin, TrapCode};

use crate::builtins;
use crate::store::StoreInner;
use crate::val;
use crate::vm::{Slot, VmCtx, VmFuncRef, VmHostFunc};

use super::MARGIN;

/// Calls with up to this many values allocate nothing.
const INLINE: usize = 16;

/// A type of a native parameter, as a slot holds it.
trait FromSlot {
    fn from_slot(slot: u64) -> Self;
}

impl FromSlot for u32 {
    fn from_slot(slot: u64) -> u32 {
        slot as u32
    }
}

impl FromSlot for u64 {
    fn from_slot(slot: u64) -> u64 {
        slot
    }
}

/// What becomes of a native result.
trait Outcome {
    /// As a slot, or as a trap's code.
    fn bits(self) -> u64;
}

impl Outcome for () {
    fn bits(self) -> u64 {
        0
    }
}

impl Outcome for u32 {
    fn bits(self) -> u64 {
        self.into()
    }
}

impl Outcome for u64 {
    fn bits(self) -> u64 {
        self
    }
}

/// Whether the result is a value or a code.
macro_rules! finish {
    (Nothing, $bits:expr, $base:expr) => {{
        let _ = $bits;
        0
    }};
    (Trap, $bits:expr, $base:expr) => {
        $bits as u32
    };
    (Value, $bits:expr, $base:expr) => {{
        // SAFETY: validated: the call's first slot is in the frame.
        unsafe { $base.write($bits) };
        0
    }};
}

macro_rules! call_native {
    ($($name:ident($($slot:literal: $ty:ty),*) -> $result:ident($native:ty);)*) => {
        /// Casts `function` to its signature and calls it with the arguments from `base` on.
        ///
        /// # Safety
        /// `function` has that signature, and its arguments lie there.
        unsafe fn call_native(
            signature: HostSignature,
            function: *const (),
            vmctx: *mut VmCtx,
            base: *mut u64,
        ) -> u32 {
            match signature {
                $(HostSignature::$name => {
                    // SAFETY: the caller's promise.
                    let bits = unsafe {
                        let function = mem::transmute::<
                            *const (),
                            unsafe extern "C" fn(*mut VmCtx $(, $ty)*) -> $native,
                        >(function);
                        function(vmctx $(, <$ty>::from_slot(base.add($slot).read()))*).bits()
                    };
                    finish!($result, bits, base)
                })*
                HostSignature::Array => unreachable!("imports are called by their reference"),
            }
        }
    };
}

for_each_host_signature!(call_native);

/// Calls a builtin; 0, or a trap's code.
///
/// # Safety
/// Validated: there is a builtin of that number with that signature; arguments lie from `base`
/// on. `vmctx` is the context of the calling instance.
#[inline(never)]
pub(super) unsafe fn call_builtin(
    signature: HostSignature,
    number: u32,
    vmctx: *mut VmCtx,
    base: *mut u64,
) -> u32 {
    let function = builtins::native(Builtin::ALL[number as usize]);
    let function = function.expect("validated: a builtin that is a function");
    // SAFETY: the caller's promise.
    unsafe { call_native(signature, function, vmctx, base) }
}

/// Calls a function of the host, whose arguments lie from `base` on; 0, or a trap's code.
/// `control` is how far the upper end of the stack is in use.
///
/// # Safety
/// `callee` is a host function of the store that `vmctx` belongs to. There is room for its
/// arguments and results from `base` on, and nothing above is in use.
#[inline(never)]
pub(super) unsafe fn call_function(
    callee: *const VmFuncRef,
    vmctx: *mut VmCtx,
    base: *mut u64,
    control: *mut u64,
) -> u32 {
    // SAFETY: the caller's promise; what is below the stack limit is checked before it is used.
    unsafe {
        let signature = (*callee).signature;
        let count = (*signature).array_len();
        if (control as usize).saturating_sub(base as usize) < size_of::<u64>() * (count + MARGIN) {
            return TrapCode::StackOverflow as u32;
        }
        let store = (*vmctx).store.cast::<StoreInner>();
        // Executions that the function begins go on above.
        (*store).interp.top = base.add(count);
        (*store).interp.control = control;
        let mut inline = [const { MaybeUninit::<Slot>::uninit() }; INLINE];
        let mut heap: Vec<Slot> = Vec::new();
        let args: *mut Slot = if count <= INLINE {
            inline.as_mut_ptr().cast()
        } else {
            heap.resize(count, [0; 16]);
            heap.as_mut_ptr()
        };
        let (params, results) = {
            let ty = (*signature).ty();
            (ty.params.len(), ty.results.len())
        };
        for i in 0..params {
            val::write(args.add(i), base.add(i).read());
        }
        let host = (*callee).vmctx.cast::<VmHostFunc>();
        let code = ((*host).entry)(host, vmctx, args);
        if code == 0 {
            for i in 0..results {
                base.add(i).write(val::read(args.add(i)));
            }
        }
        code
    }
}
