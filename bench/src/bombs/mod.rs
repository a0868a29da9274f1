//! `bombs`: modules made to hurt a one-pass compiler, at one size, twice and four times that.
//!
//! Each bomb is a family of modules in one number, of which the input grows linearly; a compiler
//! passes if neither its time nor its memory grows much faster, or if it says in a typed error that
//! it will not. Every size is compiled in a child process of its own ([`child`]), which is how a
//! peak of memory can be told apart from the one before, and how an engine that dies, hangs or eats
//! the machine costs one row rather than the run.

pub mod child;
mod control;
mod parts;
mod sections;
mod values;

use std::time::Duration;

use crate::clock::{Clock, median_ratio};
use crate::engine::{Cause, Engine};
use crate::engines::{self, Validator};
use crate::real::RealModule;
use crate::table::{Cell, Table};
use child::{Limits, Measurement, Rounds, Verdict};

/// A family of modules.
#[derive(Debug, Clone, Copy)]
pub struct Bomb {
    /// Its name.
    pub name: &'static str,
    /// What it is, of the largest size.
    pub what: &'static str,
    /// The largest of the three sizes.
    pub largest: u32,
    /// Makes the modules of a size: one, but for claims, of which there are several.
    pub build: fn(u32) -> Vec<Vec<u8>>,
    /// Whether the modules are valid at all.
    pub valid: bool,
}

/// Lists the bombs: name, largest size, what it is, generator of one module.
macro_rules! bombs {
    ($($name:literal, $largest:literal, $what:literal, $build:path;)*) => {
        &[$(Bomb { name: $name, what: $what, largest: $largest, build: |size| vec![$build(size)], valid: true },)*
          Bomb {
              name: "claimed_counts",
              what: "counts of up to 2^32 - 1 in every place that has one, with nothing behind them",
              largest: u32::MAX,
              build: sections::claimed_counts,
              valid: false,
          }]
    };
}

/// All of them.
pub const BOMBS: &[Bomb] = bombs! {
    "locals_and_blocks", 100_000, "50,000 locals × 100,000 blocks", control::locals_and_blocks;
    "block_nesting", 76_000, "76,000 blocks in each other, a branch out of each", control::block_nesting;
    "loop_nesting", 76_000, "76,000 loops in each other, a branch back in each", control::loop_nesting;
    "if_chain", 76_000, "if … else if …, 76,000 times", control::if_chain;
    "if_nesting", 76_000, "76,000 ifs without else in each other", control::if_nesting;
    "br_table_entries", 1_000_000, "br_table of 1,000,000 entries", control::br_table_entries;
    "br_table_values", 10_000, "br_table of 10,000 targets × 100 values", control::br_table_values;
    "br_tables", 20_000, "20,000 br_tables of 100 targets", control::br_tables;
    "block_results", 2_000, "2,000 blocks of 1,000 results", control::block_results;
    "block_params", 20_000, "20,000 blocks that pass 1,000 values through", control::block_params;
    "branches_one_label", 100_000, "100,000 branches to one label", control::branches_one_label;
    "branches_with_values", 20_000, "20,000 branches of 50 values to one label", control::branches_with_values;
    "loop_rotations", 4_000, "4,000 loops that rotate 200 locals", control::loop_rotations;
    "dead_code", 7_000_000, "7,000,000 bytes of dead code", control::dead_code;
    "dead_nesting", 1_000_000, "1,000,000 blocks in each other, all dead", control::dead_nesting;
    "operands_live", 1_000_000, "1,000,000 operands live at once", values::operands_live;
    "constants_live", 1_000_000, "1,000,000 constants live at once", values::constants_live;
    "constants", 1_000_000, "1,000,000 different constants", values::constants;
    "float_constants", 600_000, "600,000 different f64 constants", values::float_constants;
    "aliases", 1_000_000, "1,000,000 copies of one local, which is then set", values::aliases;
    "alias_churn", 500_000, "a local read and set 500,000 times, each old value still live", values::alias_churn;
    "alias_broken", 250_000, "250,000 copies of a local live, blocks and sets between", values::alias_broken;
    "selects", 500_000, "500,000 selects in a chain", values::selects;
    "spills", 500_000, "500,000 rotations through 60 live values", values::spills;
    "compares", 500_000, "500,000 compares, each used as a number", values::compares;
    "trap_sites", 400_000, "400,000 divisions that may trap", values::trap_sites;
    "accesses", 500_000, "500,000 loads at different offsets", values::accesses;
    "call_params", 3_000, "3,000 calls with 1,000 arguments", values::call_params;
    "call_results", 3_000, "3,000 calls with 1,000 results", values::call_results;
    "call_live", 500_000, "500,000 calls, each result live to the end", values::call_live;
    "indirect_calls", 400_000, "400,000 calls through a table", values::indirect_calls;
    "functions", 1_000_000, "1,000,000 functions", sections::functions;
    "functions_of_locals", 4_000, "4,000 empty functions with 50,000 locals", sections::functions_of_locals;
    "local_groups", 50_000, "50,000 locals, each declared by itself", sections::local_groups;
    "types", 400_000, "400,000 different types", sections::types;
    "imports", 100_000, "100,000 imports", sections::imports;
    "exports", 200_000, "200,000 exports", sections::exports;
    "globals", 500_000, "500,000 globals, each read and written", sections::globals;
    "data_segments", 100_000, "100,000 data segments", sections::data_segments;
    "element_segments", 100_000, "100,000 element segments", sections::element_segments;
    "table_elements", 1_000_000, "1,000,000 table elements", sections::table_elements;
};

