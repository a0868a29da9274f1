//! What a module imports, defines and exports, as the suite needs to know it.
//!
//! Read with `wasmparser` directly and not with the front end under test, so that the
//! two cannot agree on a mistake.

use super::RESERVED;
use microwasm::module::{GlobalType, Limits, MemoryType, TableType};
use microwasm::{FuncType, ValType};
use wasmparser::{BinaryReaderError, Payload, TypeRef};

/// What an import wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportType {
    /// A function, by its index into [`Shape::types`].
    Func(u32),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
}

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Module name.
    pub module: Box<str>,
    /// Field name.
    pub name: Box<str>,
    /// What is imported.
    pub ty: ImportType,
}

/// The index spaces that can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ItemKind {
    Func,
    Table,
    Memory,
    Global,
}

impl ItemKind {
    /// The letter that stands for the kind in reserved export names.
    pub fn letter(self) -> char {
        match self {
            ItemKind::Func => 'f',
            ItemKind::Table => 't',
            ItemKind::Memory => 'm',
            ItemKind::Global => 'g',
        }
    }

    /// The name under which the suite exports the item with this index.
    pub fn reserved_name(self, index: u32) -> ReservedName {
        let mut name = ReservedName {
            bytes: [0; ReservedName::LONGEST],
            len: 0,
        };
        name.push(RESERVED.as_bytes());
        name.push(&[self.letter() as u8]);
        for place in (0..=index.checked_ilog10().unwrap_or(0)).rev() {
            name.push(&[b'0' + (index / 10u32.pow(place) % 10) as u8]);
        }
        name
    }
}

/// An export's name. It allocates nothing: every instance is asked for all of its items.
#[derive(Clone, Copy, Debug)]
pub struct ReservedName {
    bytes: [u8; ReservedName::LONGEST],
    len: usize,
}

impl ReservedName {
    /// The prefix, a letter and ten digits.
    const LONGEST: usize = RESERVED.len() + 11;

    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

impl std::ops::Deref for ReservedName {
    type Target = str;

    fn deref(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).expect("made of ASCII")
    }
}

/// An export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: Box<str>,
    /// Which index space it names.
    pub kind: ItemKind,
    /// The index.
    pub index: u32,
}

/// Everything of a module but its code and segments. Index spaces hold imports first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Function types.
    pub types: Vec<FuncType>,
    /// Imports, in order.
    pub imports: Vec<Import>,
    /// Type index of every function.
    pub funcs: Vec<u32>,
    /// How many of `funcs` are imported.
    pub imported_funcs: u32,
    /// All tables.
    pub tables: Vec<TableType>,
    /// All memories.
    pub memories: Vec<MemoryType>,
    /// All globals.
    pub globals: Vec<GlobalType>,
    /// The module's own exports, without the suite's.
    pub exports: Vec<Export>,
}

impl Shape {
    /// Reads the shape of a module that is known to be valid.
    pub fn read(wasm: &[u8]) -> Result<Shape, BinaryReaderError> {
        let mut shape = Shape::default();
        for payload in wasmparser::Parser::new(0).parse_all(wasm) {
            shape.add(&payload?)?;
        }
        Ok(shape)
    }

    /// Type of a function.
    pub fn func_type(&self, func: u32) -> &FuncType {
        &self.types[self.funcs[func as usize] as usize]
    }

    /// The export with this name.
    pub fn export(&self, name: &str) -> Option<&Export> {
        self.exports.iter().find(|export| &*export.name == name)
    }

    /// The exported functions: name and index.
    pub fn exported_funcs(&self) -> impl Iterator<Item = (&str, u32)> {
        self.exports
            .iter()
            .filter(|export| export.kind == ItemKind::Func)
            .map(|export| (&*export.name, export.index))
    }

