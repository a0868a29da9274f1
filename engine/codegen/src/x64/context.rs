//! Values and registers: allocation, spilling, and bringing operands where an
//! instruction wants them.
//!
//! Owns the virtual stack, the register file and the macro-assembler; knows
//! neither Wasm nor blocks. The lowerings pop operands, ask for registers,
//! emit, and push results.
//!
//! Invariants:
//! - `refs[r]` is the number of stack entries in register `r`; the self-check
//!   recomputes it after every operator.
//! - A register is free if nobody refers to it and it is not *held*. Operands
//!   that were popped hold their registers until the operator ends.
//! - An `i32` in a general-purpose register is zero-extended to 64 bits.
//! - Everything here but [`Context::settle_flags`] leaves the flags alone, so
//!   that a compare and its consumer are never torn apart.

use super::masm::{Masm, Patch32, Size};
use super::moves::{self, MasmMoves, MoveResolver};
use super::perturb::Perturb;
use super::reg::{Gpr, Reg, RegSet, Xmm};
use super::stack::{Entry, Loc, VirtualStack};
use crate::error::CodegenError;
use microwasm::{RegClass, ValType};

/// A popped operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Type of the value.
    pub ty: ValType,
    /// Where the value is; never [`Loc::Flags`], and [`Loc::Home`] has become [`Loc::Slot`].
    pub loc: Loc,
}

impl Operand {
    /// The operand's bits, if it is a constant.
    #[inline]
    pub fn constant(self) -> Option<u64> {
        match self.loc {
            Loc::Const(bits) => Some(bits),
            _ => None,
        }
    }

    /// The operand as an immediate that sign-extends to its value.
    #[inline]
    pub fn imm32(self) -> Option<i32> {
        match (self.loc, self.ty) {
            (Loc::Const(bits), ValType::I32) => Some(bits as u32 as i32),
            (Loc::Const(bits), _) => i32::try_from(bits as i64).ok(),
            _ => None,
        }
    }
}

/// The frame of the function being compiled.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    slots: u32,
    max: u32,
}

impl Frame {
    /// Makes the frame at least `slots` slots large.
    #[inline]
    pub fn reserve(&mut self, slots: u32) {
        self.slots = self.slots.max(slots);
    }

    /// Slots that the frame must have.
    pub fn slots(self) -> Result<u32, CodegenError> {
        if self.slots > self.max {
            return Err(CodegenError::FrameTooLarge {
                limit: 8 * self.max,
            });
        }
        Ok(self.slots)
    }
}

/// Registers and the virtual stack of the function being compiled.
pub struct Context {
    /// The macro-assembler.
    pub masm: Masm,
    /// Where every value is.
    pub stack: VirtualStack,
    /// Resolver of parallel moves.
    pub moves: MoveResolver,
    /// See [`MasmMoves::caller_fields`].
    pub caller_fields: Vec<(Patch32, u32)>,
    /// Stack entries in each register.
    refs: [u8; 32],
    used: RegSet,
    held: RegSet,
    /// When each register was last used; spilling takes the oldest.
    stamps: [u32; 32],
    clock: u32,
    /// What is chosen at random, if anything is.
    pub perturb: Option<Box<Perturb>>,
    /// How large the frame must be.
    pub frame: Frame,
    /// Whether the top of the stack is a pending compare.
    flags_pending: bool,
}

impl Context {
    /// A context that emits through `masm`.
    pub fn new(
        masm: Masm,
        max_frame: u32,
        self_check: bool,
        perturb: Option<Box<Perturb>>,
    ) -> Context {
        let mut moves = MoveResolver::default();
        moves.trace = self_check.then(Vec::new);
        Context {
            masm,
            stack: VirtualStack::default(),
            moves,
            caller_fields: Vec::new(),
            refs: [0; 32],
            used: RegSet::EMPTY,
            held: RegSet::EMPTY,
            stamps: [0; 32],
            clock: 0,
            perturb,
            frame: Frame {
                slots: 0,
                max: max_frame / 8,
            },
            flags_pending: false,
        }
    }

