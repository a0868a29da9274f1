(module
  (type (;0;) (func (param i32) (result i64)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 16)
  (global (;0;) (mut i32) i32.const 1017424)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i64 i32 i32 i32)
    i64.const 0
    local.set 1
    block ;; label = @1
      local.get 0
      i32.const 1
      i32.lt_s
      br_if 0 (;@1;)
      i32.const 0
      local.set 2
      loop ;; label = @2
        i32.const 0
        local.set 3
        loop ;; label = @3
          local.get 3
          i32.const 1024
          i32.add
          i32.const 0
          i32.store8
          block ;; label = @4
            local.get 3
            i32.const 1000000
            i32.ne
            br_if 0 (;@4;)
            i32.const 2
            local.set 4
            i32.const 4
            local.set 3
            loop ;; label = @5
              block ;; label = @6
                local.get 4
                i32.const 1024
                i32.add
                i32.load8_u
                br_if 0 (;@6;)
                local.get 3
                i32.const 1000000
                i32.gt_u
                br_if 0 (;@6;)
                loop ;; label = @7
                  local.get 3
                  i32.const 1024
                  i32.add
                  i32.const 1
                  i32.store8
                  local.get 3
                  local.get 4
                  i32.add
                  local.tee 3
                  i32.const 1000001
                  i32.lt_u
                  br_if 0 (;@7;)
                end
              end
              local.get 4
              i32.const 1
              i32.add
              local.tee 4
              local.get 4
              i32.mul
              local.set 3
              local.get 4
              i32.const 1001
              i32.ne
              br_if 0 (;@5;)
            end
            i32.const 0
            local.set 4
            i32.const -999999
            local.set 3
            loop ;; label = @5
              local.get 4
              local.get 3
              i32.const 1001025
              i32.add
              i32.load8_u
              i32.eqz
              i32.add
              local.get 3
              i32.const 1001026
              i32.add
              i32.load8_u
              i32.eqz
              i32.add
              local.get 3
              i32.const 1001027
              i32.add
              i32.load8_u
              i32.eqz
              i32.add
              local.set 4
              local.get 3
              i32.const 3
              i32.add
              local.tee 3
              br_if 0 (;@5;)
            end
            local.get 1
            local.get 4
            local.get 2
            i32.add
            i64.extend_i32_u
            i64.xor
            i64.const 1099511628211
            i64.mul
            local.get 1
            i64.const 29
            i64.shr_u
            i64.add
            local.set 1
            local.get 2
            i32.const 1
            i32.add
            local.tee 2
            local.get 0
            i32.ne
            br_if 2 (;@2;)
            br 3 (;@1;)
          end
          local.get 3
          i32.const 1031
          i32.add
          i32.const 0
          i32.store8
          local.get 3
          i32.const 1029
          i32.add
          i32.const 0
          i32.store16 align=1
          local.get 3
          i32.const 1025
          i32.add
          i32.const 0
          i32.store align=1
          local.get 3
          i32.const 8
          i32.add
          local.set 3
          br 0 (;@3;)
        end
      end
    end
    local.get 1
  )
)
