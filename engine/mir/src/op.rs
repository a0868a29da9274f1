//! The Microwasm operators and the sink that consumes them one at a time.
//!
//! Microwasm is a typed stack machine without locals and without structured
//! control. A function starts with its parameters on the virtual stack; a
//! front end feeds operators into a [`Sink`], which compiles, prints or stores
//! them. Operators borrow what they need (argument types, branch tables), so
//! that none has to be allocated.
//!
//! Invariants that a producer keeps and every sink may rely on:
//! - A label is declared before anything branches to it, and bound exactly once.
//!   [`Label::RETURN`] exists from the start and is never declared or bound.
//! - Labels are numbered in the order of their declarations, from 1.
//! - After `Br`, `BrIf`, `BrTable` and `Unreachable`, the next operator is
//!   `Label` (possibly after `Declare`s), or the function ends.
//! - A block runs into the next one only by an explicit `Br`.
//! - `Swap` exchanges two values of the same type.
//! - The label's stack prefix, the values below [`BlockDecl::base`], is not
//!   popped between the declaration and the last use of the label.
//!
//! Names follow the Wasm specification wherever it has one. Signedness sits in
//! the operator.

use crate::types::{
    DataIndex, ElemIndex, FuncIndex, GlobalIndex, Label, MemoryIndex, StackHeight, TableIndex,
    TypeIndex, ValType,
};

/// Width of an integer operator.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntSize {
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
}

/// Width of a floating-point operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FloatSize {
    /// 32 bits.
    F32,
    /// 64 bits.
    F64,
}

impl IntSize {
    /// The value type of this width.
    #[inline]
    pub const fn ty(self) -> ValType {
        match self {
            IntSize::I32 => ValType::I32,
            IntSize::I64 => ValType::I64,
        }
    }
}

impl FloatSize {
    /// The value type of this width.
    #[inline]
    pub const fn ty(self) -> ValType {
        match self {
            FloatSize::F32 => ValType::F32,
            FloatSize::F64 => ValType::F64,
        }
    }
}

/// Integer operators without a fixed-register form: two operands, one result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum AluOp {
    Add,
    Sub,
    And,
    Or,
    Xor,
}

/// Shifts and rotates; the count is taken modulo the width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ShiftOp {
    Shl,
    ShrS,
    ShrU,
    Rotl,
    Rotr,
}

/// Division and remainder. All trap on a zero divisor; `DivS` also on overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum DivOp {
    DivS,
    DivU,
    RemS,
    RemU,
}

/// Bit counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BitOp {
    Clz,
    Ctz,
    Popcnt,
}

/// Integer comparisons; the result is an `i32`, 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum IntCmp {
    Eq,
    Ne,
    LtS,
    LtU,
    GtS,
    GtU,
    LeS,
    LeU,
    GeS,
    GeU,
}

/// Floating-point comparisons; the result is an `i32`, 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum FloatCmp {
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
}

/// Floating-point operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum FloatBinary {
    Add,
    Sub,
    Mul,
    Div,
    Min,
    Max,
    Copysign,
}

/// Floating-point operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum FloatUnary {
    Abs,
    Neg,
    Ceil,
    Floor,
    Trunc,
    Nearest,
    Sqrt,
}

/// In-place sign extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ExtendOp {
    I32Extend8S,
    I32Extend16S,
    I64Extend8S,
    I64Extend16S,
    I64Extend32S,
}

impl ExtendOp {
    /// Type of operand and result.
    #[inline]
    pub const fn ty(self) -> ValType {
        use ExtendOp::*;
        match self {
            I32Extend8S | I32Extend16S => ValType::I32,
            I64Extend8S | I64Extend16S | I64Extend32S => ValType::I64,
        }
    }
}

/// Conversions; named `<result><from><operand>` with the Wasm verb between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ConvertOp {
    I32WrapI64,
    I64ExtendI32S,
    I64ExtendI32U,
    I32TruncF32S,
    I32TruncF32U,
    I32TruncF64S,
    I32TruncF64U,
    I64TruncF32S,
    I64TruncF32U,
    I64TruncF64S,
    I64TruncF64U,
    I32TruncSatF32S,
    I32TruncSatF32U,
    I32TruncSatF64S,
    I32TruncSatF64U,
    I64TruncSatF32S,
    I64TruncSatF32U,
    I64TruncSatF64S,
    I64TruncSatF64U,
    F32ConvertI32S,
    F32ConvertI32U,
    F32ConvertI64S,
    F32ConvertI64U,
    F64ConvertI32S,
    F64ConvertI32U,
    F64ConvertI64S,
    F64ConvertI64U,
    F32DemoteF64,
    F64PromoteF32,
    I32ReinterpretF32,
    I64ReinterpretF64,
    F32ReinterpretI32,
    F64ReinterpretI64,
}

