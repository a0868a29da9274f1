//! The host functions that satisfy every function import, and the trace they leave.
//!
//! What a host function does depends only on the seed, which import it is, how often it
//! has been called, and its arguments: so every engine sees the same host. Besides
//! returning values it may call back into the instance, trap, grow and write memories,
//! and set globals and table elements.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::HashMap;
use microwasm::{FuncType, ValType};

use crate::choice::{Choices, mix};
use crate::engine::{Func, Global, Host, HostFunc, Memory, Store, Table, Trap};
use crate::prepare::Shape;
use crate::value::{FuncName, Value};

/// How deep host functions may call back into Wasm.
const MAX_DEPTH: u32 = 3;

/// How many events a trace may have; the host function after that traps.
const MAX_EVENTS: usize = 4096;

/// Number of the host error after too many events.
const TOO_MANY_EVENTS: u32 = u32::MAX;

/// Largest memory, in pages, that a host function grows to.
const MAX_HOST_PAGES: u32 = 16;

/// Something that a host function saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Wasm called the host function with these arguments.
    Called {
        /// The host function: imported functions first, in order.
        import: u32,
        /// Its arguments.
        args: Box<[Value<FuncName>]>,
    },
    /// The host function called back and got this.
    CalledBack {
        /// Index of the function called.
        func: u32,
        /// What it returned.
        outcome: Result<Box<[Value<FuncName>]>, Trap>,
    },
    /// The host function grew a memory.
    Grew {
        /// Index of the memory.
        memory: u32,
        /// Its previous size, or `None` if it could not be grown.
        previous: Option<u32>,
    },
}

/// What host functions can reach of the instance.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// Functions of the module, with their indices.
    pub funcs: Vec<(Func, u32)>,
    /// Memories.
    pub memories: Vec<Memory>,
    /// Tables and their element types.
    pub tables: Vec<(Table, ValType)>,
    /// Mutable globals and their types, without the one that holds the fuel.
    pub globals: Vec<(Global, ValType)>,
}

/// The suite's host for one store.
pub struct SuiteHost {
    seed: u64,
    shape: Arc<Shape>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    trace: Vec<Event>,
    calls: Vec<u64>,
    depth: u32,
    reach: Rc<Reach>,
    names: HashMap<Func, FuncName>,
}

impl SuiteHost {
    /// A host for a module of this shape: one function for each that it imports, then one for
    /// each of its types.
    pub fn new(seed: u64, shape: Arc<Shape>) -> SuiteHost {
        let count = shape.imported_funcs as usize + shape.types.len();
        let state = State {
            calls: vec![0; count],
            ..State::default()
        };
        SuiteHost {
            seed,
            shape,
            state: RefCell::new(state),
        }
    }

    /// The type of a host function.
    fn ty(&self, HostFunc(number): HostFunc) -> &FuncType {
        match number.checked_sub(self.shape.imported_funcs) {
            None => self.shape.func_type(number),
            Some(ty) => &self.shape.types[ty as usize],
        }
    }

    /// Lets host functions use the instance from now on.
    pub fn set_reach(&self, reach: Reach) {
        self.state.borrow_mut().reach = Rc::new(reach);
    }

    /// Gives a function the name that traces and observations use.
    pub fn name_func(&self, func: Func, name: FuncName) {
        self.state.borrow_mut().names.entry(func).or_insert(name);
    }

    /// The name of a function.
    pub fn name_of(&self, func: Func) -> FuncName {
        self.state
            .borrow()
            .names
            .get(&func)
            .copied()
            .unwrap_or(FuncName::Unknown)
    }

    /// A value with its function named.
    pub fn named(&self, value: Value) -> Value<FuncName> {
        value.map_func(|func| Some(self.name_of(func)))
    }

    /// The events since the last call.
    pub fn take_trace(&self) -> Vec<Event> {
        std::mem::take(&mut self.state.borrow_mut().trace)
    }

    /// Notes an event and returns how many there are now.
    fn note(&self, event: Event) -> usize {
        let mut state = self.state.borrow_mut();
        state.trace.push(event);
        state.trace.len()
    }

