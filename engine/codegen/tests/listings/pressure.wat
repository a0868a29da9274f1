(module
  (func $call (import "" ""))
  (func (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    ;; More values than registers: what was used longest ago goes home, and stays there.
    (i32.xor (local.get 2) (local.get 3))
    (i32.xor (local.get 0) (local.get 1))
    (i32.xor (local.get 4) (local.get 5))
    (i32.xor (local.get 6) (local.get 7))
    (i32.add (local.get 0) (local.get 3))
    (i32.add (local.get 1) (local.get 4))
    (i32.add (local.get 2) (local.get 5))
    i32.or i32.or i32.or i32.or i32.or i32.or
    (i32.sub (local.get 7) (local.get 6))
    i32.or)
  (func (param i32 i64) (result i32)
    ;; Over a call: once, and copies name the slot.
    (local.get 0)
    (local.get 0)
    (i32.add (local.get 0) (i32.const 1))
    (call $call)
    (call $call)
    i32.add
    i32.add
    (i32.wrap_i64 (local.get 1))
    i32.add)
  (func $ten (param i32 i32 i32 i32 i32 i32 i32 i32 i64 f64) (result i64 i64)
    ;; What there are no registers for is passed on the stack.
    (i64.sub (local.get 8) (i64.trunc_sat_f64_s (local.get 9)))
    (i64.const 7))
  (func (param i64 f64) (result i64)
    (call $ten
      (i32.const 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5)
      (i32.const 6) (i32.const 7) (local.get 0) (local.get 1))
    i64.xor)
  (func (param i32 i32) (result i32)
    ;; What names a local's slot has a copy once the local is written there.
    (local i32)
    (call $call)
    (local.get 0)
    (local.get 0)
    (local.set 2 (local.get 1))
    (local.set 0 (i32.add (local.get 0) (i32.const 1)))
    (call $call)
    (local.get 0)
    i32.add
    i32.add))

;;; x86-64
;; func 0 frame 104
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x71
;;                 9  sub rsp, 0x68
;;     50: pick 5
;;     52: pick 5
;;     54: i32.xor
;;                10  mov eax, edx
;;                12  xor eax, ecx
;;     55: pick 8
;;     57: pick 8
;;     59: i32.xor
;;                14  mov r10d, edi
;;                17  xor r10d, esi
;;     5a: pick 5
;;     5c: pick 5
;;     5e: i32.xor
;;                1a  mov r12d, r8d
;;                1d  xor r12d, r9d
;;     5f: pick 4
;;     61: pick 4
;;     63: i32.xor
;;                20  mov r13d, ebx
;;                23  xor r13d, ebp
;;     64: pick 11
;;     66: pick 9
;;     68: i32.add
;;                26  mov [rsp+0x40], eax
;;                2a  lea eax, [rdi+rcx]
;;     69: pick 11
;;     6b: pick 9
;;     6d: i32.add
;;                2d  mov [rsp+0x10], edx
;;                31  lea edx, [rsi+r8]
;;     6e: pick 11
;;     70: pick 9
;;     72: i32.add
;;                35  mov [rsp+0x48], r10d
;;                3a  mov r10d, [rsp+0x10]
;;                3f  mov [rsp+0x50], r12d
;;                44  lea r12d, [r10+r9]
;;     73: i32.or
;;                48  or edx, r12d
;;     74: i32.or
;;                4b  or eax, edx
;;     75: i32.or
;;                4d  or r13d, eax
;;     76: i32.or
;;                50  or r13d, [rsp+0x50]
;;     77: i32.or
;;                55  or r13d, [rsp+0x48]
;;     78: i32.or
;;                5a  or r13d, [rsp+0x40]
;;     79: pick 1
;;     7b: pick 3
;;     7d: i32.sub
;;                5f  mov eax, ebp
;;                61  sub eax, ebx
;;     7e: i32.or
;;                63  or r13d, eax
;;     7f: br .return
;;                66  mov eax, r13d
;;                69  add rsp, 0x68
;;                70  ret
;;                71  mov eax, 9
;;                76  call Trap
;; func 1 frame 56
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x48
;;                 9  sub rsp, 0x38
;;     82: pick 1
;;     84: pick 2
;;     86: pick 3
;;     88: i32.const 1
;;     8a: i32.add
;;                10  lea eax, [rdi+1]
;;     8b: call 0
;;                13  mov [rsp], edi
;;                16  mov [rsp+8], rsi
;;                1b  mov [rsp+0x20], eax
;;                1f  call func 0
;;     8d: call 0
;;                24  call func 0
;;     8f: i32.add
;;                29  mov eax, [rsp]
;;                2c  mov ecx, [rsp+0x20]
;;                30  lea edx, [rax+rcx]
;;     90: i32.add
;;                33  add edx, eax
;;     91: pick 1
;;     93: i32.wrap_i64
;;                35  mov rcx, [rsp+8]
;;                3a  mov ebx, ecx
;;     94: i32.add
;;                3c  add edx, ebx
;;     95: br .return
;;                3e  mov eax, edx
;;                40  add rsp, 0x38
;;                47  ret
;;                48  mov eax, 9
;;                4d  call Trap
;; func 2 frame 88
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x6C
;;                 9  sub rsp, 0x58
;;                10  movsd xmm15, [rsp+0x60]
;;                1a  movsd [rsp+0x40], xmm15
;;     98: pick 1
;;     9a: pick 1
;;     9c: i64.trunc_sat_f64_s
;;                21  cvttsd2si rax, xmm0
;;                26  cmp rax, 1
;;                2a  jno near 0x54
;;                30  ucomisd xmm0, xmm0
;;                34  jnp near 0x41
;;                3a  xor eax, eax
;;                3c  jmp 0x54
;;                41  xorps xmm15, xmm15
;;                45  ucomisd xmm0, xmm15
;;                4a  jb near 0x54
;;                50  sub rax, 1
;;     9e: i64.sub
;;                54  mov r10, [rsp+0x40]
;;                59  sub r10, rax
;;     9f: i64.const 7
;;     a1: br .return
;;                5c  mov rax, r10
;;                5f  mov edx, 7
;;                64  add rsp, 0x58
;;                6b  ret
;;                6c  mov eax, 9
;;                71  call Trap
;; func 3 frame 24
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x60
;;                 9  sub rsp, 0x18
;;     a4: i32.const 0
;;     a6: i32.const 1
;;     a8: i32.const 2
;;     aa: i32.const 3
;;     ac: i32.const 4
;;     ae: i32.const 5
;;     b0: i32.const 6
;;     b2: i32.const 7
;;     b4: pick 9
;;     b6: pick 9
;;     b8: call 3
;;                10  mov [rsp], rdi
;;                14  movsd [rsp+8], xmm0
;;                1a  sub rsp, 0x10
;;                1e  mov esi, 1
;;                23  mov edx, 2
;;                28  mov ecx, 3
;;                2d  mov r8d, 4
;;                33  mov r9d, 5
;;                39  mov ebx, 6
;;                3e  mov ebp, 7
;;                43  mov [rsp], rdi
;;                47  mov edi, 0
;;                4c  call func 3
;;                51  add rsp, 0x10
;;     ba: i64.xor
;;                55  xor rax, rdx
;;     bb: br .return
;;                58  add rsp, 0x18
;;                5f  ret
;;                60  mov eax, 9
;;                65  call Trap
;; func 4 frame 40
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x42
;;                 9  sub rsp, 0x28
;;     be: zeros i32 1
;;     c0: call 0
;;                10  mov [rsp], edi
;;                13  mov [rsp+8], esi
;;                17  call func 0
;;     c2: pick 2
;;     c4: pick 3
;;     c6: pick 3
;;     c8: swap 3
;;     c8: drop
;;     ca: pick 4
;;     cc: i32.const 1
;;     ce: i32.add
;;                1c  mov eax, [rsp]
;;                1f  lea ecx, [rax+1]
;;     cf: swap 5
;;     cf: drop
;;     d1: call 0
;;                22  mov [rsp], ecx
;;                25  mov [rsp+0x18], eax
;;                29  call func 0
;;     d3: pick 4
;;     d5: i32.add
;;                2e  mov eax, [rsp+0x18]
;;                32  mov ecx, [rsp]
;;                35  lea edx, [rax+rcx]
;;     d6: i32.add
;;                38  add eax, edx
;;     d7: br .return
;;                3a  add rsp, 0x28
;;                41  ret
;;                42  mov eax, 9
;;                47  call Trap
