;; bytecode fuel
(module
  (import "" "" (func $far (param i32 i64) (result i64)))
  (type $t (func (param i64) (result i64)))
  (memory 1)
  (table 4 funcref)
  (global $g (mut i64) (i64.const 7))
  (func $operands (param i32 i32 i64) (result i32)
    ;; Constants on either side, and ones too wide for an immediate.
    (local.set 0 (i32.add (local.get 0) (i32.const 5)))
    (local.set 0 (i32.sub (i32.const 5) (local.get 0)))
    (local.set 2 (i64.and (i64.const 0x123456789a) (local.get 2)))
    (local.set 2 (i64.add (local.get 2) (i64.const -9)))
    (local.set 1 (i32.shl (local.get 1) (i32.const 3)))
    (local.set 1 (i32.div_s (local.get 1) (i32.const 7)))
    (local.set 1 (i32.rem_u (local.get 1) (local.get 0)))
    (local.set 1 (i32.eqz (i32.lt_s (local.get 0) (local.get 1))))
    (local.set 0 (i32.eqz (local.get 1)))
    (local.set 0 (i32.ge_u (i32.const 3) (local.get 1)))
    (select (local.get 0) (local.get 1) (i64.eqz (local.get 2))))
  (func $names (param i32 i32) (result i32 i32 i32)
    ;; Results go to locals straight; copies are made when what they name is written.
    (local i32 i32)
    (i32.const 2)
    (local.set 2 (i32.xor (local.tee 3 (i32.mul (local.get 0) (local.get 1))) (local.get 3)))
    (local.get 2)
    (local.set 2 (i32.add (local.get 0) (i32.const 1)))
    (local.set 1 (i32.mul))
    local.get 0
    local.get 1
    (local.set 0 (local.get 1))
    (local.set 1 (i32.const 9))
    (local.set 3 (local.get 3))
    i32.sub
    (local.tee 0 (local.get 1))
    (local.tee 2 (i32.const 1)))
  (func $branches (param i32 f64) (result i32)
    (block $out (result i32)
      (loop $head
        (if (f64.lt (local.get 1) (f64.const 0)) (then (local.set 0 (i32.const 1))))
        (br_if $head (i32.lt_u (local.get 0) (i32.const 10)))
        (br_if $head (i32.eqz (local.get 0)))
        (drop (br_if $out (local.get 0) (i32.ne (local.get 0) (i32.const 20))))
        (if (local.get 0) (then (br $head)) (else (br $out (i32.const 4)))))
      unreachable))
  (func $table (param i32 i32) (result i32)
    (block $a (result i32)
      (block $b
        (block $c (result i32)
          (local.get 1)
          (i32.const 1)
          (br_table $a $c $a (local.get 0)))
        (br_if $b (i32.eqz))
        (return (i32.const 3)))
      (i32.const 2)))
  (func $calls (param i32 i64) (result i64)
    (global.set $g (call $far (local.get 0) (local.get 1)))
    (i64.store offset=8 (local.get 0) (i64.load (i32.const 16)))
    (i32.store8 (local.get 0) (i32.const 255))
    (i64.add
      (call_indirect (type $t) (global.get $g) (local.get 0))
      (local.get 1)))
  (func $many (param i32 i64) (result i64 i32 i32)
    (local.get 1)
    (local.get 0)
    (i32.const 3)))

