//! The macro-assembler: one function per machine instruction (or a sequence that
//! belongs together), taking typed registers, an operand size and a [`Mem`].
//!
//! This is the only place that knows how x86-64 encodes anything. It receives
//! decisions that have been made (which register, which address) and hands bytes
//! to the [`CodeBuffer`]. It keeps no state besides, chooses no registers, and
//! never fails: in a function that has become too large, everything is a no-op.
//!
//! dynasm assembles each instruction into an `InstBuf`, an integer rather than
//! an array, so that everything but the register numbers is folded at compile
//! time. One `dynasm!` form stands for a whole family of instructions: dynasm
//! gives the encoding of one member, and the field that tells the members apart
//! (operand size, condition, operation) is or-ed in. dynasm always emits REX
//! prefixes and a SIB byte for registers that are not known at compile time;
//! the `emit_*` functions take out what is not needed.

// dynasm converts every register number by `into`, so that it could also be a register type.
#![allow(clippy::useless_conversion)]

mod control;
mod convert;
mod float;
mod inst;
mod int;
mod mov;
#[cfg(test)]
mod tests;

pub use crate::x64::buffer::{CodeBuffer, JumpLabel, Patch32};

use crate::settings::CpuFeatures;
use crate::x64::reg::Gpr;
pub use control::{load_and_jump, load_and_jump_external};
use inst::InstBuf;
use microwasm::op::{AluOp, FloatSize, IntCmp, IntSize};

/// Assembles one instruction into an [`InstBuf`], dynasm's syntax with the architecture filled in.
macro_rules! asm {
    ($ops:ident; $($inst:tt)*) => {{
        // Instructions without operands are one byte string, for which `Extend` is enough.
        #[allow(unused_imports)]
        use dynasmrt::DynasmApi as _;
        dynasm::dynasm!($ops; .arch x64; $($inst)*);
    }};
}
use asm;

/// Operand size, of integers and floats alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Size {
    /// 32 bits. Integer instructions zero the upper half of the destination.
    S32 = 0,
    /// 64 bits.
    S64 = 1,
}

impl Size {
    /// Width in bytes.
    #[inline]
    pub fn bytes(self) -> u32 {
        4 << self as u32
    }
}

impl From<IntSize> for Size {
    #[inline]
    fn from(size: IntSize) -> Size {
        match size {
            IntSize::I32 => Size::S32,
            IntSize::I64 => Size::S64,
        }
    }
}

impl From<FloatSize> for Size {
    #[inline]
    fn from(size: FloatSize) -> Size {
        match size {
            FloatSize::F32 => Size::S32,
            FloatSize::F64 => Size::S64,
        }
    }
}

/// Integer operations that share one encoding; the discriminant is the field that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
#[repr(u8)]
pub enum Alu {
    Add = 0,
    Or = 1,
    And = 4,
    Sub = 5,
    Xor = 6,
    Cmp = 7,
}

impl From<AluOp> for Alu {
    #[inline]
    fn from(op: AluOp) -> Alu {
        match op {
            AluOp::Add => Alu::Add,
            AluOp::Sub => Alu::Sub,
            AluOp::And => Alu::And,
            AluOp::Or => Alu::Or,
            AluOp::Xor => Alu::Xor,
        }
    }
}

/// A condition on the flags; the discriminant is its x86 code. `LtU` and so on are also
/// what `ucomis` sets: *below*, with unordered counting as below and equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
#[repr(u8)]
pub enum Cond {
    Overflow = 0x0,
    NotOverflow = 0x1,
    LtU = 0x2,
    GeU = 0x3,
    Eq = 0x4,
    Ne = 0x5,
    LeU = 0x6,
    GtU = 0x7,
    Sign = 0x8,
    NotSign = 0x9,
    Parity = 0xa,
    NotParity = 0xb,
    LtS = 0xc,
    GeS = 0xd,
    LeS = 0xe,
    GtS = 0xf,
}

