(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func (param i32) (result i32)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 18640)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i32 i32 i64)
    i32.const 121509
    local.set 1
    i32.const 1168
    local.set 2
    loop ;; label = @1
      local.get 2
      i32.const 12
      i32.add
      local.get 1
      i32.store
      local.get 2
      i32.const 8
      i32.add
      local.get 1
      i32.const -40503
      i32.add
      i32.store
      local.get 2
      i32.const 4
      i32.add
      local.get 1
      i32.const -81006
      i32.add
      i32.store
      local.get 2
      local.get 1
      i32.const -121509
      i32.add
      i32.store
      local.get 2
      i32.const 16
      i32.add
      local.set 2
      local.get 1
      i32.const 162012
      i32.add
      local.tee 1
      i32.const 10490277
      i32.ne
      br_if 0 (;@1;)
    end
    local.get 0
    call 1
    i64.extend_i32_u
    local.set 3
    i32.const -1024
    local.set 1
    loop ;; label = @1
      local.get 3
      local.get 1
      i32.const 2192
      i32.add
      i64.load32_u
      i64.xor
      i64.const 1099511628211
      i64.mul
      local.get 3
      i64.const 29
      i64.shr_u
      i64.add
      local.tee 3
      local.get 1
      i32.const 2196
      i32.add
      i64.load32_u
      i64.xor
      i64.const 1099511628211
      i64.mul
      local.get 3
      i64.const 29
      i64.shr_u
      i64.add
      local.tee 3
      local.get 1
      i32.const 2200
      i32.add
      i64.load32_u
      i64.xor
      i64.const 1099511628211
      i64.mul
      local.get 3
      i64.const 29
      i64.shr_u
      i64.add
      local.tee 3
      local.get 1
      i32.const 2204
      i32.add
      i64.load32_u
      i64.xor
      i64.const 1099511628211
      i64.mul
      local.get 3
      i64.const 29
      i64.shr_u
      i64.add
      local.set 3
      local.get 1
      i32.const 16
      i32.add
      local.tee 1
      br_if 0 (;@1;)
    end
    local.get 3
  )
  (func (;1;) (type 1) (param i32) (result i32)
    (local i32 i32 i32)
    i32.const 0
    local.set 1
    i32.const 0
    local.get 0
    i32.store offset=2192
    block ;; label = @1
      loop ;; label = @2
        local.get 1
        i32.const 3
        i32.shl
        local.set 0
        local.get 1
        i32.const 1
        i32.add
        local.set 1
        local.get 0
        i32.const 1027
        i32.add
        i32.load8_u
        i32.const 2
        i32.shl
        i32.const 2192
        i32.add
        i32.load
        local.set 2
        local.get 0
        i32.const 1026
        i32.add
        i32.load8_u
        i32.const 2
        i32.shl
        i32.const 2192
        i32.add
        i32.load
        local.set 3
        block ;; label = @3
          block ;; label = @4
            block ;; label = @5
              block ;; label = @6
                block ;; label = @7
                  block ;; label = @8
                    block ;; label = @9
                      block ;; label = @10
                        block ;; label = @11
                          block ;; label = @12
                            block ;; label = @13
                              block ;; label = @14
                                block ;; label = @15
                                  local.get 0
                                  i32.const 1024
                                  i32.add
                                  i32.load8_u
                                  br_table 11 (;@4;) 0 (;@15;) 1 (;@14;) 2 (;@13;) 3 (;@12;) 4 (;@11;) 5 (;@10;) 10 (;@5;) 12 (;@3;) 9 (;@6;) 8 (;@7;) 6 (;@9;) 7 (;@8;) 14 (;@1;)
                                end
                                local.get 2
                                local.get 3
                                i32.add
                                local.set 3
                                br 11 (;@3;)
                              end
                              local.get 3
                              local.get 2
                              i32.sub
                              local.set 3
                              br 10 (;@3;)
                            end
                            local.get 2
                            local.get 3
                            i32.mul
                            local.set 3
                            br 9 (;@3;)
                          end
                          local.get 2
                          local.get 3
                          i32.xor
                          local.set 3
                          br 8 (;@3;)
                        end
                        local.get 3
                        local.get 0
                        i32.const 1028
                        i32.add
                        i32.load
                        i32.shr_u
                        local.set 3
                        br 7 (;@3;)
                      end
                      local.get 3
                      local.get 2
                      i32.lt_u
                      local.set 3
                      br 6 (;@3;)
                    end
                    local.get 0
                    i32.const 1028
                    i32.add
                    i32.load
                    local.get 3
                    i32.and
                    local.set 3
                    br 5 (;@3;)
                  end
                  local.get 3
                  i32.const -1
                  i32.add
                  local.set 3
                  br 4 (;@3;)
                end
                local.get 3
                i32.const 255
                i32.and
                i32.const 2
                i32.shl
                i32.const 1168
                i32.add
                i32.load
                local.set 3
                br 3 (;@3;)
              end
              local.get 3
              i32.const 255
              i32.and
              i32.const 2
              i32.shl
              i32.const 1168
              i32.add
              local.get 0
              i32.const 1025
              i32.add
              i32.load8_u
              i32.const 2
              i32.shl
              i32.const 2192
              i32.add
              i32.load
              i32.store
              br 3 (;@2;)
            end
            local.get 3
            i32.eqz
            br_if 2 (;@2;)
            local.get 0
            i32.const 1028
            i32.add
            i32.load
            local.set 1
            br 2 (;@2;)
          end
          local.get 0
          i32.const 1028
          i32.add
          i32.load
          local.set 3
        end
        local.get 0
        i32.const 1025
        i32.add
        i32.load8_u
        i32.const 2
        i32.shl
        i32.const 2192
        i32.add
        local.get 3
        i32.store
        br 0 (;@2;)
      end
    end
    i32.const 0
    i32.load offset=2196
  )
  (data (;0;) (i32.const 1024) "\00\01\00\00gE#\01\00\02\00\00\01\00\00\00\00\07\00\00\e3\80(\00\03\03\01\07\00\00\00\00\05\04\03\00\07\00\00\00\04\01\03\04\00\00\00\00\01\02\02\01\00\00\00\00\0b\05\02\00\ff\00\00\00\0a\06\05\00\00\00\00\00\01\06\06\01\00\00\00\00\09\06\05\00\00\00\00\00\06\03\06\01\00\00\00\00\07\00\03\00\0e\00\00\00\02\01\01\06\00\00\00\00\08\04\01\00\00\00\00\00\0c\00\00\00\00\00\00\00\07\00\00\00\03\00\00\00\0d\00\00\00\00\00\00\00")
)
