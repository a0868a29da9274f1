//! Localizing in a child process, which may die of what it runs.
//!
//! The child gets one task as a line of JSON and answers with a line. While it watches, it
//! writes down where execution stands, so that the parent can tell what a child that died, or
//! was too slow, was about to execute. One that died before it watched anything is run again,
//! watching each engine from the beginning.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{At, Finding, Localized, Progress, describe_crash, localize, wasm, watch_all};
use crate::engine::Engine;
use crate::engines;
use crate::reduce::Message;
use crate::regression::Regression;
use crate::run::{Relative, Stage, blame};

/// What is to be done.
#[derive(Serialize, Deserialize)]
struct Task {
    case: Message,
    what: What,
    /// The file to write down progress in.
    progress: PathBuf,
}

/// What a task is.
#[derive(Clone, Serialize, Deserialize)]
enum What {
    /// To find out everything.
    Everything,
    /// To watch this engine from the beginning.
    Watch(String),
    /// To see whether a relative of this engine agrees with the reference.
    Ask(String, Relative),
}

/// What it came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The engines agree.
    Agree,
    /// Nothing can be said.
    Nothing(String),
    /// They differ, and this is why.
    Found(Box<Finding>),
}

/// The child's side.
///
/// # Errors
/// Standard input or output fails, or what comes is no task.
pub fn serve() -> io::Result<()> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let answer = serve_task(serde_json::from_str(&line)?)?;
    let mut output = io::stdout().lock();
    serde_json::to_writer(&mut output, &answer)?;
    output.write_all(b"\n")?;
    output.flush()
}

fn serve_task(task: Task) -> io::Result<Answer> {
    let progress = write_progress(File::create(&task.progress)?);
    let Some(regression) = task.case.into_regression() else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let nothing = |error: &dyn std::fmt::Display| Ok(Answer::Nothing(error.to_string()));
    let case = match regression.case() {
        Ok(case) => case,
        Err(error) => return nothing(&error),
    };
    if let What::Watch(engine) = task.what {
        return match watch_all(&case, &engine, progress) {
            Ok(Some(finding)) => Ok(Answer::Found(Box::new(finding))),
            Ok(None) => Ok(Answer::Agree),
            Err(error) => nothing(&error),
        };
    }
    let engines = match regression.engines() {
        Ok(engines) => engines,
        Err(error) => return nothing(&error),
    };
    let engines: Vec<&dyn Engine> = engines.iter().map(|engine| &**engine).collect();
    if let What::Ask(engine, relative) = task.what {
        let subject = engines::by_name(&engine);
        let both = engines.first().copied().zip(subject.as_deref());
        let right =
            both.and_then(|(reference, subject)| relative.is_right(&case, reference, subject));
        return match right {
            Some(true) => Ok(Answer::Agree),
            Some(false) => Ok(Answer::Found(Box::default())),
            None => nothing(&"there is no such engine, or it has no say"),
        };
    }
    let reference = engines.first().map_or("", |engine| engine.name());
    let witness = engines::witness_for(&case.wasm, reference);
    match localize(&case, &engines, witness.as_deref(), progress) {
        Ok(Localized::Agree) => Ok(Answer::Agree),
        Ok(Localized::Poisoned(poison)) => nothing(&poison),
        Ok(Localized::Discarded) => nothing(&"refused by an engine"),
        Ok(Localized::Found(finding)) => Ok(Answer::Found(finding)),
        Err(error) => nothing(&error),
    }
}

/// Writes down where execution stands: one line, over the one before.
fn write_progress(file: File) -> Progress {
    Rc::new(move |at: At<'_>| {
        let mut line = format!("{} {} {}", at.engine, at.func, at.op);
        for value in at.values {
            line.push(' ');
            line.push_str(&value.to_string());
        }
        line.push('\n');
        // What cannot be written is only missed if the process dies.
        let _ = file.write_at(line.as_bytes(), 0);
    })
}

/// The last operator that a child has stood before.
struct Stood {
    engine: String,
    func: u32,
    op: u32,
    values: Vec<String>,
}

fn read_progress(path: &Path) -> Option<Stood> {
    let text = fs::read_to_string(path).ok()?;
    let mut words = text.lines().next()?.split(' ');
    Some(Stood {
        engine: words.next()?.to_owned(),
        func: words.next()?.parse().ok()?,
        op: words.next()?.parse().ok()?,
        values: words.map(str::to_owned).collect(),
    })
}

/// How a child ends that takes too long.
const TIMEOUT: &str = "timeout";

/// Starts children.
pub struct Worker {
    program: PathBuf,
    args: Vec<String>,
    limit: Duration,
}

/// How a child ended.
enum Ended {
    Answered(Answer),
    /// In this way, which says where it panicked if it did.
    Died(String),
}

impl Worker {
    /// Children are started as `program args…`, which has to call [`serve`]; each may take as
    /// long as `limit`.
    pub fn new(program: PathBuf, args: Vec<String>, limit: Duration) -> Worker {
        Worker {
            program,
            args,
            limit,
        }
    }

