//! Every instruction of the assembler, over all registers and many addresses, decoded
//! again by iced-x86: mnemonic, operands, sizes, and no byte more than needed.

mod buffer;
mod control;
mod float;
mod int;
mod mov;

use super::*;
use crate::error::CodegenError;
use crate::stencil::Stencils;
use crate::x64::reg::Xmm;
use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};

pub(super) const SIZES: [Size; 2] = [Size::S32, Size::S64];

pub(super) fn gprs() -> impl Iterator<Item = Gpr> + Clone {
    (0..16).map(Gpr)
}

pub(super) fn xmms() -> impl Iterator<Item = Xmm> + Clone {
    (0..16).map(Xmm)
}

/// All pairs of general registers.
pub(super) fn gpr_pairs() -> impl Iterator<Item = (Gpr, Gpr)> {
    gprs().flat_map(|a| gprs().map(move |b| (a, b)))
}

/// All pairs of vector registers.
pub(super) fn xmm_pairs() -> impl Iterator<Item = (Xmm, Xmm)> {
    xmms().flat_map(|a| xmms().map(move |b| (a, b)))
}

/// Every base with every index or none, at displacements around each boundary.
pub(super) fn mems() -> Vec<Mem> {
    let disps = [
        0,
        1,
        8,
        -8,
        127,
        128,
        -128,
        -129,
        0x1234_5678,
        i32::MIN,
        i32::MAX,
    ];
    let mut mems = Vec::new();
    for (base, disp) in gprs().flat_map(|b| disps.map(|d| (b, d))) {
        mems.push(Mem::base(base, disp));
        mems.extend(
            gprs()
                .filter(|i| *i != Gpr::RSP)
                .map(|i| Mem::indexed(base, i, disp)),
        );
    }
    mems
}

/// Each address with three register numbers, such that over all addresses every number
/// meets every base and every index.
pub(super) fn mems_with_numbers() -> impl Iterator<Item = (Mem, u8)> {
    mems()
        .into_iter()
        .enumerate()
        .flat_map(|(i, mem)| [i, i / 7 + 5, i / 16 + 11].map(|number| (mem, (number % 16) as u8)))
}

/// Immediates around each boundary.
pub(super) const IMMS: [i32; 11] = [
    0,
    1,
    -1,
    127,
    128,
    -128,
    -129,
    0x7fff,
    0x1234_5678,
    i32::MAX,
    i32::MIN,
];

/// An operand that is expected.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arg {
    Reg(Register),
    /// An address and the number of bytes accessed there; 0 for `lea`.
    Mem(Mem, u32),
    Imm(i64),
}

/// The general register `r` with the width of `size`.
pub(super) fn g(size: Size, r: Gpr) -> Arg {
    let first = if size == Size::S32 {
        Register::EAX
    } else {
        Register::RAX
    };
    Arg::Reg(first + r.0 as u32)
}

pub(super) fn g16(r: Gpr) -> Arg {
    Arg::Reg(Register::AX + r.0 as u32)
}

pub(super) fn g8(r: Gpr) -> Arg {
    Arg::Reg(if r.0 < 4 {
        Register::AL + r.0 as u32
    } else {
        Register::SPL + (r.0 as u32 - 4)
    })
}

pub(super) fn x(r: Xmm) -> Arg {
    Arg::Reg(Register::XMM0 + r.0 as u32)
}

/// Assembles and decodes.
pub(super) struct Bench {
    pub(super) masm: Masm,
    out: Stencils,
}

impl Bench {
    pub(super) fn new() -> Bench {
        let features = CpuFeatures {
            sse41: true,
            popcnt: true,
            lzcnt: true,
            bmi1: true,
            bmi2: true,
            avx: true,
        };
        let mut bench = Bench {
            masm: Masm::new(features),
            out: Stencils::default(),
        };
        bench.masm.buf.begin_function(&mut bench.out, u32::MAX);
        bench
    }

    /// The instructions that `emit` emits.
    pub(super) fn assemble(&mut self, emit: impl FnOnce(&mut Masm)) -> (Vec<u8>, Vec<Instruction>) {
        let from = self.masm.buf.offset();
        emit(&mut self.masm);
        let bytes = self.masm.buf.code_since(from).to_vec();
        let decoder = Decoder::with_ip(64, &bytes, from.0 as u64, DecoderOptions::NONE);
        let instructions = decoder.into_iter().collect();
        (bytes, instructions)
    }

