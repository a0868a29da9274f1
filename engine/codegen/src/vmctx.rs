//! Offsets of everything that compiled code reads from memory it does not own.
//!
//! This is the one definition: the backend emits these numbers, the runtime
//! asserts at compile time that its structures match them. All in bytes.
//!
//! Compiled code holds the address of its instance's *vmctx* in a register.
//! The vmctx has a fixed head, then the module's variable part: pointers to
//! imported functions, the canonical ids of its signatures, table descriptors,
//! and globals.

use microwasm::{FuncIndex, GlobalIndex, ModuleInfo, TableIndex, TypeIndex, ValType};

/// Lowest value that the stack pointer may have at a function's entry: `*const u8`.
/// At least [`STACK_SLACK`] bytes below it are still usable stack.
pub const VMCTX_STACK_LIMIT: i32 = 0;
/// Base address of memory 0.
pub const VMCTX_MEMORY_BASE: i32 = 8;
/// Length of memory 0 in bytes, as `u64`.
pub const VMCTX_MEMORY_LEN: i32 = 16;
/// Pointer to the store's context; see the `STORE_*` offsets.
pub const VMCTX_STORE: i32 = 24;
/// Pointers to the funcrefs of the imported functions, 8 bytes each.
pub const VMCTX_IMPORTS: i32 = 32;

/// Bytes below the stack limit that a function may use without a check of its own.
pub const STACK_SLACK: u32 = 16 << 10;

/// Stack pointer to restore when compiled code traps.
pub const STORE_ENTRY_SP: i32 = 0;
/// Where a trap stores the program counter it came from.
pub const STORE_TRAP_PC: i32 = 8;
/// Remaining fuel as `u64`.
pub const STORE_FUEL: i32 = 16;
/// Pointer to the engine's epoch counter, a `u64`.
pub const STORE_EPOCH: i32 = 24;
/// Execution is interrupted when the epoch reaches this `u64`.
pub const STORE_EPOCH_DEADLINE: i32 = 32;

/// Entry point for callers of the same instance.
pub const FUNCREF_CODE: i32 = 0;
/// Entry point for callers of any instance: takes the funcref in `r11`, switches
/// the pinned registers and restores them.
pub const FUNCREF_CROSS: i32 = 8;
/// The vmctx of the function's instance; for a host function its `HostContext`.
pub const FUNCREF_VMCTX: i32 = 16;
/// Canonical signature id as `u32`.
pub const FUNCREF_SIG: i32 = 24;

/// Address of the host entry, `extern "C" fn(*mut HostContext, caller: *mut VmCtx,
/// args_and_results: *mut [u8; 16]) -> u32` (0, or a [`crate::stencil::TrapCode`]).
pub const HOST_ENTRY: i32 = 0;
/// Address of the host entry that takes values in registers, if there is one: `extern "C" fn(*mut
/// HostContext, caller: *mut VmCtx, back: *mut *const u8, arguments…) -> result`. Integers and
/// references are `u64`, zero-extended. At `back` lies the address that it returns to; when it
/// fails it puts that of [`crate::x64::trampoline::host_exit`] there.
pub const HOST_ENTRY_IN_REGISTERS: i32 = 8;

/// Table descriptor: pointer to the elements, 8 bytes each; null is 0.
pub const TABLE_BASE: i32 = 0;
/// Table descriptor: number of elements as `u64`.
pub const TABLE_LEN: i32 = 8;

/// Bytes of an argument or result in an array call; values are little-endian and zero-extended.
pub const ARRAY_SLOT: i32 = 16;

/// Layout of the variable part of a module's vmctx.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VmLayout {
    sigs: u32,
    tables: u32,
    global_offsets: Vec<u32>,
    size: u32,
    num_types: u32,
    num_tables: u32,
    num_imported_tables: u32,
    num_imported_globals: u32,
}

impl VmLayout {
    /// Lays out the vmctx of `module`.
    pub fn new(module: &ModuleInfo) -> VmLayout {
        let mut at = VMCTX_IMPORTS as u32;
        let mut take = |bytes: u32| {
            let start = at;
            at = (at + bytes).next_multiple_of(8);
            start
        };
        take(8 * module.imported_funcs);
        let sigs = take(4 * module.types.len() as u32);
        // A pointer per imported table, then a descriptor per defined one.
        let defined_tables = module.tables.len() as u32 - module.imported_tables;
        let tables = take(8 * module.imported_tables + 16 * defined_tables);
        let imported_globals = take(8 * module.imported_globals);
        let mut global_offsets = Vec::with_capacity(module.globals.len());
        for (i, global) in module.globals.iter().enumerate() {
            global_offsets.push(if (i as u32) < module.imported_globals {
                imported_globals + 8 * i as u32
            } else {
                take(if global.ty == ValType::V128 { 16 } else { 8 })
            });
        }
        VmLayout {
            sigs,
            tables,
            global_offsets,
            size: at.next_multiple_of(16),
            num_types: module.types.len() as u32,
            num_tables: module.tables.len() as u32,
            num_imported_tables: module.imported_tables,
            num_imported_globals: module.imported_globals,
        }
    }

    /// Bytes of the whole vmctx.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Offset of the pointer to an imported function's funcref.
    pub fn import(&self, func: FuncIndex) -> i32 {
        VMCTX_IMPORTS + 8 * func.0 as i32
    }

    /// Offset of the canonical id (`u32`) of a signature.
    pub fn sig(&self, ty: TypeIndex) -> i32 {
        (self.sigs + 4 * ty.0) as i32
    }

    /// Where a table's descriptor is.
    pub fn table(&self, table: TableIndex) -> Place {
        match table.0.checked_sub(self.num_imported_tables) {
            None => Place::Indirect((self.tables + 8 * table.0) as i32),
            Some(defined) => {
                Place::Direct((self.tables + 8 * self.num_imported_tables + 16 * defined) as i32)
            }
        }
    }

    /// The signature whose canonical id is at this offset, if one is.
    pub fn sig_at(&self, offset: u32) -> Option<TypeIndex> {
        let at = offset.checked_sub(self.sigs)?;
        let ty = at / 4;
        (at % 4 == 0 && ty < self.num_types).then_some(TypeIndex(ty))
    }

    /// Whether this is where a table is.
    pub fn is_table(&self, place: Place) -> bool {
        let (at, size, count) = match place {
            Place::Indirect(offset) => (
                (offset as u32).checked_sub(self.tables),
                8,
                self.num_imported_tables,
            ),
            Place::Direct(offset) => (
                (offset as u32).checked_sub(self.tables + 8 * self.num_imported_tables),
                16,
                self.num_tables - self.num_imported_tables,
            ),
        };
        at.is_some_and(|at| at % size == 0 && at / size < count)
    }

    /// Whether this is where a global is.
    pub fn is_global(&self, place: Place) -> bool {
        let (imported, defined) = self
            .global_offsets
            .split_at(self.num_imported_globals as usize);
        let (among, offset) = match place {
            Place::Indirect(offset) => (imported, offset),
            Place::Direct(offset) => (defined, offset),
        };
        among.binary_search(&(offset as u32)).is_ok()
    }

    /// Where a global's value is.
    pub fn global(&self, global: GlobalIndex) -> Place {
        let offset = self.global_offsets[global.index()] as i32;
        if global.0 < self.num_imported_globals {
            Place::Indirect(offset)
        } else {
            Place::Direct(offset)
        }
    }
}

/// Where something that may be imported lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the vmctx, at this offset.
    Direct(i32),
    /// Where the pointer at this offset of the vmctx points.
    Indirect(i32),
}
