//! `microwasm localize`

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use microwasm_oracle::localize::worker::{Answer, Worker};
use microwasm_oracle::targets::Target;
use serde_json::json;

use crate::error::CliError;
use crate::{Found, input, ui};

/// Find the operator that makes engines differ
///
/// Runs the module in all engines; where they differ, runs the failing step again while
/// watching its code, instruction by instruction, beside the definitional interpreter, and
/// names the first operator after which a value is wrong. Mistakes of the front end are
/// found by probes in the WebAssembly. Everything happens in a child process, so that crashes
/// and hangs can be localized, too.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm localize corpus/regressions/0001-extend-shared-register.wat\n  \
    microwasm localize --target spill target/fuzz-artifacts/spill/crash-0123\n  \
    microwasm localize crash.wasm --engine bytecode --json")]
pub(crate) struct Args {
    /// A libFuzzer artifact, a module, or a regression
    file: PathBuf,
    /// The target whose artifact it is
    #[arg(long, default_value = "differential", value_parser = input::target)]
    target: Target,
    /// Compare only this engine with the reference
    #[arg(long)]
    engine: Option<String>,
    /// Seconds that each attempt may take
    #[arg(long, default_value_t = 60)]
    time: u64,
    /// Print the finding as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let mut regression = input::failing(&args.file, args.target)?;
    if let Some(name) = &args.engine {
        // Whether there is such an engine.
        input::engine(name)?;
        let reference = match regression.engines.first() {
            Some(reference) => reference.clone(),
            None => microwasm_oracle::engines::default_for(&regression.wasm)[0].to_owned(),
        };
        regression.engines = vec![reference, name.clone()];
    }
    let path = &args.file;
    let invalid = |source| CliError::Regression {
        path: path.clone(),
        source,
    };
    regression.case().map_err(invalid)?;
    let answer = worker(args.time)?.localize(&regression)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        let json = match &answer {
            Answer::Agree => json!({ "verdict": "agree" }),
            Answer::Nothing(why) => json!({ "verdict": "nothing", "detail": why }),
            Answer::Found(finding) => json!({ "verdict": "found", "finding": finding }),
        };
        writeln!(out, "{json}")?;
    } else {
        match &answer {
            Answer::Agree => writeln!(out, "{}", ui::good("agree", ui::Stream::Out))?,
            Answer::Nothing(why) => writeln!(out, "nothing to say: {why}")?,
            Answer::Found(finding) => writeln!(out, "{finding}")?,
        }
    }
    Ok(match answer {
        Answer::Found(_) => Found::Something,
        Answer::Agree | Answer::Nothing(_) => Found::Nothing,
    })
}

/// Children of this very program.
pub(crate) fn worker(seconds: u64) -> Result<Worker, CliError> {
    let program = std::env::current_exe()?;
    let limit = Duration::from_secs(seconds);
    Ok(Worker::new(program, vec!["watch".to_owned()], limit))
}
