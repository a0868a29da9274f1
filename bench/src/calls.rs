//! `calls`: nanoseconds across the boundary, in both directions, and for a trap.

use std::hint::black_box;

use crate::clock::{Clock, median, median_ratio, nanoseconds};
use crate::engine::{Cause, Engine, Failure, Running, host_step};
use crate::kernels::{HOST_CALLS, KERNELS};
use crate::native::Native;
use crate::processor::OneProcessor;
use crate::table::{Cell, Table};

/// How many calls in a round, if nobody says.
pub const CALLS: u32 = 5_000_000;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many rounds.
    pub rounds: usize,
    /// How many calls in each; traps are fewer.
    pub calls: u32,
    /// Which clock.
    pub clock: Clock,
}

/// Exports to call from outside, and every way to trap.
const MODULE: &str = r#"
(module
  (memory 1)
  (func (export "step") (param i32) (result i32) (i32.add (local.get 0) (i32.const 3)))
  (func (export "unreachable") unreachable)
  (func (export "divide") (drop (i32.div_u (i32.const 1) (i32.load (i32.const 0)))))
  (func (export "load") (drop (i32.load (i32.sub (i32.load (i32.const 0)) (i32.const 8)))))
)"#;

const TRAPS: [&str; 3] = ["unreachable", "divide", "load"];

/// A trap costs up to a thousand times a call.
const CALLS_PER_TRAP: u32 = 200;

/// What is sampled of one contestant, round by round, in nanoseconds.
#[derive(Debug, Default)]
struct Samples {
    to_host: Vec<f64>,
    from_host: Vec<f64>,
    traps: [Vec<f64>; TRAPS.len()],
}

/// Measures and tabulates.
pub fn measure(engines: &[Box<dyn Engine>], options: &Options) -> Result<Table, Cause> {
    let kernel = KERNELS
        .iter()
        .find(|kernel| kernel.name == HOST_CALLS)
        .expect("the list of kernels has it");
    let (caller, callee) = (wat::parse_str(kernel.text)?, wat::parse_str(MODULE)?);
    let mut instances = Vec::new();
    for engine in engines {
        instances.push((
            engine.compile(&caller)?.instantiate()?,
            engine.compile(&callee)?.instantiate()?,
            Samples::default(),
        ));
    }
    let (mut native, mut native_samples) = (Native::start(HOST_CALLS)?, Samples::default());
    let count = f64::from(options.calls);
    let scale = i32::try_from(options.calls)?;
    for _ in 0..options.rounds {
        let here = OneProcessor::here();
        if let Some(native) = &mut native {
            native_samples
                .to_host
                .push(nanoseconds(native.run(scale, options.clock, &here)?.1) / count);
        }
        native_samples
            .from_host
            .push(nanoseconds(options.clock.time(|| native_calls(options.calls)).1) / count);
        for (caller, callee, samples) in &mut instances {
            let (checksum, taken) = options.clock.time(|| caller.run(scale));
            checksum?;
            samples.to_host.push(nanoseconds(taken) / count);
            let (last, taken) = options.clock.time(|| callee.step_repeatedly(options.calls));
            last?;
            samples.from_host.push(nanoseconds(taken) / count);
            for (name, samples) in TRAPS.iter().zip(&mut samples.traps) {
                samples.push(time_traps(callee.as_mut(), name, options)?);
            }
        }
    }
    let instances = engines
        .iter()
        .zip(&instances)
        .map(|(engine, (_, _, samples))| (engine.name(), samples));
    Ok(tabulate(&native_samples, instances))
}

fn time_traps(
    instance: &mut dyn Running,
    name: &'static str,
    options: &Options,
) -> Result<f64, Cause> {
    let count = (options.calls / CALLS_PER_TRAP).max(1);
    let (trapped, taken) = options.clock.time(|| instance.trap_repeatedly(name, count));
    if trapped? != count {
        return Err(Box::new(Failure::Trap(
            format!("`{name}` did not trap every time").into(),
        )));
    }
    Ok(nanoseconds(taken) / f64::from(count))
}

/// As many calls of a function that the compiler cannot see through.
fn native_calls(count: u32) -> u32 {
    let function: fn(u32, u32) -> u32 = black_box(host_step);
    (0..count).fold(1, |value, _| function(value, 1))
}

fn tabulate<'a>(
    native: &'a Samples,
    engines: impl Iterator<Item = (&'a str, &'a Samples)>,
) -> Table {
    let mut table = Table::new(
        "Calls, nanoseconds each and as ratios within a round, median over the rounds",
        [
            "engine",
            "Wasm→host",
            "÷ native",
            "host→Wasm",
            "÷ native",
            "unreachable trap",
            "division trap",
            "load trap",
        ],
    );
    for (name, samples) in [("native", native)].into_iter().chain(engines) {
        let Samples {
            to_host,
            from_host,
            traps,
        } = samples;
        let cells = [
            Cell::text(name),
            Cell::maybe(median(to_host), 2),
            Cell::maybe(median_ratio(to_host, &native.to_host), 2),
            Cell::maybe(median(from_host), 2),
            Cell::maybe(median_ratio(from_host, &native.from_host), 2),
        ];
        table.row(
            cells
                .into_iter()
                .chain(traps.iter().map(|trap| Cell::maybe(median(trap), 0))),
        );
    }
    table.note("Wasm→host includes the loop around the call: a compare, an addition, a shift and an exclusive or.");
    if native.to_host.is_empty() {
        table.note("No native programs: build them with `bench/kernels/build native`.");
    }
    table
}
