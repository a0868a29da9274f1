//! The linker: places a module's stencils, import thunks and address table in one image.
//!
//! | file | owns |
//! |---|---|
//! | `mod` | where everything lies, and writing it there |
//! | `layout` | what can be chosen about that |
//! | `reloc` | what call sites look like: one relocation at a time |
//!
//! Receives [`Stencils`] and says how large the image will be ([`LinkPlan::size`]);
//! given the memory and the addresses of the runtime's functions, it writes the image
//! ([`LinkPlan::write`]), or parts of it ([`LinkPlan::split`], [`LinkPlan::write_part`]).
//! Afterwards the plan answers where a function is and what an offset belongs to.
//!
//! The image is `functions | thunks of imported functions | GOT`. Only imports that are
//! called and builtins that are used get a thunk or a slot. Without a [`Layout`] the
//! functions lie as in the arena.
//!
//! Invariants:
//! - The image is position-independent but for the contents of the GOT, unless the layout
//!   wants host functions to be called straight.
//! - Each function starts at a multiple of [`Stencils::ALIGN`], and functions do not overlap.
//! - A relocation is applied only where there really is, inside the function, what its kind
//!   says, and only if the value fits. Everything else is an error.

mod error;
mod layout;
mod reloc;

pub use error::LinkError;
pub use layout::{Addresses, BuiltinAddresses, HostCall, Layout};
pub use reloc::{destination, unlink};

use crate::buffer::PADDING;
use crate::bytecode::signature::{HostCallee, HostSignature};
use crate::stencil::{Builtin, CodeOffset, ExternalName, Reloc, RelocKind, Stencils};
use crate::vmctx::VmLayout;
use crate::x64::trampoline::{direct_import_thunk, import_thunk};
use microwasm::{DefinedFuncIndex, FuncIndex, ModuleInfo};
use reloc::{Piece, Symbol};
use std::iter;

/// Bytes of a GOT slot.
const SLOT: u32 = 8;
/// No place.
const NONE: u32 = u32::MAX;

/// A function in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Placed {
    start: u32,
    end: u32,
    func: DefinedFuncIndex,
}

/// A part of an image that has not been written yet.
#[derive(Debug)]
pub struct Part<'a> {
    contents: Contents<'a>,
    /// Where in the image it begins.
    base: u32,
    out: &'a mut [u8],
}

/// What belongs in a part.
#[derive(Debug)]
enum Contents<'a> {
    /// Consecutive functions.
    Functions(&'a [Placed]),
    /// All thunks, and the GOT.
    Hosts,
}

impl Part<'_> {
    /// The bytes that will be written.
    pub fn bytes(&mut self) -> &mut [u8] {
        self.out
    }
}

/// A thunk in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Thunk {
    func: FuncIndex,
    /// Where in the vmctx its target is.
    import_slot: i32,
    call: HostCall,
    /// Its GOT slot, or [`NONE`].
    got: u32,
}

/// Where everything goes. See the module's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkPlan {
    /// Functions by address.
    placed: Vec<Placed>,
    /// First byte of each function, by index.
    starts: Vec<u32>,
    /// For each imported function the index of its thunk, or [`NONE`].
    imports: Vec<u32>,
    thunks: Vec<Thunk>,
    /// How builtins are called.
    builtins: HostCall,
    /// GOT slot of each builtin, or [`NONE`].
    got: [u32; Builtin::ALL.len()],
    thunks_start: u32,
    got_start: u32,
    size: u32,
}

impl LinkPlan {
    /// Bytes of an import thunk.
    pub(crate) const THUNK: u32 = 16;

    /// Places the functions as they are in the arena, and calls the host through tables.
    pub fn new(
        stencils: &Stencils,
        module: &ModuleInfo,
        vm: &VmLayout,
    ) -> Result<LinkPlan, LinkError> {
        LinkPlan::with_layout(stencils, module, vm, &Layout::default())
    }

