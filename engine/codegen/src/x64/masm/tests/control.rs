//! Jumps, calls, the stack pointer and padding.

use super::*;
use crate::stencil::{Builtin, CodeOffset, ExternalName, Reloc, RelocKind};
use Mnemonic::*;
use microwasm::FuncIndex;

const JUMPS: [(Cond, Mnemonic); 16] = [
    (Cond::Overflow, Jo),
    (Cond::NotOverflow, Jno),
    (Cond::LtU, Jb),
    (Cond::GeU, Jae),
    (Cond::Eq, Je),
    (Cond::Ne, Jne),
    (Cond::LeU, Jbe),
    (Cond::GtU, Ja),
    (Cond::Sign, Js),
    (Cond::NotSign, Jns),
    (Cond::Parity, Jp),
    (Cond::NotParity, Jnp),
    (Cond::LtS, Jl),
    (Cond::GeS, Jge),
    (Cond::LeS, Jle),
    (Cond::GtS, Jg),
];

/// Conditions say what they are called of what a compare of two bytes has left in the flags.
#[test]
fn conditions_hold_by_their_names() {
    use Cond::*;
    for (a, b) in (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| (a, b))) {
        let (difference, carry) = a.overflowing_sub(b);
        let (x, y) = (a as i8, b as i8);
        let (_, overflow) = x.overflowing_sub(y);
        let sign = (difference as i8) < 0;
        let parity = difference.count_ones().is_multiple_of(2);
        let bits = [
            (0, carry),
            (2, parity),
            (6, difference == 0),
            (7, sign),
            (11, overflow),
        ];
        // Bit 1 is always set, and the others are nobody's business here.
        let flags = bits
            .iter()
            .fold(0x202, |flags, &(bit, set)| flags | u64::from(set) << bit);
        for (cond, holds) in [
            (Eq, a == b),
            (LtU, a < b),
            (LeU, a <= b),
            (LtS, x < y),
            (LeS, x <= y),
            (Sign, sign),
            (Parity, parity),
            (Overflow, overflow),
        ] {
            assert_eq!(cond.holds(flags), holds, "{cond:?} of {a} and {b}");
            assert_eq!(
                cond.negate().holds(flags),
                !holds,
                "not {cond:?} of {a} and {b}"
            );
        }
    }
}

#[test]
fn indirect() {
    let mut b = Bench::new();
    for r in gprs() {
        b.check(|m| m.jmp_r(r), Jmp, &[g(Size::S64, r)]);
    }
    for mem in mems() {
        b.check(|m| m.jmp_m(mem), Jmp, &[Arg::Mem(mem, 8)]);
        b.check(|m| m.call_m(mem), Call, &[Arg::Mem(mem, 8)]);
    }
    b.check(|m| m.ret(), Ret, &[]);
    b.check(|m| m.ud2(), Ud2, &[]);
}

#[test]
fn forward_jumps() {
    for (cond, mnemonic) in JUMPS {
        let mut b = Bench::new();
        let (_, insts) = b.assemble(|m| {
            let label = m.buf.new_label();
            m.jcc(cond, label);
            m.jmp(label);
            m.lea_label(Gpr::R9, label);
            m.ret();
            m.buf.bind(label);
        });
        let [jcc, jmp, lea, ret] = insts[..] else {
            panic!("{insts:?}")
        };
        assert_eq!((jcc.mnemonic(), jcc.len()), (mnemonic, 6));
        assert_eq!((jmp.mnemonic(), jmp.len()), (Jmp, 5));
        assert_eq!(jcc.near_branch_target(), ret.next_ip());
        assert_eq!(jmp.near_branch_target(), ret.next_ip());
        assert_eq!((lea.mnemonic(), lea.op0_register()), (Lea, Register::R9));
        assert_eq!(lea.ip_rel_memory_address(), ret.next_ip());
    }
}

#[test]
fn backward_jumps_are_short_where_possible() {
    for (cond, mnemonic) in JUMPS {
        // 126 bytes between: the two-byte form reaches back 128 from its end.
        for (distance, len) in [(0, 2), (126, 2), (127, 6), (4000, 6)] {
            let mut b = Bench::new();
            let (_, insts) = b.assemble(|m| {
                let label = m.buf.new_label();
                m.buf.bind(label);
                m.nop(distance);
                m.jcc(cond, label);
            });
            let jcc = insts.last().expect("a jump was assembled");
            assert_eq!((jcc.mnemonic(), jcc.len()), (mnemonic, len));
            assert_eq!(jcc.near_branch_target(), 0);
        }
    }
    for (distance, len) in [(0, 2), (126, 2), (127, 5), (4000, 5)] {
        let mut b = Bench::new();
        let (_, insts) = b.assemble(|m| {
            let label = m.buf.new_label();
            m.buf.bind(label);
            m.nop(distance);
            m.jmp(label);
        });
        let jmp = insts.last().expect("a jump was assembled");
        assert_eq!(
            (jmp.mnemonic(), jmp.len(), jmp.near_branch_target()),
            (Jmp, len, 0)
        );
    }
}

