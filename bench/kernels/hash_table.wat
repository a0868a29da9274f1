(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func (param i64) (result i32)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 5)
  (global (;0;) (mut i32) i32.const 279552)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i32 i64 i64 i32 i64)
    i32.const 0
    local.set 1
    loop ;; label = @1
      local.get 1
      i32.const 1080
      i32.add
      i64.const 0
      i64.store
      local.get 1
      i32.const 1072
      i32.add
      i64.const 0
      i64.store
      local.get 1
      i32.const 1064
      i32.add
      i64.const 0
      i64.store
      local.get 1
      i32.const 1056
      i32.add
      i64.const 0
      i64.store
      local.get 1
      i32.const 1048
      i32.add
      i64.const 0
      i64.store
      local.get 1
      i32.const 1040
      i32.add
      i64.const 0
      i64.store
      local.get 1
      i32.const 1032
      i32.add
      i64.const 0
      i64.store
      local.get 1
      i32.const 1024
      i32.add
      i64.const 0
      i64.store
      local.get 1
      i32.const 64
      i32.add
      local.tee 1
      i32.const 262144
      i32.ne
      br_if 0 (;@1;)
    end
    block ;; label = @1
      block ;; label = @2
        local.get 0
        br_if 0 (;@2;)
        i64.const 0
        local.set 2
        br 1 (;@1;)
      end
      i64.const 11
      local.set 3
      i32.const 0
      local.set 4
      i64.const 0
      local.set 2
      loop ;; label = @2
        local.get 3
        i64.const 12
        i64.shr_u
        local.get 3
        i64.xor
        local.tee 3
        i64.const 25
        i64.shl
        local.get 3
        i64.xor
        local.tee 3
        i64.const 27
        i64.shr_u
        local.get 3
        i64.xor
        local.tee 3
        i64.const 2685821657736338717
        i64.mul
        i64.const 32
        i64.shr_u
        i32.wrap_i64
        i32.const 12000
        i32.rem_u
        i64.extend_i32_u
        i64.const 2654435761
        i64.mul
        i64.const 1
        i64.add
        local.tee 5
        call 1
        local.tee 1
        local.get 5
        i64.store
        local.get 1
        i64.load32_u offset=12
        local.set 5
        local.get 1
        local.get 4
        i32.store offset=12
        local.get 1
        local.get 1
        i32.load offset=8
        i32.const 1
        i32.add
        i32.store offset=8
        local.get 2
        local.get 5
        i64.xor
        i64.const 1099511628211
        i64.mul
        local.get 2
        i64.const 29
        i64.shr_u
        i64.add
        local.set 2
        local.get 0
        local.get 4
        i32.const 1
        i32.add
        local.tee 4
        i32.ne
        br_if 0 (;@2;)
      end
    end
    i32.const -262144
    local.set 1
    loop ;; label = @1
      local.get 2
      local.get 1
      i32.const 263176
      i32.add
      i64.load32_u
      i64.xor
      i64.const 1099511628211
      i64.mul
      local.get 2
      i64.const 29
      i64.shr_u
      i64.add
      local.tee 2
      local.get 1
      i32.const 263192
      i32.add
      i64.load32_u
      i64.xor
      i64.const 1099511628211
      i64.mul
      local.get 2
      i64.const 29
      i64.shr_u
      i64.add
      local.tee 2
      local.get 1
      i32.const 263208
      i32.add
      i64.load32_u
      i64.xor
      i64.const 1099511628211
      i64.mul
      local.get 2
      i64.const 29
      i64.shr_u
      i64.add
      local.tee 2
      local.get 1
      i32.const 263224
      i32.add
      i64.load32_u
      i64.xor
      i64.const 1099511628211
      i64.mul
      local.get 2
      i64.const 29
      i64.shr_u
      i64.add
      local.set 2
      local.get 1
      i32.const 64
      i32.add
      local.tee 1
      br_if 0 (;@1;)
    end
    local.get 2
  )
  (func (;1;) (type 1) (param i64) (result i32)
    (local i32 i32 i64)
    block ;; label = @1
      local.get 0
      i64.const -7046029254386353131
      i64.mul
      i64.const 50
      i64.shr_u
      i32.wrap_i64
      local.tee 1
      i32.const 4
      i32.shl
      i32.const 1024
      i32.add
      local.tee 2
      i64.load
      local.tee 3
      i64.eqz
      br_if 0 (;@1;)
      local.get 3
      local.get 0
      i64.eq
      br_if 0 (;@1;)
      loop ;; label = @2
        local.get 1
        i32.const 1
        i32.add
        i32.const 16383
        i32.and
        local.tee 1
        i32.const 4
        i32.shl
        i32.const 1024
        i32.add
        local.tee 2
        i64.load
        local.tee 3
        i64.eqz
        br_if 1 (;@1;)
        local.get 3
        local.get 0
        i64.ne
        br_if 0 (;@2;)
      end
    end
    local.get 2
  )
)
