//! Microwasm as such: written by hand, generated, and round trips.

use microwasm_oracle::choice::{Choices, mix};
use microwasm_oracle::regression::Regression;
use microwasm_oracle::targets::{self, Verdict};
use microwasm_oracle::{engines, roundtrip::Roundtrip};

fn input(number: u64) -> Vec<u8> {
    let mut choices = Choices::new(mix(0x6d77, number));
    let length = choices.below(400);
    (0..length).map(|_| choices.bits() as u8).collect()
}

#[test]
fn generated_modules_agree() {
    let mut invocations = 0;
    for number in 0..1_500 {
        let outcome = targets::microwasm(&input(number));
        invocations += outcome.invocations;
        match outcome.verdict {
            Verdict::Agree | Verdict::Poisoned(_) => {}
            Verdict::Diverged(finding) => panic!("input {number}: {finding}"),
            other => panic!("input {number}: {other:?}"),
        }
    }
    assert!(invocations > 3_000, "{invocations} invocations");
}

#[test]
fn round_trips() {
    let mut accepted_mutations = 0;
    for number in 0..400 {
        match targets::roundtrip(&input(number)) {
            Roundtrip::Fine { accepted, .. } => accepted_mutations += accepted,
            Roundtrip::Discarded => {}
            Roundtrip::Broken(broken) => panic!("input {number}: {broken}"),
        }
    }
    assert!(accepted_mutations > 10, "{accepted_mutations} accepted");
}

/// Runs a text in every engine that takes it, and checks what each call returns.
fn run(text: &str, calls: &[(&str, &[i32], Result<i32, &str>)]) {
    use microwasm_oracle::engine::{Extern, Limits};
    use microwasm_oracle::host::SuiteHost;
    use microwasm_oracle::value::Value;

    let host = || std::rc::Rc::new(SuiteHost::new(0, Default::default()));
    for engine in engines::microwasm() {
        let mut store = engine.store(host(), Limits::GENEROUS);
        let module = store.compile(text.as_bytes());
        let module = module.unwrap_or_else(|refusal| panic!("{}: {refusal}", engine.name()));
        let instance = store.instantiate(module, &[]).expect("no imports");
        for (name, args, expected) in calls {
            let Some(Extern::Func(func)) = store.export(instance, name) else {
                panic!("no function {name}");
            };
            let args: Vec<Value> = args.iter().map(|&arg| Value::I32(arg as u32)).collect();
            let mut results = Vec::new();
            let outcome = store.call(func, &args, &mut results);
            let got = match (&outcome, &*results) {
                (Ok(()), [Value::I32(value)]) => Ok(*value as i32),
                (Err(trap), _) => Err(trap.to_string()),
                _ => panic!("{name}: {results:?}"),
            };
            let expected = expected.map_err(str::to_owned);
            assert_eq!(got, expected, "{}: {name} {args:?}", engine.name());
        }
    }
}

/// A loop with two entries, which no structured control has.
#[test]
fn irreducible_loop() {
    run(
        "microwasm 1
         type 0 [i32 i32] -> [i32]
         export func 0 \"f\"
         func 0 type 0
             i32.const 0
             declare .L1 [i32] base 2 backward
             declare .L2 [i32] base 2 backward
             pick 1
             br_if .L1 .L2
         .L1:
             i32.const 1
             i32.add
             br .L2
         .L2:
             i32.const 10
             i32.add
             pick 2
             i32.const 1
             i32.sub
             swap 3
             drop
             declare .L3 [i32] base 2 callers 1
             pick 2
             br_if .L1 .L3
         .L3:
             br .return
         end",
        &[
            ("f", &[1, 0], Ok(10)),
            ("f", &[1, 1], Ok(11)),
            ("f", &[3, 0], Ok(32)),
            ("f", &[3, 7], Ok(33)),
        ],
    );
}

