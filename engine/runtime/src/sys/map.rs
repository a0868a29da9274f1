//! Memory mappings.
//!
//! Owns every call to the kernel that changes the address space, and counts
//! them, so that a test can tell that the steady state makes none. Callers own
//! the address ranges they pass; all ranges are whole pages.

use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use rustix::fs::MemfdFlags;
use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use thiserror::Error;

/// Granularity of protection.
pub(crate) const PAGE: usize = 4096;
/// Size of the large pages that the system may use by itself.
const LARGE_PAGE: usize = 2 << 20;

static CALLS: AtomicU64 = AtomicU64::new(0);

/// The system has no more memory, address space or mappings to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the system refused {bytes} bytes: {errno}")]
pub struct MapError {
    /// How much was asked for.
    pub bytes: usize,
    /// The system's answer.
    pub errno: Errno,
}

/// How many system calls on mappings this process has made.
pub(crate) fn calls() -> u64 {
    CALLS.load(Ordering::Relaxed)
}

fn counted<T>(bytes: usize, result: Result<T, Errno>) -> Result<T, MapError> {
    CALLS.fetch_add(1, Ordering::Relaxed);
    result.map_err(|errno| MapError { bytes, errno })
}

/// Reserves address space that cannot be accessed.
pub(crate) fn reserve(bytes: usize) -> Result<NonNull<u8>, MapError> {
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
    // SAFETY: the kernel chooses the address, so that nothing mapped is replaced.
    let at =
        unsafe { rustix::mm::mmap_anonymous(ptr::null_mut(), bytes, ProtFlags::empty(), flags) };
    counted(bytes, at).and_then(|at| non_null(at, bytes))
}

/// Gives address space back.
///
/// # Safety
/// The range was mapped by this module and nothing refers to it any more.
pub(crate) unsafe fn release(at: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller owns the range.
    let result = unsafe { rustix::mm::munmap(at.as_ptr().cast(), bytes) };
    let result = counted(bytes, result);
    debug_assert!(result.is_ok(), "unmapping an owned range: {result:?}");
}

/// Makes a private range readable and writable.
///
/// # Safety
/// The caller owns the range, which comes from [`reserve`].
pub(crate) unsafe fn allow(at: NonNull<u8>, bytes: usize) -> Result<(), MapError> {
    let flags = MprotectFlags::READ | MprotectFlags::WRITE;
    // SAFETY: the caller owns the range.
    counted(bytes, unsafe {
        rustix::mm::mprotect(at.as_ptr().cast(), bytes, flags)
    })
}

/// Makes a private range inaccessible; its contents stay.
///
/// # Safety
/// The caller owns the range, which comes from [`reserve`], and holds no reference into it.
pub(crate) unsafe fn forbid(at: NonNull<u8>, bytes: usize) -> Result<(), MapError> {
    // SAFETY: the caller owns the range.
    counted(bytes, unsafe {
        rustix::mm::mprotect(at.as_ptr().cast(), bytes, MprotectFlags::empty())
    })
}

/// Gives the pages of a private range back: it reads as zero from now on.
///
/// # Safety
/// As for [`forbid`].
pub(crate) unsafe fn discard(at: NonNull<u8>, bytes: usize) -> Result<(), MapError> {
    // SAFETY: the caller owns the range.
    counted(bytes, unsafe {
        rustix::mm::madvise(at.as_ptr().cast(), bytes, Advice::LinuxDontNeed)
    })
}

/// Gives the pages of a shared range back: both of its views read as zero from now on.
///
/// # Safety
/// The range lies in the writable view of [`dual`] and nothing executes it.
pub(crate) unsafe fn discard_shared(at: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller owns the range.
    let result = unsafe { rustix::mm::madvise(at.as_ptr().cast(), bytes, Advice::LinuxRemove) };
    // Failing only means that the memory stays in use.
    let _ = counted(bytes, result);
}

/// Has the pages of a range ready for being written, which is cheaper at once than by as many
/// faults. Kernels before 5.14 cannot.
///
/// # Safety
/// The range is mapped and may be written.
pub(crate) unsafe fn populate(at: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller owns the range.
    let result =
        unsafe { rustix::mm::madvise(at.as_ptr().cast(), bytes, Advice::LinuxPopulateWrite) };
    // Failing only means that there will be faults.
    let _ = counted(bytes, result);
}

