//! Moves.

use super::*;
use Mnemonic::*;
use microwasm::op::LoadOp;

#[test]
fn registers() {
    let mut b = Bench::new();
    for (dst, src) in gpr_pairs() {
        for size in SIZES {
            b.check(
                |m| m.mov_rr(size, dst, src),
                Mov,
                &[g(size, dst), g(size, src)],
            );
        }
        let (a, c) = (g(Size::S64, dst), g(Size::S64, src));
        // Symmetric: dynasm puts the second operand into the reg field.
        b.check(|m| m.xchg(dst, src), Xchg, &[c, a]);
        let (dx, sx) = (Xmm(dst.0), Xmm(src.0));
        b.check(|m| m.fmov_rr(dx, sx), Movaps, &[x(dx), x(sx)]);
        b.check(
            |m| m.gpr_to_xmm(Size::S32, dx, src),
            Movd,
            &[x(dx), g(Size::S32, src)],
        );
        b.check(
            |m| m.gpr_to_xmm(Size::S64, dx, src),
            Movq,
            &[x(dx), g(Size::S64, src)],
        );
        b.check(
            |m| m.xmm_to_gpr(Size::S32, dst, sx),
            Movd,
            &[g(Size::S32, dst), x(sx)],
        );
        b.check(
            |m| m.xmm_to_gpr(Size::S64, dst, sx),
            Movq,
            &[g(Size::S64, dst), x(sx)],
        );
    }
    for r in gprs() {
        b.check(|m| m.zero(r), Xor, &[g(Size::S32, r), g(Size::S32, r)]);
        b.check(|m| m.push(r), Push, &[g(Size::S64, r)]);
        b.check(|m| m.pop(r), Pop, &[g(Size::S64, r)]);
        b.check(|m| m.fzero(Xmm(r.0)), Xorps, &[x(Xmm(r.0)), x(Xmm(r.0))]);
    }
}

#[test]
fn constants() {
    let mut b = Bench::new();
    let cases: [(u64, Size, usize); 9] = [
        (0, Size::S32, 5),
        (1, Size::S32, 5),
        (0x7fff_ffff, Size::S32, 5),
        (0x8000_0000, Size::S32, 5),
        (0xffff_ffff, Size::S32, 5),
        (0x1_0000_0000, Size::S64, 10),
        (u64::MAX, Size::S64, 7),
        (i32::MIN as i64 as u64, Size::S64, 7),
        (i64::MIN as u64, Size::S64, 10),
    ];
    for dst in gprs() {
        for (bits, size, length) in cases {
            b.check(
                |m| m.mov_ri(dst, bits),
                Mov,
                &[g(size, dst), Arg::Imm(bits as i64)],
            );
            let (bytes, _) = b.assemble(|m| m.mov_ri(dst, bits));
            let rex = (size == Size::S32 && dst.0 >= 8) as usize;
            assert_eq!(bytes.len(), length + rex, "{bits:#x} {bytes:02x?}");
        }
    }
}

#[test]
fn every_register_at_every_address() {
    let mut b = Bench::new();
    for mem in mems() {
        for (r, size) in gprs().flat_map(|r| SIZES.map(|s| (r, s))) {
            let bytes = size.bytes();
            b.check(
                |m| m.load(size, r, mem),
                Mov,
                &[g(size, r), Arg::Mem(mem, bytes)],
            );
        }
    }
}

#[test]
fn general_memory() {
    let mut b = Bench::new();
    for (mem, number) in mems_with_numbers() {
        let r = Gpr(number);
        for size in SIZES {
            let at = Arg::Mem(mem, size.bytes());
            b.check(|m| m.store(size, mem, r), Mov, &[at, g(size, r)]);
            b.check(
                |m| m.lea(size, r, mem),
                Lea,
                &[g(size, r), Arg::Mem(mem, 0)],
            );
        }
        b.check(
            |m| m.store_narrow(1, mem, r),
            Mov,
            &[Arg::Mem(mem, 1), g8(r)],
        );
        b.check(
            |m| m.store_narrow(2, mem, r),
            Mov,
            &[Arg::Mem(mem, 2), g16(r)],
        );
        b.check(
            |m| m.store_narrow(4, mem, r),
            Mov,
            &[Arg::Mem(mem, 4), g(Size::S32, r)],
        );
        b.check(
            |m| m.store_narrow(8, mem, r),
            Mov,
            &[Arg::Mem(mem, 8), g(Size::S64, r)],
        );
        let imm = IMMS[number as usize % IMMS.len()];
        let value = Arg::Imm(imm as i64);
        for bytes in [1, 2, 4, 8] {
            let args = [Arg::Mem(mem, bytes), value];
            b.check(|m| m.store_imm_narrow(bytes, mem, imm), Mov, &args);
        }
        for size in SIZES {
            b.check(
                |m| m.store_imm(size, mem, imm),
                Mov,
                &[Arg::Mem(mem, size.bytes()), value],
            );
        }
    }
}

