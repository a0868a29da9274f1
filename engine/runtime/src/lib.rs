//! The Microwasm engine: compiles WebAssembly in one pass and runs it.
//!
//! ```
//! use microwasm_runtime::{Config, Engine, Instance, Module, Store};
//!
//! # fn main() -> microwasm_runtime::Result<()> {
//! let engine = Engine::new(&Config::new())?;
//! let wasm = wat::parse_str(
//!     r#"(module (func (export "add") (param i32 i32) (result i32)
//!          local.get 0 local.get 1 i32.add))"#,
//! )
//! .expect("the text is well-formed");
//! let module = Module::new(&engine, &wasm)?;
//! let mut store = Store::new(&engine, ());
//! let instance = Instance::new(&mut store, &module, &[])?;
//! let add = instance.get_typed_func::<(i32, i32), i32>(&store, "add")?;
//! assert_eq!(add.call(&mut store, (2, 3))?, 5);
//! # Ok(())
//! # }
//! ```
//!
//! This crate owns memory, execution and the embedding API, and all `unsafe`
//! code of the engine. It encodes no instruction: code comes from
//! `microwasm-codegen`, and what compiled code reads is laid out as that crate
//! says. Only x86-64 Linux.

/// The example in the project's `README` is a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

mod arena;
mod builtins;
mod cache;
mod code;
mod config;
mod engine;
mod error;
mod externs;
mod func;
mod helpers;
mod instance;
mod interp;
mod linker;
mod memory;
mod module;
mod seal;
mod signature;
mod store;
mod stored;
mod sys;
#[cfg(feature = "trace")]
pub mod trace;
mod trap;
mod val;
mod vm;

pub use cache::{CacheError, CacheStats, CompileCache};
pub use code::{CodeMemoryError, CodePlace};
pub use config::Config;
pub use engine::{Engine, PoolStats};
pub use error::{
    CompileError, Error, ImportError, ImportErrorKind, ItemType, ResourceError, Result, UsageError,
};
pub use externs::{Extern, Global, Memory, Table};
pub use func::{Caller, Func, HostResults, IntoFunc, TypedFunc, WasmTy, WasmValues};
pub use instance::Instance;
pub use linker::Linker;
pub use memory::WASM_PAGE;
pub use module::{DeserializeError, Module, ModuleBuilder, ModuleCode};
pub use seal::SealError;
pub use store::{AsContext, AsContextMut, ResourceLimiter, Store, StoreContext, StoreContextMut};
pub use sys::map::MapError;
pub use trap::{Trap, TrapCode, TrapSite};
pub use val::{ExternRef, Val};

pub use microwasm::binary::BinaryError;
pub use microwasm::module::{
    Export, ExportItem, ExternType, GlobalType, Import, Limits, MemoryType, TableType,
};
pub use microwasm::text::TextError;
pub use microwasm::wasm::WasmError;
pub use microwasm::{FuncType, ModuleInfo, ValType};
pub use microwasm_codegen::link::{HostCall, Layout};
pub use microwasm_codegen::{Backend, CpuFeatures, MemoryBounds};
