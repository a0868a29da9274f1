//! Parallel moves: many values change place at once, no one overwritten before it is read.
//!
//! Receives a list of moves with distinct destinations; emits plain moves that
//! leave the flags alone. Cycles go through the scratch registers: after all
//! moves whose destination nobody reads any more have been made, what is left
//! are simple cycles, in which each location has exactly one reader (the count
//! argument in Rideau, Serpette, Leroy: *Tilting at windmills with Coq*, 2008).
//! Constants come last, when every destination is free.
//!
//! Linear in the number of moves. Which locations are read, and by which move a
//! location is written, is kept in arrays indexed by register or slot that are
//! clean between two uses.

use super::masm::{Masm, Mem, Patch32, Size};
use super::reg::{Gpr, Reg, RegSet, Xmm};
use microwasm::ValType;

/// Where a moved value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Src {
    /// A register.
    Reg(Reg),
    /// A frame slot.
    Slot(u32),
    /// A constant.
    Const(u64),
}

/// Where a moved value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dst {
    /// A register.
    Reg(Reg),
    /// A frame slot.
    Slot(u32),
    /// The outgoing stack area, at `[rsp + offset]`.
    Out(u32),
    /// The caller's stack area, at this offset from it; for stack results.
    Caller(u32),
}

/// One move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Type of the value.
    pub ty: ValType,
    /// Source.
    pub src: Src,
    /// Destination; differs from that of every other move of the list.
    pub dst: Dst,
}

const NONE: u32 = u32::MAX;

/// Readers and writer of one location among the moves at hand.
#[derive(Clone, Copy, Debug)]
struct Use {
    readers: u32,
    writer: u32,
}

impl Use {
    const CLEAN: Use = Use {
        readers: 0,
        writer: NONE,
    };
}

/// Resolves parallel moves. Reused, so that a resolution allocates nothing.
#[derive(Debug)]
pub struct MoveResolver {
    moves: Vec<Move>,
    /// Registers read and written by `moves`, and slots, by their number modulo 64.
    reads: RegSet,
    writes: RegSet,
    slots_read: u64,
    slots_written: u64,
    ready: Vec<u32>,
    regs: [Use; 32],
    slots: Vec<Use>,
    /// Displacement fields of accesses to the caller's stack area, with the offset
    /// within it: they depend on the frame size and are filled in at the end.
    pub caller_fields: Vec<(Patch32, u32)>,
    /// The plain moves made, for the self-check; `None` when it is off.
    pub trace: Option<Vec<Move>>,
}

impl Default for MoveResolver {
    fn default() -> MoveResolver {
        MoveResolver {
            moves: Vec::new(),
            reads: RegSet::EMPTY,
            writes: RegSet::EMPTY,
            slots_read: 0,
            slots_written: 0,
            ready: Vec::new(),
            regs: [Use::CLEAN; 32],
            slots: Vec::new(),
            caller_fields: Vec::new(),
            trace: None,
        }
    }
}

impl MoveResolver {
    /// Adds a move to the list; one that changes nothing is left out.
    #[inline]
    pub fn add(&mut self, ty: ValType, src: Src, dst: Dst) {
        match (src, dst) {
            (Src::Reg(a), Dst::Reg(b)) if a == b => return,
            (Src::Slot(a), Dst::Slot(b)) if a == b => return,
            _ => {}
        }
        match src {
            Src::Reg(reg) => self.reads.insert(reg),
            Src::Slot(slot) => self.slots_read |= 1 << (slot % 64),
            Src::Const(_) => {}
        }
        match dst {
            Dst::Reg(reg) => self.writes.insert(reg),
            Dst::Slot(slot) => self.slots_written |= 1 << (slot % 64),
            Dst::Out(_) | Dst::Caller(_) => {}
        }
        self.moves.push(Move { ty, src, dst });
    }

    /// Whether no move writes what another one reads: then the order does not matter.
    /// Says no when two slots only look the same.
    fn independent(&self) -> bool {
        self.reads.and(self.writes).is_empty() && self.slots_read & self.slots_written == 0
    }

