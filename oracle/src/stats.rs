//! Counts of what became of inputs.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cache::Cached;
use crate::roundtrip::Roundtrip;
use crate::targets::{Outcome, Verdict};

/// Counts over many inputs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Inputs seen.
    pub inputs: u64,
    /// Modules that were instantiated and invoked at least once, in every engine.
    pub executed: u64,
    /// Modules whose instantiation trapped, in every engine alike.
    pub not_instantiated: u64,
    /// Inputs of which no module came that could be run, by reason.
    pub discarded: BTreeMap<String, u64>,
    /// Runs that reached a limit, by limit. They are part of `executed` when an
    /// invocation took place before.
    pub poisoned: BTreeMap<String, u64>,
    /// Differences found.
    pub diverged: u64,
    /// Differences in which a witness says that the reference is wrong.
    pub outvoted: u64,
    /// Invocations made.
    pub invocations: u64,
    /// Invocations that trapped.
    pub traps: u64,
    /// Calls of host functions, call-backs included.
    pub host_events: u64,
    /// Bytes of all modules.
    pub module_bytes: u64,
    /// Mutated modules that were read, by the round trips.
    pub mutated: u64,
    /// How many of them were accepted.
    pub accepted: u64,
    /// Functions found in the compile cache.
    pub cache_hits: u64,
}

impl Stats {
    /// Takes in what became of an input.
    pub fn add(&mut self, outcome: &Outcome) {
        self.inputs += 1;
        self.invocations += u64::from(outcome.invocations);
        self.traps += u64::from(outcome.traps);
        self.host_events += outcome.events;
        self.module_bytes += outcome.module_bytes as u64;
        if outcome.invocations > 0 {
            self.executed += 1;
        }
        match &outcome.verdict {
            Verdict::Agree if outcome.invocations == 0 => self.not_instantiated += 1,
            Verdict::Agree => {}
            Verdict::Poisoned(poison) => *self.poisoned.entry(poison.to_string()).or_default() += 1,
            Verdict::Discarded(why) => *self.discarded.entry((*why).to_string()).or_default() += 1,
            Verdict::Diverged(_) => self.diverged += 1,
            Verdict::Outvoted(_) => self.outvoted += 1,
        }
    }

    /// Takes in what became of a round trip.
    pub fn add_roundtrip(&mut self, outcome: &Roundtrip) {
        self.inputs += 1;
        match outcome {
            Roundtrip::Discarded => {
                *self.discarded.entry("no module".to_owned()).or_default() += 1;
            }
            Roundtrip::Fine { mutated, accepted } => {
                self.mutated += u64::from(*mutated);
                self.accepted += u64::from(*accepted);
            }
            Roundtrip::Broken(_) => self.diverged += 1,
        }
    }

    /// Takes in what became of the versions of a module.
    pub fn add_cache(&mut self, outcome: &Cached) {
        self.inputs += 1;
        match outcome {
            Cached::Discarded => *self.discarded.entry("no module".to_owned()).or_default() += 1,
            Cached::Same { hits, .. } => self.cache_hits += hits,
            Cached::Differs(_) => self.diverged += 1,
        }
    }

    /// Share of the inputs that were executed, in percent.
    pub fn executed_percent(&self) -> f64 {
        percent(self.executed, self.inputs)
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 * 100.0 / whole as f64
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, name: &str, count: u64| {
            writeln!(
                f,
                "{name:<24}{count:>12}  {:6.2} %",
                percent(count, self.inputs)
            )
        };
        writeln!(f, "{:<24}{:>12}", "inputs", self.inputs)?;
        line(f, "executed", self.executed)?;
        line(f, "not instantiated", self.not_instantiated)?;
        for (why, count) in &self.discarded {
            line(f, &format!("discarded: {why}"), *count)?;
        }
        for (why, count) in &self.poisoned {
            line(f, &format!("poisoned: {why}"), *count)?;
        }
        line(f, "diverged", self.diverged)?;
        line(f, "reference outvoted", self.outvoted)?;
        writeln!(
            f,
            "{:<24}{:>12}  {:6.2} % trapped",
            "invocations",
            self.invocations,
            percent(self.traps, self.invocations)
        )?;
        writeln!(f, "{:<24}{:>12}", "host events", self.host_events)?;
        if self.mutated > 0 {
            let percent = percent(self.accepted, self.mutated);
            writeln!(
                f,
                "{:<24}{:>12}  {percent:6.2} % accepted",
                "mutated modules", self.mutated
            )?;
        }
        if self.cache_hits > 0 {
            writeln!(f, "{:<24}{:>12}", "cache hits", self.cache_hits)?;
        }
        let mean = self.module_bytes.checked_div(self.inputs).unwrap_or(0);
        write!(f, "{:<24}{mean:>12}", "mean module bytes")
    }
}
