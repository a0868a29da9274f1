(module
  (func $call (import "" ""))
  (func (param i32 i32) (result i32)
    ;; Both entries that name a local's slot are copied when a call sends the local's new value there.
    (call $call)
    (local.get 0)
    (local.get 0)
    (local.set 0 (i32.add (local.get 1) (i32.const 1)))
    (call $call)
    i32.mul
    (local.get 0)
    i32.sub))

;;; x86-64
;; func 0 frame 40
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x59
;;                 9  sub rsp, 0x28
;;     24: call 0
;;                10  mov [rsp], edi
;;                13  mov [rsp+8], esi
;;                17  call func 0
;;     26: pick 1
;;     28: pick 2
;;     2a: pick 2
;;     2c: i32.const 1
;;     2e: i32.add
;;                1c  mov eax, [rsp+8]
;;                20  lea ecx, [rax+1]
;;     2f: swap 4
;;     2f: drop
;;     31: call 0
;;                23  movss xmm15, [rsp]
;;                29  movss [rsp+0x18], xmm15
;;                30  movss xmm15, [rsp]
;;                36  movss [rsp+0x10], xmm15
;;                3d  mov [rsp], ecx
;;                40  call func 0
;;     33: i32.mul
;;                45  mov eax, [rsp+0x10]
;;                49  imul eax, [rsp+0x18]
;;     34: pick 2
;;     36: i32.sub
;;                4e  sub eax, [rsp]
;;     37: br .return
;;                51  add rsp, 0x28
;;                58  ret
;;                59  mov eax, 9
;;                5e  call Trap
