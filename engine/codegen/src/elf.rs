//! A module as a relocatable ELF object, for `ld`, `readelf`, `objdump` and debuggers.
//!
//! Receives stencils that have been compiled with [`Settings::unwind`], and what the module
//! declares; hands out the bytes of the object.
//!
//! | section | holds |
//! |---|---|
//! | `.text` | the stencils as in the arena, then a thunk for each import that is called |
//! | `.eh_frame` | where the stack pointer is, for each function and thunk |
//! | `.microwasm.traps` | for each instruction that may fault the distance to it (4 bytes, from the field) and its [`TrapCode`](crate::TrapCode) (4 bytes) |
//! | `.microwasm.settings` | how it was compiled, a line of text for each setting; not loaded |
//!
//! | symbol | is |
//! |---|---|
//! | `wasm_func_N` | function `N` of the module |
//! | `wasm_import_N` | thunk of the imported function `N` |
//! | `microwasm_…` | a builtin that is used; undefined |
//!
//! Invariant: `.text`, linked at an address that all builtins are within reach of, is the
//! image that [`LinkPlan`] makes for the same address with [`HostCall::Near`].

use crate::link::{HostCall, Layout, LinkError, LinkPlan};
use crate::settings::Settings;
use crate::stencil::{Builtin, ExternalName, RelocKind, StackState, Stencil, Stencils};
use crate::vmctx::VmLayout;
use microwasm::{DefinedFuncIndex, ModuleInfo};
use object::write::{Object, Relocation, SectionId, Symbol, SymbolId, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope, elf,
};
use std::collections::HashMap;
use thiserror::Error;

/// Why no object could be made.
#[derive(Debug, Error)]
pub enum ElfError {
    /// The functions could not be placed.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A relocation of a stencil is of a kind that ELF does not have, or against a function that
    /// the module does not have.
    #[error("{kind} against {symbol}")]
    Relocation {
        /// What the relocation refers to.
        symbol: ExternalName,
        /// Its kind.
        kind: RelocKind,
    },
    /// The object is too large.
    #[error(transparent)]
    Write(#[from] object::write::Error),
}

/// Name of a builtin's symbol.
pub fn builtin_symbol(builtin: Builtin) -> &'static str {
    match builtin {
        Builtin::MemoryGrow => "microwasm_memory_grow",
        Builtin::MemoryFill => "microwasm_memory_fill",
        Builtin::MemoryCopy => "microwasm_memory_copy",
        Builtin::MemoryInit => "microwasm_memory_init",
        Builtin::DataDrop => "microwasm_data_drop",
        Builtin::TableGrow => "microwasm_table_grow",
        Builtin::TableFill => "microwasm_table_fill",
        Builtin::TableCopy => "microwasm_table_copy",
        Builtin::TableInit => "microwasm_table_init",
        Builtin::ElemDrop => "microwasm_elem_drop",
        Builtin::RefFunc => "microwasm_ref_func",
        Builtin::Trap => "microwasm_trap",
    }
}

/// Makes an object of a module's functions.
///
/// # Errors
/// The functions do not fit in an object.
pub fn object(
    stencils: &Stencils,
    module: &ModuleInfo,
    vm: &VmLayout,
    settings: &Settings,
) -> Result<Vec<u8>, ElfError> {
    let layout = Layout {
        builtins: HostCall::Near,
        ..Layout::default()
    };
    let plan = LinkPlan::with_layout(stencils, module, vm, &layout)?;
    let mut writer = Writer::new(&plan, stencils)?;
    for (func, stencil) in functions(stencils) {
        writer.symbol(
            ExternalName::Func(module.func_index(func)),
            format!("wasm_func_{}", module.func_index(func)),
            stencil.start,
            stencil.code.len() as u32,
        );
    }
    for (func, start) in plan.thunks() {
        let name = format!("wasm_import_{func}");
        writer.symbol(ExternalName::Func(func), name, start, LinkPlan::THUNK);
    }
    writer.relocate_text(stencils)?;
    writer.traps(stencils, module)?;
    writer.eh_frame(stencils, module, &plan)?;
    writer.settings(settings);
    Ok(writer.object.write()?)
}

fn functions(stencils: &Stencils) -> impl Iterator<Item = (DefinedFuncIndex, Stencil<'_>)> {
    (0..).map(DefinedFuncIndex).zip(stencils.iter())
}

struct Writer {
    object: Object<'static>,
    text: SectionId,
    symbols: HashMap<ExternalName, SymbolId>,
}