    /// Places the functions as `layout` says.
    pub fn with_layout(
        stencils: &Stencils,
        module: &ModuleInfo,
        vm: &VmLayout,
        layout: &Layout<'_>,
    ) -> Result<LinkPlan, LinkError> {
        if !layout.alignment.is_power_of_two() || layout.alignment < Stencils::ALIGN {
            return Err(LinkError::BadLayout);
        }
        let mut plan = LinkPlan {
            placed: Vec::with_capacity(stencils.len()),
            starts: Vec::with_capacity(stencils.len()),
            imports: vec![NONE; module.imported_funcs as usize],
            thunks: Vec::new(),
            builtins: layout.builtins,
            got: [NONE; Builtin::ALL.len()],
            thunks_start: 0,
            got_start: 0,
            size: 0,
        };
        plan.place_functions(stencils, layout)?;
        let slots = plan.place_hosts(stencils, vm, layout);
        let code_end = u64::from(plan.code_end()) + u64::from(layout.distance);
        let thunks_start = code_end.next_multiple_of(Stencils::ALIGN as u64);
        let got_start = thunks_start + Self::THUNK as u64 * plan.thunks.len() as u64;
        plan.size = image_offset(got_start + SLOT as u64 * slots as u64)?;
        plan.thunks_start = thunks_start as u32;
        plan.got_start = got_start as u32;
        Ok(plan)
    }

    fn place_functions(
        &mut self,
        stencils: &Stencils,
        layout: &Layout<'_>,
    ) -> Result<(), LinkError> {
        if layout
            .order
            .is_some_and(|order| order.len() != stencils.len())
        {
            return Err(LinkError::BadLayout);
        }
        self.starts.resize(stencils.len(), NONE);
        let mut at = 0u64;
        for index in 0..stencils.len() {
            let func = layout
                .order
                .map_or(DefinedFuncIndex(index as u32), |order| order[index]);
            let stencil = stencils.get(func.index()).ok_or(LinkError::BadLayout)?;
            let start = (at + layout.padding as u64).next_multiple_of(layout.alignment as u64);
            at = start + stencil.code.len() as u64;
            let end = image_offset(at)?;
            if std::mem::replace(&mut self.starts[func.index()], start as u32) != NONE {
                return Err(LinkError::BadLayout);
            }
            self.placed.push(Placed {
                start: start as u32,
                end,
                func,
            });
        }
        Ok(())
    }

    /// Finds the functions outside the image that are called; returns how many GOT slots
    /// they need.
    fn place_hosts(&mut self, stencils: &Stencils, vm: &VmLayout, layout: &Layout<'_>) -> u32 {
        for reloc in &stencils.relocs {
            if !reloc::has_thunks(reloc.kind) {
                continue;
            }
            match reloc.target {
                ExternalName::Func(func) => {
                    // A call of a defined function needs nothing; of one that is not there
                    // is found when the relocation is applied.
                    if let Some(thunk) = self.imports.get_mut(func.index())
                        && *thunk == NONE
                    {
                        *thunk = self.thunks.len() as u32;
                        self.thunks.push(Thunk {
                            func,
                            import_slot: vm.import(func),
                            call: layout
                                .imports
                                .get(func.index())
                                .copied()
                                .unwrap_or_default(),
                            got: NONE,
                        });
                    }
                }
                ExternalName::Builtin(builtin) if layout.builtins.has_slot() => {
                    self.got[builtin as usize] = 0;
                }
                ExternalName::Builtin(_) => {}
            }
        }
        let mut slots = 0;
        let builtins = self.got.iter_mut().filter(|slot| **slot != NONE);
        let direct = self.thunks.iter_mut();
        let direct = direct.filter(|thunk| thunk.call == HostCall::Direct);
        for slot in builtins.chain(direct.map(|thunk| &mut thunk.got)) {
            *slot = slots;
            slots += 1;
        }
        slots
    }

    fn code_end(&self) -> u32 {
        self.placed.last().map_or(0, |last| last.end)
    }

    /// Bytes of the image.
    pub fn size(&self) -> usize {
        self.size as usize
    }

    /// Writes the image into `out`, every byte of it.
    pub fn write(
        &self,
        stencils: &Stencils,
        addresses: &Addresses<'_>,
        out: &mut [u8],
    ) -> Result<(), LinkError> {
        let mut parts = self.split(out, usize::MAX)?;
        parts.try_for_each(|part| self.write_part(part, stencils, addresses))
    }

