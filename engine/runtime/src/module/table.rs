//! From machine code back to functions, trap sites and source offsets.
//!
//! Read by the signal handler: no method that it calls takes a lock, allocates
//! or panics. Offsets are those in the module's code.

use std::ops::Range;

use microwasm::{DefinedFuncIndex, FuncIndex};
use microwasm_codegen::link::LinkPlan;
use microwasm_codegen::{Stencils, TrapCode};

use crate::trap::TrapSite;

/// What is known about a module's code.
#[derive(Debug, Default)]
pub(crate) struct CodeTable {
    base: usize,
    imported_funcs: u32,
    /// First byte and end of each function, by index.
    functions: Box<[(u32, u32)]>,
    /// Indices of the functions by address, where that is not the order of the indices.
    by_address: Box<[u32]>,
    /// Instructions that may fault, ascending.
    faulting: Box<[u32]>,
    /// Code offset and source offset, ascending by the former.
    sources: Box<[(u32, u32)]>,
}

impl CodeTable {
    /// The table of a module.
    pub(super) fn new(
        stencils: &Stencils,
        plan: &LinkPlan,
        base: usize,
        imported_funcs: u32,
    ) -> CodeTable {
        let mut functions = Vec::with_capacity(stencils.len());
        let mut faulting = Vec::with_capacity(stencils.traps.len());
        let mut sources = Vec::with_capacity(stencils.source.len());
        for (index, stencil) in stencils.iter().enumerate() {
            let start = plan.function(DefinedFuncIndex(index as u32));
            functions.push((start, start + stencil.code.len() as u32));
            let faults = stencil.traps.iter().inspect(|site| {
                debug_assert_eq!(site.code, TrapCode::MemoryOutOfBounds, "what can fault");
            });
            faulting.extend(faults.map(|site| start + site.offset.0));
            sources.extend(
                stencil
                    .source
                    .iter()
                    .map(|loc| (start + loc.code.0, loc.source)),
            );
        }
        let mut by_address = Vec::new();
        if !functions.is_sorted() {
            by_address.extend(0..functions.len() as u32);
            by_address.sort_unstable_by_key(|&index| functions[index as usize]);
            faulting.sort_unstable();
            // In the order of the code; of several locations with the same code the last counts.
            sources.sort_by_key(|&(code, _)| code);
        }
        CodeTable {
            base,
            imported_funcs,
            functions: functions.into(),
            by_address: by_address.into(),
            faulting: faulting.into(),
            sources: sources.into(),
        }
    }

    /// Whether a fault at this address is a trap. Async-signal-safe.
    pub(crate) fn is_trap_site(&self, pc: usize) -> bool {
        u32::try_from(pc.wrapping_sub(self.base))
            .is_ok_and(|offset| self.faulting.binary_search(&offset).is_ok())
    }

    /// What is known of a trap: `pc` is that of the fault, or behind the call that
    /// left compiled code.
    pub(crate) fn trap_site(&self, pc: usize) -> Option<TrapSite> {
        let at = if self.is_trap_site(pc) {
            pc
        } else {
            pc.wrapping_sub(1)
        };
        let offset = at.wrapping_sub(self.base);
        let (func, code_offset) = self.locate(offset)?;
        // Traps that are no faults are raised by code that belongs to no single operator.
        let source_offset = if at == pc { self.source(offset) } else { None };
        Some(TrapSite {
            func,
            code_offset,
            source_offset,
        })
    }

    /// What is known of a trap that an instruction at `pc` itself has raised.
    pub(crate) fn exact_site(&self, pc: usize) -> Option<TrapSite> {
        let offset = pc.wrapping_sub(self.base);
        let (func, code_offset) = self.locate(offset)?;
        Some(TrapSite {
            func,
            code_offset,
            source_offset: self.source(offset),
        })
    }

    pub(super) fn function(&self, func: DefinedFuncIndex) -> Option<Range<usize>> {
        self.functions
            .get(func.index())
            .map(|&(start, end)| start as usize..end as usize)
    }

    /// Offsets in a function of the instructions that may fault.
    pub(super) fn faulting(&self, func: DefinedFuncIndex) -> impl Iterator<Item = u32> {
        let (start, end) = self.functions[func.index()];
        let from = self.faulting.partition_point(|&at| at < start);
        let within = self.faulting[from..]
            .iter()
            .take_while(move |at| **at < end);
        within.map(move |at| at - start)
    }

    /// Code offsets in a function, and the source offsets that begin there.
    pub(super) fn sources(&self, func: DefinedFuncIndex) -> impl Iterator<Item = (u32, u32)> {
        let (start, end) = self.functions[func.index()];
        let from = self.sources.partition_point(|&(at, _)| at < start);
        let within = self.sources[from..].iter();
        let within = within.take_while(move |(at, _)| *at < end);
        within.map(move |(at, source)| (at - start, *source))
    }

    pub(super) fn locate(&self, offset: usize) -> Option<(FuncIndex, u32)> {
        let offset = u32::try_from(offset).ok()?;
        let index = if self.by_address.is_empty() {
            let after = self
                .functions
                .partition_point(|&(start, _)| start <= offset);
            after.checked_sub(1)?
        } else {
            let after = self
                .by_address
                .partition_point(|&index| self.functions[index as usize].0 <= offset);
            self.by_address[after.checked_sub(1)?] as usize
        };
        let (start, end) = self.functions[index];
        (offset < end).then(|| {
            (
                FuncIndex(self.imported_funcs + index as u32),
                offset - start,
            )
        })
    }

    pub(super) fn source(&self, offset: usize) -> Option<u32> {
        let (func, within) = self.locate(offset)?;
        let start = offset as u32 - within;
        let after = self
            .sources
            .partition_point(|&(code, _)| code as usize <= offset);
        let (code, source) = self.sources[after.checked_sub(1)?];
        debug_assert!(func.0 >= self.imported_funcs);
        // One of an earlier function is none.
        (code >= start).then_some(source)
    }
}
