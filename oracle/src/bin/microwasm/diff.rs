//! `microwasm diff`

use std::io::Write as _;
use std::path::PathBuf;

use microwasm_oracle::engine::{Engine, Limits};
use microwasm_oracle::run::Case;
use microwasm_oracle::targets::{self, Outcome, Target, Verdict};
use microwasm_oracle::{engines, run};
use serde_json::json;

use crate::error::CliError;
use crate::{Found, input, ui};

/// Compare engines on a module
///
/// Runs the module in several engines and compares everything that can be observed after
/// every step: results, traps, calls of the host, globals, tables, memories. The first
/// engine is taken for right.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm diff module.wasm\n  \
    microwasm diff module.wat --invoke 'f i32:-1 f64:0x7ff8000000000000'\n  \
    microwasm diff --artifact target/fuzz-artifacts/differential/crash-0123")]
pub(crate) struct Args {
    /// A .wasm or .wat file, a regression, or a libFuzzer artifact
    file: PathBuf,
    /// FILE is an input of a fuzz target
    #[arg(long)]
    artifact: bool,
    /// Which fuzz target
    #[arg(long, default_value = "differential", value_parser = input::target)]
    target: Target,
    /// Engines to compare, the reference first
    #[arg(long, value_delimiter = ',', default_values = engines::DEFAULT)]
    engines: Vec<String>,
    /// Seed of the host, and of arguments that are not given
    #[arg(long, value_parser = input::seed)]
    seed: Option<u64>,
    /// A call to make: EXPORT VALUE…; may be repeated. By default every export is called
    #[arg(long)]
    invoke: Vec<String>,
    /// Fuel for everything that is run; running out ends the comparison
    #[arg(long, default_value_t = 1 << 28)]
    fuel: u64,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let case = case(args)?;
    let engines: Vec<Box<dyn Engine>> = args
        .engines
        .iter()
        .map(|name| input::engine(name))
        .collect::<Result<_, _>>()?;
    let engines: Vec<&dyn Engine> = engines.iter().map(|engine| &**engine).collect();
    let witness = engines::by_name(witness(args));
    let outcome = targets::differential_case(case, &engines, witness.as_deref());
    print(args, &outcome)?;
    Ok(match outcome.verdict {
        Verdict::Diverged(_) | Verdict::Outvoted(_) => Found::Something,
        Verdict::Agree | Verdict::Poisoned(_) | Verdict::Discarded(_) => Found::Nothing,
    })
}

fn witness(args: &Args) -> &'static str {
    engines::witness_against(args.engines.first().map_or("", String::as_str))
}

fn case(args: &Args) -> Result<Case, CliError> {
    let path = args.file.clone();
    if args.artifact {
        let bytes = input::read(&args.file)?;
        let case = args.target.case(&bytes);
        return case
            .map(|(case, _)| case)
            .map_err(|source| CliError::Discard { path, source });
    }
    let mut regression = input::regression(&args.file)?;
    if let Some(seed) = args.seed {
        regression.seed = seed;
    }
    if !args.invoke.is_empty() {
        let list = args.invoke.iter().map(|text| input::invocation(text));
        let list: Vec<run::Invocation> = list.collect::<Result<_, _>>()?;
        regression.invocations = Some(list);
    }
    let case = regression
        .case()
        .map_err(|source| CliError::Regression { path, source })?;
    // Fuel changes the code of the engines, so it is only counted where nothing else
    // bounds how long the module runs.
    let bounded = case
        .shape
        .export(microwasm_oracle::prepare::FUEL_EXPORT)
        .is_some();
    let fuel = if bounded { None } else { Some(args.fuel) };
    Ok(Case {
        limits: Limits {
            fuel,
            ..case.limits
        },
        ..case
    })
}

fn print(args: &Args, outcome: &Outcome) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    let what = match &outcome.verdict {
        Verdict::Agree => "agree",
        Verdict::Poisoned(_) => "poisoned",
        Verdict::Discarded(_) => "discarded",
        Verdict::Diverged(_) => "diverged",
        Verdict::Outvoted(_) => "reference outvoted",
    };
    if args.json {
        let (detail, signature) = match &outcome.verdict {
            Verdict::Agree => (None, None),
            Verdict::Poisoned(poison) => (Some(poison.to_string()), None),
            Verdict::Discarded(why) => (Some((*why).to_string()), None),
            Verdict::Diverged(finding) | Verdict::Outvoted(finding) => (
                Some(finding.to_string()),
                Some(finding.divergence.signature()),
            ),
        };
        let json = json!({
            "verdict": what,
            "detail": detail,
            "signature": signature,
            "engines": args.engines,
            "invocations": outcome.invocations,
            "traps": outcome.traps,
        });
        writeln!(out, "{json}")?;
        return Ok(());
    }
    match &outcome.verdict {
        Verdict::Agree => writeln!(
            out,
            "{}: {} after {} invocations, {} of which trapped",
            ui::good(what, ui::Stream::Out),
            args.engines.join(", "),
            outcome.invocations,
            outcome.traps
        )?,
        Verdict::Poisoned(poison) => {
            writeln!(
                out,
                "{what}: {poison}, after {} invocations",
                outcome.invocations
            )?;
        }
        Verdict::Discarded(why) => writeln!(out, "{what}: {why}")?,
        Verdict::Outvoted(finding) => {
            writeln!(
                out,
                "{}: {finding}\nThe reference is wrong: {} agrees with {}",
                ui::bad(what, ui::Stream::Out),
                witness(args),
                finding.divergence.subject
            )?;
        }
        Verdict::Diverged(finding) => {
            writeln!(out, "{}: {finding}", ui::bad(what, ui::Stream::Out))?;
        }
    }
    Ok(())
}
