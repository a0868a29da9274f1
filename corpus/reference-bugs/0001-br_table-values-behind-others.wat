;; cause: wasmi 2.0.0 takes the values that a br_table carries from the wrong place when
;; there are others below them to be dropped, and returns what is not even on the stack.
;; engines: wasmi-2 wasmi x64 x64-explicit
;; invoke: f
(module
  (func $two (result i64 externref) i64.const 60 ref.null extern)
  (func (export "f") (result i64 externref)
    (local i32)
    block (result i64 externref)
      i64.const 0
      i64.const 0
      f32.const 0
      ref.null extern
      call $two
      local.get 0
      br_table 0 1 0
    end))
