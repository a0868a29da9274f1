//! The bytecode backend: Microwasm operators to instructions over frame slots, in one pass.
//!
//! [`compiler`] drives; [`lower`] has the lowerings; [`blocks`] joins control flow;
//! [`context`] knows where values are; [`emit`] writes instructions. [`op`] is the table of
//! instructions, [`signature`] that of the host's functions, and [`validate`] tells whether
//! linked bytecode can be run.
//!
//! # The machine
//!
//! A function has a frame of 64-bit slots. Position *i* of Microwasm's stack has slot *i*; the
//! parameters are the first ones, and so are the results when the function returns. A callee's
//! frame begins inside its caller's, at the slot of its first argument: passing arguments and
//! taking results costs nothing. An `i32` or `f32` is zero-extended to the slot.

mod blocks;
mod check;
mod compiler;
mod context;
#[cfg(feature = "coverage")]
mod cover;
mod emit;
mod lower;
#[cfg(feature = "listing")]
mod observe;
pub mod op;
pub mod signature;
mod stack;
pub mod validate;

pub use compiler::{Compiler, FunctionCompiler};

/// What the linker has to fill in before it has: no distance and no function of the host.
pub const UNRESOLVED: u32 = 0x8000_00ff;

/// Slots from this one on are not named by a 16-bit field. The eight behind are scratch, in
/// functions whose frame is that large, and slots above are reached by copying.
pub const NARROW_SLOTS: u32 = 0x1_0000 - 8;
