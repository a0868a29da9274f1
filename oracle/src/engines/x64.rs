//! Adapter for the engine of this project, in any configuration.

mod typed;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

use foldhash::HashMap;
use microwasm::input::{Form, InputError};
use microwasm::module::{GlobalType, MemoryType, TableType};
use microwasm::text::{self, Offsets};
use microwasm::{FuncType, binary};
use microwasm_codegen::link::{HostCall, LinkError};
use microwasm_codegen::{Backend, CpuFeatures, MemoryBounds, TrapCode};
use microwasm_runtime::{
    AsContextMut, Caller, CompileError, Config, Error, ExternRef, ResourceLimiter, Val,
};

use super::layout::{Arrangement, Order};
use super::microwasm::Microwasm;
use crate::engine::*;
use crate::value::Value;

/// Settings under which the engine is put to the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Guard pages, all features of the CPU.
    Guard,
    /// Explicit bounds checks.
    Explicit,
    /// Guard pages, no CPU features beyond the baseline.
    Baseline,
    /// Explicit bounds checks, fuel and epochs counted (but never running out), baseline.
    Metered,
    /// Bytecode, in the interpreter.
    Bytecode,
    /// Registers, places and features chosen at random, by the seed of the case; so are the way
    /// to check bounds and, seldom, the layout of the code.
    Perturbed,
}

/// The engine in one configuration.
pub struct X64 {
    name: &'static str,
    config: Config,
    variant: Variant,
    arrangement: Option<Arrangement>,
    form: Option<Form>,
    plain: OnceCell<microwasm_runtime::Engine>,
    fueled: OnceCell<microwasm_runtime::Engine>,
}

impl X64 {
    /// The engine under these settings. It is only started when it is first used.
    pub fn new(name: &'static str, variant: Variant) -> X64 {
        let mut config = Config::new();
        // A finding is one in another process, too.
        config.fill_stack(true);
        if matches!(variant, Variant::Explicit | Variant::Metered) {
            config.memory_bounds(MemoryBounds::Explicit);
        }
        if matches!(variant, Variant::Baseline | Variant::Metered) {
            config.cpu_features(CpuFeatures::BASELINE);
        }
        if variant == Variant::Bytecode {
            config.backend(Backend::Bytecode);
        }
        if variant == Variant::Perturbed {
            // For those who have no seed.
            config.perturb(Some(1));
        }
        if variant == Variant::Metered {
            config.fuel(true).epoch_interruption(true);
        }
        X64 {
            name,
            config,
            variant,
            arrangement: None,
            form: None,
            plain: OnceCell::new(),
            fueled: OnceCell::new(),
        }
    }

    /// Has every module linked in this layout before it is instantiated.
    pub fn in_layout(mut self, arrangement: Arrangement) -> X64 {
        self.arrangement = Some(arrangement);
        self
    }

    /// Has every module that is valid turned into this form of Microwasm before it is compiled.
    pub fn through(mut self, form: Form) -> X64 {
        self.form = Some(form);
        self
    }

    /// The engine itself, with or without fuel being counted.
    pub fn engine(&self, fuel: bool) -> &microwasm_runtime::Engine {
        let cell = if fuel { &self.fueled } else { &self.plain };
        cell.get_or_init(|| start(&self.config, fuel))
    }

    /// The engine that runs cases with this seed.
    pub fn seeded_engine(&self, seed: u64, fuel: bool) -> microwasm_runtime::Engine {
        if self.variant != Variant::Perturbed {
            return self.engine(fuel).clone();
        }
        let mut config = self.config.clone();
        config.perturb(Some(seed));
        if seed.is_multiple_of(2) {
            config.memory_bounds(MemoryBounds::Explicit);
        }
        start(&config, fuel)
    }

