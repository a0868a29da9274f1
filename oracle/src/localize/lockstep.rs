//! Compares what stopped code holds with what the reference has on its stack, event by event.
//!
//! Receives the machine at every instruction and the reference's events in order. Where
//! the machine stands at the boundary of the operator that the reference comes to next, every
//! value is read from where the location map says it is. Operators without code of their own
//! share their place with the next one: they are judged there, each by its own map. A place
//! that a jump leads to may also be that of an operator before the block; the reference tells
//! which of them it is.
//!
//! The first value that is not what it should be is a [`Mismatch`], and so is another path.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::mpsc::Receiver;

use microwasm::op::{FloatCmp, FloatSize, IntCmp, IntSize};
use microwasm::{FuncIndex, ValType};
use microwasm_codegen::Backend;
use microwasm_codegen::locations::{Operand, Place, Relation, Test};
use microwasm_codegen::x64::abi::{ArgLoc, Assigner};
use microwasm_runtime::trace::Stop;

use super::maps::{FunctionMap, Maps};
use super::reference::{Before, Event, Watched};
use crate::engine::Func;
use crate::observe::Outcome;
use crate::value::Value;

/// A value that is not what it should be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Differing {
    pub(super) position: u32,
    pub(super) place: Place,
    pub(super) expected: Value,
    /// All bits that are there; `None` if there is no such place.
    pub(super) got: Option<u64>,
    pub(super) how: How,
}

/// In which way a value is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It is another value.
    Wrong,
    /// It is an `i32` in a register whose upper half is not zero.
    UpperHalf,
    /// It is right where it is, but not in its own slot, which is said to have it, too.
    Stale,
}

/// The first difference between the two.
#[derive(Clone, Debug)]
pub(super) enum Mismatch {
    /// Values before this operator.
    Values {
        before: Before,
        differing: Vec<Differing>,
    },
    /// What is watched besides.
    Watched { before: Before, got: Option<u64> },
    /// The host was called with another argument than it should have been.
    Argument {
        index: usize,
        expected: Value,
        got: Value,
    },
    /// Execution stands elsewhere than before this operator.
    Path {
        expected: Box<Event>,
        func: FuncIndex,
        op: u32,
    },
    /// Execution ended in this way, and should not have, or in another way.
    Ended { expected: Box<Event>, got: Outcome },
}

/// The comparison of one run.
pub(super) struct Lockstep<'m> {
    maps: &'m Maps,
    backend: Backend,
    source: Receiver<Vec<Event>>,
    /// Events that have been received, the next one last.
    queue: Vec<Event>,
    watched: Watched,
    /// Before the operator that is being executed.
    pub(super) last: Option<Before>,
    /// Whether the operator that is being executed has called the host.
    host_called: bool,
    /// Calls that are under way.
    pub(super) calls: Vec<Before>,
    /// The call that `last`'s function has returned to, and whether the results were right then.
    pub(super) returned: Option<Returned>,
    /// A place where execution stood that the reference does not come to.
    astray: Option<(FuncIndex, u32)>,
    references: References,
    /// Boundaries that have been compared.
    pub(super) boundaries: u64,
    /// Instructions that have been seen.
    pub(super) instructions: u64,
    pub(super) mismatch: Option<Mismatch>,
    /// Is told of every operator whose operands are as they should be.
    pub(super) progress: Box<dyn FnMut(&Before)>,
}

/// A call that has come back.
#[derive(Clone, Debug)]
pub(super) struct Returned {
    pub(super) call: Before,
    /// Whether the results were right at the return, if that could be seen.
    pub(super) right: Option<bool>,
}

/// Which reference of one side is which of the other.
#[derive(Default)]
struct References {
    bits: HashMap<Func, u64>,
    funcs: HashMap<u64, Func>,
}

impl References {
    fn same(&mut self, expected: Func, bits: u64) -> bool {
        *self.bits.entry(expected).or_insert(bits) == bits
            && *self.funcs.entry(bits).or_insert(expected) == expected
    }

    /// Whether `bits` are those of `expected`, whatever NaN they are. What is seen for the first
    /// time is known from then on.
    fn same_value(&mut self, expected: &Value, bits: u64) -> bool {
        match *expected {
            Value::FuncRef(Some(func)) => bits != 0 && self.same(func, bits),
            _ => self.may_be(expected, bits),
        }
    }

