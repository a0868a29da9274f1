//! Being watched: what an observer is shown before every operator.

use microwasm::{FuncIndex, GlobalIndex};

use super::store::Store;
use crate::value::Value;

/// Is told of every operator that is executed.
pub trait Observer {
    /// The operator of `moment` is about to be executed.
    fn before(&self, moment: &Moment<'_>);
}

/// The interpreter before an operator.
pub struct Moment<'a> {
    /// The function, by its index in the module.
    pub func: FuncIndex,
    /// Number of the operator among those of the function that are executed: declarations and
    /// labels do not count.
    pub op: u32,
    /// How many functions are being executed, this one included.
    pub depth: usize,
    /// The function's stack, lowest first.
    pub values: &'a [Value],
    pub(super) store: &'a Store,
    pub(super) instance: usize,
}

impl Moment<'_> {
    /// `bytes` bytes of memory 0 from an address on, 8 at most, little-endian. `None` out of bounds.
    pub fn memory(&self, address: u64, bytes: u32) -> Option<u64> {
        let memory = self.store.instances[self.instance].memories.first()?;
        let data = &self.store.memories[memory.0 as usize].bytes;
        let data = data.get(usize::try_from(address).ok()?..)?;
        let data = data.get(..bytes as usize)?;
        let mut value = [0; 8];
        value.get_mut(..data.len())?.copy_from_slice(data);
        Some(u64::from_le_bytes(value))
    }

    /// The value of a global.
    pub fn global(&self, global: GlobalIndex) -> Option<Value> {
        let instance = &self.store.instances[self.instance];
        let global = instance.globals.get(global.index())?;
        Some(self.store.globals[global.0 as usize].value)
    }

    /// An element of a table. `None` out of bounds.
    pub fn element(&self, table: u32, index: u32) -> Option<Value> {
        let instance = &self.store.instances[self.instance];
        let table = instance.tables.get(table as usize)?;
        self.store.element(*table, index).ok()
    }
}
