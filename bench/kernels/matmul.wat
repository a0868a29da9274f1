(module
  (type (;0;) (func (param i32) (result i64)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 10)
  (global (;0;) (mut i32) i32.const 631808)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i64 i32 i32 i32 i32 i32 i32 i32 i32 f64)
    i64.const 88172645463325252
    local.set 1
    i32.const 0
    local.set 2
    i32.const 0
    local.set 3
    loop ;; label = @1
      i32.const 0
      local.set 4
      loop ;; label = @2
        local.get 2
        local.get 4
        i32.add
        local.tee 5
        i32.const 1024
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
        i64.const 40
        i64.shr_u
        i32.wrap_i64
        f64.convert_i32_u
        f64.const 0x1p-16 (;=0.0000152587890625;)
        f64.mul
        f64.store
        local.get 5
        i32.const 205824
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
        i64.const 40
        i64.shr_u
        i32.wrap_i64
        f64.convert_i32_u
        f64.const 0x1p-16 (;=0.0000152587890625;)
        f64.mul
        f64.store
        local.get 4
        i32.const 8
        i32.add
        local.tee 4
        i32.const 1280
        i32.ne
        br_if 0 (;@2;)
      end
      local.get 2
      i32.const 1280
      i32.add
      local.set 2
      local.get 3
      i32.const 1
      i32.add
      local.tee 3
      i32.const 160
      i32.ne
      br_if 0 (;@1;)
    end
    i64.const 0
    local.set 1
    block ;; label = @1
      local.get 0
      i32.const 1
      i32.lt_s
      br_if 0 (;@1;)
      i32.const 0
      local.set 6
      loop ;; label = @2
        i32.const 1024
        local.set 3
        i32.const 0
        local.set 7
        loop ;; label = @3
          i32.const 0
          local.set 8
          i32.const 205824
          local.set 9
          loop ;; label = @4
            f64.const 0x0p+0 (;=0;)
            local.set 10
            local.get 9
            local.set 4
            i32.const 0
            local.set 2
            loop ;; label = @5
              local.get 10
              local.get 3
              local.get 2
              i32.add
              local.tee 5
              f64.load
              local.get 4
              f64.load
              f64.mul
              f64.add
              local.get 5
              i32.const 8
              i32.add
              f64.load
              local.get 4
              i32.const 1280
              i32.add
              f64.load
              f64.mul
              f64.add
              local.get 5
              i32.const 16
              i32.add
              f64.load
              local.get 4
              i32.const 2560
              i32.add
              f64.load
              f64.mul
              f64.add
              local.get 5
              i32.const 24
              i32.add
              f64.load
              local.get 4
              i32.const 3840
              i32.add
              f64.load
              f64.mul
              f64.add
              local.set 10
              local.get 4
              i32.const 5120
              i32.add
              local.set 4
              local.get 2
              i32.const 32
              i32.add
              local.tee 2
              i32.const 1280
              i32.ne
              br_if 0 (;@5;)
            end
            local.get 7
            i32.const 1280
            i32.mul
            local.get 8
            i32.const 3
            i32.shl
            i32.add
            i32.const 410624
            i32.add
            local.get 10
            f64.store
            local.get 9
            i32.const 8
            i32.add
            local.set 9
            local.get 8
            i32.const 1
            i32.add
            local.tee 8
            i32.const 160
            i32.ne
            br_if 0 (;@4;)
          end
          local.get 3
          i32.const 1280
          i32.add
          local.set 3
          local.get 7
          i32.const 1
          i32.add
          local.tee 7
          i32.const 160
          i32.ne
          br_if 0 (;@3;)
        end
        local.get 6
        i32.const 160
        i32.rem_u
        local.tee 4
        i32.const 1280
        i32.mul
        local.get 4
        i32.const 3
        i32.shl
        i32.add
        i32.const 1024
        i32.add
        local.tee 4
        local.get 4
        f64.load
        f64.const 0x1p+0 (;=1;)
        f64.add
        f64.store
        i32.const 1
        local.set 8
        i32.const 411960
        local.set 4
        i32.const 7
        local.set 5
        i32.const 410624
        local.set 2
        i32.const 0
        local.set 3
        loop ;; label = @3
          local.get 4
          local.get 5
          i32.const 160
          i32.div_u
          i32.const -1280
          i32.mul
          i32.add
          i64.load
          local.get 2
          local.get 3
          i32.const 160
          i32.div_u
          i32.const -1280
          i32.mul
          i32.add
          i64.load
          local.get 1
          i64.xor
          i64.const 1099511628211
          i64.mul
          local.get 1
          i64.const 29
          i64.shr_u
          i64.add
          local.tee 1
          i64.xor
          i64.const 1099511628211
          i64.mul
          local.get 1
          i64.const 29
          i64.shr_u
          i64.add
          local.set 1
          local.get 3
          i32.const 14
          i32.add
          local.set 3
          local.get 2
          i32.const 2672
          i32.add
          local.set 2
          local.get 5
          i32.const 14
          i32.add
          local.set 5
          local.get 4
          i32.const 2672
          i32.add
          local.set 4
          local.get 8
          i32.const 2
          i32.add
          local.tee 8
          i32.const 161
          i32.ne
          br_if 0 (;@3;)
        end
        local.get 6
        i32.const 1
        i32.add
        local.tee 6
        local.get 0
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 1
  )
)
