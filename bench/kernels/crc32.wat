(module
  (type (;0;) (func (param i32) (result i64)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 2)
  (global (;0;) (mut i32) i32.const 83968)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i32 i32 i32 i32 i64)
    i32.const 1024
    local.set 1
    i32.const 0
    local.set 2
    loop ;; label = @1
      local.get 1
      local.get 2
      i32.const 30
      i32.shl
      i32.const 31
      i32.shr_s
      i32.const -306674912
      i32.and
      i32.const 0
      local.get 2
      i32.const 1
      i32.and
      i32.sub
      i32.const -306674912
      i32.and
      local.get 2
      i32.const 1
      i32.shr_u
      i32.xor
      local.tee 3
      i32.const 1
      i32.shr_u
      i32.xor
      local.tee 4
      i32.const 26
      i32.shl
      i32.const 31
      i32.shr_s
      i32.const -306674912
      i32.and
      local.get 3
      i32.const 26
      i32.shl
      i32.const 31
      i32.shr_s
      i32.const 1994146192
      i32.and
      local.get 2
      i32.const 26
      i32.shl
      i32.const 31
      i32.shr_s
      i32.const 997073096
      i32.and
      local.get 2
      i32.const 27
      i32.shl
      i32.const 31
      i32.shr_s
      i32.const 498536548
      i32.and
      local.get 2
      i32.const 28
      i32.shl
      i32.const 31
      i32.shr_s
      i32.const 249268274
      i32.and
      local.get 2
      i32.const 29
      i32.shl
      i32.const 31
      i32.shr_s
      i32.const 124634137
      i32.and
      local.get 4
      i32.const 6
      i32.shr_u
      i32.xor
      i32.xor
      i32.xor
      i32.xor
      i32.xor
      i32.xor
      i32.store
      local.get 1
      i32.const 4
      i32.add
      local.set 1
      local.get 2
      i32.const 1
      i32.add
      local.tee 2
      i32.const 256
      i32.ne
      br_if 0 (;@1;)
    end
    i64.const 7
    local.set 5
    i32.const -65536
    local.set 2
    loop ;; label = @1
      local.get 2
      i32.const 67584
      i32.add
      local.get 5
      i64.const 12
      i64.shr_u
      local.get 5
      i64.xor
      local.tee 5
      i64.const 25
      i64.shl
      local.get 5
      i64.xor
      local.tee 5
      i64.const 27
      i64.shr_u
      local.get 5
      i64.xor
      local.tee 5
      i64.const 2685821657736338717
      i64.mul
      i64.const 32
      i64.shr_u
      i64.store8
      local.get 2
      i32.const 67585
      i32.add
      local.get 5
      i64.const 12
      i64.shr_u
      local.get 5
      i64.xor
      local.tee 5
      i64.const 25
      i64.shl
      local.get 5
      i64.xor
      local.tee 5
      i64.const 27
      i64.shr_u
      local.get 5
      i64.xor
      local.tee 5
      i64.const 2685821657736338717
      i64.mul
      i64.const 32
      i64.shr_u
      i64.store8
      local.get 2
      i32.const 2
      i32.add
      local.tee 2
      br_if 0 (;@1;)
    end
    block ;; label = @1
      local.get 0
      i32.const 1
      i32.ge_s
      br_if 0 (;@1;)
      i64.const 4294967295
      return
    end
    i32.const -1
    local.set 1
    i32.const 0
    local.set 3
    loop ;; label = @1
      i32.const -65536
      local.set 2
      loop ;; label = @2
        local.get 1
        i32.const 255
        i32.and
        local.get 2
        i32.const 67584
        i32.add
        i32.load8_u
        i32.xor
        i32.const 2
        i32.shl
        i32.const 1024
        i32.add
        i32.load
        local.get 1
        i32.const 8
        i32.shr_u
        i32.xor
        local.tee 1
        i32.const 255
        i32.and
        local.get 2
        i32.const 67585
        i32.add
        i32.load8_u
        i32.xor
        i32.const 2
        i32.shl
        i32.const 1024
        i32.add
        i32.load
        local.get 1
        i32.const 8
        i32.shr_u
        i32.xor
        local.set 1
        local.get 2
        i32.const 2
        i32.add
        local.tee 2
        br_if 0 (;@2;)
      end
      local.get 3
      i32.const 1
      i32.add
      local.tee 3
      local.get 0
      i32.ne
      br_if 0 (;@1;)
    end
    local.get 1
    i64.extend_i32_u
  )
)