impl ConvertOp {
    /// Operand type and result type.
    pub const fn signature(self) -> (ValType, ValType) {
        use ConvertOp::*;
        use ValType::*;
        match self {
            I32WrapI64 => (I64, I32),
            I64ExtendI32S | I64ExtendI32U => (I32, I64),
            I32TruncF32S | I32TruncF32U | I32TruncSatF32S | I32TruncSatF32U => (F32, I32),
            I32TruncF64S | I32TruncF64U | I32TruncSatF64S | I32TruncSatF64U => (F64, I32),
            I64TruncF32S | I64TruncF32U | I64TruncSatF32S | I64TruncSatF32U => (F32, I64),
            I64TruncF64S | I64TruncF64U | I64TruncSatF64S | I64TruncSatF64U => (F64, I64),
            F32ConvertI32S | F32ConvertI32U => (I32, F32),
            F32ConvertI64S | F32ConvertI64U => (I64, F32),
            F64ConvertI32S | F64ConvertI32U => (I32, F64),
            F64ConvertI64S | F64ConvertI64U => (I64, F64),
            F32DemoteF64 => (F64, F32),
            F64PromoteF32 => (F32, F64),
            I32ReinterpretF32 => (F32, I32),
            I64ReinterpretF64 => (F64, I64),
            F32ReinterpretI32 => (I32, F32),
            F64ReinterpretI64 => (I64, F64),
        }
    }
}

/// Loads: result type, width in memory and extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum LoadOp {
    I32,
    I64,
    F32,
    F64,
    I32Load8S,
    I32Load8U,
    I32Load16S,
    I32Load16U,
    I64Load8S,
    I64Load8U,
    I64Load16S,
    I64Load16U,
    I64Load32S,
    I64Load32U,
}

impl LoadOp {
    /// Type of the loaded value.
    #[inline]
    pub const fn ty(self) -> ValType {
        use LoadOp::*;
        match self {
            I32 | I32Load8S | I32Load8U | I32Load16S | I32Load16U => ValType::I32,
            F32 => ValType::F32,
            F64 => ValType::F64,
            _ => ValType::I64,
        }
    }

    /// Bytes read from memory.
    #[inline]
    pub fn bytes(self) -> u32 {
        use LoadOp::*;
        match self {
            I32Load8S | I32Load8U | I64Load8S | I64Load8U => 1,
            I32Load16S | I32Load16U | I64Load16S | I64Load16U => 2,
            I32 | F32 | I64Load32S | I64Load32U => 4,
            I64 | F64 => 8,
        }
    }
}

/// Stores: operand type and width in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum StoreOp {
    I32,
    I64,
    F32,
    F64,
    I32Store8,
    I32Store16,
    I64Store8,
    I64Store16,
    I64Store32,
}

impl StoreOp {
    /// Type of the stored value.
    #[inline]
    pub const fn ty(self) -> ValType {
        use StoreOp::*;
        match self {
            I32 | I32Store8 | I32Store16 => ValType::I32,
            F32 => ValType::F32,
            F64 => ValType::F64,
            _ => ValType::I64,
        }
    }

    /// Bytes written to memory.
    #[inline]
    pub fn bytes(self) -> u32 {
        use StoreOp::*;
        match self {
            I32Store8 | I64Store8 => 1,
            I32Store16 | I64Store16 => 2,
            I32 | F32 | I64Store32 => 4,
            I64 | F64 => 8,
        }
    }
}

/// The immediate of a load or store. Alignment is a hint that no engine here uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemArg {
    /// The memory accessed.
    pub memory: MemoryIndex,
    /// Constant byte offset, added to the index without wrap-around.
    pub offset: u32,
}

/// A constant. Floats are kept as bits, so that NaN payloads survive.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Const {
    /// `i32.const`
    I32(i32),
    /// `i64.const`
    I64(i64),
    /// `f32.const`, as bits.
    F32(u32),
    /// `f64.const`, as bits.
    F64(u64),
    /// `ref.null` of a reference type.
    Null(ValType),
}

