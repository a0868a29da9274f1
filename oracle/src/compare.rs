//! Compares two observations of the same step.
//!
//! Knows values and traps, never an engine. The one rule about NaNs is [`NanRule`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::engine::{Poison, Trap};
use crate::host::Event;
use crate::observe::{Observation, Outcome};
use crate::value::{FuncName, Value};

/// What a NaN is equal to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NanRule {
    /// Its own bits only: the generator has made every NaN canonical.
    Bits,
    /// Every other NaN of its type; where their bits would be seen, they are made canonical.
    Class,
    /// Every other NaN of its type; the module is known not to let their bits be seen, and is
    /// left as it is.
    Hidden,
}

/// Judgement over a step or a whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything observable is equal.
    Agree,
    /// One side ran into a limit; nothing can be said. Never counts as agreement.
    Poisoned(Poison),
    /// Something observable differs.
    Diverged(Difference),
}

/// A value as it appears in a difference.
pub type Seen = Value<FuncName>;

/// The first thing that differs between two observations.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Difference {
    /// One side accepts the module, the other does not.
    Acceptance {
        expected: bool,
        got: bool,
        why: Box<str>,
    },
    /// The step came to something else.
    Outcome { expected: Outcome, got: Outcome },
    /// Both trap, but not with the same trap.
    Trap { expected: Trap, got: Trap },
    /// One result differs.
    Result {
        index: usize,
        expected: Seen,
        got: Seen,
    },
    /// A host call or call back is missing.
    MissingEvent { position: usize, expected: Event },
    /// There is a host call or call back too many.
    ExtraEvent { position: usize, got: Event },
    /// Another event took place.
    Event {
        position: usize,
        expected: Event,
        got: Event,
    },
    /// A host function got another argument.
    HostArgument {
        position: usize,
        import: u32,
        argument: usize,
        expected: Seen,
        got: Seen,
    },
    /// A global differs.
    Global {
        index: usize,
        expected: Option<Seen>,
        got: Option<Seen>,
    },
    /// A table has another size, or cannot be seen.
    TableSize {
        table: usize,
        expected: Option<usize>,
        got: Option<usize>,
    },
    /// An element of a table differs.
    TableEntry {
        table: usize,
        index: usize,
        expected: Seen,
        got: Seen,
    },
    /// A memory has another size in bytes, or cannot be seen.
    MemorySize {
        memory: usize,
        expected: Option<usize>,
        got: Option<usize>,
    },
    /// A byte of a memory differs.
    MemoryByte {
        memory: usize,
        offset: usize,
        expected: u8,
        got: u8,
    },
}

/// Compares what a reference showed with what a subject showed.
pub fn compare(expected: &Observation<'_>, got: &Observation<'_>, nans: NanRule) -> Verdict {
    if let Some(poison) = poison(expected).or_else(|| poison(got)) {
        return Verdict::Poisoned(poison);
    }
    let comparison = Comparison { nans };
    match comparison.first_difference(expected, got) {
        Some(difference) => Verdict::Diverged(difference),
        None => Verdict::Agree,
    }
}

/// Whether the step ran into a limit, also below a host function.
fn poison(seen: &Observation<'_>) -> Option<Poison> {
    let below = seen.trace.iter().find_map(|event| match event {
        Event::CalledBack {
            outcome: Err(trap), ..
        } => trap.poison(),
        _ => None,
    });
    match seen.outcome {
        Outcome::Trapped(trap) => trap.poison().or(below),
        _ => below,
    }
}

struct Comparison {
    nans: NanRule,
}

impl Comparison {
    fn same(&self, a: &Seen, b: &Seen) -> bool {
        a == b || self.nans != NanRule::Bits && a.ty() == b.ty() && a.is_nan() && b.is_nan()
    }

    /// In the order in which things happen: first what the host saw, then the outcome,
    /// then the state left behind.
    fn first_difference(
        &self,
        expected: &Observation<'_>,
        got: &Observation<'_>,
    ) -> Option<Difference> {
        self.traces(&expected.trace, &got.trace)
            .or_else(|| self.outcomes(&expected.outcome, &got.outcome))
            .or_else(|| self.globals(expected, got))
            .or_else(|| self.tables(expected, got))
            .or_else(|| memories(expected, got))
    }

    fn traces(&self, expected: &[Event], got: &[Event]) -> Option<Difference> {
        let common = expected.len().min(got.len());
        for (position, (a, b)) in expected.iter().zip(got).enumerate() {
            let Some(difference) = self.events(position, a, b) else {
                continue;
            };
            // A call that was left out shows as the event after it in its place, and one too
            // many as the event that it pushed back.
            let next_is = |list: &[Event], event: &Event| {
                let next = list.get(position + 1);
                next.is_some_and(|next| self.events(position, next, event).is_none())
            };
            if expected.len() > got.len() && next_is(expected, b) {
                return Some(Difference::MissingEvent {
                    position,
                    expected: a.clone(),
                });
            }
            if got.len() > expected.len() && next_is(got, a) {
                return Some(Difference::ExtraEvent {
                    position,
                    got: b.clone(),
                });
            }
            return Some(difference);
        }
        if let Some(event) = expected.get(common) {
            return Some(Difference::MissingEvent {
                position: common,
                expected: event.clone(),
            });
        }
        got.get(common).map(|event| Difference::ExtraEvent {
            position: common,
            got: event.clone(),
        })
    }

