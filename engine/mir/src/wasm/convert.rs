//! From wasmparser's types to ours.
//!
//! Everything here has passed validation under [`super::FEATURES`], so what has
//! no counterpart does not occur; if it did, it would be reported as
//! unsupported rather than assumed away.

use wasmparser::{BinaryReader, BlockType, Operator, RefType, TypeRef};

use super::error::{Proposal, WasmError, malformed, narrow};
use crate::module::{
    ConstBinary, ConstExpr, ConstOp, ElemItems, ElemSegment, ExternType, GlobalType, Limits,
    MemoryType, SegmentMode, TableType,
};
use crate::op::{Const, IntSize};
use crate::types::{FuncIndex, FuncType, GlobalIndex, TableIndex, TypeIndex, ValType};

pub(super) fn unsupported(proposal: Proposal, offset: u64) -> WasmError {
    WasmError::Unsupported {
        proposal,
        offset: narrow(offset),
    }
}

#[inline]
pub(super) fn val_type(ty: wasmparser::ValType, offset: u64) -> Result<ValType, WasmError> {
    Ok(match ty {
        wasmparser::ValType::I32 => ValType::I32,
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => return Err(unsupported(Proposal::Simd, offset)),
        wasmparser::ValType::Ref(ty) => return ref_type(ty, offset),
    })
}

pub(super) fn ref_type(ty: RefType, offset: u64) -> Result<ValType, WasmError> {
    match ty {
        RefType::FUNCREF => Ok(ValType::FuncRef),
        RefType::EXTERNREF => Ok(ValType::ExternRef),
        _ => Err(unsupported(Proposal::Gc, offset)),
    }
}

pub(super) fn heap_type(ty: wasmparser::HeapType, offset: u64) -> Result<ValType, WasmError> {
    match ty {
        wasmparser::HeapType::FUNC => Ok(ValType::FuncRef),
        wasmparser::HeapType::EXTERN => Ok(ValType::ExternRef),
        _ => Err(unsupported(Proposal::Gc, offset)),
    }
}

pub(super) fn func_type(ty: &wasmparser::FuncType, offset: u64) -> Result<FuncType, WasmError> {
    let types = |types: &[wasmparser::ValType]| -> Result<Box<[ValType]>, WasmError> {
        types.iter().map(|&ty| val_type(ty, offset)).collect()
    };
    Ok(FuncType {
        params: types(ty.params())?,
        results: types(ty.results())?,
    })
}

fn limits(min: u64, max: Option<u64>, offset: u64) -> Result<Limits, WasmError> {
    let narrow =
        |size: u64| u32::try_from(size).map_err(|_| unsupported(Proposal::Memory64, offset));
    Ok(Limits {
        min: narrow(min)?,
        max: max.map(narrow).transpose()?,
    })
}

pub(super) fn table_type(ty: wasmparser::TableType, offset: u64) -> Result<TableType, WasmError> {
    Ok(TableType {
        element: ref_type(ty.element_type, offset)?,
        limits: limits(ty.initial, ty.maximum, offset)?,
    })
}

pub(super) fn memory_type(
    ty: wasmparser::MemoryType,
    offset: u64,
) -> Result<MemoryType, WasmError> {
    Ok(MemoryType {
        limits: limits(ty.initial, ty.maximum, offset)?,
    })
}

pub(super) fn global_type(
    ty: wasmparser::GlobalType,
    offset: u64,
) -> Result<GlobalType, WasmError> {
    Ok(GlobalType {
        ty: val_type(ty.content_type, offset)?,
        mutable: ty.mutable,
    })
}

pub(super) fn extern_type(ty: TypeRef, offset: u64) -> Result<ExternType, WasmError> {
    Ok(match ty {
        TypeRef::Func(index) => ExternType::Func(TypeIndex(index)),
        TypeRef::Table(ty) => ExternType::Table(table_type(ty, offset)?),
        TypeRef::Memory(ty) => ExternType::Memory(memory_type(ty, offset)?),
        TypeRef::Global(ty) => ExternType::Global(global_type(ty, offset)?),
        TypeRef::Tag(_) => return Err(unsupported(Proposal::ExceptionHandling, offset)),
        TypeRef::FuncExact(_) => return Err(unsupported(Proposal::CustomDescriptors, offset)),
    })
}

