//! Who is to blame for a difference: engines that are wrong on purpose are told apart.

use std::rc::Rc;

use microwasm_oracle::compare::NanRule;
use microwasm_oracle::engine::{Engine, Host, HostFunc, Limits, Store, Trap};
use microwasm_oracle::engines;
use microwasm_oracle::generate;
use microwasm_oracle::run::{Relative, RunVerdict, Stage, Step, blame, run_with_witness};
use microwasm_oracle::value::Value;

/// An engine that is right, or shows another result of a host function.
#[derive(Clone, Copy)]
struct Fake {
    name: &'static str,
    right: bool,
    /// Whether its sibling, if it has one, is right.
    sibling: Option<bool>,
}

struct Liar(Rc<dyn Host>);

impl Host for Liar {
    fn call(
        &self,
        store: &mut dyn Store,
        func: HostFunc,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Trap> {
        self.0.call(store, func, args, results)?;
        for result in results {
            if let Value::I32(bits) = result {
                *bits ^= 1;
            }
        }
        Ok(())
    }
}

impl Engine for Fake {
    fn name(&self) -> &str {
        self.name
    }

    fn sibling(&self) -> Option<Box<dyn Engine>> {
        let fake = |right| Fake {
            name: "sibling",
            right,
            sibling: None,
        };
        self.sibling.map(|right| Box::new(fake(right)) as _)
    }

    fn store(&self, host: Rc<dyn Host>, limits: Limits) -> Box<dyn Store> {
        let engine = engines::by_name("bytecode").expect("a name from the list");
        let host = if self.right {
            host
        } else {
            Rc::new(Liar(host))
        };
        engine.store(host, limits)
    }
}

fn verdict(reference: bool, subject: bool, sibling: Option<bool>, witness: bool) -> RunVerdict {
    let text = r#"(module (import "host" "f" (func $f (result i32)))
        (func (export "run") (result i32) call $f))"#;
    let wasm = wat::parse_str(text).expect("the text is well-formed");
    let case = generate::case_of_module(&wasm, 1, NanRule::Bits, None).expect("a valid module");
    let fake = |name, right, sibling| Fake {
        name,
        right,
        sibling,
    };
    let reference = fake("reference", reference, None);
    let subject = fake("subject", subject, sibling);
    let witness = fake("witness", witness, None);
    run_with_witness(&case, &[&reference, &subject], Some(&witness)).verdict
}

#[track_caller]
fn stage(verdict: RunVerdict) -> Option<Stage> {
    match verdict {
        RunVerdict::Diverged(divergence) | RunVerdict::Outvoted(divergence) => divergence.stage,
        other => panic!("no difference: {other:?}"),
    }
}

#[test]
fn the_stage_is_named() {
    assert_eq!(verdict(true, true, None, true), RunVerdict::Agree);
    let only_the_reference = verdict(false, true, Some(true), true);
    assert!(matches!(only_the_reference, RunVerdict::Outvoted(_)));
    assert_eq!(stage(only_the_reference), Some(Stage::Reference));
    assert_eq!(
        stage(verdict(true, false, Some(true), true)),
        Some(Stage::BackEnd)
    );
    assert_eq!(
        stage(verdict(true, false, Some(false), true)),
        Some(Stage::FrontEnd)
    );
    assert_eq!(stage(verdict(true, false, None, true)), None);
}

#[test]
fn a_witness_may_be_wrong_later() {
    // `corpus/reference-bugs`: the reference is wrong in the first function, the witness in the
    // second.
    let text = r#"(module
        (func $first (param i32 i32 i32 i32) (result i32 i32 i32 i32)
            i32.const 10 i32.const 11 i32.const 12 i32.const 13
            local.get 3 br_if 0 drop drop drop drop
            local.get 0 local.get 1 local.get 2 local.get 0 i32.clz)
        (func $second (param i32) (result i32)
            i32.const 6 i32.const 7 local.get 0 i32.eqz select)
        (func (export "first") (result i32 i32 i32 i32)
            i32.const 5 i32.const 6 i32.const 7 i32.const 0 call $first)
        (func (export "second") (result i32) i32.const 5 call $second))"#;
    let wasm = wat::parse_str(text).expect("the text is well-formed");
    let mut case = generate::case_of_module(&wasm, 1, NanRule::Bits, None).expect("a valid module");
    case.invocations.sort_by(|a, b| a.export.cmp(&b.export));
    case.invocations.dedup_by(|a, b| a.export == b.export);
    let calls: Vec<&str> = case.invocations.iter().map(|call| &*call.export).collect();
    assert_eq!(calls, ["first", "second"]);
    let [reference, witness, subject] =
        ["wasmi", "wasmi-2", "x64"].map(|name| engines::by_name(name).expect("a listed name"));
    let without = run_with_witness(&case, &[&*witness, &*subject], None).verdict;
    assert!(
        matches!(&without, RunVerdict::Diverged(found) if found.step == Step::Invocation(1)),
        "{without:?}"
    );
    let judged = run_with_witness(&case, &[&*reference, &*subject], Some(&*witness)).verdict;
    assert!(
        matches!(&judged, RunVerdict::Outvoted(found) if found.step == Step::Invocation(0)),
        "{judged:?}"
    );
    // The other way round the subject is wrong further on, which must not be hidden.
    let judged = run_with_witness(&case, &[&*reference, &*witness], Some(&*subject)).verdict;
    assert!(matches!(&judged, RunVerdict::Diverged(_)), "{judged:?}");
}

/// Who is blamed for an engine that is wrong each time, or only now and then, if of its relatives
/// these are right; of others nothing can be said.
fn blamed(steady: bool, right: &[Relative], wrong: &[Relative]) -> Option<Stage> {
    let is_right = |relative: Relative| {
        Ok::<_, std::convert::Infallible>(match relative {
            Relative::Itself => Some(!steady),
            _ if right.contains(&relative) => Some(true),
            _ => wrong.contains(&relative).then_some(false),
        })
    };
    let Ok(stage) = blame(is_right);
    stage
}

#[test]
fn relatives_tell_the_stage() {
    use Relative::{Definition, Relinked, Sibling};
    let linked = [Relinked(0), Relinked(1)];
    let others = |more: &[Relative]| [&linked[..], more].concat();
    assert_eq!(
        blamed(true, &[Relinked(1)], &[Relinked(0)]),
        Some(Stage::Linker)
    );
    assert_eq!(
        blamed(false, &[Relinked(0), Sibling], &[]),
        Some(Stage::BackEnd)
    );
    assert_eq!(blamed(true, &[Sibling], &linked), Some(Stage::BackEnd));
    assert_eq!(
        blamed(true, &[Definition], &others(&[Sibling])),
        Some(Stage::Runtime)
    );
    assert_eq!(
        blamed(true, &[], &others(&[Sibling, Definition])),
        Some(Stage::FrontEnd)
    );
    assert_eq!(blamed(true, &[], &linked), None);
}
