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
  (func (param i32 i32) (result i32)
    ;; What names a local's slot has a copy once the local is written there.
    (local i32)
    (call $call)
    (local.get 0)
    (local.get 0)
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
;;     38: pick 5
;;     3a: pick 5
;;     3c: i32.xor
;;                10  mov eax, edx
;;                12  xor eax, ecx
;;     3d: pick 8
;;     3f: pick 8
;;     41: i32.xor
;;                14  mov r10d, edi
;;                17  xor r10d, esi
;;     42: pick 5
;;     44: pick 5
;;     46: i32.xor
;;                1a  mov r12d, r8d
;;                1d  xor r12d, r9d
;;     47: pick 4
;;     49: pick 4
;;     4b: i32.xor
;;                20  mov r13d, ebx
;;                23  xor r13d, ebp
;;     4c: pick 11
;;     4e: pick 9
;;     50: i32.add
;;                26  mov [rsp+0x40], eax
;;                2a  lea eax, [rdi+rcx]
;;     51: pick 11
;;     53: pick 9
;;     55: i32.add
;;                2d  mov [rsp+0x10], edx
;;                31  lea edx, [rsi+r8]
;;     56: pick 11
;;     58: pick 9
;;     5a: i32.add
;;                35  mov [rsp+0x48], r10d
;;                3a  mov r10d, [rsp+0x10]
;;                3f  mov [rsp+0x50], r12d
;;                44  lea r12d, [r10+r9]
;;     5b: i32.or
;;                48  or edx, r12d
;;     5c: i32.or
;;                4b  or eax, edx
;;     5d: i32.or
;;                4d  or r13d, eax
;;     5e: i32.or
;;                50  or r13d, [rsp+0x50]
;;     5f: i32.or
;;                55  or r13d, [rsp+0x48]
;;     60: i32.or
;;                5a  or r13d, [rsp+0x40]
;;     61: pick 1
;;     63: pick 3
;;     65: i32.sub
;;                5f  mov eax, ebp
;;                61  sub eax, ebx
;;     66: i32.or
;;                63  or r13d, eax
;;     67: br .return
;;                66  mov eax, r13d
;;                69  add rsp, 0x68
;;                70  ret
;;                71  mov eax, 9
;;                76  call Trap
;; func 1 frame 56
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x4A
;;                 9  sub rsp, 0x38
;;     6a: pick 1
;;     6c: pick 2
;;     6e: pick 3
;;     70: i32.const 1
;;     72: i32.add
;;                10  lea eax, [rdi+1]
;;     73: call 0
;;                13  mov [rsp], edi
;;                16  mov [rsp+8], rsi
;;                1b  mov [rsp+0x20], eax
;;                1f  call func 0
;;     75: call 0
;;                25  call func 0
;;     77: i32.add
;;                2b  mov eax, [rsp]
;;                2e  mov ecx, [rsp+0x20]
;;                32  lea edx, [rax+rcx]
;;     78: i32.add
;;                35  add edx, eax
;;     79: pick 1
;;     7b: i32.wrap_i64
;;                37  mov rcx, [rsp+8]
;;                3c  mov ebx, ecx
;;     7c: i32.add
;;                3e  add edx, ebx
;;     7d: br .return
;;                40  mov eax, edx
;;                42  add rsp, 0x38
;;                49  ret
;;                4a  mov eax, 9
;;                4f  call Trap
;; func 2 frame 40
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x4F
;;                 9  sub rsp, 0x28
;;     80: zeros i32 1
;;                10  xorps xmm15, xmm15
;;                14  movsd [rsp+0x10], xmm15
;;     82: call 0
;;                1b  mov [rsp], edi
;;                1e  mov [rsp+8], esi
;;                22  call func 0
;;     84: pick 2
;;     86: pick 3
;;     88: pick 4
;;     8a: i32.const 1
;;     8c: i32.add
;;                28  mov eax, [rsp]
;;                2b  lea ecx, [rax+1]
;;     8d: swap 5
;;     8d: drop
;;     8f: call 0
;;                2e  mov [rsp], ecx
;;                31  mov [rsp+0x18], eax
;;                35  call func 0
;;     91: pick 4
;;     93: i32.add
;;                3b  mov eax, [rsp+0x18]
;;                3f  mov ecx, [rsp]
;;                42  lea edx, [rax+rcx]
;;     94: i32.add
;;                45  add eax, edx
;;     95: br .return
;;                47  add rsp, 0x28
;;                4e  ret
;;                4f  mov eax, 9
;;                54  call Trap
