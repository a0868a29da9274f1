//! The fire drill: whether the suite finds bugs that are there.
//!
//! Every file of `drill/patches` plants one bug. For each, a copy of the sources is patched
//! and built, its campaign runs until it finds something or has spent its budget, for several
//! seeds; then the copy's own commands localize and minimize the finding. What comes of it is
//! a row of a table; a bug that is not found is a failure, a patch that does not apply an error.
//!
//! | file | owns |
//! |---|---|
//! | `patch` | reading patches and what they expect |
//! | `scratch` | the copy of the sources, patching and building it |
//! | `hunt` | campaign, localization and reduction in child processes |
//! | `report` | the table |

#![forbid(unsafe_code)]

mod hunt;
mod patch;
mod report;
mod scratch;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::hunt::Budget;
use crate::patch::Patch;
use crate::report::Row;
use crate::scratch::Scratch;

/// Plants bugs in the compiler, one at a time, and sees whether the suite finds them.
///
/// For each patch of drill/patches: applies it to a copy of the sources, builds, runs a
/// campaign over all targets until something is found, localizes and minimizes it. Exits with 1
/// if a bug was not found within its budget, with 2 if a patch does not apply or build.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  \
    scripts/fire-drill                        everything; about an hour\n  \
    scripts/fire-drill shift-count wrap       patches whose names contain one of these\n  \
    scripts/fire-drill --check                only whether all patches apply\n  \
    scripts/fire-drill --seeds 1 --no-reduce  as fast as it goes"
)]
struct Args {
    /// Patches, by parts of their names; all if none is given
    patches: Vec<String>,
    /// How many seeds to search with
    #[arg(long, default_value_t = 3)]
    seeds: u64,
    /// Seconds of processor time after which a bug counts as not found
    #[arg(long, default_value_t = 60)]
    budget: u64,
    /// Seconds that reducing one finding may take
    #[arg(long, default_value_t = 60)]
    reduce: u64,
    /// Only find, neither localize nor minimize
    #[arg(long)]
    no_reduce: bool,
    /// Only see whether the patches apply
    #[arg(long)]
    check: bool,
    /// Print JSON, one object per patch
    #[arg(long)]
    json: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum DrillError {
    #[error("{path}: {source}", path = path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path}: {why}", path = path.display())]
    Patch { path: PathBuf, why: &'static str },
    #[error("no patch has a name that contains {0:?}")]
    NoSuchPatch(String),
    #[error("{patch} does not apply any more:\n{output}")]
    DoesNotApply { patch: String, output: String },
    #[error("with {patch} the sources do not build:\n{output}")]
    DoesNotBuild { patch: String, output: String },
    #[error("{program}: the campaign does not start", program = program.display())]
    Campaign { program: PathBuf },
    #[error("{}: the campaign has noted no input", .0.display())]
    Journal(PathBuf),
    #[error("cannot run {program}: {source}")]
    Run {
        program: String,
        source: std::io::Error,
    },
}

fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> DrillError {
    let path = path.into();
    |source| DrillError::Io { path, source }
}

fn main() -> ExitCode {
    match drill(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("fire-drill: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether every bug was found.
fn drill(args: &Args) -> Result<bool, DrillError> {
    let patches = patch::all("drill/patches".as_ref())?;
    for part in &args.patches {
        if !patches.iter().any(|patch| patch.name.contains(part)) {
            return Err(DrillError::NoSuchPatch(part.clone()));
        }
    }
    let chosen = |patch: &&Patch| {
        args.patches.is_empty() || args.patches.iter().any(|part| patch.name.contains(part))
    };
    let chosen: Vec<&Patch> = patches.iter().filter(chosen).collect();
    let scratch = Scratch::new("target/drill")?;
    for patch in &chosen {
        scratch.check(patch)?;
    }
    if args.check {
        println!("{} patches apply", chosen.len());
        return Ok(true);
    }
    let budget = Budget {
        seeds: args.seeds,
        search: Duration::from_secs(args.budget),
        reduce: (!args.no_reduce).then(|| Duration::from_secs(args.reduce)),
    };
    let mut rows = Vec::new();
    for (number, patch) in chosen.iter().enumerate() {
        eprintln!(
            "[{}/{}] {}: {}",
            number + 1,
            chosen.len(),
            patch.name,
            patch.bug
        );
        let program = scratch.build(patch)?;
        let hunt = hunt::hunt(&program, patch, &budget, scratch.dir())?;
        let row = Row::new(patch, hunt, budget.reduce.is_some());
        if args.json {
            println!("{}", row.json());
        } else {
            eprintln!("    {}", row.line());
        }
        rows.push(row);
    }
    scratch.restore()?;
    if !args.json {
        report::print(&rows);
    }
    Ok(rows.iter().all(Row::is_found))
}
