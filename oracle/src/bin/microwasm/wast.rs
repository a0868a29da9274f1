//! `microwasm wast`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use microwasm_oracle::wast::{self, Summary};
use serde_json::json;

use crate::error::CliError;
use crate::{Found, input, ui};

/// Run spec scripts
///
/// Every directive of a script is checked; those that fail are printed with their line.
/// The last line of the output is `N passed, M failed`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm wast testsuite/i32.wast testsuite/f64.wast\n  \
    microwasm wast --engine x64-explicit testsuite/")]
pub(crate) struct Args {
    /// .wast files, or directories to search for them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The engine to run them in
    #[arg(long, default_value = "x64")]
    engine: String,
    /// Print a JSON object per file, and one for the total
    #[arg(long)]
    json: bool,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let engine = input::engine(&args.engine)?;
    let files = input::files(&args.files, &["wast"])?;
    let mut total = Summary::default();
    let mut progress = ui::Progress::new("files", files.len() as u64);
    for (index, path) in files.iter().enumerate() {
        progress.set(index as u64, || path.display().to_string());
        let bytes = input::read(path)?;
        let source = String::from_utf8(bytes).map_err(|error| CliError::Read {
            path: path.clone(),
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
        })?;
        let summary = wast::run(&*engine, &source).map_err(|source| CliError::Script {
            path: path.clone(),
            source,
        })?;
        print(args, path, &summary)?;
        total.passed += summary.passed;
        total.assertions += summary.assertions;
        total.failures.extend(summary.failures);
    }
    progress.finish();
    let (passed, failed) = (total.passed, total.failures.len());
    let mut out = std::io::stdout().lock();
    if args.json {
        let assertions = total.assertions;
        let json = json!({ "passed": passed, "assertions": assertions, "failed": failed });
        writeln!(out, "{json}")?;
    } else {
        writeln!(out, "{passed} passed, {failed} failed")?;
    }
    Ok(if failed == 0 {
        Found::Nothing
    } else {
        Found::Something
    })
}

fn print(args: &Args, path: &Path, summary: &Summary) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    if args.json {
        let failures = summary.failures.iter().map(|failure| {
            json!({
                "line": failure.line,
                "directive": failure.directive,
                "why": failure.why.to_string(),
            })
        });
        let json = json!({
            "file": path.display().to_string(),
            "passed": summary.passed,
            "assertions": summary.assertions,
            "failures": failures.collect::<Vec<_>>(),
        });
        writeln!(out, "{json}")?;
        return Ok(());
    }
    for failure in &summary.failures {
        writeln!(
            out,
            "{}:{}: {}: {}: {}",
            path.display(),
            failure.line,
            ui::bad("failed", ui::Stream::Out),
            failure.directive,
            failure.why
        )?;
    }
    Ok(())
}
