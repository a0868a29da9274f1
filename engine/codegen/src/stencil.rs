//! What a function compiles to: bytes, relocations and trap sites, free of
//! addresses and independent of where the function will lie.
//!
//! The stencils of a module share one arena, so that compiling a function
//! allocates nothing; [`Stencils::get`] gives a view of a single one. Every
//! offset in a stencil is relative to the start of its function.

use std::fmt;

use crate::buffer::PADDING;
use microwasm::FuncIndex;

/// Byte offset within a function's code.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeOffset(pub u32);

/// A function of the runtime that compiled code calls. Native (System V) signatures;
/// `ctx` is the vmctx of the calling instance. Those that return [`TrapCode`] as `u32`
/// return 0 when all is well.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Builtin {
    /// `(ctx, delta_pages: u32) -> u32`: previous size, or `u32::MAX`.
    MemoryGrow,
    /// `(ctx, dst: u32, value: u32, len: u32) -> trap`
    MemoryFill,
    /// `(ctx, dst: u32, src: u32, len: u32) -> trap`
    MemoryCopy,
    /// `(ctx, segment: u32, dst: u32, src: u32, len: u32) -> trap`
    MemoryInit,
    /// `(ctx, segment: u32)`
    DataDrop,
    /// `(ctx, table: u32, init: ref, delta: u32) -> u32`: previous size, or `u32::MAX`.
    TableGrow,
    /// `(ctx, table: u32, start: u32, value: ref, len: u32) -> trap`
    TableFill,
    /// `(ctx, tables: dst | src << 32 as u64, dst: u32, src: u32, len: u32) -> trap`
    TableCopy,
    /// `(ctx, table | segment << 32 as u64, dst: u32, src: u32, len: u32) -> trap`
    TableInit,
    /// `(ctx, segment: u32)`
    ElemDrop,
    /// `(ctx, func: u32) -> ref`
    RefFunc,
    /// Not a native function: [`crate::x64::trampoline::trap_exit`]. The trap code is in `eax`.
    Trap,
}

impl Builtin {
    /// Every builtin, in the order of their discriminants.
    pub const ALL: [Builtin; 12] = [
        Builtin::MemoryGrow,
        Builtin::MemoryFill,
        Builtin::MemoryCopy,
        Builtin::MemoryInit,
        Builtin::DataDrop,
        Builtin::TableGrow,
        Builtin::TableFill,
        Builtin::TableCopy,
        Builtin::TableInit,
        Builtin::ElemDrop,
        Builtin::RefFunc,
        Builtin::Trap,
    ];
}

/// What a relocation refers to.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExternalName {
    /// A function of the module, imported or defined.
    Func(FuncIndex),
    /// A function of the runtime.
    Builtin(Builtin),
}

impl fmt::Display for ExternalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternalName::Func(func) => write!(f, "function {func}"),
            ExternalName::Builtin(builtin) => write!(f, "{builtin:?}"),
        }
    }
}

/// Relocation kinds: those of x86-64 named after the psABI, whose meaning they have, bytecode's in
/// its manner.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelocKind {
    /// `R_X86_64_PLT32` on the distance of a five-byte `call rel32`: `L + A - P`, where `L` is a
    /// function of the image, or the thunk of an imported one.
    Plt32,
    /// `R_X86_64_GOTPCRELX` on the displacement of a six-byte `call [rip + disp32]`:
    /// `G + GOT + A - P`. When the target is near, the linker relaxes the call to
    /// `addr32 call rel32`, which has the same length. Likewise `jmp [rip + disp32]`
    /// and `jmp rel32; nop`, in thunks.
    GotPcRelX,
    /// `R_X86_64_64` on eight bytes: `S + A`. GOT slots are filled in this way; stencils
    /// have none, for they hold no addresses.
    Abs64,
    /// `R_MICROWASM_CALLX` on the last four bytes of bytecode's eight-byte `call` or
    /// `call_indirect_host`: `S + A - P` when the target is in the image; when it is a function
    /// of the host, the instruction becomes `call_indirect_host` and the field says which
    /// ([`crate::bytecode::signature::HostCallee`]). Both have the same length.
    BytecodeCall,
}

