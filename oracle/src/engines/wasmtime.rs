//! Adapter for Wasmtime with Cranelift, its optimizing compiler, as it comes: a third opinion on a
//! difference, and what other suites take for a reference.
//!
//! Owns the translation between Wasmtime's handles and the suite's. All handles live in the
//! store's own data, as in the adapter for wasmi. Wasmtime shows the identity of a function as
//! the address of a reference to it, of which an instance has one of its own for each function
//! that it imports: so imports are known again by the names that the suite exports them under.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

use foldhash::HashMap;
use microwasm::module::{GlobalType, MemoryType, TableType};
use microwasm::{FuncType, ValType};
use wasmtime::{AsContextMut, ExternRef, Ref, RefType, ResourceLimiter, Val, WasmFeatures};

use crate::engine::*;
use crate::prepare::ItemKind;
use crate::value::Value;

/// Wasmtime under one name. It is only started when it is first used, and shared by all stores.
pub struct Wasmtime {
    name: &'static str,
    plain: OnceCell<wasmtime::Engine>,
    fueled: OnceCell<wasmtime::Engine>,
}

impl Wasmtime {
    /// Wasmtime with Cranelift.
    pub fn cranelift(name: &'static str) -> Wasmtime {
        Wasmtime {
            name,
            plain: OnceCell::new(),
            fueled: OnceCell::new(),
        }
    }

    fn engine(&self, fuel: bool) -> &wasmtime::Engine {
        let cell = if fuel { &self.fueled } else { &self.plain };
        cell.get_or_init(|| {
            wasmtime::Engine::new(&config(fuel)).expect("the machine is one that is supported")
        })
    }
}

/// Wasm 2.0 without SIMD, plus extended constants: what the engine under test accepts.
fn config(fuel: bool) -> wasmtime::Config {
    let features = WasmFeatures::WASM2
        .difference(WasmFeatures::SIMD)
        .union(WasmFeatures::EXTENDED_CONST);
    let mut config = wasmtime::Config::new();
    config
        .strategy(wasmtime::Strategy::Cranelift)
        .wasm_features(WasmFeatures::all().difference(features), false)
        .wasm_features(features, true)
        // Nobody reads them.
        .wasm_backtrace_max_frames(None)
        .consume_fuel(fuel);
    config
}

impl Engine for Wasmtime {
    fn name(&self) -> &str {
        self.name
    }

    fn store(&self, host: Rc<dyn Host>, limits: Limits) -> Box<dyn Store> {
        let data = Data {
            host,
            limiter: Limiter(limits),
            starting: None,
            modules: Vec::new(),
            instances: Vec::new(),
            funcs: Vec::new(),
            func_handles: HashMap::default(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
        };
        let mut store = wasmtime::Store::new(self.engine(limits.fuel.is_some()), data);
        store.limiter(|data| &mut data.limiter);
        if let Some(fuel) = limits.fuel {
            store
                .set_fuel(fuel)
                .expect("fuel is counted under these settings");
        }
        Box::new(Context(store))
    }
}

const PAGE: usize = 1 << 16;

/// What the store carries: the host, and a table for each kind of handle.
struct Data {
    host: Rc<dyn Host>,
    limiter: Limiter,
    /// What the first instance imports, while it is being started.
    starting: Option<Vec<Func>>,
    modules: Vec<wasmtime::Module>,
    instances: Vec<wasmtime::Instance>,
    funcs: Vec<wasmtime::Func>,
    /// By the address of a reference to the function; it is never read there.
    func_handles: HashMap<usize, Func>,
    memories: Vec<wasmtime::Memory>,
    tables: Vec<wasmtime::Table>,
    globals: Vec<wasmtime::Global>,
}

struct Limiter(Limits);

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.0.memory_pages as usize * PAGE)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.0.table_elements as usize)
    }
}

/// A store, or a host function's view of one.
struct Context<C>(C);

fn push<T>(list: &mut Vec<T>, item: T) -> u32 {
    list.push(item);
    list.len() as u32 - 1
}

impl<C: AsContextMut<Data = Data>> Context<C> {
    fn data(&self) -> &Data {
        self.0.as_context().data()
    }

    fn with_data<R>(&mut self, f: impl FnOnce(&mut Data) -> R) -> R {
        f(self.0.as_context_mut().data_mut())
    }

    fn func(&self, func: Func) -> wasmtime::Func {
        self.data().funcs[func.0 as usize]
    }

    fn memory(&self, memory: Memory) -> wasmtime::Memory {
        self.data().memories[memory.0 as usize]
    }

