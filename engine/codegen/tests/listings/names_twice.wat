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
;;                 3  jb near 0x5B
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
;;                1d  mov eax, [rsp+8]
;;                21  lea ecx, [rax+1]
;;     2f: swap 4
;;     2f: drop
;;     31: call 0
;;                24  movss xmm15, [rsp]
;;                2a  movss [rsp+0x18], xmm15
;;                31  movss xmm15, [rsp]
;;                37  movss [rsp+0x10], xmm15
;;                3e  mov [rsp], ecx
;;                41  call func 0
;;     33: i32.mul
;;                47  mov eax, [rsp+0x10]
;;                4b  imul eax, [rsp+0x18]
;;     34: pick 2
;;     36: i32.sub
;;                50  sub eax, [rsp]
;;     37: br .return
;;                53  add rsp, 0x28
;;                5a  ret
;;                5b  mov eax, 9
;;                60  call Trap
