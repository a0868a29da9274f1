;; Nothing unreachable is emitted, whatever it is.
(module
  (func (result i32)
    unreachable
    i32.add
    block
      loop (result i32)
        br 1
      end
      if
        br 1
      else
      end
    end
    drop
    select)
  (func (param i32) (result i32)
    block
      br 0
      block
        br 1
        i32.const 0
        if
        end
      end
    end
    block (result i32)
      i32.const 1
      return
    end
    drop
    i32.const 2))

;;; Microwasm
;; microwasm 1
;; type 0 [] -> [i32]
;; type 1 [i32] -> [i32]
;;
;; func 0 type 0 ;; [] -> [i32]
;;     unreachable
;; end
;;
;; func 1 type 1 ;; [i32] -> [i32]
;;     declare .L1 [] base 1
;;     br .L1
;; .L1:
;;     i32.const 1
;;     br .return
;; end
