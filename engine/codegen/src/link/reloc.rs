//! Applying a relocation: the one place that knows what call sites look like.
//!
//! Receives the bytes that hold the field and what the symbol has been resolved to;
//! checks that the site is what its kind says, that the field is aligned and that
//! the value fits; writes. Values are the psABI's: `S` the symbol's address, `A` the
//! addend, `P` the field's address, `G + GOT` the address of the symbol's GOT slot.
//!
//! To link another instruction set, add its kinds to [`RelocKind`]: the matches here
//! ([`has_thunks`], [`apply`]) then do not compile before it is said what they mean.

use super::LinkError;
use crate::bytecode::UNRESOLVED;
use crate::bytecode::op::Opcode;
use crate::bytecode::signature::HostCallee;
use crate::stencil::{ExternalName, Reloc, RelocKind};

/// `call rel32`, before the distance.
const CALL: [u8; 1] = [0xe8];
/// `call [rip + disp32]`, before the displacement.
const CALL_GOT: [u8; 2] = [0xff, 0x15];
/// `addr32 call rel32`, before the distance: the prefix does nothing and makes the lengths equal.
const CALL_NEAR: [u8; 2] = [0x67, 0xe8];
/// `jmp [rip + disp32]`, before the displacement.
const JMP_GOT: [u8; 2] = [0xff, 0x25];
/// `jmp rel32`, before the distance.
const JMP_NEAR: u8 = 0xe9;
/// `nop`, which makes up for the byte by which `jmp rel32` is shorter.
const NOP: u8 = 0x90;
/// The first byte of the field of a bytecode call, within the instruction.
const BYTECODE_FIELD: usize = 4;

/// What a name has been resolved to: absolute addresses, and a number. At least one is known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Symbol {
    /// The code itself, if calls may go straight there: the psABI's `S`.
    pub(super) code: Option<u64>,
    /// Eight bytes that hold the code's address: `G + GOT`.
    pub(super) slot: Option<u64>,
    /// How bytecode names it, if it is a function of the host.
    pub(super) host: Option<HostCallee>,
}

/// Bytes of the image that hold a field: a function, a thunk, or a GOT slot.
pub(super) struct Piece<'a> {
    /// Address of the image.
    pub(super) image: u64,
    /// Offset in the image of the first byte.
    pub(super) start: u32,
    pub(super) bytes: &'a mut [u8],
}

impl Piece<'_> {
    /// The psABI's `P`.
    #[inline]
    fn place(&self, reloc: &Reloc) -> u64 {
        let offset = u64::from(self.start) + u64::from(reloc.offset.0);
        self.image.wrapping_add(offset)
    }
}

/// Whether call sites of this kind need help to call a function outside the image: a thunk
/// for an imported function, a GOT slot for a builtin.
pub(super) fn has_thunks(kind: RelocKind) -> bool {
    match kind {
        RelocKind::Plt32 | RelocKind::GotPcRelX => true,
        // Not a call site.
        RelocKind::Abs64 => false,
        // Bytecode calls the host by number.
        RelocKind::BytecodeCall => false,
    }
}

/// Fills in a field.
#[inline]
pub(super) fn apply(reloc: &Reloc, symbol: Symbol, piece: &mut Piece<'_>) -> Result<(), LinkError> {
    match reloc.kind {
        RelocKind::Plt32 => plt_32(reloc, symbol, piece),
        RelocKind::GotPcRelX => got_pc_rel_x(reloc, symbol, piece),
        RelocKind::Abs64 => abs_64(reloc, symbol, piece),
        RelocKind::BytecodeCall => bytecode_call(reloc, symbol, piece),
    }
}

/// Takes back what [`LinkPlan::write`](super::LinkPlan::write) has done to a field of a function:
/// the bytes are the stencil's again. `code` is the function's.
///
/// # Errors
/// There is no such field in the function.
pub fn unlink(reloc: &Reloc, code: &mut [u8]) -> Result<(), LinkError> {
    match reloc.kind {
        RelocKind::Plt32 => {
            *call_field(reloc, 0, code)? = [0; 4];
            Ok(())
        }
        RelocKind::GotPcRelX => {
            let site = (reloc.offset.0 as usize)
                .checked_sub(2)
                .and_then(|at| code.get_mut(at..))
                .and_then(|site| site.first_chunk_mut::<6>());
            let found = site.as_ref().map_or([0; 2], |site| [site[0], site[1]]);
            let site = site.filter(|_| found == CALL_GOT || found == CALL_NEAR);
            let site = site.ok_or_else(|| wrong_site(reloc, 0, found))?;
            *site = [CALL_GOT[0], CALL_GOT[1], 0, 0, 0, 0];
            Ok(())
        }
        RelocKind::Abs64 => Err(wrong_site(reloc, 0, [0; 2])),
        RelocKind::BytecodeCall => {
            let site = bytecode_site(reloc, 0, code)?;
            let opcode = match reloc.target {
                ExternalName::Func(_) => Opcode::Call,
                ExternalName::Builtin(_) => Opcode::CallIndirectHost,
            };
            set_bytecode_call(site, opcode, UNRESOLVED);
            Ok(())
        }
    }
}

