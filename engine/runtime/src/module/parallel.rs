//! Compiling the functions of a module on several threads.
//!
//! The calling thread reads the module and puts copies of the bodies, some kilobytes at a
//! time, into a queue; the engine's helpers validate and compile them, and so does the calling
//! thread when enough are waiting. What has been made is appended in the order of the functions.
//! So code, and the error if there is one, are what one thread would have come to. Only so many
//! batches are under way that memory stays bounded.
//!
//! Helpers are called at the first batch that is full, and leave when there is nothing to do.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use microwasm::input::InputError;
use microwasm::op::Sink;
use microwasm::wasm::{DetachedBodies, DetachedBody, FunctionBody, Scratch};
use microwasm::{DefinedFuncIndex, ModuleInfo};
use microwasm_codegen::Stencils;
use microwasm_codegen::vmctx::VmLayout;

use crate::engine::Engine;
use crate::error::CompileError;
use crate::helpers::{Helpers, look_out};

use super::build::{Body, CompileContext, Lent, check_size};

/// Bytes of bodies in a batch: about an eighth of a millisecond's work, which is how long one
/// thread may be the only one that works at the end. Small modules have several when they are fuzzed.
const BATCH: usize = if cfg!(fuzzing) { 16 } else { 4 << 10 };

/// Bytes of bodies from which on a batch is begun before others.
const LARGE: usize = 3 * BATCH;

/// How many batches per thread may be under way. Four times as many took a twentieth off the time of
/// a module with thousands of data segments behind its code, and added as much to that of others.
const WINDOW: usize = 16;

/// How many per thread among the last functions, one in `LAST`: behind them there may be data
/// segments by the thousand, which the calling thread reads alone.
const LAST_WINDOW: usize = 8 * WINDOW;
const LAST: usize = 16;

/// What all threads know.
struct Shared {
    engine: Engine,
    /// What compiling needs of it.
    info: ModuleInfo,
    layout: VmLayout,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    ended: bool,
    /// How many helpers have been called and have not left.
    helping: usize,
}

/// Functions that are compiled together, and what they are compiled to.
#[derive(Default)]
pub(super) struct Batch {
    bodies: DetachedBodies,
    stencils: Stencils,
}

impl Batch {
    /// Empties it, and keeps its memory; `None` if that is more than `most` bytes.
    pub(super) fn cleared(mut self, most: usize) -> Option<Batch> {
        if self.bodies.size().max(self.stencils.code.capacity()) > most {
            return None;
        }
        self.bodies.clear();
        self.stencils.clear();
        Some(self)
    }
}

struct Job {
    number: usize,
    batch: Batch,
}

/// A batch that has been compiled, up to the first error.
struct Done {
    number: usize,
    batch: Batch,
    result: Result<(), CompileError>,
}

/// What came of a batch; `Err` is a panic.
type Report = Result<Done, Box<dyn Any + Send>>;

/// The compilation of one module.
pub(super) struct Parallel {
    shared: Arc<Shared>,
    context: Lent,
    /// From the first batch that is full.
    helpers: Option<Arc<Helpers>>,
    reports: Receiver<Report>,
    reporter: Sender<Report>,
    /// Not in the queue yet.
    batch: Batch,
    /// What has been compiled of the batches from number `appended` on.
    waiting: VecDeque<Option<Done>>,
    appended: usize,
}

impl Parallel {
    /// Begins with a module whose declarations are `info`.
    pub(super) fn new(engine: &Engine, info: &ModuleInfo) -> Parallel {
        let (reporter, reports) = mpsc::channel();
        let mut context = Lent::new(engine);
        let batch = context.get().take_batch();
        Parallel {
            shared: Arc::new(Shared {
                engine: engine.clone(),
                info: info.for_bodies(),
                layout: VmLayout::new(info),
                queue: Mutex::default(),
            }),
            context,
            helpers: None,
            reports,
            reporter,
            batch,
            waiting: VecDeque::new(),
            appended: 0,
        }
    }

    /// Takes the next function, and appends to `out` those that are done.
    pub(super) fn function(
        &mut self,
        body: FunctionBody<'_>,
        out: &mut Stencils,
    ) -> Result<(), CompileError> {
        let window = self.window(body.index());
        self.batch.bodies.push(body);
        if self.batch.bodies.size() < BATCH {
            return Ok(());
        }
        if self.helpers.is_none() {
            // Without them this thread does the work.
            self.helpers = self.shared.engine.helpers();
        }
        self.send();
        self.append_until(window, out)
    }