#[test]
fn jump_tables() {
    let (mut out, mut masm) = (Stencils::default(), Masm::default());
    let (mut entries, mut targets) = (Vec::new(), Vec::new());
    function(&mut masm, &mut out, u32::MAX, |m| {
        let labels: Vec<JumpLabel> = (0..5).map(|_| m.buf.new_label()).collect();
        m.buf.bind(labels[0]);
        m.nop(7);
        for table in 0..3 {
            m.ud2();
            let start = m.buf.offset().0 as usize;
            let of_entry = |i: usize| (i * 3 + table) % labels.len();
            m.buf.jump_table((0..20).map(|i| labels[of_entry(i)]));
            entries.extend((0..20).map(|i| (start, start + 4 * i, of_entry(i))));
            m.buf.bind(labels[table + 1]);
            m.jmp(labels[4]);
        }
        m.ret();
        m.buf.bind(labels[4]);
        let bound = labels.iter().map(|&label| m.buf.bound_at(label));
        targets.extend(bound.map(|at| at.expect("all labels are bound")));
    })
    .expect("small");
    for (start, at, label) in entries {
        let field = out.code[at..at + 4].try_into().expect("four bytes");
        assert_eq!(
            start as i32 + i32::from_le_bytes(field),
            targets[label] as i32
        );
    }
}

#[test]
fn jump_table_loads() {
    let mut b = Bench::new();
    for (base, index) in gpr_pairs().filter(|(_, index)| *index != Gpr::RSP) {
        let (_, insts) = b.assemble(|m| m.load_jump_table_entry(Gpr::R10, base, index));
        let [load] = insts[..] else {
            panic!("{insts:?}")
        };
        assert_eq!(
            (load.mnemonic(), load.op0_register()),
            (Movsxd, Register::R10)
        );
        assert_eq!(load.memory_base(), Register::RAX + base.0 as u32);
        assert_eq!(load.memory_index(), Register::RAX + index.0 as u32);
        assert_eq!(
            (load.memory_index_scale(), load.memory_displacement64()),
            (4, 0)
        );
    }
}

#[test]
fn the_entry_can_become_a_jump() {
    let mut b = Bench::new();
    b.masm.nop(20);
    let target = b.masm.buf.offset();
    b.masm.ret();
    b.masm.overwrite_entry_with_jump(target);
    let code = b.masm.buf.code_since(CodeOffset(0));
    let jmp = Decoder::new(64, code, DecoderOptions::NONE).decode();
    assert_eq!((jmp.mnemonic(), jmp.len()), (Jmp, 5));
    assert_eq!(jmp.near_branch_target(), target.0 as u64);
}

#[test]
fn external_calls() {
    let mut out = Stencils::default();
    let mut masm = Masm::default();
    masm.buf.begin_function(&mut out, 1000);
    masm.nop(3);
    masm.call_func(FuncIndex(7));
    masm.call_builtin(Builtin::MemoryGrow);
    masm.buf.end_function(&mut out, 0).expect("small");
    assert_eq!(out.code[3..], [0xe8, 0, 0, 0, 0, 0xff, 0x15, 0, 0, 0, 0]);
    let expected = [
        (4, RelocKind::Plt32, ExternalName::Func(FuncIndex(7))),
        (
            10,
            RelocKind::GotPcRelX,
            ExternalName::Builtin(Builtin::MemoryGrow),
        ),
    ];
    let expected = expected.map(|(offset, kind, target)| Reloc {
        offset: CodeOffset(offset),
        kind,
        target,
        addend: -4,
    });
    assert_eq!(out.relocs, expected);
}

#[test]
fn stack_pointer() {
    let mut b = Bench::new();
    let rsp = g(Size::S64, Gpr::RSP);
    for imm in [8, 120, 128, 1 << 20] {
        b.check(|m| m.add_rsp(imm), Add, &[rsp, Arg::Imm(imm as i64)]);
        b.check(|m| m.add_rsp(-imm), Sub, &[rsp, Arg::Imm(imm as i64)]);
        b.check(
            |m| {
                let patch = m.sub_rsp_patchable();
                m.buf.patch32(patch, imm);
            },
            Sub,
            &[rsp, Arg::Imm(imm as i64)],
        );
        b.check(
            |m| {
                let patch = m.add_rsp_patchable();
                m.buf.patch32(patch, imm);
            },
            Add,
            &[rsp, Arg::Imm(imm as i64)],
        );
    }
    assert!(b.assemble(|m| m.add_rsp(0)).0.is_empty());
}

#[test]
fn padding() {
    for bytes in 0..40 {
        let mut b = Bench::new();
        let (code, insts) = b.assemble(|m| m.nop(bytes));
        assert_eq!(code.len(), bytes);
        assert_eq!(insts.len(), bytes.div_ceil(9));
        assert!(insts.iter().all(|i| i.mnemonic() == Nop), "{insts:?}");
        let (_, _) = b.assemble(|m| m.align(16));
        assert_eq!(b.masm.buf.offset().0 % 16, 0);
    }
}

#[test]
fn load_and_jump_is_one_piece() {
    for (slot, entry) in [(32, 8), (0, 0), (0x1234_5678, 127)] {
        let bytes = load_and_jump(slot, entry);
        let insts: Vec<_> = Decoder::new(64, &bytes, DecoderOptions::NONE)
            .into_iter()
            .collect();
        assert_eq!(insts[0].mnemonic(), Mov);
        assert_eq!(insts[0].op0_register(), Register::R11);
        assert_eq!(insts[0].memory_base(), Register::R15);
        assert_eq!(insts[0].memory_displacement64(), slot as u64);
        assert_eq!(insts[1].mnemonic(), Jmp);
        assert_eq!(insts[1].memory_base(), Register::R11);
        assert_eq!(insts[1].memory_displacement64(), entry as u64);
        assert!(insts[2..].iter().all(|i| i.mnemonic() == Int3));
    }
}
