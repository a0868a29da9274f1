//! Floating-point instructions and conversions.

use super::*;
use Mnemonic::*;

/// Operation, then its scalar single and double and its VEX single and double mnemonic.
const OPS: [(FloatOp, [Mnemonic; 2], [Mnemonic; 2]); 7] = [
    (FloatOp::Sqrt, [Sqrtss, Sqrtsd], [Vsqrtss, Vsqrtsd]),
    (FloatOp::Add, [Addss, Addsd], [Vaddss, Vaddsd]),
    (FloatOp::Mul, [Mulss, Mulsd], [Vmulss, Vmulsd]),
    (FloatOp::Sub, [Subss, Subsd], [Vsubss, Vsubsd]),
    (FloatOp::Min, [Minss, Minsd], [Vminss, Vminsd]),
    (FloatOp::Div, [Divss, Divsd], [Vdivss, Vdivsd]),
    (FloatOp::Max, [Maxss, Maxsd], [Vmaxss, Vmaxsd]),
];

#[test]
fn arithmetic() {
    let mut b = Bench::new();
    for (op, scalar, vex) in OPS {
        for size in SIZES {
            let mnemonic = scalar[size as usize];
            for (dst, src) in xmm_pairs() {
                b.check(|m| m.fop(op, size, dst, src), mnemonic, &[x(dst), x(src)]);
                for third in xmms() {
                    let emit = |m: &mut Masm| m.fop_avx(op, size, dst, src, third);
                    let args = [x(dst), x(src), x(third)];
                    b.check(emit, vex[size as usize], &args);
                    let (bytes, _) = b.assemble(emit);
                    assert_eq!(bytes.len(), if third.0 < 8 { 4 } else { 5 });
                }
            }
            for (mem, number) in mems_with_numbers() {
                let r = Xmm(number);
                let args = [x(r), Arg::Mem(mem, size.bytes())];
                b.check(|m| m.fop_rm(op, size, r, mem), mnemonic, &args);
            }
        }
    }
}

#[test]
fn comparisons_and_rounding() {
    let mut b = Bench::new();
    let rounds = [
        (Round::Nearest, 8),
        (Round::Floor, 9),
        (Round::Ceil, 10),
        (Round::Trunc, 11),
    ];
    let sizes = [(Size::S32, Ucomiss, Roundss), (Size::S64, Ucomisd, Roundsd)];
    for (size, compare, round_mnemonic) in sizes {
        for (a, c) in xmm_pairs() {
            b.check(|m| m.ucomis(size, a, c), compare, &[x(a), x(c)]);
            for (round, imm) in rounds {
                let args = [x(a), x(c), Arg::Imm(imm)];
                b.check(|m| m.fround(round, size, a, c), round_mnemonic, &args);
            }
        }
        for (mem, number) in mems_with_numbers() {
            let r = Xmm(number);
            let args = [x(r), Arg::Mem(mem, size.bytes())];
            b.check(|m| m.ucomis_rm(size, r, mem), compare, &args);
        }
    }
}

#[test]
fn bits() {
    let mut b = Bench::new();
    for (dst, src) in xmm_pairs() {
        let args = [x(dst), x(src)];
        b.check(|m| m.fand(dst, src), Andps, &args);
        b.check(|m| m.fandn(dst, src), Andnps, &args);
        b.check(|m| m.for_(dst, src), Orps, &args);
        b.check(|m| m.fxor(dst, src), Xorps, &args);
    }
}

#[test]
fn conversions() {
    let mut b = Bench::new();
    for (a, c) in gpr_pairs() {
        for size in SIZES {
            let (float, int) = (Xmm(c.0), a);
            let args = [g(size, int), x(float)];
            b.check(|m| m.cvt_f2i(Size::S32, size, int, float), Cvttss2si, &args);
            b.check(|m| m.cvt_f2i(Size::S64, size, int, float), Cvttsd2si, &args);
            for (to, mnemonic) in [(Size::S32, Cvtsi2ss), (Size::S64, Cvtsi2sd)] {
                let (bytes, insts) = b.assemble(|m| m.cvt_i2f(size, to, float, int));
                let [clear, convert] = insts[..] else {
                    panic!("{insts:?}")
                };
                let (first, second) = bytes.split_at(clear.len());
                check_one(first, &clear, Xorps, &[x(float), x(float)]);
                check_one(second, &convert, mnemonic, &[x(float), g(size, int)]);
            }
        }
        let args = [x(Xmm(a.0)), x(Xmm(c.0))];
        b.check(
            |m| m.cvt_f2f(Size::S32, Xmm(a.0), Xmm(c.0)),
            Cvtss2sd,
            &args,
        );
        b.check(
            |m| m.cvt_f2f(Size::S64, Xmm(a.0), Xmm(c.0)),
            Cvtsd2ss,
            &args,
        );
    }
}
