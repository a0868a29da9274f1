//! Sending values home: for want of a register, before a call, for room in the list of
//! positions off home.
//!
//! Invariant: before a slot is written, who names it has got a copy of its own.

use super::super::moves;
use super::super::reg::{Reg, Xmm};
use super::super::stack::{Entry, Loc, VirtualStack};
use super::{Context, Operand};
use microwasm::ValType;

impl Context {
    /// Sends every entry in `reg` home: the lowest is stored there, the others become
    /// names of its slot.
    pub fn spill(&mut self, reg: Reg) {
        let mut slot = None;
        let mut i = 0;
        while self.refs[reg.index()] != 0 {
            let pos = self.stack.off()[i];
            let entry = self.stack.get(pos);
            let Loc::Reg { reg: r, clean } = entry.loc else {
                i += 1;
                continue;
            };
            if r != reg {
                i += 1;
                continue;
            }
            match slot {
                None => {
                    cover!(X64Spills, reg.is_xmm(), clean, self.refs(reg).min(3) - 1);
                    if !clean {
                        self.store_home(pos, reg);
                    }
                    slot = Some(entry.home);
                    // The entry leaves the list, so that the next one is at `i`; copying
                    // aliases out of the way may have shifted it: start again.
                    self.relocate(pos, Loc::Home);
                    i = 0;
                }
                Some(_) if clean => self.relocate(pos, Loc::Home),
                Some(slot) => self.relocate(pos, Loc::Slot(slot)),
            }
        }
    }

    /// Stores `reg` into the home of the value at `pos`.
    fn store_home(&mut self, pos: u32, reg: Reg) {
        self.free_slot(pos);
        let entry = self.stack.get(pos);
        moves::store_slot(&mut self.masm, entry.ty, entry.home, reg);
    }

    /// Stores `bits` into the home of the value at `pos`.
    fn store_constant(&mut self, pos: u32, bits: u64) {
        rule!(HomeConst);
        self.free_slot(pos);
        let entry = self.stack.get(pos);
        moves::store_constant(&mut self.masm, entry.ty, bits, moves::slot(entry.home));
    }

    /// Prepares the home of `pos` for being written: who names that slot gets a copy of
    /// its own, and the frame reaches that far.
    fn free_slot(&mut self, pos: u32) {
        let entry = self.stack.get(pos);
        self.frame.reserve(entry.home + entry.ty.slots());
        if self.stack.has_slot_aliases() {
            self.copy_aliases(entry.home);
        }
    }

    /// Gives all entries that name `slot` a copy of their own. A copy goes into the
    /// holder's home, which is higher and may be named in turn: so from the top down.
    fn copy_aliases(&mut self, slot: u32) {
        let mut pending = vec_of_aliases(&self.stack, slot);
        while let Some(pos) = pending.pop() {
            let entry = self.stack.get(pos);
            let Loc::Slot(from) = entry.loc else { continue };
            let above = vec_of_aliases(&self.stack, entry.home);
            if !above.is_empty() {
                rule!(CopyAliasChain);
                pending.push(pos);
                pending.extend(above);
                continue;
            }
            rule!(CopyAlias);
            self.frame.reserve(entry.home + entry.ty.slots());
            self.copy_slot(entry.ty, from, entry.home);
            self.relocate(pos, Loc::Home);
        }
    }

    fn copy_slot(&mut self, ty: ValType, from: u32, to: u32) {
        moves::load_slot(&mut self.masm, ty, from, Xmm::SCRATCH.into());
        moves::store_slot(&mut self.masm, ty, to, Xmm::SCRATCH.into());
    }

    /// Sends aliases and constants home, except near the top. At most 27 positions can
    /// have a register of their own, so that this always makes room.
    #[cold]
    pub(super) fn flush_aliases(&mut self) {
        const KEEP: usize = 16;
        rule!(FlushAliases);
        let off: Vec<u32> = self.stack.off().to_vec();
        for &pos in &off[..off.len() - KEEP] {
            match self.stack.get(pos).loc {
                Loc::Reg { reg, .. } if self.refs(reg) == 1 => {}
                // A pending compare is on top.
                _ => self.send_home(pos),
            }
        }
    }

