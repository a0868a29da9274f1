//! Trampolines: the code between Wasm functions and everything that is not a Wasm
//! function of the same instance.
//!
//! | trampoline | from | to |
//! |---|---|---|
//! | [`entry`] | host, native convention | Wasm function |
//! | [`host`] | Wasm function | host function, native convention, values in an array |
//! | [`host_in_registers`] | Wasm function | host function, native convention, values in registers |
//! | [`host_exit`] | host function that has failed, returning | back to the host, as [`trap_exit`] |
//! | [`cross`] | Wasm function | Wasm function of another instance |
//! | [`trap_exit`] | anywhere in Wasm code | back to the host, dropping all Wasm frames |
//! | [`import_thunk`] | Wasm function | [`host`], [`host_in_registers`] or [`cross`] of an imported function |
//! | [`direct_import_thunk`] | Wasm function | [`host`] of an imported function that is one of the host |
//!
//! Receives signatures, hands out position-independent bytes without addresses in
//! them: one copy per signature serves every module and store.
//!
//! Invariants:
//! - [`entry`] builds the same frame for every signature (`entry_frame`), and the
//!   store's `STORE_ENTRY_SP` points at the lowest byte of the latest one. So one piece
//!   of code (`leave`) can leave Wasm from any depth.
//! - `rsp` is 16-byte aligned at every call, and is compared with the caller's stack
//!   limit before it moves, as in the prologue of a Wasm function.
//! - `r14` is right after every call that leaves the instance: it is loaded from the vmctx, or
//!   ([`host_in_registers`]) preserved by the native convention, as `r15` is. Memories do not move.

use super::abi::{ArgLoc, Assigner, stack_area};
use super::masm::{Alu, Cond, JumpLabel, Masm, Mem, Size, load_and_jump, load_and_jump_external};
use super::reg::{Gpr, Reg, Xmm};
use crate::settings::CpuFeatures;
use crate::stencil::{ExternalName, Reloc, RelocKind, Stencils, TrapCode};
use crate::vmctx::{
    ARRAY_SLOT, FUNCREF_CODE, FUNCREF_CROSS, FUNCREF_VMCTX, HOST_ENTRY, HOST_ENTRY_IN_REGISTERS,
    STORE_ENTRY_SP, STORE_TRAP_PC, VMCTX_MEMORY_BASE, VMCTX_STACK_LIMIT, VMCTX_STORE,
};
use microwasm::{FuncIndex, FuncType, RegClass, ValType};

/// Callee-saved registers of the System V convention, in the order in which they are pushed.
const CALLEE_SAVED: [Gpr; 6] = [Gpr::RBX, Gpr::RBP, Gpr::R12, Gpr::R13, Gpr::R14, Gpr::R15];

/// Where the System V convention passes integers, in their order.
const NATIVE_ARGS: [Gpr; 6] = [Gpr::RDI, Gpr::RSI, Gpr::RDX, Gpr::RCX, Gpr::R8, Gpr::R9];
/// How many of them [`host_in_registers`] puts before the function's own.
const BEFORE_ARGS: usize = 3;
/// How many floats it passes in registers.
const NATIVE_XMM_ARGS: usize = 8;

/// Offsets in the entry frame, from its lowest byte. Above lie the registers that were saved.
mod entry_frame {
    /// The store's context.
    pub(super) const STORE: i32 = 0;
    /// The array of arguments and results.
    pub(super) const ARRAY: i32 = 8;
    /// `STORE_ENTRY_SP` as it was before.
    pub(super) const PREVIOUS_SP: i32 = 16;
    /// Bytes of the three.
    pub(super) const SIZE: i32 = 24;
}

/// Neither an argument nor a result, in either convention, and free in every trampoline.
const SCRATCH: Gpr = Gpr::R12;
/// Likewise.
const COUNTER: Gpr = Gpr::R13;

/// A frame up to this size needs no stack check of its own: it fits in the part of
/// [`crate::vmctx::STACK_SLACK`] that is left to trampolines.
const SMALL_FRAME: i32 = 1024;

/// Code that leaves Wasm with a trap. See [`trap_exit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrapExit {
    /// The code; entered at its start by `call`.
    pub code: Vec<u8>,
    /// Offset at which it is entered with the program counter in `rcx`.
    pub with_pc: u32,
}

