//! Reading files and names given on the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use microwasm::input::Form;
use microwasm_oracle::engine::Engine;
use microwasm_oracle::generate::mutate::Bounded;
use microwasm_oracle::reduce::worker::Worker;
use microwasm_oracle::regression::{Regression, parse_invocation, parse_seed};
use microwasm_oracle::run::Invocation;
use microwasm_oracle::targets::Target;
use microwasm_oracle::{engines, generate};

use crate::error::CliError;

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|source| CliError::Read {
        path: path.to_owned(),
        source,
    })
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    fs::write(path, bytes).map_err(|source| CliError::Write {
        path: path.to_owned(),
        source,
    })
}

/// The module in a file: WebAssembly text is assembled, other forms are left as they are.
pub(crate) fn module(path: &Path) -> Result<Vec<u8>, CliError> {
    let bytes = read(path)?;
    if Form::of(&bytes) != Form::Wasm {
        return Ok(bytes);
    }
    match wat::parse_bytes(&bytes) {
        Ok(wasm) => Ok(wasm.into_owned()),
        Err(mut source) => {
            source.set_path(path);
            Err(CliError::Text {
                path: path.to_owned(),
                source,
            })
        }
    }
}

/// The regression in a file, or a module as a regression without a cause.
pub(crate) fn regression(path: &Path) -> Result<Regression, CliError> {
    let bytes = read(path)?;
    if let Ok(text) = std::str::from_utf8(&bytes)
        && text.trim_start().starts_with(";;")
        && text
            .lines()
            .take(20)
            .any(|line| line.trim_start().starts_with(";; cause:"))
    {
        return Regression::parse(text).map_err(|source| CliError::Regression {
            path: path.to_owned(),
            source,
        });
    }
    Ok(Regression::of_module(module(path)?))
}

/// Whether a file is a module or a regression, and not an artifact of `target`.
pub(crate) fn is_module(path: &Path, target: Target) -> Result<bool, CliError> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let by_name = matches!(ending, Some("wat" | "wast" | "mwt" | "mw"));
    // Inputs of `mutate` are modules themselves.
    Ok(by_name || target != Target::Mutate && read(path)?.starts_with(b"\0asm"))
}

/// What a file that fails stands for: a module, a regression, or an artifact of `target`.
pub(crate) fn failing(path: &Path, target: Target) -> Result<Regression, CliError> {
    if is_module(path, target)? {
        return regression(path);
    }
    let bytes = read(path)?;
    let discard = |source| CliError::Discard {
        path: path.to_owned(),
        source,
    };
    let (case, chosen) = target.case(&bytes).map_err(discard)?;
    let chosen = chosen.iter().map(|i| engines::NAMES[*i].to_owned());
    let mut second = None;
    let wasm = match target {
        Target::Differential => generate::module(&bytes).map_err(discard)?.wasm,
        Target::Mutate => {
            let module = Bounded::read(&bytes).map_err(discard)?;
            second = module.mutant().ok();
            module.wasm
        }
        Target::Directed(_) | Target::Microwasm => case.wasm,
    };
    let mut regression = Regression {
        seed: case.seed,
        nans: case.nans,
        invocations: Some(case.invocations),
        engines: chosen.collect(),
        ..Regression::of_module(wasm)
    };
    // The module itself, or what was made of it.
    if let Some(second) = second
        && judge(JUDGED)?.judge(&regression)?.is_none()
    {
        regression.wasm = second.wasm;
    }
    Ok(regression)
}

/// How long an input may take to show whether it fails.
const JUDGED: Duration = Duration::from_secs(10);

/// Children of this very program that judge, each within `limit`.
pub(crate) fn judge(limit: Duration) -> Result<Worker, CliError> {
    let program = std::env::current_exe()?;
    Ok(Worker::new(program, vec!["judge".to_owned()], limit))
}

pub(crate) fn engine(name: &str) -> Result<Box<dyn Engine>, CliError> {
    engines::by_name(name).ok_or_else(|| CliError::Engine(name.to_owned()))
}

pub(crate) fn invocation(text: &str) -> Result<Invocation, CliError> {
    parse_invocation(text).ok_or_else(|| CliError::Invocation {
        text: text.to_owned(),
    })
}

/// A target that compares engines.
pub(crate) fn target(name: &str) -> Result<Target, String> {
    Target::by_name(name).ok_or_else(|| {
        let names = Target::ALL.map(|(name, _)| name);
        format!("there are {}", names.join(", "))
    })
}

/// A seed, decimal or hexadecimal.
pub(crate) fn seed(text: &str) -> Result<u64, &'static str> {
    parse_seed(text).ok_or("not a number")
}

/// The files at `paths`, and those with the given endings in directories, sorted.
pub(crate) fn files(paths: &[PathBuf], endings: &[&str]) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        collect(path, endings, &mut files)?;
        if files.len() == before {
            return Err(CliError::Nothing(path.clone()));
        }
    }
    Ok(files)
}

fn collect(dir: &Path, endings: &[&str], files: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let error = |source| CliError::Read {
        path: dir.to_owned(),
        source,
    };
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(error)?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, endings, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| endings.iter().any(|ending| extension == *ending))
        {
            files.push(path);
        }
    }
    Ok(())
}
