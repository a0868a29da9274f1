//! Operators by lowering, and where their operands are.

use super::families::Fate::{self, Absent, Excluded, Reachable};
use microwasm::op::*;
use microwasm::{RegClass, ValType};

/// What is known of an operand's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ty {
    /// There is no such operand.
    None,
    I32,
    I64,
    /// `f32` or `f64`.
    Float,
    Ref,
    /// Anything in a general-purpose register.
    Gpr,
    /// Anything.
    Any,
}

macro_rules! lowerings {
    ($($name:ident $text:literal ($second:ident $top:ident) $(= $op:pat)?,)*) => {
        /// A lowering: operators whose code is chosen in the same way.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub(crate) enum Lowering {
            $($name,)*
        }

        impl Lowering {
            pub(super) const NAMES: &'static [&'static str] = &[$($text),*];
            /// The second operand from the top, and the top.
            const OPERANDS: &'static [(Ty, Ty)] = &[$((Ty::$second, Ty::$top)),*];

            /// The lowering of `op`, unless it depends on the operands' types.
            fn by_op(op: &Op<'_>) -> Option<Lowering> {
                Some(match op {
                    $($($op => Lowering::$name,)?)*
                    _ => return None,
                })
            }
        }
    };
}

use ConvertOp as C;
use FloatBinary as Fb;
use FloatCmp as Fc;
use FloatSize::{F32, F64};
use FloatUnary as Fu;
use IntSize::{I32, I64};

