//! Writing a module's machine code where it is executed, on as many threads as compile.
//!
//! The image is split into parts, which the threads take one after the other: they have a
//! part's memory made ready, and write it while it is in their caches. The calling thread
//! meanwhile does what else is to be done for the module, and then takes parts, too.
//! Of several errors that of the first part counts, as with one thread.

use std::sync::{Mutex, PoisonError};

use microwasm_codegen::Stencils;
use microwasm_codegen::link::{Addresses, LinkError, LinkPlan, Part};

use crate::code;
use crate::engine::Engine;

/// Bytes of code from which on several threads are for: one that is waiting comes in the time that
/// it takes to write some ten kilobytes.
const MANY_BYTES: usize = 64 << 10;

/// Bytes of a part, at least: half of what a processor's own cache holds.
const PART: usize = 64 << 10;

/// An image to be written.
pub(super) struct Image<'a> {
    pub(super) plan: &'a LinkPlan,
    pub(super) stencils: &'a Stencils,
    pub(super) addresses: Addresses<'a>,
}

impl Image<'_> {
    /// Writes the image into `out`, with the helpers of `engine`, and does `meanwhile`.
    pub(super) fn write<R>(
        &self,
        out: &mut [u8],
        engine: &Engine,
        meanwhile: impl FnOnce() -> R,
    ) -> Result<R, LinkError> {
        let helpers = (out.len() >= MANY_BYTES)
            .then(|| engine.helpers())
            .flatten();
        let mut parts = self.plan.split(out, PART)?;
        let Some(helpers) = helpers else {
            let made = meanwhile();
            parts.try_for_each(|part| self.part(part))?;
            return Ok(made);
        };
        let parts = Mutex::new(parts.enumerate());
        let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
        // With which part writing has failed, and how.
        let failed: Mutex<Option<(usize, LinkError)>> = Mutex::new(None);
        let work = || {
            while let Some((number, part)) = next() {
                if let Err(error) = self.part(part) {
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    // Parts are begun in their order: those before the first bad one are written.
                    if failed.as_ref().is_none_or(|(first, _)| number < *first) {
                        *failed = Some((number, error));
                    }
                    return;
                }
            }
        };
        let made = helpers.share(meanwhile, &work);
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some((_, error)) => Err(error),
            None => Ok(made),
        }
    }

    fn part(&self, mut part: Part<'_>) -> Result<(), LinkError> {
        code::populate(part.bytes());
        self.plan.write_part(part, self.stencils, &self.addresses)
    }
}
