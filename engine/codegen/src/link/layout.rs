//! What can be chosen about an image: where functions lie, and how host functions are called.

use crate::stencil::{Builtin, Stencils};
use microwasm::DefinedFuncIndex;

/// How to place functions, and how they call the host.
///
/// The default is the arena's order without gaps, and [`HostCall::Table`] for everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout<'a> {
    /// All functions, in the order of their addresses. `None`: as in the arena, whose padding
    /// and alignment then count as well.
    pub order: Option<&'a [DefinedFuncIndex]>,
    /// Least number of bytes between two functions, and before the first.
    pub padding: u32,
    /// Alignment of functions: a power of two, at least [`Stencils::ALIGN`].
    pub alignment: u32,
    /// Least number of bytes between the functions and the thunks.
    pub distance: u32,
    /// How calls of imported functions are linked, by import; [`HostCall::Table`] for those
    /// beyond the end.
    pub imports: &'a [HostCall],
    /// How calls of builtins are linked.
    pub builtins: HostCall,
}

impl Default for Layout<'_> {
    fn default() -> Self {
        Layout {
            order: None,
            padding: 0,
            alignment: Stencils::ALIGN,
            distance: 0,
            imports: &[],
            builtins: HostCall::Table,
        }
    }
}

/// How calls of a function outside the image are linked.
///
/// An import that is not called through the table is tied to one piece of code, for all
/// instances: the trampoline into host functions of its type. What then is imported must be a
/// host function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HostCall {
    /// Through a table: the instance's for imported functions, the image's GOT for builtins.
    /// The image can then be executed anywhere.
    #[default]
    Table,
    /// Straight there, where the distance fits, otherwise through the GOT.
    Direct,
    /// Straight there; if the distance does not fit, linking fails.
    Near,
}

impl HostCall {
    /// Whether there is a GOT slot for a function that is called this way through a GOT.
    pub(super) fn has_slot(self) -> bool {
        self != HostCall::Near
    }
}

/// Addresses of the runtime's functions, by [`Builtin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltinAddresses(pub [u64; Builtin::ALL.len()]);

/// Where things are in the address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses<'a> {
    /// Where the image's first byte will be executed.
    pub image: u64,
    /// The runtime's functions.
    pub builtins: BuiltinAddresses,
    /// By import, the trampoline ([`crate::x64::trampoline::host`]) of its type. Read only for
    /// imports that are not called through the table.
    pub imports: &'a [u64],
}
