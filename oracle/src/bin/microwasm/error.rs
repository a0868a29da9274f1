//! Everything that ends a command with exit code 2.

use std::io;
use std::path::PathBuf;

use microwasm_oracle::engine::{InstantiateError, Refusal};
use microwasm_oracle::generate::Discard;
use microwasm_oracle::prepare::PrepareError;
use microwasm_oracle::reduce::ReduceError;
use microwasm_oracle::regression::RegressionError;
use microwasm_oracle::wast::ScriptError;
use thiserror::Error;

/// Bad usage or input.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
    #[error("{path}: {source}")]
    Text { path: PathBuf, source: wat::Error },
    #[error("{path}: {source}")]
    Script { path: PathBuf, source: ScriptError },
    #[error("{path}: {source}")]
    Invalid { path: PathBuf, source: PrepareError },
    #[error("{path}: {}{source}", offset(.source))]
    Refused { path: PathBuf, source: Refusal },
    #[error("{path}: {source}")]
    Instantiate {
        path: PathBuf,
        source: InstantiateError,
    },
    #[error("{path}: {source}")]
    Regression {
        path: PathBuf,
        source: RegressionError,
    },
    #[error("{path}: no module comes of this input: {source}")]
    Discard { path: PathBuf, source: Discard },
    #[error("{path}: {source}")]
    Reduce { path: PathBuf, source: ReduceError },
    #[error("{path}: function {func}: {source}")]
    Codegen {
        path: PathBuf,
        func: u32,
        source: microwasm_codegen::CodegenError,
    },
    #[error("{path}: {source}")]
    Object {
        path: PathBuf,
        source: microwasm_codegen::elf::ElfError,
    },
    #[error("{path}: {source}")]
    Input {
        path: PathBuf,
        source: Box<microwasm::input::InputError>,
    },
    #[error("{path}: {source}")]
    Compile {
        path: PathBuf,
        source: Box<microwasm_runtime::Error>,
    },
    #[error("there is no engine {0:?}; there are {known}", known = microwasm_oracle::engines::NAMES.join(", "))]
    Engine(String),
    #[error("no exported function {name:?}; there are: {known}")]
    NoFunction { name: String, known: String },
    #[error("{func} takes {expected} arguments, not {got}")]
    ArgumentCount {
        func: String,
        expected: usize,
        got: usize,
    },
    #[error("argument {text:?} is not a value of type {ty}")]
    Argument {
        text: String,
        ty: microwasm::ValType,
    },
    #[error("{text:?} is not EXPORT VALUE…, with values like i32:1 or f64:0x3ff0000000000000")]
    Invocation { text: String },
    #[error(
        "{path}: cannot write that kind of file; there are .mw (Microwasm), .mwt (Microwasm text), .s (listing) and .o (ELF object)"
    )]
    OutputKind { path: PathBuf },
    #[cfg(not(feature = "coverage"))]
    #[error(
        "this program counts no rules; build one that does: cargo build --release -p microwasm-oracle --features coverage"
    )]
    NoCoverage,
    #[error("{path}: {source}")]
    Record {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("{0} is not there, or holds no such file")]
    Nothing(PathBuf),
}

/// The offset of a refusal, where the message does not say it already.
fn offset(refusal: &Refusal) -> String {
    match refusal.offset {
        Some(offset) if !refusal.message.contains("offset") => format!("at offset {offset:#x}: "),
        _ => String::new(),
    }
}

impl CliError {
    /// Whether the reader of the output went away, which is its right.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, CliError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
