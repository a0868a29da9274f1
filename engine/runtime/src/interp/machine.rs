//! The state of an execution, and how it enters and leaves functions.
//!
//! Each part is made once, under a promise that holds for everything done with it later:
//! that what executes is a function of validated bytecode. So instructions need not repeat it.
//!
//! A call keeps two words at the upper end of the stack, where to go on and the caller's
//! frame; one into another instance two more, which lead to `leave_instance` first.

use microwasm_codegen::TrapCode;
use microwasm_codegen::bytecode::op::{Opcode, ops};

use super::{MARGIN, host};
use crate::store::StoreInner;
use crate::vm::{FuncKind, VmCtx, VmFuncRef, VmStore, VmTable};

/// Where a function that another instance has called returns to.
static LEAVE_INSTANCE: [u8; 2] = (Opcode::LeaveInstance as u16).to_le_bytes();

/// How to go on after an instruction.
pub(super) enum Flow {
    /// With the instruction where the machine stands now.
    Next,
    /// Not at all: 0, or the code of a trap.
    End(u32),
}

/// Where an execution stands. Small enough for registers.
pub(super) struct Machine {
    pub(super) code: Code,
    pub(super) frame: Frame,
    /// Upper end of the stack.
    pub(super) control: *mut u64,
    pub(super) vmctx: *mut VmCtx,
    /// Where the instance's memory begins; looked up again after everything that may change it.
    pub(super) memory: *mut u8,
    /// The last result.
    pub(super) last: u64,
}

impl Machine {
    /// A machine whose code is still to be found.
    ///
    /// # Safety
    /// The instance is alive and nobody else is using its store; `frame` and `control` are the
    /// ends of a stack that nobody else is using.
    pub(super) unsafe fn new(
        vmctx: *mut VmCtx,
        frame: Frame,
        control: *mut u64,
        code: Code,
    ) -> Machine {
        // SAFETY: the caller's promise.
        let memory = unsafe { (*vmctx).memory_base };
        Machine {
            code,
            frame,
            control,
            vmctx,
            memory,
            last: 0,
        }
    }

    /// Says where memory is, after something that may have changed it.
    #[inline(always)]
    pub(super) fn look_up_memory(&mut self) {
        // SAFETY: the instance is alive.
        self.memory = unsafe { (*self.vmctx).memory_base };
    }

    /// Bytes of memory.
    #[inline(always)]
    pub(super) fn memory_len(&self) -> u64 {
        // SAFETY: the instance is alive.
        unsafe { (*self.vmctx).memory_len }
    }

    /// Where an access of the type `T` at index and offset goes, if it is in bounds.
    #[inline(always)]
    fn at<T>(&self, index: u32, offset: u32) -> Option<*mut T> {
        // Below 2^33: nothing wraps around.
        let address = u64::from(index) + u64::from(offset);
        if address + size_of::<T>() as u64 > self.memory_len() {
            return None;
        }
        Some(self.memory.wrapping_add(address as usize).cast())
    }

    /// Reads plain data.
    #[inline(always)]
    pub(super) fn load<T: Plain>(&self, index: u32, offset: u32) -> Option<T> {
        // SAFETY: in bounds, and of a type without invalid values.
        self.at::<T>(index, offset)
            .map(|at| unsafe { at.read_unaligned() })
    }

    /// Writes plain data; whether it was in bounds.
    #[inline(always)]
    pub(super) fn store<T: Plain>(&self, index: u32, offset: u32, value: T) -> bool {
        let Some(at) = self.at::<T>(index, offset) else {
            return false;
        };
        // SAFETY: in bounds; only executing code refers to the memory.
        unsafe { at.write_unaligned(value) };
        true
    }

    /// The store, which is alive, and which nobody else is using.
    #[inline(always)]
    pub(super) fn vm_store(&self) -> *mut VmStore {
        // SAFETY: the instance is alive.
        unsafe { (*self.vmctx).store }
    }

