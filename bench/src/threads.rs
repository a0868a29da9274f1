//! `threads`: what several threads gain, in wall time, and whether they make the same code.

use microwasm_runtime::{Config, Engine, Module};

use crate::clock::{Clock, geometric_mean, median, nanoseconds};
use crate::engine::Cause;
use crate::real::RealModule;
use crate::table::{Cell, Table};

/// How many threads, if nobody says.
pub const THREADS: usize = 2;

/// How many rounds, if nobody says.
pub const ROUNDS: usize = 15;

/// Bytes of function bodies from which on several threads are for, if nobody says.
pub const SMALLEST: usize = 100_000;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many rounds. In each, one thread and several are measured one right after the other,
    /// so that what else slows the machine down slows both down: their ratio counts, the median
    /// of all rounds.
    pub rounds: usize,
    /// How many threads.
    pub threads: usize,
}

/// Measures and tabulates; also tells whether all code was the same.
pub fn measure(modules: &[RealModule], options: &Options) -> Result<(Table, bool), Cause> {
    let Options { rounds, threads } = *options;
    let [one, many] =
        [1, threads].map(|threads| Engine::new(Config::new().compile_threads(threads)));
    let (one, many) = (one?, many?);
    let several = format!("{threads} threads, ms");
    let mut table = Table::new(
        "Compilation of a module, wall time, median over the rounds",
        [
            "module",
            "code kB",
            "1 thread, ms",
            &several,
            "speedup",
            "same code",
        ],
    );
    let (mut speedups, mut all_same) = (Vec::new(), true);
    for module in modules {
        let time = |engine: &Engine| -> Result<f64, Cause> {
            let (compiled, taken) = Clock::Wall.time(|| Module::new(engine, &module.wasm));
            compiled?;
            Ok(nanoseconds(taken) / 1e6)
        };
        let (mut alone, mut shared, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (by_one, by_many) = (time(&one)?, time(&many)?);
            alone.push(by_one);
            shared.push(by_many);
            ratios.push(by_one / by_many);
        }
        let speedup = median(&ratios);
        let serialized =
            |engine: &Engine| Ok::<_, Cause>(Module::new(engine, &module.wasm)?.serialize());
        let same = serialized(&one)? == serialized(&many)?;
        all_same &= same;
        speedups.extend(speedup);
        table.row([
            Cell::text(&module.name),
            Cell::number(module.shape.code_bytes as f64 / 1e3, 0),
            Cell::maybe(median(&alone), 2),
            Cell::maybe(median(&shared), 2),
            Cell::maybe(speedup, 2),
            Cell::text(if same { "yes" } else { "NO" }),
        ]);
    }
    table.row([
        Cell::text("geometric mean"),
        Cell::Empty,
        Cell::Empty,
        Cell::Empty,
        Cell::maybe(geometric_mean(speedups), 2),
        Cell::Empty,
    ]);
    Ok((table, all_same))
}
