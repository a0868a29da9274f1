(module
  (type (;0;) (func (param i32) (result i64)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 2)
  (global (;0;) (mut i32) i32.const 78512)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i32 i32 i32 i64 i32 i32 i32 i32 i32 i32 i32)
    global.get 0
    i32.const 16
    i32.sub
    local.tee 1
    global.set 0
    i32.const 0
    i32.const 91
    i32.store8 offset=1088
    local.get 1
    i32.const 6
    i32.add
    i32.const -4
    i32.add
    local.set 2
    local.get 1
    i32.const 6
    i32.add
    i32.const -1
    i32.add
    local.set 3
    i64.const 5
    local.set 4
    i32.const 1
    local.set 5
    loop ;; label = @1
      local.get 5
      i32.const 1089
      i32.add
      i32.const 123
      i32.store8
      local.get 5
      i32.const 1088
      i32.add
      i32.const 32
      i32.store8
      local.get 5
      i32.const 1090
      i32.add
      i32.const 34
      i32.store8
      local.get 5
      i32.const 1091
      i32.add
      i32.const 105
      i32.store8
      local.get 5
      i32.const 1092
      i32.add
      i32.const 100
      i32.store8
      local.get 5
      i32.const 1093
      i32.add
      i32.const 34
      i32.store8
      local.get 5
      i32.const 1094
      i32.add
      i32.const 58
      i32.store8
      local.get 5
      i32.const 1095
      i32.add
      i32.const 32
      i32.store8
      local.get 4
      i64.const 12
      i64.shr_u
      local.get 4
      i64.xor
      local.tee 4
      i64.const 25
      i64.shl
      local.get 4
      i64.xor
      local.tee 4
      i64.const 27
      i64.shr_u
      local.get 4
      i64.xor
      local.tee 4
      i64.const 2685821657736338717
      i64.mul
      i64.const 44
      i64.shr_u
      i32.wrap_i64
      local.set 6
      i32.const 1
      local.set 7
      i32.const 0
      local.set 8
      loop ;; label = @2
        local.get 1
        i32.const 6
        i32.add
        local.get 8
        i32.add
        local.get 6
        local.get 6
        i32.const 10
        i32.div_u
        local.tee 9
        i32.const 10
        i32.mul
        i32.sub
        i32.const 48
        i32.or
        i32.store8
        local.get 7
        local.tee 10
        i32.const 1
        i32.add
        local.set 7
        local.get 8
        i32.const 1
        i32.add
        local.set 8
        local.get 6
        i32.const 9
        i32.gt_u
        local.set 11
        local.get 9
        local.set 6
        local.get 11
        br_if 0 (;@2;)
      end
      local.get 5
      i32.const 8
      i32.add
      local.set 5
      block ;; label = @2
        local.get 8
        i32.eqz
        br_if 0 (;@2;)
        local.get 8
        i32.const -1
        i32.add
        local.set 11
        block ;; label = @3
          local.get 8
          i32.const 3
          i32.and
          i32.eqz
          br_if 0 (;@3;)
          local.get 10
          i32.const 3
          i32.and
          local.set 9
          i32.const 0
          local.set 6
          local.get 3
          local.set 7
          loop ;; label = @4
            local.get 5
            local.get 6
            i32.add
            i32.const 1088
            i32.add
            local.get 7
            local.get 8
            i32.add
            i32.load8_u
            i32.store8
            local.get 7
            i32.const -1
            i32.add
            local.set 7
            local.get 9
            local.get 6
            i32.const 1
            i32.add
            local.tee 6
            i32.ne
            br_if 0 (;@4;)
          end
          local.get 5
          local.get 6
          i32.add
          local.set 5
          local.get 8
          local.get 6
          i32.sub
          local.set 8
        end
        local.get 11
        i32.const 3
        i32.lt_u
        br_if 0 (;@2;)
        local.get 2
        local.get 8
        i32.add
        local.set 6
        i32.const 0
        local.set 7
        i32.const 0
        local.get 8
        i32.sub
        local.set 9
        loop ;; label = @3
          local.get 5
          local.get 7
          i32.add
          local.tee 8
          i32.const 1088
          i32.add
          local.get 6
          i32.const 3
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1089
          i32.add
          local.get 6
          i32.const 2
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1090
          i32.add
          local.get 6
          i32.const 1
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1091
          i32.add
          local.get 6
          i32.load8_u
          i32.store8
          local.get 6
          i32.const -4
          i32.add
          local.set 6
          local.get 9
          local.get 7
          i32.const 4
          i32.add
          local.tee 7
          i32.add
          br_if 0 (;@3;)
        end
        local.get 5
        local.get 7
        i32.add
        local.set 5
      end
      local.get 5
      i32.const 1089
      i32.add
      i32.const 32
      i32.store8
      local.get 5
      i32.const 1088
      i32.add
      i32.const 44
      i32.store8
      local.get 5
      i32.const 1090
      i32.add
      i32.const 34
      i32.store8
      local.get 5
      i32.const 1091
      i32.add
      i32.const 110
      i32.store8
      local.get 5
      i32.const 1092
      i32.add
      i32.const 97
      i32.store8
      local.get 5
      i32.const 1093
      i32.add
      i32.const 109
      i32.store8
      local.get 5
      i32.const 1094
      i32.add
      i32.const 101
      i32.store8
      local.get 5
      i32.const 1095
      i32.add
      i32.const 34
      i32.store8
      local.get 5
      i32.const 1096
      i32.add
      i32.const 58
      i32.store8
      local.get 5
      i32.const 1097
      i32.add
      i32.const 32
      i32.store8
      local.get 5
      i32.const 1098
      i32.add
      i32.const 34
      i32.store8
      local.get 5
      i32.const 1099
      i32.add
      i32.const 105
      i32.store8
      local.get 5
      i32.const 1100
      i32.add
      i32.const 116
      i32.store8
      local.get 5
      i32.const 1101
      i32.add
      i32.const 101
      i32.store8
      local.get 5
      i32.const 1102
      i32.add
      i32.const 109
      i32.store8
      local.get 5
      i32.const 1103
      i32.add
      i32.const 32
      i32.store8
      local.get 5
      i32.const 1104
      i32.add
      i32.const 92
      i32.store8
      local.get 5
      i32.const 1105
      i32.add
      i32.const 34
      i32.store8
      local.get 4
      i64.const 12
      i64.shr_u
      local.get 4
      i64.xor
      local.tee 4
      i64.const 25
      i64.shl
      local.get 4
      i64.xor
      local.tee 4
      i64.const 27
      i64.shr_u
      local.get 4
      i64.xor
      local.tee 4
      i64.const 2685821657736338717
      i64.mul
      i64.const 32
      i64.shr_u
      i32.wrap_i64
      i32.const 65535
      i32.and
      local.set 6
      i32.const 0
      local.set 8
      i32.const 1
      local.set 7
      loop ;; label = @2
        local.get 1
        i32.const 6
        i32.add
        local.get 8
        i32.add
        local.get 6
        local.get 6
        i32.const 10
        i32.div_u
        local.tee 9
        i32.const 10
        i32.mul
        i32.sub
        i32.const 48
        i32.or
        i32.store8
        local.get 7
        local.tee 10
        i32.const 1
        i32.add
        local.set 7
        local.get 8
        i32.const 1
        i32.add
        local.set 8
        local.get 6
        i32.const 9
        i32.gt_u
        local.set 11
        local.get 9
        local.set 6
        local.get 11
        br_if 0 (;@2;)
      end
      local.get 5
      i32.const 18
      i32.add
      local.set 9
      block ;; label = @2
        local.get 8
        i32.eqz
        br_if 0 (;@2;)
        local.get 8
        i32.const -1
        i32.add
        local.set 5
        block ;; label = @3
          local.get 8
          i32.const 3
          i32.and
          i32.eqz
          br_if 0 (;@3;)
          local.get 10
          i32.const 3
          i32.and
          local.set 11
          i32.const 0
          local.set 6
          local.get 3
          local.set 7
          loop ;; label = @4
            local.get 9
            local.get 6
            i32.add
            i32.const 1088
            i32.add
            local.get 7
            local.get 8
            i32.add
            i32.load8_u
            i32.store8
            local.get 7
            i32.const -1
            i32.add
            local.set 7
            local.get 11
            local.get 6
            i32.const 1
            i32.add
            local.tee 6
            i32.ne
            br_if 0 (;@4;)
          end
          local.get 9
          local.get 6
          i32.add
          local.set 9
          local.get 8
          local.get 6
          i32.sub
          local.set 8
        end
        local.get 5
        i32.const 3
        i32.lt_u
        br_if 0 (;@2;)
        local.get 2
        local.get 8
        i32.add
        local.set 6
        i32.const 0
        local.set 7
        i32.const 0
        local.get 8
        i32.sub
        local.set 11
        loop ;; label = @3
          local.get 9
          local.get 7
          i32.add
          local.tee 8
          i32.const 1088
          i32.add
          local.get 6
          i32.const 3
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1089
          i32.add
          local.get 6
          i32.const 2
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1090
          i32.add
          local.get 6
          i32.const 1
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1091
          i32.add
          local.get 6
          i32.load8_u
          i32.store8
          local.get 6
          i32.const -4
          i32.add
          local.set 6
          local.get 11
          local.get 7
          i32.const 4
          i32.add
          local.tee 7
          i32.add
          br_if 0 (;@3;)
        end
        local.get 9
        local.get 7
        i32.add
        local.set 9
      end
      i32.const 92
      local.set 8
      i32.const 0
      local.set 6
      loop ;; label = @2
        local.get 9
        local.get 6
        i32.add
        local.tee 7
        i32.const 1089
        i32.add
        local.get 6
        i32.const 1036
        i32.add
        i32.load align=1
        i32.store align=1
        local.get 7
        i32.const 1088
        i32.add
        local.get 8
        i32.store8
        local.get 6
        i32.const 1040
        i32.add
        i32.load8_u
        local.set 8
        local.get 6
        i32.const 5
        i32.add
        local.tee 7
        local.set 6
        local.get 7
        i32.const 45
        i32.ne
        br_if 0 (;@2;)
      end
      local.get 9
      local.get 7
      i32.add
      local.set 7
      block ;; label = @2
        i32.const 1029
        i32.const 1024
        local.get 4
        i64.const 12
        i64.shr_u
        local.get 4
        i64.xor
        local.tee 4
        i64.const 25
        i64.shl
        local.get 4
        i64.xor
        local.tee 4
        i64.const 27
        i64.shr_u
        local.get 4
        i64.xor
        local.tee 4
        i64.const 2685821657736338717
        i64.mul
        i64.const 4294967296
        i64.and
        i64.eqz
        select
        local.tee 8
        i32.load8_u
        local.tee 6
        i32.eqz
        br_if 0 (;@2;)
        local.get 8
        i32.const 1
        i32.add
        local.set 8
        loop ;; label = @3
          local.get 7
          i32.const 1088
          i32.add
          local.get 6
          i32.store8
          local.get 7
          i32.const 1
          i32.add
          local.set 7
          local.get 8
          i32.load8_u
          local.set 6
          local.get 8
          i32.const 1
          i32.add
          local.set 8
          local.get 6
          br_if 0 (;@3;)
        end
      end
      local.get 7
      i32.const 1089
      i32.add
      i32.const 32
      i32.store8
      local.get 7
      i32.const 1088
      i32.add
      i32.const 44
      i32.store8
      local.get 7
      i32.const 1090
      i32.add
      i32.const 34
      i32.store8
      local.get 7
      i32.const 1091
      i32.add
      i32.const 115
      i32.store8
      local.get 7
      i32.const 1092
      i32.add
      i32.const 105
      i32.store8
      local.get 7
      i32.const 1093
      i32.add
      i32.const 122
      i32.store8
      local.get 7
      i32.const 1094
      i32.add
      i32.const 101
      i32.store8
      local.get 7
      i32.const 1095
      i32.add
      i32.const 34
      i32.store8
      local.get 7
      i32.const 1096
      i32.add
      i32.const 58
      i32.store8
      local.get 7
      i32.const 1097
      i32.add
      i32.const 32
      i32.store8
      local.get 7
      i32.const 1098
      i32.add
      i32.const 123
      i32.store8
      local.get 7
      i32.const 1099
      i32.add
      i32.const 34
      i32.store8
      local.get 7
      i32.const 1100
      i32.add
      i32.const 119
      i32.store8
      local.get 7
      i32.const 1101
      i32.add
      i32.const 34
      i32.store8
      local.get 7
      i32.const 1102
      i32.add
      i32.const 58
      i32.store8
      local.get 7
      i32.const 1103
      i32.add
      i32.const 32
      i32.store8
      local.get 7
      i32.const 1104
      i32.add
      i32.const 45
      i32.store8
      local.get 4
      i64.const 12
      i64.shr_u
      local.get 4
      i64.xor
      local.tee 4
      i64.const 25
      i64.shl
      local.get 4
      i64.xor
      local.tee 4
      i64.const 27
      i64.shr_u
      local.get 4
      i64.xor
      local.tee 4
      i64.const 2685821657736338717
      i64.mul
      i64.const 32
      i64.shr_u
      i32.wrap_i64
      i32.const 4095
      i32.and
      local.set 6
      i32.const 0
      local.set 8
      i32.const 1
      local.set 9
      loop ;; label = @2
        local.get 1
        i32.const 6
        i32.add
        local.get 8
        i32.add
        local.get 6
        local.get 6
        i32.const 10
        i32.div_u
        local.tee 11
        i32.const 10
        i32.mul
        i32.sub
        i32.const 48
        i32.or
        i32.store8
        local.get 9
        local.tee 10
        i32.const 1
        i32.add
        local.set 9
        local.get 8
        i32.const 1
        i32.add
        local.set 8
        local.get 6
        i32.const 9
        i32.gt_u
        local.set 5
        local.get 11
        local.set 6
        local.get 5
        br_if 0 (;@2;)
      end
      local.get 7
      i32.const 17
      i32.add
      local.set 5
      block ;; label = @2
        local.get 8
        i32.eqz
        br_if 0 (;@2;)
        local.get 8
        i32.const -1
        i32.add
        local.set 11
        block ;; label = @3
          local.get 8
          i32.const 3
          i32.and
          i32.eqz
          br_if 0 (;@3;)
          local.get 10
          i32.const 3
          i32.and
          local.set 9
          i32.const 0
          local.set 6
          local.get 3
          local.set 7
          loop ;; label = @4
            local.get 5
            local.get 6
            i32.add
            i32.const 1088
            i32.add
            local.get 7
            local.get 8
            i32.add
            i32.load8_u
            i32.store8
            local.get 7
            i32.const -1
            i32.add
            local.set 7
            local.get 9
            local.get 6
            i32.const 1
            i32.add
            local.tee 6
            i32.ne
            br_if 0 (;@4;)
          end
          local.get 5
          local.get 6
          i32.add
          local.set 5
          local.get 8
          local.get 6
          i32.sub
          local.set 8
        end
        local.get 11
        i32.const 3
        i32.lt_u
        br_if 0 (;@2;)
        local.get 2
        local.get 8
        i32.add
        local.set 6
        i32.const 0
        local.set 7
        i32.const 0
        local.get 8
        i32.sub
        local.set 9
        loop ;; label = @3
          local.get 5
          local.get 7
          i32.add
          local.tee 8
          i32.const 1088
          i32.add
          local.get 6
          i32.const 3
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1089
          i32.add
          local.get 6
          i32.const 2
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1090
          i32.add
          local.get 6
          i32.const 1
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1091
          i32.add
          local.get 6
          i32.load8_u
          i32.store8
          local.get 6
          i32.const -4
          i32.add
          local.set 6
          local.get 9
          local.get 7
          i32.const 4
          i32.add
          local.tee 7
          i32.add
          br_if 0 (;@3;)
        end
        local.get 5
        local.get 7
        i32.add
        local.set 5
      end
      local.get 5
      i32.const 1089
      i32.add
      i32.const 32
      i32.store8
      local.get 5
      i32.const 1088
      i32.add
      i32.const 44
      i32.store8
      local.get 5
      i32.const 1090
      i32.add
      i32.const 34
      i32.store8
      local.get 5
      i32.const 1091
      i32.add
      i32.const 104
      i32.store8
      local.get 5
      i32.const 1092
      i32.add
      i32.const 34
      i32.store8
      local.get 5
      i32.const 1093
      i32.add
      i32.const 58
      i32.store8
      local.get 5
      i32.const 1094
      i32.add
      i32.const 32
      i32.store8
      local.get 4
      i64.const 12
      i64.shr_u
      local.get 4
      i64.xor
      local.tee 4
      i64.const 25
      i64.shl
      local.get 4
      i64.xor
      local.tee 4
      i64.const 27
      i64.shr_u
      local.get 4
      i64.xor
      local.tee 4
      i64.const 2685821657736338717
      i64.mul
      i64.const 32
      i64.shr_u
      i32.wrap_i64
      i32.const 4095
      i32.and
      local.set 6
      i32.const 0
      local.set 8
      i32.const 1
      local.set 7
      loop ;; label = @2
        local.get 1
        i32.const 6
        i32.add
        local.get 8
        i32.add
        local.get 6
        local.get 6
        i32.const 10
        i32.div_u
        local.tee 9
        i32.const 10
        i32.mul
        i32.sub
        i32.const 48
        i32.or
        i32.store8
        local.get 7
        local.tee 10
        i32.const 1
        i32.add
        local.set 7
        local.get 8
        i32.const 1
        i32.add
        local.set 8
        local.get 6
        i32.const 9
        i32.gt_u
        local.set 11
        local.get 9
        local.set 6
        local.get 11
        br_if 0 (;@2;)
      end
      local.get 5
      i32.const 7
      i32.add
      local.set 9
      block ;; label = @2
        local.get 8
        i32.eqz
        br_if 0 (;@2;)
        local.get 8
        i32.const -1
        i32.add
        local.set 5
        block ;; label = @3
          local.get 8
          i32.const 3
          i32.and
          i32.eqz
          br_if 0 (;@3;)
          local.get 10
          i32.const 3
          i32.and
          local.set 11
          i32.const 0
          local.set 6
          local.get 3
          local.set 7
          loop ;; label = @4
            local.get 9
            local.get 6
            i32.add
            i32.const 1088
            i32.add
            local.get 7
            local.get 8
            i32.add
            i32.load8_u
            i32.store8
            local.get 7
            i32.const -1
            i32.add
            local.set 7
            local.get 11
            local.get 6
            i32.const 1
            i32.add
            local.tee 6
            i32.ne
            br_if 0 (;@4;)
          end
          local.get 9
          local.get 6
          i32.add
          local.set 9
          local.get 8
          local.get 6
          i32.sub
          local.set 8
        end
        local.get 5
        i32.const 3
        i32.lt_u
        br_if 0 (;@2;)
        local.get 2
        local.get 8
        i32.add
        local.set 6
        i32.const 0
        local.set 7
        i32.const 0
        local.get 8
        i32.sub
        local.set 11
        loop ;; label = @3
          local.get 9
          local.get 7
          i32.add
          local.tee 8
          i32.const 1088
          i32.add
          local.get 6
          i32.const 3
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1089
          i32.add
          local.get 6
          i32.const 2
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1090
          i32.add
          local.get 6
          i32.const 1
          i32.add
          i32.load8_u
          i32.store8
          local.get 8
          i32.const 1091
          i32.add
          local.get 6
          i32.load8_u
          i32.store8
          local.get 6
          i32.const -4
          i32.add
          local.set 6
          local.get 11
          local.get 7
          i32.const 4
          i32.add
          local.tee 7
          i32.add
          br_if 0 (;@3;)
        end
        local.get 9
        local.get 7
        i32.add
        local.set 9
      end
      local.get 9
      i32.const 1089
      i32.add
      i32.const 125
      i32.store8
      local.get 9
      i32.const 1088
      i32.add
      i32.const 125
      i32.store8
      local.get 9
      i32.const 1090
      i32.add
      i32.const 44
      i32.store8
      local.get 9
      i32.const 1091
      i32.add
      i32.const 10
      i32.store8
      local.get 9
      i32.const 4
      i32.add
      local.tee 5
      i32.const 60000
      i32.lt_u
      br_if 0 (;@1;)
    end
    local.get 9
    i32.const 1093
    i32.add
    i32.const 48
    i32.store8
    local.get 9
    i32.const 1092
    i32.add
    i32.const 32
    i32.store8
    local.get 9
    i32.const 1094
    i32.add
    i32.const 93
    i32.store8
    local.get 9
    i32.const 1095
    i32.add
    i32.const 0
    i32.store8
    i64.const 0
    local.set 4
    block ;; label = @1
      local.get 0
      i32.const 1
      i32.lt_s
      br_if 0 (;@1;)
      i32.const 0
      local.set 6
      loop ;; label = @2
        i32.const 0
        i32.const 1088
        i32.store offset=62112
        local.get 6
        i32.const 3
        i32.and
        call 1
        local.get 4
        i64.xor
        i64.const 1099511628211
        i64.mul
        local.get 4
        i64.const 29
        i64.shr_u
        i64.add
        local.set 4
        local.get 0
        local.get 6
        i32.const 1
        i32.add
        local.tee 6
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 1
    i32.const 16
    i32.add
    global.set 0
    local.get 4
  )
  (func (;1;) (type 0) (param i32) (result i64)
    (local i32 i32 i32 i32 i64 i64)
    i32.const 0
    i32.load offset=62112
    local.set 1
    block ;; label = @1
      block ;; label = @2
        block ;; label = @3
          block ;; label = @4
            block ;; label = @5
              block ;; label = @6
                block ;; label = @7
                  loop ;; label = @8
                    block ;; label = @9
                      block ;; label = @10
                        local.get 1
                        i32.load8_u
                        local.tee 2
                        i32.const -9
                        i32.add
                        br_table 1 (;@9;) 1 (;@9;) 4 (;@6;) 4 (;@6;) 1 (;@9;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 1 (;@9;) 4 (;@6;) 9 (;@1;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 4 (;@6;) 5 (;@5;) 0 (;@10;)
                      end
                      local.get 2
                      i32.const -91
                      i32.add
                      br_table 2 (;@7;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 6 (;@3;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 7 (;@2;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 7 (;@2;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 3 (;@6;) 2 (;@7;) 3 (;@6;)
                    end
                    i32.const 0
                    local.get 1
                    i32.const 1
                    i32.add
                    local.tee 1
                    i32.store offset=62112
                    br 0 (;@8;)
                  end
                end
                i32.const 0
                local.get 1
                i32.const 1
                i32.add
                local.tee 1
                i32.store offset=62112
                i32.const 125
                i32.const 93
                local.get 2
                i32.const 123
                i32.eq
                select
                local.set 3
                local.get 0
                i32.const 1
                i32.add
                local.set 4
                local.get 0
                i64.extend_i32_u
                local.set 5
                loop ;; label = @7
                  block ;; label = @8
                    block ;; label = @9
                      local.get 1
                      i32.load8_u
                      local.tee 0
                      i32.const -9
                      i32.add
                      local.tee 2
                      i32.const 23
                      i32.gt_u
                      br_if 0 (;@9;)
                      i32.const 1
                      local.get 2
                      i32.shl
                      i32.const 8388627
                      i32.and
                      br_if 1 (;@8;)
                    end
                    block ;; label = @9
                      local.get 0
                      i32.eqz
                      br_if 0 (;@9;)
                      local.get 3
                      local.get 0
                      i32.eq
                      br_if 0 (;@9;)
                      local.get 5
                      i64.const 29
                      i64.shr_u
                      local.set 6
                      local.get 4
                      call 1
                      local.get 5
                      i64.xor
                      local.set 5
                      i32.const 0
                      i32.load offset=62112
                      local.set 1
                      block ;; label = @10
                        loop ;; label = @11
                          local.get 1
                          i32.load8_u
                          local.tee 0
                          i32.const -9
                          i32.add
                          local.tee 2
                          i32.const 23
                          i32.gt_u
                          br_if 1 (;@10;)
                          i32.const 1
                          local.get 2
                          i32.shl
                          i32.const 8388627
                          i32.and
                          i32.eqz
                          br_if 1 (;@10;)
                          i32.const 0
                          local.get 1
                          i32.const 1
                          i32.add
                          local.tee 1
                          i32.store offset=62112
                          br 0 (;@11;)
                        end
                      end
                      local.get 5
                      i64.const 1099511628211
                      i64.mul
                      local.get 6
                      i64.add
                      local.set 5
                      local.get 0
                      i32.const -44
                      i32.add
                      br_table 1 (;@8;) 2 (;@7;) 2 (;@7;) 2 (;@7;) 2 (;@7;) 2 (;@7;) 2 (;@7;) 2 (;@7;) 2 (;@7;) 2 (;@7;) 2 (;@7;) 2 (;@7;) 2 (;@7;) 2 (;@7;) 1 (;@8;) 2 (;@7;)
                    end
                    i32.const 0
                    local.get 1
                    i32.const 1
                    i32.add
                    i32.store offset=62112
                    local.get 5
                    return
                  end
                  i32.const 0
                  local.get 1
                  i32.const 1
                  i32.add
                  local.tee 1
                  i32.store offset=62112
                  br 0 (;@7;)
                end
              end
              i64.const 0
              local.set 6
              br 1 (;@4;)
            end
            i32.const 0
            local.get 1
            i32.const 1
            i32.add
            local.tee 1
            i32.store offset=62112
            local.get 1
            i32.load8_u
            local.set 2
            i64.const 1
            local.set 6
          end
          i64.const 0
          local.set 5
          block ;; label = @4
            local.get 2
            i32.const -48
            i32.add
            i32.const 255
            i32.and
            i32.const 9
            i32.gt_u
            br_if 0 (;@4;)
            i64.const 0
            local.set 5
            loop ;; label = @5
              local.get 5
              i64.const 10
              i64.mul
              local.get 2
              i64.extend_i32_u
              i64.const 255
              i64.and
              i64.add
              i64.const -48
              i64.add
              local.set 5
              local.get 1
              i32.const 1
              i32.add
              local.tee 1
              i32.load8_u
              local.tee 2
              i32.const -48
              i32.add
              i32.const 255
              i32.and
              i32.const 10
              i32.lt_u
              br_if 0 (;@5;)
            end
            i32.const 0
            local.get 1
            i32.store offset=62112
            local.get 5
            i64.const 1
            i64.shl
            local.set 5
          end
          local.get 5
          local.get 6
          i64.or
          return
        end
        i32.const 0
        local.get 1
        i32.const 5
        i32.add
        i32.store offset=62112
        i64.const 2
        return
      end
      i32.const 0
      local.get 1
      i32.const 4
      i32.add
      i32.store offset=62112
      i64.const 1
      return
    end
    local.get 1
    i32.const 1
    i32.add
    local.set 1
    i64.const 17
    local.set 5
    block ;; label = @1
      loop ;; label = @2
        block ;; label = @3
          block ;; label = @4
            local.get 1
            i32.load8_u
            local.tee 2
            i32.const 92
            i32.eq
            br_if 0 (;@4;)
            local.get 2
            i32.eqz
            br_if 3 (;@1;)
            local.get 2
            i32.const 34
            i32.eq
            br_if 3 (;@1;)
            local.get 1
            local.set 0
            br 1 (;@3;)
          end
          local.get 1
          i32.const 1
          i32.add
          local.set 0
          local.get 1
          i32.load8_u offset=1
          local.set 2
        end
        i32.const 0
        local.get 0
        i32.const 1
        i32.add
        local.tee 1
        i32.store offset=62112
        local.get 5
        i64.const 33
        i64.mul
        local.get 2
        i64.extend_i32_u
        i64.const 255
        i64.and
        i64.add
        local.set 5
        br 0 (;@2;)
      end
    end
    i32.const 0
    local.get 1
    i32.const 1
    i32.add
    i32.store offset=62112
    local.get 5
  )
  (data (;0;) (i32.const 1024) "true\00false\00\5c\22 \5cu0041\22, \22tags\22: [\22a\22, \22bc\22, null], \22ok\22: \00")
)