    fn store_of(
        &self,
        engine: &microwasm_runtime::Engine,
        arrangement: Option<Arrangement>,
        seed: u64,
        host: Rc<dyn Host>,
        limits: Limits,
    ) -> Box<dyn Store> {
        let data = Data {
            host,
            seed,
            limiter: Limiter(limits),
            arrangement,
            form: self.form,
            modules: Vec::new(),
            instances: Vec::new(),
            funcs: Vec::new(),
            func_handles: HashMap::default(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
        };
        let mut store = microwasm_runtime::Store::new(engine, data);
        store.limiter(|data| &mut data.limiter);
        let metered = self.variant == Variant::Metered;
        if metered || limits.fuel.is_some() {
            let fuel = limits.fuel.unwrap_or(u64::MAX / 2);
            store
                .set_fuel(fuel)
                .expect("fuel is counted under these settings");
        }
        if metered {
            store.set_epoch_deadline(1);
        }
        Box::new(Context(store))
    }
}

fn start(config: &Config, fuel: bool) -> microwasm_runtime::Engine {
    let mut config = config.clone();
    if fuel {
        config.fuel(true);
    }
    microwasm_runtime::Engine::new(&config).expect("the machine is one that is supported")
}

impl Engine for X64 {
    fn name(&self) -> &str {
        self.name
    }

    fn sibling(&self) -> Option<Box<dyn Engine>> {
        Some(Box::new(match self.variant {
            Variant::Bytecode => X64::new("x64-explicit", Variant::Explicit),
            _ => X64::new("bytecode", Variant::Bytecode),
        }))
    }

    fn definition(&self) -> Option<Box<dyn Engine>> {
        Some(Box::new(Microwasm::new("microwasm")))
    }

    fn relinked(&self) -> Vec<Box<dyn Engine>> {
        // Bytecode knows no other ways than tables.
        let hosts: &[HostCall] = match self.variant {
            Variant::Bytecode => &[HostCall::Table],
            _ => &[HostCall::Direct, HostCall::Table],
        };
        let relinked = |host: &HostCall| {
            // Another order and other distances.
            let arrangement = Arrangement {
                order: Order::Reversed,
                padding: 4000,
                host: *host,
                ..Arrangement::PLAIN
            };
            Box::new(X64::new(self.name, self.variant).in_layout(arrangement)) as Box<dyn Engine>
        };
        hosts.iter().map(relinked).collect()
    }

    fn store(&self, host: Rc<dyn Host>, limits: Limits) -> Box<dyn Store> {
        let engine = self.engine(limits.fuel.is_some());
        self.store_of(engine, self.arrangement, 0, host, limits)
    }

    fn seeded_store(&self, seed: u64, host: Rc<dyn Host>, limits: Limits) -> Box<dyn Store> {
        let engine = self.seeded_engine(seed, limits.fuel.is_some());
        let arrangement = match self.variant {
            Variant::Perturbed => self.arrangement.or_else(|| Arrangement::sometimes(seed)),
            _ => self.arrangement,
        };
        self.store_of(&engine, arrangement, seed, host, limits)
    }
}

/// The module in another form, unless it is not valid.
fn convert(module: &[u8], form: Form) -> Option<Vec<u8>> {
    let limits = microwasm::wasm::Limits::default();
    match form {
        Form::Wasm => None,
        Form::Binary => binary::write(module, limits).ok(),
        Form::Text => text::print(module, limits, Offsets::Hide)
            .ok()
            .map(String::into_bytes),
    }
}

/// What the engine's store carries: the host, and a table for each kind of handle.
struct Data {
    host: Rc<dyn Host>,
    /// That of the case, by which it is chosen which host functions have types.
    seed: u64,
    limiter: Limiter,
    arrangement: Option<Arrangement>,
    form: Option<Form>,
    modules: Vec<microwasm_runtime::Module>,
    instances: Vec<microwasm_runtime::Instance>,
    funcs: Vec<microwasm_runtime::Func>,
    func_handles: HashMap<microwasm_runtime::Func, Func>,
    memories: Vec<microwasm_runtime::Memory>,
    tables: Vec<microwasm_runtime::Table>,
    globals: Vec<microwasm_runtime::Global>,
}

struct Limiter(Limits);

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, _current: u32, desired: u32, _maximum: Option<u32>) -> bool {
        desired <= self.0.memory_pages
    }

    fn table_growing(&mut self, _current: u32, desired: u32, _maximum: Option<u32>) -> bool {
        desired <= self.0.table_elements
    }
}

/// A store of the engine, or a host function's view of one.
struct Context<C>(C);

