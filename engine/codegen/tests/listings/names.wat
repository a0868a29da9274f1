(module
  (func $call (import "" ""))
  (func (param i32 i32) (result i32)
    ;; What names a local's slot gets a copy when a call sends the local's new value there.
    (call $call)
    (local.get 0)
    (local.set 0 (i32.add (local.get 1) (i32.const 1)))
    (call $call)
    (local.get 0)
    i32.sub))

;;; x86-64
;; func 0 frame 40
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x47
;;                 9  sub rsp, 0x28
;;     24: call 0
;;                10  mov [rsp], edi
;;                13  mov [rsp+8], esi
;;                17  call func 0
;;     26: pick 1
;;     28: pick 1
;;     2a: i32.const 1
;;     2c: i32.add
;;                1c  mov eax, [rsp+8]
;;                20  lea ecx, [rax+1]
;;     2d: swap 3
;;     2d: drop
;;     2f: call 0
;;                23  movss xmm15, [rsp]
;;                29  movss [rsp+0x10], xmm15
;;                30  mov [rsp], ecx
;;                33  call func 0
;;     31: pick 2
;;     33: i32.sub
;;                38  mov eax, [rsp+0x10]
;;                3c  sub eax, [rsp]
;;     34: br .return
;;                3f  add rsp, 0x28
;;                46  ret
;;                47  mov eax, 9
;;                4c  call Trap
