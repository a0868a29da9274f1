//! The search for a smaller failure: fewer invocations, less code, wasm-shrink on the
//! module, simpler arguments, and all of it again until nothing helps.
//!
//! Microwasm has steps of its own ([`microwasm`](super::microwasm)). For WebAssembly,
//! wasm-shrink is good at removing what is not code. For code there are steps of our own,
//! which know the stack: they replace ranges of operators by drops and constants.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::time::{Duration, Instant};

use microwasm::input::Form;
use thiserror::Error;
use wasm_shrink::WasmShrink;

use super::Signature;
use super::module::{Body, Editable};
use super::worker::Worker;
use crate::regression::Regression;
use crate::run::Invocation;
use crate::value::Value;

/// How many candidates in a row may fail to be smaller before the search ends.
const ATTEMPTS: u32 = 2000;

/// How much slower than the first candidate, or than what is quick, another one may be. A
/// smaller module takes no longer, unless it does not end.
const SLOWER: u32 = 20;
const QUICK: Duration = Duration::from_millis(25);

/// A failure made small.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// What is left.
    pub regression: Regression,
    /// How it fails.
    pub signature: Signature,
    /// Candidates tried.
    pub candidates: u64,
}

/// Where the search is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Candidates tried.
    pub candidates: u64,
    /// Bytes of the smallest module so far.
    pub bytes: usize,
}

/// Why there is nothing to reduce.
#[derive(Debug, Error)]
pub enum ReduceError {
    /// It does not fail.
    #[error("it does not fail: all engines agree")]
    Passes,
    /// The child process could not be run.
    #[error("the child process: {0}")]
    Worker(#[from] io::Error),
}

pub(super) struct Search<'a> {
    worker: &'a mut Worker,
    signature: Signature,
    deadline: Instant,
    candidates: u64,
    /// Digests of candidates that do not fail alike.
    refuted: HashSet<u64>,
    progress: &'a mut dyn FnMut(Progress),
}

/// Reduces `regression` for at most `time`.
pub fn reduce(
    mut regression: Regression,
    worker: &mut Worker,
    time: Duration,
    progress: &mut dyn FnMut(Progress),
) -> Result<Reduced, ReduceError> {
    // The second time, the child has been started and its engines are warm.
    worker.judge(&regression)?;
    let start = Instant::now();
    let signature = worker.judge(&regression)?.ok_or(ReduceError::Passes)?;
    if signature != Signature::TimedOut {
        worker.hurry(SLOWER * start.elapsed().max(QUICK));
    }
    let mut search = Search {
        worker,
        signature,
        deadline: Instant::now() + time,
        candidates: 1,
        refuted: HashSet::new(),
        progress,
    };
    search.fewer_engines(&mut regression)?;
    loop {
        let before = (regression.wasm.len(), regression.invocations.clone());
        search.fewer_invocations(&mut regression)?;
        match Form::of(&regression.wasm) {
            Form::Wasm => {
                search.less_code(&mut regression)?;
                search.smaller_module(&mut regression);
            }
            Form::Binary | Form::Text => search.less_microwasm(&mut regression)?,
        }
        search.simpler_arguments(&mut regression)?;
        let after = (regression.wasm.len(), regression.invocations.clone());
        if after == before || search.is_over() {
            break;
        }
    }
    let Search {
        signature,
        candidates,
        ..
    } = search;
    Ok(Reduced {
        regression,
        signature,
        candidates,
    })
}

/// Tells candidates apart. Two that share a digest cost a step, nothing more.
fn digest(candidate: &Regression) -> u64 {
    let mut hasher = DefaultHasher::new();
    candidate.wasm.hash(&mut hasher);
    candidate.engines.hash(&mut hasher);
    for invocation in candidate.invocations.iter().flatten() {
        invocation.to_string().hash(&mut hasher);
    }
    hasher.finish()
}

