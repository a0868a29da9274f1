//! `compile`: throughput over real modules, in megabytes of function bodies per second.
//!
//! One thread, validation included. The engines alternate; an engine that has already spent its
//! time on a module skips the remaining rounds of it, so that an optimizing compiler does not make
//! the run last an hour. Who is compared with ours is measured right behind it, and the ratio is
//! the median of those of the pairs.

use std::time::{Duration, Instant};

use crate::clock::{Clock, geometric_mean, median, median_ratio, nanoseconds};
use crate::engine::{Cause, Compiled, Engine, Failure};
use crate::engines::{OURS, Validator};
use crate::processor::OneProcessor;
use crate::real::RealModule;
use crate::table::{Cell, Table};

/// Seconds that one engine may spend on one module, if nobody says.
pub const PATIENCE: u64 = 10;

/// Compilations that take less have untimed ones before them, for as long.
const WARM_UP: Duration = Duration::from_millis(20);

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many rounds.
    pub rounds: usize,
    /// Which clock.
    pub clock: Clock,
    /// How long one engine may spend on one module before it skips rounds.
    pub patience: Duration,
}

/// What one engine made of one module.
#[derive(Debug, Clone, Default)]
struct Measured {
    samples: Vec<f64>,
    /// What ours took right before each, if the two are compared.
    ours: Vec<f64>,
    spent: Duration,
    code_size: Option<usize>,
    refusal: Option<String>,
}

/// One module, and what every contestant made of it.
struct Row<'a> {
    module: &'a RealModule,
    measured: Vec<Measured>,
}

impl Row<'_> {
    /// Megabytes of function bodies per second.
    fn speed(&self, at: usize) -> Option<f64> {
        Some(self.module.shape.code_bytes as f64 * 1e3 / median(&self.measured[at].samples)?)
    }

    /// How many times as fast ours is.
    fn ours_to(&self, at: usize) -> Option<f64> {
        let Measured { samples, ours, .. } = &self.measured[at];
        median_ratio(samples, ours)
    }
}

/// Measures and tabulates: the speed, and the size of the code that came out.
pub fn measure(
    engines: &[Box<dyn Engine>],
    modules: &[RealModule],
    options: &Options,
) -> Result<Vec<Table>, Cause> {
    let contestants: Vec<&dyn Engine> = engines
        .iter()
        .map(AsRef::as_ref)
        .chain([&Validator as &dyn Engine])
        .collect();
    let rows: Vec<Row<'_>> = modules
        .iter()
        .map(|module| measure_module(&contestants, module, options))
        .collect();
    Ok(vec![
        speeds(&contestants, &rows),
        sizes(&contestants, &rows),
    ])
}

fn measure_module<'a>(
    contestants: &[&dyn Engine],
    module: &'a RealModule,
    options: &Options,
) -> Row<'a> {
    let mut measured = vec![Measured::default(); contestants.len()];
    let ours = contestants.iter().find(|engine| engine.name() == OURS);
    for _ in 0..options.rounds {
        for (engine, measured) in contestants.iter().zip(&mut measured) {
            if measured.refusal.is_some() || measured.spent > options.patience {
                continue;
            }
            let _here = OneProcessor::here();
            if let Some(ours) = ours.filter(|_| is_compared(*engine)) {
                let (compiled, taken) = time(*ours, module, measured.ours.last(), options.clock);
                // What it refuses stands in its own column, and there is nothing to compare.
                measured
                    .ours
                    .extend(compiled.is_ok().then(|| nanoseconds(taken)));
            }
            let (compiled, taken) = time(*engine, module, measured.samples.last(), options.clock);
            match compiled {
                Ok(compiled) => {
                    measured.samples.push(nanoseconds(taken));
                    measured.spent += taken;
                    measured.code_size = compiled.code_size();
                }
                Err(refusal) => measured.refusal = Some(refusal.to_string()),
            }
        }
    }
    Row { module, measured }
}

