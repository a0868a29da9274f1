;; Block arguments, drops in the middle, and a branch table.
(module
  (func (param i32 i32) (result i32)
    (block $out (result i32)
      (block $two (result i32)
        (local.get 1)
        (local.get 0)
        (i32.const 7)
        (local.get 1)
        (br_table $two $out $two (local.get 0)))
      (i32.add (i32.const 1)))))

;;; x86-64
;; func 0 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x4B
;;                 9  sub rsp, 8
;;     1e: pick 0
;;     20: pick 2
;;     22: i32.const 7
;;     24: pick 3
;;     26: pick 5
;;     28: declare .L1 [i32] base 2
;;     28: declare .L2 [i32] base 2
;;     28: br_table .L1 .L2 .L1
;;                10  cmp edi, 2
;;                13  jae near 0x32
;;                19  lea r11, [rel 0x2A]
;;                20  movsxd rax, [r11+rdi*4]
;;                25  add rax, r11
;;                28  jmp rax
;;                2a  or [rax], al
;;                2c  add [rax], al
;;                2e  sldt [rax]
;;                31  add [rcx+0x7E9F0], cl
;;                37  add [rax], al
;;                39  mov eax, esi
;;                3b  jmp 0x43
;;     2d: .L1:
;;     2e: i32.const 1
;;     30: i32.add
;;                40  add eax, 1
;;     31: br .L2
;;     31: .L2:
;;     32: br .return
;;                43  add rsp, 8
;;                4a  ret
;;                4b  mov eax, 9
;;                50  call Trap
