//! Adapter for wasmi, in either version: `super::wasmi` is the crate, `super::api` hides
//! what differs.
//!
//! Owns the translation between wasmi's handles and the suite's. All handles live in
//! the wasmi store's own data, so that a host function, which only gets a `Caller`,
//! can use the store like everybody else.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use foldhash::HashMap;
use microwasm::module::{GlobalType, MemoryType, TableType};
use microwasm::{FuncType, ValType};

use super::api::{self, Nullable};
use super::wasmi;
use wasmi::errors::{ErrorKind, HostError, TableError};
use wasmi::{AsContextMut, CompilationMode, TrapCode, Val};

use crate::engine::*;
use crate::value::Value;

/// wasmi in one configuration.
pub struct Wasmi {
    name: &'static str,
    config: wasmi::Config,
}

impl Wasmi {
    /// wasmi under this name, translating functions when they are first called
    /// ([`CompilationMode::LazyTranslation`]) or when the module is compiled.
    pub fn new(name: &'static str, mode: CompilationMode) -> Wasmi {
        Wasmi {
            name,
            config: config(mode),
        }
    }
}

/// Wasm 2.0 without SIMD, plus extended constants: what the engine under test accepts.
fn config(mode: CompilationMode) -> wasmi::Config {
    let mut config = wasmi::Config::default();
    config
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        .wasm_extended_const(true)
        // Deeper than anything that a run with bounded fuel reaches, so that other
        // engines are the ones to overflow.
        .set_max_recursion_depth(20_000)
        .set_max_stack_height(8 << 20)
        .compilation_mode(mode);
    config
}

impl Engine for Wasmi {
    fn name(&self) -> &str {
        self.name
    }

    /// Each store gets an engine of its own, because a wasmi engine keeps the code of
    /// every module that it ever compiled.
    fn store(&self, host: Rc<dyn Host>, limits: Limits) -> Box<dyn Store> {
        let mut config = self.config.clone();
        config.consume_fuel(limits.fuel.is_some());
        let engine = wasmi::Engine::new(&config);
        let limiter = wasmi::StoreLimitsBuilder::new()
            .memory_size(limits.memory_pages as usize * PAGE)
            .table_elements(limits.table_elements as usize)
            .build();
        let data = Data {
            host,
            limiter,
            modules: Vec::new(),
            instances: Vec::new(),
            funcs: Vec::new(),
            func_handles: HashMap::default(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
        };
        let mut store = wasmi::Store::new(&engine, data);
        store.limiter(|data| &mut data.limiter);
        if let Some(fuel) = limits.fuel {
            store
                .set_fuel(fuel)
                .expect("fuel metering was switched on above");
        }
        Box::new(Context(store))
    }
}

const PAGE: usize = 1 << 16;

/// What the wasmi store carries: the host, and a table for each kind of handle.
struct Data {
    host: Rc<dyn Host>,
    limiter: wasmi::StoreLimits,
    modules: Vec<wasmi::Module>,
    instances: Vec<wasmi::Instance>,
    funcs: Vec<wasmi::Func>,
    /// By [`api::func_key`].
    func_handles: HashMap<u64, Func>,
    memories: Vec<wasmi::Memory>,
    tables: Vec<wasmi::Table>,
    globals: Vec<wasmi::Global>,
}

/// A wasmi store, or a host function's view of one.
struct Context<C>(C);

/// What the two have in common, besides being a wasmi context.
trait HasData: AsContextMut<Data = Data> {
    fn data(&self) -> &Data;
    fn data_mut(&mut self) -> &mut Data;
}

impl HasData for wasmi::Store<Data> {
    fn data(&self) -> &Data {
        self.data()
    }

    fn data_mut(&mut self) -> &mut Data {
        self.data_mut()
    }
}

impl HasData for wasmi::Caller<'_, Data> {
    fn data(&self) -> &Data {
        self.data()
    }

    fn data_mut(&mut self) -> &mut Data {
        self.data_mut()
    }
}

/// Carries a trap out of a host function.
#[derive(Debug)]
struct Escaped(Trap);

impl fmt::Display for Escaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl HostError for Escaped {}

impl<C: HasData> Context<C> {
    fn data(&self) -> &Data {
        self.0.data()
    }

    fn with_data<R>(&mut self, f: impl FnOnce(&mut Data) -> R) -> R {
        f(self.0.data_mut())
    }

    fn func(&self, func: Func) -> wasmi::Func {
        self.data().funcs[func.0 as usize]
    }

    fn memory(&self, memory: Memory) -> wasmi::Memory {
        self.data().memories[memory.0 as usize]
    }