/// Times a compilation. If the last one was short, untimed ones come first: behind another engine,
/// caches and branch predictors are full of that.
fn time<'a>(
    engine: &'a dyn Engine,
    module: &RealModule,
    last: Option<&f64>,
    clock: Clock,
) -> (Result<Box<dyn Compiled + 'a>, Failure>, Duration) {
    if last.is_some_and(|last| *last < nanoseconds(WARM_UP)) {
        let begun = Instant::now();
        while begun.elapsed() < WARM_UP {
            let _untimed = engine.compile(&module.wasm);
        }
    }
    clock.time(|| engine.compile(&module.wasm))
}

fn speeds(contestants: &[&dyn Engine], rows: &[Row<'_>]) -> Table {
    let compared = compared(contestants);
    let heads = ["module".to_owned(), "code kB".to_owned()]
        .into_iter()
        .chain(contestants.iter().map(|engine| engine.name().to_owned()))
        .chain(
            compared
                .iter()
                .map(|at| format!("{OURS}÷{}", contestants[*at].name())),
        );
    let mut table = Table::new(
        "Compile throughput, MB of function bodies per second, validation included, one thread",
        heads,
    );
    for row in rows {
        let speeds = (0..contestants.len()).map(|at| Cell::maybe(row.speed(at), 2));
        let ratios = compared.iter().map(|at| Cell::maybe(row.ours_to(*at), 2));
        let size = Cell::number(row.module.shape.code_bytes as f64 / 1e3, 0);
        table.row(
            [Cell::text(&row.module.name), size]
                .into_iter()
                .chain(speeds)
                .chain(ratios),
        );
    }
    let means = (0..contestants.len()).map(|at| {
        Cell::maybe(
            geometric_mean(rows.iter().filter_map(|row| row.speed(at))),
            2,
        )
    });
    let ratios = compared.iter().map(|at| {
        Cell::maybe(
            geometric_mean(rows.iter().filter_map(|row| row.ours_to(*at))),
            2,
        )
    });
    table.row(
        [Cell::text("geometric mean"), Cell::Empty]
            .into_iter()
            .chain(means)
            .chain(ratios),
    );
    for row in rows {
        for (engine, measured) in contestants.iter().zip(&row.measured) {
            if let Some(refusal) = &measured.refusal {
                table.note(format!(
                    "{} refuses {}: {refusal}",
                    engine.name(),
                    row.module.name
                ));
            }
        }
    }
    table
}

/// Those that ours is compared with, if it takes part.
fn compared(contestants: &[&dyn Engine]) -> Vec<usize> {
    if contestants.iter().all(|engine| engine.name() != OURS) {
        return Vec::new();
    }
    (0..contestants.len())
        .filter(|at| is_compared(contestants[*at]))
        .collect()
}

/// Whether an engine makes no more of its code than ours.
fn is_compared(engine: &dyn Engine) -> bool {
    ["wasmi", "Winch", "Singlepass", "validation"].contains(&engine.name())
}

fn sizes(contestants: &[&dyn Engine], rows: &[Row<'_>]) -> Table {
    let tell: Vec<usize> = (0..contestants.len())
        .filter(|at| rows.iter().any(|row| row.measured[*at].code_size.is_some()))
        .collect();
    let heads = ["module".to_owned()]
        .into_iter()
        .chain(tell.iter().map(|at| contestants[*at].name().to_owned()));
    let mut table = Table::new("Machine code, bytes per byte of function bodies", heads);
    let factor = |row: &Row<'_>, at: usize| {
        Some(row.measured[at].code_size? as f64 / row.module.shape.code_bytes as f64)
    };
    for row in rows {
        table.row(
            [Cell::text(&row.module.name)]
                .into_iter()
                .chain(tell.iter().map(|at| Cell::maybe(factor(row, *at), 2))),
        );
    }
    let means = tell.iter().map(|at| {
        Cell::maybe(
            geometric_mean(rows.iter().filter_map(|row| factor(row, *at))),
            2,
        )
    });
    table.row([Cell::text("geometric mean")].into_iter().chain(means));
    table
}
