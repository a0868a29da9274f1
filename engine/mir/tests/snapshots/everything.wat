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

;;; Microwasm
;; microwasm 1
;; type 0 [i32 i32] -> [i32]
;; type 1 [i64 f64] -> [f64 i64]
;; type 2 [i32 f32] -> []
;; type 3 [i32] -> [i32]
;; type 4 [] -> []
;; import func 0 "host" "log" type 2 name "log"
;; import table 0 "host" "table" funcref 4..16
;; import global 0 "host" "base" i32
;; table 1 externref 2..
;; memory 0 1..4
;; global 1 mut i64 (i64.const -1)
;; global 2 i32 (global.get 0 i32.const 2 i32.const 8 i32.mul i32.add)
;; global 3 f32 (f32.const nan:0x200001)
;; global 4 funcref (ref.func 1)
;; export func 1 "fib"
;; export memory 0 "memory"
;; export global 1 "counter"
;; export table 1 "e"
;; start 3
;; elem 0 funcref active 0 (global.get 0) func 1 2
;; elem 1 funcref passive expr (ref.func 1) (ref.null funcref)
;; elem 2 funcref declared func 3
;; data 0 passive "hello\00"
;; data 1 active 0 (i32.const 16) "\01\02\ff"
;;
;; func 1 "fib" type 3 ;; [i32] -> [i32]
;;     pick 0
;;     i32.const 2
;;     i32.lt_u
;;     declare .L1 [] base 1
;;     declare .L2 [] base 1 callers 1
;;     br_if .L2 .L1
;; .L2:
;;     pick 0
;;     declare .L3 [i32] base 1
;;     br .L3
;; .L1:
;;     pick 0
;;     i32.const 1
;;     i32.sub
;;     call 1
;;     pick 1
;;     i32.const 2
;;     i32.sub
;;     call 1
;;     i32.add
;;     br .L3
;; .L3:
;;     br .return
;; end
;;
;; func 2 "swap" type 1 ;; [i64 f64] -> [f64 i64]
;;     pick 0
;;     pick 2
;;     br .return
;; end
;;
;; func 3 "start" type 4 ;; [] -> []
;;     zeros i32 1
;;     zeros i64 1
;;     zeros f64 1
;;     zeros externref 1
;;     i32.const 0
;;     i32.const 0
;;     i32.const 6
;;     memory.init 0 0
;;     data.drop 0
;;     declare .L1 [] base 4 backward
;;     br .L1
;; .L1:
;;     pick 3
;;     i32.const 10
;;     i32.ge_s
;;     declare .L2 [] base 4
;;     declare .L3 [] base 4 callers 1
;;     br_if .L2 .L3
;; .L3:
;;     pick 3
;;     pick 4
;;     i32.load16_u offset=2
;;     i32.store8 offset=100
;;     pick 3
;;     pick 0
;;     swap 5
;;     drop
;;     i32.const 1
;;     i32.add
;;     swap 4
;;     drop
;;     global.get 1
;;     i64.const 3
;;     i64.shr_s
;;     global.set 1
;;     br .L1
;; .L2:
;;     pick 2
;;     pick 2
;;     call 2
;;     swap 4
;;     drop
;;     swap 2
;;     drop
;;     pick 1
;;     i32.trunc_sat_f64_s
;;     pick 2
;;     f32.demote_f64
;;     call 0
;;     i32.const 1
;;     i32.const 2
;;     pick 5
;;     call_indirect 0 0
;;     drop
;;     i32.const 0
;;     pick 1
;;     table.set 1
;;     i32.const 1
;;     table.get 1
;;     table.size 1
;;     table.grow 1
;;     drop
;;     i32.const 0
;;     i32.const 1
;;     i32.const 2
;;     table.copy 0 0
;;     i32.const 0
;;     i32.const 0
;;     i32.const 2
;;     table.init 0 1
;;     elem.drop 1
;;     i32.const 0
;;     i32.const 255
;;     memory.size 0
;;     memory.grow 0
;;     memory.fill 0
;;     i32.const 0
;;     i32.const 1
;;     i32.const 2
;;     memory.copy 0 0
;;     pick 2
;;     pick 4
;;     i64.extend_i32_u
;;     pick 2
;;     ref.is_null
;;     select i64
;;     drop
;;     pick 0
;;     ref.null externref
;;     pick 5
;;     i32.eqz
;;     select externref
;;     drop
;;     pick 1
;;     f64.sqrt
;;     f64.const -0.0
;;     f64.copysign
;;     drop
;;     pick 3
;;     i32.const 5
;;     i32.rotl
;;     i32.popcnt
;;     i32.extend8_s
;;     drop
;;     pick 2
;;     i64.const 7
;;     i64.div_u
;;     drop
;;     br .return
;; end
;;
;; func 4 "switch" type 3 ;; [i32] -> [i32]
;;     pick 0
;;     declare .L1 [] base 1
;;     declare .L2 [] base 1
;;     declare .L3 [] base 1
;;     br_table .L1 .L2 .L3 .L1 .L2
;; .L3:
;;     i32.const 10
;;     br .return
;; .L2:
;;     unreachable
;; .L1:
;;     i32.const 20
;;     br .return
;; end