    fn table(&self, table: Table) -> wasmtime::Table {
        self.data().tables[table.0 as usize]
    }

    fn global(&self, global: Global) -> wasmtime::Global {
        self.data().globals[global.0 as usize]
    }

    /// The handle of a function: the same one for the same function.
    fn intern(&mut self, func: wasmtime::Func) -> Func {
        let key = func.to_raw(&mut self.0).addr();
        self.with_data(|data| {
            *data
                .func_handles
                .entry(key)
                .or_insert_with(|| Func(push(&mut data.funcs, func)))
        })
    }

    /// Has the functions that an instance exports as its imports known as `imports`.
    fn know_imports(
        &mut self,
        imports: &[Func],
        export: impl Fn(&mut C, &str) -> Option<wasmtime::Extern>,
    ) {
        for (index, import) in imports.iter().enumerate() {
            let name = ItemKind::Func.reserved_name(index as u32);
            if let Some(wasmtime::Extern::Func(func)) = export(&mut self.0, &name) {
                let key = func.to_raw(&mut self.0).addr();
                self.with_data(|data| data.func_handles.insert(key, *import));
            }
        }
    }

    fn value(&mut self, val: &Val) -> Value {
        match val {
            Val::I32(v) => Value::I32(*v as u32),
            Val::I64(v) => Value::I64(*v as u64),
            Val::F32(bits) => Value::F32(*bits),
            Val::F64(bits) => Value::F64(*bits),
            Val::FuncRef(func) => Value::FuncRef(func.map(|func| self.intern(func))),
            Val::ExternRef(object) => Value::ExternRef(object.map(|object| {
                let data = object.data(self.0.as_context());
                let number = data.ok().flatten().and_then(|data| data.downcast_ref());
                *number.expect("every externref here was made from a u32")
            })),
            Val::V128(_) | Val::AnyRef(_) | Val::ExnRef(_) | Val::ContRef(_) => {
                unreachable!("the features that have them are switched off")
            }
        }
    }

    /// Objects take room in a heap of the store's, which can be full.
    fn val(&mut self, value: Value) -> Result<Val, Refused> {
        Ok(match value {
            Value::I32(v) => Val::I32(v as i32),
            Value::I64(v) => Val::I64(v as i64),
            Value::F32(bits) => Val::F32(bits),
            Value::F64(bits) => Val::F64(bits),
            Value::FuncRef(func) => Val::FuncRef(func.map(|func| self.func(func))),
            Value::ExternRef(None) => Val::ExternRef(None),
            Value::ExternRef(Some(number)) => {
                let object = ExternRef::new(&mut self.0, number).map_err(|_| Refused)?;
                Val::ExternRef(Some(object))
            }
        })
    }

    /// A value as an element of a table.
    fn item(&mut self, value: Value) -> Result<Ref, Refused> {
        self.val(value)?.ref_().ok_or(Refused)
    }
}

/// Runs the store's host in place of the host function with this number.
fn call_host(
    caller: wasmtime::Caller<'_, Data>,
    number: HostFunc,
    params: &[Val],
    out: &mut [Val],
) -> Result<(), wasmtime::Error> {
    let host = caller.data().host.clone();
    let mut context = Context(caller);
    if let Some(imports) = context.with_data(|data| data.starting.take()) {
        context.know_imports(&imports, wasmtime::Caller::get_export);
    }
    let args: Vec<Value> = params.iter().map(|param| context.value(param)).collect();
    let mut results = Vec::with_capacity(out.len());
    host.call(&mut context, number, &args, &mut results)?;
    assert_eq!(results.len(), out.len(), "the host fills in every result");
    for (out, result) in out.iter_mut().zip(results) {
        *out = context.val(result).map_err(|Refused| Trap::ResourceLimit)?;
    }
    Ok(())
}

impl<C: AsContextMut<Data = Data>> Store for Context<C> {
    fn compile(&mut self, wasm: &[u8]) -> Result<Module, Refusal> {
        let engine = self.0.as_context().engine().clone();
        let module = wasmtime::Module::from_binary(&engine, wasm)
            .map_err(|error| refusal(&engine, wasm, &error))?;
        Ok(Module(
            self.with_data(|data| push(&mut data.modules, module)),
        ))
    }

    fn new_func(&mut self, host: HostFunc, ty: &FuncType) -> Func {
        let types = |types: &[ValType]| types.iter().map(|ty| val_type(*ty)).collect::<Vec<_>>();
        let engine = self.0.as_context().engine().clone();
        let ty = wasmtime::FuncType::new(&engine, types(&ty.params), types(&ty.results));
        let func = wasmtime::Func::new(&mut self.0, ty, move |caller, params, results| {
            call_host(caller, host, params, results)
        });
        self.intern(func)
    }