/// Where a linked call leads that goes straight to code of its image: an offset in the image,
/// read from the instruction as it will be executed. `code` is the function's, `start` where it
/// lies. `None` for what goes through a table or to the host, and for what is no such call.
pub fn destination(reloc: &Reloc, code: &[u8], start: u32) -> Option<i64> {
    let at = reloc.offset.0 as usize;
    let bytecode = (Opcode::Call as u16).to_le_bytes();
    let (opcode, before) = match reloc.kind {
        RelocKind::Plt32 => (CALL.as_slice(), CALL.len()),
        RelocKind::GotPcRelX => (CALL_NEAR.as_slice(), CALL_NEAR.len()),
        RelocKind::BytecodeCall => (bytecode.as_slice(), BYTECODE_FIELD),
        RelocKind::Abs64 => return None,
    };
    let field = code.get(at..)?.first_chunk::<4>()?;
    let is_call = code.get(at.checked_sub(before)?..)?.starts_with(opcode);
    // Distances count from the end of the instruction, which is that of the field.
    let end = i64::from(start) + at as i64 + field.len() as i64;
    is_call.then(|| end + i64::from(i32::from_le_bytes(*field)))
}

/// `L + A - P` into the distance of a call.
#[inline]
fn plt_32(reloc: &Reloc, symbol: Symbol, piece: &mut Piece<'_>) -> Result<(), LinkError> {
    let (start, place) = (piece.start, piece.place(reloc));
    let field = call_field(reloc, start, piece.bytes)?;
    let Some(code) = symbol.code else {
        return Err(undefined(reloc, start));
    };
    let value = code.wrapping_sub(place).wrapping_add(reloc.addend as u64) as i64;
    let distance = in_reach(reloc, start, value)?;
    cover!(Links, crate::coverage::Link::Call);
    *field = distance.to_le_bytes();
    Ok(())
}

/// The distance of the near call that a field is in, if it is in one.
#[inline]
fn call_field<'a>(
    reloc: &Reloc,
    start: u32,
    code: &'a mut [u8],
) -> Result<&'a mut [u8; 4], LinkError> {
    let site = (reloc.offset.0 as usize)
        .checked_sub(CALL.len())
        .and_then(|at| code.get_mut(at..)?.first_chunk_mut::<5>());
    let found = site.as_ref().map_or([0; 2], |site| [site[0], site[1]]);
    site.filter(|_| found[..CALL.len()] == CALL)
        .and_then(|site| site.last_chunk_mut())
        .ok_or_else(|| wrong_site(reloc, start, found))
}

/// `G + GOT + A - P` into the displacement of a call or jump, or if the code is in reach,
/// `S + A - P` into the near form of it (psABI, B.2, "Optimize GOTPCRELX relocations").
#[inline]
fn got_pc_rel_x(reloc: &Reloc, symbol: Symbol, piece: &mut Piece<'_>) -> Result<(), LinkError> {
    let (start, place) = (piece.start, piece.place(reloc));
    let instruction = (reloc.offset.0 as usize)
        .checked_sub(2)
        .and_then(|at| piece.bytes.get_mut(at..))
        .and_then(|site| site.first_chunk_mut::<6>());
    let found = instruction.as_ref().map_or([0; 2], |i| [i[0], i[1]]);
    let Some(instruction) = instruction.filter(|_| found == CALL_GOT || found == JMP_GOT) else {
        return Err(wrong_site(reloc, start, found));
    };
    let value = |to: u64| to.wrapping_sub(place).wrapping_add(reloc.addend as u64) as i64;
    // The field of the near jump begins, and ends, one byte earlier.
    let earlier = i64::from(found == JMP_GOT);
    let near = symbol.code.map(|code| value(code).wrapping_add(earlier));
    if let Some(distance) = near.and_then(|near| i32::try_from(near).ok()) {
        let [d0, d1, d2, d3] = distance.to_le_bytes();
        *instruction = if found == CALL_GOT {
            cover!(Links, crate::coverage::Link::CallNear);
            [CALL_NEAR[0], CALL_NEAR[1], d0, d1, d2, d3]
        } else {
            cover!(Links, crate::coverage::Link::JumpNear);
            [JMP_NEAR, d0, d1, d2, d3, NOP]
        };
        return Ok(());
    }
    let Some(distance) = symbol.slot.map(value).or(near) else {
        return Err(undefined(reloc, start));
    };
    // What was not in reach a moment ago is not now.
    let field = in_reach(reloc, start, distance)?;
    cover!(
        Links,
        if found == CALL_GOT {
            crate::coverage::Link::CallTable
        } else {
            crate::coverage::Link::JumpTable
        }
    );
    instruction[2..].copy_from_slice(&field.to_le_bytes());
    Ok(())
}

