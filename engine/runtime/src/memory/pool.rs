//! Idle slots.
//!
//! One pool for the process, so that engines can come and go. A slot is taken
//! by kind and by how much of it is accessible: a size that an idle slot has needs
//! no system call, any other size one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::sys::map::MapError;

use super::slot::{Kind, Slot};
use super::{WASM_PAGE, arena};

static POOL: Mutex<Pool> = Mutex::new(Pool {
    warm: Vec::new(),
    cold: Vec::new(),
});

struct Pool {
    /// Ready for use, the one used last at the end.
    warm: Vec<Slot>,
    /// Guarded slots without any memory.
    cold: Vec<Slot>,
}

fn lock() -> MutexGuard<'static, Pool> {
    // Nothing panics half-way through a change of the pool.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many idle slots hold memory.
pub(crate) fn idle() -> usize {
    lock().warm.len()
}

/// Takes a guarded slot of which exactly `bytes` are accessible. While fewer than `keep`
/// are warm, a size that none of them has gets a slot of its own.
pub(super) fn take_guarded(bytes: usize, keep: usize) -> Result<Slot, MapError> {
    let mut pool = lock();
    let mut slot = match pool.take_warm(Kind::Guarded, bytes, keep) {
        Some(slot) => slot,
        None => pool.take_cold()?,
    };
    drop(pool);
    match slot.set_accessible(bytes) {
        Ok(()) => Ok(slot),
        Err(error) => {
            lock().cold.extend(slot.retire());
            Err(error)
        }
    }
}

/// Takes a slot that can grow to `max` bytes and of which at least `bytes` are accessible.
pub(super) fn take_bounded(bytes: usize, max: usize, keep: usize) -> Result<Slot, MapError> {
    // Sizes in powers of two, so that memories of similar size share slots.
    let reserved = max.max(WASM_PAGE).next_power_of_two();
    let found = lock().take_warm(Kind::Bounded(reserved), bytes, keep);
    let mut slot = match found {
        Some(slot) => slot,
        None => Slot::bounded(reserved)?,
    };
    match slot.set_accessible(bytes) {
        Ok(()) => Ok(slot),
        Err(error) => {
            slot.retire();
            Err(error)
        }
    }
}

/// Gives back a slot of which the first `used` bytes may have been written. At
/// most `keep` slots stay warm.
pub(super) fn put(mut slot: Slot, used: usize, keep: usize) {
    let cleared = slot.clear(used).is_ok();
    if cleared {
        let mut pool = lock();
        pool.warm.push(slot);
        if pool.warm.len() <= keep {
            return;
        }
        slot = pool.warm.remove(0);
    }
    // Without the lock: this is many times slower than the rest.
    if let Some(slot) = slot.retire() {
        lock().cold.push(slot);
    }
}

impl Pool {
    /// The warm slot that suits best, the one used last among equals; one that has to be
    /// changed only when there are enough.
    fn take_warm(&mut self, kind: Kind, bytes: usize, keep: usize) -> Option<Slot> {
        let may_change = self.warm.len() >= keep;
        let mut best: Option<(usize, usize)> = None;
        for (index, slot) in self.warm.iter().enumerate().rev() {
            let distance = match kind {
                _ if slot.kind != kind => continue,
                Kind::Bounded(_) => bytes.saturating_sub(slot.accessible),
                Kind::Guarded => slot.accessible.abs_diff(bytes),
            };
            if distance == 0 {
                return Some(self.warm.remove(index));
            }
            if may_change && best.is_none_or(|(_, least)| distance < least) {
                best = Some((index, distance));
            }
        }
        best.map(|(index, _)| self.warm.remove(index))
    }

    fn take_cold(&mut self) -> Result<Slot, MapError> {
        if self.cold.is_empty() {
            self.cold.extend(arena::create()?.map(Slot::guarded));
            self.cold.reverse();
        }
        Ok(self.cold.pop().expect("an arena has at least one slot"))
    }
}
