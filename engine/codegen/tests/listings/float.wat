;; baseline
(module
  (func (param f64 f64) (result f64)
    (f64.floor (f64.min (local.get 0) (local.get 1))))
  (func (param f32 f32) (result i32)
    (i32.and (f32.eq (local.get 0) (local.get 1)) (i32.trunc_f32_u (local.get 0)))))

;;; x86-64
;; func 0 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0xBB
;;                 9  sub rsp, 8
;;     21: pick 1
;;     23: pick 1
;;     25: f64.min
;;                10  movaps xmm2, xmm0
;;                13  ucomisd xmm2, xmm1
;;                17  jne near 0x34
;;                1d  jp near 0x2B
;;                23  orps xmm2, xmm1
;;                26  jmp 0x38
;;                2b  addsd xmm2, xmm1
;;                2f  jmp 0x38
;;                34  minsd xmm2, xmm1
;;     26: f64.floor
;;                38  mov r11, 0x8000000000000000
;;                42  movq xmm5, r11
;;                47  movaps xmm4, xmm5
;;                4a  andnps xmm4, xmm2
;;                4d  andps xmm5, xmm2
;;                50  mov r11, 0x4330000000000000
;;                5a  movq xmm15, r11
;;                5f  ucomisd xmm15, xmm4
;;                64  jbe near 0xA0
;;                6a  movaps xmm3, xmm4
;;                6d  addsd xmm3, xmm15
;;                72  subsd xmm3, xmm15
;;                77  mov r11, 0x3FF0000000000000
;;                81  movq xmm15, r11
;;                86  orps xmm3, xmm5
;;                89  ucomisd xmm3, xmm2
;;                8d  jbe near 0x98
;;                93  subsd xmm3, xmm15
;;                98  orps xmm3, xmm5
;;                9b  jmp 0xB0
;;                a0  movaps xmm3, xmm2
;;                a3  xorps xmm15, xmm15
;;                a7  orps xmm15, xmm5
;;                ab  addsd xmm3, xmm15
;;     27: br .return
;;                b0  movaps xmm0, xmm3
;;                b3  add rsp, 8
;;                ba  ret
;;                bb  mov eax, 9
;;                c0  call Trap
;; func 1 frame 8
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x5F
;;                 9  sub rsp, 8
;;     2a: pick 1
;;     2c: pick 1
;;     2e: f32.eq
;;                10  ucomiss xmm0, xmm1
;;                13  sete al
;;                16  setnp r11b
;;                1a  and eax, r11d
;;                1d  movzx eax, al
;;     2f: pick 2
;;     31: i32.trunc_f32_u
;;                20  cvttss2si rcx, xmm0
;;                25  mov r11d, ecx
;;                28  cmp rcx, r11
;;                2b  je near 0x3F
;;                31  ucomiss xmm0, xmm0
;;                34  jp near 0x54
;;                3a  jmp 0x49
;;     32: i32.and
;;                3f  and eax, ecx
;;     33: br .return
;;                41  add rsp, 8
;;                48  ret
;;                49  mov eax, 7
;;                4e  call Trap
;;                54  mov eax, 8
;;                59  call Trap
;;                5f  mov eax, 9
;;                64  call Trap
