//! What the compiler is told at once becomes what it would become one by one: from WebAssembly
//! operators come at once, in Microwasm they stand one by one, and the code is the same.

use microwasm::op::{Op, Sink};
use microwasm::wasm::{Consumer, FunctionBody, Limits, translate};
use microwasm_codegen::locations::{LocationMap, ObservingSink};
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

/// How a compiler is told.
#[derive(Clone, Copy)]
enum Manner {
    AtOnce,
    OneByOne,
    Observed { at_once: bool },
}

struct ToStencils {
    compiler: Compiler,
    stencils: Stencils,
    manner: Manner,
    maps: Vec<LocationMap>,
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
        match self.manner {
            Manner::AtOnce => {
                body.translate(&mut sink)?;
                sink.finish()?;
            }
            Manner::OneByOne => {
                let mut sink = OneByOne(sink);
                body.translate(&mut sink)?;
                sink.0.finish()?;
            }
            Manner::Observed { at_once } => {
                let mut sink = ObservingSink::new(sink, module, 0);
                if at_once {
                    sink = sink.at_once();
                }
                body.translate(&mut sink)?;
                self.maps.push(sink.finish()?);
            }
        }
        Ok(())
    }
}

fn compile(wasm: &[u8], manner: Manner) -> (Vec<u8>, Vec<LocationMap>) {
    let settings = Settings {
        self_check: true,
        ..Settings::default()
    };
    let mut consumer = ToStencils {
        compiler: Compiler::new(settings),
        stencils: Stencils::default(),
        manner,
        maps: Vec::new(),
    };
    translate(wasm, Limits::default(), &mut consumer).expect("a valid module");
    (consumer.stencils.code, consumer.maps)
}

fn code(wasm: &[u8], manner: Manner) -> Vec<u8> {
    compile(wasm, manner).0
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
                let at_once = code(&wasm, Manner::AtOnce);
                let one_by_one = code(&wasm, Manner::OneByOne);
                assert!(at_once == one_by_one, "{known} known locals, {set}");
            }
        }
    }
}

#[test]
fn observed_at_once_less_is_said_and_nothing_else() {
    for known in [0, 5, 62] {
        for set in [
            "(local.set 0 (i64.add (local.get 0) (local.get 1)))",
            "(drop (local.tee 0 (i64.mul (local.get 0) (local.get 1))))",
            "(br_if 0 (i64.lt_s (local.get 0) (local.get 1)))",
        ] {
            let wasm = many_off_home(known, set);
            let [(code, less), (same, all)] =
                [true, false].map(|at_once| compile(&wasm, Manner::Observed { at_once }));
            assert!(code == same && code == self::code(&wasm, Manner::AtOnce));
            assert_eq!([less.len(), all.len()], [1, 1], "there is one function");
            let (less, all) = (&less[0], &all[0]);
            assert_eq!(less.boundaries().len(), all.boundaries().len());
            let mut left_out = 0;
            for (one, other) in less.boundaries().iter().zip(all.boundaries()) {
                assert_eq!((one.number, &one.text), (other.number, &other.text));
                left_out += u32::from(one.judged != other.judged);
                if one.judged {
                    assert_eq!(less.off_home(one), all.off_home(other), "{}", one.text);
                    assert_eq!((one.code, one.height), (other.code, other.height));
                }
            }
            assert!(left_out > 0, "{set}: everything was said");
        }
    }
}
