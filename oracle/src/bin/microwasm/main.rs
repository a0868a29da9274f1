//! The command line: one subcommand per file.
//!
//! Exit codes: 0 all is well, 1 a difference or failure was found, 2 bad usage or input.
#![forbid(unsafe_code)]

mod campaign;
mod compare;
mod compile;
mod coverage;
mod diff;
mod error;
mod executions;
mod explorer;
mod generate;
mod groups;
mod input;
mod localize;
mod minimize;
mod record;
mod replay;
mod report;
mod run;
mod triage;
mod ui;
mod wast;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::CliError;

/// Campaigns compile, run and drop a module many times per input, and are faster by a tenth than
/// with the C library's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Nothing: all is well.
    Nothing,
    /// A difference or a failure.
    Something,
}

#[derive(Parser)]
#[command(
    name = "microwasm",
    version,
    about = "Runs, compiles and compares WebAssembly modules in several engines",
    after_help = format!(
        "Engines: {}.\n\
         Exit codes: 0 all is well, 1 a difference or failure was found, 2 bad usage or input.",
        microwasm_oracle::engines::NAMES.join(", ")
    )
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Wast(wast::Args),
    Compile(compile::Args),
    Compare(compare::Args),
    Diff(diff::Args),
    Replay(replay::Args),
    Minimize(minimize::Args),
    Localize(localize::Args),
    Triage(triage::Args),
    Campaign(campaign::Args),
    Executions(executions::Args),
    Report(report::Args),
    Generate(generate::Args),
    /// Localizes in a process of its own.
    #[command(hide = true)]
    Watch,
    /// Judges candidates of `minimize` in a process of their own.
    #[command(hide = true)]
    Judge,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let found = match &cli.command {
        Command::Run(args) => run::main(args),
        Command::Wast(args) => wast::main(args),
        Command::Compile(args) => compile::main(args),
        Command::Compare(args) => compare::main(args),
        Command::Diff(args) => diff::main(args),
        Command::Replay(args) => replay::main(args),
        Command::Minimize(args) => minimize::main(args),
        Command::Localize(args) => localize::main(args),
        Command::Triage(args) => triage::main(args),
        Command::Campaign(args) => campaign::main(args),
        Command::Executions(args) => executions::main(args),
        Command::Report(args) => report::main(args),
        Command::Generate(args) => generate::main(args),
        Command::Watch => microwasm_oracle::localize::worker::serve()
            .map(|()| Found::Nothing)
            .map_err(CliError::Output),
        Command::Judge => microwasm_oracle::reduce::worker::serve()
            .map(|()| Found::Nothing)
            .map_err(CliError::Output),
    };
    match found {
        Ok(Found::Nothing) => ExitCode::SUCCESS,
        Ok(Found::Something) => ExitCode::from(1),
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", ui::bad("error", ui::Stream::Err));
            ExitCode::from(2)
        }
    }
}
