//! Compiled modules.
//!
//! | file | owns |
//! |---|---|
//! | `build` | from bytes, whole or in chunks, to stencils |
//! | `parallel` | the same on several threads |
//! | `link` | from stencils to a module, and back |
//! | `image` | writing machine code, on several threads |
//! | `serialize` | from a module to bytes, and back |
//! | `table` | from machine code back to functions, trap sites and source offsets |
//! | `funcrefs` | which functions can be referred to, and what a reference to each looks like |

mod build;
mod funcrefs;
mod image;
mod link;
mod parallel;
mod serialize;
mod table;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use microwasm::module::{Export, ExportItem, ExternType, Import};
use microwasm::{DefinedFuncIndex, FuncIndex, ModuleInfo};
use microwasm_codegen::vmctx::VmLayout;

use crate::code::CodeBlock;
use crate::engine::Engine;
use crate::error::{ItemType, Result};
use crate::signature::SignatureRef;

pub(crate) use build::CompileContext;
pub use build::ModuleBuilder;
pub(crate) use funcrefs::FuncRefs;
use link::Unlinked;
pub use serialize::DeserializeError;
pub(crate) use table::CodeTable;

/// Modules with more exports than this get an index.
const SEARCHED_EXPORTS: usize = 8;

/// A compiled module. Cheap to clone.
#[derive(Clone)]
pub struct Module(Arc<ModuleInner>);

pub(crate) struct ModuleInner {
    pub(crate) engine: Engine,
    pub(crate) info: ModuleInfo,
    pub(crate) layout: VmLayout,
    /// One per type.
    pub(crate) signatures: Box<[SignatureRef]>,
    pub(crate) funcrefs: FuncRefs,
    unlinked: Unlinked,
    /// Imports that must be functions of the host, for they are called as such.
    pub(crate) direct_imports: Box<[FuncIndex]>,
    /// Knows the addresses of `code`, which must not be dropped before everything that runs it.
    table: CodeTable,
    code: Code,
    /// Exports by name, where there are many.
    exports_by_name: OnceLock<Box<[u32]>>,
}

/// Where a module's code is.
pub(crate) enum Code {
    /// There is none.
    None,
    /// Machine code.
    Native(CodeBlock),
    /// Bytecode, validated.
    Bytecode(Box<[u8]>),
}

impl Code {
    fn bytes(&self) -> &[u8] {
        match self {
            Code::None => &[],
            Code::Native(code) => code.bytes(),
            Code::Bytecode(code) => code,
        }
    }
}

impl ModuleInner {
    /// What is known about its code.
    pub(crate) fn table(&self) -> &CodeTable {
        &self.table
    }
}

/// The code of a module.
#[derive(Clone, Copy, Debug)]
pub struct ModuleCode<'a> {
    /// Everything, as it is executed.
    pub bytes: &'a [u8],
    /// Where it lies in this process.
    pub address: usize,
    table: &'a CodeTable,
}

impl Module {
    /// Compiles a module: WebAssembly, or Microwasm in binary or text form.
    ///
    /// # Errors
    /// The bytes are not a module, not a valid one, or exceed what is supported or allowed.
    pub fn new(engine: &Engine, bytes: &[u8]) -> Result<Module> {
        build::compile(engine, bytes)
    }

    /// Begins to compile a module that arrives in chunks, in any form. Text is only looked
    /// into when it has ended.
    pub fn stream(engine: &Engine) -> ModuleBuilder {
        ModuleBuilder::new(engine)
    }

    /// Validates a module without compiling it.
    ///
    /// # Errors
    /// As for [`Module::new`], except for limits of the compiler.
    pub fn validate(engine: &Engine, bytes: &[u8]) -> Result<()> {
        build::check(engine, bytes)
    }

    /// The engine that it was compiled by.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// What the module declares.
    pub fn info(&self) -> &ModuleInfo {
        &self.0.info
    }

    /// Imports, in order.
    pub fn imports(&self) -> &[Import] {
        &self.0.info.imports
    }

    /// Exports, in order.
    pub fn exports(&self) -> &[Export] {
        &self.0.info.exports
    }

    /// The export of that name.
    pub fn export(&self, name: &str) -> Option<ExportItem> {
        let exports = &self.0.info.exports;
        if exports.len() <= SEARCHED_EXPORTS {
            return exports
                .iter()
                .find(|export| *export.name == *name)
                .map(|export| export.item);
        }
        let index = self.0.exports_by_name.get_or_init(|| {
            let mut index: Box<[u32]> = (0..exports.len() as u32).collect();
            index.sort_unstable_by_key(|&i| &exports[i as usize].name);
            index
        });
        let found = index
            .binary_search_by_key(&name, |&i| &exports[i as usize].name)
            .ok()?;
        Some(exports[index[found] as usize].item)
    }

    /// Type of an import.
    pub fn import_type(&self, import: &Import) -> ItemType {
        match import.ty {
            ExternType::Func(ty) => ItemType::Func(self.0.info.types[ty.index()].clone()),
            ExternType::Table(ty) => ItemType::Table(ty),
            ExternType::Memory(ty) => ItemType::Memory(ty),
            ExternType::Global(ty) => ItemType::Global(ty),
        }
    }

    /// Type of an export.
    pub fn export_type(&self, item: ExportItem) -> ItemType {
        let info = &self.0.info;
        match item {
            ExportItem::Func(func) => ItemType::Func(info.func_type(func).clone()),
            ExportItem::Table(table) => ItemType::Table(info.tables[table.index()]),
            ExportItem::Memory(memory) => ItemType::Memory(info.memories[memory.index()]),
            ExportItem::Global(global) => ItemType::Global(info.globals[global.index()]),
        }
    }

    /// Its code: machine code, or bytecode.
    pub fn code(&self) -> ModuleCode<'_> {
        let bytes = self.0.code.bytes();
        ModuleCode {
            bytes,
            address: bytes.as_ptr() as usize,
            table: &self.0.table,
        }
    }

    /// Whether two handles are of the same module.
    pub fn same(a: &Module, b: &Module) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }

    pub(crate) fn inner(&self) -> &ModuleInner {
        &self.0
    }
}

impl ModuleCode<'_> {
    /// Where a function's code lies in [`ModuleCode::bytes`].
    pub fn function(&self, func: DefinedFuncIndex) -> Option<Range<usize>> {
        self.table.function(func)
    }

    /// The function, by its index in the module, and the offset in it of a byte of code.
    pub fn locate(&self, offset: usize) -> Option<(FuncIndex, u32)> {
        self.table.locate(offset)
    }

    /// The offset in the module of the operator that a byte of code comes from, if the
    /// engine keeps a map.
    pub fn source(&self, offset: usize) -> Option<u32> {
        self.table.source(offset)
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module")
            .field("imports", &self.imports().len())
            .field("exports", &self.exports().len())
            .field("functions", &self.info().funcs.len())
            .finish_non_exhaustive()
    }
}
