//! A planted bug: an engine that rotates the wrong way. What shows it becomes small.

use std::io;
use std::time::Duration;

use microwasm::op::ShiftOp;
use microwasm::{FuncIndex, Op};

use super::mir::{Editable, Item};
use super::{Judge, Signature, reduce};
use crate::compare::NanRule;
use crate::engine::Limits;
use crate::engines;
use crate::observe::Outcome;
use crate::regression::Regression;
use crate::subject::Subject;

/// Compares the definitional interpreter with itself, rotating the other way.
struct Rotates;

impl Rotates {
    fn outcomes(regression: &Regression) -> Option<Vec<Outcome>> {
        let case = regression.case().ok()?;
        let engine = engines::by_name("microwasm")?;
        let (seed, limits) = (case.seed, Limits::DIFFERENTIAL);
        let started = Subject::start(&*engine, &case.wasm, &case.shape, seed, limits).ok()?;
        let mut subject = started.subject;
        let invocations = case.invocations.iter();
        let outcomes = invocations.filter_map(|invocation| {
            let export = case.shape.export(&invocation.export)?;
            Some(subject.invoke(export.index, &invocation.args))
        });
        Some(outcomes.collect())
    }

    fn lie(regression: &Regression) -> Option<Regression> {
        let mut module = Editable::read(&regression.wasm).ok()?;
        for item in module.bodies.iter_mut().flatten() {
            if let Item::Op(Op::Shift(op @ ShiftOp::Rotl, _)) = item {
                *op = ShiftOp::Rotr;
            }
        }
        let wasm = module.encode()?;
        Some(Regression {
            wasm,
            ..regression.clone()
        })
    }
}

impl Judge for Rotates {
    fn judge(&mut self, candidate: &Regression) -> io::Result<Option<Signature>> {
        let truth = Rotates::outcomes(candidate);
        let lie = Rotates::lie(candidate).and_then(|lie| Rotates::outcomes(&lie));
        let differ = truth.is_some() && lie.is_some() && truth != lie;
        Ok(differ.then(|| Signature::Diverged("rotated the wrong way".into())))
    }

    fn hurry(&mut self, _limit: Duration) {}
}

/// How many operators are left of a module that fails, `br .return` and `end` included.
fn reduced(wasm: Vec<u8>) -> Option<usize> {
    let mut regression = Regression::of_module(wasm);
    regression.nans = NanRule::Bits;
    regression.engines = vec!["microwasm".into()];
    regression.invocations = Some(regression.case().expect("valid").invocations);
    Rotates.judge(&regression).expect("no process")?;
    let time = Duration::from_secs(60);
    let reduced = reduce(regression, &mut Rotates, time, &mut |_| {}).expect("it fails");
    let module = Editable::read(&reduced.regression.wasm).expect("valid");
    let funcs = (0..module.info.funcs.len() as u32).map(FuncIndex);
    assert!(funcs.count() <= 3, "{}", reduced.regression.print());
    Some(module.bodies.iter().map(Vec::len).sum())
}

#[test]
fn microwasm_becomes_small() {
    let noise = "pick 1\ni32.const 3\ni32.add\nswap 2\ndrop\n".repeat(40);
    let text = format!(
        "microwasm 1\ntype 0 [i64 i32 i32] -> [f64 i32]\nmemory 0 1..\nexport func 0 \"g\"\n\
         func 0 type 0\n{noise}declare .L1 [i32] base 2\ndeclare .L2 [i32] base 1\npick 0\n\
         br_if .L1 .L2\n.L1:\n{noise}br .L2\n.L2:\ndrop\nf64.const 2.0\ni32.const 77\n\
         i32.const 5\ni32.rotl\nbr .return\nend\n"
    );
    let size = reduced(text.into_bytes()).expect("it fails");
    assert!(size <= 10, "{size} operators");
}

#[test]
fn webassembly_becomes_small() {
    let noise = "local.get 0 i32.const 3 i32.add local.set 0\n".repeat(40);
    let text = format!(
        "(module (import \"h\" \"f\" (func $f (param i32))) (memory 1)
           (func $other (param i64) (result i64) local.get 0)
           (func (export \"g\") (param i32 i64) (result f64 i32 i64)
             {noise} f64.const 2 local.get 0
             (block (br_if 0 (i32.eqz (local.get 0))) {noise} (call $f (local.get 0)))
             i32.const 5 i32.rotl {noise} local.get 1 call $other))"
    );
    let size = reduced(wat::parse_str(text).expect("valid text")).expect("it fails");
    assert!(size <= 8, "{size} operators");
}
