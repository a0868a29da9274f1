//! `localize`: what agrees shows no mismatch, and what is wrong is named.
//!
//! Bugs are planted by letting the engine run a module that differs from the reference's in one
//! operator: to whoever watches it is an operator that the compiler got wrong.

use std::path::Path;
use std::process::{Command, Output};
use std::rc::Rc;

use microwasm_oracle::choice::Choices;
use microwasm_oracle::compare::NanRule;
use microwasm_oracle::localize::{self, Finding};
use microwasm_oracle::regression::parse_invocation;
use microwasm_oracle::run::Case;
use microwasm_oracle::targets::Target;
use microwasm_oracle::{engines, generate};

const ENGINES: [&str; 6] = [
    "x64",
    "x64-explicit",
    "x64-baseline",
    "x64-metered",
    "bytecode",
    "x64-perturbed",
];

/// Watches generated modules in which nothing is wrong.
fn nothing_is_found(target: &str, inputs: u64) {
    let target = Target::by_name(target).expect("a target");
    let mut watched = 0;
    for seed in 0..inputs {
        let mut choices = Choices::new(seed);
        let bytes: Vec<u8> = (0..target.longest())
            .map(|_| choices.bits() as u8)
            .collect();
        let Ok((mut case, _)) = target.case(&bytes) else {
            continue;
        };
        case.invocations.truncate(4);
        let name = ENGINES[seed as usize % ENGINES.len()];
        let found = localize::watch_all(&case, name, Rc::new(|_| ()));
        match found {
            Ok(None) => watched += 1,
            Ok(Some(finding)) => panic!("seed {seed}, {name}:\n{finding}"),
            Err(error) => panic!("seed {seed}, {name}: {error}"),
        }
    }
    assert!(watched > 0, "no input makes a module");
}

#[test]
fn nothing_is_found_in_single_operators() {
    nothing_is_found("single_op", 40);
}

#[test]
fn nothing_is_found_where_registers_are_spilled() {
    nothing_is_found("spill", 20);
}

#[test]
fn nothing_is_found_in_blocks() {
    nothing_is_found("block_args", 20);
}

#[test]
fn nothing_is_found_around_host_calls() {
    nothing_is_found("host_calls", 20);
}

#[test]
fn nothing_is_found_in_random_modules() {
    nothing_is_found("differential", 40);
}

#[test]
fn nothing_is_found_in_random_microwasm() {
    nothing_is_found("microwasm", 40);
}

/// What is run again, from a file or in another process, is what was found.
#[test]
fn cases_of_directed_targets_run_again_as_they_are() {
    for (name, target) in Target::ALL {
        if !matches!(target, Target::Directed(_)) {
            continue;
        }
        for seed in 0..20 {
            let mut choices = Choices::new(seed);
            let bytes: Vec<u8> = (0..200).map(|_| choices.bits() as u8).collect();
            let (case, _) = target.case(&bytes).expect("every input makes a module");
            let calls = Some(case.invocations.clone());
            let again = generate::case_of_module(&case.wasm, case.seed, case.nans, calls);
            assert!(
                again.expect("valid").wasm == case.wasm,
                "{name}, seed {seed}"
            );
        }
    }
}

