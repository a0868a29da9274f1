//! The table of instructions, and everything that follows from it.
//!
//! One row per instruction: name, text and fields. From it come the opcodes, the lengths, the
//! encoder ([`Inst`], which checks in debug builds that what it is given is what the row says),
//! the decoder (of a place in a stream: [`Opcode::read`]; of an instruction known to be there: the
//! structures in [`ops`]), the text, and the interpreter's tables ([`crate::for_each_bytecode_op`]): a
//! row that it does not implement does not compile.
//!
//! An instruction is its opcode, 16 bits, then its fields one after the other, all
//! little-endian and unaligned, and at most 15 bytes long. The fields of an instruction that jumps
//! end with the distance, which counts from the end of the instruction.

use std::fmt;

/// What a field is. The loader checks each accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The slot of the frame that the result goes to, `u16`.
    Result,
    /// A slot of the frame that is read, `u16`; its value may be carried over ([`Carry`]).
    Operand,
    /// A slot of the frame, `u16`.
    Slot,
    /// A slot of the frame, `u32`.
    Wide,
    /// The first slot of a callee's frame, counted in the caller's, `u16`.
    Base,
    /// Slots by which the frame moves, `i32`.
    Delta,
    /// Slots of the function's frame, `u32`.
    Frame,
    /// A number of slots or table entries, `u32`.
    Count,
    /// A constant of 32 bits.
    Imm32,
    /// A constant divisor: neither 0 nor −1.
    Divisor,
    /// A constant of 64 bits.
    Imm64,
    /// Added to an address, `u32`.
    Offset,
    /// Distance to an instruction of the same function, `i32`.
    Jump,
    /// Distance to the first instruction of a function, `i32`. Filled in by the linker.
    Callee,
    /// A function of the host: its signature in the lowest byte, then its number. Filled in by
    /// the linker.
    Host,
    /// Offset in the vmctx of a global.
    Global,
    /// Offset in the vmctx of the pointer to an imported global.
    GlobalPtr,
    /// Offset in the vmctx of a table's descriptor.
    Table,
    /// Offset in the vmctx of the pointer to an imported table's descriptor.
    TablePtr,
    /// Offset in the vmctx of the canonical number of a signature.
    Sig,
}

impl Kind {
    /// Bytes of such a field.
    #[inline]
    pub const fn size(self) -> usize {
        match self {
            Kind::Result | Kind::Operand | Kind::Slot | Kind::Base => 2,
            Kind::Imm64 => 8,
            _ => 4,
        }
    }

    /// Whether it is a signed number.
    fn is_signed(self) -> bool {
        matches!(
            self,
            Kind::Delta | Kind::Imm32 | Kind::Divisor | Kind::Jump | Kind::Callee
        )
    }
}

/// Whether an operand is the result of the instruction before, which then need not be read
/// from its slot: the interpreter still has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Carry {
    /// None is.
    Nothing,
    /// The first [`Kind::Operand`] is.
    First,
    /// The second is.
    Second,
}

impl Carry {
    const ALL: [Carry; 3] = [Carry::Nothing, Carry::First, Carry::Second];

    /// Which of the operands, counted from 0.
    #[inline]
    fn operand(self) -> Option<usize> {
        (self as usize).checked_sub(1)
    }
}

/// What is encoded as an instruction's first 16 bits is its opcode and as many times this as
/// its [`Carry`] says.
pub const CARRY_STEP: usize = 512;

const _: () = assert!(Opcode::ALL.len() <= CARRY_STEP);

/// A field of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
}

/// The Rust type of a field of each kind.
macro_rules! field_type {
    (Result) => {
        u16
    };
    (Operand) => {
        u16
    };
    (Slot) => {
        u16
    };
    (Base) => {
        u16
    };
    (Imm64) => {
        u64
    };
    (Imm32) => {
        i32
    };
    (Divisor) => {
        i32
    };
    (Delta) => {
        i32
    };
    (Jump) => {
        i32
    };
    (Callee) => {
        i32
    };
    ($other:ident) => {
        u32
    };
}

