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

mod operand;
mod spill;

pub use operand::Operand;

use super::masm::{Masm, Patch32, Size};
use super::moves::{self, MasmMoves, MoveResolver};
use super::perturb::Perturb;
use super::reg::{Gpr, Reg, RegSet, Xmm};
use super::stack::{Constants, Entry, Loc, VirtualStack};
use crate::error::CodegenError;
use microwasm::{RegClass, ValType};

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
    /// Values of constants that are on it.
    pub constants: Constants,
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
    /// Operators so far, and the calls among them.
    clock: u32,
    calls: u32,
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
            constants: Constants::default(),
            moves,
            caller_fields: Vec::new(),
            refs: [0; 32],
            used: RegSet::EMPTY,
            held: RegSet::EMPTY,
            stamps: [0; 32],
            clock: 0,
            calls: 0,
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
        self.constants.clear();
        self.caller_fields.clear();
        self.refs = [0; 32];
        self.used = RegSet::EMPTY;
        self.held = RegSet::EMPTY;
        self.stamps = [0; 32];
        self.clock = 0;
        self.calls = 0;
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
        self.refs[reg.index()] as u32
    }

    /// Whether every 64th operator, or more of them, has been a call.
    #[inline]
    pub fn calls_often(&self) -> bool {
        self.calls > self.clock / 64
    }

    /// Operators since `reg` was last used.
    #[inline]
    pub fn age(&self, reg: Reg) -> u32 {
        self.clock - self.stamps[reg.index()]
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
        self.refs[reg.index()] += 1;
        self.used.insert(reg);
        self.stamps[reg.index()] = self.clock;
    }

    #[inline]
    fn release(&mut self, reg: Reg) {
        let refs = &mut self.refs[reg.index()];
        *refs -= 1;
        if *refs == 0 {
            self.used.remove(reg);
        }
    }

    /// Pushes a value that is not at home.
    #[inline(never)]
    pub fn push(&mut self, ty: ValType, loc: Loc) {
        if !self.stack.has_room() {
            return self.push_slowly(ty, loc);
        }
        self.push_in_room(ty, loc);
    }

    /// [`Context::push`] where there is room.
    #[inline(always)]
    fn push_in_room(&mut self, ty: ValType, loc: Loc) {
        match loc {
            Loc::Reg { reg, .. } => self.retain(reg),
            Loc::Flags(_) => self.flags_pending = true,
            _ => {}
        }
        self.stack.push(ty, loc);
    }

    /// Pushes a value that is known.
    #[inline]
    pub fn push_constant(&mut self, ty: ValType, bits: u64) {
        let loc = self.constants.place(bits);
        self.push(ty, loc);
    }

    /// Pushes a result that is in a register.
    #[inline]
    pub fn push_reg(&mut self, ty: ValType, reg: impl Into<Reg>) {
        self.push_in(ty, reg.into());
    }

    #[inline(never)]
    fn push_in(&mut self, ty: ValType, reg: Reg) {
        let loc = Loc::Reg { reg, clean: false };
        if !self.stack.has_room() {
            return self.push_slowly(ty, loc);
        }
        self.push_in_room(ty, loc);
    }

    #[cold]
    #[inline(never)]
    fn push_slowly(&mut self, ty: ValType, loc: Loc) {
        self.make_room();
        self.push(ty, loc);
    }

    /// Sees to it that a value can be pushed.
    pub fn make_room(&mut self) {
        self.limit_off();
        self.stack.reserve(1);
    }

    #[inline]
    fn limit_off(&mut self) {
        if self.stack.off().len() >= VirtualStack::MAX_OFF {
            self.flush_aliases();
        }
    }

    /// Pops a value for use by the current operator, which keeps its register.
    #[inline(always)]
    pub fn pop(&mut self) -> Operand {
        let Entry { loc, home, ty } = self.stack.pop();
        let mut operand = Operand { ty, loc };
        match loc {
            Loc::Home => operand.loc = Loc::Slot(home),
            Loc::Reg { reg, .. } => {
                self.release(reg);
                self.held.insert(reg);
                self.stamps[reg.index()] = self.clock;
            }
            Loc::Flags(_) => self.flags_pending = false,
            Loc::Slot(slot) => return self.popped_slot(ty, slot),
            Loc::Const(_) | Loc::Wide(_) => {}
        }
        operand
    }

    /// The operand that was on top as a name of `slot`. If the slot's owner has a new value that
    /// may be stored there any moment, it is loaded: nobody knows any more that the slot is
    /// still needed.
    #[inline(never)]
    fn popped_slot(&mut self, ty: ValType, slot: u32) -> Operand {
        let loc = Loc::Slot(slot);
        if let Some(owner) = self.stack.position_of_slot(slot)
            && !matches!(
                self.stack.get(owner).loc,
                Loc::Home | Loc::Reg { clean: true, .. }
            )
        {
            rule!(SecureTop);
            self.stack.push(ty, loc);
            self.load_entry(self.stack.height() - 1);
            return self.pop();
        }
        Operand { ty, loc }
    }

    /// Pops a value that nobody wants.
    #[inline(never)]
    pub fn drop_top(&mut self) {
        self.drop_here();
    }

    /// Pops `count` values that nobody wants.
    pub fn drop_many(&mut self, count: u32) {
        for _ in 0..count {
            self.drop_here();
        }
    }

    #[inline(always)]
    fn drop_here(&mut self) {
        let entry = self.stack.pop();
        match entry.loc {
            Loc::Reg { reg, .. } => self.release(reg),
            Loc::Flags(_) => self.flags_pending = false,
            _ => {}
        }
    }

    /// Changes where the value at `pos` is, keeping the register counts.
    pub fn relocate(&mut self, pos: u32, loc: Loc) {
        if let Loc::Reg { reg, .. } = loc {
            self.retain(reg);
        }
        match self.stack.set(pos, loc) {
            Loc::Reg { reg, .. } => self.release(reg),
            Loc::Flags(_) => self.flags_pending = false,
            _ => {}
        }
    }

    /// Pushes a copy of the value at `pos`: a new name, no code. There is room for it.
    #[inline]
    pub fn pick(&mut self, pos: u32) {
        let Entry { loc, home, ty } = self.stack.get(pos);
        match loc {
            Loc::Reg { reg, .. } => self.push_in_room(ty, Loc::Reg { reg, clean: false }),
            Loc::Home => self.push_in_room(ty, Loc::Slot(home)),
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

    /// [`Context::swap`], then [`Context::drop_top`]; counts as two operators but for the last's
    /// [`Context::end_op`].
    #[inline(never)]
    pub fn replace(&mut self, pos: u32) {
        let to_low = match self.stack.get(self.stack.height() - 1).loc {
            // By far the most frequent. With a full list a swap makes room first, and so must this.
            loc @ Loc::Reg { .. } if self.stack.off().len() < VirtualStack::MAX_OFF => {
                rule!(SwapNames);
                unclean(loc)
            }
            _ => self.top_moved_to(pos),
        };
        if let Loc::Reg { reg, .. } = to_low {
            self.stamps[reg.index()] = self.clock;
        }
        self.stack.pop();
        if let Loc::Reg { reg, .. } = self.stack.set(pos, to_low) {
            self.stamps[reg.index()] = self.clock;
            self.release(reg);
        }
        self.clock += 1;
    }

    /// Whether [`Context::tee`] is possible: the top is in a register, and neither part of it would
    /// have to make room.
    #[inline]
    pub fn can_tee(&self) -> bool {
        let top = self.stack.get(self.stack.height() - 1).loc;
        matches!(top, Loc::Reg { .. }) && self.stack.off().len() + 1 < VirtualStack::MAX_OFF
    }

    /// [`Context::pick`] of the top, then [`Context::replace`] of the value at `pos`; counts as
    /// three operators but for the last's [`Context::end_op`].
    #[inline(never)]
    pub fn tee(&mut self, pos: u32) {
        rule!(SwapNames);
        self.clock += 1;
        let loc = unclean(self.stack.get(self.stack.height() - 1).loc);
        if let Loc::Reg { reg, .. } = loc {
            self.retain(reg);
        }
        if let Loc::Reg { reg, .. } = self.stack.set(pos, loc) {
            self.stamps[reg.index()] = self.clock;
            self.release(reg);
        }
        self.clock += 1;
    }

    /// Where the value on top is when it is the one at `pos`. Loads it if it is in a slot that
    /// `pos` must not name; if it is in a register now, it is in the same one then.
    #[inline]
    fn top_moved_to(&mut self, pos: u32) -> Loc {
        self.limit_off();
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
            .min_by_key(|r| self.stamps[r.index()])
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
        let stamp = self.stamps[from.index()];
        let mut i = 0;
        while self.refs[from.index()] != 0 {
            let pos = self.stack.off()[i];
            i += 1;
            if let Loc::Reg { reg, clean } = self.stack.get(pos).loc
                && reg == from
            {
                self.relocate(pos, Loc::Reg { reg: to, clean });
            }
        }
        self.stamps[to.index()] = stamp;
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
