;; cause: i64.extend_i32_u named the register of an i32 that was still alive. A spill before
;; a call stored four bytes for both, and the i64 was reloaded with four bytes of rubbish.
(module
  (func $clobber (param i64 i64 i64 i64) (result i64)
    (i64.add (i64.mul (local.get 0) (local.get 1)) (i64.xor (local.get 2) (local.get 3))))
  (func (export "f") (param i32 i64) (result i64) (local i64 i64 i64)
    (local.set 2 (i64.const -1))
    (local.set 3 (i64.const -1))
    (drop (call $clobber (local.get 2) (local.get 3) (local.get 2) (local.get 3)))
    (local.set 4 (i64.extend_i32_u (i32.add (local.get 0) (i32.const 1))))
    (i64.add
      (i64.extend_i32_u (local.get 0))
      (i64.add
        (call $clobber (local.get 4) (local.get 1) (local.get 4) (local.get 2))
        (i64.add (local.get 4) (i64.extend_i32_u (local.get 0)))))))