macro_rules! opcodes {
    (($d:tt) $($opcode:ident $text:literal { $($field:ident: $kind:ident),* })*) => {
        /// An instruction without its fields.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        #[allow(missing_docs)]
        pub enum Opcode {
            $($opcode,)*
        }

        impl Opcode {
            /// Every opcode, in the order of their numbers.
            pub const ALL: &'static [Opcode] = &[$(Opcode::$opcode),*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Opcode::$opcode => $text,)*
                }
            }

            /// Its fields.
            #[inline]
            pub const fn fields(self) -> &'static [Field] {
                const FIELDS: &[&[Field]] = &[
                    $(&[$(Field { name: stringify!($field), kind: Kind::$kind }),*]),*
                ];
                FIELDS[self as usize]
            }

            /// Bytes of the instruction.
            #[inline]
            pub const fn size(self) -> usize {
                const LENGTHS: &[u8] = &[$(ops::$opcode::LEN as u8),*];
                LENGTHS[self as usize] as usize
            }
        }

        /// Calls a macro with the names of all opcodes, in the order of their numbers.
        #[macro_export]
        macro_rules! for_each_bytecode_op {
            ($d callback:ident) => { $d callback! { $($opcode)* } };
        }

        /// Instructions with their fields, for who knows which one it is.
        #[allow(missing_docs)]
        pub mod ops {
            use super::Kind;
            $(
                #[derive(Clone, Copy, Debug, PartialEq, Eq)]
                pub struct $opcode { $(pub $field: field_type!($kind)),* }

                impl $opcode {
                    /// Bytes of the instruction.
                    pub const LEN: usize = 2 $(+ Kind::$kind.size())*;

                    /// Reads the fields.
                    #[inline(always)]
                    #[allow(unused_assignments, unused_variables, unused_mut)]
                    pub fn decode(bytes: &[u8; $opcode::LEN]) -> $opcode {
                        let mut at = 2;
                        $(
                            let mut raw = [0; size_of::<field_type!($kind)>()];
                            raw.copy_from_slice(&bytes[at..at + size_of::<field_type!($kind)>()]);
                            let $field = <field_type!($kind)>::from_le_bytes(raw);
                            at += size_of::<field_type!($kind)>();
                        )*
                        $opcode { $($field),* }
                    }
                }
            )*
        }
    };
}