/// What the two have in common, besides being a context.
trait HasData: AsContextMut<Data = Data> {
    fn data(&self) -> &Data;
    fn data_mut(&mut self) -> &mut Data;
    fn engine(&self) -> &microwasm_runtime::Engine;
}

impl HasData for microwasm_runtime::Store<Data> {
    fn data(&self) -> &Data {
        self.data()
    }

    fn data_mut(&mut self) -> &mut Data {
        self.data_mut()
    }

    fn engine(&self) -> &microwasm_runtime::Engine {
        self.engine()
    }
}

impl HasData for Caller<'_, Data> {
    fn data(&self) -> &Data {
        self.data()
    }

    fn data_mut(&mut self) -> &mut Data {
        self.data_mut()
    }

    fn engine(&self) -> &microwasm_runtime::Engine {
        self.engine()
    }
}

impl<C: HasData> Context<C> {
    fn func(&self, func: Func) -> microwasm_runtime::Func {
        self.0.data().funcs[func.0 as usize]
    }

    fn memory(&self, memory: Memory) -> microwasm_runtime::Memory {
        self.0.data().memories[memory.0 as usize]
    }

    fn table(&self, table: Table) -> microwasm_runtime::Table {
        self.0.data().tables[table.0 as usize]
    }

    fn global(&self, global: Global) -> microwasm_runtime::Global {
        self.0.data().globals[global.0 as usize]
    }

    /// The handle of a function: the same one for the same function.
    fn intern(&mut self, func: microwasm_runtime::Func) -> Func {
        let data = self.0.data_mut();
        *data.func_handles.entry(func).or_insert_with(|| {
            data.funcs.push(func);
            Func(data.funcs.len() as u32 - 1)
        })
    }

    fn value(&mut self, val: &Val) -> Value {
        match *val {
            Val::I32(v) => Value::I32(v as u32),
            Val::I64(v) => Value::I64(v as u64),
            Val::F32(bits) => Value::F32(bits),
            Val::F64(bits) => Value::F64(bits),
            Val::FuncRef(func) => Value::FuncRef(func.map(|func| self.intern(func))),
            Val::ExternRef(object) => Value::ExternRef(object.map(ExternRef::number)),
        }
    }

    fn val(&self, value: Value) -> Val {
        match value {
            Value::I32(v) => Val::I32(v as i32),
            Value::I64(v) => Val::I64(v as i64),
            Value::F32(bits) => Val::F32(bits),
            Value::F64(bits) => Val::F64(bits),
            Value::FuncRef(func) => Val::FuncRef(func.map(|func| self.func(func))),
            Value::ExternRef(number) => Val::ExternRef(number.map(ExternRef::new)),
        }
    }

    /// The module in the layout that is wanted, to be instantiated with these imports.
    fn arranged(
        &self,
        module: microwasm_runtime::Module,
        imports: &[microwasm_runtime::Extern],
    ) -> Result<microwasm_runtime::Module, InstantiateError> {
        let Some(arrangement) = self.0.data().arrangement else {
            return Ok(module);
        };
        let funcs = imports.iter().filter_map(|import| match import {
            microwasm_runtime::Extern::Func(func) => Some(func),
            _ => None,
        });
        let is_host: Vec<bool> = funcs.map(|func| func.belongs_to_host(&self.0)).collect();
        arrangement
            .apply(&module, &is_host)
            .map_err(|error| instantiate_error(&error))
    }

    fn add_memory(&mut self, memory: microwasm_runtime::Memory) -> Memory {
        let memories = &mut self.0.data_mut().memories;
        memories.push(memory);
        Memory(memories.len() as u32 - 1)
    }

    fn add_table(&mut self, table: microwasm_runtime::Table) -> Table {
        let tables = &mut self.0.data_mut().tables;
        tables.push(table);
        Table(tables.len() as u32 - 1)
    }

    fn add_global(&mut self, global: microwasm_runtime::Global) -> Global {
        let globals = &mut self.0.data_mut().globals;
        globals.push(global);
        Global(globals.len() as u32 - 1)
    }
}

