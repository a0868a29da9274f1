//! Why the front end refuses a module.
//!
//! Turns the validator's errors into typed ones. What the validator reports as
//! a disabled feature becomes [`WasmError::Unsupported`]; what it reports while
//! reading is malformed, what it reports while checking is invalid. All of this
//! is on the error path only.

use std::fmt;

use wasmparser::{
    BinaryReader, ImportSectionReader, MemorySectionReader, OperatorsReader, TableSectionReader,
    TypeRef, WasmFeatures,
};

use super::FEATURES;
use super::limits::{LimitExceeded, LimitKind, Limits};

/// Why a module is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WasmError {
    /// The bytes are not a module (Wasm spec, 5).
    #[error("malformed at offset {offset:#x}: {cause}")]
    Malformed {
        /// Byte offset in the module.
        offset: u32,
        /// What is wrong.
        cause: Cause,
    },
    /// A module, but not a valid one (Wasm spec, 3).
    #[error("invalid at offset {offset:#x}: {cause}")]
    Invalid {
        /// Byte offset in the module.
        offset: u32,
        /// What is wrong.
        cause: Cause,
    },
    /// Needs a proposal that is not supported.
    #[error("unsupported at offset {offset:#x}: {proposal}")]
    Unsupported {
        /// The proposal.
        proposal: Proposal,
        /// Byte offset in the module of the first use that was found.
        offset: u32,
    },
    /// Exceeds a limit.
    #[error("too large: {0}")]
    Limit(LimitExceeded),
    /// An earlier chunk of the same module was refused already.
    #[error("the module was refused before")]
    Refused,
}

impl WasmError {
    /// Byte offset in the module, if there is one.
    pub fn offset(&self) -> Option<u32> {
        match self {
            WasmError::Malformed { offset, .. }
            | WasmError::Invalid { offset, .. }
            | WasmError::Unsupported { offset, .. } => Some(*offset),
            WasmError::Limit(limit) => Some(limit.offset),
            WasmError::Refused => None,
        }
    }
}

impl WasmError {
    /// Whether it is an error whose cause is not known yet.
    pub(super) fn is_mistake(&self) -> bool {
        matches!(
            self,
            WasmError::Invalid {
                cause: Cause::Typing,
                ..
            }
        )
    }
}

impl From<LimitExceeded> for WasmError {
    fn from(limit: LimitExceeded) -> WasmError {
        WasmError::Limit(limit)
    }
}

/// What exactly is malformed or invalid.
#[derive(Clone, Debug)]
pub enum Cause {
    /// As the reader or the validator puts it.
    Wasm(wasmparser::Error),
    /// A section claims more items than its bytes can hold.
    Count {
        /// Items claimed.
        count: u32,
        /// Bytes left in the section.
        bytes: u64,
    },
    /// The locals of a function are more than 2^32 - 1.
    TooManyLocals,
    /// An operator is not valid where it is. Replaced by what wasmparser says is wrong, and
    /// reported only if it finds nothing, which is a bug here.
    Typing,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Wasm(error) => f.write_str(error.message()),
            Cause::Count { count, bytes } => {
                write!(f, "unexpected end: {count} items in {bytes} bytes")
            }
            Cause::TooManyLocals => f.write_str("too many locals"),
            Cause::Typing => f.write_str("the operator is not valid here"),
        }
    }
}

impl PartialEq for Cause {
    fn eq(&self, other: &Cause) -> bool {
        match (self, other) {
            (Cause::Wasm(a), Cause::Wasm(b)) => {
                a.offset() == b.offset() && a.message() == b.message()
            }
            (Cause::Count { count: a, bytes: x }, Cause::Count { count: b, bytes: y }) => {
                (a, x) == (b, y)
            }
            (Cause::TooManyLocals, Cause::TooManyLocals) | (Cause::Typing, Cause::Typing) => true,
            _ => false,
        }
    }
}

/// An offset as public errors have it. Modules are smaller than 4 GiB, because
/// that is the largest limit there can be.
pub(super) fn narrow(offset: u64) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// An error from reading bytes.
#[cold]
pub(super) fn malformed(error: wasmparser::Error) -> WasmError {
    let offset = narrow(error.offset());
    named(&error).unwrap_or(WasmError::Malformed {
        offset,
        cause: Cause::Wasm(error),
    })
}

/// An error from validating what was read.
#[cold]
pub(super) fn invalid(error: wasmparser::Error) -> WasmError {
    // The specification has this one among the rules of the binary format.
    if error.message() == "data count section required" {
        return malformed(error);
    }
    let offset = narrow(error.offset());
    named(&error).unwrap_or(WasmError::Invalid {
        offset,
        cause: Cause::Wasm(error),
    })
}

/// What to say of an operator that cannot be read because it is a vector
/// operator: there is no visitor for them, so that the reader knows no feature
/// that it misses.
#[cold]
pub(super) fn unreadable(bytes: &[u8], error: wasmparser::Error) -> WasmError {
    let offset = narrow(error.offset());
    let mut reader = BinaryReader::new_features(bytes, error.offset(), WasmFeatures::all());
    let is_vector = bytes.first() == Some(&0xfd)
        && OperatorsReader::new(reader.clone()).read().is_ok()
        && reader.read_u8().is_ok();
    match reader.read_var_u32() {
        // The relaxed operators follow the others from 0x100 on.
        Ok(code) if is_vector && code >= 0x100 => WasmError::Unsupported {
            proposal: Proposal::RelaxedSimd,
            offset,
        },
        Ok(_) if is_vector => WasmError::Unsupported {
            proposal: Proposal::Simd,
            offset,
        },
        _ => malformed(error),
    }
}

