;; cause: two locals at home that exchange their values name each other's slots. Sending them
;; home one after the other loses one; it takes a parallel move between slots.
(module
  (func $f (param i64) (result i64) (local.get 0))
  (func (export "f") (param i64 i64 i32) (result i64)
    (drop (call $f (local.get 0)))
    (loop $again
      (local.get 0)
      (local.get 1)
      (local.set 0)
      (local.set 1)
      (local.set 0 (i64.add (call $f (local.get 0)) (i64.const 1)))
      (local.set 2 (i32.and (i32.sub (local.get 2) (i32.const 1)) (i32.const 7)))
      (br_if $again (local.get 2)))
    (i64.sub (i64.mul (local.get 0) (i64.const 31)) (local.get 1))))
