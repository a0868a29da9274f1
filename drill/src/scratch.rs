//! A copy of the sources, in which bugs are planted.
//!
//! Only files that differ are written, so that cargo builds again what a patch has touched,
//! and what depends on it, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::patch::Patch;
use crate::{DrillError, io};

/// What is copied.
const SOURCES: [&str; 4] = ["Cargo.lock", "engine", "oracle", "corpus"];
/// Members of the workspace that the copy does without.
const OTHERS: [&str; 2] = [", \"bench\"", ", \"drill\""];

/// The copy.
pub struct Scratch {
    dir: PathBuf,
}

impl Scratch {
    /// Copies the sources, from the current directory into `dir`.
    pub fn new(dir: &str) -> Result<Scratch, DrillError> {
        let dir = Path::new(dir);
        fs::create_dir_all(dir.join("originals")).map_err(io(dir))?;
        let scratch = Scratch {
            dir: dir.canonicalize().map_err(io(dir))?,
        };
        for name in SOURCES {
            copy(Path::new(name), &scratch.originals().join(name))?;
        }
        let manifest = scratch.originals().join("Cargo.toml");
        let text = fs::read_to_string("Cargo.toml").map_err(io("Cargo.toml"))?;
        let text = OTHERS
            .iter()
            .fold(text, |text, member| text.replace(member, ""));
        write_if_other(&manifest, text.as_bytes())?;
        scratch.restore()?;
        Ok(scratch)
    }

    /// Where everything of the drill is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The sources as they were at the beginning: somebody may be working on them.
    fn originals(&self) -> PathBuf {
        self.dir.join("originals")
    }

    fn sources(&self) -> PathBuf {
        self.dir.join("sources")
    }

    /// Makes the copy what the sources were.
    pub fn restore(&self) -> Result<(), DrillError> {
        copy(&self.originals(), &self.sources())
    }

    fn apply(&self, patch: &Patch, check: bool) -> Result<(), DrillError> {
        let file = patch.path.canonicalize().map_err(io(&patch.path))?;
        let mut git = Command::new("git");
        // The copy lies within a repository, to which it does not belong.
        git.env("GIT_CEILING_DIRECTORIES", &self.dir)
            .current_dir(self.sources())
            .arg("apply");
        if check {
            git.arg("--check");
        }
        let output = run(git.arg(file))?;
        if output.status.success() {
            return Ok(());
        }
        Err(DrillError::DoesNotApply {
            patch: patch.name.clone(),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Sees whether the patch applies.
    pub fn check(&self, patch: &Patch) -> Result<(), DrillError> {
        self.apply(patch, true)
    }

    /// Plants the bug and builds the command line with it; returns the program.
    pub fn build(&self, patch: &Patch) -> Result<PathBuf, DrillError> {
        self.restore()?;
        self.apply(patch, false)?;
        let target = self.dir.join("build");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        cargo
            .current_dir(self.sources())
            .args(["build", "--quiet", "--profile", "drill"])
            .args(["-p", "microwasm-oracle", "--bin", "microwasm"])
            // What a planted bug leaves unused is no matter.
            .env("RUSTFLAGS", "-Awarnings")
            .arg("--target-dir")
            .arg(&target);
        let output = run(&mut cargo)?;
        if output.status.success() {
            return Ok(target.join("drill/microwasm"));
        }
        Err(DrillError::DoesNotBuild {
            patch: patch.name.clone(),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// Runs a program to its end.
fn run(command: &mut Command) -> Result<Output, DrillError> {
    command.output().map_err(|source| DrillError::Run {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    })
}

/// Makes `to` what `from` is.
fn copy(from: &Path, to: &Path) -> Result<(), DrillError> {
    if !from.is_dir() {
        let bytes = fs::read(from).map_err(io(from))?;
        return write_if_other(to, &bytes);
    }
    fs::create_dir_all(to).map_err(io(to))?;
    let mut names = Vec::new();
    for entry in fs::read_dir(from).map_err(io(from))? {
        let name = entry.map_err(io(from))?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
        names.push(name);
    }
    for entry in fs::read_dir(to).map_err(io(to))? {
        let name = entry.map_err(io(to))?.file_name();
        if !names.contains(&name) {
            let stale = to.join(&name);
            if stale.is_dir() {
                fs::remove_dir_all(&stale).map_err(io(&stale))?;
            } else {
                fs::remove_file(&stale).map_err(io(&stale))?;
            }
        }
    }
    Ok(())
}

fn write_if_other(path: &Path, bytes: &[u8]) -> Result<(), DrillError> {
    match fs::read(path) {
        Ok(found) if found == bytes => Ok(()),
        _ => fs::write(path, bytes).map_err(io(path)),
    }
}
