;; Locals are the bottom of the stack. Setting one changes places with it.
(module
  (func (param i32 i64) (local f32 f32 externref) (local i32)
    local.get 1
    local.set 1
    local.get 0
    local.tee 5
    i32.const 1
    local.tee 0
    i32.add
    local.set 0
    local.get 5
    drop)
  (func (param i32 i32)
    local.get 0
    local.get 1
    local.set 0
    local.set 1))

;;; Microwasm
;; microwasm 1
;; type 0 [i32 i64] -> []
;; type 1 [i32 i32] -> []
;;
;; func 0 type 0 ;; [i32 i64] -> []
;;     zeros f32 2
;;     zeros externref 1
;;     zeros i32 1
;;     pick 4
;;     swap 5
;;     drop
;;     pick 5
;;     pick 0
;;     swap 2
;;     drop
;;     i32.const 1
;;     pick 0
;;     swap 8
;;     drop
;;     i32.add
;;     swap 6
;;     drop
;;     pick 0
;;     drop
;;     br .return
;; end
;;
;; func 1 type 1 ;; [i32 i32] -> []
;;     pick 1
;;     pick 1
;;     swap 3
;;     drop
;;     swap 1
;;     drop
;;     br .return
;; end
