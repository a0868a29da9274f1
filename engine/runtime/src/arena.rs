//! Memory that lives as long as a store: contexts, function references, descriptors.
//!
//! Addresses are stable. Nothing is given back piece by piece; resetting makes
//! all of it free at once and keeps the first chunk for the next store.

use std::alloc::{self, Layout};
use std::ptr::NonNull;

use crate::error::ResourceError;

/// Alignment of every allocation.
const ALIGN: usize = 16;
/// Size of the first chunk.
const FIRST: usize = 16 << 10;
/// Chunks grow up to this size.
const LARGEST: usize = 1 << 20;

/// Bump allocator.
#[derive(Default)]
pub(crate) struct Arena {
    chunks: Vec<Chunk>,
    /// Bytes taken of the last chunk.
    taken: usize,
}

struct Chunk {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: an arena owns its chunks.
unsafe impl Send for Arena {}
// SAFETY: a shared arena can do nothing.
unsafe impl Sync for Arena {}

impl Arena {
    /// Zeroed memory, aligned to 16 bytes.
    pub(crate) fn alloc(&mut self, bytes: usize) -> Result<NonNull<u8>, ResourceError> {
        let refused = ResourceError::Instance { bytes };
        let bytes = bytes.checked_next_multiple_of(ALIGN).ok_or(refused)?;
        let room = self
            .chunks
            .last()
            .map_or(0, |chunk| chunk.bytes - self.taken);
        if bytes > room {
            let size = (FIRST << self.chunks.len().min(6)).min(LARGEST).max(bytes);
            self.chunks.push(Chunk::new(size).ok_or(refused)?);
            self.taken = 0;
        }
        let chunk = self
            .chunks
            .last()
            .expect("pushed if there was none with room");
        // SAFETY: within the chunk, which has room for that many bytes from `taken` on; nobody
        // else has been given them since the last reset.
        let at = unsafe {
            let at = chunk.start.add(self.taken);
            at.write_bytes(0, bytes);
            at
        };
        self.taken += bytes;
        Ok(at)
    }

    /// Places a value. It is not dropped with the arena.
    pub(crate) fn place<T: Copy>(&mut self, value: T) -> Result<NonNull<T>, ResourceError> {
        const { assert!(align_of::<T>() <= ALIGN) };
        let at = self.alloc(size_of::<T>())?.cast::<T>();
        // SAFETY: freshly allocated, large enough and aligned.
        unsafe { at.write(value) };
        Ok(at)
    }

    /// Makes everything free.
    ///
    /// # Safety
    /// Nothing in the arena is used any more.
    pub(crate) unsafe fn reset(&mut self) {
        self.chunks.truncate(1);
        self.taken = 0;
        if self
            .chunks
            .first()
            .is_some_and(|chunk| chunk.bytes > LARGEST)
        {
            self.chunks.clear();
        }
    }
}

impl Chunk {
    fn layout(bytes: usize) -> Option<Layout> {
        Layout::from_size_align(bytes, ALIGN).ok()
    }

    fn new(bytes: usize) -> Option<Chunk> {
        // SAFETY: chunks are never empty.
        let start = unsafe { alloc::alloc(Chunk::layout(bytes)?) };
        Some(Chunk {
            start: NonNull::new(start)?,
            bytes,
        })
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let layout = Chunk::layout(self.bytes).expect("the chunk was allocated with this layout");
        // SAFETY: allocated with this layout.
        unsafe { alloc::dealloc(self.start.as_ptr(), layout) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_zeroed_aligned_and_apart() {
        let mut arena = Arena::default();
        for _ in 0..3 {
            let mut all = Vec::new();
            for i in 1..200usize {
                let at = arena.alloc(i * 17).expect("there is memory");
                assert_eq!(at.as_ptr() as usize % ALIGN, 0);
                // SAFETY: just allocated with that many bytes.
                let bytes = unsafe { std::slice::from_raw_parts_mut(at.as_ptr(), i * 17) };
                assert!(bytes.iter().all(|byte| *byte == 0));
                bytes.fill(i as u8);
                all.push(bytes);
            }
            for (i, bytes) in all.iter().enumerate() {
                assert!(bytes.iter().all(|byte| *byte == (i + 1) as u8));
            }
            // SAFETY: `all` is not used again.
            unsafe { arena.reset() };
        }
        assert!(arena.alloc(usize::MAX - 3).is_err());
    }
}
