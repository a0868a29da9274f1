//! What operators take from the stack and leave there (Wasm spec, 3.3).
//!
//! One set of rules for the two who check: the front end and the verifier. They differ in the
//! stack they have, [`Operands`]. Branches and blocks are theirs alone.

use crate::module::{GlobalType, ModuleInfo, TableType};
use crate::op::{MemArg, Op};
use crate::types::{FuncIndex, FuncType, GlobalIndex, MemoryIndex, TableIndex, TypeIndex, ValType};
use crate::verify::Violation;

use ValType::I32;

/// The stack of types that an operator works on.
pub(crate) trait Operands<'m> {
    /// What is said of an operator that does not fit.
    type Error: From<Violation>;

    fn module(&self) -> &'m ModuleInfo;

    /// Whether `ref.func` may name the function.
    fn is_reference(&self, func: FuncIndex) -> bool;

    fn push(&mut self, ty: ValType) -> Result<(), Self::Error>;

    fn pop(&mut self, expected: ValType) -> Result<(), Self::Error>;

    fn pop_any(&mut self) -> Result<(), Self::Error>;

    fn pop_reference(&mut self) -> Result<(), Self::Error>;

    /// Pops `params`, the last of them first, and pushes `results`.
    fn apply(&mut self, params: &[ValType], results: &[ValType]) -> Result<(), Self::Error>;

    /// `[from] -> [to]`
    fn unary(&mut self, from: ValType, to: ValType) -> Result<(), Self::Error> {
        self.apply(&[from], &[to])
    }

    /// `[of of] -> [to]`
    fn binary(&mut self, of: ValType, to: ValType) -> Result<(), Self::Error> {
        self.apply(&[of, of], &[to])
    }
}

/// An entry of an index space.
pub(crate) fn entry<'a, T>(
    space: &'static str,
    entries: &'a [T],
    index: u32,
) -> Result<&'a T, Violation> {
    entries
        .get(index as usize)
        .ok_or(Violation::Index { space, index })
}

/// What an operator does whose types are its own, whatever the module.
pub(crate) enum Shape {
    /// `[from] -> [to]`
    Unary(ValType, ValType),
    /// `[of of] -> [to]`
    Binary(ValType, ValType),
    /// `[t] -> []`, for any one type.
    Drop,
    /// Something else.
    Other,
}

/// The shape of an operator. Memory accesses have one, and need a memory besides.
pub(crate) const fn shape(op: &Op<'_>) -> Shape {
    match *op {
        Op::Alu(_, size) | Op::Shift(_, size) | Op::Div(_, size) | Op::Mul(size) => {
            Shape::Binary(size.ty(), size.ty())
        }
        Op::Bit(_, size) => Shape::Unary(size.ty(), size.ty()),
        Op::IntCmp(_, size) => Shape::Binary(size.ty(), I32),
        Op::Eqz(size) => Shape::Unary(size.ty(), I32),
        Op::Extend(extend) => Shape::Unary(extend.ty(), extend.ty()),
        Op::FloatBinary(_, size) => Shape::Binary(size.ty(), size.ty()),
        Op::FloatUnary(_, size) => Shape::Unary(size.ty(), size.ty()),
        Op::FloatCmp(_, size) => Shape::Binary(size.ty(), I32),
        Op::Convert(convert) => {
            let (from, to) = convert.signature();
            Shape::Unary(from, to)
        }
        Op::Drop => Shape::Drop,
        _ => Shape::Other,
    }
}

/// Applies an operator that stays within its block, and is none of those that only move values
/// about the stack.
pub(crate) fn apply<'m, S: Operands<'m>>(on: &mut S, op: Op<'_>) -> Result<(), S::Error> {
    match shape(&op) {
        Shape::Unary(from, to) => on.unary(from, to),
        Shape::Binary(of, to) => on.binary(of, to),
        Shape::Drop => on.pop_any(),
        Shape::Other => other(on, op),
    }
}

/// `[i32] -> [to]`
#[inline]
pub(crate) fn load<'m, S: Operands<'m>>(
    on: &mut S,
    arg: MemArg,
    to: ValType,
) -> Result<(), S::Error> {
    memory(on.module(), arg.memory)?;
    on.unary(I32, to)
}

/// `[i32 from] -> []`
#[inline]
pub(crate) fn store<'m, S: Operands<'m>>(
    on: &mut S,
    arg: MemArg,
    from: ValType,
) -> Result<(), S::Error> {
    memory(on.module(), arg.memory)?;
    on.pop(from)?;
    on.pop(I32)
}

