//! Where the x86-64 backend keeps values: the places of the virtual stack.
//!
//! Invariant: at most one entry is [`Loc::Flags`].

use super::masm::Cond;
use super::moves::Src;
use super::reg::Reg;
use crate::stack::{self, Place};

/// The virtual stack of the function being compiled.
pub type VirtualStack = stack::VirtualStack<Loc>;
/// One stack position.
pub type Entry = stack::Entry<Loc>;

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loc {
    /// In its own frame slot.
    Home,
    /// In a register, maybe shared with other positions.
    Reg {
        /// The register.
        reg: Reg,
        /// Whether the home slot holds the value, too.
        clean: bool,
    },
    /// Known; nowhere in the machine yet.
    Const(u64),
    /// In another position's home slot, at this index.
    Slot(u32),
    /// An `i32` that is 1 when the flags satisfy the condition.
    Flags(Cond),
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
    pub fn source(self) -> Src {
        match self.loc {
            Loc::Home => Src::Slot(self.home),
            Loc::Reg { reg, .. } => Src::Reg(reg),
            Loc::Const(bits) => Src::Const(bits),
            Loc::Slot(slot) => Src::Slot(slot),
            Loc::Flags(_) => unreachable!("pending compares are settled before values move"),
        }
    }
}
