//! Makes a Microwasm module observable: everything is exported under reserved names. Code
//! stays as it is.

use microwasm::binary::{ModuleWriter, OpWriter};
use microwasm::input::{self, Consumer, FunctionBody, InputError};
use microwasm::module::{Export as Named, ExportItem, ExternType};
use microwasm::wasm::Limits;
use microwasm::{FuncIndex, GlobalIndex, MemoryIndex, ModuleInfo, TableIndex};

use super::shape::{Export, Import, ImportType, ItemKind, Shape};
use super::{Prepared, RESERVED};

/// Validates a module and writes it in binary form with more exports.
pub(super) fn prepare(bytes: &[u8]) -> Result<Prepared, InputError> {
    let mut bodies = Bodies::default();
    let mut info = input::translate(bytes, Limits::default(), &mut bodies)?;
    info.exports
        .retain(|export| !export.name.starts_with(RESERVED));
    let shape = shape(&info);
    export_all(&mut info);
    let mut writer = ModuleWriter::default();
    bodies.0.iter().for_each(|body| writer.body(body));
    let wasm = writer.finish(&info);
    Ok(Prepared { wasm, shape })
}

/// The bodies of a module, in binary form.
#[derive(Default)]
struct Bodies(Vec<Vec<u8>>);

impl Consumer for Bodies {
    type Error = InputError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), InputError> {
        let mut bytes = Vec::new();
        body.feed(&mut OpWriter::new(&mut bytes))?;
        self.0.push(bytes);
        Ok(())
    }
}

fn export_all(info: &mut ModuleInfo) {
    let mut add = |kind: ItemKind, count: usize, item: fn(u32) -> ExportItem| {
        info.exports.extend((0..count as u32).map(|index| Named {
            name: (&*kind.reserved_name(index)).into(),
            item: item(index),
        }));
    };
    add(ItemKind::Func, info.funcs.len(), |i| {
        ExportItem::Func(FuncIndex(i))
    });
    add(ItemKind::Table, info.tables.len(), |i| {
        ExportItem::Table(TableIndex(i))
    });
    add(ItemKind::Memory, info.memories.len(), |i| {
        ExportItem::Memory(MemoryIndex(i))
    });
    add(ItemKind::Global, info.globals.len(), |i| {
        ExportItem::Global(GlobalIndex(i))
    });
}

fn shape(info: &ModuleInfo) -> Shape {
    let imports = info.imports.iter().map(|import| Import {
        module: (*import.module).into(),
        name: import.name.clone(),
        ty: match import.ty {
            ExternType::Func(ty) => ImportType::Func(ty.0),
            ExternType::Table(ty) => ImportType::Table(ty),
            ExternType::Memory(ty) => ImportType::Memory(ty),
            ExternType::Global(ty) => ImportType::Global(ty),
        },
    });
    let exports = info.exports.iter().map(|export| {
        let (kind, index) = match export.item {
            ExportItem::Func(func) => (ItemKind::Func, func.0),
            ExportItem::Table(table) => (ItemKind::Table, table.0),
            ExportItem::Memory(memory) => (ItemKind::Memory, memory.0),
            ExportItem::Global(global) => (ItemKind::Global, global.0),
        };
        let name = export.name.clone();
        Export { name, kind, index }
    });
    Shape {
        types: info.types.clone(),
        imports: imports.collect(),
        funcs: info.funcs.iter().map(|ty| ty.0).collect(),
        imported_funcs: info.imported_funcs,
        tables: info.tables.clone(),
        memories: info.memories.clone(),
        globals: info.globals.clone(),
        exports: exports.collect(),
    }
}