    fn events(&self, position: usize, expected: &Event, got: &Event) -> Option<Difference> {
        let differs = || {
            Some(Difference::Event {
                position,
                expected: expected.clone(),
                got: got.clone(),
            })
        };
        match (expected, got) {
            (
                Event::Called { import, args },
                Event::Called {
                    import: other,
                    args: seen,
                },
            ) if import == other && args.len() == seen.len() => {
                let mut pairs = args.iter().zip(seen).enumerate();
                pairs
                    .find(|(_, (a, b))| !self.same(a, b))
                    .map(|(argument, (a, b))| Difference::HostArgument {
                        position,
                        import: *import,
                        argument,
                        expected: *a,
                        got: *b,
                    })
            }
            (
                Event::CalledBack { func, outcome },
                Event::CalledBack {
                    func: other,
                    outcome: seen,
                },
            ) if func == other => match (outcome, seen) {
                (Ok(a), Ok(b)) if a.len() == b.len() => {
                    let same = a.iter().zip(b).all(|(a, b)| self.same(a, b));
                    if same { None } else { differs() }
                }
                _ if outcome == seen => None,
                _ => differs(),
            },
            _ if expected == got => None,
            _ => differs(),
        }
    }

    fn outcomes(&self, expected: &Outcome, got: &Outcome) -> Option<Difference> {
        match (expected, got) {
            (Outcome::Returned(a), Outcome::Returned(b)) if a.len() == b.len() => {
                let mut pairs = a.iter().zip(b).enumerate();
                pairs
                    .find(|(_, (a, b))| !self.same(a, b))
                    .map(|(index, (a, b))| Difference::Result {
                        index,
                        expected: *a,
                        got: *b,
                    })
            }
            (Outcome::Trapped(a), Outcome::Trapped(b)) => (a != b).then_some(Difference::Trap {
                expected: *a,
                got: *b,
            }),
            _ => (expected != got).then(|| Difference::Outcome {
                expected: expected.clone(),
                got: got.clone(),
            }),
        }
    }

    fn globals(&self, expected: &Observation<'_>, got: &Observation<'_>) -> Option<Difference> {
        let count = expected.globals.len().max(got.globals.len());
        (0..count).find_map(|index| {
            let a = expected.globals.get(index).copied().flatten();
            let b = got.globals.get(index).copied().flatten();
            let same = match (&a, &b) {
                (Some(a), Some(b)) => self.same(a, b),
                (a, b) => a == b,
            };
            (!same).then_some(Difference::Global {
                index,
                expected: a,
                got: b,
            })
        })
    }

    fn tables(&self, expected: &Observation<'_>, got: &Observation<'_>) -> Option<Difference> {
        let count = expected.tables.len().max(got.tables.len());
        (0..count).find_map(|table| {
            let a = expected.tables.get(table).and_then(Option::as_deref);
            let b = got.tables.get(table).and_then(Option::as_deref);
            if a.map(<[_]>::len) != b.map(<[_]>::len) {
                return Some(Difference::TableSize {
                    table,
                    expected: a.map(<[_]>::len),
                    got: b.map(<[_]>::len),
                });
            }
            let mut pairs = a
                .unwrap_or_default()
                .iter()
                .zip(b.unwrap_or_default())
                .enumerate();
            pairs
                .find(|(_, (a, b))| !self.same(a, b))
                .map(|(index, (a, b))| Difference::TableEntry {
                    table,
                    index,
                    expected: *a,
                    got: *b,
                })
        })
    }
}

fn memories(expected: &Observation<'_>, got: &Observation<'_>) -> Option<Difference> {
    let count = expected.memories.len().max(got.memories.len());
    (0..count).find_map(|memory| {
        let a = expected.memories.get(memory).and_then(Option::as_deref);
        let b = got.memories.get(memory).and_then(Option::as_deref);
        if a.map(<[_]>::len) != b.map(<[_]>::len) {
            return Some(Difference::MemorySize {
                memory,
                expected: a.map(<[_]>::len),
                got: b.map(<[_]>::len),
            });
        }
        let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
        if a == b {
            return None;
        }
        let mut pairs = a.iter().zip(b).enumerate();
        pairs
            .find(|(_, (a, b))| a != b)
            .map(|(offset, (a, b))| Difference::MemoryByte {
                memory,
                offset,
                expected: *a,
                got: *b,
            })
    })
}

