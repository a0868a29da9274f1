//! `mutations`: damaged real modules, of which an engine may refuse or accept every one, and no more.
//!
//! Each case is a module with a few bits flipped or its end cut off, made from a case number alone.
//! Small modules are drawn more often. The cases run in child processes, in chunks: a panic is caught and counted, a crash costs the parent one case,
//! whose number it prints, and the peak of memory is read after every chunk.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::panic::{self, AssertUnwindSafe};
use std::process::{Command, Stdio};
use std::thread;

use serde::{Deserialize, Serialize};

use crate::bombs::child::status_kb;
use crate::engine::{Cause, Engine};
use crate::real::{self, RealModule};
use crate::smith::Random;
use crate::table::{Cell, Table};

/// The command that the parent starts its children with.
pub const COMMAND: &str = "mutations-child";

/// What to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many cases.
    pub count: u64,
    /// The number of the first.
    pub first: u64,
    /// The engine to feed them to.
    pub engine: String,
    /// Modules larger than this are left alone.
    pub largest: usize,
    /// How many children at a time.
    pub jobs: u64,
}

/// How many cases a child does between two lines.
const CHUNK: u64 = 500;

/// How the cases of a chunk ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Tally {
    first: u64,
    count: u64,
    accepted: u64,
    truncations: u64,
    refused: BTreeMap<String, u64>,
    panicked: Vec<u64>,
    peak_kb: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.accepted += other.accepted;
        self.truncations += other.truncations;
        for (kind, count) in other.refused {
            *self.refused.entry(kind).or_default() += count;
        }
        self.panicked.extend(other.panicked);
        self.peak_kb = self.peak_kb.max(other.peak_kb);
    }
}

/// Runs the cases in children and tabulates; also whether an engine misbehaved.
pub fn measure(options: &Options) -> Result<(Table, bool), Cause> {
    let (mut total, mut crashed) = (Tally::default(), Vec::new());
    let end = options.first + options.count;
    let share = options.count.div_ceil(options.jobs.max(1)).max(1);
    let starts: Vec<u64> = (options.first..end)
        .step_by(usize::try_from(share)?)
        .collect();
    let parts = thread::scope(|scope| {
        let start =
            |first: u64| scope.spawn(move || run_range(first, (first + share).min(end), options));
        let workers: Vec<_> = starts.into_iter().map(start).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| "a worker panicked"))
            .collect::<Vec<_>>()
    });
    for part in parts {
        let (tally, dead) = part??;
        total.add(tally);
        crashed.extend(dead);
    }
    let misbehaved = !crashed.is_empty() || !total.panicked.is_empty();
    Ok((tabulate(&options.engine, &total, &crashed), misbehaved))
}

/// Runs a range of cases in one child after the other; also which cases crashed one.
fn run_range(first: u64, end: u64, options: &Options) -> Result<(Tally, Vec<u64>), Cause> {
    let (mut total, mut crashed) = (Tally::default(), Vec::new());
    let mut next = first;
    while next < end {
        next = in_child(next, end, options, &mut total)?;
        // If the child died, the case is one of those between its last line and the next: they
        // are tried one by one.
        let chunk_end = (next + CHUNK).min(end);
        while next < chunk_end {
            if in_child(next, next + 1, options, &mut total)? == next {
                crashed.push(next);
            }
            next += 1;
        }
    }
    Ok((total, crashed))
}

/// Runs cases in a child; the number of the first that it did not get to the end of.
fn in_child(first: u64, end: u64, options: &Options, total: &mut Tally) -> Result<u64, Cause> {
    let arguments = [
        COMMAND.to_owned(),
        first.to_string(),
        end.to_string(),
        options.engine.clone(),
        options.largest.to_string(),
    ];
    let mut child = Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut next = first;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let Ok(tally) = serde_json::from_str::<Tally>(&line?) else {
                break;
            };
            next = tally.first + tally.count;
            total.add(tally);
        }
    }
    child.wait()?;
    Ok(next)
}

/// What a child does: hands each line to `print` as soon as a chunk is done.
pub fn run_cases(
    first: u64,
    end: u64,
    engine: &dyn Engine,
    largest: usize,
    mut print: impl FnMut(&str),
) -> Result<(), Cause> {
    panic::set_hook(Box::new(|_| {}));
    let modules = load(largest)?;
    let weights = Weights::of(&modules);
    let mut number = first;
    while number < end {
        let mut tally = Tally {
            first: number,
            ..Tally::default()
        };
        while number < end && tally.count < CHUNK {
            run_case(number, &modules, &weights, engine, &mut tally);
            tally.count += 1;
            number += 1;
        }
        tally.peak_kb = status_kb("/proc/self/status", "VmHWM:").unwrap_or(0);
        print(&serde_json::to_string(&tally)?);
    }
    Ok(())
}

