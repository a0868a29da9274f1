//! The loop: one arm for every instruction.
//!
//! Receives a function and its arguments on the interpreter's stack; leaves its results there.
//! The state is in local variables, so that it stays in registers: the instruction, the
//! frame, the upper end of the stack, the instance and its memory, which is looked up again
//! after everything that may change it.
//!
//! A call keeps two words at the upper end of the stack, where to go on and the caller's
//! frame; one into another instance two more, which lead to `leave_instance` first.

use std::sync::atomic::{AtomicU64, Ordering};

use microwasm_codegen::TrapCode;
use microwasm_codegen::bytecode::op::{Opcode, ops};
use microwasm_codegen::bytecode::signature::{HostCallee, HostSignature};
use microwasm_codegen::vmctx;

use crate::store::StoreInner;
use crate::vm::{FuncKind, VmCtx, VmFuncRef, VmStore, VmTable};

use super::machine::{Code, Frame, Memory};
use super::{MARGIN, host, number};

/// Where a function that another instance has called returns to.
static LEAVE_INSTANCE: [u8; 2] = (Opcode::LeaveInstance as u16).to_le_bytes();
/// Where the first function returns to.
static LEAVE_INTERPRETER: [u8; 2] = (Opcode::LeaveInterpreter as u16).to_le_bytes();

/// A value as a slot holds it.
trait IntoSlot {
    fn into_slot(self) -> u64;
}

macro_rules! into_slot {
    ($($ty:ty: |$value:ident| $slot:expr;)*) => {$(
        impl IntoSlot for $ty {
            #[inline(always)]
            fn into_slot(self) -> u64 {
                let $value = self;
                $slot
            }
        }
    )*};
}

into_slot! {
    bool: |v| v.into();
    u32: |v| v.into();
    u64: |v| v;
    f32: |v| v.to_bits().into();
    f64: |v| v.to_bits();
}

impl Frame {
    #[inline(always)]
    fn f32(self, slot: u16) -> f32 {
        f32::from_bits(self.get32(slot))
    }

    #[inline(always)]
    fn f64(self, slot: u16) -> f64 {
        f64::from_bits(self.get(slot))
    }
}

/// A field of the vmctx.
///
/// # Safety
/// The layout has a `T` there.
#[inline(always)]
unsafe fn field_at<T>(vmctx: *mut VmCtx, offset: u32) -> *mut T {
    // SAFETY: the caller's promise.
    unsafe { vmctx.byte_add(offset as usize).cast() }
}

/// What a field of the vmctx points to.
///
/// # Safety
/// The layout has a pointer to a `T` there.
#[inline(always)]
unsafe fn pointer_at<T>(vmctx: *mut VmCtx, offset: u32) -> *mut T {
    // SAFETY: the caller's promise.
    unsafe { field_at::<*mut T>(vmctx, offset).read() }
}

/// The value of a field.
///
/// # Safety
/// As for [`field_at`].
#[inline(always)]
unsafe fn field<T: Copy>(vmctx: *mut VmCtx, offset: u32) -> T {
    // SAFETY: the caller's promise.
    unsafe { field_at::<T>(vmctx, offset).read() }
}

/// # Safety
/// As for [`field_at`].
#[inline(always)]
unsafe fn direct_table(vmctx: *mut VmCtx, offset: u32) -> VmTable {
    // SAFETY: the caller's promise.
    unsafe { field_at::<VmTable>(vmctx, offset).read() }
}

/// # Safety
/// As for [`pointer_at`].
#[inline(always)]
unsafe fn imported_table(vmctx: *mut VmCtx, offset: u32) -> VmTable {
    // SAFETY: the caller's promise.
    unsafe { pointer_at::<VmTable>(vmctx, offset).read() }
}

/// Where an element of a table is, if it is in bounds.
#[inline(always)]
fn slot_of(table: VmTable, index: u32) -> Option<*mut u64> {
    (u64::from(index) < table.len).then(|| table.base.wrapping_add(index as usize))
}

/// The function to call through a table.
#[inline(always)]
fn element(table: VmTable, index: u32, sig: u32) -> Result<*const VmFuncRef, TrapCode> {
    let at = slot_of(table, index).ok_or(TrapCode::UndefinedElement)?;
    // SAFETY: in bounds.
    let funcref = unsafe { at.read() } as *const VmFuncRef;
    if funcref.is_null() {
        return Err(TrapCode::IndirectCallToNull);
    }
    // SAFETY: a reference of the store.
    if unsafe { (*funcref).sig } != sig {
        return Err(TrapCode::BadSignature);
    }
    Ok(funcref)
}

/// Ends an execution with a trap that comes from `pc`.
///
/// # Safety
/// The store is alive and nobody else is using it.
#[cold]
#[inline(never)]
unsafe fn trapped(store: *mut VmStore, vmctx: *mut VmCtx, pc: *const u8, code: u32) -> u32 {
    // SAFETY: the caller's promise; `VmStore` is the head of the store.
    unsafe {
        (*store).trap_pc = pc as usize;
        (*store.cast::<StoreInner>()).interp.trap_vmctx = vmctx;
    }
    code
}

