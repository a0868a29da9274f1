//! What the runtime keeps of an instance.
//!
//! One allocation of the store's arena holds the whole of it:
//! `VmInstance | VmCtx and its variable part | function references | table numbers |
//! flags of dropped segments`.

use std::ptr::NonNull;

use microwasm::module::ExportItem;
use microwasm::{DataIndex, ElemIndex, FuncIndex, GlobalIndex, MemoryIndex, TableIndex, TypeIndex};
use microwasm_codegen::vmctx::Place;

use crate::arena::Arena;
use crate::error::ResourceError;
use crate::externs::{Extern, Global, Memory, Table};
use crate::func::Func;
use crate::module::Module;
use crate::store::StoreInner;
use crate::vm::{VmCtx, VmFuncRef, VmInstance, VmTable};

/// An instance of a store.
pub(crate) struct InstanceData {
    pub(crate) module: Module,
    pub(crate) vmctx: NonNull<VmCtx>,
    /// Its memory, by number in the store.
    pub(crate) memory: Option<u32>,
    funcrefs: NonNull<VmFuncRef>,
    /// Numbers in the store of all its tables.
    tables: NonNull<u32>,
    /// One flag per element segment, then one per data segment: it has been dropped.
    dropped: NonNull<u8>,
}

impl InstanceData {
    /// An instance with number `index` of which only the signatures are filled in.
    pub(super) fn new(
        arena: &mut Arena,
        module: &Module,
        index: usize,
    ) -> Result<InstanceData, ResourceError> {
        let inner = module.inner();
        let info = &inner.info;
        let templates = inner.funcrefs.templates();
        let vmctx_at = size_of::<VmInstance>();
        let funcrefs_at = vmctx_at + inner.layout.size() as usize;
        let tables_at = funcrefs_at + size_of_val(templates);
        let dropped_at = tables_at + size_of::<u32>() * info.tables.len();
        let size = dropped_at + info.elems.len() + info.datas.len();
        let start = arena.alloc(size)?;
        // SAFETY: all offsets lie within the allocation; its start is aligned to 16 bytes and
        // the sizes in front of each part are multiples of the part's alignment.
        let data = unsafe {
            start.cast::<VmInstance>().write(VmInstance { index });
            InstanceData {
                module: module.clone(),
                vmctx: start.add(vmctx_at).cast(),
                memory: None,
                funcrefs: start.add(funcrefs_at).cast(),
                tables: start.add(tables_at).cast(),
                dropped: start.add(dropped_at),
            }
        };
        for (i, template) in templates.iter().enumerate() {
            let funcref = VmFuncRef {
                vmctx: data.vmctx.as_ptr(),
                ..*template
            };
            // SAFETY: there is room for all templates.
            unsafe { data.funcrefs.add(i).write(funcref) };
        }
        for (i, signature) in inner.signatures.iter().enumerate() {
            let offset = inner.layout.sig(TypeIndex(i as u32));
            // SAFETY: the layout's place for a `u32`.
            unsafe { data.field::<u32>(offset).write(signature.id()) };
        }
        Ok(data)
    }

    /// A field of the vmctx.
    ///
    /// # Safety
    /// The module's layout has a `U` at this offset.
    pub(super) unsafe fn field<U>(&self, offset: i32) -> NonNull<U> {
        // SAFETY: the caller's promise.
        unsafe { self.vmctx.byte_add(offset as usize).cast() }
    }

    /// Where something is that is either in the vmctx or pointed to from it.
    ///
    /// # Safety
    /// The module's layout has a `U`, or a pointer to one that has been filled in, there.
    pub(super) unsafe fn place<U>(&self, place: Place) -> NonNull<U> {
        // SAFETY: the caller's promise.
        unsafe {
            match place {
                Place::Direct(offset) => self.field(offset),
                Place::Indirect(offset) => self.field::<NonNull<U>>(offset).read(),
            }
        }
    }

    /// The reference to a function that is imported, or that the module names somewhere.
    pub(crate) fn funcref(&self, func: FuncIndex) -> NonNull<VmFuncRef> {
        self.find_funcref(func)
            .expect("validated: referenced functions are declared")
    }

