//! What an engine has to offer to be put under test.
//!
//! Anything that implements [`Engine`] and [`Store`] can be compared with anything
//! else that does; nothing in the suite besides [`crate::engines`] names an engine.
//! A [`Store`] owns everything it creates and hands out small handles; a handle means
//! something only to the store it came from. The same interface serves differential
//! runs (one module, imports made by the suite) and spec scripts (many modules linked
//! with each other).

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use microwasm::FuncType;
use microwasm::input;
use microwasm::module::{GlobalType, MemoryType, TableType};
use thiserror::Error;

use crate::value::Value;

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);
    )*};
}

handles! {
    /// A function of a store. Two handles are equal exactly if they are the same function.
    Func;
    /// A memory of a store.
    Memory;
    /// A table of a store.
    Table;
    /// A global of a store.
    Global;
    /// An instance of a store.
    Instance;
    /// A compiled module of a store.
    Module;
    /// A host function, by the number that whoever created it chose.
    HostFunc;
}

impl fmt::Display for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Something that can be imported and exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extern {
    /// A function.
    Func(Func),
    /// A memory.
    Memory(Memory),
    /// A table.
    Table(Table),
    /// A global.
    Global(Global),
}

/// Why execution stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Trap {
    /// `unreachable` was executed.
    #[error("unreachable")]
    Unreachable,
    /// A memory access, or a bulk operation on a memory or data segment.
    #[error("out of bounds memory access")]
    MemoryOutOfBounds,
    /// A table access, a bulk operation on a table, or `call_indirect` past its end.
    #[error("out of bounds table access")]
    TableOutOfBounds,
    /// `call_indirect` of a null reference.
    #[error("uninitialized element")]
    IndirectCallToNull,
    /// `call_indirect` of a function of another type.
    #[error("indirect call type mismatch")]
    BadSignature,
    /// Division or remainder by zero.
    #[error("integer divide by zero")]
    DivisionByZero,
    /// Signed division, or a truncation, whose result is not representable.
    #[error("integer overflow")]
    IntegerOverflow,
    /// Truncation of a NaN.
    #[error("invalid conversion to integer")]
    BadConversion,
    /// A host function failed, with this number.
    #[error("host error {0}")]
    Host(u32),
    /// The call stack was exhausted.
    #[error("call stack exhausted")]
    StackOverflow,
    /// The engine's fuel was used up.
    #[error("out of fuel")]
    OutOfFuel,
    /// Memory or another limit of the engine was exhausted.
    #[error("resource limit exceeded")]
    ResourceLimit,
    /// A trap that the adapter has no name for.
    #[error("unknown trap")]
    Unknown,
}

/// Why a run cannot be judged: what happens at a limit is the engine's own affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Error)]
#[allow(missing_docs)]
pub enum Poison {
    #[error("stack overflow")]
    StackOverflow,
    #[error("out of fuel")]
    OutOfFuel,
    #[error("resource limit")]
    ResourceLimit,
}

impl Trap {
    /// Whether the trap means that the run cannot be judged.
    pub fn poison(self) -> Option<Poison> {
        match self {
            Trap::StackOverflow => Some(Poison::StackOverflow),
            Trap::OutOfFuel => Some(Poison::OutOfFuel),
            Trap::ResourceLimit => Some(Poison::ResourceLimit),
            _ => None,
        }
    }
}

/// Why a module was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind}: {message}")]
pub struct Refusal {
    /// What kind of refusal.
    pub kind: RefusalKind,
    /// The engine's own words.
    pub message: Box<str>,
    /// Byte offset in the module, if the engine names one.
    pub offset: Option<u64>,
}

/// Kinds of [`Refusal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum RefusalKind {
    /// The module is malformed or invalid.
    #[error("invalid")]
    Invalid,
    /// The module needs something that the engine does not offer.
    #[error("unsupported")]
    Unsupported,
    /// The module exceeds a limit of the engine.
    #[error("limit")]
    Limit,
    /// The module is fine, but one part of the engine does not take what another has made of it.
    #[error("failed")]
    Failed,
}

impl Refusal {
    /// What this project's front end says of a module.
    pub fn of_input(error: &input::InputError) -> Refusal {
        Refusal {
            kind: match error.refusal() {
                input::Refusal::Invalid => RefusalKind::Invalid,
                input::Refusal::Unsupported => RefusalKind::Unsupported,
                input::Refusal::Limit => RefusalKind::Limit,
            },
            message: error.to_string().into(),
            offset: error.offset().map(u64::from),
        }
    }
}

/// Why a module was not instantiated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InstantiateError {
    /// An import does not have the type that the module wants.
    #[error("link error: {0}")]
    Link(Box<str>),
    /// A segment did not fit, or the start function trapped.
    #[error("trap: {0}")]
    Trap(Trap),
    /// A limit of the engine or of the store was reached.
    #[error("limit: {0}")]
    Limit(Box<str>),
}

/// A request that a store's limits, or the types involved, do not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("refused")]
pub struct Refused;