opcodes! {
    ($)
    // Control.
    Unreachable "unreachable" {}
    Enter "enter" { frame: Frame }
    Fuel "fuel" {}
    Epoch "epoch" {}
    Br "br" { to: Jump }
    BrTable "br_table" { index: Operand, count: Count }
    BrNz "br_nz" { cond: Operand, to: Jump }
    BrZ "br_z" { cond: Operand, to: Jump }
    BrI32Eq "br_i32_eq" { lhs: Operand, rhs: Operand, to: Jump }
    BrI32Ne "br_i32_ne" { lhs: Operand, rhs: Operand, to: Jump }
    BrI32LtS "br_i32_lt_s" { lhs: Operand, rhs: Operand, to: Jump }
    BrI32LtU "br_i32_lt_u" { lhs: Operand, rhs: Operand, to: Jump }
    BrI32LeS "br_i32_le_s" { lhs: Operand, rhs: Operand, to: Jump }
    BrI32LeU "br_i32_le_u" { lhs: Operand, rhs: Operand, to: Jump }
    BrI32EqImm "br_i32_eq_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI32NeImm "br_i32_ne_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI32LtSImm "br_i32_lt_s_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI32LtUImm "br_i32_lt_u_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI32GtSImm "br_i32_gt_s_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI32GtUImm "br_i32_gt_u_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI32LeSImm "br_i32_le_s_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI32LeUImm "br_i32_le_u_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI32GeSImm "br_i32_ge_s_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI32GeUImm "br_i32_ge_u_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI64Eq "br_i64_eq" { lhs: Operand, rhs: Operand, to: Jump }
    BrI64Ne "br_i64_ne" { lhs: Operand, rhs: Operand, to: Jump }
    BrI64LtS "br_i64_lt_s" { lhs: Operand, rhs: Operand, to: Jump }
    BrI64LtU "br_i64_lt_u" { lhs: Operand, rhs: Operand, to: Jump }
    BrI64LeS "br_i64_le_s" { lhs: Operand, rhs: Operand, to: Jump }
    BrI64LeU "br_i64_le_u" { lhs: Operand, rhs: Operand, to: Jump }
    BrI64EqImm "br_i64_eq_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI64NeImm "br_i64_ne_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI64LtSImm "br_i64_lt_s_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI64LtUImm "br_i64_lt_u_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI64GtSImm "br_i64_gt_s_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI64GtUImm "br_i64_gt_u_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI64LeSImm "br_i64_le_s_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI64LeUImm "br_i64_le_u_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI64GeSImm "br_i64_ge_s_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrI64GeUImm "br_i64_ge_u_imm" { lhs: Operand, rhs: Imm32, to: Jump }
    BrF32Eq "br_f32_eq" { lhs: Operand, rhs: Operand, to: Jump }
    BrF32Ne "br_f32_ne" { lhs: Operand, rhs: Operand, to: Jump }
    BrF32Lt "br_f32_lt" { lhs: Operand, rhs: Operand, to: Jump }
    BrF32Le "br_f32_le" { lhs: Operand, rhs: Operand, to: Jump }
    BrF32NotLt "br_f32_not_lt" { lhs: Operand, rhs: Operand, to: Jump }
    BrF32NotLe "br_f32_not_le" { lhs: Operand, rhs: Operand, to: Jump }
    BrF64Eq "br_f64_eq" { lhs: Operand, rhs: Operand, to: Jump }
    BrF64Ne "br_f64_ne" { lhs: Operand, rhs: Operand, to: Jump }
    BrF64Lt "br_f64_lt" { lhs: Operand, rhs: Operand, to: Jump }
    BrF64Le "br_f64_le" { lhs: Operand, rhs: Operand, to: Jump }
    BrF64NotLt "br_f64_not_lt" { lhs: Operand, rhs: Operand, to: Jump }
    BrF64NotLe "br_f64_not_le" { lhs: Operand, rhs: Operand, to: Jump }
    Return "return" {}
    ReturnSlot "return_slot" { value: Operand }
    Call "call" { base: Base, to: Callee }
    CallIndirectHost "call_indirect_host" { base: Base, host: Host }
    CallIndirect "call_indirect" { base: Base, index: Operand, table: Table, sig: Sig }
    CallIndirectImported "call_indirect_imported" { base: Base, index: Operand, table: TablePtr, sig: Sig }
    AdjustFrame "adjust_frame" { slots: Delta }
    LeaveInstance "leave_instance" {}
    LeaveInterpreter "leave_interpreter" {}
    // Moves and constants.
    Copy "copy" { dst: Result, src: Operand }
    CopyWide "copy_wide" { dst: Wide, src: Wide }
    Const32 "const32" { dst: Result, value: Imm32 }
    ConstS32 "const_s32" { dst: Result, value: Imm32 }
    Const64 "const64" { dst: Result, value: Imm64 }
    Zeros "zeros" { first: Wide, count: Count }
    Select "select" { dst: Result, cond: Operand, then: Slot, otherwise: Slot }
    // i32
    I32Add "i32.add" { dst: Result, lhs: Operand, rhs: Operand }
    I32Sub "i32.sub" { dst: Result, lhs: Operand, rhs: Operand }
    I32Mul "i32.mul" { dst: Result, lhs: Operand, rhs: Operand }
    I32And "i32.and" { dst: Result, lhs: Operand, rhs: Operand }
    I32Or "i32.or" { dst: Result, lhs: Operand, rhs: Operand }
    I32Xor "i32.xor" { dst: Result, lhs: Operand, rhs: Operand }
    I32Shl "i32.shl" { dst: Result, lhs: Operand, rhs: Operand }
    I32ShrS "i32.shr_s" { dst: Result, lhs: Operand, rhs: Operand }
    I32ShrU "i32.shr_u" { dst: Result, lhs: Operand, rhs: Operand }
    I32Rotl "i32.rotl" { dst: Result, lhs: Operand, rhs: Operand }
    I32Rotr "i32.rotr" { dst: Result, lhs: Operand, rhs: Operand }
    I32DivS "i32.div_s" { dst: Result, lhs: Operand, rhs: Operand }
    I32DivU "i32.div_u" { dst: Result, lhs: Operand, rhs: Operand }
    I32RemS "i32.rem_s" { dst: Result, lhs: Operand, rhs: Operand }
    I32RemU "i32.rem_u" { dst: Result, lhs: Operand, rhs: Operand }
    I32Eq "i32.eq" { dst: Result, lhs: Operand, rhs: Operand }
    I32Ne "i32.ne" { dst: Result, lhs: Operand, rhs: Operand }
    I32LtS "i32.lt_s" { dst: Result, lhs: Operand, rhs: Operand }
    I32LtU "i32.lt_u" { dst: Result, lhs: Operand, rhs: Operand }
    I32LeS "i32.le_s" { dst: Result, lhs: Operand, rhs: Operand }
    I32LeU "i32.le_u" { dst: Result, lhs: Operand, rhs: Operand }
    I32AddImm "i32.add_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32MulImm "i32.mul_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32AndImm "i32.and_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32OrImm "i32.or_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32XorImm "i32.xor_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32ShlImm "i32.shl_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32ShrSImm "i32.shr_s_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32ShrUImm "i32.shr_u_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32RotlImm "i32.rotl_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32DivSImm "i32.div_s_imm" { dst: Result, lhs: Operand, rhs: Divisor }
    I32DivUImm "i32.div_u_imm" { dst: Result, lhs: Operand, rhs: Divisor }
    I32RemSImm "i32.rem_s_imm" { dst: Result, lhs: Operand, rhs: Divisor }
    I32RemUImm "i32.rem_u_imm" { dst: Result, lhs: Operand, rhs: Divisor }
    I32EqImm "i32.eq_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32NeImm "i32.ne_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32LtSImm "i32.lt_s_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32LtUImm "i32.lt_u_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32GtSImm "i32.gt_s_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32GtUImm "i32.gt_u_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32LeSImm "i32.le_s_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32LeUImm "i32.le_u_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32GeSImm "i32.ge_s_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32GeUImm "i32.ge_u_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I32Clz "i32.clz" { dst: Result, src: Operand }
    I32Ctz "i32.ctz" { dst: Result, src: Operand }
    I32Popcnt "i32.popcnt" { dst: Result, src: Operand }
    I32Extend8S "i32.extend8_s" { dst: Result, src: Operand }
    I32Extend16S "i32.extend16_s" { dst: Result, src: Operand }
    // i64
    I64Add "i64.add" { dst: Result, lhs: Operand, rhs: Operand }
    I64Sub "i64.sub" { dst: Result, lhs: Operand, rhs: Operand }
    I64Mul "i64.mul" { dst: Result, lhs: Operand, rhs: Operand }
    I64And "i64.and" { dst: Result, lhs: Operand, rhs: Operand }
    I64Or "i64.or" { dst: Result, lhs: Operand, rhs: Operand }
    I64Xor "i64.xor" { dst: Result, lhs: Operand, rhs: Operand }
    I64Shl "i64.shl" { dst: Result, lhs: Operand, rhs: Operand }
    I64ShrS "i64.shr_s" { dst: Result, lhs: Operand, rhs: Operand }
    I64ShrU "i64.shr_u" { dst: Result, lhs: Operand, rhs: Operand }
    I64Rotl "i64.rotl" { dst: Result, lhs: Operand, rhs: Operand }
    I64Rotr "i64.rotr" { dst: Result, lhs: Operand, rhs: Operand }
    I64DivS "i64.div_s" { dst: Result, lhs: Operand, rhs: Operand }
    I64DivU "i64.div_u" { dst: Result, lhs: Operand, rhs: Operand }
    I64RemS "i64.rem_s" { dst: Result, lhs: Operand, rhs: Operand }
    I64RemU "i64.rem_u" { dst: Result, lhs: Operand, rhs: Operand }
    I64Eq "i64.eq" { dst: Result, lhs: Operand, rhs: Operand }
    I64Ne "i64.ne" { dst: Result, lhs: Operand, rhs: Operand }
    I64LtS "i64.lt_s" { dst: Result, lhs: Operand, rhs: Operand }
    I64LtU "i64.lt_u" { dst: Result, lhs: Operand, rhs: Operand }
    I64LeS "i64.le_s" { dst: Result, lhs: Operand, rhs: Operand }
    I64LeU "i64.le_u" { dst: Result, lhs: Operand, rhs: Operand }
    I64AddImm "i64.add_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64MulImm "i64.mul_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64AndImm "i64.and_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64OrImm "i64.or_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64XorImm "i64.xor_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64ShlImm "i64.shl_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64ShrSImm "i64.shr_s_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64ShrUImm "i64.shr_u_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64RotlImm "i64.rotl_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64DivSImm "i64.div_s_imm" { dst: Result, lhs: Operand, rhs: Divisor }
    I64DivUImm "i64.div_u_imm" { dst: Result, lhs: Operand, rhs: Divisor }
    I64RemSImm "i64.rem_s_imm" { dst: Result, lhs: Operand, rhs: Divisor }
    I64RemUImm "i64.rem_u_imm" { dst: Result, lhs: Operand, rhs: Divisor }
    I64EqImm "i64.eq_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64NeImm "i64.ne_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64LtSImm "i64.lt_s_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64LtUImm "i64.lt_u_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64GtSImm "i64.gt_s_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64GtUImm "i64.gt_u_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64LeSImm "i64.le_s_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64LeUImm "i64.le_u_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64GeSImm "i64.ge_s_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64GeUImm "i64.ge_u_imm" { dst: Result, lhs: Operand, rhs: Imm32 }
    I64Clz "i64.clz" { dst: Result, src: Operand }
    I64Ctz "i64.ctz" { dst: Result, src: Operand }
    I64Popcnt "i64.popcnt" { dst: Result, src: Operand }
    I64Extend8S "i64.extend8_s" { dst: Result, src: Operand }
    I64Extend16S "i64.extend16_s" { dst: Result, src: Operand }
    I64Extend32S "i64.extend32_s" { dst: Result, src: Operand }
    // f32
    F32Add "f32.add" { dst: Result, lhs: Operand, rhs: Operand }
    F32Sub "f32.sub" { dst: Result, lhs: Operand, rhs: Operand }
    F32Mul "f32.mul" { dst: Result, lhs: Operand, rhs: Operand }
    F32Div "f32.div" { dst: Result, lhs: Operand, rhs: Operand }
    F32Min "f32.min" { dst: Result, lhs: Operand, rhs: Operand }
    F32Max "f32.max" { dst: Result, lhs: Operand, rhs: Operand }
    F32Copysign "f32.copysign" { dst: Result, lhs: Operand, rhs: Operand }
    F32Eq "f32.eq" { dst: Result, lhs: Operand, rhs: Operand }
    F32Ne "f32.ne" { dst: Result, lhs: Operand, rhs: Operand }
    F32Lt "f32.lt" { dst: Result, lhs: Operand, rhs: Operand }
    F32Le "f32.le" { dst: Result, lhs: Operand, rhs: Operand }
    F32Abs "f32.abs" { dst: Result, src: Operand }
    F32Neg "f32.neg" { dst: Result, src: Operand }
    F32Ceil "f32.ceil" { dst: Result, src: Operand }
    F32Floor "f32.floor" { dst: Result, src: Operand }
    F32Trunc "f32.trunc" { dst: Result, src: Operand }
    F32Nearest "f32.nearest" { dst: Result, src: Operand }
    F32Sqrt "f32.sqrt" { dst: Result, src: Operand }
    // f64
    F64Add "f64.add" { dst: Result, lhs: Operand, rhs: Operand }
    F64Sub "f64.sub" { dst: Result, lhs: Operand, rhs: Operand }
    F64Mul "f64.mul" { dst: Result, lhs: Operand, rhs: Operand }
    F64Div "f64.div" { dst: Result, lhs: Operand, rhs: Operand }
    F64Min "f64.min" { dst: Result, lhs: Operand, rhs: Operand }
    F64Max "f64.max" { dst: Result, lhs: Operand, rhs: Operand }
    F64Copysign "f64.copysign" { dst: Result, lhs: Operand, rhs: Operand }
    F64Eq "f64.eq" { dst: Result, lhs: Operand, rhs: Operand }
    F64Ne "f64.ne" { dst: Result, lhs: Operand, rhs: Operand }
    F64Lt "f64.lt" { dst: Result, lhs: Operand, rhs: Operand }
    F64Le "f64.le" { dst: Result, lhs: Operand, rhs: Operand }
    F64Abs "f64.abs" { dst: Result, src: Operand }
    F64Neg "f64.neg" { dst: Result, src: Operand }
    F64Ceil "f64.ceil" { dst: Result, src: Operand }
    F64Floor "f64.floor" { dst: Result, src: Operand }
    F64Trunc "f64.trunc" { dst: Result, src: Operand }
    F64Nearest "f64.nearest" { dst: Result, src: Operand }
    F64Sqrt "f64.sqrt" { dst: Result, src: Operand }
    // Conversions. Reinterpretations and `i64.extend_i32_u` change nothing in a slot.
    I32WrapI64 "i32.wrap_i64" { dst: Result, src: Operand }
    I32TruncF32S "i32.trunc_f32_s" { dst: Result, src: Operand }
    I32TruncF32U "i32.trunc_f32_u" { dst: Result, src: Operand }
    I32TruncF64S "i32.trunc_f64_s" { dst: Result, src: Operand }
    I32TruncF64U "i32.trunc_f64_u" { dst: Result, src: Operand }
    I32TruncSatF32S "i32.trunc_sat_f32_s" { dst: Result, src: Operand }
    I32TruncSatF32U "i32.trunc_sat_f32_u" { dst: Result, src: Operand }
    I32TruncSatF64S "i32.trunc_sat_f64_s" { dst: Result, src: Operand }
    I32TruncSatF64U "i32.trunc_sat_f64_u" { dst: Result, src: Operand }
    I64TruncF32S "i64.trunc_f32_s" { dst: Result, src: Operand }
    I64TruncF32U "i64.trunc_f32_u" { dst: Result, src: Operand }
    I64TruncF64S "i64.trunc_f64_s" { dst: Result, src: Operand }
    I64TruncF64U "i64.trunc_f64_u" { dst: Result, src: Operand }
    I64TruncSatF32S "i64.trunc_sat_f32_s" { dst: Result, src: Operand }
    I64TruncSatF32U "i64.trunc_sat_f32_u" { dst: Result, src: Operand }
    I64TruncSatF64S "i64.trunc_sat_f64_s" { dst: Result, src: Operand }
    I64TruncSatF64U "i64.trunc_sat_f64_u" { dst: Result, src: Operand }
    F32ConvertI32S "f32.convert_i32_s" { dst: Result, src: Operand }
    F32ConvertI32U "f32.convert_i32_u" { dst: Result, src: Operand }
    F32ConvertI64S "f32.convert_i64_s" { dst: Result, src: Operand }
    F32ConvertI64U "f32.convert_i64_u" { dst: Result, src: Operand }
    F64ConvertI32S "f64.convert_i32_s" { dst: Result, src: Operand }
    F64ConvertI32U "f64.convert_i32_u" { dst: Result, src: Operand }
    F64ConvertI64S "f64.convert_i64_s" { dst: Result, src: Operand }
    F64ConvertI64U "f64.convert_i64_u" { dst: Result, src: Operand }
    F32DemoteF64 "f32.demote_f64" { dst: Result, src: Operand }
    F64PromoteF32 "f64.promote_f32" { dst: Result, src: Operand }
    // Memory.
    Load32 "load32" { dst: Result, addr: Operand, offset: Offset }
    Load64 "load64" { dst: Result, addr: Operand, offset: Offset }
    Load8U "load8_u" { dst: Result, addr: Operand, offset: Offset }
    Load16U "load16_u" { dst: Result, addr: Operand, offset: Offset }
    Load8S32 "load8_s32" { dst: Result, addr: Operand, offset: Offset }
    Load16S32 "load16_s32" { dst: Result, addr: Operand, offset: Offset }
    Load8S64 "load8_s64" { dst: Result, addr: Operand, offset: Offset }
    Load16S64 "load16_s64" { dst: Result, addr: Operand, offset: Offset }
    Load32S64 "load32_s64" { dst: Result, addr: Operand, offset: Offset }
    Store8 "store8" { addr: Operand, value: Operand, offset: Offset }
    Store16 "store16" { addr: Operand, value: Operand, offset: Offset }
    Store32 "store32" { addr: Operand, value: Operand, offset: Offset }
    Store64 "store64" { addr: Operand, value: Operand, offset: Offset }
    Store8Imm "store8_imm" { addr: Operand, value: Imm32, offset: Offset }
    Store16Imm "store16_imm" { addr: Operand, value: Imm32, offset: Offset }
    Store32Imm "store32_imm" { addr: Operand, value: Imm32, offset: Offset }
    Store64Imm "store64_imm" { addr: Operand, value: Imm32, offset: Offset }
    MemorySize "memory.size" { dst: Result }
    // Globals and tables.
    GlobalGet "global.get" { dst: Result, global: Global }
    GlobalGetImported "global.get_imported" { dst: Result, global: GlobalPtr }
    GlobalSet "global.set" { src: Operand, global: Global }
    GlobalSetImported "global.set_imported" { src: Operand, global: GlobalPtr }
    TableGet "table.get" { dst: Result, index: Operand, table: Table }
    TableSet "table.set" { index: Operand, value: Operand, table: Table }
    TableSize "table.size" { dst: Result, table: Table }
    TableGetImported "table.get_imported" { dst: Result, index: Operand, table: TablePtr }
    TableSetImported "table.set_imported" { index: Operand, value: Operand, table: TablePtr }
    TableSizeImported "table.size_imported" { dst: Result, table: TablePtr }
}

