//! Everything that can go wrong, as one type.

use std::sync::Arc;

use microwasm::DefinedFuncIndex;
use microwasm::binary::BinaryError;
use microwasm::input::InputError;
use microwasm::module::{GlobalType, MemoryType, TableType};
use microwasm::text::TextError;
use microwasm::wasm::WasmError;
use microwasm::{FuncType, ValType};
use microwasm_codegen::CodegenError;
use microwasm_codegen::bytecode::validate::InvalidBytecode;
use microwasm_codegen::link::LinkError;
use thiserror::Error;

use crate::code::CodeMemoryError;
use crate::sys::map::MapError;
use crate::trap::{Trap, TrapCode};

/// Result of most operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed.
#[derive(Debug, Error)]
pub enum Error {
    /// The module could not be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The imports of a module could not be satisfied.
    #[error(transparent)]
    Link(Box<ImportError>),
    /// Execution trapped.
    #[error(transparent)]
    Trap(#[from] Trap),
    /// A host function failed.
    #[error("a host function failed: {0}")]
    Host(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no memory, or more was asked for than is allowed.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// An object was used in a way that its type does not allow.
    #[error(transparent)]
    Usage(#[from] UsageError),
}

impl Error {
    /// An error of a host function.
    pub fn host(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Host(error.into())
    }

    /// The trap, if it is one.
    pub fn as_trap(&self) -> Option<&Trap> {
        match self {
            Error::Trap(trap) => Some(trap),
            _ => None,
        }
    }
}

impl From<TrapCode> for Error {
    fn from(code: TrapCode) -> Error {
        Error::Trap(Trap::new(code))
    }
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Error {
        Error::Link(Box::new(error))
    }
}

impl From<MapError> for Error {
    fn from(error: MapError) -> Error {
        Error::Resource(error.into())
    }
}

impl From<CodeMemoryError> for Error {
    fn from(error: CodeMemoryError) -> Error {
        Error::Resource(error.into())
    }
}

impl From<InputError> for Error {
    fn from(error: InputError) -> Error {
        CompileError::from(error).into()
    }
}

/// Why a module could not be compiled.
#[derive(Debug, Error)]
pub enum CompileError {
    /// It is malformed, invalid, or not supported.
    #[error(transparent)]
    Wasm(Box<WasmError>),
    /// As Microwasm in binary form, it is malformed, invalid or too large.
    #[error(transparent)]
    Binary(Box<BinaryError>),
    /// As Microwasm in text form, it is malformed, invalid or too large.
    #[error(transparent)]
    Text(Box<TextError>),
    /// A function exceeds a limit.
    #[error("function {func}: {error}")]
    Function {
        /// The function.
        func: DefinedFuncIndex,
        /// The limit.
        error: CodegenError,
    },
    /// The functions together exceed [`crate::Config::max_module_code`].
    #[error("the code of the module needs more than {limit} bytes")]
    CodeTooLarge {
        /// The limit in bytes.
        limit: u32,
    },
    /// The functions could not be put together.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The bytecode cannot be run.
    #[error(transparent)]
    Bytecode(#[from] InvalidBytecode),
    /// Bytecode has no addresses: it cannot lie near the host or far, nor call it straight.
    #[error("bytecode cannot be placed near or far, and calls the host by number only")]
    BytecodeLayout,
    /// There is no code memory.
    #[error(transparent)]
    CodeMemory(#[from] CodeMemoryError),
}

impl From<InputError> for CompileError {
    fn from(error: InputError) -> CompileError {
        match error {
            InputError::Wasm(error) => CompileError::Wasm(Box::new(error)),
            InputError::Binary(error) => CompileError::Binary(Box::new(error)),
            InputError::Text(error) => CompileError::Text(Box::new(error)),
        }
    }
}

/// An import that is missing or of the wrong type.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("import `{module}` `{name}`: {kind}")]
pub struct ImportError {
    /// Module name of the import.
    pub module: Arc<str>,
    /// Its name.
    pub name: Box<str>,
    /// What is wrong.
    pub kind: ImportErrorKind,
}

/// What is wrong with an import.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportErrorKind {
    /// Nothing of that name is defined.
    #[error("unknown import")]
    Missing,
    /// Calls of the import have been linked straight to functions of the host, and this is a
    /// function of a module.
    #[error("not a function of the host")]
    NotHost,
    /// Something of another type is defined.
    #[error("incompatible import type: expected {expected}, found {found}")]
    Incompatible {
        /// What the module wants.
        expected: Box<ItemType>,
        /// What there is.
        found: Box<ItemType>,
    },
}

/// Type of something imported or exported. Limits of what exists are its current size
/// and its maximum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemType {
    /// A function.
    Func(FuncType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
}

impl std::fmt::Display for ItemType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ItemType::Func(ty) => {
                f.write_str("function (")?;
                list(f, &ty.params)?;
                f.write_str(") -> (")?;
                list(f, &ty.results)?;
                f.write_str(")")
            }
            ItemType::Table(ty) => {
                write!(f, "table of {} ", ty.element)?;
                limits(f, ty.limits)
            }
            ItemType::Memory(ty) => {
                f.write_str("memory ")?;
                limits(f, ty.limits)
            }
            ItemType::Global(ty) => {
                write!(
                    f,
                    "{} global {}",
                    if ty.mutable { "mutable" } else { "immutable" },
                    ty.ty
                )
            }
        }
    }
}

fn list(f: &mut std::fmt::Formatter<'_>, types: &[ValType]) -> std::fmt::Result {
    for (i, ty) in types.iter().enumerate() {
        write!(f, "{}{ty}", if i == 0 { "" } else { " " })?;
    }
    Ok(())
}

fn limits(f: &mut std::fmt::Formatter<'_>, limits: microwasm::module::Limits) -> std::fmt::Result {
    match limits.max {
        Some(max) => write!(f, "{}..{max}", limits.min),
        None => write!(f, "{}..", limits.min),
    }
}

/// Something is exhausted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ResourceError {
    /// The system has no more memory.
    #[error(transparent)]
    Memory(#[from] MapError),
    /// There is no code memory.
    #[error(transparent)]
    CodeMemory(#[from] CodeMemoryError),
    /// A memory would have more pages than allowed.
    #[error("a memory of {pages} pages, limit {limit}")]
    MemoryPages {
        /// Pages wanted.
        pages: u32,
        /// Most pages allowed.
        limit: u32,
    },
    /// A table would have more elements than allowed.
    #[error("a table of {elements} elements, limit {limit}")]
    TableElements {
        /// Elements wanted.
        elements: u32,
        /// Most elements allowed.
        limit: u32,
    },
    /// A store would have more instances than allowed.
    #[error("more than {limit} instances")]
    Instances {
        /// Most instances allowed.
        limit: u32,
    },
    /// The instance's context would be too large.
    #[error("an instance of {bytes} bytes")]
    Instance {
        /// Bytes wanted.
        bytes: usize,
    },
    /// The store's limiter has refused.
    #[error("refused by the store's limiter")]
    Limiter,
}

/// An object was used in a way that it does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UsageError {
    /// The object belongs to another store.
    #[error("the object belongs to another store")]
    WrongStore,
    /// The module was compiled by another engine.
    #[error("the module belongs to another engine")]
    WrongEngine,
    /// The signature is not the function's.
    #[error("the function has another signature")]
    WrongSignature,
    /// The number of values is not the number of parameters, results or imports.
    #[error("{found} values instead of {expected}")]
    WrongCount {
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A value has another type than it should.
    #[error("a value of type {found} instead of {expected}")]
    WrongType {
        /// The type it should have.
        expected: ValType,
        /// The type it has.
        found: ValType,
    },
    /// A global that cannot be set.
    #[error("the global is immutable")]
    Immutable,
    /// Past the end of a memory.
    #[error("out of the memory's bounds")]
    MemoryBounds,
    /// Past the end of a table, or of what it can grow to.
    #[error("out of the table's bounds")]
    TableBounds,
    /// A type with a minimum above its maximum, or a maximum that is too large.
    #[error("the limits of the type contradict each other")]
    BadLimits,
    /// A type that does not fit there: a table of numbers, a value that is not supported.
    #[error("the type {0} cannot be used here")]
    BadType(ValType),
    /// Something of that name is defined already.
    #[error("the name is defined already")]
    Duplicate,
    /// Nothing of that name and kind is exported.
    #[error("there is no such export")]
    NoExport,
    /// A type with more parameters or results than allowed.
    #[error("{count} parameters or results")]
    TooManyValues {
        /// How many there are.
        count: usize,
    },
    /// The engine does not count fuel.
    #[error("the engine does not count fuel")]
    NoFuel,
}
