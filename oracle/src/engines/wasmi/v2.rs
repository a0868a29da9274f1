//! wasmi 2

use ::wasmi;

// Once for each version of the crate, which share no types.
#[path = "adapter.rs"]
#[allow(clippy::duplicate_mod)]
mod adapter;

pub(super) use adapter::Wasmi;

/// What the adapter needs to be told about this version.
mod api {
    use wasmi::errors::{ErrorKind, InstantiationError as E, MemoryError, TableError};
    use wasmi::{Error, Func, Ref, RefType, Val, ValType};

    pub(super) use wasmi::Nullable;

    use super::adapter::trap;
    use crate::engine::{InstantiateError, Refusal, RefusalKind, Trap};

    /// A number that no other function of the same store has: the one behind `key: ` in its debug
    /// representation, the only place where this version shows a function's identity.
    pub(super) fn func_key(func: Func) -> u64 {
        let shown = format!("{func:?}");
        let key = shown.split_once("key: ").map(|(_, key)| key);
        let digits = key.and_then(|key| key.split(|c: char| !c.is_ascii_digit()).next());
        let key = digits.and_then(|digits| digits.parse().ok());
        key.unwrap_or_else(|| panic!("no key in {shown}"))
    }

    /// A value as an element of a table, and the type of the element.
    pub(super) fn table_item(val: Val) -> Option<(Ref, RefType)> {
        let item = match val {
            Val::FuncRef(func) => Ref::Func(func),
            Val::ExternRef(object) => Ref::Extern(object),
            _ => return None,
        };
        let ty = item.ty();
        Some((item, ty))
    }

    pub(super) fn from_table_item(item: Ref) -> Val {
        match item {
            Ref::Func(func) => Val::FuncRef(func),
            Ref::Extern(object) => Val::ExternRef(object),
        }
    }

    pub(super) fn zero(ty: ValType) -> Val {
        Val::default_for_ty(ty)
    }

    pub(super) fn refusal(error: &Error) -> Refusal {
        let (kind, offset) = match error.kind() {
            ErrorKind::Wasm(error) => (RefusalKind::Invalid, Some(error.offset() as u64)),
            ErrorKind::Read(_) => (RefusalKind::Invalid, None),
            ErrorKind::UserLimits(_)
            | ErrorKind::ImplementationLimits(_)
            | ErrorKind::Ir(_)
            | ErrorKind::Translation(_) => (RefusalKind::Limit, None),
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