    /// Sends the value at `pos` home.
    pub fn send_home(&mut self, pos: u32) {
        let entry = self.stack.get(pos);
        match entry.loc {
            Loc::Home => return,
            Loc::Reg { clean: true, .. } => {
                rule!(HomeClean);
            }
            Loc::Reg { reg, .. } => {
                rule!(HomeDirty);
                self.store_home(pos, reg);
            }
            Loc::Const(bits) => {
                self.store_constant(pos, bits.into());
            }
            Loc::Wide(number) => {
                self.store_constant(pos, self.constants.wide(number));
            }
            Loc::Slot(from) => {
                rule!(HomeSlot);
                self.free_slot(pos);
                self.copy_slot(entry.ty, from, entry.home);
            }
            Loc::Flags(_) => {
                rule!(HomeFlags);
                self.load_entry(pos);
                return self.send_home(pos);
            }
        }
        self.relocate(pos, Loc::Home);
    }

    /// Copies the value at `pos` into `reg`, which is free, and lets `pos` name it.
    pub fn copy_entry_to(&mut self, pos: u32, reg: Reg) {
        let Entry { loc, home, ty } = self.stack.get(pos);
        let operand = Operand {
            ty,
            loc: if loc == Loc::Home {
                Loc::Slot(home)
            } else {
                loc
            },
        };
        self.load_operand_into(operand, reg);
        self.relocate(pos, Loc::Reg { reg, clean: false });
    }

    /// Sends everything below position `end` that is in a register home: before a call.
    pub fn spill_below(&mut self, end: u32) {
        self.calls += 1;
        if self.stack.has_slot_aliases() && self.may_overwrite_named_slots() {
            // A store may have to copy aliases away, which changes the list.
            while let Some(reg) = self.lowest_register_below(end) {
                rule!(CallSpillSecured);
                self.spill(reg);
            }
            return;
        }
        /// No slot.
        const NONE: u32 = u32::MAX;
        let mut stored = [NONE; 32];
        let Context {
            masm,
            stack,
            frame,
            refs,
            used,
            ..
        } = self;
        stack.update_off(|pos, entry| {
            let Loc::Reg { reg, clean } = entry.loc else {
                return None;
            };
            if pos >= end {
                return None;
            }
            let count = &mut refs[reg.index()];
            *count -= 1;
            if *count == 0 {
                used.remove(reg);
            }
            if clean {
                return Some(Loc::Home);
            }
            let slot = &mut stored[reg.index()];
            if *slot != NONE {
                rule!(CallSpillAlias);
                return Some(Loc::Slot(*slot));
            }
            rule!(CallSpill);
            *slot = entry.home;
            frame.reserve(entry.home + entry.ty.slots());
            moves::store_slot(masm, entry.ty, entry.home, reg);
            Some(Loc::Home)
        });
    }

    /// Whether sending registers home may overwrite a slot that somebody names. Slots are told
    /// apart by their number modulo 64.
    fn may_overwrite_named_slots(&self) -> bool {
        let (mut named, mut written) = (0u64, 0u64);
        for &pos in self.stack.off() {
            let entry = self.stack.get(pos);
            match entry.loc {
                Loc::Slot(slot) => named |= 1 << (slot % 64),
                Loc::Reg { clean: false, .. } => written |= 1 << (entry.home % 64),
                _ => {}
            }
        }
        named & written != 0
    }

    fn lowest_register_below(&self, end: u32) -> Option<Reg> {
        let below = self.stack.off().iter().take_while(|&&pos| pos < end);
        below
            .map(|&pos| self.stack.get(pos).loc)
            .find_map(|loc| match loc {
                Loc::Reg { reg, .. } => Some(reg),
                _ => None,
            })
    }

    /// In a stack just rebuilt for a block: the value at `pos`, above all that are not at
    /// home so far, is at `loc`.
    #[inline]
    pub fn restore(&mut self, pos: u32, loc: Loc) {
        if let Loc::Reg { reg, .. } = loc {
            self.retain(reg);
        }
        self.stack.set_highest(pos, loc);
    }

    /// Puts the pending compare, if there is one, into a register: the next instruction
    /// will change the flags.
    #[inline]
    pub fn settle_flags(&mut self) {
        if self.flags_pending {
            self.load_entry(self.stack.height() - 1);
        }
    }
}

/// Positions that name `slot`.
fn vec_of_aliases(stack: &VirtualStack, slot: u32) -> Vec<u32> {
    let is_alias = |&pos: &u32| stack.get(pos).loc == Loc::Slot(slot);
    stack.off().iter().copied().filter(is_alias).collect()
}