/// Host → Wasm: `extern "C" fn(callee: *const FuncRef, args_and_results: *mut [u8; 16],
/// store: *mut StoreContext) -> u32`, 0 or a trap code.
///
/// `callee` is a Wasm function. Host functions are not called this way: the host
/// has them at hand.
pub fn entry(ty: &FuncType) -> Vec<u8> {
    assemble(|masm| {
        let area = stack_area(ty) as i32;
        let overflow = (area > SMALL_FRAME).then(|| masm.buf.new_label());
        enter(masm);
        // The pointer to the array leaves rsi, which is an argument register.
        let array = Gpr::R10;
        masm.mov_rr(Size::S64, Gpr::R11, Gpr::RDI);
        masm.mov_rr(Size::S64, array, Gpr::RSI);
        masm.load(Size::S64, Gpr::VMCTX, Mem::base(Gpr::R11, FUNCREF_VMCTX));
        masm.load(
            Size::S64,
            Gpr::MEMORY,
            Mem::base(Gpr::VMCTX, VMCTX_MEMORY_BASE),
        );
        if let Some(overflow) = overflow {
            check_stack(masm, area, overflow);
        }
        masm.add_rsp(-area);
        let mut params = Assigner::params();
        for (i, &param) in ty.params.iter().enumerate() {
            let from = Mem::base(array, ARRAY_SLOT * i as i32);
            match params.next(param) {
                ArgLoc::Reg(reg) => load_value(masm, param, reg, from),
                ArgLoc::Stack(at) => copy_value(masm, param, Mem::base(Gpr::RSP, at as i32), from),
            }
        }
        masm.call_m(Mem::base(Gpr::R11, FUNCREF_CODE));
        let array = Gpr::R11;
        masm.load(
            Size::S64,
            array,
            Mem::base(Gpr::RSP, area + entry_frame::ARRAY),
        );
        let mut results = params.into_results();
        for (i, &result) in ty.results.iter().enumerate() {
            let to = Mem::base(array, ARRAY_SLOT * i as i32);
            match results.next(result) {
                ArgLoc::Reg(reg) => store_value(masm, result, to, reg),
                ArgLoc::Stack(at) => copy_value(masm, result, to, Mem::base(Gpr::RSP, at as i32)),
            }
        }
        masm.add_rsp(area);
        masm.zero(Gpr::RAX);
        leave(masm);
        if let Some(overflow) = overflow {
            trap(masm, overflow, TrapCode::StackOverflow);
        }
    })
}

/// The way out for every trap: entered by `call` with the trap code in `eax` and `r15`
/// valid, returns the code from the latest [`entry`] of the store. The address behind
/// the call goes to `STORE_TRAP_PC`. At [`TrapExit::with_pc`] it is entered with that
/// address in `rcx` and nothing on the stack.
pub fn trap_exit() -> TrapExit {
    let mut with_pc = 0;
    let code = assemble(|masm| {
        masm.pop(Gpr::RCX);
        with_pc = masm.buf.offset().0;
        exit(masm);
    });
    TrapExit { code, with_pc }
}

/// Wasm → host function: entered as `FUNCREF_CROSS`, with the funcref in `r11`.
pub fn host(ty: &FuncType) -> Vec<u8> {
    assemble(|masm| {
        let overflow = masm.buf.new_label();
        let failed = masm.buf.new_label();
        let slots = ty.params.len().max(ty.results.len()) as i32;
        // The return address makes it a multiple of 16.
        let frame = ARRAY_SLOT * slots + 8;
        let area = |at: u32| Mem::base(Gpr::RSP, frame + 8 + at as i32);
        let slot = |i: usize| Mem::base(Gpr::RSP, ARRAY_SLOT * i as i32);
        check_stack(masm, frame, overflow);
        masm.add_rsp(-frame);
        let mut params = Assigner::params();
        for (i, &param) in ty.params.iter().enumerate() {
            match params.next(param) {
                ArgLoc::Reg(reg) => store_value(masm, param, slot(i), reg),
                ArgLoc::Stack(at) => copy_value(masm, param, slot(i), area(at)),
            }
        }
        masm.load(Size::S64, Gpr::RDI, Mem::base(Gpr::R11, FUNCREF_VMCTX));
        masm.mov_rr(Size::S64, Gpr::RSI, Gpr::VMCTX);
        masm.mov_rr(Size::S64, Gpr::RDX, Gpr::RSP);
        masm.call_m(Mem::base(Gpr::RDI, HOST_ENTRY));
        masm.test_rr(Size::S32, Gpr::RAX, Gpr::RAX);
        masm.jcc(Cond::Ne, failed);
        masm.load(
            Size::S64,
            Gpr::MEMORY,
            Mem::base(Gpr::VMCTX, VMCTX_MEMORY_BASE),
        );
        let mut results = params.into_results();
        for (i, &result) in ty.results.iter().enumerate() {
            match results.next(result) {
                ArgLoc::Reg(reg) => load_value(masm, result, reg, slot(i)),
                ArgLoc::Stack(at) => copy_value(masm, result, area(at), slot(i)),
            }
        }
        masm.add_rsp(frame);
        masm.ret();
        masm.buf.bind(overflow);
        masm.mov_ri(Gpr::RAX, TrapCode::StackOverflow as u64);
        masm.buf.bind(failed);
        masm.zero(Gpr::RCX);
        exit(masm);
    })
}