    /// Localizes what is wrong with `regression`.
    ///
    /// # Errors
    /// Children cannot be started.
    pub fn localize(&self, regression: &Regression) -> io::Result<Answer> {
        let (ended, stood) = self.run(regression, What::Everything)?;
        let mut finding = match ended {
            Ended::Answered(answer) => return Ok(named(answer, regression)),
            Ended::Died(how) => self.dead(regression, how, stood)?,
        };
        if finding.stage == Some(Stage::BackEnd) {
            let engine = finding.engine.clone();
            finding.stage = blame(|relative| self.is_right(regression, &engine, relative))?;
            finding = finding.with_key();
        }
        Ok(named(Answer::Found(Box::new(finding)), regression))
    }

    /// What a process died of.
    fn dead(
        &self,
        regression: &Regression,
        how: String,
        stood: Option<Stood>,
    ) -> io::Result<Finding> {
        let mut died = stood.map(|stood| (stood, how.clone()));
        let names = match regression.engines.is_empty() {
            true => engines::default_for(&regression.wasm).join(" "),
            false => regression.engines.join(" "),
        };
        let compiled = names
            .split(' ')
            .filter(|name| engines::compiled(name).is_some());
        for engine in compiled {
            if died.is_some() {
                break;
            }
            match self.run(regression, What::Watch(engine.into()))? {
                (Ended::Answered(Answer::Found(mut finding)), _) => {
                    finding.difference = format!("the process ends: {how}");
                    return Ok(*finding);
                }
                (Ended::Answered(_), _) => {}
                (Ended::Died(how), stood) => died = stood.map(|stood| (stood, how)),
            }
        }
        // Code that went the reference's way to the end of the time is not to blame for that.
        let died = died.filter(|(_, how)| how != TIMEOUT);
        let finding = died.and_then(|(stood, how)| {
            let case = regression.case().ok()?;
            let op = (stood.func, stood.op);
            describe_crash(&case, &stood.engine, op, &stood.values, &how).ok()
        });
        Ok(finding.unwrap_or_else(|| {
            Finding {
                engine: names,
                difference: format!("the process ends: {how}"),
                symptom: how,
                ..Finding::default()
            }
            .with_key()
        }))
    }

    /// Whether a relative of `engine` agrees with the reference. A process that dies of it is
    /// wrong.
    fn is_right(
        &self,
        regression: &Regression,
        engine: &str,
        relative: Relative,
    ) -> io::Result<Option<bool>> {
        let (ended, _) = self.run(regression, What::Ask(engine.into(), relative))?;
        Ok(match ended {
            Ended::Answered(Answer::Agree) => Some(true),
            Ended::Answered(Answer::Found(_)) | Ended::Died(_) => Some(false),
            Ended::Answered(Answer::Nothing(_)) => None,
        })
    }

    /// Runs one child.
    fn run(&self, regression: &Regression, what: What) -> io::Result<(Ended, Option<Stood>)> {
        let name = format!("microwasm-localize-{}", std::process::id());
        let progress = std::env::temp_dir().join(name);
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let task = Task {
            case: Message::of(regression),
            what,
            progress: progress.clone(),
        };
        let ended = self.wait(&mut child, &task);
        let stood = read_progress(&progress);
        // It may never have been made.
        let _ = fs::remove_file(&progress);
        Ok((ended?, stood))
    }

    fn wait(&self, child: &mut Child, task: &Task) -> io::Result<Ended> {
        let mut input = child.stdin.take().expect("the input is a pipe");
        let output = child.stdout.take().expect("the output is a pipe");
        let mut errors = child.stderr.take().expect("the errors are a pipe");
        // A child that died before it read the line is noticed below.
        let _ = serde_json::to_writer(&mut input, task);
        drop(input);
        let (send, answers) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(output).read_line(&mut line);
            // Nobody waits any more when it took too long.
            let _ = send.send(read.map(|_| line));
        });
        let said = std::thread::spawn(move || {
            let mut text = String::new();
            // What is no text is of no use.
            let _ = errors.read_to_string(&mut text);
            text
        });
        match answers.recv_timeout(self.limit) {
            Ok(line) => match serde_json::from_str(&line?) {
                Ok(answer) => {
                    child.wait()?;
                    Ok(Ended::Answered(answer))
                }
                Err(_) => {
                    let status = child.wait()?;
                    let said = said.join().unwrap_or_default();
                    Ok(Ended::Died(how(status, &said)))
                }
            },
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                // It may have ended by itself just now.
                let _ = child.kill();
                child.wait()?;
                Ok(Ended::Died(TIMEOUT.into()))
            }
        }
    }
}

/// The answer with the name of the function.
fn named(mut answer: Answer, regression: &Regression) -> Answer {
    if let Answer::Found(finding) = &mut answer {
        wasm::name_function(&regression.wasm, finding);
    }
    answer
}

/// How a process ended: where it panicked, its signal, or its code.
fn how(status: ExitStatus, said: &str) -> String {
    let panicked = said.lines().find_map(|line| {
        let (_, place) = line.split_once("panicked at ")?;
        Some(format!("panic at {}", place.trim_end_matches(':')))
    });
    match (status.signal(), status.code()) {
        (_, Some(101)) if panicked.is_some() => panicked.unwrap_or_default(),
        (Some(signal), _) => format!("signal {signal}"),
        (None, Some(code)) => format!("exit code {code}"),
        (None, None) => "unknown".into(),
    }
}