/// `S + A - P` into a call of a function in the image; a call of the host becomes one by number.
fn bytecode_call(reloc: &Reloc, symbol: Symbol, piece: &mut Piece<'_>) -> Result<(), LinkError> {
    let (start, place) = (piece.start, piece.place(reloc));
    let site = bytecode_site(reloc, start, piece.bytes)?;
    let offset = start + reloc.offset.0;
    if site[BYTECODE_FIELD..] != UNRESOLVED.to_le_bytes() {
        return Err(LinkError::AlreadyResolved {
            symbol: reloc.target,
            kind: reloc.kind,
            offset,
        });
    }
    if let Some(callee) = symbol.host {
        cover!(
            Links,
            match reloc.target {
                ExternalName::Func(_) => crate::coverage::Link::BytecodeImport,
                ExternalName::Builtin(_) => crate::coverage::Link::BytecodeBuiltin,
            }
        );
        set_bytecode_call(site, Opcode::CallIndirectHost, callee.to_u32());
        return Ok(());
    }
    // The trap exit has an address, but is no function.
    let (Some(code), ExternalName::Func(_)) = (symbol.code, reloc.target) else {
        return Err(undefined(reloc, start));
    };
    let value = code.wrapping_sub(place).wrapping_add(reloc.addend as u64) as i64;
    let distance = in_reach(reloc, start, value)?;
    cover!(Links, crate::coverage::Link::BytecodeNear);
    set_bytecode_call(site, Opcode::Call, distance as u32);
    Ok(())
}

/// The bytecode call that a field is in, if it is in one.
fn bytecode_site<'a>(
    reloc: &Reloc,
    start: u32,
    code: &'a mut [u8],
) -> Result<&'a mut [u8; 8], LinkError> {
    let site = (reloc.offset.0 as usize)
        .checked_sub(BYTECODE_FIELD)
        .and_then(|at| code.get_mut(at..)?.first_chunk_mut::<8>());
    let found = site.as_ref().map_or([0; 2], |site| [site[0], site[1]]);
    let calls = [Opcode::Call, Opcode::CallIndirectHost].map(|op| (op as u16).to_le_bytes());
    site.filter(|_| calls.contains(&found))
        .ok_or_else(|| wrong_site(reloc, start, found))
}

fn set_bytecode_call(site: &mut [u8; 8], opcode: Opcode, field: u32) {
    site[..2].copy_from_slice(&(opcode as u16).to_le_bytes());
    site[BYTECODE_FIELD..].copy_from_slice(&field.to_le_bytes());
}

/// `S + A` into eight bytes.
fn abs_64(reloc: &Reloc, symbol: Symbol, piece: &mut Piece<'_>) -> Result<(), LinkError> {
    let (start, place) = (piece.start, piece.place(reloc));
    let field = piece
        .bytes
        .get_mut(reloc.offset.0 as usize..)
        .and_then(|bytes| bytes.first_chunk_mut::<8>());
    let Some(field) = field else {
        return Err(wrong_site(reloc, start, [0; 2]));
    };
    if !place.is_multiple_of(8) {
        return Err(LinkError::Misaligned {
            symbol: reloc.target,
            kind: reloc.kind,
            offset: start + reloc.offset.0,
            value: place % 8,
        });
    }
    let Some(code) = symbol.code else {
        return Err(undefined(reloc, start));
    };
    cover!(Links, crate::coverage::Link::Slot);
    *field = code.wrapping_add(reloc.addend as u64).to_le_bytes();
    Ok(())
}

#[cold]
fn wrong_site(reloc: &Reloc, start: u32, found: [u8; 2]) -> LinkError {
    LinkError::WrongSite {
        symbol: reloc.target,
        kind: reloc.kind,
        offset: start.wrapping_add(reloc.offset.0),
        value: u16::from_be_bytes(found),
    }
}

/// A distance, if the field has room for it.
#[inline]
fn in_reach(reloc: &Reloc, start: u32, value: i64) -> Result<i32, LinkError> {
    i32::try_from(value).map_err(|_| LinkError::OutOfRange {
        symbol: reloc.target,
        kind: reloc.kind,
        offset: start + reloc.offset.0,
        value,
    })
}

#[cold]
fn undefined(reloc: &Reloc, start: u32) -> LinkError {
    LinkError::Undefined {
        symbol: reloc.target,
        kind: reloc.kind,
        offset: start + reloc.offset.0,
    }
}