impl fmt::Display for RelocKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RelocKind::Plt32 => "R_X86_64_PLT32",
            RelocKind::GotPcRelX => "R_X86_64_GOTPCRELX",
            RelocKind::Abs64 => "R_X86_64_64",
            RelocKind::BytecodeCall => "R_MICROWASM_CALLX",
        })
    }
}

/// A place in a stencil that the linker fills in.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reloc {
    /// Offset of the four bytes to fill in.
    pub offset: CodeOffset,
    /// What to compute.
    pub kind: RelocKind,
    /// What it refers to.
    pub target: ExternalName,
    /// The psABI's addend `A`: −4 for calls.
    pub addend: i32,
}

/// Why execution stopped.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[allow(missing_docs)]
pub enum TrapCode {
    Unreachable = 1,
    MemoryOutOfBounds = 2,
    TableOutOfBounds = 3,
    IndirectCallToNull = 4,
    BadSignature = 5,
    IntegerDivideByZero = 6,
    IntegerOverflow = 7,
    BadConversionToInteger = 8,
    StackOverflow = 9,
    OutOfFuel = 10,
    Interrupted = 11,
    /// A host function failed or panicked; the store holds what it left.
    Host = 12,
    /// `call_indirect` through an index past the end of the table.
    UndefinedElement = 13,
}

impl TrapCode {
    /// The code with this number, if there is one.
    pub fn from_u32(code: u32) -> Option<TrapCode> {
        use TrapCode::*;
        [
            Unreachable,
            MemoryOutOfBounds,
            TableOutOfBounds,
            IndirectCallToNull,
            BadSignature,
            IntegerDivideByZero,
            IntegerOverflow,
            BadConversionToInteger,
            StackOverflow,
            OutOfFuel,
            Interrupted,
            Host,
            UndefinedElement,
        ]
        .into_iter()
        .find(|c| *c as u32 == code)
    }
}

/// A memory access that may fault in guard mode.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrapSite {
    /// First byte of the instruction that may fault.
    pub offset: CodeOffset,
    /// What a fault there means.
    pub code: TrapCode,
}

/// Where the code of an operator begins.
#[cfg_attr(feature = "cache", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLoc {
    /// First byte of the code.
    pub code: CodeOffset,
    /// Byte offset of the operator in the source.
    pub source: u32,
}

/// How far the stack pointer is from where the caller had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackState {
    /// As at the function's entry: only the return address has been pushed.
    Entry,
    /// Below the frame, by this many bytes.
    Frame {
        /// Arguments of a call that is under way, and what has been pushed.
        below: u32,
    },
}

impl StackState {
    /// Bytes from the stack pointer to the canonical frame address (DWARF 5, 6.4) in a function
    /// with a frame of this size.
    pub fn cfa_offset(self, frame: u32) -> u32 {
        match self {
            StackState::Entry => 8,
            StackState::Frame { below } => 8 + frame + below,
        }
    }
}

/// From where on the stack pointer is where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnwindRow {
    /// First byte of the first instruction before which it is so.
    pub offset: CodeOffset,
    /// Where it is.
    pub state: StackState,
}

/// Ranges of one function in the arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ends {
    code: u32,
    relocs: u32,
    traps: u32,
    source: u32,
    unwind: u32,
    frame: u32,
}

/// The stencils of a module's defined functions, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stencils {
    /// Code of all functions, each starting at a multiple of [`Stencils::ALIGN`].
    pub code: Vec<u8>,
    /// Relocations of all functions.
    pub relocs: Vec<Reloc>,
    /// Trap sites of all functions, ascending within each.
    pub traps: Vec<TrapSite>,
    /// Source locations of all functions, ascending within each.
    pub source: Vec<SourceLoc>,
    /// Unwind tables of all functions, ascending within each.
    pub unwind: Vec<UnwindRow>,
    ends: Vec<Ends>,
}

/// View of one function's stencil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stencil<'a> {
    /// Where the function starts in [`Stencils::code`].
    pub start: u32,
    /// Its machine code, without the padding behind it.
    pub code: &'a [u8],
    /// Its relocations.
    pub relocs: &'a [Reloc],
    /// Its trap sites.
    pub traps: &'a [TrapSite],
    /// Its source locations; empty unless [`crate::Settings::source_map`] is set.
    pub source: &'a [SourceLoc],
    /// Where its stack pointer is; empty unless [`crate::Settings::unwind`] is set.
    pub unwind: &'a [UnwindRow],
    /// Bytes of its frame, return address excluded.
    pub frame: u32,
}