pub(super) fn const_expr(expr: &wasmparser::ConstExpr<'_>) -> Result<ConstExpr, WasmError> {
    if let Some(value) = int_constant(expr.get_binary_reader()) {
        return Ok(ConstExpr::from([ConstOp::Const(value)]));
    }
    let mut reader = expr.get_operators_reader();
    let mut ops = ConstExpr::new();
    while !reader.eof() {
        let offset = reader.original_position();
        let op = match reader.read().map_err(malformed)? {
            Operator::End => continue,
            Operator::I32Const { value } => ConstOp::Const(Const::I32(value)),
            Operator::I64Const { value } => ConstOp::Const(Const::I64(value)),
            Operator::F32Const { value } => ConstOp::Const(Const::F32(value.bits())),
            Operator::F64Const { value } => ConstOp::Const(Const::F64(value.bits())),
            Operator::RefNull { hty } => ConstOp::Const(Const::Null(heap_type(hty, offset)?)),
            Operator::RefFunc { function_index } => ConstOp::RefFunc(FuncIndex(function_index)),
            Operator::GlobalGet { global_index } => ConstOp::GlobalGet(GlobalIndex(global_index)),
            Operator::I32Add => ConstOp::Binary(ConstBinary::Add, IntSize::I32),
            Operator::I32Sub => ConstOp::Binary(ConstBinary::Sub, IntSize::I32),
            Operator::I32Mul => ConstOp::Binary(ConstBinary::Mul, IntSize::I32),
            Operator::I64Add => ConstOp::Binary(ConstBinary::Add, IntSize::I64),
            Operator::I64Sub => ConstOp::Binary(ConstBinary::Sub, IntSize::I64),
            Operator::I64Mul => ConstOp::Binary(ConstBinary::Mul, IntSize::I64),
            _ => return Err(unsupported(Proposal::Other, offset)),
        };
        ops.push(op);
    }
    Ok(ops)
}

/// What an expression is if it is one `i32.const` or `i64.const`. A large Go program has one for each
/// of 86,295 data segments: a quarter of the time for reading these went into decoding it.
fn int_constant(mut reader: BinaryReader<'_>) -> Option<Const> {
    let value = match reader.read_u8().ok()? {
        0x41 => Const::I32(reader.read_var_i32().ok()?),
        0x42 => Const::I64(reader.read_var_i64().ok()?),
        _ => return None,
    };
    let is_last = reader.read_u8().ok()? == 0x0b && reader.eof();
    is_last.then_some(value)
}

pub(super) fn elem_segment(segment: wasmparser::Element<'_>) -> Result<ElemSegment, WasmError> {
    let offset = segment.range.start;
    let (ty, items) = match segment.items {
        wasmparser::ElementItems::Functions(funcs) => {
            let funcs = funcs.into_iter().map(|func| func.map(FuncIndex));
            let funcs = funcs.collect::<Result<_, _>>().map_err(malformed)?;
            (ValType::FuncRef, ElemItems::Funcs(funcs))
        }
        wasmparser::ElementItems::Expressions(ty, exprs) => {
            let exprs = exprs
                .into_iter()
                .map(|expr| const_expr(&expr.map_err(malformed)?));
            (
                ref_type(ty, offset)?,
                ElemItems::Exprs(exprs.collect::<Result<_, _>>()?),
            )
        }
    };
    let mode = match segment.kind {
        wasmparser::ElementKind::Active {
            table_index,
            offset_expr,
        } => SegmentMode::Active {
            target: TableIndex(table_index.unwrap_or(0)),
            offset: const_expr(&offset_expr)?,
        },
        wasmparser::ElementKind::Passive => SegmentMode::Passive,
        wasmparser::ElementKind::Declared => SegmentMode::Declared,
    };
    Ok(ElemSegment { ty, items, mode })
}

/// The signature of a block, as small as it is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum BlockSig {
    Empty,
    Result(ValType),
    Func(TypeIndex),
}

impl BlockSig {
    #[inline]
    pub(super) fn new(ty: BlockType, offset: u64) -> Result<BlockSig, WasmError> {
        Ok(match ty {
            BlockType::Empty => BlockSig::Empty,
            BlockType::Type(ty) => BlockSig::Result(val_type(ty, offset)?),
            BlockType::FuncType(index) => BlockSig::Func(TypeIndex(index)),
        })
    }

    #[inline]
    pub(super) fn params(self, types: &[FuncType]) -> &[ValType] {
        match self {
            BlockSig::Empty | BlockSig::Result(_) => &[],
            BlockSig::Func(index) => &types[index.index()].params,
        }
    }

    #[inline]
    pub(super) fn results(self, types: &[FuncType]) -> &[ValType] {
        match self {
            BlockSig::Empty => &[],
            BlockSig::Result(ty) => one(ty),
            BlockSig::Func(index) => &types[index.index()].results,
        }
    }
}

/// A slice of one type, without storage of its own.
fn one(ty: ValType) -> &'static [ValType] {
    match ty {
        ValType::I32 => &[ValType::I32],
        ValType::I64 => &[ValType::I64],
        ValType::F32 => &[ValType::F32],
        ValType::F64 => &[ValType::F64],
        ValType::V128 => &[ValType::V128],
        ValType::FuncRef => &[ValType::FuncRef],
        ValType::ExternRef => &[ValType::ExternRef],
    }
}
