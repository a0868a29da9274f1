;; cause: wasmi 1.1.0 returns the first locals and one computed value as if they lay side by
;; side, and takes a local in place of the value, where a br_if that carries as many constants,
;; four or more, stands before. wasmi 2.0.0 returns the value.
;; engines: wasmi x64 x64-explicit bytecode
;; invoke: f i32:5 i32:6 i32:7 i32:0
(module
  (func (export "f") (param i32 i32 i32 i32) (result i32 i32 i32 i32)
    i32.const 10
    i32.const 11
    i32.const 12
    i32.const 13
    local.get 3
    br_if 0
    drop
    drop
    drop
    drop
    local.get 0
    local.get 1
    local.get 2
    local.get 0
    i32.clz))
