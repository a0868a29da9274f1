//! `microwasm generate`

use std::io::Write as _;
use std::path::PathBuf;

use microwasm_oracle::regression::Regression;
use microwasm_oracle::targets::Target;

use crate::error::CliError;
use crate::{Found, input};

/// Write the module that a fuzz input stands for
///
/// The module is what engines are given, instrumented for observation. A `.wat` has the
/// header of a regression, with the invocations; a `.wasm` is the module alone.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm generate target/fuzz-artifacts/differential/crash-0123 -o crash.wat\n  \
    microwasm generate --target spill target/fuzz-corpus/spill/0123 -o - | less")]
pub(crate) struct Args {
    /// An input of a target
    input: PathBuf,
    /// The target
    #[arg(long, default_value = "differential", value_parser = input::target)]
    target: Target,
    /// The .wasm or .wat file to write, or - for text on standard output
    #[arg(short)]
    output: PathBuf,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let bytes = input::read(&args.input)?;
    let (case, _) = args
        .target
        .case(&bytes)
        .map_err(|source| CliError::Discard {
            path: args.input.clone(),
            source,
        })?;
    if args
        .output
        .extension()
        .is_some_and(|ending| ending == "wasm")
    {
        input::write(&args.output, &case.wasm)?;
        return Ok(Found::Nothing);
    }
    let text = Regression {
        cause: format!("none: the module of {}", args.input.display()),
        seed: case.seed,
        nans: case.nans,
        invocations: Some(case.invocations),
        ..Regression::of_module(case.wasm)
    }
    .print();
    if args.output.as_os_str() == "-" {
        std::io::stdout().lock().write_all(text.as_bytes())?;
    } else {
        input::write(&args.output, text.as_bytes())?;
    }
    Ok(Found::Nothing)
}
