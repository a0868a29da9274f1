//! What can be seen of an instance after a step of a run.

use std::borrow::Cow;

use crate::engine::Trap;
use crate::host::Event;
use crate::value::{FuncName, Value};

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned these results; instantiation returns none.
    Returned(Box<[Value<FuncName>]>),
    /// It trapped.
    Trapped(Trap),
    /// The module was not instantiated because its imports were not accepted.
    NotLinked,
    /// The engine does not export the function that was to be called.
    NoSuchFunction,
}

/// Everything that can be seen after a step. An entry is `None` where the engine does not
/// show it, as is the case for what a module defines when it was not instantiated.
///
/// Items are in the order of their indices. Behind them the imported ones come once more,
/// as the instance exports them: an instance that works on a copy would show it there.
#[derive(Clone, Debug)]
pub struct Observation<'a> {
    /// What the step came to.
    pub outcome: Outcome,
    /// What the host functions saw during the step.
    pub trace: Vec<Event>,
    /// All globals.
    pub globals: Vec<Option<Value<FuncName>>>,
    /// All tables, element by element.
    pub tables: Vec<Option<Vec<Value<FuncName>>>>,
    /// All memories.
    pub memories: Vec<Option<Cow<'a, [u8]>>>,
}