    /// How many batches may be under way when a function has come.
    fn window(&self, func: DefinedFuncIndex) -> usize {
        let Shared { engine, info, .. } = &*self.shared;
        let left = info.funcs.len() - info.func_index(func).index();
        let is_last = left * LAST < info.funcs.len();
        engine.config().compile_threads * if is_last { LAST_WINDOW } else { WINDOW }
    }

    /// Appends what is left to `out`.
    pub(super) fn finish(&mut self, out: &mut Stencils) -> Result<(), CompileError> {
        self.send();
        self.append_until(0, out)
    }

    /// Puts the batch into the queue, and calls a helper if not all have come.
    fn send(&mut self) {
        let job = Job {
            number: self.appended + self.waiting.len(),
            batch: std::mem::replace(&mut self.batch, self.context.get().take_batch()),
        };
        self.waiting.push_back(None);
        let mut queue = self.shared.queue();
        // Begun last, a large function would keep one thread busy when the others are done.
        if job.batch.bodies.size() > LARGE {
            queue.jobs.push_front(job);
        } else {
            queue.jobs.push_back(job);
        }
        if let Some(helpers) = &self.helpers
            && queue.helping < helpers.count()
        {
            queue.helping += 1;
            drop(queue);
            let (shared, reporter) = (self.shared.clone(), self.reporter.clone());
            helpers.send(move || help(&shared, &reporter));
        }
    }

    /// Appends what is done, and works until at most `count` batches are under way.
    fn append_until(&mut self, count: usize, out: &mut Stencils) -> Result<(), CompileError> {
        loop {
            while let Ok(report) = self.reports.try_recv() {
                self.take(report, out)?;
            }
            if self.waiting.len() <= count {
                return Ok(());
            }
            let job = self.shared.queue().jobs.pop_front();
            let report = match job {
                Some(job) => Ok(compile(self.context.get(), &self.shared, job)),
                // The helpers have it.
                None => look_out(|| self.reports.try_recv().ok())
                    .unwrap_or_else(|| self.reports.recv().expect("there is a sender in `self`")),
            };
            self.take(report, out)?;
        }
    }

    fn take(&mut self, report: Report, out: &mut Stencils) -> Result<(), CompileError> {
        let done = report.unwrap_or_else(|panic| resume_unwind(panic));
        let place = done.number - self.appended;
        self.waiting[place] = Some(done);
        while let Some(Some(done)) = self.waiting.front_mut().map(Option::take) {
            self.waiting.pop_front();
            self.appended += 1;
            out.append(&done.batch.stencils);
            self.context.get().put_batch(done.batch);
            check_size(out, self.shared.engine.config())?;
            done.result?;
        }
        Ok(())
    }
}

impl Drop for Parallel {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        let _unwanted = std::mem::take(&mut queue.jobs);
        queue.ended = true;
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch for a helper; `None` if there has been none for a while: the helper leaves.
    fn next(&self) -> Option<Job> {
        let found = look_out(|| {
            let mut queue = self.queue();
            let job = queue.jobs.pop_front();
            (job.is_some() || queue.ended).then_some(job)
        });
        found.flatten().or_else(|| {
            let mut queue = self.queue();
            let job = queue.jobs.pop_front();
            queue.helping -= usize::from(job.is_none());
            job
        })
    }
}

fn help(shared: &Shared, reporter: &Sender<Report>) {
    let mut context = Lent::new(&shared.engine);
    while let Some(job) = shared.next() {
        let report = catch_unwind(AssertUnwindSafe(|| compile(context.get(), shared, job)));
        let ended = report.is_err();
        if reporter.send(report).is_err() || ended {
            return;
        }
    }
}

fn compile(context: &mut CompileContext, shared: &Shared, job: Job) -> Done {
    let Job { number, mut batch } = job;
    let result = batch.bodies.drain().try_for_each(|body| {
        let Shared { info, layout, .. } = shared;
        let (compiler, scratch) = context.parts();
        let body = Detached {
            body,
            info,
            scratch,
        };
        compiler.compile(body, info, layout, &mut batch.stencils)
    });
    Done {
        number,
        batch,
        result,
    }
}

struct Detached<'a> {
    body: DetachedBody<'a>,
    info: &'a ModuleInfo,
    scratch: &'a mut Scratch,
}

impl Body for Detached<'_> {
    fn index(&self) -> DefinedFuncIndex {
        self.body.index()
    }

    fn size(&self) -> usize {
        self.body.bytes().len()
    }

    fn translate<S: Sink>(self, sink: &mut S) -> Result<(), InputError> {
        Ok(self.body.translate(self.info, self.scratch, sink)?)
    }
}
