(module
  (func (param i64) (result i64)
    ;; Few are cleared one after the other, many in a loop.
    (local i64 f64 f64 i32 i32 i32)
    (local.get 1))
  (func (param i64) (result i64)
    (local i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (local f64 f64)
    (local.get 18)))

;;; x86-64
;; func 0 frame 72
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x43
;;                 9  sub rsp, 0x48
;;     1a: zeros i64 1
;;                10  xorps xmm15, xmm15
;;                14  movsd [rsp+8], xmm15
;;     1c: zeros f64 2
;;                1b  xorps xmm15, xmm15
;;                1f  movups [rsp+0x10], xmm15
;;     1e: zeros i32 3
;;                25  xorps xmm15, xmm15
;;                29  movups [rsp+0x20], xmm15
;;                2f  movsd [rsp+0x30], xmm15
;;     20: pick 5
;;     22: br .return
;;                36  mov rax, [rsp+8]
;;                3b  add rsp, 0x48
;;                42  ret
;;                43  mov eax, 9
;;                48  call Trap
;; func 1 frame 184
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x5C
;;                 9  sub rsp, 0xB8
;;     25: zeros i32 1
;;                10  xorps xmm15, xmm15
;;                14  movsd [rsp+8], xmm15
;;     27: zeros i64 17
;;                1b  xorps xmm15, xmm15
;;                1f  mov r11, 0xFFFFFFFFFFFFFF80
;;                26  movups [rsp+r11+0x90], xmm15
;;                2f  add r11, 0x10
;;                33  jne short 0x26
;;                35  movsd [rsp+0x90], xmm15
;;     29: zeros f64 2
;;                3f  xorps xmm15, xmm15
;;                43  movups [rsp+0x98], xmm15
;;     2b: pick 2
;;     2d: br .return
;;                4c  mov rax, [rsp+0x90]
;;                54  add rsp, 0xB8
;;                5b  ret
;;                5c  mov eax, 9
;;                61  call Trap
