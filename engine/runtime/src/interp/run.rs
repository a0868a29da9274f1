//! From one instruction to the next.
//!
//! Receives a function and its arguments on the interpreter's stack; leaves its results there.
//!
//! There are two ways to go on. *Threaded*: every instruction is a function that ends by calling
//! the next one's, with the machine's state as arguments. An optimizing compiler makes jumps of
//! such calls and keeps the state in registers; every instruction has an indirect jump of its own,
//! which processors predict far better than a common one (Ertl and Gregg, "The Structure and
//! Performance of Efficient Interpreters", 2003). *Looped*, where that cannot be relied upon: every
//! instruction returns to a loop. The build script decides, and both have the same instructions.

use microwasm_codegen::bytecode::op::{CARRY_STEP, Opcode, ops};

use super::execute::{Carries, Execute, First, Nothing, Second};
use super::machine::{Code, Flow, Frame, Machine};
#[cfg(threaded)]
use crate::vm::VmCtx;
use crate::vm::VmFuncRef;

/// Where the first function returns to.
static LEAVE_INTERPRETER: [u8; 2] = (Opcode::LeaveInterpreter as u16).to_le_bytes();

/// Executes a function whose arguments lie from `top` on, where its results will be; 0, or the
/// code of a trap. `control` is the upper end of the stack.
///
/// # Safety
/// `callee` is a function of validated bytecode, of an instance of a store that nobody else
/// is using. From `top` to `control` lies initialised memory that nobody else is using, with
/// room for arguments, results, and [`super::MARGIN`] words.
pub(super) unsafe fn run(callee: *const VmFuncRef, top: *mut u64, control: *mut u64) -> u32 {
    // SAFETY: by the caller's promise a function, its instance, and memory for its frame,
    // whose size is checked before anything is done there.
    let (mut machine, callee) = unsafe {
        let (frame, back) = (Frame::new(top), Code::new(LEAVE_INTERPRETER.as_ptr()));
        let machine = Machine::new((*callee).vmctx, frame, control, back);
        (machine, Code::new((*callee).code))
    };
    let (frame, back) = (machine.frame, machine.code);
    match machine.enter(callee, frame, back) {
        Flow::End(code) => code,
        #[cfg(feature = "trace")]
        Flow::Next if crate::trace::is_watching() => machine.go_on_watched(),
        Flow::Next => machine.go_on(),
    }
}

/// What is there for every number that an instruction can have: for each carry, the opcodes.
type Table<T> = [T; 3 * CARRY_STEP];

macro_rules! table {
    ($Entry:ty, $entry:ident: $($op:ident)*) => {{
        let mut table: Table<$Entry> = [$entry::<ops::Unreachable, Nothing>; 3 * CARRY_STEP];
        $(
            let number = Opcode::$op as usize;
            table[number] = $entry::<ops::$op, Nothing>;
            if Opcode::$op.operands() > 0 {
                table[number + CARRY_STEP] = $entry::<ops::$op, First>;
            }
            if Opcode::$op.operands() > 1 {
                table[number + 2 * CARRY_STEP] = $entry::<ops::$op, Second>;
            }
        )*
        table
    }};
}

#[cfg(threaded)]
mod threaded {
    use super::*;

    /// Executes an instruction, and all that follow.
    type Thread = unsafe fn(Code, Frame, *mut u64, *mut VmCtx, *mut u8, u64) -> u32;

    macro_rules! threads {
        ($($op:ident)*) => {
            static THREADS: Table<Thread> = table!(Thread, thread: $($op)*);
        };
    }
    microwasm_codegen::for_each_bytecode_op!(threads);

    unsafe fn thread<Op: Execute, C: Carries>(
        code: Code,
        frame: Frame,
        control: *mut u64,
        vmctx: *mut VmCtx,
        memory: *mut u8,
        last: u64,
    ) -> u32 {
        let mut machine = Machine {
            code,
            frame,
            control,
            vmctx,
            memory,
            last,
        };
        match Op::execute::<C>(&mut machine) {
            Flow::Next => machine.go_on(),
            Flow::End(code) => code,
        }
    }

    impl Machine {
        /// Executes what is to be executed.
        #[inline(always)]
        pub(super) fn go_on(self) -> u32 {
            let Machine {
                code,
                frame,
                control,
                vmctx,
                memory,
                last,
            } = self;
            // SAFETY: validated: it is a number of an instruction, and the machine stands at it.
            unsafe {
                let next = THREADS.get_unchecked(code.number());
                next(code, frame, control, vmctx, memory, last)
            }
        }
    }
}

#[cfg(any(not(threaded), feature = "trace"))]
mod looped {
    use super::*;

    /// Executes one instruction.
    type Step = fn(&mut Machine) -> Flow;

    macro_rules! steps {
        ($($op:ident)*) => {
            static STEPS: Table<Step> = table!(Step, step: $($op)*);
        };
    }
    microwasm_codegen::for_each_bytecode_op!(steps);

    fn step<Op: Execute, C: Carries>(machine: &mut Machine) -> Flow {
        Op::execute::<C>(machine)
    }

    impl Machine {
        /// Executes what is to be executed.
        #[cfg(not(threaded))]
        pub(super) fn go_on(mut self) -> u32 {
            loop {
                if let Flow::End(code) = STEPS[self.code.number()](&mut self) {
                    return code;
                }
            }
        }

        /// Executes what is to be executed, and tells who watches this thread of every instruction.
        #[cfg(feature = "trace")]
        pub(super) fn go_on_watched(mut self) -> u32 {
            loop {
                // SAFETY: the instance that executes; the stack ends at `control`.
                unsafe {
                    let (code, frame) = (self.code.address(), self.frame.address());
                    crate::trace::interpreting(self.vmctx, code, frame, self.control);
                }
                if let Flow::End(code) = STEPS[self.code.number()](&mut self) {
                    return code;
                }
            }
        }
    }
}
