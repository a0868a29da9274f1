//! The stack of the current thread: where it ends and where the stack pointer is.
//!
//! Both are facts about this thread at this moment and must not be kept.

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ops::Range;

thread_local! {
    // Constant initialisation and no destructor: a plain load, also in odd moments of a thread's life.
    static BOUNDS: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
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

/// Where the stack of this thread ends: no other thread that is running has the same. 0
/// before the first call of [`bounds`].
#[inline]
pub(crate) fn thread() -> usize {
    BOUNDS.get().0
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

    #[test]
    fn bounds_contain_the_stack_pointer() {
        let check = |size: usize| {
            let sp = pointer();
            let range = bounds(sp).expect("a thread has a stack");
            assert!(range.contains(&sp));
            assert!(range.len() <= size + (1 << 20), "{} of {size}", range.len());
        };
        for size in [64 << 10, 1 << 20, 8 << 20] {
            std::thread::Builder::new()
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
    }
}
