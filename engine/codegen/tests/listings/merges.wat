(module
  (func $call (import "" ""))
  (func (param i32 i32 i64 f64) (result i32)
    ;; Arguments that stay, that move, that are given a register; what is clean stays home.
    (call $call)
    (local.set 1 (i32.add (local.get 1) (local.get 0)))
    (i32.add (local.get 0) (i32.const 1))
    (f64.add (local.get 3) (local.get 3))
    (block (param i32 f64) (result i32 f64)
      (br_if 0 (local.get 1))
      (drop)
      (local.set 0 (i32.const 3))
      (f64.const 1)
      (br_if 0 (i32.eqz (local.get 0)))
      (drop)
      (drop)
      (i32.const 1)
      (i32.const 2)
      (i32.const 3)
      (f64.const 2)
      (br 0))
    (i32.trunc_sat_f64_s)
    i32.add
    (local.get 0)
    i32.add)
  (func (param i32 i32) (result i32)
    ;; A loop keeps in registers what is in one, also what is at home.
    (local i32)
    (call $call)
    (drop (i32.add (local.get 0) (local.get 1)))
    (loop $l (result i32)
      (local.set 2 (i32.add (local.get 2) (local.get 0)))
      (br_if $l (i32.lt_s (local.get 2) (local.get 1)))
      (local.get 2)))
  (func (param f64 f64 i32) (result f64)
    ;; An edge that swaps two vector registers.
    (local.get 0)
    (local.get 1)
    (loop $l (param f64 f64) (result f64)
      (local.set 0)
      (local.set 1)
      (local.get 0)
      (local.get 1)
      (br_if $l (local.get 2))
      f64.sub))
  (func (param i32) (result i32)
    ;; An edge that swaps two registers, and one that drops what lies between.
    (local.get 0)
    (i32.add (local.get 0) (i32.const 7))
    (loop $l (param i32 i32) (result i32)
      (local.set 0)
      (i32.const 5)
      (local.get 0)
      (i32.const 6)
      (br_if $l (local.get 0))
      i32.add
      i32.add
      i32.add)))

