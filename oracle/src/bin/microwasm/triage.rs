//! `microwasm triage`

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use microwasm_oracle::targets::Target;
use serde_json::json;

use crate::error::CliError;
use crate::groups::{self, Group, Groups};
use crate::localize::worker;
use crate::{Found, input, ui};

/// Group artifacts by what is wrong
///
/// Localizes every file of a folder, each in a child process, the smallest first, and puts those
/// together that have the same key: part of the engine, operator, places of its operands, and
/// symptom. With --keep, the folder is kept small, too: files whose key has enough of them are
/// deleted, and findings.json remembers what was seen, so that only new files are looked at the
/// next time.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm triage target/fuzz-artifacts/spill --target spill\n  \
    microwasm triage target/fuzz-artifacts/spill --target spill --keep 3\n  \
    microwasm triage crashes --json")]
pub(crate) struct Args {
    /// A folder of libFuzzer artifacts, modules and regressions
    dir: PathBuf,
    /// The target whose artifacts they are
    #[arg(long, default_value = "differential", value_parser = input::target)]
    target: Target,
    /// Delete files whose key has so many already
    #[arg(long, value_name = "FILES", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
    /// Seconds that each attempt may take
    #[arg(long, default_value_t = 20)]
    time: u64,
    /// Print the groups as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let mut groups = match args.keep {
        Some(keep) => Groups::of_folder(&args.dir, keep.into())?,
        None => Groups::new(),
    };
    let mut files = files(&args.dir)?;
    files.retain(|path| !groups.contains(path));
    let worker = worker(args.time)?;
    let mut progress = ui::Progress::new("artifacts", files.len() as u64);
    for (index, path) in files.iter().enumerate() {
        progress.set(index as u64, || format!("{} keys", groups.failing()));
        let judged = groups::judge(&worker, path, args.target)?;
        groups.add(path, args.target.name(), judged)?;
    }
    progress.finish();
    let mut out = std::io::stdout().lock();
    if args.json {
        let rows = groups.sorted().iter().map(row);
        writeln!(out, "{}", json!(rows.collect::<Vec<_>>()))?;
    } else {
        groups.print(&mut out)?;
    }
    Ok(match groups.failing() {
        0 => Found::Nothing,
        _ => Found::Something,
    })
}

fn row(group: &Group) -> serde_json::Value {
    json!({
        "key": group.key,
        "files": group.times,
        "smallest": group.artifacts.first(),
    })
}

/// The artifacts of a folder, the smallest first.
fn files(dir: &Path) -> Result<Vec<PathBuf>, CliError> {
    let error = |source| CliError::Read {
        path: dir.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(error)? {
        let entry = entry.map_err(error)?;
        let file = entry.metadata().map_err(error)?;
        if file.is_file() {
            files.push((file.len(), entry.path()));
        }
    }
    if files.is_empty() {
        return Err(CliError::Nothing(dir.to_owned()));
    }
    files.sort();
    let files = files.into_iter().map(|(_, path)| path);
    Ok(files
        .filter(|path| path.file_name() != Some(groups::FILE.as_ref()))
        .collect())
}
