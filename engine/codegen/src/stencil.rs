//! What a function compiles to: bytes, relocations and trap sites, free of
//! addresses and independent of where the function will lie.
//!
//! The stencils of a module share one arena, so that compiling a function
//! allocates nothing; [`Stencils::get`] gives a view of a single one. Every
//! offset in a stencil is relative to the start of its function.

use microwasm::FuncIndex;

/// Byte offset within a function's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeOffset(pub u32);

/// A function of the runtime that compiled code calls. Native (System V) signatures;
/// `ctx` is the vmctx of the calling instance. Those that return [`TrapCode`] as `u32`
/// return 0 when all is well.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExternalName {
    /// A function of the module, imported or defined.
    Func(FuncIndex),
    /// A function of the runtime.
    Builtin(Builtin),
}

/// Relocation kinds: those of x86-64 named after the psABI, bytecode's in its manner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelocKind {
    /// `R_X86_64_GOTPCRELX` on the displacement of a six-byte `call [rip + disp32]`:
    /// `G + GOT + A - P`. When the target is near, the linker relaxes the call to
    /// `addr32 call rel32`, which has the same length.
    GotPcRelX,
    /// `R_MICROWASM_CALLX` on the last four bytes of bytecode's eight-byte `call` or
    /// `call_indirect_host`: `S + A - P` when the target is near; when it is a function of the
    /// host, the instruction becomes `call_indirect_host` and the field says which
    /// ([`crate::bytecode::signature::HostCallee`]). Both have the same length.
    BytecodeCall,
}

/// A place in a stencil that the linker fills in.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrapSite {
    /// First byte of the instruction that may fault.
    pub offset: CodeOffset,
    /// What a fault there means.
    pub code: TrapCode,
}

/// Where the code of an operator begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLoc {
    /// First byte of the code.
    pub code: CodeOffset,
    /// Byte offset of the operator in the source.
    pub source: u32,
}

/// Ranges of one function in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    code: u32,
    relocs: u32,
    traps: u32,
    source: u32,
    frame: u32,
}

/// The stencils of a module's defined functions, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stencils {
    /// Code of all functions, each starting at a multiple of 16.
    pub code: Vec<u8>,
    /// Relocations of all functions.
    pub relocs: Vec<Reloc>,
    /// Trap sites of all functions, ascending within each.
    pub traps: Vec<TrapSite>,
    /// Source locations of all functions, ascending within each.
    pub source: Vec<SourceLoc>,
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
    /// Bytes of its frame, return address excluded.
    pub frame: u32,
}

impl Stencils {
    /// Alignment of every function's first byte.
    pub const ALIGN: u32 = 16;

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
            frame,
        });
    }

    /// The stencil of the `index`th function, or `None` past the end.
    pub fn get(&self, index: usize) -> Option<Stencil<'_>> {
        let end = self.ends.get(index)?;
        let begin = match index.checked_sub(1) {
            Some(prev) => self.ends[prev],
            None => Ends {
                code: 0,
                relocs: 0,
                traps: 0,
                source: 0,
                frame: 0,
            },
        };
        let start = begin.code.next_multiple_of(Self::ALIGN);
        Some(Stencil {
            start,
            code: &self.code[start as usize..end.code as usize],
            relocs: &self.relocs[begin.relocs as usize..end.relocs as usize],
            traps: &self.traps[begin.traps as usize..end.traps as usize],
            source: &self.source[begin.source as usize..end.source as usize],
            frame: end.frame,
        })
    }

    /// All stencils in order.
    pub fn iter(&self) -> impl Iterator<Item = Stencil<'_>> {
        (0..self.len()).filter_map(|i| self.get(i))
    }
}
