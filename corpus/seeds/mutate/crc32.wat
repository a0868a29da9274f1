;; CRC-32 by a table of nibbles, Adler-32 and FNV-1a over a text in memory.
(module
  (memory (export "memory") 1 1)
  (func $make_table
    (local $i i32) (local $c i32) (local $k i32)
    (loop $entry
      (local.set $c (local.get $i))
      (local.set $k (i32.const 4))
      (loop $bit
        (local.set $c
          (select
            (i32.xor (i32.const 0xedb88320) (i32.shr_u (local.get $c) (i32.const 1)))
            (i32.shr_u (local.get $c) (i32.const 1))
            (i32.and (local.get $c) (i32.const 1))))
        (br_if $bit (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
      (i32.store offset=256 (i32.shl (local.get $i) (i32.const 2)) (local.get $c))
      (br_if $entry (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 16)))))
  (start $make_table)
  (func $crc (export "crc32") (param $at i32) (param $length i32) (result i32)
    (local $c i32) (local $end i32)
    (local.set $at (i32.and (local.get $at) (i32.const 0x3f)))
    (local.set $end (i32.add (local.get $at) (i32.and (local.get $length) (i32.const 0x3f))))
    (local.set $c (i32.const -1))
    (block $done
      (loop $byte
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $c (i32.xor (local.get $c) (i32.load8_u (local.get $at))))
        (local.set $c (i32.xor (i32.shr_u (local.get $c) (i32.const 4))
          (i32.load offset=256 (i32.shl (i32.and (local.get $c) (i32.const 15)) (i32.const 2)))))
        (local.set $c (i32.xor (i32.shr_u (local.get $c) (i32.const 4))
          (i32.load offset=256 (i32.shl (i32.and (local.get $c) (i32.const 15)) (i32.const 2)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $byte)))
    (i32.xor (local.get $c) (i32.const -1)))
  (func (export "adler32") (param $length i32) (result i32)
    (local $a i32) (local $b i32) (local $at i32)
    (local.set $a (i32.const 1))
    (loop $byte
      (local.set $a (i32.rem_u (i32.add (local.get $a) (i32.load8_u (local.get $at))) (i32.const 65521)))
      (local.set $b (i32.rem_u (i32.add (local.get $b) (local.get $a)) (i32.const 65521)))
      (br_if $byte (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1)))
        (i32.and (local.get $length) (i32.const 63)))))
    (i32.or (i32.shl (local.get $b) (i32.const 16)) (local.get $a)))
  (func (export "fnv1a") (param $hash i64) (result i64)
    (local $at i32)
    (loop $byte
      (local.set $hash (i64.mul
        (i64.xor (local.get $hash) (i64.load8_u (local.get $at)))
        (i64.const 0x100000001b3)))
      (br_if $byte (i32.ne (local.tee $at (i32.add (local.get $at) (i32.const 1))) (i32.const 44))))
    (local.get $hash))
  (data (i32.const 0) "The quick brown fox jumps over the lazy dog."))
