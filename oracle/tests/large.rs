//! Frames with more slots than bytecode has numbers for: what is computed around the last slot
//! that has one is what the same operators compute at the bottom of a frame.

use microwasm_oracle::{engines, wast};

/// The most locals, parameters included.
const LOCALS: usize = 50_000;
/// The first slot whose number does not fit, and how many operands [`OPERATORS`] has at most.
const WIDE: usize = 65_528;
const DEPTH: usize = 9;

/// Operators of every shape on operands that have just been computed; from one `i32` in local 0
/// to the one that is returned.
const OPERATORS: &str = "
    (i32.clz (local.get 0))
    (i32.rotl (local.get 0) (i32.const 3))
    (i32.sub (local.get 0) (i32.const 77))
    (local.tee 0 (i32.add (local.get 0) (i32.const 9)))
    i32.popcnt
    select
    i32.sub
    (i32.extend8_s (local.get 0))
    (i32.or (i32.ctz (local.get 0)) (i32.const 1))
    (i32.and (local.get 0) (i32.const 0xff0))
    (i32.xor (local.get 0) (i32.const -2))
    i32.store offset=4
    i32.rem_s
    (i32.and (local.get 0) (i32.const 0xff0))
    i32.load offset=4
    (i32.and (local.get 0) (i32.const 0x7f0))
    (i64.load32_u)
    (i64.extend_i32_s (local.get 0))
    (global.set $g (i64.mul))
    (i64.add (global.get $g) (i64.const 0x123456789a))
    (f64.convert_i64_s)
    (f64.const 3)
    f64.div
    i64.reinterpret_f64
    i32.wrap_i64
    (i32.or (local.get 0) (i32.const 1))
    i32.div_u
    (i32.add (local.get 0) (i32.const 5))
    (call $mix)
    (i32.add (local.get 0) (i32.const 1))
    (i32.and (local.get 0) (i32.const 1))
    (call_indirect (type $binary))
    (if (i32.lt_u (i32.ctz (local.get 0)) (i32.clz (local.get 0)))
      (then (local.set 0 (i32.shl (local.get 0) (i32.const 1)))))
    (if (i32.gt_s (i32.sub (local.get 0) (i32.const 3)) (i32.const 100))
      (then (local.set 0 (i32.mul (local.get 0) (i32.const 3)))))
    (if (i32.and (local.get 0) (i32.const 2))
      (then (local.set 0 (i32.shr_u (local.get 0) (i32.const 1)))))
    (block $a (result i32)
      (block $b (result i32)
        (i32.const 7)
        (i32.popcnt (local.get 0))
        (br_table $a $b $a $b $a (i32.and (local.get 0) (i32.const 3))))
      (i32.add (i32.const 1)))
    (call $mix)
    (i32.eqz (local.get 0))
    (i32.lt_s (local.get 0) (i32.const 1000))
    i32.ne
    (i64.eqz (global.get $g))
    (i32.const 4)
    (memory.grow (i32.clz (i32.const 1)))
    drop
    i32.add
    i32.add
    i32.xor
    i32.sub
    return";

/// A function with the operators above `pad` values, and one with them alone.
fn script(pad: usize) -> String {
    let locals = "i32 ".repeat(LOCALS - 1);
    let values = "local.get 0 ".repeat(pad);
    format!(
        "(module
          (memory 1 1)
          (global $g (mut i64) (i64.const 0))
          (type $binary (func (param i32 i32) (result i32)))
          (table funcref (elem $mix $other))
          (func $mix (type $binary)
            (i32.add (i32.mul (local.get 0) (i32.const 31)) (local.get 1)))
          (func $other (type $binary) (i32.sub (local.get 1) (local.get 0)))
          (func $low (param i32) (result i32) {OPERATORS})
          (func $high (param i32) (result i32) (local {locals}) {values} {OPERATORS})
          (func (export \"same\") (param i32) (result i32)
            (i32.eq (call $low (local.get 0)) (call $high (local.get 0)))))
        {}",
        [0, 1, 5, 0x1234_5678, -3, i32::MIN]
            .map(|arg| format!("(assert_return (invoke \"same\" (i32.const {arg})) (i32.const 1))"))
            .join("\n")
    )
}

#[test]
fn slots_beyond_the_last_that_has_a_number() {
    for name in ["x64", "bytecode"] {
        let engine = engines::by_name(name).expect("a name from the list");
        for height in WIDE - DEPTH..=WIDE {
            let report = wast::run(&*engine, &script(height - LOCALS)).expect("well-formed");
            assert!(
                report.failures.is_empty(),
                "{name} at {height}: {:?}",
                report.failures
            );
            assert_eq!(report.passed, 7, "{name} at {height}");
        }
    }
}