/// Asks for large pages where memory that is not used yet has room for them: one fault, then,
/// instead of hundreds.
pub(crate) fn prefer_large_pages<T>(room: &mut [MaybeUninit<T>]) {
    let range = room.as_mut_ptr_range();
    let start = range.start.map_addr(|at| at.next_multiple_of(LARGE_PAGE));
    let bytes = range.end.addr().saturating_sub(start.addr()) / LARGE_PAGE * LARGE_PAGE;
    if bytes == 0 {
        return;
    }
    // SAFETY: the range lies in what has been lent; its contents do not change.
    let result = unsafe { rustix::mm::madvise(start.cast(), bytes, Advice::LinuxHugepage) };
    // Failing only means that there will be faults.
    let _ = counted(bytes, result);
}

/// Two views of the same memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DualView {
    /// Readable and writable.
    pub(crate) write: NonNull<u8>,
    /// Readable and executable.
    pub(crate) exec: NonNull<u8>,
}

/// Maps fresh zeroed memory twice. No page is writable and executable in the
/// same view, and writing code needs no change of protection. The executable view lies
/// at the address `near`, if there is room.
pub(crate) fn dual(bytes: usize, near: Option<usize>) -> Result<DualView, MapError> {
    let name = c"microwasm-code";
    // Kernels before 6.3 do not know MFD_EXEC; where they do, its absence may be refused.
    let fd = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::EXEC)
        .or_else(|_| rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC));
    let fd = counted(bytes, fd)?;
    counted(bytes, rustix::fs::ftruncate(&fd, bytes as u64))?;
    let map = |prot, near: Option<usize>| {
        let hint = ptr::without_provenance_mut(near.unwrap_or(0));
        // SAFETY: the kernel chooses the address, and takes a hint only where nothing is
        // mapped; the file is ours alone.
        let at = unsafe { rustix::mm::mmap(hint, bytes, prot, MapFlags::SHARED, &fd, 0) };
        counted(bytes, at).and_then(|at| non_null(at, bytes))
    };
    let write = map(ProtFlags::READ | ProtFlags::WRITE, None)?;
    match map(ProtFlags::READ | ProtFlags::EXEC, near) {
        Ok(exec) => Ok(DualView { write, exec }),
        Err(error) => {
            // SAFETY: mapped above, and nobody has seen it.
            unsafe { release(write, bytes) };
            Err(error)
        }
    }
}

fn non_null(at: *mut std::ffi::c_void, bytes: usize) -> Result<NonNull<u8>, MapError> {
    NonNull::new(at.cast()).ok_or(MapError {
        bytes,
        errno: Errno::NOMEM,
    })
}

/// Tells whether this process is the child of a fork since the last question.
///
/// A child shares code memory with its parent; neither may write where the
/// other executes. The mark is a page that the kernel wipes in the child, so that
/// asking costs one load.
pub(crate) struct ForkMark {
    page: AtomicPtr<u8>,
}

impl ForkMark {
    /// A mark that has not been set.
    pub(crate) const fn new() -> ForkMark {
        ForkMark {
            page: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Sets the mark in this process. Calls do not overlap.
    pub(crate) fn set(&self) -> Result<(), MapError> {
        let mut page = self.page.load(Ordering::Relaxed);
        if page.is_null() {
            let fresh = reserve(PAGE)?;
            // SAFETY: just reserved.
            unsafe { allow(fresh, PAGE)? };
            // SAFETY: just reserved; only changes what a child sees.
            let wiped = unsafe {
                rustix::mm::madvise(fresh.as_ptr().cast(), PAGE, Advice::LinuxWipeOnFork)
            };
            counted(PAGE, wiped)?;
            page = fresh.as_ptr();
            self.page.store(page, Ordering::Release);
        }
        // SAFETY: the page is mapped for the life of the process.
        unsafe { page.write_volatile(1) };
        Ok(())
    }

    /// Whether the mark was set in this very process.
    pub(crate) fn is_set(&self) -> bool {
        let page = self.page.load(Ordering::Acquire);
        // SAFETY: a page once published stays mapped.
        !page.is_null() && unsafe { page.read_volatile() } == 1
    }
}