/// Runs the store's host in place of the host function with this number.
fn call_host(
    caller: Caller<'_, Data>,
    number: HostFunc,
    params: &[Val],
    out: &mut [Val],
) -> Result<(), Error> {
    let host = caller.data().host.clone();
    let mut context = Context(caller);
    let args: Vec<Value> = params.iter().map(|param| context.value(param)).collect();
    let mut results = Vec::with_capacity(out.len());
    host.call(&mut context, number, &args, &mut results)
        .map_err(Error::host)?;
    assert_eq!(results.len(), out.len(), "the host fills in every result");
    for (out, result) in out.iter_mut().zip(results) {
        *out = context.val(result);
    }
    Ok(())
}

impl<C: HasData> Store for Context<C> {
    fn compile(&mut self, wasm: &[u8]) -> Result<Module, Refusal> {
        let converted = self.0.data().form.and_then(|form| convert(wasm, form));
        let bytes = converted.as_deref().unwrap_or(wasm);
        let module = microwasm_runtime::Module::new(self.0.engine(), bytes)
            .map_err(|error| refusal(&error))?;
        let modules = &mut self.0.data_mut().modules;
        modules.push(module);
        Ok(Module(modules.len() as u32 - 1))
    }

    fn new_func(&mut self, host: HostFunc, ty: &FuncType) -> Func {
        // Half of them with types, where it is known how; in other cases the other half.
        let typed = u64::from(host.0) % 2 == self.0.data().seed >> 8 & 1;
        let typed = typed.then(|| typed::func(self.0.as_context_mut(), host, ty));
        let func = typed.flatten().unwrap_or_else(|| {
            microwasm_runtime::Func::new(&mut self.0, ty.clone(), move |caller, params, results| {
                call_host(caller, host, params, results)
            })
        });
        self.intern(func.expect("types come from valid modules, and there is memory"))
    }

    fn new_memory(&mut self, ty: MemoryType) -> Result<Memory, Refused> {
        let memory = microwasm_runtime::Memory::new(&mut self.0, ty).map_err(|_| Refused)?;
        Ok(self.add_memory(memory))
    }

    fn new_table(&mut self, ty: TableType) -> Result<Table, Refused> {
        let null = Val::default_for(ty.element).ok_or(Refused)?;
        let table = microwasm_runtime::Table::new(&mut self.0, ty, null).map_err(|_| Refused)?;
        Ok(self.add_table(table))
    }

    fn new_global(&mut self, ty: GlobalType, value: Value) -> Result<Global, Refused> {
        let value = self.val(value);
        let global = microwasm_runtime::Global::new(&mut self.0, ty, value).map_err(|_| Refused)?;
        Ok(self.add_global(global))
    }

    fn instantiate(
        &mut self,
        module: Module,
        imports: &[Extern],
    ) -> Result<Instance, InstantiateError> {
        let module = self.0.data().modules[module.0 as usize].clone();
        let imports: Vec<microwasm_runtime::Extern> = imports
            .iter()
            .map(|import| match *import {
                Extern::Func(func) => self.func(func).into(),
                Extern::Memory(memory) => self.memory(memory).into(),
                Extern::Table(table) => self.table(table).into(),
                Extern::Global(global) => self.global(global).into(),
            })
            .collect();
        let module = self.arranged(module, &imports)?;
        let instance = microwasm_runtime::Instance::new(&mut self.0, &module, &imports)
            .map_err(|error| instantiate_error(&error))?;
        let instances = &mut self.0.data_mut().instances;
        instances.push(instance);
        Ok(Instance(instances.len() as u32 - 1))
    }

    fn export(&mut self, instance: Instance, name: &str) -> Option<Extern> {
        let instance = self.0.data().instances[instance.0 as usize];
        Some(match instance.get_export(&self.0, name)? {
            microwasm_runtime::Extern::Func(func) => Extern::Func(self.intern(func)),
            microwasm_runtime::Extern::Memory(m) => Extern::Memory(self.add_memory(m)),
            microwasm_runtime::Extern::Table(t) => Extern::Table(self.add_table(t)),
            microwasm_runtime::Extern::Global(g) => Extern::Global(self.add_global(g)),
        })
    }

    fn func_type(&self, func: Func) -> FuncType {
        self.func(func).ty(&self.0)
    }

    fn call(&mut self, func: Func, args: &[Value], results: &mut Vec<Value>) -> Result<(), Trap> {
        results.clear();
        let func = self.func(func);
        let args: Vec<Val> = args.iter().map(|arg| self.val(*arg)).collect();
        let mut out = vec![Val::I32(0); func.ty(&self.0).results.len()];
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
        self.memory(memory).size(&self.0)
    }

