//! Branches, calls and returns.

// Branches on `not less` are taken for NaN, too.
#![allow(clippy::neg_cmp_op_on_partial_ord)]

use std::hint::cold_path;
use std::sync::atomic::{AtomicU64, Ordering};

use microwasm_codegen::TrapCode;
use microwasm_codegen::bytecode::op::ops;
use microwasm_codegen::bytecode::signature::{HostCallee, HostSignature};
use microwasm_codegen::vmctx;

use super::{Carries, Execute, FromSlot as _, Nothing};
use crate::interp::host;
use crate::interp::machine::{Flow, Machine};
use crate::vm::{VmFuncRef, VmTable};

/// Branches if the condition holds: by a branch, which processors predict, and not by choosing
/// an address, which they wait for. The compiler prefers the latter unless one way seems cold.
macro_rules! branch {
    ($m:ident, $op:ident, |$machine:ident, { $($field:ident),* }| $cond:expr) => {{
        let $machine = $m;
        let ops::$op { $($field,)* to } = ops::$op::decode($machine.code.bytes());
        $machine.code = $machine.code.skip(ops::$op::LEN as isize);
        if $cond {
            cold_path();
            $machine.code = $machine.code.skip(to as isize);
        }
        Flow::Next
    }};
}

macro_rules! branch_if {
    ($m:ident, $op:ident, $holds:expr) => {
        branch!($m, $op, |m, { cond }| $holds(m.first::<C>(cond).get32()))
    };
}

macro_rules! compare_branch {
    ($m:ident, $op:ident, $get:ident, $holds:expr) => {
        branch!($m, $op, |m, { lhs, rhs }| {
            $holds(m.first::<C>(lhs).$get(), m.second::<C>(rhs).$get())
        })
    };
}

macro_rules! compare_imm_branch {
    ($m:ident, $op:ident, $get:ident, $holds:expr) => {
        branch!($m, $op, |m, { lhs, rhs }| $holds(m.first::<C>(lhs).$get(), rhs as _))
    };
}

