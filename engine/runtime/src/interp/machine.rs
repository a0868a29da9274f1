//! What the loop's state is made of.
//!
//! Each of these is made once, under a promise that holds for everything done with it later:
//! that what executes is a function of validated bytecode. So the loop's arms need not repeat it.

use microwasm_codegen::bytecode::op::Opcode;

use crate::vm::VmCtx;

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

    /// The opcode of the instruction.
    #[inline(always)]
    pub(super) fn opcode(self) -> Opcode {
        // SAFETY: there is an instruction, so that its first 16 bits are an opcode's number.
        unsafe {
            std::mem::transmute::<u16, Opcode>(u16::from_le(self.0.cast::<u16>().read_unaligned()))
        }
    }

    /// The bytes of the instruction, `N` of them.
    #[inline(always)]
    pub(super) fn bytes<'a, const N: usize>(self) -> &'a [u8; N] {
        // SAFETY: the loop's arm for an opcode asks for as many bytes as its instruction has.
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
    pub(super) fn get32(self, slot: u16) -> u32 {
        self.get(slot) as u32
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

/// Linear memory, as it is between two calls that may change it.
#[derive(Clone, Copy)]
pub(super) struct Memory {
    base: *mut u8,
    len: u64,
}

impl Memory {
    /// # Safety
    /// The instance and its memory stay while this is used, and the memory does not grow.
    #[inline(always)]
    pub(super) unsafe fn of(vmctx: *const VmCtx) -> Memory {
        // SAFETY: the caller's promise; the head keeps base and length of memory 0.
        unsafe {
            Memory {
                base: (*vmctx).memory_base,
                len: (*vmctx).memory_len,
            }
        }
    }

    #[inline(always)]
    pub(super) fn pages(self) -> u64 {
        self.len >> 16
    }

    /// Where an access of the type `T` at index and offset goes, if it is in bounds.
    #[inline(always)]
    fn at<T>(self, index: u32, offset: u32) -> Option<*mut T> {
        // Below 2^33: nothing wraps around.
        let address = u64::from(index) + u64::from(offset);
        if address + size_of::<T>() as u64 > self.len {
            return None;
        }
        Some(self.base.wrapping_add(address as usize).cast())
    }

    /// Reads plain data.
    #[inline(always)]
    pub(super) fn load<T: Plain>(self, index: u32, offset: u32) -> Option<T> {
        // SAFETY: in bounds, and of a type without invalid values.
        self.at::<T>(index, offset)
            .map(|at| unsafe { at.read_unaligned() })
    }

    /// Writes plain data; whether it was in bounds.
    #[inline(always)]
    pub(super) fn store<T: Plain>(self, index: u32, offset: u32, value: T) -> bool {
        let Some(at) = self.at::<T>(index, offset) else {
            return false;
        };
        // SAFETY: in bounds; only executing code refers to the memory.
        unsafe { at.write_unaligned(value) };
        true
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
