//! `microwasm compare`

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use microwasm::input::{Consumer, Form, FunctionBody, InputError, translate};
use microwasm::text::{self, Offsets};
use microwasm::wasm::Limits;
use microwasm::{Op, Sink, binary};
use microwasm_runtime::{Config, Engine, Error, Module};
use serde_json::json;

use crate::error::CliError;
use crate::{Found, input, ui};

/// Compare the forms of a module
///
/// Compiles the module as it is, as Microwasm in binary and in text form, and prints them
/// side by side: bytes, operators, time to compile, machine code. The code must be the
/// same; the exit code is 1 if it is not.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm compare fib.wat\n  \
    microwasm compare sha256.wasm --runs 100 --json")]
pub(crate) struct Args {
    /// A module: .wasm, .wat, or Microwasm
    file: PathBuf,
    /// How often each form is compiled; the shortest time counts
    #[arg(long, default_value_t = 20)]
    runs: u32,
    /// Print a JSON object per form
    #[arg(long)]
    json: bool,
}

/// A form of the module, and what came of compiling it.
struct Compiled {
    name: &'static str,
    bytes: usize,
    time: Duration,
    code: Vec<u8>,
}

/// Counts operators, and how many of them are blocks.
#[derive(Default)]
struct Count {
    ops: u64,
    blocks: u64,
}

impl Sink for Count {
    fn op(&mut self, op: Op<'_>) {
        self.ops += 1;
        self.blocks += u64::from(matches!(op, Op::Label(_)));
    }
}

impl Consumer for Count {
    type Error = InputError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), InputError> {
        body.translate(self)
    }
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let module = input::module(&args.file)?;
    let refused = |error| CliError::Input {
        path: args.file.clone(),
        source: Box::new(error),
    };
    let binary = binary::write(&module, Limits::default()).map_err(refused)?;
    let text = text::print(&module, Limits::default(), Offsets::Hide).map_err(refused)?;
    let mut count = Count::default();
    translate(&module, Limits::default(), &mut count).map_err(refused)?;
    let compile = |name, bytes: &[u8]| {
        compile(name, bytes, args.runs).map_err(|source| CliError::Compile {
            path: args.file.clone(),
            source: Box::new(source),
        })
    };
    let mut forms = Vec::new();
    if Form::of(&module) == Form::Wasm {
        forms.push(compile("WebAssembly", &module)?);
    }
    forms.push(compile("Microwasm binary", &binary)?);
    forms.push(compile("Microwasm text", text.as_bytes())?);
    print(args, &forms, &count)?;
    Ok(if forms.iter().all(|form| form.code == forms[0].code) {
        Found::Nothing
    } else {
        Found::Something
    })
}

/// Compiles so often; the shortest time counts.
fn compile(name: &'static str, bytes: &[u8], runs: u32) -> Result<Compiled, Error> {
    let engine = Engine::new(&Config::new())?;
    let code = Module::new(&engine, bytes)?.code().bytes.to_vec();
    let mut time = Duration::MAX;
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        let module = Module::new(&engine, bytes)?;
        time = time.min(start.elapsed());
        drop(module);
    }
    Ok(Compiled {
        name,
        bytes: bytes.len(),
        time,
        code,
    })
}

fn print(args: &Args, forms: &[Compiled], count: &Count) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    if !args.json {
        writeln!(out, "{} operators, {} blocks", count.ops, count.blocks)?;
        writeln!(
            out,
            "{:<18}{:>12}{:>14}{:>12}",
            "", "bytes", "compiled in", "code"
        )?;
    }
    for form in forms {
        let same = form.code == forms[0].code;
        let micros = form.time.as_secs_f64() * 1e6;
        if args.json {
            let json = json!({
                "form": form.name, "bytes": form.bytes, "micros": micros,
                "code": form.code.len(), "same_code": same,
                "ops": count.ops, "blocks": count.blocks,
            });
            writeln!(out, "{json}")?;
            continue;
        }
        let verdict = match same {
            true => ui::good("same code", ui::Stream::Out),
            false => ui::bad("other code", ui::Stream::Out),
        };
        writeln!(
            out,
            "{:<18}{:>12}{micros:>11.1} µs{:>12}  {verdict}",
            form.name,
            form.bytes,
            form.code.len()
        )?;
    }
    Ok(())
}
