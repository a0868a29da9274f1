//! `executions`: what an input of a fuzz target costs, and what it would cost with Cranelift.
//!
//! The suite measures that itself: `microwasm executions` is the program that runs campaigns, with
//! the allocator and the build of wasmi that campaigns have, while every other table here is made
//! with the C library's allocator and a wasmi at its best. So this crate does not depend on
//! `microwasm-oracle`. It runs that program, which is expected beside its own, and tabulates.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

use crate::clock::{Clock, nanoseconds};
use crate::engine::Cause;
use crate::smith::Generator;
use crate::table::{Cell, Table};

/// How many inputs of each target, if nobody says.
pub const INPUTS: u64 = 20_000;

/// How many in `all`.
pub const FEW: u64 = 2000;

/// How many modules wasm-smith makes before the inputs are run, and again after.
const MODULES: u64 = 1000;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many inputs of each target, besides those to warm up.
    pub inputs: u64,
    /// The seed of the inputs.
    pub seed: u64,
    /// Targets, by name; all if none is given.
    pub targets: Vec<String>,
}

/// What came of it.
pub struct Measured {
    /// Of targets, and of engines if the program was built with peers.
    pub tables: Vec<Table>,
    /// In how many cases engines differed; the program has said on standard error in which.
    pub findings: u64,
}

/// Why there are no figures.
#[derive(Debug, Error)]
enum NotMeasured {
    #[error("`microwasm executions` ended with {0}")]
    Ended(std::process::ExitStatus),
}

/// What the program prints.
#[derive(Debug, Deserialize)]
struct Answer {
    targets: Vec<Target>,
    comparison: Option<Comparison>,
}

#[derive(Debug, Deserialize)]
struct Target {
    target: String,
    #[serde(flatten)]
    times: Times,
    executed_percent: f64,
}

#[derive(Debug, Deserialize)]
struct Comparison {
    discarded: u64,
    generation_micros: f64,
    sides: Vec<Side>,
}

#[derive(Debug, Deserialize)]
struct Side {
    engines: String,
    #[serde(flatten)]
    times: Times,
    ratio: f64,
    ratio_with_generation: f64,
}

#[derive(Debug, Deserialize)]
struct Times {
    inputs: u64,
    per_second: f64,
    mean_micros: f64,
    median_micros: f64,
    p90_micros: f64,
    findings: u64,
}

/// Measures and tabulates; without the program there is one table that says so.
pub fn measure(options: &Options) -> Result<Measured, Cause> {
    let program = std::env::current_exe()?.with_file_name("microwasm");
    if !program.exists() {
        let mut table = targets_table();
        table.note("No `microwasm` beside this program: build it with `cargo build --release -p microwasm-oracle --features peers`.");
        return Ok(Measured {
            tables: vec![table],
            findings: 0,
        });
    }
    let mut command = Command::new(program);
    command.args(["executions", "--json"]);
    command.args(["--inputs", &options.inputs.to_string()]);
    command.args(["--seed", &options.seed.to_string()]);
    for target in &options.targets {
        command.args(["--target", target]);
    }
    let before = smith_micros(options.seed);
    let output = command.stderr(Stdio::inherit()).output()?;
    let smith = f64::midpoint(before, smith_micros(options.seed + MODULES));
    // One is for findings.
    if !matches!(output.status.code(), Some(0 | 1)) {
        return Err(Box::new(NotMeasured::Ended(output.status)));
    }
    Ok(tabulate(&serde_json::from_slice(&output.stdout)?, smith))
}

/// Processor time that wasm-smith takes for a module of about a kilobyte, in microseconds (mean).
///
/// Machines differ, and one machine differs from hour to hour: this is what figures are relative to.
fn smith_micros(first_seed: u64) -> f64 {
    let generator = Generator::default();
    let (mut made, mut total) = (0u64, Duration::ZERO);
    for seed in first_seed..first_seed + MODULES {
        let choices = generator.choices(seed);
        let (wasm, taken) = Clock::Cpu.time(|| generator.module(&choices));
        if wasm.is_some_and(|wasm| Generator::fits(&wasm)) {
            made += 1;
            total += taken;
        }
    }
    nanoseconds(total) / 1e3 / made.max(1) as f64
}

fn targets_table() -> Table {
    Table::new(
        "Executions of the fuzz targets, generation of the module included",
        [
            "target",
            "inputs",
            "per second",
            "mean µs",
            "median µs",
            "÷ wasm-smith",
            "90th percentile µs",
            "executed %",
            "findings",
        ],
    )
}

