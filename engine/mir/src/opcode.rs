//! The table of operators: one row for each, with its name and its immediates.
//!
//! Whatever treats operators one by one outside of a backend (text, binary
//! form, statistics) goes by this table. A row that is missing does not compile,
//! because [`Op::opcode`] is a match over all of [`Op`]; an immediate that is
//! written is read, because both come from its row. The position of a row is the
//! operator's code in the binary form: new rows go to the end, or make a new version.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::immediates::{ReadImmediates, Scratch, WriteImmediates};
use crate::op::{
    AluOp, BitOp, Const, ConvertOp, DivOp, ExtendOp, FloatBinary, FloatCmp, FloatSize, FloatUnary,
    IntCmp, IntSize, LoadOp, Op, ShiftOp, StoreOp,
};

/// Reads an immediate of a kind; lists borrow the scratch, others do not need it.
macro_rules! read {
    ($reader:ident $scratch:ident labels) => {
        $reader.labels($scratch)?
    };
    ($reader:ident $scratch:ident decl) => {
        $reader.decl($scratch)?
    };
    ($reader:ident $scratch:ident $kind:ident) => {
        $reader.$kind()?
    };
}

/// The operator, if it borrows nothing: what kinds of immediates it has tells.
macro_rules! owned {
    ((fresh, decl) $op:expr) => {
        None
    };
    ((labels, label) $op:expr) => {
        None
    };
    (($($kind:ident),*) $op:expr) => {
        Some($op)
    };
}

macro_rules! opcodes {
    ($($opcode:ident $name:literal $(($($imm:ident: $kind:ident),*))? = { $($op:tt)* };)*) => {
        /// An operator without its immediates.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum Opcode {
            $($opcode,)*
        }

        impl Opcode {
            /// Every opcode, in order.
            pub const ALL: &'static [Opcode] = &[$(Opcode::$opcode),*];

            /// Its name in the text format: Wasm's, where Wasm has the operator.
            pub fn name(self) -> &'static str {
                match self {
                    $(Opcode::$opcode => $name,)*
                }
            }

            /// Kinds of its immediates, as the methods of [`ReadImmediates`] are called.
            pub fn immediates(self) -> &'static [&'static str] {
                match self {
                    $(Opcode::$opcode => &[$($(stringify!($kind)),*)?],)*
                }
            }

            /// The operator with the immediates that come from `reader`, whose lists are
            /// kept in `scratch`.
            pub fn read<'s, R: ReadImmediates>(
                self,
                reader: &mut R,
                scratch: &'s mut Scratch,
            ) -> Result<Op<'s>, R::Error> {
                Ok(match self {
                    $(Opcode::$opcode => {
                        $($(let $imm = read!(reader scratch $kind);)*)?
                        $($op)*
                    })*
                })
            }
        }

        impl Op<'_> {
            /// Which operator this is.
            #[allow(unused_variables)]
            pub fn opcode(&self) -> Opcode {
                match *self {
                    $($($op)* => Opcode::$opcode,)*
                }
            }

            /// The same operator for as long as it is wanted; `None` for those with a
            /// list, [`Op::Declare`] and [`Op::BrTable`].
            #[allow(unused_variables)]
            pub fn without_list(&self) -> Option<Op<'static>> {
                match *self {
                    $($($op)* => owned!(($($($kind),*)?) $($op)*),)*
                }
            }

            /// Hands its immediates to `writer`, in order.
            pub fn write<W: WriteImmediates>(&self, writer: &mut W) -> Result<(), W::Error> {
                match *self {
                    $($($op)* => {
                        $($(writer.$kind($imm.into())?;)*)?
                    })*
                }
                Ok(())
            }
        }
    };
}

