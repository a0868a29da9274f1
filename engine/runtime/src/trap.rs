//! Traps: why compiled code stopped, and where.

use std::fmt;

use microwasm::FuncIndex;
use microwasm_codegen::Backend;
pub use microwasm_codegen::TrapCode;

use crate::code;
use crate::interp;
use crate::store::StoreInner;
use crate::vm::VmCtx;

/// Execution was aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    code: TrapCode,
    site: Option<TrapSite>,
}

/// Where a trap happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrapSite {
    /// The function, by its index in the module that it belongs to.
    pub func: FuncIndex,
    /// Offset of the machine code from the beginning of the function's. Most traps are
    /// raised by code at the function's end that all operators share.
    pub code_offset: u32,
    /// Offset of the operator in the module, if the engine keeps a map and the trap
    /// was not raised by shared code.
    pub source_offset: Option<u32>,
}

impl Trap {
    /// A trap that was not raised by compiled code.
    pub(crate) fn new(code: TrapCode) -> Trap {
        Trap { code, site: None }
    }

    /// The trap that has just ended an execution for `store`.
    ///
    /// # Safety
    /// The store is alive, and compiled code has just returned `code` to it.
    pub(crate) unsafe fn raised(code: TrapCode, store: &StoreInner) -> Trap {
        let pc = store.vm.trap_pc;
        let site = match store.engine.backend() {
            // SAFETY: the code belongs to the store, which keeps its modules.
            Backend::X64 => unsafe { code::owner_of(pc) }.and_then(|table| table.trap_site(pc)),
            // SAFETY: the instance is one of the store's.
            Backend::Bytecode => interp::trap_vmctx(store).and_then(|vmctx| unsafe {
                let index = VmCtx::instance_index(vmctx.as_ptr());
                store.instances[index].module.inner().table().exact_site(pc)
            }),
        };
        Trap { code, site }
    }

    /// Why.
    pub fn code(&self) -> TrapCode {
        self.code
    }

    /// Where, if it was in compiled code.
    pub fn site(&self) -> Option<TrapSite> {
        self.site
    }

    /// The reason in the words of the specification's tests.
    pub fn message(&self) -> &'static str {
        match self.code {
            TrapCode::Unreachable => "unreachable",
            TrapCode::MemoryOutOfBounds => "out of bounds memory access",
            TrapCode::TableOutOfBounds => "out of bounds table access",
            TrapCode::IndirectCallToNull => "uninitialized element",
            TrapCode::BadSignature => "indirect call type mismatch",
            TrapCode::IntegerDivideByZero => "integer divide by zero",
            TrapCode::IntegerOverflow => "integer overflow",
            TrapCode::BadConversionToInteger => "invalid conversion to integer",
            TrapCode::StackOverflow => "call stack exhausted",
            TrapCode::OutOfFuel => "out of fuel",
            TrapCode::Interrupted => "interrupted",
            TrapCode::Host => "host function failed",
            TrapCode::UndefinedElement => "undefined element",
        }
    }
}

impl From<TrapCode> for Trap {
    fn from(code: TrapCode) -> Trap {
        Trap::new(code)
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        if let Some(site) = self.site {
            write!(f, " in function {}", site.func)?;
            if let Some(offset) = site.source_offset {
                write!(f, " at offset {offset:#x}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Trap {}
