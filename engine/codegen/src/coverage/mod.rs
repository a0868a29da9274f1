//! Which of the compiler's rules were used: one *cell* for each, counted.
//!
//! Only there with the feature `coverage`. Receives marks ([`cover!`], [`rule!`]) from
//! backends and linker; hands on counts by cell, each of which has a name. Cells come in
//! [`Family`]s, which are products of a few dimensions. What cannot be reached by
//! construction is excluded by a rule beside the family, with the reason.
//!
//! Counters are bytes, packed into words, that stop at 128: there is no overflow into a
//! neighbour, even if some threads get there at the same moment.

mod families;
mod operands;

pub use families::{BytecodeRule, Family, Link, Rule};
pub(crate) use operands::{Kind, Lowering};

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Marks a cell of a family: `cover!(Family, index…)`.
macro_rules! cover {
    ($family:ident $(, $index:expr)*) => {
        $crate::coverage::hit($crate::coverage::Family::$family, &[$($index as usize),*])
    };
}

/// Marks a rule of the x86-64 backend.
macro_rules! rule {
    ($rule:ident) => {
        cover!(X64Rules, $crate::coverage::Rule::$rule)
    };
}

/// Marks a rule of the bytecode backend.
macro_rules! bytecode_rule {
    ($rule:ident) => {
        cover!(BytecodeRules, $crate::coverage::BytecodeRule::$rule)
    };
}

/// A rule, in the circumstances in which it can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The family's name.
    pub family: &'static str,
    /// What tells it from others of its family.
    pub name: String,
    /// Why it cannot be reached.
    pub excluded: Option<&'static str>,
}

/// Words of counters.
pub const WORDS: usize = families::CELLS.div_ceil(8);

/// Where counters stop.
const MOST: u64 = 128;

static COUNTERS: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

/// Every cell, excluded ones included. A cell's place is its number.
pub fn cells() -> &'static [Option<Cell>] {
    static CELLS: LazyLock<Vec<Option<Cell>>> = LazyLock::new(families::cells);
    &CELLS
}

/// Counts by cell since the last reset, up to 128.
pub fn snapshot() -> Vec<u8> {
    let words = COUNTERS.iter().map(|word| word.load(Ordering::Relaxed));
    let mut counts: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    counts.truncate(families::CELLS);
    counts
}

/// Hands out the counters that are not 0, eight to a word with its number, and resets them.
pub fn take(mut to: impl FnMut(usize, u64)) {
    for (number, word) in COUNTERS.iter().enumerate() {
        let counts = word.load(Ordering::Relaxed);
        if counts != 0 {
            word.store(0, Ordering::Relaxed);
            to(number, counts);
        }
    }
}

/// Sets all counts to 0.
pub fn reset() {
    COUNTERS
        .iter()
        .for_each(|word| word.store(0, Ordering::Relaxed));
}

/// Counts the cell of `family` at these indices.
pub(crate) fn hit(family: Family, indices: &[usize]) {
    let cell = family.cell(indices);
    let (word, shift) = (&COUNTERS[cell / 8], cell % 8 * 8);
    if word.load(Ordering::Relaxed) >> shift & 0xff < MOST {
        word.fetch_add(1 << shift, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_cell_has_a_name_of_its_own() {
        let named = cells().iter().flatten();
        let names: HashSet<_> = named
            .clone()
            .map(|cell| (cell.family, &cell.name))
            .collect();
        assert_eq!(names.len(), named.count());
        assert_eq!(snapshot().len(), cells().len());
    }

    #[test]
    fn counts_stop_before_they_overflow() {
        let cell = Family::Links.cell(&[Link::Slot as usize]);
        (0..1000).for_each(|_| hit(Family::Links, &[Link::Slot as usize]));
        assert_eq!(snapshot()[cell], MOST as u8);
    }
}
