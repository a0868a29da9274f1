//! Compiled functions as plain data that can be stored.
//!
//! A [`StoredFunction`] is a stencil of its own: no addresses, nothing of the process. Reading
//! one back checks that its parts lie within its code, so that what is wrong with it, if
//! anything, is what its code does; that depends on where it comes from.

use microwasm_codegen::Stencils;
use microwasm_codegen::stencil::{Reloc, SourceLoc, Stencil, TrapSite};
use serde::{Deserialize, Serialize};

/// One function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredFunction {
    code: Vec<u8>,
    relocs: Vec<Reloc>,
    traps: Vec<TrapSite>,
    source: Vec<SourceLoc>,
    frame: u32,
}

impl StoredFunction {
    pub(crate) fn new(stencil: &Stencil<'_>) -> StoredFunction {
        StoredFunction {
            code: stencil.code.into(),
            relocs: stencil.relocs.into(),
            traps: stencil.traps.into(),
            source: stencil.source.into(),
            frame: stencil.frame,
        }
    }

    /// Whether relocations, traps and locations lie within the code, in order.
    pub(crate) fn is_consistent(&self) -> bool {
        let end = self.code.len() as u64;
        let fields = self
            .relocs
            .iter()
            .map(|reloc| u64::from(reloc.offset.0) + 4);
        let traps = self.traps.iter().map(|site| u64::from(site.offset.0) + 1);
        let sources = self.source.iter().map(|loc| u64::from(loc.code.0));
        fields
            .clone()
            .chain(traps.clone())
            .chain(sources.clone())
            .all(|at| at <= end)
            && fields.is_sorted()
            && traps.is_sorted()
            && sources.is_sorted()
            && end <= i32::MAX as u64
    }

    /// Appends it to an arena. `false`: there is no room.
    pub(crate) fn push_to(&self, stencils: &mut Stencils) -> bool {
        let total = stencils.code.len() as u64 + self.code.len() as u64;
        if total > i32::MAX as u64 {
            return false;
        }
        stencils.push(&Stencil {
            start: 0,
            code: &self.code,
            relocs: &self.relocs,
            traps: &self.traps,
            source: &self.source,
            unwind: &[],
            frame: self.frame,
        });
        true
    }

    /// Bytes that it takes in memory, about.
    pub(crate) fn size(&self) -> usize {
        size_of::<StoredFunction>()
            + self.code.len()
            + size_of_val(&self.relocs[..])
            + size_of_val(&self.traps[..])
            + size_of_val(&self.source[..])
    }
}
