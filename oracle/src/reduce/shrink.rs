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

use super::module::{Body, Editable};
use super::{Judge, Signature};
use crate::choice::mix;
use crate::prepare::{ItemKind, Shape};
use crate::regression::Regression;
use crate::run::Invocation;
use crate::value::Value;

/// How many candidates in a row may fail to be smaller before the search ends.
const ATTEMPTS: u32 = 2000;

/// The engine that is perturbed, and the same without.
const PERTURBED: &str = "x64-perturbed";
const STEADY: &str = "x64";

/// With how many more seeds a candidate is tried where the seed says what is perturbed.
const OTHER_SEEDS: u32 = 4;

/// How much slower than the first candidate, or than what is quick, another one may be. A
/// smaller module takes no longer, unless it does not end.
const SLOWER: u32 = 20;
const QUICK: Duration = Duration::from_millis(25);

/// Ranges that are no longer are tried at every place, longer ones side by side.
pub(super) const NEAR: usize = 8;

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
    worker: &'a mut dyn Judge,
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
    worker: &mut dyn Judge,
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
    search.steadier_engine(&mut regression)?;
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
    candidate.seed.hash(&mut hasher);
    for invocation in candidate.invocations.iter().flatten() {
        invocation.to_string().hash(&mut hasher);
    }
    hasher.finish()
}

