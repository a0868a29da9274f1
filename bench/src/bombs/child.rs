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
use crate::clock::{Clock, nanoseconds};
use crate::engine::{Cause, Engine};
use crate::engines;

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

/// The smallest figures of a few children per size. The sizes take turns, so that a machine that
/// slows down for a while does not look like growth.
pub(super) fn best(
    bomb: &Bomb,
    sizes: &[u32],
    engine: &str,
    options: &Options,
) -> Result<Vec<Measurement>, Cause> {
    let mut best = Vec::new();
    for size in sizes {
        best.push(once(bomb, *size, engine, options)?);
    }
    for _ in 1..options.repeats {
        for (size, best) in sizes.iter().zip(&mut best) {
            if matches!(best.verdict, Verdict::Compiled | Verdict::Refused) {
                let next = once(bomb, *size, engine, options)?;
                best.nanoseconds = best.nanoseconds.min(next.nanoseconds);
                best.peak_kb = best.peak_kb.min(next.peak_kb);
            }
        }
    }
    Ok(best)
}

fn once(bomb: &Bomb, size: u32, engine: &str, options: &Options) -> Result<Measurement, Cause> {
    let clock = match options.clock {
        Clock::Cpu => "cpu",
        Clock::Wall => "wall",
    };
    let mut child = Command::new(std::env::current_exe()?)
        .args([
            COMMAND,
            bomb.name,
            &size.to_string(),
            engine,
            "--clock",
            clock,
        ])
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

/// What the child does: the line that it prints.
pub fn answer(bomb: &str, size: u32, engine: &str, clock: Clock) -> Result<String, Cause> {
    let bomb = BOMBS
        .iter()
        .find(|known| known.name == bomb)
        .ok_or("no such bomb")?;
    let modules = (bomb.build)(size);
    let name = engine.to_owned();
    let work = move || -> Result<Measurement, Cause> {
        let engines = engines::named(&[name])?;
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
            .map(|wasm| engine.compile(wasm))
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
