//! Executable memory: a process-wide pool of chunks, the blocks handed out from
//! it, and the way from a program counter back to the module it belongs to.
//!
//! | file | owns |
//! |---|---|
//! | `chunk` | one reservation with a writable and an executable view, and its map of blocks |
//! | `pool` | which parts of the chunks are free |
//! | `place` | where in the address space chunks are wanted |
//! | `block` | a piece of code memory, given back when dropped |

mod block;
mod chunk;
mod place;
mod pool;

pub(crate) use block::{CodeBlock, populate};
#[cfg(feature = "trace")]
pub(crate) use chunk::is_code;
pub(crate) use chunk::owner_of;
pub use place::CodePlace;
pub use pool::CodeMemoryError;
