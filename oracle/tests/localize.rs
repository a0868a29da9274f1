//! `localize`: what agrees shows no mismatch, and what is wrong is named.
//!
//! Bugs are planted by letting the engine run a module that differs from the reference's in one
//! operator: to whoever watches it is an operator that the compiler got wrong.

use std::rc::Rc;

use microwasm_oracle::choice::Choices;
use microwasm_oracle::localize;
use microwasm_oracle::targets::Target;

const ENGINES: [&str; 5] = [
    "x64",
    "x64-explicit",
    "x64-baseline",
    "x64-metered",
    "bytecode",
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
