//! Looking for a planted bug with the program that it is planted in.
//!
//! Everything runs in child processes, which the bug may crash or hang. The campaign notes
//! each input before it runs; so that of a process that dies is known.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use microwasm::input::{Consumer, Form, FunctionBody, InputError, translate};
use microwasm::wasm::Limits;
use microwasm::{Op, Sink};
use microwasm_oracle::regression::Regression;
use serde_json::Value;

use crate::patch::Patch;
use crate::{DrillError, io};

/// How much may be spent.
pub struct Budget {
    /// Seeds to search with.
    pub seeds: u64,
    /// Processor time for each.
    pub search: Duration,
    /// Time for reducing a finding; `None` not to localize and reduce at all.
    pub reduce: Option<Duration>,
}

/// What came of a search.
#[derive(Clone, Debug)]
pub struct Search {
    /// The target that found it, if it was found.
    pub target: Option<String>,
    /// Inputs run.
    pub executions: Option<u64>,
    /// Processor time until then.
    pub cpu: Duration,
}

/// What came of the hunt.
#[derive(Clone, Debug, Default)]
pub struct Hunt {
    /// By seed.
    pub searches: Vec<Search>,
    /// What localization said: stage and operator.
    pub localized: Option<Localized>,
    /// Operators of the smallest module.
    pub operators: Option<usize>,
}

/// What localization said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Localized {
    pub stage: String,
    pub op: String,
}

/// Hunts for the bug in `program`.
pub fn hunt(
    program: &Path,
    patch: &Patch,
    budget: &Budget,
    dir: &Path,
) -> Result<Hunt, DrillError> {
    let mut hunt = Hunt::default();
    let mut artifact = None;
    for seed in 0..budget.seeds {
        let journal = dir.join(format!("{}-{seed}.journal", patch.name));
        let search = search(program, seed, budget.search, &journal)?;
        if search.target.is_some() && artifact.is_none() {
            let entry = Entry::read(&journal)?;
            artifact = Some((entry.target, entry.input));
        }
        let found = search.target.is_some();
        hunt.searches.push(search);
        if !found {
            break;
        }
    }
    let (Some((target, artifact)), Some(time)) = (artifact, budget.reduce) else {
        return Ok(hunt);
    };
    if target == "cache" || target == "roundtrip" {
        // These judge one part alone, and execute nothing.
        hunt.localized = Some(Localized {
            stage: target.clone(),
            op: target,
        });
        return Ok(hunt);
    }
    hunt.localized = localize(program, &target, &artifact)?;
    let small = artifact.with_extension("min.wat");
    hunt.operators = minimize(program, &target, &artifact, &small, time)?;
    // What cannot be told of the input as it was found may be told of what is left of it.
    let is_operator = |found: &Localized| found.op != "-";
    if !hunt.localized.as_ref().is_some_and(is_operator) && hunt.operators.is_some() {
        let found = localize(program, &target, &small)?;
        hunt.localized = found.filter(is_operator).or(hunt.localized);
    }
    Ok(hunt)
}

/// Runs the campaign until it finds something.
fn search(
    program: &Path,
    seed: u64,
    limit: Duration,
    journal: &Path,
) -> Result<Search, DrillError> {
    let mut command = Command::new(program);
    command
        .args(["campaign", "--target", "all", "--json", "--findings", "1"])
        .args(["--inputs", "1000000000", "--seed", &seed.to_string()])
        .arg("--journal")
        .arg(journal);
    // That of an earlier drill is not to be taken for this one's.
    if journal.exists() {
        fs::remove_file(journal).map_err(io(journal))?;
    }
    let before = children_time();
    let ended = run(&mut command, Limit::Processor(limit))?;
    let cpu = children_time().saturating_sub(before);
    let json: Option<Value> = serde_json::from_slice(&ended.stdout).ok();
    let found = match ended.status {
        // An input that hangs has found something, too.
        _ if ended.stopped => journal_is_old(journal),
        Some(0) => false,
        // What is wrong then is not the compiler.
        Some(2) => {
            return Err(DrillError::Campaign {
                program: program.to_owned(),
            });
        }
        Some(1) => json.as_ref().is_some_and(|json| json["diverged"] != 0),
        _ => true,
    };
    let entry = found.then(|| Entry::read(journal)).transpose()?;
    let inputs = json.as_ref().and_then(|json| json["inputs"].as_u64());
    Ok(Search {
        executions: inputs.or(entry.as_ref().map(|entry| entry.number + 1)),
        target: entry.map(|entry| entry.target),
        cpu,
    })
}

/// Whether the last input was begun so long ago that it hangs.
fn journal_is_old(journal: &Path) -> bool {
    let modified = fs::metadata(journal).and_then(|meta| meta.modified());
    modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > Duration::from_secs(10)))
}

/// What a campaign has noted of its last input.
struct Entry {
    target: String,
    number: u64,
    /// A file with the input.
    input: PathBuf,
}

