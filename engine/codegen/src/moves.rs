//! Parallel moves: many values change place at once, no one overwritten before it is read.
//!
//! Receives a list of moves with distinct destinations; hands plain moves to a
//! backend's [`MoveEmitter`]. Most lists come down to nothing by making the moves whose
//! destination no other move reads, a few times over. For what is left, readers and writers
//! of every location are looked at one by one. Cycles go through its scratch places: after all
//! moves whose destination nobody reads any more have been made, what is left
//! are simple cycles, in which each location has exactly one reader (the count
//! argument in Rideau, Serpette, Leroy: *Tilting at windmills with Coq*, 2008).
//! Constants come last, when every destination is free.
//!
//! Linear in the number of moves. Which locations are read, and by which move a
//! location is written, is kept in an array indexed by register or slot that is
//! clean between two uses.

use crate::x64::reg::{Reg, RegSet};
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

/// Makes plain moves, for a backend.
pub trait MoveEmitter {
    /// Makes one move.
    fn emit(&mut self, mv: &Move);

    /// Where the value of type `ty` in `place` is kept while its cycle is being broken:
    /// a register or a slot that no move names.
    fn scratch(&mut self, place: Dst, ty: ValType) -> Dst;

    /// Whether `place` is such a place.
    fn is_scratch(&self, place: Dst) -> bool;
}

/// How often a list is gone through before its locations are looked at one by one.
const ROUNDS: usize = 4;

const NONE: u32 = u32::MAX;

/// A location's index in [`MoveResolver::uses`]: registers, the two below, then slots.
type Location = usize;
/// Stands for what is read from nowhere: constants.
const NOWHERE: Location = 32;
/// Stands for what is only written: the stack areas of calls.
const OUTSIDE: Location = 33;
const FIRST_SLOT: Location = 34;

#[inline]
fn location_of_src(src: Src) -> Location {
    match src {
        Src::Reg(reg) => reg.0 as usize,
        Src::Slot(slot) => FIRST_SLOT + slot as usize,
        Src::Const(_) => NOWHERE,
    }
}

#[inline]
fn location_of_dst(dst: Dst) -> Location {
    match dst {
        Dst::Reg(reg) => reg.0 as usize,
        Dst::Slot(slot) => FIRST_SLOT + slot as usize,
        Dst::Out(_) | Dst::Caller(_) => OUTSIDE,
    }
}

