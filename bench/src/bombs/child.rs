//! One bomb of one size on one engine, in a process of its own.
//!
//! The parent starts this program again with the hidden command `bomb-child`, watches its resident
//! memory and its time, and reads one line of JSON. The child makes the modules first, has the
//! kernel forget the peak that took, and compiles on a thread with a small stack, so that a
//! compiler that recurses over its input does not survive.

use std::fs;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{BOMBS, Bomb, Options};
use crate::clock::{Clock, median, nanoseconds};
use crate::engine::{Cause, Chunks, Engine};
use crate::processor::OneProcessor;
use crate::real;

/// The command that the parent starts its children with.
pub const COMMAND: &str = "bomb-child";

/// What a child may use before it is ended.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Wall time.
    pub time: Duration,
    /// Resident memory.
    pub megabytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(60),
            megabytes: 6144,
        }
    }
}

/// How a compilation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// All modules compiled.
    Compiled,
    /// A module was refused with an error.
    Refused,
    /// The process died.
    Crashed,
    /// It was ended after its time.
    TimedOut,
    /// It was ended with too much memory.
    OutOfMemory,
}

/// What a child tells its parent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measurement {
    /// How it ended.
    pub verdict: Verdict,
    /// The error of the first refused module.
    pub refusal: Option<String>,
    /// How long compiling took.
    pub nanoseconds: f64,
    /// Peak of resident memory above what there was before, in kilobytes.
    pub peak_kb: u64,
    /// Bytes of input.
    pub input_bytes: usize,
    /// Bytes of machine code, where the engine tells.
    pub code_size: Option<usize>,
}

impl Measurement {
    /// Itself, if everything compiled.
    #[must_use]
    pub fn compiled(&self) -> Option<&Self> {
        (self.verdict == Verdict::Compiled).then_some(self)
    }

    /// Whether the child has come to its end by itself.
    fn has_ended(&self) -> bool {
        matches!(self.verdict, Verdict::Compiled | Verdict::Refused)
    }

    /// Its peak of memory relative to four times the code that it has made and 16 MiB.
    pub(super) fn of_bound(&self) -> Option<f64> {
        let bound = 4 * self.code_size? + (16 << 20);
        Some(1024.0 * self.peak_kb as f64 / bound as f64)
    }

    fn ended(verdict: Verdict, after: Duration) -> Self {
        let nanoseconds = nanoseconds(after);
        Self {
            verdict,
            refusal: None,
            nanoseconds,
            peak_kb: 0,
            input_bytes: 0,
            code_size: None,
        }
    }
}

/// What each size took in each round.
pub(super) type Rounds = [Vec<Measurement>; 3];

/// What each of the `sizes` takes, round by round. If that is not `enough`, there are three times as
/// many rounds, all of which count.
///
/// In a round each size is compiled as often as makes up the work of the largest, and the mean
/// counts. So a machine whose speed changes within tenths of a second slows each size down by as
/// much, which it would not if the smaller ones fitted between two changes.
pub(super) fn measure(
    bomb: &Bomb,
    sizes: [u32; 3],
    engine: &str,
    options: &Options,
    enough: impl Fn(&Rounds) -> bool,
) -> Result<Rounds, Cause> {
    let wanted = options.rounds.max(1);
    let mut rounds = Rounds::default();
    for round in 0..3 * wanted {
        if round == wanted && enough(&rounds) {
            break;
        }
        let _here = OneProcessor::here();
        for (&size, rounds) in sizes.iter().zip(&mut rounds) {
            if rounds.iter().all(Measurement::has_ended) {
                let times = (sizes[2] / size).clamp(1, 4);
                let children = (0..times).map(|_| once(bomb.name, size, engine, options));
                rounds.extend(summary(children.collect::<Result<_, _>>()?, mean));
            }
        }
    }
    Ok(rounds)
}

/// What the rounds of each size come to: of time the median, of memory the least.
pub(super) fn medians(rounds: &Rounds) -> Vec<Measurement> {
    let median = |times: &[f64]| median(times).unwrap_or_default();
    let rounds = rounds.iter().cloned();
    rounds
        .filter_map(|of_size| summary(of_size, median))
        .collect()
}

/// One for many: the worst of them if one has not ended by itself, otherwise what `time` makes of
/// their times, and the least memory.
fn summary(all: Vec<Measurement>, time: impl Fn(&[f64]) -> f64) -> Option<Measurement> {
    let times: Vec<f64> = all.iter().map(|one| one.nanoseconds).collect();
    let least = all.iter().map(|one| one.peak_kb).min()?;
    let bad = all.iter().position(|one| !one.has_ended());
    let one = all.into_iter().nth(bad.unwrap_or(0))?;
    Some(match bad {
        Some(_) => one,
        None => Measurement {
            nanoseconds: time(&times),
            peak_kb: least,
            ..one
        },
    })
}

fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len() as f64
}

/// A child's measurement of a bomb or a real module.
pub(super) fn once(
    name: &str,
    size: u32,
    engine: &str,
    options: &Options,
) -> Result<Measurement, Cause> {
    let clock = match options.clock {
        Clock::Cpu => "cpu",
        Clock::Wall => "wall",
    };
    let mut child = Command::new(std::env::current_exe()?)
        .args([COMMAND, name, &size.to_string(), engine, "--clock", clock])
        // Otherwise making the module raises glibc's threshold for mappings; below it, lists that
        // grow leave holes behind.
        .env("MALLOC_MMAP_THRESHOLD_", "131072")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let start = Instant::now();
    if let Some(verdict) = watch(&mut child, options.limits)? {
        return Ok(Measurement::ended(verdict, start.elapsed()));
    }
    let mut answer = String::new();
    if let Some(mut output) = child.stdout.take() {
        output.read_to_string(&mut answer)?;
    }
    Ok(serde_json::from_str(&answer)
        .unwrap_or_else(|_| Measurement::ended(Verdict::Crashed, start.elapsed())))
}

/// Waits for a child; a verdict if it had to be ended. Its one line fits into the pipe.
fn watch(child: &mut Child, limits: Limits) -> io::Result<Option<Verdict>> {
    let start = Instant::now();
    loop {
        if child.try_wait()?.is_some() {
            return Ok(None);
        }
        let resident = status_kb(&format!("/proc/{}/status", child.id()), "VmRSS:").unwrap_or(0);
        let verdict = if start.elapsed() > limits.time {
            Verdict::TimedOut
        } else if resident > limits.megabytes << 10 {
            Verdict::OutOfMemory
        } else {
            thread::sleep(Duration::from_millis(2));
            continue;
        };
        child.kill()?;
        child.wait()?;
        return Ok(Some(verdict));
    }
}

/// The stack of the thread that compiles: ours need little; peers that recurse get enough to be
/// compared with.
fn stack_size(engine: &str) -> usize {
    if engine.starts_with("ours") {
        256 << 10
    } else {
        64 << 20
    }
}

/// What the child does: the line that it prints. What is not the name of a bomb is that of a real
/// module.
pub fn answer(name: &str, size: u32, engine: &str, clock: Clock) -> Result<String, Cause> {
    let modules = match BOMBS.iter().find(|bomb| bomb.name == name) {
        Some(bomb) => (bomb.build)(size),
        None => vec![real::load_one(name)?.wasm],
    };
    let name = engine.to_owned();
    let work = move || -> Result<Measurement, Cause> {
        let engines = super::engines(&[name])?;
        let engine = engines.first().ok_or("no such engine")?;
        compile_all(engine.as_ref(), &modules, clock)
    };
    let worker = thread::Builder::new()
        .stack_size(stack_size(engine))
        .spawn(work)?;
    let measurement = worker.join().map_err(|_| "the compiler panicked")??;
    Ok(serde_json::to_string(&measurement)?)
}

fn compile_all(
    engine: &dyn Engine,
    modules: &[Vec<u8>],
    clock: Clock,
) -> Result<Measurement, Cause> {
    // "5" makes the kernel start counting the peak anew.
    fs::write("/proc/self/clear_refs", "5")?;
    let before = status_kb("/proc/self/status", "VmRSS:").unwrap_or(0);
    let (results, taken) = clock.time(|| {
        modules
            .iter()
            .map(|wasm| engine.compile_stream(Chunks::of(wasm)))
            .collect::<Vec<_>>()
    });
    let peak = status_kb("/proc/self/status", "VmHWM:").unwrap_or(0);
    // A set of claims counts as refused only if all of them are.
    let refused = results.iter().filter(|result| result.is_err()).count();
    let refusal = results
        .iter()
        .find_map(|result| result.as_ref().err())
        .map(ToString::to_string);
    Ok(Measurement {
        verdict: if refused == modules.len() {
            Verdict::Refused
        } else {
            Verdict::Compiled
        },
        refusal,
        nanoseconds: nanoseconds(taken),
        peak_kb: peak.saturating_sub(before),
        input_bytes: modules.iter().map(Vec::len).sum(),
        code_size: results
            .iter()
            .flatten()
            .find_map(|compiled| compiled.code_size()),
    })
}

/// A figure of a process's status, in kilobytes.
pub fn status_kb(path: &str, field: &str) -> Option<u64> {
    let status = fs::read_to_string(path).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
