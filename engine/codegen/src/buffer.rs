//! The code buffer: where the bytes of the function being compiled go.
//!
//! Owns, for the duration of one function, the vectors of a [`Stencils`] arena
//! (code, relocations, trap sites, source locations), and the labels of that
//! function. Receives whole instructions from a backend, at most 15
//! bytes in a `u128` each; hands the arena back with one more stencil in it.
//!
//! Invariants:
//! - `start <= pos <= code.len()`; bytes from `pos` on are room, not code. An
//!   instruction is appended by writing 16 bytes at `pos` and advancing by its
//!   length, so the one bounds check is also the capacity check.
//! - `code.len() <= limit + 16`. Once an instruction would begin beyond `limit`,
//!   `overflow` is set for the rest of the function: bytes are dropped, `pos` stays,
//!   nothing else is recorded, and [`CodeBuffer::end_function`] reports the limit.
//! - An unbound label's uses form a list through the 32-bit fields that its
//!   address will fill: each holds the `Link` to the use before it. Later uses
//!   have greater offsets, so that the list is finite and binding costs one visit per use.
//! - An entry of a jump table holds the number of its label until the function ends. All of them
//!   are then filled in from first to last: a label that thousands of tables name would have a
//!   list from one end of the code to the other.
//! - An offset within a function is below `MAX_FUNCTION`.

use crate::error::CodegenError;
use crate::stencil::{
    CodeOffset, ExternalName, Reloc, RelocKind, SourceLoc, StackState, Stencils, TrapCode,
    TrapSite, UnwindRow,
};

/// No function is larger than this, whatever the settings: a [`Link`] has 31 bits.
const MAX_FUNCTION: u32 = (1 << 31) - 32;
/// No arena is larger than this: every distance within it fits a `rel32`.
const MAX_ARENA: usize = i32::MAX as usize;
/// Bytes written per instruction; none of either backend has more than 15.
const STEP: usize = 16;
/// Least and most room added at once.
const GROWTH: (usize, usize) = (512, 64 << 10);
/// Byte between functions: `int3`.
pub(crate) const PADDING: u8 = 0xcc;

/// A place in the function that jumps can name before it is known.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct JumpLabel(u32);

impl JumpLabel {
    /// Stands for a label that has not been made yet; not to be bound or jumped to.
    pub const NONE: JumpLabel = JumpLabel(u32::MAX);
}

/// A 4-byte field of an emitted instruction, to be filled in later.
#[derive(Copy, Clone, Debug)]
#[must_use]
pub struct Patch32(u32);

/// Offset of the field of a use of an unbound label, or the end of the list.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Link(u32);

impl Link {
    const END: Link = Link(u32::MAX >> 1);
}

/// A jump table: where it starts and ends.
#[derive(Copy, Clone, Debug)]
struct JumpTable {
    start: u32,
    end: u32,
}

/// A label's offset once bound (top bit set), before that the [`Link`] to its latest use.
#[derive(Copy, Clone)]
struct LabelState(u32);

impl LabelState {
    const BOUND: u32 = 1 << 31;

    #[inline]
    fn bound(self) -> Option<u32> {
        if self.0 & Self::BOUND != 0 {
            Some(self.0 & !Self::BOUND)
        } else {
            None
        }
    }
}

/// An unconditional jump that nothing follows yet: [`CodeBuffer::bind`] removes it
/// when its target turns out to be the next instruction.
#[derive(Copy, Clone)]
struct TailJump {
    label: JumpLabel,
    end: u32,
}

/// Lengths of the arena's vectors at the start of the function.
#[derive(Copy, Clone, Default)]
struct Mark {
    code: usize,
    relocs: usize,
    traps: usize,
    source: usize,
    unwind: usize,
}

/// The value of a field at `field` that refers to `target`.
fn distance(field: u32, target: u32) -> i32 {
    target.wrapping_sub(field + 4) as i32
}

/// Appends one function to a [`Stencils`] arena. See the module's header.
#[derive(Default)]
pub struct CodeBuffer {
    code: Vec<u8>,
    pos: u32,
    start: usize,
    limit: usize,
    max: u32,
    overflow: bool,
    relocs: Vec<Reloc>,
    traps: Vec<TrapSite>,
    source: Vec<SourceLoc>,
    unwind: Vec<UnwindRow>,
    mark: Mark,
    labels: Vec<LabelState>,
    tables: Vec<JumpTable>,
    tail_jump: Option<TailJump>,
    /// Offset at which a label was bound last.
    last_bind: Option<u32>,
}

