//! The handler for faults of guarded memories.
//!
//! Installed once for the process. A fault is a trap only if all of this holds:
//! the program counter lies in code memory, at a trap site of the module it
//! belongs to, and the address lies in the reservation of the memory whose base
//! is in the register that holds it in compiled code. The handler then changes
//! the interrupted context, so that execution continues in the trap exit, and
//! returns. Everything else goes to the handler that was there before.
//!
//! The handler runs on whatever stack the thread has for signals. It takes no
//! lock, allocates nothing, and dereferences nothing that compiled code could
//! have corrupted.

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use microwasm_codegen::TrapCode;

use crate::{code, memory};

/// Where a fault that is a trap continues; 0 before there is any code.
static TRAP_EXIT: AtomicUsize = AtomicUsize::new(0);
/// What to do with other faults: an immutable record that is never freed.
static PREVIOUS: AtomicPtr<libc::sigaction> = AtomicPtr::new(ptr::null_mut());
/// The same as of the first installation. Breaks the cycle when a handler that
/// was installed over ours, and calls ours, has in turn been replaced by ours.
static ORIGINAL: AtomicPtr<libc::sigaction> = AtomicPtr::new(ptr::null_mut());
static INSTALL: Mutex<()> = Mutex::new(());

thread_local! {
    // Constant initialisation and no destructor: a plain load in a signal handler.
    static PASSING_ON: Cell<bool> = const { Cell::new(false) };
}

/// Installs the handler, or puts it back in front if another has replaced it.
/// One system call when there is nothing to do.
///
/// `trap_exit` is entered with the trap code in `eax`, the program counter of the
/// fault in `rcx`, and all other registers as they were.
pub(crate) fn install(trap_exit: usize) {
    TRAP_EXIT.store(trap_exit, Ordering::Release);
    let _guard = INSTALL.lock().unwrap_or_else(PoisonError::into_inner);
    let current = current_action();
    if current.sa_sigaction == handler_address() {
        return;
    }
    // A record per installation; they stay reachable, because a handler may be reading one.
    let current = Box::leak(Box::new(Installed {
        action: current,
        _earlier: PREVIOUS.load(Ordering::Relaxed),
    }));
    PREVIOUS.store(&raw mut current.action, Ordering::Release);
    let _ = ORIGINAL.compare_exchange(
        ptr::null_mut(),
        &raw mut current.action,
        Ordering::AcqRel,
        Ordering::Relaxed,
    );
    // SAFETY: all zeroes is a valid action, filled in below.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler_address();
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler keeps the promises in this file's header.
    let result = unsafe { libc::sigaction(libc::SIGSEGV, &action, ptr::null_mut()) };
    assert_eq!(result, 0, "SIGSEGV is a signal that can be handled");
}

/// A record of what was installed before.
#[repr(C)]
struct Installed {
    action: libc::sigaction,
    /// Keeps earlier records reachable.
    _earlier: *mut libc::sigaction,
}

fn handler_address() -> usize {
    let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) = handle;
    handler as usize
}

fn current_action() -> libc::sigaction {
    let mut current = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: only asks; zeroes are a valid action should it fail.
    unsafe {
        libc::sigaction(libc::SIGSEGV, ptr::null(), current.as_mut_ptr());
        current.assume_init()
    }
}

extern "C" fn handle(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes the interrupted context and what happened.
    let trapped = unsafe { redirect(&*info, &mut *context.cast::<libc::ucontext_t>()) };
    if !trapped {
        pass_on(signal, info, context);
    }
}

/// If the fault is a trap, makes the context continue in the trap exit.
fn redirect(info: &libc::siginfo_t, context: &mut libc::ucontext_t) -> bool {
    // Positive codes come from the kernel's own fault handling, not from `kill`.
    if info.si_code <= 0 {
        return false;
    }
    // SAFETY: a fault has an address.
    let address = unsafe { info.si_addr() } as usize;
    let regs = &mut context.uc_mcontext.gregs;
    let pc = regs[libc::REG_RIP as usize] as usize;
    let memory = regs[libc::REG_R14 as usize] as usize;
    // SAFETY: the code at `pc`, if it is ours, is executing on this very thread.
    let Some(table) = (unsafe { code::owner_of(pc) }) else {
        return false;
    };
    if !table.is_trap_site(pc) || !memory::is_guarded(memory, address) {
        return false;
    }
    regs[libc::REG_RAX as usize] = i64::from(TrapCode::MemoryOutOfBounds as u32);
    regs[libc::REG_RCX as usize] = pc as i64;
    regs[libc::REG_RIP as usize] = TRAP_EXIT.load(Ordering::Acquire) as i64;
    true
}

/// Does with a fault what would be done if we were not there.
fn pass_on(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let again = PASSING_ON.replace(true);
    let action = if again { &ORIGINAL } else { &PREVIOUS }.load(Ordering::Acquire);
    // SAFETY: set before the handler was installed, never freed.
    let action = unsafe { &*action };
    match action.sa_sigaction {
        // To ignore a fault is as impossible as not to handle it.
        // SAFETY: the kernel's record of what happened.
        libc::SIG_IGN if unsafe { (*info).si_code } <= 0 => {}
        libc::SIG_DFL | libc::SIG_IGN => take_default_action(signal, info),
        // SAFETY: whoever installed this handler promised that it can be called so; the
        // mask and the stack it runs with are ours, as if it had been called by us.
        handler => unsafe { call(handler, action, signal, info, context) },
    }
    PASSING_ON.set(again);
}

/// Uninstalls us. A fault happens again on return, and ends the process at the
/// instruction that is to blame; a signal that was sent has to be sent again.
fn take_default_action(signal: i32, info: *mut libc::siginfo_t) {
    // SAFETY: async-signal-safe calls; zeroes are the default action.
    unsafe {
        let action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        libc::sigaction(signal, &action, ptr::null_mut());
        if (*info).si_code <= 0 {
            libc::raise(signal);
        }
    }
}

/// Calls a handler under the mask that it was installed with.
///
/// # Safety
/// `handler` is the handler of `action`, which was installed for `signal`.
unsafe fn call(
    handler: usize,
    action: &libc::sigaction,
    signal: i32,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    // SAFETY: async-signal-safe calls. The mask at the end of the outer handler is restored
    // from the context, but the previous handler may also never return.
    unsafe {
        let mut mask = action.sa_mask;
        if action.sa_flags & libc::SA_NODEFER != 0 {
            let mut this = MaybeUninit::<libc::sigset_t>::uninit();
            libc::sigemptyset(this.as_mut_ptr());
            libc::sigaddset(this.as_mut_ptr(), signal);
            libc::pthread_sigmask(libc::SIG_UNBLOCK, this.as_ptr(), ptr::null_mut());
            libc::sigdelset(&mut mask, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &mask, ptr::null_mut());
        if action.sa_flags & libc::SA_SIGINFO != 0 {
            let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) =
                std::mem::transmute(handler);
            handler(signal, info, context);
        } else {
            let handler: extern "C" fn(i32) = std::mem::transmute(handler);
            handler(signal);
        }
    }
}
