//! Findings by what is wrong: those with the same key are one.
//!
//! Receives artifacts and what localization says of them; hands on groups, each with how often
//! its key was seen and the first artifacts that have it. May own a folder: then it keeps the
//! groups in a file there and deletes artifacts of which there are enough.

use std::fs;
use std::path::{Path, PathBuf};

use microwasm_oracle::localize::Finding;
use microwasm_oracle::localize::worker::{Answer, Worker};
use microwasm_oracle::targets::Target;
use serde::{Deserialize, Serialize};

use crate::error::CliError;
use crate::input;

/// The file with the groups of a folder.
pub(crate) const FILE: &str = "findings.json";

/// Findings with the same key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    /// What they have in common.
    pub(crate) key: String,
    /// Other keys that turned out to be of the same finding.
    pub(crate) also: Vec<String>,
    /// How often it was seen.
    pub(crate) times: u64,
    /// Whether something is wrong: artifacts in which nothing is have a key, too.
    pub(crate) failing: bool,
    /// The target that the first artifact is an input of.
    pub(crate) target: String,
    /// The first ones.
    pub(crate) artifacts: Vec<PathBuf>,
    /// What localization says of the first one.
    pub(crate) finding: Option<Finding>,
    /// The regression file that was made of the first one.
    pub(crate) regression: Option<PathBuf>,
}

impl Group {
    fn has(&self, key: &str) -> bool {
        self.key == key || self.also.iter().any(|other| other == key)
    }

    /// Keeps an artifact, or deletes it from the folder if there are enough.
    fn keep(&mut self, path: PathBuf, folder: Option<&(PathBuf, usize)>) -> Result<(), CliError> {
        match folder {
            Some((_, keep)) if self.artifacts.len() >= *keep => {
                fs::remove_file(&path).map_err(|source| CliError::Write { path, source })
            }
            _ => {
                self.artifacts.push(path);
                Ok(())
            }
        }
    }
}

/// What is wrong with an artifact.
pub(crate) struct Judged {
    /// The key of its group.
    pub(crate) key: String,
    /// Whether something is wrong.
    pub(crate) failing: bool,
    /// What localization says, if it says something.
    pub(crate) finding: Option<Finding>,
}

impl Judged {
    /// A finding that cannot be localized.
    pub(crate) fn unlocalized(key: String) -> Judged {
        Judged {
            key,
            failing: true,
            finding: None,
        }
    }
}

/// Localizes an artifact of `target`, a module or a regression.
pub(crate) fn judge(worker: &Worker, path: &Path, target: Target) -> Result<Judged, CliError> {
    let nothing = |key: String| Judged {
        key,
        failing: false,
        finding: None,
    };
    let regression = match input::failing(path, target) {
        Ok(regression) => regression,
        Err(CliError::Read { path, source }) => return Err(CliError::Read { path, source }),
        // One file that is none of them does not keep the others from being looked at.
        Err(error) => return Ok(nothing(format!("no input: {error}"))),
    };
    Ok(match worker.localize(&regression)? {
        Answer::Agree => nothing("agree".into()),
        Answer::Nothing(why) => nothing(format!("nothing to say: {why}")),
        Answer::Found(finding) => Judged {
            key: finding.key.clone(),
            failing: true,
            finding: Some(*finding),
        },
    })
}

/// The groups.
pub(crate) struct Groups {
    groups: Vec<Group>,
    /// The folder that is kept small, and how many artifacts a group has in it.
    folder: Option<(PathBuf, usize)>,
}

impl Groups {
    /// Groups that are gone with the process.
    pub(crate) fn new() -> Groups {
        Groups {
            groups: Vec::new(),
            folder: None,
        }
    }

    /// The groups of `dir`, in which each is to have at most `keep` artifacts.
    pub(crate) fn of_folder(dir: &Path, keep: usize) -> Result<Groups, CliError> {
        Ok(Groups {
            groups: load(dir)?,
            folder: Some((dir.to_owned(), keep)),
        })
    }

    /// Takes in an artifact. The group is new if this is its first.
    pub(crate) fn add(
        &mut self,
        path: &Path,
        target: &str,
        judged: Judged,
    ) -> Result<Seen, CliError> {
        let known = self.groups.iter_mut().find(|group| group.has(&judged.key));
        let seen = if known.is_some() {
            Seen::Before
        } else {
            Seen::First
        };
        match known {
            Some(group) => {
                group.times += 1;
                group.keep(path.to_owned(), self.folder.as_ref())?;
            }
            None => self.groups.push(Group {
                key: judged.key,
                also: Vec::new(),
                times: 1,
                failing: judged.failing,
                target: target.to_owned(),
                artifacts: vec![path.to_owned()],
                finding: judged.finding,
                regression: None,
            }),
        }
        self.save()?;
        Ok(seen)
    }

