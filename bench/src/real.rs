//! Real modules: what `scripts/fetch-modules` leaves in `target/modules`.

use std::fs;
use std::io;
use std::path::Path;

use thiserror::Error;
use wasmparser::BinaryReaderError;

use crate::shape::Shape;

/// Where the script puts them.
pub const DIRECTORY: &str = "target/modules";

const ENDING: &str = "wasm";

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

/// The one of that name.
pub fn load_one(name: &str) -> Result<RealModule, RealError> {
    let wasm = fs::read(Path::new(DIRECTORY).join(format!("{name}.{ENDING}")))?;
    let name = name.to_owned();
    match Shape::of(&wasm) {
        Ok(shape) => Ok(RealModule { name, wasm, shape }),
        Err(error) => Err(RealError::Malformed { name, error }),
    }
}

/// All of them, smallest first.
pub fn load() -> Result<Vec<RealModule>, RealError> {
    let mut modules = Vec::new();
    for entry in fs::read_dir(Path::new(DIRECTORY))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == ENDING)
        {
            let name = path.file_stem().unwrap_or_default();
            modules.push(load_one(&name.to_string_lossy())?);
        }
    }
    if modules.is_empty() {
        return Err(RealError::None);
    }
    modules.sort_by_key(|module| module.wasm.len());
    Ok(modules)
}