impl Writer {
    fn new(plan: &LinkPlan, stencils: &Stencils) -> Result<Writer, ElfError> {
        let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        object.add_file_symbol(b"wasm".to_vec());
        let text = object.add_section(Vec::new(), b".text".to_vec(), SectionKind::Text);
        let mut code = vec![0; plan.size()];
        plan.write_unlinked(stencils, &mut code)?;
        object.append_section_data(text, &code, u64::from(Stencils::ALIGN));
        // Without it the stack would be executable.
        object.add_section(Vec::new(), b".note.GNU-stack".to_vec(), SectionKind::Other);
        Ok(Writer {
            object,
            text,
            symbols: HashMap::new(),
        })
    }

    fn symbol(&mut self, target: ExternalName, name: String, start: u32, size: u32) {
        let symbol = self.object.add_symbol(Symbol {
            name: name.into_bytes(),
            value: u64::from(start),
            size: u64::from(size),
            kind: SymbolKind::Text,
            scope: SymbolScope::Linkage,
            weak: false,
            section: SymbolSection::Section(self.text),
            flags: SymbolFlags::None,
        });
        self.symbols.insert(target, symbol);
    }

    fn builtin(&mut self, builtin: Builtin) -> SymbolId {
        let object = &mut self.object;
        let symbols = &mut self.symbols;
        *symbols
            .entry(ExternalName::Builtin(builtin))
            .or_insert_with(|| {
                object.add_symbol(Symbol {
                    name: builtin_symbol(builtin).as_bytes().to_vec(),
                    value: 0,
                    size: 0,
                    kind: SymbolKind::Unknown,
                    scope: SymbolScope::Unknown,
                    weak: false,
                    section: SymbolSection::Undefined,
                    flags: SymbolFlags::None,
                })
            })
    }

    fn relocation(
        &mut self,
        section: SectionId,
        offset: usize,
        symbol: SymbolId,
        addend: i64,
        r_type: elf::RelocationType,
    ) -> Result<(), ElfError> {
        let relocation = Relocation {
            offset: offset as u64,
            symbol,
            addend,
            flags: RelocationFlags::Elf { r_type },
        };
        Ok(self.object.add_relocation(section, relocation)?)
    }

    fn relocate_text(&mut self, stencils: &Stencils) -> Result<(), ElfError> {
        for stencil in stencils.iter() {
            for reloc in stencil.relocs {
                let symbol = match reloc.target {
                    ExternalName::Builtin(builtin) => Some(self.builtin(builtin)),
                    name => self.symbols.get(&name).copied(),
                };
                let r_type = match reloc.kind {
                    RelocKind::Plt32 => Some(elf::R_X86_64_PLT32),
                    RelocKind::GotPcRelX => Some(elf::R_X86_64_GOTPCRELX),
                    RelocKind::Abs64 | RelocKind::BytecodeCall => None,
                };
                let (Some(symbol), Some(r_type)) = (symbol, r_type) else {
                    return Err(ElfError::Relocation {
                        symbol: reloc.target,
                        kind: reloc.kind,
                    });
                };
                let at = stencil.start + reloc.offset.0;
                let addend = i64::from(reloc.addend);
                self.relocation(self.text, at as usize, symbol, addend, r_type)?;
            }
        }
        Ok(())
    }

    /// Symbol of a function that the module defines.
    fn defined(&self, module: &ModuleInfo, func: DefinedFuncIndex) -> SymbolId {
        self.symbols[&ExternalName::Func(module.func_index(func))]
    }

    fn traps(&mut self, stencils: &Stencils, module: &ModuleInfo) -> Result<(), ElfError> {
        let name = b".microwasm.traps".to_vec();
        let section = self
            .object
            .add_section(Vec::new(), name, SectionKind::ReadOnlyData);
        let mut table = Vec::new();
        for (func, stencil) in functions(stencils) {
            for site in stencil.traps {
                let symbol = self.defined(module, func);
                let addend = i64::from(site.offset.0);
                self.relocation(section, table.len(), symbol, addend, elf::R_X86_64_PC32)?;
                table.extend_from_slice(&[0; 4]);
                table.extend_from_slice(&(site.code as u32).to_le_bytes());
            }
        }
        self.object.append_section_data(section, &table, 4);
        Ok(())
    }

    /// DWARF 5, 6.4, in the form of the Linux Standard Base, 10.6.
    fn eh_frame(
        &mut self,
        stencils: &Stencils,
        module: &ModuleInfo,
        plan: &LinkPlan,
    ) -> Result<(), ElfError> {
        let name = b".eh_frame".to_vec();
        let section = self
            .object
            .add_section(Vec::new(), name, SectionKind::ReadOnlyData);
        let mut table = EhFrame::new();
        let mut fields = Vec::new();
        for (func, stencil) in functions(stencils) {
            fields.push((table.function(&stencil), self.defined(module, func)));
        }
        for (func, _) in plan.thunks() {
            let symbol = self.symbols[&ExternalName::Func(func)];
            fields.push((table.description(LinkPlan::THUNK, &[]), symbol));
        }
        for (field, symbol) in fields {
            self.relocation(section, field, symbol, 0, elf::R_X86_64_PC32)?;
        }
        self.object.append_section_data(section, &table.bytes, 4);
        Ok(())
    }

