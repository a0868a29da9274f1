//! Sections into [`ModuleInfo`](crate::ModuleInfo), one method each.

use wasmparser::{
    CustomSectionReader, DataSectionReader, ElementSectionReader, ExportSectionReader,
    ExternalKind, FromReader, FunctionSectionReader, GlobalSectionReader, ImportSectionReader,
    Imports, KnownCustom, MemorySectionReader, Name, NameSectionReader, SectionLimited,
    TableSectionReader, TypeSectionReader, Validator,
};

use super::convert;
use super::error::{Cause, Proposal, WasmError, invalid, malformed, narrow};
use super::limits::LimitKind;
use super::module::ModuleReader;
use crate::module::{DataSegment, Export, ExportItem, ExternType, Import, ModuleInfo, SegmentMode};
use crate::types::{FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex};

impl ModuleReader {
    /// Checks a section's count, validates the section, and hands its items to `take`.
    /// `space` is what the items are added to.
    fn items<'a, T: FromReader<'a>, I>(
        &mut self,
        section: SectionLimited<'a, T>,
        (limit, space): (LimitKind, fn(&mut ModuleInfo) -> &mut Vec<I>),
        validate: impl FnOnce(&mut Validator, &SectionLimited<'a, T>) -> wasmparser::Result<()>,
        mut take: impl FnMut(&mut ModuleReader, u64, T) -> Result<(), WasmError>,
    ) -> Result<(), WasmError> {
        let (offset, count) = (section.original_position(), section.count());
        let total = space(&mut self.info).len() as u64 + u64::from(count);
        self.limits.check(limit, total, offset)?;
        let bytes = section.range().end - offset;
        if u64::from(count) > bytes {
            let cause = Cause::Count { count, bytes };
            return Err(WasmError::Malformed {
                offset: narrow(offset),
                cause,
            });
        }
        if let Err(error) = validate(&mut self.validator, &section) {
            return Err(section_error(section, error));
        }
        space(&mut self.info).reserve_exact(count as usize);
        for item in section.into_iter_with_offsets() {
            let (offset, item) = item.map_err(malformed)?;
            take(self, offset, item)?;
        }
        Ok(())
    }

    pub(super) fn types(&mut self, section: TypeSectionReader<'_>) -> Result<(), WasmError> {
        self.items(
            section,
            (LimitKind::Types, |info| &mut info.types),
            Validator::type_section,
            |reader, offset, group| {
                for ty in group.into_types() {
                    let wasmparser::CompositeInnerType::Func(ty) = ty.composite_type.inner else {
                        return Err(convert::unsupported(Proposal::Gc, offset));
                    };
                    reader
                        .limits
                        .check(LimitKind::Params, ty.params().len() as u64, offset)?;
                    reader
                        .limits
                        .check(LimitKind::Results, ty.results().len() as u64, offset)?;
                    reader.info.types.push(convert::func_type(&ty, offset)?);
                }
                Ok(())
            },
        )
    }

    pub(super) fn imports(&mut self, section: ImportSectionReader<'_>) -> Result<(), WasmError> {
        self.items(
            section,
            (LimitKind::Imports, |info| &mut info.imports),
            Validator::import_section,
            |reader, offset, import| {
                let Imports::Single(offset, import) = import else {
                    return Err(convert::unsupported(Proposal::CompactImports, offset));
                };
                reader.import(offset, import)
            },
        )
    }

    fn import(&mut self, offset: u64, import: wasmparser::Import<'_>) -> Result<(), WasmError> {
        let longest = import.module.len().max(import.name.len());
        self.limits
            .check(LimitKind::NameLength, longest as u64, offset)?;
        let ty = convert::extern_type(import.ty, offset)?;
        let info = &mut self.info;
        let (limit, count) = match ty {
            ExternType::Func(ty) => {
                info.funcs.push(ty);
                info.imported_funcs += 1;
                (LimitKind::Functions, info.imported_funcs)
            }
            ExternType::Table(ty) => {
                info.tables.push(ty);
                info.imported_tables += 1;
                (LimitKind::Tables, info.imported_tables)
            }
            ExternType::Memory(ty) => {
                info.memories.push(ty);
                info.imported_memories += 1;
                (LimitKind::Imports, info.imported_memories)
            }
            ExternType::Global(ty) => {
                info.globals.push(ty);
                info.imported_globals += 1;
                (LimitKind::Globals, info.imported_globals)
            }
        };
        let module = match info.imports.last() {
            Some(last) if *last.module == *import.module => last.module.clone(),
            _ => import.module.into(),
        };
        info.imports.push(Import {
            module,
            name: import.name.into(),
            ty,
        });
        Ok(self.limits.check(limit, u64::from(count), offset)?)
    }

    pub(super) fn functions(
        &mut self,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), WasmError> {
        self.items(
            section,
            (LimitKind::Functions, |info| &mut info.funcs),
            Validator::function_section,
            |reader, _, ty| {
                reader.info.funcs.push(TypeIndex(ty));
                Ok(())
            },
        )
    }

    pub(super) fn tables(&mut self, section: TableSectionReader<'_>) -> Result<(), WasmError> {
        self.items(
            section,
            (LimitKind::Tables, |info| &mut info.tables),
            Validator::table_section,
            |reader, offset, table| {
                reader
                    .info
                    .tables
                    .push(convert::table_type(table.ty, offset)?);
                Ok(())
            },
        )
    }

    pub(super) fn memories(&mut self, section: MemorySectionReader<'_>) -> Result<(), WasmError> {
        let validated = self.validator.memory_section(&section);
        if let Err(error) = validated {
            return Err(section_error(section, error));
        }
        for ty in section.into_iter_with_offsets() {
            let (offset, ty) = ty.map_err(malformed)?;
            self.info.memories.push(convert::memory_type(ty, offset)?);
        }
        Ok(())
    }

    pub(super) fn globals(&mut self, section: GlobalSectionReader<'_>) -> Result<(), WasmError> {
        self.items(
            section,
            (LimitKind::Globals, |info| &mut info.globals),
            Validator::global_section,
            |reader, offset, global| {
                reader
                    .info
                    .globals
                    .push(convert::global_type(global.ty, offset)?);
                reader
                    .info
                    .global_inits
                    .push(convert::const_expr(&global.init_expr)?);
                Ok(())
            },
        )
    }

    pub(super) fn exports(&mut self, section: ExportSectionReader<'_>) -> Result<(), WasmError> {
        self.items(
            section,
            (LimitKind::Exports, |info| &mut info.exports),
            Validator::export_section,
            |reader, offset, export| {
                reader
                    .limits
                    .check(LimitKind::NameLength, export.name.len() as u64, offset)?;
                let item = match export.kind {
                    ExternalKind::Func => ExportItem::Func(FuncIndex(export.index)),
                    ExternalKind::Table => ExportItem::Table(TableIndex(export.index)),
                    ExternalKind::Memory => ExportItem::Memory(MemoryIndex(export.index)),
                    ExternalKind::Global => ExportItem::Global(GlobalIndex(export.index)),
                    ExternalKind::Tag => {
                        return Err(convert::unsupported(Proposal::ExceptionHandling, offset));
                    }
                    ExternalKind::FuncExact => {
                        return Err(convert::unsupported(Proposal::CustomDescriptors, offset));
                    }
                };
                reader.info.exports.push(Export {
                    name: export.name.into(),
                    item,
                });
                Ok(())
            },
        )
    }

    pub(super) fn elems(&mut self, section: ElementSectionReader<'_>) -> Result<(), WasmError> {
        self.items(
            section,
            (LimitKind::ElemSegments, |info| &mut info.elems),
            Validator::element_section,
            |reader, offset, segment| {
                let count = match &segment.items {
                    wasmparser::ElementItems::Functions(funcs) => funcs.count(),
                    wasmparser::ElementItems::Expressions(_, exprs) => exprs.count(),
                };
                reader
                    .limits
                    .check(LimitKind::Elems, u64::from(count), offset)?;
                reader.info.elems.push(convert::elem_segment(segment)?);
                Ok(())
            },
        )
    }

    pub(super) fn datas(&mut self, section: DataSectionReader<'_>) -> Result<(), WasmError> {
        self.items(
            section,
            (LimitKind::DataSegments, |info| &mut info.datas),
            Validator::data_section,
            |reader, _, segment| {
                let mode = match segment.kind {
                    wasmparser::DataKind::Passive => SegmentMode::Passive,
                    wasmparser::DataKind::Active {
                        memory_index,
                        offset_expr,
                    } => SegmentMode::Active {
                        target: MemoryIndex(memory_index),
                        offset: convert::const_expr(&offset_expr)?,
                    },
                };
                reader.info.datas.push(DataSegment {
                    bytes: segment.data.into(),
                    mode,
                });
                Ok(())
            },
        )
    }

    /// Custom sections say nothing about validity: a name section that cannot be
    /// read, or names what does not exist, is ignored.
    pub(super) fn custom(&mut self, section: &CustomSectionReader<'_>) {
        let KnownCustom::Name(names) = section.as_known() else {
            return;
        };
        if let Some(names) = func_names(names, self.info.funcs.len()) {
            self.info.func_names = names;
        }
    }
}

/// Function names, ascending; `None` if the section is malformed.
fn func_names(section: NameSectionReader<'_>, funcs: usize) -> Option<Vec<(FuncIndex, Box<str>)>> {
    let mut names: Vec<(FuncIndex, Box<str>)> = Vec::new();
    for subsection in section {
        let Name::Function(map) = subsection.ok()? else {
            continue;
        };
        for naming in map {
            let naming = naming.ok()?;
            let ascends = names.last().is_none_or(|(last, _)| last.0 < naming.index);
            if !ascends || naming.index as usize >= funcs {
                return None;
            }
            names.push((FuncIndex(naming.index), naming.name.into()));
        }
    }
    Some(names)
}

/// Tells whether the validator could not read a section or did not like it.
#[cold]
fn section_error<'a, T: FromReader<'a>>(
    section: SectionLimited<'a, T>,
    error: wasmparser::Error,
) -> WasmError {
    let readable = section.into_iter().all(|item| item.is_ok());
    if readable {
        invalid(error)
    } else {
        malformed(error)
    }
}