    /// Forgets everything about the previous function.
    pub fn begin_function(&mut self) {
        self.stack.clear();
        self.caller_fields.clear();
        self.refs = [0; 32];
        self.used = RegSet::EMPTY;
        self.held = RegSet::EMPTY;
        self.stamps = [0; 32];
        self.clock = 0;
        if let Some(perturb) = &mut self.perturb {
            perturb.begin_function();
        }
        self.frame.slots = 0;
        self.flags_pending = false;
    }

    /// Registers that hold stack entries.
    pub fn used(&self) -> RegSet {
        self.used
    }

    /// Number of stack entries in `reg`.
    pub fn refs(&self, reg: Reg) -> u32 {
        self.refs[reg.0 as usize] as u32
    }

    /// Whether the top of the stack is a pending compare.
    #[inline]
    pub fn flags_pending(&self) -> bool {
        self.flags_pending
    }

    /// Makes the moves listed in [`Context::moves`].
    pub fn resolve_moves(&mut self) {
        self.moves.resolve(&mut MasmMoves {
            masm: &mut self.masm,
            caller_fields: &mut self.caller_fields,
        });
    }

    /// Ends an operator: popped operands no longer hold their registers.
    #[inline]
    pub fn end_op(&mut self) {
        self.held = RegSet::EMPTY;
        self.clock += 1;
    }

    // --- the stack ---

    #[inline]
    fn retain(&mut self, reg: Reg) {
        self.refs[reg.0 as usize] += 1;
        self.used.insert(reg);
        self.stamps[reg.0 as usize] = self.clock;
    }

    #[inline]
    fn release(&mut self, reg: Reg) {
        let refs = &mut self.refs[reg.0 as usize];
        *refs -= 1;
        if *refs == 0 {
            self.used.remove(reg);
        }
    }

    /// Pushes a value that is not at home.
    #[inline(never)]
    pub fn push(&mut self, ty: ValType, loc: Loc) {
        self.make_room();
        match loc {
            Loc::Reg { reg, .. } => self.retain(reg),
            Loc::Flags(_) => self.flags_pending = true,
            _ => {}
        }
        self.stack.push(ty, loc);
    }

    /// Pushes a result that is in a register.
    #[inline]
    pub fn push_reg(&mut self, ty: ValType, reg: impl Into<Reg>) {
        self.push_in(ty, reg.into());
    }

    #[inline(never)]
    fn push_in(&mut self, ty: ValType, reg: Reg) {
        self.make_room();
        self.retain(reg);
        self.stack.push(ty, Loc::Reg { reg, clean: false });
    }

    #[inline]
    fn make_room(&mut self) {
        if self.stack.off().len() >= VirtualStack::MAX_OFF {
            self.flush_aliases();
        }
    }

    /// Pops a value for use by the current operator, which keeps its register.
    #[inline]
    pub fn pop(&mut self) -> Operand {
        if self.stack.has_slot_aliases() {
            self.secure_top();
        }
        let Entry { loc, home, ty } = self.stack.pop();
        let loc = match loc {
            Loc::Home => Loc::Slot(home),
            Loc::Reg { reg, .. } => {
                self.release(reg);
                self.held.insert(reg);
                self.stamps[reg.0 as usize] = self.clock;
                loc
            }
            Loc::Flags(_) => {
                self.flags_pending = false;
                loc
            }
            _ => loc,
        };
        Operand { ty, loc }
    }

    /// If the top names a slot whose owner has a new value that may be stored there any
    /// moment, loads it: once popped, nobody would know that the slot is still needed.
    #[inline]
    fn secure_top(&mut self) {
        let top = self.stack.height() - 1;
        if let Loc::Slot(slot) = self.stack.get(top).loc
            && let Some(owner) = self.stack.position_of_slot(slot)
            && !matches!(
                self.stack.get(owner).loc,
                Loc::Home | Loc::Reg { clean: true, .. }
            )
        {
            rule!(SecureTop);
            self.load_entry(top);
        }
    }

