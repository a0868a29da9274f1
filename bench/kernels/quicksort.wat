(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func (param i32 i32)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 7)
  (global (;0;) (mut i32) i32.const 417408)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i64 i64 i32 i32 i32)
    block ;; label = @1
      local.get 0
      i32.const 1
      i32.ge_s
      br_if 0 (;@1;)
      i64.const 0
      return
    end
    i64.const 81985529216486895
    local.set 1
    i64.const 0
    local.set 2
    i32.const 0
    local.set 3
    loop (result i64) ;; label = @1
      i32.const -400000
      local.set 4
      loop ;; label = @2
        local.get 4
        i32.const 401024
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
        i64.store32
        local.get 4
        i32.const 401028
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
        i64.store32
        local.get 4
        i32.const 8
        i32.add
        local.tee 4
        br_if 0 (;@2;)
      end
      i32.const 0
      local.set 5
      i32.const 0
      i32.const 99999
      call 1
      i32.const 1024
      local.set 4
      loop (result i64) ;; label = @2
        local.get 2
        local.get 4
        i64.load32_u
        i64.xor
        i64.const 1099511628211
        i64.mul
        local.get 2
        i64.const 29
        i64.shr_u
        i64.add
        local.tee 2
        local.get 4
        i32.const 388
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
        local.get 4
        i32.const 776
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
        block ;; label = @3
          local.get 5
          i32.const 99708
          i32.le_u
          br_if 0 (;@3;)
          local.get 3
          i32.const 1
          i32.add
          local.tee 3
          local.get 0
          i32.ne
          br_if 2 (;@1;)
          local.get 2
          return
        end
        local.get 2
        local.get 4
        i32.const 1164
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
        local.get 4
        i32.const 1552
        i32.add
        local.set 4
        local.get 5
        i32.const 388
        i32.add
        local.set 5
        br 0 (;@2;)
      end
    end
  )
  (func (;1;) (type 1) (param i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    block ;; label = @1
      local.get 1
      local.get 0
      i32.le_s
      br_if 0 (;@1;)
      loop ;; label = @2
        local.get 1
        local.get 0
        i32.sub
        i32.const 2
        i32.div_s
        local.set 2
        local.get 1
        local.set 3
        local.get 0
        local.set 4
        block ;; label = @3
          block ;; label = @4
            local.get 1
            local.get 0
            i32.lt_s
            br_if 0 (;@4;)
            local.get 2
            local.get 0
            i32.add
            i32.const 2
            i32.shl
            i32.const 1024
            i32.add
            i32.load
            local.set 5
            local.get 1
            local.set 3
            local.get 0
            local.set 4
            loop ;; label = @5
              local.get 4
              i32.const 2
              i32.shl
              i32.const 1020
              i32.add
              local.set 6
              local.get 4
              local.set 7
              loop ;; label = @6
                local.get 7
                i32.const 1
                i32.add
                local.set 7
                local.get 6
                i32.const 4
                i32.add
                local.tee 6
                i32.load
                local.tee 8
                local.get 5
                i32.lt_u
                br_if 0 (;@6;)
              end
              local.get 7
              i32.const -1
              i32.add
              local.set 4
              local.get 3
              i32.const 2
              i32.shl
              i32.const 1024
              i32.add
              local.set 2
              local.get 3
              local.set 9
              loop ;; label = @6
                local.get 9
                i32.const -1
                i32.add
                local.set 9
                local.get 2
                i32.load
                local.set 10
                local.get 2
                i32.const -4
                i32.add
                local.tee 11
                local.set 2
                local.get 10
                local.get 5
                i32.gt_u
                br_if 0 (;@6;)
              end
              block ;; label = @6
                local.get 4
                local.get 9
                i32.const 1
                i32.add
                local.tee 3
                i32.gt_s
                br_if 0 (;@6;)
                local.get 6
                local.get 10
                i32.store
                local.get 11
                i32.const 4
                i32.add
                local.get 8
                i32.store
                local.get 7
                local.set 4
                local.get 9
                local.set 3
              end
              local.get 4
              local.get 3
              i32.le_s
              br_if 0 (;@5;)
            end
            local.get 3
            local.get 0
            i32.sub
            local.get 1
            local.get 4
            i32.sub
            i32.ge_s
            br_if 0 (;@4;)
            local.get 0
            local.get 3
            call 1
            local.get 4
            local.set 0
            br 1 (;@3;)
          end
          local.get 4
          local.get 1
          call 1
          local.get 3
          local.set 1
        end
        local.get 1
        local.get 0
        i32.gt_s
        br_if 0 (;@2;)
      end
    end
  )
)
