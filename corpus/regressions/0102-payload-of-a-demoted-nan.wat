;; cause: the definitional interpreter made a demoted NaN canonical, where the specification leaves
;; the payload open and every engine on this machine shows the same one.
;; engines: wasmi x64 microwasm bytecode
;; nans: bits
;; invoke: f
(module
  (global (mut i32) i32.const 0)
  (func (export "f")
    f64.const -nan:0xfffffffefffff
    f32.demote_f64
    i32.reinterpret_f32
    global.set 0))
