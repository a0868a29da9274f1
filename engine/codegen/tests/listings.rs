//! What Microwasm becomes on x86-64 and as bytecode, as text.
//!
//! Every `tests/listings/*.wat` is a module, followed by the listing of its
//! functions in comments. `BLESS=1` writes what comes out; read the difference.
//! A first line `;; explicit` or `;; baseline` asks for explicit bounds checks,
//! or for no CPU feature beyond SSE2; `;; fuel` for fuel and epoch checks;
//! `;; bytecode` for bytecode.

use microwasm::wasm::{Consumer, FunctionBody, Limits, WasmError, translate};
use microwasm_codegen::listing::{ListedOp, ListingSink, decode, render};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::{
    Backend, CodegenError, CpuFeatures, FunctionCompiler, MemoryBounds, Settings, Stencils,
    bytecode, x64,
};
use std::fmt::Write as _;
use std::path::Path;

/// All features, whatever the machine has: listings are the same everywhere.
const ALL_FEATURES: CpuFeatures = CpuFeatures {
    sse41: true,
    popcnt: true,
    lzcnt: true,
    bmi1: true,
    bmi2: true,
    avx: true,
};

#[derive(Debug)]
#[allow(dead_code)]
enum Error {
    Wasm(WasmError),
    Codegen(CodegenError),
}

impl From<WasmError> for Error {
    fn from(error: WasmError) -> Error {
        Error::Wasm(error)
    }
}

enum Compiler {
    X64(Box<x64::Compiler>),
    Bytecode(Box<bytecode::Compiler>),
}

struct Lister {
    compiler: Compiler,
    backend: Backend,
    stencils: Stencils,
    text: String,
}

impl Consumer for Lister {
    type Error = Error;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), Error> {
        let module = body.module();
        let vm = VmLayout::new(module);
        let index = body.index();
        let out = &mut self.stencils;
        let ops = match &mut self.compiler {
            Compiler::X64(compiler) => list(compiler.function(module, &vm, index, out), body)?,
            Compiler::Bytecode(compiler) => list(compiler.function(module, &vm, index, out), body)?,
        };
        let stencil = self.stencils.get(index.index()).expect("just compiled");
        writeln!(self.text, "func {} frame {}", index, stencil.frame).expect("string");
        render(decode(&stencil, self.backend), &ops, &mut self.text).expect("string");
        Ok(())
    }
}

fn list(compiler: impl FunctionCompiler, body: FunctionBody<'_>) -> Result<Vec<ListedOp>, Error> {
    let mut sink = ListingSink::new(compiler);
    body.translate(&mut sink)?;
    sink.finish().map_err(Error::Codegen)
}

fn settings(wat: &str) -> Settings {
    let mut settings = Settings {
        features: ALL_FEATURES,
        self_check: true,
        ..Settings::default()
    };
    for word in wat.lines().next().unwrap_or("").split_whitespace() {
        match word {
            "explicit" => settings.bounds = MemoryBounds::Explicit,
            "baseline" => settings.features = CpuFeatures::BASELINE,
            "bytecode" => settings.backend = Backend::Bytecode,
            "fuel" => (settings.fuel, settings.epoch) = (true, true),
            _ => {}
        }
    }
    settings
}

#[test]
fn listings() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/listings");
    let bless = std::env::var_os("BLESS").is_some();
    let mut failures = String::new();
    let mut count = 0;
    for file in std::fs::read_dir(&dir).expect("the listings are part of the source") {
        let path = file.expect("directory is readable").path();
        let text = std::fs::read_to_string(&path).expect("listing is UTF-8");
        let settings = settings(&text);
        let backend = settings.backend;
        let (mark, compiler) = match backend {
            Backend::X64 => (
                ";;; x86-64\n",
                Compiler::X64(Box::new(x64::Compiler::new(settings))),
            ),
            Backend::Bytecode => (
                ";;; bytecode\n",
                Compiler::Bytecode(Box::new(bytecode::Compiler::new(settings))),
            ),
        };
        let (wat, expected) = text.split_once(mark).unwrap_or((&text, ""));
        let wasm = wat::parse_str(wat).expect("the module is valid text");
        let mut lister = Lister {
            compiler,
            backend,
            stencils: Stencils::default(),
            text: String::new(),
        };
        translate(&wasm, Limits::default(), &mut lister).expect("the module compiles");
        let found: String = lister
            .text
            .lines()
            .map(|l| format!(";; {l}").trim_end().to_owned() + "\n")
            .collect();
        count += 1;
        if found == expected {
            continue;
        }
        if bless {
            let wat = wat.trim_end();
            std::fs::write(&path, format!("{wat}\n\n{mark}{found}")).expect("source is writable");
        } else {
            let path = path.display();
            write!(
                failures,
                "\n{path}\n--- expected\n{expected}--- found\n{found}"
            )
            .expect("string");
        }
    }
    assert!(count > 0, "no listings in {}", dir.display());
    assert!(
        failures.is_empty(),
        "BLESS=1 accepts what was found.\n{failures}"
    );
}
