//! The virtual stack: where the value at each stack position is right now.
//!
//! Owns the entries and the list of positions whose value is not at home;
//! emits nothing. Receives pushes, pops and relocations from a backend's
//! context; what places there are besides homes is the backend's business
//! ([`Place`]).
//!
//! Invariants:
//! - Each position has a *home*, a run of 8-byte frame slots; homes ascend with
//!   the position and do not overlap.
//! - `off` lists, in ascending order, exactly the positions that are not
//!   [`Place::HOME`]. There are at most [`VirtualStack::MAX_OFF`] of them, which
//!   is what makes block boundaries and calls cost O(1).
//! - A slot that is named lies below its holder's own home. So copying an aliased
//!   slot out of the way ends: each copy goes to a higher slot.

use microwasm::ValType;
use std::fmt;

/// Where a value is, as a backend sees it.
pub trait Place: Copy + PartialEq {
    /// In its own frame slot.
    const HOME: Self;

    /// The slot in which the value is, if it is another position's home.
    fn named_slot(self) -> Option<u32>;

    /// Whether the value is in another position's home slot.
    #[inline]
    fn names_slot(self) -> bool {
        self.named_slot().is_some()
    }
}

/// One stack position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<L> {
    /// Where the value is.
    pub loc: L,
    /// First slot of the position's home.
    pub home: u32,
    /// Type of the value.
    pub ty: ValType,
}

/// The virtual stack of the function being compiled.
#[derive(Debug)]
pub struct VirtualStack<L> {
    /// As many as there ever were; those from `height` on mean nothing.
    entries: Vec<Entry<L>>,
    height: usize,
    off: Positions,
    /// First slot behind all homes.
    end: u32,
    /// How many entries name a slot.
    slot_aliases: u32,
}

impl<L> Default for VirtualStack<L> {
    fn default() -> VirtualStack<L> {
        VirtualStack {
            entries: Vec::new(),
            height: 0,
            off: Positions::default(),
            end: 0,
            slot_aliases: 0,
        }
    }
}

/// A short ascending list.
#[derive(Debug)]
struct Positions {
    /// Twice as many as there may be after an operator.
    list: [u32; 128],
    len: usize,
}

impl Default for Positions {
    fn default() -> Positions {
        Positions {
            list: [0; 128],
            len: 0,
        }
    }
}

impl Positions {
    #[inline]
    fn get(&self) -> &[u32] {
        &self.list[..self.len]
    }

    #[inline]
    fn push(&mut self, pos: u32) {
        self.list[self.len] = pos;
        self.len += 1;
    }

    #[inline]
    fn insert(&mut self, pos: u32) {
        self.len += 1;
        let mut list = &mut self.list[..self.len];
        // The last place is free. What belongs above `pos` moves up, one by one.
        while let [.., below, free] = list
            && *below > pos
        {
            *free = *below;
            let rest = list.len() - 1;
            list = &mut list[..rest];
        }
        if let [.., free] = list {
            *free = pos;
        }
    }

    #[inline]
    fn remove(&mut self, pos: u32) {
        if let [rest @ .., last] = &mut self.list[..self.len] {
            // What is above `pos` moves down, one by one.
            let mut above = *last;
            for place in rest.iter_mut().rev() {
                if above == pos {
                    break;
                }
                above = std::mem::replace(place, above);
            }
        }
        self.len -= 1;
    }
}

impl<L: Place> VirtualStack<L> {
    /// Most positions that may be off home after an operator.
    pub const MAX_OFF: usize = 64;

    /// Empties the stack, keeping its memory.
    pub fn clear(&mut self) {
        self.height = 0;
        self.off.len = 0;
        self.end = 0;
        self.slot_aliases = 0;
    }

    /// Number of values.
    #[inline]
    pub fn height(&self) -> u32 {
        self.height as u32
    }

    /// First slot behind the homes of all current positions.
    #[inline]
    pub fn end_slot(&self) -> u32 {
        self.end
    }

    /// The entry at `pos`, which is below the height.
    #[inline]
    pub fn get(&self, pos: u32) -> Entry<L> {
        debug_assert!(pos < self.height(), "there is no position {pos}");
        self.entries[pos as usize]
    }

    /// Positions off home, ascending.
    #[inline]
    pub fn off(&self) -> &[u32] {
        self.off.get()
    }

    /// Whether a value can be pushed without more memory or more positions off home than
    /// there may be.
    #[inline]
    pub fn has_room(&self) -> bool {
        self.off.len < Self::MAX_OFF && self.height < self.entries.len()
    }

    /// Gets the memory for `count` more values, if it is not there.
    #[cold]
    #[inline(never)]
    pub fn reserve(&mut self, count: usize) {
        let filler = Entry {
            loc: L::HOME,
            home: 0,
            ty: ValType::I32,
        };
        let needed = self.height + count;
        if needed > self.entries.len() {
            let size = needed.max(2 * self.entries.len()).max(64);
            self.entries.resize(size, filler);
        }
    }

    /// Whether any entry is a named slot.
    #[inline]
    pub fn has_slot_aliases(&self) -> bool {
        self.slot_aliases != 0
    }

    /// Pushes a value that is not at home.
    #[inline]
    pub fn push(&mut self, ty: ValType, loc: L) {
        debug_assert!(loc != L::HOME, "a value is pushed before it can be at home");
        if self.height >= self.entries.len() {
            self.reserve(1);
        }
        let home = self.end;
        self.end += ty.slots();
        self.off.push(self.height as u32);
        self.slot_aliases += loc.names_slot() as u32;
        self.entries[self.height] = Entry { loc, home, ty };
        self.height += 1;
    }

