//! Watching code execute, instruction by instruction, without changing it.
//!
//! [`watch`] has an observer called before every instruction that this thread executes in
//! compiled functions, machine code or bytecode, with the machine as it is there ([`Stop`]).
//! Machine code runs under the processor's trap flag: the very bytes that run otherwise, and no
//! register is spent. The host's functions run at full speed: when a call leaves compiled code,
//! its return address is exchanged for that of a breakpoint, and the flag is cleared; the
//! breakpoint puts both back. The interpreter has a second loop, which asks before every
//! instruction.
//!
//! When the observer breaks, execution is interrupted: it traps, and so does whatever is
//! executed after that until the watch is over.
//!
//! The handler has a stack of its own: what lies below compiled code's stack pointer stays.
//!
//! Receives control in a signal handler, but only of instructions of compiled code, of
//! trampolines, and of those few that lead there: no lock is held, and the observer may do
//! what any function may do that the code could have called. It must not reach the store, which
//! is borrowed as long as its code executes.
//!
//! Only with the feature `trace`. Invariants: what is observed does not depend on being
//! observed, except for time. While no thread watches, nothing is installed.

use std::any::Any;
use std::arch::{asm, naked_asm};
use std::cell::Cell;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};

use microwasm::{FuncIndex, GlobalIndex};

use microwasm_codegen::TrapCode;

use crate::builtins;
use crate::code;
use crate::instance::InstanceData;
use crate::store::StoreInner;
use crate::sys::stack;
use crate::vm::{FuncKind, VmCtx, VmFuncRef};

/// The trap flag.
const TRAP_FLAG: i64 = 0x100;
/// Bytes of the breakpoint.
const BREAKPOINT: usize = 1;

thread_local! {
    // Constant initialisation and no destructor: a plain load in a signal handler.
    static WATCH: Cell<*mut Watch> = const { Cell::new(ptr::null_mut()) };
}

/// What one thread is watching.
struct Watch {
    observer: *mut dyn FnMut(&Stop<'_>) -> ControlFlow<()>,
    /// The store whose code was entered last.
    store: *mut StoreInner,
    /// Whether the instruction before was one of compiled code or a trampoline.
    inside: bool,
    /// The stack pointer before it.
    sp: usize,
    /// Return addresses of calls of the host that are under way.
    away: Vec<usize>,
    /// Where machine code that is interrupted continues.
    trap_exit: usize,
    /// Whether the observer has seen enough.
    done: bool,
    /// What it panicked with.
    panic: Option<Box<dyn Any + Send>>,
}

/// The machine before an instruction of a compiled function.
pub struct Stop<'a> {
    func: FuncIndex,
    offset: u32,
    machine: Machine<'a>,
    instance: Option<(&'a StoreInner, &'a InstanceData)>,
}

enum Machine<'a> {
    Native(&'a libc::ucontext_t),
    /// The frame, and the end of what may be read from there on.
    Bytecode {
        frame: *const u64,
        end: *const u64,
        _frame: PhantomData<&'a u64>,
    },
}

/// The order in which the kernel keeps registers, by their numbers in the instruction set.
const GPRS: [i32; 16] = [
    libc::REG_RAX,
    libc::REG_RCX,
    libc::REG_RDX,
    libc::REG_RBX,
    libc::REG_RSP,
    libc::REG_RBP,
    libc::REG_RSI,
    libc::REG_RDI,
    libc::REG_R8,
    libc::REG_R9,
    libc::REG_R10,
    libc::REG_R11,
    libc::REG_R12,
    libc::REG_R13,
    libc::REG_R14,
    libc::REG_R15,
];