    /// A field of the vmctx.
    ///
    /// # Safety
    /// The layout has a `T` there.
    #[inline(always)]
    pub(super) unsafe fn field<T>(&self, offset: u32) -> *mut T {
        // SAFETY: the caller's promise.
        unsafe { self.vmctx.byte_add(offset as usize).cast() }
    }

    /// What a field of the vmctx points to.
    ///
    /// # Safety
    /// The layout has a pointer to a `T` there.
    #[inline(always)]
    pub(super) unsafe fn pointer<T>(&self, offset: u32) -> *mut T {
        // SAFETY: the caller's promise.
        unsafe { self.field::<*mut T>(offset).read() }
    }

    /// # Safety
    /// The layout has a table there.
    #[inline(always)]
    pub(super) unsafe fn table(&self, offset: u32) -> VmTable {
        // SAFETY: the caller's promise.
        unsafe { self.field::<VmTable>(offset).read() }
    }

    /// # Safety
    /// The layout has a pointer to a table there.
    #[inline(always)]
    pub(super) unsafe fn imported_table(&self, offset: u32) -> VmTable {
        // SAFETY: the caller's promise.
        unsafe { self.pointer::<VmTable>(offset).read() }
    }

    /// Ends the execution with a trap of the instruction.
    #[inline(always)]
    pub(super) fn trap(&self, code: TrapCode) -> Flow {
        self.trap_code(code as u32)
    }

    /// As [`Machine::trap`], with what a native function has returned.
    #[inline(always)]
    pub(super) fn trap_code(&self, code: u32) -> Flow {
        Flow::End(trapped(self.vmctx, self.code, code))
    }

    /// Keeps two words at the upper end of the stack.
    #[inline(always)]
    fn keep(&mut self, code: *const u8, frame: *mut u64) {
        // SAFETY: a call has found room for some more words than its frame needs.
        unsafe {
            self.control = self.control.sub(2);
            self.control.write(code as u64);
            self.control.add(1).write(frame as u64);
        }
    }

    /// Goes on where the innermost call returns to.
    #[inline(always)]
    pub(super) fn leave(&mut self) -> Flow {
        // SAFETY: kept by the call.
        unsafe {
            self.code = Code::new(self.control.read() as *const u8);
            self.frame = Frame::new(self.control.add(1).read() as *mut u64);
            self.control = self.control.add(2);
        }
        Flow::Next
    }

    /// Enters the function at `callee` with its frame at `base`, to return to `back`.
    #[inline(always)]
    pub(super) fn enter(&mut self, callee: Code, base: Frame, back: Code) -> Flow {
        let ops::Enter { frame: slots } = ops::Enter::decode(callee.bytes());
        // The frame of the caller ends below the upper end.
        let room = (self.control as usize).wrapping_sub(base.address() as usize);
        if room < size_of::<u64>() * (slots as usize + MARGIN) {
            return self.trap(TrapCode::StackOverflow);
        }
        self.keep(back.address(), self.frame.address());
        self.frame = base;
        self.code = callee.skip(ops::Enter::LEN as isize);
        Flow::Next
    }

    /// Calls any function of the store.
    #[inline(always)]
    pub(super) fn invoke(&mut self, funcref: *const VmFuncRef, base: Frame, back: Code) -> Flow {
        // SAFETY: references live as long as the store.
        let target = unsafe { &*funcref };
        let (entry, instance) = (target.code, target.vmctx);
        if target.kind == FuncKind::Host {
            // SAFETY: a host function; arguments and results are in the frame, above which
            // nothing is in use.
            let trap =
                unsafe { host::call_function(funcref, self.vmctx, base.address(), self.control) };
            self.look_up_memory();
            if trap != 0 {
                return self.trap_code(trap);
            }
            self.code = back;
            return Flow::Next;
        }
        // SAFETY: the beginning of a function of validated bytecode.
        let callee = unsafe { Code::new(entry) };
        let flow = self.enter(callee, base, back);
        if instance != self.vmctx && matches!(flow, Flow::Next) {
            self.keep(LEAVE_INSTANCE.as_ptr(), self.vmctx.cast());
            self.vmctx = instance;
            self.look_up_memory();
        }
        flow
    }
}