/// The engines of these names, bare validation among them and before the others. Without names that
/// and ours: peers take minutes over some bombs.
pub fn engines(names: &[String]) -> Result<Vec<Box<dyn Engine>>, Cause> {
    if names.is_empty() {
        let usual = [Validator.name(), engines::OURS, engines::OURS_EXPLICIT];
        return engines(&usual.map(str::to_owned));
    }
    let mut found: Vec<Box<dyn Engine>> = Vec::new();
    let (validation, others): (Vec<_>, Vec<_>) = names
        .iter()
        .cloned()
        .partition(|name| name == Validator.name());
    if !validation.is_empty() {
        found.push(Box::new(Validator));
    }
    if !others.is_empty() {
        found.extend(engines::named(&others)?);
    }
    Ok(found)
}

/// The largest ratio per doubling that passes, if nobody says.
pub const RATIO: f64 = 2.2;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bombs by name; all if none.
    pub bombs: Vec<String>,
    /// How many rounds; see [`child::measure`].
    pub rounds: usize,
    /// Which clock.
    pub clock: Clock,
    /// By how much everything is smaller than it could be.
    pub divide: u32,
    /// What a child may use.
    pub limits: Limits,
    /// The largest ratio per doubling that passes.
    pub ratio: f64,
}

/// Below this, a time tells nothing about growth.
const TIME_FLOOR: Duration = Duration::from_millis(4);

/// Below this, a peak of memory tells nothing about growth.
const MEMORY_FLOOR_KB: u64 = 4096;