impl Cond {
    /// The condition that holds exactly when this one does not.
    #[inline]
    pub fn negate(self) -> Cond {
        use Cond::*;
        match self {
            Overflow => NotOverflow,
            NotOverflow => Overflow,
            LtU => GeU,
            GeU => LtU,
            Eq => Ne,
            Ne => Eq,
            LeU => GtU,
            GtU => LeU,
            Sign => NotSign,
            NotSign => Sign,
            Parity => NotParity,
            NotParity => Parity,
            LtS => GeS,
            GeS => LtS,
            LeS => GtS,
            GtS => LeS,
        }
    }

    /// Whether these flags, as the processor keeps them, satisfy the condition.
    pub fn holds(self, flags: u64) -> bool {
        let flag = |bit: u32| flags >> bit & 1 != 0;
        let (carry, parity, zero, sign, overflow) = (flag(0), flag(2), flag(6), flag(7), flag(11));
        let code = self as u8;
        let holds = match code >> 1 {
            0 => overflow,
            1 => carry,
            2 => zero,
            3 => carry || zero,
            4 => sign,
            5 => parity,
            6 => sign != overflow,
            _ => zero || sign != overflow,
        };
        holds != (code & 1 != 0)
    }

    /// The condition that holds for `b ? a` exactly when this one holds for `a ? b`.
    /// Overflow, sign and parity say nothing of the order and stay.
    #[inline]
    pub fn swap_operands(self) -> Cond {
        use Cond::*;
        match self {
            LtU => GtU,
            GtU => LtU,
            LeU => GeU,
            GeU => LeU,
            LtS => GtS,
            GtS => LtS,
            LeS => GeS,
            GeS => LeS,
            Eq | Ne | Overflow | NotOverflow | Sign | NotSign | Parity | NotParity => self,
        }
    }
}

impl From<IntCmp> for Cond {
    #[inline]
    fn from(cmp: IntCmp) -> Cond {
        match cmp {
            IntCmp::Eq => Cond::Eq,
            IntCmp::Ne => Cond::Ne,
            IntCmp::LtS => Cond::LtS,
            IntCmp::LtU => Cond::LtU,
            IntCmp::GtS => Cond::GtS,
            IntCmp::GtU => Cond::GtU,
            IntCmp::LeS => Cond::LeS,
            IntCmp::LeU => Cond::LeU,
            IntCmp::GeS => Cond::GeS,
            IntCmp::GeU => Cond::GeU,
        }
    }
}

/// Rounding to an integral value; the discriminant is the immediate of `round`,
/// precision exceptions suppressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
#[repr(u8)]
pub enum Round {
    Nearest = 8,
    Floor = 9,
    Ceil = 10,
    Trunc = 11,
}

/// Scalar float operations that share one encoding; the discriminant is the opcode.
/// `Min` and `Max` are the machine's, not Wasm's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
#[repr(u8)]
pub enum FloatOp {
    /// `dst = sqrt(src)`
    Sqrt = 0x51,
    Add = 0x58,
    Mul = 0x59,
    Sub = 0x5c,
    Min = 0x5d,
    Div = 0x5e,
    Max = 0x5f,
}

/// An address: `base + index + disp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mem {
    /// Any register.
    pub base: Gpr,
    /// Any register but `rsp`, which stands for none, as in the encoding.
    index: Gpr,
    /// Whether the encoding has a SIB byte.
    sib: bool,
    /// Relative to `rsp` as it was before [`Masm::sp_adjust`] bytes were reserved below it.
    slot: bool,
    /// Constant part.
    pub disp: i32,
}

impl Mem {
    /// `[base + disp]`
    #[inline]
    pub fn base(base: Gpr, disp: i32) -> Mem {
        Mem {
            base,
            index: Gpr::RSP,
            sib: base.0 & 7 == 4,
            slot: false,
            disp,
        }
    }