/// Notes where a trap comes from. Takes values, so that a machine can stay in registers.
#[cold]
#[inline(never)]
fn trapped(vmctx: *mut VmCtx, at: Code, code: u32) -> u32 {
    // SAFETY: the instance and its store are alive and ours to use; `VmStore` is the head of
    // the store.
    unsafe {
        let store = (*vmctx).store;
        (*store).trap_pc = at.address() as usize;
        (*store.cast::<StoreInner>()).interp.trap_vmctx = vmctx;
    }
    code
}

/// Where the next instruction is.
#[derive(Clone, Copy)]
pub(super) struct Code(*const u8);

impl Code {
    /// # Safety
    /// An instruction of validated bytecode; [`Code::skip`] only goes where it may go on. The
    /// code stays while it is used.
    #[inline(always)]
    pub(super) unsafe fn new(at: *const u8) -> Code {
        Code(at)
    }

    #[inline(always)]
    pub(super) fn address(self) -> *const u8 {
        self.0
    }

    /// The number of the instruction: opcode and carry.
    #[inline(always)]
    pub(super) fn number(self) -> usize {
        // SAFETY: there is an instruction.
        usize::from(u16::from_le(unsafe {
            self.0.cast::<u16>().read_unaligned()
        }))
    }

    /// The bytes of the instruction, `N` of them.
    #[inline(always)]
    pub(super) fn bytes<'a, const N: usize>(self) -> &'a [u8; N] {
        // SAFETY: an instruction asks for as many bytes as it has.
        unsafe { &*self.0.cast() }
    }

    /// The place that many bytes on.
    #[inline(always)]
    pub(super) fn skip(self, bytes: isize) -> Code {
        // SAFETY: within the code of the same module: the next instruction, or the target of a jump.
        Code(unsafe { self.0.offset(bytes) })
    }
}

/// The frame of the function that is executing.
#[derive(Clone, Copy)]
pub(super) struct Frame(*mut u64);

impl Frame {
    /// # Safety
    /// There are as many slots as the function's `enter` says, as long as it executes.
    #[inline(always)]
    pub(super) unsafe fn new(at: *mut u64) -> Frame {
        Frame(at)
    }

    #[inline(always)]
    pub(super) fn address(self) -> *mut u64 {
        self.0
    }

    #[inline(always)]
    pub(super) fn get(self, slot: u16) -> u64 {
        // SAFETY: validated to be a slot of the frame; the stack is initialised.
        unsafe { self.0.add(slot as usize).read() }
    }

    #[inline(always)]
    pub(super) fn set(self, slot: u16, value: u64) {
        // SAFETY: validated to be a slot of the frame.
        unsafe { self.0.add(slot as usize).write(value) }
    }

    /// The frame that many slots further up, or down.
    #[inline(always)]
    pub(super) fn skip(self, slots: isize) -> Frame {
        // SAFETY: validated: within the frame, or back to where it was.
        Frame(unsafe { self.0.offset(slots) })
    }

    /// Copies a slot, by numbers of any size.
    #[inline(always)]
    pub(super) fn copy(self, dst: u32, src: u32) {
        // SAFETY: validated to be slots of the frame.
        unsafe {
            self.0
                .add(dst as usize)
                .write(self.0.add(src as usize).read())
        }
    }

    /// Clears slots.
    #[inline(always)]
    pub(super) fn clear(self, first: u32, count: u32) {
        // SAFETY: validated to be slots of the frame.
        unsafe { self.0.add(first as usize).write_bytes(0, count as usize) }
    }
}

/// Integers, all of whose bits mean something.
pub(super) trait Plain: Copy {}

impl Plain for u8 {}
impl Plain for u16 {}
impl Plain for u32 {}
impl Plain for u64 {}
impl Plain for i8 {}
impl Plain for i16 {}
impl Plain for i32 {}
