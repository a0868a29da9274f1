//! Makes a failing module small while it keeps failing in the same way.
//!
//! Two failures are the same if their [`Signature`]s are. Candidates are judged in a
//! child process ([`worker`]), because what is being reduced may crash, abort or hang.

mod microwasm;
mod mir;
mod module;
mod shrink;
pub mod worker;

pub use shrink::{Progress, ReduceError, Reduced, reduce};

use std::fmt;
use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::compare::NanRule;
use crate::regression::{Regression, RegressionError, parse_invocation};
use crate::targets::Verdict;

/// What kind of failure it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signature {
    /// Engines differ in this way.
    Diverged(String),
    /// Engines differ in this way, and a witness says that the reference is wrong.
    Outvoted(String),
    /// The process panicked there.
    Panicked(String),
    /// The process died of this.
    Crashed(String),
    /// It took too long.
    TimedOut,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Signature::Diverged(what) => f.write_str(what),
            Signature::Outvoted(what) => write!(f, "reference outvoted: {what}"),
            Signature::Panicked(place) => write!(f, "panic: {place}"),
            Signature::Crashed(how) => write!(f, "crash: {how}"),
            Signature::TimedOut => f.write_str("timeout"),
        }
    }
}

/// Says how candidates fail.
pub trait Judge {
    /// How `candidate` fails, if it does.
    fn judge(&mut self, candidate: &Regression) -> io::Result<Option<Signature>>;

    /// From now on no candidate needs more time than `limit`.
    fn hurry(&mut self, limit: Duration);
}

/// How a regression fails in this process, if it does.
pub fn signature(regression: &Regression) -> Result<Option<Signature>, RegressionError> {
    Ok(match regression.replay()?.verdict {
        Verdict::Diverged(finding) => Some(Signature::Diverged(finding.divergence.signature())),
        Verdict::Outvoted(finding) => Some(Signature::Outvoted(finding.divergence.signature())),
        Verdict::Agree | Verdict::Poisoned(_) | Verdict::Discarded(_) => None,
    })
}

/// A regression as it is sent to the worker: one line of JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct Message {
    engines: Vec<String>,
    seed: u64,
    nans: NanRule,
    invocations: Option<Vec<String>>,
    wasm: String,
}

impl Message {
    pub(crate) fn of(regression: &Regression) -> Message {
        let invocations = regression.invocations.as_ref();
        Message {
            engines: regression.engines.clone(),
            seed: regression.seed,
            nans: regression.nans,
            invocations: invocations.map(|list| list.iter().map(ToString::to_string).collect()),
            wasm: regression
                .wasm
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }

    pub(crate) fn into_regression(self) -> Option<Regression> {
        let digits = self.wasm.as_bytes().chunks(2);
        let wasm = digits.map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        });
        let invocations = match self.invocations {
            None => None,
            Some(list) => Some(
                list.iter()
                    .map(|text| parse_invocation(text))
                    .collect::<Option<_>>()?,
            ),
        };
        Some(Regression {
            cause: String::new(),
            engines: self.engines,
            seed: self.seed,
            nans: self.nans,
            invocations,
            wasm: wasm.collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests;
