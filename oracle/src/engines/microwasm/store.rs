//! The store: everything that instances can share, and the suite's interface to it.
//!
//! A handle is an index into the list of its kind.

use std::borrow::Cow;
use std::rc::Rc;

use microwasm::module::{GlobalType, MemoryType, TableType};
use microwasm::{FuncType, ValType};

use super::code::{Code, Module};
use super::observe::Observer;
use super::{instantiate, machine};
use crate::engine::{self, *};
use crate::value::Value;

const PAGE: usize = 1 << 16;
const MAX_PAGES: u32 = 1 << 16;

/// A function of the store.
pub(super) struct FuncData {
    pub(super) ty: FuncType,
    pub(super) callee: Callee,
}

pub(super) enum Callee {
    Host(HostFunc),
    Defined { instance: usize, code: Rc<Code> },
}

/// A memory of the store.
pub(super) struct MemoryData {
    pub(super) ty: MemoryType,
    pub(super) bytes: Vec<u8>,
}

/// A table of the store.
pub(super) struct TableData {
    pub(super) ty: TableType,
    pub(super) elements: Vec<Value>,
}

/// A global of the store.
pub(super) struct GlobalData {
    pub(super) ty: GlobalType,
    pub(super) value: Value,
}

/// An instance: its module, and what its indices stand for.
pub(super) struct Instance {
    pub(super) module: Rc<Module>,
    pub(super) funcs: Vec<Func>,
    pub(super) tables: Vec<Table>,
    pub(super) memories: Vec<Memory>,
    pub(super) globals: Vec<Global>,
    /// Element segments; empty when dropped.
    pub(super) elems: Vec<Vec<Value>>,
    pub(super) dropped_datas: Vec<bool>,
}

/// The interpreter's store.
pub(super) struct Store {
    pub(super) host: Rc<dyn Host>,
    pub(super) limits: Limits,
    pub(super) observer: Option<Rc<dyn Observer>>,
    pub(super) modules: Vec<Rc<Module>>,
    pub(super) instances: Vec<Instance>,
    pub(super) funcs: Vec<FuncData>,
    pub(super) memories: Vec<MemoryData>,
    pub(super) tables: Vec<TableData>,
    pub(super) globals: Vec<GlobalData>,
    /// How many invocations are under way, one inside of the other.
    pub(super) nesting: u32,
    /// How many frames all of them have.
    pub(super) frames: usize,
}

impl MemoryData {
    pub(super) fn pages(&self) -> u32 {
        (self.bytes.len() / PAGE) as u32
    }

    /// `len` bytes from `start` on, if they are in bounds.
    pub(super) fn range(&mut self, start: u64, len: u64) -> Option<&mut [u8]> {
        if start + len > self.bytes.len() as u64 {
            return None;
        }
        Some(&mut self.bytes[start as usize..(start + len) as usize])
    }
}

impl TableData {
    /// `len` elements from `start` on, if they are in bounds.
    pub(super) fn range(&mut self, start: u32, len: u32) -> Result<&mut [Value], Trap> {
        self.elements
            .get_mut(start as usize..)
            .and_then(|elements| elements.get_mut(..len as usize))
            .ok_or(Trap::TableOutOfBounds)
    }
}

impl Instance {
    /// A part of a data segment, which is empty when it has been dropped.
    pub(super) fn data(&self, index: usize, from: u32, len: u32) -> Result<Vec<u8>, Trap> {
        let bytes: &[u8] = match self.dropped_datas[index] {
            true => &[],
            false => &self.module.info.datas[index].bytes,
        };
        let part = bytes
            .get(from as usize..)
            .and_then(|bytes| bytes.get(..len as usize));
        part.map(<[u8]>::to_vec).ok_or(Trap::MemoryOutOfBounds)
    }
}

impl Store {
    pub(super) fn new(
        host: Rc<dyn Host>,
        limits: Limits,
        observer: Option<Rc<dyn Observer>>,
    ) -> Store {
        Store {
            host,
            limits,
            observer,
            modules: Vec::new(),
            instances: Vec::new(),
            funcs: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            nesting: 0,
            frames: 0,
        }
    }

    /// Takes one unit of fuel, for a branch or a call.
    pub(super) fn burn(&mut self) -> Result<(), Trap> {
        match &mut self.limits.fuel {
            None => Ok(()),
            Some(0) => Err(Trap::OutOfFuel),
            Some(fuel) => {
                *fuel -= 1;
                Ok(())
            }
        }
    }

    pub(super) fn element(&self, table: Table, index: u32) -> Result<Value, Trap> {
        let elements = &self.tables[table.0 as usize].elements;
        let element = elements.get(index as usize).copied();
        element.ok_or(Trap::TableOutOfBounds)
    }

    /// The previous size, if the memory can be grown.
    pub(super) fn grow_memory(&mut self, memory: Memory, delta: u32) -> Option<u32> {
        let memory = &mut self.memories[memory.0 as usize];
        let previous = memory.pages();
        let most = memory.ty.limits.max.unwrap_or(MAX_PAGES);
        let size = previous.checked_add(delta)?;
        if size > most.min(MAX_PAGES).min(self.limits.memory_pages) {
            return None;
        }
        memory.bytes.resize(size as usize * PAGE, 0);
        Some(previous)
    }

