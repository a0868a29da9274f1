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
;;                 3  jb near 0x2E
;;                 9  sub rsp, 0x48
;;     1a: zeros i64 1
;;     1c: zeros f64 2
;;     1e: zeros i32 3
;;                10  xorps xmm15, xmm15
;;                14  movups [rsp+0x20], xmm15
;;                1a  movsd [rsp+0x30], xmm15
;;     20: pick 5
;;     22: br .return
;;                21  mov eax, 0
;;                26  add rsp, 0x48
;;                2d  ret
;;                2e  mov eax, 9
;;                33  call Trap
;; func 1 frame 168
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x44
;;                 9  sub rsp, 0xA8
;;     25: zeros i32 1
;;     27: zeros i64 17
;;                10  xorps xmm15, xmm15
;;                14  mov r11, 0xFFFFFFFFFFFFFF80
;;                1b  movups [rsp+r11+0x90], xmm15
;;                24  add r11, 0x10
;;                28  jne short 0x1B
;;                2a  movsd [rsp+0x90], xmm15
;;     29: zeros f64 2
;;     2b: pick 2
;;     2d: br .return
;;                34  mov rax, [rsp+0x90]
;;                3c  add rsp, 0xA8
;;                43  ret
;;                44  mov eax, 9
;;                49  call Trap
