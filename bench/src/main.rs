//! The command line of the benchmarks: one command per table.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use microwasm_bench::clock::Clock;
use microwasm_bench::engine::{Cause, Engine};
use microwasm_bench::plot::Plot;
use microwasm_bench::table::Table;
use microwasm_bench::{
    all, bombs, calls, compile, engines, executions, kernels, latency, mutations, real, run,
    threads,
};

/// Measures the Microwasm engine beside its peers and beside native code.
///
/// Build with `--release`, and with `--features peers` for the compilers among the peers. Run from
/// the root of the repository.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Common {
    /// Engines to measure, by name; all if none is given (`bombs`: ours and bare validation).
    #[arg(long = "engine")]
    engines: Vec<String>,
    /// How many rounds, of which the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Which time to measure.
    #[arg(long, value_enum, default_value_t = Clock::Cpu)]
    clock: Clock,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// All that compare engines, in one run, and a plot.
    All(All),
    /// Compile, instantiate, call and drop small random modules.
    Latency(Latency),
    /// Compile real modules: throughput and size of the code.
    Compile(Compile),
    /// Compile real modules on several threads.
    Threads(Threads),
    /// Run the kernels.
    Run(Run),
    /// Call the host, be called by it, trap.
    Calls(Calls),
    /// Run inputs of the fuzz targets, with `microwasm executions`.
    Executions(Executions),
    /// Compile modules that are made to hurt, at three sizes.
    Bombs(Bombs),
    /// Compile damaged real modules.
    Mutations(Mutations),
    /// Turn compiled kernels into text: a step of `bench/kernels/build`.
    PrintKernels {
        /// Where the binaries are.
        binaries: PathBuf,
        /// Where the text goes.
        texts: PathBuf,
    },
    /// The part of `bombs` that runs in a process of its own.
    #[command(hide = true)]
    BombChild {
        bomb: String,
        size: u32,
        engine: String,
        #[arg(long, value_enum)]
        clock: Clock,
    },
    /// The part of `mutations` that runs in a process of its own.
    #[command(hide = true)]
    MutationsChild {
        first: u64,
        end: u64,
        engine: String,
        largest: usize,
    },
}

