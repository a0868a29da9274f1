//! Regressions: a module in text form with a header that says how to run it.
//!
//! The header is a run of `;; key: value` comments at the start of the file:
//!
//! ```text
//! ;; cause: what was wrong, in one sentence or several lines
//! ;; engines: wasmi x64 x64-explicit
//! ;; seed: 0x2a
//! ;; invoke: f0 i32:-1 f64:0x7ff8000000000000 funcref:null
//! (module …)
//! ```
//!
//! `cause` must be there. `nans: bits` compares the bits of NaNs, for modules whose
//! arithmetic only makes canonical ones; otherwise the suite makes them canonical where
//! their bits become visible, and compares floats as the class of NaNs; `nans: hidden` compares
//! them so and leaves the module as it is. Without `engines`
//! the module runs in all default engines that take its form, WebAssembly or Microwasm,
//! without `invoke` every exported function is called with values chosen by the seed.
//! It passes if all engines show the same, or if a witness agrees with the engines that
//! differ from the reference.

use std::fmt::Write as _;

use microwasm::input::Form;
use microwasm::text::Offsets;
use microwasm::wasm::Limits;
use thiserror::Error;

use crate::compare::NanRule;
use crate::engine::Engine;
use crate::engines;
use crate::generate;
use crate::prepare::PrepareError;
use crate::run::{Case, Invocation};
use crate::targets::{self, Outcome};
use crate::value;

/// A regression, or anything else that can be run from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regression {
    /// What was wrong.
    pub cause: String,
    /// Names of the engines; empty for the default ones.
    pub engines: Vec<String>,
    /// Seed of the host and of values that are not given.
    pub seed: u64,
    /// How NaNs are compared, and whether they are made canonical.
    pub nans: NanRule,
    /// What to call; `None` for everything.
    pub invocations: Option<Vec<Invocation>>,
    /// The module.
    pub wasm: Vec<u8>,
}

