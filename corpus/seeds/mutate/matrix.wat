;; Square matrices of i64, f32 and f64 in memory: product, transpose, and the determinant of 2 × 2.
(module
  (memory (export "memory") 1 1)
  (data $numbers "\00\00\80\3f\00\00\00\c0\00\00\40\40\cd\cc\8c\3f\00\00\80\7f\00\00\00\80\db\0f\49\40\00\00\20\41")
  (func $cell (param $base i32) (param $row i32) (param $column i32) (result i32)
    (i32.add (local.get $base)
      (i32.shl (i32.add (i32.mul (local.get $row) (i32.const 4)) (local.get $column)) (i32.const 3))))
  (func (export "fill") (param $seed i64)
    (local $at i32)
    (loop $next
      (local.set $seed (i64.add (i64.mul (local.get $seed) (i64.const 6364136223846793005))
        (i64.const 1442695040888963407)))
      (i64.store (local.get $at) (i64.shr_s (local.get $seed) (i64.const 40)))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 256)))))
  (func (export "product") (result i64)
    (local $i i32) (local $j i32) (local $k i32) (local $sum i64) (local $trace i64)
    (loop $rows
      (local.set $j (i32.const 0))
      (loop $columns
        (local.set $k (i32.const 0))
        (local.set $sum (i64.const 0))
        (loop $inner
          (local.set $sum (i64.add (local.get $sum) (i64.mul
            (i64.load (call $cell (i32.const 0) (local.get $i) (local.get $k)))
            (i64.load (call $cell (i32.const 128) (local.get $k) (local.get $j))))))
          (br_if $inner (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 4))))
        (i64.store (call $cell (i32.const 256) (local.get $i) (local.get $j)) (local.get $sum))
        (if (i32.eq (local.get $i) (local.get $j))
          (then (local.set $trace (i64.add (local.get $trace) (local.get $sum)))))
        (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 4))))
      (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))
    (local.get $trace))
  (func (export "load") (param $from i32)
    (memory.init $numbers (i32.const 512) (i32.and (local.get $from) (i32.const 31)) (i32.const 4))
    (memory.copy (i32.const 520) (i32.const 512) (i32.const 64))
    (memory.fill (i32.const 600) (local.get $from) (i32.const 9)))
  (func (export "determinant") (param f32 f32 f32 f32) (result f32)
    (f32.store (i32.const 640) (f32.sub
      (f32.mul (local.get 0) (local.get 3)) (f32.mul (local.get 1) (local.get 2))))
    (f32.sqrt (f32.abs (f32.load (i32.const 640)))))
  (func (export "transpose") (param $base i32)
    (local $i i32) (local $j i32) (local $a i32) (local $b i32) (local $t f64)
    (local.set $base (i32.and (local.get $base) (i32.const 0xff8)))
    (loop $rows
      (local.set $j (local.get $i))
      (loop $columns
        (local.set $a (call $cell (local.get $base) (local.get $i) (local.get $j)))
        (local.set $b (call $cell (local.get $base) (local.get $j) (local.get $i)))
        (local.set $t (f64.load (local.get $a)))
        (i64.store (local.get $a) (i64.load (local.get $b)))
        (f64.store (local.get $b) (local.get $t))
        (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 4))))
      (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))))