#[derive(Debug, Args)]
struct All {
    #[command(flatten)]
    common: Common,
    /// Write the plot of compile throughput against run time to this file, as SVG.
    #[arg(long)]
    plot: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Latency {
    #[command(flatten)]
    common: Common,
    /// How many random modules.
    #[arg(long, default_value_t = latency::MODULES)]
    modules: usize,
    /// The seed of the first candidate.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Debug, Args)]
struct Compile {
    #[command(flatten)]
    common: Common,
    /// Real modules to compile, by name; all if none is given.
    #[arg(long = "module")]
    modules: Vec<String>,
    /// Seconds that one engine may spend on one module before it skips rounds.
    #[arg(long, default_value_t = compile::PATIENCE)]
    patience: u64,
}

#[derive(Debug, Args)]
struct Threads {
    /// How many threads.
    #[arg(default_value_t = threads::THREADS)]
    threads: usize,
    /// How many rounds at least, whose median counts; a module takes 6 s at least.
    #[arg(long, default_value_t = threads::ROUNDS)]
    rounds: usize,
    /// Leave modules with fewer bytes of function bodies alone.
    #[arg(long, default_value_t = threads::SMALLEST)]
    smallest: usize,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Run {
    #[command(flatten)]
    common: Common,
    /// Kernels to run, by name; all if none is given.
    #[arg(long = "kernel")]
    kernels: Vec<String>,
}

#[derive(Debug, Args)]
struct Calls {
    #[command(flatten)]
    common: Common,
    /// How many calls in a round.
    #[arg(long, default_value_t = calls::CALLS)]
    calls: u32,
}

#[derive(Debug, Args)]
struct Executions {
    /// Targets to measure, by name; all if none is given.
    #[arg(long = "target")]
    targets: Vec<String>,
    /// How many inputs of each target.
    #[arg(long, default_value_t = executions::INPUTS)]
    inputs: u64,
    /// The seed of the inputs.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Bombs {
    #[command(flatten)]
    common: Common,
    /// Bombs to set off, by name; all if none is given.
    #[arg(long = "bomb")]
    bombs: Vec<String>,
    /// Make everything smaller by this factor.
    #[arg(long, default_value_t = 1)]
    divide: u32,
    /// The largest ratio per doubling that passes; bare validation's if that is larger.
    #[arg(long, default_value_t = bombs::RATIO)]
    ratio: f64,
    /// Seconds after which a compilation is given up.
    #[arg(long, default_value_t = 60)]
    timeout: u64,
}

#[derive(Debug, Args)]
struct Mutations {
    /// How many.
    #[arg(default_value_t = 1_000_000)]
    count: u64,
    /// The number of the first.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// The engine to feed them to.
    #[arg(long, default_value = engines::OURS)]
    engine: String,
    /// Leave modules larger than this many bytes alone.
    #[arg(long, default_value_t = 20_000_000)]
    largest: usize,
    /// How many child processes at a time.
    #[arg(long, default_value_t = 2)]
    jobs: u64,
    /// Only write the module of the first case to this file.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match execute(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("microwasm-bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn execute(command: Command) -> Result<ExitCode, Cause> {
    match command {
        Command::All(arguments) => arguments.execute()?,
        Command::Latency(arguments) => arguments.execute()?,
        Command::Compile(arguments) => arguments.execute()?,
        Command::Threads(arguments) => return arguments.execute(),
        Command::Run(arguments) => arguments.execute()?,
        Command::Calls(arguments) => arguments.execute()?,
        Command::Executions(arguments) => return arguments.execute(),
        Command::Bombs(arguments) => return arguments.execute(),
        Command::Mutations(arguments) => return arguments.execute(),
        Command::PrintKernels { binaries, texts } => {
            println!("{} kernels", kernels::print_all(&binaries, &texts)?);
        }
        Command::BombChild {
            bomb,
            size,
            engine,
            clock,
        } => {
            println!("{}", bombs::child::answer(&bomb, size, &engine, clock)?);
        }
        Command::MutationsChild {
            first,
            end,
            engine,
            largest,
        } => {
            let engines = engines::named(&[engine])?;
            let engine = engines.first().ok_or("no such engine")?;
            mutations::run_cases(first, end, engine.as_ref(), largest, |line| {
                println!("{line}")
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Common {
    fn engines(&self) -> Result<Vec<Box<dyn Engine>>, Cause> {
        engines::named(&self.engines)
    }
}

impl All {
    fn execute(self) -> Result<(), Cause> {
        let Self { common, plot } = self;
        let measured = all::measure(
            &common.engines()?,
            &real::load()?,
            common.rounds,
            common.clock,
            |what| eprintln!("{what}…"),
        )?;
        print(&measured.tables, common.json)?;
        if let Some(path) = plot {
            let plot = Plot {
                points: measured.points,
                caption: machine(),
            };
            fs::write(&path, plot.to_string())
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }
}

impl Latency {
    fn execute(self) -> Result<(), Cause> {
        let Self {
            common,
            modules,
            seed,
        } = self;
        let options = latency::Options {
            modules,
            rounds: common.rounds,
            clock: common.clock,
            seed,
        };
        print(
            &[latency::measure(&common.engines()?, &options)?],
            common.json,
        )
    }
}

impl Compile {
    fn execute(self) -> Result<(), Cause> {
        let Self {
            common,
            modules,
            patience,
        } = self;
        let patience = Duration::from_secs(patience);
        let options = compile::Options {
            rounds: common.rounds,
            clock: common.clock,
            patience,
        };
        let mut real = real::load()?;
        real.retain(|module| modules.is_empty() || modules.contains(&module.name));
        print(
            &compile::measure(&common.engines()?, &real, &options)?,
            common.json,
        )
    }
}

impl Threads {
    fn execute(self) -> Result<ExitCode, Cause> {
        let Self {
            threads,
            rounds,
            smallest,
            json,
        } = self;
        let mut real = real::load()?;
        real.retain(|module| module.shape.code_bytes >= smallest);
        let (table, same) = threads::measure(&real, &threads::Options { rounds, threads })?;
        print(&[table], json)?;
        Ok(ExitCode::from(u8::from(!same)))
    }
}

impl Run {
    fn execute(self) -> Result<(), Cause> {
        let Self { common, kernels } = self;
        let options = run::Options {
            rounds: common.rounds,
            clock: common.clock,
            kernels,
        };
        print(&run::measure(&common.engines()?, &options)?, common.json)
    }
}

impl Calls {
    fn execute(self) -> Result<(), Cause> {
        let Self { common, calls } = self;
        let options = calls::Options {
            rounds: common.rounds,
            calls,
            clock: common.clock,
        };
        print(
            &[calls::measure(&common.engines()?, &options)?],
            common.json,
        )
    }
}

impl Executions {
    fn execute(self) -> Result<ExitCode, Cause> {
        let Self {
            targets,
            inputs,
            seed,
            json,
        } = self;
        let options = executions::Options {
            inputs,
            seed,
            targets,
        };
        let measured = executions::measure(&options)?;
        print(&measured.tables, json)?;
        Ok(ExitCode::from(u8::from(measured.findings > 0)))
    }
}

impl Bombs {
    fn execute(self) -> Result<ExitCode, Cause> {
        let Self {
            common,
            bombs,
            divide,
            ratio,
            timeout,
        } = self;
        let limits = bombs::child::Limits {
            time: Duration::from_secs(timeout),
            ..bombs::child::Limits::default()
        };
        let options = bombs::Options {
            bombs,
            rounds: common.rounds,
            clock: common.clock,
            divide,
            limits,
            ratio,
        };
        let engines = bombs::engines(&common.engines)?;
        let (table, failed) = bombs::measure(&engines, &options, |bomb| eprintln!("{bomb}…"))?;
        let mut tables = vec![table];
        if options.bombs.is_empty() {
            match real::load() {
                Ok(modules) => tables.push(bombs::measure_real(&modules, &engines, &options)?),
                Err(error) => eprintln!("real modules left out: {error}"),
            }
        }
        print(&tables, common.json)?;
        Ok(ExitCode::from(u8::from(failed > 0)))
    }
}

impl Mutations {
    fn execute(self) -> Result<ExitCode, Cause> {
        let Self {
            count,
            first,
            engine,
            largest,
            jobs,
            write,
            json,
        } = self;
        if let Some(path) = write {
            fs::write(path, mutations::module(first, largest)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let options = mutations::Options {
            count,
            first,
            engine,
            largest,
            jobs,
        };
        let (table, misbehaved) = mutations::measure(&options)?;
        print(&[table], json)?;
        Ok(ExitCode::from(u8::from(misbehaved)))
    }
}

fn print(tables: &[Table], json: bool) -> Result<(), Cause> {
    let text = if json {
        let tables: Vec<_> = tables.iter().map(Table::to_json).collect();
        serde_json::to_string_pretty(
            &serde_json::json!({ "machine": machine(), "tables": tables }),
        )?
    } else {
        let tables: Vec<_> = tables.iter().map(Table::to_string).collect();
        format!("{}\n\n{}", machine(), tables.join("\n"))
    };
    match writeln!(io::stdout(), "{text}") {
        // Who reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// The processor and the versions of the peers: what figures mean nothing without.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        info.lines().find_map(|line| {
            line.strip_prefix(name)?
                .split_once(": ")
                .map(|(_, value)| value.to_owned())
        })
    };
    let processor = field("model name").unwrap_or_else(|| "unknown processor".to_owned());
    let versions: Vec<String> = ["wasmi", "wasmtime", "wasmer", "wasmparser", "wasm-smith"]
        .iter()
        .filter_map(|name| version(name))
        .collect();
    format!("{processor}; {}", versions.join(", "))
}

/// The version of a dependency that this program was built with, or could have been.
fn version(name: &str) -> Option<String> {
    const LOCK: &str = include_str!("../../Cargo.lock");
    let entry = LOCK
        .split("[[package]]")
        .filter(|entry| entry.contains(&format!("name = \"{name}\"\n")))
        .last()?;
    let version = entry
        .lines()
        .find_map(|line| line.strip_prefix("version = "))?;
    Some(format!("{name} {}", version.trim_matches('"')))
}
