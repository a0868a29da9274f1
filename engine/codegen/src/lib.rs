//! Backends for Microwasm: operators in, stencils out, and a linker that makes
//! an image of them. Never maps memory, never calls code, knows no addresses.
#![forbid(unsafe_code)]

#[cfg(feature = "coverage")]
#[macro_use]
pub mod coverage;
#[cfg(not(feature = "coverage"))]
#[macro_use]
mod uncounted {
    //! In place of what counts rules: nothing.

    macro_rules! cover {
        ($($marked:tt)*) => {};
    }

    macro_rules! rule {
        ($rule:ident) => {};
    }

    macro_rules! bytecode_rule {
        ($rule:ident) => {};
    }
}

mod blocks;
pub mod buffer;
pub mod bytecode;
#[cfg(feature = "cache")]
pub mod cache;
mod compiler;
#[cfg(feature = "elf")]
pub mod elf;
pub mod error;
pub mod link;
#[cfg(feature = "listing")]
pub mod listing;
#[cfg(feature = "listing")]
pub mod locations;
mod moves;
pub mod settings;
mod stack;
pub mod stencil;
pub mod vmctx;
pub mod x64;

pub use compiler::FunctionCompiler;
pub use error::CodegenError;
pub use settings::{Backend, CpuFeatures, MemoryBounds, Settings};
pub use stencil::{
    Builtin, CodeOffset, ExternalName, Reloc, RelocKind, Stencil, Stencils, TrapCode,
};