    /// Writes the groups into the folder, if there is one.
    pub(crate) fn save(&self) -> Result<(), CliError> {
        let Some((dir, _)) = &self.folder else {
            return Ok(());
        };
        let text = serde_json::to_vec_pretty(&self.groups).map_err(std::io::Error::from)?;
        input::write(&dir.join(FILE), &text)
    }

    /// Whether an artifact has been taken in.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        let mut groups = self.groups.iter();
        groups.any(|group| group.artifacts.iter().any(|known| known == path))
    }

    /// Those in which something is wrong.
    pub(crate) fn failing(&self) -> usize {
        self.groups.iter().filter(|group| group.failing).count()
    }

    pub(crate) fn get(&mut self, index: usize) -> Option<&mut Group> {
        self.groups.get_mut(index)
    }

    /// Now that the key of a group turns out to be this one: joins it with another group that has
    /// it, if there is one, which then is all that is left of it.
    pub(crate) fn rename(&mut self, index: usize, key: &str) -> Result<Joined, CliError> {
        let mut group = self.groups.remove(index);
        let others = &mut self.groups;
        if let Some(other) = others.iter_mut().find(|other| other.has(key)) {
            other.times += group.times;
            other.also.push(group.key);
            other.also.append(&mut group.also);
            for artifact in group.artifacts {
                other.keep(artifact, self.folder.as_ref())?;
            }
            return Ok(Joined::Yes);
        }
        if group.key != key {
            let before = std::mem::replace(&mut group.key, key.to_owned());
            group.also.push(before);
        }
        self.groups.insert(index, group);
        Ok(Joined::No)
    }

    /// All of them, the most frequent first.
    pub(crate) fn sorted(&mut self) -> &mut [Group] {
        self.groups
            .sort_by_key(|group| std::cmp::Reverse(group.times));
        &mut self.groups
    }

    /// One line for each.
    pub(crate) fn print(&mut self, out: &mut dyn std::io::Write) -> Result<(), CliError> {
        let groups = self.sorted();
        let width = groups.iter().map(|group| group.key.len()).max();
        let width = width.unwrap_or(0).max("key".len());
        writeln!(out, "{:width$}  times  first", "key")?;
        for group in groups {
            let Group { key, times, .. } = group;
            let first = group.regression.as_ref().or(group.artifacts.first());
            let first = first.map(|path| path.display().to_string());
            writeln!(
                out,
                "{key:width$}  {times:5}  {}",
                first.unwrap_or_default()
            )?;
        }
        Ok(())
    }
}

/// Whether a key is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    First,
    Before,
}

/// Whether a group has become part of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    Yes,
    No,
}

/// The groups that a folder has already.
pub(crate) fn load(dir: &Path) -> Result<Vec<Group>, CliError> {
    let path = dir.join(FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(&input::read(&path)?).map_err(|source| CliError::Record { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_finding_and_keeps_few_artifacts() {
        let dir = std::env::temp_dir().join(format!("microwasm-groups-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let mut groups = Groups::of_folder(&dir, 2).unwrap();
        let add = |groups: &mut Groups, name: &str, key: &str| {
            let path = dir.join(name);
            fs::write(&path, name).unwrap();
            let judged = Judged::unlocalized(key.to_owned());
            groups.add(&path, "spill", judged).unwrap()
        };
        assert_eq!(add(&mut groups, "1", "a"), Seen::First);
        assert_eq!(add(&mut groups, "2", "a"), Seen::Before);
        assert_eq!(add(&mut groups, "3", "a"), Seen::Before);
        // The folder says what is known.
        let mut groups = Groups::of_folder(&dir, 2).unwrap();
        assert_eq!(add(&mut groups, "4", "b"), Seen::First);
        assert_eq!(add(&mut groups, "5", "a"), Seen::Before);
        let there: Vec<bool> = (1..=5).map(|n| dir.join(n.to_string()).exists()).collect();
        assert_eq!(there, [true, true, false, true, false]);
        assert_eq!(groups.failing(), 2);
        assert_eq!(groups.sorted()[0].times, 4);
        assert!(groups.contains(&dir.join("2")) && !groups.contains(&dir.join("3")));
        // The second turns out to be the first.
        assert_eq!(groups.rename(1, "a").unwrap(), Joined::Yes);
        assert_eq!(groups.failing(), 1);
        assert_eq!(add(&mut groups, "6", "b"), Seen::Before);
        assert_eq!(groups.sorted()[0].times, 6);
        assert!(!dir.join("4").exists());
        fs::remove_dir_all(&dir).unwrap();
    }
}
