//! Threads that help to compile: those that an engine has besides the calling one.
//!
//! They are started when they are first needed and end with the engine. Nobody waits for a
//! helper that has not come: what it would have done, the calling thread does itself. So a
//! helper that is busy with another module holds nobody up.

use std::any::Any;
use std::hint;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// How long a thread looks out for something before it sleeps. Falling asleep and being woken
/// takes a good part of this.
const PATIENCE: Duration = Duration::from_micros(200);

/// Pauses of the processor between two looks.
const PAUSES: usize = 16;

/// Asks for something until it is there, or so long that the thread should rather sleep.
pub(crate) fn look_out<T>(mut poll: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    loop {
        if let Some(found) = poll() {
            return Some(found);
        }
        if begin.elapsed() > PATIENCE {
            return None;
        }
        for _ in 0..PAUSES {
            hint::spin_loop();
        }
    }
}

/// The helpers of an engine.
pub(crate) struct Helpers {
    pool: ThreadPool,
    process: u32,
}

impl Helpers {
    /// So many, at least one; nothing if the system has no threads.
    pub(crate) fn new(count: usize) -> Option<Helpers> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(count)
            .thread_name(|number| format!("microwasm-{number}"))
            .build()
            .ok()?;
        let process = std::process::id();
        Some(Helpers { pool, process })
    }

    /// Whether they are threads of this process. The child of a fork has none.
    pub(crate) fn are_here(&self) -> bool {
        self.process == std::process::id()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Has a helper do something, some time. It must not wait for what others do.
    pub(crate) fn send(&self, work: impl FnOnce() + Send + 'static) {
        self.pool.spawn(work);
    }

    /// Does `first` and then `work`, and has helpers do `work` meanwhile. Returns when all who have
    /// begun are done; of their panics one goes on.
    pub(crate) fn share<R>(&self, first: impl FnOnce() -> R, work: &(dyn Fn() + Sync)) -> R {
        let door = Arc::new(Door::default());
        // SAFETY: the reference is used by who has gone in by the door, and nobody is inside any
        // more when it is shut, which is before this function returns or unwinds.
        let shared: &'static (dyn Fn() + Sync) = unsafe { mem::transmute(work) };
        for _ in 0..self.count() {
            let door = door.clone();
            self.send(move || {
                if door.go_in() {
                    door.go_out(catch_unwind(AssertUnwindSafe(shared)).err());
                }
            });
        }
        let mine = catch_unwind(AssertUnwindSafe(|| {
            let made = first();
            work();
            made
        }));
        match (mine, door.shut()) {
            (Ok(made), None) => made,
            (Err(panic), _) | (_, Some(panic)) => resume_unwind(panic),
        }
    }
}

type Panic = Box<dyn Any + Send>;

/// What helpers go through to shared work.
#[derive(Default)]
struct Door {
    room: Mutex<Room>,
    changed: Condvar,
}

#[derive(Default)]
struct Room {
    shut: bool,
    inside: usize,
    panic: Option<Panic>,
}

impl Door {
    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes in, if it is not shut.
    fn go_in(&self) -> bool {
        let mut room = self.room();
        room.inside += usize::from(!room.shut);
        !room.shut
    }

    fn go_out(&self, panic: Option<Panic>) {
        let mut room = self.room();
        room.inside -= 1;
        room.panic = room.panic.take().or(panic);
        drop(room);
        self.changed.notify_all();
    }

    /// Lets nobody in any more, and waits until nobody is inside.
    fn shut(&self) -> Option<Panic> {
        self.room().shut = true;
        look_out(|| (self.room().inside == 0).then_some(()));
        self.changed
            .wait_while(self.room(), |room| room.inside > 0)
            .unwrap_or_else(PoisonError::into_inner)
            .panic
            .take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    #[test]
    fn all_work_is_done_when_sharing_returns() {
        let helpers = Helpers::new(3).expect("threads");
        for _ in 0..1000 {
            let (begun, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
            helpers.share(|| (), &|| {
                begun.fetch_add(1, Ordering::Relaxed);
                done.fetch_add(1, Ordering::Relaxed);
            });
            let [begun, done] = [begun, done].map(AtomicUsize::into_inner);
            assert_eq!(begun, done);
            assert!((1..=4).contains(&done), "{done}");
        }
    }

    #[test]
    fn nobody_waits_for_a_helper_that_is_busy() {
        let helpers = Helpers::new(1).expect("threads");
        let (go_on, wait) = mpsc::channel::<()>();
        helpers.send(move || {
            wait.recv().expect_err("nobody sends");
        });
        let done = AtomicUsize::new(0);
        helpers.share(|| (), &|| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), 1);
        drop(go_on);
    }

    #[test]
    fn a_panic_goes_on_when_everybody_is_done() {
        let helpers = Helpers::new(2).expect("threads");
        for _ in 0..100 {
            let done = AtomicUsize::new(0);
            let panic = catch_unwind(AssertUnwindSafe(|| {
                helpers.share(|| (), &|| {
                    done.fetch_add(1, Ordering::Relaxed);
                    panic!("on purpose");
                });
            }));
            let panic = panic.expect_err("all of them panic");
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
            assert!(done.into_inner() >= 1);
        }
    }
}
