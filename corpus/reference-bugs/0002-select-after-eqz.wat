;; cause: wasmi 2.0.0 leaves out an eqz whose result a select consumes, and lets the select
;; look at its operand; where that is a local, at the wrong register.
;; engines: wasmi-2 wasmi x64 x64-explicit
;; invoke: f i32:5
(module
  (func (export "f") (param i32) (result i32)
    i32.const 6
    i32.const 7
    local.get 0
    i32.eqz
    select))
