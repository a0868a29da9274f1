//! `microwasm triage`

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use microwasm_oracle::localize::worker::{Answer, Worker};
use microwasm_oracle::targets::Target;
use serde_json::json;

use crate::error::CliError;
use crate::localize::worker;
use crate::{Found, input, ui};

/// Group artifacts by what is wrong
///
/// Localizes every file of a folder, each in a child process, and puts those together that
/// have the same key: part of the engine, operator, places of its operands, and symptom.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm triage target/fuzz-artifacts/spill --target spill\n  \
    microwasm triage crashes --json")]
pub(crate) struct Args {
    /// A folder of libFuzzer artifacts, modules and regressions
    dir: PathBuf,
    /// The target whose artifacts they are
    #[arg(long, default_value = "differential", value_parser = input::target)]
    target: Target,
    /// Seconds that each attempt may take
    #[arg(long, default_value_t = 20)]
    time: u64,
    /// Print the groups as JSON
    #[arg(long)]
    json: bool,
}

/// Files with the same key.
struct Group {
    files: u32,
    smallest: (u64, PathBuf),
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let files = files(&args.dir)?;
    let worker = worker(args.time)?;
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut found = Found::Nothing;
    let mut progress = ui::Progress::new("artifacts", files.len() as u64);
    for (index, path) in files.into_iter().enumerate() {
        progress.set(index as u64, || format!("{} keys", groups.len()));
        let (key, failing) = key(&worker, &path, args.target)?;
        if failing {
            found = Found::Something;
        }
        let bytes = fs::metadata(&path).map_or(u64::MAX, |file| file.len());
        let this = (bytes, path);
        groups
            .entry(key)
            .and_modify(|group| {
                group.files += 1;
                if this < group.smallest {
                    group.smallest.clone_from(&this);
                }
            })
            .or_insert(Group {
                files: 1,
                smallest: this,
            });
    }
    progress.finish();
    let mut groups: Vec<(String, Group)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.files));
    print(args, &groups)?;
    Ok(found)
}

/// What is wrong with a file, and whether something is.
fn key(worker: &Worker, path: &Path, target: Target) -> Result<(String, bool), CliError> {
    let regression = match input::failing(path, target) {
        Ok(regression) => regression,
        Err(CliError::Read { path, source }) => return Err(CliError::Read { path, source }),
        // One file that is none of them does not keep the others from being looked at.
        Err(error) => return Ok((format!("no input: {error}"), false)),
    };
    Ok(match worker.localize(&regression)? {
        Answer::Agree => ("agree".into(), false),
        Answer::Nothing(why) => (format!("nothing to say: {why}"), false),
        Answer::Found(finding) => (finding.key, true),
    })
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, CliError> {
    let error = |source| CliError::Read {
        path: dir.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(CliError::Nothing(dir.to_owned()));
    }
    files.sort();
    Ok(files)
}

fn print(args: &Args, groups: &[(String, Group)]) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    if args.json {
        let rows = groups.iter().map(|(key, group)| {
            json!({
                "key": key,
                "files": group.files,
                "smallest": group.smallest.1,
                "bytes": group.smallest.0,
            })
        });
        writeln!(out, "{}", json!(rows.collect::<Vec<_>>()))?;
        return Ok(());
    }
    let width = groups.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    writeln!(out, "{:width$}  files  smallest", "key")?;
    for (key, group) in groups {
        let (bytes, path) = &group.smallest;
        writeln!(
            out,
            "{key:width$}  {:5}  {} ({bytes} bytes)",
            group.files,
            path.display()
        )?;
    }
    Ok(())
}
