//! `microwasm campaign`

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use microwasm_oracle::cache::Cached;
use microwasm_oracle::choice::{Choices, mix};
use microwasm_oracle::panics::caught;
use microwasm_oracle::roundtrip::Roundtrip;
use microwasm_oracle::stats::Stats;
use microwasm_oracle::targets::{self, Outcome, Target, Verdict};

use crate::error::CliError;
use crate::groups::Seen;
use crate::record::{Campaign, Raw, Record};
use crate::{Found, coverage, input, record, ui};

/// Compare engines on many random modules
///
/// Runs a target on inputs from a seeded generator, without a fuzzer, and prints what became
/// of them. The same seed gives the same inputs. The target `roundtrip` makes one module and
/// two mutated ones of each input, and executes none; `cache` compiles versions of a module.
/// With `all`, all targets take turns.
///
/// `outcomes` is a digest of what all inputs came to, whatever their order: it is the same for
/// the same inputs, or something depends on what ran before.
///
/// With --record, a folder gets a log of the progress, and findings with the same key, which is
/// what `localize` says of them, are one: it gets a few inputs for each key and a small regression,
/// named after it. `microwasm report` makes a page of the folder.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm campaign --inputs 100000\n  \
    microwasm campaign --target spill --inputs 1000000\n  \
    microwasm campaign --target roundtrip --inputs 1000000 --jobs 2\n  \
    microwasm campaign --target all --seconds 60 --journal last-input\n  \
    microwasm campaign --target all --inputs 1000000 --coverage coverage.json --unreached\n  \
    microwasm campaign --inputs 1000000 --seed 7 --jobs 2 --save target/findings\n  \
    microwasm campaign --target all --inputs 100000 --backwards\n  \
    microwasm campaign --target all --inputs 1000000 --record target/night --keep-going")]
pub(crate) struct Args {
    /// The target
    #[arg(long, default_value = "differential", value_parser = job)]
    target: Job,
    /// How many inputs
    #[arg(long, default_value_t = 10_000)]
    inputs: u64,
    /// Stop after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
    /// Number of the first input
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Seed of the inputs
    #[arg(long, default_value = "0", value_parser = input::seed)]
    seed: u64,
    /// Take the inputs from the last to the first
    #[arg(long)]
    backwards: bool,
    /// Threads
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Stop after this many findings; with --keep-going, after so many different ones
    #[arg(long, default_value_t = 20)]
    findings: u64,
    /// Write what happens into this directory: progress, and findings by what is wrong
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Go on after findings that are known, and after panics
    #[arg(long, requires = "record")]
    keep_going: bool,
    /// Seconds to make each recorded finding small in; 0 makes no regressions
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    minimize: u64,
    /// Write the inputs of findings into this directory
    #[arg(long)]
    save: Option<PathBuf>,
    /// Keep the input at hand in this file, behind a line with its target and number: for when
    /// the process dies of it. One thread only
    #[arg(long, value_name = "FILE", conflicts_with = "jobs")]
    journal: Option<PathBuf>,
    /// Count which of the compiler's rules were used, and write the counts into this file
    #[arg(long, value_name = "FILE")]
    coverage: Option<PathBuf>,
    /// Print the rules that were not used
    #[arg(long)]
    unreached: bool,
    /// Print the counts as JSON
    #[arg(long)]
    json: bool,
}

/// What a campaign can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    /// One target.
    One(Task),
    /// All of them, in turns.
    All,
}

/// What an input is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    /// A target that compares engines.
    Compare(Target),
    /// The round trips.
    Roundtrip,
    /// The compile cache.
    Cache,
}

impl Task {
    fn by_name(name: &str) -> Option<Task> {
        match name {
            "roundtrip" => Some(Task::Roundtrip),
            "cache" => Some(Task::Cache),
            name => Target::by_name(name).map(Task::Compare),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Task::Compare(target) => target.name(),
            Task::Roundtrip => "roundtrip",
            Task::Cache => "cache",
        }
    }