/// What has no [`Shape`].
fn other<'m, S: Operands<'m>>(on: &mut S, op: Op<'_>) -> Result<(), S::Error> {
    let module = on.module();
    match op {
        Op::Const(value) => on.push(value.ty()),
        Op::Select(ty) => {
            on.pop(I32)?;
            on.binary(ty, ty)
        }
        Op::Load(op, arg) => load(on, arg, op.ty()),
        Op::Store(op, arg) => store(on, arg, op.ty()),
        Op::GlobalGet(index) => on.push(global(module, index)?.ty),
        Op::GlobalSet(index) => {
            let GlobalType { ty, mutable } = global(module, index)?;
            if !mutable {
                return Err(Violation::Immutable(index).into());
            }
            on.pop(ty)
        }
        Op::Call(index) => {
            let ty = func(module, index)?;
            on.apply(&ty.params, &ty.results)
        }
        Op::CallIndirect { ty: index, table } => {
            table_of(module, table, ValType::FuncRef)?;
            let ty = ty(module, index)?;
            on.pop(I32)?;
            on.apply(&ty.params, &ty.results)
        }
        Op::RefIsNull => {
            on.pop_reference()?;
            on.push(I32)
        }
        Op::RefFunc(index) => {
            func(module, index)?;
            if !on.is_reference(index) {
                return Err(Violation::Unreferenced(index).into());
            }
            on.push(ValType::FuncRef)
        }
        Op::MemorySize(index) => {
            memory(module, index)?;
            on.push(I32)
        }
        Op::MemoryGrow(index) => {
            memory(module, index)?;
            on.unary(I32, I32)
        }
        Op::MemoryFill(index) => {
            memory(module, index)?;
            on.apply(&[I32; 3], &[])
        }
        Op::MemoryCopy { dst, src } => {
            memory(module, dst)?;
            memory(module, src)?;
            on.apply(&[I32; 3], &[])
        }
        Op::MemoryInit {
            data: index,
            memory: target,
        } => {
            memory(module, target)?;
            data(module, index.0)?;
            on.apply(&[I32; 3], &[])
        }
        Op::DataDrop(index) => Ok(data(module, index.0)?),
        Op::ElemDrop(index) => Ok(element(module, index.0).map(|_| ())?),
        Op::TableGet(index) => on.unary(I32, table(module, index)?.element),
        Op::TableSet(index) => on.apply(&[I32, table(module, index)?.element], &[]),
        Op::TableSize(index) => {
            table(module, index)?;
            on.push(I32)
        }
        Op::TableGrow(index) => on.apply(&[table(module, index)?.element, I32], &[I32]),
        Op::TableFill(index) => on.apply(&[I32, table(module, index)?.element, I32], &[]),
        Op::TableCopy { dst, src } => {
            table_of(module, dst, table(module, src)?.element)?;
            on.apply(&[I32; 3], &[])
        }
        Op::TableInit {
            elem: index,
            table: target,
        } => {
            table_of(module, target, element(module, index.0)?)?;
            on.apply(&[I32; 3], &[])
        }
        _ => unreachable!("every other operator is checked elsewhere: {op:?}"),
    }
}

fn ty(module: &ModuleInfo, ty: TypeIndex) -> Result<&FuncType, Violation> {
    entry("type", &module.types, ty.0)
}

fn func(module: &ModuleInfo, func: FuncIndex) -> Result<&FuncType, Violation> {
    ty(module, *entry("function", &module.funcs, func.0)?)
}

fn global(module: &ModuleInfo, global: GlobalIndex) -> Result<GlobalType, Violation> {
    entry("global", &module.globals, global.0).copied()
}

fn memory(module: &ModuleInfo, memory: MemoryIndex) -> Result<(), Violation> {
    entry("memory", &module.memories, memory.0).map(|_| ())
}

fn table(module: &ModuleInfo, table: TableIndex) -> Result<TableType, Violation> {
    entry("table", &module.tables, table.0).copied()
}

fn table_of(module: &ModuleInfo, index: TableIndex, expected: ValType) -> Result<(), Violation> {
    let found = table(module, index)?.element;
    if found == expected {
        Ok(())
    } else {
        Err(Violation::Type { expected, found })
    }
}

fn element(module: &ModuleInfo, segment: u32) -> Result<ValType, Violation> {
    Ok(entry("element segment", &module.elems, segment)?.ty)
}

fn data(module: &ModuleInfo, index: u32) -> Result<(), Violation> {
    if index < module.data_count {
        Ok(())
    } else {
        Err(Violation::Index {
            space: "data segment",
            index,
        })
    }
}
