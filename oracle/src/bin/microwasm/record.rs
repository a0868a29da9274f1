//! What a campaign leaves behind in a folder, for those who come later and for `report`.
//!
//! | file | holds |
//! |---|---|
//! | `campaign.json` | what was run |
//! | `progress.jsonl` | the counts, a line now and then |
//! | `coverage.json` | the rules that were used, if they are counted |
//! | `findings/findings.json` | findings by key |
//! | `findings/*.wat`, `*.mwt` | a regression for each key |
//! | `findings/TARGET-SEED-NUMBER` | a few inputs for each key |

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use microwasm_oracle::localize::worker::Worker;
use microwasm_oracle::stats::Stats;
use microwasm_oracle::targets::Target;
use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::groups::{self, Groups, Joined, Judged, Seen};
use crate::minimize::{self, minimize};
use crate::{input, localize, ui};

/// File names.
pub(crate) const CAMPAIGN: &str = "campaign.json";
pub(crate) const PROGRESS: &str = "progress.jsonl";
pub(crate) const COVERAGE: &str = "coverage.json";
pub(crate) const FINDINGS: &str = "findings";

/// What is run.
#[derive(Serialize, Deserialize)]
pub(crate) struct Campaign {
    pub(crate) target: String,
    pub(crate) seed: u64,
    pub(crate) first: u64,
    pub(crate) jobs: usize,
    pub(crate) version: String,
}

/// A line of the log.
#[derive(Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Since the beginning.
    pub(crate) seconds: f64,
    /// Cells of the compiler's rules that were reached, if they are counted.
    pub(crate) cells: Option<usize>,
    /// Different findings.
    pub(crate) findings: usize,
    #[serde(flatten)]
    pub(crate) stats: Stats,
}

/// Artifacts that are kept of each key.
const KEEP: usize = 3;

/// Seconds that each attempt to localize may take.
const LOCALIZE: u64 = 20;

/// Findings that are localized of those which look the same before that.
const LOCALIZED: u32 = 16;

/// A finding, before anybody has looked at it.
pub(crate) struct Raw<'a> {
    /// The name of its target.
    pub(crate) target: &'static str,
    /// Its seed and number.
    pub(crate) input: (u64, u64),
    pub(crate) bytes: &'a [u8],
    /// What those that look the same have in common.
    pub(crate) signature: String,
}

/// The folder of a campaign.
pub(crate) struct Record {
    dir: PathBuf,
    log: File,
    start: Instant,
    /// When the next line is due.
    next: Duration,
    groups: Groups,
    worker: Worker,
    localized: BTreeMap<String, u32>,
}

impl Record {
    /// Begins a campaign in `dir`, which may know findings of earlier ones.
    pub(crate) fn create(dir: &Path, campaign: &Campaign) -> Result<Record, CliError> {
        let write = |source| CliError::Write {
            path: dir.to_owned(),
            source,
        };
        let findings = dir.join(FINDINGS);
        fs::create_dir_all(&findings).map_err(write)?;
        let text = serde_json::to_vec_pretty(campaign).map_err(std::io::Error::from)?;
        input::write(&dir.join(CAMPAIGN), &text)?;
        Ok(Record {
            dir: dir.to_owned(),
            log: File::create(dir.join(PROGRESS)).map_err(write)?,
            start: Instant::now(),
            next: Duration::ZERO,
            groups: Groups::of_folder(&findings, KEEP)?,
            worker: localize::worker(LOCALIZE)?,
            localized: BTreeMap::new(),
        })
    }

    /// Writes down the counts, if it is time for that: every second at first, less often later.
    pub(crate) fn progress(&mut self, stats: &Stats, over: bool) -> Result<(), CliError> {
        let elapsed = self.start.elapsed();
        if elapsed < self.next && !over {
            return Ok(());
        }
        self.next = elapsed + Duration::from_secs(1).max(elapsed / 200);
        let line = Progress {
            seconds: elapsed.as_secs_f64(),
            cells: cells(),
            findings: self.groups.failing(),
            stats: stats.clone(),
        };
        let mut line = serde_json::to_vec(&line).map_err(std::io::Error::from)?;
        line.push(b'\n');
        self.log.write_all(&line).map_err(|source| CliError::Write {
            path: self.dir.join(PROGRESS),
            source,
        })
    }

