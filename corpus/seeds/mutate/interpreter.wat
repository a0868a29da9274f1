;; An interpreter: bytecode in memory, a stack behind it, one switch.
(module
  (memory (export "memory") 1 1)
  (global $steps (mut i64) (i64.const 0))
  (func $run (export "run") (param $pc i32) (param $sp i32) (result i32)
    (local $a i32) (local $b i32)
    (local.set $pc (i32.and (local.get $pc) (i32.const 15)))
    (local.set $sp (i32.add (i32.const 256) (i32.and (local.get $sp) (i32.const 0xfc))))
    (loop $next
      (global.set $steps (i64.add (global.get $steps) (i64.const 1)))
      (local.set $a (i32.load (i32.sub (local.get $sp) (i32.const 4))))
      (local.set $b (i32.load (i32.sub (local.get $sp) (i32.const 8))))
      (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
      (block $halt
        (block $jump
          (block $dup
            (block $divide
              (block $multiply
                (block $add
                  (block $push
                    (br_table $push $add $multiply $divide $dup $jump $halt
                      (i32.load8_u (i32.sub (local.get $pc) (i32.const 1)))))
                  ;; push
                  (i32.store (local.get $sp) (i32.load8_s (local.get $pc)))
                  (local.set $sp (i32.add (local.get $sp) (i32.const 4)))
                  (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
                  (br $next))
                (local.set $a (i32.add (local.get $a) (local.get $b)))
                (i32.store (i32.sub (local.get $sp) (i32.const 8)) (local.get $a))
                (local.set $sp (i32.sub (local.get $sp) (i32.const 4)))
                (br $next))
              (i32.store (i32.sub (local.get $sp) (i32.const 8))
                (i32.mul (local.get $a) (local.get $b)))
              (local.set $sp (i32.sub (local.get $sp) (i32.const 4)))
              (br $next))
            (i32.store (i32.sub (local.get $sp) (i32.const 8))
              (i32.div_s (local.get $b) (local.get $a)))
            (local.set $sp (i32.sub (local.get $sp) (i32.const 4)))
            (br $next))
          (i32.store (local.get $sp) (local.get $a))
          (local.set $sp (i32.add (local.get $sp) (i32.const 4)))
          (br $next))
        (if (local.get $a)
          (then
            (local.set $pc (i32.add (local.get $pc) (i32.load8_s (local.get $pc))))
            (i32.store (i32.sub (local.get $sp) (i32.const 4))
              (i32.sub (local.get $a) (i32.const 1))))
          (else (local.set $pc (i32.add (local.get $pc) (i32.const 1)))))
        (br_if $next (i64.lt_u (global.get $steps) (i64.const 400)))))
    (local.get $a))
  (func (export "load") (param $at i32) (param $code i64)
    (i64.store (i32.and (local.get $at) (i32.const 0x3f)) (local.get $code)))
  (func (export "reset") (global.set $steps (i64.const 0)))
  (data (i32.const 0) "\00\05\00\03\01\04\02\00\07\02\00\02\03\00\04\05\fe\06"))
