(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func (param i32 i32 i32) (result i32)))
  (type (;2;) (func (param i64 i32) (result i64)))
  (type (;3;) (func (param i32 i32) (result i32)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 17408)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i64 i32 i32 i32 i32 i32)
    block ;; label = @1
      block ;; label = @2
        local.get 0
        br_if 0 (;@2;)
        i64.const 12884901888
        local.set 1
        i32.const 1
        local.set 2
        br 1 (;@1;)
      end
      i32.const 2
      local.set 3
      i32.const 3
      local.set 4
      i64.const 0
      local.set 1
      i32.const 0
      local.set 5
      i32.const 1
      local.set 6
      loop ;; label = @2
        local.get 3
        local.set 2
        local.get 4
        local.set 3
        local.get 2
        local.get 6
        local.get 2
        local.get 5
        call 1
        local.tee 6
        i32.xor
        local.set 4
        local.get 1
        local.get 6
        call 2
        local.set 1
        local.get 2
        local.set 6
        local.get 0
        local.get 5
        i32.const 1
        i32.add
        local.tee 5
        i32.ne
        br_if 0 (;@2;)
      end
      local.get 4
      i64.extend_i32_u
      i64.const 32
      i64.shl
      local.get 1
      i64.xor
      local.set 1
    end
    local.get 1
    local.get 2
    i64.extend_i32_u
    i64.xor
  )
  (func (;1;) (type 1) (param i32 i32 i32) (result i32)
    local.get 0
    local.get 1
    call 3
    local.get 0
    i32.add
    local.get 1
    local.get 2
    call 3
    i32.const 3
    i32.mul
    i32.add
  )
  (func (;2;) (type 2) (param i64 i32) (result i64)
    local.get 0
    i64.const 31
    i64.mul
    local.get 1
    i64.extend_i32_u
    i64.add
  )
  (func (;3;) (type 3) (param i32 i32) (result i32)
    local.get 1
    local.get 0
    i32.xor
    local.get 0
    i32.const 3
    i32.shr_u
    i32.add
  )
)