    /// Checks that `emit` emits one instruction, as expected and not longer than needed.
    pub(super) fn check(&mut self, emit: impl FnOnce(&mut Masm), mnemonic: Mnemonic, args: &[Arg]) {
        let (bytes, instructions) = self.assemble(emit);
        let [instruction] = instructions[..] else {
            panic!("{bytes:02x?} is not one instruction but {instructions:?}")
        };
        check_one(&bytes, &instruction, mnemonic, args);
    }
}

/// Runs `emit` as a function of at most `max` bytes.
pub(super) fn function(
    masm: &mut Masm,
    out: &mut Stencils,
    max: u32,
    emit: impl FnOnce(&mut Masm),
) -> Result<(), CodegenError> {
    masm.buf.begin_function(out, max);
    emit(masm);
    masm.buf.end_function(out, 48)
}

/// Compares an instruction with what was asked for.
pub(super) fn check_one(bytes: &[u8], instruction: &Instruction, mnemonic: Mnemonic, args: &[Arg]) {
    let context = || format!("{instruction} {bytes:02x?}, expected {mnemonic:?} {args:?}");
    assert_eq!(instruction.mnemonic(), mnemonic, "{}", context());
    assert_eq!(instruction.op_count() as usize, args.len(), "{}", context());
    for (i, arg) in args.iter().enumerate() {
        match *arg {
            Arg::Reg(register) => {
                assert_eq!(
                    instruction.op_kind(i as u32),
                    OpKind::Register,
                    "{}",
                    context()
                );
                assert_eq!(instruction.op_register(i as u32), register, "{}", context());
            }
            Arg::Imm(imm) => {
                // As wide as the operand: what iced gives is sign-extended only where the
                // encoding is.
                let found = instruction.immediate(i as u32) as i64;
                let equal = found == imm
                    || matches!(instruction.op_kind(i as u32), OpKind::Immediate32)
                        && found as i32 == imm as i32
                    || matches!(instruction.op_kind(i as u32), OpKind::Immediate16)
                        && found as i16 == imm as i16
                    || matches!(instruction.op_kind(i as u32), OpKind::Immediate8)
                        && found as i8 == imm as i8
                    || matches!(instruction.op_kind(i as u32), OpKind::Immediate8to32)
                        && found as i32 == imm as i32;
                assert!(equal, "{}", context());
            }
            Arg::Mem(mem, size) => {
                assert_eq!(
                    instruction.op_kind(i as u32),
                    OpKind::Memory,
                    "{}",
                    context()
                );
                check_address(instruction, mem, &context);
                if size != 0 {
                    let found = instruction.memory_size().size();
                    assert_eq!(found as u32, size, "{}", context());
                }
            }
        }
    }
    check_rex(bytes, args, &context);
}

/// The memory operand is `mem`, with the shortest displacement.
fn check_address(instruction: &Instruction, mem: Mem, context: &dyn Fn() -> String) {
    let index = mem
        .index()
        .map_or(Register::None, |i| Register::RAX + i.0 as u32);
    assert_eq!(
        instruction.memory_base(),
        Register::RAX + mem.base.0 as u32,
        "{}",
        context()
    );
    assert_eq!(instruction.memory_index(), index, "{}", context());
    assert_eq!(instruction.memory_index_scale(), 1, "{}", context());
    assert_eq!(
        instruction.memory_displacement64(),
        mem.disp as i64 as u64,
        "{}",
        context()
    );
    let needed = match mem.disp {
        0 if mem.base.0 & 7 != 5 => 0,
        -128..=127 => 1,
        // iced's way of saying: four bytes, sign-extended to eight.
        _ => 8,
    };
    assert_eq!(instruction.memory_displ_size(), needed, "{}", context());
}

/// There is no REX prefix without a bit set, unless it tells `sil` from `dh`.
fn check_rex(bytes: &[u8], args: &[Arg], context: &dyn Fn() -> String) {
    let needs_empty = args.iter().any(|arg| {
        matches!(
            arg,
            Arg::Reg(Register::SPL | Register::BPL | Register::SIL | Register::DIL)
        )
    });
    let first = bytes.iter().find(|b| ![0x66, 0xf2, 0xf3].contains(*b));
    if !needs_empty {
        assert_ne!(first, Some(&0x40), "empty REX: {}", context());
    }
}
