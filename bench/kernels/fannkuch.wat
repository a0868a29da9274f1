(module
  (type (;0;) (func (param i32) (result i64)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 17408)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    global.get 0
    i32.const 192
    i32.sub
    local.tee 1
    global.set 0
    block ;; label = @1
      local.get 0
      i32.eqz
      br_if 0 (;@1;)
      local.get 0
      i32.const 7
      i32.and
      local.set 2
      i32.const 0
      local.set 3
      block ;; label = @2
        local.get 0
        i32.const -1
        i32.add
        i32.const 7
        i32.lt_u
        br_if 0 (;@2;)
        local.get 0
        i32.const -8
        i32.and
        local.set 4
        local.get 1
        i32.const 144
        i32.add
        local.set 5
        i32.const 0
        local.set 3
        loop ;; label = @3
          local.get 5
          i32.const 12
          i32.add
          local.get 3
          i32.const 7
          i32.add
          i32.store
          local.get 5
          i32.const 8
          i32.add
          local.get 3
          i32.const 6
          i32.add
          i32.store
          local.get 5
          i32.const 4
          i32.add
          local.get 3
          i32.const 5
          i32.add
          i32.store
          local.get 5
          local.get 3
          i32.const 4
          i32.add
          i32.store
          local.get 5
          i32.const -4
          i32.add
          local.get 3
          i32.const 3
          i32.add
          i32.store
          local.get 5
          i32.const -8
          i32.add
          local.get 3
          i32.const 2
          i32.add
          i32.store
          local.get 5
          i32.const -12
          i32.add
          local.get 3
          i32.const 1
          i32.add
          i32.store
          local.get 5
          i32.const -16
          i32.add
          local.get 3
          i32.store
          local.get 5
          i32.const 32
          i32.add
          local.set 5
          local.get 3
          i32.const 8
          i32.add
          local.tee 3
          local.get 4
          i32.ne
          br_if 0 (;@3;)
        end
      end
      local.get 2
      i32.eqz
      br_if 0 (;@1;)
      local.get 1
      i32.const 128
      i32.add
      local.get 3
      i32.const 2
      i32.shl
      i32.add
      local.set 5
      loop ;; label = @2
        local.get 5
        local.get 3
        i32.store
        local.get 5
        i32.const 4
        i32.add
        local.set 5
        local.get 3
        i32.const 1
        i32.add
        local.set 3
        local.get 2
        i32.const -1
        i32.add
        local.tee 2
        br_if 0 (;@2;)
      end
    end
    local.get 0
    i32.const -4
    i32.and
    local.set 6
    local.get 0
    i32.const 3
    i32.and
    local.set 7
    local.get 1
    i32.const 64
    i32.add
    i32.const 4
    i32.or
    local.set 8
    local.get 1
    i32.const 64
    i32.add
    i32.const -4
    i32.add
    local.set 9
    local.get 1
    i32.const -32
    i32.add
    local.set 10
    local.get 1
    i32.const -4
    i32.add
    local.set 11
    local.get 0
    i32.const -1
    i32.add
    i32.const 3
    i32.lt_u
    local.set 12
    local.get 0
    local.set 4
    i32.const 0
    local.set 13
    i32.const 0
    local.set 14
    i32.const 0
    local.set 15
    loop (result i64) ;; label = @1
      block ;; label = @2
        local.get 4
        i32.const 1
        i32.eq
        br_if 0 (;@2;)
        local.get 4
        i32.const -2
        i32.add
        local.set 2
        block ;; label = @3
          local.get 4
          i32.const -1
          i32.add
          i32.const 7
          i32.and
          local.tee 5
          i32.eqz
          br_if 0 (;@3;)
          local.get 11
          local.get 4
          i32.const 2
          i32.shl
          i32.add
          local.set 3
          loop ;; label = @4
            local.get 3
            local.get 4
            i32.store
            local.get 3
            i32.const -4
            i32.add
            local.set 3
            local.get 4
            i32.const -1
            i32.add
            local.set 4
            local.get 5
            i32.const -1
            i32.add
            local.tee 5
            br_if 0 (;@4;)
          end
        end
        local.get 2
        i32.const 7
        i32.lt_u
        br_if 0 (;@2;)
        local.get 10
        local.get 4
        i32.const 2
        i32.shl
        i32.add
        local.set 3
        loop ;; label = @3
          local.get 3
          i32.const 24
          i32.add
          local.get 4
          i32.const -1
          i32.add
          i32.store
          local.get 3
          i32.const 28
          i32.add
          local.get 4
          i32.store
          local.get 3
          i32.const 20
          i32.add
          local.get 4
          i32.const -2
          i32.add
          i32.store
          local.get 3
          i32.const 16
          i32.add
          local.get 4
          i32.const -3
          i32.add
          i32.store
          local.get 3
          i32.const 12
          i32.add
          local.get 4
          i32.const -4
          i32.add
          i32.store
          local.get 3
          i32.const 8
          i32.add
          local.get 4
          i32.const -5
          i32.add
          i32.store
          local.get 3
          i32.const 4
          i32.add
          local.get 4
          i32.const -6
          i32.add
          i32.store
          local.get 3
          local.get 4
          i32.const -7
          i32.add
          i32.store
          local.get 3
          i32.const -32
          i32.add
          local.set 3
          local.get 4
          i32.const -8
          i32.add
          local.tee 4
          i32.const 1
          i32.ne
          br_if 0 (;@3;)
        end
      end
      block ;; label = @2
        block ;; label = @3
          local.get 0
          br_if 0 (;@3;)
          i32.const 0
          local.set 16
          br 1 (;@2;)
        end
        i32.const 0
        local.set 5
        block ;; label = @3
          local.get 12
          br_if 0 (;@3;)
          i32.const 0
          local.set 3
          i32.const 0
          local.set 5
          loop ;; label = @4
            local.get 1
            i32.const 64
            i32.add
            local.get 3
            i32.add
            local.tee 2
            local.get 1
            i32.const 128
            i32.add
            local.get 3
            i32.add
            local.tee 4
            i64.load
            i64.store
            local.get 2
            i32.const 8
            i32.add
            local.get 4
            i32.const 8
            i32.add
            i64.load
            i64.store
            local.get 3
            i32.const 16
            i32.add
            local.set 3
            local.get 6
            local.get 5
            i32.const 4
            i32.add
            local.tee 5
            i32.ne
            br_if 0 (;@4;)
          end
        end
        block ;; label = @3
          local.get 7
          i32.eqz
          br_if 0 (;@3;)
          local.get 1
          i32.const 128
          i32.add
          local.get 5
          i32.const 2
          i32.shl
          local.tee 5
          i32.add
          local.set 3
          local.get 1
          i32.const 64
          i32.add
          local.get 5
          i32.add
          local.set 5
          local.get 7
          local.set 2
          loop ;; label = @4
            local.get 5
            local.get 3
            i32.load
            i32.store
            local.get 3
            i32.const 4
            i32.add
            local.set 3
            local.get 5
            i32.const 4
            i32.add
            local.set 5
            local.get 2
            i32.const -1
            i32.add
            local.tee 2
            br_if 0 (;@4;)
          end
        end
        block ;; label = @3
          local.get 1
          i32.load offset=64
          local.tee 3
          br_if 0 (;@3;)
          i32.const 0
          local.set 16
          br 1 (;@2;)
        end
        i32.const 0
        local.set 16
        loop ;; label = @3
          local.get 1
          local.get 1
          i32.const 64
          i32.add
          local.get 3
          i32.const 2
          i32.shl
          i32.add
          local.tee 5
          i32.load
          i32.store offset=64
          local.get 5
          local.get 3
          i32.store
          block ;; label = @4
            local.get 3
            i32.const -1
            i32.add
            local.tee 4
            i32.const 2
            i32.lt_u
            br_if 0 (;@4;)
            i32.const 2
            local.set 2
            local.get 9
            local.get 3
            i32.const 2
            i32.shl
            i32.add
            local.set 3
            local.get 8
            local.set 5
            loop ;; label = @5
              local.get 5
              i32.load
              local.set 17
              local.get 5
              local.get 3
              i32.load
              i32.store
              local.get 3
              local.get 17
              i32.store
              local.get 5
              i32.const 4
              i32.add
              local.set 5
              local.get 3
              i32.const -4
              i32.add
              local.set 3
              local.get 2
              local.get 4
              i32.const -1
              i32.add
              local.tee 4
              i32.lt_u
              local.set 17
              local.get 2
              i32.const 1
              i32.add
              local.set 2
              local.get 17
              br_if 0 (;@5;)
            end
          end
          local.get 16
          i32.const 1
          i32.add
          local.set 16
          local.get 1
          i32.load offset=64
          local.tee 3
          br_if 0 (;@3;)
        end
      end
      i32.const 0
      local.get 16
      i32.sub
      local.get 16
      local.get 14
      i32.const 1
      i32.and
      select
      local.get 13
      i32.add
      local.set 13
      local.get 16
      local.get 15
      local.get 16
      local.get 15
      i32.gt_u
      select
      local.set 15
      block ;; label = @2
        block ;; label = @3
          local.get 0
          i32.const 1
          i32.eq
          br_if 0 (;@3;)
          i32.const 1
          local.set 16
          i32.const 0
          local.set 17
          i32.const 1
          local.set 4
          loop ;; label = @4
            local.get 4
            i32.const 3
            i32.and
            local.set 18
            local.get 1
            i32.load offset=128
            local.set 19
            i32.const 0
            local.set 2
            block ;; label = @5
              local.get 17
              i32.const 3
              i32.lt_u
              br_if 0 (;@5;)
              local.get 4
              i32.const -4
              i32.and
              local.set 5
              i32.const 0
              local.set 2
              local.get 1
              i32.const 128
              i32.add
              local.set 3
              loop ;; label = @6
                local.get 3
                local.get 3
                i32.const 4
                i32.add
                i64.load align=4
                i64.store
                local.get 3
                i32.const 8
                i32.add
                local.get 3
                i32.const 12
                i32.add
                i64.load align=4
                i64.store
                local.get 3
                i32.const 16
                i32.add
                local.set 3
                local.get 5
                local.get 2
                i32.const 4
                i32.add
                local.tee 2
                i32.ne
                br_if 0 (;@6;)
              end
            end
            block ;; label = @5
              local.get 18
              i32.eqz
              br_if 0 (;@5;)
              local.get 16
              i32.const 3
              i32.and
              local.set 5
              local.get 1
              i32.const 128
              i32.add
              local.get 2
              i32.const 2
              i32.shl
              i32.add
              local.set 3
              loop ;; label = @6
                local.get 3
                local.get 3
                i32.const 4
                i32.add
                local.tee 2
                i32.load
                i32.store
                local.get 2
                local.set 3
                local.get 5
                i32.const -1
                i32.add
                local.tee 5
                br_if 0 (;@6;)
              end
            end
            local.get 1
            i32.const 128
            i32.add
            local.get 4
            i32.const 2
            i32.shl
            local.tee 3
            i32.add
            local.get 19
            i32.store
            local.get 1
            local.get 3
            i32.add
            local.tee 3
            local.get 3
            i32.load
            i32.const -1
            i32.add
            local.tee 3
            i32.store
            local.get 3
            br_if 2 (;@2;)
            local.get 16
            i32.const 1
            i32.add
            local.set 16
            local.get 17
            i32.const 1
            i32.add
            local.set 17
            local.get 4
            i32.const 1
            i32.add
            local.tee 4
            local.get 0
            i32.ne
            br_if 0 (;@4;)
          end
        end
        local.get 1
        i32.const 192
        i32.add
        global.set 0
        local.get 13
        i64.extend_i32_s
        i64.const 8
        i64.shl
        local.get 15
        i64.extend_i32_u
        i64.or
        return
      end
      local.get 14
      i32.const 1
      i32.add
      local.set 14
      br 0 (;@1;)
    end
  )
)
