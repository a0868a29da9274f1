//! `microwasm executions`

mod peer;
mod times;

use std::io::Write as _;
use std::time::Duration;

use microwasm_oracle::choice::{Choices, mix};
use microwasm_oracle::stats::Stats;
use microwasm_oracle::targets::{Outcome, Target, Verdict};
use serde_json::{Value, json};

use crate::error::CliError;
use crate::{Found, input as from_cli, ui};
use peer::Comparison;
use times::{Summary, micros, timed};

/// Measure what inputs of the fuzz targets cost
///
/// Runs the inputs that `campaign` would run, one at a time, and prints for each target how many
/// of them a second of processor time is enough for, and how long they take. Built with
/// `--features peers`, it then runs the cases of `differential` once more with Cranelift in place
/// of the engines that they choose. Build with --release and without coverage.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm executions\n  \
    microwasm executions --target spill --target mutate --inputs 5000 --json")]
pub(crate) struct Args {
    /// Targets to measure; all that compare engines if none is given
    #[arg(long = "target", value_parser = from_cli::target)]
    targets: Vec<Target>,
    /// Inputs of each target, after a tenth as many to warm up
    #[arg(long, default_value_t = 20_000)]
    inputs: u64,
    /// Seed of the inputs, as of a campaign
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// How many inputs are run in a row.
const BATCH: u64 = 50;

/// What was measured of a target.
struct Row {
    target: Target,
    summary: Summary,
    stats: Stats,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    if cfg!(debug_assertions) || cfg!(feature = "coverage") {
        eprintln!("this program is not built for speed: its figures are not those of campaigns");
    }
    let targets = match &*args.targets {
        [] => Target::ALL.iter().map(|(_, target)| *target).collect(),
        targets => targets.to_vec(),
    };
    let warm_up = args.inputs.div_ceil(10);
    let rows: Vec<Row> = targets
        .iter()
        .map(|target| measure(*target, args.seed, warm_up, args.inputs))
        .collect();
    let wanted = cfg!(feature = "peers") && targets.contains(&Target::Differential);
    let compared = wanted.then(|| peer::compare(args.seed, warm_up, args.inputs));
    let found = rows.iter().any(|row| findings(&row.stats) > 0)
        || compared.as_ref().is_some_and(Comparison::found);
    let mut out = std::io::stdout().lock();
    if args.json {
        let rows: Vec<Value> = rows.iter().map(Row::to_json).collect();
        let compared = compared.as_ref().map(Comparison::to_json);
        let json = json!({ "seed": args.seed, "targets": rows, "comparison": compared });
        writeln!(out, "{json}")?;
    } else {
        print(&mut out, &rows)?;
        compared.map_or(Ok(()), |compared| compared.print(&mut out))?;
    }
    Ok(match found {
        true => Found::Something,
        false => Found::Nothing,
    })
}

/// Runs inputs of a target, the first ones to warm up only.
fn measure(target: Target, seed: u64, warm_up: u64, inputs: u64) -> Row {
    let mut progress = ui::Progress::new("inputs", warm_up + inputs);
    let mut times: Vec<Duration> = Vec::new();
    let mut stats = Stats::default();
    for number in 0..warm_up + inputs {
        let bytes = input(target, seed, number);
        let (outcome, taken) = timed(|| target.run(&bytes));
        show(target, seed, number, &outcome);
        if number >= warm_up {
            times.push(taken);
            stats.add(&outcome);
        }
        if number % BATCH == 0 {
            progress.set(number, || format!("of {}", target.name()));
        }
    }
    progress.finish();
    Row {
        target,
        summary: Summary::of(times),
        stats,
    }
}

/// The input that a campaign with this seed has under this number.
fn input(target: Target, seed: u64, number: u64) -> Vec<u8> {
    target.input(&mut Choices::new(mix(seed, number)))
}

/// Differences, also those in which the reference is to blame: no two engines do the same work then.
fn findings(stats: &Stats) -> u64 {
    stats.diverged + stats.outvoted
}

/// Says what differs: a figure of engines that do not do the same is worth nothing.
fn show(target: Target, seed: u64, number: u64, outcome: &Outcome) {
    let (what, finding) = match &outcome.verdict {
        Verdict::Diverged(finding) => ("finding", finding),
        Verdict::Outvoted(finding) => ("reference outvoted", finding),
        Verdict::Agree | Verdict::Poisoned(_) | Verdict::Discarded(_) => return,
    };
    eprintln!(
        "{}, seed {seed}, input {number}: {}: {finding}\n",
        target.name(),
        ui::bad(what, ui::Stream::Err)
    );
}

fn print(out: &mut impl std::io::Write, rows: &[Row]) -> std::io::Result<()> {
    writeln!(
        out,
        "{:<14}{:>9}{:>12}{:>10}{:>10}{:>10}{:>12}{:>10}",
        "target", "inputs", "per second", "mean µs", "median", "90 %", "executed", "findings"
    )?;
    for row in rows {
        let summary = &row.summary;
        writeln!(
            out,
            "{:<14}{:>9}{:>12.0}{:>10.1}{:>10.1}{:>10.1}{:>10.1} %{:>10}",
            row.target.name(),
            summary.inputs,
            summary.per_second(),
            summary.mean(),
            micros(summary.median),
            micros(summary.p90),
            row.stats.executed_percent(),
            findings(&row.stats),
        )?;
    }
    Ok(())
}

impl Row {
    fn to_json(&self) -> Value {
        let mut json = self.summary.to_json();
        json["target"] = self.target.name().into();
        json["executed_percent"] = self.stats.executed_percent().into();
        json["findings"] = findings(&self.stats).into();
        json
    }
}
