;; baseline
(module
  (func (param i32 i64 f32) (result i32)
    (i32.add (i32.clz (local.get 0)) (i32.ctz (local.get 0))))
  (func (param i64) (result i64)
    (i64.popcnt (i64.clz (i64.ctz (local.get 0)))))
  (func (param i64 i64) (result i64)
    (i64.rotl (i64.shr_u (local.get 0) (local.get 1)) (i64.const 3)))
  (func (param f64 f32) (result f32)
    (f32.add (f32.ceil (local.get 1)) (f32.demote_f64 (f64.nearest (local.get 0))))))

;;; x86-64
;; func 0 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x3A
;;                 9  sub rsp, 8
;;     2f: pick 2
;;     31: i32.clz
;;                10  mov r11, 0xFFFFFFFFFFFFFFFF
;;                17  bsr eax, edi
;;                1a  cmove eax, r11d
;;                1e  neg eax
;;                20  add eax, 0x1F
;;     32: pick 3
;;     34: i32.ctz
;;                23  mov r11d, 0x20
;;                29  bsf ecx, edi
;;                2c  cmove ecx, r11d
;;     35: i32.add
;;                30  add eax, ecx
;;     36: br .return
;;                32  add rsp, 8
;;                39  ret
;;                3a  mov eax, 9
;;                3f  call Trap
;; func 1 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x99
;;                 9  sub rsp, 8
;;     39: pick 0
;;     3b: i64.ctz
;;                10  mov r11d, 0x40
;;                16  bsf rax, rdi
;;                1a  cmove rax, r11
;;     3c: i64.clz
;;                1e  mov r11, 0xFFFFFFFFFFFFFFFF
;;                25  bsr rcx, rax
;;                29  cmove rcx, r11
;;                2d  neg rcx
;;                30  add rcx, 0x3F
;;     3d: i64.popcnt
;;                34  mov r11, rcx
;;                37  shr r11, 1
;;                3b  mov rdx, 0x5555555555555555
;;                45  and r11, rdx
;;                48  mov rax, rcx
;;                4b  sub rax, r11
;;                4e  mov rdx, 0x3333333333333333
;;                58  mov r11, rax
;;                5b  shr r11, 2
;;                5f  and r11, rdx
;;                62  and rax, rdx
;;                65  add rax, r11
;;                68  mov r11, rax
;;                6b  shr r11, 4
;;                6f  add rax, r11
;;                72  mov rdx, 0xF0F0F0F0F0F0F0F
;;                7c  and rax, rdx
;;                7f  mov rdx, 0x101010101010101
;;                89  imul rax, rdx
;;                8d  shr rax, 0x38
;;     3e: br .return
;;                91  add rsp, 8
;;                98  ret
;;                99  mov eax, 9
;;                9e  call Trap
;; func 2 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x25
;;                 9  sub rsp, 8
;;     41: pick 1
;;     43: pick 1
;;     45: i64.shr_u
;;                10  mov rax, rdi
;;                13  mov rcx, rsi
;;                16  shr rax, cl
;;     46: i64.const 3
;;     48: i64.rotl
;;                19  rol rax, 3
;;     49: br .return
;;                1d  add rsp, 8
;;                24  ret
;;                25  mov eax, 9
;;                2a  call Trap
;; func 3 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0xF3
;;                 9  sub rsp, 8
;;     4c: pick 0
;;     4e: f32.ceil
;;                10  mov r11d, 0x80000000
;;                16  movd xmm4, r11d
;;                1b  movaps xmm3, xmm4
;;                1e  andnps xmm3, xmm1
;;                21  andps xmm4, xmm1
;;                24  mov r11d, 0x4B000000
;;                2a  movd xmm15, r11d
;;                2f  ucomiss xmm15, xmm3
;;                33  jbe near 0x6A
;;                39  movaps xmm2, xmm3
;;                3c  addss xmm2, xmm15
;;                41  subss xmm2, xmm15
;;                46  mov r11d, 0x3F800000
;;                4c  movd xmm15, r11d
;;                51  orps xmm2, xmm4
;;                54  ucomiss xmm1, xmm2
;;                57  jbe near 0x62
;;                5d  addss xmm2, xmm15
;;                62  orps xmm2, xmm4
;;                65  jmp 0x7A
;;                6a  movaps xmm2, xmm1
;;                6d  xorps xmm15, xmm15
;;                71  orps xmm15, xmm4
;;                75  addss xmm2, xmm15
;;     4f: pick 2
;;     51: f64.nearest
;;                7a  mov r11, 0x8000000000000000
;;                84  movq xmm5, r11
;;                89  movaps xmm4, xmm5
;;                8c  andnps xmm4, xmm0
;;                8f  andps xmm5, xmm0
;;                92  mov r11, 0x4330000000000000
;;                9c  movq xmm15, r11
;;                a1  ucomisd xmm15, xmm4
;;                a6  jbe near 0xD0
;;                ac  movaps xmm3, xmm4
;;                af  addsd xmm3, xmm15
;;                b4  subsd xmm3, xmm15
;;                b9  mov r11, 0x3FF0000000000000
;;                c3  movq xmm15, r11
;;                c8  orps xmm3, xmm5
;;                cb  jmp 0xE0
;;                d0  movaps xmm3, xmm0
;;                d3  xorps xmm15, xmm15
;;                d7  orps xmm15, xmm5
;;                db  addsd xmm3, xmm15
;;     52: f32.demote_f64
;;                e0  cvtsd2ss xmm3, xmm3
;;     53: f32.add
;;                e4  addss xmm2, xmm3
;;     54: br .return
;;                e8  movaps xmm0, xmm2
;;                eb  add rsp, 8
;;                f2  ret
;;                f3  mov eax, 9
;;                f8  call Trap