lowerings! {
    Add32 "i32.add" (I32 I32) = Op::Alu(AluOp::Add, I32),
    Sub32 "i32.sub" (I32 I32) = Op::Alu(AluOp::Sub, I32),
    Bits32 "i32.and/or/xor" (I32 I32) = Op::Alu(_, I32),
    Add64 "i64.add" (I64 I64) = Op::Alu(AluOp::Add, I64),
    Sub64 "i64.sub" (I64 I64) = Op::Alu(AluOp::Sub, I64),
    Bits64 "i64.and/or/xor" (I64 I64) = Op::Alu(_, I64),
    Mul32 "i32.mul" (I32 I32) = Op::Mul(I32),
    Mul64 "i64.mul" (I64 I64) = Op::Mul(I64),
    Rotate32 "i32.rotl/rotr" (I32 I32) = Op::Shift(ShiftOp::Rotl | ShiftOp::Rotr, I32),
    Shift32 "i32.shl/shr" (I32 I32) = Op::Shift(_, I32),
    Rotate64 "i64.rotl/rotr" (I64 I64) = Op::Shift(ShiftOp::Rotl | ShiftOp::Rotr, I64),
    Shift64 "i64.shl/shr" (I64 I64) = Op::Shift(_, I64),
    DivS32 "i32.div_s" (I32 I32) = Op::Div(DivOp::DivS, I32),
    RemS32 "i32.rem_s" (I32 I32) = Op::Div(DivOp::RemS, I32),
    DivU32 "i32.div_u/rem_u" (I32 I32) = Op::Div(_, I32),
    DivS64 "i64.div_s" (I64 I64) = Op::Div(DivOp::DivS, I64),
    RemS64 "i64.rem_s" (I64 I64) = Op::Div(DivOp::RemS, I64),
    DivU64 "i64.div_u/rem_u" (I64 I64) = Op::Div(_, I64),
    Compare32 "i32 compare" (I32 I32) = Op::IntCmp(_, I32),
    Compare64 "i64 compare" (I64 I64) = Op::IntCmp(_, I64),
    Bit32 "i32.clz/ctz/popcnt" (None I32) = Op::Bit(_, I32),
    Bit64 "i64.clz/ctz/popcnt" (None I64) = Op::Bit(_, I64),
    Eqz32 "i32.eqz" (None I32) = Op::Eqz(I32),
    Eqz64 "i64.eqz" (None I64) = Op::Eqz(I64),
    IsNull "ref.is_null" (None Ref) = Op::RefIsNull,
    Extend32 "i32.extend_s" (None I32) = Op::Extend(ExtendOp::I32Extend8S | ExtendOp::I32Extend16S),
    Extend64 "i64.extend_s" (None I64) = Op::Extend(_),
    Min32 "f32.min/max" (Float Float) = Op::FloatBinary(Fb::Min | Fb::Max, F32),
    Min64 "f64.min/max" (Float Float) = Op::FloatBinary(Fb::Min | Fb::Max, F64),
    Copysign32 "f32.copysign" (Float Float) = Op::FloatBinary(Fb::Copysign, F32),
    Copysign64 "f64.copysign" (Float Float) = Op::FloatBinary(Fb::Copysign, F64),
    Float32 "f32.add/sub/mul/div" (Float Float) = Op::FloatBinary(_, F32),
    Float64 "f64.add/sub/mul/div" (Float Float) = Op::FloatBinary(_, F64),
    FloatEq32 "f32.eq/ne" (Float Float) = Op::FloatCmp(Fc::Eq | Fc::Ne, F32),
    FloatEq64 "f64.eq/ne" (Float Float) = Op::FloatCmp(Fc::Eq | Fc::Ne, F64),
    FloatCmp32 "f32 compare" (Float Float) = Op::FloatCmp(_, F32),
    FloatCmp64 "f64 compare" (Float Float) = Op::FloatCmp(_, F64),
    Sign32 "f32.abs/neg" (None Float) = Op::FloatUnary(Fu::Abs | Fu::Neg, F32),
    Sign64 "f64.abs/neg" (None Float) = Op::FloatUnary(Fu::Abs | Fu::Neg, F64),
    Sqrt32 "f32.sqrt" (None Float) = Op::FloatUnary(Fu::Sqrt, F32),
    Sqrt64 "f64.sqrt" (None Float) = Op::FloatUnary(Fu::Sqrt, F64),
    Round32 "f32 rounding" (None Float) = Op::FloatUnary(_, F32),
    Round64 "f64 rounding" (None Float) = Op::FloatUnary(_, F64),
    Wrap "i32.wrap_i64" (None I64) = Op::Convert(C::I32WrapI64),
    ExtendS "i64.extend_i32_s" (None I32) = Op::Convert(C::I64ExtendI32S),
    ExtendU "i64.extend_i32_u" (None I32) = Op::Convert(C::I64ExtendI32U),
    Trunc32 "i32.trunc" (None Float) = Op::Convert(
        C::I32TruncF32S | C::I32TruncF32U | C::I32TruncF64S | C::I32TruncF64U),
    Trunc64 "i64.trunc" (None Float) = Op::Convert(
        C::I64TruncF32S | C::I64TruncF32U | C::I64TruncF64S | C::I64TruncF64U),
    Sat32 "i32.trunc_sat" (None Float) = Op::Convert(
        C::I32TruncSatF32S | C::I32TruncSatF32U | C::I32TruncSatF64S | C::I32TruncSatF64U),
    Sat64 "i64.trunc_sat" (None Float) = Op::Convert(
        C::I64TruncSatF32S | C::I64TruncSatF32U | C::I64TruncSatF64S | C::I64TruncSatF64U),
    Convert32 "convert_i32" (None I32) = Op::Convert(
        C::F32ConvertI32S | C::F32ConvertI32U | C::F64ConvertI32S | C::F64ConvertI32U),
    Convert64S "convert_i64_s" (None I64) = Op::Convert(C::F32ConvertI64S | C::F64ConvertI64S),
    Convert64U "convert_i64_u" (None I64) = Op::Convert(C::F32ConvertI64U | C::F64ConvertI64U),
    Resize "promote/demote" (None Float) = Op::Convert(C::F32DemoteF64 | C::F64PromoteF32),
    FromFloat "reinterpret_f" (None Float) = Op::Convert(C::I32ReinterpretF32 | C::I64ReinterpretF64),
    FromI32 "reinterpret_i32" (None I32) = Op::Convert(C::F32ReinterpretI32),
    FromI64 "reinterpret_i64" (None I64) = Op::Convert(C::F64ReinterpretI64),
    LoadFloat "load of a float" (None I32) = Op::Load(LoadOp::F32 | LoadOp::F64, _),
    Load "load" (None I32) = Op::Load(..),
    Store32 "i32.store" (I32 I32) = Op::Store(StoreOp::I32 | StoreOp::I32Store8 | StoreOp::I32Store16, _),
    StoreFloat "store of a float" (I32 Float) = Op::Store(StoreOp::F32 | StoreOp::F64, _),
    Store64 "i64.store" (I32 I64) = Op::Store(..),
    MemoryGrow "memory.grow" (None I32) = Op::MemoryGrow(_),
    Bulk "memory and table: fill, copy, init" (I32 I32) = Op::MemoryFill(_) | Op::MemoryCopy { .. }
        | Op::MemoryInit { .. } | Op::TableCopy { .. } | Op::TableInit { .. },
    TableFill "table.fill" (Ref I32) = Op::TableFill(_),
    TableGrow "table.grow" (Ref I32) = Op::TableGrow(_),
    TableGet "table.get" (None I32) = Op::TableGet(_),
    TableSet "table.set" (I32 Ref) = Op::TableSet(_),
    GlobalSet "global.set" (None Any) = Op::GlobalSet(_),
    CallIndirect "call_indirect" (None I32) = Op::CallIndirect { .. },
    Call "call" (None None) = Op::Call(_),
    RefFunc "ref.func" (None None) = Op::RefFunc(_),
    Drops "data.drop/elem.drop" (None None) = Op::DataDrop(_) | Op::ElemDrop(_),
    Size "memory.size/table.size" (None None) = Op::MemorySize(_) | Op::TableSize(_),
    GlobalGet "global.get" (None None) = Op::GlobalGet(_),
    BrIf "br_if" (None I32) = Op::BrIf { .. },
    BrTable "br_table" (None I32) = Op::BrTable { .. },
    Drop "drop" (None Any) = Op::Drop,
    SelectGpr "select" (Gpr I32),
    SelectFloat "select of floats" (Float I32),
    ChosenGpr "select: the values" (Gpr Gpr),
    ChosenFloat "select of floats: the values" (Float Float),
}

