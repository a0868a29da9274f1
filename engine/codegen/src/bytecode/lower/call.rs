//! Calls: to functions, through tables, and to the runtime's builtins.
//!
//! The arguments go home: that is the beginning of the callee's frame, and where it leaves its
//! results. Nothing else has to move, since the callee touches no slot below.
//!
//! Where the callee's frame would begin at a slot that no 16-bit field can name, arguments and
//! results are copied to and from the end of the frame, and the frame is moved there for the
//! moment of the call.

use crate::bytecode::NARROW_SLOTS;
use crate::bytecode::compiler::FunctionCompiler;
use crate::bytecode::context::{Context, Operand};
use crate::bytecode::emit::{Emitter, frame_slot};
use crate::bytecode::op::Opcode;
use crate::bytecode::signature::{HostResult, HostSignature};
use crate::bytecode::stack::Loc;
use crate::stencil::{Builtin, ExternalName};
use crate::vmctx::Place;
use microwasm::{FuncIndex, TableIndex, TypeIndex, ValType};

impl FunctionCompiler<'_> {
    #[inline(never)]
    pub(in crate::bytecode) fn call(&mut self, func: FuncIndex) {
        let ty = self.module.func_type(func);
        let call = |emit: &mut Emitter, base, _| emit.call(base, ExternalName::Func(func));
        self.c
            .cx
            .call(ty.params.len() as u32, &ty.results, None, call);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn call_indirect(&mut self, ty: TypeIndex, table: TableIndex) {
        let index = self.c.cx.pop();
        let (opcode, table) = match self.vm.table(table) {
            Place::Direct(offset) => (Opcode::CallIndirect, offset as u32),
            Place::Indirect(offset) => (Opcode::CallIndirectImported, offset as u32),
        };
        let sig = self.vm.sig(ty) as u32;
        let ty = &self.module.types[ty.index()];
        let call = |emit: &mut Emitter, base, index| {
            emit.call_indirect(opcode, base, index, table, sig);
        };
        self.c
            .cx
            .call(ty.params.len() as u32, &ty.results, Some(index), call);
    }

    /// Calls the runtime with the topmost `operands` values and an immediate behind them.
    #[inline(never)]
    pub(in crate::bytecode) fn builtin(
        &mut self,
        builtin: Builtin,
        operands: u32,
        immediate: Option<u64>,
    ) {
        if let Some(bits) = immediate {
            self.c.cx.push(ValType::I64, Loc::Const(bits));
        }
        let result = match (
            builtin,
            HostSignature::of(builtin).map(HostSignature::result),
        ) {
            (_, Some(HostResult::Nothing | HostResult::Trap)) => &[][..],
            (Builtin::RefFunc, _) => &[ValType::FuncRef],
            _ => &[ValType::I32],
        };
        let arguments = operands + u32::from(immediate.is_some());
        let call = |emit: &mut Emitter, base, _| emit.call(base, ExternalName::Builtin(builtin));
        self.c.cx.call(arguments, result, None, call);
    }
}

impl Context {
    /// Pops `arguments` values, lets `call` emit the call, given the first slot of the callee's
    /// frame and the slot of `index`, and pushes the results.
    fn call(
        &mut self,
        arguments: u32,
        results: &[ValType],
        index: Option<Operand>,
        call: impl FnOnce(&mut Emitter, u32, u32),
    ) {
        let height = self.stack.height();
        let first = height - arguments;
        self.send_home(first, height);
        let index = index.map(|index| self.slot(index));
        let base = match arguments {
            0 => self.stack.end_slot(),
            _ => self.stack.get(first).home,
        };
        let slots = |types: &[ValType]| types.iter().map(|ty| ty.slots()).sum::<u32>();
        let area = (self.stack.end_slot() - base).max(slots(results));
        if base + area <= NARROW_SLOTS {
            call(&mut self.emit, base, index.unwrap_or(0));
            self.reserve(base + area);
            for _ in 0..arguments {
                self.stack.pop();
            }
            for &result in results {
                self.stack.push_home(result, 1);
            }
            return;
        }
        let at = self.move_frame(first, area, index);
        call(&mut self.emit, 0, area);
        self.emit.adjust_frame(-(frame_slot(at) as i32));
        for _ in 0..arguments {
            self.stack.pop();
        }
        let mut from = at;
        for &result in results {
            let home = self.push_result(result);
            self.emit.copy(home, from);
            from += result.slots();
        }
    }

    /// Copies arguments, and the index behind them, to the end of the frame and moves the frame
    /// there; returns its first slot.
    #[cold]
    fn move_frame(&mut self, first: u32, area: u32, index: Option<u32>) -> u32 {
        // The index may be in the slot behind the stack.
        let at = (self.stack.end_slot() + 1).max(NARROW_SLOTS);
        self.reserve(at + area + 1);
        let mut to = at;
        for pos in first..self.stack.height() {
            let entry = self.stack.get(pos);
            self.emit.copy(to, entry.home);
            to += entry.ty.slots();
        }
        if let Some(index) = index {
            self.emit.copy(at + area, index);
        }
        self.emit.adjust_frame(frame_slot(at) as i32);
        at
    }
}
