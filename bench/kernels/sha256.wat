(module
  (type (;0;) (func (param i32) (result i64)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 21760)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i32 i64 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    global.get 0
    i32.const 256
    i32.sub
    local.tee 1
    global.set 0
    i64.const -7046029254386353131
    local.set 2
    i32.const -4096
    local.set 3
    loop ;; label = @1
      local.get 3
      i32.const 5376
      i32.add
      local.get 2
      i64.const 12
      i64.shr_u
      local.get 2
      i64.xor
      local.tee 2
      i64.const 25
      i64.shl
      local.get 2
      i64.xor
      local.tee 2
      i64.const 27
      i64.shr_u
      local.get 2
      i64.xor
      local.tee 2
      i64.const 2685821657736338717
      i64.mul
      i64.const 32
      i64.shr_u
      i64.store8
      local.get 3
      i32.const 5377
      i32.add
      local.get 2
      i64.const 12
      i64.shr_u
      local.get 2
      i64.xor
      local.tee 2
      i64.const 25
      i64.shl
      local.get 2
      i64.xor
      local.tee 2
      i64.const 27
      i64.shr_u
      local.get 2
      i64.xor
      local.tee 2
      i64.const 2685821657736338717
      i64.mul
      i64.const 32
      i64.shr_u
      i64.store8
      local.get 3
      i32.const 2
      i32.add
      local.tee 3
      br_if 0 (;@1;)
    end
    block ;; label = @1
      block ;; label = @2
        local.get 0
        i32.const 1
        i32.ge_s
        br_if 0 (;@2;)
        i64.const 7640891577139673123
        local.set 2
        br 1 (;@1;)
      end
      i32.const 1541459225
      local.set 4
      i32.const 528734635
      local.set 5
      i32.const -1694144372
      local.set 6
      i32.const 1359893119
      local.set 7
      i32.const -1521486534
      local.set 8
      i32.const 1013904242
      local.set 9
      i32.const -1150833019
      local.set 10
      i32.const 1779033703
      local.set 11
      i32.const 0
      local.set 12
      loop ;; label = @2
        i32.const 0
        local.set 13
        loop ;; label = @3
          i32.const 0
          local.set 3
          loop ;; label = @4
            local.get 1
            local.get 3
            i32.add
            local.get 13
            local.get 3
            i32.add
            i32.const 1280
            i32.add
            i32.load
            local.tee 14
            i32.const 24
            i32.shl
            local.get 14
            i32.const 8
            i32.shl
            i32.const 16711680
            i32.and
            i32.or
            local.get 14
            i32.const 8
            i32.shr_u
            i32.const 65280
            i32.and
            local.get 14
            i32.const 24
            i32.shr_u
            i32.or
            i32.or
            i32.store
            local.get 3
            i32.const 4
            i32.add
            local.tee 3
            i32.const 64
            i32.ne
            br_if 0 (;@4;)
          end
          i32.const 0
          local.set 15
          local.get 1
          i32.load
          local.tee 16
          local.set 14
          loop ;; label = @4
            local.get 1
            local.get 15
            i32.add
            local.tee 3
            i32.const 64
            i32.add
            local.get 3
            i32.const 36
            i32.add
            i32.load
            local.get 14
            i32.add
            local.get 3
            i32.const 4
            i32.add
            i32.load
            local.tee 14
            i32.const 25
            i32.rotl
            local.get 14
            i32.const 14
            i32.rotl
            i32.xor
            local.get 14
            i32.const 3
            i32.shr_u
            i32.xor
            i32.add
            local.get 3
            i32.const 56
            i32.add
            i32.load
            local.tee 3
            i32.const 15
            i32.rotl
            local.get 3
            i32.const 13
            i32.rotl
            i32.xor
            local.get 3
            i32.const 10
            i32.shr_u
            i32.xor
            i32.add
            i32.store
            local.get 14
            local.set 14
            local.get 15
            i32.const 4
            i32.add
            local.tee 15
            i32.const 192
            i32.ne
            br_if 0 (;@4;)
          end
          i32.const 0
          local.set 3
          local.get 11
          local.set 14
          local.get 10
          local.set 17
          local.get 9
          local.set 18
          local.get 8
          local.set 19
          local.get 7
          local.set 15
          local.get 6
          local.set 20
          i32.const 0
          local.set 21
          local.get 4
          local.set 22
          local.get 5
          local.set 23
          block ;; label = @4
            loop ;; label = @5
              local.get 17
              local.get 14
              i32.xor
              local.get 18
              i32.and
              local.get 17
              local.get 14
              i32.and
              local.tee 24
              i32.xor
              local.get 14
              i32.const 30
              i32.rotl
              local.get 14
              i32.const 19
              i32.rotl
              i32.xor
              local.get 14
              i32.const 10
              i32.rotl
              i32.xor
              i32.add
              local.get 20
              local.get 15
              i32.and
              local.get 16
              i32.add
              local.get 22
              i32.add
              local.get 15
              i32.const 26
              i32.rotl
              local.get 15
              i32.const 21
              i32.rotl
              i32.xor
              local.get 15
              i32.const 7
              i32.rotl
              i32.xor
              i32.add
              local.get 23
              local.get 15
              i32.const -1
              i32.xor
              i32.and
              i32.add
              local.get 3
              i32.const 1024
              i32.add
              i32.load
              i32.add
              local.tee 25
              i32.add
              local.tee 22
              local.get 17
              i32.and
              local.get 24
              i32.xor
              local.get 22
              local.get 14
              i32.and
              local.tee 24
              i32.xor
              local.get 22
              i32.const 30
              i32.rotl
              local.get 22
              i32.const 19
              i32.rotl
              i32.xor
              local.get 22
              i32.const 10
              i32.rotl
              i32.xor
              i32.add
              local.get 3
              i32.const 1028
              i32.add
              i32.load
              local.get 23
              i32.add
              local.get 1
              local.get 3
              i32.add
              local.tee 16
              i32.const 4
              i32.add
              i32.load
              i32.add
              local.get 20
              local.get 25
              local.get 19
              i32.add
              local.tee 19
              i32.const -1
              i32.xor
              i32.and
              i32.add
              local.get 19
              local.get 15
              i32.and
              i32.add
              local.get 19
              i32.const 26
              i32.rotl
              local.get 19
              i32.const 21
              i32.rotl
              i32.xor
              local.get 19
              i32.const 7
              i32.rotl
              i32.xor
              i32.add
              local.tee 25
              i32.add
              local.tee 23
              local.get 14
              i32.and
              local.get 24
              i32.xor
              local.get 23
              local.get 22
              i32.and
              local.tee 24
              i32.xor
              local.get 23
              i32.const 30
              i32.rotl
              local.get 23
              i32.const 19
              i32.rotl
              i32.xor
              local.get 23
              i32.const 10
              i32.rotl
              i32.xor
              i32.add
              local.get 3
              i32.const 1032
              i32.add
              i32.load
              local.get 20
              i32.add
              local.get 16
              i32.const 8
              i32.add
              i32.load
              i32.add
              local.get 15
              local.get 25
              local.get 18
              i32.add
              local.tee 18
              i32.const -1
              i32.xor
              i32.and
              i32.add
              local.get 18
              local.get 19
              i32.and
              i32.add
              local.get 18
              i32.const 26
              i32.rotl
              local.get 18
              i32.const 21
              i32.rotl
              i32.xor
              local.get 18
              i32.const 7
              i32.rotl
              i32.xor
              i32.add
              local.tee 25
              i32.add
              local.tee 20
              local.get 22
              i32.and
              local.get 24
              i32.xor
              local.get 20
              local.get 23
              i32.and
              local.tee 26
              i32.xor
              local.get 20
              i32.const 30
              i32.rotl
              local.get 20
              i32.const 19
              i32.rotl
              i32.xor
              local.get 20
              i32.const 10
              i32.rotl
              i32.xor
              i32.add
              local.get 3
              i32.const 1036
              i32.add
              i32.load
              local.get 15
              i32.add
              local.get 16
              i32.const 12
              i32.add
              i32.load
              i32.add
              local.get 19
              local.get 25
              local.get 17
              i32.add
              local.tee 15
              i32.const -1
              i32.xor
              i32.and
              i32.add
              local.get 15
              local.get 18
              i32.and
              i32.add
              local.get 15
              i32.const 26
              i32.rotl
              local.get 15
              i32.const 21
              i32.rotl
              i32.xor
              local.get 15
              i32.const 7
              i32.rotl
              i32.xor
              i32.add
              local.tee 17
              i32.add
              local.tee 24
              local.get 23
              i32.and
              local.get 26
              i32.xor
              local.get 24
              local.get 20
              i32.and
              local.tee 25
              i32.xor
              local.get 24
              i32.const 30
              i32.rotl
              local.get 24
              i32.const 19
              i32.rotl
              i32.xor
              local.get 24
              i32.const 10
              i32.rotl
              i32.xor
              i32.add
              local.get 3
              i32.const 1040
              i32.add
              i32.load
              local.get 19
              i32.add
              local.get 16
              i32.const 16
              i32.add
              i32.load
              i32.add
              local.get 18
              local.get 17
              local.get 14
              i32.add
              local.tee 14
              i32.const -1
              i32.xor
              i32.and
              i32.add
              local.get 14
              local.get 15
              i32.and
              i32.add
              local.get 14
              i32.const 26
              i32.rotl
              local.get 14
              i32.const 21
              i32.rotl
              i32.xor
              local.get 14
              i32.const 7
              i32.rotl
              i32.xor
              i32.add
              local.tee 17
              i32.add
              local.tee 19
              local.get 20
              i32.and
              local.get 25
              i32.xor
              local.get 19
              local.get 24
              i32.and
              local.tee 25
              i32.xor
              local.get 19
              i32.const 30
              i32.rotl
              local.get 19
              i32.const 19
              i32.rotl
              i32.xor
              local.get 19
              i32.const 10
              i32.rotl
              i32.xor
              i32.add
              local.get 16
              i32.const 20
              i32.add
              i32.load
              local.get 3
              i32.const 1044
              i32.add
              i32.load
              i32.add
              local.get 18
              i32.add
              local.get 15
              local.get 17
              local.get 22
              i32.add
              local.tee 22
              i32.const -1
              i32.xor
              i32.and
              i32.add
              local.get 22
              local.get 14
              i32.and
              i32.add
              local.get 22
              i32.const 26
              i32.rotl
              local.get 22
              i32.const 21
              i32.rotl
              i32.xor
              local.get 22
              i32.const 7
              i32.rotl
              i32.xor
              i32.add
              local.tee 17
              i32.add
              local.tee 18
              local.get 24
              i32.and
              local.get 25
              i32.xor
              local.get 18
              local.get 19
              i32.and
              local.tee 25
              i32.xor
              local.get 18
              i32.const 30
              i32.rotl
              local.get 18
              i32.const 19
              i32.rotl
              i32.xor
              local.get 18
              i32.const 10
              i32.rotl
              i32.xor
              i32.add
              local.get 16
              i32.const 24
              i32.add
              i32.load
              local.get 3
              i32.const 1048
              i32.add
              i32.load
              i32.add
              local.get 15
              i32.add
              local.get 14
              local.get 17
              local.get 23
              i32.add
              local.tee 23
              i32.const -1
              i32.xor
              i32.and
              i32.add
              local.get 23
              local.get 22
              i32.and
              i32.add
              local.get 23
              i32.const 26
              i32.rotl
              local.get 23
              i32.const 21
              i32.rotl
              i32.xor
              local.get 23
              i32.const 7
              i32.rotl
              i32.xor
              i32.add
              local.tee 15
              i32.add
              local.tee 17
              i32.const 30
              i32.rotl
              local.get 17
              i32.const 19
              i32.rotl
              i32.xor
              local.get 17
              i32.const 10
              i32.rotl
              i32.xor
              local.get 17
              local.get 18
              local.get 19
              i32.xor
              i32.and
              local.get 25
              i32.xor
              i32.add
              local.get 16
              i32.const 28
              i32.add
              i32.load
              local.get 3
              i32.const 1052
              i32.add
              i32.load
              i32.add
              local.get 14
              i32.add
              local.get 22
              local.get 15
              local.get 20
              i32.add
              local.tee 20
              i32.const -1
              i32.xor
              i32.and
              i32.add
              local.get 20
              local.get 23
              i32.and
              i32.add
              local.get 20
              i32.const 26
              i32.rotl
              local.get 20
              i32.const 21
              i32.rotl
              i32.xor
              local.get 20
              i32.const 7
              i32.rotl
              i32.xor
              i32.add
              local.tee 15
              i32.add
              local.set 14
              local.get 15
              local.get 24
              i32.add
              local.set 15
              local.get 21
              i32.const 55
              i32.gt_u
              br_if 1 (;@4;)
              local.get 21
              i32.const 8
              i32.add
              local.set 21
              local.get 3
              i32.const 32
              i32.add
              local.set 3
              local.get 16
              i32.const 32
              i32.add
              i32.load
              local.set 16
              br 0 (;@5;)
            end
          end
          local.get 22
          local.get 4
          i32.add
          local.set 4
          local.get 23
          local.get 5
          i32.add
          local.set 5
          local.get 20
          local.get 6
          i32.add
          local.set 6
          local.get 15
          local.get 7
          i32.add
          local.set 7
          local.get 19
          local.get 8
          i32.add
          local.set 8
          local.get 18
          local.get 9
          i32.add
          local.set 9
          local.get 17
          local.get 10
          i32.add
          local.set 10
          local.get 14
          local.get 11
          i32.add
          local.set 11
          local.get 13
          i32.const 4032
          i32.lt_u
          local.set 3
          local.get 13
          i32.const 64
          i32.add
          local.set 13
          local.get 3
          br_if 0 (;@3;)
        end
        local.get 12
        i32.const 1
        i32.add
        local.tee 12
        local.get 0
        i32.ne
        br_if 0 (;@2;)
      end
      local.get 11
      i64.extend_i32_u
      i64.const 32
      i64.shl
      local.get 4
      i64.extend_i32_u
      i64.or
      local.get 8
      i64.extend_i32_u
      i64.xor
      local.set 2
    end
    local.get 1
    i32.const 256
    i32.add
    global.set 0
    local.get 2
  )
  (data (;0;) (i32.const 1024) "\98/\8aB\91D7q\cf\fb\c0\b5\a5\db\b5\e9[\c2V9\f1\11\f1Y\a4\82?\92\d5^\1c\ab\98\aa\07\d8\01[\83\12\be\851$\c3}\0cUt]\ber\fe\b1\de\80\a7\06\dc\9bt\f1\9b\c1\c1i\9b\e4\86G\be\ef\c6\9d\c1\0f\cc\a1\0c$o,\e9-\aa\84tJ\dc\a9\b0\5c\da\88\f9vRQ>\98m\c61\a8\c8'\03\b0\c7\7fY\bf\f3\0b\e0\c6G\91\a7\d5Qc\ca\06g))\14\85\0a\b7'8!\1b.\fcm,M\13\0d8STs\0ae\bb\0ajv.\c9\c2\81\85,r\92\a1\e8\bf\a2Kf\1a\a8p\8bK\c2\a3Ql\c7\19\e8\92\d1$\06\99\d6\855\0e\f4p\a0j\10\16\c1\a4\19\08l7\1eLwH'\b5\bc\b04\b3\0c\1c9J\aa\d8NO\ca\9c[\f3o.h\ee\82\8ftoc\a5x\14x\c8\84\08\02\c7\8c\fa\ff\be\90\eblP\a4\f7\a3\f9\be\f2xq\c6")
)