    fn run(self, bytes: &[u8]) -> CameTo {
        match self {
            Task::Compare(target) => CameTo::Compared(target.run(bytes)),
            Task::Roundtrip => CameTo::Roundtrip(targets::roundtrip(bytes)),
            Task::Cache => CameTo::Cache(targets::cache(bytes)),
        }
    }

    fn input(self, choices: &mut Choices) -> Vec<u8> {
        match self {
            Task::Compare(target) => target.input(choices),
            Task::Roundtrip | Task::Cache => targets::random_bytes(choices, 600),
        }
    }
}

impl Job {
    fn name(self) -> &'static str {
        match self {
            Job::One(task) => task.name(),
            Job::All => "all",
        }
    }

    /// What the input with this number is for.
    fn task(self, number: u64) -> Task {
        let compare = Target::ALL.len() as u64;
        match (self, number % (compare + 2)) {
            (Job::One(task), _) => task,
            (Job::All, 0) => Task::Roundtrip,
            (Job::All, 1) => Task::Cache,
            (Job::All, turn) => Task::Compare(Target::ALL[turn as usize - 2].1),
        }
    }
}

fn job(name: &str) -> Result<Job, String> {
    if name == "all" {
        return Ok(Job::All);
    }
    Task::by_name(name).map(Job::One).ok_or_else(|| {
        let compare = Target::ALL.iter().map(|(name, _)| *name);
        let names: Vec<_> = compare.chain(["roundtrip", "cache", "all"]).collect();
        format!("the targets are {}", names.join(", "))
    })
}

fn bytes_of(args: &Args, number: u64) -> Vec<u8> {
    let mut choices = Choices::new(mix(args.seed, number));
    args.target.task(number).input(&mut choices)
}

/// In place of the number of an input.
const NONE: u64 = u64::MAX;

/// Seconds after which an input that is still running is worth a line.
const SLOW: u64 = 10;

/// What the threads of a campaign share.
struct Shared<'a> {
    args: &'a Args,
    next: AtomicU64,
    /// What each thread is at.
    running: Vec<AtomicU64>,
    found: AtomicU64,
    /// Sum of the digests of what inputs came to.
    outcomes: AtomicU64,
    /// When no more inputs are taken.
    end: Option<Instant>,
    stats: Mutex<Stats>,
    record: Option<Mutex<Record>>,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    // A record has the counts if there are any.
    let recorded = args.record.as_ref().filter(|_| coverage::COUNTED);
    let recorded = recorded.map(|dir| dir.join(record::COVERAGE));
    let coverage = args.coverage.clone().or(recorded);
    if coverage.is_some() || args.unreached {
        coverage::begin()?;
    }
    if let Some(dir) = &args.save {
        std::fs::create_dir_all(dir).map_err(|source| CliError::Write {
            path: dir.clone(),
            source,
        })?;
    }
    let shared = Shared {
        args,
        next: AtomicU64::new(0),
        running: (0..args.jobs.max(1))
            .map(|_| AtomicU64::new(NONE))
            .collect(),
        found: AtomicU64::new(0),
        outcomes: AtomicU64::new(0),
        end: args
            .seconds
            .map(|seconds| Instant::now() + Duration::from_secs(seconds)),
        stats: Mutex::new(Stats::default()),
        record: create_record(args)?.map(Mutex::new),
    };
    let start = Instant::now();
    std::thread::scope(|scope| {
        let shared = &shared;
        let spawn = |running| scope.spawn(move || work(shared, running));
        let workers: Vec<_> = shared.running.iter().map(spawn).collect();
        let mut progress = ui::Progress::new("inputs", args.inputs);
        let mut seen = vec![(NONE, Instant::now()); shared.running.len()];
        while !workers.iter().all(|worker| worker.is_finished()) {
            std::thread::sleep(Duration::from_millis(50));
            let done = shared.next.load(Ordering::Relaxed).min(args.inputs);
            let found = shared.found.load(Ordering::Relaxed);
            progress.set(done, || {
                format!(
                    "{found} findings, {:.0}/s",
                    done as f64 / start.elapsed().as_secs_f64()
                )
            });
            say_slow(args, &shared.running, &mut seen)?;
            if let Some(record) = &shared.record {
                let stats = lock(&shared.stats).clone();
                lock(record).progress(&stats, false)?;
            }
        }
        progress.finish();
        workers.into_iter().try_for_each(|worker| {
            worker
                .join()
                .unwrap_or_else(|p| std::panic::resume_unwind(p))
        })
    })?;
    let stats = lock(&shared.stats).clone();
    let per_second = stats.inputs as f64 / start.elapsed().as_secs_f64();
    let outcomes = format!("{:016x}", shared.outcomes.load(Ordering::Relaxed));
    let mut out = std::io::stdout().lock();
    if args.json {
        let mut json = serde_json::to_value(&stats).map_err(std::io::Error::from)?;
        json["executed_percent"] = stats.executed_percent().into();
        json["per_second"] = per_second.into();
        json["outcomes"] = outcomes.into();
        writeln!(out, "{json}")?;
    } else {
        writeln!(
            out,
            "{stats}\n{:<24}{per_second:>12.0}\n{:<20}{outcomes}",
            "executions per second", "outcomes"
        )?;
    }
    if coverage.is_some() || args.unreached {
        coverage::end(coverage.as_deref(), args.unreached, args.json, &mut out)?;
    }
    if let Some(record) = shared.record {
        let mut record = record.into_inner().unwrap_or_else(PoisonError::into_inner);
        record.progress(&stats, true)?;
        let out: Option<&mut dyn std::io::Write> = (!args.json).then_some(&mut out);
        record.finish(Duration::from_secs(args.minimize), out)?;
    }
    Ok(if stats.diverged == 0 {
        Found::Nothing
    } else {
        Found::Something
    })
}

