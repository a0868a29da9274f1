//! What `microwasm campaign` says of the compiler's rules that were used.

use std::io::Write;
use std::path::Path;

use crate::error::CliError;

/// Whether this program counts.
pub(crate) const COUNTED: bool = cfg!(feature = "coverage");

/// Counts from here on.
#[cfg(not(feature = "coverage"))]
pub(crate) fn begin() -> Result<(), CliError> {
    Err(CliError::NoCoverage)
}

/// Says what was counted.
#[cfg(not(feature = "coverage"))]
pub(crate) fn end(_: Option<&Path>, _: bool, _: bool, _: &mut dyn Write) -> Result<(), CliError> {
    Err(CliError::NoCoverage)
}

#[cfg(feature = "coverage")]
pub(crate) use counted::{begin, end};

#[cfg(feature = "coverage")]
mod counted {
    use std::collections::BTreeMap;

    use microwasm_codegen::coverage::{self, Cell};
    use serde_json::json;

    use super::*;
    use crate::input;

    /// Counts from here on.
    pub(crate) fn begin() -> Result<(), CliError> {
        coverage::reset();
        Ok(())
    }

    /// Counts of one family.
    #[derive(Default)]
    struct Family {
        reached: usize,
        reachable: usize,
        excluded: usize,
    }

    /// Says what was counted: to `file`, and to `out`, unless something else goes there.
    pub(crate) fn end(
        file: Option<&Path>,
        unreached: bool,
        silent: bool,
        out: &mut dyn Write,
    ) -> Result<(), CliError> {
        let counts = coverage::snapshot();
        let cells = coverage::cells().iter().zip(counts);
        let cells: Vec<(&Cell, u8)> = cells
            .filter_map(|(cell, count)| Some((cell.as_ref()?, count)))
            .collect();
        let mut families: BTreeMap<&str, Family> = BTreeMap::new();
        for (cell, count) in &cells {
            let family = families.entry(cell.family).or_default();
            match cell.excluded {
                Some(_) => family.excluded += 1,
                None => {
                    family.reachable += 1;
                    family.reached += usize::from(*count > 0);
                }
            }
        }
        if let Some(file) = file {
            let list: Vec<_> = cells
                .iter()
                .map(|(cell, count)| row(cell, *count))
                .collect();
            let text = serde_json::to_vec(&json!({ "cells": list }));
            input::write(file, &text.map_err(std::io::Error::from)?)?;
        }
        if silent {
            return Ok(());
        }
        writeln!(out)?;
        let mut all = Family::default();
        for (name, family) in &families {
            line(out, name, family)?;
            all.reached += family.reached;
            all.reachable += family.reachable;
            all.excluded += family.excluded;
        }
        line(out, "all rules", &all)?;
        for (cell, count) in &cells {
            if unreached && *count == 0 && cell.excluded.is_none() {
                writeln!(out, "unreached: {}: {}", cell.family, cell.name)?;
            }
            if let (Some(why), 1..) = (cell.excluded, *count) {
                writeln!(
                    out,
                    "reached in spite of \"{why}\": {}: {}",
                    cell.family, cell.name
                )?;
            }
        }
        Ok(())
    }

    fn row(cell: &Cell, count: u8) -> serde_json::Value {
        let Cell {
            family,
            name,
            excluded,
        } = cell;
        match excluded {
            Some(why) => json!({"family": family, "name": name, "count": count, "excluded": why}),
            None => json!({"family": family, "name": name, "count": count}),
        }
    }

    fn line(out: &mut dyn Write, name: &str, family: &Family) -> Result<(), CliError> {
        let Family {
            reached,
            reachable,
            excluded,
        } = family;
        let percent = *reached as f64 * 100.0 / (*reachable).max(1) as f64;
        writeln!(
            out,
            "{name:<24}{reached:>6} of {reachable:>6}  {percent:6.2} %  {excluded:>6} excluded"
        )?;
        Ok(())
    }
}
