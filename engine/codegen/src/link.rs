//! The linker: places a module's stencils, import thunks and address table in one image.
//!
//! Receives [`Stencils`] and says how large the image will be ([`LinkPlan::size`]);
//! given the memory and the addresses of the runtime's functions, it writes the image
//! ([`LinkPlan::write`]). Afterwards the plan answers where a function is and what an
//! offset belongs to.
//!
//! The image is `functions | thunks of imported functions | GOT`. Only imports that are
//! called and builtins that are used get a thunk or a slot. Without a [`Layout`] the
//! functions lie as in the arena, so that their code is copied in one piece.
//!
//! Invariants:
//! - The image is position-independent but for the contents of the GOT.
//! - Each function starts at a multiple of [`Stencils::ALIGN`], and functions do not overlap.
//! - A relocation is applied only where there really is a six-byte `call [rip + disp32]`
//!   inside the function, and only if the distance fits. Everything else is an error.

use crate::stencil::{Builtin, CodeOffset, ExternalName, Reloc, RelocKind, Stencil, Stencils};
use crate::vmctx::VmLayout;
use crate::x64::buffer::PADDING;
use crate::x64::trampoline::import_thunk;
use microwasm::{DefinedFuncIndex, FuncIndex, ModuleInfo};
use thiserror::Error;

/// `call [rip + disp32]`, before the displacement.
const CALL_INDIRECT: [u8; 2] = [0xff, 0x15];
/// `addr32 call rel32`, before the distance: the prefix does nothing and makes the lengths equal.
const CALL_NEAR: [u8; 2] = [0x67, 0xe8];
/// Bytes of an import thunk.
const THUNK: u32 = 16;
/// Bytes of a GOT slot.
const SLOT: u32 = 8;
/// No place.
const NONE: u32 = u32::MAX;

/// Addresses of the runtime's functions, by [`Builtin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltinAddresses(pub [u64; Builtin::ALL.len()]);

/// How to place functions, where it is not to be the arena's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout<'a> {
    /// All functions, in the order of their addresses.
    pub order: &'a [DefinedFuncIndex],
    /// Least number of bytes between two functions, and before the first.
    pub padding: u32,
    /// Alignment of functions: a power of two, at least [`Stencils::ALIGN`].
    pub alignment: u32,
}

/// Why stencils could not be linked. Offsets are the image's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs)]
pub enum LinkError {
    /// The distance does not fit in the field.
    #[error("{kind:?} against {symbol:?} at {offset:#x}: {value:#x} does not fit in 32 bits")]
    OutOfRange {
        symbol: ExternalName,
        kind: RelocKind,
        offset: u32,
        value: i64,
    },
    /// The field is not the displacement of a six-byte call inside its function.
    #[error("{kind:?} against {symbol:?} at {offset:#x}: not a call, but {value:#06x}")]
    NotACall {
        symbol: ExternalName,
        kind: RelocKind,
        offset: u32,
        value: u16,
    },
    /// The field has been filled in before.
    #[error("{kind:?} against {symbol:?} at {offset:#x}: resolved already")]
    AlreadyResolved {
        symbol: ExternalName,
        kind: RelocKind,
        offset: u32,
    },
    /// The module has no such function.
    #[error("{kind:?} against {symbol:?} at {offset:#x}: the module has no such function")]
    Undefined {
        symbol: ExternalName,
        kind: RelocKind,
        offset: u32,
    },
    /// Distances in the image would not fit in 32 bits.
    #[error("the image needs {size} bytes")]
    ImageTooLarge { size: u64 },
    /// The memory given is not as large as the image.
    #[error("the image has {size} bytes, the memory for it {given}")]
    WrongSize { size: usize, given: usize },
    /// The order is not a permutation of the functions, or the alignment not a power of two.
    #[error("the layout does not place each function once, at an alignment that is a power of two")]
    BadLayout,
    /// The stencils are not those that the plan was made for.
    #[error("the stencils are not those that the plan was made for")]
    WrongStencils,
}

/// A function in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Placed {
    start: u32,
    end: u32,
    func: DefinedFuncIndex,
}

/// Where everything goes. See the module's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkPlan {
    /// Functions by address.
    placed: Vec<Placed>,
    /// First byte of each function, by index.
    starts: Vec<u32>,
    /// Whether the functions lie as in the arena.
    as_arena: bool,
    /// Thunk of each imported function, or [`NONE`].
    thunks: Vec<u32>,
    /// For each thunk, the place in the vmctx where it finds its target.
    import_slots: Vec<i32>,
    /// GOT slot of each builtin, or [`NONE`].
    got: [u32; Builtin::ALL.len()],
    thunks_start: u32,
    got_start: u32,
    size: u32,
}

