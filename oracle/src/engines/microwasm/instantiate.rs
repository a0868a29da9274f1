//! Making an instance (Wasm spec, 4.5.4): match the imports, make what the module defines,
//! run its active segments in order, and its start function.

use std::rc::Rc;

use microwasm::ElemIndex;
use microwasm::module::{
    ConstBinary, ConstOp, ElemItems, ExternType, Import, Limits as Size, SegmentMode,
};
use microwasm::op::AluOp;

use super::code::Module;
use super::machine;
use super::numeric::{int32, int64};
use super::ops::constant;
use super::store::{Callee, FuncData, Instance, Store};
use crate::engine::{self, Extern, InstantiateError, Store as _, Trap};
use crate::value::Value;

pub(super) fn instantiate(
    store: &mut Store,
    module: Rc<Module>,
    imports: &[Extern],
) -> Result<engine::Instance, InstantiateError> {
    let mut instance = link(store, &module, imports)?;
    let index = store.instances.len();
    define(store, &mut instance, index)?;
    store.instances.push(instance);
    initialize(store, &module, index).map_err(InstantiateError::Trap)?;
    Ok(engine::Instance(index as u32))
}

/// An instance that has its imports, which are of the types that are wanted.
fn link(
    store: &Store,
    module: &Rc<Module>,
    imports: &[Extern],
) -> Result<Instance, InstantiateError> {
    let mut instance = Instance {
        module: Rc::clone(module),
        funcs: Vec::new(),
        tables: Vec::new(),
        memories: Vec::new(),
        globals: Vec::new(),
        elems: Vec::new(),
        dropped_datas: vec![false; module.info.datas.len()],
    };
    let wanted = &module.info.imports;
    if wanted.len() != imports.len() {
        let why = format!("{} imports, {} given", wanted.len(), imports.len());
        return Err(InstantiateError::Link(why.into()));
    }
    for (import, given) in wanted.iter().zip(imports) {
        if !matches(store, module, import, *given) {
            let why = format!("{:?} {:?} has another type", import.module, import.name);
            return Err(InstantiateError::Link(why.into()));
        }
        match *given {
            Extern::Func(func) => instance.funcs.push(func),
            Extern::Table(table) => instance.tables.push(table),
            Extern::Memory(memory) => instance.memories.push(memory),
            Extern::Global(global) => instance.globals.push(global),
        }
    }
    Ok(instance)
}

fn matches(store: &Store, module: &Module, import: &Import, given: Extern) -> bool {
    match (import.ty, given) {
        (ExternType::Func(ty), Extern::Func(func)) => {
            module.info.types[ty.index()] == store.funcs[func.0 as usize].ty
        }
        (ExternType::Table(wanted), Extern::Table(table)) => {
            let table = &store.tables[table.0 as usize];
            let size = table.elements.len() as u32;
            wanted.element == table.ty.element && fits(wanted.limits, size, table.ty.limits.max)
        }
        (ExternType::Memory(wanted), Extern::Memory(memory)) => {
            let memory = &store.memories[memory.0 as usize];
            fits(wanted.limits, memory.pages(), memory.ty.limits.max)
        }
        (ExternType::Global(wanted), Extern::Global(global)) => {
            wanted == store.globals[global.0 as usize].ty
        }
        _ => false,
    }
}

fn fits(wanted: Size, size: u32, max: Option<u32>) -> bool {
    size >= wanted.min
        && match (wanted.max, max) {
            (None, _) => true,
            (Some(wanted), Some(max)) => max <= wanted,
            (Some(_), None) => false,
        }
}