impl Opcode {
    /// The opcode that this number encodes, and what is carried over, if it is a number of one.
    #[inline]
    pub fn from_u16(number: u16) -> Option<(Opcode, Carry)> {
        let opcode = *Opcode::ALL.get(number as usize % CARRY_STEP)?;
        let carry = *Carry::ALL.get(number as usize / CARRY_STEP)?;
        let there = carry.operand().is_none_or(|n| n < opcode.operands());
        there.then_some((opcode, carry))
    }

    /// How many operands the instruction has.
    #[inline]
    pub const fn operands(self) -> usize {
        const OPERANDS: [u8; Opcode::ALL.len()] = {
            let mut counts = [0; Opcode::ALL.len()];
            let mut i = 0;
            while i < counts.len() {
                let fields = Opcode::ALL[i].fields();
                let mut field = 0;
                while field < fields.len() {
                    counts[i] += matches!(fields[field].kind, Kind::Operand) as u8;
                    field += 1;
                }
                i += 1;
            }
            counts
        };
        OPERANDS[self as usize] as usize
    }

    /// The instruction at the start of `bytes`, if there is a whole one.
    #[inline]
    pub fn read(bytes: &[u8]) -> Option<(Opcode, Carry)> {
        let (opcode, carry) = Opcode::from_u16(u16::from_le_bytes(*bytes.first_chunk()?))?;
        (bytes.len() >= opcode.size()).then_some((opcode, carry))
    }