/// The function to call through a table.
#[inline(always)]
fn element(table: VmTable, index: u32, sig: u32) -> Result<*const VmFuncRef, TrapCode> {
    let at = table.slot(index).ok_or(TrapCode::UndefinedElement)?;
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

execute! {
    Unreachable => flow(|m, {}| { m.trap(TrapCode::Unreachable) });
    // A call has checked the frame and gone on behind it.
    Enter => plain(|m, { frame }| { let _ = frame; });
    Fuel => plain(|m, {}| {
        // SAFETY: the store is alive, and nobody else is using it.
        let fuel = unsafe { &mut (*m.vm_store()).fuel };
        match fuel.checked_sub(1) {
            Some(left) => *fuel = left,
            None => return m.trap(TrapCode::OutOfFuel),
        }
    });
    Epoch => plain(|m, {}| {
        let store = m.vm_store();
        // SAFETY: the engine's counter lives as long as its stores.
        let epoch = unsafe { AtomicU64::from_ptr((*store).epoch.cast_mut()) };
        // SAFETY: the store is alive.
        if epoch.load(Ordering::Relaxed) >= unsafe { (*store).epoch_deadline } {
            return m.trap(TrapCode::Interrupted);
        }
    });

    Br => flow(|m, { to }| {
        m.code = m.code.skip(ops::Br::LEN as isize + to as isize);
        Flow::Next
    });
    BrTable => flow(|m, { index, count }| {
        let entry = m.first::<C>(index).get32().min(count) as isize;
        // As many jumps follow, and the default's.
        m.code = m.code.skip(ops::BrTable::LEN as isize + entry * ops::Br::LEN as isize);
        ops::Br::execute::<Nothing>(m)
    });
    BrNz => branch_if(|a: u32| a != 0);
    BrZ => branch_if(|a: u32| a == 0);
    BrI32Eq => compare_branch(get32, |a: u32, b: u32| a == b);
    BrI32Ne => compare_branch(get32, |a: u32, b: u32| a != b);
    BrI32LtS => compare_branch(get32, |a: u32, b: u32| (a as i32) < b as i32);
    BrI32LtU => compare_branch(get32, |a: u32, b: u32| a < b);
    BrI32LeS => compare_branch(get32, |a: u32, b: u32| a as i32 <= b as i32);
    BrI32LeU => compare_branch(get32, |a: u32, b: u32| a <= b);
    BrI32EqImm => compare_imm_branch(get32, |a: u32, b: u32| a == b);
    BrI32NeImm => compare_imm_branch(get32, |a: u32, b: u32| a != b);
    BrI32LtSImm => compare_imm_branch(get32, |a: u32, b: u32| (a as i32) < b as i32);
    BrI32LtUImm => compare_imm_branch(get32, |a: u32, b: u32| a < b);
    BrI32GtSImm => compare_imm_branch(get32, |a: u32, b: u32| a as i32 > b as i32);
    BrI32GtUImm => compare_imm_branch(get32, |a: u32, b: u32| a > b);
    BrI32LeSImm => compare_imm_branch(get32, |a: u32, b: u32| a as i32 <= b as i32);
    BrI32LeUImm => compare_imm_branch(get32, |a: u32, b: u32| a <= b);
    BrI32GeSImm => compare_imm_branch(get32, |a: u32, b: u32| a as i32 >= b as i32);
    BrI32GeUImm => compare_imm_branch(get32, |a: u32, b: u32| a >= b);
    BrI64Eq => compare_branch(get, |a: u64, b: u64| a == b);
    BrI64Ne => compare_branch(get, |a: u64, b: u64| a != b);
    BrI64LtS => compare_branch(get, |a: u64, b: u64| (a as i64) < b as i64);
    BrI64LtU => compare_branch(get, |a: u64, b: u64| a < b);
    BrI64LeS => compare_branch(get, |a: u64, b: u64| a as i64 <= b as i64);
    BrI64LeU => compare_branch(get, |a: u64, b: u64| a <= b);
    BrI64EqImm => compare_imm_branch(get, |a: u64, b: u64| a == b);
    BrI64NeImm => compare_imm_branch(get, |a: u64, b: u64| a != b);
    BrI64LtSImm => compare_imm_branch(get, |a: u64, b: u64| (a as i64) < b as i64);
    BrI64LtUImm => compare_imm_branch(get, |a: u64, b: u64| a < b);
    BrI64GtSImm => compare_imm_branch(get, |a: u64, b: u64| a as i64 > b as i64);
    BrI64GtUImm => compare_imm_branch(get, |a: u64, b: u64| a > b);
    BrI64LeSImm => compare_imm_branch(get, |a: u64, b: u64| a as i64 <= b as i64);
    BrI64LeUImm => compare_imm_branch(get, |a: u64, b: u64| a <= b);
    BrI64GeSImm => compare_imm_branch(get, |a: u64, b: u64| a as i64 >= b as i64);
    BrI64GeUImm => compare_imm_branch(get, |a: u64, b: u64| a >= b);
    BrF32Eq => compare_branch(f32, |a: f32, b: f32| a == b);
    BrF32Ne => compare_branch(f32, |a: f32, b: f32| a != b);
    BrF32Lt => compare_branch(f32, |a: f32, b: f32| a < b);
    BrF32Le => compare_branch(f32, |a: f32, b: f32| a <= b);
    BrF32NotLt => compare_branch(f32, |a: f32, b: f32| !(a < b));
    BrF32NotLe => compare_branch(f32, |a: f32, b: f32| !(a <= b));
    BrF64Eq => compare_branch(f64, |a: f64, b: f64| a == b);
    BrF64Ne => compare_branch(f64, |a: f64, b: f64| a != b);
    BrF64Lt => compare_branch(f64, |a: f64, b: f64| a < b);
    BrF64Le => compare_branch(f64, |a: f64, b: f64| a <= b);
    BrF64NotLt => compare_branch(f64, |a: f64, b: f64| !(a < b));
    BrF64NotLe => compare_branch(f64, |a: f64, b: f64| !(a <= b));

    Return => flow(|m, {}| { m.leave() });
    ReturnSlot => flow(|m, { value }| {
        m.frame.set(0, m.first::<C>(value));
        m.leave()
    });
    Call => flow(|m, { base, to }| {
        let back = m.code.skip(ops::Call::LEN as isize);
        m.enter(back.skip(to as isize), m.frame.skip(base as isize), back)
    });
    CallIndirectHost => flow(|m, { base, host }| {
        let back = m.code.skip(ops::CallIndirectHost::LEN as isize);
        let base = m.frame.skip(base as isize);
        let callee = HostCallee::from_u32(host).expect("validated: a signature");
        if callee.signature == HostSignature::Array {
            let import = vmctx::VMCTX_IMPORTS as u32 + 8 * callee.number;
            // SAFETY: validated: an imported function, whose reference the layout has there.
            let funcref = unsafe { m.field::<*const VmFuncRef>(import).read() };
            return m.invoke(funcref, base, back);
        }
        // SAFETY: validated: a builtin with that signature.
        let trap = unsafe {
            host::call_builtin(callee.signature, callee.number, m.vmctx, base.address())
        };
        m.look_up_memory();
        if trap != 0 {
            return m.trap_code(trap);
        }
        m.code = back;
        Flow::Next
    });
    CallIndirect => flow(|m, { base, index, table, sig }| {
        let back = m.code.skip(ops::CallIndirect::LEN as isize);
        // SAFETY: validated: the layout has a table and a signature's number there.
        let (table, sig) = unsafe { (m.table(table), m.field::<u32>(sig).read()) };
        match element(table, m.first::<C>(index).get32(), sig) {
            Ok(funcref) => m.invoke(funcref, m.frame.skip(base as isize), back),
            Err(trap) => m.trap(trap),
        }
    });
    CallIndirectImported => flow(|m, { base, index, table, sig }| {
        let back = m.code.skip(ops::CallIndirectImported::LEN as isize);
        // SAFETY: validated: the layout has a table and a signature's number there.
        let (table, sig) = unsafe { (m.imported_table(table), m.field::<u32>(sig).read()) };
        match element(table, m.first::<C>(index).get32(), sig) {
            Ok(funcref) => m.invoke(funcref, m.frame.skip(base as isize), back),
            Err(trap) => m.trap(trap),
        }
    });
    AdjustFrame => plain(|m, { slots }| {
        m.frame = m.frame.skip(slots as isize);
    });
    LeaveInstance => flow(|m, {}| {
        // The caller's context was kept where callers keep their frame.
        m.vmctx = m.frame.address().cast();
        m.look_up_memory();
        m.leave()
    });
    LeaveInterpreter => flow(|_m, {}| { Flow::End(0) });
}