impl Search<'_> {
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    fn fails_alike(&mut self, candidate: &Regression) -> io::Result<bool> {
        if self.is_over() {
            return Ok(false);
        }
        let digest = digest(candidate);
        if self.refuted.contains(&digest) {
            return Ok(false);
        }
        self.candidates += 1;
        let fails = self.worker.judge(candidate)?.as_ref() == Some(&self.signature);
        if !fails {
            self.refuted.insert(digest);
        }
        Ok(fails)
    }

    /// Takes over `candidate` if it fails alike.
    pub(super) fn accept(
        &mut self,
        best: &mut Regression,
        candidate: Regression,
    ) -> io::Result<bool> {
        let accepted = self.fails_alike(&candidate)?;
        if accepted {
            *best = candidate;
        }
        (self.progress)(Progress {
            candidates: self.candidates,
            bytes: best.wasm.len(),
        });
        Ok(accepted)
    }

    /// The reference and one other engine are enough for a divergence.
    fn fewer_engines(&mut self, best: &mut Regression) -> io::Result<()> {
        let mut index = 1;
        while best.engines.len() > 2 && index < best.engines.len() {
            let mut candidate = best.clone();
            candidate.engines.remove(index);
            if !self.accept(best, candidate)? {
                index += 1;
            }
        }
        Ok(())
    }

    fn fewer_invocations(&mut self, best: &mut Regression) -> io::Result<()> {
        let mut index = best.invocations.as_ref().map_or(0, Vec::len);
        while index > 0 {
            index -= 1;
            let mut candidate = best.clone();
            if let Some(list) = candidate
                .invocations
                .as_mut()
                .filter(|list| index < list.len())
            {
                list.remove(index);
                self.accept(best, candidate)?;
            }
        }
        Ok(())
    }

    fn less_code(&mut self, best: &mut Regression) -> io::Result<()> {
        let Ok(module) = Editable::read(&best.wasm) else {
            return Ok(());
        };
        for func in 0..module.bodies.len() {
            let mut size = module.bodies[func].ops.len();
            while size > 0 && !self.is_over() {
                self.shorter_ranges(best, func, size)?;
                size /= 2;
            }
            self.fewer_frames(best, func)?;
            self.fewer_drops(best, func)?;
            self.try_body(best, func, Body::without_unused_locals)?;
        }
        Ok(())
    }

    /// Tries a changed function body. What it says of a body is only true until then.
    fn try_body(
        &mut self,
        best: &mut Regression,
        func: usize,
        change: impl FnOnce(&Body) -> Option<Body>,
    ) -> io::Result<bool> {
        let Ok(mut module) = Editable::read(&best.wasm) else {
            return Ok(false);
        };
        let Some(body) = module.bodies.get(func).and_then(change) else {
            return Ok(false);
        };
        module.bodies[func] = body;
        let wasm = module.encode();
        if wasm.len() > best.wasm.len() || wasm == best.wasm {
            return Ok(false);
        }
        let candidate = Regression {
            wasm,
            ..best.clone()
        };
        self.accept(best, candidate)
    }

    /// Replaces ranges of up to `size` operators.
    fn shorter_ranges(
        &mut self,
        best: &mut Regression,
        func: usize,
        size: usize,
    ) -> io::Result<()> {
        let mut start = 0;
        while !self.is_over() {
            let Ok(module) = Editable::read(&best.wasm) else {
                return Ok(());
            };
            let Some(body) = module
                .bodies
                .get(func)
                .filter(|body| start < body.ops.len())
            else {
                return Ok(());
            };
            let Some(range) = body.range(start, start + size) else {
                start += 1;
                continue;
            };
            let length = range.len();
            let mut shorter = false;
            for extra in 0..2 {
                let range = range.clone();
                shorter =
                    shorter || self.try_body(best, func, |body| body.without(range, extra))?;
            }
            // What was put in place of the range cannot be made shorter in the same way.
            start += if shorter || length < size.div_ceil(2) {
                1
            } else {
                length
            };
        }
        Ok(())
    }

    /// Takes away values that are only dropped.
    fn fewer_drops(&mut self, best: &mut Regression, func: usize) -> io::Result<()> {
        let mut start = 0;
        while !self.is_over() {
            let Ok(module) = Editable::read(&best.wasm) else {
                return Ok(());
            };
            if module
                .bodies
                .get(func)
                .is_none_or(|body| start >= body.ops.len())
            {
                return Ok(());
            }
            if !self.try_body(best, func, |body| body.without_dropped(start))? {
                start += 1;
            }
        }
        Ok(())
    }

    /// Takes the contents of frames out of them.
    fn fewer_frames(&mut self, best: &mut Regression, func: usize) -> io::Result<()> {
        let mut start = 0;
        while !self.is_over() {
            let Ok(module) = Editable::read(&best.wasm) else {
                return Ok(());
            };
            if module
                .bodies
                .get(func)
                .is_none_or(|body| start >= body.ops.len())
            {
                return Ok(());
            }
            if !self.try_body(best, func, |body| body.unwrapped(start, 0))?
                && !self.try_body(best, func, |body| body.unwrapped(start, 1))?
            {
                start += 1;
            }
        }
        Ok(())
    }

    fn simpler_arguments(&mut self, best: &mut Regression) -> io::Result<()> {
        let lengths: Vec<usize> = best
            .invocations
            .iter()
            .flatten()
            .map(|invocation| invocation.args.len())
            .collect();
        for (index, length) in lengths.into_iter().enumerate() {
            for argument in 0..length {
                self.simpler_argument(best, index, argument)?;
            }
        }
        Ok(())
    }

    fn simpler_argument(
        &mut self,
        best: &mut Regression,
        index: usize,
        argument: usize,
    ) -> io::Result<()> {
        let get =
            |r: &Regression| -> Option<Invocation> { r.invocations.as_ref()?.get(index).cloned() };
        let Some(invocation) = get(best) else {
            return Ok(());
        };
        let old = invocation.args[argument];
        let Some(zero) = Value::zero(old.ty()) else {
            return Ok(());
        };
        if old == zero {
            return Ok(());
        }
        let mut candidate = best.clone();
        if let Some(list) = &mut candidate.invocations {
            list[index].args[argument] = zero;
        }
        self.accept(best, candidate)?;
        Ok(())
    }

    fn smaller_module(&mut self, best: &mut Regression) {
        let start = best.clone();
        let search = std::cell::RefCell::new(self);
        let result = WasmShrink::default()
            .attempts(ATTEMPTS)
            .run(start.wasm.clone(), |wasm| {
                let mut search = search.borrow_mut();
                let candidate = Regression {
                    wasm: wasm.to_vec(),
                    ..start.clone()
                };
                let fails = search.fails_alike(&candidate)?;
                if fails && wasm.len() < best.wasm.len() {
                    best.wasm = wasm.to_vec();
                }
                let (candidates, bytes) = (search.candidates, best.wasm.len());
                (search.progress)(Progress { candidates, bytes });
                if search.is_over() {
                    return Err(io::Error::from(io::ErrorKind::TimedOut).into());
                }
                Ok(fails)
            });
        // The smallest module was noted as it was found; why the search ended is the same.
        drop(result);
    }
}