    /// The fields of the instruction of this kind at the start of `bytes`, signed ones
    /// sign-extended, the others zero-extended; `bytes` is long enough.
    #[inline]
    pub fn values(self, bytes: &[u8]) -> impl Iterator<Item = (Field, i64)> + use<'_> {
        let mut at = 2;
        self.fields().iter().map(move |field| {
            let size = field.kind.size();
            let mut raw = [0; 8];
            raw[..size].copy_from_slice(&bytes[at..at + size]);
            at += size;
            let value = i64::from_le_bytes(raw);
            let value = if field.kind.is_signed() {
                i64::from(value as i32)
            } else {
                value
            };
            (*field, value)
        })
    }

    /// Whether the instruction never goes on with the next one.
    pub fn is_terminator(self) -> bool {
        matches!(
            self,
            Opcode::Unreachable
                | Opcode::Br
                | Opcode::BrTable
                | Opcode::Return
                | Opcode::ReturnSlot
                | Opcode::LeaveInstance
                | Opcode::LeaveInterpreter
        )
    }
}

/// An instruction being encoded: its fields are added in the order of the table.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Inst {
    opcode: Opcode,
    bits: u128,
    len: u32,
    fields: usize,
}

impl Inst {
    /// An instruction without fields.
    #[inline(always)]
    pub fn new(opcode: Opcode) -> Inst {
        Inst {
            opcode,
            bits: opcode as u128,
            len: 2,
            fields: 0,
        }
    }

