(module
  ;; A branch drops what lies between its arguments and the base.
  (func (param i32) (result i32)
    i32.const 1
    block (result i32)
      i64.const 2
      i32.const 3
      local.get 0
      br_if 0
      br 0
    end
    i32.add)
  ;; Branching to the function's own block returns.
  (func (param i32) (result i32)
    i32.const 1
    local.get 0
    br_if 0
    br 0))

;;; Microwasm
;; microwasm 1
;; type 0 [i32] -> [i32]
;;
;; func 0 type 0 ;; [i32] -> [i32]
;;     i32.const 1
;;     i64.const 2
;;     i32.const 3
;;     pick 3
;;     declare .L1 [i32] base 2
;;     declare .L2 [] base 4 callers 1
;;     br_if .L1 .L2
;; .L2:
;;     br .L1
;; .L1:
;;     i32.add
;;     br .return
;; end
;;
;; func 1 type 0 ;; [i32] -> [i32]
;;     i32.const 1
;;     pick 1
;;     declare .L1 [] base 2 callers 1
;;     br_if .return .L1
;; .L1:
;;     br .return
;; end