    fn settings(&mut self, settings: &Settings) {
        let name = b".microwasm.settings".to_vec();
        let section = self
            .object
            .add_section(Vec::new(), name, SectionKind::Other);
        let text = format!(
            "version={}\nbounds={:?}\nfuel={}\nepoch={}\nfeatures={:?}\n",
            env!("CARGO_PKG_VERSION"),
            settings.bounds,
            settings.fuel,
            settings.epoch,
            settings.features,
        );
        self.object.append_section_data(section, text.as_bytes(), 1);
    }
}

/// Call frame information that is being written.
struct EhFrame {
    bytes: Vec<u8>,
}

/// Numbers of DWARF, and of its use on x86-64 (psABI, 3.6).
mod dwarf {
    pub(super) const ADVANCE_LOC: u8 = 0x40;
    pub(super) const OFFSET: u8 = 0x80;
    pub(super) const NOP: u8 = 0x00;
    pub(super) const ADVANCE_LOC1: u8 = 0x02;
    pub(super) const ADVANCE_LOC2: u8 = 0x03;
    pub(super) const ADVANCE_LOC4: u8 = 0x04;
    pub(super) const DEF_CFA: u8 = 0x0c;
    pub(super) const DEF_CFA_OFFSET: u8 = 0x0e;
    /// `DW_EH_PE_pcrel | DW_EH_PE_sdata4`.
    pub(super) const PCREL_SDATA4: u8 = 0x1b;
    pub(super) const RSP: u8 = 7;
    pub(super) const RETURN_ADDRESS: u8 = 16;
}

impl EhFrame {
    /// With the information that all functions share: at the entry, the return address is all
    /// that lies above the stack pointer.
    fn new() -> EhFrame {
        let mut table = EhFrame { bytes: Vec::new() };
        let start = table.begin();
        table.bytes.extend_from_slice(&[0; 4]);
        // Version, augmentation, code alignment 1, data alignment -8, return address column.
        table.bytes.extend_from_slice(b"\x01zR\0\x01\x78");
        table.bytes.push(dwarf::RETURN_ADDRESS);
        table.bytes.extend_from_slice(&[1, dwarf::PCREL_SDATA4]);
        table
            .bytes
            .extend_from_slice(&[dwarf::DEF_CFA, dwarf::RSP, 8]);
        table
            .bytes
            .extend_from_slice(&[dwarf::OFFSET | dwarf::RETURN_ADDRESS, 1]);
        table.end(start);
        table
    }

    /// Describes a function. Returns the offset of the field for its address.
    fn function(&mut self, stencil: &Stencil<'_>) -> usize {
        let rows: Vec<(u32, u32)> = stencil
            .unwind
            .iter()
            .map(|row| (row.offset.0, row.state.cfa_offset(stencil.frame)))
            .collect();
        self.description(stencil.code.len() as u32, &rows)
    }

    /// Describes `size` bytes of code by offsets and the distances of the frame address from there on.
    fn description(&mut self, size: u32, rows: &[(u32, u32)]) -> usize {
        let start = self.begin();
        let back = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&back.to_le_bytes());
        let field = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&size.to_le_bytes());
        self.bytes.push(0);
        let (mut at, mut distance) = (0, StackState::Entry.cfa_offset(0));
        for &(offset, cfa) in rows.iter().filter(|row| row.0 < size) {
            if cfa == distance {
                continue;
            }
            self.advance(offset - at);
            self.bytes.push(dwarf::DEF_CFA_OFFSET);
            self.uleb128(cfa);
            (at, distance) = (offset, cfa);
        }
        self.end(start);
        field
    }

    fn advance(&mut self, by: u32) {
        match by {
            0 => {}
            1..0x40 => self.bytes.push(dwarf::ADVANCE_LOC | by as u8),
            0x40..0x100 => self
                .bytes
                .extend_from_slice(&[dwarf::ADVANCE_LOC1, by as u8]),
            0x100..0x1_0000 => {
                self.bytes.push(dwarf::ADVANCE_LOC2);
                self.bytes.extend_from_slice(&(by as u16).to_le_bytes());
            }
            _ => {
                self.bytes.push(dwarf::ADVANCE_LOC4);
                self.bytes.extend_from_slice(&by.to_le_bytes());
            }
        }
    }

    fn uleb128(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// Begins an entry, with room for its length.
    fn begin(&mut self) -> usize {
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.len()
    }

    /// Ends the entry that begins at `start`.
    fn end(&mut self, start: usize) {
        let end = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(end, dwarf::NOP);
        let length = (end - start) as u32;
        self.bytes[start - 4..start].copy_from_slice(&length.to_le_bytes());
    }
}
