//! Whether what is offered for an import is what the module wants (Wasm spec, 4.5.3).

use microwasm::FuncIndex;
use microwasm::module::{ExternType, Import, Limits, MemoryType, TableType};

use crate::error::{Error, ImportError, ImportErrorKind, ItemType, Result, UsageError};
use crate::externs::Extern;
use crate::module::Module;
use crate::store::StoreInner;

/// Checks `found` against the `import` of `module`.
pub(super) fn check(
    store: &StoreInner,
    module: &Module,
    import: &Import,
    found: &Extern,
) -> Result<()> {
    if !found.belongs_to(store.id) {
        return Err(UsageError::WrongStore.into());
    }
    let fits = match (import.ty, found) {
        (ExternType::Func(ty), Extern::Func(func)) => {
            // SAFETY: a function of this store.
            let sig = unsafe { func.funcref(store.id)?.as_ref().sig };
            module.inner().signatures[ty.index()].id() == sig
        }
        (ExternType::Table(wanted), Extern::Table(table)) => {
            let there = &store.tables[table.number() as usize];
            wanted.element == there.ty.element
                && fits(wanted.limits, there.elements.len(), there.ty.limits)
        }
        (ExternType::Memory(wanted), Extern::Memory(memory)) => {
            let there = &store.memories[memory.number() as usize];
            fits(wanted.limits, there.pages() as usize, there.ty().limits)
        }
        (ExternType::Global(wanted), Extern::Global(global)) => wanted == global.global_type(),
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(incompatible(store, module, import, found))
    }
}

/// Checks that imports that are called as functions of the host are such.
pub(super) fn check_direct(module: &Module, found: &[Extern]) -> Result<()> {
    let direct = &module.inner().direct_imports;
    if direct.is_empty() {
        return Ok(());
    }
    let imports = module.imports().iter().zip(found);
    let funcs = imports.filter_map(|(import, found)| match found {
        Extern::Func(func) => Some((import, func)),
        _ => None,
    });
    for ((import, func), index) in funcs.zip((0..).map(FuncIndex)) {
        if direct.binary_search(&index).is_ok() && !func.is_host() {
            return Err(Error::from(ImportError {
                module: import.module.clone(),
                name: import.name.clone(),
                kind: ImportErrorKind::NotHost,
            }));
        }
    }
    Ok(())
}

/// Whether something of this size and type satisfies what is wanted.
fn fits(wanted: Limits, size: usize, there: Limits) -> bool {
    size >= wanted.min as usize
        && match (wanted.max, there.max) {
            (None, _) => true,
            (Some(wanted), Some(max)) => max <= wanted,
            (Some(_), None) => false,
        }
}

#[cold]
fn incompatible(store: &StoreInner, module: &Module, import: &Import, found: &Extern) -> Error {
    Error::from(ImportError {
        module: import.module.clone(),
        name: import.name.clone(),
        kind: ImportErrorKind::Incompatible {
            expected: Box::new(module.import_type(import)),
            found: Box::new(item_type(store, found)),
        },
    })
}

/// Type of something in `store`, with its current size.
pub(crate) fn item_type(store: &StoreInner, item: &Extern) -> ItemType {
    match item {
        Extern::Func(func) => ItemType::Func(func.signature().ty().clone()),
        Extern::Table(table) => {
            let there = &store.tables[table.number() as usize];
            let limits = Limits {
                min: there.elements.len() as u32,
                ..there.ty.limits
            };
            ItemType::Table(TableType { limits, ..there.ty })
        }
        Extern::Memory(memory) => {
            let there = &store.memories[memory.number() as usize];
            let limits = Limits {
                min: there.pages(),
                ..there.ty().limits
            };
            ItemType::Memory(MemoryType { limits })
        }
        Extern::Global(global) => ItemType::Global(global.global_type()),
    }
}
