//! The bytes of an input as a stream of choices.
//!
//! A choice takes as many bytes as it needs, mostly one, so that a fuzzer's change of a
//! byte changes one thing. At the end every choice is 0 and [`Source::is_empty`] says so:
//! generators stop adding then.

use microwasm::ValType;

use super::values;
use crate::value::Value;

/// A stream of choices.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    bytes: &'a [u8],
}

impl<'a> Source<'a> {
    /// The choices that `bytes` stand for.
    pub fn new(bytes: &'a [u8]) -> Source<'a> {
        Source { bytes }
    }

    /// Whether all choices have been made.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((byte, rest)) => {
                self.bytes = rest;
                *byte
            }
            None => 0,
        }
    }

    /// The next eight bytes.
    pub fn bits(&mut self) -> u64 {
        (0..8).fold(0, |bits, _| bits << 8 | u64::from(self.byte()))
    }

    /// A number below `n`, which is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        let mut choice = usize::from(self.byte());
        if n > 256 {
            choice = choice << 8 | usize::from(self.byte());
        }
        choice % n
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    /// One of `items`, of which there is at least one.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// A value at the edge of something, or seldom any value.
    pub fn value<F>(&mut self, ty: ValType) -> Value<F> {
        let choice = self.byte();
        let any = if choice >= 248 { self.bits() } else { 0 };
        values::value(ty, choice, any)
    }
}