/// Says which inputs have been running for long, once for each, and saves them.
fn say_slow(
    args: &Args,
    running: &[AtomicU64],
    seen: &mut [(u64, Instant)],
) -> Result<(), CliError> {
    for (running, (number, since)) in running.iter().zip(seen) {
        let now = running.load(Ordering::Relaxed);
        if now != *number {
            (*number, *since) = (now, Instant::now());
        } else if now != NONE && since.elapsed().as_secs() >= SLOW {
            eprintln!("input {now} has been running for {SLOW} s");
            *since += Duration::from_secs(365 * 24 * 60 * 60);
            if let Some(dir) = &args.save {
                input::write(&saved(dir, "slow", args.seed, now), &bytes_of(args, now))?;
            }
        }
    }
    Ok(())
}

/// The record that was asked for.
fn create_record(args: &Args) -> Result<Option<Record>, CliError> {
    let campaign = Campaign {
        target: args.target.name().to_owned(),
        seed: args.seed,
        first: args.first,
        jobs: args.jobs,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let dir = args.record.as_ref();
    dir.map(|dir| Record::create(dir, &campaign)).transpose()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes inputs until there are no more.
fn work(shared: &Shared<'_>, running: &AtomicU64) -> Result<(), CliError> {
    let args = shared.args;
    let mut journal = args.journal.as_deref().map(Journal::create).transpose()?;
    loop {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        let over = shared.end.is_some_and(|end| Instant::now() >= end);
        if over || number >= args.inputs || shared.found.load(Ordering::Relaxed) >= args.findings {
            break;
        }
        let number = match args.backwards {
            false => args.first + number,
            true => args.first + args.inputs - 1 - number,
        };
        running.store(number, Ordering::Relaxed);
        let bytes = bytes_of(args, number);
        let task = args.target.task(number);
        if let Some(journal) = &mut journal {
            journal.note(task, number, &bytes)?;
        }
        let came_to = match args.keep_going {
            false => task.run(&bytes),
            true => caught(|| task.run(&bytes)).unwrap_or_else(CameTo::Panicked),
        };
        let digest = came_to.digest(number);
        shared.outcomes.fetch_add(digest, Ordering::Relaxed);
        came_to.count(&mut lock(&shared.stats));
        if let Some((signature, text)) = came_to.finding() {
            let raw = Raw {
                target: task.name(),
                input: (args.seed, number),
                bytes: &bytes,
                signature,
            };
            let seen = match &shared.record {
                Some(record) => lock(record).finding(&raw)?,
                None => Seen::First,
            };
            if seen == Seen::First || !args.keep_going {
                shared.found.fetch_add(1, Ordering::Relaxed);
                report(args, number, &bytes, &text)?;
            }
        } else if let (CameTo::Compared(outcome), Some(dir)) = (&came_to, &args.save)
            && matches!(outcome.verdict, Verdict::Outvoted(_))
        {
            input::write(&saved(dir, "outvoted", args.seed, number), &bytes)?;
        }
    }
    running.store(NONE, Ordering::Relaxed);
    Ok(())
}

/// What an input came to.
enum CameTo {
    Compared(Outcome),
    Roundtrip(Roundtrip),
    Cache(Cached),
    /// Where.
    Panicked(String),
}

impl CameTo {
    /// Of everything that may not depend on what ran before.
    fn digest(&self, number: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        number.hash(&mut hasher);
        match self {
            CameTo::Compared(outcome) => format!("{outcome:?}"),
            CameTo::Roundtrip(outcome) => format!("{outcome:?}"),
            CameTo::Cache(outcome) => format!("{outcome:?}"),
            CameTo::Panicked(place) => place.clone(),
        }
        .hash(&mut hasher);
        hasher.finish()
    }

    fn count(&self, stats: &mut Stats) {
        match self {
            CameTo::Compared(outcome) => stats.add(outcome),
            CameTo::Roundtrip(outcome) => stats.add_roundtrip(outcome),
            CameTo::Cache(outcome) => stats.add_cache(outcome),
            CameTo::Panicked(_) => {
                stats.inputs += 1;
                stats.diverged += 1;
            }
        }
    }

    /// What findings that look alike have in common, and what there is to say of this one.
    fn finding(&self) -> Option<(String, String)> {
        /// The kind of a failure, without what differs from one to the next.
        fn kind(text: &str) -> String {
            let end = text.find(|c: char| c == ':' || c.is_ascii_digit());
            text[..end.unwrap_or(text.len())].trim().to_owned()
        }
        match self {
            CameTo::Compared(Outcome {
                verdict: Verdict::Diverged(finding),
                ..
            }) => Some((finding.divergence.signature(), finding.to_string())),
            CameTo::Roundtrip(Roundtrip::Broken(broken)) => {
                let text = broken.to_string();
                Some((kind(&text), text))
            }
            CameTo::Cache(Cached::Differs(difference)) => {
                Some(("code differs".to_owned(), difference.to_string()))
            }
            CameTo::Panicked(place) => {
                let text = format!("panic at {place}");
                Some((text.clone(), text))
            }
            _ => None,
        }
    }
}

/// The file that has the input at hand.
struct Journal {
    path: PathBuf,
    file: File,
    entry: Vec<u8>,
}

impl Journal {
    fn create(path: &Path) -> Result<Journal, CliError> {
        let file = File::create(path).map_err(|source| CliError::Write {
            path: path.to_owned(),
            source,
        })?;
        Ok(Journal {
            path: path.to_owned(),
            file,
            entry: Vec::new(),
        })
    }

    fn note(&mut self, task: Task, number: u64, bytes: &[u8]) -> Result<(), CliError> {
        self.entry.clear();
        let head = format!("{} {number}\n", task.name());
        self.entry.extend_from_slice(head.as_bytes());
        self.entry.extend_from_slice(bytes);
        let written = self
            .file
            .set_len(self.entry.len() as u64)
            .and_then(|()| self.file.write_all_at(&self.entry, 0));
        written.map_err(|source| CliError::Write {
            path: self.path.clone(),
            source,
        })
    }
}

fn report(args: &Args, number: u64, bytes: &[u8], finding: &str) -> Result<(), CliError> {
    eprintln!(
        "input {number}: {}: {finding}\n",
        ui::bad("finding", ui::Stream::Err)
    );
    match &args.save {
        Some(dir) => input::write(&saved(dir, "finding", args.seed, number), bytes),
        None => Ok(()),
    }
}

fn saved(dir: &Path, what: &str, seed: u64, number: u64) -> PathBuf {
    dir.join(format!("{what}-{seed}-{number}"))
}
