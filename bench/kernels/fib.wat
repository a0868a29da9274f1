(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func (param i32) (result i32)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 17408)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    local.get 0
    call 1
    i64.extend_i32_u
  )
  (func (;1;) (type 1) (param i32) (result i32)
    (local i32)
    i32.const 1
    local.set 1
    block ;; label = @1
      local.get 0
      i32.const 2
      i32.lt_u
      br_if 0 (;@1;)
      local.get 0
      i32.const -1
      i32.add
      call 1
      local.get 0
      i32.const -2
      i32.add
      call 1
      i32.add
      local.set 1
    end
    local.get 1
  )
)
