(module
  (type (;0;) (func (param i32) (result i64)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 21040)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i64 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    i64.const 21
    local.set 1
    i32.const -600
    local.set 2
    loop ;; label = @1
      local.get 2
      i32.const 1624
      i32.add
      local.get 1
      i64.const 12
      i64.shr_u
      local.get 1
      i64.xor
      local.tee 1
      i64.const 25
      i64.shl
      local.get 1
      i64.xor
      local.tee 1
      i64.const 27
      i64.shr_u
      local.get 1
      i64.xor
      local.tee 1
      i64.const 2685821657736338717
      i64.mul
      i64.const 32
      i64.shr_u
      i32.wrap_i64
      i32.const 7
      i32.and
      i32.store8
      local.get 2
      i32.const 2232
      i32.add
      local.get 1
      i64.const 12
      i64.shr_u
      local.get 1
      i64.xor
      local.tee 1
      i64.const 25
      i64.shl
      local.get 1
      i64.xor
      local.tee 1
      i64.const 27
      i64.shr_u
      local.get 1
      i64.xor
      local.tee 1
      i64.const 2685821657736338717
      i64.mul
      i64.const 32
      i64.shr_u
      i32.wrap_i64
      i32.const 7
      i32.and
      i32.store8
      local.get 2
      i32.const 1
      i32.add
      local.tee 3
      local.get 2
      i32.lt_u
      local.set 4
      local.get 3
      local.set 2
      local.get 4
      i32.eqz
      br_if 0 (;@1;)
    end
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
      i64.const 0
      local.set 1
      i32.const 0
      local.set 5
      loop ;; label = @2
        local.get 5
        i32.const 600
        i32.rem_u
        i32.const 1024
        i32.add
        local.tee 2
        local.get 2
        i32.load8_u
        i32.const 1
        i32.xor
        i32.store8
        i32.const 2256
        local.set 2
        i32.const 0
        local.set 3
        block ;; label = @3
          loop ;; label = @4
            local.get 2
            i32.const -16
            i32.add
            local.get 3
            i32.store
            local.get 3
            i32.const 1
            i32.add
            local.tee 3
            i32.const 601
            i32.eq
            br_if 1 (;@3;)
            local.get 2
            i32.const 12
            i32.add
            local.get 3
            i32.const 6
            i32.add
            i32.store
            local.get 2
            i32.const 8
            i32.add
            local.get 3
            i32.const 5
            i32.add
            i32.store
            local.get 2
            i32.const 4
            i32.add
            local.get 3
            i32.const 4
            i32.add
            i32.store
            local.get 2
            local.get 3
            i32.const 3
            i32.add
            i32.store
            local.get 2
            i32.const -4
            i32.add
            local.get 3
            i32.const 2
            i32.add
            i32.store
            local.get 2
            i32.const -8
            i32.add
            local.get 3
            i32.const 1
            i32.add
            i32.store
            local.get 2
            i32.const -12
            i32.add
            local.get 3
            i32.store
            local.get 3
            i32.const 7
            i32.add
            local.set 3
            local.get 2
            i32.const 32
            i32.add
            local.set 2
            br 0 (;@4;)
          end
        end
        i32.const 0
        i32.load offset=2240
        local.set 6
        i32.const 1
        local.set 2
        loop ;; label = @3
          local.get 2
          local.tee 7
          i32.const 1023
          i32.add
          i32.load8_u
          local.set 8
          i32.const -600
          local.set 2
          i32.const 2244
          local.set 3
          local.get 7
          local.set 9
          loop ;; label = @4
            local.get 6
            local.get 8
            i32.const 255
            i32.and
            local.get 2
            i32.const 2232
            i32.add
            i32.load8_u
            i32.ne
            i32.add
            local.set 4
            local.get 3
            local.get 9
            i32.const 1
            i32.add
            local.tee 9
            local.get 3
            i32.load
            local.tee 6
            i32.const 1
            i32.add
            local.tee 10
            local.get 4
            local.get 10
            local.get 4
            i32.lt_u
            select
            local.tee 4
            local.get 9
            local.get 4
            i32.lt_u
            select
            local.tee 9
            i32.store
            local.get 3
            i32.const 4
            i32.add
            local.set 3
            local.get 2
            i32.const 1
            i32.add
            local.tee 4
            local.get 2
            i32.lt_u
            local.set 10
            local.get 4
            local.set 2
            local.get 10
            i32.eqz
            br_if 0 (;@4;)
          end
          local.get 7
          local.set 6
          local.get 7
          i32.const 1
          i32.add
          local.tee 2
          i32.const 601
          i32.ne
          br_if 0 (;@3;)
        end
        i32.const 0
        local.get 7
        i32.store offset=2240
        local.get 1
        i32.const 0
        i64.load32_u offset=4640
        i64.xor
        i64.const 1099511628211
        i64.mul
        local.get 1
        i64.const 29
        i64.shr_u
        i64.add
        local.set 1
        local.get 5
        i32.const 1
        i32.add
        local.tee 5
        local.get 0
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 1
  )
)
