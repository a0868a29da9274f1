//! Forced perturbation: another seed gives other code, the same seed the same, and none is
//! as if there were no such thing.

use microwasm::wasm::{Consumer, FunctionBody, Limits, translate};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::x64::Compiler;
use microwasm_codegen::{Settings, Stencils};
use std::collections::HashSet;
use std::error::Error;

/// Two functions alike, with enough to choose in them.
const WAT: &str = r#"(module
  (func $f (param i32 i64 f64) (result i64)
    (local i32)
    (loop $l
      (local.set 3 (i32.shl (local.get 0) (local.get 3)))
      (local.set 1 (i64.add (local.get 1) (i64.popcnt (i64.extend_i32_u (local.get 3)))))
      (if (i32.lt_s (local.get 3) (i32.const 9)) (then (local.set 0 (i32.const 2))))
      (br_if $l (i32.and (local.get 0) (local.get 3))))
    (select (local.get 1) (i64.const 7) (f64.lt (local.get 2) (f64.const 1))))
  (func (param i32 i64 f64) (result i64)
    (local i32)
    (loop $l
      (local.set 3 (i32.shl (local.get 0) (local.get 3)))
      (local.set 1 (i64.add (local.get 1) (i64.popcnt (i64.extend_i32_u (local.get 3)))))
      (if (i32.lt_s (local.get 3) (i32.const 9)) (then (local.set 0 (i32.const 2))))
      (br_if $l (i32.and (local.get 0) (local.get 3))))
    (select (local.get 1) (i64.const 7) (f64.lt (local.get 2) (f64.const 1)))))"#;

struct ToStencils {
    compiler: Compiler,
    stencils: Stencils,
    /// The code of each function.
    codes: Vec<Vec<u8>>,
}

impl Consumer for ToStencils {
    type Error = Box<dyn Error>;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), Self::Error> {
        let module = body.module();
        let layout = VmLayout::new(module);
        self.stencils.clear();
        let stencils = &mut self.stencils;
        let mut sink = self
            .compiler
            .function(module, &layout, body.index(), stencils);
        body.translate(&mut sink)?;
        sink.finish()?;
        self.codes.push(self.stencils.code.clone());
        Ok(())
    }
}

fn codes(perturb: Option<u64>) -> Vec<Vec<u8>> {
    let wasm = wat::parse_str(WAT).expect("valid text");
    let settings = Settings {
        perturb,
        self_check: true,
        ..Settings::default()
    };
    let mut consumer = ToStencils {
        compiler: Compiler::new(settings),
        stencils: Stencils::default(),
        codes: Vec::new(),
    };
    translate(&wasm, Limits::default(), &mut consumer).expect("a valid module");
    consumer.codes
}

#[test]
fn a_seed_decides_what_the_code_is() {
    let mut seen = HashSet::new();
    for seed in 0..100 {
        let codes = codes(Some(seed));
        assert_eq!(codes, self::codes(Some(seed)), "seed {seed}");
        // What a function becomes does not depend on what was compiled before.
        assert_eq!(codes[0], codes[1], "seed {seed}");
        seen.insert(codes[0].clone());
    }
    assert!(seen.len() > 80, "only {} versions", seen.len());
    assert_eq!(codes(None), codes(None));
}
