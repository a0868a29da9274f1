//! What the cases of `differential` cost in the engines that the target chooses for them, and what
//! the same cases cost when the reference is compared with Cranelift.
//!
//! All sides get every case. They take turns, batch by batch, and begin in turn, so that whatever
//! else the machine does hits them alike.

use std::ops::Range;
use std::time::Duration;

use microwasm_oracle::engine::Engine;
use microwasm_oracle::engines;
use microwasm_oracle::run::Case;
use microwasm_oracle::stats::Stats;
use microwasm_oracle::targets::{Target, differential_case};
use serde_json::{Value, json};

use super::times::{Summary, micros, timed};
use super::{BATCH, findings, input, show};
use crate::ui;

/// Engines that a case can be run in.
const SIDES: [(&str, Option<[&str; 2]>); 3] = [
    ("as chosen", None),
    ("wasmi, x64", Some(["wasmi", "x64"])),
    ("wasmi, cranelift", Some(["wasmi", "cranelift"])),
];

/// What came of it.
pub(super) struct Comparison {
    discarded: u64,
    generation: Duration,
    sides: Vec<(&'static str, Summary, Stats)>,
}

/// One way to run cases.
#[derive(Default)]
struct Side {
    times: Vec<Duration>,
    stats: Stats,
}

/// Everything that is measured.
#[derive(Default)]
struct Measured {
    discarded: u64,
    generation: Duration,
    sides: [Side; SIDES.len()],
}

/// Compares so many inputs, after the warm-up.
pub(super) fn compare(seed: u64, warm_up: u64, inputs: u64) -> Comparison {
    let all = engines::all();
    Measured::default().run(&all, seed, 0..warm_up);
    let mut measured = Measured::default();
    measured.run(&all, seed, warm_up..warm_up + inputs);
    let sides = SIDES.iter().zip(measured.sides);
    Comparison {
        discarded: measured.discarded,
        generation: measured.generation,
        sides: sides
            .map(|((name, _), side)| (*name, Summary::of(side.times), side.stats))
            .collect(),
    }
}

impl Measured {
    fn run(&mut self, all: &[Box<dyn Engine>], seed: u64, numbers: Range<u64>) {
        let total = numbers.end - numbers.start;
        let mut progress = ui::Progress::new("inputs", total);
        let mut first = numbers.start;
        while first < numbers.end {
            let end = numbers.end.min(first + BATCH);
            let cases: Vec<_> = (first..end)
                .filter_map(|number| self.generate(seed, number))
                .collect();
            for turn in 0..SIDES.len() {
                let at = (first / BATCH) as usize + turn;
                let at = at % SIDES.len();
                for (number, case, chosen) in &cases {
                    let engines = side_engines(all, SIDES[at].1, chosen);
                    self.sides[at].run(seed, *number, case.clone(), &engines, all);
                }
            }
            first = end;
            progress.set(first - numbers.start, || {
                "in every set of engines".to_owned()
            });
        }
        progress.finish();
    }

    /// The case of an input, if there is one, and the engines that it chooses.
    fn generate(&mut self, seed: u64, number: u64) -> Option<(u64, Case, &'static [usize])> {
        let bytes = input(Target::Differential, seed, number);
        let (case, taken) = timed(|| Target::Differential.case(&bytes));
        self.generation += taken;
        match case {
            Ok((case, chosen)) => Some((number, case, chosen)),
            Err(_) => {
                self.discarded += 1;
                None
            }
        }
    }
}

/// The engines of a side for a case that chose these.
fn side_engines<'a>(
    all: &'a [Box<dyn Engine>],
    fixed: Option<[&str; 2]>,
    chosen: &[usize],
) -> Vec<&'a dyn Engine> {
    match fixed {
        None => chosen.iter().map(|index| &*all[*index]).collect(),
        Some(names) => {
            let named = |name| all.iter().find(move |engine| engine.name() == name);
            names.into_iter().filter_map(named).map(|e| &**e).collect()
        }
    }
}

impl Side {
    fn run(
        &mut self,
        seed: u64,
        number: u64,
        case: Case,
        engines: &[&dyn Engine],
        all: &[Box<dyn Engine>],
    ) {
        let witness = Some(&*all[engines::WITNESS_INDEX]);
        let (outcome, taken) = timed(|| differential_case(case, engines, witness));
        self.times.push(taken);
        self.stats.add(&outcome);
        show(Target::Differential, seed, number, &outcome);
    }
}

impl Comparison {
    /// Whether engines differ.
    pub(super) fn found(&self) -> bool {
        self.sides.iter().any(|(_, _, stats)| findings(stats) > 0)
    }

    /// Time of a side relative to the first: by itself, and with the modules' generation.
    fn ratios(&self, side: &Summary) -> (f64, f64) {
        let first = &self.sides[0].1;
        let of = |part: Duration, whole: Duration| part.as_secs_f64() / whole.as_secs_f64();
        (
            of(side.total, first.total),
            of(side.total + self.generation, first.total + self.generation),
        )
    }

    /// Generation of a module, in microseconds; a case bears the cost of those that were given up.
    fn generation_micros(&self) -> f64 {
        micros(self.generation) / self.sides[0].1.inputs.max(1) as f64
    }

    pub(super) fn print(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        writeln!(
            out,
            "\nThe cases of differential, generated in {:.1} µs each (mean); {} inputs made none\n\n\
             {:<18}{:>9}{:>10}{:>10}{:>10}{:>9}{:>17}{:>10}",
            self.generation_micros(),
            self.discarded,
            "engines",
            "cases",
            "mean µs",
            "median",
            "90 %",
            "ratio",
            "with generation",
            "findings",
        )?;
        for (name, summary, stats) in &self.sides {
            let (without, with) = self.ratios(summary);
            writeln!(
                out,
                "{name:<18}{:>9}{:>10.1}{:>10.1}{:>10.1}{without:>9.2}{with:>17.2}{:>10}",
                summary.inputs,
                summary.mean(),
                micros(summary.median),
                micros(summary.p90),
                findings(stats),
            )?;
        }
        Ok(())
    }

    pub(super) fn to_json(&self) -> Value {
        let sides = self.sides.iter().map(|(name, summary, stats)| {
            let (without, with) = self.ratios(summary);
            let mut json = summary.to_json();
            json["engines"] = (*name).into();
            json["ratio"] = without.into();
            json["ratio_with_generation"] = with.into();
            json["findings"] = findings(stats).into();
            json
        });
        json!({
            "discarded": self.discarded,
            "generation_micros": self.generation_micros(),
            "sides": sides.collect::<Vec<_>>(),
        })
    }
}
