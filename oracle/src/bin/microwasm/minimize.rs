//! `microwasm minimize`: from a failing input to a small regression file, named after what is wrong.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use microwasm::input::Form;
use microwasm_oracle::compare::NanRule;
use microwasm_oracle::engines;
use microwasm_oracle::localize::Finding;
use microwasm_oracle::localize::worker::Answer;
use microwasm_oracle::reduce::worker::Worker;
use microwasm_oracle::reduce::{self, Progress, Reduced};
use microwasm_oracle::regression::Regression;
use microwasm_oracle::targets::Target;

use crate::error::CliError;
use crate::{Found, input, localize, ui};

/// Make a failing input small, and a regression of it
///
/// Turns a libFuzzer artifact, or a module, WebAssembly or Microwasm, into the smallest
/// module that fails in the same way, localizes what is wrong with it, and writes it as a
/// regression file, whose name says what is wrong and whose header where, and what found it.
/// Candidates run in a child process, so that crashes and hangs can be reduced, too.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm minimize target/fuzz-artifacts/differential/crash-0123\n  \
    microwasm minimize --target spill crash-0123 -o corpus/regressions\n  \
    microwasm minimize module.wasm -o corpus/regressions/0042-div-by-zero.wat --time 60")]
pub(crate) struct Args {
    /// A libFuzzer artifact, a module (.wasm, .wat, .mw, .mwt), or a regression
    artifact: PathBuf,
    /// The target whose artifact it is
    #[arg(long, default_value = "differential", value_parser = input::target)]
    target: Target,
    /// The regression file to write, or a folder for it [default: the folder of ARTIFACT]
    #[arg(short)]
    output: Option<PathBuf>,
    /// What was wrong, for the header [default: what localization says]
    #[arg(long)]
    cause: Option<String>,
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
    let candidate = Duration::from_secs(args.candidate_time);
    let mut worker = match &args.judge {
        Some(program) => Worker::new(program.clone(), vec!["judge".to_owned()], candidate),
        None => input::judge(candidate)?,
    };
    let mut progress = None;
    let time = Duration::from_secs(args.time);
    let small = minimize(
        &args.artifact,
        args.target,
        time,
        &mut worker,
        &mut |start, at| {
            let progress = progress.get_or_insert_with(|| ui::Progress::new("bytes saved", start));
            progress.set(start.saturating_sub(at.bytes as u64), || {
                format!("{} candidates, {} bytes left", at.candidates, at.bytes)
            });
        },
    )?;
    if let Some(progress) = progress {
        progress.finish();
    }
    let Small {
        mut regression,
        signature,
        finding,
        start,
        candidates,
    } = small;
    let found_by = match input::is_module(&args.artifact, args.target)? {
        true => args
            .artifact
            .file_name()
            .unwrap_or_default()
            .display()
            .to_string(),
        false => found_by(args.target.name(), &args.artifact),
    };
    regression.cause = match &args.cause {
        Some(cause) => cause.clone(),
        None => cause(&signature, finding.as_ref(), &found_by),
    };
    let key = finding.as_ref().map_or(&signature, |finding| &finding.key);
    let path = match &args.output {
        Some(file) if !file.is_dir() => file.clone(),
        dir => {
            let dir = dir.as_deref().or(args.artifact.parent());
            free(dir.unwrap_or(Path::new("")), &name(key), &regression)
        }
    };
    input::write(&path, regression.print().as_bytes())?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", ui::bad(&signature, ui::Stream::Out))?;
    let bytes = regression.wasm.len();
    writeln!(
        out,
        "{start} bytes reduced to {bytes} with {candidates} candidates"
    )?;
    if let Some(finding) = finding {
        writeln!(out, "{finding}")?;
    }
    writeln!(out, "written to {}", path.display())?;
    Ok(Found::Something)
}

/// A failing input made small.
pub(crate) struct Small {
    /// Without a cause.
    pub(crate) regression: Regression,
    /// How it fails.
    pub(crate) signature: String,
    /// What localization says of it.
    pub(crate) finding: Option<Finding>,
    /// Bytes of the module that the search began with.
    pub(crate) start: u64,
    /// Modules that were tried.
    pub(crate) candidates: u64,
}

/// Seconds that each attempt to localize the small module may take.
const LOCALIZE: u64 = 8;