/// Measures and tabulates; also how often a bomb did not pass. `progress` hears what comes next.
///
/// Where bare validation, if it is measured first, grows faster than would pass, that is the
/// measure for the others.
pub fn measure(
    engines: &[Box<dyn Engine>],
    options: &Options,
    progress: impl Fn(&str),
) -> Result<(Table, usize), Cause> {
    let mut table = Table::new(
        "Compile bombs at a quarter, half and all of the size",
        [
            "bomb",
            "engine",
            "kB",
            "ms",
            "ms ½",
            "ms ¼",
            "× time",
            "MB",
            "MB ½",
            "MB ¼",
            "× memory",
            "code kB",
            "of bound",
            "verdict",
        ],
    );
    let known = |name: &String| BOMBS.iter().any(|bomb| bomb.name == name);
    if let Some(unknown) = options.bombs.iter().find(|name| !known(name)) {
        let names: Vec<&str> = BOMBS.iter().map(|bomb| bomb.name).collect();
        return Err(format!("no bomb `{unknown}`; there are {}", names.join(", ")).into());
    }
    let mut failed = 0;
    for bomb in BOMBS.iter().filter(|bomb| {
        options.bombs.is_empty() || options.bombs.iter().any(|name| name == bomb.name)
    }) {
        progress(bomb.name);
        let mut ratio = options.ratio;
        let largest = (bomb.largest / options.divide.max(1)).max(4);
        for engine in engines {
            let sizes = [largest / 4, largest / 2, largest];
            let judge = |rounds: &Rounds| {
                let measured = child::medians(rounds);
                let growth = Growth::of(rounds, &measured);
                let verdict = growth.verdict(&measured, bomb, ratio, options.ratio);
                (measured, growth, verdict)
            };
            let enough = |rounds: &Rounds| judge(rounds).2 != TIME_GROWS;
            let rounds = child::measure(bomb, sizes, engine.name(), options, enough)?;
            let (measured, growth, verdict) = judge(&rounds);
            if engine.name() == Validator.name() {
                ratio = growth.time.map_or(ratio, |time| time.max(ratio));
            } else {
                failed += usize::from(verdict != PASSED && verdict != REFUSED);
            }
            table.row(row(bomb, engine.name(), &measured, &growth, verdict));
        }
    }
    table.note(format!(
        "Passed: at most ×{} per doubling in time, or what bare validation takes, and in peak memory \
         (times under {} ms and peaks under {} MB do not count), or a typed error. The bound of memory is four times the code and 16 MiB; \
         what a module declares besides its code is not in it.",
        options.ratio,
        TIME_FLOOR.as_millis(),
        MEMORY_FLOOR_KB / 1024
    ));
    Ok((table, failed))
}

/// What compiling real modules takes.
pub fn measure_real(
    modules: &[RealModule],
    engines: &[Box<dyn Engine>],
    options: &Options,
) -> Result<Table, Cause> {
    let mut table = Table::new(
        "Real modules that arrive in chunks",
        ["module", "engine", "kB", "ms", "MB", "code kB", "of bound"],
    );
    for module in modules {
        for engine in engines.iter().filter(|one| one.name() != Validator.name()) {
            let measured = child::once(&module.name, 0, engine.name(), options)?;
            let compiled = measured.compiled();
            table.row([
                Cell::text(&module.name),
                Cell::text(engine.name()),
                Cell::number(module.wasm.len() as f64 / 1e3, 0),
                Cell::maybe(compiled.map(|one| one.nanoseconds / 1e6), 1),
                Cell::maybe(compiled.map(|one| one.peak_kb as f64 / 1024.0), 1),
                Cell::maybe(
                    compiled.and_then(|one| Some(one.code_size? as f64 / 1e3)),
                    0,
                ),
                Cell::maybe(compiled.and_then(Measurement::of_bound), 2),
            ]);
        }
    }
    Ok(table)
}

const PASSED: &str = "ok";
const TIME_GROWS: &str = "TIME GROWS";
const REFUSED: &str = "refused";

/// The largest ratio between one size and the next.
#[derive(Debug, Default)]
struct Growth {
    time: Option<f64>,
    memory: Option<f64>,
}

impl Growth {
    /// That of time is the median over the rounds: the machine's speed changes between them.
    fn of(rounds: &Rounds, measured: &[Measurement]) -> Self {
        let times = |of_size: &[Measurement]| -> Vec<f64> {
            let floor = TIME_FLOOR.as_nanos() as f64;
            of_size
                .iter()
                .map(|one| one.nanoseconds.max(floor))
                .collect()
        };
        let mut growth = Self::default();
        for (pair, rounds) in measured.windows(2).zip(rounds.windows(2)) {
            let (Some(small), Some(large)) = (pair[0].compiled(), pair[1].compiled()) else {
                continue;
            };
            let time = median_ratio(&times(&rounds[1]), &times(&rounds[0]));
            let memory = large.peak_kb.max(MEMORY_FLOOR_KB) as f64
                / small.peak_kb.max(MEMORY_FLOOR_KB) as f64;
            let largest = |all: [Option<f64>; 2]| all.into_iter().flatten().reduce(f64::max);
            growth.time = largest([growth.time, time]);
            growth.memory = largest([growth.memory, Some(memory)]);
        }
        growth
    }

