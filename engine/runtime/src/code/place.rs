//! Where in the address space code is wanted.
//!
//! Compiled code reaches 2 GiB in either direction by a near call. Whether the
//! runtime's own functions are within that, is up to where code memory is mapped.

/// Where code is to lie, seen from the runtime's own functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CodePlace {
    /// Wherever there is code memory.
    #[default]
    Anywhere,
    /// Near calls reach the runtime.
    Near,
    /// Near calls do not reach the runtime.
    Far,
}

/// How far near calls reach, less the largest program that the runtime may be a part of.
const REACH: usize = (2 << 30) - (256 << 20);
/// Nothing further away than this is in reach, from any part of that program.
const BEYOND: usize = (2 << 30) + (256 << 20);

/// An address in the runtime's own code.
fn runtime() -> usize {
    CodePlace::suits as *const () as usize
}

impl CodePlace {
    /// Whether `bytes` of memory at `address` are where they are wanted.
    pub(super) fn suits(self, address: usize, bytes: usize) -> bool {
        let (first, last) = (
            address.abs_diff(runtime()),
            (address + bytes).abs_diff(runtime()),
        );
        match self {
            CodePlace::Anywhere => true,
            CodePlace::Near => first.max(last) < REACH,
            CodePlace::Far => first.min(last) > BEYOND,
        }
    }

    /// Addresses to ask for, one after the other. `None` leaves it to the system.
    pub(super) fn hints(self) -> impl Iterator<Item = Option<usize>> {
        /// Apart by this, hints cover what is in reach.
        const STEP: usize = 64 << 20;
        let base = runtime() & !0xffff;
        let steps = match self {
            CodePlace::Anywhere => 0..0,
            CodePlace::Near => 1..REACH / STEP,
            CodePlace::Far => 1000..1010,
        };
        // Below first: above a program lies its heap, which is to have room to grow.
        let asked = steps.flat_map(move |step| {
            let distance = step * STEP;
            [base.checked_sub(distance), base.checked_add(distance)]
        });
        asked.filter(Option::is_some).chain([None])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::{CodeBlock, CodeMemoryError};

    #[test]
    fn code_is_where_it_is_wanted() {
        for place in [CodePlace::Anywhere, CodePlace::Near, CodePlace::Far] {
            let block = CodeBlock::new_at::<CodeMemoryError>(place, 100, |code, base| {
                code.fill(0xcc);
                assert!(place.suits(base as usize, 100));
                Ok(())
            });
            let at = block.expect("there is code memory").address().as_ptr() as usize;
            let distance = at.abs_diff(runtime()) as u64;
            match place {
                CodePlace::Anywhere => {}
                CodePlace::Near => assert!(distance < 1 << 31, "{distance:#x}"),
                CodePlace::Far => assert!(distance > 1 << 31, "{distance:#x}"),
            }
        }
    }
}