    fn clear(&mut self) {
        self.moves.clear();
        self.reads = RegSet::EMPTY;
        self.writes = RegSet::EMPTY;
        self.slots_read = 0;
        self.slots_written = 0;
    }

    /// Whether there is nothing to do.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty()
    }

    /// Empties the list without making its moves; returns whether there was none.
    pub fn discard(&mut self) -> bool {
        let empty = self.moves.is_empty();
        self.clear();
        empty
    }

    /// Makes all moves of the list and empties it. Flags are left alone; the
    /// scratch registers are overwritten.
    pub fn resolve(&mut self, masm: &mut Masm) {
        let check = self.trace.as_mut().map(|trace| {
            trace.clear();
            self.moves.clone()
        });
        if self.moves.is_empty() {
            return;
        }
        if self.moves.len() == 1 || self.independent() {
            for i in 0..self.moves.len() {
                self.emit(masm, self.moves[i]);
            }
        } else {
            self.resolve_dependent(masm);
        }
        self.clear();
        if let (Some(wanted), Some(trace)) = (check, &self.trace) {
            super::check::check_moves(&wanted, trace);
        }
    }

    fn resolve_dependent(&mut self, masm: &mut Masm) {
        for i in 0..self.moves.len() {
            let Move { src, dst, .. } = self.moves[i];
            if let Some(u) = self.usage_of_src(src) {
                u.readers += 1;
            }
            if let Some(u) = self.usage_of_dst(dst) {
                debug_assert_eq!(u.writer, NONE, "two moves write {dst:?}");
                u.writer = i as u32;
            }
        }
        debug_assert!(self.ready.is_empty());
        for i in 0..self.moves.len() {
            let Move { src, dst, .. } = self.moves[i];
            let free = self.usage_of_dst(dst).is_none_or(|u| u.readers == 0);
            if free && !matches!(src, Src::Const(_)) {
                self.ready.push(i as u32);
            }
        }
        self.drain_ready(masm, None);
        self.break_cycles(masm);
        for i in 0..self.moves.len() {
            let mv = self.moves[i];
            if let Src::Const(_) = mv.src {
                self.emit(masm, mv);
                self.mark_done(mv.dst);
            }
        }
    }

    /// Makes moves that overwrite nothing still needed until there is none left.
    /// `saved` says that one location's value is in a scratch register.
    fn drain_ready(&mut self, masm: &mut Masm, saved: Option<(Dst, Reg)>) {
        while let Some(i) = self.ready.pop() {
            let mut mv = self.moves[i as usize];
            let src = mv.src;
            if let (Some((place, scratch)), Some(dst)) = (saved, as_dst(src))
                && place == dst
            {
                mv.src = Src::Reg(scratch);
            }
            self.emit(masm, mv);
            self.mark_done(mv.dst);
            let Some(u) = self.usage_of_src(src) else {
                continue;
            };
            u.readers -= 1;
            let writer = u.writer;
            if u.readers == 0
                && writer != NONE
                && !matches!(self.moves[writer as usize].src, Src::Const(_))
            {
                self.ready.push(writer);
            }
        }
    }

    /// What is left now, constants aside, are disjoint cycles.
    fn break_cycles(&mut self, masm: &mut Masm) {
        for i in 0..self.moves.len() {
            let mv = self.moves[i];
            if matches!(mv.src, Src::Const(_)) || self.is_done(mv.dst) {
                continue;
            }
            let start = self.cycle_start(i);
            let Move { dst, ty, .. } = self.moves[start as usize];
            let scratch: Reg = match dst {
                Dst::Reg(r) if r.is_xmm() => Xmm::SCRATCH.into(),
                _ if ty == ValType::V128 => Xmm::SCRATCH.into(),
                _ => Gpr::SCRATCH.into(),
            };
            // The one reader of `dst` needs what is there now, whatever its type.
            let reader_ty = self.reader_type(dst, start);
            let saved = as_src(dst).expect("a location on a cycle is read");
            self.emit(
                masm,
                Move {
                    ty: reader_ty,
                    src: saved,
                    dst: Dst::Reg(scratch),
                },
            );
            self.ready.push(start);
            self.drain_ready(masm, Some((dst, scratch)));
        }
    }

    /// A move of the cycle through move `i` at which to break it: one that does not write
    /// a vector register if there is any, because a move from slot to slot on the cycle
    /// takes the vector scratch register.
    fn cycle_start(&mut self, i: usize) -> u32 {
        let mut at = i as u32;
        loop {
            let Move { src, dst, .. } = self.moves[at as usize];
            if !matches!(dst, Dst::Reg(r) if r.is_xmm()) {
                return at;
            }
            at = self.usage_of_src(src).map_or(NONE, |u| u.writer);
            if at == i as u32 || at == NONE {
                return i as u32;
            }
        }
    }

    /// The type of the value that the cycle still needs from `dst`: the class decides,
    /// since a location is read by exactly one move of its cycle.
    fn reader_type(&self, dst: Dst, start: u32) -> ValType {
        match dst {
            Dst::Reg(r) if r.is_xmm() => ValType::V128,
            Dst::Reg(_) => ValType::I64,
            _ if self.moves[start as usize].ty == ValType::V128 => ValType::V128,
            _ => ValType::I64,
        }
    }

    fn usage_of_dst(&mut self, dst: Dst) -> Option<&mut Use> {
        match dst {
            Dst::Reg(r) => Some(&mut self.regs[r.0 as usize]),
            Dst::Slot(s) => {
                let s = s as usize;
                if s >= self.slots.len() {
                    self.slots.resize((s + 1).next_power_of_two(), Use::CLEAN);
                }
                Some(&mut self.slots[s])
            }
            Dst::Out(_) | Dst::Caller(_) => None,
        }
    }

    fn usage_of_src(&mut self, src: Src) -> Option<&mut Use> {
        self.usage_of_dst(as_dst(src)?)
    }

    /// A move is done when its destination has no writer any more; so the arrays are
    /// clean again when all are done.
    fn mark_done(&mut self, dst: Dst) {
        if let Some(u) = self.usage_of_dst(dst) {
            u.writer = NONE;
        }
    }

    fn is_done(&mut self, dst: Dst) -> bool {
        self.usage_of_dst(dst).is_none_or(|u| u.writer == NONE)
    }

    fn emit(&mut self, masm: &mut Masm, mv: Move) {
        if let Some(trace) = &mut self.trace {
            trace.push(mv);
        }
        let Move { ty, src, dst } = mv;
        match (src, dst) {
            (Src::Const(bits), _) => self.emit_const(masm, ty, bits, dst),
            (Src::Reg(s), Dst::Reg(d)) => reg_to_reg(masm, ty, s, d),
            (Src::Slot(s), Dst::Reg(d)) => load(masm, ty, slot(s), d),
            (Src::Reg(s), _) => self.store(masm, ty, s, dst),
            (Src::Slot(s), _) => {
                // Through the vector scratch register: r11 may hold a cycle's saved value.
                vector_load(masm, ty, slot(s), Xmm::SCRATCH);
                self.store(masm, ty, Xmm::SCRATCH.into(), dst);
            }
        }
    }

    fn emit_const(&mut self, masm: &mut Masm, ty: ValType, bits: u64, dst: Dst) {
        match dst {
            Dst::Reg(d) => constant(masm, ty, bits, d),
            Dst::Slot(s) => store_constant(masm, ty, bits, slot(s)),
            Dst::Out(off) => store_constant(masm, ty, bits, Mem::base(Gpr::RSP, off as i32)),
            Dst::Caller(_) => {
                masm.mov_ri(Gpr::SCRATCH, bits);
                self.store(masm, ty, Gpr::SCRATCH.into(), dst);
            }
        }
    }

    fn store(&mut self, masm: &mut Masm, ty: ValType, reg: Reg, dst: Dst) {
        match dst {
            Dst::Slot(s) => store(masm, ty, slot(s), reg),
            Dst::Out(off) => store(masm, ty, Mem::base(Gpr::RSP, off as i32), reg),
            Dst::Caller(off) => {
                let field = if reg.is_xmm() {
                    masm.fstore_patchable(Size::S64, reg.xmm())
                } else {
                    masm.store_patchable(Size::S64, reg.gpr())
                };
                self.caller_fields.push((field, off));
            }
            Dst::Reg(_) => unreachable!("moves to registers are not stores"),
        }
    }
}

