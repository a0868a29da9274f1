//! `microwasm compile`

use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use microwasm::FuncIndex;
use microwasm::binary;
use microwasm::input::{Consumer, FunctionBody, InputError, translate};
use microwasm::text::{self, Offsets};
use microwasm::wasm::Limits;
use microwasm_codegen::listing::{Line, ListedOp, ListingSink, decode, render};
use microwasm_codegen::vmctx::VmLayout;
use microwasm_codegen::x64::Compiler;
use microwasm_codegen::{Backend, CodegenError, CpuFeatures, MemoryBounds, Settings, Stencils};
use microwasm_codegen::{bytecode, elf};

use crate::error::CliError;
use crate::{Found, explorer, input};

/// Compile a module
///
/// The ending of the output says what to write: `.mw` Microwasm in binary form, `.mwt`
/// Microwasm as text, `.s` an annotated listing, in which every Microwasm operator has its
/// offset in the module before it and its machine code behind it, `.o` a relocatable ELF
/// object with a symbol for each function, for ld, objdump and debuggers, `.html` a page with
/// WebAssembly, Microwasm and machine code side by side.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm compile fib.wat -o fib.mwt\n  \
    microwasm compile fib.mwt -o fib.mw\n  \
    microwasm compile fib.wat -o fib.s --bounds explicit\n  \
    microwasm compile fib.wat -o fib.s --backend bytecode\n  \
    microwasm compile fib.wat -o - --emit s | less\n  \
    microwasm compile fib.wat -o fib.html\n  \
    microwasm compile fib.wat -o fib.o && objdump -dr fib.o")]
