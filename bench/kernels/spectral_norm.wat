(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func (param i32)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 22208)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i32 f64 f64 f64 f64)
    i32.const 0
    local.set 1
    loop ;; label = @1
      local.get 1
      i32.const 1080
      i32.add
      i64.const 4607182418800017408
      i64.store
      local.get 1
      i32.const 1072
      i32.add
      i64.const 4607182418800017408
      i64.store
      local.get 1
      i32.const 1064
      i32.add
      i64.const 4607182418800017408
      i64.store
      local.get 1
      i32.const 1056
      i32.add
      i64.const 4607182418800017408
      i64.store
      local.get 1
      i32.const 1048
      i32.add
      i64.const 4607182418800017408
      i64.store
      local.get 1
      i32.const 1040
      i32.add
      i64.const 4607182418800017408
      i64.store
      local.get 1
      i32.const 1032
      i32.add
      i64.const 4607182418800017408
      i64.store
      local.get 1
      i32.const 1024
      i32.add
      i64.const 4607182418800017408
      i64.store
      local.get 1
      i32.const 64
      i32.add
      local.tee 1
      i32.const 1600
      i32.ne
      br_if 0 (;@1;)
    end
    block ;; label = @1
      local.get 0
      i32.const 1
      i32.lt_s
      br_if 0 (;@1;)
      loop ;; label = @2
        i32.const 1024
        call 1
        i32.const 4224
        call 2
        i32.const 4224
        call 1
        i32.const 1024
        call 2
        local.get 0
        i32.const -1
        i32.add
        local.tee 0
        br_if 0 (;@2;)
      end
    end
    f64.const 0x0p+0 (;=0;)
    local.set 2
    i32.const -1600
    local.set 1
    f64.const 0x0p+0 (;=0;)
    local.set 3
    loop ;; label = @1
      local.get 3
      local.get 1
      i32.const 2624
      i32.add
      f64.load
      local.get 1
      i32.const 5824
      i32.add
      f64.load
      local.tee 4
      f64.mul
      f64.add
      local.get 1
      i32.const 2632
      i32.add
      f64.load
      local.get 1
      i32.const 5832
      i32.add
      f64.load
      local.tee 5
      f64.mul
      f64.add
      local.set 3
      local.get 2
      local.get 4
      local.get 4
      f64.mul
      f64.add
      local.get 5
      local.get 5
      f64.mul
      f64.add
      local.set 2
      local.get 1
      i32.const 16
      i32.add
      local.tee 1
      br_if 0 (;@1;)
    end
    local.get 3
    local.get 2
    f64.div
    f64.sqrt
    i64.reinterpret_f64
  )
  (func (;1;) (type 1) (param i32)
    (local i32 i32 f64 i32 i32 i32)
    i32.const 0
    local.set 1
    loop ;; label = @1
      local.get 1
      i32.const 1
      i32.add
      local.set 2
      f64.const 0x0p+0 (;=0;)
      local.set 3
      local.get 0
      local.set 4
      i32.const 0
      local.set 5
      loop ;; label = @2
        local.get 3
        f64.const 0x1p+0 (;=1;)
        local.get 2
        local.get 1
        local.get 5
        i32.add
        local.tee 6
        i32.const 1
        i32.add
        local.get 6
        i32.mul
        i32.const 1
        i32.shr_u
        i32.add
        f64.convert_i32_u
        f64.div
        local.get 4
        f64.load
        f64.mul
        f64.add
        local.set 3
        local.get 4
        i32.const 8
        i32.add
        local.set 4
        local.get 5
        i32.const 1
        i32.add
        local.tee 5
        i32.const 200
        i32.ne
        br_if 0 (;@2;)
      end
      local.get 1
      i32.const 3
      i32.shl
      i32.const 2624
      i32.add
      local.get 3
      f64.store
      local.get 2
      local.set 1
      local.get 2
      i32.const 200
      i32.ne
      br_if 0 (;@1;)
    end
  )
  (func (;2;) (type 1) (param i32)
    (local i32 i32 i32 f64 i32 i32 i32 i32)
    i32.const 0
    local.set 1
    i32.const 2
    local.set 2
    i32.const 0
    local.set 3
    loop ;; label = @1
      f64.const 0x0p+0 (;=0;)
      local.set 4
      i32.const -1600
      local.set 5
      local.get 1
      local.set 6
      local.get 2
      local.set 7
      i32.const 1
      local.set 8
      loop ;; label = @2
        local.get 4
        f64.const 0x1p+0 (;=1;)
        local.get 8
        local.get 6
        i32.const 1
        i32.shr_u
        i32.add
        f64.convert_i32_u
        f64.div
        local.get 5
        i32.const 4224
        i32.add
        f64.load
        f64.mul
        f64.add
        local.set 4
        local.get 6
        local.get 7
        i32.add
        local.set 6
        local.get 8
        i32.const 1
        i32.add
        local.set 8
        local.get 7
        i32.const 2
        i32.add
        local.set 7
        local.get 5
        i32.const 8
        i32.add
        local.tee 5
        br_if 0 (;@2;)
      end
      local.get 0
      local.get 3
      i32.const 3
      i32.shl
      i32.add
      local.get 4
      f64.store
      local.get 1
      local.get 2
      i32.add
      local.set 1
      local.get 2
      i32.const 2
      i32.add
      local.set 2
      local.get 3
      i32.const 1
      i32.add
      local.tee 3
      i32.const 200
      i32.ne
      br_if 0 (;@1;)
    end
  )
)