    /// The reference to a function, if there can be one.
    pub(crate) fn find_funcref(&self, func: FuncIndex) -> Option<NonNull<VmFuncRef>> {
        let inner = self.module.inner();
        match inner.info.defined(func) {
            Some(func) => {
                let slot = inner.funcrefs.slot(func)?;
                // SAFETY: one for each slot.
                Some(unsafe { self.funcrefs.add(slot) })
            }
            // SAFETY: the layout's place for this import's reference.
            None => Some(unsafe {
                self.field::<NonNull<VmFuncRef>>(inner.layout.import(func))
                    .read()
            }),
        }
    }

    /// Number in the store of a table.
    pub(crate) fn table(&self, table: u32) -> u32 {
        assert!(
            (table as usize) < self.module.info().tables.len(),
            "validated: table {table}"
        );
        // SAFETY: one number for each table.
        unsafe { self.tables.add(table as usize).read() }
    }

    /// Sets the number in the store of a table.
    pub(super) fn set_table(&self, table: u32, number: u32) {
        assert!(
            (table as usize) < self.module.info().tables.len(),
            "validated: table {table}"
        );
        // SAFETY: one number for each table.
        unsafe { self.tables.add(table as usize).write(number) };
    }

    /// Where a global's value is.
    pub(crate) fn global(&self, global: GlobalIndex) -> NonNull<u64> {
        // SAFETY: the layout's place for it.
        unsafe { self.place(self.module.inner().layout.global(global)) }
    }

    /// Where the descriptor of a table that the module defines is.
    pub(super) fn descriptor(&self, table: TableIndex) -> NonNull<VmTable> {
        // SAFETY: the layout's place for it.
        unsafe { self.place(self.module.inner().layout.table(table)) }
    }

    fn flag(&self, index: usize) -> NonNull<u8> {
        // SAFETY: callers index with segments, and there is a flag for each.
        unsafe { self.dropped.add(index) }
    }

    fn data_flag(&self, segment: DataIndex) -> NonNull<u8> {
        let info = self.module.info();
        assert!(
            segment.index() < info.datas.len(),
            "validated: data segment {segment}"
        );
        self.flag(info.elems.len() + segment.index())
    }

    fn elem_flag(&self, segment: ElemIndex) -> NonNull<u8> {
        let count = self.module.info().elems.len();
        assert!(
            segment.index() < count,
            "validated: element segment {segment}"
        );
        self.flag(segment.index())
    }

    /// Bytes of a data segment; none once it has been dropped.
    pub(crate) fn data_bytes(&self, segment: DataIndex) -> &[u8] {
        // SAFETY: the flag of this segment.
        let dropped = unsafe { self.data_flag(segment).read() } != 0;
        if dropped {
            &[]
        } else {
            &self.module.info().datas[segment.index()].bytes
        }
    }

    /// Drops a data segment.
    pub(crate) fn drop_data(&self, segment: DataIndex) {
        // SAFETY: the flag of this segment.
        unsafe { self.data_flag(segment).write(1) };
    }

    /// Whether an element segment has been dropped.
    pub(super) fn is_elem_dropped(&self, segment: ElemIndex) -> bool {
        // SAFETY: the flag of this segment.
        unsafe { self.elem_flag(segment).read() != 0 }
    }

    /// Drops an element segment.
    pub(crate) fn drop_elem(&self, segment: ElemIndex) {
        // SAFETY: the flag of this segment.
        unsafe { self.elem_flag(segment).write(1) };
    }

    /// A handle to something of the instance.
    pub(crate) fn export(&self, store: &StoreInner, item: ExportItem) -> Extern {
        let info = self.module.info();
        match item {
            ExportItem::Func(func) => {
                // SAFETY: a reference of this store.
                Extern::Func(unsafe { Func::from_raw(store.id, self.funcref(func)) })
            }
            ExportItem::Table(table) => {
                Extern::Table(Table::from_number(store.id, self.table(table.0)))
            }
            ExportItem::Memory(MemoryIndex(_)) => {
                let number = self.memory.expect("validated: there is a memory");
                Extern::Memory(Memory::from_number(store.id, number))
            }
            ExportItem::Global(global) => {
                let ty = info.globals[global.index()];
                // SAFETY: a global of this store with this type.
                Extern::Global(unsafe { Global::from_raw(store.id, self.global(global), ty) })
            }
        }
    }
}
