//! `microwasm minimize`

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use microwasm_oracle::compare::NanRule;
use microwasm_oracle::prepare::Shape;
use microwasm_oracle::reduce::worker::Worker;
use microwasm_oracle::reduce::{self, Reduced};
use microwasm_oracle::regression::Regression;
use microwasm_oracle::targets::Target;
use microwasm_oracle::{engines, generate};

use crate::error::CliError;
use crate::{Found, input, ui};

/// Make a failing input small
///
/// Turns a libFuzzer artifact, or a module, into the smallest module that fails in the
/// same way, and writes it as a regression file. Candidates run in a child process, so
/// that crashes and hangs can be reduced, too.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm minimize target/fuzz-artifacts/differential/crash-0123\n  \
    microwasm minimize module.wasm -o corpus/regressions/0042-div-by-zero.wat --time 60")]
pub(crate) struct Args {
    /// A libFuzzer artifact, a .wasm or .wat file, or a regression
    artifact: PathBuf,
    /// The target whose artifact it is
    #[arg(long, default_value = "differential", value_parser = input::target)]
    target: Target,
    /// The regression file to write [default: ARTIFACT with the ending .min.wat]
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
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let mut regression = regression(&args.artifact, args.target)?;
    let program = std::env::current_exe()?;
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
        progress.set((start - at.bytes) as u64, || {
            format!("{} candidates, {} bytes left", at.candidates, at.bytes)
        });
    });
    progress.finish();
    let reduced = reduced.map_err(|source| CliError::Reduce {
        path: args.artifact.clone(),
        source,
    })?;
    report(args, start, reduced)?;
    Ok(Found::Something)
}

/// What the file stands for.
fn regression(path: &Path, target: Target) -> Result<Regression, CliError> {
    let mut regression = input::failing(path, target)?;
    // The search keeps to one set of engines and invocations, so it has to start with one.
    if regression.engines.is_empty() {
        regression.engines = engines::DEFAULT
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
    }
    if regression.invocations.is_none() {
        let shape = Shape::read(&regression.wasm).map_err(|error| CliError::Invalid {
            path: path.to_owned(),
            source: error.into(),
        })?;
        let count = shape.funcs.len().min(64);
        regression.invocations = Some(generate::plan(&shape, regression.seed, count));
    }
    Ok(regression)
}

fn report(args: &Args, start: usize, reduced: Reduced) -> Result<(), CliError> {
    let Reduced {
        mut regression,
        signature,
        candidates,
    } = reduced;
    regression.cause = args.cause.clone();
    // All engines replay it, not only those that showed it.
    regression.engines.clear();
    let path = args
        .output
        .clone()
        .unwrap_or_else(|| args.artifact.with_extension("min.wat"));
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
