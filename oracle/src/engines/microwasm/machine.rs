//! Execution: a stack of values, a stack of frames, and a loop.
//!
//! A frame's values lie on the stack from its bottom on. A call leaves the arguments where
//! they are: they are the bottom of the new frame.

use std::rc::Rc;

use microwasm::{Label, Op};

use super::code::{Code, Inst};
use super::observe::Moment;
use super::store::{Callee, Store};
use crate::engine::{Func, Host, Trap};
use crate::value::Value;

/// The most frames of all invocations that are under way.
const MAX_FRAMES: usize = 20_000;

/// How often host functions may call back into each other's callers.
const MAX_NESTING: u32 = 32;

/// The most values on the stack when a function is called.
const MAX_VALUES: usize = 1 << 22;

/// A function being executed.
struct Frame {
    code: Rc<Code>,
    /// Number of its instance in the store.
    instance: usize,
    /// Its next operator.
    next: usize,
    /// Where its stack begins.
    bottom: usize,
}

/// One invocation from outside.
pub(super) struct Machine<'s> {
    pub(super) store: &'s mut Store,
    pub(super) values: Vec<Value>,
    frames: Vec<Frame>,
}

/// Calls a function; its results are appended to `results`.
pub(super) fn invoke(
    store: &mut Store,
    func: Func,
    args: &[Value],
    results: &mut Vec<Value>,
) -> Result<(), Trap> {
    if store.nesting == MAX_NESTING {
        return Err(Trap::StackOverflow);
    }
    let (nesting, frames) = (store.nesting, store.frames);
    store.nesting += 1;
    let mut machine = Machine {
        store,
        values: args.to_vec(),
        frames: Vec::new(),
    };
    let outcome = machine
        .call(func)
        .and_then(|()| match machine.store.observer {
            None => machine.run::<false>(),
            Some(_) => machine.run::<true>(),
        });
    if outcome.is_ok() {
        results.append(&mut machine.values);
    }
    (store.nesting, store.frames) = (nesting, frames);
    outcome
}

impl Machine<'_> {
    fn run<const OBSERVED: bool>(&mut self) -> Result<(), Trap> {
        while let Some(frame) = self.frames.last_mut() {
            if OBSERVED && let Some(observer) = &self.store.observer {
                observer.before(&Moment {
                    func: frame.code.func,
                    op: frame.next as u32,
                    depth: self.store.frames,
                    values: &self.values[frame.bottom..],
                    store: self.store,
                    instance: frame.instance,
                });
            }
            let code = Rc::clone(&frame.code);
            let inst = &code.ops[frame.next];
            let (instance, bottom) = (frame.instance, frame.bottom);
            frame.next += 1;
            match inst {
                Inst::BrTable(targets, default) => {
                    let index = self.pop_i32() as usize;
                    self.branch(*targets.get(index).unwrap_or(default))?;
                }
                Inst::Op(op) => match *op {
                    Op::Br(label) => self.branch(label)?,
                    Op::BrIf { then, otherwise } => match self.pop_i32() {
                        0 => self.branch(otherwise)?,
                        _ => self.branch(then)?,
                    },
                    Op::Call(func) => {
                        let func = self.store.instances[instance].funcs[func.index()];
                        self.call(func)?;
                    }
                    Op::CallIndirect { ty, table } => {
                        let instance = &self.store.instances[instance];
                        let table = instance.tables[table.index()];
                        let module = Rc::clone(&instance.module);
                        let index = self.pop_i32();
                        let func = match self.store.element(table, index)? {
                            Value::FuncRef(Some(func)) => func,
                            _ => return Err(Trap::IndirectCallToNull),
                        };
                        if self.store.funcs[func.0 as usize].ty != module.info.types[ty.index()] {
                            return Err(Trap::BadSignature);
                        }
                        self.call(func)?;
                    }
                    op => self.op(op, instance, bottom)?,
                },
            }
        }
        Ok(())
    }

    /// Goes on at `label`: takes its arguments from the top, and drops what lies between
    /// them and the block's base.
    fn branch(&mut self, label: Label) -> Result<(), Trap> {
        self.store.burn()?;
        let frame = self.frames.last_mut().expect("a branch is in a function");
        let block = frame.code.blocks[label.index()];
        let first_arg = self.values.len() - block.args;
        self.values.drain(frame.bottom + block.base..first_arg);
        frame.next = block.start;
        if label == Label::RETURN {
            self.frames.pop();
            self.store.frames -= 1;
        }
        Ok(())
    }

    /// Enters a function, whose arguments are on top of the stack; a host function has
    /// run already when this returns.
    fn call(&mut self, func: Func) -> Result<(), Trap> {
        self.store.burn()?;
        let func = &self.store.funcs[func.0 as usize];
        let bottom = self.values.len() - func.ty.params.len();
        match &func.callee {
            Callee::Defined { instance, code } => {
                if self.store.frames == MAX_FRAMES || self.values.len() > MAX_VALUES {
                    return Err(Trap::StackOverflow);
                }
                self.frames.push(Frame {
                    code: Rc::clone(code),
                    instance: *instance,
                    next: 0,
                    bottom,
                });
                self.store.frames += 1;
                Ok(())
            }
            Callee::Host(number) => {
                let number = *number;
                let args = self.values.split_off(bottom);
                let host: Rc<dyn Host> = Rc::clone(&self.store.host);
                let mut results = Vec::new();
                host.call(self.store, number, &args, &mut results)?;
                self.values.append(&mut results);
                Ok(())
            }
        }
    }
}
