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
;; func 0 frame 40
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0xC9
;;                 9  sub rsp, 0x28
;;     3b: call 0
;;                10  mov [rsp], edi
;;                13  mov [rsp+8], esi
;;                17  mov [rsp+0x10], rdx
;;                1c  movsd [rsp+0x18], xmm0
;;                22  call func 0
;;     3d: pick 2
;;     3f: pick 4
;;     41: i32.add
;;                28  mov eax, [rsp+8]
;;                2c  mov ecx, [rsp]
;;                2f  lea edx, [rax+rcx]
;;     42: swap 3
;;     42: drop
;;     44: pick 3
;;     46: i32.const 1
;;     48: i32.add
;;                32  lea eax, [rcx+1]
;;     49: pick 1
;;     4b: pick 2
;;     4d: f64.add
;;                35  movsd xmm0, [rsp+0x18]
;;                3b  addsd xmm0, [rsp+0x18]
;;     50: pick 4
;;     52: declare .L1 [i32 f64] base 4
;;     52: declare .L2 [] base 6 callers 1
;;     52: br_if .L1 .L2
;;                41  test edx, edx
;;                43  jne near 0x8C
;;     52: .L2:
;;     54: drop
;;     55: i32.const 3
;;     57: swap 5
;;     57: drop
;;     59: f64.const 1.0
;;     62: pick 5
;;     64: i32.eqz
;;                49  mov ecx, 3
;;                4e  test ecx, ecx
;;     65: declare .L3 [] base 6 callers 1
;;     65: br_if .L1 .L3
;;                50  jne near 0x71
;;                56  mov dword [rsp], 3
;;                5d  mov r11, 0x3FF0000000000000
;;                67  movq xmm0, r11
;;                6c  jmp 0x8C
;;     65: .L3:
;;     67: drop
;;     68: drop
;;     69: i32.const 1
;;     6b: i32.const 2
;;     6d: i32.const 3
;;     6f: f64.const 2.0
;;     78: br .L1
;;                71  mov dword [rsp], 3
;;                78  mov eax, 3
;;                7d  mov r11, 0x4000000000000000
;;                87  movq xmm0, r11
;;     7a: .L1:
;;     7b: i32.trunc_sat_f64_s
;;                8c  cvttsd2si ecx, xmm0
;;                90  cmp ecx, 1
;;                93  jno near 0xBC
;;                99  ucomisd xmm0, xmm0
;;                9d  jnp near 0xAA
;;                a3  xor ecx, ecx
;;                a5  jmp 0xBC
;;                aa  xorps xmm15, xmm15
;;                ae  ucomisd xmm0, xmm15
;;                b3  jb near 0xBC
;;                b9  sub ecx, 1
;;     7d: i32.add
;;                bc  add eax, ecx
;;     7e: pick 4
;;     80: i32.add
;;                be  add eax, [rsp]
;;     81: br .return
;;                c1  add rsp, 0x28
;;                c8  ret
;;                c9  mov eax, 9
;;                ce  call Trap
;; func 1 frame 40
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x51
;;                 9  sub rsp, 0x28
;;     84: zeros i32 1
;;                10  xorps xmm15, xmm15
;;                14  movsd [rsp+0x10], xmm15
;;     86: call 0
;;                1b  mov [rsp], edi
;;                1e  mov [rsp+8], esi
;;                22  call func 0
;;     88: pick 2
;;     8a: pick 2
;;     8c: i32.add
;;                28  mov eax, [rsp]
;;                2b  mov ecx, [rsp+8]
;;                2f  lea edx, [rax+rcx]
;;     8d: drop
;;     8e: declare .L1 [] base 3 backward
;;     8e: br .L1
;;     8e: .L1:
;;     90: pick 0
;;     92: pick 3
;;     94: i32.add
;;                32  mov edx, [rsp+0x10]
;;                36  lea ebx, [rdx+rax]
;;     95: swap 1
;;     95: drop
;;     97: pick 0
;;     99: pick 2
;;     9b: i32.lt_s
;;                39  cmp ebx, ecx
;;     9c: declare .L2 [] base 3 callers 1
;;     9c: br_if .L1 .L2
;;                3b  jge near 0x47
;;                41  mov [rsp+0x10], ebx
;;                45  jmp short 0x32
;;     9c: .L2:
;;     9e: pick 0
;;     a1: br .return
;;                47  mov eax, ebx
;;                49  add rsp, 0x28
;;                50  ret
;;                51  mov eax, 9
;;                56  call Trap
;; func 2 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x3A
;;                 9  sub rsp, 8
;;     a4: pick 0
;;     a6: pick 1
;;     a8: i32.const 7
;;     aa: i32.add
;;                10  lea eax, [rdi+7]
;;     ab: declare .L1 [i32 i32] base 1 backward
;;     ab: br .L1
;;                13  mov ecx, edi
;;     ab: .L1:
;;     ad: swap 2
;;     ad: drop
;;     af: i32.const 5
;;     b1: pick 2
;;     b3: i32.const 6
;;     b5: pick 4
;;     b7: declare .L2 [] base 5 callers 1
;;     b7: br_if .L1 .L2
;;                15  test eax, eax
;;                17  je near 0x28
;;                1d  mov ecx, eax
;;                1f  mov edi, eax
;;                21  mov eax, 6
;;                26  jmp short 0x15
;;     b7: .L2:
;;     b9: i32.add
;;                28  lea edx, [rax+6]
;;     ba: i32.add
;;                2b  add edx, 5
;;     bb: i32.add
;;                2e  add ecx, edx
;;     bd: br .return
;;                30  mov eax, ecx
;;                32  add rsp, 8
;;                39  ret
;;                3a  mov eax, 9
;;                3f  call Trap
