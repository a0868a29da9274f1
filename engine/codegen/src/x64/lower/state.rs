//! Globals and single table elements.

use crate::stencil::TrapCode;
use crate::vmctx::{self, Place};
use crate::x64::compiler::FunctionCompiler;
use crate::x64::masm::{Alu, Cond, Mem, Size};
use crate::x64::moves;
use crate::x64::reg::Gpr;
use microwasm::{GlobalIndex, TableIndex, ValType};

impl FunctionCompiler<'_> {
    fn global(&mut self, global: GlobalIndex) -> Mem {
        match self.vm.global(global) {
            Place::Direct(offset) => {
                rule!(GlobalDirect);
                Mem::base(Gpr::VMCTX, offset)
            }
            Place::Indirect(offset) => {
                rule!(GlobalIndirect);
                let pointer = Mem::base(Gpr::VMCTX, offset);
                self.c.cx.masm.load(Size::S64, Gpr::SCRATCH, pointer);
                Mem::base(Gpr::SCRATCH, 0)
            }
        }
    }

    #[inline(never)]
    pub(in crate::x64) fn global_get(&mut self, global: GlobalIndex) {
        let ty = self.module.globals[global.index()].ty;
        let dst = self.c.cx.alloc(ty.class());
        let mem = self.global(global);
        moves::load(&mut self.c.cx.masm, ty, mem, dst);
        self.c.cx.push_reg(ty, dst);
    }

    #[inline(never)]
    pub(in crate::x64) fn global_set(&mut self, global: GlobalIndex) {
        let ty = self.module.globals[global.index()].ty;
        let mut value = self.c.cx.pop();
        let src = self.c.cx.reg(&mut value);
        let mem = self.global(global);
        moves::store(&mut self.c.cx.masm, ty, mem, src);
    }

    /// The table's descriptor, as a base register and the offset from it.
    fn table(&mut self, table: TableIndex) -> (Gpr, i32) {
        match self.vm.table(table) {
            Place::Direct(offset) => {
                rule!(TableDirect);
                (Gpr::VMCTX, offset)
            }
            Place::Indirect(offset) => {
                rule!(TableIndirect);
                let pointer = Mem::base(Gpr::VMCTX, offset);
                self.c.cx.masm.load(Size::S64, Gpr::SCRATCH, pointer);
                (Gpr::SCRATCH, 0)
            }
        }
    }

    /// Checks `index` against the table's length and returns the element's operand. Uses
    /// the scratch register; `address` is overwritten and part of the operand.
    pub(in crate::x64) fn table_element(
        &mut self,
        table: TableIndex,
        index: Gpr,
        address: Gpr,
        trap: TrapCode,
    ) -> Mem {
        let (base, offset) = self.table(table);
        let masm = &mut self.c.cx.masm;
        masm.alu_rm(
            Alu::Cmp,
            Size::S64,
            index,
            Mem::base(base, offset + vmctx::TABLE_LEN),
        );
        self.trap_if(Cond::GeU, trap);
        let masm = &mut self.c.cx.masm;
        masm.load(
            Size::S64,
            Gpr::SCRATCH,
            Mem::base(base, offset + vmctx::TABLE_BASE),
        );
        masm.lea_scaled8(address, Gpr::SCRATCH, index);
        Mem::base(address, 0)
    }

    #[inline(never)]
    pub(in crate::x64) fn table_get(&mut self, table: TableIndex) {
        let ty = self.module.tables[table.index()].element;
        let mut index = self.c.cx.pop();
        let index = self.c.cx.gpr(&mut index);
        let dst = self.c.cx.alloc_gpr();
        let mem = self.table_element(table, index, dst, TrapCode::TableOutOfBounds);
        self.c.cx.masm.load(Size::S64, dst, mem);
        self.c.cx.push_reg(ty, dst);
    }

    #[inline(never)]
    pub(in crate::x64) fn table_set(&mut self, table: TableIndex) {
        let mut value = self.c.cx.pop();
        let mut index = self.c.cx.pop();
        let value = self.c.cx.gpr(&mut value);
        let index = self.c.cx.gpr(&mut index);
        let address = self.c.cx.alloc_gpr();
        let mem = self.table_element(table, index, address, TrapCode::TableOutOfBounds);
        self.c.cx.masm.store(Size::S64, mem, value);
    }

    #[inline(never)]
    pub(in crate::x64) fn table_size(&mut self, table: TableIndex) {
        let dst = self.c.cx.alloc_gpr();
        let (base, offset) = self.table(table);
        self.c
            .cx
            .masm
            .load(Size::S64, dst, Mem::base(base, offset + vmctx::TABLE_LEN));
        self.c.cx.push_reg(ValType::I32, dst);
    }
}
