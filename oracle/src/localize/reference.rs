//! The expected values: the definitional interpreter, in a thread of its own, which tells
//! operator by operator what is on the stack.
//!
//! The channel is bounded, so that the interpreter is only a little ahead of who compares. When
//! nobody listens any more, it goes on without telling.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use microwasm::GlobalIndex;

use super::drive::{Driver, Go, Steps, drive};
use crate::engines::microwasm::Microwasm;
use crate::engines::microwasm::observe::{Moment, Observer};
use crate::observe::{Observation, Outcome};
use crate::run::{Case, Step};
use crate::value::Value;

/// Events that are told at once.
const BATCH: usize = 64;
/// Batches that may wait.
const WAITING: usize = 16;

/// Part of the state that is looked at before every operator, besides the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    Nothing,
    /// This many bytes of memory 0, 8 at most.
    Memory {
        address: u64,
        bytes: u32,
    },
    Global(GlobalIndex),
    Element {
        table: u32,
        index: u32,
    },
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// An operator is about to be executed.
    Before(Before),
    /// The step is over.
    Ended(Outcome),
}

/// The state before an operator.
#[derive(Clone, Debug)]
pub(super) struct Before {
    pub(super) func: microwasm::FuncIndex,
    pub(super) op: u32,
    pub(super) depth: usize,
    pub(super) values: Box<[Value]>,
    pub(super) watched: Option<Value>,
}

/// Starts the interpreter on `case`; what it does in `steps` can be received.
pub(super) fn start(case: &Case, steps: Steps, watched: Watched) -> Receiver<Vec<Event>> {
    let (sender, receiver) = sync_channel(WAITING);
    let case = case.clone();
    thread::spawn(move || {
        let teller = Rc::new(Teller {
            sender: RefCell::new(Some(sender)),
            batch: RefCell::new(Vec::with_capacity(BATCH)),
            telling: Cell::new(false),
            watched,
        });
        let engine = Microwasm::new("microwasm").observed(teller.clone());
        // What it refuses it says nothing about.
        let _ = drive(&case, &engine, &case.wasm, &mut Telling { teller, steps });
    });
    receiver
}

struct Teller {
    sender: RefCell<Option<SyncSender<Vec<Event>>>>,
    batch: RefCell<Vec<Event>>,
    telling: Cell<bool>,
    watched: Watched,
}

impl Teller {
    fn tell(&self, event: Event) {
        let mut batch = self.batch.borrow_mut();
        batch.push(event);
        if batch.len() == BATCH {
            let batch = std::mem::replace(&mut *batch, Vec::with_capacity(BATCH));
            self.send(batch);
        }
    }

    fn flush(&self) {
        self.send(self.batch.take());
    }

    fn send(&self, batch: Vec<Event>) {
        let mut sender = self.sender.borrow_mut();
        if sender
            .as_ref()
            .is_some_and(|sender| sender.send(batch).is_err())
        {
            *sender = None;
            self.telling.set(false);
        }
    }
}

impl Observer for Teller {
    fn before(&self, moment: &Moment<'_>) {
        if !self.telling.get() {
            return;
        }
        let watched = match self.watched {
            Watched::Nothing => None,
            Watched::Memory { address, bytes } => moment.memory(address, bytes).map(Value::I64),
            Watched::Global(global) => moment.global(global),
            Watched::Element { table, index } => moment.element(table, index),
        };
        self.tell(Event::Before(Before {
            func: moment.func,
            op: moment.op,
            depth: moment.depth,
            values: moment.values.into(),
            watched,
        }));
    }
}

struct Telling {
    teller: Rc<Teller>,
    steps: Steps,
}

impl Driver for Telling {
    fn step(&mut self, step: Step, run: &mut dyn FnMut()) {
        let listened = self.teller.sender.borrow().is_some();
        self.teller
            .telling
            .set(listened && self.steps.contains(step));
        run();
    }

    fn taken(&mut self, step: Step, seen: &Observation<'_>) -> Go {
        if self.steps.contains(step) {
            self.teller.tell(Event::Ended(seen.outcome.clone()));
            self.teller.flush();
            self.teller.telling.set(false);
        }
        match self.teller.sender.borrow().is_some() && self.steps != Steps::Only(step) {
            true => Go::On,
            false => Go::Stop,
        }
    }
}
