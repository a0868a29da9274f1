//! Translating takes time and memory linear in the size of a function.

mod common;

use std::time::Duration;

use common::{Checked, Count};
use microwasm::wasm::{self, Limits};
use rustix::time::{ClockId, clock_gettime};

/// Processor time of this thread so far: others may want the machine, too.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The operators, declared arguments and time (best of some runs) of one module.
fn measure(wasm: &[u8]) -> (u64, u64, Duration) {
    let mut best = Duration::MAX;
    let mut counts = (0, 0);
    for _ in 0..5 {
        let mut consumer = Checked::<Count>::default();
        let start = thread_time();
        wasm::translate(wasm, Limits::default(), &mut consumer).expect("valid");
        best = best.min(thread_time() - start);
        let functions = consumer.functions.iter();
        counts = functions.fold((0, 0), |sum, count| (sum.0 + count.ops, sum.1 + count.args));
    }
    (counts.0, counts.1, best)
}

/// Doubles `n` and checks that everything at most doubles. Caches are shared, so time has
/// some slack: quadratic growth would be four times as much.
fn check_linear(name: &str, n: usize, module: impl Fn(usize) -> String) {
    let (small, large) = (
        common::assemble(&module(n)),
        common::assemble(&module(2 * n)),
    );
    let (ops, args, time) = measure(&small);
    let (ops2, args2, time2) = measure(&large);
    assert!(ops2 <= 2 * ops + 8, "{name}: {ops} operators, then {ops2}");
    assert!(
        args2 <= 2 * args + 8,
        "{name}: {args} arguments, then {args2}"
    );
    let slack = Duration::from_millis(5);
    // Others may slow the machine down while it translates the larger one: what is quadratic is
    // too slow every time.
    let (mut time, mut time2) = (time, time2);
    for _ in 0..3 {
        if time2 > time * 3 + slack {
            (time, time2) = (measure(&small).2, measure(&large).2);
        }
    }
    assert!(
        time2 <= time * 3 + slack,
        "{name}: {time:?}, then {time2:?}"
    );
}

/// 50,000 locals of alternating types.
fn locals() -> String {
    "(local i32 i64) ".repeat(25_000)
}

#[test]
fn blocks_over_many_locals() {
    check_linear("blocks", 50_000, |n| {
        let blocks = "(block (br_if 0 (local.get 49998)))".repeat(n);
        format!("(module (func {} {blocks}))", locals())
    });
}

#[test]
fn loops_and_ifs_over_many_locals() {
    check_linear("loops and ifs", 25_000, |n| {
        let body = "(loop (br_if 0 (local.get 0)))
            (if (local.get 2) (then (local.set 49998 (i32.const 1))) (else (br 0)))"
            .repeat(n);
        format!("(module (func {} {body}))", locals())
    });
}

#[test]
fn nested_blocks() {
    check_linear("nesting", 35_000, |n| {
        let (open, close) = ("block local.get 0 br_if 0 ".repeat(n), "end ".repeat(n));
        format!("(module (func (local i32) {open} {close}))")
    });
}

#[test]
fn branches_to_one_label() {
    check_linear("branches", 100_000, |n| {
        let branches = "local.get 0 br_if 0 ".repeat(n);
        format!("(module (func (local i32) block {branches} end))")
    });
}

#[test]
fn wide_br_table() {
    check_linear("br_table", 250_000, |n| {
        let targets = "0 1 ".repeat(n);
        format!("(module (func (param i32) block local.get 0 br_table {targets} 0 end))")
    });
}

#[test]
fn dead_code() {
    check_linear("dead code", 50_000, |n| {
        let dead = "block local.get 0 if else end end ".repeat(n);
        format!("(module (func (param i32) unreachable {dead}))")
    });
}

#[test]
fn high_stack() {
    check_linear("operands", 100_000, |n| {
        let (push, add) = ("local.get 0 ".repeat(n), "i32.add ".repeat(n - 1));
        format!("(module (func (param i32) (result i32) {push} {add}))")
    });
}

#[test]
fn many_functions() {
    check_linear("functions", 50_000, |n| {
        format!("(module {})", "(func)".repeat(n))
    });
}
