//! Microwasm: a small, machine-independent IR for compiling WebAssembly in one pass.
//!
//! Receives Wasm bytes, hands on Microwasm operators one at a time to a
//! [`Sink`]. Knows nothing of any backend, engine or machine.
#![forbid(unsafe_code)]

pub mod binary;
pub mod immediates;
pub mod input;
pub mod module;
pub mod op;
pub mod opcode;
pub mod text;
pub mod types;
mod typing;
pub mod verify;
pub mod wasm;

pub use module::ModuleInfo;
pub use op::{Op, Sink};
pub use opcode::Opcode;
pub use types::*;
