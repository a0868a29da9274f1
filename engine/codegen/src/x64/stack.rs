//! Where the x86-64 backend keeps values: the places of the virtual stack.
//!
//! A place has 8 bytes, so that it is passed in a register. Constants that do not fit are kept
//! aside ([`Constants`]).
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
    /// Known, and nowhere in the machine yet: these bits, zero-extended.
    Const(u32),
    /// The same: the bits with this number in [`Constants`].
    Wide(u32),
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

/// The constants of the function being compiled that have more than 32 bits.
#[derive(Debug, Default)]
pub struct Constants(Vec<u64>);

impl Constants {
    /// Forgets the previous function.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The place of a value that is known.
    #[inline]
    pub fn place(&mut self, bits: u64) -> Loc {
        match u32::try_from(bits) {
            Ok(bits) => Loc::Const(bits),
            Err(_) => self.place_wide(bits),
        }
    }

    #[cold]
    fn place_wide(&mut self, bits: u64) -> Loc {
        self.0.push(bits);
        Loc::Wide(self.0.len() as u32 - 1)
    }

    /// The bits of a [`Loc::Wide`].
    #[cold]
    pub fn wide(&self, number: u32) -> u64 {
        self.0[number as usize]
    }

    /// The bits of a value that is known.
    #[inline]
    pub fn bits(&self, loc: Loc) -> Option<u64> {
        match loc {
            Loc::Const(bits) => Some(bits.into()),
            Loc::Wide(number) => Some(self.wide(number)),
            _ => None,
        }
    }
}

impl Entry {
    /// The value as the source of a move.
    #[inline]
    pub fn source(self, constants: &Constants) -> Src {
        match self.loc {
            Loc::Home => Src::Slot(self.home),
            Loc::Reg { reg, .. } => Src::Reg(reg),
            Loc::Const(bits) => Src::Const(bits.into()),
            Loc::Wide(number) => Src::Const(constants.wide(number)),
            Loc::Slot(slot) => Src::Slot(slot),
            Loc::Flags(_) => unreachable!("pending compares are settled before values move"),
        }
    }
}