fn tabulate(answer: &Answer, smith: f64) -> Measured {
    let mut table = targets_table();
    for row in &answer.targets {
        table.row([
            Cell::text(&row.target),
            Cell::number(row.times.inputs as f64, 0),
            Cell::number(row.times.per_second, 0),
            Cell::number(row.times.mean_micros, 1),
            Cell::number(row.times.median_micros, 1),
            Cell::number(row.times.median_micros / smith, 2),
            Cell::number(row.times.p90_micros, 1),
            Cell::number(row.executed_percent, 1),
            Cell::number(row.times.findings as f64, 0),
        ]);
    }
    table.note(format!(
        "÷ wasm-smith: the median, relative to the {smith:.1} µs (mean) that wasm-smith takes in the same run for a module of about a kilobyte."
    ));
    let mut findings: u64 = answer.targets.iter().map(|row| row.times.findings).sum();
    let mut tables = vec![table];
    match &answer.comparison {
        Some(comparison) => {
            findings += comparison
                .sides
                .iter()
                .map(|side| side.times.findings)
                .sum::<u64>();
            tables.push(comparison.tabulate());
        }
        None => tables[0].note("Nothing about Cranelift: `microwasm` was built without the feature `peers`, or `differential` is not among the targets."),
    }
    Measured { tables, findings }
}

impl Comparison {
    fn tabulate(&self) -> Table {
        let mut table = Table::new(
            "The same cases of `differential` in other engines, without generation of the module",
            [
                "engines",
                "cases",
                "mean µs",
                "median µs",
                "90th percentile µs",
                "÷ as chosen",
                "with generation",
                "findings",
            ],
        );
        for side in &self.sides {
            table.row([
                Cell::text(&side.engines),
                Cell::number(side.times.inputs as f64, 0),
                Cell::number(side.times.mean_micros, 1),
                Cell::number(side.times.median_micros, 1),
                Cell::number(side.times.p90_micros, 1),
                Cell::number(side.ratio, 2),
                Cell::number(side.ratio_with_generation, 2),
                Cell::number(side.times.findings as f64, 0),
            ]);
        }
        table.note(format!(
            "Generation takes {:.1} µs per case (mean); {} inputs made no case.",
            self.generation_micros, self.discarded
        ));
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{
        "seed": 0,
        "targets": [{
            "target": "spill", "inputs": 10, "per_second": 4000.0, "mean_micros": 250.0,
            "median_micros": 200.0, "p90_micros": 400.0, "executed_percent": 100.0, "findings": 2
        }],
        "comparison": {
            "discarded": 1, "generation_micros": 90.5,
            "sides": [{
                "engines": "wasmi, cranelift", "inputs": 9, "per_second": 500.0,
                "mean_micros": 2000.0, "median_micros": 1500.0, "p90_micros": 4000.0,
                "ratio": 8.0, "ratio_with_generation": 5.5, "findings": 1
            }]
        }
    }"#;

    #[test]
    fn tabulates_what_the_program_prints() {
        let answer = serde_json::from_str(ANSWER).expect("an answer");
        let measured = tabulate(&answer, 500.0);
        let [targets, engines] = &*measured.tables else {
            panic!("{} tables", measured.tables.len());
        };
        assert_eq!(targets.number("spill", "per second"), Some(4000.0));
        assert_eq!(targets.number("spill", "÷ wasm-smith"), Some(0.4));
        assert_eq!(targets.number("spill", "90th percentile µs"), Some(400.0));
        let side = |column| engines.number("wasmi, cranelift", column);
        assert_eq!(side("÷ as chosen"), Some(8.0));
        assert_eq!(side("with generation"), Some(5.5));
        assert_eq!(measured.findings, 3, "those of both tables");
    }

    #[test]
    fn says_so_without_peers() {
        let mut answer: serde_json::Value = serde_json::from_str(ANSWER).expect("JSON");
        answer["comparison"] = serde_json::Value::Null;
        let measured = tabulate(&serde_json::from_value(answer).expect("an answer"), 500.0);
        assert_eq!(measured.findings, 2);
        let [table] = &*measured.tables else {
            panic!("{} tables", measured.tables.len());
        };
        assert!(
            table.to_string().contains("without the feature `peers`"),
            "{table}"
        );
    }
}