    /// Takes in one section.
    pub(super) fn add(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::TypeSection(section) => {
                for ty in section.clone().into_iter_err_on_gc_types() {
                    let ty = ty?;
                    self.types.push(FuncType {
                        params: ty.params().iter().map(|ty| val_type(*ty)).collect(),
                        results: ty.results().iter().map(|ty| val_type(*ty)).collect(),
                    });
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    self.add_import(&import?);
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section.clone() {
                    self.funcs.push(ty?);
                }
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    self.tables.push(table_type(&table?.ty));
                }
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    self.memories.push(memory_type(&memory?));
                }
            }
            Payload::GlobalSection(section) => {
                for global in section.clone() {
                    self.globals.push(global_type(&global?.ty));
                }
            }
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    self.add_export(&export?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add_import(&mut self, import: &wasmparser::Import<'_>) {
        let ty = match &import.ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                self.funcs.push(*ty);
                self.imported_funcs += 1;
                ImportType::Func(*ty)
            }
            TypeRef::Table(ty) => {
                self.tables.push(table_type(ty));
                ImportType::Table(table_type(ty))
            }
            TypeRef::Memory(ty) => {
                self.memories.push(memory_type(ty));
                ImportType::Memory(memory_type(ty))
            }
            TypeRef::Global(ty) => {
                self.globals.push(global_type(ty));
                ImportType::Global(global_type(ty))
            }
            TypeRef::Tag(_) => return,
        };
        self.imports.push(Import {
            module: import.module.into(),
            name: import.name.into(),
            ty,
        });
    }

    fn add_export(&mut self, export: &wasmparser::Export<'_>) {
        let kind = match export.kind {
            wasmparser::ExternalKind::Func | wasmparser::ExternalKind::FuncExact => ItemKind::Func,
            wasmparser::ExternalKind::Table => ItemKind::Table,
            wasmparser::ExternalKind::Memory => ItemKind::Memory,
            wasmparser::ExternalKind::Global => ItemKind::Global,
            wasmparser::ExternalKind::Tag => return,
        };
        if !export.name.starts_with(RESERVED) {
            self.exports.push(Export {
                name: export.name.into(),
                kind,
                index: export.index,
            });
        }
    }
}

/// Everything but `externref` that is a reference counts as `funcref`; the features that
/// are switched on allow no other.
fn ref_type(ty: wasmparser::RefType) -> ValType {
    if ty.is_extern_ref() {
        ValType::ExternRef
    } else {
        ValType::FuncRef
    }
}

pub(crate) fn val_type(ty: wasmparser::ValType) -> ValType {
    match ty {
        wasmparser::ValType::I32 => ValType::I32,
        wasmparser::ValType::I64 => ValType::I64,
        wasmparser::ValType::F32 => ValType::F32,
        wasmparser::ValType::F64 => ValType::F64,
        wasmparser::ValType::V128 => ValType::V128,
        wasmparser::ValType::Ref(ty) => ref_type(ty),
    }
}

fn limits(min: u64, max: Option<u64>) -> Limits {
    let clamp = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Limits {
        min: clamp(min),
        max: max.map(clamp),
    }
}

fn table_type(ty: &wasmparser::TableType) -> TableType {
    TableType {
        element: ref_type(ty.element_type),
        limits: limits(ty.initial, ty.maximum),
    }
}

fn memory_type(ty: &wasmparser::MemoryType) -> MemoryType {
    MemoryType {
        limits: limits(ty.initial, ty.maximum),
    }
}

fn global_type(ty: &wasmparser::GlobalType) -> GlobalType {
    GlobalType {
        ty: val_type(ty.content_type),
        mutable: ty.mutable,
    }
}

/// A value type as the encoder has it.
pub(crate) fn encoder_type(ty: ValType) -> wasm_encoder::ValType {
    match ty {
        ValType::I32 => wasm_encoder::ValType::I32,
        ValType::I64 => wasm_encoder::ValType::I64,
        ValType::F32 => wasm_encoder::ValType::F32,
        ValType::F64 => wasm_encoder::ValType::F64,
        ValType::V128 => wasm_encoder::ValType::V128,
        ValType::FuncRef => wasm_encoder::ValType::FUNCREF,
        ValType::ExternRef => wasm_encoder::ValType::EXTERNREF,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_have_all_digits() {
        for index in [0, 7, 10, 99, 100, 12_345, u32::MAX] {
            let name = ItemKind::Table.reserved_name(index);
            assert_eq!(&*name, format!("{RESERVED}t{index}"));
        }
    }
}