opcodes! {
    // Blocks.
    Declare "declare" (label: fresh, decl: decl) = { Op::Declare(label, decl) };
    Label "label" (label: label) = { Op::Label(label) };
    Br "br" (label: label) = { Op::Br(label) };
    BrIf "br_if" (then: label, otherwise: label) = { Op::BrIf { then, otherwise } };
    BrTable "br_table" (targets: labels, default: label) = { Op::BrTable { targets, default } };
    Unreachable "unreachable" = { Op::Unreachable };
    // Stack.
    Pick "pick" (depth: number) = { Op::Pick(depth) };
    Swap "swap" (depth: number) = { Op::Swap(depth) };
    Drop "drop" = { Op::Drop };
    I32Const "i32.const" (value: i32) = { Op::Const(Const::I32(value)) };
    I64Const "i64.const" (value: i64) = { Op::Const(Const::I64(value)) };
    F32Const "f32.const" (bits: f32) = { Op::Const(Const::F32(bits)) };
    F64Const "f64.const" (bits: f64) = { Op::Const(Const::F64(bits)) };
    RefNull "ref.null" (ty: ty) = { Op::Const(Const::Null(ty)) };
    Zeros "zeros" (ty: ty, count: number) = { Op::Zeros { ty, count } };
    Select "select" (ty: ty) = { Op::Select(ty) };
    // `i32`.
    I32Eqz "i32.eqz" = { Op::Eqz(IntSize::I32) };
    I32Eq "i32.eq" = { Op::IntCmp(IntCmp::Eq, IntSize::I32) };
    I32Ne "i32.ne" = { Op::IntCmp(IntCmp::Ne, IntSize::I32) };
    I32LtS "i32.lt_s" = { Op::IntCmp(IntCmp::LtS, IntSize::I32) };
    I32LtU "i32.lt_u" = { Op::IntCmp(IntCmp::LtU, IntSize::I32) };
    I32GtS "i32.gt_s" = { Op::IntCmp(IntCmp::GtS, IntSize::I32) };
    I32GtU "i32.gt_u" = { Op::IntCmp(IntCmp::GtU, IntSize::I32) };
    I32LeS "i32.le_s" = { Op::IntCmp(IntCmp::LeS, IntSize::I32) };
    I32LeU "i32.le_u" = { Op::IntCmp(IntCmp::LeU, IntSize::I32) };
    I32GeS "i32.ge_s" = { Op::IntCmp(IntCmp::GeS, IntSize::I32) };
    I32GeU "i32.ge_u" = { Op::IntCmp(IntCmp::GeU, IntSize::I32) };
    I32Clz "i32.clz" = { Op::Bit(BitOp::Clz, IntSize::I32) };
    I32Ctz "i32.ctz" = { Op::Bit(BitOp::Ctz, IntSize::I32) };
    I32Popcnt "i32.popcnt" = { Op::Bit(BitOp::Popcnt, IntSize::I32) };
    I32Add "i32.add" = { Op::Alu(AluOp::Add, IntSize::I32) };
    I32Sub "i32.sub" = { Op::Alu(AluOp::Sub, IntSize::I32) };
    I32And "i32.and" = { Op::Alu(AluOp::And, IntSize::I32) };
    I32Or "i32.or" = { Op::Alu(AluOp::Or, IntSize::I32) };
    I32Xor "i32.xor" = { Op::Alu(AluOp::Xor, IntSize::I32) };
    I32Mul "i32.mul" = { Op::Mul(IntSize::I32) };
    I32DivS "i32.div_s" = { Op::Div(DivOp::DivS, IntSize::I32) };
    I32DivU "i32.div_u" = { Op::Div(DivOp::DivU, IntSize::I32) };
    I32RemS "i32.rem_s" = { Op::Div(DivOp::RemS, IntSize::I32) };
    I32RemU "i32.rem_u" = { Op::Div(DivOp::RemU, IntSize::I32) };
    I32Shl "i32.shl" = { Op::Shift(ShiftOp::Shl, IntSize::I32) };
    I32ShrS "i32.shr_s" = { Op::Shift(ShiftOp::ShrS, IntSize::I32) };
    I32ShrU "i32.shr_u" = { Op::Shift(ShiftOp::ShrU, IntSize::I32) };
    I32Rotl "i32.rotl" = { Op::Shift(ShiftOp::Rotl, IntSize::I32) };
    I32Rotr "i32.rotr" = { Op::Shift(ShiftOp::Rotr, IntSize::I32) };
    I32Extend8S "i32.extend8_s" = { Op::Extend(ExtendOp::I32Extend8S) };
    I32Extend16S "i32.extend16_s" = { Op::Extend(ExtendOp::I32Extend16S) };
    // `i64`.
    I64Eqz "i64.eqz" = { Op::Eqz(IntSize::I64) };
    I64Eq "i64.eq" = { Op::IntCmp(IntCmp::Eq, IntSize::I64) };
    I64Ne "i64.ne" = { Op::IntCmp(IntCmp::Ne, IntSize::I64) };
    I64LtS "i64.lt_s" = { Op::IntCmp(IntCmp::LtS, IntSize::I64) };
    I64LtU "i64.lt_u" = { Op::IntCmp(IntCmp::LtU, IntSize::I64) };
    I64GtS "i64.gt_s" = { Op::IntCmp(IntCmp::GtS, IntSize::I64) };
    I64GtU "i64.gt_u" = { Op::IntCmp(IntCmp::GtU, IntSize::I64) };
    I64LeS "i64.le_s" = { Op::IntCmp(IntCmp::LeS, IntSize::I64) };
    I64LeU "i64.le_u" = { Op::IntCmp(IntCmp::LeU, IntSize::I64) };
    I64GeS "i64.ge_s" = { Op::IntCmp(IntCmp::GeS, IntSize::I64) };
    I64GeU "i64.ge_u" = { Op::IntCmp(IntCmp::GeU, IntSize::I64) };
    I64Clz "i64.clz" = { Op::Bit(BitOp::Clz, IntSize::I64) };
    I64Ctz "i64.ctz" = { Op::Bit(BitOp::Ctz, IntSize::I64) };
    I64Popcnt "i64.popcnt" = { Op::Bit(BitOp::Popcnt, IntSize::I64) };
    I64Add "i64.add" = { Op::Alu(AluOp::Add, IntSize::I64) };
    I64Sub "i64.sub" = { Op::Alu(AluOp::Sub, IntSize::I64) };
    I64And "i64.and" = { Op::Alu(AluOp::And, IntSize::I64) };
    I64Or "i64.or" = { Op::Alu(AluOp::Or, IntSize::I64) };
    I64Xor "i64.xor" = { Op::Alu(AluOp::Xor, IntSize::I64) };
    I64Mul "i64.mul" = { Op::Mul(IntSize::I64) };
    I64DivS "i64.div_s" = { Op::Div(DivOp::DivS, IntSize::I64) };
    I64DivU "i64.div_u" = { Op::Div(DivOp::DivU, IntSize::I64) };
    I64RemS "i64.rem_s" = { Op::Div(DivOp::RemS, IntSize::I64) };
    I64RemU "i64.rem_u" = { Op::Div(DivOp::RemU, IntSize::I64) };
    I64Shl "i64.shl" = { Op::Shift(ShiftOp::Shl, IntSize::I64) };
    I64ShrS "i64.shr_s" = { Op::Shift(ShiftOp::ShrS, IntSize::I64) };
    I64ShrU "i64.shr_u" = { Op::Shift(ShiftOp::ShrU, IntSize::I64) };
    I64Rotl "i64.rotl" = { Op::Shift(ShiftOp::Rotl, IntSize::I64) };
    I64Rotr "i64.rotr" = { Op::Shift(ShiftOp::Rotr, IntSize::I64) };
    I64Extend8S "i64.extend8_s" = { Op::Extend(ExtendOp::I64Extend8S) };
    I64Extend16S "i64.extend16_s" = { Op::Extend(ExtendOp::I64Extend16S) };
    I64Extend32S "i64.extend32_s" = { Op::Extend(ExtendOp::I64Extend32S) };
    // `f32`.
    F32Eq "f32.eq" = { Op::FloatCmp(FloatCmp::Eq, FloatSize::F32) };
    F32Ne "f32.ne" = { Op::FloatCmp(FloatCmp::Ne, FloatSize::F32) };
    F32Lt "f32.lt" = { Op::FloatCmp(FloatCmp::Lt, FloatSize::F32) };
    F32Gt "f32.gt" = { Op::FloatCmp(FloatCmp::Gt, FloatSize::F32) };
    F32Le "f32.le" = { Op::FloatCmp(FloatCmp::Le, FloatSize::F32) };
    F32Ge "f32.ge" = { Op::FloatCmp(FloatCmp::Ge, FloatSize::F32) };
    F32Abs "f32.abs" = { Op::FloatUnary(FloatUnary::Abs, FloatSize::F32) };
    F32Neg "f32.neg" = { Op::FloatUnary(FloatUnary::Neg, FloatSize::F32) };
    F32Ceil "f32.ceil" = { Op::FloatUnary(FloatUnary::Ceil, FloatSize::F32) };
    F32Floor "f32.floor" = { Op::FloatUnary(FloatUnary::Floor, FloatSize::F32) };
    F32Trunc "f32.trunc" = { Op::FloatUnary(FloatUnary::Trunc, FloatSize::F32) };
    F32Nearest "f32.nearest" = { Op::FloatUnary(FloatUnary::Nearest, FloatSize::F32) };
    F32Sqrt "f32.sqrt" = { Op::FloatUnary(FloatUnary::Sqrt, FloatSize::F32) };
    F32Add "f32.add" = { Op::FloatBinary(FloatBinary::Add, FloatSize::F32) };
    F32Sub "f32.sub" = { Op::FloatBinary(FloatBinary::Sub, FloatSize::F32) };
    F32Mul "f32.mul" = { Op::FloatBinary(FloatBinary::Mul, FloatSize::F32) };
    F32Div "f32.div" = { Op::FloatBinary(FloatBinary::Div, FloatSize::F32) };
    F32Min "f32.min" = { Op::FloatBinary(FloatBinary::Min, FloatSize::F32) };
    F32Max "f32.max" = { Op::FloatBinary(FloatBinary::Max, FloatSize::F32) };
    F32Copysign "f32.copysign" = { Op::FloatBinary(FloatBinary::Copysign, FloatSize::F32) };
    // `f64`.
    F64Eq "f64.eq" = { Op::FloatCmp(FloatCmp::Eq, FloatSize::F64) };
    F64Ne "f64.ne" = { Op::FloatCmp(FloatCmp::Ne, FloatSize::F64) };
    F64Lt "f64.lt" = { Op::FloatCmp(FloatCmp::Lt, FloatSize::F64) };
    F64Gt "f64.gt" = { Op::FloatCmp(FloatCmp::Gt, FloatSize::F64) };
    F64Le "f64.le" = { Op::FloatCmp(FloatCmp::Le, FloatSize::F64) };
    F64Ge "f64.ge" = { Op::FloatCmp(FloatCmp::Ge, FloatSize::F64) };
    F64Abs "f64.abs" = { Op::FloatUnary(FloatUnary::Abs, FloatSize::F64) };
    F64Neg "f64.neg" = { Op::FloatUnary(FloatUnary::Neg, FloatSize::F64) };
    F64Ceil "f64.ceil" = { Op::FloatUnary(FloatUnary::Ceil, FloatSize::F64) };
    F64Floor "f64.floor" = { Op::FloatUnary(FloatUnary::Floor, FloatSize::F64) };
    F64Trunc "f64.trunc" = { Op::FloatUnary(FloatUnary::Trunc, FloatSize::F64) };
    F64Nearest "f64.nearest" = { Op::FloatUnary(FloatUnary::Nearest, FloatSize::F64) };
    F64Sqrt "f64.sqrt" = { Op::FloatUnary(FloatUnary::Sqrt, FloatSize::F64) };
    F64Add "f64.add" = { Op::FloatBinary(FloatBinary::Add, FloatSize::F64) };
    F64Sub "f64.sub" = { Op::FloatBinary(FloatBinary::Sub, FloatSize::F64) };
    F64Mul "f64.mul" = { Op::FloatBinary(FloatBinary::Mul, FloatSize::F64) };
    F64Div "f64.div" = { Op::FloatBinary(FloatBinary::Div, FloatSize::F64) };
    F64Min "f64.min" = { Op::FloatBinary(FloatBinary::Min, FloatSize::F64) };
    F64Max "f64.max" = { Op::FloatBinary(FloatBinary::Max, FloatSize::F64) };
    F64Copysign "f64.copysign" = { Op::FloatBinary(FloatBinary::Copysign, FloatSize::F64) };
    // Conversions.
    I32WrapI64 "i32.wrap_i64" = { Op::Convert(ConvertOp::I32WrapI64) };
    I64ExtendI32S "i64.extend_i32_s" = { Op::Convert(ConvertOp::I64ExtendI32S) };
    I64ExtendI32U "i64.extend_i32_u" = { Op::Convert(ConvertOp::I64ExtendI32U) };
    I32TruncF32S "i32.trunc_f32_s" = { Op::Convert(ConvertOp::I32TruncF32S) };
    I32TruncF32U "i32.trunc_f32_u" = { Op::Convert(ConvertOp::I32TruncF32U) };
    I32TruncF64S "i32.trunc_f64_s" = { Op::Convert(ConvertOp::I32TruncF64S) };
    I32TruncF64U "i32.trunc_f64_u" = { Op::Convert(ConvertOp::I32TruncF64U) };
    I64TruncF32S "i64.trunc_f32_s" = { Op::Convert(ConvertOp::I64TruncF32S) };
    I64TruncF32U "i64.trunc_f32_u" = { Op::Convert(ConvertOp::I64TruncF32U) };
    I64TruncF64S "i64.trunc_f64_s" = { Op::Convert(ConvertOp::I64TruncF64S) };
    I64TruncF64U "i64.trunc_f64_u" = { Op::Convert(ConvertOp::I64TruncF64U) };
    I32TruncSatF32S "i32.trunc_sat_f32_s" = { Op::Convert(ConvertOp::I32TruncSatF32S) };
    I32TruncSatF32U "i32.trunc_sat_f32_u" = { Op::Convert(ConvertOp::I32TruncSatF32U) };
    I32TruncSatF64S "i32.trunc_sat_f64_s" = { Op::Convert(ConvertOp::I32TruncSatF64S) };
    I32TruncSatF64U "i32.trunc_sat_f64_u" = { Op::Convert(ConvertOp::I32TruncSatF64U) };
    I64TruncSatF32S "i64.trunc_sat_f32_s" = { Op::Convert(ConvertOp::I64TruncSatF32S) };
    I64TruncSatF32U "i64.trunc_sat_f32_u" = { Op::Convert(ConvertOp::I64TruncSatF32U) };
    I64TruncSatF64S "i64.trunc_sat_f64_s" = { Op::Convert(ConvertOp::I64TruncSatF64S) };
    I64TruncSatF64U "i64.trunc_sat_f64_u" = { Op::Convert(ConvertOp::I64TruncSatF64U) };
    F32ConvertI32S "f32.convert_i32_s" = { Op::Convert(ConvertOp::F32ConvertI32S) };
    F32ConvertI32U "f32.convert_i32_u" = { Op::Convert(ConvertOp::F32ConvertI32U) };
    F32ConvertI64S "f32.convert_i64_s" = { Op::Convert(ConvertOp::F32ConvertI64S) };
    F32ConvertI64U "f32.convert_i64_u" = { Op::Convert(ConvertOp::F32ConvertI64U) };
    F64ConvertI32S "f64.convert_i32_s" = { Op::Convert(ConvertOp::F64ConvertI32S) };
    F64ConvertI32U "f64.convert_i32_u" = { Op::Convert(ConvertOp::F64ConvertI32U) };
    F64ConvertI64S "f64.convert_i64_s" = { Op::Convert(ConvertOp::F64ConvertI64S) };
    F64ConvertI64U "f64.convert_i64_u" = { Op::Convert(ConvertOp::F64ConvertI64U) };
    F32DemoteF64 "f32.demote_f64" = { Op::Convert(ConvertOp::F32DemoteF64) };
    F64PromoteF32 "f64.promote_f32" = { Op::Convert(ConvertOp::F64PromoteF32) };
    I32ReinterpretF32 "i32.reinterpret_f32" = { Op::Convert(ConvertOp::I32ReinterpretF32) };
    I64ReinterpretF64 "i64.reinterpret_f64" = { Op::Convert(ConvertOp::I64ReinterpretF64) };
    F32ReinterpretI32 "f32.reinterpret_i32" = { Op::Convert(ConvertOp::F32ReinterpretI32) };
    F64ReinterpretI64 "f64.reinterpret_i64" = { Op::Convert(ConvertOp::F64ReinterpretI64) };
    // Memory.
    I32Load "i32.load" (arg: memarg) = { Op::Load(LoadOp::I32, arg) };
    I64Load "i64.load" (arg: memarg) = { Op::Load(LoadOp::I64, arg) };
    F32Load "f32.load" (arg: memarg) = { Op::Load(LoadOp::F32, arg) };
    F64Load "f64.load" (arg: memarg) = { Op::Load(LoadOp::F64, arg) };
    I32Load8S "i32.load8_s" (arg: memarg) = { Op::Load(LoadOp::I32Load8S, arg) };
    I32Load8U "i32.load8_u" (arg: memarg) = { Op::Load(LoadOp::I32Load8U, arg) };
    I32Load16S "i32.load16_s" (arg: memarg) = { Op::Load(LoadOp::I32Load16S, arg) };
    I32Load16U "i32.load16_u" (arg: memarg) = { Op::Load(LoadOp::I32Load16U, arg) };
    I64Load8S "i64.load8_s" (arg: memarg) = { Op::Load(LoadOp::I64Load8S, arg) };
    I64Load8U "i64.load8_u" (arg: memarg) = { Op::Load(LoadOp::I64Load8U, arg) };
    I64Load16S "i64.load16_s" (arg: memarg) = { Op::Load(LoadOp::I64Load16S, arg) };
    I64Load16U "i64.load16_u" (arg: memarg) = { Op::Load(LoadOp::I64Load16U, arg) };
    I64Load32S "i64.load32_s" (arg: memarg) = { Op::Load(LoadOp::I64Load32S, arg) };
    I64Load32U "i64.load32_u" (arg: memarg) = { Op::Load(LoadOp::I64Load32U, arg) };
    I32Store "i32.store" (arg: memarg) = { Op::Store(StoreOp::I32, arg) };
    I64Store "i64.store" (arg: memarg) = { Op::Store(StoreOp::I64, arg) };
    F32Store "f32.store" (arg: memarg) = { Op::Store(StoreOp::F32, arg) };
    F64Store "f64.store" (arg: memarg) = { Op::Store(StoreOp::F64, arg) };
    I32Store8 "i32.store8" (arg: memarg) = { Op::Store(StoreOp::I32Store8, arg) };
    I32Store16 "i32.store16" (arg: memarg) = { Op::Store(StoreOp::I32Store16, arg) };
    I64Store8 "i64.store8" (arg: memarg) = { Op::Store(StoreOp::I64Store8, arg) };
    I64Store16 "i64.store16" (arg: memarg) = { Op::Store(StoreOp::I64Store16, arg) };
    I64Store32 "i64.store32" (arg: memarg) = { Op::Store(StoreOp::I64Store32, arg) };
    MemorySize "memory.size" (memory: index) = { Op::MemorySize(memory) };
    MemoryGrow "memory.grow" (memory: index) = { Op::MemoryGrow(memory) };
    MemoryFill "memory.fill" (memory: index) = { Op::MemoryFill(memory) };
    MemoryCopy "memory.copy" (dst: index, src: index) = { Op::MemoryCopy { dst, src } };
    MemoryInit "memory.init" (memory: index, data: index) = { Op::MemoryInit { data, memory } };
    DataDrop "data.drop" (data: index) = { Op::DataDrop(data) };
    // Globals, tables, references.
    GlobalGet "global.get" (global: index) = { Op::GlobalGet(global) };
    GlobalSet "global.set" (global: index) = { Op::GlobalSet(global) };
    TableGet "table.get" (table: index) = { Op::TableGet(table) };
    TableSet "table.set" (table: index) = { Op::TableSet(table) };
    TableSize "table.size" (table: index) = { Op::TableSize(table) };
    TableGrow "table.grow" (table: index) = { Op::TableGrow(table) };
    TableFill "table.fill" (table: index) = { Op::TableFill(table) };
    TableCopy "table.copy" (dst: index, src: index) = { Op::TableCopy { dst, src } };
    TableInit "table.init" (table: index, elem: index) = { Op::TableInit { elem, table } };
    ElemDrop "elem.drop" (elem: index) = { Op::ElemDrop(elem) };
    RefIsNull "ref.is_null" = { Op::RefIsNull };
    RefFunc "ref.func" (func: index) = { Op::RefFunc(func) };
    // Calls.
    Call "call" (func: index) = { Op::Call(func) };
    CallIndirect "call_indirect" (table: index, ty: index) = { Op::CallIndirect { ty, table } };
}

impl Opcode {
    /// The operator with this code in the binary form.
    pub fn from_code(code: u8) -> Option<Opcode> {
        Opcode::ALL.get(usize::from(code)).copied()
    }

    /// The operator with this name in the text form.
    pub fn from_name(name: &str) -> Option<Opcode> {
        static NAMES: OnceLock<HashMap<&str, Opcode>> = OnceLock::new();
        let names = NAMES.get_or_init(|| {
            let all = Opcode::ALL.iter();
            all.map(|&opcode| (opcode.name(), opcode)).collect()
        });
        names.get(name).copied()
    }
}

impl Op<'_> {
    /// Its name; see [`Opcode::name`].
    pub fn name(&self) -> &'static str {
        self.opcode().name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<_> = Opcode::ALL.iter().map(|opcode| opcode.name()).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        for &opcode in Opcode::ALL {
            assert_eq!(Opcode::from_name(opcode.name()), Some(opcode));
            assert_eq!(Opcode::from_code(opcode as u8), Some(opcode));
        }
    }
}
