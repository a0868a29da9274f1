//! The engine of this project: machine code, in both of its ways to check memory accesses,
//! and bytecode.

use microwasm_runtime::{
    Caller, Config, Func, FuncType, Instance, Linker, Module, Store, TypedFunc, Val, ValType,
};

use super::missing;
use crate::engine::{
    Cause, Chunks, Compiled, Engine, Export, Failure, HOST_FUNCTIONS, HOST_MODULE, HOST_STEP,
    Outcome, Running, ValueType, host_step,
};

/// The engine and the host functions it offers.
pub(super) struct Microwasm {
    name: &'static str,
    engine: microwasm_runtime::Engine,
    linker: Linker<()>,
}

impl Microwasm {
    pub(super) fn new(name: &'static str, config: &Config) -> Result<Self, Cause> {
        let engine = microwasm_runtime::Engine::new(config)?;
        let mut linker = Linker::new();
        linker.func_wrap(HOST_MODULE, HOST_STEP, host_step)?;
        for host in HOST_FUNCTIONS {
            let results = host.results;
            let function_type = FuncType {
                params: host.params.iter().map(|&param| type_of(param)).collect(),
                results: results.iter().map(|&result| type_of(result)).collect(),
            };
            linker.func_new(
                HOST_MODULE,
                host.name,
                function_type,
                move |_: Caller<'_, ()>, _: &[Val], out: &mut [Val]| {
                    for (slot, &result) in out.iter_mut().zip(results) {
                        *slot = zero(result);
                    }
                    Ok(())
                },
            )?;
        }
        Ok(Self {
            name,
            engine,
            linker,
        })
    }

    fn stream(&self, chunks: Chunks<'_>) -> Result<Module, microwasm_runtime::Error> {
        let mut stream = Module::stream(&self.engine);
        for chunk in chunks.each() {
            stream.push(chunk)?;
        }
        stream.finish()
    }

    fn compiled(&self, module: Module) -> Box<dyn Compiled + '_> {
        Box::new(MicrowasmModule {
            module,
            linker: &self.linker,
        })
    }
}

impl Engine for Microwasm {
    fn name(&self) -> &'static str {
        self.name
    }

    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Compiled + '_>, Failure> {
        let module =
            Module::new(&self.engine, wasm).map_err(|error| Failure::Compile(Box::new(error)))?;
        Ok(self.compiled(module))
    }

    fn compile_stream(&self, chunks: Chunks<'_>) -> Result<Box<dyn Compiled + '_>, Failure> {
        let module = self
            .stream(chunks)
            .map_err(|error| Failure::Compile(Box::new(error)))?;
        Ok(self.compiled(module))
    }
}

struct MicrowasmModule<'a> {
    module: Module,
    linker: &'a Linker<()>,
}

impl Compiled for MicrowasmModule<'_> {
    fn code_size(&self) -> Option<usize> {
        Some(self.module.code().bytes.len())
    }

    fn instantiate(&self) -> Result<Box<dyn Running>, Failure> {
        let mut store = Store::new(self.module.engine(), ());
        let instance = self
            .linker
            .instantiate(&mut store, &self.module)
            .map_err(|error| Failure::Instantiate(Box::new(error)))?;
        Ok(Box::new(MicrowasmInstance { store, instance }))
    }
}

struct MicrowasmInstance {
    store: Store<()>,
    instance: Instance,
}

impl MicrowasmInstance {
    fn function(&self, name: &str) -> Result<Func, Failure> {
        self.instance
            .get_func(&self.store, name)
            .ok_or_else(|| missing(name))
    }
}

impl Running for MicrowasmInstance {
    fn call(&mut self, export: &Export) -> Result<Outcome, Failure> {
        let function = self.function(&export.name)?;
        let params: Vec<Val> = export.params.iter().map(|&param| zero(param)).collect();
        let mut results: Vec<Val> = export.results.iter().map(|&result| zero(result)).collect();
        match function.call(&mut self.store, &params, &mut results) {
            Ok(()) => Ok(Outcome::Returned),
            Err(_) => Ok(Outcome::Trapped),
        }
    }

    fn run(&mut self, scale: i32) -> Result<i64, Failure> {
        let function: TypedFunc<i32, i64> = self
            .function("run")?
            .typed(&self.store)
            .map_err(|_| missing("run"))?;
        function
            .call(&mut self.store, scale)
            .map_err(|error| Failure::Trap(Box::new(error)))
    }

    fn step_repeatedly(&mut self, count: u32) -> Result<i32, Failure> {
        let function: TypedFunc<i32, i32> = self
            .function("step")?
            .typed(&self.store)
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
        let function: TypedFunc<(), ()> = self
            .function(name)?
            .typed(&self.store)
            .map_err(|_| missing(name))?;
        let mut trapped = 0;
        for _ in 0..count {
            trapped += u32::from(function.call(&mut self.store, ()).is_err());
        }
        Ok(trapped)
    }
}

fn type_of(value: ValueType) -> ValType {
    match value {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
        ValueType::F32 => ValType::F32,
        ValueType::F64 => ValType::F64,
        ValueType::FuncRef => ValType::FuncRef,
        ValueType::ExternRef => ValType::ExternRef,
    }
}

fn zero(value: ValueType) -> Val {
    match value {
        ValueType::I32 => Val::I32(0),
        ValueType::I64 => Val::I64(0),
        ValueType::F32 => Val::F32(0),
        ValueType::F64 => Val::F64(0),
        ValueType::FuncRef => Val::FuncRef(None),
        ValueType::ExternRef => Val::ExternRef(None),
    }
}