    /// `[base + index + disp]`
    #[inline]
    pub fn indexed(base: Gpr, index: Gpr, disp: i32) -> Mem {
        Mem::base(base, disp).plus(index)
    }

    /// The same address plus `index`, which is not `rsp`.
    #[inline]
    pub fn plus(self, index: Gpr) -> Mem {
        debug_assert_eq!(self.index, Gpr::RSP, "there is one index");
        debug_assert_ne!(index, Gpr::RSP, "rsp cannot be an index");
        Mem {
            index,
            sib: true,
            ..self
        }
    }

    /// The same address plus `bytes`.
    #[inline]
    pub fn offset(self, bytes: i32) -> Mem {
        Mem {
            disp: self.disp + bytes,
            ..self
        }
    }

    /// The index, if there is one.
    #[inline]
    pub fn index(self) -> Option<Gpr> {
        (self.index != Gpr::RSP).then_some(self.index)
    }

    /// `[rsp + sp_adjust + offset]`: a place in the frame, wherever `rsp` is at the moment.
    #[inline]
    pub fn slot(offset: i32) -> Mem {
        Mem {
            slot: true,
            ..Mem::base(Gpr::RSP, offset)
        }
    }
}

/// The macro-assembler. See the module's header.
#[derive(Default)]
pub struct Masm {
    /// Where the code goes.
    pub buf: CodeBuffer,
    /// How far `rsp` is below the frame's bottom while outgoing arguments are reserved.
    pub sp_adjust: i32,
    /// What the machine that will run the code can do.
    pub features: CpuFeatures,
}

impl Masm {
    /// An assembler without a function; start with [`CodeBuffer::begin_function`].
    pub fn new(features: CpuFeatures) -> Masm {
        Masm {
            features,
            ..Masm::default()
        }
    }

    /// Appends an instruction as it is.
    #[inline]
    fn emit(&mut self, inst: InstBuf) {
        self.buf.append(inst.bits, inst.len);
    }

    /// Appends an instruction whose operands are registers, without its REX prefix
    /// (at byte `rex`) if that says nothing.
    #[inline]
    fn emit_reg(&mut self, inst: InstBuf, rex: u32) {
        self.emit(inst.drop_empty_rex(rex));
    }

    /// The same where the general register `byte` is accessed as its low byte: 4–7 mean
    /// `spl`–`dil` only in the presence of a REX prefix.
    #[inline]
    fn emit_reg8(&mut self, inst: InstBuf, byte: Gpr) {
        self.emit(if byte.0 < 4 {
            inst.drop_empty_rex(0)
        } else {
            inst
        });
    }

    /// Appends an instruction with a memory operand; see [`inst::Form`].
    #[inline(always)]
    fn emit_mem(&mut self, inst: InstBuf, form: inst::Form, mem: Mem) {
        let inst::Parts {
            head,
            field,
            immediate,
        } = inst.without_address(form);
        let head = head.drop_empty_rex(form.rex);
        self.append_mem(head.bits as u64, head.len, field, mem);
        if immediate.len != 0 {
            self.emit(immediate);
        }
    }

    /// The same without an immediate, where the general register `byte` is stored as its low
    /// byte; see [`Masm::emit_reg8`].
    #[inline(always)]
    fn emit_mem8(&mut self, inst: InstBuf, mem: Mem, byte: Gpr) {
        let inst::Parts { head, field, .. } = inst.without_address(inst::Form::OP);
        let head = if byte.0 < 4 {
            head.drop_empty_rex(0)
        } else {
            head
        };
        self.append_mem(head.bits as u64, head.len, field, mem);
    }

    #[inline(never)]
    fn append_mem(&mut self, head: u64, head_len: u32, field: u8, mem: Mem) {
        let (address, len) = mem.encode(self.sp_adjust);
        self.buf
            .append_parts(head, head_len, address | field as u64, len);
    }
}