/// As [`host`], for host functions that have an entry at `HOST_ENTRY_IN_REGISTERS`: moves the
/// arguments on and goes there, so that the function returns to Wasm by itself, or, by what it
/// writes where its return address lies, to [`host_exit`]. `None` if the signature has more values
/// than the native convention has registers for.
pub fn host_in_registers(ty: &FuncType) -> Option<Vec<u8>> {
    let mut values = ty.params.iter().chain(&ty.results);
    let gprs = ty.params.iter().filter(|ty| ty.class() == RegClass::Gpr);
    let gprs = gprs.count();
    if gprs > NATIVE_ARGS.len() - BEFORE_ARGS
        || ty.params.len() - gprs > NATIVE_XMM_ARGS
        || ty.results.len() > 1
        || values.any(|&ty| ty == ValType::V128)
    {
        return None;
    }
    Some(assemble(|masm| {
        let overflow = masm.buf.new_label();
        check_stack(masm, 0, overflow);
        // Both conventions pass integers in the same registers, and floats as well: what comes
        // before them moves integers on.
        for i in (0..gprs).rev() {
            masm.mov_rr(Size::S64, NATIVE_ARGS[i + BEFORE_ARGS], NATIVE_ARGS[i]);
        }
        let [this, caller, back, ..] = NATIVE_ARGS;
        masm.load(Size::S64, this, Mem::base(Gpr::R11, FUNCREF_VMCTX));
        masm.mov_rr(Size::S64, caller, Gpr::VMCTX);
        masm.mov_rr(Size::S64, back, Gpr::RSP);
        masm.jmp_m(Mem::base(this, HOST_ENTRY_IN_REGISTERS));
        trap(masm, overflow, TrapCode::StackOverflow);
    }))
}

/// Where a host function that was entered by [`host_in_registers`] returns to when it has failed,
/// with the registers that it has preserved: drops all Wasm frames back to the latest [`entry`] of
/// the store, which returns [`TrapCode::Host`].
pub fn host_exit() -> Vec<u8> {
    assemble(|masm| {
        let failed = masm.buf.new_label();
        trap(masm, failed, TrapCode::Host);
    })
}

/// Wasm → Wasm function of any instance: entered as `FUNCREF_CROSS`, with the funcref in
/// `r11` and the caller's pinned registers, which it switches and restores.
pub fn cross(ty: &FuncType) -> Vec<u8> {
    cross_of(CrossShape::of(ty))
}

/// All that [`cross`] needs to know of a signature: one trampoline serves all signatures
/// of equal shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CrossShape {
    area: u32,
    params: u32,
    first_result: Option<u32>,
}

impl CrossShape {
    /// The shape of a signature.
    pub fn of(ty: &FuncType) -> CrossShape {
        CrossShape {
            area: stack_area(ty),
            params: params_of(ty).stack_size(),
            first_result: first_stack_result(ty),
        }
    }
}

/// As [`cross`], for all signatures of a shape.
pub fn cross_of(shape: CrossShape) -> Vec<u8> {
    assemble(|masm| {
        let overflow = masm.buf.new_label();
        let area = shape.area as i32;
        // The saved vmctx and the return address keep rsp aligned.
        let frame = area + 8;
        let callers_area = frame + 8;
        let saved = Mem::base(Gpr::RSP, area);
        check_stack(masm, frame, overflow);
        masm.add_rsp(-frame);
        masm.store(Size::S64, saved, Gpr::VMCTX);
        copy_area(masm, 0, callers_area, shape.params as i32);
        masm.load(Size::S64, Gpr::VMCTX, Mem::base(Gpr::R11, FUNCREF_VMCTX));
        masm.load(
            Size::S64,
            Gpr::MEMORY,
            Mem::base(Gpr::VMCTX, VMCTX_MEMORY_BASE),
        );
        masm.call_m(Mem::base(Gpr::R11, FUNCREF_CODE));
        masm.load(Size::S64, Gpr::VMCTX, saved);
        masm.load(
            Size::S64,
            Gpr::MEMORY,
            Mem::base(Gpr::VMCTX, VMCTX_MEMORY_BASE),
        );
        if let Some(results) = shape.first_result.map(|at| at as i32) {
            copy_area(masm, callers_area + results, results, area - results);
        }
        masm.add_rsp(frame);
        masm.ret();
        trap(masm, overflow, TrapCode::StackOverflow);
    })
}

