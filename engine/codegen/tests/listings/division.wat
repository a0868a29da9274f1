;; Division wants rax and rdx, whoever is in them; MIN / -1 and x % -1.
(module
  (func (param i32 i32 i32) (result i32)
    (i32.div_s (i32.rem_s (local.get 2) (local.get 1)) (local.get 2)))
  (func (param i64 i64) (result i64)
    (i64.div_u (local.get 0) (i64.rem_u (local.get 0) (i64.const 10)))))

;;; x86-64
;; func 0 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x70
;;                 9  sub rsp, 8
;;     22: pick 0
;;     24: pick 2
;;     26: i32.rem_s
;;                10  mov eax, edx
;;                12  mov rcx, rdx
;;                15  test esi, esi
;;                17  je near 0x5A
;;                1d  cmp esi, 0xFFFFFFFF
;;                20  jne near 0x2D
;;                26  xor edx, edx
;;                28  jmp 0x30
;;                2d  cdq
;;                2e  idiv esi
;;     27: pick 1
;;     29: i32.div_s
;;                30  mov eax, edx
;;                32  test ecx, ecx
;;                34  je near 0x5A
;;                3a  cmp ecx, 0xFFFFFFFF
;;                3d  jne near 0x4F
;;                43  cmp eax, 0x80000000
;;                49  je near 0x65
;;                4f  cdq
;;                50  idiv ecx
;;     2a: br .return
;;                52  add rsp, 8
;;                59  ret
;;                5a  mov eax, 6
;;                5f  call Trap
;;                65  mov eax, 7
;;                6a  call Trap
;;                70  mov eax, 9
;;                75  call Trap
;; func 1 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x44
;;                 9  sub rsp, 8
;;     2d: pick 1
;;     2f: pick 2
;;     31: i64.const 10
;;     33: i64.rem_u
;;                10  mov ecx, 0xA
;;                15  mov rax, rdi
;;                18  xor edx, edx
;;                1a  div rcx
;;     34: i64.div_u
;;                1d  mov rcx, rdx
;;                20  mov rax, rdi
;;                23  test rcx, rcx
;;                26  je near 0x39
;;                2c  xor edx, edx
;;                2e  div rcx
;;     35: br .return
;;                31  add rsp, 8
;;                38  ret
;;                39  mov eax, 6
;;                3e  call Trap
;;                44  mov eax, 9
;;                49  call Trap