impl Stop<'_> {
    /// The function, by its index in the module.
    pub fn func(&self) -> FuncIndex {
        self.func
    }

    /// Offset in the function of the instruction that comes next.
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// A general-purpose register, by its number; `None` for bytecode, which has none.
    pub fn gpr(&self, number: u8) -> Option<u64> {
        let Machine::Native(context) = self.machine else {
            return None;
        };
        let at = *GPRS.get(usize::from(number))?;
        Some(context.uc_mcontext.gregs[at as usize] as u64)
    }

    /// The lower half of a vector register, by its number.
    pub fn xmm(&self, number: u8) -> Option<u64> {
        let Machine::Native(context) = self.machine else {
            return None;
        };
        // SAFETY: the kernel's record of the interrupted thread, or null.
        let state = unsafe { context.uc_mcontext.fpregs.as_ref() }?;
        let [low, high, ..] = state._xmm.get(usize::from(number))?.element;
        Some(u64::from(low) | u64::from(high) << 32)
    }

    /// The flags register.
    pub fn flags(&self) -> Option<u64> {
        match self.machine {
            Machine::Native(context) => {
                Some(context.uc_mcontext.gregs[libc::REG_EFL as usize] as u64)
            }
            Machine::Bytecode { .. } => None,
        }
    }

    /// A slot of the frame. Of machine code it is one only where the function has its frame:
    /// behind the prologue, and not while a call is being prepared. `None` outside of the stack.
    pub fn slot(&self, slot: u32) -> Option<u64> {
        match self.machine {
            Machine::Native(context) => {
                let sp = context.uc_mcontext.gregs[libc::REG_RSP as usize] as usize;
                let at = sp.checked_add(8 * slot as usize)?;
                if at + 8 > stack::bounds(sp)?.end {
                    return None;
                }
                // SAFETY: between the stack pointer and the end of this thread's stack.
                Some(unsafe { (at as *const u64).read_unaligned() })
            }
            Machine::Bytecode { frame, end, .. } => {
                let at = frame.wrapping_add(slot as usize);
                // SAFETY: from the frame on up to `end` there is the interpreter's stack.
                (frame <= at && at < end).then(|| unsafe { at.read() })
            }
        }
    }

    /// `bytes` bytes of memory 0 from an address on, 8 at most, little-endian. `None` out of bounds.
    pub fn memory(&self, address: u64, bytes: u32) -> Option<u64> {
        let (_, instance) = self.instance?;
        let mut value = [0; 8];
        // SAFETY: the instance is alive; the head keeps base and length of memory 0.
        unsafe {
            let vmctx = instance.vmctx.as_ref();
            let end = address.checked_add(bytes.into())?;
            if bytes > 8 || end > vmctx.memory_len {
                return None;
            }
            let from = vmctx.memory_base.add(address as usize);
            ptr::copy_nonoverlapping(from, value.as_mut_ptr(), bytes as usize);
        }
        Some(u64::from_le_bytes(value))
    }

    /// The bits of a global.
    pub fn global(&self, global: GlobalIndex) -> Option<u64> {
        let (_, instance) = self.instance?;
        instance.module.info().globals.get(global.index())?;
        // SAFETY: a global of an instance that is alive.
        Some(unsafe { instance.global(global).read() })
    }

    /// The bits of a table's element. `None` out of bounds.
    pub fn element(&self, table: u32, index: u32) -> Option<u64> {
        let (store, instance) = self.instance?;
        instance.module.info().tables.get(table as usize)?;
        let table = &store.tables[instance.table(table) as usize];
        table.elements.get(index as usize).copied()
    }
}

