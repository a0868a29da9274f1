//! The operating system: memory mappings, the stack of the current thread and
//! the handler for faults. Nothing above this module makes a system call.

pub(crate) mod map;
pub(crate) mod signal;
pub(crate) mod stack;