pub(crate) struct Args {
    /// A module: .wasm, .wat, or Microwasm
    file: PathBuf,
    /// The file to write, or - for standard output
    #[arg(short)]
    output: PathBuf,
    /// What to write, if the ending of the output does not say it
    #[arg(long)]
    emit: Option<Emit>,
    /// The backend whose code a listing shows
    #[arg(long, default_value = "x64")]
    backend: Target,
    /// How memory accesses are checked
    #[arg(long, default_value = "guard")]
    bounds: Bounds,
    /// Use no CPU features beyond the x86-64 baseline
    #[arg(long)]
    baseline: bool,
    /// Count fuel and check epochs
    #[arg(long)]
    metered: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Emit {
    /// Microwasm, binary
    Mw,
    /// Microwasm text
    Mwt,
    /// Annotated listing
    S,
    /// Relocatable ELF object
    O,
    /// Explorer: a page to look at in a browser
    Html,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    X64,
    Bytecode,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bounds {
    Guard,
    Explicit,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let ending = args.output.extension().and_then(|ending| ending.to_str());
    let emit = match (args.emit, ending) {
        (Some(emit), _) => emit,
        (None, Some("mw")) => Emit::Mw,
        (None, Some("mwt")) => Emit::Mwt,
        (None, Some("s")) => Emit::S,
        (None, Some("o")) => Emit::O,
        (None, Some("html")) => Emit::Html,
        _ => {
            return Err(CliError::OutputKind {
                path: args.output.clone(),
            });
        }
    };
    let wasm = input::module(&args.file)?;
    let refused = |error| input_error(&args.file, error);
    let output = match emit {
        Emit::Mw => binary::write(&wasm, Limits::default()).map_err(refused)?,
        Emit::Mwt => text::print(&wasm, Limits::default(), Offsets::Show)
            .map_err(refused)?
            .into_bytes(),
        Emit::S => listing(args, &wasm)?.into_bytes(),
        Emit::O => object(args, &wasm)?,
        Emit::Html => explorer::page(&args.file, &wasm, &functions(args, &wasm)?).into_bytes(),
    };
    if args.output.as_os_str() == "-" {
        std::io::stdout().lock().write_all(&output)?;
    } else {
        input::write(&args.output, &output)?;
    }
    Ok(Found::Nothing)
}

fn input_error(path: &Path, source: InputError) -> CliError {
    CliError::Input {
        path: path.to_owned(),
        source: Box::new(source),
    }
}

/// A function and what became of its operators.
pub(crate) struct Listed {
    /// Its index in the module.
    pub(crate) func: FuncIndex,
    /// Where its body lies in the module.
    pub(crate) body: Range<u32>,
    /// Bytes of code.
    pub(crate) size: usize,
    /// Bytes of its frame.
    pub(crate) frame: u32,
    pub(crate) ops: Vec<ListedOp>,
    pub(crate) code: Vec<Line>,
}

/// Compiles each function and takes notes.
struct Lister<C> {
    backend: Backend,
    compiler: C,
    stencils: Stencils,
    layout: Option<VmLayout>,
    functions: Vec<Listed>,
}

enum CompileError {
    Input(InputError),
    Codegen(u32, CodegenError),
}

impl CompileError {
    fn in_file(self, path: &Path) -> CliError {
        match self {
            CompileError::Input(error) => input_error(path, error),
            CompileError::Codegen(func, source) => CliError::Codegen {
                path: path.to_owned(),
                func,
                source,
            },
        }
    }
}

impl From<InputError> for CompileError {
    fn from(error: InputError) -> CompileError {
        CompileError::Input(error)
    }
}

/// The compilers of both backends begin a function in the same way.
macro_rules! list_with {
    ($compiler:ty) => {
        impl Consumer for Lister<$compiler> {
            type Error = CompileError;

            fn function(&mut self, body: FunctionBody<'_>) -> Result<(), CompileError> {
                let module = body.module();
                let layout = self.layout.get_or_insert_with(|| VmLayout::new(module));
                let index = body.index();
                let func = module.func_index(index);
                let stencils = &mut self.stencils;
                let compiler = self.compiler.function(module, layout, index, stencils);
                let range = body.offset()..body.offset() + body.bytes().len() as u32;
                let mut sink = ListingSink::new(compiler);
                body.feed(&mut sink)?;
                let ops = sink
                    .finish()
                    .map_err(|error| CompileError::Codegen(func.0, error))?;
                let stencil = self.stencils.get(index.index());
                let stencil = stencil.expect("the function just compiled");
                self.functions.push(Listed {
                    func,
                    body: range,
                    size: stencil.code.len(),
                    frame: stencil.frame,
                    ops,
                    code: decode(&stencil, self.backend),
                });
                Ok(())
            }
        }
    };
}

list_with!(Compiler);
list_with!(bytecode::Compiler);

/// Compiles each function.
struct Functions {
    compiler: Compiler,
    stencils: Stencils,
    layout: Option<VmLayout>,
}

impl Consumer for Functions {
    type Error = CompileError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), CompileError> {
        let (module, index) = (body.module(), body.index());
        let layout = self.layout.get_or_insert_with(|| VmLayout::new(module));
        let stencils = &mut self.stencils;
        let mut sink = self.compiler.function(module, layout, index, stencils);
        let in_module = module.func_index(index).0;
        body.feed(&mut sink)?;
        let finished = sink.finish();
        finished.map_err(|error| CompileError::Codegen(in_module, error))
    }
}

fn object(args: &Args, wasm: &[u8]) -> Result<Vec<u8>, CliError> {
    let settings = Settings {
        backend: Backend::X64,
        unwind: true,
        ..settings(args)
    };
    let mut functions = Functions {
        compiler: Compiler::new(settings),
        stencils: Stencils::default(),
        layout: None,
    };
    let info = translate(wasm, Limits::default(), &mut functions)
        .map_err(|error| error.in_file(&args.file))?;
    let layout = VmLayout::new(&info);
    elf::object(&functions.stencils, &info, &layout, &settings).map_err(|source| CliError::Object {
        path: args.file.clone(),
        source,
    })
}

fn settings(args: &Args) -> Settings {
    let bounds = match args.bounds {
        Bounds::Guard => MemoryBounds::Guard,
        Bounds::Explicit => MemoryBounds::Explicit,
    };
    let backend = match args.backend {
        Target::X64 => Backend::X64,
        Target::Bytecode => Backend::Bytecode,
    };
    let features = if args.baseline {
        CpuFeatures::BASELINE
    } else {
        CpuFeatures::detect()
    };
    let (fuel, epoch) = (args.metered, args.metered);
    Settings {
        backend,
        bounds,
        features,
        fuel,
        epoch,
        ..Settings::default()
    }
}

/// As text, function by function.
fn listing(args: &Args, wasm: &[u8]) -> Result<String, CliError> {
    let mut text = String::new();
    for listed in functions(args, wasm)? {
        let Listed {
            func, size, frame, ..
        } = listed;
        writeln!(text, "; func {func}: {size} bytes, frame {frame}")
            .and_then(|()| render(listed.code, &listed.ops, &mut text))
            .and_then(|()| writeln!(text))
            .expect("a string takes everything");
    }
    Ok(text)
}

fn functions(args: &Args, wasm: &[u8]) -> Result<Vec<Listed>, CliError> {
    list(settings(args), wasm, &args.file)
}

/// The functions of a module, and what became of their operators.
pub(crate) fn list(settings: Settings, wasm: &[u8], path: &Path) -> Result<Vec<Listed>, CliError> {
    let listed = match settings.backend {
        Backend::X64 => list_with(settings, Compiler::new(settings), wasm),
        Backend::Bytecode => list_with(settings, bytecode::Compiler::new(settings), wasm),
    };
    listed.map_err(|error| error.in_file(path))
}

fn list_with<C>(settings: Settings, compiler: C, wasm: &[u8]) -> Result<Vec<Listed>, CompileError>
where
    Lister<C>: Consumer<Error = CompileError>,
{
    let mut lister = Lister {
        backend: settings.backend,
        compiler,
        stencils: Stencils::default(),
        layout: None,
        functions: Vec::new(),
    };
    translate(wasm, Limits::default(), &mut lister)?;
    Ok(lister.functions)
}
