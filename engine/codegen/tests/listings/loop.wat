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
;; func 0 frame 40
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x4B
;;                 9  sub rsp, 0x28
;;     1e: zeros i32 2
;;                10  xorps xmm15, xmm15
;;                14  movups [rsp+8], xmm15
;;     20: i32.const 0
;;     22: swap 2
;;     22: drop
;;     24: i32.const 0
;;     26: swap 1
;;     26: drop
;;     28: declare .L1 [] base 3 backward
;;     28: br .L1
;;                1a  mov eax, 0
;;                1f  mov ecx, 0
;;     28: .L1:
;;     2a: pick 0
;;     2c: pick 2
;;     2e: i32.const 2
;;     30: i32.shl
;;                24  mov edx, eax
;;                26  shl edx, 2
;;     31: i32.load offset=16
;;                29  mov edx, [r14+rdx+0x10]
;;     34: i32.add
;;                2e  add edx, ecx
;;     35: swap 1
;;     35: drop
;;     37: pick 1
;;     39: i32.const 1
;;     3b: i32.add
;;                30  lea ecx, [rax+1]
;;     3c: swap 2
;;     3c: drop
;;     3e: pick 1
;;     40: pick 3
;;     42: i32.lt_u
;;                33  cmp ecx, edi
;;     43: declare .L2 [] base 3 callers 1
;;     43: br_if .L1 .L2
;;                35  jae near 0x41
;;                3b  mov eax, ecx
;;                3d  mov ecx, edx
;;                3f  jmp short 0x24
;;     43: .L2:
;;     46: pick 0
;;     48: br .return
;;                41  mov eax, edx
;;                43  add rsp, 0x28
;;                4a  ret
;;                4b  mov eax, 9
;;                50  call Trap