fn as_dst(src: Src) -> Option<Dst> {
    match src {
        Src::Reg(r) => Some(Dst::Reg(r)),
        Src::Slot(s) => Some(Dst::Slot(s)),
        Src::Const(_) => None,
    }
}

fn as_src(dst: Dst) -> Option<Src> {
    match dst {
        Dst::Reg(r) => Some(Src::Reg(r)),
        Dst::Slot(s) => Some(Src::Slot(s)),
        Dst::Out(_) | Dst::Caller(_) => None,
    }
}

/// The memory operand of a frame slot.
#[inline]
pub fn slot(slot: u32) -> Mem {
    Mem::slot(8 * slot as i32)
}

/// Operand size of a value of type `ty` in a general-purpose register or slot.
#[inline]
pub fn size_of(ty: ValType) -> Size {
    match ty {
        ValType::I32 | ValType::F32 => Size::S32,
        _ => Size::S64,
    }
}

/// Copies a value between registers of any class.
#[inline]
pub fn reg_to_reg(masm: &mut Masm, ty: ValType, src: Reg, dst: Reg) {
    match (src.is_xmm(), dst.is_xmm()) {
        (false, false) => masm.mov_rr(size_of(ty), dst.gpr(), src.gpr()),
        (true, true) => masm.fmov_rr(dst.xmm(), src.xmm()),
        (false, true) => masm.gpr_to_xmm(size_of(ty), dst.xmm(), src.gpr()),
        (true, false) => masm.xmm_to_gpr(size_of(ty), dst.gpr(), src.xmm()),
    }
}