/// The damaged module of a case, to look into it.
pub fn module(number: u64, largest: usize) -> Result<Vec<u8>, Cause> {
    let modules = load(largest)?;
    Ok(case(number, &modules, &Weights::of(&modules), &mut 0))
}

fn load(largest: usize) -> Result<Vec<RealModule>, Cause> {
    let modules: Vec<RealModule> = real::load()?
        .into_iter()
        .filter(|module| module.wasm.len() <= largest)
        .collect();
    if modules.is_empty() {
        return Err("no module is that small".into());
    }
    Ok(modules)
}

fn case(number: u64, modules: &[RealModule], weights: &Weights, truncations: &mut u64) -> Vec<u8> {
    let mut random = Random::new(number);
    mutate(
        &modules[weights.draw(&mut random)].wasm,
        &mut random,
        truncations,
    )
}

fn run_case(
    number: u64,
    modules: &[RealModule],
    weights: &Weights,
    engine: &dyn Engine,
    tally: &mut Tally,
) {
    let wasm = case(number, modules, weights, &mut tally.truncations);
    match panic::catch_unwind(AssertUnwindSafe(|| engine.compile(&wasm).map(drop))) {
        Ok(Ok(())) => tally.accepted += 1,
        Ok(Err(error)) => *tally.refused.entry(kind(&error.to_string())).or_default() += 1,
        Err(_) => tally.panicked.push(number),
    }
}

/// One case in eight is cut off; the others have one to four bits flipped.
fn mutate(wasm: &[u8], random: &mut Random, truncations: &mut u64) -> Vec<u8> {
    if random.below(8) == 0 {
        *truncations += 1;
        return wasm[..random.below(wasm.len())].to_vec();
    }
    let mut mutated = wasm.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(mutated.len());
        mutated[at] ^= 1 << random.below(8);
    }
    mutated
}

/// An error without what differs from case to case: its words up to the first number or name.
fn kind(error: &str) -> String {
    let is_detail =
        |letter: char| letter.is_ascii_digit() || matches!(letter, '`' | '\'' | '"' | '(' | '\n');
    let mut kind = error
        .split(is_detail)
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_owned();
    kind.truncate(kind.floor_char_boundary(60));
    kind
}

/// Draws a module with a probability that falls with the square of its size: all but a few cases
/// go to small modules, in which a flipped bit is as likely to matter.
struct Weights {
    cumulative: Vec<u64>,
}

impl Weights {
    fn of(modules: &[RealModule]) -> Self {
        let mut sum = 0;
        let cumulative = modules
            .iter()
            .map(|module| {
                sum += (1 << 50) / (module.wasm.len().max(1) as u64).pow(2);
                sum
            })
            .collect();
        Self { cumulative }
    }

    fn draw(&self, random: &mut Random) -> usize {
        let sum = self.cumulative.last().copied().unwrap_or(0).max(1);
        let point = random.below(sum as usize) as u64;
        self.cumulative.partition_point(|end| *end <= point)
    }
}

fn tabulate(engine: &str, total: &Tally, crashed: &[u64]) -> Table {
    let mut table = Table::new(
        format!(
            "{} damaged modules on {engine}",
            total.count + crashed.len() as u64
        ),
        ["outcome", "cases"],
    );
    let refused: u64 = total.refused.values().sum();
    for (outcome, count) in [
        ("accepted", total.accepted),
        ("refused with an error", refused),
        ("panicked", total.panicked.len() as u64),
        ("crashed", crashed.len() as u64),
    ] {
        table.row([Cell::text(outcome), Cell::number(count as f64, 0)]);
    }
    for (kind, count) in &total.refused {
        table.row([
            Cell::text(format!("  {kind}")),
            Cell::number(*count as f64, 0),
        ]);
    }
    table.note(format!(
        "{} truncations, the others bit flips; {} kinds of error; peak memory {} MB.",
        total.truncations,
        total.refused.len(),
        total.peak_kb / 1024
    ));
    if !total.panicked.is_empty() || !crashed.is_empty() {
        table.note(format!(
            "Numbers of the cases that panicked: {:?}; that crashed: {crashed:?}.",
            total.panicked
        ));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_a_kind_count_together() {
        assert_eq!(
            kind("bad thing 12 (at offset 0x3f)\nmore"),
            kind("bad thing 7 (at offset 0x4f)")
        );
    }

    #[test]
    fn mutations_are_reproducible_and_small() {
        let wasm: Vec<u8> = (0..=255).collect();
        for number in 0..200 {
            let (mut first, mut second) = (0, 0);
            let mutated = mutate(&wasm, &mut Random::new(number), &mut first);
            assert_eq!(
                mutated,
                mutate(&wasm, &mut Random::new(number), &mut second)
            );
            let flipped: u32 = mutated
                .iter()
                .zip(&wasm)
                .map(|(new, old)| (new ^ old).count_ones())
                .sum();
            assert!(flipped <= 4, "{flipped}");
            assert_eq!(mutated.len() < wasm.len(), first == 1);
        }
    }
}
