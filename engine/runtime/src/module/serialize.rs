//! Compiled modules as bytes.
//!
//! What is written is what the linker receives: stencils without addresses, and what the
//! module declares. Loading links them for this process. The bytes are sealed, and say which
//! compiler made them, under which settings and for which CPU features.

use microwasm::ModuleInfo;
use microwasm_codegen::cache::COMPILER;
use microwasm_codegen::{Backend, CpuFeatures, Settings, Stencils};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::engine::Engine;
use crate::error::Error;
use crate::seal::{self, SealError};
use crate::stored::StoredFunction;

use super::Module;
use super::link::link;

const MAGIC: &[u8; 8] = b"\0mwmod\0\0";

/// Why bytes were not loaded as a module.
#[derive(Debug, Error)]
pub enum DeserializeError {
    /// They are not a serialized module, or not as they were written.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// They are intact, but what is in them is not a module.
    #[error("the contents are malformed")]
    Malformed,
    /// They come from another compiler, or from another version of this one.
    #[error("compiled by {found}, and this is {COMPILER}")]
    Compiler {
        /// The compiler's name.
        found: Box<str>,
    },
    /// The engine compiles with another setting.
    #[error("compiled with another setting of {setting}")]
    Settings {
        /// Name of the first setting that differs.
        setting: &'static str,
    },
    /// The code uses CPU features that are not there, or that the engine is not to use.
    #[error("compiled for CPU features that may not be used here: {features:?}")]
    Features {
        /// What it was compiled for.
        features: CpuFeatures,
    },
    /// It could not be linked.
    #[error(transparent)]
    Load(#[from] Error),
}

/// Read before everything else.
#[derive(Serialize, Deserialize)]
struct Origin<'a> {
    compiler: &'a str,
    settings: Settings,
}

#[derive(Serialize, Deserialize)]
struct Contents {
    info: ModuleInfo,
    functions: Vec<StoredFunction>,
}

impl Module {
    /// The compiled module as bytes, for [`Module::deserialize`].
    pub fn serialize(&self) -> Vec<u8> {
        let origin = Origin {
            compiler: COMPILER,
            settings: *self.engine().settings(),
        };
        let contents = Contents {
            info: self.info().clone(),
            functions: self
                .stencils()
                .iter()
                .map(|s| StoredFunction::new(&s))
                .collect(),
        };
        let payload = postcard::to_stdvec(&origin)
            .and_then(|payload| postcard::to_extend(&contents, payload))
            .expect("plain data, into memory");
        seal::seal(MAGIC, &payload)
    }

    /// Loads a module that has been compiled before.
    ///
    /// Bytes that were damaged or cut short, that another compiler made, or that were made
    /// under other settings or for another CPU, are refused, and none of their code is executed.
    ///
    /// # Safety
    /// The bytes come from [`Module::serialize`], by way of somebody who is trusted as much as
    /// this program: their code is executed as it is. No check can tell what machine code does;
    /// the checksum finds accidents, not forgeries. To run a module that is not trusted,
    /// compile it.
    ///
    /// # Errors
    /// As above; or there is no code memory.
    pub unsafe fn deserialize(engine: &Engine, bytes: &[u8]) -> Result<Module, DeserializeError> {
        let (info, stencils) = read(engine, bytes)?;
        Ok(link(engine, info, None, &stencils)?)
    }

    /// Whether [`Module::deserialize`] would load these bytes. Nothing of them is executed,
    /// wherever they come from.
    ///
    /// # Errors
    /// Why it would not.
    pub fn check_serialized(engine: &Engine, bytes: &[u8]) -> Result<(), DeserializeError> {
        read(engine, bytes).map(drop)
    }
}

/// Checks everything that can be checked.
fn read(engine: &Engine, bytes: &[u8]) -> Result<(ModuleInfo, Stencils), DeserializeError> {
    let payload = seal::open(MAGIC, bytes)?;
    let (Origin { compiler, settings }, rest) =
        postcard::take_from_bytes(payload).map_err(|_| DeserializeError::Malformed)?;
    if compiler != COMPILER {
        return Err(DeserializeError::Compiler {
            found: compiler.into(),
        });
    }
    check_settings(engine.settings(), &settings)?;
    let (Contents { info, functions }, rest) =
        postcard::take_from_bytes(rest).map_err(|_| DeserializeError::Malformed)?;
    let defined = info.funcs.len().checked_sub(info.imported_funcs as usize);
    if !rest.is_empty()
        || defined != Some(functions.len())
        || !functions.iter().all(StoredFunction::is_consistent)
    {
        return Err(DeserializeError::Malformed);
    }
    let mut stencils = Stencils::default();
    if !functions
        .iter()
        .all(|function| function.push_to(&mut stencils))
    {
        return Err(DeserializeError::Malformed);
    }
    Ok((info, stencils))
}

/// What changes how code and runtime work together has to be the same.
fn check_settings(engine: &Settings, module: &Settings) -> Result<(), DeserializeError> {
    let same = [
        ("backend", engine.backend == module.backend),
        ("memory bounds", engine.bounds == module.bounds),
        ("fuel", engine.fuel == module.fuel),
        ("epoch interruption", engine.epoch == module.epoch),
        ("perturbation", engine.perturb == module.perturb),
    ];
    if let Some((setting, _)) = same.into_iter().find(|(_, same)| !same) {
        return Err(DeserializeError::Settings { setting });
    }
    let features = module.features;
    // Bytecode runs on any machine.
    if engine.backend == Backend::Bytecode {
        return Ok(());
    }
    if features.is_within(engine.features) && features.is_within(CpuFeatures::detect()) {
        Ok(())
    } else {
        Err(DeserializeError::Features { features })
    }
}