    /// Says that an operand is the result of the instruction before.
    #[inline(always)]
    pub fn carry(mut self, carry: Carry) -> Inst {
        debug_assert!(carry.operand().is_none_or(|n| n < self.opcode.operands()));
        self.bits += carry as u128 * CARRY_STEP as u128;
        self
    }

    #[inline(always)]
    fn add(mut self, value: u64, size: u32, fits: impl Fn(Kind) -> bool) -> Inst {
        debug_assert!(
            self.opcode
                .fields()
                .get(self.fields)
                .is_some_and(|f| fits(f.kind) && f.kind.size() == size as usize),
            "field {} of {:?}",
            self.fields,
            self.opcode
        );
        self.bits |= u128::from(value) << (8 * self.len);
        self.len += size;
        self.fields += 1;
        self
    }

    /// Adds a slot.
    #[inline(always)]
    pub fn slot(self, slot: u16) -> Inst {
        self.add(slot.into(), 2, |kind| {
            matches!(kind, Kind::Result | Kind::Operand | Kind::Slot | Kind::Base)
        })
    }

    /// Adds a signed field of 32 bits.
    #[inline(always)]
    pub fn i32(self, value: i32) -> Inst {
        self.add((value as u32).into(), 4, Kind::is_signed)
    }

    /// Adds an unsigned field of 32 bits.
    #[inline(always)]
    pub fn u32(self, value: u32) -> Inst {
        self.add(value.into(), 4, |kind| !kind.is_signed())
    }

