//! A memory of a store.

use std::ptr::NonNull;

use microwasm::module::MemoryType;
use microwasm_codegen::MemoryBounds;

use crate::sys::map::MapError;
use crate::vm::VmCtx;

use super::slot::Slot;
use super::{MAX_PAGES, WASM_PAGE, pool};

/// A memory. Its base never moves.
pub(crate) struct LinearMemory {
    /// Absent only while the memory is being dropped.
    slot: Option<Slot>,
    pages: u32,
    ty: MemoryType,
    /// How many idle slots the engine wants to keep.
    keep: usize,
    /// The instances that have it as memory 0 and keep its length.
    users: Users,
}

/// Instances that keep a copy of a length; nearly always one.
enum Users {
    None,
    One(NonNull<VmCtx>),
    Many(Vec<NonNull<VmCtx>>),
}

impl LinearMemory {
    /// A memory of `ty`'s initial size.
    pub(crate) fn new(
        ty: MemoryType,
        bounds: MemoryBounds,
        keep: usize,
    ) -> Result<LinearMemory, MapError> {
        let bytes = ty.limits.min as usize * WASM_PAGE;
        let slot = match bounds {
            MemoryBounds::Guard => pool::take_guarded(bytes, keep)?,
            MemoryBounds::Explicit => {
                let max = ty.limits.max.unwrap_or(MAX_PAGES).min(MAX_PAGES);
                pool::take_bounded(bytes, (max as usize * WASM_PAGE).max(bytes), keep)?
            }
        };
        let slot = Some(slot);
        Ok(LinearMemory {
            slot,
            pages: ty.limits.min,
            ty,
            keep,
            users: Users::None,
        })
    }

    fn slot(&self) -> &Slot {
        self.slot.as_ref().expect("only dropping takes the slot")
    }

    /// Where it begins.
    pub(crate) fn base(&self) -> NonNull<u8> {
        self.slot().base
    }

    /// Current size in pages.
    pub(crate) fn pages(&self) -> u32 {
        self.pages
    }

    /// Current size in bytes.
    pub(crate) fn len(&self) -> usize {
        self.pages as usize * WASM_PAGE
    }

    /// Type as created.
    pub(crate) fn ty(&self) -> MemoryType {
        self.ty
    }

    /// Size that it can never exceed, in pages.
    pub(crate) fn max_pages(&self) -> u32 {
        self.ty.limits.max.unwrap_or(MAX_PAGES).min(MAX_PAGES)
    }

    /// Its contents.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: accessible up to the length, initialised by the system; the store, which is
        // borrowed, is not executing.
        unsafe { std::slice::from_raw_parts(self.base().as_ptr(), self.len()) }
    }

    /// Its contents.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and exclusively borrowed.
        unsafe { std::slice::from_raw_parts_mut(self.base().as_ptr(), self.len()) }
    }

    /// Enters `vmctx` among the instances that keep the length, and tells it.
    ///
    /// # Safety
    /// `vmctx` lives as long as the memory.
    pub(crate) unsafe fn add_user(&mut self, vmctx: NonNull<VmCtx>) {
        self.users = match std::mem::replace(&mut self.users, Users::None) {
            Users::None => Users::One(vmctx),
            Users::One(first) => Users::Many(vec![first, vmctx]),
            Users::Many(mut all) => {
                all.push(vmctx);
                Users::Many(all)
            }
        };
        self.tell(vmctx);
    }

    fn tell(&self, vmctx: NonNull<VmCtx>) {
        let vmctx = vmctx.as_ptr();
        // SAFETY: users live as long as the memory, and no reference to their head is held.
        unsafe {
            (*vmctx).memory_base = self.base().as_ptr();
            (*vmctx).memory_len = self.len() as u64;
        }
    }

    /// Adds pages, within [`LinearMemory::max_pages`]. On failure nothing has changed.
    pub(crate) fn grow(&mut self, delta: u32) -> Result<(), MapError> {
        let pages = self.pages + delta;
        assert!(
            pages <= self.max_pages(),
            "{pages} of {} pages",
            self.max_pages()
        );
        let slot = self.slot.as_mut().expect("only dropping takes the slot");
        slot.set_accessible(pages as usize * WASM_PAGE)?;
        self.pages = pages;
        match &self.users {
            Users::None => {}
            Users::One(user) => self.tell(*user),
            Users::Many(all) => all.iter().for_each(|user| self.tell(*user)),
        }
        Ok(())
    }
}

impl Drop for LinearMemory {
    fn drop(&mut self) {
        let used = self.len();
        if let Some(slot) = self.slot.take() {
            pool::put(slot, used, self.keep);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use microwasm::module::Limits;

    fn memory(min: u32, bounds: MemoryBounds) -> LinearMemory {
        let ty = MemoryType {
            limits: Limits {
                min,
                max: Some(1000),
            },
        };
        LinearMemory::new(ty, bounds, 16).expect("there is memory")
    }

    #[test]
    fn memories_start_zeroed_whoever_had_the_slot_before() {
        for bounds in [MemoryBounds::Guard, MemoryBounds::Explicit] {
            for (first, second) in [(1, 1), (3, 1), (1, 3), (20, 2), (0, 1), (20, 30)] {
                memory(first, bounds).bytes_mut().fill(0xa5);
                let mut again = memory(second, bounds);
                assert_eq!(again.len(), second as usize * WASM_PAGE);
                assert!(
                    again.bytes().iter().all(|byte| *byte == 0),
                    "{first} {second}"
                );
                again.grow(25).expect("there is memory");
                assert!(
                    again.bytes().iter().all(|byte| *byte == 0),
                    "{first} {second}"
                );
            }
        }
    }

    #[test]
    fn the_base_does_not_move() {
        for bounds in [MemoryBounds::Guard, MemoryBounds::Explicit] {
            let mut memory = memory(1, bounds);
            let base = memory.base();
            memory.grow(900).expect("there is memory");
            assert_eq!(memory.base(), base);
            assert_eq!(memory.bytes().len(), 901 * WASM_PAGE);
        }
    }
}
