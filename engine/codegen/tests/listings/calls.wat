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
;;                 3  jb near 0xB8
;;                 9  sub rsp, 0x28
;;                10  mov r11, [r15+0x18]
;;                14  sub qword [r11+0x10], 1
;;                19  jb near 0xC3
;;                1f  mov r11, [r11+0x18]
;;                23  mov r11, [r11]
;;                26  push rax
;;                27  mov rax, [r15+0x18]
;;                2b  cmp r11, [rax+0x20]
;;                2f  pop rax
;;                30  jae near 0xCE
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
;;                4a  mov eax, [rsp]
;;                4d  cmp rax, [r15+0x40]
;;                51  jae near 0xD9
;;                57  mov r11, [r15+0x38]
;;                5b  lea r10, [r11+rax*8]
;;                60  mov r10, [r10]
;;                63  test r10, r10
;;                66  je near 0xA2
;;                6c  mov r11d, [r15+0x28]
;;                70  cmp r11d, [r10+0x18]
;;                74  jne near 0xAD
;;                7a  mov rdi, [rsp+8]
;;                7f  cmp r15, [r10+0x10]
;;                83  jne near 0x99
;;                89  call qword [r10]
;;     41: i64.add
;;                8c  add rax, [rsp+8]
;;     42: br .return
;;                91  add rsp, 0x28
;;                98  ret
;;                99  mov r11, r10
;;                9c  call qword [r11+8]
;;                a0  jmp short 0x8C
;;                a2  mov eax, 4
;;                a7  call Trap
;;                ad  mov eax, 5
;;                b2  call Trap
;;                b8  mov eax, 9
;;                bd  call Trap
;;                c3  mov eax, 0xA
;;                c8  call Trap
;;                ce  mov eax, 0xB
;;                d3  call Trap
;;                d9  mov eax, 0xD
;;                de  call Trap
