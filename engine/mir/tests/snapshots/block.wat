;; A block without a branch to it leaves no trace; others are declared by the first branch.
(module
  (func (param i32) (result i32)
    block
      nop
    end
    i32.const 7
    block (param i32) (result i32)
      local.get 0
      br_if 0
      i32.const 1
      i32.add
      local.get 0
      br_if 0
    end))

;;; Microwasm
;; microwasm 1
;; type 0 [i32] -> [i32]
;;
;; func 0 type 0 ;; [i32] -> [i32]
;;     i32.const 7
;;     pick 1
;;     declare .L1 [i32] base 1
;;     declare .L2 [] base 2 callers 1
;;     br_if .L1 .L2
;; .L2:
;;     i32.const 1
;;     i32.add
;;     pick 1
;;     declare .L3 [] base 2 callers 1
;;     br_if .L1 .L3
;; .L3:
;;     br .L1
;; .L1:
;;     br .return
;; end