    fn memory_grow(&mut self, memory: Memory, delta: u32) -> Result<u32, Refused> {
        self.memory(memory)
            .grow(&mut self.0, delta)
            .map_err(|_| Refused)
    }

    fn memory_write(&mut self, memory: Memory, at: u32, bytes: &[u8]) -> Result<(), Refused> {
        self.memory(memory)
            .write(&mut self.0, at as usize, bytes)
            .map_err(|_| Refused)
    }

    fn table_size(&self, table: Table) -> u32 {
        self.table(table).size(&self.0)
    }

    fn table_get(&mut self, table: Table, index: u32) -> Result<Value, Refused> {
        let value = self.table(table).get(&self.0, index).ok_or(Refused)?;
        Ok(self.value(&value))
    }

    fn table_set(&mut self, table: Table, index: u32, value: Value) -> Result<(), Refused> {
        let value = self.val(value);
        self.table(table)
            .set(&mut self.0, index, value)
            .map_err(|_| Refused)
    }

    fn table_grow(&mut self, table: Table, delta: u32, value: Value) -> Result<u32, Refused> {
        let value = self.val(value);
        self.table(table)
            .grow(&mut self.0, delta, value)
            .map_err(|_| Refused)
    }
}

/// The trap that an error stands for.
fn trap(error: &Error) -> Trap {
    match error {
        Error::Host(error) => error
            .downcast_ref::<Trap>()
            .copied()
            .unwrap_or(Trap::Unknown),
        Error::Resource(_) => Trap::ResourceLimit,
        Error::Trap(trap) => match trap.code() {
            TrapCode::Unreachable => Trap::Unreachable,
            TrapCode::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
            TrapCode::TableOutOfBounds | TrapCode::UndefinedElement => Trap::TableOutOfBounds,
            TrapCode::IndirectCallToNull => Trap::IndirectCallToNull,
            TrapCode::BadSignature => Trap::BadSignature,
            TrapCode::IntegerDivideByZero => Trap::DivisionByZero,
            TrapCode::IntegerOverflow => Trap::IntegerOverflow,
            TrapCode::BadConversionToInteger => Trap::BadConversion,
            TrapCode::StackOverflow => Trap::StackOverflow,
            TrapCode::OutOfFuel => Trap::OutOfFuel,
            TrapCode::Interrupted | TrapCode::Host => Trap::Unknown,
        },
        Error::Compile(_) | Error::Link(_) | Error::Usage(_) => Trap::Unknown,
    }
}

/// Why the engine did not take a module.
fn refusal(error: &Error) -> Refusal {
    let input = match error {
        Error::Compile(CompileError::Wasm(error)) => Some(InputError::Wasm((**error).clone())),
        Error::Compile(CompileError::Binary(error)) => Some(InputError::Binary((**error).clone())),
        Error::Compile(CompileError::Text(error)) => Some(InputError::Text((**error).clone())),
        _ => None,
    };
    input.map_or_else(
        || Refusal {
            kind: if is_failure(error) {
                RefusalKind::Failed
            } else {
                RefusalKind::Limit
            },
            message: error.to_string().into(),
            offset: None,
        },
        |error| Refusal::of_input(&error),
    )
}

/// Whether a part of the engine does not take what another has made of a valid module.
fn is_failure(error: &Error) -> bool {
    match error {
        Error::Compile(CompileError::Bytecode(_)) => true,
        Error::Compile(CompileError::Link(error)) => !matches!(
            error,
            LinkError::OutOfRange { .. } | LinkError::ImageTooLarge { .. }
        ),
        _ => false,
    }
}

fn instantiate_error(error: &Error) -> InstantiateError {
    match error {
        error if is_failure(error) => InstantiateError::Link(error.to_string().into()),
        Error::Trap(_) | Error::Host(_) => InstantiateError::Trap(trap(error)),
        Error::Resource(_) | Error::Compile(_) => InstantiateError::Limit(error.to_string().into()),
        Error::Link(_) | Error::Usage(_) => InstantiateError::Link(error.to_string().into()),
    }
}