impl CodeBuffer {
    /// Starts a function of at most `max` bytes, taking the vectors out of `out`.
    pub fn begin_function(&mut self, out: &mut Stencils, max: u32) {
        self.start = out.next_start() as usize;
        self.code = std::mem::take(&mut out.code);
        self.relocs = std::mem::take(&mut out.relocs);
        self.traps = std::mem::take(&mut out.traps);
        self.source = std::mem::take(&mut out.source);
        self.unwind = std::mem::take(&mut out.unwind);
        self.mark = Mark {
            code: self.code.len(),
            relocs: self.relocs.len(),
            traps: self.traps.len(),
            source: self.source.len(),
            unwind: self.unwind.len(),
        };
        self.code.resize(self.start, PADDING);
        self.pos = self.start as u32;
        self.max = max;
        // In an arena that is already full, the limit lies at or before the start.
        self.limit = (self.start + max.min(MAX_FUNCTION) as usize).min(MAX_ARENA);
        self.overflow = false;
        self.labels.clear();
        self.tables.clear();
        self.tail_jump = None;
        self.last_bind = None;
    }

    /// Ends the function and gives the vectors back to `out`, the function's stencil
    /// included; without it when it has become too large.
    pub fn end_function(&mut self, out: &mut Stencils, frame: u32) -> Result<(), CodegenError> {
        let too_large = self.overflow || self.pos as usize > self.limit;
        debug_assert!(
            self.overflow
                || self
                    .labels
                    .iter()
                    .all(|l| l.bound().is_some() || Link(l.0) == Link::END),
            "a label is used but never bound"
        );
        if too_large {
            self.code.truncate(self.mark.code);
            self.relocs.truncate(self.mark.relocs);
            self.traps.truncate(self.mark.traps);
            self.source.truncate(self.mark.source);
            self.unwind.truncate(self.mark.unwind);
        } else {
            self.fill_tables();
            self.code.truncate(self.pos as usize);
        }
        out.code = std::mem::take(&mut self.code);
        out.relocs = std::mem::take(&mut self.relocs);
        out.traps = std::mem::take(&mut self.traps);
        out.source = std::mem::take(&mut self.source);
        out.unwind = std::mem::take(&mut self.unwind);
        self.pos = 0;
        self.start = 0;
        self.limit = 0;
        if too_large {
            return Err(CodegenError::FunctionTooLarge { limit: self.max });
        }
        out.end_function(frame);
        Ok(())
    }

    /// Gives the vectors back to `out` as they were before the function.
    pub fn abandon_function(&mut self, out: &mut Stencils) {
        self.overflow = true;
        // That the function is not there is what is wanted.
        let _ = self.end_function(out, 0);
    }

    /// Where the next instruction goes. If a jump has just been emitted, binding its
    /// target here removes it and this offset with it; see [`CodeBuffer::bind`].
    #[inline]
    pub fn offset(&self) -> CodeOffset {
        CodeOffset(self.pos - self.start as u32)
    }

    /// Code emitted since the offset `from` of this function.
    #[inline]
    pub fn code_since(&self, from: CodeOffset) -> &[u8] {
        self.code
            .get(self.start + from.0 as usize..self.pos as usize)
            .unwrap_or(&[])
    }

    /// Where the next instruction goes, if there is room for the longest.
    #[inline(always)]
    fn room(&mut self) -> Option<&mut [u8; STEP]> {
        let pos = self.pos as usize;
        let room = self.code.get_mut(pos..pos + STEP)?;
        room.first_chunk_mut()
    }

    /// Appends the low `len` bytes of `bits`, `len` being at most 15.
    #[inline]
    pub(crate) fn append(&mut self, bits: u128, len: u32) {
        let Some(room) = self.room() else {
            return self.append_slow(bits, len);
        };
        *room = bits.to_le_bytes();
        self.pos += len;
    }

