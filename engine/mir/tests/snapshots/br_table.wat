(module
  (func (param i32) (result i32)
    block
      loop
        block
          local.get 0
          br_table 0 1 2 0 1
        end
        i32.const 1
        return
      end
    end
    i32.const 2)
  ;; Only a default, which returns.
  (func (param i32)
    local.get 0
    br_table 0))

;;; Microwasm
;; microwasm 1
;; type 0 [i32] -> [i32]
;; type 1 [i32] -> []
;;
;; func 0 type 0 ;; [i32] -> [i32]
;;     declare .L1 [] base 1 backward
;;     br .L1
;; .L1:
;;     pick 0
;;     declare .L2 [] base 1
;;     declare .L3 [] base 1
;;     br_table .L2 .L1 .L3 .L2 .L1
;; .L2:
;;     i32.const 1
;;     br .return
;; .L3:
;;     i32.const 2
;;     br .return
;; end
;;
;; func 1 type 1 ;; [i32] -> []
;;     pick 0
;;     br_table .return
;; end