    /// Pops a value that nobody wants.
    #[inline(never)]
    pub fn drop_top(&mut self) {
        let entry = self.stack.pop();
        match entry.loc {
            Loc::Reg { reg, .. } => self.release(reg),
            Loc::Flags(_) => self.flags_pending = false,
            _ => {}
        }
    }

    /// Changes where the value at `pos` is, keeping the register counts.
    pub fn relocate(&mut self, pos: u32, loc: Loc) {
        let old = self.stack.get(pos).loc;
        if let Loc::Reg { reg, .. } = loc {
            self.retain(reg);
        }
        if let Loc::Reg { reg, .. } = old {
            self.release(reg);
        }
        if let Loc::Flags(_) = old {
            self.flags_pending = false;
        }
        self.stack.set(pos, loc);
    }

    /// Pushes a copy of the value at `pos`: a new name, no code.
    #[inline(never)]
    pub fn pick(&mut self, pos: u32) {
        let Entry { loc, home, ty } = self.stack.get(pos);
        match loc {
            Loc::Home => self.push(ty, Loc::Slot(home)),
            Loc::Reg { reg, .. } => self.push_in(ty, reg),
            loc => self.push(ty, loc),
        }
    }

    /// Exchanges the top with the value at `pos` below it: new names, no code, unless
    /// the lower one would refer to a slot above its own.
    #[inline(never)]
    pub fn swap(&mut self, pos: u32) {
        let to_low = self.top_moved_to(pos);
        let top_pos = self.stack.height() - 1;
        let (low, top) = (self.stack.get(pos), self.stack.get(top_pos));
        debug_assert_eq!(low.ty, top.ty, "swap exchanges values of one type");
        let to_top = match low.loc {
            Loc::Home => Loc::Slot(low.home),
            loc => unclean(loc),
        };
        // Both stay referred to: the counts do not change, unless a name vanished.
        for loc in [to_low, to_top] {
            if let Loc::Reg { reg, .. } = loc {
                self.retain(reg);
            }
        }
        for loc in [low.loc, top.loc] {
            if let Loc::Reg { reg, .. } = loc {
                self.release(reg);
            }
        }
        self.stack.set(pos, to_low);
        self.stack.set(top_pos, to_top);
    }

    /// [`Context::swap`], then [`Context::drop_top`].
    #[inline(never)]
    pub fn replace(&mut self, pos: u32) {
        let to_low = self.top_moved_to(pos);
        if let Loc::Reg { reg, .. } = to_low {
            self.stamps[reg.0 as usize] = self.clock;
        }
        if let Loc::Reg { reg, .. } = self.stack.get(pos).loc {
            self.stamps[reg.0 as usize] = self.clock;
            self.release(reg);
        }
        self.stack.pop();
        self.stack.set(pos, to_low);
    }

    /// Where the value on top is when it is the one at `pos`. Loads it if it is in a slot that
    /// `pos` must not name; if it is in a register now, it is in the same one then.
    #[inline]
    fn top_moved_to(&mut self, pos: u32) -> Loc {
        self.make_room();
        let top = self.stack.height() - 1;
        let home = self.stack.get(pos).home;
        match self.stack.get(top).loc {
            Loc::Slot(s) if s == home => {
                rule!(SwapBack);
                Loc::Home
            }
            Loc::Slot(s) if s < home => {
                rule!(SwapLower);
                Loc::Slot(s)
            }
            Loc::Slot(_) | Loc::Home => {
                rule!(SwapLoad);
                self.load_entry(top);
                unclean(self.stack.get(top).loc)
            }
            loc => {
                rule!(SwapNames);
                unclean(loc)
            }
        }
    }

    // --- registers ---

    /// Keeps `reg` from being allocated until the operator ends.
    #[inline]
    pub fn hold(&mut self, reg: impl Into<Reg>) {
        self.held.insert(reg);
    }

    /// Lets go of `reg`: the operand in it has been read for the last time.
    #[inline]
    pub fn unhold(&mut self, reg: impl Into<Reg>) {
        self.held.remove(reg);
    }

    /// Whether an operand's register may be overwritten: no stack entry is in it.
    #[inline]
    pub fn is_dead(&self, reg: impl Into<Reg>) -> bool {
        !self.used.contains(reg)
    }