;;; bytecode
;; func 0 frame 48
;;                 0  enter frame 6
;;                 6  fuel
;;                 8  epoch
;;     62: pick 2
;;     64: i32.const 5
;;     66: i32.add
;;                 a  i32.add_imm s0, s0, 5
;;     67: swap 3
;;     67: drop
;;     69: i32.const 5
;;     6b: pick 3
;;     6d: i32.sub
;;                14  const32 s3, 5
;;                1c  i32.sub s0, ^s3, s0
;;     6e: swap 3
;;     6e: drop
;;     70: i64.const 78187493530
;;     77: pick 1
;;     79: i64.and
;;                24  const64 s3, 0x123456789a
;;                30  i64.and s2, s2, ^s3
;;     7a: swap 1
;;     7a: drop
;;     7c: pick 0
;;     7e: i64.const -9
;;     80: i64.add
;;                38  i64.add_imm s2, ^s2, -9
;;     81: swap 1
;;     81: drop
;;     83: pick 1
;;     85: i32.const 3
;;     87: i32.shl
;;                42  i32.shl_imm s1, s1, 3
;;     88: swap 2
;;     88: drop
;;     8a: pick 1
;;     8c: i32.const 7
;;     8e: i32.div_s
;;                4c  i32.div_s_imm s1, ^s1, 7
;;     8f: swap 2
;;     8f: drop
;;     91: pick 1
;;     93: pick 3
;;     95: i32.rem_u
;;                56  i32.rem_u s1, ^s1, s0
;;     96: swap 2
;;     96: drop
;;     98: pick 2
;;     9a: pick 2
;;     9c: i32.lt_s
;;     9d: i32.eqz
;;     9e: swap 2
;;                5e  i32.le_s s1, ^s1, s0
;;     9e: drop
;;     a0: pick 1
;;     a2: i32.eqz
;;     a3: swap 3
;;                66  i32.eq_imm s0, ^s1, 0
;;     a3: drop
;;     a5: i32.const 3
;;     a7: pick 2
;;     a9: i32.ge_u
;;     aa: swap 3
;;                70  i32.le_u_imm s0, s1, 3
;;     aa: drop
;;     ac: pick 2
;;     ae: pick 2
;;     b0: pick 2
;;     b2: i64.eqz
;;     b3: select i32
;;                7a  i64.eq_imm s5, s2, 0
;;                84  select s3, ^s5, s0, s1
;;     b4: br .return
;;                8e  return_slot ^s3
;; func 1 frame 72
;;                 0  enter frame 9
;;                 6  fuel
;;                 8  epoch
;;     b7: zeros i32 2
;;                 a  zeros s2, count 2
;;     b9: i32.const 2
;;     bb: pick 4
;;     bd: pick 4
;;     bf: i32.mul
;;                14  i32.mul s3, s0, s1
;;     c0: pick 0
;;     c0: swap 3
;;     c0: drop
;;     c2: pick 2
;;     c4: i32.xor
;;                1c  i32.xor s2, s3, ^s3
;;     c5: swap 3
;;     c5: drop
;;     c7: pick 2
;;     c9: pick 5
;;     cb: i32.const 1
;;     cd: i32.add
;;                24  i32.add_imm s6, s0, 1
;;     ce: swap 4
;;     ce: drop
;;                2e  copy s5, s2
;;                34  copy s2, s6
;;     d0: i32.mul
;;                3a  i32.mul_imm s1, s5, 2
;;     d1: swap 3
;;     d1: drop
;;     d3: pick 3
;;     d5: pick 3
;;     d7: pick 4
;;     d9: swap 6
;;     d9: drop
;;                44  copy s4, s0
;;                4a  copy s0, s1
;;     db: i32.const 9
;;     dd: swap 5
;;     dd: drop
;;                50  copy s5, s1
;;                56  const32 s1, 9
;;     df: pick 2
;;     e1: swap 3
;;     e1: drop
;;     e3: i32.sub
;;                5e  i32.sub s4, s4, s5
;;     e4: pick 3
;;     e6: pick 0
;;     e6: swap 6
;;     e6: drop
;;                66  copy s0, s1
;;     e8: i32.const 1
;;     ea: pick 0
;;     ea: swap 5
;;     ea: drop
;;                6c  const32 s2, 1
;;     ec: br .return
;;                74  copy s0, s4
;;                7a  const32 s2, 1
;;                82  return
;; func 2 frame 32
;;                 0  enter frame 4
;;                 6  fuel
;;                 8  epoch
;;     f1: declare .L1 [] base 2 backward
;;     f1: br .L1
;;     f1: .L1:
;;                 a  fuel
;;                 c  epoch
;;     f3: pick 0
;;     f5: f64.const 0.0
;;     fe: f64.lt
;;     ff: declare .L2 [] base 2
;;     ff: declare .L3 [] base 2 callers 1
;;     ff: br_if .L3 .L2
;;                 e  const32 s3, 0
;;                16  br_f64_not_lt s1, ^s3, 0x28
;;     ff: .L3:
;;    101: i32.const 1
;;    103: swap 2
;;    103: drop
;;                20  const32 s0, 1
;;    105: br .L2
;;    105: .L2:
;;    106: pick 1
;;    108: i32.const 10
;;    10a: i32.lt_u
;;    10b: declare .L4 [] base 2 callers 1
;;    10b: br_if .L1 .L4
;;                28  br_i32_lt_u_imm s0, 10, 0xa
;;    10b: .L4:
;;    10d: pick 1
;;    10f: i32.eqz
;;    110: declare .L5 [] base 2 callers 1
;;    110: br_if .L1 .L5
;;                34  br_z s0, 0xa
;;    110: .L5:
;;    112: pick 1
;;    114: pick 2
;;    116: i32.const 20
;;    118: i32.ne
;;    119: declare .L6 [i32] base 2
;;    119: declare .L7 [] base 3 callers 1
;;    119: br_if .L6 .L7
;;                3c  copy s2, s0
;;                42  br_i32_ne_imm s0, 20, 0x64
;;    119: .L7:
;;    11b: drop
;;    11c: pick 1
;;    11e: declare .L8 [] base 2
;;    11e: declare .L9 [] base 2 callers 1
;;    11e: br_if .L9 .L8
;;                4e  br_z s0, 0x5c
;;    11e: .L9:
;;    120: br .L1
;;    122: .L8:
;;                56  br 0xa
;;    123: i32.const 4
;;    125: br .L6
;;                5c  const32 s2, 4
;;    12a: .L6:
;;    12b: br .return
;;                64  return_slot s2
;; func 3 frame 48
;;                 0  enter frame 6
;;                 6  fuel
;;                 8  epoch
;;    134: pick 0
;;    136: i32.const 1
;;    138: pick 3
;;    13a: declare .L1 [i32] base 2
;;    13a: declare .L2 [i32] base 2
;;    13a: br_table .L1 .L2 .L1
;;                 a  copy s2, s1
;;                10  const32 s3, 1
;;                18  br_table s0, count 2
;;                20  br 0x32
;;                26  br 0x3e
;;                2c  br 0x32
;;                32  copy s2, s3
;;                38  br 0x64
;;                3e  copy s2, s3
;;                44  br 0x4a
;;    13f: .L2:
;;    140: i32.eqz
;;    141: declare .L3 [] base 2
;;    141: declare .L4 [] base 2 callers 1
;;    141: br_if .L3 .L4
;;                4a  br_z s2, 0x5c
;;    141: .L4:
;;    143: i32.const 3
;;    145: br .return
;;                52  const32 s0, 3
;;                5a  return
;;    146: .L3:
;;    147: i32.const 2
;;    149: br .L1
;;                5c  const32 s2, 2
;;    149: .L1:
;;    14a: br .return
;;                64  return_slot s2
;; func 4 frame 32
;;                 0  enter frame 4
;;                 6  fuel
;;                 8  epoch
;;    14d: pick 1
;;    14f: pick 1
;;    151: call 0
;;                 a  copy s2, s0
;;                10  copy s3, s1
;;                16  call func 0
;;    153: global.set 0
;;                1e  global.set s2, global 88
;;    155: pick 1
;;    157: i32.const 16
;;    159: i64.load
;;                26  const32 s3, 16
;;                2e  load64 s3, ^s3, offset 0
;;    15c: i64.store offset=8
;;                38  store64 s0, ^s3, offset 8
;;    15f: pick 1
;;    161: i32.const 255
;;    164: i32.store8
;;                42  store8_imm s0, 255, offset 0
;;    167: global.get 0
;;                4e  global.get s2, global 88
;;    169: pick 2
;;    16b: call_indirect 0 0
;;                56  call_indirect base 2, s0, table 72, sig 40
;;    16e: pick 1
;;    170: i64.add
;;                64  i64.add s2, s2, s1
;;    171: br .return
;;                6c  return_slot ^s2
;; func 5 frame 56
;;                 0  enter frame 7
;;                 6  fuel
;;                 8  epoch
;;    174: pick 0
;;    176: pick 2
;;    178: i32.const 3
;;    17a: br .return
;;                 a  const32 s2, 3
;;                12  copy s5, s0
;;                18  copy s0, s1
;;                1e  copy s1, s5
;;                24  return
