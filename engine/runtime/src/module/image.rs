//! Writing a module's machine code where it is executed, on as many threads as compile.
//!
//! The image is split into parts, which the threads take one after the other: they have a
//! part's memory made ready, and write it while it is in their caches. The calling thread
//! meanwhile does what else is to be done for the module, and then takes parts, too.
//! Of several errors that of the first part counts, as with one thread.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder};

use microwasm_codegen::Stencils;
use microwasm_codegen::link::{Addresses, LinkError, LinkPlan, Part};

use crate::code;

/// Bytes of code from which on several threads are for: starting one takes as long as writing
/// some hundred kilobytes.
const MANY_BYTES: usize = 256 << 10;

/// Bytes of a part, about: what a processor's own cache holds, and more.
const PART: usize = 128 << 10;

/// An image to be written.
pub(super) struct Image<'a> {
    pub(super) plan: &'a LinkPlan,
    pub(super) stencils: &'a Stencils,
    pub(super) addresses: Addresses<'a>,
}

/// The part with which writing has failed, by number.
type Failed = (usize, LinkError);

impl Image<'_> {
    /// Writes the image into `out`, on up to `threads` threads, and does `meanwhile`.
    pub(super) fn write<R>(
        &self,
        out: &mut [u8],
        threads: usize,
        meanwhile: impl FnOnce() -> R,
    ) -> Result<R, LinkError> {
        let others = match out.len() {
            0..MANY_BYTES => 0,
            _ => threads.saturating_sub(1),
        };
        let mut parts = self.plan.split(out, PART)?.into_iter();
        if others == 0 {
            let made = meanwhile();
            parts.try_for_each(|part| self.part(part))?;
            return Ok(made);
        }
        let parts = Mutex::new(parts.enumerate());
        let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || -> Result<(), Failed> {
            while let Some((number, part)) = next() {
                self.part(part).map_err(|error| (number, error))?;
            }
            Ok(())
        };
        let (made, results) = thread::scope(|scope| {
            // Without other threads this one does the work.
            let others = (0..others).map_while(|_| Builder::new().spawn_scoped(scope, work).ok());
            let others: Vec<_> = others.collect();
            let made = meanwhile();
            let mut results = vec![work()];
            results.extend(
                others
                    .into_iter()
                    .map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic))),
            );
            (made, results)
        });
        // Parts are begun in their order: those before the first bad one have been written.
        let failed = results.into_iter().filter_map(Result::err);
        match failed.min_by_key(|(number, _)| *number) {
            Some((_, error)) => Err(error),
            None => Ok(made),
        }
    }

    fn part(&self, mut part: Part<'_>) -> Result<(), LinkError> {
        code::populate(part.bytes());
        self.plan.write_part(part, self.stencils, &self.addresses)
    }
}