    /// Registers of `class` that may be allocated without spilling.
    #[inline]
    pub fn free(&self, class: RegClass) -> RegSet {
        class_set(class).without(self.used).without(self.held)
    }

    /// Allocates and holds a register of `class`, spilling the one used longest ago
    /// if there is none free.
    #[inline]
    pub fn alloc(&mut self, class: RegClass) -> Reg {
        self.alloc_in(class_set(class))
    }

    /// Allocates and holds a general-purpose register.
    #[inline]
    pub fn alloc_gpr(&mut self) -> Gpr {
        self.alloc(RegClass::Gpr).gpr()
    }

    /// Allocates and holds a vector register.
    #[inline]
    pub fn alloc_xmm(&mut self) -> Xmm {
        self.alloc(RegClass::Xmm).xmm()
    }

    /// Allocates and holds one of the registers in `set`.
    #[inline]
    pub fn alloc_in(&mut self, set: RegSet) -> Reg {
        let free = set.without(self.used).without(self.held);
        let reg = match free.first() {
            Some(reg) => reg,
            None => self.spill_oldest(set),
        };
        self.held.insert(reg);
        reg
    }

    /// Spills the register of `set` that was used longest ago.
    #[cold]
    fn spill_oldest(&mut self, set: RegSet) -> Reg {
        let mut victims = set.without(self.held);
        if let Some(perturb) = &mut self.perturb {
            match perturb.pick(victims) {
                Some(victim) => victims = RegSet::of(victim),
                None => {
                    if let Some(refused) = perturb.give_back(set) {
                        return refused;
                    }
                }
            }
        }
        let victim = victims
            .iter()
            .min_by_key(|r| self.stamps[r.0 as usize])
            .expect("an operator holds fewer registers than there are");
        rule!(Victim);
        self.spill(victim);
        victim
    }

    /// Makes `reg` available to the current operator and holds it: its entries move to a
    /// free register if there is one, else home.
    pub fn take(&mut self, reg: impl Into<Reg>) {
        let reg = reg.into();
        if self.used.contains(reg) {
            let class = if reg.is_xmm() {
                RegClass::Xmm
            } else {
                RegClass::Gpr
            };
            let mut free = self.free(class);
            free.remove(reg);
            match free.first() {
                Some(to) => {
                    rule!(TakeRename);
                    self.rename(reg, to);
                }
                None => {
                    rule!(TakeSpill);
                    self.spill(reg);
                }
            }
        }
        self.held.insert(reg);
        if let Some(perturb) = &mut self.perturb {
            perturb.give_back(RegSet::of(reg));
        }
    }

    /// Moves the entries in `from` to `to`, which is free.
    pub fn rename(&mut self, from: Reg, to: Reg) {
        let ty = if from.is_xmm() {
            ValType::V128
        } else {
            ValType::I64
        };
        moves::reg_to_reg(&mut self.masm, ty, from, to);
        let stamp = self.stamps[from.0 as usize];
        let mut i = 0;
        while self.refs[from.0 as usize] != 0 {
            let pos = self.stack.off()[i];
            i += 1;
            if let Loc::Reg { reg, clean } = self.stack.get(pos).loc
                && reg == from
            {
                self.relocate(pos, Loc::Reg { reg: to, clean });
            }
        }
        self.stamps[to.0 as usize] = stamp;
    }

    // --- spilling ---

