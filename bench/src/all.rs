//! `all`: every table that compares engines or targets, in one run, and what they come to.

use std::time::Duration;

use crate::clock::Clock;
use crate::engine::{Cause, Engine};
use crate::plot::Point;
use crate::real::RealModule;
use crate::table::Table;
use crate::{bombs, calls, compile, engines, executions, latency, run, threads};

/// What came of it.
pub struct Measured {
    /// The tables, in the order of the commands.
    pub tables: Vec<Table>,
    /// Where each engine stands that both compiled the modules and ran the kernels.
    pub points: Vec<Point>,
}

/// Measures everything, each with the options that its own command has by default; `progress`
/// hears what comes next.
pub fn measure(
    engines: &[Box<dyn Engine>],
    modules: &[RealModule],
    rounds: usize,
    clock: Clock,
    progress: impl Fn(&str),
) -> Result<Measured, Cause> {
    // First: behind all the other engines two threads were slower by a tenth, and one was not.
    progress("threads");
    let large: Vec<RealModule> = modules
        .iter()
        .filter(|module| module.shape.code_bytes >= threads::SMALLEST)
        .cloned()
        .collect();
    let options = threads::Options {
        rounds: threads::ROUNDS,
        threads: threads::THREADS,
    };
    let (on_threads, same) = threads::measure(&large, &options)?;
    if !same {
        return Err("the code depends on the number of threads".into());
    }
    progress("latency");
    let options = latency::Options {
        modules: latency::MODULES,
        rounds,
        clock,
        seed: 0,
    };
    let mut tables = vec![latency::measure(engines, &options)?];
    progress("compile");
    let options = compile::Options {
        rounds,
        clock,
        patience: Duration::from_secs(compile::PATIENCE),
    };
    let compiled = compile::measure(engines, modules, &options)?;
    progress("run");
    // Kernels and calls are as short as the times between two changes of a busy machine's speed.
    let of_what_is_short = 3 * rounds;
    let options = run::Options {
        rounds: of_what_is_short,
        clock,
        kernels: Vec::new(),
    };
    let ran = run::measure(engines, &options)?;
    let points = points(engines, &compiled, &ran);
    tables.extend(compiled);
    tables.extend(ran);
    progress("calls");
    let options = calls::Options {
        rounds: of_what_is_short,
        calls: calls::CALLS,
        clock,
    };
    tables.push(calls::measure(engines, &options)?);
    tables.push(on_threads);
    progress("bombs");
    let options = bombs::Options {
        bombs: Vec::new(),
        rounds,
        clock,
        divide: 1,
        limits: bombs::child::Limits::default(),
        ratio: bombs::RATIO,
    };
    let of_bombs = bombs::engines(&[])?;
    let (table, _) = bombs::measure(&of_bombs, &options, &progress)?;
    tables.push(table);
    tables.push(bombs::measure_real(&large, &of_bombs, &options)?);
    progress("executions");
    let options = executions::Options {
        inputs: executions::FEW,
        seed: 0,
        targets: Vec::new(),
    };
    // Differences stand in the tables, and are for the suite to look into.
    tables.extend(executions::measure(&options)?.tables);
    Ok(Measured { tables, points })
}

fn points(engines: &[Box<dyn Engine>], compiled: &[Table], ran: &[Table]) -> Vec<Point> {
    let mean = |tables: &[Table], column: &str| {
        tables
            .iter()
            .find_map(|table| table.number("geometric mean", column))
    };
    let point = |name: &str| {
        Some(Point {
            engine: name.to_owned(),
            throughput: mean(compiled, name)?,
            run_time: mean(ran, &run::to_native(name))?,
            ours: [
                engines::OURS,
                engines::OURS_EXPLICIT,
                engines::OURS_BYTECODE,
            ]
            .contains(&name),
        })
    };
    let names = engines.iter().map(|engine| engine.name());
    names.filter_map(point).collect()
}
