(module
  (func $constants (param i32 i64) (result i32)
    ;; A constant goes to the right; what is needed again is not overwritten.
    (local.set 0 (i32.and (i32.const 12) (local.get 0)))
    (local.set 0 (i32.sub (local.get 0) (i32.const -2147483648)))
    (local.set 1 (i64.or (i64.const 0x123456789a) (local.get 1)))
    (local.set 1 (i64.add (local.get 1) (i64.const 0x123456789a)))
    (local.set 1 (i64.mul (local.get 1) (i64.const 8)))
    (local.set 1 (i64.mul (i64.const -3) (local.get 1)))
    (local.set 1 (i64.add (i64.add (local.get 1) (i64.const 5)) (i64.sub (local.get 1) (i64.const 6))))
    (i32.xor (local.get 0) (i32.add (i32.const 3) (i32.const 4))))
  (func $registers (param i32 i32) (result i32)
    (i32.mul
      (i32.add (local.get 0) (local.get 1))
      (i32.sub (i32.xor (local.get 0) (i32.mul (local.get 1) (local.get 0))) (local.get 1))))
  (func $slots (param i32 i64) (result i32)
    ;; Locals that are at home are used from there.
    (local i32 i64)
    (local.set 0 (i32.add (local.get 0) (local.get 2)))
    (local.set 0 (i32.mul (local.get 0) (local.get 2)))
    (local.set 1 (i64.sub (local.get 1) (local.get 3)))
    (drop (i32.eqz (local.get 2)))
    (select (local.get 0) (local.get 2) (i64.lt_u (local.get 1) (i64.const 7))))
  (func $compare_slot (param i32) (result i32)
    (local i32 i32)
    (i32.add (i32.lt_s (local.get 1) (i32.const 7))
      (i32.add (i32.gt_u (i32.const 3) (local.get 0)) (i32.eq (local.get 0) (local.get 2)))))
  (func $shifts (param i32 i64) (result i64)
    (local.set 0 (i32.rotl (local.get 0) (i32.const 5)))
    (local.set 1 (i64.rotl (local.get 1) (i64.extend_i32_u (local.get 0))))
    (local.set 0 (i32.shl (local.get 0) (i32.const 33)))
    (i64.add
      (i64.rotl (local.get 1) (i64.const 12))
      (i64.add (i64.rotr (local.get 1) (i64.const 12)) (i64.shr_s (local.get 1) (i64.const 64))))))

