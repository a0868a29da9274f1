//! Making an instance (Wasm spec, 4.5.4).
//!
//! First everything that can be refused: imports, limits, memory. Then the
//! context, and the instance is one of the store's. Then globals, element
//! segments, data segments and the start function, in this order; when one of
//! them traps, what was done before stays, and so does the instance, because
//! its functions may be in a table of another.

use std::ptr::NonNull;

use microwasm::module::ExternType;
use microwasm::{FuncIndex, GlobalIndex, TableIndex};
use microwasm_codegen::vmctx::Place;

use crate::engine::Engine;
use crate::error::{ResourceError, Result, UsageError};
use crate::externs::Extern;
use crate::func::call_no_values;
use crate::module::Module;
use crate::store::StoreInner;

use super::{Instance, InstanceData, imports, segments};

/// Instantiates `module`.
///
/// # Safety
/// Nobody else is using the store, and no reference into it is held.
pub(crate) unsafe fn instantiate(
    store: NonNull<StoreInner>,
    module: &Module,
    imports: &[Extern],
) -> Result<Instance> {
    // SAFETY: the caller's promise. Not used after the start function has been entered.
    let inner = unsafe { &mut *store.as_ptr() };
    check(inner, module, imports)?;
    let index = make(inner, module, imports)?;
    initialize(inner, index)?;
    let instance = Instance::from_index(inner.id, index);
    if let Some(start) = module.info().start {
        let funcref = inner.instances[index].funcref(start);
        // SAFETY: a function of the store without parameters and results, as validated;
        // `inner` is not used any more.
        unsafe { call_no_values(store, funcref)? };
    }
    Ok(instance)
}

/// Everything that can be refused before anything is made.
fn check(store: &StoreInner, module: &Module, imports: &[Extern]) -> Result<()> {
    if !Engine::same(&store.engine, module.engine()) {
        return Err(UsageError::WrongEngine.into());
    }
    let wanted = module.imports();
    if wanted.len() != imports.len() {
        let (expected, found) = (wanted.len(), imports.len());
        return Err(UsageError::WrongCount { expected, found }.into());
    }
    for (import, found) in wanted.iter().zip(imports) {
        imports::check(store, module, import, found)?;
    }
    imports::check_direct(module, imports)?;
    let limit = store.engine.config().max_instances;
    if store.instances.len() >= limit as usize {
        return Err(ResourceError::Instances { limit }.into());
    }
    Ok(())
}

/// Makes the instance and enters it in the store. Returns its number.
fn make(store: &mut StoreInner, module: &Module, imports: &[Extern]) -> Result<usize> {
    let info = module.info();
    let index = store.instances.len();
    let mut data = InstanceData::new(&mut store.arena, module, index)?;
    for table in info.imported_tables..info.tables.len() as u32 {
        let ty = info.tables[table as usize];
        let number = store.new_table(ty, 0, data.descriptor(TableIndex(table)))?;
        data.set_table(table, number);
    }
    if let Some(ty) = info.memories.get(info.imported_memories as usize) {
        data.memory = Some(store.new_memory(*ty)?);
    }
    link(store, &mut data, imports);
    // SAFETY: a fresh context, of which nobody holds a reference.
    unsafe {
        let vmctx = data.vmctx.as_ptr();
        (*vmctx).store = &raw mut store.vm;
        (*vmctx).stack_limit = store.stack_limit();
    }
    if let Some(memory) = data.memory {
        // SAFETY: contexts live as long as the store, and so do its memories.
        unsafe { store.memories[memory as usize].add_user(data.vmctx) };
    }
    store.instances.push(data);
    Ok(index)
}

/// Fills in what is imported. The types have been checked.
fn link(store: &StoreInner, data: &mut InstanceData, imports: &[Extern]) {
    let module = data.module.clone();
    let layout = &module.inner().layout;
    let (mut funcs, mut tables, mut globals) = (0, 0, 0);
    for (import, found) in module.imports().iter().zip(imports) {
        match (import.ty, found) {
            (ExternType::Func(_), Extern::Func(func)) => {
                let offset = layout.import(FuncIndex(funcs));
                funcs += 1;
                // SAFETY: the layout's place for the reference.
                unsafe { data.field(offset).write(func.raw()) };
            }
            (ExternType::Table(_), Extern::Table(table)) => {
                let place = layout.table(TableIndex(tables));
                let descriptor = store.tables[table.number() as usize].descriptor();
                // SAFETY: the layout's place for the pointer to a descriptor.
                unsafe { pointer(data, place, descriptor) };
                data.set_table(tables, table.number());
                tables += 1;
            }
            (ExternType::Memory(_), Extern::Memory(memory)) => data.memory = Some(memory.number()),
            (ExternType::Global(_), Extern::Global(global)) => {
                let place = layout.global(GlobalIndex(globals));
                globals += 1;
                // SAFETY: the layout's place for the pointer to a global.
                unsafe { pointer(data, place, global.cell()) };
            }
            _ => unreachable!("checked: an import of the kind that is wanted"),
        }
    }
}

/// Sets the pointer to something imported.
///
/// # Safety
/// The layout has a pointer to a `U` at this place.
unsafe fn pointer<U>(data: &InstanceData, place: Place, target: NonNull<U>) {
    let Place::Indirect(offset) = place else {
        unreachable!("what is imported lies elsewhere");
    };
    // SAFETY: the caller's promise.
    unsafe { data.field(offset).write(target) };
}

/// Globals and active segments.
fn initialize(store: &mut StoreInner, index: usize) -> Result<()> {
    let data = &store.instances[index];
    let module = data.module.clone();
    let info = module.info();
    for (i, init) in info.global_inits.iter().enumerate() {
        let value = segments::evaluate(data, init);
        let cell = data.global(GlobalIndex(info.imported_globals + i as u32));
        // SAFETY: the global's place.
        unsafe { cell.write(value) };
    }
    segments::apply_elems(store, index, info)?;
    segments::apply_datas(store, index, info)?;
    Ok(())
}
