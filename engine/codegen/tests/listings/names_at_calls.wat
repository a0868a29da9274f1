(module
  (func $nothing)
  ;; Values named by others, whose slots a call is about to fill: slots that are not the first, and
  ;; two of which the numbers are the same modulo 64.
  (func $second (param i32 i32) (result i32)
    call $nothing
    local.get 1
    local.get 0
    i32.const 1
    i32.add
    local.set 1
    call $nothing
    local.get 1
    i32.sub)
  (func $same_modulo_64 (param i32 i32) (result i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32
      i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32
      i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    call $nothing
    local.get 1
    local.get 0
    i32.const 1
    i32.add
    local.set 1
    local.get 0
    i32.const 5
    i32.mul
    local.set 65
    call $nothing
    local.get 1
    i32.sub
    local.get 65
    i32.add))

;;; x86-64
;; func 0 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x18
;;                 9  sub rsp, 8
;;     1f: br .return
;;                10  add rsp, 8
;;                17  ret
;;                18  mov eax, 9
;;                1d  call Trap
;; func 1 frame 40
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x49
;;                 9  sub rsp, 0x28
;;     22: call 0
;;                10  mov [rsp], edi
;;                13  mov [rsp+8], esi
;;                17  call func 0
;;     24: pick 0
;;     26: pick 2
;;     28: i32.const 1
;;     2a: i32.add
;;                1c  mov eax, [rsp]
;;                1f  lea ecx, [rax+1]
;;     2b: swap 2
;;     2b: drop
;;     2d: call 0
;;                22  movss xmm15, [rsp+8]
;;                29  movss [rsp+0x10], xmm15
;;                30  mov [rsp+8], ecx
;;                34  call func 0
;;     2f: pick 1
;;     31: i32.sub
;;                39  mov eax, [rsp+0x10]
;;                3d  sub eax, [rsp+8]
;;     32: br .return
;;                41  add rsp, 0x28
;;                48  ret
;;                49  mov eax, 9
;;                4e  call Trap
;; func 2 frame 552
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x7A
;;                 9  sub rsp, 0x228
;;     35: zeros i32 64
;;                10  xorps xmm15, xmm15
;;                14  mov r11, 0xFFFFFFFFFFFFFE00
;;                1b  movups [rsp+r11+0x210], xmm15
;;                24  add r11, 0x10
;;                28  jne short 0x1B
;;     37: call 0
;;                2a  mov [rsp], edi
;;                2d  mov [rsp+8], esi
;;                31  call func 0
;;     39: pick 64
;;     3b: pick 66
;;     3d: i32.const 1
;;     3f: i32.add
;;                36  mov eax, [rsp]
;;                39  lea ecx, [rax+1]
;;     40: swap 66
;;     40: drop
;;     42: pick 66
;;     44: i32.const 5
;;     46: i32.mul
;;                3c  imul edx, eax, 5
;;     47: swap 2
;;     47: drop
;;     49: call 0
;;                3f  movss xmm15, [rsp+8]
;;                46  movss [rsp+0x210], xmm15
;;                50  mov [rsp+8], ecx
;;                54  mov [rsp+0x208], edx
;;                5b  call func 0
;;     4b: pick 65
;;     4d: i32.sub
;;                60  mov eax, [rsp+0x210]
;;                67  sub eax, [rsp+8]
;;     4e: pick 1
;;     50: i32.add
;;                6b  add eax, [rsp+0x208]
;;     51: br .return
;;                72  add rsp, 0x228
;;                79  ret
;;                7a  mov eax, 9
;;                7f  call Trap