;;; x86-64
;; func 0 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x62
;;                 9  sub rsp, 8
;;     30: i32.const 12
;;     32: pick 2
;;     34: i32.and
;;                10  mov eax, edi
;;                12  and eax, 0xC
;;     35: swap 2
;;     35: drop
;;     37: pick 1
;;     39: i32.const -2147483648
;;     3f: i32.sub
;;                15  mov ecx, eax
;;                17  sub ecx, 0x80000000
;;     40: swap 2
;;     40: drop
;;     42: i64.const 78187493530
;;     49: pick 1
;;     4b: i64.or
;;                1d  mov rax, 0x123456789A
;;                27  mov rdx, rsi
;;                2a  or rdx, rax
;;     4c: swap 1
;;     4c: drop
;;     4e: pick 0
;;     50: i64.const 78187493530
;;     57: i64.add
;;                2d  mov rax, 0x123456789A
;;                37  mov rbx, rdx
;;                3a  add rbx, rax
;;     58: swap 1
;;     58: drop
;;     5a: pick 0
;;     5c: i64.const 8
;;     5e: i64.mul
;;                3d  mov rax, rbx
;;                40  shl rax, 3
;;     5f: swap 1
;;     5f: drop
;;     61: i64.const -3
;;     63: pick 1
;;     65: i64.mul
;;                44  imul rdx, rax, 0xFFFFFFFFFFFFFFFD
;;     66: swap 1
;;     66: drop
;;     68: pick 0
;;     6a: i64.const 5
;;     6c: i64.add
;;                48  lea rax, [rdx+5]
;;     6d: pick 1
;;     6f: i64.const 6
;;     71: i64.sub
;;                4c  lea rbx, [rdx-6]
;;     72: i64.add
;;                50  add rax, rbx
;;     73: swap 1
;;     73: drop
;;     75: pick 1
;;     77: i32.const 3
;;     79: i32.const 4
;;     7b: i32.add
;;     7c: i32.xor
;;                53  mov edx, ecx
;;                55  xor edx, 7
;;     7d: br .return
;;                58  mov eax, edx
;;                5a  add rsp, 8
;;                61  ret
;;                62  mov eax, 9
;;                67  call Trap
;; func 1 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x27
;;                 9  sub rsp, 8
;;     80: pick 1
;;     82: pick 1
;;     84: i32.add
;;                10  lea eax, [rdi+rsi]
;;     85: pick 2
;;     87: pick 2
;;     89: pick 4
;;     8b: i32.mul
;;                13  mov ecx, esi
;;                15  imul ecx, edi
;;     8c: i32.xor
;;                18  xor ecx, edi
;;     8d: pick 2
;;     8f: i32.sub
;;                1a  sub ecx, esi
;;     90: i32.mul
;;                1c  imul eax, ecx
;;     91: br .return
;;                1f  add rsp, 8
;;                26  ret
;;                27  mov eax, 9
;;                2c  call Trap
;; func 2 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x38
;;                 9  sub rsp, 8
;;     94: zeros i32 1
;;     96: zeros i64 1
;;     98: pick 3
;;     9a: pick 2
;;     9c: i32.add
;;                10  lea eax, [rdi]
;;     9d: swap 4
;;     9d: drop
;;     9f: pick 3
;;     a1: pick 2
;;     a3: i32.mul
;;                12  imul ecx, eax, 0
;;     a4: swap 4
;;     a4: drop
;;     a6: pick 2
;;     a8: pick 1
;;     aa: i64.sub
;;                15  lea rax, [rsi]
;;     ab: swap 3
;;     ab: drop
;;     ad: pick 1
;;     af: i32.eqz
;;                18  mov edx, 0
;;                1d  test edx, edx
;;     b0: drop
;;     b1: pick 3
;;     b3: pick 2
;;     b5: pick 4
;;     b7: i64.const 7
;;     b9: i64.lt_u
;;                1f  cmp rax, 7
;;     ba: select i32
;;                23  mov edx, ecx
;;                25  mov ebx, 0
;;                2a  cmovae rdx, rbx
;;     bb: br .return
;;                2e  mov eax, edx
;;                30  add rsp, 8
;;                37  ret
;;                38  mov eax, 9
;;                3d  call Trap
;; func 3 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x3B
;;                 9  sub rsp, 8
;;     be: zeros i32 2
;;     c0: pick 1
;;     c2: i32.const 7
;;     c4: i32.lt_s
;;                10  mov eax, 0
;;                15  cmp eax, 7
;;     c5: i32.const 3
;;                18  setl al
;;                1b  movzx eax, al
;;     c7: pick 4
;;     c9: i32.gt_u
;;                1e  cmp edi, 3
;;     ca: pick 4
;;                21  setb cl
;;                24  movzx ecx, cl
;;     cc: pick 3
;;     ce: i32.eq
;;                27  test edi, edi
;;     cf: i32.add
;;                29  sete dl
;;                2c  movzx edx, dl
;;                2f  add ecx, edx
;;     d0: i32.add
;;                31  add eax, ecx
;;     d1: br .return
;;                33  add rsp, 8
;;                3a  ret
;;                3b  mov eax, 9
;;                40  call Trap
;; func 4 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x40
;;                 9  sub rsp, 8
;;     d4: pick 1
;;     d6: i32.const 5
;;     d8: i32.rotl
;;                10  rorx eax, edi, 0x1B
;;     d9: swap 2
;;     d9: drop
;;     db: pick 0
;;     dd: pick 2
;;     df: i64.extend_i32_u
;;                16  mov ecx, eax
;;     e0: i64.rotl
;;                18  mov rdx, rsi
;;                1b  rol rdx, cl
;;     e1: swap 1
;;     e1: drop
;;     e3: pick 1
;;     e5: i32.const 33
;;     e7: i32.shl
;;                1e  mov ecx, eax
;;                20  shl ecx, 1
;;     e8: swap 2
;;     e8: drop
;;     ea: pick 0
;;     ec: i64.const 12
;;     ee: i64.rotl
;;                23  rorx rax, rdx, 0x34
;;     ef: pick 1
;;     f1: i64.const 12
;;     f3: i64.rotr
;;                29  rorx rbx, rdx, 0xC
;;     f4: pick 2
;;     f6: i64.const 64
;;     f9: i64.shr_s
;;                2f  mov rbp, rdx
;;     fa: i64.add
;;                32  add rbx, rbp
;;     fb: i64.add
;;                35  add rax, rbx
;;     fc: br .return
;;                38  add rsp, 8
;;                3f  ret
;;                40  mov eax, 9
;;                45  call Trap
