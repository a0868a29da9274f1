//! Which granules of the chunks are free.
//!
//! Free runs per chunk, none adjacent to another, best fit; taking and giving
//! back takes time logarithmic in their number. Large blocks give their pages
//! back to the system when they are freed; small ones keep them for the next.
//!
//! The child of a fork shares all chunks with its parent. It notices when it
//! next wants code memory, and from then on uses chunks of its own and leaves
//! the others alone. It may run modules from before the fork for as long as the
//! parent keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use thiserror::Error;

use crate::sys::map::{self, ForkMark, MapError};

use super::CodePlace;
use super::chunk::{Chunk, GRANULE};

/// Freed blocks from this size on give their pages back.
const DISCARD: usize = 1 << 20;

/// There is no code memory left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodeMemoryError {
    /// The system has none.
    #[error(transparent)]
    Map(#[from] MapError),
    /// This process has all that is allowed.
    #[error("the process has reached its limit of code memory")]
    Exhausted,
    /// There is no room where the code is wanted.
    #[error("there is no room for code in such a place: {0:?}")]
    NoPlace(CodePlace),
}

static POOL: Mutex<Pool> = Mutex::new(Pool { spaces: Vec::new() });
static FORK: ForkMark = ForkMark::new();

struct Pool {
    spaces: Vec<Space>,
}

/// Free granules of one chunk.
struct Space {
    chunk: &'static Chunk,
    free: FreeRuns,
}

/// Free granules, by address and by size.
#[derive(Default)]
struct FreeRuns {
    by_start: BTreeMap<u32, u32>,
    /// Length, then start.
    by_len: BTreeSet<(u32, u32)>,
}

/// Consecutive granules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: u32,
    pub(super) len: u32,
}

fn lock() -> MutexGuard<'static, Pool> {
    // Nothing panics half-way through a change of the pool.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes granules for `bytes`, in a place that suits.
pub(super) fn allocate(
    bytes: usize,
    place: CodePlace,
) -> Result<(&'static Chunk, Run), CodeMemoryError> {
    let len = u32::try_from(bytes.div_ceil(GRANULE)).map_err(|_| CodeMemoryError::Exhausted)?;
    let mut pool = lock();
    if !FORK.is_set() {
        // First use, or the child of a fork: what there is belongs to the parent.
        pool.spaces.clear();
        FORK.set()?;
    }
    for space in &mut pool.spaces {
        if place != CodePlace::Anywhere && !space.chunk.suits(place) {
            continue;
        }
        if let Some(run) = space.free.take(len) {
            return Ok((space.chunk, run));
        }
    }
    let chunk = Chunk::create(bytes, place)?;
    let mut free = FreeRuns::new(Run {
        start: 0,
        len: chunk.granules(),
    });
    let run = free.take(len).ok_or(CodeMemoryError::Exhausted)?;
    pool.spaces.push(Space { chunk, free });
    Ok((chunk, run))
}

/// Gives granules back. `prepare` runs first, unless the memory is shared with
/// another process and must be left alone.
pub(super) fn free(chunk: &'static Chunk, run: Run, prepare: impl FnOnce()) {
    let mut pool = lock();
    if !FORK.is_set() {
        return;
    }
    let Some(space) = pool
        .spaces
        .iter_mut()
        .find(|space| std::ptr::eq(space.chunk, chunk))
    else {
        return;
    };
    prepare();
    if run.len as usize * GRANULE >= DISCARD {
        let at = chunk.write_view(run.start);
        let skip = at.as_ptr().align_offset(map::PAGE);
        let bytes = (run.len as usize * GRANULE - skip) & !(map::PAGE - 1);
        // SAFETY: whole pages within the freed run, which nobody else has.
        unsafe { map::discard_shared(at.add(skip), bytes) };
    }
    space.free.put(run);
}

impl FreeRuns {
    /// One run.
    fn new(run: Run) -> FreeRuns {
        let mut free = FreeRuns::default();
        free.insert(run);
        free
    }

    fn insert(&mut self, run: Run) {
        self.by_start.insert(run.start, run.len);
        self.by_len.insert((run.len, run.start));
    }

    fn remove(&mut self, run: Run) {
        self.by_start.remove(&run.start);
        self.by_len.remove(&(run.len, run.start));
    }

    /// Takes `len` granules from the run that fits best.
    fn take(&mut self, len: u32) -> Option<Run> {
        let &(found, start) = self.by_len.range((len, 0)..).next()?;
        self.remove(Run { start, len: found });
        if found > len {
            self.insert(Run {
                start: start + len,
                len: found - len,
            });
        }
        Some(Run { start, len })
    }

    /// Puts a run back, joined with its neighbours.
    fn put(&mut self, mut run: Run) {
        let previous = self.by_start.range(..run.start).next_back();
        if let Some((&start, &len)) = previous
            && start + len == run.start
        {
            self.remove(Run { start, len });
            run = Run {
                start,
                len: len + run.len,
            };
        }
        let end = run.start + run.len;
        if let Some(&len) = self.by_start.get(&end) {
            self.remove(Run { start: end, len });
            run.len += len;
        }
        self.insert(run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(start: u32, len: u32) -> Run {
        Run { start, len }
    }

    fn runs(free: &FreeRuns) -> Vec<Run> {
        assert_eq!(free.by_len.len(), free.by_start.len());
        free.by_start
            .iter()
            .map(|(&start, &len)| Run { start, len })
            .collect()
    }

    #[test]
    fn runs_are_joined_with_both_neighbours() {
        let mut free = FreeRuns::new(run(0, 100));
        let taken: Vec<Run> = (0..5).map(|_| free.take(10).expect("fits")).collect();
        assert_eq!(runs(&free), [run(50, 50)]);
        free.put(taken[1]);
        free.put(taken[3]);
        assert_eq!(runs(&free), [run(10, 10), run(30, 10), run(50, 50)]);
        free.put(taken[2]);
        assert_eq!(runs(&free), [run(10, 30), run(50, 50)]);
        free.put(taken[0]);
        free.put(taken[4]);
        assert_eq!(runs(&free), [run(0, 100)]);
    }

    #[test]
    fn the_best_fit_is_taken() {
        let mut free = FreeRuns::new(run(3, 7));
        free.put(run(20, 5));
        assert_eq!(free.take(8), None);
        assert_eq!(free.take(5), Some(run(20, 5)));
        assert_eq!(free.take(7), Some(run(3, 7)));
        assert_eq!(runs(&free), []);
    }
}