impl LinkPlan {
    /// Places the functions as they are in the arena.
    pub fn new(
        stencils: &Stencils,
        module: &ModuleInfo,
        vm: &VmLayout,
    ) -> Result<LinkPlan, LinkError> {
        let mut placed = Vec::with_capacity(stencils.len());
        let mut starts = Vec::with_capacity(stencils.len());
        for (i, stencil) in stencils.iter().enumerate() {
            let end = stencil.start + stencil.code.len() as u32;
            placed.push(Placed {
                start: stencil.start,
                end,
                func: DefinedFuncIndex(i as u32),
            });
            starts.push(stencil.start);
        }
        LinkPlan::place_rest(stencils, module, vm, placed, starts, true)
    }

    /// Places the functions as `layout` says.
    pub fn with_layout(
        stencils: &Stencils,
        module: &ModuleInfo,
        vm: &VmLayout,
        layout: &Layout<'_>,
    ) -> Result<LinkPlan, LinkError> {
        let Layout {
            order,
            padding,
            alignment,
        } = *layout;
        if order.len() != stencils.len()
            || !alignment.is_power_of_two()
            || alignment < Stencils::ALIGN
        {
            return Err(LinkError::BadLayout);
        }
        let mut placed = Vec::with_capacity(order.len());
        let mut starts = vec![NONE; order.len()];
        let mut at = 0u64;
        for &func in order {
            let stencil = stencils.get(func.index()).ok_or(LinkError::BadLayout)?;
            let start = (at + padding as u64).next_multiple_of(alignment as u64);
            at = start + stencil.code.len() as u64;
            let end = image_offset(at)?;
            if std::mem::replace(&mut starts[func.index()], start as u32) != NONE {
                return Err(LinkError::BadLayout);
            }
            placed.push(Placed {
                start: start as u32,
                end,
                func,
            });
        }
        LinkPlan::place_rest(stencils, module, vm, placed, starts, false)
    }

    /// Places thunks and GOT behind the functions.
    fn place_rest(
        stencils: &Stencils,
        module: &ModuleInfo,
        vm: &VmLayout,
        placed: Vec<Placed>,
        starts: Vec<u32>,
        as_arena: bool,
    ) -> Result<LinkPlan, LinkError> {
        let mut thunks = vec![NONE; module.imported_funcs as usize];
        let mut import_slots = Vec::new();
        let mut got = [NONE; Builtin::ALL.len()];
        // Bytecode calls imports and builtins by number.
        let native = |reloc: &&Reloc| reloc.kind == RelocKind::GotPcRelX;
        for reloc in stencils.relocs.iter().filter(native) {
            match reloc.target {
                ExternalName::Func(func) => {
                    // A call of a defined function needs nothing; of one that is not there
                    // is found when the relocation is applied.
                    if let Some(thunk) = thunks.get_mut(func.index())
                        && *thunk == NONE
                    {
                        *thunk = import_slots.len() as u32;
                        import_slots.push(vm.import(func));
                    }
                }
                ExternalName::Builtin(builtin) => got[builtin as usize] = 0,
            }
        }
        let mut slots = 0;
        for slot in got.iter_mut().filter(|slot| **slot != NONE) {
            *slot = slots;
            slots += 1;
        }
        let code_end = placed.last().map_or(0, |last| last.end) as u64;
        let thunks_start = code_end.next_multiple_of(Stencils::ALIGN as u64);
        let got_start = thunks_start + THUNK as u64 * import_slots.len() as u64;
        let size = image_offset(got_start + (SLOT * slots) as u64)?;
        Ok(LinkPlan {
            placed,
            starts,
            as_arena,
            thunks,
            import_slots,
            got,
            thunks_start: thunks_start as u32,
            got_start: got_start as u32,
            size,
        })
    }

    /// Bytes of the image.
    pub fn size(&self) -> usize {
        self.size as usize
    }

    /// Writes the image into `out`, every byte of it.
    pub fn write(
        &self,
        stencils: &Stencils,
        builtins: &BuiltinAddresses,
        out: &mut [u8],
    ) -> Result<(), LinkError> {
        if out.len() != self.size() {
            return Err(LinkError::WrongSize {
                size: self.size(),
                given: out.len(),
            });
        }
        self.copy_code(stencils, out)?;
        let (code, rest) = out.split_at_mut(self.thunks_start as usize);
        let (thunks, got) = rest.split_at_mut((self.got_start - self.thunks_start) as usize);
        for (thunk, &slot) in thunks
            .chunks_exact_mut(THUNK as usize)
            .zip(&self.import_slots)
        {
            thunk.copy_from_slice(&import_thunk(slot));
        }
        for (address, &slot) in builtins
            .0
            .iter()
            .zip(&self.got)
            .filter(|(_, slot)| **slot != NONE)
        {
            let at = (slot * SLOT) as usize;
            got[at..at + SLOT as usize].copy_from_slice(&address.to_le_bytes());
        }
        for (stencil, &start) in stencils.iter().zip(&self.starts) {
            for reloc in stencil.relocs {
                self.relocate(reloc, &stencil, start, code)?;
            }
        }
        Ok(())
    }

