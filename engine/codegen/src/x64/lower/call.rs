//! Calls: to functions, through tables, and to the runtime's builtins.
//!
//! What survives a call goes home before it. Then the arguments move, in
//! parallel, to where the convention wants them: registers, or an area below
//! the frame that exists only around the call.

use crate::stencil::{Builtin, StackState, TrapCode};
use crate::vmctx;
use crate::x64::abi::{self, ArgLoc, Assigner};
use crate::x64::compiler::{ColdCall, FunctionCompiler};
use crate::x64::masm::{Alu, Cond, Mem, Size};
use crate::x64::moves::{self, Dst, Src};
use crate::x64::reg::{Gpr, RegSet, Xmm};
use microwasm::{FuncIndex, FuncType, TableIndex, TypeIndex, ValType};

/// System V's argument registers.
const NATIVE_ARGS: [Gpr; 6] = [Gpr::RDI, Gpr::RSI, Gpr::RDX, Gpr::RCX, Gpr::R8, Gpr::R9];

/// What a builtin's `eax` means.
enum NativeResult {
    Nothing,
    Value(ValType),
    Trap,
}

impl FunctionCompiler<'_> {
    #[inline(never)]
    pub(in crate::x64) fn call(&mut self, func: FuncIndex) {
        let ty = self.module.func_type(func);
        let area = self.pass_arguments(ty);
        self.c.cx.masm.call_func(func);
        self.take_results(ty, area);
    }

    #[inline(never)]
    pub(in crate::x64) fn call_indirect(&mut self, ty: TypeIndex, table: TableIndex) {
        // Registers in which no argument is passed.
        let outside = RegSet::of(Gpr::RAX)
            .or(RegSet::of(Gpr::R10))
            .or(RegSet::of(Gpr::R12))
            .or(RegSet::of(Gpr::R13));
        let mut index = self.c.cx.pop();
        let index = self.c.cx.gpr(&mut index);
        let funcref = self.c.cx.alloc_in(outside).gpr();
        let mem = self.table_element(table, index, funcref, TrapCode::UndefinedElement);
        let masm = &mut self.c.cx.masm;
        masm.load(Size::S64, funcref, mem);
        masm.test_rr(Size::S64, funcref, funcref);
        self.trap_if(Cond::Eq, TrapCode::IndirectCallToNull);
        let masm = &mut self.c.cx.masm;
        masm.load(
            Size::S32,
            Gpr::SCRATCH,
            Mem::base(Gpr::VMCTX, self.vm.sig(ty)),
        );
        masm.alu_rm(
            Alu::Cmp,
            Size::S32,
            Gpr::SCRATCH,
            Mem::base(funcref, vmctx::FUNCREF_SIG),
        );
        self.trap_if(Cond::Ne, TrapCode::BadSignature);

        let ty = &self.module.types[ty.index()];
        let area = self.pass_arguments(ty);
        let masm = &mut self.c.cx.masm;
        let (entry, back) = (masm.buf.new_label(), masm.buf.new_label());
        masm.alu_rm(
            Alu::Cmp,
            Size::S64,
            Gpr::VMCTX,
            Mem::base(funcref, vmctx::FUNCREF_VMCTX),
        );
        masm.jcc(Cond::Ne, entry);
        masm.call_m(Mem::base(funcref, vmctx::FUNCREF_CODE));
        masm.buf.bind(back);
        self.c.cold_calls.push(ColdCall {
            entry,
            back,
            funcref,
            below: area,
        });
        self.take_results(ty, area);
    }

    /// Sends survivors home and moves the arguments; returns the bytes of the stack area.
    fn pass_arguments(&mut self, ty: &FuncType) -> u32 {
        let cx = &mut self.c.cx;
        let count = ty.params.len() as u32;
        let first = cx.stack.height() - count;
        cx.spill_below(first);
        let area = abi::stack_area(ty);
        if area != 0 {
            rule!(StackArgs);
            cx.masm.add_rsp(-(area as i32));
            cx.masm.sp_adjust += area as i32;
            self.note_stack(StackState::Frame { below: area });
        }
        let cx = &mut self.c.cx;
        let mut places = Assigner::params();
        for (i, &param) in ty.params.iter().enumerate() {
            let dst = match places.next(param) {
                ArgLoc::Reg(reg) => Dst::Reg(reg),
                ArgLoc::Stack(offset) => Dst::Out(offset),
            };
            let entry = cx.stack.get(first + i as u32);
            cx.moves.add(param, entry.source(&cx.constants), dst);
        }
        cx.resolve_moves();
        cx.drop_many(count);
        area
    }

    /// Pushes the results of the call just made and gives the stack area back.
    fn take_results(&mut self, ty: &FuncType, area: u32) {
        let cx = &mut self.c.cx;
        cx.end_op();
        let mut places = Assigner::results_of(ty);
        for &result in &ty.results {
            match places.next(result) {
                ArgLoc::Reg(reg) => cx.push_reg(result, reg),
                ArgLoc::Stack(offset) => {
                    rule!(StackResult);
                    let home = cx.stack.end_slot();
                    cx.stack.push_home(result, 1);
                    cx.frame.reserve(home + result.slots());
                    let from = Mem::base(Gpr::RSP, offset as i32);
                    moves::load(&mut cx.masm, result, from, Xmm::SCRATCH.into());
                    moves::store_slot(&mut cx.masm, result, home, Xmm::SCRATCH.into());
                }
            }
        }
        if area != 0 {
            cx.masm.sp_adjust -= area as i32;
            cx.masm.add_rsp(area as i32);
            self.note_stack(StackState::Frame { below: 0 });
        }
    }

    /// Calls the runtime: `(vmctx, immediate?, operands…)`.
    #[inline(never)]
    pub(in crate::x64) fn builtin(&mut self, builtin: Builtin, immediate: Option<u64>) {
        let (operands, result) = builtin_signature(builtin);
        let cx = &mut self.c.cx;
        let first = cx.stack.height() - operands;
        cx.spill_below(first);
        let mut regs = NATIVE_ARGS.into_iter();
        let mut next = || {
            Dst::Reg(
                regs.next()
                    .expect("a builtin takes at most six arguments")
                    .into(),
            )
        };
        cx.moves
            .add(ValType::I64, Src::Reg(Gpr::VMCTX.into()), next());
        if let Some(bits) = immediate {
            cx.moves.add(ValType::I64, Src::Const(bits), next());
        }
        for pos in first..first + operands {
            let entry = cx.stack.get(pos);
            cx.moves.add(entry.ty, entry.source(&cx.constants), next());
        }
        cx.resolve_moves();
        cx.drop_many(operands);
        cx.masm.call_builtin(builtin);
        cx.end_op();
        match result {
            NativeResult::Nothing => {}
            NativeResult::Value(ty) => cx.push_reg(ty, Gpr::RAX),
            NativeResult::Trap => self.trap_if_nonzero(),
        }
    }

    /// Raises the trap whose code the builtin returned in `eax`, if any.
    fn trap_if_nonzero(&mut self) {
        let masm = &mut self.c.cx.masm;
        masm.test_rr(Size::S32, Gpr::RAX, Gpr::RAX);
        let label = self.returned_trap_label();
        self.c.cx.masm.jcc(Cond::Ne, label);
    }
}

/// Operands that a builtin takes from the stack, and its result.
fn builtin_signature(builtin: Builtin) -> (u32, NativeResult) {
    match builtin {
        Builtin::MemoryGrow => (1, NativeResult::Value(ValType::I32)),
        Builtin::MemoryFill | Builtin::MemoryCopy | Builtin::MemoryInit => (3, NativeResult::Trap),
        Builtin::TableFill | Builtin::TableCopy | Builtin::TableInit => (3, NativeResult::Trap),
        Builtin::TableGrow => (2, NativeResult::Value(ValType::I32)),
        Builtin::DataDrop | Builtin::ElemDrop => (0, NativeResult::Nothing),
        Builtin::RefFunc => (0, NativeResult::Value(ValType::FuncRef)),
        Builtin::Trap => unreachable!("raised by trap stubs only"),
    }
}
