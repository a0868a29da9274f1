;; The recursive Fibonacci function.
(module
  (func $fib (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (i32.const 1))
      (else
        (i32.add
          (call $fib (i32.sub (local.get 0) (i32.const 1)))
          (call $fib (i32.sub (local.get 0) (i32.const 2))))))))

;;; x86-64
;; func 0 frame 24
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x50
;;                 9  sub rsp, 0x18
;;     19: pick 0
;;     1b: i32.const 2
;;     1d: i32.lt_s
;;                10  cmp edi, 2
;;     1e: declare .L1 [] base 1
;;     1e: declare .L2 [] base 1 callers 1
;;     1e: br_if .L2 .L1
;;                13  jge near 0x23
;;     1e: .L2:
;;     20: i32.const 1
;;     22: declare .L3 [i32] base 1
;;     22: br .L3
;;                19  mov eax, 1
;;     22: .L1:
;;                1e  jmp 0x48
;;     23: pick 0
;;     25: i32.const 1
;;     27: i32.sub
;;                23  lea eax, [rdi-1]
;;     28: call 0
;;                26  mov [rsp], edi
;;                29  mov edi, eax
;;                2b  call func 0
;;     2a: pick 1
;;     2c: i32.const 2
;;     2e: i32.sub
;;                30  mov ecx, [rsp]
;;                33  lea edx, [rcx-2]
;;     2f: call 0
;;                36  mov [rsp+8], eax
;;                3a  mov edi, edx
;;                3c  call func 0
;;     31: i32.add
;;                41  add eax, [rsp+8]
;;     32: br .L3
;;                45  mov edi, [rsp]
;;     32: .L3:
;;     33: br .return
;;                48  add rsp, 0x18
;;                4f  ret
;;                50  mov eax, 9
;;                55  call Trap
