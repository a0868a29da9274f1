(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func (param i32 i32) (result i64)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 2)
  (global (;0;) (mut i32) i32.const 82992)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i64 i32 i64 i32)
    i32.const 0
    i32.const 35
    i32.store8 offset=1056
    i64.const 99
    local.set 1
    i32.const 1
    local.set 2
    loop ;; label = @1
      block ;; label = @2
        block ;; label = @3
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
          local.tee 3
          i64.const 12
          i64.shr_u
          local.get 3
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
          local.get 3
          i64.const 2685821657736338717
          i64.mul
          i64.const 32
          i64.shr_u
          i32.wrap_i64
          i32.const 7
          i32.and
          i32.const 2
          i32.shl
          i32.const 1024
          i32.add
          i32.load
          i32.rem_u
          i32.const 32
          i32.add
          local.tee 4
          i32.const 127
          i32.gt_u
          br_if 0 (;@3;)
          local.get 2
          i32.const 1056
          i32.add
          local.get 4
          i32.store8
          i32.const 1
          local.set 4
          br 1 (;@2;)
        end
        block ;; label = @3
          local.get 4
          i32.const 2047
          i32.gt_u
          br_if 0 (;@3;)
          local.get 2
          i32.const 1057
          i32.add
          local.get 4
          i32.const 63
          i32.and
          i32.const 128
          i32.or
          i32.store8
          local.get 2
          i32.const 1056
          i32.add
          local.get 4
          i32.const 6
          i32.shr_u
          i32.const 192
          i32.or
          i32.store8
          i32.const 2
          local.set 4
          br 1 (;@2;)
        end
        block ;; label = @3
          local.get 4
          i32.const 65535
          i32.gt_u
          br_if 0 (;@3;)
          local.get 2
          i32.const 1058
          i32.add
          local.get 4
          i32.const 63
          i32.and
          i32.const 128
          i32.or
          i32.store8
          local.get 2
          i32.const 1056
          i32.add
          local.get 4
          i32.const 12
          i32.shr_u
          i32.const 224
          i32.or
          i32.store8
          local.get 2
          i32.const 1057
          i32.add
          local.get 4
          i32.const 6
          i32.shr_u
          i32.const 63
          i32.and
          i32.const 128
          i32.or
          i32.store8
          i32.const 3
          local.set 4
          br 1 (;@2;)
        end
        local.get 2
        i32.const 1059
        i32.add
        local.get 4
        i32.const 63
        i32.and
        i32.const 128
        i32.or
        i32.store8
        local.get 2
        i32.const 1056
        i32.add
        local.get 4
        i32.const 18
        i32.shr_u
        i32.const 240
        i32.or
        i32.store8
        local.get 2
        i32.const 1058
        i32.add
        local.get 4
        i32.const 6
        i32.shr_u
        i32.const 63
        i32.and
        i32.const 128
        i32.or
        i32.store8
        local.get 2
        i32.const 1057
        i32.add
        local.get 4
        i32.const 12
        i32.shr_u
        i32.const 63
        i32.and
        i32.const 128
        i32.or
        i32.store8
        i32.const 4
        local.set 4
      end
      local.get 4
      local.get 2
      i32.add
      local.tee 2
      i32.const 65536
      i32.lt_u
      br_if 0 (;@1;)
    end
    block ;; label = @1
      local.get 0
      i32.const 1
      i32.ge_s
      br_if 0 (;@1;)
      i64.const 0
      return
    end
    local.get 2
    i32.const 1056
    i32.add
    local.set 4
    i64.const 0
    local.set 1
    i32.const 0
    local.set 2
    loop ;; label = @1
      local.get 2
      i32.const 1
      i32.and
      i32.const 1056
      i32.add
      local.get 4
      call 1
      local.get 1
      i64.xor
      i64.const 1099511628211
      i64.mul
      local.get 1
      i64.const 29
      i64.shr_u
      i64.add
      local.set 1
      local.get 0
      local.get 2
      i32.const 1
      i32.add
      local.tee 2
      i32.ne
      br_if 0 (;@1;)
    end
    local.get 1
  )
  (func (;1;) (type 1) (param i32 i32) (result i64)
    (local i64 i64 i32 i32 i32 i32 i32 i32 i32 i32)
    i64.const 0
    local.set 2
    block ;; label = @1
      local.get 0
      local.get 1
      i32.ge_u
      br_if 0 (;@1;)
      i64.const 0
      local.set 3
      loop ;; label = @2
        block ;; label = @3
          block ;; label = @4
            block ;; label = @5
              local.get 0
              i32.load8_u
              local.tee 4
              i32.const 239
              i32.le_u
              br_if 0 (;@5;)
              i32.const 65536
              local.set 5
              i32.const 7
              local.set 6
              i32.const 0
              local.set 7
              i32.const 0
              local.set 8
              i32.const 3
              local.set 9
              br 1 (;@4;)
            end
            block ;; label = @5
              local.get 4
              i32.const 223
              i32.le_u
              br_if 0 (;@5;)
              i32.const 2048
              local.set 5
              i32.const 2
              local.set 9
              i32.const 1
              local.set 7
              i32.const 15
              local.set 6
              i32.const 0
              local.set 8
              br 1 (;@4;)
            end
            block ;; label = @5
              local.get 4
              i32.const 191
              i32.le_u
              br_if 0 (;@5;)
              i32.const 128
              local.set 5
              i32.const 1
              local.set 8
              i32.const 31
              local.set 6
              i32.const 0
              local.set 7
              i32.const 1
              local.set 9
              br 1 (;@4;)
            end
            block ;; label = @5
              local.get 4
              i32.extend8_s
              i32.const 0
              i32.ge_s
              br_if 0 (;@5;)
              i64.const -1
              return
            end
            local.get 0
            i32.const 1
            i32.add
            local.set 0
            i32.const 0
            local.set 5
            br 1 (;@3;)
          end
          i64.const -2
          local.set 2
          local.get 0
          i32.const 1
          i32.add
          local.tee 10
          i32.load8_u
          local.tee 11
          i32.const 192
          i32.and
          i32.const 128
          i32.ne
          br_if 2 (;@1;)
          local.get 10
          local.get 9
          i32.add
          local.set 9
          local.get 11
          i32.const 63
          i32.and
          local.get 6
          local.get 4
          i32.and
          i32.const 6
          i32.shl
          i32.or
          local.set 4
          block ;; label = @4
            local.get 8
            br_if 0 (;@4;)
            local.get 0
            i32.const 2
            i32.add
            i32.load8_u
            local.tee 6
            i32.const 192
            i32.and
            i32.const 128
            i32.ne
            br_if 3 (;@1;)
            local.get 6
            i32.const 63
            i32.and
            local.get 4
            i32.const 6
            i32.shl
            i32.or
            local.set 4
            local.get 7
            br_if 0 (;@4;)
            local.get 0
            i32.const 3
            i32.add
            i32.load8_u
            local.tee 0
            i32.const 192
            i32.and
            i32.const 128
            i32.ne
            br_if 3 (;@1;)
            local.get 0
            i32.const 63
            i32.and
            local.get 4
            i32.const 6
            i32.shl
            i32.or
            local.set 4
          end
          local.get 9
          local.set 0
        end
        i64.const -3
        local.set 2
        local.get 4
        local.get 5
        i32.lt_u
        br_if 1 (;@1;)
        local.get 4
        i32.const 1114111
        i32.gt_u
        br_if 1 (;@1;)
        local.get 3
        i64.const 31
        i64.mul
        local.get 4
        i64.extend_i32_u
        i64.add
        local.tee 3
        local.set 2
        local.get 0
        local.get 1
        i32.lt_u
        br_if 0 (;@2;)
      end
    end
    local.get 2
  )
  (data (;0;) (i32.const 1024) "`\00\00\00`\00\00\00`\00\00\00`\00\00\00\00\07\00\00\00\07\00\00\00\c0\00\00\00\00\04\00")
)
