//! An engine that tells one lie.
//!
//! Wraps any engine. Owns what has to be counted to tell the lie in one place only; hands
//! on everything else as it is. Host functions get the honest store, so that what they do
//! stays what they would have done.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use microwasm::FuncType;
use microwasm::module::{GlobalType, MemoryType, TableType};
use microwasm_oracle::engine::*;
use microwasm_oracle::value::Value;

/// What to lie about. A `call` counts invocations, an `event` calls of host functions;
/// lies about what a call leaves behind hold from then on.
#[derive(Clone, Debug, PartialEq)]
pub enum Lie {
    /// Flips bits of a result; makes a reference null.
    Result {
        call: usize,
        index: usize,
        mask: u64,
    },
    /// This trap instead of what the call came to.
    Trap { call: usize, trap: Trap },
    /// A return of zeros instead of a trap.
    Return { call: usize },
    /// Flips bits of a byte.
    Byte {
        call: usize,
        memory: usize,
        offset: usize,
        mask: u8,
    },
    /// One page more.
    MemorySize { call: usize, memory: usize },
    /// Flips bits of a global; makes a reference null.
    Global {
        call: usize,
        global: usize,
        mask: u64,
    },
    /// Flips bits of an imported global as the instance exports it.
    Reexported {
        call: usize,
        global: usize,
        mask: u64,
    },
    /// Makes an element of a table null.
    Entry {
        call: usize,
        table: usize,
        index: u32,
    },
    /// One element less.
    TableSize { call: usize, table: usize },
    /// Leaves out a call of the host, which gets zeros for its results.
    Missing { event: usize },
    /// Makes a call of the host twice.
    Extra { event: usize },
    /// Flips bits of an argument.
    Argument {
        event: usize,
        argument: usize,
        mask: u64,
    },
    /// Makes this call of the host after the next one.
    Swapped { event: usize },
    /// Does not take the module.
    Refused(RefusalKind),
    /// Takes it and does not instantiate it.
    NotInstantiated(InstantiateError),
}

/// Flips bits of a value; of a reference there is only null or not.
pub fn flip<F>(value: Value<F>, mask: u64) -> Value<F> {
    match value {
        Value::I32(v) => Value::I32(v ^ mask as u32),
        Value::I64(v) => Value::I64(v ^ mask),
        Value::F32(v) => Value::F32(v ^ mask as u32),
        Value::F64(v) => Value::F64(v ^ mask),
        Value::FuncRef(_) => Value::FuncRef(None),
        Value::ExternRef(_) => Value::ExternRef(None),
    }
}

/// An engine that lies.
pub struct Liar {
    name: &'static str,
    honest: Box<dyn Engine>,
    lie: Lie,
}

impl Liar {
    /// `honest`, but for `lie`.
    pub fn new(name: &'static str, honest: Box<dyn Engine>, lie: Lie) -> Liar {
        Liar { name, honest, lie }
    }
}

impl Engine for Liar {
    fn name(&self) -> &str {
        self.name
    }

    fn store(&self, host: Rc<dyn Host>, limits: Limits) -> Box<dyn Store> {
        let host = Rc::new(LyingHost {
            honest: host,
            lie: self.lie.clone(),
            seen: Cell::new(0),
            withheld: RefCell::new(None),
            types: RefCell::new(HashMap::new()),
        });
        Box::new(LyingStore {
            honest: self.honest.store(host.clone(), limits),
            host,
            lie: self.lie.clone(),
            calls: 0,
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            reexported: Vec::new(),
        })
    }
}

struct LyingHost {
    honest: Rc<dyn Host>,
    lie: Lie,
    seen: Cell<usize>,
    withheld: RefCell<Option<(HostFunc, Vec<Value>)>>,
    types: RefCell<HashMap<HostFunc, FuncType>>,
}

impl LyingHost {
    fn zeros(&self, func: HostFunc) -> Vec<Value> {
        zeros(&self.types.borrow()[&func])
    }
}

fn zeros(ty: &FuncType) -> Vec<Value> {
    let zero = |ty: &_| Value::zero(*ty).expect("no vector types");
    ty.results.iter().map(zero).collect()
}

impl Host for LyingHost {
    fn call(
        &self,
        store: &mut dyn Store,
        func: HostFunc,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Trap> {
        let now = self.seen.replace(self.seen.get() + 1);
        if let Some((late, late_args)) = self.withheld.take() {
            self.honest.call(store, func, args, results)?;
            return self.honest.call(store, late, &late_args, &mut Vec::new());
        }
        match self.lie {
            Lie::Missing { event } if event == now => {
                results.extend(self.zeros(func));
                return Ok(());
            }
            Lie::Extra { event } if event == now => {
                self.honest.call(store, func, args, results)?;
                results.clear();
            }
            Lie::Argument {
                event,
                argument,
                mask,
            } if event == now => {
                let mut args = args.to_vec();
                args[argument] = flip(args[argument], mask);
                return self.honest.call(store, func, &args, results);
            }
            Lie::Swapped { event } if event == now => {
                results.extend(self.zeros(func));
                *self.withheld.borrow_mut() = Some((func, args.to_vec()));
                return Ok(());
            }
            _ => {}
        }
        self.honest.call(store, func, args, results)
    }
}

struct LyingStore {
    honest: Box<dyn Store>,
    host: Rc<LyingHost>,
    lie: Lie,
    calls: usize,
    /// Items by index. Imports are made, the rest is looked up in order.
    memories: Vec<Memory>,
    tables: Vec<Table>,
    globals: Vec<Global>,
    reexported: Vec<Global>,
}

impl LyingStore {
    fn after(&self, call: usize) -> bool {
        self.calls > call
    }
}

impl Store for LyingStore {
    fn compile(&mut self, wasm: &[u8]) -> Result<Module, Refusal> {
        if let Lie::Refused(kind) = self.lie {
            let message = "a lie".into();
            let offset = None;
            return Err(Refusal {
                kind,
                message,
                offset,
            });
        }
        self.honest.compile(wasm)
    }

