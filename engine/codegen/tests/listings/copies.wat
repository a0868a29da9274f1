(module
  (func (param i32 i32) (result i32)
    ;; More copies than may be off home: all but the last go home. Who has a register of its own
    ;; keeps it.
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
      local.get 0 local.get 0 local.get 0 local.get 0 local.get 0
    (i32.add (local.get 1) (i32.const 3))
    return))

;;; x86-64
;; func 0 frame 392
;;                 0  cmp rsp, [r15]
;;                 3  jb near 0x136
;;                 9  sub rsp, 0x188
;;     1c: pick 1
;;     1e: pick 2
;;     20: pick 3
;;     22: pick 4
;;     24: pick 5
;;     26: pick 6
;;     28: pick 7
;;     2a: pick 8
;;     2c: pick 9
;;     2e: pick 10
;;     30: pick 11
;;     32: pick 12
;;     34: pick 13
;;     36: pick 14
;;     38: pick 15
;;     3a: pick 16
;;     3c: pick 17
;;     3e: pick 18
;;     40: pick 19
;;     42: pick 20
;;     44: pick 21
;;     46: pick 22
;;     48: pick 23
;;     4a: pick 24
;;     4c: pick 25
;;     4e: pick 26
;;     50: pick 27
;;     52: pick 28
;;     54: pick 29
;;     56: pick 30
;;     58: pick 31
;;     5a: pick 32
;;     5c: pick 33
;;     5e: pick 34
;;     60: pick 35
;;     62: pick 36
;;     64: pick 37
;;     66: pick 38
;;     68: pick 39
;;     6a: pick 40
;;     6c: pick 41
;;     6e: pick 42
;;     70: pick 43
;;     72: pick 44
;;     74: pick 45
;;     76: pick 46
;;     78: pick 47
;;     7a: pick 48
;;     7c: pick 49
;;     7e: pick 50
;;     80: pick 51
;;     82: pick 52
;;     84: pick 53
;;     86: pick 54
;;     88: pick 55
;;     8a: pick 56
;;     8c: pick 57
;;     8e: pick 58
;;     90: pick 59
;;     92: pick 60
;;     94: pick 61
;;     96: pick 62
;;     98: pick 63
;;                10  mov [rsp], edi
;;                13  mov [rsp+0x10], edi
;;                17  mov [rsp+0x18], edi
;;                1b  mov [rsp+0x20], edi
;;                1f  mov [rsp+0x28], edi
;;                23  mov [rsp+0x30], edi
;;                27  mov [rsp+0x38], edi
;;                2b  mov [rsp+0x40], edi
;;                2f  mov [rsp+0x48], edi
;;                33  mov [rsp+0x50], edi
;;                37  mov [rsp+0x58], edi
;;                3b  mov [rsp+0x60], edi
;;                3f  mov [rsp+0x68], edi
;;                43  mov [rsp+0x70], edi
;;                47  mov [rsp+0x78], edi
;;                4b  mov [rsp+0x80], edi
;;                52  mov [rsp+0x88], edi
;;                59  mov [rsp+0x90], edi
;;                60  mov [rsp+0x98], edi
;;                67  mov [rsp+0xA0], edi
;;                6e  mov [rsp+0xA8], edi
;;                75  mov [rsp+0xB0], edi
;;                7c  mov [rsp+0xB8], edi
;;                83  mov [rsp+0xC0], edi
;;                8a  mov [rsp+0xC8], edi
;;                91  mov [rsp+0xD0], edi
;;                98  mov [rsp+0xD8], edi
;;                9f  mov [rsp+0xE0], edi
;;                a6  mov [rsp+0xE8], edi
;;                ad  mov [rsp+0xF0], edi
;;                b4  mov [rsp+0xF8], edi
;;                bb  mov [rsp+0x100], edi
;;                c2  mov [rsp+0x108], edi
;;                c9  mov [rsp+0x110], edi
;;                d0  mov [rsp+0x118], edi
;;                d7  mov [rsp+0x120], edi
;;                de  mov [rsp+0x128], edi
;;                e5  mov [rsp+0x130], edi
;;                ec  mov [rsp+0x138], edi
;;                f3  mov [rsp+0x140], edi
;;                fa  mov [rsp+0x148], edi
;;               101  mov [rsp+0x150], edi
;;               108  mov [rsp+0x158], edi
;;               10f  mov [rsp+0x160], edi
;;               116  mov [rsp+0x168], edi
;;               11d  mov [rsp+0x170], edi
;;               124  mov [rsp+0x178], edi
;;     9a: pick 64
;;     9c: pick 65
;;     9e: pick 65
;;     a0: i32.const 3
;;     a2: i32.add
;;               12b  lea eax, [rsi+3]
;;     a3: br .return
;;               12e  add rsp, 0x188
;;               135  ret
;;               136  mov eax, 9
;;               13b  call Trap