/// A block that only branches behind it reach: it lies in the middle of a loop.
#[test]
fn entered_from_below() {
    run(
        "microwasm 1
         type 0 [i32] -> [i32]
         export func 0 \"f\"
         func 0 type 0
             i32.const 100
             declare .L1 [i32 i32] base 2 backward
             declare .L2 [i32] base 2
             pick 1
             br .L2
         .L1:
             i32.sub
             pick 1
             i32.add
             br .return
         .L2:
             i32.const 5
             pick 1
             i32.const 3
             i32.mul
             br .L1
         end",
        &[("f", &[7], Ok(84)), ("f", &[0], Ok(105))],
    );
}

/// Every caller drops something else, and one leaves the arguments where they are.
#[test]
fn several_drops() {
    run(
        "microwasm 1
         type 0 [i32 i32] -> [i32]
         export func 0 \"f\"
         func 0 type 0
             declare .L1 [i32] base 1 callers 4
             declare .L2 [] base 2
             declare .L3 [] base 2 callers 1
             declare .L4 [] base 2 callers 1
             pick 1
             br_table .L1 .L2 .L3 .L4
         .L2:
             i32.const 20
             i32.const 30
             pick 1
             br .L1
         .L3:
             i64.const 5
             i32.const 40
             f64.const 1.5
             i32.const 50
             br .L1
         .L4:
             zeros i64 20
             i32.const 60
             br .L1
         .L1:
             pick 1
             i32.add
             br .return
         end",
        &[
            ("f", &[0, 9], Ok(9)),
            ("f", &[1, 9], Ok(21)),
            ("f", &[2, 9], Ok(52)),
            ("f", &[3, 9], Ok(63)),
        ],
    );
}

/// Arguments that change places on every way round, with more of them than registers.
#[test]
fn arguments_rotate() {
    let types = "i32 ".repeat(12);
    let pushes: String = (0..12).map(|i| format!("i32.const {i}\n")).collect();
    let rotate: String = (0..12)
        .map(|i| format!("pick {}\n", if i == 11 { 22 } else { 10 }))
        .collect();
    run(
        &format!(
            "microwasm 1
             type 0 [i32] -> [i32]
             export func 0 \"f\"
             func 0 type 0
                 {pushes}
                 declare .L1 [{types}] base 1 backward
                 declare .L2 [i32] base 1 callers 1
                 br .L1
             .L1:
                 pick 12
                 i32.const 1
                 i32.sub
                 swap 13
                 drop
                 {rotate}
                 pick 24
                 br_if .L1 .L2
             .L2:
                 br .return
             end"
        ),
        &[
            ("f", &[1], Ok(0)),
            ("f", &[2], Ok(1)),
            ("f", &[13], Ok(0)),
            ("f", &[24], Ok(11)),
        ],
    );
}

#[test]
fn both_targets_are_one() {
    run(
        "microwasm 1
         type 0 [i32] -> [i32]
         export func 0 \"f\"
         func 0 type 0
             declare .L1 [i32] base 0 callers 2
             i32.const 1
             pick 1
             br_if .L1 .L1
         .L1:
             i32.const 4
             i32.div_u
             br .return
         end",
        &[("f", &[0], Ok(0)), ("f", &[1], Ok(0))],
    );
}

/// The interpreter is an engine like the others, for files too.
#[test]
fn a_file_is_compared_in_all_engines_that_take_it() {
    let text = "microwasm 1\ntype 0 [i32] -> [i32]\nexport func 0 \"f\"\nfunc 0 type 0\n    br .return\nend\n";
    let regression = Regression::of_module(text.as_bytes().to_vec());
    let names: Vec<String> = regression
        .engines()
        .expect("known")
        .iter()
        .map(|engine| engine.name().to_owned())
        .collect();
    assert_eq!(names, engines::MICROWASM);
    let outcome = regression.replay().expect("valid");
    assert!(matches!(outcome.verdict, Verdict::Agree), "{outcome:?}");
    assert!(outcome.invocations > 0);
}