/// Executes a function whose arguments lie from `top` on, where its results will be; 0, or the
/// code of a trap. `control` is the upper end of the stack.
///
/// # Safety
/// `callee` is a function of validated bytecode, of an instance of the store, which nobody else
/// is using. From `top` to `control` lies initialised memory that nobody else is using, with
/// room for arguments, results, and [`MARGIN`] words.
///
/// With `WATCHED`, whoever watches this thread is told of every instruction.
// Branches on `not less` are taken for NaN, too.
#[allow(clippy::neg_cmp_op_on_partial_ord)]
pub(super) unsafe fn run<const WATCHED: bool>(
    callee: *const VmFuncRef,
    top: *mut u64,
    control: *mut u64,
    store: *mut VmStore,
) -> u32 {
    // SAFETY: by the caller's promise a function, its instance, and memory for its frame,
    // whose size is checked before anything is done there.
    let (mut vmctx, mut memory, mut frame, mut code, mut control) = unsafe {
        let vmctx = (*callee).vmctx;
        (
            vmctx,
            Memory::of(vmctx),
            Frame::new(top),
            Code::new(LEAVE_INTERPRETER.as_ptr()),
            control,
        )
    };

    /// Goes on with the next instruction.
    macro_rules! next {
        ($op:ident) => {
            code = code.skip(ops::$op::LEN as isize)
        };
    }
    /// Goes on at a distance.
    macro_rules! jump {
        ($op:ident, $to:expr) => {
            code = code.skip(ops::$op::LEN as isize + $to as isize)
        };
    }
    macro_rules! trap {
        ($code:expr) => {
            // SAFETY: the store is ours to use.
            return unsafe { trapped(store, vmctx, code.address(), $code as u32) }
        };
    }
    /// Traps with a code that a native function has returned, if it is one.
    macro_rules! check {
        ($code:expr) => {
            if $code != 0 {
                trap!($code);
            }
        };
    }
    /// Keeps two words at the upper end of the stack.
    macro_rules! keep {
        ($code:expr, $frame:expr) => {
            // SAFETY: a call has found room for some more words than its frame needs.
            unsafe {
                control = control.sub(2);
                control.write($code as u64);
                control.add(1).write($frame as u64);
            }
        };
    }
    /// Goes on where the innermost call returns to.
    macro_rules! leave {
        () => {
            // SAFETY: kept by the call.
            unsafe {
                code = Code::new(control.read() as *const u8);
                frame = Frame::new(control.add(1).read() as *mut u64);
                control = control.add(2);
            }
        };
    }
    /// Enters the function at `$callee` with its frame at `$base`, to return to `$back`.
    macro_rules! enter {
        ($callee:expr, $base:expr, $back:expr) => {{
            let (callee, base, back): (Code, Frame, Code) = ($callee, $base, $back);
            let ops::Enter { frame: slots } = ops::Enter::decode(callee.bytes());
            // The frame of the caller ends below the upper end.
            let room = (control as usize).wrapping_sub(base.address() as usize);
            if room < size_of::<u64>() * (slots as usize + MARGIN) {
                trap!(TrapCode::StackOverflow);
            }
            keep!(back.address(), frame.address());
            frame = base;
            code = callee.skip(ops::Enter::LEN as isize);
        }};
    }
    /// Calls any function of the store.
    macro_rules! invoke {
        ($funcref:expr, $base:expr, $back:expr) => {{
            let (funcref, base, back): (*const VmFuncRef, Frame, Code) = ($funcref, $base, $back);
            // SAFETY: references live as long as the store.
            let target = unsafe { &*funcref };
            let (entry, instance) = (target.code, target.vmctx);
            if target.kind == FuncKind::Host {
                // SAFETY: a host function; arguments and results are in the frame, above which
                // nothing is in use.
                let trap = unsafe { host::call_function(funcref, vmctx, base.address(), control) };
                // SAFETY: the instance is alive.
                memory = unsafe { Memory::of(vmctx) };
                check!(trap);
                code = back;
            } else {
                // SAFETY: the beginning of a function of validated bytecode.
                let callee = unsafe { Code::new(entry) };
                if instance == vmctx {
                    enter!(callee, base, back);
                } else {
                    let caller = vmctx;
                    enter!(callee, base, back);
                    keep!(LEAVE_INSTANCE.as_ptr(), caller);
                    vmctx = instance;
                    // SAFETY: the instance is alive.
                    memory = unsafe { Memory::of(vmctx) };
                }
            }
        }};
    }
    macro_rules! branch {
        ($op:ident { $($field:ident),* }, $cond:expr) => {{
            let ops::$op { $($field,)* to } = ops::$op::decode(code.bytes());
            if $cond {
                jump!($op, to);
            } else {
                next!($op);
            }
        }};
    }
    macro_rules! compare_branch {
        ($op:ident, $get:ident, $holds:expr) => {
            branch!($op { lhs, rhs }, $holds(frame.$get(lhs), frame.$get(rhs)))
        };
    }
    macro_rules! compare_imm_branch {
        ($op:ident, $get:ident, $holds:expr) => {
            branch!($op { lhs, rhs }, $holds(frame.$get(lhs), rhs as _))
        };
    }
    macro_rules! unary {
        ($op:ident, $get:ident, $f:expr) => {{
            let ops::$op { dst, src } = ops::$op::decode(code.bytes());
            frame.set(dst, $f(frame.$get(src)).into_slot());
            next!($op);
        }};
    }
    macro_rules! binary {
        ($op:ident, $get:ident, $f:expr) => {{
            let ops::$op { dst, lhs, rhs } = ops::$op::decode(code.bytes());
            frame.set(dst, $f(frame.$get(lhs), frame.$get(rhs)).into_slot());
            next!($op);
        }};
    }
    macro_rules! binary_imm {
        ($op:ident, $get:ident, $f:expr) => {{
            let ops::$op { dst, lhs, rhs } = ops::$op::decode(code.bytes());
            frame.set(dst, $f(frame.$get(lhs), rhs as _).into_slot());
            next!($op);
        }};
    }
    macro_rules! trapping {
        ($op:ident, $get:ident, $f:expr) => {{
            let ops::$op { dst, lhs, rhs } = ops::$op::decode(code.bytes());
            match $f(frame.$get(lhs), frame.$get(rhs)) {
                Ok(value) => frame.set(dst, value.into_slot()),
                Err(trap) => trap!(trap),
            }
            next!($op);
        }};
    }
    macro_rules! trapping_unary {
        ($op:ident, $get:ident, $f:expr) => {{
            let ops::$op { dst, src } = ops::$op::decode(code.bytes());
            match $f(frame.$get(src)) {
                Ok(value) => frame.set(dst, value.into_slot()),
                Err(trap) => trap!(trap),
            }
            next!($op);
        }};
    }
    macro_rules! load {
        ($op:ident, $extend:expr) => {{
            let ops::$op { dst, addr, offset } = ops::$op::decode(code.bytes());
            match memory.load(frame.get32(addr), offset) {
                Some(value) => frame.set(dst, $extend(value).into_slot()),
                None => trap!(TrapCode::MemoryOutOfBounds),
            }
            next!($op);
        }};
    }
    macro_rules! store {
        ($op:ident, $value:expr) => {{
            let ops::$op {
                addr,
                value,
                offset,
            } = ops::$op::decode(code.bytes());
            if !memory.store(frame.get32(addr), offset, $value(value)) {
                trap!(TrapCode::MemoryOutOfBounds);
            }
            next!($op);
        }};
    }

    // SAFETY: a function of validated bytecode.
    enter!(unsafe { Code::new((*callee).code) }, frame, code);
    loop {
        #[cfg(feature = "trace")]
        if WATCHED {
            // SAFETY: the instance that executes; the stack ends at `control`.
            let go = unsafe {
                crate::trace::interpreting(vmctx, code.address(), frame.address(), control)
            };
            if go.is_break() {
                trap!(TrapCode::Interrupted);
            }
        }
        match code.opcode() {
            // Control.
            Opcode::Unreachable => trap!(TrapCode::Unreachable),
            // A call has checked the frame and gone on behind it.
            Opcode::Enter => code = code.skip(ops::Enter::LEN as isize),
            Opcode::Fuel => {
                // SAFETY: the store is alive, and nobody else is using it.
                let fuel = unsafe { &mut (*store).fuel };
                match fuel.checked_sub(1) {
                    Some(left) => *fuel = left,
                    None => trap!(TrapCode::OutOfFuel),
                }
                next!(Fuel);
            }
            Opcode::Epoch => {
                // SAFETY: the engine's counter lives as long as its stores.
                let epoch = unsafe { AtomicU64::from_ptr((*store).epoch.cast_mut()) };
                // SAFETY: the store is alive.
                if epoch.load(Ordering::Relaxed) >= unsafe { (*store).epoch_deadline } {
                    trap!(TrapCode::Interrupted);
                }
                next!(Epoch);
            }
            Opcode::Br => {
                let ops::Br { to } = ops::Br::decode(code.bytes());
                jump!(Br, to);
            }
            Opcode::BrTable => {
                let ops::BrTable { index, count } = ops::BrTable::decode(code.bytes());
                let entry = frame.get32(index).min(count) as isize;
                // As many jumps follow, and the default's.
                code = code.skip(ops::BrTable::LEN as isize + entry * ops::Br::LEN as isize);
                let ops::Br { to } = ops::Br::decode(code.bytes());
                jump!(Br, to);
            }
            Opcode::BrNz => branch!(BrNz { cond }, frame.get32(cond) != 0),
            Opcode::BrZ => branch!(BrZ { cond }, frame.get32(cond) == 0),
            Opcode::BrI32Eq => compare_branch!(BrI32Eq, get32, |a: u32, b: u32| a == b),
            Opcode::BrI32Ne => compare_branch!(BrI32Ne, get32, |a: u32, b: u32| a != b),
            Opcode::BrI32LtS => {
                compare_branch!(BrI32LtS, get32, |a: u32, b: u32| (a as i32) < b as i32)
            }
            Opcode::BrI32LtU => compare_branch!(BrI32LtU, get32, |a: u32, b: u32| a < b),
            Opcode::BrI32LeS => {
                compare_branch!(BrI32LeS, get32, |a: u32, b: u32| a as i32 <= b as i32)
            }
            Opcode::BrI32LeU => compare_branch!(BrI32LeU, get32, |a: u32, b: u32| a <= b),
            Opcode::BrI32EqImm => compare_imm_branch!(BrI32EqImm, get32, |a: u32, b: u32| a == b),
            Opcode::BrI32NeImm => compare_imm_branch!(BrI32NeImm, get32, |a: u32, b: u32| a != b),
            Opcode::BrI32LtSImm => {
                compare_imm_branch!(BrI32LtSImm, get32, |a: u32, b: u32| (a as i32) < b as i32)
            }
            Opcode::BrI32LtUImm => compare_imm_branch!(BrI32LtUImm, get32, |a: u32, b: u32| a < b),
            Opcode::BrI32GtSImm => {
                compare_imm_branch!(BrI32GtSImm, get32, |a: u32, b: u32| a as i32 > b as i32)
            }
            Opcode::BrI32GtUImm => compare_imm_branch!(BrI32GtUImm, get32, |a: u32, b: u32| a > b),
            Opcode::BrI32LeSImm => {
                compare_imm_branch!(BrI32LeSImm, get32, |a: u32, b: u32| a as i32 <= b as i32)
            }
            Opcode::BrI32LeUImm => compare_imm_branch!(BrI32LeUImm, get32, |a: u32, b: u32| a <= b),
            Opcode::BrI32GeSImm => {
                compare_imm_branch!(BrI32GeSImm, get32, |a: u32, b: u32| a as i32 >= b as i32)
            }
            Opcode::BrI32GeUImm => compare_imm_branch!(BrI32GeUImm, get32, |a: u32, b: u32| a >= b),
            Opcode::BrI64Eq => compare_branch!(BrI64Eq, get, |a: u64, b: u64| a == b),
            Opcode::BrI64Ne => compare_branch!(BrI64Ne, get, |a: u64, b: u64| a != b),
            Opcode::BrI64LtS => {
                compare_branch!(BrI64LtS, get, |a: u64, b: u64| (a as i64) < b as i64)
            }
            Opcode::BrI64LtU => compare_branch!(BrI64LtU, get, |a: u64, b: u64| a < b),
            Opcode::BrI64LeS => {
                compare_branch!(BrI64LeS, get, |a: u64, b: u64| a as i64 <= b as i64)
            }
            Opcode::BrI64LeU => compare_branch!(BrI64LeU, get, |a: u64, b: u64| a <= b),
            Opcode::BrI64EqImm => compare_imm_branch!(BrI64EqImm, get, |a: u64, b: u64| a == b),
            Opcode::BrI64NeImm => compare_imm_branch!(BrI64NeImm, get, |a: u64, b: u64| a != b),
            Opcode::BrI64LtSImm => {
                compare_imm_branch!(BrI64LtSImm, get, |a: u64, b: u64| (a as i64) < b as i64)
            }
            Opcode::BrI64LtUImm => compare_imm_branch!(BrI64LtUImm, get, |a: u64, b: u64| a < b),
            Opcode::BrI64GtSImm => {
                compare_imm_branch!(BrI64GtSImm, get, |a: u64, b: u64| a as i64 > b as i64)
            }
            Opcode::BrI64GtUImm => compare_imm_branch!(BrI64GtUImm, get, |a: u64, b: u64| a > b),
            Opcode::BrI64LeSImm => {
                compare_imm_branch!(BrI64LeSImm, get, |a: u64, b: u64| a as i64 <= b as i64)
            }
            Opcode::BrI64LeUImm => compare_imm_branch!(BrI64LeUImm, get, |a: u64, b: u64| a <= b),
            Opcode::BrI64GeSImm => {
                compare_imm_branch!(BrI64GeSImm, get, |a: u64, b: u64| a as i64 >= b as i64)
            }
            Opcode::BrI64GeUImm => compare_imm_branch!(BrI64GeUImm, get, |a: u64, b: u64| a >= b),
            Opcode::BrF32Eq => compare_branch!(BrF32Eq, f32, |a: f32, b: f32| a == b),
            Opcode::BrF32Ne => compare_branch!(BrF32Ne, f32, |a: f32, b: f32| a != b),
            Opcode::BrF32Lt => compare_branch!(BrF32Lt, f32, |a: f32, b: f32| a < b),
            Opcode::BrF32Le => compare_branch!(BrF32Le, f32, |a: f32, b: f32| a <= b),
            Opcode::BrF32NotLt => compare_branch!(BrF32NotLt, f32, |a: f32, b: f32| !(a < b)),
            Opcode::BrF32NotLe => compare_branch!(BrF32NotLe, f32, |a: f32, b: f32| !(a <= b)),
            Opcode::BrF64Eq => compare_branch!(BrF64Eq, f64, |a: f64, b: f64| a == b),
            Opcode::BrF64Ne => compare_branch!(BrF64Ne, f64, |a: f64, b: f64| a != b),
            Opcode::BrF64Lt => compare_branch!(BrF64Lt, f64, |a: f64, b: f64| a < b),
            Opcode::BrF64Le => compare_branch!(BrF64Le, f64, |a: f64, b: f64| a <= b),
            Opcode::BrF64NotLt => compare_branch!(BrF64NotLt, f64, |a: f64, b: f64| !(a < b)),
            Opcode::BrF64NotLe => compare_branch!(BrF64NotLe, f64, |a: f64, b: f64| !(a <= b)),
            Opcode::Return => leave!(),
            Opcode::ReturnSlot => {
                let ops::ReturnSlot { value } = ops::ReturnSlot::decode(code.bytes());
                frame.set(0, frame.get(value));
                leave!();
            }
            Opcode::Call => {
                let ops::Call { base, to } = ops::Call::decode(code.bytes());
                let back = code.skip(ops::Call::LEN as isize);
                let callee = back.skip(to as isize);
                enter!(callee, frame.skip(base as isize), back);
            }
            Opcode::CallIndirectHost => {
                let ops::CallIndirectHost { base, host } =
                    ops::CallIndirectHost::decode(code.bytes());
                let back = code.skip(ops::CallIndirectHost::LEN as isize);
                let base = frame.skip(base as isize);
                let callee = HostCallee::from_u32(host).expect("validated: a signature");
                if callee.signature == HostSignature::Array {
                    // SAFETY: validated: an imported function, whose reference the layout has there.
                    let funcref = unsafe {
                        field::<*const VmFuncRef>(
                            vmctx,
                            vmctx::VMCTX_IMPORTS as u32 + 8 * callee.number,
                        )
                    };
                    invoke!(funcref, base, back);
                } else {
                    // SAFETY: validated: a builtin with that signature.
                    let trap = unsafe {
                        host::call_builtin(callee.signature, callee.number, vmctx, base.address())
                    };
                    // SAFETY: the instance is alive.
                    memory = unsafe { Memory::of(vmctx) };
                    check!(trap);
                    code = back;
                }
            }
            Opcode::CallIndirect => {
                let ops::CallIndirect {
                    base,
                    index,
                    table,
                    sig,
                } = ops::CallIndirect::decode(code.bytes());
                let back = code.skip(ops::CallIndirect::LEN as isize);
                // SAFETY: validated: the layout has a table there.
                let table = unsafe { direct_table(vmctx, table) };
                // SAFETY: validated: the layout has a signature's number there.
                let sig = unsafe { field::<u32>(vmctx, sig) };
                match element(table, frame.get32(index), sig) {
                    Ok(funcref) => invoke!(funcref, frame.skip(base as isize), back),
                    Err(trap) => trap!(trap),
                }
            }
            Opcode::CallIndirectImported => {
                let ops::CallIndirectImported {
                    base,
                    index,
                    table,
                    sig,
                } = ops::CallIndirectImported::decode(code.bytes());
                let back = code.skip(ops::CallIndirectImported::LEN as isize);
                // SAFETY: validated: the layout has a table there.
                let table = unsafe { imported_table(vmctx, table) };
                // SAFETY: validated: the layout has a signature's number there.
                let sig = unsafe { field::<u32>(vmctx, sig) };
                match element(table, frame.get32(index), sig) {
                    Ok(funcref) => invoke!(funcref, frame.skip(base as isize), back),
                    Err(trap) => trap!(trap),
                }
            }
            Opcode::AdjustFrame => {
                let ops::AdjustFrame { slots } = ops::AdjustFrame::decode(code.bytes());
                frame = frame.skip(slots as isize);
                next!(AdjustFrame);
            }
            Opcode::LeaveInstance => {
                // The caller's context was kept where callers keep their frame.
                vmctx = frame.address().cast();
                // SAFETY: the instance is alive.
                memory = unsafe { Memory::of(vmctx) };
                leave!();
            }
            Opcode::LeaveInterpreter => return 0,

            // Moves and constants.
            Opcode::Copy => unary!(Copy, get, |a: u64| a),
            Opcode::CopyWide => {
                let ops::CopyWide { dst, src } = ops::CopyWide::decode(code.bytes());
                frame.copy(dst, src);
                next!(CopyWide);
            }
            Opcode::Const32 => {
                let ops::Const32 { dst, value } = ops::Const32::decode(code.bytes());
                frame.set(dst, u64::from(value as u32));
                next!(Const32);
            }
            Opcode::ConstS32 => {
                let ops::ConstS32 { dst, value } = ops::ConstS32::decode(code.bytes());
                frame.set(dst, value as i64 as u64);
                next!(ConstS32);
            }
            Opcode::Const64 => {
                let ops::Const64 { dst, value } = ops::Const64::decode(code.bytes());
                frame.set(dst, value);
                next!(Const64);
            }
            Opcode::Zeros => {
                let ops::Zeros { first, count } = ops::Zeros::decode(code.bytes());
                frame.clear(first, count);
                next!(Zeros);
            }
            Opcode::Select => {
                let ops::Select {
                    dst,
                    cond,
                    then,
                    otherwise,
                } = ops::Select::decode(code.bytes());
                let chosen = if frame.get32(cond) != 0 {
                    then
                } else {
                    otherwise
                };
                frame.set(dst, frame.get(chosen));
                next!(Select);
            }

            // i32
            Opcode::I32Add => binary!(I32Add, get32, |a: u32, b: u32| a.wrapping_add(b)),
            Opcode::I32Sub => binary!(I32Sub, get32, |a: u32, b: u32| a.wrapping_sub(b)),
            Opcode::I32Mul => binary!(I32Mul, get32, |a: u32, b: u32| a.wrapping_mul(b)),
            Opcode::I32And => binary!(I32And, get32, |a: u32, b: u32| a & b),
            Opcode::I32Or => binary!(I32Or, get32, |a: u32, b: u32| a | b),
            Opcode::I32Xor => binary!(I32Xor, get32, |a: u32, b: u32| a ^ b),
            Opcode::I32Shl => binary!(I32Shl, get32, |a: u32, b: u32| a.wrapping_shl(b)),
            Opcode::I32ShrS => binary!(I32ShrS, get32, |a: u32, b: u32| (a as i32).wrapping_shr(b)
                as u32),
            Opcode::I32ShrU => binary!(I32ShrU, get32, |a: u32, b: u32| a.wrapping_shr(b)),
            Opcode::I32Rotl => binary!(I32Rotl, get32, |a: u32, b: u32| a.rotate_left(b & 31)),
            Opcode::I32Rotr => binary!(I32Rotr, get32, |a: u32, b: u32| a.rotate_right(b & 31)),
            Opcode::I32DivS => trapping!(I32DivS, get32, number::div_s32),
            Opcode::I32DivU => trapping!(I32DivU, get32, number::div_u32),
            Opcode::I32RemS => trapping!(I32RemS, get32, number::rem_s32),
            Opcode::I32RemU => trapping!(I32RemU, get32, number::rem_u32),
            Opcode::I32Eq => binary!(I32Eq, get32, |a: u32, b: u32| a == b),
            Opcode::I32Ne => binary!(I32Ne, get32, |a: u32, b: u32| a != b),
            Opcode::I32LtS => binary!(I32LtS, get32, |a: u32, b: u32| (a as i32) < b as i32),
            Opcode::I32LtU => binary!(I32LtU, get32, |a: u32, b: u32| a < b),
            Opcode::I32LeS => binary!(I32LeS, get32, |a: u32, b: u32| a as i32 <= b as i32),
            Opcode::I32LeU => binary!(I32LeU, get32, |a: u32, b: u32| a <= b),
            Opcode::I32AddImm => binary_imm!(I32AddImm, get32, |a: u32, b: u32| a.wrapping_add(b)),
            Opcode::I32MulImm => binary_imm!(I32MulImm, get32, |a: u32, b: u32| a.wrapping_mul(b)),
            Opcode::I32AndImm => binary_imm!(I32AndImm, get32, |a: u32, b: u32| a & b),
            Opcode::I32OrImm => binary_imm!(I32OrImm, get32, |a: u32, b: u32| a | b),
            Opcode::I32XorImm => binary_imm!(I32XorImm, get32, |a: u32, b: u32| a ^ b),
            Opcode::I32ShlImm => {
                binary_imm!(I32ShlImm, get32, |a: u32, b: u32| a.wrapping_shl(b))
            }
            Opcode::I32ShrSImm => binary_imm!(I32ShrSImm, get32, |a: u32, b: u32| (a as i32)
                .wrapping_shr(b)
                as u32),
            Opcode::I32ShrUImm => {
                binary_imm!(I32ShrUImm, get32, |a: u32, b: u32| a.wrapping_shr(b))
            }
            Opcode::I32RotlImm => {
                binary_imm!(I32RotlImm, get32, |a: u32, b: u32| a.rotate_left(b & 31))
            }
            Opcode::I32DivSImm => binary_imm!(I32DivSImm, get32, |a: u32, b: u32| (a as i32)
                .wrapping_div(b as i32)
                as u32),
            Opcode::I32DivUImm => binary_imm!(I32DivUImm, get32, |a: u32, b: u32| a / b),
            Opcode::I32RemSImm => binary_imm!(I32RemSImm, get32, |a: u32, b: u32| (a as i32)
                .wrapping_rem(b as i32)
                as u32),
            Opcode::I32RemUImm => binary_imm!(I32RemUImm, get32, |a: u32, b: u32| a % b),
            Opcode::I32EqImm => binary_imm!(I32EqImm, get32, |a: u32, b: u32| a == b),
            Opcode::I32NeImm => binary_imm!(I32NeImm, get32, |a: u32, b: u32| a != b),
            Opcode::I32LtSImm => {
                binary_imm!(I32LtSImm, get32, |a: u32, b: u32| (a as i32) < b as i32)
            }
            Opcode::I32LtUImm => binary_imm!(I32LtUImm, get32, |a: u32, b: u32| a < b),
            Opcode::I32GtSImm => {
                binary_imm!(I32GtSImm, get32, |a: u32, b: u32| a as i32 > b as i32)
            }
            Opcode::I32GtUImm => binary_imm!(I32GtUImm, get32, |a: u32, b: u32| a > b),
            Opcode::I32LeSImm => {
                binary_imm!(I32LeSImm, get32, |a: u32, b: u32| a as i32 <= b as i32)
            }
            Opcode::I32LeUImm => binary_imm!(I32LeUImm, get32, |a: u32, b: u32| a <= b),
            Opcode::I32GeSImm => {
                binary_imm!(I32GeSImm, get32, |a: u32, b: u32| a as i32 >= b as i32)
            }
            Opcode::I32GeUImm => binary_imm!(I32GeUImm, get32, |a: u32, b: u32| a >= b),
            Opcode::I32Clz => unary!(I32Clz, get32, |a: u32| a.leading_zeros()),
            Opcode::I32Ctz => unary!(I32Ctz, get32, |a: u32| a.trailing_zeros()),
            Opcode::I32Popcnt => unary!(I32Popcnt, get32, |a: u32| a.count_ones()),
            Opcode::I32Extend8S => unary!(I32Extend8S, get32, |a: u32| a as i8 as u32),
            Opcode::I32Extend16S => unary!(I32Extend16S, get32, |a: u32| a as i16 as u32),

            // i64
            Opcode::I64Add => binary!(I64Add, get, |a: u64, b: u64| a.wrapping_add(b)),
            Opcode::I64Sub => binary!(I64Sub, get, |a: u64, b: u64| a.wrapping_sub(b)),
            Opcode::I64Mul => binary!(I64Mul, get, |a: u64, b: u64| a.wrapping_mul(b)),
            Opcode::I64And => binary!(I64And, get, |a: u64, b: u64| a & b),
            Opcode::I64Or => binary!(I64Or, get, |a: u64, b: u64| a | b),
            Opcode::I64Xor => binary!(I64Xor, get, |a: u64, b: u64| a ^ b),
            Opcode::I64Shl => binary!(I64Shl, get, |a: u64, b: u64| a.wrapping_shl(b as u32)),
            Opcode::I64ShrS => binary!(I64ShrS, get, |a: u64, b: u64| (a as i64)
                .wrapping_shr(b as u32)
                as u64),
            Opcode::I64ShrU => binary!(I64ShrU, get, |a: u64, b: u64| a.wrapping_shr(b as u32)),
            Opcode::I64Rotl => binary!(I64Rotl, get, |a: u64, b: u64| a.rotate_left(b as u32 & 63)),
            Opcode::I64Rotr => {
                binary!(I64Rotr, get, |a: u64, b: u64| a.rotate_right(b as u32 & 63))
            }
            Opcode::I64DivS => trapping!(I64DivS, get, number::div_s64),
            Opcode::I64DivU => trapping!(I64DivU, get, number::div_u64),
            Opcode::I64RemS => trapping!(I64RemS, get, number::rem_s64),
            Opcode::I64RemU => trapping!(I64RemU, get, number::rem_u64),
            Opcode::I64Eq => binary!(I64Eq, get, |a: u64, b: u64| a == b),
            Opcode::I64Ne => binary!(I64Ne, get, |a: u64, b: u64| a != b),
            Opcode::I64LtS => binary!(I64LtS, get, |a: u64, b: u64| (a as i64) < b as i64),
            Opcode::I64LtU => binary!(I64LtU, get, |a: u64, b: u64| a < b),
            Opcode::I64LeS => binary!(I64LeS, get, |a: u64, b: u64| a as i64 <= b as i64),
            Opcode::I64LeU => binary!(I64LeU, get, |a: u64, b: u64| a <= b),
            Opcode::I64AddImm => binary_imm!(I64AddImm, get, |a: u64, b: u64| a.wrapping_add(b)),
            Opcode::I64MulImm => binary_imm!(I64MulImm, get, |a: u64, b: u64| a.wrapping_mul(b)),
            Opcode::I64AndImm => binary_imm!(I64AndImm, get, |a: u64, b: u64| a & b),
            Opcode::I64OrImm => binary_imm!(I64OrImm, get, |a: u64, b: u64| a | b),
            Opcode::I64XorImm => binary_imm!(I64XorImm, get, |a: u64, b: u64| a ^ b),
            Opcode::I64ShlImm => {
                binary_imm!(I64ShlImm, get, |a: u64, b: u64| a.wrapping_shl(b as u32))
            }
            Opcode::I64ShrSImm => binary_imm!(I64ShrSImm, get, |a: u64, b: u64| (a as i64)
                .wrapping_shr(b as u32)
                as u64),
            Opcode::I64ShrUImm => {
                binary_imm!(I64ShrUImm, get, |a: u64, b: u64| a.wrapping_shr(b as u32))
            }
            Opcode::I64RotlImm => binary_imm!(I64RotlImm, get, |a: u64, b: u64| a
                .rotate_left(b as u32 & 63)),
            Opcode::I64DivSImm => binary_imm!(I64DivSImm, get, |a: u64, b: u64| (a as i64)
                .wrapping_div(b as i64)
                as u64),
            Opcode::I64DivUImm => binary_imm!(I64DivUImm, get, |a: u64, b: u64| a / b),
            Opcode::I64RemSImm => binary_imm!(I64RemSImm, get, |a: u64, b: u64| (a as i64)
                .wrapping_rem(b as i64)
                as u64),
            Opcode::I64RemUImm => binary_imm!(I64RemUImm, get, |a: u64, b: u64| a % b),
            Opcode::I64EqImm => binary_imm!(I64EqImm, get, |a: u64, b: u64| a == b),
            Opcode::I64NeImm => binary_imm!(I64NeImm, get, |a: u64, b: u64| a != b),
            Opcode::I64LtSImm => {
                binary_imm!(I64LtSImm, get, |a: u64, b: u64| (a as i64) < b as i64)
            }
            Opcode::I64LtUImm => binary_imm!(I64LtUImm, get, |a: u64, b: u64| a < b),
            Opcode::I64GtSImm => binary_imm!(I64GtSImm, get, |a: u64, b: u64| a as i64 > b as i64),
            Opcode::I64GtUImm => binary_imm!(I64GtUImm, get, |a: u64, b: u64| a > b),
            Opcode::I64LeSImm => binary_imm!(I64LeSImm, get, |a: u64, b: u64| a as i64 <= b as i64),
            Opcode::I64LeUImm => binary_imm!(I64LeUImm, get, |a: u64, b: u64| a <= b),
            Opcode::I64GeSImm => binary_imm!(I64GeSImm, get, |a: u64, b: u64| a as i64 >= b as i64),
            Opcode::I64GeUImm => binary_imm!(I64GeUImm, get, |a: u64, b: u64| a >= b),
            Opcode::I64Clz => unary!(I64Clz, get, |a: u64| a.leading_zeros()),
            Opcode::I64Ctz => unary!(I64Ctz, get, |a: u64| a.trailing_zeros()),
            Opcode::I64Popcnt => unary!(I64Popcnt, get, |a: u64| a.count_ones()),
            Opcode::I64Extend8S => unary!(I64Extend8S, get, |a: u64| a as i8 as u64),
            Opcode::I64Extend16S => unary!(I64Extend16S, get, |a: u64| a as i16 as u64),
            Opcode::I64Extend32S => unary!(I64Extend32S, get, |a: u64| a as i32 as u64),

            // f32
            Opcode::F32Add => binary!(F32Add, f32, |a: f32, b: f32| a + b),
            Opcode::F32Sub => binary!(F32Sub, f32, |a: f32, b: f32| a - b),
            Opcode::F32Mul => binary!(F32Mul, f32, |a: f32, b: f32| a * b),
            Opcode::F32Div => binary!(F32Div, f32, |a: f32, b: f32| a / b),
            Opcode::F32Min => binary!(F32Min, f32, number::f32::min),
            Opcode::F32Max => binary!(F32Max, f32, number::f32::max),
            Opcode::F32Copysign => binary!(F32Copysign, get32, number::f32::copysign),
            Opcode::F32Eq => binary!(F32Eq, f32, |a: f32, b: f32| a == b),
            Opcode::F32Ne => binary!(F32Ne, f32, |a: f32, b: f32| a != b),
            Opcode::F32Lt => binary!(F32Lt, f32, |a: f32, b: f32| a < b),
            Opcode::F32Le => binary!(F32Le, f32, |a: f32, b: f32| a <= b),
            Opcode::F32Abs => unary!(F32Abs, get32, number::f32::abs),
            Opcode::F32Neg => unary!(F32Neg, get32, number::f32::neg),
            Opcode::F32Ceil => unary!(F32Ceil, f32, |a| number::f32::round(a, f32::ceil)),
            Opcode::F32Floor => unary!(F32Floor, f32, |a| number::f32::round(a, f32::floor)),
            Opcode::F32Trunc => unary!(F32Trunc, f32, |a| number::f32::round(a, f32::trunc)),
            Opcode::F32Nearest => unary!(F32Nearest, f32, |a| number::f32::round(
                a,
                f32::round_ties_even
            )),
            Opcode::F32Sqrt => unary!(F32Sqrt, f32, |a: f32| a.sqrt()),

            // f64
            Opcode::F64Add => binary!(F64Add, f64, |a: f64, b: f64| a + b),
            Opcode::F64Sub => binary!(F64Sub, f64, |a: f64, b: f64| a - b),
            Opcode::F64Mul => binary!(F64Mul, f64, |a: f64, b: f64| a * b),
            Opcode::F64Div => binary!(F64Div, f64, |a: f64, b: f64| a / b),
            Opcode::F64Min => binary!(F64Min, f64, number::f64::min),
            Opcode::F64Max => binary!(F64Max, f64, number::f64::max),
            Opcode::F64Copysign => binary!(F64Copysign, get, number::f64::copysign),
            Opcode::F64Eq => binary!(F64Eq, f64, |a: f64, b: f64| a == b),
            Opcode::F64Ne => binary!(F64Ne, f64, |a: f64, b: f64| a != b),
            Opcode::F64Lt => binary!(F64Lt, f64, |a: f64, b: f64| a < b),
            Opcode::F64Le => binary!(F64Le, f64, |a: f64, b: f64| a <= b),
            Opcode::F64Abs => unary!(F64Abs, get, number::f64::abs),
            Opcode::F64Neg => unary!(F64Neg, get, number::f64::neg),
            Opcode::F64Ceil => unary!(F64Ceil, f64, |a| number::f64::round(a, f64::ceil)),
            Opcode::F64Floor => unary!(F64Floor, f64, |a| number::f64::round(a, f64::floor)),
            Opcode::F64Trunc => unary!(F64Trunc, f64, |a| number::f64::round(a, f64::trunc)),
            Opcode::F64Nearest => unary!(F64Nearest, f64, |a| number::f64::round(
                a,
                f64::round_ties_even
            )),
            Opcode::F64Sqrt => unary!(F64Sqrt, f64, |a: f64| a.sqrt()),

            // Conversions.
            Opcode::I32WrapI64 => unary!(I32WrapI64, get32, |a: u32| a),
            Opcode::I32TruncF32S => trapping_unary!(I32TruncF32S, f32, number::i32_f32_s),
            Opcode::I32TruncF32U => trapping_unary!(I32TruncF32U, f32, number::i32_f32_u),
            Opcode::I32TruncF64S => trapping_unary!(I32TruncF64S, f64, number::i32_f64_s),
            Opcode::I32TruncF64U => trapping_unary!(I32TruncF64U, f64, number::i32_f64_u),
            Opcode::I32TruncSatF32S => unary!(I32TruncSatF32S, f32, |a: f32| a as i32 as u32),
            Opcode::I32TruncSatF32U => unary!(I32TruncSatF32U, f32, |a: f32| a as u32),
            Opcode::I32TruncSatF64S => unary!(I32TruncSatF64S, f64, |a: f64| a as i32 as u32),
            Opcode::I32TruncSatF64U => unary!(I32TruncSatF64U, f64, |a: f64| a as u32),
            Opcode::I64TruncF32S => trapping_unary!(I64TruncF32S, f32, number::i64_f32_s),
            Opcode::I64TruncF32U => trapping_unary!(I64TruncF32U, f32, number::i64_f32_u),
            Opcode::I64TruncF64S => trapping_unary!(I64TruncF64S, f64, number::i64_f64_s),
            Opcode::I64TruncF64U => trapping_unary!(I64TruncF64U, f64, number::i64_f64_u),
            Opcode::I64TruncSatF32S => unary!(I64TruncSatF32S, f32, |a: f32| a as i64 as u64),
            Opcode::I64TruncSatF32U => unary!(I64TruncSatF32U, f32, |a: f32| a as u64),
            Opcode::I64TruncSatF64S => unary!(I64TruncSatF64S, f64, |a: f64| a as i64 as u64),
            Opcode::I64TruncSatF64U => unary!(I64TruncSatF64U, f64, |a: f64| a as u64),
            Opcode::F32ConvertI32S => unary!(F32ConvertI32S, get32, |a: u32| a as i32 as f32),
            Opcode::F32ConvertI32U => unary!(F32ConvertI32U, get32, |a: u32| a as f32),
            Opcode::F32ConvertI64S => unary!(F32ConvertI64S, get, |a: u64| a as i64 as f32),
            Opcode::F32ConvertI64U => unary!(F32ConvertI64U, get, |a: u64| a as f32),
            Opcode::F64ConvertI32S => unary!(F64ConvertI32S, get32, |a: u32| a as i32 as f64),
            Opcode::F64ConvertI32U => unary!(F64ConvertI32U, get32, |a: u32| a as f64),
            Opcode::F64ConvertI64S => unary!(F64ConvertI64S, get, |a: u64| a as i64 as f64),
            Opcode::F64ConvertI64U => unary!(F64ConvertI64U, get, |a: u64| a as f64),
            Opcode::F32DemoteF64 => unary!(F32DemoteF64, f64, |a: f64| a as f32),
            Opcode::F64PromoteF32 => unary!(F64PromoteF32, f32, |a: f32| f64::from(a)),

            // Memory.
            Opcode::Load32 => load!(Load32, |v: u32| v),
            Opcode::Load64 => load!(Load64, |v: u64| v),
            Opcode::Load8U => load!(Load8U, |v: u8| u32::from(v)),
            Opcode::Load16U => load!(Load16U, |v: u16| u32::from(v)),
            Opcode::Load8S32 => load!(Load8S32, |v: i8| v as u32),
            Opcode::Load16S32 => load!(Load16S32, |v: i16| v as u32),
            Opcode::Load8S64 => load!(Load8S64, |v: i8| v as u64),
            Opcode::Load16S64 => load!(Load16S64, |v: i16| v as u64),
            Opcode::Load32S64 => load!(Load32S64, |v: i32| v as u64),
            Opcode::Store8 => store!(Store8, |value| frame.get(value) as u8),
            Opcode::Store16 => store!(Store16, |value| frame.get(value) as u16),
            Opcode::Store32 => store!(Store32, |value| frame.get(value) as u32),
            Opcode::Store64 => store!(Store64, |value| frame.get(value)),
            Opcode::Store8Imm => store!(Store8Imm, |value: i32| value as u8),
            Opcode::Store16Imm => store!(Store16Imm, |value: i32| value as u16),
            Opcode::Store32Imm => store!(Store32Imm, |value: i32| value as u32),
            Opcode::Store64Imm => store!(Store64Imm, |value: i32| value as u64),
            Opcode::MemorySize => {
                let ops::MemorySize { dst } = ops::MemorySize::decode(code.bytes());
                frame.set(dst, memory.pages());
                next!(MemorySize);
            }

            // Globals and tables.
            Opcode::GlobalGet => {
                let ops::GlobalGet { dst, global } = ops::GlobalGet::decode(code.bytes());
                // SAFETY: validated: the layout has a global there.
                frame.set(dst, unsafe { field_at::<u64>(vmctx, global).read() });
                next!(GlobalGet);
            }
            Opcode::GlobalSet => {
                let ops::GlobalSet { src, global } = ops::GlobalSet::decode(code.bytes());
                // SAFETY: validated: the layout has a global there.
                unsafe { field_at::<u64>(vmctx, global).write(frame.get(src)) };
                next!(GlobalSet);
            }
            Opcode::GlobalGetImported => {
                let ops::GlobalGetImported { dst, global } =
                    ops::GlobalGetImported::decode(code.bytes());
                // SAFETY: validated: the layout has a global there.
                frame.set(dst, unsafe { pointer_at::<u64>(vmctx, global).read() });
                next!(GlobalGetImported);
            }
            Opcode::GlobalSetImported => {
                let ops::GlobalSetImported { src, global } =
                    ops::GlobalSetImported::decode(code.bytes());
                // SAFETY: validated: the layout has a global there.
                unsafe { pointer_at::<u64>(vmctx, global).write(frame.get(src)) };
                next!(GlobalSetImported);
            }
            Opcode::TableGet => {
                let ops::TableGet { dst, index, table } = ops::TableGet::decode(code.bytes());
                // SAFETY: validated: the layout has a table there.
                let table = unsafe { direct_table(vmctx, table) };
                match slot_of(table, frame.get32(index)) {
                    // SAFETY: in bounds.
                    Some(at) => frame.set(dst, unsafe { at.read() }),
                    None => trap!(TrapCode::TableOutOfBounds),
                }
                next!(TableGet);
            }
            Opcode::TableSet => {
                let ops::TableSet {
                    index,
                    value,
                    table,
                } = ops::TableSet::decode(code.bytes());
                // SAFETY: validated: the layout has a table there.
                let table = unsafe { direct_table(vmctx, table) };
                match slot_of(table, frame.get32(index)) {
                    // SAFETY: in bounds.
                    Some(at) => unsafe { at.write(frame.get(value)) },
                    None => trap!(TrapCode::TableOutOfBounds),
                }
                next!(TableSet);
            }
            Opcode::TableSize => {
                let ops::TableSize { dst, table } = ops::TableSize::decode(code.bytes());
                // SAFETY: validated: the layout has a table there.
                frame.set(dst, unsafe { direct_table(vmctx, table) }.len);
                next!(TableSize);
            }
            Opcode::TableGetImported => {
                let ops::TableGetImported { dst, index, table } =
                    ops::TableGetImported::decode(code.bytes());
                // SAFETY: validated: the layout has a table there.
                let table = unsafe { imported_table(vmctx, table) };
                match slot_of(table, frame.get32(index)) {
                    // SAFETY: in bounds.
                    Some(at) => frame.set(dst, unsafe { at.read() }),
                    None => trap!(TrapCode::TableOutOfBounds),
                }
                next!(TableGetImported);
            }
            Opcode::TableSetImported => {
                let ops::TableSetImported {
                    index,
                    value,
                    table,
                } = ops::TableSetImported::decode(code.bytes());
                // SAFETY: validated: the layout has a table there.
                let table = unsafe { imported_table(vmctx, table) };
                match slot_of(table, frame.get32(index)) {
                    // SAFETY: in bounds.
                    Some(at) => unsafe { at.write(frame.get(value)) },
                    None => trap!(TrapCode::TableOutOfBounds),
                }
                next!(TableSetImported);
            }
            Opcode::TableSizeImported => {
                let ops::TableSizeImported { dst, table } =
                    ops::TableSizeImported::decode(code.bytes());
                // SAFETY: validated: the layout has a table there.
                frame.set(dst, unsafe { imported_table(vmctx, table) }.len);
                next!(TableSizeImported);
            }
        }
    }
}