    /// The previous size, if the table can be grown.
    pub(super) fn grow_table(&mut self, table: Table, delta: u32, value: Value) -> Option<u32> {
        let table = &mut self.tables[table.0 as usize];
        let previous = table.elements.len() as u32;
        let most = table.ty.limits.max.unwrap_or(u32::MAX);
        let size = previous.checked_add(delta)?;
        if size > most.min(self.limits.table_elements) {
            return None;
        }
        table.elements.resize(size as usize, value);
        Some(previous)
    }

    pub(super) fn add_func(&mut self, func: FuncData) -> Func {
        self.funcs.push(func);
        Func(self.funcs.len() as u32 - 1)
    }

    pub(super) fn add_global(&mut self, ty: GlobalType, value: Value) -> Global {
        self.globals.push(GlobalData { ty, value });
        Global(self.globals.len() as u32 - 1)
    }
}

impl engine::Store for Store {
    fn compile(&mut self, module: &[u8]) -> Result<engine::Module, Refusal> {
        self.modules.push(Rc::new(Module::read(module)?));
        Ok(engine::Module(self.modules.len() as u32 - 1))
    }

    fn new_func(&mut self, host: HostFunc, ty: &FuncType) -> Func {
        self.add_func(FuncData {
            ty: ty.clone(),
            callee: Callee::Host(host),
        })
    }

    fn new_memory(&mut self, ty: MemoryType) -> Result<Memory, Refused> {
        if ty.limits.min > self.limits.memory_pages {
            return Err(Refused);
        }
        let bytes = vec![0; ty.limits.min as usize * PAGE];
        self.memories.push(MemoryData { ty, bytes });
        Ok(Memory(self.memories.len() as u32 - 1))
    }

    fn new_table(&mut self, ty: TableType) -> Result<Table, Refused> {
        if ty.limits.min > self.limits.table_elements {
            return Err(Refused);
        }
        let null = Value::zero(ty.element).ok_or(Refused)?;
        let elements = vec![null; ty.limits.min as usize];
        self.tables.push(TableData { ty, elements });
        Ok(Table(self.tables.len() as u32 - 1))
    }

    fn new_global(&mut self, ty: GlobalType, value: Value) -> Result<Global, Refused> {
        if value.ty() != ty.ty {
            return Err(Refused);
        }
        Ok(self.add_global(ty, value))
    }

    fn instantiate(
        &mut self,
        module: engine::Module,
        imports: &[Extern],
    ) -> Result<engine::Instance, InstantiateError> {
        let module = Rc::clone(&self.modules[module.0 as usize]);
        instantiate::instantiate(self, module, imports)
    }

    fn export(&mut self, instance: engine::Instance, name: &str) -> Option<Extern> {
        use microwasm::module::ExportItem;
        let instance = &self.instances[instance.0 as usize];
        let exports = &instance.module.info.exports;
        let export = exports.iter().find(|export| &*export.name == name)?;
        Some(match export.item {
            ExportItem::Func(func) => Extern::Func(instance.funcs[func.index()]),
            ExportItem::Table(table) => Extern::Table(instance.tables[table.index()]),
            ExportItem::Memory(memory) => Extern::Memory(instance.memories[memory.index()]),
            ExportItem::Global(global) => Extern::Global(instance.globals[global.index()]),
        })
    }

    fn func_type(&self, func: Func) -> FuncType {
        self.funcs[func.0 as usize].ty.clone()
    }

    fn call(&mut self, func: Func, args: &[Value], results: &mut Vec<Value>) -> Result<(), Trap> {
        results.clear();
        let ty = &self.funcs[func.0 as usize].ty;
        let given: Vec<ValType> = args.iter().map(Value::ty).collect();
        assert_eq!(given, *ty.params, "arguments are of the parameters' types");
        machine::invoke(self, func, args, results)
    }

    fn global_get(&mut self, global: Global) -> Value {
        self.globals[global.0 as usize].value
    }

    fn global_set(&mut self, global: Global, value: Value) -> Result<(), Refused> {
        let global = &mut self.globals[global.0 as usize];
        if !global.ty.mutable || global.ty.ty != value.ty() {
            return Err(Refused);
        }
        global.value = value;
        Ok(())
    }

    fn memory_data(&self, memory: Memory) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.memories[memory.0 as usize].bytes)
    }

    fn memory_pages(&self, memory: Memory) -> u32 {
        self.memories[memory.0 as usize].pages()
    }

    fn memory_grow(&mut self, memory: Memory, delta: u32) -> Result<u32, Refused> {
        self.grow_memory(memory, delta).ok_or(Refused)
    }

    fn memory_write(&mut self, memory: Memory, at: u32, bytes: &[u8]) -> Result<(), Refused> {
        self.memories[memory.0 as usize]
            .range(at.into(), bytes.len() as u64)
            .ok_or(Refused)?
            .copy_from_slice(bytes);
        Ok(())
    }

    fn table_size(&self, table: Table) -> u32 {
        self.tables[table.0 as usize].elements.len() as u32
    }

    fn table_get(&mut self, table: Table, index: u32) -> Result<Value, Refused> {
        self.element(table, index).map_err(|_| Refused)
    }

    fn table_set(&mut self, table: Table, index: u32, value: Value) -> Result<(), Refused> {
        let table = &mut self.tables[table.0 as usize];
        if table.ty.element != value.ty() {
            return Err(Refused);
        }
        table.range(index, 1).map_err(|_| Refused)?[0] = value;
        Ok(())
    }

    fn table_grow(&mut self, table: Table, delta: u32, value: Value) -> Result<u32, Refused> {
        if self.tables[table.0 as usize].ty.element != value.ty() {
            return Err(Refused);
        }
        self.grow_table(table, delta, value).ok_or(Refused)
    }
}
