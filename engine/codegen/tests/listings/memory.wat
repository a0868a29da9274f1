;; bytecode
(module
  (memory 1)
  (func $stores (param i32 i64)
    ;; Of every width, of constants and of what is in a slot.
    (i32.store8 (local.get 0) (i32.const 1))
    (i32.store16 (local.get 0) (i32.const 2))
    (i32.store (local.get 0) (i32.const 4))
    (i64.store (local.get 0) (i64.const 8))
    (i64.store8 (local.get 0) (local.get 1))
    (i64.store16 (local.get 0) (local.get 1))
    (i64.store32 (local.get 0) (local.get 1))
    (i64.store (local.get 0) (local.get 1)))
  (func $builtins (param i32 i32) (result i32)
    ;; The one that has a result leaves it where its arguments were, the others leave nothing.
    (local.set 0 (memory.grow (local.get 1)))
    (memory.fill (local.get 0) (local.get 1) (i32.const 3))
    (memory.copy (local.get 1) (local.get 0) (i32.const 3))
    (i32.sub (local.get 0) (local.get 1))))

;;; bytecode
;; func 0 frame 16
;;                 0  enter frame 2
;;     25: pick 1
;;     27: i32.const 1
;;     29: i32.store8
;;                 6  store8_imm s0, 1, offset 0
;;     2c: pick 1
;;     2e: i32.const 2
;;     30: i32.store16
;;                12  store16_imm s0, 2, offset 0
;;     33: pick 1
;;     35: i32.const 4
;;     37: i32.store
;;                1e  store32_imm s0, 4, offset 0
;;     3a: pick 1
;;     3c: i64.const 8
;;     3e: i64.store
;;                2a  store64_imm s0, 8, offset 0
;;     41: pick 1
;;     43: pick 1
;;     45: i64.store8
;;                36  store8 s0, s1, offset 0
;;     48: pick 1
;;     4a: pick 1
;;     4c: i64.store16
;;                40  store16 s0, s1, offset 0
;;     4f: pick 1
;;     51: pick 1
;;     53: i64.store32
;;                4a  store32 s0, s1, offset 0
;;     56: pick 1
;;     58: pick 1
;;     5a: i64.store
;;                54  store64 s0, s1, offset 0
;;     5d: br .return
;;                5e  return
;; func 1 frame 40
;;                 0  enter frame 5
;;     60: pick 0
;;     62: memory.grow 0
;;                 6  copy s2, s1
;;                 c  call MemoryGrow
;;     64: swap 2
;;     64: drop
;;                14  copy s0, s2
;;     66: pick 1
;;     68: pick 1
;;     6a: i32.const 3
;;     6c: memory.fill 0
;;                1a  copy s2, ^s0
;;                20  copy s3, s1
;;                26  const32 s4, 3
;;                2e  call MemoryFill
;;     6f: pick 0
;;     71: pick 2
;;     73: i32.const 3
;;     75: memory.copy 0 0
;;                36  copy s2, s1
;;                3c  copy s3, s0
;;                42  const32 s4, 3
;;                4a  call MemoryCopy
;;     79: pick 1
;;     7b: pick 1
;;     7d: i32.sub
;;                52  i32.sub s2, s0, s1
;;     7e: br .return
;;                5a  return_slot ^s2
