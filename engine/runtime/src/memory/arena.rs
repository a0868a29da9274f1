//! Address space for guarded memories.
//!
//! A guarded memory is followed by inaccessible address space as far as any
//! access can reach: a 32-bit index, a 32-bit offset and the bytes accessed.
//! Such reservations are made many at a time and never given back, so that a
//! signal handler can tell by arithmetic alone whether a fault lies in one.

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use crate::sys::map::{self, MapError};

/// Address space of one guarded memory: 4 GiB of index, 4 GiB of offset, and a
/// margin for the bytes accessed.
pub(super) const GUARDED: usize = (8 << 30) + (64 << 10);
/// Most arenas a process can have; the address space is exhausted before that.
const MAX_ARENAS: usize = 1024;
/// Memories per arena to try for, largest first; a process may be confined.
const ARENA_SLOTS: [usize; 3] = [32, 4, 1];

static ARENAS: [AtomicPtr<Arena>; MAX_ARENAS] =
    [const { AtomicPtr::new(ptr::null_mut()) }; MAX_ARENAS];
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Consecutive reservations.
struct Arena {
    base: usize,
    slots: usize,
}

/// Reserves an arena and returns where its memories begin. Calls do not
/// overlap: the pool's lock is held.
pub(super) fn create() -> Result<impl Iterator<Item = NonNull<u8>>, MapError> {
    let index = COUNT.load(Ordering::Relaxed);
    if index == MAX_ARENAS {
        return Err(MapError {
            bytes: GUARDED,
            errno: rustix::io::Errno::NOMEM,
        });
    }
    let (base, slots) = reserve()?;
    let arena = Box::leak(Box::new(Arena {
        base: base.as_ptr() as usize,
        slots,
    }));
    ARENAS[index].store(arena, Ordering::Release);
    COUNT.store(index + 1, Ordering::Release);
    // SAFETY: within the reservation of that many slots.
    Ok((0..slots).map(move |slot| unsafe { base.add(slot * GUARDED) }))
}

fn reserve() -> Result<(NonNull<u8>, usize), MapError> {
    let mut refused = None;
    for slots in ARENA_SLOTS {
        match map::reserve(slots * GUARDED) {
            Ok(base) => return Ok((base, slots)),
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.expect("at least one size was tried"))
}

/// Whether `base` is where a guarded memory begins and `address` lies in its
/// reservation. Async-signal-safe.
pub(crate) fn is_guarded(base: usize, address: usize) -> bool {
    ARENAS[..COUNT.load(Ordering::Acquire)].iter().any(|entry| {
        // SAFETY: entries below the count are set and never freed.
        let arena = unsafe { &*entry.load(Ordering::Acquire) };
        let offset = base.wrapping_sub(arena.base);
        offset < arena.slots * GUARDED
            && offset.is_multiple_of(GUARDED)
            && address.wrapping_sub(base) < GUARDED
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_starts_of_memories_guard() {
        let slots: Vec<usize> = create()
            .expect("there is address space")
            .map(|at| at.as_ptr() as usize)
            .collect();
        for &slot in &slots {
            assert!(is_guarded(slot, slot));
            assert!(is_guarded(slot, slot + GUARDED - 1));
            assert!(!is_guarded(slot, slot + GUARDED));
            assert!(!is_guarded(slot, slot.wrapping_sub(1)));
            assert!(!is_guarded(slot + 4096, slot + 4096));
        }
        assert!(!is_guarded(0, 0));
    }
}
