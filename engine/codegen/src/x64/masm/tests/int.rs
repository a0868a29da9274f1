//! Integer instructions.

use super::*;
use Mnemonic::*;
use microwasm::op::{ExtendOp, ShiftOp};

const ALU: [(Alu, Mnemonic); 6] = [
    (Alu::Add, Add),
    (Alu::Or, Or),
    (Alu::And, And),
    (Alu::Sub, Sub),
    (Alu::Xor, Xor),
    (Alu::Cmp, Cmp),
];

const CONDS: [(Cond, Mnemonic, Mnemonic); 16] = [
    (Cond::Overflow, Seto, Cmovo),
    (Cond::NotOverflow, Setno, Cmovno),
    (Cond::LtU, Setb, Cmovb),
    (Cond::GeU, Setae, Cmovae),
    (Cond::Eq, Sete, Cmove),
    (Cond::Ne, Setne, Cmovne),
    (Cond::LeU, Setbe, Cmovbe),
    (Cond::GtU, Seta, Cmova),
    (Cond::Sign, Sets, Cmovs),
    (Cond::NotSign, Setns, Cmovns),
    (Cond::Parity, Setp, Cmovp),
    (Cond::NotParity, Setnp, Cmovnp),
    (Cond::LtS, Setl, Cmovl),
    (Cond::GeS, Setge, Cmovge),
    (Cond::LeS, Setle, Cmovle),
    (Cond::GtS, Setg, Cmovg),
];

const SHIFTS: [(ShiftOp, Mnemonic); 5] = [
    (ShiftOp::Shl, Shl),
    (ShiftOp::ShrS, Sar),
    (ShiftOp::ShrU, Shr),
    (ShiftOp::Rotl, Rol),
    (ShiftOp::Rotr, Ror),
];

#[test]
fn alu_registers_and_immediates() {
    let mut b = Bench::new();
    for ((op, mnemonic), size) in ALU.into_iter().flat_map(|op| SIZES.map(|s| (op, s))) {
        for (dst, src) in gpr_pairs() {
            let args = [g(size, dst), g(size, src)];
            b.check(|m| m.alu_rr(op, size, dst, src), mnemonic, &args);
        }
        for (dst, imm) in gprs().flat_map(|d| IMMS.map(|i| (d, i))) {
            let args = [g(size, dst), Arg::Imm(imm as i64)];
            b.check(|m| m.alu_ri(op, size, dst, imm), mnemonic, &args);
            let (bytes, _) = b.assemble(|m| m.alu_ri(op, size, dst, imm));
            let rex = (size == Size::S64 || dst.0 >= 8) as usize;
            let imm_len = if i8::try_from(imm).is_ok() { 1 } else { 4 };
            assert_eq!(bytes.len(), rex + 2 + imm_len);
        }
    }
}

#[test]
fn alu_memory() {
    let mut b = Bench::new();
    for (mem, number) in mems_with_numbers() {
        let r = Gpr(number);
        let imm = IMMS[(number as usize + mem.base.0 as usize) % IMMS.len()];
        for ((op, mnemonic), size) in ALU.into_iter().flat_map(|op| SIZES.map(|s| (op, s))) {
            let at = Arg::Mem(mem, size.bytes());
            b.check(|m| m.alu_rm(op, size, r, mem), mnemonic, &[g(size, r), at]);
            b.check(|m| m.alu_mr(op, size, mem, r), mnemonic, &[at, g(size, r)]);
            b.check(
                |m| m.alu_mi(op, size, mem, imm),
                mnemonic,
                &[at, Arg::Imm(imm as i64)],
            );
        }
    }
}

#[test]
fn immediates_in_memory_are_short() {
    let mut b = Bench::new();
    let mem = Mem::base(Gpr::RAX, 0);
    for imm in IMMS {
        let (bytes, _) = b.assemble(|m| m.alu_mi(Alu::Cmp, Size::S32, mem, imm));
        assert_eq!(bytes.len(), if i8::try_from(imm).is_ok() { 3 } else { 6 });
    }
}

#[test]
fn two_registers() {
    let mut b = Bench::new();
    for (dst, src) in gpr_pairs() {
        for size in SIZES {
            let args = [g(size, dst), g(size, src)];
            b.check(|m| m.test_rr(size, dst, src), Test, &args);
            b.check(|m| m.imul_rr(size, dst, src), Imul, &args);
            b.check(|m| m.lzcnt(size, dst, src), Lzcnt, &args);
            b.check(|m| m.tzcnt(size, dst, src), Tzcnt, &args);
            b.check(|m| m.popcnt(size, dst, src), Popcnt, &args);
            b.check(|m| m.bsr(size, dst, src), Bsr, &args);
            b.check(|m| m.bsf(size, dst, src), Bsf, &args);
            for imm in IMMS {
                let args = [g(size, dst), g(size, src), Arg::Imm(imm as i64)];
                b.check(|m| m.imul_rri(size, dst, src, imm), Imul, &args);
            }
            for (cond, _, cmov) in CONDS {
                b.check(|m| m.cmov(cond, size, dst, src), cmov, &args);
            }
        }
        let (wide, narrow) = (g(Size::S64, dst), g(Size::S32, dst));
        let extend = |op| move |m: &mut Masm| m.extend(op, dst, src);
        b.check(extend(ExtendOp::I32Extend8S), Movsx, &[narrow, g8(src)]);
        b.check(extend(ExtendOp::I32Extend16S), Movsx, &[narrow, g16(src)]);
        b.check(extend(ExtendOp::I64Extend8S), Movsx, &[wide, g8(src)]);
        b.check(extend(ExtendOp::I64Extend16S), Movsx, &[wide, g16(src)]);
        b.check(
            extend(ExtendOp::I64Extend32S),
            Movsxd,
            &[wide, g(Size::S32, src)],
        );
        b.check(|m| m.movsxd(dst, src), Movsxd, &[wide, g(Size::S32, src)]);
        b.check(|m| m.movzx8(dst, src), Movzx, &[narrow, g8(src)]);
    }
}