    /// Pushes `count` values that are at home already.
    pub fn push_home(&mut self, ty: ValType, count: u32) {
        let top = self.height + count as usize;
        if top > self.entries.len() {
            self.reserve(count as usize);
        }
        let slots = ty.slots();
        for entry in &mut self.entries[self.height..top] {
            *entry = Entry {
                loc: L::HOME,
                home: self.end,
                ty,
            };
            self.end += slots;
        }
        self.height = top;
    }

    /// Pops the top value.
    #[inline]
    pub fn pop(&mut self) -> Entry<L> {
        self.height -= 1;
        let entry = self.entries[self.height];
        self.end = entry.home;
        self.off.len -= usize::from(entry.loc != L::HOME);
        self.slot_aliases -= entry.loc.names_slot() as u32;
        entry
    }

    /// Changes where the value at `pos` is; returns where it was.
    #[inline]
    pub fn set(&mut self, pos: u32, loc: L) -> L {
        let old = std::mem::replace(&mut self.entries[pos as usize].loc, loc);
        self.slot_aliases += loc.names_slot() as u32;
        self.slot_aliases -= old.names_slot() as u32;
        match (old == L::HOME, loc == L::HOME) {
            (true, false) => self.off.insert(pos),
            (false, true) => self.off.remove(pos),
            _ => {}
        }
        old
    }

    /// Says that the value at `pos`, which is at home, is elsewhere, in no slot.
    #[inline]
    pub fn take_from_home(&mut self, pos: u32, loc: L) {
        debug_assert!(!loc.names_slot() && self.get(pos).loc == L::HOME);
        self.off.insert(pos);
        self.entries[pos as usize].loc = loc;
    }

    /// Lets `relocate` say, for each position off home, where its value is from now on, if not
    /// where it was. Positions for which it says at home leave the list.
    #[inline(always)]
    pub fn update_off(&mut self, mut relocate: impl FnMut(u32, &Entry<L>) -> Option<L>) {
        let mut kept = 0;
        for i in 0..self.off.len {
            let pos = self.off.list[i];
            self.off.list[kept] = pos;
            kept += 1;
            let entry = &mut self.entries[pos as usize];
            if let Some(loc) = relocate(pos, entry) {
                self.slot_aliases += loc.names_slot() as u32;
                self.slot_aliases -= entry.loc.names_slot() as u32;
                entry.loc = loc;
                kept -= (loc == L::HOME) as usize;
            }
        }
        self.off.len = kept;
    }

    /// Says that the value at `pos`, which is at home and above all that are not, is elsewhere.
    #[inline]
    pub fn set_highest(&mut self, pos: u32, loc: L) {
        debug_assert!(
            self.off().last().is_none_or(|&p| p < pos),
            "{pos} is not the highest"
        );
        self.off.push(pos);
        self.slot_aliases += loc.names_slot() as u32;
        self.entries[pos as usize].loc = loc;
    }

    /// Cuts the stack to `height` values and says that all of them are at home.
    pub fn reset_home(&mut self, height: u32) {
        if height < self.height() {
            self.end = self.entries[height as usize].home;
            self.height = height as usize;
        }
        for &pos in self.off.get() {
            self.entries[pos as usize].loc = L::HOME;
        }
        self.off.len = 0;
        self.slot_aliases = 0;
    }

    /// Appends the home entries of block arguments.
    pub fn push_args(&mut self, args: &[ValType]) {
        for &ty in args {
            self.push_home(ty, 1);
        }
    }

    /// The position whose home begins at `slot`, if there is one now.
    #[inline]
    pub fn position_of_slot(&self, slot: u32) -> Option<u32> {
        if self.end == self.height() {
            // No value takes two slots.
            return (slot < self.end).then_some(slot);
        }
        self.search_slot(slot)
    }

    #[cold]
    #[inline(never)]
    fn search_slot(&self, slot: u32) -> Option<u32> {
        self.entries()
            .binary_search_by_key(&slot, |e| e.home)
            .ok()
            .map(|i| i as u32)
    }

    /// All entries, for the self-check.
    pub fn entries(&self) -> &[Entry<L>] {
        &self.entries[..self.height]
    }
}

impl<L: Place + fmt::Debug> VirtualStack<L> {
    /// The self-check: recomputes the list of positions off home, its bound, and whether slots
    /// that are named lie below. A broken invariant means that wrong code has been emitted.
    pub fn check(&self) {
        /// Stacks up to this height are looked at in full.
        const FULL_SCAN: usize = 512;
        let (entries, off) = (self.entries(), self.off());
        assert!(
            off.len() <= VirtualStack::<L>::MAX_OFF + 1,
            "{} values are off home",
            off.len()
        );
        assert!(
            off.is_sorted_by(|a, b| a < b),
            "off-home positions do not ascend: {off:?}"
        );
        if entries.len() <= FULL_SCAN {
            let listed = (0u32..)
                .zip(entries)
                .filter(|(_, e)| e.loc != L::HOME)
                .map(|(i, _)| i);
            assert!(
                listed.eq(off.iter().copied()),
                "off-home list {off:?} of {entries:?}"
            );
        }
        for &pos in off {
            let Entry { loc, home, .. } = entries[pos as usize];
            assert!(loc != L::HOME, "position {pos} is listed as off home");
            if let Some(slot) = loc.named_slot() {
                assert!(
                    slot < home,
                    "position {pos} names slot {slot} above its home"
                );
            }
        }
    }
}