impl Entry {
    fn read(journal: &Path) -> Result<Entry, DrillError> {
        let bytes = fs::read(journal).map_err(io(journal))?;
        let entry = Entry::parse(&bytes).ok_or_else(|| DrillError::Journal(journal.to_owned()))?;
        let (target, number, bytes) = entry;
        let input = journal.with_extension("input");
        fs::write(&input, bytes).map_err(io(&input))?;
        Ok(Entry {
            target: target.to_owned(),
            number,
            input,
        })
    }

    fn parse(bytes: &[u8]) -> Option<(&str, u64, &[u8])> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let (target, number) = head.split_once(' ')?;
        Some((target, number.parse().ok()?, &bytes[end + 1..]))
    }
}

fn localize(
    program: &Path,
    target: &str,
    artifact: &Path,
) -> Result<Option<Localized>, DrillError> {
    let mut command = Command::new(program);
    command
        .args(["localize", "--json", "--target", target])
        .arg(artifact);
    let ended = run(&mut command, Limit::Wall(Duration::from_secs(150)))?;
    let json: Value = serde_json::from_slice(&ended.stdout).unwrap_or(Value::Null);
    // stage/operator/operands/symptom
    let Some(key) = json["finding"]["key"].as_str() else {
        return Ok(None);
    };
    let mut parts = key.split('/').map(str::to_owned);
    Ok(parts
        .next()
        .zip(parts.next())
        .map(|(stage, op)| Localized { stage, op }))
}

/// Operators of the smallest module that fails alike.
fn minimize(
    program: &Path,
    target: &str,
    artifact: &Path,
    output: &Path,
    time: Duration,
) -> Result<Option<usize>, DrillError> {
    let _ = fs::remove_file(output);
    let mut command = Command::new(program);
    command
        .args(["minimize", "--target", target, "--time"])
        .arg(time.as_secs().to_string())
        .arg("-o")
        .arg(output)
        .arg(artifact);
    run(&mut command, Limit::Wall(time + Duration::from_secs(60)))?;
    let Ok(text) = fs::read_to_string(output) else {
        return Ok(None);
    };
    let regression: Option<Regression> = Regression::parse(&text).ok();
    Ok(regression.and_then(|regression| operators(&regression.wasm)))
}

/// Operators in the functions of a module; `end`s, declarations and labels are not counted.
fn operators(wasm: &[u8]) -> Option<usize> {
    if Form::of(wasm) != Form::Wasm {
        let mut count = Count(0);
        translate(wasm, Limits::default(), &mut count).ok()?;
        return Some(count.0);
    }
    let mut count = 0;
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        if let wasmparser::Payload::CodeSectionEntry(body) = payload.ok()? {
            for op in body.get_operators_reader().ok()? {
                count += usize::from(!matches!(op.ok()?, wasmparser::Operator::End));
            }
        }
    }
    Some(count)
}

/// Counts operators of Microwasm.
struct Count(usize);

impl Sink for Count {
    fn op(&mut self, op: Op<'_>) {
        self.0 += usize::from(!matches!(op, Op::Declare(..) | Op::Label(_)));
    }
}

impl Consumer for Count {
    type Error = InputError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), InputError> {
        body.translate(self)
    }
}

/// How long a program may run.
#[derive(Clone, Copy)]
enum Limit {
    Wall(Duration),
    Processor(Duration),
}

/// How a program ended.
struct Ended {
    /// Its exit code; `None` if it was killed.
    status: Option<i32>,
    /// Whether it has reached its limit.
    stopped: bool,
    stdout: Vec<u8>,
}

/// Runs a program, for so long.
fn run(command: &mut Command, limit: Limit) -> Result<Ended, DrillError> {
    let failed = |source, command: &Command| DrillError::Run {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    };
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|source| failed(source, command))?;
    let reader = child.stdout.take().map(|mut pipe| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = std::io::Read::read_to_end(&mut pipe, &mut bytes);
            bytes
        })
    });
    let start = Instant::now();
    let (status, stopped) = loop {
        let status = child.try_wait().map_err(|source| failed(source, command))?;
        if let Some(status) = status {
            break (status.code(), false);
        }
        let over = match limit {
            Limit::Wall(limit) => start.elapsed() >= limit,
            Limit::Processor(limit) => processor_time(&child.id().to_string(), 11) >= limit,
        };
        if over {
            let killed = child.kill().and_then(|()| child.wait());
            killed.map_err(|source| failed(source, command))?;
            break (None, true);
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let stdout = reader.and_then(|reader| reader.join().ok());
    Ok(Ended {
        status,
        stopped,
        stdout: stdout.unwrap_or_default(),
    })
}

/// Processor time of the children that have ended.
fn children_time() -> Duration {
    processor_time("self", 13)
}

/// Two fields of a process's times, added up (proc(5), `stat`, where the first counted here is the third).
fn processor_time(process: &str, field: usize) -> Duration {
    /// What Linux counts in, whatever its own clock (`USER_HZ`).
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u32 = fields
        .split_whitespace()
        .skip(field)
        .take(2)
        .filter_map(|field| field.parse::<u32>().ok())
        .sum();
    TICK * ticks
}