#[test]
fn one_register() {
    let mut b = Bench::new();
    for (r, size) in gprs().flat_map(|r| SIZES.map(|s| (r, s))) {
        let arg = g(size, r);
        b.check(|m| m.neg(size, r), Neg, &[arg]);
        b.check(|m| m.not(size, r), Not, &[arg]);
        b.check(|m| m.div(size, r), Div, &[arg]);
        b.check(|m| m.idiv(size, r), Idiv, &[arg]);
        for imm in IMMS {
            b.check(
                |m| m.test_ri(size, r, imm),
                Test,
                &[arg, Arg::Imm(imm as i64)],
            );
        }
        for (op, mnemonic) in SHIFTS {
            let cl = Arg::Reg(Register::CL);
            b.check(|m| m.shift_cl(op, size, r), mnemonic, &[arg, cl]);
            for count in [0, 1, 31, 63] {
                let args = [arg, Arg::Imm(count as i64)];
                b.check(|m| m.shift_ri(op, size, r, count), mnemonic, &args);
            }
        }
    }
    for (r, (cond, set, _)) in gprs().flat_map(|r| CONDS.map(|c| (r, c))) {
        b.check(|m| m.setcc(cond, r), set, &[g8(r)]);
    }
    b.check(|m| m.cdq(Size::S32), Cdq, &[]);
    b.check(|m| m.cdq(Size::S64), Cqo, &[]);
}

#[test]
fn memory() {
    let mut b = Bench::new();
    for (mem, number) in mems_with_numbers() {
        let r = Gpr(number);
        for size in SIZES {
            let args = [g(size, r), Arg::Mem(mem, size.bytes())];
            b.check(|m| m.imul_rm(size, r, mem), Imul, &args);
            let (cond, _, cmov) = CONDS[(number as usize + mem.base.0 as usize) % CONDS.len()];
            b.check(|m| m.cmov_rm(cond, size, r, mem), cmov, &args);
        }
    }
}

#[test]
fn shifts_with_three_registers() {
    let mut b = Bench::new();
    let ops = [
        (ShiftOp::Shl, Shlx),
        (ShiftOp::ShrS, Sarx),
        (ShiftOp::ShrU, Shrx),
    ];
    for ((dst, src), count) in gpr_pairs().flat_map(|p| gprs().map(move |c| (p, c))) {
        for ((op, mnemonic), size) in ops.into_iter().flat_map(|op| SIZES.map(|s| (op, s))) {
            let args = [g(size, dst), g(size, src), g(size, count)];
            b.check(|m| m.shift_bmi2(op, size, dst, src, count), mnemonic, &args);
        }
    }
    for ((dst, src), size) in gpr_pairs().flat_map(|p| SIZES.map(|s| (p, s))) {
        for count in [0, 1, 31] {
            let args = [g(size, dst), g(size, src), Arg::Imm(count)];
            b.check(|m| m.rorx(size, dst, src, count as u8), Rorx, &args);
        }
    }
}

#[test]
fn conditions() {
    for (cond, _, _) in CONDS {
        assert_eq!(cond.negate().negate(), cond);
        assert_eq!(
            cond.negate() as u8,
            cond as u8 ^ 1,
            "x86 keeps opposites side by side"
        );
        assert_eq!(cond.swap_operands().swap_operands(), cond);
    }
    let holds = |cond, a: i32, b: i32| match cond {
        Cond::Eq => a == b,
        Cond::Ne => a != b,
        Cond::LtS => a < b,
        Cond::GtS => a > b,
        Cond::LeS => a <= b,
        Cond::GeS => a >= b,
        Cond::LtU => (a as u32) < b as u32,
        Cond::GtU => a as u32 > b as u32,
        Cond::LeU => a as u32 <= b as u32,
        Cond::GeU => a as u32 >= b as u32,
        _ => unreachable!("{cond:?} does not compare"),
    };
    let compares = |cond| matches!(cond as u8, 2..8 | 12..16);
    for (a, b) in IMMS.into_iter().flat_map(|a| IMMS.map(|b| (a, b))) {
        for (cond, _, _) in CONDS.into_iter().filter(|c| compares(c.0)) {
            assert_eq!(holds(cond, a, b), !holds(cond.negate(), a, b));
            assert_eq!(holds(cond, a, b), holds(cond.swap_operands(), b, a));
        }
    }
}
