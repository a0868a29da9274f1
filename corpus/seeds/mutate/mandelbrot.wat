;; Escape times and orbits of z² + c, in both widths of floats; Newton's square root.
(module
  (memory (export "memory") 1 1)
  (func $escape (export "escape") (param $cx f64) (param $cy f64) (result i32)
    (local $x f64) (local $y f64) (local $t f64) (local $n i32)
    (local.set $n (i32.const 48))
    (block $out
      (loop $step
        (local.set $t (f64.add
          (f64.sub (f64.mul (local.get $x) (local.get $x)) (f64.mul (local.get $y) (local.get $y)))
          (local.get $cx)))
        (local.set $y (f64.add
          (f64.mul (f64.add (local.get $x) (local.get $x)) (local.get $y))
          (local.get $cy)))
        (local.set $x (local.get $t))
        (br_if $out (f64.gt
          (f64.add (f64.mul (local.get $x) (local.get $x)) (f64.mul (local.get $y) (local.get $y)))
          (f64.const 4)))
        (br_if $step (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (local.get $n))
  (func (export "row") (param $y f32)
    (local $i i32)
    (loop $pixel
      (i32.store8 (local.get $i)
        (call $escape
          (f64.sub (f64.mul (f64.convert_i32_u (local.get $i)) (f64.const 0.1875)) (f64.const 2))
          (f64.promote_f32 (local.get $y))))
      (br_if $pixel (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 12)))))
  (func $sqrt (export "sqrt") (param $x f64) (result f64)
    (local $r f64) (local $n i32)
    (if (f64.lt (local.get $x) (f64.const 0)) (then (return (f64.const nan))))
    (local.set $r (f64.max (local.get $x) (f64.const 1)))
    (loop $again
      (local.set $r (f64.mul (f64.const 0.5)
        (f64.add (local.get $r) (f64.div (local.get $x) (local.get $r)))))
      (br_if $again (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 12))))
    (f64.copysign (local.get $r) (local.get $x)))
  (func (export "norm") (param $x f32) (param $y f32) (result f32 i32 i64)
    (local $r f64)
    (local.set $r (call $sqrt (f64.promote_f32 (f32.add
      (f32.mul (local.get $x) (local.get $x)) (f32.mul (local.get $y) (local.get $y))))))
    (f64.store (i32.const 64) (local.get $r))
    (f32.demote_f64 (local.get $r))
    (i32.trunc_sat_f64_u (f64.nearest (local.get $r)))
    (i64.trunc_f64_s (f64.floor (local.get $r)))))
