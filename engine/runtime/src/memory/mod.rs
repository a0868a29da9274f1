//! Linear memories: address space from pools, and the memories in it.
//!
//! | file | owns |
//! |---|---|
//! | `arena` | the reservations of guarded memories, and the question whether a fault lies in one |
//! | `slot` | one reservation: what of it is accessible, clearing it |
//! | `pool` | idle slots, and which of them suits best |
//! | `linear` | a memory of a store: a slot and its size |

mod arena;
mod linear;
mod pool;
mod slot;

pub(crate) use arena::is_guarded;
pub(crate) use linear::LinearMemory;
pub(crate) use pool::idle;

/// Bytes of a WebAssembly page.
pub const WASM_PAGE: usize = 64 << 10;

/// Pages of the largest memory that a 32-bit index can address.
pub const MAX_PAGES: u32 = 1 << 16;
