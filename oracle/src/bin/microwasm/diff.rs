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
    /// A module, a regression, or a libFuzzer artifact
    file: PathBuf,
    /// FILE is an input of a fuzz target
    #[arg(long)]
    artifact: bool,
    /// Which fuzz target
    #[arg(long, default_value = "differential", value_parser = input::target)]
    target: Target,
    /// Engines to compare, the reference first; by default those that take the module's form
    #[arg(long, value_delimiter = ',')]
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
    let mut names = args.engines.clone();
    if names.is_empty() {
        let default = engines::default_for(&case.wasm).iter();
        names = default.map(|name| (*name).to_owned()).collect();
    }
    let engines: Vec<Box<dyn Engine>> = names
        .iter()
        .map(|name| input::engine(name))
        .collect::<Result<_, _>>()?;
    let engines: Vec<&dyn Engine> = engines.iter().map(|engine| &**engine).collect();
    let witness = engines::witness_for(&case.wasm, &names[0]);
    let outcome = targets::differential_case(case, &engines, witness.as_deref());
    print(args, &names, &outcome)?;
    Ok(match outcome.verdict {
        Verdict::Diverged(_) | Verdict::Outvoted(_) => Found::Something,
        Verdict::Agree | Verdict::Poisoned(_) | Verdict::Discarded(_) => Found::Nothing,
    })
}

fn case(args: &Args) -> Result<Case, CliError> {
    let path = args.file.clone();
    if args.artifact {
        return input::failing(&args.file, args.target)?
            .case()
            .map_err(|source| CliError::Regression { path, source });
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

fn print(args: &Args, names: &[String], outcome: &Outcome) -> Result<(), CliError> {
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
            "engines": names,
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
            names.join(", "),
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
                engines::witness_against(&names[0]),
                finding.divergence.subject
            )?;
        }
        Verdict::Diverged(finding) => {
            writeln!(out, "{}: {finding}", ui::bad(what, ui::Stream::Out))?;
            let artifact = if args.artifact {
                let all = Target::ALL.iter();
                let name = all.filter(|(_, target)| *target == args.target);
                name.map(|(name, _)| format!("--target {name} ")).collect()
            } else {
                String::new()
            };
            let file = args.file.display();
            writeln!(
                out,
                "microwasm localize {artifact}{file} names the operator"
            )?;
        }
    }
    Ok(())
}
