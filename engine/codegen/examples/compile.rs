//! Compiles a module to stencils, several times over, and nothing else: something for
//! `perf record` and `valgrind --tool=callgrind` to look at.
//!
//!     cargo build --release -p microwasm-codegen --example compile
//!     valgrind --tool=callgrind target/release/examples/compile module.wasm 1

use microwasm::wasm::{Consumer, FunctionBody, Limits, Scratch, translate_with};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::x64::Compiler;
use microwasm_codegen::{Settings, Stencils};
use std::error::Error;

struct ToStencils {
    compiler: Compiler,
    stencils: Stencils,
    layout: Option<VmLayout>,
}

impl Consumer for ToStencils {
    type Error = Box<dyn Error>;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), Self::Error> {
        let module = body.module();
        let layout = self.layout.get_or_insert_with(|| VmLayout::new(module));
        let stencils = &mut self.stencils;
        let mut sink = self
            .compiler
            .function(module, layout, body.index(), stencils);
        body.translate(&mut sink)?;
        Ok(sink.finish()?)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(file), Some(times)) = (args.next(), args.next()) else {
        return Err("usage: compile FILE TIMES".into());
    };
    let wasm = std::fs::read(file)?;
    let mut scratch = Scratch::default();
    let mut consumer = ToStencils {
        compiler: Compiler::new(Settings::default()),
        stencils: Stencils::default(),
        layout: None,
    };
    for _ in 0..times.parse()? {
        consumer.stencils.clear();
        consumer.layout = None;
        translate_with(&wasm, Limits::default(), &mut scratch, &mut consumer)?;
    }
    println!("{} bytes of code", consumer.stencils.code.len());
    Ok(())
}
