//! What the compiler is told at once becomes what it would become one by one: from WebAssembly
//! operators come at once, in Microwasm they stand one by one, and the code is the same.

use microwasm::op::{Op, Sink};
use microwasm::wasm::{Consumer, FunctionBody, Limits, translate};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::x64::Compiler;
use microwasm_codegen::{Settings, Stencils};
use std::error::Error;
use std::fmt::Write;

/// Hands on one by one what comes at once.
struct OneByOne<S>(S);

impl<S: Sink> Sink for OneByOne<S> {
    fn op(&mut self, op: Op<'_>) {
        self.0.op(op);
    }
}

struct ToStencils {
    compiler: Compiler,
    stencils: Stencils,
    one_by_one: bool,
}

impl Consumer for ToStencils {
    type Error = Box<dyn Error>;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), Self::Error> {
        let module = body.module();
        let layout = VmLayout::new(module);
        let stencils = &mut self.stencils;
        let mut sink = self
            .compiler
            .function(module, &layout, body.index(), stencils);
        if self.one_by_one {
            let mut sink = OneByOne(sink);
            body.translate(&mut sink)?;
            sink.0.finish()?;
        } else {
            body.translate(&mut sink)?;
            sink.finish()?;
        }
        Ok(())
    }
}

fn code(wasm: &[u8], one_by_one: bool) -> Vec<u8> {
    let settings = Settings {
        self_check: true,
        ..Settings::default()
    };
    let mut consumer = ToStencils {
        compiler: Compiler::new(settings),
        stencils: Stencils::default(),
        one_by_one,
    };
    translate(wasm, Limits::default(), &mut consumer).expect("a valid module");
    consumer.stencils.code
}

/// Has many locals that are known, and then something in a register for one that is not, which
/// `set` gives a new value.
fn many_off_home(known: u32, set: &str) -> Vec<u8> {
    let mut text = String::from("(module (func (param i64 i64) (local");
    (0..known).for_each(|_| text.push_str(" i64"));
    text.push(')');
    for local in 2..known + 2 {
        write!(text, "(local.set {local} (i64.const {local}))").expect("strings grow");
    }
    write!(text, "{set} (br_if 0 (i64.eqz (local.get 1)))").expect("strings grow");
    text.push_str("(local.set 1 (local.get 0))))");
    wat::parse_str(text).expect("valid text")
}

#[test]
fn a_full_list_of_positions_off_home_is_treated_alike() {
    for known in 55..70 {
        for value in [
            "(local.get 0)",
            "(local.get 1)",
            "(local.get 2)",
            "(i64.const 5)",
            "(i64.add (local.get 0) (local.get 1))",
            "(i64.extend_i32_u (i64.eqz (local.get 1)))",
        ] {
            for set in [
                format!("(local.set 0 {value})"),
                format!("(drop (local.tee 0 {value}))"),
                format!("(local.set 1 (local.tee 0 {value}))"),
                format!("(local.set 0 (i64.mul (local.tee 0 {value}) (local.get 0)))"),
            ] {
                let wasm = many_off_home(known, &set);
                let (at_once, one_by_one) = (code(&wasm, false), code(&wasm, true));
                assert!(at_once == one_by_one, "{known} known locals, {set}");
            }
        }
    }
}