    /// Appends the low `head_len` bytes of `head`, at most 7, and the low `tail_len` of `tail`.
    #[inline]
    pub(crate) fn append_parts(&mut self, head: u64, head_len: u32, tail: u64, tail_len: u32) {
        debug_assert!(head_len < 8 && tail_len <= 8);
        let Some(room) = self.room() else {
            let head = u128::from(head & ((1 << (8 * head_len)) - 1));
            let bits = head | u128::from(tail) << (8 * head_len);
            return self.append_slow(bits, head_len + tail_len);
        };
        let at = head_len as usize & 7;
        room[..8].copy_from_slice(&head.to_le_bytes());
        room[at..at + 8].copy_from_slice(&tail.to_le_bytes());
        self.pos += head_len + tail_len;
    }

    #[cold]
    #[inline(never)]
    fn append_slow(&mut self, bits: u128, len: u32) {
        let pos = self.pos as usize;
        if pos > self.limit {
            self.overflow = true;
        }
        if self.overflow {
            return;
        }
        let growth = (pos - self.start).clamp(GROWTH.0, GROWTH.1);
        self.code
            .resize((pos + growth).min(self.limit) + STEP, PADDING);
        if let Some(room) = self.room() {
            *room = bits.to_le_bytes();
            self.pos += len;
        }
    }

    /// Names a place that is not known yet.
    #[inline]
    pub fn new_label(&mut self) -> JumpLabel {
        let label = JumpLabel(self.labels.len() as u32);
        self.labels.push(LabelState(Link::END.0));
        label
    }

    /// The offset of a label that has been bound.
    #[inline]
    pub(crate) fn bound_at(&self, label: JumpLabel) -> Option<u32> {
        self.labels[label.0 as usize].bound()
    }

    /// Whether `label` has been bound.
    #[inline]
    pub fn is_bound(&self, label: JumpLabel) -> bool {
        self.bound_at(label).is_some()
    }

    /// Binds `label`, which is unbound, to the current offset and fills in all its uses.
    ///
    /// When the instruction just emitted is a `jmp` to this very label, and nothing
    /// else refers to the offset behind it, the jump is removed.
    pub fn bind(&mut self, label: JumpLabel) {
        debug_assert!(!self.is_bound(label), "{label:?} is bound twice");
        if let Some(jump) = self.tail_jump
            && jump.label == label
        {
            self.remove_tail_jump(jump);
        }
        let here = self.offset().0;
        let mut link = Link(self.labels[label.0 as usize].0);
        while link != Link::END {
            let Link(field) = link;
            link = Link(self.read32(field) as u32);
            self.write32(field, distance(field, here));
        }
        self.labels[label.0 as usize] = LabelState(here | LabelState::BOUND);
        self.last_bind = Some(here);
        self.tail_jump = None;
    }

    /// Takes back a `jmp rel32`, if it ends at the current offset.
    #[inline(never)]
    fn remove_tail_jump(&mut self, TailJump { label, end }: TailJump) {
        const LENGTH: u32 = 5;
        let here = self.offset().0;
        let trap_here = self.traps[self.mark.traps..]
            .last()
            .is_some_and(|trap| trap.offset.0 == here);
        if self.overflow || end != here || self.last_bind == Some(here) || trap_here {
            return;
        }
        // Uses are threaded latest first, and this jump is the latest instruction.
        let link = Link(self.labels[label.0 as usize].0);
        debug_assert_eq!(link, Link(here - 4), "the jump is its label's latest use");
        let next = self.read32(link.0);
        self.labels[label.0 as usize] = LabelState(next as u32);
        self.pos -= LENGTH;
        if let Some(row) = self.unwind[self.mark.unwind..].last_mut()
            && row.offset.0 == here
        {
            row.offset.0 = here - LENGTH;
        }
        // A location noted behind the jump moves with the code it stands for.
        if let Some(&SourceLoc { code, source }) = self.source[self.mark.source..].last()
            && code.0 == here
        {
            self.source.pop();
            self.add_source(source);
        }
    }

    /// Notes that an unconditional `jmp rel32` to `label` has just been appended.
    #[inline]
    pub(crate) fn note_tail_jump(&mut self, label: JumpLabel) {
        self.tail_jump = Some(TailJump {
            label,
            end: self.offset().0,
        });
    }

    /// Makes the 4 bytes just appended the distance from their end to `label`.
    #[inline]
    pub(crate) fn use_label(&mut self, label: JumpLabel) {
        if self.overflow {
            return;
        }
        let field = self.offset().0 - 4;
        let state = &mut self.labels[label.0 as usize];
        let value = match state.bound() {
            Some(target) => distance(field, target),
            None => {
                let before = state.0;
                *state = LabelState(field);
                before as i32
            }
        };
        self.write32(field, value);
    }

