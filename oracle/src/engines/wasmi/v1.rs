//! wasmi 1

use ::wasmi_1 as wasmi;

// Once for each version of the crate, which share no types.
#[path = "adapter.rs"]
#[allow(clippy::duplicate_mod)]
mod adapter;

pub(super) use adapter::Wasmi;

/// What the adapter needs to be told about this version.
mod api {
    use ::wasmi_core_1::UntypedVal;

    use super::wasmi::errors::{ErrorKind, InstantiationError as E, MemoryError, TableError};
    use super::wasmi::{Error, Func, Val, ValType};

    pub(super) use super::wasmi::Ref as Nullable;

    use super::adapter::trap;
    use crate::engine::{InstantiateError, Refusal, RefusalKind, Trap};

    /// A number that no other function of the same store has.
    pub(super) fn func_key(func: Func) -> u64 {
        UntypedVal::from(func).into()
    }

    /// A value as an element of a table, and the type of the element.
    pub(super) fn table_item(val: Val) -> Option<(Val, ValType)> {
        let ty = val.ty();
        matches!(val, Val::FuncRef(_) | Val::ExternRef(_)).then_some((val, ty))
    }

    pub(super) fn from_table_item(item: Val) -> Val {
        item
    }

    pub(super) fn zero(ty: ValType) -> Val {
        Val::default(ty)
    }

    pub(super) fn refusal(error: &Error) -> Refusal {
        let (kind, offset) = match error.kind() {
            ErrorKind::Wasm(error) => (RefusalKind::Invalid, Some(error.offset() as u64)),
            ErrorKind::Read(_) => (RefusalKind::Invalid, None),
            ErrorKind::Limits(_) | ErrorKind::Ir(_) | ErrorKind::Translation(_) => {
                (RefusalKind::Limit, None)
            }
            _ => (RefusalKind::Unsupported, None),
        };
        Refusal {
            kind,
            message: error.to_string().into(),
            offset,
        }
    }

    pub(super) fn instantiate_error(error: &Error) -> InstantiateError {
        match error.kind() {
            ErrorKind::Instantiation(E::ElementSegmentDoesNotFit { .. })
            | ErrorKind::Table(
                TableError::InitOutOfBounds
                | TableError::CopyOutOfBounds
                | TableError::SetOutOfBounds,
            ) => InstantiateError::Trap(Trap::TableOutOfBounds),
            ErrorKind::Memory(MemoryError::OutOfBoundsAccess) => {
                InstantiateError::Trap(Trap::MemoryOutOfBounds)
            }
            ErrorKind::Instantiation(
                E::TooManyInstances
                | E::TooManyTables
                | E::TooManyMemories
                | E::FailedToInstantiateMemory(_)
                | E::FailedToInstantiateTable(_),
            ) => InstantiateError::Limit(error.to_string().into()),
            ErrorKind::Instantiation(_) | ErrorKind::Linker(_) => {
                InstantiateError::Link(error.to_string().into())
            }
            ErrorKind::TrapCode(_) | ErrorKind::Host(_) => InstantiateError::Trap(trap(error)),
            _ => InstantiateError::Limit(error.to_string().into()),
        }
    }
}
