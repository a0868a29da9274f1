//! The oracle can fail: every lie of an engine is reported as exactly what it is.

#[path = "lies/liar.rs"]
mod liar;

use std::borrow::Cow;

use liar::{Liar, Lie, flip};
use microwasm_oracle::choice::Choices;
use microwasm_oracle::compare::{Difference, NanRule};
use microwasm_oracle::engine::{Engine, InstantiateError, Poison, RefusalKind, Trap};
use microwasm_oracle::host::Event;
use microwasm_oracle::observe::{Observation, Outcome};
use microwasm_oracle::regression::parse_invocation;
use microwasm_oracle::run::{Case, Divergence, Step};
use microwasm_oracle::stats::Stats;
use microwasm_oracle::subject::Subject;
use microwasm_oracle::targets::{self, Verdict};
use microwasm_oracle::value::{FuncName, Value};
use microwasm_oracle::{engines, generate};

const MODULE: &str = r#"(module
  (import "h" "two" (func $two (param i32 f32)))
  (import "h" "one" (func $one (param i64)))
  (import "h" "number" (global $imported (mut i32)))
  (import "h" "table" (table $imported_table 1 funcref))
  (memory 1 4)
  (table $t 3 funcref)
  (elem (table $t) (i32.const 1) func $identity)
  (global $g (mut i64) (i64.const 5))
  (func $identity (param i32) (result i32) (local.get 0))
  (func (export "every type") (param externref) (result i32 i64 f32 f64 funcref externref)
    (i32.const 7) (i64.const -7) (f32.const 1.5) (f64.const -2.5)
    (ref.func $identity) (local.get 0))
  (func (export "nans") (result f32 f64) (f32.const nan) (f64.const nan))
  (func (export "divide") (param i32 i32) (result i32)
    (i32.div_s (local.get 0) (local.get 1)))
  (func (export "store") (param i32)
    (i32.store (local.get 0) (i32.const 0x01020304))
    (global.set $g (i64.const 9))
    (global.set $imported (i32.const 3)))
  (func (export "host")
    (call $two (i32.const 1) (f32.const 2))
    (call $one (i64.const 3))
    (call $two (i32.const 4) (f32.const 5))))"#;

/// Index of `$t`, which comes after the imported table, and of the imported functions.
const TABLE: usize = 1;
const TWO: u32 = 0;
const ONE: u32 = 1;
/// Index of `$identity`.
const IDENTITY: u32 = 2;

const CALLS: [&str; 6] = [
    "every type externref:6",
    "nans",
    "divide i32:7 i32:2",
    "divide i32:1 i32:0",
    "store i32:16",
    "host",
];
const EVERY_TYPE: usize = 0;
const NANS: usize = 1;
const DIVIDE: usize = 2;
const DIVIDE_BY_ZERO: usize = 3;
const STORE: usize = 4;
const HOST: usize = 5;

fn engine(name: &str) -> Box<dyn Engine> {
    engines::by_name(name).expect("a known engine")
}

/// The module under a seed with which the host does nothing but note calls.
fn case(nans: NanRule) -> Case {
    let wasm = wat::parse_str(MODULE).expect("valid text");
    let calls = || CALLS.iter().map(|call| parse_invocation(call));
    (0..)
        .map(|seed| {
            let calls = calls().collect::<Option<_>>();
            generate::case_of_module(&wasm, seed, nans, calls).expect("a valid module")
        })
        .find(|case| {
            let seen = &truth(case)[HOST + 1];
            let returned = seen.outcome == Outcome::Returned(Box::default());
            returned && seen.trace == [two(1, 2.0), one(3), two(4, 5.0)]
        })
        .expect("the host is quiet under some seed")
}

fn two(a: u32, b: f32) -> Event {
    Event::Called {
        import: TWO,
        args: [Value::I32(a), Value::F32(b.to_bits())].into(),
    }
}

fn one(a: u64) -> Event {
    Event::Called {
        import: ONE,
        args: [Value::I64(a)].into(),
    }
}