/// Loads a value of type `ty` into a register of either class.
#[inline]
pub fn load(masm: &mut Masm, ty: ValType, mem: Mem, dst: Reg) {
    if !dst.is_xmm() {
        masm.load(size_of(ty), dst.gpr(), mem)
    } else {
        vector_load(masm, ty, mem, dst.xmm())
    }
}

/// Stores a value of type `ty` from a register of either class.
#[inline]
pub fn store(masm: &mut Masm, ty: ValType, mem: Mem, src: Reg) {
    if !src.is_xmm() {
        masm.store(size_of(ty), mem, src.gpr())
    } else if ty == ValType::V128 {
        masm.vstore(mem, src.xmm())
    } else {
        masm.fstore(size_of(ty), mem, src.xmm())
    }
}

/// Puts a constant into a register; leaves the flags alone, may overwrite `r11`.
pub fn constant(masm: &mut Masm, ty: ValType, bits: u64, dst: Reg) {
    if !dst.is_xmm() {
        masm.mov_ri(dst.gpr(), bits);
    } else if bits == 0 {
        masm.fzero(dst.xmm());
    } else {
        masm.mov_ri(Gpr::SCRATCH, bits);
        masm.gpr_to_xmm(size_of(ty), dst.xmm(), Gpr::SCRATCH);
    }
}

/// Stores a constant; leaves the flags alone, may overwrite `r11`.
pub fn store_constant(masm: &mut Masm, ty: ValType, bits: u64, mem: Mem) {
    match size_of(ty) {
        Size::S32 => masm.store_imm(Size::S32, mem, bits as u32 as i32),
        Size::S64 => match i32::try_from(bits as i64) {
            Ok(imm) => masm.store_imm(Size::S64, mem, imm),
            Err(_) => {
                masm.mov_ri(Gpr::SCRATCH, bits);
                masm.store(Size::S64, mem, Gpr::SCRATCH);
            }
        },
    }
}

/// Loads the bits of a value of any type into a vector register.
fn vector_load(masm: &mut Masm, ty: ValType, mem: Mem, dst: Xmm) {
    if ty == ValType::V128 {
        masm.vload(dst, mem)
    } else {
        masm.fload(size_of(ty), dst, mem)
    }
}