    /// Copies all functions to their places and fills what lies between them.
    fn copy_code(&self, stencils: &Stencils, out: &mut [u8]) -> Result<(), LinkError> {
        let code_end = self.placed.last().map_or(0, |last| last.end as usize);
        if stencils.len() != self.placed.len() || (self.as_arena && stencils.code.len() != code_end)
        {
            return Err(LinkError::WrongStencils);
        }
        out[code_end..self.thunks_start as usize].fill(PADDING);
        if self.as_arena {
            out[..code_end].copy_from_slice(&stencils.code);
            return Ok(());
        }
        let mut at = 0;
        for place in &self.placed {
            let (start, end) = (place.start as usize, place.end as usize);
            let stencil = stencils
                .get(place.func.index())
                .ok_or(LinkError::WrongStencils)?;
            if stencil.code.len() != end - start {
                return Err(LinkError::WrongStencils);
            }
            out[at..start].fill(PADDING);
            out[start..end].copy_from_slice(stencil.code);
            at = end;
        }
        Ok(())
    }

    /// Applies one relocation of the function that lies at `start`.
    #[inline]
    fn relocate(
        &self,
        reloc: &Reloc,
        stencil: &Stencil<'_>,
        start: u32,
        code: &mut [u8],
    ) -> Result<(), LinkError> {
        let Reloc {
            offset,
            kind,
            target: symbol,
            addend,
        } = *reloc;
        let field = start as usize + offset.0 as usize;
        let function = code.get_mut(start as usize..start as usize + stencil.code.len());
        let function = function.unwrap_or_default();
        if kind == RelocKind::BytecodeCall {
            return self.relocate_bytecode(reloc, start, function);
        }
        let site = function
            .get_mut((offset.0 as usize).wrapping_sub(2)..)
            .and_then(|site| site.first_chunk_mut::<6>());
        let found = site
            .as_ref()
            .map_or(0, |site| u16::from_be_bytes([site[0], site[1]]));
        let Some(site) = site.filter(|_| found == u16::from_be_bytes(CALL_INDIRECT)) else {
            return Err(LinkError::NotACall {
                symbol,
                kind,
                offset: field as u32,
                value: found,
            });
        };
        let (opcode, target) = match symbol {
            ExternalName::Func(func) => (CALL_NEAR, self.near(func)),
            ExternalName::Builtin(builtin) => (CALL_INDIRECT, self.got_slot(builtin)),
        };
        let Some(target) = target else {
            return Err(LinkError::Undefined {
                symbol,
                kind,
                offset: field as u32,
            });
        };
        // The psABI's S + A - P, or G + GOT + A - P.
        let value = target as i64 + addend as i64 - field as i64;
        let Ok(distance) = i32::try_from(value) else {
            return Err(LinkError::OutOfRange {
                symbol,
                kind,
                offset: field as u32,
                value,
            });
        };
        let [d0, d1, d2, d3] = distance.to_le_bytes();
        *site = [opcode[0], opcode[1], d0, d1, d2, d3];
        Ok(())
    }

    /// Where a direct call of `func` goes: the function itself or its thunk.
    #[inline]
    fn near(&self, func: FuncIndex) -> Option<u32> {
        match self.thunks.get(func.index()) {
            Some(&NONE) => None,
            Some(&thunk) => Some(self.thunks_start + THUNK * thunk),
            None => self.starts.get(func.index() - self.thunks.len()).copied(),
        }
    }

    /// Where the address of `builtin` is.
    #[inline]
    fn got_slot(&self, builtin: Builtin) -> Option<u32> {
        let slot = self.got[builtin as usize];
        (slot != NONE).then(|| self.got_start + SLOT * slot)
    }

    /// Image offset of a function's first byte.
    ///
    /// # Panics
    /// If the module has no such function.
    pub fn function(&self, func: DefinedFuncIndex) -> u32 {
        self.starts[func.index()]
    }

    /// The function that a byte of the image belongs to, and the byte's offset in it; `None`
    /// between functions and behind them. A return address may be one past its function's
    /// end: look up the byte before it.
    pub fn locate(&self, image_offset: u32) -> Option<(DefinedFuncIndex, CodeOffset)> {
        let after = self
            .placed
            .partition_point(|place| place.start <= image_offset);
        let place = self.placed[..after].last()?;
        (image_offset < place.end).then(|| (place.func, CodeOffset(image_offset - place.start)))
    }
}

/// An offset in the image, or the end of it, if the image is small enough that all
/// distances fit in 32 bits.
fn image_offset(at: u64) -> Result<u32, LinkError> {
    if at <= i32::MAX as u64 {
        Ok(at as u32)
    } else {
        Err(LinkError::ImageTooLarge { size: at })
    }
}

mod bytecode;
#[cfg(test)]
mod tests;
