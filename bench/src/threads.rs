//! `threads`: what several threads gain, in wall time, and whether they make the same code.
//!
//! Beside it what the machine gives to as many threads that each compile a module of their own
//! (`independent`): they wait for nothing but processors, caches and memory.

use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use microwasm_runtime::{Config, Engine, Module};

use crate::clock::{Clock, geometric_mean, median, nanoseconds};
use crate::engine::Cause;
use crate::real::RealModule;
use crate::table::{Cell, Table};

/// How many threads, if nobody says.
pub const THREADS: usize = 2;

/// How many rounds at least, if nobody says.
pub const ROUNDS: usize = 15;

/// For how long at least a module is compiled: the machine's speed changes within seconds, and small
/// modules would be through before it does.
const SPAN: Duration = Duration::from_secs(6);

/// Bytes of function bodies from which on several threads are for, if nobody says.
pub const SMALLEST: usize = 100_000;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many rounds at least. In each, one thread and several are measured one right after another,
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
            "independent",
            "same code",
        ],
    );
    let (mut speedups, mut capacities, mut all_same) = (Vec::new(), Vec::new(), true);
    for module in modules {
        let time = |engine: &Engine| -> Result<f64, Cause> {
            let (compiled, taken) = Clock::Wall.time(|| Module::new(engine, &module.wasm));
            compiled?;
            Ok(nanoseconds(taken) / 1e6)
        };
        let (mut alone, mut shared) = (Vec::new(), Vec::new());
        let (mut ratios, mut apart) = (Vec::new(), Vec::new());
        let start = Instant::now();
        while ratios.len() < rounds || start.elapsed() < SPAN {
            let (by_one, by_many) = (time(&one)?, time(&many)?);
            alone.push(by_one);
            shared.push(by_many);
            ratios.push(by_one / by_many);
            let (modules, taken) = Clock::Wall.time(|| each_its_own(&one, &module.wasm, threads));
            modules?;
            apart.push(threads as f64 * by_one * 1e6 / nanoseconds(taken));
        }
        let (speedup, capacity) = (median(&ratios), median(&apart));
        let serialized =
            |engine: &Engine| Ok::<_, Cause>(Module::new(engine, &module.wasm)?.serialize());
        let same = serialized(&one)? == serialized(&many)?;
        all_same &= same;
        speedups.extend(speedup);
        capacities.extend(capacity);
        table.row([
            Cell::text(&module.name),
            Cell::number(module.shape.code_bytes as f64 / 1e3, 0),
            Cell::maybe(median(&alone), 2),
            Cell::maybe(median(&shared), 2),
            Cell::maybe(speedup, 2),
            Cell::maybe(capacity, 2),
            Cell::text(if same { "yes" } else { "NO" }),
        ]);
    }
    table.row([
        Cell::text("geometric mean"),
        Cell::Empty,
        Cell::Empty,
        Cell::Empty,
        Cell::maybe(geometric_mean(speedups), 2),
        Cell::maybe(geometric_mean(capacities), 2),
        Cell::Empty,
    ]);
    Ok((table, all_same))
}

/// Compiles a module on each of so many threads.
fn each_its_own(
    engine: &Engine,
    wasm: &[u8],
    threads: usize,
) -> Result<Vec<Module>, microwasm_runtime::Error> {
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|_| scope.spawn(|| Module::new(engine, wasm)))
            .collect();
        let mut modules = vec![Module::new(engine, wasm)?];
        for other in others {
            modules.push(other.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(modules)
    })
}
