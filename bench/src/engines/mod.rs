//! The engines that can be measured, and the one list of them.

mod microwasm;
mod validator;
#[cfg(feature = "peers")]
mod wasmer;
mod wasmi;
#[cfg(feature = "peers")]
mod wasmtime;

use microwasm_runtime::{Backend, Config, MemoryBounds};

use self::microwasm::Microwasm;
use crate::engine::{Cause, Engine, Failure};

pub use validator::Validator;

/// Our engine, with guarded memories.
pub const OURS: &str = "ours";

/// Our engine, with explicit bounds checks.
pub const OURS_EXPLICIT: &str = "ours, explicit";

/// Our engine, interpreting bytecode.
pub const OURS_BYTECODE: &str = "ours, bytecode";

/// Every engine of this build.
pub fn all() -> Result<Vec<Box<dyn Engine>>, Cause> {
    let ours = Microwasm::new(OURS, &Config::new())?;
    let bounds = MemoryBounds::Explicit;
    let explicit = Microwasm::new(OURS_EXPLICIT, Config::new().memory_bounds(bounds))?;
    let bytecode = Microwasm::new(OURS_BYTECODE, Config::new().backend(Backend::Bytecode))?;
    Ok(vec![
        Box::new(ours),
        Box::new(explicit),
        Box::new(bytecode),
        Box::new(wasmi::Wasmi::new()?),
        #[cfg(feature = "peers")]
        Box::new(wasmtime::Wasmtime::winch()?),
        #[cfg(feature = "peers")]
        Box::new(wasmtime::Wasmtime::cranelift()?),
        #[cfg(feature = "peers")]
        Box::new(wasmer::Singlepass::new()),
    ])
}

/// Those of [`all`] that are named; all of them if none is.
pub fn named(names: &[String]) -> Result<Vec<Box<dyn Engine>>, Cause> {
    let engines = all()?;
    if let Some(unknown) = names
        .iter()
        .find(|name| !engines.iter().any(|engine| engine.name() == *name))
    {
        let known = engines.iter().map(|engine| engine.name()).collect();
        return Err(Box::new(UnknownEngine {
            name: unknown.clone(),
            known,
        }));
    }
    Ok(engines
        .into_iter()
        .filter(|engine| names.is_empty() || names.iter().any(|name| name == engine.name()))
        .collect())
}

/// A name on the command line that no engine of this build has.
#[derive(Debug, thiserror::Error)]
#[error("no engine `{name}` in this build; there are {known:?} (more with the `peers` feature)")]
pub struct UnknownEngine {
    name: String,
    known: Vec<&'static str>,
}

/// The failure that says an export is missing or of another type.
fn missing(name: &str) -> Failure {
    Failure::Export {
        name: name.to_owned(),
    }
}
