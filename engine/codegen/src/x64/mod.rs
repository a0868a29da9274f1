//! The x86-64 backend: Microwasm operators to machine code in one pass.
//!
//! [`compiler`] drives; [`lower`] has the lowerings; [`context`] knows where
//! values are, in the virtual [`stack`] and the registers; [`blocks`] joins
//! control flow with [`moves`]; [`masm`] writes instructions into a [`buffer`].

pub mod abi;
mod blocks;
pub(crate) mod check;
mod compiler;
mod context;
mod convention;
#[cfg(feature = "coverage")]
mod cover;
mod lower;
pub mod masm;
mod moves;
#[cfg(feature = "listing")]
mod observe;
mod perturb;
pub mod reg;
mod stack;
pub mod trampoline;

pub use crate::buffer;
pub use compiler::{Compiler, FunctionCompiler};