/// Makes what fails with `artifact` small within `time`, and localizes it.
pub(crate) fn minimize(
    artifact: &Path,
    target: Target,
    time: Duration,
    worker: &mut Worker,
    progress: &mut dyn FnMut(u64, Progress),
) -> Result<Small, CliError> {
    let mut regression = input::failing(artifact, target)?;
    // A regression says where it has to be replayed; others are replayed by all engines.
    let engines = match input::is_module(artifact, target)? {
        true => regression.engines.clone(),
        false => Vec::new(),
    };
    complete(&mut regression, artifact)?;
    let wrap = |source| CliError::Reduce {
        path: artifact.to_owned(),
        source,
    };
    // NaNs made canonical cannot fake a difference while the module is being changed, so
    // that is how to do it if the failure stays.
    let nans = regression.nans;
    regression.nans = NanRule::Class;
    if worker
        .judge(&regression)
        .map_err(|source| wrap(source.into()))?
        .is_none()
    {
        regression.nans = nans;
    }
    let start = regression.wasm.len() as u64;
    let mut report = |at: Progress| progress(start, at);
    let Reduced {
        mut regression,
        signature,
        candidates,
    } = reduce::reduce(regression, worker, time, &mut report).map_err(wrap)?;
    let finding = match localize::worker(LOCALIZE)?.localize(&regression)? {
        Answer::Found(finding) => Some(*finding),
        Answer::Agree | Answer::Nothing(_) => None,
    };
    regression.engines = engines;
    Ok(Small {
        regression,
        signature: signature.to_string(),
        finding,
        start,
        candidates,
    })
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

/// What found it.
pub(crate) fn found_by(target: &str, artifact: &Path) -> String {
    let input = artifact.file_name().unwrap_or_default().display();
    format!("target {target}, input {input}")
}

/// What the header says until somebody knows better. No line but the first may look like a key.
pub(crate) fn cause(signature: &str, finding: Option<&Finding>, found_by: &str) -> String {
    let mut text = format!("not yet known. {}\n", signature.replace('\n', " "));
    if let Some(finding) = finding {
        let Finding {
            engine,
            difference,
            symptom,
            ..
        } = finding;
        let difference = difference.replace('\n', " ");
        text += &format!("In {engine} there is a difference, {difference}\n");
        if let Some(op) = finding.op.as_ref() {
            let operands = op.operands.iter();
            let operands: Vec<_> = operands
                .map(|at| format!("{} in {}", at.value, at.place))
                .collect();
            text += &format!("at the operator {} of Microwasm", op.text);
            if !operands.is_empty() {
                text += &format!(" with {}", operands.join(" and "));
            }
            text += &format!(", which shows as {symptom}\n");
        } else if let Some(op) = &finding.wasm {
            text += &format!("at the operator {}, which shows as {symptom}\n", op.text);
        }
    }
    text + &format!("Found by {found_by}")
}

/// Longest name of a regression, without its ending.
const LONGEST: usize = 100;

/// A key as the name of a file.
pub(crate) fn name(key: &str) -> String {
    let key = key.strip_prefix("backend-").unwrap_or(key);
    let mut name = String::new();
    for c in key.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '.' || c == '_' => name.push(c),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    name.truncate(LONGEST);
    name.trim_matches(['-', '.']).to_owned()
}

/// A file of this name in `dir`, or of one like it, that is not there yet.
pub(crate) fn free(dir: &Path, name: &str, regression: &Regression) -> PathBuf {
    let ending = match Form::of(&regression.wasm) {
        Form::Wasm => "wat",
        Form::Binary | Form::Text => "mwt",
    };
    let first = dir.join(format!("{name}.{ending}"));
    let others = (2..).map(|n| dir.join(format!("{name}-{n}.{ending}")));
    std::iter::once(first)
        .chain(others)
        .find(|path| !path.exists())
        .expect("there are more names than files")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_keys_without_what_files_cannot_have() {
        assert_eq!(
            name("backend-x64/i32.shr_u/reg,reg/wrong-result"),
            "x64-i32.shr_u-reg-reg-wrong-result"
        );
        assert_eq!(
            name("unknown/-/-/panic-at-engine/codegen/src/x64.rs:12:5"),
            "unknown-panic-at-engine-codegen-src-x64.rs-12-5"
        );
        assert!(name(&"x".repeat(1000)).len() <= LONGEST);
    }

    #[test]
    fn the_header_is_read_again() {
        let finding = Finding {
            engine: "x64".into(),
            difference: "result 0: expected i32:0, got i32:1".into(),
            symptom: "wrong result".into(),
            ..Finding::default()
        };
        let mut regression = Regression::of_module(b"\0asm\x01\0\0\0".to_vec());
        regression.cause = cause("x64: result", Some(&finding), "target spill, input 7");
        let read = Regression::parse(&regression.print()).expect("a regression");
        assert_eq!(read.cause, regression.cause);
    }
}