/// What a direct call of an imported function calls: enters the funcref whose address
/// lies in the vmctx at `import_slot` through its `FUNCREF_CROSS`.
pub fn import_thunk(import_slot: i32) -> [u8; 16] {
    load_and_jump(import_slot, FUNCREF_CROSS)
}

/// As [`import_thunk`], where the import, which is number `func`, is a host function: enters the
/// [`host`] trampoline of its type straight, which the relocation names.
pub fn direct_import_thunk(func: FuncIndex, import_slot: i32) -> ([u8; 16], Reloc) {
    let (code, offset, addend) = load_and_jump_external(import_slot);
    let reloc = Reloc {
        offset,
        kind: RelocKind::GotPcRelX,
        target: ExternalName::Func(func),
        addend,
    };
    (code, reloc)
}

/// The code of a trampoline. Its size is linear in the signature's, which Wasm and the
/// host's API limit to a few thousand values.
fn assemble(emit: impl FnOnce(&mut Masm)) -> Vec<u8> {
    let mut out = Stencils::default();
    let mut masm = Masm::new(CpuFeatures::BASELINE);
    masm.buf.begin_function(&mut out, u32::MAX);
    emit(&mut masm);
    masm.buf
        .end_function(&mut out, 0)
        .expect("a signature has at most some thousand values");
    out.code
}

/// Builds the entry frame; the store's context is in `rdx`, the array in `rsi`.
fn enter(masm: &mut Masm) {
    for reg in CALLEE_SAVED {
        masm.push(reg);
    }
    let entry_sp = Mem::base(Gpr::RDX, STORE_ENTRY_SP);
    masm.add_rsp(-entry_frame::SIZE);
    masm.load(Size::S64, Gpr::RAX, entry_sp);
    masm.store(Size::S64, Mem::base(Gpr::RSP, entry_frame::STORE), Gpr::RDX);
    masm.store(Size::S64, Mem::base(Gpr::RSP, entry_frame::ARRAY), Gpr::RSI);
    masm.store(
        Size::S64,
        Mem::base(Gpr::RSP, entry_frame::PREVIOUS_SP),
        Gpr::RAX,
    );
    masm.store(Size::S64, entry_sp, Gpr::RSP);
}

/// Returns to the host with what is in `eax`; `rsp` is at the lowest byte of the entry frame.
fn leave(masm: &mut Masm) {
    masm.load(Size::S64, Gpr::RDX, Mem::base(Gpr::RSP, entry_frame::STORE));
    masm.load(
        Size::S64,
        Gpr::RCX,
        Mem::base(Gpr::RSP, entry_frame::PREVIOUS_SP),
    );
    masm.store(Size::S64, Mem::base(Gpr::RDX, STORE_ENTRY_SP), Gpr::RCX);
    masm.add_rsp(entry_frame::SIZE);
    for reg in CALLEE_SAVED.into_iter().rev() {
        masm.pop(reg);
    }
    masm.ret();
}

/// Leaves Wasm with the trap code in `eax` that comes from the address in `rcx`.
fn exit(masm: &mut Masm) {
    masm.load(Size::S64, Gpr::R11, Mem::base(Gpr::VMCTX, VMCTX_STORE));
    masm.store(Size::S64, Mem::base(Gpr::R11, STORE_TRAP_PC), Gpr::RCX);
    masm.load(Size::S64, Gpr::RSP, Mem::base(Gpr::R11, STORE_ENTRY_SP));
    leave(masm);
}

/// Binds `label` to code that leaves Wasm with a trap that has no address in Wasm code.
fn trap(masm: &mut Masm, label: JumpLabel, code: TrapCode) {
    masm.buf.bind(label);
    masm.mov_ri(Gpr::RAX, code as u64);
    masm.zero(Gpr::RCX);
    exit(masm);
}