    fn new_memory(&mut self, ty: MemoryType) -> Result<Memory, Refused> {
        let ty = wasmtime::MemoryType::new(ty.limits.min, ty.limits.max);
        let memory = wasmtime::Memory::new(&mut self.0, ty).map_err(|_| Refused)?;
        Ok(Memory(
            self.with_data(|data| push(&mut data.memories, memory)),
        ))
    }

    fn new_table(&mut self, ty: TableType) -> Result<Table, Refused> {
        let null = self.item(Value::zero(ty.element).ok_or(Refused)?)?;
        let element = match ty.element {
            ValType::ExternRef => RefType::EXTERNREF,
            _ => RefType::FUNCREF,
        };
        let ty = wasmtime::TableType::new(element, ty.limits.min, ty.limits.max);
        let table = wasmtime::Table::new(&mut self.0, ty, null).map_err(|_| Refused)?;
        Ok(Table(self.with_data(|data| push(&mut data.tables, table))))
    }

    fn new_global(&mut self, ty: GlobalType, value: Value) -> Result<Global, Refused> {
        let value = self.val(value)?;
        let mutability = if ty.mutable {
            wasmtime::Mutability::Var
        } else {
            wasmtime::Mutability::Const
        };
        let ty = wasmtime::GlobalType::new(val_type(ty.ty), mutability);
        let global = wasmtime::Global::new(&mut self.0, ty, value).map_err(|_| Refused)?;
        Ok(Global(
            self.with_data(|data| push(&mut data.globals, global)),
        ))
    }

    fn instantiate(
        &mut self,
        module: Module,
        imports: &[Extern],
    ) -> Result<Instance, InstantiateError> {
        let module = self.data().modules[module.0 as usize].clone();
        let funcs = imports.iter().filter_map(|import| match import {
            Extern::Func(func) => Some(*func),
            _ => None,
        });
        let funcs: Vec<Func> = funcs.collect();
        let imports: Vec<wasmtime::Extern> = imports
            .iter()
            .map(|import| match *import {
                Extern::Func(func) => self.func(func).into(),
                Extern::Memory(memory) => self.memory(memory).into(),
                Extern::Table(table) => self.table(table).into(),
                Extern::Global(global) => self.global(global).into(),
            })
            .collect();
        // With other instances around, whoever calls the host need not be the one that starts.
        let first = self.data().instances.is_empty();
        let starting = first.then(|| funcs.clone());
        self.with_data(|data| data.starting = starting);
        let instance = wasmtime::Instance::new(&mut self.0, &module, &imports);
        self.with_data(|data| data.starting = None);
        let instance = instance.map_err(|error| instantiate_error(&error))?;
        self.know_imports(&funcs, |store, name| instance.get_export(store, name));
        Ok(Instance(
            self.with_data(|data| push(&mut data.instances, instance)),
        ))
    }

    fn export(&mut self, instance: Instance, name: &str) -> Option<Extern> {
        let instance = self.data().instances[instance.0 as usize];
        let item = instance.get_export(&mut self.0, name)?;
        if let wasmtime::Extern::Func(func) = item {
            return Some(Extern::Func(self.intern(func)));
        }
        self.with_data(|data| {
            Some(match item {
                wasmtime::Extern::Memory(m) => Extern::Memory(Memory(push(&mut data.memories, m))),
                wasmtime::Extern::Table(t) => Extern::Table(Table(push(&mut data.tables, t))),
                wasmtime::Extern::Global(g) => Extern::Global(Global(push(&mut data.globals, g))),
                _ => return None,
            })
        })
    }

    fn func_type(&self, func: Func) -> FuncType {
        let ty = self.func(func).ty(&self.0);
        FuncType {
            params: ty.params().map(|ty| from_val_type(&ty)).collect(),
            results: ty.results().map(|ty| from_val_type(&ty)).collect(),
        }
    }

    fn call(&mut self, func: Func, args: &[Value], results: &mut Vec<Value>) -> Result<(), Trap> {
        results.clear();
        let func = self.func(func);
        let args: Result<Vec<Val>, Refused> = args.iter().map(|arg| self.val(*arg)).collect();
        let args = args.map_err(|Refused| Trap::ResourceLimit)?;
        let mut out = vec![Val::I32(0); func.ty(&self.0).results().len()];
        func.call(&mut self.0, &args, &mut out)
            .map_err(|error| trap(&error))?;
        results.extend(out.iter().map(|val| self.value(val)));
        Ok(())
    }

