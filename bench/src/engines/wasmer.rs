//! Wasmer with Singlepass, its one-pass compiler, on one thread.

use std::cell::RefCell;
use std::num::NonZero;
use std::panic::{self, AssertUnwindSafe};

use wasmer::sys::{EngineBuilder, Singlepass as Compiler};
use wasmer::{
    AsStoreRef, ExternType, Function, FunctionType, Imports, Instance, Module, RuntimeError, Store,
    TypedFunction, Value,
};

use super::missing;
use crate::engine::{
    Compiled, Engine, Export, Failure, HOST_FUNCTIONS, HOST_STEP, Outcome, Running, ValueType,
    host_step,
};

/// How many modules an engine compiles before another takes over: an engine keeps the code of every
/// module it ever compiled, with its unwind tables, and slows down under the weight.
const MODULES_PER_ENGINE: u32 = 64;

/// The engine. Its host functions belong to a store, so each instantiation makes those it needs.
pub(super) struct Singlepass {
    engine: RefCell<(wasmer::Engine, u32)>,
}

impl Singlepass {
    pub(super) fn new() -> Self {
        Self {
            engine: RefCell::new((fresh_engine(), 0)),
        }
    }

    fn engine(&self) -> wasmer::Engine {
        let mut slot = self.engine.borrow_mut();
        if slot.1 == MODULES_PER_ENGINE {
            *slot = (fresh_engine(), 0);
        }
        slot.1 += 1;
        slot.0.clone()
    }
}

fn fresh_engine() -> wasmer::Engine {
    let mut compiler = Compiler::new();
    compiler.num_threads(NonZero::<usize>::MIN);
    EngineBuilder::new(compiler).engine().into()
}

impl Engine for Singlepass {
    fn name(&self) -> &'static str {
        "Singlepass"
    }

    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Compiled + '_>, Failure> {
        // This compiler asserts where others refuse; to a benchmark that is a refusal as well.
        let engine = self.engine();
        let module = panic::catch_unwind(AssertUnwindSafe(|| Module::from_binary(&engine, wasm)))
            .map_err(|_| Failure::Compile("the compiler panicked".into()))?
            .map_err(|error| Failure::Compile(Box::new(error)))?;
        Ok(Box::new(SinglepassModule { module, engine }))
    }
}

struct SinglepassModule {
    module: Module,
    engine: wasmer::Engine,
}

impl Compiled for SinglepassModule {
    fn code_size(&self) -> Option<usize> {
        None
    }

    fn instantiate(&self) -> Result<Box<dyn Running>, Failure> {
        let mut store = Store::new(self.engine.clone());
        let mut imports = Imports::new();
        for import in self.module.imports() {
            if let ExternType::Function(function_type) = import.ty() {
                let function = host_function(&mut store, import.name(), function_type);
                imports.define(import.module(), import.name(), function);
            }
        }
        let instance = Instance::new(&mut store, &self.module, &imports)
            .map_err(|error| Failure::Instantiate(Box::new(error)))?;
        Ok(Box::new(SinglepassInstance { store, instance }))
    }
}

fn host_function(store: &mut Store, name: &str, function_type: &FunctionType) -> Function {
    if name == HOST_STEP {
        return Function::new_typed(store, host_step);
    }
    let results = HOST_FUNCTIONS
        .iter()
        .find(|host| host.name == name)
        .map_or(&[][..], |host| host.results);
    Function::new(
        store,
        function_type,
        move |_: &[Value]| -> Result<Vec<Value>, RuntimeError> {
            Ok(results.iter().map(|&result| zero(result)).collect())
        },
    )
}

struct SinglepassInstance {
    store: Store,
    instance: Instance,
}

impl SinglepassInstance {
    fn function(&self, name: &str) -> Result<&Function, Failure> {
        self.instance
            .exports
            .get_function(name)
            .map_err(|_| missing(name))
    }
}

impl Running for SinglepassInstance {
    fn call(&mut self, export: &Export) -> Result<Outcome, Failure> {
        let params: Vec<Value> = export.params.iter().map(|&param| zero(param)).collect();
        let function = self
            .instance
            .exports
            .get_function(&export.name)
            .map_err(|_| missing(&export.name))?;
        match function.call(&mut self.store, &params) {
            Ok(_) => Ok(Outcome::Returned),
            Err(_) => Ok(Outcome::Trapped),
        }
    }

    fn run(&mut self, scale: i32) -> Result<i64, Failure> {
        let function: TypedFunction<i32, i64> = self
            .function("run")?
            .typed(&self.store.as_store_ref())
            .map_err(|_| missing("run"))?;
        function
            .call(&mut self.store, scale)
            .map_err(|error| Failure::Trap(Box::new(error)))
    }

    fn step_repeatedly(&mut self, count: u32) -> Result<i32, Failure> {
        let function: TypedFunction<i32, i32> = self
            .function("step")?
            .typed(&self.store.as_store_ref())
            .map_err(|_| missing("step"))?;
        let mut value = 1;
        for _ in 0..count {
            value = function
                .call(&mut self.store, value)
                .map_err(|error| Failure::Trap(Box::new(error)))?;
        }
        Ok(value)
    }

    fn trap_repeatedly(&mut self, name: &str, count: u32) -> Result<u32, Failure> {
        let function: TypedFunction<(), ()> = self
            .function(name)?
            .typed(&self.store.as_store_ref())
            .map_err(|_| missing(name))?;
        let mut trapped = 0;
        for _ in 0..count {
            trapped += u32::from(function.call(&mut self.store).is_err());
        }
        Ok(trapped)
    }
}

fn zero(value: ValueType) -> Value {
    match value {
        ValueType::I32 => Value::I32(0),
        ValueType::I64 => Value::I64(0),
        ValueType::F32 => Value::F32(0.0),
        ValueType::F64 => Value::F64(0.0),
        ValueType::FuncRef => Value::FuncRef(None),
        ValueType::ExternRef => Value::ExternRef(None),
    }
}