/// Readers and writer of one location among the moves at hand, those of constants aside.
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
    /// The locations that each of `moves` reads and writes.
    locations: Vec<(Location, Location)>,
    uses: Vec<Use>,
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
            locations: Vec::new(),
            uses: Vec::new(),
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
        self.note(src, dst);
        self.moves.push(Move { ty, src, dst });
    }

    #[inline]
    fn note(&mut self, src: Src, dst: Dst) {
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
    }

    /// Whether no move writes what another one reads: then the order does not matter.
    /// May say no when two slots only look the same.
    fn independent(&self) -> bool {
        self.moves.len() <= 1
            || self.reads.and(self.writes).is_empty() && self.slots_read & self.slots_written == 0
    }

    fn clear(&mut self) {
        self.moves.clear();
        self.clear_masks();
    }

    fn clear_masks(&mut self) {
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

    /// Makes all moves of the list and empties it. The scratch places are overwritten.
    #[inline]
    pub fn resolve(&mut self, out: &mut impl MoveEmitter) {
        if self.moves.is_empty() {
            return;
        }
        #[cfg(feature = "coverage")]
        self.count_order(out);
        if self.trace.is_some() {
            self.resolve_checked(out);
        } else {
            self.resolve_list(out);
        }
    }

    #[cold]
    fn resolve_checked(&mut self, out: &mut impl MoveEmitter) {
        let wanted = self.moves.clone();
        if let Some(trace) = &mut self.trace {
            trace.clear();
        }
        self.resolve_list(out);
        if let Some(trace) = &self.trace {
            crate::x64::check::check_moves(&wanted, trace, |place| out.is_scratch(place));
        }
    }

    fn resolve_list(&mut self, out: &mut impl MoveEmitter) {
        let mut rounds = 0;
        while !self.independent() {
            let before = self.moves.len();
            self.make_free_moves(out);
            rounds += 1;
            if self.moves.len() == before || rounds == ROUNDS {
                self.resolve_graph(out);
                return self.clear();
            }
        }
        if let Some(trace) = &mut self.trace {
            trace.extend_from_slice(&self.moves);
        }
        for mv in &self.moves {
            out.emit(mv);
        }
        self.clear();
    }

    /// Makes the moves whose destination no move reads; the others stay on the list.
    fn make_free_moves(&mut self, out: &mut impl MoveEmitter) {
        let (reads, slots_read) = (self.reads, self.slots_read);
        self.clear_masks();
        let mut kept = 0;
        for i in 0..self.moves.len() {
            let mv = self.moves[i];
            let is_read = match mv.dst {
                Dst::Reg(reg) => reads.contains(reg),
                Dst::Slot(slot) => slots_read & 1 << (slot % 64) != 0,
                Dst::Out(_) | Dst::Caller(_) => false,
            };
            if is_read {
                self.note(mv.src, mv.dst);
                self.moves[kept] = mv;
                kept += 1;
            } else {
                self.emit(out, mv);
            }
        }
        self.moves.truncate(kept);
    }

    /// Makes all moves, whatever they read and write.
    fn resolve_graph(&mut self, out: &mut impl MoveEmitter) {
        self.locations.clear();
        let mut end = FIRST_SLOT;
        for mv in &self.moves {
            let (src, dst) = (location_of_src(mv.src), location_of_dst(mv.dst));
            end = end.max(src + 1).max(dst + 1);
            self.locations.push((src, dst));
        }
        if end > self.uses.len() {
            self.uses.resize(end.next_power_of_two(), Use::CLEAN);
        }
        for (i, &(src, dst)) in (0u32..).zip(&self.locations) {
            self.uses[src].readers += 1;
            if src != NOWHERE {
                debug_assert!(
                    dst == OUTSIDE || self.uses[dst].writer == NONE,
                    "two moves write {dst}"
                );
                self.uses[dst].writer = i;
            }
        }
        debug_assert!(self.ready.is_empty());
        for (i, &(src, dst)) in (0u32..).zip(&self.locations) {
            if self.uses[dst].readers == 0 && src != NOWHERE {
                self.ready.push(i);
            }
        }
        self.drain_ready(out, None);
        self.break_cycles(out);
        for i in 0..self.moves.len() {
            if self.locations[i].0 == NOWHERE {
                self.emit(out, self.moves[i]);
            }
        }
        self.uses[NOWHERE] = Use::CLEAN;
    }

    /// Makes moves that overwrite nothing still needed until there is none left.
    /// `saved` says that one location's value is in a scratch register.
    fn drain_ready(&mut self, out: &mut impl MoveEmitter, saved: Option<(Location, Src)>) {
        while let Some(i) = self.ready.pop() {
            let mut mv = self.moves[i as usize];
            let (src, dst) = self.locations[i as usize];
            if let Some((place, scratch)) = saved
                && place == src
            {
                mv.src = scratch;
            }
            self.emit(out, mv);
            self.uses[dst].writer = NONE;
            let read = &mut self.uses[src];
            read.readers -= 1;
            if read.readers == 0 && read.writer != NONE {
                self.ready.push(read.writer);
            }
        }
    }

    /// What is left now, constants aside, are disjoint cycles.
    fn break_cycles(&mut self, out: &mut impl MoveEmitter) {
        for i in 0..self.moves.len() {
            if self.uses[self.locations[i].1].writer != i as u32 {
                continue;
            }
            let start = self.cycle_start(i as u32);
            let Move { dst, ty, .. } = self.moves[start as usize];
            let scratch = out.scratch(dst, ty);
            #[cfg(feature = "coverage")]
            self.count_cycle(start, scratch);
            // The one reader of `dst` needs what is there now, whatever its type.
            let reader_ty = self.reader_type(dst, start);
            let saved = as_src(dst).expect("a location on a cycle is read");
            self.emit(
                out,
                Move {
                    ty: reader_ty,
                    src: saved,
                    dst: scratch,
                },
            );
            self.ready.push(start);
            let place = self.locations[start as usize].1;
            self.drain_ready(out, as_src(scratch).map(|src| (place, src)));
        }
    }

    /// The move of a cycle that writes what move `i` reads.
    fn previous(&self, i: u32) -> u32 {
        self.uses[self.locations[i as usize].0].writer
    }

    /// A move of the cycle through move `i` at which to break it: one that does not write
    /// a vector register if there is any, because a move from slot to slot on the cycle
    /// takes the vector scratch register.
    fn cycle_start(&self, i: u32) -> u32 {
        let mut at = i;
        loop {
            if !matches!(self.moves[at as usize].dst, Dst::Reg(r) if r.is_xmm()) {
                return at;
            }
            at = self.previous(at);
            if at == i {
                return i;
            }
        }
    }

    /// The type of the value that the cycle still needs from `dst`: the class decides,
    /// since a location is read by exactly one move of its cycle.
    fn reader_type(&self, dst: Dst, start: u32) -> ValType {
        match dst {
            Dst::Reg(r) if r.is_xmm() => ValType::V128,
            _ if self.moves[start as usize].ty == ValType::V128 => ValType::V128,
            _ => ValType::I64,
        }
    }

    fn emit(&mut self, out: &mut impl MoveEmitter, mv: Move) {
        if let Some(trace) = &mut self.trace {
            trace.push(mv);
        }
        out.emit(&mv);
    }
}

#[cfg(feature = "coverage")]
impl MoveResolver {
    fn count_order(&self, out: &mut impl MoveEmitter) {
        let order = match self.moves.len() {
            1 => 0,
            _ if self.independent() => 1,
            _ => 2,
        };
        let Move { dst, ty, .. } = self.moves[0];
        match out.scratch(dst, ty) {
            Dst::Slot(_) => cover!(BytecodeOrders, order),
            _ => cover!(X64Orders, order),
        }
    }

    /// Counts the cycle through move `start`. Only bytecode keeps a slot's value in a slot.
    fn count_cycle(&self, start: u32, scratch: Dst) {
        let (mut length, mut kinds, mut at) = (0, [false; 3], start);
        loop {
            length += 1;
            match self.moves[at as usize].dst {
                Dst::Reg(reg) => kinds[usize::from(reg.is_xmm())] = true,
                _ => kinds[2] = true,
            }
            at = self.previous(at);
            if at == start {
                break;
            }
        }
        let length = length.min(4) - 2;
        let kind = match kinds {
            [true, false, false] => 0,
            [false, true, false] => 1,
            [false, false, true] => 2,
            _ => 3,
        };
        match scratch {
            Dst::Slot(_) => cover!(BytecodeCycles, length),
            _ => cover!(X64Cycles, length, kind),
        }
    }
}

fn as_src(dst: Dst) -> Option<Src> {
    match dst {
        Dst::Reg(r) => Some(Src::Reg(r)),
        Dst::Slot(s) => Some(Src::Slot(s)),
        Dst::Out(_) | Dst::Caller(_) => None,
    }
}