    /// Adds a constant of 64 bits.
    #[inline(always)]
    pub fn u64(self, value: u64) -> Inst {
        self.add(value, 8, |kind| kind == Kind::Imm64)
    }

    /// The bytes, lowest first, and how many there are.
    #[inline(always)]
    pub fn bytes(self) -> (u128, u32) {
        debug_assert_eq!(self.fields, self.opcode.fields().len(), "{:?}", self.opcode);
        (self.bits, self.len)
    }
}

/// One instruction as text: its name and fields; jumps as the offset they go to, an operand
/// that is carried over with `^` before its slot.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    opcode: Opcode,
    carry: Carry,
    bytes: &'a [u8],
    at: u32,
}

impl<'a> Text<'a> {
    /// Of the instruction at offset `at` of `code`, if there is one.
    pub fn of(code: &'a [u8], at: u32) -> Option<Text<'a>> {
        let bytes = code.get(at as usize..)?;
        let (opcode, carry) = Opcode::read(bytes)?;
        Some(Text {
            opcode,
            carry,
            bytes,
            at,
        })
    }

    /// Bytes of the instruction.
    pub fn size(&self) -> u32 {
        self.opcode.size() as u32
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.opcode.name())?;
        let end = i64::from(self.at) + self.opcode.size() as i64;
        let mut operands = 0..;
        for (i, (field, value)) in self.opcode.values(self.bytes).enumerate() {
            f.write_str(if i == 0 { " " } else { ", " })?;
            match field.kind {
                Kind::Operand if operands.next() == self.carry.operand() => write!(f, "^s{value}")?,
                Kind::Result | Kind::Operand | Kind::Slot | Kind::Wide => write!(f, "s{value}")?,
                Kind::Jump | Kind::Callee => write!(f, "{:#x}", end + value)?,
                Kind::Imm64 => write!(f, "{value:#x}")?,
                Kind::Imm32 | Kind::Divisor => write!(f, "{value}")?,
                Kind::Host => write!(f, "sig {} #{}", value & 0xff, value >> 8)?,
                _ => write!(f, "{} {value}", field.name)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_lengths_fit_the_buffer() {
        let mut names: Vec<_> = Opcode::ALL.iter().map(|opcode| opcode.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Opcode::ALL.len());
        for &opcode in Opcode::ALL {
            let fields = opcode.fields();
            let len: usize = fields.iter().map(|field| field.kind.size()).sum();
            assert_eq!(opcode.size(), 2 + len, "{opcode:?}");
            assert!(opcode.size() <= 15, "{opcode:?}");
            let jump = fields.iter().position(|field| field.kind == Kind::Jump);
            assert!(jump.is_none_or(|at| at + 1 == fields.len()), "{opcode:?}");
            for carry in Carry::ALL {
                let number = opcode as u16 + carry as u16 * CARRY_STEP as u16;
                let there = opcode.operands() >= carry as usize;
                let expected = there.then_some((opcode, carry));
                assert_eq!(Opcode::from_u16(number), expected);
            }
        }
        assert_eq!(Opcode::from_u16(Opcode::ALL.len() as u16), None);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        for &opcode in Opcode::ALL {
            let mut inst = Inst::new(opcode);
            let mut expected = Vec::new();
            for (i, field) in opcode.fields().iter().enumerate() {
                let value = 0x8182_8384_8586_8788_u64.rotate_left(8 * i as u32);
                let value = match field.kind.size() {
                    2 => {
                        inst = inst.slot(value as u16);
                        i64::from(value as u16)
                    }
                    8 => {
                        inst = inst.u64(value);
                        value as i64
                    }
                    _ if field.kind.is_signed() => {
                        inst = inst.i32(value as i32);
                        i64::from(value as i32)
                    }
                    _ => {
                        inst = inst.u32(value as u32);
                        i64::from(value as u32)
                    }
                };
                expected.push((*field, value));
            }
            let (bits, len) = inst.bytes();
            let bytes = &bits.to_le_bytes()[..len as usize];
            assert_eq!(Opcode::read(bytes), Some((opcode, Carry::Nothing)));
            assert_eq!(Opcode::read(&bytes[..bytes.len() - 1]), None);
            assert_eq!(opcode.values(bytes).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn both_calls_have_the_same_shape() {
        assert_eq!(Opcode::Call.size(), Opcode::CallIndirectHost.size());
        assert_eq!(
            Opcode::Call.fields()[0],
            Opcode::CallIndirectHost.fields()[0]
        );
    }
}