/// Jumps to `overflow` if the stack has no room for a frame.
fn check_stack(masm: &mut Masm, frame: i32, overflow: JumpLabel) {
    let limit = Mem::base(Gpr::VMCTX, VMCTX_STACK_LIMIT);
    let lowest = if frame <= SMALL_FRAME {
        Gpr::RSP
    } else {
        masm.lea(Size::S64, SCRATCH, Mem::base(Gpr::RSP, -frame));
        SCRATCH
    };
    masm.alu_rm(Alu::Cmp, Size::S64, lowest, limit);
    masm.jcc(Cond::LtU, overflow);
}

/// Assigner with all parameters of `ty` assigned.
fn params_of(ty: &FuncType) -> Assigner {
    let mut params = Assigner::params();
    for &param in &ty.params {
        params.next(param);
    }
    params
}

/// Offset in the stack area of the first result that lies there.
fn first_stack_result(ty: &FuncType) -> Option<u32> {
    let mut results = Assigner::results_of(ty);
    ty.results
        .iter()
        .find_map(|&result| match results.next(result) {
            ArgLoc::Stack(at) => Some(at),
            ArgLoc::Reg(_) => None,
        })
}

/// Loads a value from an array slot into the register that it is passed in.
fn load_value(masm: &mut Masm, ty: ValType, to: Reg, from: Mem) {
    match ty {
        ValType::I32 => masm.load(Size::S32, to.gpr(), from),
        ValType::I64 | ValType::FuncRef | ValType::ExternRef => {
            masm.load(Size::S64, to.gpr(), from);
        }
        ValType::F32 => masm.fload(Size::S32, to.xmm(), from),
        ValType::F64 => masm.fload(Size::S64, to.xmm(), from),
        ValType::V128 => masm.vload(to.xmm(), from),
    }
}

/// Stores a value from the register that it is passed in to an array slot, zero-extended.
fn store_value(masm: &mut Masm, ty: ValType, to: Mem, from: Reg) {
    match ty {
        ValType::I32 => {
            // The upper half of a register that holds an i32 is undefined.
            masm.mov_rr(Size::S32, from.gpr(), from.gpr());
            masm.store(Size::S64, to, from.gpr());
        }
        ValType::I64 | ValType::FuncRef | ValType::ExternRef => {
            masm.store(Size::S64, to, from.gpr());
        }
        ValType::F32 => {
            masm.fstore(Size::S32, to, from.xmm());
            masm.store_imm(Size::S32, to.offset(4), 0);
        }
        ValType::F64 => masm.fstore(Size::S64, to, from.xmm()),
        ValType::V128 => masm.vstore(to, from.xmm()),
    }
}

/// Copies a value between an array slot and the stack area, zero-extended.
fn copy_value(masm: &mut Masm, ty: ValType, to: Mem, from: Mem) {
    let size = match ty {
        ValType::I32 | ValType::F32 => Size::S32,
        ValType::I64 | ValType::F64 | ValType::FuncRef | ValType::ExternRef => Size::S64,
        ValType::V128 => {
            masm.vload(Xmm::SCRATCH, from);
            return masm.vstore(to, Xmm::SCRATCH);
        }
    };
    masm.load(size, SCRATCH, from);
    masm.store(Size::S64, to, SCRATCH);
}

/// Copies `bytes`, a multiple of 8, between two places that do not overlap, given as
/// offsets from `rsp`.
fn copy_area(masm: &mut Masm, to: i32, from: i32, bytes: i32) {
    /// Up to this size straight-line code is shorter than a loop.
    const UNROLLED: i32 = 32;
    if bytes <= UNROLLED {
        for at in (0..bytes).step_by(8) {
            masm.load(Size::S64, SCRATCH, Mem::base(Gpr::RSP, from + at));
            masm.store(Size::S64, Mem::base(Gpr::RSP, to + at), SCRATCH);
        }
        return;
    }
    let again = masm.buf.new_label();
    masm.zero(COUNTER);
    masm.buf.bind(again);
    masm.load(Size::S64, SCRATCH, Mem::indexed(Gpr::RSP, COUNTER, from));
    masm.store(Size::S64, Mem::indexed(Gpr::RSP, COUNTER, to), SCRATCH);
    masm.alu_ri(Alu::Add, Size::S64, COUNTER, 8);
    masm.alu_ri(Alu::Cmp, Size::S64, COUNTER, bytes);
    masm.jcc(Cond::LtU, again);
}

#[cfg(test)]
mod tests;
