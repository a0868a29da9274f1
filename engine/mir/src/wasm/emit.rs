//! The operator table: what each Wasm operator becomes.
//!
//! One function per operator, of the name of its visit method. Control constructs are in
//! [`control`](super::control).

use wasmparser::{BlockType, BrTable, HeapType, Ieee32, Ieee64, MemArgTarget};

use super::control::{Translator, Visit};
use super::convert::{heap_type, unsupported, val_type};
use super::error::{Proposal, WasmError};
use super::operands::Mistake;
use crate::op::{
    AluOp, BitOp, Const, ConvertOp, DivOp, ExtendOp, FloatBinary, FloatCmp, FloatSize, FloatUnary,
    IntCmp, IntSize, LoadOp, MemArg, Op, ShiftOp, Sink, StoreOp,
};
use crate::types::{
    DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex,
};
use crate::typing::{self, Operands, shape};

/// Operators that become exactly one.
macro_rules! emit {
    ($($visit:ident => $op:expr;)*) => {$(
        #[inline]
        pub(super) fn $visit<S: Sink>(t: &mut Translator<'_, S>) -> Visit {
            t.shaped(const { shape(&$op) }, $op)
        }
    )*};
}

/// Those that are made of their immediates.
macro_rules! emit_with {
    ($($visit:ident($($arg:ident: $ty:ty),*) => $op:expr;)*) => {$(
        #[inline]
        pub(super) fn $visit<S: Sink>(t: &mut Translator<'_, S>, $($arg: $ty),*) -> Visit {
            t.op($op)
        }
    )*};
}

/// Constants.
macro_rules! constant {
    ($($visit:ident($arg:ident: $ty:ty) => $value:expr;)*) => {$(
        #[inline]
        pub(super) fn $visit<S: Sink>(t: &mut Translator<'_, S>, $arg: $ty) -> Visit {
            let value = $value;
            let pushed = t.operands.push(value.ty());
            t.checked(pushed, Op::Const(value))
        }
    )*};
}

/// Memory accesses.
macro_rules! access {
    ($($visit:ident => $op:ident($access:expr), $check:path;)*) => {$(
        #[inline]
        pub(super) fn $visit<S: Sink>(
            t: &mut Translator<'_, S>,
            arg: wasmparser::MemArg,
        ) -> Visit {
            let arg = mem_arg(t, arg)?;
            let checked = $check(&mut t.operands, arg, const { $access.ty() });
            t.checked(checked, Op::$op($access, arg))
        }
    )*};
}

/// Structured control, and what leaves it.
macro_rules! control {
    ($($visit:ident $(($arg:ident: $ty:ty))? => $method:ident;)*) => {$(
        #[inline]
        pub(super) fn $visit<S: Sink>(t: &mut Translator<'_, S>, $($arg: $ty)?) -> Visit {
            t.$method($($arg)?)
        }
    )*};
}