#[test]
fn extending_loads() {
    let cases = [
        (LoadOp::I32, Mov, Size::S32),
        (LoadOp::I64, Mov, Size::S64),
        (LoadOp::I32Load8S, Movsx, Size::S32),
        (LoadOp::I32Load8U, Movzx, Size::S32),
        (LoadOp::I32Load16S, Movsx, Size::S32),
        (LoadOp::I32Load16U, Movzx, Size::S32),
        (LoadOp::I64Load8S, Movsx, Size::S64),
        (LoadOp::I64Load8U, Movzx, Size::S32),
        (LoadOp::I64Load16S, Movsx, Size::S64),
        (LoadOp::I64Load16U, Movzx, Size::S32),
        (LoadOp::I64Load32S, Movsxd, Size::S64),
        (LoadOp::I64Load32U, Mov, Size::S32),
    ];
    let mut b = Bench::new();
    for (mem, number) in mems_with_numbers() {
        let r = Gpr(number);
        for (op, mnemonic, size) in cases {
            let args = [g(size, r), Arg::Mem(mem, op.bytes())];
            b.check(|m| m.load_ext(op, r, mem), mnemonic, &args);
        }
    }
}

#[test]
fn vector_memory() {
    let mut b = Bench::new();
    for (mem, number) in mems_with_numbers() {
        let r = Xmm(number);
        for (size, mnemonic) in [(Size::S32, Movss), (Size::S64, Movsd)] {
            let at = Arg::Mem(mem, size.bytes());
            b.check(|m| m.fload(size, r, mem), mnemonic, &[x(r), at]);
            b.check(|m| m.fstore(size, mem, r), mnemonic, &[at, x(r)]);
        }
        b.check(|m| m.vload(r, mem), Movups, &[x(r), Arg::Mem(mem, 16)]);
        b.check(|m| m.vstore(mem, r), Movups, &[Arg::Mem(mem, 16), x(r)]);
    }
}

#[test]
fn slots_follow_the_stack_pointer() {
    let mut b = Bench::new();
    for (offset, adjust) in [(0, 0), (8, 0), (0, 16), (120, 16), (-16, 16), (0, 4096)] {
        b.masm.sp_adjust = adjust;
        let at = Arg::Mem(Mem::base(Gpr::RSP, offset + adjust), 8);
        let mem = Mem::slot(offset);
        b.check(
            |m| m.load(Size::S64, Gpr::R9, mem),
            Mov,
            &[g(Size::S64, Gpr::R9), at],
        );
        b.check(
            |m| m.fstore(Size::S64, mem, Xmm(9)),
            Movsd,
            &[at, x(Xmm(9))],
        );
        let plain = Mem::base(Gpr::RSP, offset);
        let args = [g(Size::S64, Gpr::R9), Arg::Mem(plain, 8)];
        b.check(|m| m.load(Size::S64, Gpr::R9, plain), Mov, &args);
    }
}

#[test]
fn patchable_slots() {
    let mut b = Bench::new();
    let value = 0x1234_5678;
    let at = |bytes| Arg::Mem(Mem::base(Gpr::RSP, value), bytes);
    for r in gprs() {
        for (size, scalar) in [(Size::S32, Movss), (Size::S64, Movsd)] {
            let (at, v) = (at(size.bytes()), Xmm(r.0));
            let patch = |m: &mut Masm, p: Patch32| m.buf.patch32(p, value);
            b.check(
                |m| {
                    let p = m.load_patchable(size, r);
                    patch(m, p);
                },
                Mov,
                &[g(size, r), at],
            );
            b.check(
                |m| {
                    let p = m.store_patchable(size, r);
                    patch(m, p);
                },
                Mov,
                &[at, g(size, r)],
            );
            b.check(
                |m| {
                    let p = m.fload_patchable(size, v);
                    patch(m, p);
                },
                scalar,
                &[x(v), at],
            );
            b.check(
                |m| {
                    let p = m.fstore_patchable(size, v);
                    patch(m, p);
                },
                scalar,
                &[at, x(v)],
            );
        }
    }
}