    /// Sends every entry in `reg` home: the lowest is stored there, the others become
    /// names of its slot.
    pub fn spill(&mut self, reg: Reg) {
        let mut slot = None;
        let mut i = 0;
        while self.refs[reg.0 as usize] != 0 {
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
                Some(slot) => {
                    self.relocate(pos, Loc::Slot(slot));
                    i += 1;
                }
            }
        }
    }

    /// Stores `reg` into the home of the value at `pos`.
    fn store_home(&mut self, pos: u32, reg: Reg) {
        self.free_slot(pos);
        let entry = self.stack.get(pos);
        moves::store(&mut self.masm, entry.ty, moves::slot(entry.home), reg);
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
        moves::load(&mut self.masm, ty, moves::slot(from), Xmm::SCRATCH.into());
        moves::store(&mut self.masm, ty, moves::slot(to), Xmm::SCRATCH.into());
    }

    /// Sends aliases and constants home, except near the top. At most 27 positions can
    /// have a register of their own, so that this always makes room.
    #[cold]
    fn flush_aliases(&mut self) {
        const KEEP: usize = 16;
        rule!(FlushAliases);
        let off: Vec<u32> = self.stack.off().to_vec();
        for &pos in &off[..off.len() - KEEP] {
            match self.stack.get(pos).loc {
                Loc::Reg { reg, .. } if self.refs(reg) == 1 => {}
                Loc::Flags(_) => {}
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
                rule!(HomeConst);
                self.free_slot(pos);
                moves::store_constant(&mut self.masm, entry.ty, bits, moves::slot(entry.home));
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
        if self.stack.has_slot_aliases() && self.may_overwrite_named_slots(end) {
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
            let count = &mut refs[reg.0 as usize];
            *count -= 1;
            if *count == 0 {
                used.remove(reg);
            }
            if clean {
                return Some(Loc::Home);
            }
            let slot = &mut stored[reg.0 as usize];
            if *slot != NONE {
                rule!(CallSpillAlias);
                return Some(Loc::Slot(*slot));
            }
            rule!(CallSpill);
            *slot = entry.home;
            frame.reserve(entry.home + entry.ty.slots());
            moves::store(masm, entry.ty, moves::slot(entry.home), reg);
            Some(Loc::Home)
        });
    }

    /// Whether sending what is below `end` home may overwrite a slot that somebody names.
    /// Slots are told apart by their number modulo 64.
    fn may_overwrite_named_slots(&self, end: u32) -> bool {
        let (mut named, mut written) = (0u64, 0u64);
        for &pos in self.stack.off() {
            let entry = self.stack.get(pos);
            match entry.loc {
                Loc::Slot(slot) => named |= 1 << (slot % 64),
                Loc::Reg { clean: false, .. } if pos < end => written |= 1 << (entry.home % 64),
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

    // --- operands ---

    /// Brings the value at `pos` into a register.
    pub fn load_entry(&mut self, pos: u32) -> Reg {
        let entry = self.stack.get(pos);
        if let Loc::Reg { reg, .. } = entry.loc {
            self.stamps[reg.0 as usize] = self.clock;
            return reg;
        }
        let reg = self.alloc(entry.ty.class());
        // Allocation may have spilled, and so moved, the entry's source.
        let entry = self.stack.get(pos);
        match entry.loc {
            Loc::Home => {
                rule!(LoadHome);
                moves::load(&mut self.masm, entry.ty, moves::slot(entry.home), reg);
                self.relocate(pos, Loc::Reg { reg, clean: true });
                self.cache_slot(entry.home, reg);
            }
            Loc::Slot(from) => {
                rule!(LoadSlot);
                moves::load(&mut self.masm, entry.ty, moves::slot(from), reg);
                self.relocate(pos, Loc::Reg { reg, clean: false });
                self.cache_slot(from, reg);
            }
            Loc::Const(bits) => {
                rule!(LoadConst);
                moves::constant(&mut self.masm, entry.ty, bits, reg);
                self.relocate(pos, Loc::Reg { reg, clean: false });
            }
            Loc::Flags(cond) => {
                rule!(LoadFlags);
                self.masm.setcc(cond, reg.gpr());
                self.masm.movzx8(reg.gpr(), reg.gpr());
                self.relocate(pos, Loc::Reg { reg, clean: false });
            }
            Loc::Reg { .. } => unreachable!("allocating puts no value into a register"),
        }
        self.held.remove(reg);
        reg
    }

    /// `reg` now holds what is in `slot`: all who name the slot may use the register.
    fn cache_slot(&mut self, slot: u32, reg: Reg) {
        if let Some(pos) = self.stack.position_of_slot(slot)
            && self.stack.get(pos).loc == Loc::Home
            && self.stack.get(pos).ty.class()
                == if reg.is_xmm() {
                    RegClass::Xmm
                } else {
                    RegClass::Gpr
                }
            && self.stack.off().len() < VirtualStack::MAX_OFF
        {
            rule!(CacheOwner);
            self.relocate(pos, Loc::Reg { reg, clean: true });
        }
        if self.stack.has_slot_aliases() {
            for i in 0..self.stack.off().len() {
                let pos = self.stack.off()[i];
                if self.stack.get(pos).loc == Loc::Slot(slot) {
                    rule!(CacheAlias);
                    self.relocate(pos, Loc::Reg { reg, clean: false });
                }
            }
        }
    }

    /// The operand in a register that must not be written; holds it.
    #[inline]
    pub fn reg(&mut self, operand: &mut Operand) -> Reg {
        if let Loc::Reg { reg, .. } = operand.loc {
            return reg;
        }
        self.load_operand(operand)
    }

    fn load_operand(&mut self, operand: &mut Operand) -> Reg {
        let reg = self.alloc(operand.ty.class());
        self.load_operand_into(*operand, reg);
        if let Loc::Slot(slot) = operand.loc {
            self.cache_slot(slot, reg);
        }
        operand.loc = Loc::Reg { reg, clean: false };
        reg
    }

    /// Copies the operand into `reg`.
    pub fn load_operand_into(&mut self, operand: Operand, reg: Reg) {
        match operand.loc {
            Loc::Reg { reg: from, .. } => {
                if from != reg {
                    moves::reg_to_reg(&mut self.masm, operand.ty, from, reg);
                }
            }
            Loc::Const(bits) => moves::constant(&mut self.masm, operand.ty, bits, reg),
            Loc::Slot(slot) => moves::load(&mut self.masm, operand.ty, moves::slot(slot), reg),
            Loc::Flags(cond) => {
                self.masm.setcc(cond, reg.gpr());
                self.masm.movzx8(reg.gpr(), reg.gpr());
            }
            Loc::Home => unreachable!("a popped operand names its slot"),
        }
    }

    /// The operand in a general-purpose register that must not be written.
    #[inline]
    pub fn gpr(&mut self, operand: &mut Operand) -> Gpr {
        self.reg(operand).gpr()
    }

    /// The operand in a vector register that must not be written.
    #[inline]
    pub fn xmm(&mut self, operand: &mut Operand) -> Xmm {
        self.reg(operand).xmm()
    }

    /// The operand in a register that the operator may overwrite: its own if no stack entry
    /// is in it, else a copy.
    #[inline]
    pub fn reg_mut(&mut self, operand: Operand) -> Reg {
        if let Loc::Reg { reg, .. } = operand.loc
            && self.is_dead(reg)
        {
            return reg;
        }
        let reg = self.alloc(operand.ty.class());
        self.load_operand_into(operand, reg);
        reg
    }

    /// Forgets which entries were in registers: the stack has been rebuilt for a block.
    pub fn clear_registers(&mut self) {
        self.refs = [0; 32];
        self.used = RegSet::EMPTY;
        self.flags_pending = false;
    }

    /// Copies `size` bytes' worth of `src` to `dst`.
    #[inline]
    pub fn mov(&mut self, size: Size, dst: Gpr, src: Gpr) {
        if dst != src || size == Size::S32 {
            self.masm.mov_rr(size, dst, src);
        }
    }
}

/// The same place under another position's name: that position's home is not current.
#[inline]
fn unclean(loc: Loc) -> Loc {
    match loc {
        Loc::Reg { reg, .. } => Loc::Reg { reg, clean: false },
        loc => loc,
    }
}

#[inline]
fn class_set(class: RegClass) -> RegSet {
    match class {
        RegClass::Gpr => RegSet::GPR,
        RegClass::Xmm => RegSet::XMM,
    }
}

/// Positions that name `slot`.
fn vec_of_aliases(stack: &VirtualStack, slot: u32) -> Vec<u32> {
    let is_alias = |&pos: &u32| stack.get(pos).loc == Loc::Slot(slot);
    stack.off().iter().copied().filter(is_alias).collect()
}