    fn table(&self, table: Table) -> wasmi::Table {
        self.data().tables[table.0 as usize]
    }

    fn global(&self, global: Global) -> wasmi::Global {
        self.data().globals[global.0 as usize]
    }

    /// The handle of a function: the same one for the same function.
    fn intern(&mut self, func: wasmi::Func) -> Func {
        let key = api::func_key(func);
        self.with_data(|data| {
            *data.func_handles.entry(key).or_insert_with(|| {
                data.funcs.push(func);
                Func(data.funcs.len() as u32 - 1)
            })
        })
    }

    fn value(&mut self, val: &Val) -> Value {
        match val {
            Val::I32(v) => Value::I32(*v as u32),
            Val::I64(v) => Value::I64(*v as u64),
            Val::F32(v) => Value::F32(v.to_bits()),
            Val::F64(v) => Value::F64(v.to_bits()),
            Val::FuncRef(Nullable::Null) => Value::FuncRef(None),
            Val::FuncRef(Nullable::Val(func)) => Value::FuncRef(Some(self.intern(*func))),
            Val::ExternRef(Nullable::Null) => Value::ExternRef(None),
            Val::ExternRef(Nullable::Val(r)) => {
                let number = r.data(self.0.as_context()).downcast_ref::<u32>().copied();
                Value::ExternRef(Some(
                    number.expect("every externref here was made from a u32"),
                ))
            }
            Val::V128(_) => unreachable!("SIMD is switched off"),
        }
    }

    fn val(&mut self, value: Value) -> Val {
        match value {
            Value::I32(v) => Val::I32(v as i32),
            Value::I64(v) => Val::I64(v as i64),
            Value::F32(v) => Val::F32(wasmi::F32::from_bits(v)),
            Value::F64(v) => Val::F64(wasmi::F64::from_bits(v)),
            Value::FuncRef(None) => Val::FuncRef(Nullable::Null),
            Value::FuncRef(Some(func)) => Val::FuncRef(Nullable::Val(self.func(func))),
            Value::ExternRef(None) => Val::ExternRef(Nullable::Null),
            Value::ExternRef(Some(number)) => {
                Val::ExternRef(Nullable::Val(wasmi::ExternRef::new(&mut self.0, number)))
            }
        }
    }

    /// Imports in the order that wasmi wants: grouped by kind, and within a kind in the
    /// order of the module.
    fn in_wasmi_order(&self, module: &wasmi::Module, imports: &[Extern]) -> Vec<wasmi::Extern> {
        let kind = |ty: &wasmi::ExternType| match ty {
            wasmi::ExternType::Func(_) => 0,
            wasmi::ExternType::Memory(_) => 1,
            wasmi::ExternType::Table(_) => 2,
            wasmi::ExternType::Global(_) => 3,
        };
        let mut by_kind: [VecDeque<wasmi::Extern>; 4] = Default::default();
        for import in imports {
            match *import {
                Extern::Func(func) => by_kind[0].push_back(self.func(func).into()),
                Extern::Memory(memory) => by_kind[1].push_back(self.memory(memory).into()),
                Extern::Table(table) => by_kind[2].push_back(self.table(table).into()),
                Extern::Global(global) => by_kind[3].push_back(self.global(global).into()),
            }
        }
        let wanted: Vec<usize> = module.imports().map(|import| kind(import.ty())).collect();
        let mut ordered: Vec<wasmi::Extern> = wanted
            .iter()
            .filter_map(|kind| by_kind[*kind].pop_front())
            .collect();
        // Imports of a kind that the module does not want make wasmi report a mismatch.
        ordered.extend(by_kind.into_iter().flatten());
        ordered
    }

    fn external(&mut self, item: wasmi::Extern) -> Extern {
        fn push<T>(list: &mut Vec<T>, item: T) -> u32 {
            list.push(item);
            list.len() as u32 - 1
        }
        match item {
            wasmi::Extern::Func(func) => Extern::Func(self.intern(func)),
            wasmi::Extern::Memory(m) => {
                Extern::Memory(Memory(self.with_data(|d| push(&mut d.memories, m))))
            }
            wasmi::Extern::Table(t) => {
                Extern::Table(Table(self.with_data(|d| push(&mut d.tables, t))))
            }
            wasmi::Extern::Global(g) => {
                Extern::Global(Global(self.with_data(|d| push(&mut d.globals, g))))
            }
        }
    }
}

