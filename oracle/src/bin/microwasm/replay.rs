//! `microwasm replay`

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use microwasm_oracle::targets::Verdict;
use serde_json::json;

use crate::error::CliError;
use crate::{Found, input, ui};

/// Replay regressions
///
/// Runs each regression in its engines and prints a table.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm replay\n  \
    microwasm replay corpus/regressions/0001-slug.wat")]
pub(crate) struct Args {
    /// .wat and .mwt files, or directories to search for them
    #[arg(default_value = "corpus/regressions")]
    paths: Vec<PathBuf>,
    /// Print a JSON object per regression
    #[arg(long)]
    json: bool,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let files = input::files(&args.paths, &["wat", "mwt"])?;
    let mut out = std::io::stdout().lock();
    let mut failed = 0;
    for path in &files {
        let error = |source| CliError::Regression {
            path: path.clone(),
            source,
        };
        let regression = input::regression(path)?;
        let start = Instant::now();
        let outcome = regression.replay().map_err(error)?;
        let millis = start.elapsed().as_secs_f64() * 1000.0;
        let (passed, verdict, detail) = match &outcome.verdict {
            Verdict::Agree => (true, "agree", String::new()),
            Verdict::Poisoned(poison) => (true, "poisoned", poison.to_string()),
            Verdict::Outvoted(finding) => (false, "outvoted", finding.divergence.signature()),
            Verdict::Discarded(why) => (false, "discarded", (*why).to_string()),
            Verdict::Diverged(finding) => (false, "diverged", finding.to_string()),
        };
        failed += usize::from(!passed);
        if args.json {
            let file = path.display().to_string();
            let json = json!({
                "file": file, "verdict": verdict, "detail": detail, "millis": millis,
            });
            writeln!(out, "{json}")?;
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let verdict = format!("{verdict:9}");
        let paint = if passed { ui::good } else { ui::bad };
        let cause = regression.cause.lines().next().unwrap_or_default();
        writeln!(
            out,
            "{} {millis:8.2} ms  {name:40} {cause}",
            paint(&verdict, ui::Stream::Out)
        )?;
        for line in detail.lines() {
            writeln!(out, "            {line}")?;
        }
    }
    if !args.json {
        writeln!(out, "{} passed, {failed} failed", files.len() - failed)?;
    }
    Ok(if failed == 0 {
        Found::Nothing
    } else {
        Found::Something
    })
}
