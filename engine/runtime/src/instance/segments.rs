//! Constant expressions, and copying element and data segments.
//!
//! The elements of a segment are evaluated when they are copied: they depend on
//! constants, functions and immutable globals only, so that their values never
//! change.

use microwasm::module::{ConstBinary, ConstOp, ElemItems, ModuleInfo, SegmentMode};
use microwasm::op::IntSize;
use microwasm::{DataIndex, ElemIndex};
use microwasm_codegen::TrapCode;

use crate::store::{StoreInner, TableData};

use super::InstanceData;

/// The value of a constant expression, as in a slot.
pub(super) fn evaluate(data: &InstanceData, expr: &[ConstOp]) -> u64 {
    if let [op] = expr {
        return operand(data, op).expect("validated: a single operator is no arithmetic");
    }
    let mut stack = Vec::new();
    for op in expr {
        let value = match op {
            ConstOp::Binary(binary, size) => {
                let right = stack.pop().expect("validated: two operands");
                let left = stack.pop().expect("validated: two operands");
                arithmetic(*binary, *size, left, right)
            }
            op => operand(data, op).expect("everything else is an operand"),
        };
        stack.push(value);
    }
    stack.pop().expect("validated: one result")
}

fn operand(data: &InstanceData, op: &ConstOp) -> Option<u64> {
    match op {
        ConstOp::Const(value) => Some(value.bits()),
        // SAFETY: the global's place, filled in before.
        ConstOp::GlobalGet(global) => Some(unsafe { data.global(*global).read() }),
        ConstOp::RefFunc(func) => Some(data.funcref(*func).as_ptr() as u64),
        ConstOp::Binary(..) => None,
    }
}

fn arithmetic(op: ConstBinary, size: IntSize, left: u64, right: u64) -> u64 {
    let value = match op {
        ConstBinary::Add => left.wrapping_add(right),
        ConstBinary::Sub => left.wrapping_sub(right),
        ConstBinary::Mul => left.wrapping_mul(right),
    };
    match size {
        IntSize::I32 => u64::from(value as u32),
        IntSize::I64 => value,
    }
}

/// Copies the active element segments and drops them, and those that only declare.
pub(super) fn apply_elems(
    store: &mut StoreInner,
    index: usize,
    info: &ModuleInfo,
) -> Result<(), TrapCode> {
    for (i, segment) in info.elems.iter().enumerate() {
        let elem = ElemIndex(i as u32);
        match &segment.mode {
            SegmentMode::Passive => continue,
            SegmentMode::Declared => {}
            SegmentMode::Active { target, offset } => {
                let start = evaluate(&store.instances[index], offset) as u32;
                table_init(store, index, target.0, elem, start, 0, len(&segment.items))?;
            }
        }
        store.instances[index].drop_elem(elem);
    }
    Ok(())
}

/// Copies the active data segments and drops them.
pub(super) fn apply_datas(
    store: &mut StoreInner,
    index: usize,
    info: &ModuleInfo,
) -> Result<(), TrapCode> {
    for (i, segment) in info.datas.iter().enumerate() {
        let SegmentMode::Active { offset, .. } = &segment.mode else {
            continue;
        };
        let data = &store.instances[index];
        let start = evaluate(data, offset) as u32 as usize;
        let memory = data.memory.expect("validated: there is a memory");
        store.memories[memory as usize]
            .bytes_mut()
            .get_mut(start..)
            .and_then(|bytes| bytes.get_mut(..segment.bytes.len()))
            .ok_or(TrapCode::MemoryOutOfBounds)?
            .copy_from_slice(&segment.bytes);
        store.instances[index].drop_data(DataIndex(i as u32));
    }
    Ok(())
}

fn len(items: &ElemItems) -> u32 {
    match items {
        ElemItems::Funcs(funcs) => funcs.len() as u32,
        ElemItems::Exprs(exprs) => exprs.len() as u32,
    }
}

/// `table.init` of an instance. Nothing is written if it traps.
pub(crate) fn table_init(
    store: &mut StoreInner,
    index: usize,
    table: u32,
    elem: ElemIndex,
    dst: u32,
    src: u32,
    len: u32,
) -> Result<(), TrapCode> {
    let StoreInner {
        instances, tables, ..
    } = store;
    let data = &instances[index];
    let table = &mut tables[data.table(table) as usize];
    let segment = &data.module.info().elems[elem.index()];
    let size = if data.is_elem_dropped(elem) {
        0
    } else {
        self::len(&segment.items)
    };
    if u64::from(src) + u64::from(len) > u64::from(size) {
        return Err(TrapCode::TableOutOfBounds);
    }
    let elements = table.range(dst, len)?;
    let range = src as usize..src as usize + len as usize;
    if range.is_empty() {
        return Ok(());
    }
    match &segment.items {
        ElemItems::Funcs(funcs) => {
            for (element, func) in elements.iter_mut().zip(&funcs[range]) {
                *element = data.funcref(*func).as_ptr() as u64;
            }
        }
        ElemItems::Exprs(exprs) => {
            for (element, expr) in elements.iter_mut().zip(&exprs[range]) {
                *element = evaluate(data, expr);
            }
        }
    }
    Ok(())
}

impl TableData {
    /// `[start, start + len)`, if it is in bounds.
    pub(crate) fn range(&mut self, start: u32, len: u32) -> Result<&mut [u64], TrapCode> {
        self.elements
            .get_mut(start as usize..)
            .and_then(|elements| elements.get_mut(..len as usize))
            .ok_or(TrapCode::TableOutOfBounds)
    }
}