    fn call_back(&self, store: &mut dyn Store, choices: &mut Choices) -> Result<(), Trap> {
        let picked = {
            let mut state = self.state.borrow_mut();
            if state.depth >= MAX_DEPTH {
                return Ok(());
            }
            let index = choices.below(state.reach.funcs.len() as u64) as usize;
            let Some((func, own)) = state.reach.funcs.get(index).copied() else {
                return Ok(());
            };
            state.depth += 1;
            (index as u32, func, self.shape.func_type(own))
        };
        let (index, func, ty) = picked;
        let args = ty
            .params
            .iter()
            .map(|ty| self.value(*ty, choices))
            .collect::<Vec<_>>();
        let mut results = Vec::new();
        let outcome = store.call(func, &args, &mut results);
        self.state.borrow_mut().depth -= 1;
        let outcome = outcome.map(|()| results.iter().map(|value| self.named(*value)).collect());
        let trap = outcome.as_ref().err().copied();
        self.note(Event::CalledBack {
            func: index,
            outcome,
        });
        match trap {
            // What ends a run must not be hidden; everything else may be.
            Some(trap) if trap.poison().is_some() || choices.one_in(2) => Err(trap),
            _ => Ok(()),
        }
    }

    fn change_memory(&self, store: &mut dyn Store, choices: &mut Choices) {
        let reach = self.state.borrow().reach.clone();
        let index = choices.below(reach.memories.len() as u64) as usize;
        let Some(memory) = reach.memories.get(index).copied() else {
            return;
        };
        if choices.one_in(4) {
            let delta = choices.below(3) as u32;
            if store.memory_pages(memory) + delta <= MAX_HOST_PAGES {
                let previous = store.memory_grow(memory, delta).ok();
                self.note(Event::Grew {
                    memory: index as u32,
                    previous,
                });
            }
        } else {
            let bytes = choices.bits().to_le_bytes();
            let len = choices.below(8) as usize + 1;
            let at = choices.below(u64::from(store.memory_pages(memory)) << 16) as u32;
            // A write past the end is refused by every engine alike.
            let _ = store.memory_write(memory, at, &bytes[..len]);
        }
    }

    fn change_state(&self, store: &mut dyn Store, choices: &mut Choices) {
        let reach = self.state.borrow().reach.clone();
        if choices.one_in(2) {
            if let Some((global, ty)) = choices.pick(&reach.globals).copied() {
                let value = self.value(ty, choices);
                store
                    .global_set(global, value)
                    .expect("mutable, and a value of its type");
            }
        } else if let Some((table, ty)) = choices.pick(&reach.tables).copied() {
            let at = choices.below(store.table_size(table).into()) as u32;
            let value = self.value(ty, choices);
            // An empty table refuses.
            let _ = store.table_set(table, at, value);
        }
    }

    fn value(&self, ty: ValType, choices: &mut Choices) -> Value {
        let pick = |choices: &mut Choices| {
            let state = self.state.borrow();
            if choices.one_in(4) {
                None
            } else {
                choices.pick(&state.reach.funcs).map(|f| f.0)
            }
        };
        choices.value(ty, pick).expect("validated: no vector types")
    }
}

impl Host for SuiteHost {
    fn call(
        &self,
        store: &mut dyn Store,
        func: HostFunc,
        args: &[Value],
        results: &mut Vec<Value>,
    ) -> Result<(), Trap> {
        let named = args.iter().map(|value| self.named(*value)).collect();
        if self.note(Event::Called {
            import: func.0,
            args: named,
        }) > MAX_EVENTS
        {
            return Err(Trap::Host(TOO_MANY_EVENTS));
        }
        let count = {
            let mut state = self.state.borrow_mut();
            let count = &mut state.calls[func.0 as usize];
            *count += 1;
            *count
        };
        let hash = args
            .iter()
            .fold(mix(mix(self.seed, func.0.into()), count), |h, arg| {
                mix(h, arg.canonical_bits())
            });
        let mut choices = Choices::new(hash);
        match choices.below(32) {
            0..4 => self.call_back(store, &mut choices)?,
            4..8 => self.change_memory(store, &mut choices),
            8..10 => self.change_state(store, &mut choices),
            10 => return Err(Trap::Host(choices.below(100) as u32)),
            _ => {}
        }
        let types = &self.ty(func).results;
        results.extend(types.iter().map(|ty| self.value(*ty, &mut choices)));
        Ok(())
    }
}
