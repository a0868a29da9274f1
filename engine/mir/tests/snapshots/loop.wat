(module
  (func (param i32) (result i32)
    i32.const 0
    loop (param i32) (result i32)
      local.get 0
      i32.add
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      br_if 0
    end)
  ;; A loop that never ends: nothing follows it.
  (func
    loop
      br 0
    end)
  ;; A loop that is not one still has its header.
  (func
    loop
    end))

;;; Microwasm
;; microwasm 1
;; type 0 [i32] -> [i32]
;; type 1 [] -> []
;;
;; func 0 type 0 ;; [i32] -> [i32]
;;     i32.const 0
;;     declare .L1 [i32] base 1 backward
;;     br .L1
;; .L1:
;;     pick 1
;;     i32.add
;;     pick 1
;;     i32.const 1
;;     i32.sub
;;     pick 0
;;     swap 3
;;     drop
;;     declare .L2 [] base 2 callers 1
;;     br_if .L1 .L2
;; .L2:
;;     br .return
;; end
;;
;; func 1 type 1 ;; [] -> []
;;     declare .L1 [] base 0 backward
;;     br .L1
;; .L1:
;;     br .L1
;; end
;;
;; func 2 type 1 ;; [] -> []
;;     declare .L1 [] base 0 backward
;;     br .L1
;; .L1:
;;     br .return
;; end