    /// Takes in a finding.
    pub(crate) fn finding(&mut self, raw: &Raw<'_>) -> Result<Seen, CliError> {
        let (seed, number) = raw.input;
        let name = format!("{}-{seed:x}-{number}", raw.target);
        let path = self.dir.join(FINDINGS).join(name);
        input::write(&path, raw.bytes)?;
        let localized = self.localized.entry(raw.signature.clone()).or_default();
        let judged = match Target::by_name(raw.target) {
            Some(target) if *localized < LOCALIZED => {
                *localized += 1;
                let judged = groups::judge(&self.worker, &path, target)?;
                match judged.failing {
                    true => judged,
                    // It did fail: it cannot be told why, or not again.
                    false => Judged::unlocalized(format!("{}: {}", raw.signature, judged.key)),
                }
            }
            Some(_) => Judged::unlocalized(format!("not looked at: {}", raw.signature)),
            None => Judged::unlocalized(format!("{}: {}", raw.target, raw.signature)),
        };
        self.groups.add(&path, raw.target, judged)
    }

    /// Makes regressions of what was found, each in so much time, and prints what there is.
    pub(crate) fn finish(
        mut self,
        time: Duration,
        out: Option<&mut dyn std::io::Write>,
    ) -> Result<(), CliError> {
        self.groups.sorted();
        // Without time there are no regressions.
        let mut index = if time.is_zero() { usize::MAX } else { 0 };
        while let Some(group) = self.groups.get(index) {
            let known = group.finding.is_none() || group.regression.is_some();
            let target = Target::by_name(&group.target);
            let (Some(target), Some(artifact), false) = (target, group.artifacts.first(), known)
            else {
                index += 1;
                continue;
            };
            let artifact = artifact.clone();
            match self.regression(index, target, &artifact, time)? {
                Joined::Yes => {}
                Joined::No => index += 1,
            }
        }
        self.groups.save()?;
        match out {
            Some(out) if self.groups.failing() > 0 => {
                writeln!(out)?;
                self.groups.print(out)
            }
            _ => Ok(()),
        }
    }
}

impl Record {
    /// Makes a regression of an artifact of a group, unless it turns out to be of another one.
    fn regression(
        &mut self,
        index: usize,
        target: Target,
        artifact: &Path,
        time: Duration,
    ) -> Result<Joined, CliError> {
        let mut worker = input::judge(Duration::from_secs(5))?;
        let mut small = match minimize(artifact, target, time, &mut worker, &mut |_, _| ()) {
            Ok(small) => small,
            // What fails only now and then has no regression; the finding stays.
            Err(error @ CliError::Reduce { .. }) => {
                eprintln!("{}: {error}", ui::bad("no regression", ui::Stream::Err));
                return Ok(Joined::No);
            }
            Err(error) => return Err(error),
        };
        let finding = small.finding;
        let key = finding
            .as_ref()
            .map_or(&small.signature, |finding| &finding.key);
        if self.groups.rename(index, key)? == Joined::Yes {
            return Ok(Joined::Yes);
        }
        let found_by = minimize::found_by(target.name(), artifact);
        small.regression.cause = minimize::cause(&small.signature, finding.as_ref(), &found_by);
        let name = minimize::name(key);
        let path = minimize::free(&self.dir.join(FINDINGS), &name, &small.regression);
        input::write(&path, small.regression.print().as_bytes())?;
        if let Some(group) = self.groups.get(index) {
            group.finding = finding;
            group.regression = Some(path);
        }
        Ok(Joined::No)
    }
}

/// Cells of the compiler's rules that were reached.
fn cells() -> Option<usize> {
    #[cfg(feature = "coverage")]
    {
        let counts = microwasm_oracle::coverage::snapshot();
        Some(counts.iter().filter(|count| **count > 0).count())
    }
    #[cfg(not(feature = "coverage"))]
    None
}
