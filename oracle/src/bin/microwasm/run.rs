//! `microwasm run`

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use microwasm::ValType;
use microwasm_oracle::engine::{InstantiateError, Limits, Trap};
use microwasm_oracle::observe::Outcome;
use microwasm_oracle::prepare::{self, Shape};
use microwasm_oracle::subject::Subject;
use microwasm_oracle::value::{self, FuncName, Value};
use serde_json::json;

use crate::error::CliError;
use crate::{Found, input, ui};

/// Run a module
///
/// Instantiates the module, which runs its start function, and calls an export. Imports
/// are satisfied by the suite's host, whose functions return values that depend on the
/// seed.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm run add.wat --invoke add 2 3\n  \
    microwasm run fib.wasm --engine wasmi --invoke fib 30\n  \
    microwasm run float.wat --invoke f f32:0x7fc00000 f64:-0.0")]
pub(crate) struct Args {
    /// A module: .wasm, .wat, or Microwasm
    file: PathBuf,
    /// The engine to run it in
    #[arg(long, default_value = "x64")]
    engine: String,
    /// Seed of the host that satisfies imports
    #[arg(long, default_value = "0", value_parser = input::seed)]
    seed: u64,
    /// Give up after this much fuel (loops and calls; engines count differently)
    #[arg(long)]
    fuel: Option<u64>,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    /// The export to call and its arguments: numbers, or TYPE:VALUE
    #[arg(long, num_args = 1.., allow_hyphen_values = true, value_names = ["EXPORT", "ARG"])]
    invoke: Vec<String>,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let engine = input::engine(&args.engine)?;
    let wasm = input::module(&args.file)?;
    let refused = |source| CliError::Refused {
        path: args.file.clone(),
        source,
    };
    // The engine's own words about the module come before those of the suite.
    let host = microwasm_oracle::host::SuiteHost::new(args.seed, Arc::default());
    engine
        .store(std::rc::Rc::new(host), Limits::GENEROUS)
        .compile(&wasm)
        .map_err(refused)?;
    let prepared = prepare::prepare(&wasm, &prepare::Options::OBSERVE).map_err(|source| {
        CliError::Invalid {
            path: args.file.clone(),
            source,
        }
    })?;
    let shape = Arc::new(prepared.shape);
    let call = match args.invoke.split_first() {
        Some((name, given)) => Some(call(&shape, name, given)?),
        None => None,
    };
    let limits = Limits {
        fuel: args.fuel,
        ..Limits::GENEROUS
    };
    let mut started =
        Subject::start(&*engine, &prepared.wasm, &shape, args.seed, limits).map_err(refused)?;
    let outcome = match (&started.outcome, call) {
        (Outcome::Returned(_), Some((func, values))) => started.subject.invoke(func, &values),
        (Outcome::NotLinked, _) => {
            let source = InstantiateError::Link("the imports cannot be satisfied".into());
            return Err(CliError::Instantiate {
                path: args.file.clone(),
                source,
            });
        }
        (outcome, _) => outcome.clone(),
    };
    print(args, &outcome)?;
    Ok(if matches!(outcome, Outcome::Returned(_)) {
        Found::Nothing
    } else {
        Found::Something
    })
}

/// The function to call and its arguments.
fn call(
    shape: &Shape,
    name: &str,
    given: &[String],
) -> Result<(u32, Vec<Value<FuncName>>), CliError> {
    let Some((_, func)) = shape.exported_funcs().find(|(export, _)| *export == name) else {
        let known: Vec<&str> = shape.exported_funcs().map(|(export, _)| export).collect();
        return Err(CliError::NoFunction {
            name: name.to_owned(),
            known: known.join(", "),
        });
    };
    let params = &shape.func_type(func).params;
    if params.len() != given.len() {
        return Err(CliError::ArgumentCount {
            func: name.to_owned(),
            expected: params.len(),
            got: given.len(),
        });
    }
    let values = given
        .iter()
        .zip(params)
        .map(|(text, ty)| argument(text, *ty));
    Ok((func, values.collect::<Result<_, _>>()?))
}

fn argument(text: &str, ty: ValType) -> Result<Value<FuncName>, CliError> {
    let typed = value::parse(text).filter(|value| value.ty() == ty);
    typed
        .or_else(|| value::parse_as(ty.name(), text))
        .ok_or_else(|| CliError::Argument {
            text: text.to_owned(),
            ty,
        })
}

/// A value with floats in decimal, too.
fn show(value: &Value<FuncName>) -> String {
    match value {
        Value::F32(bits) => format!("{value} ({:?})", f32::from_bits(*bits)),
        Value::F64(bits) => format!("{value} ({:?})", f64::from_bits(*bits)),
        _ => value.to_string(),
    }
}

fn print(args: &Args, outcome: &Outcome) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    if args.json {
        let json = match outcome {
            Outcome::Returned(results) => {
                let results: Vec<String> = results.iter().map(ToString::to_string).collect();
                json!({ "results": results })
            }
            Outcome::Trapped(trap) => json!({ "trap": trap.to_string() }),
            Outcome::NotLinked => json!({ "error": "not linked" }),
            Outcome::NoSuchFunction => json!({ "error": "no such function" }),
        };
        writeln!(out, "{json}")?;
        return Ok(());
    }
    match outcome {
        Outcome::Returned(results) => {
            for result in results {
                writeln!(out, "{}", show(result))?;
            }
        }
        Outcome::Trapped(trap) => say_trap(*trap),
        Outcome::NotLinked | Outcome::NoSuchFunction => {}
    }
    Ok(())
}

fn say_trap(trap: Trap) {
    eprintln!("{}: {trap}", ui::bad("trap", ui::Stream::Err));
}