    fn verdict(
        &self,
        measured: &[Measurement],
        bomb: &Bomb,
        most_time: f64,
        most_memory: f64,
    ) -> &'static str {
        for measurement in measured {
            match measurement.verdict {
                Verdict::Crashed => return "CRASHED",
                Verdict::TimedOut => return "TIMEOUT",
                Verdict::OutOfMemory => return "MEMORY",
                Verdict::Compiled if !bomb.valid => return "ACCEPTED",
                Verdict::Compiled | Verdict::Refused => {}
            }
        }
        if self.time.is_some_and(|time| time > most_time) {
            TIME_GROWS
        } else if self.memory.is_some_and(|memory| memory > most_memory) {
            "MEMORY GROWS"
        } else if measured
            .iter()
            .any(|measurement| measurement.verdict == Verdict::Refused)
        {
            REFUSED
        } else {
            PASSED
        }
    }
}

fn row(
    bomb: &Bomb,
    engine: &str,
    measured: &[Measurement],
    growth: &Growth,
    verdict: &str,
) -> Vec<Cell> {
    let largest = measured.last().expect("three sizes are measured");
    let mut cells = vec![
        Cell::text(bomb.name),
        Cell::text(engine),
        Cell::number(largest.input_bytes as f64 / 1e3, 0),
    ];
    cells.extend(
        measured
            .iter()
            .rev()
            .map(|measurement| Cell::number(measurement.nanoseconds / 1e6, 1)),
    );
    cells.push(Cell::maybe(growth.time, 2));
    cells.extend(
        measured
            .iter()
            .rev()
            .map(|measurement| Cell::number(measurement.peak_kb as f64 / 1024.0, 1)),
    );
    cells.push(Cell::maybe(growth.memory, 2));
    cells.push(Cell::maybe(
        largest.code_size.map(|size| size as f64 / 1e3),
        0,
    ));
    cells.push(Cell::maybe(largest.of_bound(), 2));
    let reason = measured
        .iter()
        .find_map(|measurement| measurement.refusal.as_deref());
    cells.push(Cell::text(reason.map_or_else(
        || verdict.to_owned(),
        |reason| format!("{verdict}: {}", shortened(reason)),
    )));
    cells
}

/// As much of an error as fits a table.
fn shortened(reason: &str) -> String {
    reason
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(90)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small enough for a debug build to validate all of them in a moment.
    fn small(bomb: &Bomb) -> u32 {
        (bomb.largest / 512).clamp(4, 2_000)
    }

    #[test]
    fn bombs_are_valid_or_claims() {
        for bomb in BOMBS {
            let size = if bomb.valid {
                small(bomb)
            } else {
                bomb.largest
            };
            for wasm in (bomb.build)(size) {
                let result = Validator.compile(&wasm).map(|_| ());
                assert_eq!(result.is_ok(), bomb.valid, "{}: {result:?}", bomb.name);
            }
        }
    }

    #[test]
    fn bombs_grow_linearly() {
        for bomb in BOMBS.iter().filter(|bomb| bomb.valid) {
            let bytes = |size: u32| (bomb.build)(size).iter().map(Vec::len).sum::<usize>();
            let size = small(bomb);
            let (one, two, four) = (bytes(size), bytes(2 * size), bytes(4 * size));
            // Indices take another byte from time to time, hence the half.
            assert!(
                four - two <= (two - one) * 5 / 2,
                "{}: {one}, {two}, {four} bytes",
                bomb.name
            );
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = BOMBS.iter().map(|bomb| bomb.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), BOMBS.len());
    }
}
