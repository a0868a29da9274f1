//! `latency`: what one small module costs from bytes to dropped instance.
//!
//! Random modules are picked first: those of about a kilobyte that export a function and that every
//! engine of the run accepts and finishes alike. Then each engine in turn takes a batch of them
//! through compile, instantiate, call and drop, batch after batch, round after round.

use std::time::{Duration, Instant};

use thiserror::Error;

use crate::clock::{Clock, median, nanoseconds};
use crate::engine::{Cause, Engine, Export, Failure, Outcome};
use crate::processor::OneProcessor;
use crate::shape::Shape;
use crate::smith::Generator;
use crate::table::{Cell, Table};

/// How many random modules, if nobody says.
pub const MODULES: usize = 2000;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many random modules.
    pub modules: usize,
    /// How many rounds over all of them.
    pub rounds: usize,
    /// Which clock.
    pub clock: Clock,
    /// The seed of the first candidate.
    pub seed: u64,
}

/// A module and the export to call.
struct Candidate {
    wasm: Vec<u8>,
    export: Export,
}

/// The random modules that were picked, and what picking them told.
struct Picked {
    modules: Vec<Candidate>,
    generation: Duration,
    generated: usize,
    refused: Vec<(&'static str, usize)>,
    not_instantiated: usize,
}

/// Two engines that ended the same call differently: no latency is worth comparing then.
#[derive(Debug, Error)]
#[error("seed {seed}: {first} {first_outcome:?}, {second} {second_outcome:?}")]
pub struct Disagreement {
    seed: u64,
    first: &'static str,
    first_outcome: Outcome,
    second: &'static str,
    second_outcome: Outcome,
}

/// The smallest module that does anything: one function, one constant.
const SMALLEST: &str = r#"(module (func (export "f") (result i32) i32.const 42))"#;

const BATCH: usize = 50;

/// For how long, at least, an engine takes modules before each batch, untimed, and a batch of them at
/// least: whoever comes behind another engine finds caches and branch predictors full of that.
const WARM_UP: Duration = Duration::from_millis(2);

/// Measures and tabulates.
pub fn measure(engines: &[Box<dyn Engine>], options: &Options) -> Result<Table, Cause> {
    let picked = pick(engines, options)?;
    let random = time_all(engines, &picked.modules, options)?;
    let wasm = wat::parse_str(SMALLEST)?;
    let export = Shape::of(&wasm)?.exports.remove(0);
    let smallest: Vec<Candidate> = (0..options.modules)
        .map(|_| Candidate {
            wasm: wasm.clone(),
            export: export.clone(),
        })
        .collect();
    let smallest = time_all(engines, &smallest, options)?;

    let mut table = Table::new(
        "Compile + instantiate + call + drop, mean per module, median over the rounds",
        [
            "engine",
            "random µs",
            "÷ wasmi",
            "Winch ÷ this",
            "compile µs",
            "instantiate µs",
            "call µs",
            "drop µs",
            "smallest µs",
        ],
    );
    let of = |name: &str| {
        engines
            .iter()
            .position(|engine| engine.name() == name)
            .map(|at| random[at].total)
    };
    for ((engine, random), smallest) in engines.iter().zip(&random).zip(&smallest) {
        let stages = random
            .stages
            .iter()
            .map(|stage| Cell::number(stage / 1e3, 2));
        let cells = [
            Cell::text(engine.name()),
            Cell::number(random.total / 1e3, 2),
            Cell::maybe(of("wasmi").map(|wasmi| random.total / wasmi), 2),
            Cell::maybe(of("Winch").map(|winch| winch / random.total), 1),
        ];
        table.row(
            cells
                .into_iter()
                .chain(stages)
                .chain([Cell::number(smallest.total / 1e3, 2)]),
        );
    }
    describe(&mut table, &picked);
    Ok(table)
}

fn describe(table: &mut Table, picked: &Picked) {
    let sizes: Vec<f64> = picked
        .modules
        .iter()
        .map(|module| module.wasm.len() as f64)
        .collect();
    let mean = sizes.iter().sum::<f64>() / sizes.len().max(1) as f64;
    table.note(format!(
        "{} modules, mean size {mean:.0} bytes, median {:.0}; generating one takes {:.1} µs (mean of {}).",
        sizes.len(),
        median(&sizes).unwrap_or_default(),
        nanoseconds(picked.generation) / 1e3 / picked.generated.max(1) as f64,
        picked.generated,
    ));
    table.note(format!(
        "{} candidates were passed over because a segment does not fit when they are instantiated.",
        picked.not_instantiated
    ));
    for (engine, count) in picked.refused.iter().filter(|(_, count)| *count > 0) {
        table.note(format!(
            "{count} candidates were passed over because {engine} refuses them."
        ));
    }
}

fn pick(engines: &[Box<dyn Engine>], options: &Options) -> Result<Picked, Cause> {
    let generator = Generator::default();
    let mut picked = Picked {
        modules: Vec::with_capacity(options.modules),
        generation: Duration::ZERO,
        generated: 0,
        refused: engines.iter().map(|engine| (engine.name(), 0)).collect(),
        not_instantiated: 0,
    };
    let mut seed = options.seed;
    while picked.modules.len() < options.modules {
        let choices = generator.choices(seed);
        let (wasm, taken) = options.clock.time(|| generator.module(&choices));
        if let Some(wasm) = wasm.filter(|wasm| Generator::fits(wasm)) {
            picked.generation += taken;
            picked.generated += 1;
            if let Some(export) = Shape::of(&wasm)?.exports.into_iter().next() {
                let candidate = Candidate { wasm, export };
                if accepted(engines, &candidate, seed, &mut picked)? {
                    picked.modules.push(candidate);
                }
            }
        }
        seed += 1;
    }
    Ok(picked)
}

/// Whether every engine compiles and instantiates the module; an error if they then disagree.
fn accepted(
    engines: &[Box<dyn Engine>],
    candidate: &Candidate,
    seed: u64,
    picked: &mut Picked,
) -> Result<bool, Cause> {
    let mut first: Option<(&'static str, Outcome)> = None;
    for (engine, (_, refused)) in engines.iter().zip(&mut picked.refused) {
        let outcome = match once(engine.as_ref(), candidate) {
            Ok(outcome) => outcome,
            Err(Failure::Compile(_)) => {
                *refused += 1;
                return Ok(false);
            }
            Err(Failure::Instantiate(_)) => {
                picked.not_instantiated += 1;
                return Ok(false);
            }
            Err(failure) => return Err(Box::new(failure)),
        };
        let (name, expected) = *first.get_or_insert((engine.name(), outcome));
        if outcome != expected {
            return Err(Box::new(Disagreement {
                seed,
                first: name,
                first_outcome: expected,
                second: engine.name(),
                second_outcome: outcome,
            }));
        }
    }
    Ok(true)
}

fn once(engine: &dyn Engine, candidate: &Candidate) -> Result<Outcome, Failure> {
    engine
        .compile(&candidate.wasm)?
        .instantiate()?
        .call(&candidate.export)
}

/// Nanoseconds per module: of everything, and of each stage by itself.
struct Latency {
    total: f64,
    stages: [f64; 4],
}

fn time_all(
    engines: &[Box<dyn Engine>],
    modules: &[Candidate],
    options: &Options,
) -> Result<Vec<Latency>, Cause> {
    let mut totals = vec![Vec::new(); engines.len()];
    let mut stages = vec![[const { Vec::<f64>::new() }; 4]; engines.len()];
    for _ in 0..options.rounds {
        let mut sums = vec![(Duration::ZERO, [Duration::ZERO; 4]); engines.len()];
        for batch in modules.chunks(BATCH) {
            let _here = OneProcessor::here();
            for (engine, (total, stages)) in engines.iter().zip(&mut sums) {
                let all = |candidates: &[Candidate]| -> Result<(), Failure> {
                    for candidate in candidates {
                        once(engine.as_ref(), candidate)?;
                    }
                    Ok(())
                };
                let start = Instant::now();
                loop {
                    all(&modules[..modules.len().min(BATCH)])?;
                    if start.elapsed() >= WARM_UP {
                        break;
                    }
                }
                let (result, taken) = options.clock.time(|| all(batch));
                result?;
                *total += taken;
                for candidate in batch {
                    in_stages(engine.as_ref(), candidate, stages)?;
                }
            }
        }
        let count = modules.len().max(1) as f64;
        for (at, (total, stage)) in sums.iter().enumerate() {
            totals[at].push(nanoseconds(*total) / count);
            for (samples, sum) in stages[at].iter_mut().zip(stage) {
                samples.push(nanoseconds(*sum) / count);
            }
        }
    }
    let latency = |(totals, stages): (&Vec<f64>, &[Vec<f64>; 4])| Latency {
        total: median(totals).unwrap_or_default(),
        stages: stages
            .each_ref()
            .map(|samples| median(samples).unwrap_or_default()),
    };
    Ok(totals.iter().zip(&stages).map(latency).collect())
}

/// The same again with a wall clock between the stages, which costs too much to be in the total.
fn in_stages(
    engine: &dyn Engine,
    candidate: &Candidate,
    sums: &mut [Duration; 4],
) -> Result<(), Failure> {
    let start = Instant::now();
    let compiled = engine.compile(&candidate.wasm)?;
    let after_compile = Instant::now();
    let mut instance = compiled.instantiate()?;
    let after_instantiate = Instant::now();
    instance.call(&candidate.export)?;
    let after_call = Instant::now();
    drop(instance);
    drop(compiled);
    let end = Instant::now();
    for (sum, taken) in sums.iter_mut().zip([
        after_compile - start,
        after_instantiate - after_compile,
        after_call - after_instantiate,
        end - after_call,
    ]) {
        *sum += taken;
    }
    Ok(())
}