/// Takes an argument out of all calls of a function.
fn forget_argument(regression: &mut Regression, func: Option<u32>, param: usize) {
    let (Ok(shape), Some(func)) = (Shape::read(&regression.wasm), func) else {
        return;
    };
    for invocation in regression.invocations.iter_mut().flatten() {
        let export = shape.export(&invocation.export);
        let called = export.is_some_and(|e| e.kind == ItemKind::Func && e.index == func);
        if called && param < invocation.args.len() {
            invocation.args.remove(param);
        }
    }
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

    /// Takes over `candidate` if it fails alike, perturbed in the same or another way.
    pub(super) fn accept(
        &mut self,
        best: &mut Regression,
        mut candidate: Regression,
    ) -> io::Result<bool> {
        let mut accepted = self.fails_alike(&candidate)?;
        let perturbed = candidate.engines.iter().any(|name| name == PERTURBED);
        for _ in 0..if perturbed { OTHER_SEEDS } else { 0 } {
            if !accepted {
                candidate.seed = mix(candidate.seed, 1);
                accepted = self.fails_alike(&candidate)?;
            }
        }
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

    /// What is perturbed depends on every operator, so that hardly any step helps. If the
    /// compiler fails alike when it is left alone, that is what is looked for.
    fn steadier_engine(&mut self, best: &mut Regression) -> io::Result<()> {
        let [_, subject] = best.engines.as_mut_slice() else {
            return Ok(());
        };
        if subject != PERTURBED {
            return Ok(());
        }
        let mut candidate = best.clone();
        candidate.engines[1] = STEADY.to_owned();
        let found = self.worker.judge(&candidate)?;
        if let (Some(Signature::Diverged(found)), Signature::Diverged(wanted)) =
            (found, &self.signature)
            && found.strip_prefix(STEADY) == wanted.strip_prefix(PERTURBED)
        {
            self.signature = Signature::Diverged(found);
            *best = candidate;
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
        let Ok(mut module) = Editable::read(&best.wasm) else {
            return Ok(());
        };
        for func in 0..module.bodies.len() {
            let mut size = module.bodies[func].ops.len();
            while size > 0 && !self.is_over() {
                self.shorter_ranges(best, &mut module, func, size)?;
                self.fewer_dropped(best, &mut module, func, size)?;
                size /= 2;
            }
            self.everywhere(best, &mut module, func, |body, at| body.unwrapped(at, 0))?;
            self.everywhere(best, &mut module, func, |body, at| body.unwrapped(at, 1))?;
            self.everywhere(best, &mut module, func, Body::without_dropped)?;
            self.smaller_signature(best, &mut module, func)?;
            self.everywhere(best, &mut module, func, Body::without_dropped)?;
            let body = module.bodies[func].without_unused_locals();
            self.try_body(best, &mut module, func, body)?;
        }
        Ok(())
    }

    /// Tries another body of a function. What is known of a body is only true until then.
    fn try_body(
        &mut self,
        best: &mut Regression,
        module: &mut Editable,
        func: usize,
        body: Option<Body>,
    ) -> io::Result<bool> {
        let Some(body) = body else {
            return Ok(false);
        };
        let before = std::mem::replace(&mut module.bodies[func], body);
        let wasm = module.encode();
        let candidate = Regression {
            wasm,
            ..best.clone()
        };
        let smaller = candidate.wasm.len() <= best.wasm.len() && candidate.wasm != best.wasm;
        if smaller && self.try_module(best, module, candidate)? {
            return Ok(true);
        }
        module.bodies[func] = before;
        Ok(false)
    }

    /// Takes away results and parameters. The module may become larger by a drop or a type,
    /// which other steps see to.
    fn smaller_signature(
        &mut self,
        best: &mut Regression,
        module: &mut Editable,
        func: usize,
    ) -> io::Result<()> {
        let Some((params, results)) = module.arity(func) else {
            return Ok(());
        };
        for result in (0..results).rev() {
            if let Some(changed) = module.without_result(func, result) {
                let wasm = changed.encode();
                let candidate = Regression {
                    wasm,
                    ..best.clone()
                };
                self.try_module(best, module, candidate)?;
            }
        }
        for param in (0..params).rev() {
            if let Some(changed) = module.without_param(func, param) {
                let mut candidate = best.clone();
                candidate.wasm = changed.encode();
                forget_argument(&mut candidate, module.index(func), param);
                self.try_module(best, module, candidate)?;
            }
        }
        Ok(())
    }

    fn try_module(
        &mut self,
        best: &mut Regression,
        module: &mut Editable,
        candidate: Regression,
    ) -> io::Result<bool> {
        let accepted = self.accept(best, candidate)?;
        if accepted && let Ok(read) = Editable::read(&best.wasm) {
            *module = read;
        }
        Ok(accepted)
    }

    /// Replaces ranges of up to `size` operators.
    fn shorter_ranges(
        &mut self,
        best: &mut Regression,
        module: &mut Editable,
        func: usize,
        size: usize,
    ) -> io::Result<()> {
        let mut start = 0;
        while start < module.bodies[func].ops.len() && !self.is_over() {
            let Some(range) = module.bodies[func].range(start, start + size) else {
                start += 1;
                continue;
            };
            let length = range.len();
            let body = module.bodies[func].without(range.clone(), 0);
            let mut shorter = self.try_body(best, module, func, body)?;
            if !shorter {
                let body = module.bodies[func].without(range, 1);
                shorter = self.try_body(best, module, func, body)?;
            }
            // What was put in place of the range cannot be made shorter in the same way.
            // Odd places are worth a try where that is cheap.
            start += if shorter || (length < size.div_ceil(2) && size <= NEAR) {
                1
            } else {
                length
            };
        }
        Ok(())
    }

    /// Takes away what is only pushed to be dropped, at least `size` values at once: ranges have
    /// left one of each for every value that they took.
    fn fewer_dropped(
        &mut self,
        best: &mut Regression,
        module: &mut Editable,
        func: usize,
        size: usize,
    ) -> io::Result<()> {
        let mut count = module.bodies[func].dropped().len();
        while count >= size {
            let mut start = 0;
            loop {
                let body = &module.bodies[func];
                let pairs = body.dropped();
                let end = pairs.len().min(start + count);
                let Some(some) = pairs.get(start..end).filter(|some| !some.is_empty()) else {
                    break;
                };
                let shorter = body.without_pairs(some);
                if !self.try_body(best, module, func, shorter)? {
                    start = end;
                }
                if self.is_over() {
                    return Ok(());
                }
            }
            count /= 2;
        }
        Ok(())
    }

    /// Tries a change at each operator, as often as it helps there.
    fn everywhere(
        &mut self,
        best: &mut Regression,
        module: &mut Editable,
        func: usize,
        change: impl Fn(&Body, usize) -> Option<Body>,
    ) -> io::Result<()> {
        let mut at = 0;
        while at < module.bodies[func].ops.len() && !self.is_over() {
            let body = change(&module.bodies[func], at);
            if !self.try_body(best, module, func, body)? {
                at += 1;
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
