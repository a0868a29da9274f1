//! Every target that compares engines, for a moment: 400 inputs, or as many as
//! `MICROWASM_TEST_INPUTS` says.

use std::collections::HashMap;

use microwasm_oracle::choice::{Choices, mix};
use microwasm_oracle::engines::NAMES;
use microwasm_oracle::engines::layout::Arrangement;
use microwasm_oracle::generate::mutate::Bounded;
use microwasm_oracle::stats::Stats;
use microwasm_oracle::targets::{Target, Verdict};

fn inputs() -> u64 {
    std::env::var("MICROWASM_TEST_INPUTS")
        .map_or(400, |inputs| inputs.parse().expect("a number of inputs"))
}

fn bytes(target: Target, number: u64) -> Vec<u8> {
    target.input(&mut Choices::new(mix(1, number)))
}

/// Runs a target and asserts that it finds nothing, and that it is not idle.
fn run(name: &str) -> Stats {
    let target = Target::by_name(name).expect("a target");
    let mut stats = Stats::default();
    for number in 0..inputs() {
        let outcome = target.run(&bytes(target, number));
        stats.add(&outcome);
        if let Verdict::Diverged(finding) = &outcome.verdict {
            panic!("{name}, input {number}: {finding}");
        }
    }
    assert!(stats.executed * 100 >= inputs() * 95, "{name}: {stats}");
    stats
}

/// Share of the invocations that trapped, in percent.
fn trapped(stats: &Stats) -> u64 {
    stats.traps * 100 / stats.invocations
}

#[test]
fn differential() {
    run("differential");
}

#[test]
fn single_op() {
    assert!(trapped(&run("single_op")) < 20);
}

#[test]
fn spill() {
    assert!(trapped(&run("spill")) < 20);
}

#[test]
fn block_args() {
    assert!(trapped(&run("block_args")) < 20);
}

#[test]
fn host_calls() {
    let stats = run("host_calls");
    assert!(stats.host_events > stats.invocations / 2);
}

#[test]
fn mutate() {
    let stats = run("mutate");
    let discarded: u64 = stats.discarded.values().sum();
    assert!(discarded * 10 < stats.inputs, "{stats}");
}

/// Engines and layouts are drawn from the same seed. A layout that only other engines' seeds draw
/// is never tried.
#[test]
fn directed_targets_reach_every_setting() {
    for (name, target) in Target::ALL {
        if !matches!(target, Target::Directed(_)) {
            continue;
        }
        let mut reached = HashMap::new();
        let mut layouts = Vec::new();
        for number in 0..600 {
            let (case, engines) = target.case(&bytes(target, number)).expect("a case");
            for engine in engines {
                *reached.entry(NAMES[*engine]).or_insert(0) += 1;
                if NAMES[*engine] == "x64-perturbed" {
                    let layout = Arrangement::sometimes(case.seed);
                    layouts.extend(layout.filter(|layout| !layouts.contains(layout)));
                }
            }
        }
        for engine in [
            "wasmi",
            "x64",
            "x64-explicit",
            "x64-baseline",
            "x64-perturbed",
            "bytecode",
        ] {
            let times = reached.get(engine).copied().unwrap_or(0);
            assert!(times > 30, "{name}: {engine} in {reached:?}");
        }
        assert!(layouts.len() > 5, "{name}: {layouts:?}");
    }
}

#[test]
fn same_bytes_same_case() {
    for (name, target) in Target::ALL {
        for number in 0..20 {
            let bytes = bytes(target, number);
            let case = || {
                target
                    .case(&bytes)
                    .map(|(case, engines)| (format!("{case:?}"), engines))
            };
            assert_eq!(case().ok(), case().ok(), "{name}, input {number}");
        }
    }
}

#[test]
fn same_bytes_same_mutant() {
    let mutants = (0..20).filter(|number| {
        let bytes = bytes(Target::Mutate, *number);
        let mutant = || Some(Bounded::read(&bytes).ok()?.mutant().ok()?.wasm);
        assert_eq!(mutant(), mutant(), "input {number}");
        mutant().is_some()
    });
    assert!(mutants.count() > 15);
}