    fn new_func(&mut self, host: HostFunc, ty: &FuncType) -> Func {
        self.host.types.borrow_mut().insert(host, ty.clone());
        self.honest.new_func(host, ty)
    }

    fn new_memory(&mut self, ty: MemoryType) -> Result<Memory, Refused> {
        let memory = self.honest.new_memory(ty)?;
        self.memories.push(memory);
        Ok(memory)
    }

    fn new_table(&mut self, ty: TableType) -> Result<Table, Refused> {
        let table = self.honest.new_table(ty)?;
        self.tables.push(table);
        Ok(table)
    }

    fn new_global(&mut self, ty: GlobalType, value: Value) -> Result<Global, Refused> {
        let global = self.honest.new_global(ty, value)?;
        self.globals.push(global);
        Ok(global)
    }

    fn instantiate(
        &mut self,
        module: Module,
        imports: &[Extern],
    ) -> Result<Instance, InstantiateError> {
        if let Lie::NotInstantiated(error) = &self.lie {
            return Err(error.clone());
        }
        self.honest.instantiate(module, imports)
    }

    fn export(&mut self, instance: Instance, name: &str) -> Option<Extern> {
        let found = self.honest.export(instance, name)?;
        let index = name.trim_start_matches(|c: char| !c.is_ascii_digit());
        let is_next = |count: usize| index.parse() == Ok(count);
        match found {
            Extern::Memory(memory) if is_next(self.memories.len()) => self.memories.push(memory),
            Extern::Table(table) if is_next(self.tables.len()) => self.tables.push(table),
            Extern::Global(global) if is_next(self.globals.len()) => self.globals.push(global),
            Extern::Global(global) => self.reexported.push(global),
            _ => {}
        }
        Some(found)
    }

    fn func_type(&self, func: Func) -> FuncType {
        self.honest.func_type(func)
    }

    fn call(&mut self, func: Func, args: &[Value], results: &mut Vec<Value>) -> Result<(), Trap> {
        let now = self.calls;
        self.calls += 1;
        let outcome = self.honest.call(func, args, results);
        match self.lie {
            Lie::Trap { call, trap } if call == now => {
                results.clear();
                return Err(trap);
            }
            Lie::Return { call } if call == now => {
                outcome.expect_err("a trap is there to be lied about");
                *results = zeros(&self.honest.func_type(func));
                return Ok(());
            }
            Lie::Result { call, index, mask } if call == now => {
                results[index] = flip(results[index], mask);
            }
            _ => {}
        }
        outcome
    }

    fn global_get(&mut self, global: Global) -> Value {
        let value = self.honest.global_get(global);
        match self.lie {
            Lie::Global {
                call,
                global: at,
                mask,
            } if self.after(call) && self.globals[at] == global => flip(value, mask),
            Lie::Reexported {
                call,
                global: at,
                mask,
            } if self.after(call) && self.reexported[at] == global => flip(value, mask),
            _ => value,
        }
    }

    fn global_set(&mut self, global: Global, value: Value) -> Result<(), Refused> {
        self.honest.global_set(global, value)
    }

    fn memory_data(&self, memory: Memory) -> Cow<'_, [u8]> {
        let mut data = self.honest.memory_data(memory);
        match self.lie {
            Lie::Byte {
                call,
                memory: at,
                offset,
                mask,
            } if self.after(call) && self.memories[at] == memory => {
                data.to_mut()[offset] ^= mask;
            }
            Lie::MemorySize { call, memory: at }
                if self.after(call) && self.memories[at] == memory =>
            {
                let size = data.len() + 0x1_0000;
                data.to_mut().resize(size, 0);
            }
            _ => {}
        }
        data
    }

    fn memory_pages(&self, memory: Memory) -> u32 {
        self.honest.memory_pages(memory)
    }

    fn memory_grow(&mut self, memory: Memory, delta: u32) -> Result<u32, Refused> {
        self.honest.memory_grow(memory, delta)
    }

    fn memory_write(&mut self, memory: Memory, at: u32, bytes: &[u8]) -> Result<(), Refused> {
        self.honest.memory_write(memory, at, bytes)
    }

    fn table_size(&self, table: Table) -> u32 {
        let size = self.honest.table_size(table);
        match self.lie {
            Lie::TableSize { call, table: at } if self.after(call) && self.tables[at] == table => {
                size - 1
            }
            _ => size,
        }
    }

    fn table_get(&mut self, table: Table, index: u32) -> Result<Value, Refused> {
        let value = self.honest.table_get(table, index)?;
        match self.lie {
            Lie::Entry {
                call,
                table: at,
                index: lied,
            } if self.after(call) && self.tables[at] == table && lied == index => {
                Ok(flip(value, 0))
            }
            _ => Ok(value),
        }
    }

    fn table_set(&mut self, table: Table, index: u32, value: Value) -> Result<(), Refused> {
        self.honest.table_set(table, index, value)
    }

    fn table_grow(&mut self, table: Table, delta: u32, value: Value) -> Result<u32, Refused> {
        self.honest.table_grow(table, delta, value)
    }
}