control! {
    visit_block(ty: BlockType) => block;
    visit_loop(ty: BlockType) => loop_;
    visit_if(ty: BlockType) => if_;
    visit_else => else_;
    visit_end => end;
    visit_br(depth: u32) => br;
    visit_br_if(depth: u32) => br_if;
    visit_br_table(table: BrTable<'_>) => br_table;
    visit_return => return_;
    visit_unreachable => unreachable;
}

emit! {
    // i32
    visit_i32_eqz => Op::Eqz(IntSize::I32);
    visit_i32_eq => Op::IntCmp(IntCmp::Eq, IntSize::I32);
    visit_i32_ne => Op::IntCmp(IntCmp::Ne, IntSize::I32);
    visit_i32_lt_s => Op::IntCmp(IntCmp::LtS, IntSize::I32);
    visit_i32_lt_u => Op::IntCmp(IntCmp::LtU, IntSize::I32);
    visit_i32_gt_s => Op::IntCmp(IntCmp::GtS, IntSize::I32);
    visit_i32_gt_u => Op::IntCmp(IntCmp::GtU, IntSize::I32);
    visit_i32_le_s => Op::IntCmp(IntCmp::LeS, IntSize::I32);
    visit_i32_le_u => Op::IntCmp(IntCmp::LeU, IntSize::I32);
    visit_i32_ge_s => Op::IntCmp(IntCmp::GeS, IntSize::I32);
    visit_i32_ge_u => Op::IntCmp(IntCmp::GeU, IntSize::I32);
    visit_i32_clz => Op::Bit(BitOp::Clz, IntSize::I32);
    visit_i32_ctz => Op::Bit(BitOp::Ctz, IntSize::I32);
    visit_i32_popcnt => Op::Bit(BitOp::Popcnt, IntSize::I32);
    visit_i32_add => Op::Alu(AluOp::Add, IntSize::I32);
    visit_i32_sub => Op::Alu(AluOp::Sub, IntSize::I32);
    visit_i32_and => Op::Alu(AluOp::And, IntSize::I32);
    visit_i32_or => Op::Alu(AluOp::Or, IntSize::I32);
    visit_i32_xor => Op::Alu(AluOp::Xor, IntSize::I32);
    visit_i32_mul => Op::Mul(IntSize::I32);
    visit_i32_div_s => Op::Div(DivOp::DivS, IntSize::I32);
    visit_i32_div_u => Op::Div(DivOp::DivU, IntSize::I32);
    visit_i32_rem_s => Op::Div(DivOp::RemS, IntSize::I32);
    visit_i32_rem_u => Op::Div(DivOp::RemU, IntSize::I32);
    visit_i32_shl => Op::Shift(ShiftOp::Shl, IntSize::I32);
    visit_i32_shr_s => Op::Shift(ShiftOp::ShrS, IntSize::I32);
    visit_i32_shr_u => Op::Shift(ShiftOp::ShrU, IntSize::I32);
    visit_i32_rotl => Op::Shift(ShiftOp::Rotl, IntSize::I32);
    visit_i32_rotr => Op::Shift(ShiftOp::Rotr, IntSize::I32);
    // i64
    visit_i64_eqz => Op::Eqz(IntSize::I64);
    visit_i64_eq => Op::IntCmp(IntCmp::Eq, IntSize::I64);
    visit_i64_ne => Op::IntCmp(IntCmp::Ne, IntSize::I64);
    visit_i64_lt_s => Op::IntCmp(IntCmp::LtS, IntSize::I64);
    visit_i64_lt_u => Op::IntCmp(IntCmp::LtU, IntSize::I64);
    visit_i64_gt_s => Op::IntCmp(IntCmp::GtS, IntSize::I64);
    visit_i64_gt_u => Op::IntCmp(IntCmp::GtU, IntSize::I64);
    visit_i64_le_s => Op::IntCmp(IntCmp::LeS, IntSize::I64);
    visit_i64_le_u => Op::IntCmp(IntCmp::LeU, IntSize::I64);
    visit_i64_ge_s => Op::IntCmp(IntCmp::GeS, IntSize::I64);
    visit_i64_ge_u => Op::IntCmp(IntCmp::GeU, IntSize::I64);
    visit_i64_clz => Op::Bit(BitOp::Clz, IntSize::I64);
    visit_i64_ctz => Op::Bit(BitOp::Ctz, IntSize::I64);
    visit_i64_popcnt => Op::Bit(BitOp::Popcnt, IntSize::I64);
    visit_i64_add => Op::Alu(AluOp::Add, IntSize::I64);
    visit_i64_sub => Op::Alu(AluOp::Sub, IntSize::I64);
    visit_i64_and => Op::Alu(AluOp::And, IntSize::I64);
    visit_i64_or => Op::Alu(AluOp::Or, IntSize::I64);
    visit_i64_xor => Op::Alu(AluOp::Xor, IntSize::I64);
    visit_i64_mul => Op::Mul(IntSize::I64);
    visit_i64_div_s => Op::Div(DivOp::DivS, IntSize::I64);
    visit_i64_div_u => Op::Div(DivOp::DivU, IntSize::I64);
    visit_i64_rem_s => Op::Div(DivOp::RemS, IntSize::I64);
    visit_i64_rem_u => Op::Div(DivOp::RemU, IntSize::I64);
    visit_i64_shl => Op::Shift(ShiftOp::Shl, IntSize::I64);
    visit_i64_shr_s => Op::Shift(ShiftOp::ShrS, IntSize::I64);
    visit_i64_shr_u => Op::Shift(ShiftOp::ShrU, IntSize::I64);
    visit_i64_rotl => Op::Shift(ShiftOp::Rotl, IntSize::I64);
    visit_i64_rotr => Op::Shift(ShiftOp::Rotr, IntSize::I64);
    visit_i32_extend8_s => Op::Extend(ExtendOp::I32Extend8S);
    visit_i32_extend16_s => Op::Extend(ExtendOp::I32Extend16S);
    visit_i64_extend8_s => Op::Extend(ExtendOp::I64Extend8S);
    visit_i64_extend16_s => Op::Extend(ExtendOp::I64Extend16S);
    visit_i64_extend32_s => Op::Extend(ExtendOp::I64Extend32S);
    // f32
    visit_f32_eq => Op::FloatCmp(FloatCmp::Eq, FloatSize::F32);
    visit_f32_ne => Op::FloatCmp(FloatCmp::Ne, FloatSize::F32);
    visit_f32_lt => Op::FloatCmp(FloatCmp::Lt, FloatSize::F32);
    visit_f32_gt => Op::FloatCmp(FloatCmp::Gt, FloatSize::F32);
    visit_f32_le => Op::FloatCmp(FloatCmp::Le, FloatSize::F32);
    visit_f32_ge => Op::FloatCmp(FloatCmp::Ge, FloatSize::F32);
    visit_f32_abs => Op::FloatUnary(FloatUnary::Abs, FloatSize::F32);
    visit_f32_neg => Op::FloatUnary(FloatUnary::Neg, FloatSize::F32);
    visit_f32_ceil => Op::FloatUnary(FloatUnary::Ceil, FloatSize::F32);
    visit_f32_floor => Op::FloatUnary(FloatUnary::Floor, FloatSize::F32);
    visit_f32_trunc => Op::FloatUnary(FloatUnary::Trunc, FloatSize::F32);
    visit_f32_nearest => Op::FloatUnary(FloatUnary::Nearest, FloatSize::F32);
    visit_f32_sqrt => Op::FloatUnary(FloatUnary::Sqrt, FloatSize::F32);
    visit_f32_add => Op::FloatBinary(FloatBinary::Add, FloatSize::F32);
    visit_f32_sub => Op::FloatBinary(FloatBinary::Sub, FloatSize::F32);
    visit_f32_mul => Op::FloatBinary(FloatBinary::Mul, FloatSize::F32);
    visit_f32_div => Op::FloatBinary(FloatBinary::Div, FloatSize::F32);
    visit_f32_min => Op::FloatBinary(FloatBinary::Min, FloatSize::F32);
    visit_f32_max => Op::FloatBinary(FloatBinary::Max, FloatSize::F32);
    visit_f32_copysign => Op::FloatBinary(FloatBinary::Copysign, FloatSize::F32);
    // f64
    visit_f64_eq => Op::FloatCmp(FloatCmp::Eq, FloatSize::F64);
    visit_f64_ne => Op::FloatCmp(FloatCmp::Ne, FloatSize::F64);
    visit_f64_lt => Op::FloatCmp(FloatCmp::Lt, FloatSize::F64);
    visit_f64_gt => Op::FloatCmp(FloatCmp::Gt, FloatSize::F64);
    visit_f64_le => Op::FloatCmp(FloatCmp::Le, FloatSize::F64);
    visit_f64_ge => Op::FloatCmp(FloatCmp::Ge, FloatSize::F64);
    visit_f64_abs => Op::FloatUnary(FloatUnary::Abs, FloatSize::F64);
    visit_f64_neg => Op::FloatUnary(FloatUnary::Neg, FloatSize::F64);
    visit_f64_ceil => Op::FloatUnary(FloatUnary::Ceil, FloatSize::F64);
    visit_f64_floor => Op::FloatUnary(FloatUnary::Floor, FloatSize::F64);
    visit_f64_trunc => Op::FloatUnary(FloatUnary::Trunc, FloatSize::F64);
    visit_f64_nearest => Op::FloatUnary(FloatUnary::Nearest, FloatSize::F64);
    visit_f64_sqrt => Op::FloatUnary(FloatUnary::Sqrt, FloatSize::F64);
    visit_f64_add => Op::FloatBinary(FloatBinary::Add, FloatSize::F64);
    visit_f64_sub => Op::FloatBinary(FloatBinary::Sub, FloatSize::F64);
    visit_f64_mul => Op::FloatBinary(FloatBinary::Mul, FloatSize::F64);
    visit_f64_div => Op::FloatBinary(FloatBinary::Div, FloatSize::F64);
    visit_f64_min => Op::FloatBinary(FloatBinary::Min, FloatSize::F64);
    visit_f64_max => Op::FloatBinary(FloatBinary::Max, FloatSize::F64);
    visit_f64_copysign => Op::FloatBinary(FloatBinary::Copysign, FloatSize::F64);
    // conversions
    visit_i32_wrap_i64 => Op::Convert(ConvertOp::I32WrapI64);
    visit_i64_extend_i32_s => Op::Convert(ConvertOp::I64ExtendI32S);
    visit_i64_extend_i32_u => Op::Convert(ConvertOp::I64ExtendI32U);
    visit_i32_trunc_f32_s => Op::Convert(ConvertOp::I32TruncF32S);
    visit_i32_trunc_f32_u => Op::Convert(ConvertOp::I32TruncF32U);
    visit_i32_trunc_f64_s => Op::Convert(ConvertOp::I32TruncF64S);
    visit_i32_trunc_f64_u => Op::Convert(ConvertOp::I32TruncF64U);
    visit_i64_trunc_f32_s => Op::Convert(ConvertOp::I64TruncF32S);
    visit_i64_trunc_f32_u => Op::Convert(ConvertOp::I64TruncF32U);
    visit_i64_trunc_f64_s => Op::Convert(ConvertOp::I64TruncF64S);
    visit_i64_trunc_f64_u => Op::Convert(ConvertOp::I64TruncF64U);
    visit_i32_trunc_sat_f32_s => Op::Convert(ConvertOp::I32TruncSatF32S);
    visit_i32_trunc_sat_f32_u => Op::Convert(ConvertOp::I32TruncSatF32U);
    visit_i32_trunc_sat_f64_s => Op::Convert(ConvertOp::I32TruncSatF64S);
    visit_i32_trunc_sat_f64_u => Op::Convert(ConvertOp::I32TruncSatF64U);
    visit_i64_trunc_sat_f32_s => Op::Convert(ConvertOp::I64TruncSatF32S);
    visit_i64_trunc_sat_f32_u => Op::Convert(ConvertOp::I64TruncSatF32U);
    visit_i64_trunc_sat_f64_s => Op::Convert(ConvertOp::I64TruncSatF64S);
    visit_i64_trunc_sat_f64_u => Op::Convert(ConvertOp::I64TruncSatF64U);
    visit_f32_convert_i32_s => Op::Convert(ConvertOp::F32ConvertI32S);
    visit_f32_convert_i32_u => Op::Convert(ConvertOp::F32ConvertI32U);
    visit_f32_convert_i64_s => Op::Convert(ConvertOp::F32ConvertI64S);
    visit_f32_convert_i64_u => Op::Convert(ConvertOp::F32ConvertI64U);
    visit_f64_convert_i32_s => Op::Convert(ConvertOp::F64ConvertI32S);
    visit_f64_convert_i32_u => Op::Convert(ConvertOp::F64ConvertI32U);
    visit_f64_convert_i64_s => Op::Convert(ConvertOp::F64ConvertI64S);
    visit_f64_convert_i64_u => Op::Convert(ConvertOp::F64ConvertI64U);
    visit_f32_demote_f64 => Op::Convert(ConvertOp::F32DemoteF64);
    visit_f64_promote_f32 => Op::Convert(ConvertOp::F64PromoteF32);
    visit_i32_reinterpret_f32 => Op::Convert(ConvertOp::I32ReinterpretF32);
    visit_i64_reinterpret_f64 => Op::Convert(ConvertOp::I64ReinterpretF64);
    visit_f32_reinterpret_i32 => Op::Convert(ConvertOp::F32ReinterpretI32);
    visit_f64_reinterpret_i64 => Op::Convert(ConvertOp::F64ReinterpretI64);
    // others without immediates
    visit_drop => Op::Drop;
    visit_ref_is_null => Op::RefIsNull;
}

constant! {
    visit_i32_const(value: i32) => Const::I32(value);
    visit_i64_const(value: i64) => Const::I64(value);
    visit_f32_const(value: Ieee32) => Const::F32(value.bits());
    visit_f64_const(value: Ieee64) => Const::F64(value.bits());
}

emit_with! {
    visit_global_get(index: u32) => Op::GlobalGet(GlobalIndex(index));
    visit_global_set(index: u32) => Op::GlobalSet(GlobalIndex(index));
    visit_call(index: u32) => Op::Call(FuncIndex(index));
    visit_call_indirect(ty: u32, table: u32) => Op::CallIndirect { ty: TypeIndex(ty), table: TableIndex(table) };
    visit_memory_size(memory: u32) => Op::MemorySize(MemoryIndex(memory));
    visit_memory_grow(memory: u32) => Op::MemoryGrow(MemoryIndex(memory));
    visit_memory_fill(memory: u32) => Op::MemoryFill(MemoryIndex(memory));
    visit_memory_copy(dst: u32, src: u32) => Op::MemoryCopy { dst: MemoryIndex(dst), src: MemoryIndex(src) };
    visit_memory_init(data: u32, memory: u32) => Op::MemoryInit { data: DataIndex(data), memory: MemoryIndex(memory) };
    visit_data_drop(data: u32) => Op::DataDrop(DataIndex(data));
    visit_table_get(table: u32) => Op::TableGet(TableIndex(table));
    visit_table_set(table: u32) => Op::TableSet(TableIndex(table));
    visit_table_size(table: u32) => Op::TableSize(TableIndex(table));
    visit_table_grow(table: u32) => Op::TableGrow(TableIndex(table));
    visit_table_fill(table: u32) => Op::TableFill(TableIndex(table));
    visit_table_copy(dst: u32, src: u32) => Op::TableCopy { dst: TableIndex(dst), src: TableIndex(src) };
    visit_table_init(elem: u32, table: u32) => Op::TableInit { elem: ElemIndex(elem), table: TableIndex(table) };
    visit_elem_drop(elem: u32) => Op::ElemDrop(ElemIndex(elem));
    visit_ref_func(index: u32) => Op::RefFunc(FuncIndex(index));
}

access! {
    visit_i32_load => Load(LoadOp::I32), typing::load;
    visit_i64_load => Load(LoadOp::I64), typing::load;
    visit_f32_load => Load(LoadOp::F32), typing::load;
    visit_f64_load => Load(LoadOp::F64), typing::load;
    visit_i32_load8_s => Load(LoadOp::I32Load8S), typing::load;
    visit_i32_load8_u => Load(LoadOp::I32Load8U), typing::load;
    visit_i32_load16_s => Load(LoadOp::I32Load16S), typing::load;
    visit_i32_load16_u => Load(LoadOp::I32Load16U), typing::load;
    visit_i64_load8_s => Load(LoadOp::I64Load8S), typing::load;
    visit_i64_load8_u => Load(LoadOp::I64Load8U), typing::load;
    visit_i64_load16_s => Load(LoadOp::I64Load16S), typing::load;
    visit_i64_load16_u => Load(LoadOp::I64Load16U), typing::load;
    visit_i64_load32_s => Load(LoadOp::I64Load32S), typing::load;
    visit_i64_load32_u => Load(LoadOp::I64Load32U), typing::load;
    visit_i32_store => Store(StoreOp::I32), typing::store;
    visit_i64_store => Store(StoreOp::I64), typing::store;
    visit_f32_store => Store(StoreOp::F32), typing::store;
    visit_f64_store => Store(StoreOp::F64), typing::store;
    visit_i32_store8 => Store(StoreOp::I32Store8), typing::store;
    visit_i32_store16 => Store(StoreOp::I32Store16), typing::store;
    visit_i64_store8 => Store(StoreOp::I64Store8), typing::store;
    visit_i64_store16 => Store(StoreOp::I64Store16), typing::store;
    visit_i64_store32 => Store(StoreOp::I64Store32), typing::store;
}

#[inline]
fn mem_arg<S: Sink>(
    t: &Translator<'_, S>,
    arg: wasmparser::MemArg,
) -> Result<MemArg, Box<WasmError>> {
    if arg.align > arg.max_align {
        t.valid(Err(Mistake))?;
    }
    // Without 64-bit memories the reader takes offsets as 32-bit numbers.
    match (arg.target, u32::try_from(arg.offset)) {
        (MemArgTarget::Memory(memory), Ok(offset)) => Ok(MemArg {
            memory: MemoryIndex(memory),
            offset,
        }),
        (MemArgTarget::Array(_), _) => Err(Box::new(unsupported(Proposal::Gc, t.offset))),
        (_, Err(_)) => Err(Box::new(unsupported(Proposal::Memory64, t.offset))),
    }
}

#[inline]
pub(super) fn visit_nop<S: Sink>(t: &mut Translator<'_, S>) -> Visit {
    t.goes_on(Ok(())).map(|_| ())
}

/// A local is a position near the bottom of the stack: reading it copies it.
#[inline]
pub(super) fn visit_local_get<S: Sink>(t: &mut Translator<'_, S>, local: u32) -> Visit {
    let ty = t.valid(t.operands.local(local))?;
    let depth = t.operands.height() - 1 - local;
    let pushed = t.operands.push(ty);
    if t.goes_on(pushed)? {
        t.sink.op(Op::Pick(depth));
    }
    Ok(())
}

/// The new value changes places with the old one, which is dropped.
#[inline]
pub(super) fn visit_local_set<S: Sink>(t: &mut Translator<'_, S>, local: u32) -> Visit {
    let ty = t.valid(t.operands.local(local))?;
    let popped = t.operands.pop(ty);
    let depth = t.operands.height() - local;
    if t.goes_on(popped)? {
        t.sink.replace(depth);
    }
    Ok(())
}

#[inline]
pub(super) fn visit_local_tee<S: Sink>(t: &mut Translator<'_, S>, local: u32) -> Visit {
    let ty = t.valid(t.operands.local(local))?;
    let kept = t.operands.unary(ty, ty);
    let depth = t.operands.height() - 1 - local;
    if t.goes_on(kept)? {
        t.sink.tee(depth);
    }
    Ok(())
}

#[inline]
pub(super) fn visit_select<S: Sink>(t: &mut Translator<'_, S>) -> Visit {
    let selected = t.operands.select();
    if t.goes_on(selected)? {
        // In reachable code every type is known.
        let ty = t.valid(t.operands.top().ok_or(Mistake))?;
        t.sink.op(Op::Select(ty));
    }
    Ok(())
}

#[inline]
pub(super) fn visit_typed_select<S: Sink>(
    t: &mut Translator<'_, S>,
    ty: wasmparser::ValType,
) -> Visit {
    let ty = val_type(ty, t.offset)?;
    t.op(Op::Select(ty))
}

#[inline]
pub(super) fn visit_ref_null<S: Sink>(t: &mut Translator<'_, S>, ty: HeapType) -> Visit {
    let ty = heap_type(ty, t.offset)?;
    t.op(Op::Const(Const::Null(ty)))
}
