;; fuel
(module
  (import "" "" (func $far (param i32 f64)))
  (type $t (func (param i64) (result i64)))
  (table 4 funcref)
  (func (param i32 i64 f64) (result i64)
    (call $far (local.get 0) (local.get 2))
    (i64.add
      (local.get 1)
      (call_indirect (type $t) (local.get 1) (local.get 0)))))

;;; x86-64
;; func 0 frame 40
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0xB7
;;                 9  sub rsp, 0x28
;;                10  mov r11, [r15+0x18]
;;                14  sub qword [r11+0x10], 1
;;                19  jb near 0xC2
;;                1f  mov r11, [r11+0x18]
;;                23  mov r11, [r11]
;;                26  push rax
;;                27  mov rax, [r15+0x18]
;;                2b  cmp r11, [rax+0x20]
;;                2f  pop rax
;;                30  jae near 0xCD
;;     32: pick 2
;;     34: pick 1
;;     36: call 0
;;                36  mov [rsp], edi
;;                39  mov [rsp+8], rsi
;;                3e  movsd [rsp+0x10], xmm0
;;                44  call func 0
;;     38: pick 1
;;     3a: pick 2
;;     3c: pick 4
;;     3e: call_indirect 0 0
;;                49  mov eax, [rsp]
;;                4c  cmp rax, [r15+0x40]
;;                50  jae near 0xD8
;;                56  mov r11, [r15+0x38]
;;                5a  lea r10, [r11+rax*8]
;;                5f  mov r10, [r10]
;;                62  test r10, r10
;;                65  je near 0xA1
;;                6b  mov r11d, [r15+0x28]
;;                6f  cmp r11d, [r10+0x18]
;;                73  jne near 0xAC
;;                79  mov rdi, [rsp+8]
;;                7e  cmp r15, [r10+0x10]
;;                82  jne near 0x98
;;                88  call qword [r10]
;;     41: i64.add
;;                8b  add rax, [rsp+8]
;;     42: br .return
;;                90  add rsp, 0x28
;;                97  ret
;;                98  mov r11, r10
;;                9b  call qword [r11+8]
;;                9f  jmp short 0x8B
;;                a1  mov eax, 4
;;                a6  call Trap
;;                ac  mov eax, 5
;;                b1  call Trap
;;                b7  mov eax, 9
;;                bc  call Trap
;;                c2  mov eax, 0xA
;;                c7  call Trap
;;                cd  mov eax, 0xB
;;                d2  call Trap
;;                d8  mov eax, 0xD
;;                dd  call Trap
