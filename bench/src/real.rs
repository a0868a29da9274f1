//! Real modules: what `scripts/fetch-modules` leaves in `target/modules`.

use std::fs;
use std::io;
use std::path::Path;

use thiserror::Error;
use wasmparser::BinaryReaderError;

use crate::shape::Shape;

/// Where the script puts them.
pub const DIRECTORY: &str = "target/modules";

/// A module from outside.
#[derive(Debug, Clone)]
pub struct RealModule {
    /// Its file name without the ending.
    pub name: String,
    /// Its bytes.
    pub wasm: Vec<u8>,
    /// What is in it.
    pub shape: Shape,
}

/// Why there are no modules to work on.
#[derive(Debug, Error)]
pub enum RealError {
    /// The directory or a file cannot be read, most likely because nothing was fetched.
    #[error("cannot read {DIRECTORY}: {0}; run `scripts/fetch-modules` first")]
    Unreadable(#[from] io::Error),
    /// A file there is not a module.
    #[error("{name}: {error}")]
    Malformed {
        /// The file.
        name: String,
        /// What is wrong with it.
        error: BinaryReaderError,
    },
    /// There is no file of that kind.
    #[error("no modules in {DIRECTORY}; run `scripts/fetch-modules` first")]
    None,
}

/// All of them, smallest first.
pub fn load() -> Result<Vec<RealModule>, RealError> {
    let mut modules = Vec::new();
    for entry in fs::read_dir(Path::new(DIRECTORY))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let wasm = fs::read(&path)?;
        match Shape::of(&wasm) {
            Ok(shape) => modules.push(RealModule { name, wasm, shape }),
            Err(error) => return Err(RealError::Malformed { name, error }),
        }
    }
    if modules.is_empty() {
        return Err(RealError::None);
    }
    modules.sort_by_key(|module| module.wasm.len());
    Ok(modules)
}