    /// Appends a jump table: for each label 4 bytes, the distance from the table's start to it.
    pub(crate) fn jump_table(&mut self, labels: impl Iterator<Item = JumpLabel>) {
        let start = self.offset().0;
        for JumpLabel(label) in labels {
            self.append(label.into(), 4);
        }
        let end = self.offset().0;
        self.tables.push(JumpTable { start, end });
    }

    /// Has the entries of all jump tables be distances.
    fn fill_tables(&mut self) {
        for JumpTable { start, end } in &self.tables {
            let range = self.start + *start as usize..self.start + *end as usize;
            let (entries, _) = self.code[range].as_chunks_mut();
            for entry in entries {
                let label = self.labels[u32::from_le_bytes(*entry) as usize];
                let target = label.bound().expect("an entry's label has been bound");
                *entry = target.wrapping_sub(*start).to_le_bytes();
            }
        }
    }

    fn read32(&self, field: u32) -> i32 {
        let at = self.start + field as usize;
        let bytes = self.code.get(at..).and_then(|b| b.first_chunk::<4>());
        i32::from_le_bytes(*bytes.expect("fields are only noted for bytes that were appended"))
    }

    fn write32(&mut self, field: u32, value: i32) {
        let at = self.start + field as usize;
        let bytes = self
            .code
            .get_mut(at..)
            .and_then(|b| b.first_chunk_mut::<4>());
        *bytes.expect("fields are only noted for bytes that were appended") = value.to_le_bytes();
    }

    /// Overwrites two bytes of an instruction that was appended.
    #[inline]
    pub(crate) fn overwrite16(&mut self, offset: u32, value: u16) {
        let at = self.start + offset as usize;
        if !self.overflow
            && let Some(field) = self.code.get_mut(at..at + 2)
        {
            field.copy_from_slice(&value.to_le_bytes());
        }
    }

    /// Overwrites the function's first bytes.
    pub(crate) fn overwrite_entry(&mut self, bytes: &[u8]) {
        if !self.overflow
            && let Some(entry) = self.code.get_mut(self.start..self.start + bytes.len())
        {
            entry.copy_from_slice(bytes);
        }
    }

    /// The 4 bytes just appended, to be filled in by [`CodeBuffer::patch32`].
    #[inline]
    pub(crate) fn patch_here(&self) -> Patch32 {
        Patch32(if self.overflow {
            u32::MAX
        } else {
            self.offset().0 - 4
        })
    }

    /// Fills in a field.
    pub fn patch32(&mut self, patch: Patch32, value: i32) {
        if patch.0 != u32::MAX {
            self.write32(patch.0, value);
        }
    }

    /// Makes the 4 bytes just appended a relocation against `target`.
    #[inline]
    pub(crate) fn add_reloc(&mut self, kind: RelocKind, target: ExternalName, addend: i32) {
        if !self.overflow {
            let offset = CodeOffset(self.offset().0 - 4);
            self.relocs.push(Reloc {
                offset,
                kind,
                target,
                addend,
            });
        }
    }

    /// Notes that the instruction that comes next may fault, and what that means.
    #[inline]
    pub fn add_trap(&mut self, code: TrapCode) {
        if !self.overflow {
            self.traps.push(TrapSite {
                offset: self.offset(),
                code,
            });
        }
    }

    /// Notes where the stack pointer is from here on.
    pub fn add_unwind(&mut self, state: StackState) {
        if self.overflow {
            return;
        }
        let offset = self.offset();
        match self.unwind[self.mark.unwind..].last_mut() {
            Some(last) if last.offset == offset => last.state = state,
            Some(last) if last.state == state => {}
            _ => self.unwind.push(UnwindRow { offset, state }),
        }
    }

    /// Notes that the code from here on comes from byte `source` of the input.
    #[inline]
    pub fn add_source(&mut self, source: u32) {
        if self.overflow {
            return;
        }
        let code = self.offset();
        let loc = SourceLoc { code, source };
        match self.source[self.mark.source..].last_mut() {
            Some(last) if last.code == code => *last = loc,
            _ => self.source.push(loc),
        }
    }
}
