//! `calls`: nanoseconds across the boundary, in both directions, and for a trap.

use std::hint::black_box;

use crate::clock::{Clock, median, nanoseconds};
use crate::engine::{Cause, Engine, Failure, Running, host_step};
use crate::kernels::{HOST_CALLS, KERNELS};
use crate::native::Native;
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

/// The medians of one contestant, in nanoseconds.
#[derive(Debug, Default)]
struct Row {
    name: String,
    to_host: Option<f64>,
    from_host: Option<f64>,
    traps: [Option<f64>; TRAPS.len()],
}

/// What is sampled of one contestant, round by round.
#[derive(Debug, Default)]
struct Samples {
    to_host: Vec<f64>,
    from_host: Vec<f64>,
    traps: [Vec<f64>; TRAPS.len()],
}

impl Samples {
    fn medians(&self, name: &str) -> Row {
        Row {
            name: name.to_owned(),
            to_host: median(&self.to_host),
            from_host: median(&self.from_host),
            traps: self.traps.each_ref().map(|samples| median(samples)),
        }
    }
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
        if let Some(native) = &mut native {
            native_samples
                .to_host
                .push(nanoseconds(native.run(scale, options.clock)?.1) / count);
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
    let mut rows = vec![native_samples.medians("native")];
    rows.extend(
        engines
            .iter()
            .zip(&instances)
            .map(|(engine, (_, _, samples))| samples.medians(engine.name())),
    );
    Ok(tabulate(&rows))
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

fn tabulate(rows: &[Row]) -> Table {
    let mut table = Table::new(
        "Calls, nanoseconds each, median over the rounds",
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
    let native = &rows[0];
    for row in rows {
        let ratio =
            |of: Option<f64>, to: Option<f64>| Cell::maybe(of.zip(to).map(|(of, to)| of / to), 2);
        let cells = [
            Cell::text(&row.name),
            Cell::maybe(row.to_host, 2),
            ratio(row.to_host, native.to_host),
            Cell::maybe(row.from_host, 2),
            ratio(row.from_host, native.from_host),
        ];
        table.row(
            cells
                .into_iter()
                .chain(row.traps.iter().map(|trap| Cell::maybe(*trap, 0))),
        );
    }
    table.note("Wasm→host includes the loop around the call: a compare, an addition, a shift and an exclusive or.");
    if native.to_host.is_none() {
        table.note("No native programs: build them with `bench/kernels/build native`.");
    }
    table
}
