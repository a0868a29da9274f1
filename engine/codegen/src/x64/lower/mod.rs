//! Lowerings: one file per family of operators. Each pops its operands, asks the
//! context for registers, emits, and pushes its results.
//!
//! Two rules keep them right. An operand's register may be written only when
//! [`Context::is_dead`](super::context::Context::is_dead) says so, which is what
//! `reg_mut` is for. And a fixed register is *taken* before it is written, after
//! every operand that happens to be in it has been moved elsewhere.
//!
//! They are not inlined: the dispatch above them is folded into each of the front
//! end's two hundred visitor methods.

mod call;
mod convert;
mod float;
mod int;
mod memory;
mod state;
