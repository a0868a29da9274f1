;; explicit
(module
  (memory 1)
  (func (param i32) (result i64)
    (i64.store offset=8 (local.get 0) (i64.const -1))
    (i64.load offset=0xffffffff (local.get 0))
    (i64.load (i32.const 0x10000))
    i64.add))

;;; x86-64
;; func 0 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x78
;;                 9  sub rsp, 8
;;     1e: pick 0
;;     20: i64.const -1
;;     22: i64.store offset=8
;;                10  lea r11, [rdi+0x10]
;;                14  cmp r11, [r15+0x10]
;;                18  ja near 0x6D
;;                1e  mov qword [r14+rdi+8], 0xFFFFFFFFFFFFFFFF
;;     25: pick 0
;;     27: i64.load offset=4294967295
;;                27  mov r11, 0x100000007
;;                31  add r11, rdi
;;                34  cmp r11, [r15+0x10]
;;                38  ja near 0x6D
;;                3e  mov r11d, 0xFFFFFFFF
;;                44  add r11, rdi
;;                47  mov rax, [r14+r11]
;;     2e: i32.const 65536
;;     32: i64.load
;;                4b  mov r11d, 0x10008
;;                51  cmp r11, [r15+0x10]
;;                55  ja near 0x6D
;;                5b  mov rcx, [r14+0x10000]
;;     35: i64.add
;;                62  add rax, rcx
;;     36: br .return
;;                65  add rsp, 8
;;                6c  ret
;;                6d  mov eax, 2
;;                72  call Trap
;;                78  mov eax, 9
;;                7d  call Trap