    /// Splits the image, which is to be written into `out`, into parts of at least `least` bytes,
    /// where there are as many. Each can be written by another thread.
    pub fn split<'a>(
        &'a self,
        out: &'a mut [u8],
        least: usize,
    ) -> Result<impl Iterator<Item = Part<'a>>, LinkError> {
        if out.len() != self.size() {
            return Err(LinkError::WrongSize {
                size: self.size(),
                given: out.len(),
            });
        }
        let (code, hosts) = out.split_at_mut(self.thunks_start as usize);
        let hosts = Part {
            base: self.thunks_start,
            contents: Contents::Hosts,
            out: hosts,
        };
        Ok(self.functions(code, least).chain([hosts]))
    }

    /// Writes a part of the image, every byte of it.
    pub fn write_part(
        &self,
        part: Part<'_>,
        stencils: &Stencils,
        addresses: &Addresses<'_>,
    ) -> Result<(), LinkError> {
        if stencils.len() != self.placed.len() {
            return Err(LinkError::WrongStencils);
        }
        match part.contents {
            Contents::Functions(placed) => {
                self.write_functions(placed, part.base, part.out, stencils, Some(addresses))
            }
            Contents::Hosts => {
                let thunks = (self.got_start - self.thunks_start) as usize;
                let (thunks, got) = part.out.split_at_mut(thunks);
                self.write_thunks(addresses, thunks)?;
                self.write_got(addresses, got)
            }
        }
    }

    /// The functions in parts of at least `least` bytes, with what is behind the last.
    fn functions<'a>(&'a self, code: &'a mut [u8], least: usize) -> impl Iterator<Item = Part<'a>> {
        let mut rest = Some((self.placed.as_slice(), code, 0));
        iter::from_fn(move || {
            let (placed, code, base) = rest.take()?;
            let full = placed
                .iter()
                .position(|place| (place.end - base) as usize >= least)
                .filter(|last| last + 1 < placed.len());
            let (placed, out) = match full {
                None => (placed, code),
                Some(last) => {
                    let end = placed[last].end;
                    let (first, behind) = placed.split_at(last + 1);
                    let (out, behind_out) = code.split_at_mut((end - base) as usize);
                    rest = Some((behind, behind_out, end));
                    (first, out)
                }
            };
            Some(Part {
                contents: Contents::Functions(placed),
                base,
                out,
            })
        })
    }

    /// Writes functions and thunks into `out`, every byte of it, with their relocations not
    /// applied.
    ///
    /// # Errors
    /// There is no room, or the layout has a GOT or thunks with relocations.
    #[cfg(feature = "elf")]
    pub(crate) fn write_unlinked(
        &self,
        stencils: &Stencils,
        out: &mut [u8],
    ) -> Result<(), LinkError> {
        let size = self.got_start as usize;
        if out.len() != size || out.len() != self.size() {
            return Err(LinkError::WrongSize {
                size,
                given: out.len(),
            });
        }
        let (code, thunks) = out.split_at_mut(self.thunks_start as usize);
        self.write_functions(&self.placed, 0, code, stencils, None)?;
        let addresses = Addresses {
            image: 0,
            builtins: BuiltinAddresses([0; Builtin::ALL.len()]),
            imports: &[],
        };
        self.write_thunks(&addresses, thunks)
    }

    /// Imported functions that are called, and the image offsets of their thunks.
    #[cfg(feature = "elf")]
    pub(crate) fn thunks(&self) -> impl Iterator<Item = (FuncIndex, u32)> {
        let starts = (self.thunks_start..).step_by(Self::THUNK as usize);
        self.thunks.iter().map(|thunk| thunk.func).zip(starts)
    }

    /// Copies functions to their places in `out`, which is the image from `base` on, and fills what
    /// lies between them; applies their relocations, if there are addresses.
    fn write_functions(
        &self,
        placed: &[Placed],
        base: u32,
        out: &mut [u8],
        stencils: &Stencils,
        addresses: Option<&Addresses<'_>>,
    ) -> Result<(), LinkError> {
        let mut at = 0;
        for place in placed {
            let (start, end) = ((place.start - base) as usize, (place.end - base) as usize);
            let stencil = stencils
                .get(place.func.index())
                .filter(|stencil| stencil.code.len() == end - start)
                .ok_or(LinkError::WrongStencils)?;
            out[at..start].fill(PADDING);
            let bytes = &mut out[start..end];
            bytes.copy_from_slice(stencil.code);
            at = end;
            let Some(addresses) = addresses else {
                continue;
            };
            let mut piece = Piece {
                image: addresses.image,
                start: place.start,
                bytes,
            };
            for reloc in stencil.relocs {
                let symbol = match reloc.target {
                    ExternalName::Func(func) => self.function_symbol(func, addresses),
                    ExternalName::Builtin(builtin) => self.builtin_symbol(builtin, addresses),
                };
                reloc::apply(reloc, symbol, &mut piece)?;
            }
        }
        out[at..].fill(PADDING);
        Ok(())
    }

    fn write_thunks(&self, addresses: &Addresses<'_>, out: &mut [u8]) -> Result<(), LinkError> {
        let places = out.chunks_exact_mut(Self::THUNK as usize).zip(0..);
        for (thunk, (out, index)) in self.thunks.iter().zip(places) {
            if thunk.call == HostCall::Table {
                out.copy_from_slice(&import_thunk(thunk.import_slot));
                continue;
            }
            let (code, reloc) = direct_import_thunk(thunk.func, thunk.import_slot);
            out.copy_from_slice(&code);
            let symbol = Symbol {
                code: addresses.imports.get(thunk.func.index()).copied(),
                slot: self.slot_address(thunk.got, addresses),
                host: None,
            };
            let mut piece = Piece {
                image: addresses.image,
                start: self.thunks_start + Self::THUNK * index,
                bytes: out,
            };
            reloc::apply(&reloc, symbol, &mut piece)?;
        }
        Ok(())
    }

    fn write_got(&self, addresses: &Addresses<'_>, out: &mut [u8]) -> Result<(), LinkError> {
        let builtins = Builtin::ALL.into_iter().map(|builtin| {
            let address = addresses.builtins.0[builtin as usize];
            let name = ExternalName::Builtin(builtin);
            (name, self.got[builtin as usize], Some(address))
        });
        let imports = self.thunks.iter().map(|thunk| {
            let address = addresses.imports.get(thunk.func.index()).copied();
            (ExternalName::Func(thunk.func), thunk.got, address)
        });
        for (target, slot, code) in builtins.chain(imports).filter(|(_, slot, _)| *slot != NONE) {
            let reloc = Reloc {
                offset: CodeOffset(0),
                kind: RelocKind::Abs64,
                target,
                addend: 0,
            };
            let at = (slot * SLOT) as usize;
            let mut piece = Piece {
                image: addresses.image,
                start: self.got_start + slot * SLOT,
                bytes: &mut out[at..at + SLOT as usize],
            };
            let symbol = Symbol {
                code,
                ..Symbol::default()
            };
            reloc::apply(&reloc, symbol, &mut piece)?;
        }
        Ok(())
    }

    /// Where a direct call of `func` goes: the function itself or its thunk.
    #[inline]
    fn function_symbol(&self, func: FuncIndex, addresses: &Addresses<'_>) -> Symbol {
        let place = match self.imports.get(func.index()) {
            Some(&NONE) => None,
            Some(&thunk) => Some(self.thunks_start + Self::THUNK * thunk),
            None => self.starts.get(func.index() - self.imports.len()).copied(),
        };
        Symbol {
            code: place.map(|at| addresses.image.wrapping_add(u64::from(at))),
            slot: None,
            host: (func.index() < self.imports.len()).then_some(HostCallee {
                signature: HostSignature::Array,
                number: func.0,
            }),
        }
    }

    /// Where a call of `builtin` goes.
    #[inline]
    fn builtin_symbol(&self, builtin: Builtin, addresses: &Addresses<'_>) -> Symbol {
        let straight = self.builtins != HostCall::Table;
        Symbol {
            code: straight.then(|| addresses.builtins.0[builtin as usize]),
            slot: self.slot_address(self.got[builtin as usize], addresses),
            host: HostSignature::of(builtin).map(|signature| HostCallee {
                signature,
                number: builtin as u32,
            }),
        }
    }

    /// Address of a GOT slot, if it is one.
    #[inline]
    fn slot_address(&self, slot: u32, addresses: &Addresses<'_>) -> Option<u64> {
        let at = u64::from(self.got_start) + u64::from(SLOT) * u64::from(slot);
        (slot != NONE).then(|| addresses.image.wrapping_add(at))
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

#[cfg(test)]
mod tests;