/// A module in which every function has an operator to be planted a mistake in.
const TEXT: &str = r#"(module
    (import "host" "f" (func $host (param i32 i32) (result i32)))
    (memory 1)
    (global $g (mut i32) (i32.const 7))
    (global $h (mut i32) (i32.const 8))
    (func (export "shift") (param i32 i32) (result i32)
        (i32.add (i32.const 1) (i32.shr_u (local.get 0) (local.get 1))))
    (func (export "press") (param i64 i64) (result i64)
        (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
        (local.set 2 (i64.add (local.get 0) (i64.const 1)))
        (local.set 3 (i64.mul (local.get 1) (local.get 2)))
        (local.set 4 (i64.xor (local.get 2) (local.get 3)))
        (local.set 5 (i64.sub (local.get 3) (local.get 0)))
        (local.set 6 (i64.mul (local.get 4) (local.get 1)))
        (local.set 7 (i64.add (local.get 5) (local.get 2)))
        (local.set 8 (i64.xor (local.get 6) (local.get 3)))
        (local.set 9 (i64.sub (local.get 7) (local.get 4)))
        (local.set 10 (i64.or (local.get 8) (local.get 5)))
        (local.set 11 (i64.add (local.get 9) (local.get 6)))
        (local.set 12 (i64.mul (local.get 10) (local.get 7)))
        (local.set 13 (i64.xor (local.get 11) (local.get 8)))
        (i64.add (i64.and (local.get 4) (local.get 12))
            (i64.xor (i64.add (local.get 2) (local.get 9)) (local.get 13))))
    (func (export "path") (param i32) (result i32)
        (block (block (block (br_table 0 1 2 (local.get 0)))
            (return (i32.const 10)))
            (return (i32.const 20)))
        (i32.const 30))
    (func (export "loop") (param i32) (result i32) (local i32)
        (loop
            (local.set 1 (i32.xor (i32.rotl (local.get 1) (i32.const 9)) (local.get 0)))
            (local.set 1 (i32.shr_s (local.get 1) (i32.const 1)))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
    (func (export "memory") (param i32) (result i32)
        (i32.store offset=4 (i32.const 8) (local.get 0))
        (i32.add (i32.const 3) (i32.load (i32.const 12))))
    (func (export "global") (param i32) (result i32)
        (global.set $g (local.get 0))
        (i32.add (i32.const 3) (i32.add (global.get $g) (global.get $h))))
    (func (export "trap") (param i32 i32) (result i32)
        (i32.div_s (local.get 0) (local.get 1)))
    (func (export "host") (param i32 i32) (result i32)
        (call $host (local.get 0) (i32.or (local.get 1) (i32.const 2))))
    (func $callee (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
    (func (export "call") (param i32 i32) (result i32)
        (i32.mul (call $callee (local.get 0) (local.get 1)) (local.get 1)))
    (func (export "float") (param f64) (result f64)
        (f64.floor (f64.mul (local.get 0) (f64.const 0.5)))))"#;

/// Bytes of a module whose text is well-formed, and how `invocation` runs it.
fn case(text: &str, invocation: &str) -> Case {
    let wasm = wat::parse_str(text).expect("the text is well-formed");
    let invocation = parse_invocation(invocation).expect("values of their types");
    generate::case_of_module(&wasm, 3, NanRule::Bits, Some(vec![invocation])).expect("valid")
}

/// What is found when an engine takes `right`, which is in the text once, for `wrong`.
#[track_caller]
fn planted(engine: &str, invocation: &str, right: &str, wrong: &str) -> Option<Finding> {
    assert_eq!(
        TEXT.matches(right).count(),
        1,
        "{right} is not in the text once"
    );
    let planted = case(&TEXT.replace(right, wrong), invocation).wasm;
    let subject = engines::compiled(engine).expect("an engine of this project");
    let case = case(TEXT, invocation);
    let progress = Rc::new(|_: localize::At<'_>| ());
    localize::watch_planted(&case, &subject, &planted, progress).expect("it can be watched")
}

/// Asserts that this operator is named in every engine, with this symptom.
#[track_caller]
fn names(invocation: &str, right: &str, wrong: &str, op: &str, symptom: &str) {
    for engine in ENGINES {
        let Some(finding) = planted(engine, invocation, right, wrong) else {
            panic!("{engine}: nothing is found");
        };
        let named = finding.op.as_ref().map(|op| op.text.as_str());
        let named = (named, finding.symptom.as_str());
        assert_eq!(named, (Some(op), symptom), "{engine}:\n{finding}");
    }
}

#[test]
fn a_wrong_result_is_named() {
    let args = "shift i32:-100 i32:3";
    names(args, "i32.shr_u", "i32.shr_s", "i32.shr_s", "wrong result");
    let finding = planted("x64-baseline", args, "i32.shr_u", "i32.shr_s").expect("as above");
    assert_eq!(finding.key, "backend-x64/i32.shr_s/reg,reg/wrong-result");
    assert_eq!(finding.function.expect("a function").index, 1);
    assert_eq!(finding.wasm.expect("an operator").text, "i32.shr_s");
    assert_eq!(finding.wrong[0].expected, "i32:536870899");
    assert_eq!(finding.wrong[0].got, "i32:-13");
    assert!(
        finding
            .code
            .iter()
            .any(|line| line.text.starts_with("sar ")),
        "{:?}",
        finding.code
    );
    names(
        "float f64:5",
        "f64.floor",
        "f64.ceil",
        "f64.ceil",
        "wrong result",
    );
}

#[test]
fn what_makes_no_difference_is_not_named() {
    for engine in ENGINES {
        let found = planted(engine, "shift i32:100 i32:3", "i32.shr_u", "i32.shr_s");
        assert_eq!(found, None);
        let found = planted(engine, "path i32:1", "i32.shr_u", "i32.shr_s");
        assert_eq!(found, None);
    }
}

#[test]
fn a_wrong_slot_under_pressure_is_named() {
    let args = "press i64:77 i64:-5000000000";
    let wrong = "(i64.or (local.get 9) (local.get 5))";
    // Position 9 instead of 8, from height 14.
    names(
        args,
        "(i64.or (local.get 8) (local.get 5))",
        wrong,
        "pick 4",
        "wrong result",
    );
}

#[test]
fn a_wrong_branch_is_named() {
    let (right, wrong) = ("br_table 0 1 2", "br_table 1 0 2");
    for engine in ENGINES {
        let finding = planted(engine, "path i32:0", right, wrong).expect("it is found");
        let op = finding.op.as_ref().expect("an operator");
        assert!(op.text.starts_with("br_table "), "{engine}:\n{finding}");
    }
}

#[test]
fn a_mistake_that_shows_late_in_a_loop_is_named() {
    // The first trips only have positive numbers.
    let args = "loop i32:130";
    names(args, "i32.shr_s", "i32.shr_u", "i32.shr_u", "wrong result");
}

#[test]
fn a_store_is_named_and_not_the_load() {
    let (right, wrong) = ("i32.store offset=4", "i32.store offset=5");
    names(
        "memory i32:-2",
        right,
        wrong,
        "i32.store offset=5",
        "wrong memory",
    );
}

#[test]
fn a_global_that_was_set_is_named_and_not_its_use() {
    let args = "global i32:99";
    names(
        args,
        "global.set $g",
        "global.set $h",
        "global.set 1",
        "wrong global",
    );
}

#[test]
fn traps_that_are_missing_or_too_many_are_named() {
    let min = "trap i32:-2147483648 i32:-1";
    names(
        min,
        "i32.div_s",
        "i32.rem_s",
        "i32.rem_s",
        "missing trap: integer overflow",
    );
    let zero = "trap i32:5 i32:0";
    let symptom = "missing trap: integer divide by zero";
    names(zero, "i32.div_s", "i32.shl", "i32.shl", symptom);
}

#[test]
fn arguments_are_named() {
    let (right, wrong) = (
        "(i32.or (local.get 1) (i32.const 2))",
        "(i32.or (local.get 1) (i32.const 6))",
    );
    names(
        "host i32:1 i32:8",
        right,
        wrong,
        "i32.const 6",
        "wrong result",
    );
    let right = "(i32.sub (local.get 0) (local.get 1))";
    let wrong = "(i32.sub (local.get 1) (local.get 0))";
    names("call i32:10 i32:3", right, wrong, "pick 0", "wrong result");
}

#[test]
fn the_front_end_is_localized_by_probes() {
    let mistakes = [
        (
            "shift i32:-100 i32:3",
            "i32.shr_u",
            "i32.shr_s",
            "i32.shr_u",
        ),
        ("loop i32:130", "i32.shr_s", "i32.shr_u", "i32.shr_s"),
        (
            "path i32:0",
            "br_table 0 1 2",
            "br_table 1 0 2",
            "br_table 0 1 2",
        ),
        ("float f64:5", "f64.floor", "f64.ceil", "f64.floor"),
        ("trap i32:7 i32:2", "i32.div_s", "i32.rem_s", "i32.div_s"),
    ];
    let by_name = |name| engines::by_name(name).expect("an engine");
    let (right, wrong) = (by_name("wasmi"), by_name("microwasm"));
    for (args, text, mistake, op) in mistakes {
        let planted = case(&TEXT.replace(text, mistake), args).wasm;
        let case = case(TEXT, args);
        let sides = (&*right, &*wrong);
        let finding = localize::probe_planted(&case, sides, &planted).expect("probes go in");
        let named = finding.wasm.as_ref().map(|op| op.text.as_str());
        assert_eq!(named, Some(op), "{finding}");
        let same = localize::probe_planted(&case, sides, &case.wasm).expect("probes go in");
        assert_eq!(same.wasm, None, "{same}");
    }
}

fn microwasm(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_microwasm"));
    command.args(args).output().expect("the program runs")
}

/// Files in the corpus.
fn corpus(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../corpus")
        .join(name);
    path.to_str().expect("a name in UTF-8").to_owned()
}

#[test]
fn the_command_names_what_the_reference_gets_wrong() {
    let file = corpus("reference-bugs/0002-select-after-eqz.wat");
    let output = microwasm(&["localize", &file, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let finding: Finding = serde_json::from_value(json["finding"].clone()).expect("a finding");
    assert_eq!(finding.engine, "wasmi-2");
    assert_eq!(
        finding.wasm.as_ref().map(|op| op.text.as_str()),
        Some("select"),
        "{finding}"
    );
    let text = microwasm(&["localize", &file]).stdout;
    let text = String::from_utf8(text).expect("text");
    assert!(text.ends_with(&format!("{}\n", finding.key)), "{text}");
}

#[test]
fn the_command_says_when_nothing_is_wrong() {
    let output = microwasm(&[
        "localize",
        &corpus("regressions/0001-extend-shared-register.wat"),
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = microwasm(&[
        "localize",
        &corpus("regressions/0100-entered-from-below.mwt"),
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = microwasm(&["localize", &corpus("README.md"), "--target", "microwasm"]);
    assert_ne!(output.status.code(), Some(1), "{output:?}");
    let output = microwasm(&["localize", "no such file"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn triage_groups_by_key() {
    let output = microwasm(&["triage", &corpus("reference-bugs"), "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let groups = json.as_array().expect("a list");
    assert_eq!(groups.len(), 3, "{json}");
    for group in groups {
        let key = group["key"].as_str().expect("a key");
        assert!(key.starts_with("reference/"), "{key}");
        assert_eq!(group["files"], 1);
    }
}