/// Runs the store's host in place of the host function with this number.
fn call_host(
    caller: wasmi::Caller<'_, Data>,
    number: HostFunc,
    params: &[Val],
    out: &mut [Val],
) -> Result<(), wasmi::Error> {
    let host = caller.data().host.clone();
    let mut context = Context(caller);
    let args: Vec<Value> = params.iter().map(|param| context.value(param)).collect();
    let mut results = Vec::with_capacity(out.len());
    host.call(&mut context, number, &args, &mut results)
        .map_err(|trap| wasmi::Error::host(Escaped(trap)))?;
    assert_eq!(results.len(), out.len(), "the host fills in every result");
    for (out, result) in out.iter_mut().zip(results) {
        *out = context.val(result);
    }
    Ok(())
}

impl<C: HasData> Store for Context<C> {
    fn compile(&mut self, wasm: &[u8]) -> Result<Module, Refusal> {
        let engine = self.0.as_context().engine().clone();
        let module = wasmi::Module::new(&engine, wasm).map_err(|error| api::refusal(&error))?;
        Ok(self.with_data(|data| {
            data.modules.push(module);
            Module(data.modules.len() as u32 - 1)
        }))
    }

    fn new_func(&mut self, host: HostFunc, ty: &FuncType) -> Func {
        let types = |types: &[ValType]| types.iter().map(|ty| val_type(*ty)).collect::<Vec<_>>();
        let ty = wasmi::FuncType::new(types(&ty.params), types(&ty.results));
        let func = wasmi::Func::new(&mut self.0, ty, move |caller, params, results| {
            call_host(caller, host, params, results)
        });
        self.intern(func)
    }

    fn new_memory(&mut self, ty: MemoryType) -> Result<Memory, Refused> {
        let ty = wasmi::MemoryType::new(ty.limits.min, ty.limits.max);
        let memory = wasmi::Memory::new(&mut self.0, ty).map_err(|_| Refused)?;
        match self.external(memory.into()) {
            Extern::Memory(memory) => Ok(memory),
            _ => unreachable!("a memory was passed in"),
        }
    }

    fn new_table(&mut self, ty: TableType) -> Result<Table, Refused> {
        let null = self.val(Value::zero(ty.element).ok_or(Refused)?);
        let (null, element) = api::table_item(null).ok_or(Refused)?;
        let ty = wasmi::TableType::new(element, ty.limits.min, ty.limits.max);
        let table = wasmi::Table::new(&mut self.0, ty, null).map_err(|_| Refused)?;
        match self.external(table.into()) {
            Extern::Table(table) => Ok(table),
            _ => unreachable!("a table was passed in"),
        }
    }

    fn new_global(&mut self, ty: GlobalType, value: Value) -> Result<Global, Refused> {
        if value.ty() != ty.ty {
            return Err(Refused);
        }
        let value = self.val(value);
        let mutability = if ty.mutable {
            wasmi::Mutability::Var
        } else {
            wasmi::Mutability::Const
        };
        let global = wasmi::Global::new(&mut self.0, value, mutability);
        match self.external(global.into()) {
            Extern::Global(global) => Ok(global),
            _ => unreachable!("a global was passed in"),
        }
    }

    fn instantiate(
        &mut self,
        module: Module,
        imports: &[Extern],
    ) -> Result<Instance, InstantiateError> {
        let module = self.data().modules[module.0 as usize].clone();
        let imports = self.in_wasmi_order(&module, imports);
        let instance = wasmi::Instance::new(&mut self.0, &module, &imports)
            .map_err(|error| api::instantiate_error(&error))?;
        Ok(self.with_data(|data| {
            data.instances.push(instance);
            Instance(data.instances.len() as u32 - 1)
        }))
    }

    fn export(&mut self, instance: Instance, name: &str) -> Option<Extern> {
        let instance = self.data().instances[instance.0 as usize];
        let item = instance.get_export(&self.0, name)?;
        Some(self.external(item))
    }

    fn func_type(&self, func: Func) -> FuncType {
        let ty = self.func(func).ty(&self.0);
        let types = |types: &[wasmi::ValType]| types.iter().map(|ty| from_val_type(*ty)).collect();
        FuncType {
            params: types(ty.params()),
            results: types(ty.results()),
        }
    }

    fn call(&mut self, func: Func, args: &[Value], results: &mut Vec<Value>) -> Result<(), Trap> {
        results.clear();
        let func = self.func(func);
        let args: Vec<Val> = args.iter().map(|arg| self.val(*arg)).collect();
        let mut out: Vec<Val> = func
            .ty(&self.0)
            .results()
            .iter()
            .map(|ty| api::zero(*ty))
            .collect();
        func.call(&mut self.0, &args, &mut out)
            .map_err(|error| trap(&error))?;
        results.extend(out.iter().map(|val| self.value(val)));
        Ok(())
    }

