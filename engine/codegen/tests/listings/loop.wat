;; A loop's values stay in registers; the address folds into the load.
(module
  (memory 1)
  (func (param $n i32) (result i32) (local $i i32) (local $sum i32)
    (local.set $i (i32.const 0))
    (local.set $sum (i32.const 0))
    (loop
      (local.set $sum
        (i32.add (local.get $sum)
          (i32.load offset=16 (i32.shl (local.get $i) (i32.const 2)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $sum)))

;;; x86-64
;; func 0 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x41
;;                 9  sub rsp, 8
;;     1e: zeros i32 2
;;     20: i32.const 0
;;     22: swap 2
;;     22: drop
;;     24: i32.const 0
;;     26: swap 1
;;     26: drop
;;     28: declare .L1 [] base 3 backward
;;     28: br .L1
;;                10  mov eax, 0
;;                15  mov ecx, 0
;;     28: .L1:
;;     2a: pick 0
;;     2c: pick 2
;;     2e: i32.const 2
;;     30: i32.shl
;;                1a  mov edx, eax
;;                1c  shl edx, 2
;;     31: i32.load offset=16
;;                1f  mov edx, [r14+rdx+0x10]
;;     34: i32.add
;;                24  add edx, ecx
;;     35: swap 1
;;     35: drop
;;     37: pick 1
;;     39: i32.const 1
;;     3b: i32.add
;;                26  lea ecx, [rax+1]
;;     3c: swap 2
;;     3c: drop
;;     3e: pick 1
;;     40: pick 3
;;     42: i32.lt_u
;;                29  cmp ecx, edi
;;     43: declare .L2 [] base 3 callers 1
;;     43: br_if .L1 .L2
;;                2b  jae near 0x37
;;                31  mov eax, ecx
;;                33  mov ecx, edx
;;                35  jmp short 0x1A
;;     43: .L2:
;;     46: pick 0
;;     48: br .return
;;                37  mov eax, edx
;;                39  add rsp, 8
;;                40  ret
;;                41  mov eax, 9
;;                46  call Trap