/// Limits of a store. Growth beyond them fails as `-1`; it does not trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest memory, in pages of 64 KiB.
    pub memory_pages: u32,
    /// Largest table, in elements.
    pub table_elements: u32,
    /// Fuel for everything that runs in the store; `None` does not limit it. Engines
    /// count differently: running out of fuel never counts as agreement or difference.
    pub fuel: Option<u64>,
}

impl Limits {
    /// Limits for differential runs: small enough to observe after every invocation.
    pub const DIFFERENTIAL: Limits = Limits {
        memory_pages: 64,
        table_elements: 10_000,
        fuel: None,
    };
    /// Limits for spec scripts and `microwasm run`.
    pub const GENEROUS: Limits = Limits {
        memory_pages: 65_536,
        table_elements: 10_000_000,
        fuel: None,
    };
}

/// An engine under test, in one configuration.
pub trait Engine {
    /// Its name, as given to `--engine`.
    fn name(&self) -> &str;

    /// An engine with the same front end and runtime and another backend, if there is one: when
    /// this one is wrong, it tells in which of them the bug is.
    fn sibling(&self) -> Option<Box<dyn Engine>> {
        None
    }

    /// An interpreter of what this engine's front end makes of a module, if there is one: when
    /// this engine is wrong together with its sibling, it tells whether that is right.
    fn definition(&self) -> Option<Box<dyn Engine>> {
        None
    }

    /// This engine with its code linked in other ways, as far as it can be: when one of them is
    /// right, it is not the code.
    fn relinked(&self) -> Vec<Box<dyn Engine>> {
        Vec::new()
    }

    /// Creates a store whose host functions call `host`.
    fn store(&self, host: Rc<dyn Host>, limits: Limits) -> Box<dyn Store>;

    /// Likewise; an engine that chooses something at random chooses by `seed`.
    fn seeded_store(&self, seed: u64, host: Rc<dyn Host>, limits: Limits) -> Box<dyn Store> {
        let _ = seed;
        self.store(host, limits)
    }
}

/// The receiver of all calls to host functions of a store.
pub trait Host {
    /// Called when Wasm calls a host function. `results` is empty and must be filled
    /// with values of the function's result types. The store may be used freely,
    /// also to call back into Wasm.
    fn call(
        &self,
        store: &mut dyn Store,
        func: HostFunc,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Trap>;
}

/// A store: modules, instances, and everything that instances can share.
pub trait Store {
    /// Compiles a module.
    fn compile(&mut self, wasm: &[u8]) -> Result<Module, Refusal>;

    /// Creates a host function of type `ty`; calling it calls the store's [`Host`].
    fn new_func(&mut self, host: HostFunc, ty: &FuncType) -> Func;
    /// Creates a memory.
    fn new_memory(&mut self, ty: MemoryType) -> Result<Memory, Refused>;
    /// Creates a table filled with null.
    fn new_table(&mut self, ty: TableType) -> Result<Table, Refused>;
    /// Creates a global.
    fn new_global(&mut self, ty: GlobalType, value: Value) -> Result<Global, Refused>;

    /// Instantiates `module` with one import for each that it declares, in order,
    /// and runs its start function.
    fn instantiate(
        &mut self,
        module: Module,
        imports: &[Extern],
    ) -> Result<Instance, InstantiateError>;
    /// Looks up an export.
    fn export(&mut self, instance: Instance, name: &str) -> Option<Extern>;

    /// The type of a function.
    fn func_type(&self, func: Func) -> FuncType;
    /// Calls a function with arguments of its parameter types. `results` is cleared first.
    fn call(&mut self, func: Func, args: &[Value], results: &mut Vec<Value>) -> Result<(), Trap>;

    /// The value of a global.
    fn global_get(&mut self, global: Global) -> Value;
    /// Sets a mutable global.
    fn global_set(&mut self, global: Global, value: Value) -> Result<(), Refused>;

    /// The contents of a memory; its size is the length.
    fn memory_data(&self, memory: Memory) -> Cow<'_, [u8]>;
    /// Size of a memory in pages.
    fn memory_pages(&self, memory: Memory) -> u32;
    /// Grows a memory and returns its previous size in pages.
    fn memory_grow(&mut self, memory: Memory, delta: u32) -> Result<u32, Refused>;
    /// Writes to a memory.
    fn memory_write(&mut self, memory: Memory, at: u32, bytes: &[u8]) -> Result<(), Refused>;

    /// Size of a table in elements.
    fn table_size(&self, table: Table) -> u32;
    /// An element of a table.
    fn table_get(&mut self, table: Table, index: u32) -> Result<Value, Refused>;
    /// Sets an element of a table.
    fn table_set(&mut self, table: Table, index: u32, value: Value) -> Result<(), Refused>;
    /// Grows a table by `delta` copies of `value` and returns its previous size.
    fn table_grow(&mut self, table: Table, delta: u32, value: Value) -> Result<u32, Refused>;
}
