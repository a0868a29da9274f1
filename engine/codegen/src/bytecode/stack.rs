//! Where the bytecode backend keeps values: the places of the virtual stack.
//!
//! Invariants:
//! - Only slots of positions that are at home are named.
//! - At most one entry is [`Loc::Compare`], the topmost.

use crate::moves::Src;
use crate::stack::{self, Place};

/// The virtual stack of the function being compiled.
pub(super) type VirtualStack = stack::VirtualStack<Loc>;
/// One stack position.
pub(super) type Entry = stack::Entry<Loc>;

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loc {
    /// In its own frame slot.
    Home,
    /// Known; in no slot yet.
    Const(u64),
    /// In another position's home slot, at this index.
    Slot(u32),
    /// An `i32` that is 1 when the pending compare holds.
    Compare,
}

impl Place for Loc {
    const HOME: Loc = Loc::Home;

    #[inline]
    fn named_slot(self) -> Option<u32> {
        match self {
            Loc::Slot(slot) => Some(slot),
            _ => None,
        }
    }
}

impl Entry {
    /// The value as the source of a move.
    #[inline]
    pub(super) fn source(self) -> Src {
        match self.loc {
            Loc::Home => Src::Slot(self.home),
            Loc::Const(bits) => Src::Const(bits),
            Loc::Slot(slot) => Src::Slot(slot),
            Loc::Compare => unreachable!("pending compares are settled before values move"),
        }
    }
}
