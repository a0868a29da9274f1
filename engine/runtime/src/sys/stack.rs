//! The stack of the current thread: where it ends and where the stack pointer is.
//!
//! Both are facts about this thread at this moment and must not be kept; what may be is where the
//! stack pointer has been ([`Place`]).

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    // Constant initialisation and no destructor: a plain load, also in odd moments of a thread's life.
    static BOUNDS: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    static END: End = const { End };
}

/// How many threads have ended that somebody has a [`Place`] on.
static ENDED: AtomicUsize = AtomicUsize::new(0);

/// Tells of the end of the thread that it belongs to.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Ordering::Relaxed);
    }
}

/// The stack pointer of the caller. Not the address of a local variable: under
/// AddressSanitizer locals may live elsewhere.
#[inline(always)]
pub(crate) fn pointer() -> usize {
    let sp: usize;
    // SAFETY: only reads a register.
    unsafe {
        std::arch::asm!("mov {}, rsp", out(reg) sp, options(nomem, nostack, preserves_flags));
    }
    sp
}

/// The thread pointer: no other thread that is running has the same. It is stored where it points
/// (U. Drepper, ELF Handling For Thread-Local Storage, on x86-64).
// To find a variable of a thread may take two calls, if it is not in this unit of code generation.
#[inline(always)]
fn thread() -> usize {
    let pointer: usize;
    // SAFETY: only reads memory that every thread has.
    unsafe {
        std::arch::asm!("mov {}, fs:[0]", out(reg) pointer, options(pure, readonly, nostack, preserves_flags));
    }
    pointer
}

/// A part of a thread's stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// No thread's pointer is 0.
    thread: usize,
    /// [`ENDED`]. As long as it is the same, so is the thread with this pointer.
    ended: usize,
    start: usize,
}

impl Place {
    /// Bytes of a place.
    const SIZE: usize = 4 << 10;

    /// On no stack.
    pub(crate) const NOWHERE: Place = Place {
        thread: 0,
        ended: 0,
        start: 0,
    };

    /// The place around `sp`, whose distance from the upper end of this thread's stack is a
    /// multiple of its size. Nowhere if `sp` is on no such stack, or the thread is about to end.
    #[cold]
    pub(crate) fn around(sp: usize) -> Place {
        match (bounds(sp), END.try_with(|_| ())) {
            (Some(_), Ok(())) => Place {
                thread: thread(),
                ended: ENDED.load(Ordering::Relaxed),
                start: sp - (Place::SIZE - 1 - depth(sp) % Place::SIZE),
            },
            _ => Place::NOWHERE,
        }
    }

    /// Whether `sp`, the stack pointer of this thread, is there.
    #[inline(always)]
    pub(crate) fn contains(self, sp: usize) -> bool {
        self.thread == thread()
            && self.ended == ENDED.load(Ordering::Relaxed)
            && sp.wrapping_sub(self.start) < Place::SIZE
    }
}

/// How far `sp` is from the upper end of the stack of this thread, which [`bounds`] has found.
#[inline]
pub(crate) fn depth(sp: usize) -> usize {
    BOUNDS.get().1.wrapping_sub(sp)
}

/// Words that [`fill`] writes, and that are filled of the interpreter's stack.
#[cfg(feature = "trace")]
pub(crate) const FILLED: usize = 2048;

/// What unused stack is filled with: both halves are no zero, no sign-extended number, and no
/// address.
#[cfg(feature = "trace")]
pub(crate) const FILL: u64 = 0xa5a5_a5a5_5a5a_5a5a;

/// Fills the stack below the caller's frame.
#[cfg(feature = "trace")]
#[inline(never)]
pub(crate) fn fill() {
    std::hint::black_box(&mut [FILL; FILLED]);
}

/// Address range of the stack that `sp` points into, or `None` if that is not
/// the stack the thread was started with.
pub(crate) fn bounds(sp: usize) -> Option<Range<usize>> {
    let (mut low, mut high) = BOUNDS.get();
    if !(low..high).contains(&sp) {
        (low, high) = query()?;
        BOUNDS.set((low, high));
    }
    (low..high).contains(&sp).then_some(low..high)
}

/// Asks the C library. The range excludes the guard area.
#[cold]
fn query() -> Option<(usize, usize)> {
    let mut attr = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: `attr` is written by the call when it returns 0.
    if unsafe { libc::pthread_getattr_np(libc::pthread_self(), attr.as_mut_ptr()) } != 0 {
        return None;
    }
    let (mut low, mut size, mut guard) = (std::ptr::null_mut(), 0, 0);
    // SAFETY: initialised by the call above; destroyed once, after the last use.
    let (stack, guarded) = unsafe {
        let stack = libc::pthread_attr_getstack(attr.as_ptr(), &mut low, &mut size);
        let guarded = libc::pthread_attr_getguardsize(attr.as_ptr(), &mut guard);
        libc::pthread_attr_destroy(attr.as_mut_ptr());
        (stack, guarded)
    };
    if stack != 0 || guarded != 0 {
        return None;
    }
    let low = low as usize;
    // Whether the guard is part of the range differs between C libraries and
    // versions. Leaving it out twice costs little; using it would be fatal.
    Some((low.checked_add(guard)?, low.checked_add(size)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn bounds_contain_the_stack_pointer() {
        let check = |size: usize| {
            let sp = pointer();
            let range = bounds(sp).expect("a thread has a stack");
            assert!(range.contains(&sp));
            assert!(range.len() <= size + (1 << 20), "{} of {size}", range.len());
        };
        for size in [64 << 10, 1 << 20, 8 << 20] {
            thread::Builder::new()
                .stack_size(size)
                .spawn(move || check(size))
                .expect("a thread can be started")
                .join()
                .expect("the checks hold");
        }
    }

    #[test]
    fn a_foreign_stack_has_no_bounds() {
        assert_eq!(bounds(64), None);
        assert_eq!(Place::around(64), Place::NOWHERE);
    }

    #[test]
    fn a_place_has_one_distance_from_the_upper_end() {
        let sp = pointer();
        let place = Place::around(sp);
        assert!(place.contains(sp));
        for other in sp - 2 * Place::SIZE..sp + 2 * Place::SIZE {
            let same = depth(other) / Place::SIZE == depth(sp) / Place::SIZE;
            assert_eq!(place.contains(other), same, "{other:#x}");
        }
        assert!(!Place::NOWHERE.contains(0));
    }

    #[test]
    fn a_place_is_on_one_thread_and_ends_with_it() {
        let elsewhere = |sp, place: Place| thread::spawn(move || place.contains(sp));
        let sp = pointer();
        let place = Place::around(sp);
        assert!(!elsewhere(sp, place).join().expect("a thread"));
        // The same memory is likely to be the stack of each.
        let mut before: Option<(usize, Place)> = None;
        for _ in 0..100 {
            let of_next = thread::spawn(move || {
                let sp = pointer();
                if let Some((of, place)) = before {
                    assert!(!place.contains(of));
                }
                (sp, Place::around(sp))
            });
            before = Some(of_next.join().expect("a thread"));
        }
    }
}