impl Const {
    /// The type of the constant.
    #[inline]
    pub const fn ty(self) -> ValType {
        match self {
            Const::I32(_) => ValType::I32,
            Const::I64(_) => ValType::I64,
            Const::F32(_) => ValType::F32,
            Const::F64(_) => ValType::F64,
            Const::Null(ty) => ty,
        }
    }

    /// The bits of the constant, zero-extended; null is 0.
    #[inline]
    pub fn bits(self) -> u64 {
        match self {
            Const::I32(v) => v as u32 as u64,
            Const::I64(v) => v as u64,
            Const::F32(v) => v as u64,
            Const::F64(v) => v,
            Const::Null(_) => 0,
        }
    }
}

/// What is known of a block when it is declared.
///
/// A block's arguments lie on the stack from height `base` on; what is below is
/// the stack as it is at the declaration. A branch takes its arguments from the
/// top of the stack and drops everything between them and `base`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockDecl<'a> {
    /// Height of the stack below the block's arguments.
    pub base: StackHeight,
    /// Argument types, lowest first.
    pub args: &'a [ValType],
    /// Whether a branch may come after the block was bound (loops).
    pub backward: bool,
    /// How many branches there will be, if that is known.
    pub callers: Option<u32>,
}

/// One Microwasm operator. Comments give the stack effect, top on the right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op<'a> {
    /// Declares a block. `[] -> []`
    Declare(Label, BlockDecl<'a>),
    /// Begins a block: the stack is now the block's base and arguments.
    Label(Label),
    /// Branches to a block.
    Br(Label),
    /// Branches to `then` when the operand is not zero, to `otherwise` when it is.
    /// The operand is popped before the arguments are taken. `[i32] -> `
    BrIf {
        /// Target when the operand is not zero.
        then: Label,
        /// Target when the operand is zero.
        otherwise: Label,
    },
    /// Branches to `targets[operand]`, or to `default` when out of range. `[i32] -> `
    BrTable {
        /// Targets by index.
        targets: &'a [Label],
        /// Target for every other index.
        default: Label,
    },
    /// Traps. `[] -> `
    Unreachable,

    /// Pushes a copy of the value `n` below the top; 0 is the top itself.
    Pick(u32),
    /// Exchanges the top with the value `n` below it (`n` ≥ 1), of the same type.
    Swap(u32),
    /// Drops the top. `[t] -> []`
    Drop,
    /// Pushes a constant. `[] -> [t]`
    Const(Const),
    /// Pushes `count` zeros (null references) of one type. `[] -> [t*]`
    Zeros {
        /// Type of every value pushed.
        ty: ValType,
        /// How many.
        count: u32,
    },

    /// `[i i] -> [i]`
    Alu(AluOp, IntSize),
    /// `[i i] -> [i]`
    Mul(IntSize),
    /// `[i i] -> [i]`
    Shift(ShiftOp, IntSize),
    /// `[i i] -> [i]`, may trap
    Div(DivOp, IntSize),
    /// `[i] -> [i]`
    Bit(BitOp, IntSize),
    /// `[i i] -> [i32]`
    IntCmp(IntCmp, IntSize),
    /// `[i] -> [i32]`
    Eqz(IntSize),
    /// `[i] -> [i]`
    Extend(ExtendOp),
    /// `[f f] -> [f]`
    FloatBinary(FloatBinary, FloatSize),
    /// `[f] -> [f]`
    FloatUnary(FloatUnary, FloatSize),
    /// `[f f] -> [i32]`
    FloatCmp(FloatCmp, FloatSize),
    /// `[t1] -> [t2]`; truncations may trap
    Convert(ConvertOp),
    /// `[t t i32] -> [t]`: the first when the `i32` is not zero, else the second.
    Select(ValType),

    /// `[i32] -> [t]`, may trap
    Load(LoadOp, MemArg),
    /// `[i32 t] -> []`, may trap
    Store(StoreOp, MemArg),
    /// `[] -> [i32]`
    MemorySize(MemoryIndex),
    /// `[i32] -> [i32]`
    MemoryGrow(MemoryIndex),
    /// `[dst value len] -> []`, may trap
    MemoryFill(MemoryIndex),
    /// `[dst src len] -> []`, may trap
    MemoryCopy {
        /// Memory written.
        dst: MemoryIndex,
        /// Memory read.
        src: MemoryIndex,
    },
    /// `[dst src len] -> []`, may trap
    MemoryInit {
        /// Segment read.
        data: DataIndex,
        /// Memory written.
        memory: MemoryIndex,
    },
    /// `[] -> []`
    DataDrop(DataIndex),

    /// `[] -> [t]`
    GlobalGet(GlobalIndex),
    /// `[t] -> []`
    GlobalSet(GlobalIndex),

    /// `[i32] -> [ref]`, may trap
    TableGet(TableIndex),
    /// `[i32 ref] -> []`, may trap
    TableSet(TableIndex),
    /// `[] -> [i32]`
    TableSize(TableIndex),
    /// `[ref i32] -> [i32]`
    TableGrow(TableIndex),
    /// `[i32 ref i32] -> []`, may trap
    TableFill(TableIndex),
    /// `[dst src len] -> []`, may trap
    TableCopy {
        /// Table written.
        dst: TableIndex,
        /// Table read.
        src: TableIndex,
    },
    /// `[dst src len] -> []`, may trap
    TableInit {
        /// Segment read.
        elem: ElemIndex,
        /// Table written.
        table: TableIndex,
    },
    /// `[] -> []`
    ElemDrop(ElemIndex),

    /// `[ref] -> [i32]`
    RefIsNull,
    /// `[] -> [funcref]`
    RefFunc(FuncIndex),

    /// `[params] -> [results]`
    Call(FuncIndex),
    /// `[params i32] -> [results]`, may trap
    CallIndirect {
        /// Expected signature.
        ty: TypeIndex,
        /// Table that is indexed.
        table: TableIndex,
    },
}