/// Calls `run`, and `observer` before every instruction that this thread meanwhile executes in
/// compiled functions of any store. When it breaks, what is executing traps with
/// [`TrapCode::Interrupted`], and so does what is executed later. A panic of the observer does the
/// same, and goes on when `run` has returned.
pub fn watch<R>(
    observer: &mut dyn FnMut(&Stop<'_>) -> ControlFlow<()>,
    run: impl FnOnce() -> R,
) -> R {
    type Observer<'a> = dyn FnMut(&Stop<'_>) -> ControlFlow<()> + 'a;
    // SAFETY: the watch, which alone uses the pointer, ends before the borrow does.
    let observer: *mut Observer<'static> =
        unsafe { std::mem::transmute(observer as *mut Observer<'_>) };
    let mut watch = Watch {
        observer,
        store: ptr::null_mut(),
        inside: false,
        sp: 0,
        away: Vec::new(),
        // Where there is no trap exit there is no machine code either.
        trap_exit: builtins::trap_exit().map_or(0, |exit| exit.with_pc),
        done: false,
        panic: None,
    };
    let _stack = SignalStack::install();
    let _handler = Handler::install();
    let before = WATCH.replace(&raw mut watch);
    let result = catch_unwind(AssertUnwindSafe(run));
    WATCH.set(before);
    if let Some(panic) = watch.panic {
        resume_unwind(panic);
    }
    result.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Called right before compiled code is entered by a thread that watches: it does so from the
/// first instruction on.
#[cold]
#[inline(never)]
pub(crate) fn entering(store: NonNull<StoreInner>, callee: NonNull<VmFuncRef>) {
    // SAFETY: set by `watch`, which is under way.
    let Some(watch) = (unsafe { WATCH.get().as_mut() }) else {
        return;
    };
    watch.store = store.as_ptr();
    watch.inside = false;
    // SAFETY: the caller's function reference.
    if unsafe { callee.as_ref() }.kind == FuncKind::Wasm {
        // SAFETY: a handler takes the trap after every instruction from here on, until it
        // clears the flag.
        unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
    }
}

/// Whether this thread watches.
#[inline]
pub(crate) fn is_watching() -> bool {
    !WATCH.get().is_null()
}

/// Called by the interpreter before every instruction; whether to go on.
///
/// # Safety
/// `vmctx` is the context of the instance that executes; from `frame` to `end` lies the
/// interpreter's stack.
pub(crate) unsafe fn interpreting(
    vmctx: *mut VmCtx,
    pc: *const u8,
    frame: *const u64,
    end: *const u64,
) -> ControlFlow<()> {
    // SAFETY: set by `watch`, which is under way.
    let Some(watch) = (unsafe { WATCH.get().as_mut() }) else {
        return ControlFlow::Continue(());
    };
    // SAFETY: the caller's promise.
    let (store, instance) = unsafe {
        let store = &*(*vmctx).store.cast::<StoreInner>();
        (store, &store.instances[VmCtx::instance_index(vmctx)])
    };
    // Returns into the host are no instruction of a function.
    if let Some(site) = instance.module.inner().table().exact_site(pc as usize) {
        watch.observe(&Stop {
            func: site.func,
            offset: site.code_offset,
            machine: Machine::Bytecode {
                frame,
                end,
                _frame: PhantomData,
            },
            instance: Some((store, instance)),
        });
    }
    match watch.done {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

impl Watch {
    fn observe(&mut self, stop: &Stop<'_>) {
        if self.done {
            return;
        }
        let observer = self.observer;
        // What the observer itself may run is not watched.
        let this = WATCH.replace(ptr::null_mut());
        // SAFETY: the borrow that `watch` holds.
        let result = catch_unwind(AssertUnwindSafe(|| unsafe { (*observer)(stop) }));
        WATCH.set(this);
        match result {
            Ok(flow) => self.done = flow.is_break(),
            Err(panic) => {
                self.done = true;
                self.panic = Some(panic);
            }
        }
    }

    /// After an instruction, or back from the host.
    fn step(&mut self, context: &mut libc::ucontext_t) {
        let returned = breakpoint as *const () as usize + BREAKPOINT;
        let regs = &mut context.uc_mcontext.gregs;
        if regs[libc::REG_RIP as usize] as usize == returned
            && let Some(back) = self.away.pop()
        {
            regs[libc::REG_RIP as usize] = back as i64;
            regs[libc::REG_EFL as usize] |= TRAP_FLAG;
        }
        let pc = regs[libc::REG_RIP as usize] as usize;
        let sp = regs[libc::REG_RSP as usize] as usize;
        if code::is_code(pc) {
            self.inside = true;
            self.sp = sp;
            return self.observe_native(pc, context);
        }
        if !self.inside {
            // On the way in.
            return;
        }
        self.inside = false;
        regs[libc::REG_EFL as usize] &= !TRAP_FLAG;
        // A call has pushed its return address, and a jump to the host leaves the one that was
        // there; what returns is the way out.
        if sp == self.sp.wrapping_sub(8) || sp == self.sp {
            // SAFETY: the return address that the call, or the one before the jump, has pushed.
            let slot = unsafe { &mut *(sp as *mut usize) };
            self.away
                .push(std::mem::replace(slot, breakpoint as *const () as usize));
        }
    }

    fn observe_native(&mut self, pc: usize, context: &mut libc::ucontext_t) {
        // SAFETY: the code at `pc` is about to execute on this very thread.
        let Some(site) = (unsafe { code::owner_of(pc) }).and_then(|table| table.exact_site(pc))
        else {
            return;
        };
        let vmctx = context.uc_mcontext.gregs[libc::REG_R15 as usize] as *mut VmCtx;
        // SAFETY: the store whose code is executing, which nobody else is using meanwhile.
        let store = unsafe { self.store.as_ref() };
        // What the register holds is trusted only if it is an instance's.
        let instance = store.and_then(|store| {
            let mut instances = store.instances.iter();
            let instance = instances.find(|instance| instance.vmctx.as_ptr() == vmctx)?;
            Some((store, instance))
        });
        self.observe(&Stop {
            func: site.func,
            offset: site.code_offset,
            machine: Machine::Native(context),
            instance,
        });
        // The trap exit finds the store by the instance.
        if self.done && instance.is_some() {
            let regs = &mut context.uc_mcontext.gregs;
            regs[libc::REG_RAX as usize] = i64::from(TrapCode::Interrupted as u32);
            regs[libc::REG_RCX as usize] = pc as i64;
            regs[libc::REG_RIP as usize] = self.trap_exit as i64;
        }
    }
}

/// Has a function of the host return to `to`, if it is watched code that called it.
///
/// # Safety
/// At `back` lies the address that the function returns to.
pub(crate) unsafe fn redirect(back: *mut *const u8, to: *const u8) -> bool {
    // SAFETY: the caller's promise.
    if unsafe { *back }.addr() != breakpoint as *const () as usize {
        return false;
    }
    // SAFETY: set by `watch`, which is under way; nothing of this thread's is in the handler.
    let watch = unsafe { WATCH.get().as_mut() };
    if let Some(back) = watch.and_then(|watch| watch.away.last_mut()) {
        *back = to.addr();
    }
    true
}

/// What the host returns to while it is not watched.
#[unsafe(naked)]
extern "C" fn breakpoint() {
    naked_asm!("int3")
}

extern "C" fn handle(signal: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: set by `watch`, which is under way; the kernel passes the interrupted context.
    unsafe {
        match WATCH.get().as_mut() {
            Some(watch) => watch.step(&mut *context.cast::<libc::ucontext_t>()),
            None => {
                // Not ours: it ends the process, as it does when nobody handles it.
                libc::signal(signal, libc::SIG_DFL);
                libc::raise(signal);
            }
        }
    }
}

/// A stack of its own for this thread's handler: nothing is written below compiled code's stack
/// pointer, where its next frames will be.
struct SignalStack {
    /// What there was before; none if nothing has been changed.
    before: Option<libc::stack_t>,
    _words: Vec<u64>,
}

impl SignalStack {
    /// Room for the handler and the observer.
    const WORDS: usize = 128 << 10;

    fn install() -> SignalStack {
        let mut words = vec![0; Self::WORDS];
        let stack = libc::stack_t {
            ss_sp: words.as_mut_ptr().cast(),
            ss_flags: 0,
            ss_size: Self::WORDS * size_of::<u64>(),
        };
        let mut before = MaybeUninit::uninit();
        // SAFETY: the stack lives as long as it is installed; `before` is written when the
        // result is 0. It is not for an observer that watches, whose handler is on such a stack.
        let before = unsafe {
            (libc::sigaltstack(&stack, before.as_mut_ptr()) == 0).then(|| before.assume_init())
        };
        SignalStack {
            before,
            _words: words,
        }
    }
}

impl Drop for SignalStack {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // SAFETY: what was installed before, and no handler is running.
            unsafe { libc::sigaltstack(before, ptr::null_mut()) };
        }
    }
}

/// How many threads watch, and what was done with the signal before the first of them.
static INSTALLED: Mutex<(usize, Option<libc::sigaction>)> = Mutex::new((0, None));

/// Keeps the handler in place.
struct Handler;

impl Handler {
    fn install() -> Handler {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        if installed.0 == 0 {
            let mut before = MaybeUninit::<libc::sigaction>::zeroed();
            // SAFETY: zeroes are a valid action, filled in.
            unsafe {
                let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
                let handler: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) = handle;
                action.sa_sigaction = handler as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                let result = libc::sigaction(libc::SIGTRAP, &action, before.as_mut_ptr());
                assert_eq!(result, 0, "SIGTRAP is a signal that can be handled");
                installed.1 = Some(before.assume_init());
            }
        }
        installed.0 += 1;
        Handler
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
        installed.0 -= 1;
        if installed.0 == 0
            && let Some(before) = installed.1.take()
        {
            // SAFETY: what was installed before; it has been valid then.
            unsafe { libc::sigaction(libc::SIGTRAP, &before, ptr::null_mut()) };
        }
    }
}
