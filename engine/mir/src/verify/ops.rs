//! Typing of the operators that stay within a block (Wasm spec, 3.3).

use super::{Verifier, Violation};
use crate::module::{GlobalType, TableType};
use crate::op::{Const, Op, Sink};
use crate::types::{FuncIndex, FuncType, GlobalIndex, MemoryIndex, TableIndex, TypeIndex, ValType};
use crate::wasm::LimitKind;

use ValType::I32;

/// An entry of an index space.
pub(super) fn entry<'a, T>(
    space: &'static str,
    entries: &'a [T],
    index: u32,
) -> Result<&'a T, Violation> {
    entries
        .get(index as usize)
        .ok_or(Violation::Index { space, index })
}

impl<'m, S: Sink> Verifier<'m, S> {
    pub(super) fn plain(&mut self, op: Op<'_>) -> Result<(), Violation> {
        match op {
            Op::Pick(depth) => {
                let ty = self.stack.peek(depth)?;
                self.stack.push(ty)
            }
            Op::Swap(depth) => self.swap(depth),
            Op::Drop => self.stack.pop_any().map(|_| ()),
            Op::Const(value) => {
                if let Const::Null(found) = value
                    && !found.is_ref()
                {
                    return Err(Violation::NotReference { found });
                }
                self.stack.push(value.ty())
            }
            Op::Zeros { ty, count } => {
                self.locals += u64::from(count);
                self.rules.check(LimitKind::Locals, self.locals)?;
                self.stack.push_many(ty, count)
            }
            Op::Alu(_, size) | Op::Shift(_, size) | Op::Div(_, size) | Op::Mul(size) => {
                self.apply(&[size.ty(), size.ty()], &[size.ty()])
            }
            Op::Bit(_, size) => self.apply(&[size.ty()], &[size.ty()]),
            Op::IntCmp(_, size) => self.apply(&[size.ty(), size.ty()], &[I32]),
            Op::Eqz(size) => self.apply(&[size.ty()], &[I32]),
            Op::Extend(extend) => self.apply(&[extend.ty()], &[extend.ty()]),
            Op::FloatBinary(_, size) => self.apply(&[size.ty(), size.ty()], &[size.ty()]),
            Op::FloatUnary(_, size) => self.apply(&[size.ty()], &[size.ty()]),
            Op::FloatCmp(_, size) => self.apply(&[size.ty(), size.ty()], &[I32]),
            Op::Convert(convert) => {
                let (from, to) = convert.signature();
                self.apply(&[from], &[to])
            }
            Op::Select(ty) => self.apply(&[ty, ty, I32], &[ty]),
            Op::RefIsNull => {
                let found = self.stack.pop_any()?;
                if !found.is_ref() {
                    return Err(Violation::NotReference { found });
                }
                self.stack.push(I32)
            }
            Op::RefFunc(func) => {
                self.func(func)?;
                if !self.rules.is_reference(func) {
                    return Err(Violation::Unreferenced(func));
                }
                self.stack.push(ValType::FuncRef)
            }
            Op::Call(func) => {
                let ty = self.func(func)?;
                self.apply(&ty.params, &ty.results)
            }
            Op::CallIndirect { ty, table } => {
                self.table_of(table, ValType::FuncRef)?;
                let ty = self.ty(ty)?;
                self.stack.pop(I32)?;
                self.apply(&ty.params, &ty.results)
            }
            Op::GlobalGet(global) => {
                let ty = self.global(global)?.ty;
                self.stack.push(ty)
            }
            Op::GlobalSet(global) => {
                let ty = self.global(global)?;
                if !ty.mutable {
                    return Err(Violation::Immutable(global));
                }
                self.stack.pop(ty.ty)
            }
            _ => self.storage(op),
        }
    }