/// What an honest engine shows after instantiation and after every invocation.
fn truth(case: &Case) -> Vec<Observation<'static>> {
    let reference = engine(engines::REFERENCE);
    let started = Subject::start(&*reference, &case.wasm, &case.shape, case.seed, case.limits);
    let started = started.expect("the reference takes the module");
    let mut subject = started.subject;
    let mut seen = vec![owned(subject.observe(started.outcome))];
    for invocation in &case.invocations {
        let export = case.shape.export(&invocation.export).expect("an export");
        let outcome = subject.invoke(export.index, &invocation.args);
        seen.push(owned(subject.observe(outcome)));
    }
    seen
}

fn owned(seen: Observation<'_>) -> Observation<'static> {
    let memories = seen.memories.into_iter();
    Observation {
        outcome: seen.outcome,
        trace: seen.trace,
        globals: seen.globals,
        tables: seen.tables,
        memories: memories
            .map(|memory| memory.map(|data| Cow::Owned(data.into_owned())))
            .collect(),
    }
}

/// What the suite says when a subject tells `lie`, with the witness looking on.
fn judge(case: Case, lie: Lie) -> Verdict {
    let reference = engine("wasmi");
    let honest = engine("x64");
    let liar = Liar::new("liar", engine("x64-explicit"), lie);
    let witness = engine(engines::WITNESS);
    let engines: [&dyn Engine; 3] = [&*reference, &*honest, &liar];
    targets::differential_case(case, &engines, Some(&*witness)).verdict
}

/// Asserts that the subject's lie is found, as `difference` after `step`.
fn assert_found(case: Case, lie: Lie, step: Step, difference: Difference) {
    let expected = Divergence {
        step,
        reference: "wasmi".into(),
        subject: "liar".into(),
        difference,
        // The liar has no sibling that could tell.
        stage: None,
    };
    match judge(case, lie.clone()) {
        Verdict::Diverged(finding) => assert_eq!(finding.divergence, expected, "{lie:?}"),
        other => panic!("{lie:?} came to {other:?}"),
    }
}

fn assert_found_in(call: usize, lie: Lie, difference: Difference) {
    assert_found(
        case(NanRule::Class),
        lie,
        Step::Invocation(call),
        difference,
    );
}

fn result(index: usize, expected: Value<FuncName>, got: Value<FuncName>) -> Difference {
    Difference::Result {
        index,
        expected,
        got,
    }
}

#[test]
fn the_truth_is_no_difference() {
    for nans in [NanRule::Class, NanRule::Bits] {
        let case = case(nans);
        // A lie about a call that is never made.
        let lie = Lie::Trap {
            call: 99,
            trap: Trap::Unreachable,
        };
        assert!(matches!(judge(case, lie), Verdict::Agree));
    }
}

#[test]
fn a_bit_of_a_result_of_every_type() {
    let identity = Some(FuncName::Index(IDENTITY));
    let one_and_a_half = 1.5f32.to_bits();
    let results = [
        (1, Value::I32(7), Value::I32(6)),
        (
            1 << 63,
            Value::I64(-7i64 as u64),
            Value::I64((-7i64 as u64) ^ 1 << 63),
        ),
        (
            1 << 3,
            Value::F32(one_and_a_half),
            Value::F32(one_and_a_half ^ 8),
        ),
        (
            1,
            Value::F64((-2.5f64).to_bits()),
            Value::F64((-2.5f64).to_bits() ^ 1),
        ),
        (0, Value::FuncRef(identity), Value::FuncRef(None)),
        (0, Value::ExternRef(Some(6)), Value::ExternRef(None)),
    ];
    for (index, (mask, expected, got)) in results.into_iter().enumerate() {
        let call = EVERY_TYPE;
        let lie = Lie::Result { call, index, mask };
        assert_found_in(call, lie, result(index, expected, got));
    }
}

#[test]
fn nan_payloads_under_both_rules() {
    for (index, ty) in [(0, Value::F32(0x7fc0_0000)), (1, Value::F64(0x7ff8 << 48))] {
        for mask in [1, 1 << if index == 0 { 31 } else { 63 }] {
            let lie = Lie::Result {
                call: NANS,
                index,
                mask,
            };
            assert!(
                matches!(judge(case(NanRule::Class), lie.clone()), Verdict::Agree),
                "{lie:?}"
            );
            let step = Step::Invocation(NANS);
            assert_found(
                case(NanRule::Bits),
                lie,
                step,
                result(index, ty, flip(ty, mask)),
            );
        }
        // A NaN that became a number is a lie under either rule.
        let lie = Lie::Result {
            call: NANS,
            index,
            mask: if index == 0 { 1 << 30 } else { 1 << 62 },
        };
        let Lie::Result { mask, .. } = lie else {
            unreachable!()
        };
        assert_found_in(NANS, lie, result(index, ty, flip(ty, mask)));
    }
}

#[test]
fn traps() {
    let trap = |expected, got| Difference::Trap { expected, got };
    let lie = |call, trap| Lie::Trap { call, trap };
    assert_found_in(
        DIVIDE_BY_ZERO,
        lie(DIVIDE_BY_ZERO, Trap::IntegerOverflow),
        trap(Trap::DivisionByZero, Trap::IntegerOverflow),
    );
    assert_found_in(
        DIVIDE,
        lie(DIVIDE, Trap::Unreachable),
        Difference::Outcome {
            expected: Outcome::Returned([Value::I32(3)].into()),
            got: Outcome::Trapped(Trap::Unreachable),
        },
    );
    assert_found_in(
        DIVIDE_BY_ZERO,
        Lie::Return {
            call: DIVIDE_BY_ZERO,
        },
        Difference::Outcome {
            expected: Outcome::Trapped(Trap::DivisionByZero),
            got: Outcome::Returned([Value::I32(0)].into()),
        },
    );
}

#[test]
fn limits_poison() {
    for (trap, poison) in [
        (Trap::StackOverflow, Poison::StackOverflow),
        (Trap::OutOfFuel, Poison::OutOfFuel),
        (Trap::ResourceLimit, Poison::ResourceLimit),
    ] {
        for call in [DIVIDE, DIVIDE_BY_ZERO] {
            let verdict = judge(case(NanRule::Class), Lie::Trap { call, trap });
            assert!(
                matches!(verdict, Verdict::Poisoned(why) if why == poison),
                "{verdict:?}"
            );
        }
    }
    let verdict = judge(
        case(NanRule::Class),
        Lie::NotInstantiated(InstantiateError::Limit("a lie".into())),
    );
    assert!(matches!(verdict, Verdict::Poisoned(Poison::ResourceLimit)));
}

#[test]
fn a_poisoned_run_is_counted_as_poisoned() {
    let reference = engine("wasmi");
    let liar = Liar::new(
        "liar",
        engine("x64"),
        Lie::Trap {
            call: DIVIDE,
            trap: Trap::StackOverflow,
        },
    );
    let outcome = targets::differential_case(case(NanRule::Class), &[&*reference, &liar], None);
    let mut stats = Stats::default();
    stats.add(&outcome);
    assert_eq!(stats.poisoned.values().sum::<u64>(), 1);
    assert_eq!((stats.diverged, stats.outvoted), (0, 0));
    assert_eq!(stats.invocations, DIVIDE as u64 + 1);
}

#[test]
fn memory() {
    let memory = 0;
    assert_found_in(
        STORE,
        Lie::Byte {
            call: STORE,
            memory,
            offset: 17,
            mask: 0x80,
        },
        Difference::MemoryByte {
            memory,
            offset: 17,
            expected: 3,
            got: 0x83,
        },
    );
    // The last byte, which nobody wrote.
    assert_found_in(
        DIVIDE,
        Lie::Byte {
            call: DIVIDE,
            memory,
            offset: 0xffff,
            mask: 1,
        },
        Difference::MemoryByte {
            memory,
            offset: 0xffff,
            expected: 0,
            got: 1,
        },
    );
    assert_found_in(
        STORE,
        Lie::MemorySize {
            call: STORE,
            memory,
        },
        Difference::MemorySize {
            memory,
            expected: Some(0x1_0000),
            got: Some(0x2_0000),
        },
    );
}

#[test]
fn globals() {
    let mask = 1;
    let global = |index, expected, got| Difference::Global {
        index,
        expected: Some(expected),
        got: Some(got),
    };
    for (index, expected) in [(0, Value::I32(3)), (1, Value::I64(9))] {
        let lie = Lie::Global {
            call: STORE,
            global: index,
            mask,
        };
        assert_found_in(STORE, lie, global(index, expected, flip(expected, mask)));
    }
    // The imported global as the instance exports it comes behind the module's own two.
    let lie = Lie::Reexported {
        call: STORE,
        global: 0,
        mask,
    };
    assert_found_in(STORE, lie, global(2, Value::I32(3), Value::I32(2)));
}

#[test]
fn tables() {
    let table = TABLE;
    assert_found_in(
        STORE,
        Lie::Entry {
            call: STORE,
            table,
            index: 1,
        },
        Difference::TableEntry {
            table,
            index: 1,
            expected: Value::FuncRef(Some(FuncName::Index(IDENTITY))),
            got: Value::FuncRef(None),
        },
    );
    for (table, size) in [
        (
            0,
            truth(&case(NanRule::Class))[0].tables[0]
                .as_ref()
                .map(Vec::len),
        ),
        (TABLE, Some(3)),
    ] {
        assert_found_in(
            DIVIDE,
            Lie::TableSize {
                call: DIVIDE,
                table,
            },
            Difference::TableSize {
                table,
                expected: size,
                got: size.map(|size| size - 1),
            },
        );
    }
}

#[test]
fn host_calls() {
    let all = [two(1, 2.0), one(3), two(4, 5.0)];
    for (event, expected) in all.iter().enumerate() {
        assert_found_in(
            HOST,
            Lie::Missing { event },
            Difference::MissingEvent {
                position: event,
                expected: expected.clone(),
            },
        );
        assert_found_in(
            HOST,
            Lie::Extra { event },
            Difference::ExtraEvent {
                position: event + 1,
                got: expected.clone(),
            },
        );
    }
    for event in 0..2 {
        assert_found_in(
            HOST,
            Lie::Swapped { event },
            Difference::Event {
                position: event,
                expected: all[event].clone(),
                got: all[event + 1].clone(),
            },
        );
    }
}

#[test]
fn arguments_of_host_calls() {
    let five = Value::F32(5f32.to_bits());
    for (event, argument, mask, import, expected) in [
        (0, 0, 1 << 31, TWO, Value::I32(1)),
        (1, 0, 1 << 32, ONE, Value::I64(3)),
        (2, 1, 1 << 31, TWO, five),
    ] {
        assert_found_in(
            HOST,
            Lie::Argument {
                event,
                argument,
                mask,
            },
            Difference::HostArgument {
                position: event,
                import,
                argument,
                expected,
                got: flip(expected, mask),
            },
        );
    }
}

#[test]
fn refusals() {
    let kinds = [
        RefusalKind::Invalid,
        RefusalKind::Unsupported,
        RefusalKind::Failed,
    ];
    for kind in kinds {
        assert_found(
            case(NanRule::Class),
            Lie::Refused(kind),
            Step::Compilation,
            Difference::Acceptance {
                expected: true,
                got: false,
                why: format!("{kind}: a lie").into(),
            },
        );
    }
    // Limits are an engine's own affair.
    let verdict = judge(case(NanRule::Class), Lie::Refused(RefusalKind::Limit));
    assert!(matches!(verdict, Verdict::Discarded(_)), "{verdict:?}");
}

#[test]
fn failed_instantiations() {
    for (error, got) in [
        (InstantiateError::Link("a lie".into()), Outcome::NotLinked),
        (
            InstantiateError::Trap(Trap::MemoryOutOfBounds),
            Outcome::Trapped(Trap::MemoryOutOfBounds),
        ),
    ] {
        assert_found(
            case(NanRule::Class),
            Lie::NotInstantiated(error),
            Step::Instantiation,
            Difference::Outcome {
                expected: Outcome::Returned(Box::default()),
                got,
            },
        );
    }
}

/// Lies that a witness can judge: one for each way in which engines can differ.
fn one_of_each() -> Vec<Lie> {
    vec![
        Lie::Result {
            call: DIVIDE,
            index: 0,
            mask: 1,
        },
        Lie::Trap {
            call: DIVIDE,
            trap: Trap::Unreachable,
        },
        Lie::Return {
            call: DIVIDE_BY_ZERO,
        },
        Lie::Byte {
            call: STORE,
            memory: 0,
            offset: 16,
            mask: 1,
        },
        Lie::MemorySize {
            call: STORE,
            memory: 0,
        },
        Lie::Global {
            call: STORE,
            global: 1,
            mask: 1,
        },
        Lie::Entry {
            call: STORE,
            table: TABLE,
            index: 1,
        },
        Lie::TableSize {
            call: STORE,
            table: TABLE,
        },
        Lie::Missing { event: 1 },
        Lie::Extra { event: 0 },
        Lie::Argument {
            event: 0,
            argument: 1,
            mask: 1,
        },
        Lie::Swapped { event: 0 },
        Lie::Refused(RefusalKind::Invalid),
        Lie::NotInstantiated(InstantiateError::Link("a lie".into())),
    ]
}

#[test]
fn the_witness_outvotes_the_reference_and_not_the_subject() {
    let witness = engine(engines::WITNESS);
    let honest = engine("x64");
    for lie in one_of_each() {
        let liar = Liar::new("liar", engine("wasmi"), lie.clone());
        let judge = |engines: &[&dyn Engine], witness| {
            targets::differential_case(case(NanRule::Class), engines, witness).verdict
        };
        let verdict = judge(&[&liar, &*honest], Some(&*witness));
        match &verdict {
            Verdict::Outvoted(finding) => {
                assert_eq!(&*finding.divergence.reference, "liar");
                assert_eq!(&*finding.divergence.subject, "x64");
            }
            other => panic!("{lie:?} came to {other:?}"),
        }
        // Nobody there to say so.
        let verdict = judge(&[&liar, &*honest], None);
        assert!(matches!(verdict, Verdict::Diverged(_)), "{lie:?}");
        let verdict = judge(&[&*honest, &liar], Some(&*witness));
        assert!(matches!(verdict, Verdict::Diverged(_)), "{lie:?}");
    }
}

/// How many generated modules each kind of lie has to be found in.
const FINDS: usize = 3;

#[test]
fn found_in_generated_modules() {
    let mut found = [0; KINDS];
    for number in 0..2000 {
        if found.iter().all(|count| *count >= FINDS) {
            return;
        }
        let mut choices = Choices::new(number);
        let bytes: Vec<u8> = (0..48).flat_map(|_| choices.bits().to_le_bytes()).collect();
        let Ok((case, _)) = generate::case(&bytes) else {
            continue;
        };
        let honest = Lie::Missing { event: usize::MAX };
        if !matches!(judge(case.clone(), honest), Verdict::Agree) {
            continue;
        }
        let truth = truth(&case);
        for (kind, count) in found.iter_mut().enumerate() {
            let place = (1..truth.len())
                .rev()
                .find_map(|at| place(kind, &truth, at));
            if let Some((call, lie, difference)) = place.filter(|_| *count < FINDS) {
                *count += 1;
                assert_found(case.clone(), lie, Step::Invocation(call), difference);
            }
        }
    }
    panic!("too few places for lies: {found:?}");
}

/// How many kinds of lies [`place`] knows.
const KINDS: usize = 8;

/// A lie of a kind about what `truth[at]` shows, and what it has to be reported as.
fn place(kind: usize, truth: &[Observation<'_>], at: usize) -> Option<(usize, Lie, Difference)> {
    let call = at - 1;
    let seen = &truth[at];
    let mask = 1 << (at % 32);
    let (lie, difference) = match (kind, &seen.outcome) {
        (0, Outcome::Returned(results)) => {
            let index = results.len().checked_sub(1)?;
            let expected = results[index];
            let got = flip(expected, mask);
            let visible = got != expected && !expected.is_nan();
            visible.then_some((
                Lie::Result { call, index, mask },
                result(index, expected, got),
            ))?
        }
        (1, Outcome::Returned(_)) => {
            let trap = Trap::DivisionByZero;
            let expected = seen.outcome.clone();
            let got = Outcome::Trapped(trap);
            (
                Lie::Trap { call, trap },
                Difference::Outcome { expected, got },
            )
        }
        (2, Outcome::Trapped(expected)) => {
            let (trap, expected) = (Trap::Host(1000), *expected);
            let got = trap;
            (Lie::Trap { call, trap }, Difference::Trap { expected, got })
        }
        (3, _) => {
            let (memory, data) = nonempty(&seen.memories, |data| data.len())?;
            let (offset, mask) = (data.len() - 1, 0x10);
            let expected = data[offset];
            let got = expected ^ mask;
            let lie = Lie::Byte {
                call,
                memory,
                offset,
                mask,
            };
            let difference = Difference::MemoryByte {
                memory,
                offset,
                expected,
                got,
            };
            (lie, difference)
        }
        (4, _) => {
            let mut globals = seen.globals.iter().enumerate();
            let (index, expected) = globals.find_map(|(i, value)| Some((i, (*value)?)))?;
            let got = flip(expected, mask);
            let visible = got != expected && !expected.is_nan();
            let lie = Lie::Global {
                call,
                global: index,
                mask,
            };
            let difference = Difference::Global {
                index,
                expected: Some(expected),
                got: Some(got),
            };
            visible.then_some((lie, difference))?
        }
        (5, _) => {
            let (table, entries) = nonempty(&seen.tables, Vec::len)?;
            let got = Some(entries.len() - 1);
            let difference = Difference::TableSize {
                table,
                expected: Some(entries.len()),
                got,
            };
            (Lie::TableSize { call, table }, difference)
        }
        (6, _) => {
            let (table, entries) = nonempty(&seen.tables, Vec::len)?;
            let index = entries.iter().position(|value| flip(*value, 0) != *value)?;
            let lie = Lie::Entry {
                call,
                table,
                index: index as u32,
            };
            let difference = Difference::TableEntry {
                table,
                index,
                expected: entries[index],
                got: flip(entries[index], 0),
            };
            (lie, difference)
        }
        (7, _) => argument_of_a_call(truth, at)?,
        _ => return None,
    };
    Some((call, lie, difference))
}

/// The first item that has anything in it.
fn nonempty<T>(items: &[Option<T>], len: impl Fn(&T) -> usize) -> Option<(usize, &T)> {
    let mut items = items.iter().enumerate();
    items.find_map(|(index, item)| Some((index, item.as_ref().filter(|item| len(item) > 0)?)))
}

/// A lie about an argument of the first host call of a step.
fn argument_of_a_call(truth: &[Observation<'_>], at: usize) -> Option<(Lie, Difference)> {
    let is_call = |event: &&Event| matches!(event, Event::Called { .. });
    let before = truth[..at].iter().flat_map(|seen| &seen.trace);
    let event = before.filter(is_call).count();
    let Event::Called { import, args } = truth[at].trace.first()? else {
        return None;
    };
    let argument = args.len().checked_sub(1)?;
    let expected = args[argument];
    let got = flip(expected, 1);
    let lie = Lie::Argument {
        event,
        argument,
        mask: 1,
    };
    let difference = Difference::HostArgument {
        position: 0,
        import: *import,
        argument,
        expected,
        got,
    };
    (got != expected && !expected.is_nan()).then_some((lie, difference))
}