    /// As [`References::same_value`], where it is not certain that it should be the same.
    fn may_be(&self, expected: &Value, bits: u64) -> bool {
        let narrow = Value::<Func>::F32(bits as u32);
        match *expected {
            Value::I32(value) => bits as u32 == value,
            Value::I64(value) => bits == value,
            Value::F32(value) => bits as u32 == value || expected.is_nan() && narrow.is_nan(),
            Value::F64(value) => {
                bits == value || expected.is_nan() && Value::<Func>::F64(bits).is_nan()
            }
            Value::FuncRef(Some(func)) => {
                bits != 0 && self.bits.get(&func).is_none_or(|known| *known == bits)
            }
            Value::FuncRef(None) | Value::ExternRef(_) => bits == expected.canonical_bits(),
        }
    }
}

impl<'m> Lockstep<'m> {
    /// The comparison of code that `maps` describe with what `source` tells.
    pub(super) fn new(
        maps: &'m Maps,
        backend: Backend,
        source: Receiver<Vec<Event>>,
        watched: Watched,
    ) -> Lockstep<'m> {
        Lockstep {
            maps,
            backend,
            source,
            queue: Vec::new(),
            watched,
            last: None,
            host_called: false,
            calls: Vec::new(),
            returned: None,
            astray: None,
            references: References::default(),
            boundaries: 0,
            instructions: 0,
            mismatch: None,
            progress: Box::new(|_| ()),
        }
    }

    /// Looks at the machine before an instruction.
    pub(super) fn stop(&mut self, stop: &Stop<'_>) -> ControlFlow<()> {
        self.instructions += 1;
        if self.mismatch.is_some() {
            return ControlFlow::Break(());
        }
        let maps = self.maps;
        let Some(map) = maps.function(stop.func()) else {
            return ControlFlow::Continue(());
        };
        self.look_at_results(stop);
        let here = map.at(stop.offset());
        if here.is_empty() {
            return ControlFlow::Continue(());
        }
        let mut previous = None;
        loop {
            let next = match self.peek() {
                Some(Event::Before(before)) => before,
                Some(Event::Ended(_)) if previous.is_none() => {
                    return self.strayed(stop, here[0]);
                }
                // The step is over, or the reference has nothing more to say.
                _ => return ControlFlow::Continue(()),
            };
            let (func, op) = (next.func, next.op);
            let expected = func == stop.func() && here.contains(&op);
            if !expected || previous.is_some_and(|previous| op <= previous) {
                return match previous {
                    Some(_) => ControlFlow::Continue(()),
                    None => self.strayed(stop, here[0]),
                };
            }
            self.astray = None;
            previous = Some(op);
            let Some(Event::Before(before)) = self.queue.pop() else {
                return ControlFlow::Continue(());
            };
            self.follow_calls(&before);
            self.judge(map, before, stop)?;
        }
    }

    /// The machine calls the host: with the operands of the operator that is being executed, if
    /// that is a call.
    pub(super) fn host_called(&mut self, args: &[Value]) {
        // Another call is one that the host makes itself.
        if std::mem::replace(&mut self.host_called, true) {
            return;
        }
        let Some(last) = &self.last else { return };
        let boundary = self.maps.function(last.func);
        let boundary = boundary.and_then(|map| map.boundary(last.op));
        let Some(boundary) = boundary else { return };
        // The last operand of an indirect call is the index.
        let above = if boundary.text.starts_with("call_indirect") {
            1
        } else if boundary.text.starts_with("call ") {
            0
        } else {
            return;
        };
        let operands = boundary.operands as usize;
        let first = last.values.len().saturating_sub(operands);
        let expected = &last.values[first..last.values.len().saturating_sub(above)];
        if self.mismatch.is_some() || expected.len() != args.len() {
            return;
        }
        let mut pairs = expected.iter().zip(args).enumerate();
        // References are named by each engine in its own way.
        let differs = pairs.find(|(_, (expected, got))| {
            expected.canonical_bits() != got.canonical_bits() || expected.ty() != got.ty()
        });
        self.mismatch = differs.map(|(index, (expected, got))| Mismatch::Argument {
            index,
            expected: *expected,
            got: *got,
        });
    }

    /// The step is over for the machine.
    pub(super) fn ended(&mut self, outcome: &Outcome) {
        if self.mismatch.is_some() {
            return;
        }
        let expected = self.peek().cloned();
        self.queue.pop();
        match expected {
            Some(Event::Ended(expected)) if same_outcome(&expected, outcome) => {
                self.last = None;
                self.calls.clear();
                self.returned = None;
            }
            Some(expected) => {
                self.mismatch = Some(Mismatch::Ended {
                    expected: Box::new(expected),
                    got: outcome.clone(),
                });
            }
            None => {}
        }
    }

    /// The next event that can be judged.
    fn peek(&mut self) -> Option<&Event> {
        loop {
            while self.queue.is_empty() {
                let mut batch = self.source.recv().ok()?;
                batch.reverse();
                self.queue = batch;
            }
            let judged = match self.queue.last() {
                Some(Event::Before(before)) => self
                    .maps
                    .function(before.func)
                    .and_then(|map| map.boundary(before.op))
                    .is_some_and(|boundary| boundary.judged),
                _ => true,
            };
            if judged {
                return self.queue.last();
            }
            self.queue.pop();
        }
    }

    /// Execution stands before `op`, where the reference does not come. Once may be by the way to
    /// where it does.
    fn strayed(&mut self, stop: &Stop<'_>, op: u32) -> ControlFlow<()> {
        let here = (stop.func(), stop.offset());
        match self.astray {
            Some(before) if before != here => {
                let expected = self.peek().cloned();
                self.mismatch = expected.map(|expected| Mismatch::Path {
                    expected: Box::new(expected),
                    func: stop.func(),
                    op,
                });
                ControlFlow::Break(())
            }
            _ => {
                self.astray = Some(here);
                ControlFlow::Continue(())
            }
        }
    }

    /// Keeps account of the calls under way, on the way to the next operator.
    fn follow_calls(&mut self, next: &Before) {
        let Some(last) = &self.last else { return };
        if next.depth > last.depth {
            self.calls.push(last.clone());
            self.returned = None;
        } else if next.depth < last.depth {
            let right = self.returned.take().and_then(|returned| returned.right);
            while let Some(call) = self.calls.pop() {
                if call.depth <= next.depth {
                    self.returned = Some(Returned { call, right });
                    break;
                }
            }
        } else {
            self.returned = None;
        }
    }

    /// At the first instruction behind a call: whether its results are where they are passed.
    fn look_at_results(&mut self, stop: &Stop<'_>) {
        if self.backend != Backend::X64 || self.returned.is_some() {
            return;
        }
        let Some((call, last)) = self.calls.last().cloned().zip(self.last.clone()) else {
            return;
        };
        if stop.func() != call.func || !self.is_within(&call, stop) {
            return;
        }
        let next = match self.peek() {
            Some(Event::Before(next)) if next.depth < last.depth => next.clone(),
            _ => return,
        };
        let ty = self.maps.info.func_type(last.func);
        let mut places = Assigner::results_of(ty);
        let first = next.values.len().saturating_sub(ty.results.len());
        let mut right = true;
        for (value, ty) in next.values[first..].iter().zip(&ty.results) {
            let bits = match places.next(*ty) {
                ArgLoc::Reg(reg) if reg.is_xmm() => stop.xmm(reg.xmm().0),
                ArgLoc::Reg(reg) => stop.gpr(reg.gpr().0),
                ArgLoc::Stack(_) => continue,
            };
            right &= bits.is_some_and(|bits| self.references.may_be(value, bits));
        }
        self.returned = Some(Returned {
            call,
            right: Some(right),
        });
    }

    /// Whether execution stands in the code of an operator, but not at its beginning.
    fn is_within(&self, op: &Before, stop: &Stop<'_>) -> bool {
        let map = self.maps.function(op.func);
        map.and_then(|map| map.boundary(op.op))
            .is_some_and(|boundary| {
                boundary.code.0 < stop.offset() && stop.offset() <= boundary.end.0
            })
    }

    /// Compares all values before an operator, which the machine stands before.
    fn judge(&mut self, map: &FunctionMap, before: Before, stop: &Stop<'_>) -> ControlFlow<()> {
        let Some(boundary) = map.boundary(before.op) else {
            return ControlFlow::Continue(());
        };
        self.boundaries += 1;
        let mut off = map.locations.off_home(boundary).iter().peekable();
        let mut differing = Vec::new();
        for (position, expected) in (0..).zip(&before.values) {
            let home = Place::Slot(map.locations.home(position));
            let (place, at_home) = match off.next_if(|location| location.position == position) {
                Some(location) => (location.place, location.at_home),
                None => (home, false),
            };
            let mut add = |place, got, how| {
                differing.push(Differing {
                    position,
                    place,
                    expected: *expected,
                    got,
                    how,
                });
            };
            let got = read(place, stop);
            if !got.is_some_and(|got| self.references.same_value(expected, got)) {
                add(place, got, How::Wrong);
                continue;
            }
            let narrow = expected.ty() == ValType::I32 && matches!(place, Place::Gpr(_));
            if narrow && got.is_some_and(|got| got >> 32 != 0) {
                add(place, got, How::UpperHalf);
            }
            if at_home {
                let got = read(home, stop);
                if !got.is_some_and(|got| self.references.same_value(expected, got)) {
                    add(home, got, How::Stale);
                }
            }
        }
        if !differing.is_empty() {
            self.mismatch = Some(Mismatch::Values { before, differing });
            return ControlFlow::Break(());
        }
        if self.watched != Watched::Nothing {
            let got = watched(self.watched, stop);
            let same = match (&before.watched, got) {
                (Some(expected), Some(got)) => self.references.same_value(expected, got),
                (expected, got) => expected.is_none() && got.is_none(),
            };
            if !same {
                self.mismatch = Some(Mismatch::Watched { before, got });
                return ControlFlow::Break(());
            }
        }
        (self.progress)(&before);
        self.host_called = false;
        self.last = Some(before);
        ControlFlow::Continue(())
    }
}

