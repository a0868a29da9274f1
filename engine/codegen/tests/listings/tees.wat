;; bytecode
(module
  (func $named (param i32 i32) (result i32 i32)
    ;; What is named is copied, not computed elsewhere: the local that is set, or its value.
    (local.get 0)
    (local.tee 0 (i32.add (local.get 0) (i32.const -1))))
  (func $named_local (param i32 i32) (result i32 i32)
    (local.get 0)
    (local.set 0 (i32.add (local.get 0) (local.get 1)))
    (local.get 0))
  (func $named_value (param i32 i32) (result i32 i32)
    (local.set 1 (i32.add (local.get 0) (local.get 1)))
    (local.get 1)
    (local.set 0 (local.get 1))
    (local.get 0))
  (func $call (param i32) (result i32)
    ;; What lies below the arguments stays where it is.
    (i32.const 7)
    (call $call (local.get 0))
    i32.add))

;;; bytecode
;; func 0 frame 48
;;                 0  enter frame 6
;;     23: pick 1
;;     25: pick 2
;;     27: i32.const -1
;;     29: i32.add
;;                 6  i32.add_imm s3, s0, -1
;;     2a: pick 0
;;     2a: swap 4
;;     2a: drop
;;                10  copy s2, s0
;;                16  copy s0, s3
;;     2c: br .return
;;                1c  copy s0, s2
;;                22  copy s1, s3
;;                28  return
;; func 1 frame 48
;;                 0  enter frame 6
;;     2f: pick 1
;;     31: pick 2
;;     33: pick 2
;;     35: i32.add
;;                 6  i32.add s3, s0, s1
;;     36: swap 3
;;     36: drop
;;                 e  copy s2, s0
;;                14  copy s0, s3
;;     38: pick 2
;;     3a: br .return
;;                1a  copy s1, ^s0
;;                20  copy s0, s2
;;                26  return
;; func 2 frame 48
;;                 0  enter frame 6
;;     3d: pick 1
;;     3f: pick 1
;;     41: i32.add
;;                 6  i32.add s1, s0, s1
;;     42: swap 1
;;     42: drop
;;     44: pick 0
;;     46: pick 1
;;     48: swap 3
;;     48: drop
;;                 e  copy s0, ^s1
;;     4a: pick 2
;;     4c: br .return
;;                14  copy s4, ^s0
;;                1a  copy s0, s1
;;                20  copy s1, s4
;;                26  return
;; func 3 frame 24
;;                 0  enter frame 3
;;     4f: i32.const 7
;;     51: pick 1
;;     53: call 3
;;                 6  copy s2, s0
;;                 c  call func 3
;;     55: i32.add
;;                14  i32.add_imm s1, s2, 7
;;     56: br .return
;;                1e  return_slot ^s1