    /// Memories, tables and segments.
    fn storage(&mut self, op: Op<'_>) -> Result<(), Violation> {
        match op {
            Op::Load(load, arg) => {
                self.memory(arg.memory)?;
                self.apply(&[I32], &[load.ty()])
            }
            Op::Store(store, arg) => {
                self.memory(arg.memory)?;
                self.apply(&[I32, store.ty()], &[])
            }
            Op::MemorySize(memory) => {
                self.memory(memory)?;
                self.stack.push(I32)
            }
            Op::MemoryGrow(memory) => {
                self.memory(memory)?;
                self.apply(&[I32], &[I32])
            }
            Op::MemoryFill(memory) => {
                self.memory(memory)?;
                self.apply(&[I32; 3], &[])
            }
            Op::MemoryCopy { dst, src } => {
                self.memory(dst)?;
                self.memory(src)?;
                self.apply(&[I32; 3], &[])
            }
            Op::MemoryInit { data, memory } => {
                self.memory(memory)?;
                self.data(data.0)?;
                self.apply(&[I32; 3], &[])
            }
            Op::DataDrop(data) => self.data(data.0),
            Op::ElemDrop(elem) => entry("element segment", &self.module.elems, elem.0).map(|_| ()),
            Op::TableGet(table) => {
                let element = self.table(table)?.element;
                self.apply(&[I32], &[element])
            }
            Op::TableSet(table) => {
                let element = self.table(table)?.element;
                self.apply(&[I32, element], &[])
            }
            Op::TableSize(table) => {
                self.table(table)?;
                self.stack.push(I32)
            }
            Op::TableGrow(table) => {
                let element = self.table(table)?.element;
                self.apply(&[element, I32], &[I32])
            }
            Op::TableFill(table) => {
                let element = self.table(table)?.element;
                self.apply(&[I32, element, I32], &[])
            }
            Op::TableCopy { dst, src } => {
                let element = self.table(src)?.element;
                self.table_of(dst, element)?;
                self.apply(&[I32; 3], &[])
            }
            Op::TableInit { elem, table } => {
                let element = entry("element segment", &self.module.elems, elem.0)?.ty;
                self.table_of(table, element)?;
                self.apply(&[I32; 3], &[])
            }
            _ => unreachable!("every other operator is checked elsewhere: {op:?}"),
        }
    }

    fn apply(&mut self, params: &[ValType], results: &[ValType]) -> Result<(), Violation> {
        self.stack.pop_all(params)?;
        self.stack.push_all(results)
    }

    fn swap(&mut self, depth: u32) -> Result<(), Violation> {
        if depth == 0 {
            return Err(Violation::SwapSelf);
        }
        let (found, expected) = (self.stack.peek(0)?, self.stack.peek(depth)?);
        if found == expected {
            Ok(())
        } else {
            Err(Violation::Type { expected, found })
        }
    }

    fn ty(&self, ty: TypeIndex) -> Result<&'m FuncType, Violation> {
        entry("type", &self.module.types, ty.0)
    }

    fn func(&self, func: FuncIndex) -> Result<&'m FuncType, Violation> {
        self.ty(*entry("function", &self.module.funcs, func.0)?)
    }

    fn global(&self, global: GlobalIndex) -> Result<GlobalType, Violation> {
        entry("global", &self.module.globals, global.0).copied()
    }

    fn memory(&self, memory: MemoryIndex) -> Result<(), Violation> {
        entry("memory", &self.module.memories, memory.0).map(|_| ())
    }

    fn table(&self, table: TableIndex) -> Result<TableType, Violation> {
        entry("table", &self.module.tables, table.0).copied()
    }

    fn table_of(&self, table: TableIndex, expected: ValType) -> Result<(), Violation> {
        let found = self.table(table)?.element;
        if found == expected {
            Ok(())
        } else {
            Err(Violation::Type { expected, found })
        }
    }

    fn data(&self, index: u32) -> Result<(), Violation> {
        if index < self.module.data_count {
            Ok(())
        } else {
            Err(Violation::Index {
                space: "data segment",
                index,
            })
        }
    }
}