fn watched(watched: Watched, stop: &Stop<'_>) -> Option<u64> {
    match watched {
        Watched::Nothing => None,
        Watched::Memory { address, bytes } => stop.memory(address, bytes),
        Watched::Global(global) => stop.global(global),
        Watched::Element { table, index } => stop.element(table, index),
    }
}

/// What is at a place.
pub(super) fn read(place: Place, stop: &Stop<'_>) -> Option<u64> {
    match place {
        Place::Gpr(reg) => stop.gpr(reg.0),
        Place::Xmm(reg) => stop.xmm(reg.0),
        Place::Const(bits) => Some(bits),
        Place::Slot(slot) => stop.slot(slot),
        Place::Flags(cond) => stop.flags().map(|flags| cond.holds(flags).into()),
        Place::Test(test) => Some(
            holds(test, |operand| match operand {
                Operand::Slot(slot) => stop.slot(slot),
                Operand::Const(bits) => Some(bits),
            })?
            .into(),
        ),
    }
}

/// Whether a compare holds.
fn holds(test: Test, read: impl Fn(Operand) -> Option<u64>) -> Option<bool> {
    let (lhs, rhs) = (read(test.lhs)?, read(test.rhs)?);
    Some(match test.relation {
        Relation::Int(cmp, IntSize::I32) => {
            let signed = (i64::from(lhs as i32), i64::from(rhs as i32));
            int_holds(cmp, signed, (lhs as u32).into(), (rhs as u32).into())
        }
        Relation::Int(cmp, IntSize::I64) => int_holds(cmp, (lhs as i64, rhs as i64), lhs, rhs),
        Relation::Float(cmp, size, negated) => {
            let float = |bits: u64| match size {
                FloatSize::F32 => f32::from_bits(bits as u32).into(),
                FloatSize::F64 => f64::from_bits(bits),
            };
            float_holds(cmp, float(lhs), float(rhs)) != negated
        }
    })
}