impl Difference {
    /// What kind of difference it is, without the values: two differences with the same
    /// signature are taken for the same bug while a module is being reduced.
    pub fn signature(&self) -> String {
        match self {
            Difference::Acceptance { expected, .. } => format!("acceptance, expected {expected}"),
            Difference::Outcome { expected, got } => {
                format!(
                    "outcome, {} for {}",
                    outcome_kind(got),
                    outcome_kind(expected)
                )
            }
            Difference::Trap { expected, got } => format!("trap, {got:?} for {expected:?}"),
            Difference::Result { expected, .. } => format!("result, {}", expected.ty()),
            Difference::MissingEvent { .. } => "missing host call".into(),
            Difference::ExtraEvent { .. } => "extra host call".into(),
            Difference::Event { .. } => "host call".into(),
            Difference::HostArgument { expected, .. } => {
                format!("host call argument, {}", expected.ty())
            }
            Difference::Global { expected, .. } => {
                format!(
                    "global, {}",
                    expected.map_or("hidden", |value| value.ty().name())
                )
            }
            Difference::TableSize { .. } => "table size".into(),
            Difference::TableEntry { .. } => "table entry".into(),
            Difference::MemorySize { .. } => "memory size".into(),
            Difference::MemoryByte { .. } => "memory".into(),
        }
    }
}

fn outcome_kind(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Returned(_) => "return".into(),
        Outcome::Trapped(trap) => format!("{trap:?}"),
        Outcome::NotLinked => "link error".into(),
        Outcome::NoSuchFunction => "missing export".into(),
    }
}

/// Prints `what: expected …, got …`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn pair(
            f: &mut fmt::Formatter<'_>,
            expected: &dyn fmt::Display,
            got: &dyn fmt::Display,
        ) -> fmt::Result {
            write!(f, ": expected {expected}, got {got}")
        }
        fn optional<T: fmt::Display>(value: &Option<T>) -> String {
            value.as_ref().map_or("nothing to see".into(), T::to_string)
        }
        let shown = |e: &Event| event(e);
        match self {
            Difference::Acceptance { expected, got, why } => {
                let word = |accepted: bool| if accepted { "accepted" } else { "refused" };
                f.write_str("the module")?;
                pair(f, &word(*expected), &format!("{} ({why})", word(*got)))
            }
            Difference::Outcome { expected, got } => {
                f.write_str("the outcome")?;
                pair(f, &outcome(expected), &outcome(got))
            }
            Difference::Trap { expected, got } => {
                f.write_str("the trap")?;
                pair(f, expected, got)
            }
            Difference::Result {
                index,
                expected,
                got,
            } => {
                write!(f, "result {index}")?;
                pair(f, expected, got)
            }
            Difference::MissingEvent { position, expected } => {
                write!(f, "host event {position} is missing: {}", shown(expected))
            }
            Difference::ExtraEvent { position, got } => {
                write!(f, "host event {position} is one too many: {}", shown(got))
            }
            Difference::Event {
                position,
                expected,
                got,
            } => {
                write!(f, "host event {position}")?;
                pair(f, &shown(expected), &shown(got))
            }
            Difference::HostArgument {
                position,
                import,
                argument,
                expected,
                got,
            } => {
                write!(
                    f,
                    "host event {position}, argument {argument} of host function {import}"
                )?;
                pair(f, expected, got)
            }
            Difference::Global {
                index,
                expected,
                got,
            } => {
                write!(f, "global {index}")?;
                pair(f, &optional(expected), &optional(got))
            }
            Difference::TableSize {
                table,
                expected,
                got,
            } => {
                write!(f, "size of table {table}")?;
                pair(f, &optional(expected), &optional(got))
            }
            Difference::TableEntry {
                table,
                index,
                expected,
                got,
            } => {
                write!(f, "element {index} of table {table}")?;
                pair(f, expected, got)
            }
            Difference::MemorySize {
                memory,
                expected,
                got,
            } => {
                write!(f, "size of memory {memory}")?;
                pair(f, &optional(expected), &optional(got))
            }
            Difference::MemoryByte {
                memory,
                offset,
                expected,
                got,
            } => {
                write!(f, "memory {memory} at {offset:#x}")?;
                pair(f, &format!("{expected:#04x}"), &format!("{got:#04x}"))
            }
        }
    }
}

fn values(values: &[Seen]) -> String {
    values
        .iter()
        .map(Seen::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Returned(results) => format!("return of ({})", values(results)),
        Outcome::Trapped(trap) => format!("trap ({trap})"),
        Outcome::NotLinked => "link error".into(),
        Outcome::NoSuchFunction => "no such export".into(),
    }
}

fn event(event: &Event) -> String {
    match event {
        Event::Called { import, args } => {
            format!("call of host function {import}({})", values(args))
        }
        Event::CalledBack {
            func,
            outcome: Ok(results),
        } => {
            format!(
                "call back of function {func}, which returned ({})",
                values(results)
            )
        }
        Event::CalledBack {
            func,
            outcome: Err(trap),
        } => {
            format!("call back of function {func}, which trapped ({trap})")
        }
        Event::Grew {
            memory,
            previous: Some(pages),
        } => {
            format!("growth of memory {memory} from {pages} pages")
        }
        Event::Grew {
            memory,
            previous: None,
        } => format!("failed growth of memory {memory}"),
    }
}