;;; x86-64
;; func 0 frame 56
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0xD1
;;                 9  sub rsp, 0x38
;;     49: call 0
;;                10  mov [rsp], edi
;;                13  mov [rsp+8], esi
;;                17  mov [rsp+0x10], rdx
;;                1c  movsd [rsp+0x18], xmm0
;;                22  call func 0
;;     4b: pick 2
;;     4d: pick 4
;;     4f: i32.add
;;                27  mov eax, [rsp+8]
;;                2b  mov ecx, [rsp]
;;                2e  lea edx, [rax+rcx]
;;     50: swap 3
;;     50: drop
;;     52: pick 3
;;     54: i32.const 1
;;     56: i32.add
;;                31  lea eax, [rcx+1]
;;     57: pick 1
;;     59: pick 2
;;     5b: f64.add
;;                34  movsd xmm0, [rsp+0x18]
;;                3a  addsd xmm0, [rsp+0x18]
;;     5e: pick 4
;;     60: declare .L1 [i32 f64] base 4
;;     60: declare .L2 [] base 6 callers 1
;;     60: br_if .L1 .L2
;;                40  test edx, edx
;;                42  mov [rsp+0x20], eax
;;                46  jne near 0x92
;;     60: .L2:
;;     62: drop
;;     63: i32.const 3
;;     65: swap 5
;;     65: drop
;;     67: f64.const 1.0
;;     70: pick 5
;;     72: i32.eqz
;;                4c  mov eax, 3
;;                51  test eax, eax
;;     73: declare .L3 [] base 6 callers 1
;;     73: br_if .L1 .L3
;;                53  jne near 0x74
;;                59  mov dword [rsp], 3
;;                60  mov r11, 0x3FF0000000000000
;;                6a  movq xmm0, r11
;;                6f  jmp 0x92
;;     73: .L3:
;;     75: drop
;;     76: drop
;;     77: i32.const 1
;;     79: i32.const 2
;;     7b: i32.const 3
;;     7d: f64.const 2.0
;;     86: br .L1
;;                74  mov dword [rsp], 3
;;                7b  mov dword [rsp+0x20], 3
;;                83  mov r11, 0x4000000000000000
;;                8d  movq xmm0, r11
;;     88: .L1:
;;     89: i32.trunc_sat_f64_s
;;                92  cvttsd2si eax, xmm0
;;                96  cmp eax, 1
;;                99  jno near 0xC2
;;                9f  ucomisd xmm0, xmm0
;;                a3  jnp near 0xB0
;;                a9  xor eax, eax
;;                ab  jmp 0xC2
;;                b0  xorps xmm15, xmm15
;;                b4  ucomisd xmm0, xmm15
;;                b9  jb near 0xC2
;;                bf  sub eax, 1
;;     8b: i32.add
;;                c2  add eax, [rsp+0x20]
;;     8c: pick 4
;;     8e: i32.add
;;                c6  add eax, [rsp]
;;     8f: br .return
;;                c9  add rsp, 0x38
;;                d0  ret
;;                d1  mov eax, 9
;;                d6  call Trap
;; func 1 frame 24
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x44
;;                 9  sub rsp, 0x18
;;     92: zeros i32 1
;;     94: call 0
;;                10  mov [rsp], edi
;;                13  mov [rsp+8], esi
;;                17  call func 0
;;     96: pick 2
;;     98: pick 2
;;     9a: i32.add
;;                1c  mov eax, [rsp]
;;                1f  mov ecx, [rsp+8]
;;                23  lea edx, [rax+rcx]
;;     9b: drop
;;     9c: declare .L1 [] base 3 backward
;;     9c: br .L1
;;                26  mov edx, 0
;;     9c: .L1:
;;     9e: pick 0
;;     a0: pick 3
;;     a2: i32.add
;;                2b  lea ebx, [rdx+rax]
;;     a3: swap 1
;;     a3: drop
;;     a5: pick 0
;;     a7: pick 2
;;     a9: i32.lt_s
;;                2e  cmp ebx, ecx
;;     aa: declare .L2 [] base 3 callers 1
;;     aa: br_if .L1 .L2
;;                30  jge near 0x3A
;;                36  mov edx, ebx
;;                38  jmp short 0x2B
;;     aa: .L2:
;;     ac: pick 0
;;     af: br .return
;;                3a  mov eax, ebx
;;                3c  add rsp, 0x18
;;                43  ret
;;                44  mov eax, 9
;;                49  call Trap
;; func 2 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x3D
;;                 9  sub rsp, 8
;;     b2: pick 2
;;     b4: pick 2
;;     b6: declare .L1 [f64 f64] base 3 backward
;;     b6: br .L1
;;                10  movaps xmm2, xmm0
;;                13  movaps xmm3, xmm1
;;     b6: .L1:
;;     b8: swap 4
;;     b8: drop
;;     ba: swap 2
;;     ba: drop
;;     bc: pick 2
;;     be: pick 2
;;     c0: pick 2
;;     c2: declare .L2 [] base 5 callers 1
;;     c2: br_if .L1 .L2
;;                16  test edi, edi
;;                18  je near 0x31
;;                1e  movaps xmm0, xmm3
;;                21  movaps xmm1, xmm2
;;                24  movaps xmm15, xmm2
;;                28  movaps xmm2, xmm3
;;                2b  movaps xmm3, xmm15
;;                2f  jmp short 0x16
;;     c2: .L2:
;;     c4: f64.sub
;;                31  vsubsd xmm0, xmm3, xmm2
;;     c6: br .return
;;                35  add rsp, 8
;;                3c  ret
;;                3d  mov eax, 9
;;                42  call Trap
;; func 3 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x3A
;;                 9  sub rsp, 8
;;     c9: pick 0
;;     cb: pick 1
;;     cd: i32.const 7
;;     cf: i32.add
;;                10  lea eax, [rdi+7]
;;     d0: declare .L1 [i32 i32] base 1 backward
;;     d0: br .L1
;;                13  mov ecx, edi
;;     d0: .L1:
;;     d2: swap 2
;;     d2: drop
;;     d4: i32.const 5
;;     d6: pick 2
;;     d8: i32.const 6
;;     da: pick 4
;;     dc: declare .L2 [] base 5 callers 1
;;     dc: br_if .L1 .L2
;;                15  test eax, eax
;;                17  je near 0x28
;;                1d  mov edi, eax
;;                1f  mov ecx, eax
;;                21  mov eax, 6
;;                26  jmp short 0x15
;;     dc: .L2:
;;     de: i32.add
;;                28  lea edx, [rax+6]
;;     df: i32.add
;;                2b  add edx, 5
;;     e0: i32.add
;;                2e  add ecx, edx
;;     e2: br .return
;;                30  mov eax, ecx
;;                32  add rsp, 8
;;                39  ret
;;                3a  mov eax, 9
;;                3f  call Trap
