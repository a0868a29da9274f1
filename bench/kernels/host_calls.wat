(module
  (type (;0;) (func (param i32 i32) (result i32)))
  (type (;1;) (func (param i32) (result i64)))
  (import "bench" "step" (func (;0;) (type 0) (param i32 i32) (result i32)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 17408)
  (export "memory" (memory 0))
  (export "run" (func 1))
  (func (;1;) (type 1) (param i32) (result i64)
    (local i32 i32)
    block ;; label = @1
      local.get 0
      br_if 0 (;@1;)
      i64.const 1
      return
    end
    i32.const 0
    local.set 1
    i32.const 1
    local.set 2
    loop ;; label = @1
      local.get 2
      local.get 1
      call 0
      local.get 2
      i32.const 1
      i32.shr_u
      i32.xor
      local.set 2
      local.get 0
      local.get 1
      i32.const 1
      i32.add
      local.tee 1
      i32.ne
      br_if 0 (;@1;)
    end
    local.get 2
    i64.extend_i32_u
  )
)
