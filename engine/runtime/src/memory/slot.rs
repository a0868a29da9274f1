//! The reservation that one memory lives in.
//!
//! Invariants: the first `accessible` bytes can be read and written, the rest
//! of the reservation cannot; every accessible byte of an idle slot is zero, and
//! so is what becomes accessible later. Nothing of a memory is therefore ever
//! seen by the next one in the same slot.

use std::ptr::NonNull;

use crate::sys::map::{self, MapError, PAGE};

use super::arena;

/// Contents up to this size are cleared by hand; larger ones by the system,
/// which takes the pages away and has to bring them back one fault at a time.
const CLEAR_BY_HAND: usize = 256 << 10;

/// What is behind the accessible part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Inaccessible as far as any access reaches. Never unmapped.
    Guarded,
    /// Nothing that may be relied on. This many bytes are reserved.
    Bounded(usize),
}

/// A reservation.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) base: NonNull<u8>,
    pub(super) kind: Kind,
    pub(super) accessible: usize,
}

// SAFETY: a slot is a range of memory that it owns.
unsafe impl Send for Slot {}
// SAFETY: a shared slot only tells its fields.
unsafe impl Sync for Slot {}

impl Slot {
    /// A slot of its own mapping.
    pub(super) fn bounded(bytes: usize) -> Result<Slot, MapError> {
        Ok(Slot {
            base: map::reserve(bytes)?,
            kind: Kind::Bounded(bytes),
            accessible: 0,
        })
    }

    /// A part of an arena.
    pub(super) fn guarded(base: NonNull<u8>) -> Slot {
        Slot {
            base,
            kind: Kind::Guarded,
            accessible: 0,
        }
    }

    /// Bytes reserved.
    pub(super) fn reserved(&self) -> usize {
        match self.kind {
            Kind::Guarded => arena::GUARDED,
            Kind::Bounded(bytes) => bytes,
        }
    }

    /// Makes `bytes` accessible: exactly so in a guarded slot, at least so in another.
    pub(super) fn set_accessible(&mut self, bytes: usize) -> Result<(), MapError> {
        assert!(
            bytes <= self.reserved(),
            "{bytes} of {} bytes reserved",
            self.reserved()
        );
        let bytes = bytes.next_multiple_of(PAGE);
        if bytes > self.accessible {
            // SAFETY: within our reservation.
            unsafe { map::allow(self.base.add(self.accessible), bytes - self.accessible)? };
        } else if bytes < self.accessible && self.kind == Kind::Guarded {
            // SAFETY: within our reservation; the memory it is for is not in use yet.
            unsafe { map::forbid(self.base.add(bytes), self.accessible - bytes)? };
        } else {
            return Ok(());
        }
        self.accessible = bytes;
        Ok(())
    }

    /// Makes the first `used` bytes zero again; no other has been written.
    pub(super) fn clear(&mut self, used: usize) -> Result<(), MapError> {
        debug_assert!(used <= self.accessible, "{used} of {}", self.accessible);
        if used > CLEAR_BY_HAND {
            // SAFETY: within our reservation, which no memory uses any more.
            return unsafe { map::discard(self.base, used) };
        }
        // SAFETY: accessible, and no memory uses it any more.
        let words =
            unsafe { std::slice::from_raw_parts_mut(self.base.as_ptr().cast::<u64>(), used / 8) };
        // Most of it was never written. Reading that is cheaper than writing it, and the system
        // need not find memory for pages that are only read.
        for line in words.chunks_mut(64) {
            if line.iter().fold(0, |bits, word| bits | word) != 0 {
                line.fill(0);
            }
        }
        Ok(())
    }

    /// Gives all memory back, and the address space unless it is part of an arena.
    pub(super) fn retire(mut self) -> Option<Slot> {
        match self.kind {
            Kind::Bounded(bytes) => {
                // SAFETY: our mapping, which no memory uses any more.
                unsafe { map::release(self.base, bytes) };
                None
            }
            Kind::Guarded => {
                let accessible = self.accessible;
                if accessible > 0 {
                    // SAFETY: within our reservation, which no memory uses any more.
                    unsafe { map::discard(self.base, accessible) }.ok()?;
                    self.set_accessible(0).ok()?;
                }
                Some(self)
            }
        }
    }
}