/// What to say of a section that cannot be read because it declares a memory or
/// table with limits wider than 32 bits. `section` begins with the section's id.
#[cold]
pub(super) fn wide_limits(section: &[u8], offset: u64) -> Option<WasmError> {
    let features = FEATURES.union(WasmFeatures::MEMORY64);
    let mut reader = BinaryReader::new_features(section, offset, features);
    let id = reader.read_u8().ok()?;
    let contents = reader.read_reader().ok()?;
    let wide = match id {
        2 => ImportSectionReader::new(contents)
            .ok()?
            .into_imports()
            .flatten()
            .any(|import| match import.ty {
                TypeRef::Memory(ty) => ty.memory64,
                TypeRef::Table(ty) => ty.table64,
                _ => false,
            }),
        4 => TableSectionReader::new(contents)
            .ok()?
            .into_iter()
            .flatten()
            .any(|table| table.ty.table64),
        5 => MemorySectionReader::new(contents)
            .ok()?
            .into_iter()
            .flatten()
            .any(|ty| ty.memory64),
        _ => false,
    };
    wide.then(|| WasmError::Unsupported {
        proposal: Proposal::Memory64,
        offset: narrow(offset),
    })
}

/// The typed form of an error that has one: a disabled feature or one of the
/// validator's own limits.
fn named(error: &wasmparser::Error) -> Option<WasmError> {
    if let Some(features) = error.missing_wasm_feature() {
        let offset = narrow(error.offset());
        return Some(WasmError::Unsupported {
            proposal: Proposal::from_features(features),
            offset,
        });
    }
    // Refused before it is looked at, so that no feature is named.
    let proposal = match error.message() {
        "multiple memories" => Proposal::MultiMemory,
        "gc proposal must be enabled to use subtypes" => Proposal::Gc,
        _ => return built_in_limit(error).map(WasmError::Limit),
    };
    Some(WasmError::Unsupported {
        proposal,
        offset: narrow(error.offset()),
    })
}

/// Limits that the validator enforces while it reads, before anyone could count.
fn built_in_limit(error: &wasmparser::Error) -> Option<LimitExceeded> {
    let kind = match error.message() {
        "function params size is out of bounds" => LimitKind::Params,
        "function returns size is out of bounds" => LimitKind::Results,
        "string size out of bounds" => LimitKind::NameLength,
        _ => return None,
    };
    let limit = Limits::default().get(kind);
    let offset = narrow(error.offset());
    Some(LimitExceeded {
        kind,
        value: u64::from(limit) + 1,
        limit,
        offset,
    })
}

macro_rules! proposals {
    ($($(#[$doc:meta])* $name:ident $text:literal = $($feature:ident)|+;)*) => {
        /// A proposal, or a part of a later version of WebAssembly, that is not supported.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Proposal {
            $($(#[$doc])* $name,)*
            /// One that has no name here yet.
            Other,
        }

        impl Proposal {
            fn from_features(features: WasmFeatures) -> Proposal {
                $(if features.intersects(WasmFeatures::empty()$(.union(WasmFeatures::$feature))+) {
                    return Proposal::$name;
                })*
                Proposal::Other
            }

            /// Its name, as its repository is called.
            pub fn name(self) -> &'static str {
                match self {
                    $(Proposal::$name => $text,)*
                    Proposal::Other => "unknown proposal",
                }
            }
        }
    };
}

proposals! {
    /// 128-bit vectors.
    Simd "simd" = SIMD;
    /// Vector operators with implementation-defined results.
    RelaxedSimd "relaxed-simd" = RELAXED_SIMD;
    /// Shared memories and atomic operators.
    Threads "threads" = THREADS | ACQUIRE_RELEASE_ATOMICS;
    /// Shared tables, globals and functions.
    SharedEverythingThreads "shared-everything-threads" = SHARED_EVERYTHING_THREADS;
    /// Tail calls.
    TailCall "tail-call" = TAIL_CALL;
    /// Exception handling, the legacy form included.
    ExceptionHandling "exception-handling" = EXCEPTIONS | LEGACY_EXCEPTIONS;
    /// More than one memory.
    MultiMemory "multi-memory" = MULTI_MEMORY;
    /// 64-bit memories and tables.
    Memory64 "memory64" = MEMORY64;
    /// Structures and arrays.
    Gc "gc" = GC | MULTIBYTE_ARRAY_ACCESS;
    /// Typed function references.
    FunctionReferences "function-references" = FUNCTION_REFERENCES;
    /// Components.
    ComponentModel "component-model" = COMPONENT_MODEL;
    /// Stack switching.
    StackSwitching "stack-switching" = STACK_SWITCHING;
    /// 128-bit integer arithmetic.
    WideArithmetic "wide-arithmetic" = WIDE_ARITHMETIC;
    /// Memories with pages of other sizes.
    CustomPageSizes "custom-page-sizes" = CUSTOM_PAGE_SIZES;
    /// Discarding of memory pages.
    MemoryControl "memory-control" = MEMORY_CONTROL;
    /// Custom descriptors.
    CustomDescriptors "custom-descriptors" = CUSTOM_DESCRIPTORS;
    /// Compact import section.
    CompactImports "compact-import-section" = COMPACT_IMPORTS;
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