fn int_holds(cmp: IntCmp, signed: (i64, i64), lhs: u64, rhs: u64) -> bool {
    match cmp {
        IntCmp::Eq => lhs == rhs,
        IntCmp::Ne => lhs != rhs,
        IntCmp::LtS => signed.0 < signed.1,
        IntCmp::LtU => lhs < rhs,
        IntCmp::GtS => signed.0 > signed.1,
        IntCmp::GtU => lhs > rhs,
        IntCmp::LeS => signed.0 <= signed.1,
        IntCmp::LeU => lhs <= rhs,
        IntCmp::GeS => signed.0 >= signed.1,
        IntCmp::GeU => lhs >= rhs,
    }
}

fn float_holds(cmp: FloatCmp, lhs: f64, rhs: f64) -> bool {
    match cmp {
        FloatCmp::Eq => lhs == rhs,
        FloatCmp::Ne => lhs != rhs,
        FloatCmp::Lt => lhs < rhs,
        FloatCmp::Gt => lhs > rhs,
        FloatCmp::Le => lhs <= rhs,
        FloatCmp::Ge => lhs >= rhs,
    }
}

/// Whether two steps ended alike, whatever NaNs they returned.
pub(super) fn same_outcome(expected: &Outcome, got: &Outcome) -> bool {
    match (expected, got) {
        (Outcome::Returned(a), Outcome::Returned(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| a == b || a.ty() == b.ty() && a.is_nan() && b.is_nan())
        }
        (expected, got) => expected == got,
    }
}
