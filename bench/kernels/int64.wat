(module
  (type (;0;) (func (param i32) (result i64)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 17408)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i64 i64 i64)
    block ;; label = @1
      block ;; label = @2
        local.get 0
        i32.const 1
        i32.ge_s
        br_if 0 (;@2;)
        i64.const 0
        local.set 1
        br 1 (;@1;)
      end
      i64.const 88172645463325252
      local.set 2
      i64.const -7046029254386353131
      local.set 3
      i64.const 0
      local.set 1
      loop ;; label = @2
        local.get 2
        i64.const 13
        i64.shl
        local.get 2
        i64.xor
        local.tee 2
        i64.const 7
        i64.shr_u
        local.get 2
        i64.xor
        local.tee 2
        i64.const 17
        i64.shl
        local.get 2
        i64.xor
        local.tee 2
        i64.const 1
        i64.or
        i64.clz
        local.get 3
        i64.const 6364136223846793005
        i64.mul
        i64.const 1442695040888963407
        i64.add
        local.tee 3
        i64.const 1048576
        i64.or
        i64.ctz
        i64.add
        local.get 2
        i64.const 0
        local.get 2
        local.get 3
        i64.lt_s
        select
        i64.sub
        local.get 2
        local.get 3
        i64.xor
        local.get 3
        i64.const 40
        i64.shr_u
        i64.const 3
        i64.add
        i64.rem_u
        local.get 1
        i64.add
        i64.const 23
        i64.rotl
        local.get 2
        local.get 3
        i64.const 33
        i64.shr_u
        i64.const 1
        i64.add
        i64.div_s
        i64.xor
        i64.add
        local.set 1
        local.get 0
        i32.const -1
        i32.add
        local.tee 0
        br_if 0 (;@2;)
      end
    end
    local.get 1
  )
)
