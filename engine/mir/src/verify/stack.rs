//! The verifier's stack: types, each with the number of the push that filled it.

use super::Violation;
use crate::types::{StackHeight, ValType};

/// The most values that a function may have on its stack: half as many slots as the
/// largest frame has, so that what is refused here could not run either.
pub(super) const MAX_HEIGHT: u32 = 1 << 22;

/// What a stack position was when it was marked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The bottom of the stack, which is always there.
    Bottom,
    /// The push that filled the position under the height.
    Push(u64),
}

#[derive(Default)]
pub(super) struct Stack {
    values: Vec<(ValType, u64)>,
    pushes: u64,
}

impl Stack {
    pub(super) fn height(&self) -> u32 {
        u32::try_from(self.values.len()).expect("height is at most MAX_HEIGHT")
    }

    pub(super) fn push(&mut self, ty: ValType) -> Result<(), Violation> {
        self.push_many(ty, 1)
    }

    pub(super) fn push_many(&mut self, ty: ValType, count: u32) -> Result<(), Violation> {
        if count > MAX_HEIGHT - self.height() {
            return Err(Violation::Overflow { limit: MAX_HEIGHT });
        }
        for _ in 0..count {
            self.pushes += 1;
            self.values.push((ty, self.pushes));
        }
        Ok(())
    }

    pub(super) fn push_all(&mut self, types: &[ValType]) -> Result<(), Violation> {
        types.iter().try_for_each(|&ty| self.push(ty))
    }

    /// The value `depth` below the top.
    pub(super) fn peek(&self, depth: u32) -> Result<ValType, Violation> {
        let height = self.height();
        match height
            .checked_sub(depth)
            .and_then(|above| above.checked_sub(1))
        {
            Some(position) => Ok(self.values[position as usize].0),
            None => Err(Violation::Underflow {
                height,
                needed: depth.saturating_add(1),
            }),
        }
    }

    pub(super) fn pop_any(&mut self) -> Result<ValType, Violation> {
        let (ty, _) = self.values.pop().ok_or(Violation::Underflow {
            height: 0,
            needed: 1,
        })?;
        Ok(ty)
    }

    pub(super) fn pop(&mut self, expected: ValType) -> Result<(), Violation> {
        let found = self.pop_any()?;
        if found == expected {
            Ok(())
        } else {
            Err(Violation::Type { expected, found })
        }
    }

    pub(super) fn pop_all(&mut self, types: &[ValType]) -> Result<(), Violation> {
        types.iter().rev().try_for_each(|&ty| self.pop(ty))
    }

    /// Checks that `types` are on top and at or above `base`.
    pub(super) fn expect_top(&self, types: &[ValType], base: StackHeight) -> Result<(), Violation> {
        let height = self.height();
        let needed = base.0 as usize + types.len();
        let Some(first) = self
            .values
            .len()
            .checked_sub(types.len())
            .filter(|_| needed <= self.values.len())
        else {
            let needed = u32::try_from(needed).unwrap_or(u32::MAX);
            return Err(Violation::Underflow { height, needed });
        };
        for (&expected, &(found, _)) in types.iter().zip(&self.values[first..]) {
            if found != expected {
                return Err(Violation::Type { expected, found });
            }
        }
        Ok(())
    }

    /// The mark of the position under `height`; `None` if the stack is lower.
    pub(super) fn mark(&self, height: StackHeight) -> Option<Mark> {
        match height.index().checked_sub(1) {
            None => Some(Mark::Bottom),
            Some(position) => self.values.get(position).map(|&(_, push)| Mark::Push(push)),
        }
    }

    /// Whether nothing under `height` has been popped since it was marked.
    pub(super) fn unchanged(&self, height: StackHeight, mark: Mark) -> bool {
        self.mark(height) == Some(mark)
    }

    /// Drops everything from `height` on.
    pub(super) fn truncate(&mut self, height: StackHeight) {
        self.values.truncate(height.index());
    }
}
