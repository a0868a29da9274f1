(module
  (type (;0;) (func (param i32) (result i64)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1)
  (global (;0;) (mut i32) i32.const 17984)
  (export "memory" (memory 0))
  (export "run" (func 0))
  (func (;0;) (type 0) (param i32) (result i64)
    (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 f64 i32 i32 i32 i32 i32 i32 i32 i32 f64 f64 f64 f64 i32 f64 f64 f64 f64 f64 i32)
    i32.const 0
    i32.const 0
    i64.load offset=1072
    i64.store offset=1360
    i32.const 0
    i32.const 0
    i64.load offset=1064
    i64.store offset=1352
    i32.const 0
    i32.const 0
    i64.load offset=1056
    i64.store offset=1344
    i32.const 0
    i32.const 0
    i64.load offset=1048
    i64.store offset=1336
    i32.const 0
    i32.const 0
    i64.load offset=1040
    i64.store offset=1328
    i32.const 0
    i32.const 0
    i64.load offset=1032
    i64.store offset=1320
    i32.const 0
    i32.const 0
    i64.load offset=1024
    i64.store offset=1312
    i32.const 0
    i32.const 0
    i64.load offset=1080
    i64.store offset=1368
    i32.const 0
    i32.const 0
    i64.load offset=1088
    i64.store offset=1376
    i32.const 0
    i32.const 0
    i64.load offset=1096
    i64.store offset=1384
    i32.const 0
    i32.const 0
    i64.load offset=1104
    i64.store offset=1392
    i32.const 0
    i32.const 0
    i64.load offset=1112
    i64.store offset=1400
    i32.const 0
    i32.const 0
    i64.load offset=1120
    i64.store offset=1408
    i32.const 0
    i32.const 0
    i64.load offset=1128
    i64.store offset=1416
    i32.const 0
    i32.const 0
    i64.load offset=1184
    i64.store offset=1472
    i32.const 0
    i32.const 0
    i64.load offset=1176
    i64.store offset=1464
    i32.const 0
    i32.const 0
    i64.load offset=1168
    i64.store offset=1456
    i32.const 0
    i32.const 0
    i64.load offset=1160
    i64.store offset=1448
    i32.const 0
    i32.const 0
    i64.load offset=1152
    i64.store offset=1440
    i32.const 0
    i32.const 0
    i64.load offset=1144
    i64.store offset=1432
    i32.const 0
    i32.const 0
    i64.load offset=1136
    i64.store offset=1424
    i32.const 0
    i32.const 0
    i64.load offset=1192
    i64.store offset=1480
    i32.const 0
    i32.const 0
    i64.load offset=1200
    i64.store offset=1488
    i32.const 0
    i32.const 0
    i64.load offset=1208
    i64.store offset=1496
    i32.const 0
    i32.const 0
    i64.load offset=1216
    i64.store offset=1504
    i32.const 0
    i32.const 0
    i64.load offset=1224
    i64.store offset=1512
    i32.const 0
    i32.const 0
    i64.load offset=1232
    i64.store offset=1520
    i32.const 0
    i32.const 0
    i64.load offset=1240
    i64.store offset=1528
    i32.const 0
    i32.const 0
    i64.load offset=1296
    i64.store offset=1584
    i32.const 0
    i32.const 0
    i64.load offset=1288
    i64.store offset=1576
    i32.const 0
    i32.const 0
    i64.load offset=1280
    i64.store offset=1568
    i32.const 0
    i32.const 0
    i64.load offset=1272
    i64.store offset=1560
    i32.const 0
    i32.const 0
    i64.load offset=1264
    i64.store offset=1552
    i32.const 0
    i32.const 0
    i64.load offset=1256
    i64.store offset=1544
    i32.const 0
    i32.const 0
    i64.load offset=1248
    i64.store offset=1536
    block ;; label = @1
      block ;; label = @2
        local.get 0
        i32.const 1
        i32.ge_s
        br_if 0 (;@2;)
        i64.const 0
        local.set 1
        i64.const 4617136985637443884
        local.set 2
        i64.const -4640446117579192555
        local.set 3
        i64.const 4620886515960171111
        local.set 4
        i64.const 4576004977915405236
        local.set 5
        i64.const 4623448502799161807
        local.set 6
        i64.const -4645973824767902084
        local.set 7
        i64.const 4624847617829197610
        local.set 8
        i64.const -4638202354754755082
        local.set 9
        i64.const 0
        local.set 10
        br 1 (;@1;)
      end
      f64.const 0x0p+0 (;=0;)
      local.set 11
      f64.const 0x1.35da0343cd92cp+2 (;=4.841431442464721;)
      local.set 12
      f64.const -0x1.290abc01fdb7cp+0 (;=-1.1603200440274284;)
      local.set 13
      f64.const -0x1.a86f96c25ebfp-4 (;=-0.10362204447112311;)
      local.set 14
      f64.const 0x1.0afcdc332ca67p+3 (;=8.34336671824458;)
      local.set 15
      f64.const 0x1.07fcb31de01bp+2 (;=4.124798564124305;)
      local.set 16
      f64.const -0x1.9d353e1eb467cp-2 (;=-0.4035234171143214;)
      local.set 17
      f64.const 0x1.9c9eacea7d9cfp+3 (;=12.894369562139131;)
      local.set 18
      f64.const -0x1.e38e8d626667ep+3 (;=-15.111151401698631;)
      local.set 19
      f64.const -0x1.c9557be257dap-3 (;=-0.22330757889265573;)
      local.set 20
      f64.const 0x1.ec267a905572ap+3 (;=15.379697114850917;)
      local.set 21
      f64.const -0x1.9eb5833c8a22p+4 (;=-25.919314609987964;)
      local.set 22
      f64.const 0x1.6f1f393abe54p-3 (;=0.17925877295037118;)
      local.set 23
      f64.const 0x0p+0 (;=0;)
      local.set 24
      f64.const 0x0p+0 (;=0;)
      local.set 25
      i32.const 0
      local.set 26
      loop ;; label = @2
        i32.const 0
        local.set 27
        i32.const 4
        local.set 28
        i32.const 1416
        local.set 29
        loop ;; label = @3
          local.get 27
          local.tee 30
          i32.const 1
          i32.add
          local.set 27
          block ;; label = @4
            local.get 30
            i32.const 3
            i32.gt_u
            br_if 0 (;@4;)
            local.get 30
            i32.const 56
            i32.mul
            local.tee 30
            i32.const 1352
            i32.add
            local.set 31
            local.get 30
            i32.const 1344
            i32.add
            local.set 32
            local.get 30
            i32.const 1336
            i32.add
            local.set 33
            local.get 30
            i32.const 1360
            i32.add
            f64.load
            local.set 34
            local.get 30
            i32.const 1328
            i32.add
            f64.load
            local.set 35
            local.get 30
            i32.const 1320
            i32.add
            f64.load
            local.set 36
            local.get 30
            i32.const 1312
            i32.add
            f64.load
            local.set 37
            local.get 29
            local.set 30
            local.get 28
            local.set 38
            loop ;; label = @5
              local.get 33
              local.get 33
              f64.load
              local.get 37
              local.get 30
              i32.const -48
              i32.add
              f64.load
              f64.sub
              local.tee 39
              local.get 30
              f64.load
              local.tee 40
              f64.mul
              f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
              local.get 39
              local.get 39
              f64.mul
              local.get 36
              local.get 30
              i32.const -40
              i32.add
              f64.load
              f64.sub
              local.tee 41
              local.get 41
              f64.mul
              f64.add
              local.get 35
              local.get 30
              i32.const -32
              i32.add
              f64.load
              f64.sub
              local.tee 42
              local.get 42
              f64.mul
              f64.add
              local.tee 43
              local.get 43
              f64.sqrt
              f64.mul
              f64.div
              local.tee 43
              f64.mul
              f64.sub
              f64.store
              local.get 32
              local.get 32
              f64.load
              local.get 41
              local.get 40
              f64.mul
              local.get 43
              f64.mul
              f64.sub
              f64.store
              local.get 31
              local.get 31
              f64.load
              local.get 42
              local.get 40
              f64.mul
              local.get 43
              f64.mul
              f64.sub
              f64.store
              local.get 30
              i32.const -24
              i32.add
              local.tee 44
              local.get 34
              local.get 39
              f64.mul
              local.get 43
              f64.mul
              local.get 44
              f64.load
              f64.add
              f64.store
              local.get 30
              i32.const -16
              i32.add
              local.tee 44
              local.get 34
              local.get 41
              f64.mul
              local.get 43
              f64.mul
              local.get 44
              f64.load
              f64.add
              f64.store
              local.get 30
              i32.const -8
              i32.add
              local.tee 44
              local.get 34
              local.get 42
              f64.mul
              local.get 43
              f64.mul
              local.get 44
              f64.load
              f64.add
              f64.store
              local.get 30
              i32.const 56
              i32.add
              local.set 30
              local.get 38
              i32.const -1
              i32.add
              local.tee 38
              br_if 0 (;@5;)
            end
          end
          local.get 29
          i32.const 56
          i32.add
          local.set 29
          local.get 28
          i32.const -1
          i32.add
          local.set 28
          local.get 27
          i32.const 5
          i32.ne
          br_if 0 (;@3;)
        end
        i32.const 0
        local.get 25
        i32.const 0
        f64.load offset=1336
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 25
        f64.store offset=1312
        i32.const 0
        local.get 24
        i32.const 0
        f64.load offset=1344
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 24
        f64.store offset=1320
        i32.const 0
        local.get 11
        i32.const 0
        f64.load offset=1352
        local.tee 43
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 11
        f64.store offset=1328
        i32.const 0
        local.get 12
        i32.const 0
        f64.load offset=1392
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 12
        f64.store offset=1368
        i32.const 0
        local.get 13
        i32.const 0
        f64.load offset=1400
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 13
        f64.store offset=1376
        i32.const 0
        local.get 14
        i32.const 0
        f64.load offset=1408
        local.tee 39
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 14
        f64.store offset=1384
        i32.const 0
        local.get 15
        i32.const 0
        f64.load offset=1448
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 15
        f64.store offset=1424
        i32.const 0
        local.get 16
        i32.const 0
        f64.load offset=1456
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 16
        f64.store offset=1432
        i32.const 0
        local.get 17
        i32.const 0
        f64.load offset=1464
        local.tee 41
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 17
        f64.store offset=1440
        i32.const 0
        local.get 18
        i32.const 0
        f64.load offset=1504
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 18
        f64.store offset=1480
        i32.const 0
        local.get 19
        i32.const 0
        f64.load offset=1512
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 19
        f64.store offset=1488
        i32.const 0
        local.get 20
        i32.const 0
        f64.load offset=1520
        local.tee 42
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 20
        f64.store offset=1496
        i32.const 0
        local.get 21
        i32.const 0
        f64.load offset=1560
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 21
        f64.store offset=1536
        i32.const 0
        local.get 22
        i32.const 0
        f64.load offset=1568
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 22
        f64.store offset=1544
        i32.const 0
        local.get 23
        i32.const 0
        f64.load offset=1576
        local.tee 34
        f64.const 0x1.47ae147ae147bp-7 (;=0.01;)
        f64.mul
        f64.add
        local.tee 23
        f64.store offset=1552
        local.get 26
        i32.const 1
        i32.add
        local.tee 26
        local.get 0
        i32.ne
        br_if 0 (;@2;)
      end
      local.get 25
      i64.reinterpret_f64
      i64.const 1099511628211
      i64.mul
      local.set 10
      local.get 43
      i64.reinterpret_f64
      local.set 1
      local.get 12
      i64.reinterpret_f64
      local.set 2
      local.get 39
      i64.reinterpret_f64
      local.set 3
      local.get 15
      i64.reinterpret_f64
      local.set 4
      local.get 41
      i64.reinterpret_f64
      local.set 5
      local.get 18
      i64.reinterpret_f64
      local.set 6
      local.get 42
      i64.reinterpret_f64
      local.set 7
      local.get 21
      i64.reinterpret_f64
      local.set 8
      local.get 34
      i64.reinterpret_f64
      local.set 9
    end
    local.get 8
    local.get 6
    local.get 4
    local.get 2
    local.get 10
    local.get 1
    i64.xor
    i64.const 1099511628211
    i64.mul
    local.get 10
    i64.const 29
    i64.shr_u
    i64.add
    local.tee 10
    i64.xor
    i64.const 1099511628211
    i64.mul
    local.get 10
    i64.const 29
    i64.shr_u
    i64.add
    local.tee 10
    local.get 3
    i64.xor
    i64.const 1099511628211
    i64.mul
    local.get 10
    i64.const 29
    i64.shr_u
    i64.add
    local.tee 10
    i64.xor
    i64.const 1099511628211
    i64.mul
    local.get 10
    i64.const 29
    i64.shr_u
    i64.add
    local.tee 10
    local.get 5
    i64.xor
    i64.const 1099511628211
    i64.mul
    local.get 10
    i64.const 29
    i64.shr_u
    i64.add
    local.tee 10
    i64.xor
    i64.const 1099511628211
    i64.mul
    local.get 10
    i64.const 29
    i64.shr_u
    i64.add
    local.tee 10
    local.get 7
    i64.xor
    i64.const 1099511628211
    i64.mul
    local.get 10
    i64.const 29
    i64.shr_u
    i64.add
    local.tee 10
    i64.xor
    i64.const 1099511628211
    i64.mul
    local.get 10
    i64.const 29
    i64.shr_u
    i64.add
    local.tee 10
    local.get 9
    i64.xor
    i64.const 1099511628211
    i64.mul
    local.get 10
    i64.const 29
    i64.shr_u
    i64.add
  )
  (data (;0;) (i32.const 1024) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\deE\be\c9<\bdC@,\d9<4\a0]\13@|\db\1f\c0\ab\90\f2\bf\f0\eb%l\f9\86\ba\bf\bc\cc\93\9b\06g\e3?\9b\94}\f5\f2~\06@\15\07Z\9a\d7\d2\99\bf\d83\ab\d9\95L\a3?g\ca2\c3\cd\af @\b0\01\de1\cb\7f\10@|F\eb\e1S\d3\d9\bf@w\87\b8!,\f0\bf\13\8f\1f\bf\e95\fd?\b4#\11_H<\81?7\c6\07\0dI\1d\87?\cf\d9\a7\ce\ea\c9)@~f&\d6\e88.\c0\a0}%\beW\95\cc\bf\ef\1b\91\a9\1cS\f1?\c5\bbT>\7f\cc\eb?|>\f2\fak/\86\bf\b3\1e\f4\9c\d2=\5c?*W\05\a9g\c2.@ \a2\c83X\eb9\c0@\e5\ab\93\f3\f1\c6?J\bcY\16\b6T\ef?\a3\fb\c41\c6\07\e3?\f6evX\88\cb\a1\bf\ac\99\17S\f3\a8`?")
)
