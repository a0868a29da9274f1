(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func))
  (type (;2;) (func (result i32)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 3)
  (global (;0;) (mut i32) i32.const 181584)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i32 i64 i32 i32 i32)
    i32.const 0
    local.set 1
    loop ;; label = @1
      local.get 1
      i32.const 1104
      i32.add
      i64.const 4629771061636907072
      i64.store
      local.get 1
      i32.const 8
      i32.add
      local.tee 1
      i32.const 256
      i32.ne
      br_if 0 (;@1;)
    end
    i32.const 3
    local.set 1
    loop ;; label = @1
      local.get 1
      i32.const 1021
      i32.add
      i32.load8_u
      i32.const 1104
      i32.add
      local.get 1
      i32.const -3
      i32.add
      i32.store8
      local.get 1
      i32.const 1022
      i32.add
      i32.load8_u
      i32.const 1104
      i32.add
      local.get 1
      i32.const -2
      i32.add
      i32.store8
      local.get 1
      i32.const 1023
      i32.add
      i32.load8_u
      i32.const 1104
      i32.add
      local.get 1
      i32.const -1
      i32.add
      i32.store8
      local.get 1
      i32.const 1024
      i32.add
      i32.load8_u
      i32.const 1104
      i32.add
      local.get 1
      i32.store8
      local.get 1
      i32.const 4
      i32.add
      local.tee 1
      i32.const 67
      i32.ne
      br_if 0 (;@1;)
    end
    i64.const 3
    local.set 2
    i32.const -49152
    local.set 1
    loop ;; label = @1
      local.get 1
      i32.const 50512
      i32.add
      local.get 2
      i64.const 12
      i64.shr_u
      local.get 2
      i64.xor
      local.tee 2
      i64.const 25
      i64.shl
      local.get 2
      i64.xor
      local.tee 2
      i64.const 27
      i64.shr_u
      local.get 2
      i64.xor
      local.tee 2
      i64.const 2685821657736338717
      i64.mul
      i64.const 32
      i64.shr_u
      i64.store8
      local.get 1
      i32.const 50513
      i32.add
      local.get 2
      i64.const 12
      i64.shr_u
      local.get 2
      i64.xor
      local.tee 2
      i64.const 25
      i64.shl
      local.get 2
      i64.xor
      local.tee 2
      i64.const 27
      i64.shr_u
      local.get 2
      i64.xor
      local.tee 2
      i64.const 2685821657736338717
      i64.mul
      i64.const 32
      i64.shr_u
      i64.store8
      local.get 1
      i32.const 2
      i32.add
      local.tee 1
      br_if 0 (;@1;)
    end
    i64.const 0
    local.set 2
    block ;; label = @1
      local.get 0
      i32.const 1
      i32.lt_s
      br_if 0 (;@1;)
      i32.const 0
      local.set 3
      i32.const 0
      local.set 1
      loop ;; label = @2
        local.get 1
        local.get 1
        i32.const 49152
        i32.div_u
        i32.const -49152
        i32.mul
        i32.add
        local.tee 4
        i32.const 1360
        i32.add
        local.tee 5
        local.get 5
        i32.load8_u
        local.get 1
        i32.xor
        i32.store8
        call 1
        call 2
        local.set 5
        local.get 4
        i32.const 116048
        i32.add
        i64.load8_u
        i64.const 8
        i64.shl
        local.get 3
        i32.const 65535
        i32.and
        i32.const 50512
        i32.add
        i64.load8_u
        i64.or
        local.get 2
        local.get 5
        i64.extend_i32_u
        i64.xor
        i64.const 1099511628211
        i64.mul
        local.get 2
        i64.const 29
        i64.shr_u
        i64.add
        local.tee 2
        i64.xor
        i64.const 1099511628211
        i64.mul
        local.get 2
        i64.const 29
        i64.shr_u
        i64.add
        local.set 2
        local.get 3
        i32.const 5
        i32.add
        local.set 3
        local.get 0
        local.get 1
        i32.const 1
        i32.add
        local.tee 1
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 2
  )
  (func (;1;) (type 1)
    (local i32 i32 i32 i32 i32)
    i32.const 50512
    local.set 0
    i32.const -3
    local.set 1
    loop ;; label = @1
      local.get 0
      i32.const 3
      i32.add
      local.get 1
      i32.const 1365
      i32.add
      i32.load8_u
      local.tee 2
      i32.const 63
      i32.and
      i32.const 1024
      i32.add
      i32.load8_u
      i32.store8
      local.get 0
      local.get 1
      i32.const 1363
      i32.add
      i32.load8_u
      local.tee 3
      i32.const 2
      i32.shr_u
      i32.const 1024
      i32.add
      i32.load8_u
      i32.store8
      local.get 0
      i32.const 2
      i32.add
      local.get 2
      local.get 1
      i32.const 1364
      i32.add
      i32.load8_u
      i32.const 8
      i32.shl
      local.tee 4
      i32.or
      i32.const 6
      i32.shr_u
      i32.const 63
      i32.and
      i32.const 1024
      i32.add
      i32.load8_u
      i32.store8
      local.get 0
      i32.const 1
      i32.add
      local.get 4
      local.get 3
      i32.const 16
      i32.shl
      i32.or
      i32.const 12
      i32.shr_u
      i32.const 63
      i32.and
      i32.const 1024
      i32.add
      i32.load8_u
      i32.store8
      local.get 0
      i32.const 4
      i32.add
      local.set 0
      local.get 1
      i32.const 3
      i32.add
      local.tee 1
      i32.const 49149
      i32.lt_u
      br_if 0 (;@1;)
    end
  )
  (func (;2;) (type 2) (result i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32)
    i32.const 0
    local.set 0
    i32.const 116048
    local.set 1
    i32.const -4
    local.set 2
    loop ;; label = @1
      local.get 1
      i32.const 2
      i32.add
      local.get 2
      i32.const 50519
      i32.add
      i32.load8_u
      i32.const 1104
      i32.add
      i32.load8_u
      local.tee 3
      local.get 2
      i32.const 50518
      i32.add
      i32.load8_u
      i32.const 1104
      i32.add
      i32.load8_u
      local.tee 4
      i32.const 6
      i32.shl
      local.tee 5
      i32.or
      i32.store8
      local.get 1
      i32.const 1
      i32.add
      local.get 5
      local.get 2
      i32.const 50517
      i32.add
      i32.load8_u
      i32.const 1104
      i32.add
      i32.load8_u
      local.tee 6
      i32.const 12
      i32.shl
      local.tee 7
      i32.or
      i32.const 8
      i32.shr_u
      i32.store8
      local.get 1
      local.get 7
      local.get 2
      i32.const 50516
      i32.add
      i32.load8_u
      i32.const 1104
      i32.add
      i32.load8_u
      local.tee 5
      i32.const 18
      i32.shl
      i32.or
      i32.const 16
      i32.shr_u
      i32.store8
      local.get 0
      local.get 3
      local.get 4
      local.get 6
      local.get 5
      i32.or
      i32.or
      i32.or
      i32.const 255
      i32.and
      i32.or
      local.set 0
      local.get 1
      i32.const 3
      i32.add
      local.set 1
      local.get 2
      i32.const 4
      i32.add
      local.tee 2
      i32.const 65532
      i32.lt_u
      br_if 0 (;@1;)
    end
    local.get 0
    i32.const 64
    i32.and
  )
  (data (;0;) (i32.const 1024) "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\00")
)
