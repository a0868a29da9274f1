//! Patches: a bug each, with what is expected of finding it.
//!
//! A file begins with lines `key: value`, up to an empty line; what follows is a unified diff.
//! `bug` says in a sentence what is planted. `stage` is the stage that localization should
//! name, or those one of which it should name: what backends share may be seen in one of them
//! alone. `ops` the operators one of which it should point at, by their names in Microwasm or
//! WebAssembly up to the first space; `*` stands for any part of a name, `any` for bugs that any
//! operator may bring to light, and `-` for those that show before anything is executed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{DrillError, io};

/// A bug to plant.
pub struct Patch {
    /// The file's name without its ending.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What is planted.
    pub bug: String,
    /// Stages one of which is to be named.
    pub stages: Vec<String>,
    /// Operators to be pointed at.
    pub ops: Vec<String>,
}

impl Patch {
    fn read(path: &Path) -> Result<Patch, DrillError> {
        let text = fs::read_to_string(path).map_err(io(path))?;
        let value = |key: &str| {
            let mut header = text.lines().take_while(|line| !line.is_empty());
            let line = header.find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
            line.map(|value| value.trim().to_owned())
        };
        let missing = |why| DrillError::Patch {
            path: path.to_owned(),
            why,
        };
        let name = path.file_stem().and_then(|name| name.to_str());
        let ops = value("ops").ok_or_else(|| missing("no line `ops:`"))?;
        let stages = value("stage").ok_or_else(|| missing("no line `stage:`"))?;
        Ok(Patch {
            name: name.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            bug: value("bug").ok_or_else(|| missing("no line `bug:`"))?,
            stages: stages.split_whitespace().map(str::to_owned).collect(),
            ops: ops.split_whitespace().map(str::to_owned).collect(),
        })
    }

    /// Whether an operator is one of those to be pointed at.
    pub fn expects(&self, op: &str) -> bool {
        // `-` is no operator.
        let named = op != "-";
        let mut ops = self.ops.iter();
        ops.any(|pattern| pattern == "any" && named || fits(pattern, op))
    }
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            let mut ends = (0..=name.len()).filter_map(|at| name.get(at..));
            ends.any(|end| fits(rest, end))
        }),
    }
}

/// All patches of a directory, by name.
pub fn all(dir: &Path) -> Result<Vec<Patch>, DrillError> {
    let mut patches = Vec::new();
    for entry in fs::read_dir(dir).map_err(io(dir))? {
        let path = entry.map_err(io(dir))?.path();
        if path.extension().is_some_and(|ending| ending == "patch") {
            patches.push(Patch::read(&path)?);
        }
    }
    patches.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(patches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(fits("*load*", "i64.load16_s"));
        assert!(fits("*load*", "f32.load"));
        assert!(fits("*.div_s", "i64.div_s"));
        assert!(!fits("*.div_s", "i64.div_u"));
        assert!(fits("i32.*", "i32.add"));
        assert!(!fits("i32.add", "i32.addx"));
    }

    #[test]
    fn every_patch_says_what_it_is() {
        let patches = all("patches".as_ref()).expect("they can be read");
        assert!(patches.len() >= 40);
    }
}
