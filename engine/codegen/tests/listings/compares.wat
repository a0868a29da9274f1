;; bytecode
(module
  (func $order (param i32 i32) (result i32 i32 i32)
    ;; Operands stay as they are, unless only the left one is a constant.
    (i32.eq (local.get 0) (local.get 1))
    (i32.ne (local.get 1) (local.get 0))
    (i32.eq (i32.const 3) (local.get 1)))
  (func $select (param i32 i32) (result i32 i32 i32)
    ;; What is compared with zero is a condition, for the operands exchanged or not.
    (select (local.get 0) (local.get 1) (i32.eqz (local.get 1)))
    (select (local.get 0) (local.get 1) (i32.ne (local.get 0) (i32.const 0)))
    (select (local.get 0) (local.get 1) (i32.eq (local.get 0) (i32.const 1)))))

;;; bytecode
;; func 0 frame 56
;;                 0  enter frame 7
;;     1d: pick 1
;;     1f: pick 1
;;     21: i32.eq
;;     22: pick 1
;;                 6  i32.eq s2, s0, s1
;;     24: pick 3
;;     26: i32.ne
;;     27: i32.const 3
;;                 e  i32.ne s3, s1, s0
;;     29: pick 3
;;     2b: i32.eq
;;     2c: br .return
;;                16  i32.eq_imm s4, s1, 3
;;                20  copy s0, s2
;;                26  copy s1, s3
;;                2c  copy s2, s4
;;                32  return
;; func 1 frame 56
;;                 0  enter frame 7
;;     2f: pick 1
;;     31: pick 1
;;     33: pick 2
;;     35: i32.eqz
;;     36: select i32
;;                 6  select s2, s1, s1, s0
;;     37: pick 2
;;     39: pick 2
;;     3b: pick 4
;;     3d: i32.const 0
;;     3f: i32.ne
;;     40: select i32
;;                10  select s3, s0, s0, s1
;;     41: pick 3
;;     43: pick 3
;;     45: pick 5
;;     47: i32.const 1
;;     49: i32.eq
;;     4a: select i32
;;                1a  i32.eq_imm s6, s0, 1
;;                24  select s4, ^s6, s0, s1
;;     4b: br .return
;;                2e  copy s0, s2
;;                34  copy s1, s3
;;                3a  copy s2, s4
;;                40  return
