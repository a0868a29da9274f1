//! Linear memory, globals and single table elements.

use crate::bytecode::compiler::FunctionCompiler;
use crate::bytecode::op::Opcode;
use crate::vmctx::Place;
use microwasm::op::{LoadOp, MemArg, StoreOp};
use microwasm::{GlobalIndex, TableIndex, ValType};

/// The opcode for something that is in the vmctx or pointed to from it, and the offset there.
macro_rules! placed {
    ($place:expr, $direct:ident, $imported:ident) => {
        match $place {
            Place::Direct(offset) => (Opcode::$direct, offset as u32),
            Place::Indirect(offset) => (Opcode::$imported, offset as u32),
        }
    };
}

impl FunctionCompiler<'_> {
    #[inline(never)]
    pub(in crate::bytecode) fn load(&mut self, op: LoadOp, arg: MemArg) {
        let opcode = match op {
            LoadOp::I32 | LoadOp::F32 | LoadOp::I64Load32U => Opcode::Load32,
            LoadOp::I64 | LoadOp::F64 => Opcode::Load64,
            LoadOp::I32Load8U | LoadOp::I64Load8U => Opcode::Load8U,
            LoadOp::I32Load16U | LoadOp::I64Load16U => Opcode::Load16U,
            LoadOp::I32Load8S => Opcode::Load8S32,
            LoadOp::I32Load16S => Opcode::Load16S32,
            LoadOp::I64Load8S => Opcode::Load8S64,
            LoadOp::I64Load16S => Opcode::Load16S64,
            LoadOp::I64Load32S => Opcode::Load32S64,
        };
        let cx = &mut self.c.cx;
        let addr = cx.pop();
        let addr = cx.slot(addr);
        let dst = cx.push_result(op.ty());
        cx.emit.dsu(opcode, dst, addr, arg.offset);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn store(&mut self, op: StoreOp, arg: MemArg) {
        let (opcode, imm) = match op.bytes() {
            1 => (Opcode::Store8, Opcode::Store8Imm),
            2 => (Opcode::Store16, Opcode::Store16Imm),
            4 => (Opcode::Store32, Opcode::Store32Imm),
            _ => (Opcode::Store64, Opcode::Store64Imm),
        };
        let cx = &mut self.c.cx;
        let (value, addr) = (cx.pop(), cx.pop());
        let constant = match (value.constant(), op.bytes()) {
            (Some(bits), 8) => i32::try_from(bits as i64).ok(),
            (Some(bits), _) => Some(bits as u32 as i32),
            (None, _) => None,
        };
        let addr = cx.slot(addr);
        match constant {
            Some(constant) => {
                bytecode_rule!(StoreImm);
                cx.emit.siu(imm, addr, constant, arg.offset)
            }
            None => {
                let value = cx.slot(value);
                cx.emit.ssu(opcode, addr, value, arg.offset);
            }
        }
    }

    #[inline(never)]
    pub(in crate::bytecode) fn memory_size(&mut self) {
        let cx = &mut self.c.cx;
        let dst = cx.push_result(ValType::I32);
        cx.emit.d(Opcode::MemorySize, dst);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn global_get(&mut self, global: GlobalIndex) {
        let (opcode, offset) = placed!(self.vm.global(global), GlobalGet, GlobalGetImported);
        let ty = self.module.globals[global.index()].ty;
        let cx = &mut self.c.cx;
        let dst = cx.push_result(ty);
        cx.emit.du(opcode, dst, offset);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn global_set(&mut self, global: GlobalIndex) {
        let (opcode, offset) = placed!(self.vm.global(global), GlobalSet, GlobalSetImported);
        let cx = &mut self.c.cx;
        let value = cx.pop();
        let value = cx.slot(value);
        cx.emit.su(opcode, value, offset);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn table_get(&mut self, table: TableIndex) {
        let (opcode, offset) = placed!(self.vm.table(table), TableGet, TableGetImported);
        let ty = self.module.tables[table.index()].element;
        let cx = &mut self.c.cx;
        let index = cx.pop();
        let index = cx.slot(index);
        let dst = cx.push_result(ty);
        cx.emit.dsu(opcode, dst, index, offset);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn table_set(&mut self, table: TableIndex) {
        let (opcode, offset) = placed!(self.vm.table(table), TableSet, TableSetImported);
        let cx = &mut self.c.cx;
        let (value, index) = (cx.pop(), cx.pop());
        let (index, value) = (cx.slot(index), cx.slot(value));
        cx.emit.ssu(opcode, index, value, offset);
    }

    #[inline(never)]
    pub(in crate::bytecode) fn table_size(&mut self, table: TableIndex) {
        let (opcode, offset) = placed!(self.vm.table(table), TableSize, TableSizeImported);
        let cx = &mut self.c.cx;
        let dst = cx.push_result(ValType::I32);
        cx.emit.du(opcode, dst, offset);
    }
}