impl Stencils {
    /// Alignment of every function's first byte: what the processor fetches at once. At 16 bytes,
    /// small functions that call each other run up to a fifth longer (`fib`).
    pub const ALIGN: u32 = 32;

    /// How many functions there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forgets all functions, keeping the memory.
    pub fn clear(&mut self) {
        self.code.clear();
        self.relocs.clear();
        self.traps.clear();
        self.source.clear();
        self.unwind.clear();
        self.ends.clear();
    }

    /// Where the next function's code starts.
    pub(crate) fn next_start(&self) -> u32 {
        self.ends
            .last()
            .map_or(0, |e| e.code.next_multiple_of(Self::ALIGN))
    }

    /// Closes the function whose code, relocations, traps and locations have been appended.
    pub(crate) fn end_function(&mut self, frame: u32) {
        self.ends.push(Ends {
            code: self.code.len() as u32,
            relocs: self.relocs.len() as u32,
            traps: self.traps.len() as u32,
            source: self.source.len() as u32,
            unwind: self.unwind.len() as u32,
            frame,
        });
    }

    /// Appends a function that has been compiled before. `start` is not looked at: the function
    /// begins where the arena has room for it.
    ///
    /// # Panics
    /// If the arena would be larger than 4 GiB.
    pub fn push(&mut self, stencil: &Stencil<'_>) {
        let start = self.next_start() as usize;
        u32::try_from(start + stencil.code.len()).expect("an arena of less than 4 GiB");
        self.code.resize(start, PADDING);
        self.code.extend_from_slice(stencil.code);
        self.relocs.extend_from_slice(stencil.relocs);
        self.traps.extend_from_slice(stencil.traps);
        self.source.extend_from_slice(stencil.source);
        self.unwind.extend_from_slice(stencil.unwind);
        self.end_function(stencil.frame);
    }

    /// Appends functions that have been compiled on their own.
    ///
    /// # Panics
    /// If the arena would be larger than 4 GiB.
    pub fn append(&mut self, others: &Stencils) {
        let start = self.next_start();
        u32::try_from(start as usize + others.code.len()).expect("an arena of less than 4 GiB");
        self.code.resize(start as usize, PADDING);
        let base = Ends {
            code: start,
            relocs: self.relocs.len() as u32,
            traps: self.traps.len() as u32,
            source: self.source.len() as u32,
            unwind: self.unwind.len() as u32,
            frame: 0,
        };
        self.code.extend_from_slice(&others.code);
        self.relocs.extend_from_slice(&others.relocs);
        self.traps.extend_from_slice(&others.traps);
        self.source.extend_from_slice(&others.source);
        self.unwind.extend_from_slice(&others.unwind);
        self.ends.extend(others.ends.iter().map(|end| Ends {
            code: base.code + end.code,
            relocs: base.relocs + end.relocs,
            traps: base.traps + end.traps,
            source: base.source + end.source,
            unwind: base.unwind + end.unwind,
            frame: end.frame,
        }));
    }

    /// The stencil of the `index`th function, or `None` past the end.
    pub fn get(&self, index: usize) -> Option<Stencil<'_>> {
        let end = self.ends.get(index)?;
        let begin = match index.checked_sub(1) {
            Some(prev) => self.ends[prev],
            None => Ends::default(),
        };
        let start = begin.code.next_multiple_of(Self::ALIGN);
        Some(Stencil {
            start,
            code: &self.code[start as usize..end.code as usize],
            relocs: &self.relocs[begin.relocs as usize..end.relocs as usize],
            traps: &self.traps[begin.traps as usize..end.traps as usize],
            source: &self.source[begin.source as usize..end.source as usize],
            unwind: &self.unwind[begin.unwind as usize..end.unwind as usize],
            frame: end.frame,
        })
    }

    /// All stencils in order.
    pub fn iter(&self) -> impl Iterator<Item = Stencil<'_>> {
        (0..self.len()).filter_map(|i| self.get(i))
    }
}
