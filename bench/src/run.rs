//! `run`: the kernels on every engine and as native code.
//!
//! Every round runs each kernel once per engine, in an instance made before the clock starts, so
//! that drift of the machine hits all alike. A kernel whose checksums differ is an error.

use thiserror::Error;

use crate::clock::{Clock, geometric_mean, median, median_ratio, nanoseconds};
use crate::engine::{Cause, Engine, Running};
use crate::engines::OURS;
use crate::kernels::{KERNELS, Kernel};
use crate::native::Native;
use crate::processor::OneProcessor;
use crate::table::{Cell, Table};

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many rounds.
    pub rounds: usize,
    /// Which clock.
    pub clock: Clock,
    /// Kernels by name; all if none.
    pub kernels: Vec<String>,
}

/// A checksum that is not the first one's.
#[derive(Debug, Error)]
#[error("{kernel}: {engine} computes {found:#x}, {reference} {expected:#x}")]
pub struct WrongChecksum {
    kernel: &'static str,
    engine: &'static str,
    found: i64,
    reference: &'static str,
    expected: i64,
}

const NATIVE: &str = "native";

/// Somebody who runs a kernel.
enum Runner {
    Native(Native),
    Instance(Box<dyn Running>),
}

/// The times of one kernel, in nanoseconds, round by round, per name of a contestant.
struct Row {
    kernel: &'static str,
    times: Vec<(&'static str, Vec<f64>)>,
}

impl Row {
    fn of(&self, name: &str) -> Option<&[f64]> {
        let (_, times) = self.times.iter().find(|(of, _)| *of == name)?;
        Some(times)
    }

    fn median(&self, name: &str) -> Option<f64> {
        median(self.of(name)?)
    }

    fn ratio(&self, of: &str, to: &str) -> Option<f64> {
        median_ratio(self.of(of)?, self.of(to)?)
    }
}

/// Runs them and tabulates.
pub fn measure(engines: &[Box<dyn Engine>], options: &Options) -> Result<Vec<Table>, Cause> {
    let chosen = KERNELS.iter().filter(|kernel| {
        options.kernels.is_empty() || options.kernels.iter().any(|name| name == kernel.name)
    });
    let rows = chosen
        .map(|kernel| measure_kernel(kernel, engines, options))
        .collect::<Result<Vec<Row>, Cause>>()?;
    Ok(tabulate(&rows, engines))
}

fn measure_kernel(
    kernel: &Kernel,
    engines: &[Box<dyn Engine>],
    options: &Options,
) -> Result<Row, Cause> {
    let wasm = wat::parse_str(kernel.text)?;
    let mut runners = Vec::new();
    if let Some(native) = Native::start(kernel.name)? {
        runners.push((NATIVE, Runner::Native(native), Vec::new()));
    }
    for engine in engines {
        let instance = engine.compile(&wasm)?.instantiate()?;
        runners.push((engine.name(), Runner::Instance(instance), Vec::new()));
    }
    let mut expected: Option<(&'static str, i64)> = None;
    for _ in 0..options.rounds {
        let here = OneProcessor::here();
        for (name, runner, samples) in &mut runners {
            let (checksum, taken) = match runner {
                Runner::Native(native) => native.run(kernel.scale, options.clock, &here)?,
                Runner::Instance(instance) => {
                    let (checksum, taken) = options.clock.time(|| instance.run(kernel.scale));
                    (checksum?, taken)
                }
            };
            let (reference, expected) = *expected.get_or_insert((*name, checksum));
            if checksum != expected {
                return Err(Box::new(WrongChecksum {
                    kernel: kernel.name,
                    engine: name,
                    found: checksum,
                    reference,
                    expected,
                }));
            }
            samples.push(nanoseconds(taken));
        }
    }
    let times = runners
        .into_iter()
        .map(|(name, _, samples)| (name, samples))
        .collect();
    Ok(Row {
        kernel: kernel.name,
        times,
    })
}

/// The times, and what they come to beside each other.
fn tabulate(rows: &[Row], engines: &[Box<dyn Engine>]) -> Vec<Table> {
    let native = rows.iter().any(|row| row.of(NATIVE).is_some());
    let names: Vec<&str> = native
        .then_some(NATIVE)
        .into_iter()
        .chain(engines.iter().map(|engine| engine.name()))
        .collect();
    let mut times = Table::new(
        "Run time of the kernels in milliseconds, median over the rounds",
        ["kernel"].iter().chain(&names).copied(),
    );
    for row in rows {
        let cells = names
            .iter()
            .map(|name| Cell::maybe(row.median(name).map(|time| time / 1e6), 2));
        times.row([Cell::text(row.kernel)].into_iter().chain(cells));
    }
    if !native {
        times.note("No native programs: build them with `bench/kernels/build native`.");
    }
    vec![times, tabulate_ratios(rows, &names)]
}

fn tabulate_ratios(rows: &[Row], names: &[&str]) -> Table {
    let pairs = ratio_columns(names);
    let heads = ["kernel".to_owned()]
        .into_iter()
        .chain(pairs.iter().map(|(of, to)| quotient(of, to)));
    let mut table = Table::new("As ratios within a round, median over the rounds", heads);
    for row in rows {
        let cells = pairs
            .iter()
            .map(|(of, to)| Cell::maybe(row.ratio(of, to), 2));
        table.row([Cell::text(row.kernel)].into_iter().chain(cells));
    }
    let mean =
        |(of, to): &(&str, &str)| geometric_mean(rows.iter().filter_map(|row| row.ratio(of, to)));
    let means = pairs.iter().map(|pair| Cell::maybe(mean(pair), 3));
    table.row([Cell::text("geometric mean")].into_iter().chain(means));
    table
}

/// Every engine to native code, and ours to each peer that compiles.
fn ratio_columns<'a>(names: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let there = |name: &str| names.iter().find(|known| **known == name).copied();
    let to_native = there(NATIVE).into_iter().flat_map(|native| {
        names
            .iter()
            .filter(|name| **name != NATIVE)
            .map(move |name| (*name, native))
    });
    let to_peers = there(OURS).into_iter().flat_map(|ours| {
        ["Winch", "Cranelift", "Singlepass"]
            .into_iter()
            .filter_map(there)
            .map(move |peer| (ours, peer))
    });
    to_native.chain(to_peers).collect()
}

fn quotient(of: &str, to: &str) -> String {
    format!("{of} ÷ {to}")
}

/// The head of the column that compares an engine with native code.
#[must_use]
pub fn to_native(engine: &str) -> String {
    quotient(engine, NATIVE)
}