    fn global_get(&mut self, global: Global) -> Value {
        let value = self.global(global).get(&self.0);
        self.value(&value)
    }

    fn global_set(&mut self, global: Global, value: Value) -> Result<(), Refused> {
        let value = self.val(value);
        self.global(global)
            .set(&mut self.0, value)
            .map_err(|_| Refused)
    }

    fn memory_data(&self, memory: Memory) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.memory(memory).data(self.0.as_context()))
    }

    fn memory_pages(&self, memory: Memory) -> u32 {
        self.memory(memory).size(&self.0) as u32
    }

    fn memory_grow(&mut self, memory: Memory, delta: u32) -> Result<u32, Refused> {
        let previous = self.memory(memory).grow(&mut self.0, delta.into());
        previous.map(|pages| pages as u32).map_err(|_| Refused)
    }

    fn memory_write(&mut self, memory: Memory, at: u32, bytes: &[u8]) -> Result<(), Refused> {
        self.memory(memory)
            .write(&mut self.0, at as usize, bytes)
            .map_err(|_| Refused)
    }

    fn table_size(&self, table: Table) -> u32 {
        self.table(table).size(&self.0) as u32
    }

    fn table_get(&mut self, table: Table, index: u32) -> Result<Value, Refused> {
        let item = self
            .table(table)
            .get(&self.0, index.into())
            .ok_or(Refused)?;
        Ok(self.value(&api::from_table_item(item)))
    }

    fn table_set(&mut self, table: Table, index: u32, value: Value) -> Result<(), Refused> {
        let (value, _) = api::table_item(self.val(value)).ok_or(Refused)?;
        self.table(table)
            .set(&mut self.0, index.into(), value)
            .map_err(|_| Refused)
    }

    fn table_grow(&mut self, table: Table, delta: u32, value: Value) -> Result<u32, Refused> {
        let (value, _) = api::table_item(self.val(value)).ok_or(Refused)?;
        let previous = self.table(table).grow(&mut self.0, delta.into(), value);
        previous.map(|size| size as u32).map_err(|_| Refused)
    }
}

fn val_type(ty: ValType) -> wasmi::ValType {
    match ty {
        ValType::I32 => wasmi::ValType::I32,
        ValType::I64 => wasmi::ValType::I64,
        ValType::F32 => wasmi::ValType::F32,
        ValType::F64 => wasmi::ValType::F64,
        ValType::V128 => wasmi::ValType::V128,
        ValType::FuncRef => wasmi::ValType::FuncRef,
        ValType::ExternRef => wasmi::ValType::ExternRef,
    }
}

fn from_val_type(ty: wasmi::ValType) -> ValType {
    match ty {
        wasmi::ValType::I32 => ValType::I32,
        wasmi::ValType::I64 => ValType::I64,
        wasmi::ValType::F32 => ValType::F32,
        wasmi::ValType::F64 => ValType::F64,
        wasmi::ValType::V128 => ValType::V128,
        wasmi::ValType::FuncRef => ValType::FuncRef,
        wasmi::ValType::ExternRef => ValType::ExternRef,
    }
}

pub(super) fn trap(error: &wasmi::Error) -> Trap {
    if let Some(Escaped(trap)) = error.downcast_ref::<Escaped>() {
        return *trap;
    }
    match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => Trap::Unreachable,
        Some(TrapCode::MemoryOutOfBounds) => Trap::MemoryOutOfBounds,
        Some(TrapCode::TableOutOfBounds) => Trap::TableOutOfBounds,
        Some(TrapCode::IndirectCallToNull) => Trap::IndirectCallToNull,
        Some(TrapCode::IntegerDivisionByZero) => Trap::DivisionByZero,
        Some(TrapCode::IntegerOverflow) => Trap::IntegerOverflow,
        Some(TrapCode::BadConversionToInteger) => Trap::BadConversion,
        Some(TrapCode::StackOverflow) => Trap::StackOverflow,
        Some(TrapCode::BadSignature) => Trap::BadSignature,
        Some(TrapCode::OutOfFuel) => Trap::OutOfFuel,
        // Growth refused by a limiter, or no memory left: the versions differ in names.
        Some(_) => Trap::ResourceLimit,
        None => match error.kind() {
            // What version 1 says of `table.copy`.
            ErrorKind::Table(TableError::CopyOutOfBounds) => Trap::TableOutOfBounds,
            _ => Trap::Unknown,
        },
    }
}
