//! A chunk of code memory and the map of the blocks in it.
//!
//! Chunks are never unmapped: a signal handler may look at them at any moment.
//! What a process keeps is bounded by the most code it ever had at once.
//!
//! A block is a run of granules. Its first granule is a [`Header`] and is marked
//! in a bitmap, so that the block around an address is found by looking for the
//! nearest mark at or below it, without a lock. This is safe while code of
//! the block is executing: the block is then alive, its mark is set, and no mark
//! can appear between it and the address.

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

use crate::module::CodeTable;
use crate::sys::map::{self, DualView};

use super::{CodeMemoryError, CodePlace};

/// Unit of allocation: a cache line.
pub(super) const GRANULE: usize = 64;
/// Size of all chunks that need not be larger.
pub(super) const CHUNK: usize = 64 << 20;
/// Most chunks a process can have.
const MAX_CHUNKS: usize = 1024;

static CHUNKS: [AtomicPtr<Chunk>; MAX_CHUNKS] =
    [const { AtomicPtr::new(ptr::null_mut()) }; MAX_CHUNKS];
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// First granule of a block.
#[repr(C, align(64))]
pub(super) struct Header {
    /// The module whose code this is; null for code without trap sites.
    pub(super) owner: *const CodeTable,
}

const _: () = assert!(size_of::<Header>() == GRANULE);

/// One reservation.
pub(super) struct Chunk {
    view: DualView,
    bytes: usize,
    /// One bit per granule: a block begins here.
    starts: Box<[AtomicU64]>,
}

// SAFETY: the views are ranges of memory; who may write where is decided by the
// pool, which gives each granule to one block at a time.
unsafe impl Send for Chunk {}
// SAFETY: as above; `starts` is atomic.
unsafe impl Sync for Chunk {}

impl Chunk {
    /// Maps a chunk of at least `bytes` in a place that suits, and enters it in the list of
    /// all chunks. Calls do not overlap: the pool's lock is held.
    pub(super) fn create(
        bytes: usize,
        place: CodePlace,
    ) -> Result<&'static Chunk, CodeMemoryError> {
        let index = COUNT.load(Ordering::Relaxed);
        let bytes = bytes.max(CHUNK).next_multiple_of(CHUNK);
        // Granules are counted in 32 bits.
        if index == MAX_CHUNKS || bytes / GRANULE > u32::MAX as usize {
            return Err(CodeMemoryError::Exhausted);
        }
        let view = map_at(bytes, place)?;
        let words = bytes / GRANULE / 64;
        let starts = std::iter::repeat_with(|| AtomicU64::new(0))
            .take(words)
            .collect();
        let chunk = Box::leak(Box::new(Chunk {
            view,
            bytes,
            starts,
        }));
        CHUNKS[index].store(chunk, Ordering::Release);
        COUNT.store(index + 1, Ordering::Release);
        Ok(chunk)
    }

    /// Whether all of it lies where code is wanted.
    pub(super) fn suits(&self, place: CodePlace) -> bool {
        place.suits(self.view.exec.as_ptr() as usize, self.bytes)
    }

    /// How many granules it has.
    pub(super) fn granules(&self) -> u32 {
        (self.bytes / GRANULE) as u32
    }

    /// A granule in the writable view.
    pub(super) fn write_view(&self, granule: u32) -> NonNull<u8> {
        debug_assert!(
            granule < self.granules(),
            "granule {granule} of {}",
            self.granules()
        );
        // SAFETY: granules lie within the mapping.
        unsafe { self.view.write.add(granule as usize * GRANULE) }
    }

    /// A granule in the executable view.
    pub(super) fn exec_view(&self, granule: u32) -> NonNull<u8> {
        debug_assert!(
            granule < self.granules(),
            "granule {granule} of {}",
            self.granules()
        );
        // SAFETY: granules lie within the mapping.
        unsafe { self.view.exec.add(granule as usize * GRANULE) }
    }

    /// Marks or unmarks the start of a block.
    pub(super) fn mark(&self, granule: u32, begins: bool) {
        let (word, bit) = (&self.starts[granule as usize / 64], 1u64 << (granule % 64));
        if begins {
            word.fetch_or(bit, Ordering::Release);
        } else {
            word.fetch_and(!bit, Ordering::Release);
        }
    }

    fn offset_of(&self, pc: usize) -> Option<usize> {
        let offset = pc.wrapping_sub(self.view.exec.as_ptr() as usize);
        (offset < self.bytes).then_some(offset)
    }

    /// First granule of the block around an offset.
    fn block_at(&self, offset: usize) -> Option<u32> {
        let granule = offset / GRANULE;
        let mut index = granule / 64;
        let mut bits = self.starts[index].load(Ordering::Acquire) << (63 - granule % 64);
        if bits != 0 {
            return Some(granule as u32 - bits.leading_zeros());
        }
        while index > 0 {
            index -= 1;
            bits = self.starts[index].load(Ordering::Acquire);
            if bits != 0 {
                return Some((index * 64 + 63) as u32 - bits.leading_zeros());
            }
        }
        None
    }
}

/// Maps both views in a place that suits.
fn map_at(bytes: usize, place: CodePlace) -> Result<DualView, CodeMemoryError> {
    for hint in place.hints() {
        let view = map::dual(bytes, hint)?;
        if place.suits(view.exec.as_ptr() as usize, bytes) {
            return Ok(view);
        }
        // SAFETY: just mapped, and nobody has seen it.
        unsafe {
            map::release(view.write, bytes);
            map::release(view.exec, bytes);
        }
    }
    Err(CodeMemoryError::NoPlace(place))
}

fn find(pc: usize) -> Option<(&'static Chunk, usize)> {
    CHUNKS[..COUNT.load(Ordering::Acquire)]
        .iter()
        .find_map(|entry| {
            // SAFETY: entries below the count are set and never freed.
            let chunk = unsafe { &*entry.load(Ordering::Acquire) };
            chunk.offset_of(pc).map(|offset| (chunk, offset))
        })
}

/// Whether `pc` lies in code memory.
#[cfg(any(test, feature = "trace"))]
pub(crate) fn is_code(pc: usize) -> bool {
    find(pc).is_some()
}

/// The table of the module whose code contains `pc`. Async-signal-safe.
///
/// # Safety
/// The code at `pc` is executing, or the store it was executing for is still
/// alive; as long as that is so, the reference is good.
pub(crate) unsafe fn owner_of<'a>(pc: usize) -> Option<&'a CodeTable> {
    let (chunk, offset) = find(pc)?;
    let header = chunk.exec_view(chunk.block_at(offset)?).cast::<Header>();
    // SAFETY: marked granules hold a header, whose block is alive by this
    // function's contract; so is its owner, which owns the block.
    unsafe { header.as_ref().owner.as_ref() }
}
