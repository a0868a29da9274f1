//! Asking the host before a memory or a table grows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use super::enter::HostFailure;
use super::{StoreData, StoreInner};

/// Decides whether memories and tables may grow. Sizes are in pages and elements; the
/// maximum is the type's.
pub trait ResourceLimiter {
    /// Whether a memory may grow. For a new one `current` is 0.
    fn memory_growing(&mut self, current: u32, desired: u32, maximum: Option<u32>) -> bool;

    /// Whether a table may grow. For a new one `current` is 0.
    fn table_growing(&mut self, current: u32, desired: u32, maximum: Option<u32>) -> bool;
}

pub(super) type Limiter<T> = dyn (FnMut(&mut T) -> &mut dyn ResourceLimiter) + Send;

/// What is about to grow.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Growth {
    Memory {
        current: u32,
        desired: u32,
        maximum: Option<u32>,
    },
    Table {
        current: u32,
        desired: u32,
        maximum: Option<u32>,
    },
}

/// [`ask`] for the store's data type.
pub(super) type Ask = unsafe fn(NonNull<StoreInner>, Growth) -> bool;

/// Asks the limiter of a store. If it panics the answer is no, and the panic goes on
/// when compiled code has been left: there is no trap that a refused growth could raise.
///
/// # Safety
/// The store's data is a `T`, and nobody else is using the store.
pub(super) unsafe fn ask<T>(store: NonNull<StoreInner>, growth: Growth) -> bool {
    // SAFETY: `StoreInner` is the head of `StoreData<T>`.
    let data = unsafe { store.cast::<StoreData<T>>().as_mut() };
    let Some(limiter) = &mut data.limiter else {
        return true;
    };
    let host = &mut data.host;
    let answer = catch_unwind(AssertUnwindSafe(|| {
        let limiter = limiter(host);
        match growth {
            Growth::Memory {
                current,
                desired,
                maximum,
            } => limiter.memory_growing(current, desired, maximum),
            Growth::Table {
                current,
                desired,
                maximum,
            } => limiter.table_growing(current, desired, maximum),
        }
    }));
    answer.unwrap_or_else(|panic| {
        data.inner.failure = Some(HostFailure::Panic(panic));
        false
    })
}
