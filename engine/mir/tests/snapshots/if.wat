(module
  ;; Without `else`, the second arm is where the `if` ends.
  (func (param i32)
    local.get 0
    if
      nop
    end)
  ;; A branch to the end may come before an `else`, so that it has its own label.
  (func (param i32)
    local.get 0
    if
      local.get 0
      br_if 0
      nop
    end)
  (func (param i32) (result i64)
    local.get 0
    if (result i64)
      i64.const 1
    else
      i64.const 2
    end)
  ;; Parameters are on top for both arms.
  (func (param i32) (result i32 i32)
    i32.const 5
    i32.const 6
    local.get 0
    if (param i32 i32) (result i32 i32)
      i32.add
      i32.const 1
    else
      drop
      i32.const 2
    end)
  ;; One arm leaves the function.
  (func (param i32) (result i32)
    local.get 0
    if
      i32.const 1
      return
    else
      nop
    end
    i32.const 2)
  ;; Both do: what follows is unreachable.
  (func (param i32) (result i32)
    local.get 0
    if
      i32.const 1
      return
    else
      unreachable
    end
    i32.const 2)
  ;; The arm branches to the end and does not reach it by itself.
  (func (param i32)
    local.get 0
    if
      br 0
    end))

;;; Microwasm
;; microwasm 1
;; type 0 [i32] -> []
;; type 1 [i32] -> [i64]
;; type 2 [i32] -> [i32 i32]
;; type 3 [i32 i32] -> [i32 i32]
;; type 4 [i32] -> [i32]
;;
;; func 0 type 0 ;; [i32] -> []
;;     pick 0
;;     declare .L1 [] base 1
;;     declare .L2 [] base 1 callers 1
;;     br_if .L2 .L1
;; .L2:
;;     br .L1
;; .L1:
;;     br .return
;; end
;;
;; func 1 type 0 ;; [i32] -> []
;;     pick 0
;;     declare .L1 [] base 1
;;     declare .L2 [] base 1 callers 1
;;     br_if .L2 .L1
;; .L2:
;;     pick 0
;;     declare .L3 [] base 1
;;     declare .L4 [] base 1 callers 1
;;     br_if .L3 .L4
;; .L4:
;;     br .L3
;; .L1:
;;     br .L3
;; .L3:
;;     br .return
;; end
;;
;; func 2 type 1 ;; [i32] -> [i64]
;;     pick 0
;;     declare .L1 [] base 1
;;     declare .L2 [] base 1 callers 1
;;     br_if .L2 .L1
;; .L2:
;;     i64.const 1
;;     declare .L3 [i64] base 1
;;     br .L3
;; .L1:
;;     i64.const 2
;;     br .L3
;; .L3:
;;     br .return
;; end
;;
;; func 3 type 2 ;; [i32] -> [i32 i32]
;;     i32.const 5
;;     i32.const 6
;;     pick 2
;;     declare .L1 [i32 i32] base 1
;;     declare .L2 [] base 3 callers 1
;;     br_if .L2 .L1
;; .L2:
;;     i32.add
;;     i32.const 1
;;     declare .L3 [i32 i32] base 1
;;     br .L3
;; .L1:
;;     drop
;;     i32.const 2
;;     br .L3
;; .L3:
;;     br .return
;; end
;;
;; func 4 type 4 ;; [i32] -> [i32]
;;     pick 0
;;     declare .L1 [] base 1
;;     declare .L2 [] base 1 callers 1
;;     br_if .L2 .L1
;; .L2:
;;     i32.const 1
;;     br .return
;; .L1:
;;     i32.const 2
;;     br .return
;; end
;;
;; func 5 type 4 ;; [i32] -> [i32]
;;     pick 0
;;     declare .L1 [] base 1
;;     declare .L2 [] base 1 callers 1
;;     br_if .L2 .L1
;; .L2:
;;     i32.const 1
;;     br .return
;; .L1:
;;     unreachable
;; end
;;
;; func 6 type 0 ;; [i32] -> []
;;     pick 0
;;     declare .L1 [] base 1
;;     declare .L2 [] base 1 callers 1
;;     br_if .L2 .L1
;; .L2:
;;     declare .L3 [] base 1
;;     br .L3
;; .L1:
;;     br .L3
;; .L3:
;;     br .return
;; end
