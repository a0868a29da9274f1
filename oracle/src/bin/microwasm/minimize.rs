//! `microwasm minimize`

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use microwasm::input::Form;
use microwasm_oracle::compare::NanRule;
use microwasm_oracle::engines;
use microwasm_oracle::reduce::worker::Worker;
use microwasm_oracle::reduce::{self, Reduced};
use microwasm_oracle::regression::Regression;
use microwasm_oracle::targets::Target;

use crate::error::CliError;
use crate::{Found, input, ui};

/// Make a failing input small
///
/// Turns a libFuzzer artifact, or a module, WebAssembly or Microwasm, into the smallest
/// module that fails in the same way, and writes it as a regression file. Candidates run in a child process, so
/// that crashes and hangs can be reduced, too.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm minimize target/fuzz-artifacts/differential/crash-0123\n  \
    microwasm minimize module.wasm -o corpus/regressions/0042-div-by-zero.wat --time 60")]
pub(crate) struct Args {
    /// A libFuzzer artifact, a module (.wasm, .wat, .mw, .mwt), or a regression
    artifact: PathBuf,
    /// The target whose artifact it is
    #[arg(long, default_value = "differential", value_parser = input::target)]
    target: Target,
    /// The regression file to write [default: ARTIFACT with the ending .min.wat or .min.mwt]
    #[arg(short)]
    output: Option<PathBuf>,
    /// What was wrong, for the header
    #[arg(long, default_value = "not yet known")]
    cause: String,
    /// Seconds that the search may take
    #[arg(long, default_value_t = 120)]
    time: u64,
    /// Seconds that one candidate may take
    #[arg(long, default_value_t = 5)]
    candidate_time: u64,
    /// The build of microwasm that runs the candidates [default: this one]
    #[arg(long, value_name = "PROGRAM")]
    judge: Option<PathBuf>,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let mut regression = input::failing(&args.artifact, args.target)?;
    // A regression says where it has to be replayed; others are replayed by all engines.
    let engines = match input::is_module(&args.artifact)? {
        true => regression.engines.clone(),
        false => Vec::new(),
    };
    complete(&mut regression, &args.artifact)?;
    let program = match &args.judge {
        Some(program) => program.clone(),
        None => std::env::current_exe()?,
    };
    let limit = Duration::from_secs(args.candidate_time);
    let mut worker = Worker::new(program, vec!["judge".to_owned()], limit);
    let wrap = |source: std::io::Error| CliError::Reduce {
        path: args.artifact.clone(),
        source: source.into(),
    };
    // NaNs made canonical cannot fake a difference while the module is being changed, so
    // that is how to do it if the failure stays.
    let nans = regression.nans;
    regression.nans = NanRule::Class;
    if worker.judge(&regression).map_err(wrap)?.is_none() {
        regression.nans = nans;
    }
    let start = regression.wasm.len();
    let mut progress = ui::Progress::new("bytes saved", start as u64);
    let time = Duration::from_secs(args.time);
    let reduced = reduce::reduce(regression, &mut worker, time, &mut |at| {
        progress.set(start.saturating_sub(at.bytes) as u64, || {
            format!("{} candidates, {} bytes left", at.candidates, at.bytes)
        });
    });
    progress.finish();
    let reduced = reduced.map_err(|source| CliError::Reduce {
        path: args.artifact.clone(),
        source,
    })?;
    report(args, start, reduced, engines)?;
    Ok(Found::Something)
}

/// Names engines and invocations: the search keeps to one set, so it has to start with one.
fn complete(regression: &mut Regression, path: &Path) -> Result<(), CliError> {
    if regression.engines.is_empty() {
        let default = engines::default_for(&regression.wasm).iter();
        regression.engines = default.map(|name| (*name).to_owned()).collect();
    }
    if regression.invocations.is_none() {
        let case = regression.case().map_err(|source| CliError::Regression {
            path: path.to_owned(),
            source,
        })?;
        regression.invocations = Some(case.invocations);
    }
    Ok(())
}

fn report(
    args: &Args,
    start: usize,
    reduced: Reduced,
    engines: Vec<String>,
) -> Result<(), CliError> {
    let Reduced {
        mut regression,
        signature,
        candidates,
    } = reduced;
    regression.cause = args.cause.clone();
    regression.engines = engines;
    let ending = match Form::of(&regression.wasm) {
        Form::Wasm => "min.wat",
        Form::Binary | Form::Text => "min.mwt",
    };
    let path = args
        .output
        .clone()
        .unwrap_or_else(|| args.artifact.with_extension(ending));
    input::write(&path, regression.print().as_bytes())?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", ui::bad(&signature.to_string(), ui::Stream::Out))?;
    let bytes = regression.wasm.len();
    writeln!(
        out,
        "{start} bytes reduced to {bytes} with {candidates} candidates"
    )?;
    writeln!(out, "written to {}", path.display())?;
    writeln!(
        out,
        "microwasm localize {} names the operator",
        path.display()
    )?;
    Ok(())
}