/// Why a regression cannot be read or run.
#[derive(Debug, Error)]
pub enum RegressionError {
    /// A line of the header that is not understood.
    #[error("line {line}: {problem}")]
    Header {
        /// Line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: HeaderProblem,
    },
    /// The module's text is wrong.
    #[error("{0}")]
    Text(#[from] wat::Error),
    /// The module is not valid.
    #[error("the module is not valid: {0}")]
    Invalid(#[from] PrepareError),
    /// There is no engine of that name.
    #[error("there is no engine {0:?}")]
    Engine(String),
}

/// What is wrong with a line of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)]
pub enum HeaderProblem {
    #[error("unknown key; there are cause, engines, seed, nans, invoke")]
    Key,
    #[error("not a number")]
    Seed,
    #[error("neither bits, class nor hidden")]
    Nans,
    #[error("not a list of values like i32:1 f64:0x3ff0000000000000 funcref:null")]
    Values,
    #[error("the header does not say the cause")]
    NoCause,
}

impl Regression {
    /// Reads the text of a regression file.
    pub fn parse(text: &str) -> Result<Regression, RegressionError> {
        let mut regression = Regression::of_module(Vec::new());
        for (index, line) in text.lines().enumerate() {
            let Some(comment) = line.trim().strip_prefix(";;") else {
                break;
            };
            let problem = regression.header_line(comment.trim()).err();
            if let Some(problem) = problem {
                return Err(RegressionError::Header {
                    line: index + 1,
                    problem,
                });
            }
        }
        if regression.cause.is_empty() {
            return Err(RegressionError::Header {
                line: 1,
                problem: HeaderProblem::NoCause,
            });
        }
        regression.wasm = match Form::of(text.as_bytes()) {
            Form::Text => text.as_bytes().to_vec(),
            _ => wat::parse_str(text)?,
        };
        Ok(regression)
    }

    /// A module with no header.
    pub fn of_module(wasm: Vec<u8>) -> Regression {
        Regression {
            cause: String::new(),
            engines: Vec::new(),
            seed: 0,
            nans: NanRule::Class,
            invocations: None,
            wasm,
        }
    }

    fn header_line(&mut self, comment: &str) -> Result<(), HeaderProblem> {
        let keyed = comment.split_once(':');
        let Some((key, value)) = keyed.filter(|(key, _)| !key.trim().contains(' ')) else {
            // A line without a key, which is one word, goes on with the cause.
            if !comment.is_empty() {
                self.cause = format!("{}\n{comment}", self.cause).trim().to_owned();
            }
            return Ok(());
        };
        let value = value.trim();
        match key.trim() {
            "cause" => self.cause = value.to_owned(),
            "engines" => self.engines = value.split_whitespace().map(str::to_owned).collect(),
            "seed" => self.seed = parse_seed(value).ok_or(HeaderProblem::Seed)?,
            "nans" => {
                self.nans = match value {
                    "bits" => NanRule::Bits,
                    "class" => NanRule::Class,
                    "hidden" => NanRule::Hidden,
                    _ => return Err(HeaderProblem::Nans),
                }
            }
            "invoke" => {
                let invocation = parse_invocation(value).ok_or(HeaderProblem::Values)?;
                self.invocations.get_or_insert_default().push(invocation);
            }
            _ => return Err(HeaderProblem::Key),
        }
        Ok(())
    }

    /// The text of a regression file.
    pub fn print(&self) -> String {
        let mut text = String::new();
        let mut line = |key: &str, value: &str| {
            writeln!(text, ";; {key}: {value}").expect("a string takes everything");
        };
        line("cause", &self.cause.replace('\n', "\n;; "));
        if !self.engines.is_empty() {
            line("engines", &self.engines.join(" "));
        }
        line("seed", &format!("{:#x}", self.seed));
        match self.nans {
            NanRule::Bits => line("nans", "bits"),
            NanRule::Hidden => line("nans", "hidden"),
            NanRule::Class => {}
        }
        for invocation in self.invocations.iter().flatten() {
            line("invoke", &invocation.to_string());
        }
        // What the printer cannot print, it says in the text.
        let module = match Form::of(&self.wasm) {
            Form::Wasm => wasmprinter::print_bytes(&self.wasm).map_err(|e| e.to_string()),
            _ => microwasm::text::print(&self.wasm, Limits::default(), Offsets::Hide)
                .map_err(|e| e.to_string()),
        };
        text + &module.unwrap_or_else(|error| format!(";; {error}")) + "\n"
    }

    /// The run that the file describes.
    pub fn case(&self) -> Result<Case, RegressionError> {
        Ok(generate::case_of_module(
            &self.wasm,
            self.seed,
            self.nans,
            self.invocations.clone(),
        )?)
    }

    /// The engines to run it in, the reference first.
    pub fn engines(&self) -> Result<Vec<Box<dyn Engine>>, RegressionError> {
        let by_name = |name: &str| {
            engines::by_name(name).ok_or_else(|| RegressionError::Engine(name.to_owned()))
        };
        if self.engines.is_empty() {
            let default = engines::default_for(&self.wasm);
            return default.iter().copied().map(by_name).collect();
        }
        self.engines
            .iter()
            .map(String::as_str)
            .map(by_name)
            .collect()
    }

    /// Runs it.
    pub fn replay(&self) -> Result<Outcome, RegressionError> {
        let engines = self.engines()?;
        let engines: Vec<&dyn Engine> = engines.iter().map(|engine| &**engine).collect();
        let reference = engines.first().map_or("", |engine| engine.name());
        let witness = engines::witness_for(&self.wasm, reference);
        Ok(targets::differential_case(
            self.case()?,
            &engines,
            witness.as_deref(),
        ))
    }
}

/// Reads a seed, decimal or hexadecimal.
pub fn parse_seed(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Reads `export value…`. Values never contain spaces; the name of an export may.
pub fn parse_invocation(text: &str) -> Option<Invocation> {
    let words: Vec<&str> = text.split(' ').collect();
    let first = words
        .iter()
        .rposition(|word| value::parse(word).is_none())
        .map_or(0, |i| i + 1);
    let export = words[..first].join(" ");
    if export.is_empty() {
        return None;
    }
    let args = words[first..]
        .iter()
        .map(|word| value::parse(word))
        .collect::<Option<_>>()?;
    Some(Invocation {
        export: export.into(),
        args,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        let wasm = wat::parse_str("(module (func (export \"a b\") (param i32)))").unwrap();
        let regression = Regression {
            cause: "first line\nsecond line".into(),
            engines: vec!["wasmi".into(), "x64".into()],
            seed: 42,
            nans: NanRule::Bits,
            invocations: Some(vec![Invocation {
                export: "a b".into(),
                args: vec![value::Value::I32(7)],
            }]),
            wasm,
        };
        assert_eq!(Regression::parse(&regression.print()).unwrap(), regression);
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |text: &str| Regression::parse(text).unwrap_err().to_string();
        assert!(error("(module)").contains("cause"));
        assert!(error(";; cause: x\n;; seed: y\n(module)").contains("line 2: not a number"));
        assert!(error(";; cause: x\n;; what: y\n(module)").contains("unknown key"));
        assert!(error(";; cause: x\n;; invoke: i32:1\n(module)").contains("not a list"));
        assert!(error(";; cause: x\n(module").contains("expected"));
    }
}