impl Lowering {
    /// The lowering of `op`, if it has one.
    pub(crate) fn of(op: &Op<'_>) -> Option<Lowering> {
        match op {
            Op::Select(ty) if ty.class() == RegClass::Xmm => Some(Lowering::SelectFloat),
            Op::Select(_) => Some(Lowering::SelectGpr),
            _ => Lowering::by_op(op),
        }
    }

    /// What else is to be recorded of it: two operands deeper.
    pub(crate) fn deeper(self) -> Option<Lowering> {
        match self {
            Lowering::SelectGpr => Some(Lowering::ChosenGpr),
            Lowering::SelectFloat => Some(Lowering::ChosenFloat),
            _ => None,
        }
    }

    /// How many of the two topmost values are operands.
    pub(crate) fn count(self) -> u32 {
        match Lowering::OPERANDS[self as usize] {
            (_, Ty::None) => 0,
            (Ty::None, _) => 1,
            _ => 2,
        }
    }
}

/// Where an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There is no such operand.
    None,
    /// A constant that an instruction can hold: 32 bits, or a float's zero.
    Immediate,
    /// Another constant.
    Constant,
    /// Its home slot.
    Home,
    /// Another's slot.
    Slot,
    /// The pending compare; for the second operand, where the top is.
    Special,
    /// A register that only operands are in.
    Own,
    /// A register that stays in use.
    Shared,
}

impl Kind {
    pub(super) const TOP: &'static [&'static str] = &[
        "",
        "immediate",
        "constant",
        "home",
        "slot",
        "flags",
        "register",
        "shared register",
    ];
    pub(super) const X64_SECOND: &'static [&'static str] = &[
        "",
        "under immediate",
        "under constant",
        "under home",
        "under slot",
        "under the same",
        "under register",
        "under shared register",
    ];
    pub(super) const BYTECODE_TOP: &'static [&'static str] =
        &["", "immediate", "constant", "home", "slot", "compare"];
    pub(super) const BYTECODE_SECOND: &'static [&'static str] = &[
        "",
        "under immediate",
        "under constant",
        "under home",
        "under slot",
        "under the same",
    ];

    /// Of a constant of this type.
    pub(crate) fn of_constant(ty: ValType, bits: u64) -> Kind {
        let fits = match ty {
            ValType::I64 => i32::try_from(bits as i64).is_ok(),
            ValType::F32 | ValType::F64 | ValType::V128 => bits == 0,
            ValType::I32 | ValType::FuncRef | ValType::ExternRef => true,
        };
        if fits {
            Kind::Immediate
        } else {
            Kind::Constant
        }
    }
}

/// Registers that are free: many, up to three, none.
pub(super) const PRESSURE: &[&str] = &["many free", "few free", "none free"];

/// What can be said of one operand.
fn operand(ty: Ty, kind: usize, top: bool) -> Fate {
    let none = ty == Ty::None;
    if none != (kind == Kind::None as usize) {
        return Absent;
    }
    let wide = kind == Kind::Constant as usize;
    if wide && ty == Ty::I32 {
        return Excluded("every i32 is an immediate");
    }
    if wide && ty == Ty::Ref {
        return Excluded("null is the only constant");
    }
    let flags = top && kind == Kind::Special as usize;
    if flags && !matches!(ty, Ty::I32 | Ty::Any) {
        return Excluded("a pending compare is an i32");
    }
    Reachable
}

/// At lowering, top and second operand.
pub(super) fn operands(at: &[usize]) -> Fate {
    let (lowering, top, second) = (at[0], at[1], at[2]);
    let (second_ty, top_ty) = Lowering::OPERANDS[lowering];
    for fate in [
        operand(second_ty, second, false),
        operand(top_ty, top, true),
    ] {
        if !matches!(fate, Reachable) {
            return fate;
        }
    }
    let constant = |kind| kind == Kind::Immediate as usize || kind == Kind::Constant as usize;
    if second == Kind::Special as usize {
        if constant(top) || top == Kind::Special as usize {
            return Excluded("only registers and slots are shared");
        }
        if top == Kind::Home as usize {
            return Excluded("a named slot lies below who names it");
        }
        if second_ty != top_ty && second_ty != Ty::Gpr {
            return Excluded("who shares a place has one type");
        }
    }
    Reachable
}
