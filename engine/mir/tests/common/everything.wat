(module
  (type $binary (func (param i32 i32) (result i32)))
  (type $pair (func (param i64 f64) (result f64 i64)))
  (import "host" "log" (func $log (param i32 f32)))
  (import "host" "table" (table $t 4 16 funcref))
  (import "host" "base" (global $base i32))
  (memory $m 1 4)
  (table $e 2 externref)
  (global $counter (mut i64) (i64.const -1))
  (global $where i32 (i32.add (global.get $base) (i32.mul (i32.const 2) (i32.const 8))))
  (global $nan f32 (f32.const nan:0x200001))
  (global $f funcref (ref.func $fib))
  (export "fib" (func $fib))
  (export "memory" (memory $m))
  (export "counter" (global $counter))
  (export "e" (table $e))
  (start $start)
  (elem $active (table $t) (offset (global.get $base)) func $fib $swap)
  (elem $passive funcref (ref.func $fib) (ref.null func))
  (elem $declared declare func $start)
  (data $greeting "hello\00")
  (data $where2 (memory $m) (offset (i32.const 16)) "\01\02\ff")

  (func $fib (param $n i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $n) (i32.const 2))
      (then (local.get $n))
      (else
        (i32.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  (func $swap (type $pair)
    local.get 1
    local.get 0)

  (func $start
    (local $i i32) (local $x i64) (local $y f64) (local $r externref)
    (memory.init $greeting (i32.const 0) (i32.const 0) (i32.const 6))
    (data.drop $greeting)
    (block $done
      (loop $again
        (br_if $done (i32.ge_s (local.get $i) (i32.const 10)))
        (i32.store8 offset=100 (local.get $i) (i32.load16_u offset=2 align=1 (local.get $i)))
        (local.set $i (i32.add (local.tee $i (local.get $i)) (i32.const 1)))
        (global.set $counter (i64.shr_s (global.get $counter) (i64.const 3)))
        (br $again)))
    (call $swap (local.get $x) (local.get $y))
    (local.set $x)
    (local.set $y)
    (call $log (i32.trunc_sat_f64_s (local.get $y)) (f32.demote_f64 (local.get $y)))
    (drop (call_indirect $t (type $binary) (i32.const 1) (i32.const 2) (local.get $i)))
    (table.set $e (i32.const 0) (local.get $r))
    (drop (table.grow $e (table.get $e (i32.const 1)) (table.size $e)))
    (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 2))
    (table.init $t $passive (i32.const 0) (i32.const 0) (i32.const 2))
    (elem.drop $passive)
    (memory.fill (i32.const 0) (i32.const 255) (memory.grow (memory.size)))
    (memory.copy (i32.const 0) (i32.const 1) (i32.const 2))
    (drop (select (local.get $x) (i64.extend_i32_u (local.get $i)) (ref.is_null (local.get $r))))
    (drop (select (result externref) (local.get $r) (ref.null extern) (i32.eqz (local.get $i))))
    (drop (f64.copysign (f64.sqrt (local.get $y)) (f64.const -0)))
    (drop (i32.extend8_s (i32.popcnt (i32.rotl (local.get $i) (i32.const 5)))))
    (drop (i64.div_u (local.get $x) (i64.const 7))))

  (func $switch (param i32) (result i32)
    (block $a
      (block $b
        (block $c
          (br_table $a $b $c $a $b (local.get 0)))
        (return (i32.const 10)))
      unreachable)
    (i32.const 20)))