    fn global_get(&mut self, global: Global) -> Value {
        let value = self.global(global).get(&mut self.0);
        self.value(&value)
    }

    fn global_set(&mut self, global: Global, value: Value) -> Result<(), Refused> {
        let value = self.val(value)?;
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
        let item = self.table(table).get(&mut self.0, index.into());
        Ok(self.value(&item.ok_or(Refused)?.into()))
    }

    fn table_set(&mut self, table: Table, index: u32, value: Value) -> Result<(), Refused> {
        let item = self.item(value)?;
        self.table(table)
            .set(&mut self.0, index.into(), item)
            .map_err(|_| Refused)
    }

    fn table_grow(&mut self, table: Table, delta: u32, value: Value) -> Result<u32, Refused> {
        let item = self.item(value)?;
        let previous = self.table(table).grow(&mut self.0, delta.into(), item);
        previous.map(|size| size as u32).map_err(|_| Refused)
    }
}

fn val_type(ty: ValType) -> wasmtime::ValType {
    match ty {
        ValType::I32 => wasmtime::ValType::I32,
        ValType::I64 => wasmtime::ValType::I64,
        ValType::F32 => wasmtime::ValType::F32,
        ValType::F64 => wasmtime::ValType::F64,
        ValType::V128 => wasmtime::ValType::V128,
        ValType::FuncRef => wasmtime::ValType::FUNCREF,
        ValType::ExternRef => wasmtime::ValType::EXTERNREF,
    }
}

fn from_val_type(ty: &wasmtime::ValType) -> ValType {
    match ty {
        wasmtime::ValType::I32 => ValType::I32,
        wasmtime::ValType::I64 => ValType::I64,
        wasmtime::ValType::F32 => ValType::F32,
        wasmtime::ValType::F64 => ValType::F64,
        wasmtime::ValType::V128 => ValType::V128,
        wasmtime::ValType::Ref(ty) if RefType::eq(ty, &RefType::EXTERNREF) => ValType::ExternRef,
        // The features that are switched on have no others.
        wasmtime::ValType::Ref(_) => ValType::FuncRef,
    }
}

/// The trap that an error of a call stands for.
fn trap(error: &wasmtime::Error) -> Trap {
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return *trap;
    }
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::UnreachableCodeReached) => Trap::Unreachable,
        Some(wasmtime::Trap::MemoryOutOfBounds) => Trap::MemoryOutOfBounds,
        Some(wasmtime::Trap::TableOutOfBounds) => Trap::TableOutOfBounds,
        Some(wasmtime::Trap::IndirectCallToNull) => Trap::IndirectCallToNull,
        Some(wasmtime::Trap::BadSignature) => Trap::BadSignature,
        Some(wasmtime::Trap::IntegerDivisionByZero) => Trap::DivisionByZero,
        Some(wasmtime::Trap::IntegerOverflow) => Trap::IntegerOverflow,
        Some(wasmtime::Trap::BadConversionToInteger) => Trap::BadConversion,
        Some(wasmtime::Trap::StackOverflow) => Trap::StackOverflow,
        Some(wasmtime::Trap::OutOfFuel) => Trap::OutOfFuel,
        Some(wasmtime::Trap::AllocationTooLarge) => Trap::ResourceLimit,
        Some(_) | None => Trap::Unknown,
    }
}

/// Why a module was not compiled. The error itself does not tell what is invalid from what is
/// too large.
fn refusal(engine: &wasmtime::Engine, wasm: &[u8], error: &wasmtime::Error) -> Refusal {
    Refusal {
        kind: match wasmtime::Module::validate(engine, wasm) {
            Err(_) => RefusalKind::Invalid,
            Ok(()) => RefusalKind::Limit,
        },
        message: format!("{error:#}").into(),
        offset: None,
    }
}

/// Why a module was not instantiated. What is no trap is only told apart by its words.
fn instantiate_error(error: &wasmtime::Error) -> InstantiateError {
    if error.is::<Trap>() || error.is::<wasmtime::Trap>() {
        return InstantiateError::Trap(trap(error));
    }
    let message = error.to_string();
    let link = message.starts_with("incompatible import type")
        || message.starts_with("expected ") && message.contains(" imports, found ");
    let message = format!("{error:#}").into();
    if link {
        InstantiateError::Link(message)
    } else {
        InstantiateError::Limit(message)
    }
}
