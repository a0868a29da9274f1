//! The definitional interpreter of Microwasm: what `docs/microwasm.md` says, as code.
//!
//! | file | owns |
//! |---|---|
//! | `code` | functions as they are kept: operators in a row, and where each block begins |
//! | `machine` | execution: frames, the stack, branches, calls |
//! | `ops` | what every operator within a block does |
//! | `numeric` | arithmetic |
//! | `observe` | being watched, operator by operator |
//! | `instantiate` | from a module to an instance |
//! | `store` | the suite's interface |
//!
//! Slow on purpose: nothing is resolved beforehand, everything is checked where it is
//! used. Invariants: no recursion of the host for calls within Microwasm; a host function
//! that calls back costs one level, of which there is a bounded number. Every NaN that an
//! operator makes is the canonical one.

mod code;
mod instantiate;
mod machine;
mod numeric;
pub mod observe;
mod ops;
mod store;

use std::rc::Rc;

use crate::engine;
use observe::Observer;

/// The interpreter.
pub struct Microwasm {
    name: &'static str,
    observer: Option<Rc<dyn Observer>>,
}

impl Microwasm {
    /// The interpreter under this name.
    pub fn new(name: &'static str) -> Microwasm {
        Microwasm {
            name,
            observer: None,
        }
    }

    /// The same, watched by `observer`.
    pub fn observed(self, observer: Rc<dyn Observer>) -> Microwasm {
        Microwasm {
            observer: Some(observer),
            ..self
        }
    }
}

impl engine::Engine for Microwasm {
    fn name(&self) -> &str {
        self.name
    }

    fn store(&self, host: Rc<dyn engine::Host>, limits: engine::Limits) -> Box<dyn engine::Store> {
        Box::new(store::Store::new(host, limits, self.observer.clone()))
    }
}
