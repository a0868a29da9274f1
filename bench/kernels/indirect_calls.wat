(module
  (type (;0;) (func (param i32 i32) (result i32)))
  (type (;1;) (func (param i32) (result i64)))
  (table (;0;) 9 9 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 17440)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (elem (;0;) (i32.const 1) func 1 2 3 4 5 6 7 8)
  (func (;0;) (type 1) (param i32) (result i64)
    (local i32 i32 i64 i32 i32 i32 i32)
    global.get 0
    i32.const 32
    i32.sub
    local.tee 1
    global.set 0
    i32.const 0
    local.set 2
    local.get 1
    i32.const 0
    i32.load offset=1024
    i32.store
    local.get 1
    i32.const 0
    i32.load offset=1028
    i32.store offset=4
    local.get 1
    i32.const 0
    i32.load offset=1032
    i32.store offset=8
    local.get 1
    i32.const 0
    i32.load offset=1036
    i32.store offset=12
    local.get 1
    i32.const 0
    i32.load offset=1040
    i32.store offset=16
    local.get 1
    i32.const 0
    i32.load offset=1044
    i32.store offset=20
    local.get 1
    i32.const 0
    i32.load offset=1048
    i32.store offset=24
    local.get 1
    i32.const 0
    i32.load offset=1052
    i32.store offset=28
    block ;; label = @1
      block ;; label = @2
        local.get 0
        br_if 0 (;@2;)
        i64.const 1
        local.set 3
        br 1 (;@1;)
      end
      i32.const 1
      local.set 4
      local.get 0
      i32.const 1
      i32.and
      local.set 5
      block ;; label = @2
        local.get 0
        i32.const 1
        i32.eq
        br_if 0 (;@2;)
        local.get 0
        i32.const -2
        i32.and
        local.set 6
        i32.const 0
        local.set 7
        i32.const 0
        local.set 0
        i32.const 1
        local.set 4
        loop ;; label = @3
          local.get 4
          local.get 0
          local.get 1
          local.get 7
          local.get 0
          i32.const 3
          i32.shr_u
          i32.add
          local.tee 2
          i32.const 7
          i32.and
          i32.const 2
          i32.shl
          i32.add
          i32.load
          call_indirect (type 0)
          local.get 0
          i32.const 1
          i32.add
          local.get 1
          local.get 2
          i32.const 5
          i32.add
          i32.const 7
          i32.and
          i32.const 2
          i32.shl
          i32.add
          i32.load
          call_indirect (type 0)
          local.set 4
          local.get 7
          i32.const 10
          i32.add
          local.set 7
          local.get 0
          i32.const 2
          i32.add
          local.tee 2
          local.set 0
          local.get 2
          local.get 6
          i32.ne
          br_if 0 (;@3;)
        end
      end
      block ;; label = @2
        local.get 5
        i32.eqz
        br_if 0 (;@2;)
        local.get 4
        local.get 2
        local.get 1
        local.get 2
        i32.const 5
        i32.mul
        local.get 2
        i32.const 3
        i32.shr_u
        i32.add
        i32.const 7
        i32.and
        i32.const 2
        i32.shl
        i32.add
        i32.load
        call_indirect (type 0)
        local.set 4
      end
      local.get 4
      i64.extend_i32_u
      local.set 3
    end
    local.get 1
    i32.const 32
    i32.add
    global.set 0
    local.get 3
  )
  (func (;1;) (type 0) (param i32 i32) (result i32)
    local.get 1
    local.get 0
    i32.add
  )
  (func (;2;) (type 0) (param i32 i32) (result i32)
    local.get 1
    i32.const -3
    i32.mul
    local.get 0
    i32.add
  )
  (func (;3;) (type 0) (param i32 i32) (result i32)
    local.get 1
    i32.const 5
    i32.shl
    local.get 0
    i32.xor
  )
  (func (;4;) (type 0) (param i32 i32) (result i32)
    local.get 1
    i32.const 1
    i32.or
    local.get 0
    i32.mul
  )
  (func (;5;) (type 0) (param i32 i32) (result i32)
    local.get 0
    i32.const 7
    i32.rotl
    local.get 1
    i32.add
  )
  (func (;6;) (type 0) (param i32 i32) (result i32)
    local.get 1
    i32.const 3
    i32.shr_u
    local.get 0
    i32.const -1
    i32.xor
    i32.add
  )
  (func (;7;) (type 0) (param i32 i32) (result i32)
    local.get 0
    i32.const 2147483647
    i32.and
    local.get 1
    i32.add
  )
  (func (;8;) (type 0) (param i32 i32) (result i32)
    local.get 0
    i32.const 1
    i32.or
    local.get 1
    i32.xor
  )
  (data (;0;) (i32.const 1024) "\01\00\00\00\02\00\00\00\03\00\00\00\04\00\00\00\05\00\00\00\06\00\00\00\07\00\00\00\08\00\00\00")
)
