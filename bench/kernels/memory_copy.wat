(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 3)
  (global (;0;) (mut i32) i32.const 148480)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i64 i64 i32 i32 i32 i64)
    i64.const 42
    local.set 1
    i64.const 0
    local.set 2
    i32.const 1024
    local.set 3
    loop ;; label = @1
      local.get 3
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
      i64.const -4294967296
      i64.and
      local.get 2
      i64.or
      i64.store
      local.get 3
      i32.const 8
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
      i64.const -4294967296
      i64.and
      local.get 2
      i64.const 1
      i64.add
      i64.or
      i64.store
      local.get 3
      i32.const 16
      i32.add
      local.set 3
      local.get 2
      i64.const 2
      i64.add
      local.tee 2
      i64.const 8192
      i64.ne
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
      local.set 4
      i32.const 0
      local.set 5
      i32.const 0
      local.set 3
      loop ;; label = @2
        local.get 3
        i32.const 255
        i32.and
        call 1
        local.get 3
        i32.const 7
        i32.and
        i32.const 66560
        i32.add
        call 2
        local.get 3
        i32.const 8191
        i32.and
        i32.const 3
        i32.shl
        i32.const 66560
        i32.add
        i64.load
        local.set 1
        local.get 3
        i32.const 3
        i32.and
        i32.const 2
        i32.shl
        i32.const 1024
        i32.add
        call 3
        local.get 4
        i32.const 8191
        i32.and
        i32.const 3
        i32.shl
        i32.const 66560
        i32.add
        i64.load
        local.set 6
        call 4
        local.get 6
        local.get 1
        local.get 2
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
        local.tee 2
        local.get 5
        i32.const 8191
        i32.and
        i32.const 3
        i32.shl
        i32.const 66560
        i32.add
        i64.load
        i64.xor
        i64.const 1099511628211
        i64.mul
        local.get 2
        i64.const 29
        i64.shr_u
        i64.add
        local.set 2
        local.get 4
        i32.const 7
        i32.add
        local.set 4
        local.get 5
        i32.const 13
        i32.add
        local.set 5
        local.get 0
        local.get 3
        i32.const 1
        i32.add
        local.tee 3
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 2
  )
  (func (;1;) (type 1) (param i32)
    (local i32)
    i32.const 66560
    local.set 1
    loop ;; label = @1
      local.get 1
      local.get 0
      i32.store8
      local.get 1
      i32.const 15
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 14
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 13
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 12
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 11
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 10
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 9
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 8
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 7
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 6
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 5
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 4
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 3
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 2
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 1
      i32.add
      local.get 0
      i32.store8
      local.get 1
      i32.const 16
      i32.add
      local.tee 1
      i32.const 132096
      i32.ne
      br_if 0 (;@1;)
    end
  )
  (func (;2;) (type 1) (param i32)
    (local i32 i32)
    i32.const 0
    local.set 1
    loop ;; label = @1
      local.get 0
      local.get 1
      i32.add
      local.tee 2
      local.get 1
      i32.const 1024
      i32.add
      i32.load8_u
      i32.store8
      local.get 2
      i32.const 1
      i32.add
      local.get 1
      i32.const 1025
      i32.add
      i32.load8_u
      i32.store8
      local.get 2
      i32.const 2
      i32.add
      local.get 1
      i32.const 1026
      i32.add
      i32.load8_u
      i32.store8
      local.get 2
      i32.const 3
      i32.add
      local.get 1
      i32.const 1027
      i32.add
      i32.load8_u
      i32.store8
      local.get 1
      i32.const 4
      i32.add
      local.tee 1
      i32.const 65528
      i32.ne
      br_if 0 (;@1;)
    end
  )
  (func (;3;) (type 1) (param i32)
    (local i32 i32)
    i32.const 0
    local.set 1
    loop ;; label = @1
      local.get 1
      i32.const 66560
      i32.add
      local.get 0
      local.get 1
      i32.add
      local.tee 2
      i32.load
      i32.store
      local.get 1
      i32.const 66564
      i32.add
      local.get 2
      i32.const 4
      i32.add
      i32.load
      i32.store
      local.get 1
      i32.const 66568
      i32.add
      local.get 2
      i32.const 8
      i32.add
      i32.load
      i32.store
      local.get 1
      i32.const 66572
      i32.add
      local.get 2
      i32.const 12
      i32.add
      i32.load
      i32.store
      local.get 1
      i32.const 66576
      i32.add
      local.get 2
      i32.const 16
      i32.add
      i32.load
      i32.store
      local.get 1
      i32.const 20
      i32.add
      local.tee 1
      i32.const 65520
      i32.ne
      br_if 0 (;@1;)
    end
  )
  (func (;4;) (type 2)
    (local i32)
    i32.const -65536
    local.set 0
    loop ;; label = @1
      local.get 0
      i32.const 132096
      i32.add
      local.get 0
      i32.const 66560
      i32.add
      i64.load
      i64.store
      local.get 0
      i32.const 132104
      i32.add
      local.get 0
      i32.const 66568
      i32.add
      i64.load
      i64.store
      local.get 0
      i32.const 132112
      i32.add
      local.get 0
      i32.const 66576
      i32.add
      i64.load
      i64.store
      local.get 0
      i32.const 132120
      i32.add
      local.get 0
      i32.const 66584
      i32.add
      i64.load
      i64.store
      local.get 0
      i32.const 132128
      i32.add
      local.get 0
      i32.const 66592
      i32.add
      i64.load
      i64.store
      local.get 0
      i32.const 132136
      i32.add
      local.get 0
      i32.const 66600
      i32.add
      i64.load
      i64.store
      local.get 0
      i32.const 132144
      i32.add
      local.get 0
      i32.const 66608
      i32.add
      i64.load
      i64.store
      local.get 0
      i32.const 132152
      i32.add
      local.get 0
      i32.const 66616
      i32.add
      i64.load
      i64.store
      local.get 0
      i32.const 64
      i32.add
      local.tee 0
      br_if 0 (;@1;)
    end
  )
)