/// A conditional branch that code goes on behind; see [`Sink::branch`].
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    /// Where it goes.
    pub target: Label,
    /// Whether it does so if the condition is not zero, or if it is.
    pub when: bool,
    /// The block behind it.
    pub next: Label,
    /// Height of the stack without the condition.
    pub height: StackHeight,
}

impl Branch {
    /// Gives `sink` the operators that the branch stands for.
    pub fn one_by_one(self, sink: &mut (impl Sink + ?Sized)) {
        let decl = BlockDecl {
            base: self.height,
            args: &[],
            backward: false,
            callers: Some(1),
        };
        sink.op(Op::Declare(self.next, decl));
        sink.op(self.br_if());
        sink.op(Op::Label(self.next));
    }

    /// The operator among them that branches.
    pub fn br_if(self) -> Op<'static> {
        let Branch { target, next, .. } = self;
        let (then, otherwise) = match self.when {
            true => (target, next),
            false => (next, target),
        };
        Op::BrIf { then, otherwise }
    }
}

/// Consumer of the operators of one function.
///
/// A sink does not fail op by op: an implementation that can run into a limit
/// remembers the first error and reports it when the function is finished.
pub trait Sink {
    /// Takes the next operator.
    fn op(&mut self, op: Op<'_>);

    /// `swap depth`, `drop`: the top takes the place of the value at `depth`. A sink that does
    /// both at once must do the same as one by one.
    #[inline]
    fn replace(&mut self, depth: u32) {
        self.op(Op::Swap(depth));
        self.op(Op::Drop);
    }

    /// `pick 0`, `swap depth + 1`, `drop`: the value at `depth` becomes a copy of the top. A sink
    /// that does all at once must do the same as one by one.
    #[inline]
    fn tee(&mut self, depth: u32) {
        self.op(Op::Pick(0));
        self.replace(depth + 1);
    }

    /// Declares `next`, a block of one caller that takes the stack of this height as it is;
    /// `br_if`, to `target` if the condition [`Branch::when`] is met and to `next` if not; `label
    /// next`. A sink that does all at once must do the same as one by one.
    #[inline]
    fn branch(&mut self, branch: Branch) {
        branch.one_by_one(self);
    }

    /// Byte offset, in the source, of what the following operators come from.
    #[inline]
    fn source(&mut self, offset: u32) {
        let _ = offset;
    }

    /// Whether [`Sink::source`] does anything. The same for the whole function.
    #[inline]
    fn wants_source(&self) -> bool {
        true
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    #[inline]
    fn op(&mut self, op: Op<'_>) {
        (**self).op(op);
    }

    #[inline]
    fn replace(&mut self, depth: u32) {
        (**self).replace(depth);
    }

    #[inline]
    fn tee(&mut self, depth: u32) {
        (**self).tee(depth);
    }

    #[inline]
    fn branch(&mut self, branch: Branch) {
        (**self).branch(branch);
    }

    #[inline]
    fn source(&mut self, offset: u32) {
        (**self).source(offset);
    }

    #[inline]
    fn wants_source(&self) -> bool {
        (**self).wants_source()
    }
}