/// Makes everything that the module defines.
fn define(
    store: &mut Store,
    instance: &mut Instance,
    index: usize,
) -> Result<(), InstantiateError> {
    let module = Rc::clone(&instance.module);
    let info = &module.info;
    let limit = |what: &str| InstantiateError::Limit(format!("{what} is too large").into());
    for ty in &info.tables[info.imported_tables as usize..] {
        let table = store.new_table(*ty).map_err(|_| limit("table"))?;
        instance.tables.push(table);
    }
    for ty in &info.memories[info.imported_memories as usize..] {
        let memory = store.new_memory(*ty).map_err(|_| limit("memory"))?;
        instance.memories.push(memory);
    }
    let funcs = &info.funcs[info.imported_funcs as usize..];
    for (ty, code) in funcs.iter().zip(&module.bodies) {
        let func = store.add_func(FuncData {
            ty: info.types[ty.index()].clone(),
            callee: Callee::Defined {
                instance: index,
                code: Rc::clone(code),
            },
        });
        instance.funcs.push(func);
    }
    let globals = &info.globals[info.imported_globals as usize..];
    for (ty, init) in globals.iter().zip(&info.global_inits) {
        let value = evaluate(store, instance, init);
        instance.globals.push(store.add_global(*ty, value));
    }
    for segment in &info.elems {
        let elements = match &segment.items {
            ElemItems::Funcs(funcs) => {
                let funcs = funcs.iter().map(|func| instance.funcs[func.index()]);
                funcs.map(|func| Value::FuncRef(Some(func))).collect()
            }
            ElemItems::Exprs(exprs) => {
                let exprs = exprs.iter();
                exprs.map(|expr| evaluate(store, instance, expr)).collect()
            }
        };
        instance.elems.push(elements);
    }
    Ok(())
}

/// Active segments and the start function.
fn initialize(store: &mut Store, module: &Module, index: usize) -> Result<(), Trap> {
    for (i, segment) in module.info.elems.iter().enumerate() {
        if let SegmentMode::Active { target, offset } = &segment.mode {
            let to = offset_of(store, index, offset);
            let len = store.instances[index].elems[i].len() as u32;
            store.init_table(index, *target, ElemIndex(i as u32), (to, 0, len))?;
        }
        if !matches!(segment.mode, SegmentMode::Passive) {
            store.instances[index].elems[i].clear();
        }
    }
    for (i, segment) in module.info.datas.iter().enumerate() {
        if let SegmentMode::Active { target, offset } = &segment.mode {
            let to = offset_of(store, index, offset);
            let memory = store.instances[index].memories[target.index()];
            store.memories[memory.0 as usize]
                .range(to.into(), segment.bytes.len() as u64)
                .ok_or(Trap::MemoryOutOfBounds)?
                .copy_from_slice(&segment.bytes);
            store.instances[index].dropped_datas[i] = true;
        }
    }
    if let Some(start) = module.info.start {
        let func = store.instances[index].funcs[start.index()];
        machine::invoke(store, func, &[], &mut Vec::new())?;
    }
    Ok(())
}

fn offset_of(store: &Store, index: usize, expr: &[ConstOp]) -> u32 {
    match evaluate(store, &store.instances[index], expr) {
        Value::I32(offset) => offset,
        other => unreachable!("verified: an i32, not {other}"),
    }
}

/// The value of a constant expression.
fn evaluate(store: &Store, instance: &Instance, expr: &[ConstOp]) -> Value {
    let mut stack = Vec::new();
    for op in expr {
        let value = match *op {
            ConstOp::Const(value) => constant(value),
            ConstOp::GlobalGet(global) => {
                let global = instance.globals[global.index()];
                store.globals[global.0 as usize].value
            }
            ConstOp::RefFunc(func) => Value::FuncRef(Some(instance.funcs[func.index()])),
            ConstOp::Binary(op, _) => match (op, stack.pop(), stack.pop()) {
                (ConstBinary::Mul, Some(Value::I32(b)), Some(Value::I32(a))) => {
                    Value::I32(a.wrapping_mul(b))
                }
                (ConstBinary::Mul, Some(Value::I64(b)), Some(Value::I64(a))) => {
                    Value::I64(a.wrapping_mul(b))
                }
                (op, Some(Value::I32(b)), Some(Value::I32(a))) => {
                    Value::I32(int32::alu(alu(op), a, b))
                }
                (op, Some(Value::I64(b)), Some(Value::I64(a))) => {
                    Value::I64(int64::alu(alu(op), a, b))
                }
                operands => unreachable!("verified: integers, not {operands:?}"),
            },
        };
        stack.push(value);
    }
    stack.pop().expect("verified: one result")
}

fn alu(op: ConstBinary) -> AluOp {
    match op {
        ConstBinary::Add => AluOp::Add,
        ConstBinary::Sub => AluOp::Sub,
        ConstBinary::Mul => unreachable!("multiplied above"),
    }
}
