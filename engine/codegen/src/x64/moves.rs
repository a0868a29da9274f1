//! Moves between registers, frame slots and the stack areas of calls. Flags are left alone.
//!
//! The order of parallel moves is [`crate::moves`]'; here each becomes instructions.

use super::masm::{Masm, Mem, Patch32, Size};
use super::reg::{Gpr, Reg, Xmm};
pub use crate::moves::{Dst, Move, MoveEmitter, MoveResolver, Src};
use microwasm::ValType;

/// Makes moves with the macro-assembler.
pub struct MasmMoves<'a> {
    /// The macro-assembler.
    pub masm: &'a mut Masm,
    /// Displacement fields of accesses to the caller's stack area, with the offset
    /// within it: they depend on the frame size and are filled in at the end.
    pub caller_fields: &'a mut Vec<(Patch32, u32)>,
}

impl MoveEmitter for MasmMoves<'_> {
    fn emit(&mut self, mv: &Move) {
        let &Move { ty, src, dst } = mv;
        cover!(X64Moves, source_kind(src, ty), destination_kind(dst));
        let masm = &mut *self.masm;
        match (src, dst) {
            (Src::Const(bits), _) => self.constant(ty, bits, dst),
            (Src::Reg(s), Dst::Reg(d)) => reg_to_reg(masm, ty, s, d),
            (Src::Slot(s), Dst::Reg(d)) => load_slot(masm, ty, s, d),
            (Src::Reg(s), Dst::Slot(d)) => store_slot(masm, ty, d, s),
            (Src::Reg(s), _) => self.store(ty, s, dst),
            (Src::Slot(s), _) => self.copy_slot(ty, s, dst),
        }
    }

    fn scratch(&mut self, place: Dst, ty: ValType) -> Dst {
        Dst::Reg(match place {
            Dst::Reg(r) if r.is_xmm() => Xmm::SCRATCH.into(),
            _ if ty == ValType::V128 => Xmm::SCRATCH.into(),
            _ => Gpr::SCRATCH.into(),
        })
    }

    fn is_scratch(&self, place: Dst) -> bool {
        [Gpr::SCRATCH.into(), Xmm::SCRATCH.into()]
            .map(Dst::Reg)
            .contains(&place)
    }
}

impl MasmMoves<'_> {
    #[cold]
    fn copy_slot(&mut self, ty: ValType, from: u32, dst: Dst) {
        // Through the vector scratch register: r11 may hold a cycle's saved value.
        vector_load(self.masm, ty, slot(from), Xmm::SCRATCH);
        self.store(ty, Xmm::SCRATCH.into(), dst);
    }

    fn constant(&mut self, ty: ValType, bits: u64, dst: Dst) {
        let masm = &mut *self.masm;
        match dst {
            Dst::Reg(d) => constant(masm, ty, bits, d),
            Dst::Slot(s) => store_constant(masm, ty, bits, slot(s)),
            Dst::Out(off) => store_constant(masm, ty, bits, Mem::base(Gpr::RSP, off as i32)),
            Dst::Caller(_) => {
                masm.mov_ri(Gpr::SCRATCH, bits);
                self.store(ty, Gpr::SCRATCH.into(), dst);
            }
        }
    }

    fn store(&mut self, ty: ValType, reg: Reg, dst: Dst) {
        let masm = &mut *self.masm;
        match dst {
            Dst::Slot(s) => store_slot(masm, ty, s, reg),
            Dst::Out(off) => store(masm, ty, Mem::base(Gpr::RSP, off as i32), reg),
            Dst::Caller(off) => {
                let field = if reg.is_xmm() {
                    masm.fstore_patchable(Size::S64, reg.xmm())
                } else {
                    masm.store_patchable(Size::S64, reg.gpr())
                };
                self.caller_fields.push((field, off));
            }
            Dst::Reg(_) => unreachable!("moves to registers are not stores"),
        }
    }
}

/// The memory operand of a frame slot.
#[inline]
pub fn slot(slot: u32) -> Mem {
    Mem::slot(8 * slot as i32)
}

/// Operand size of a value of type `ty` in a general-purpose register or slot.
#[inline]
pub fn size_of(ty: ValType) -> Size {
    match ty {
        ValType::I32 | ValType::F32 => Size::S32,
        _ => Size::S64,
    }
}

/// Copies a value between registers of any class.
#[inline]
pub fn reg_to_reg(masm: &mut Masm, ty: ValType, src: Reg, dst: Reg) {
    match (src.is_xmm(), dst.is_xmm()) {
        (false, false) => masm.mov_rr(size_of(ty), dst.gpr(), src.gpr()),
        (true, true) => masm.fmov_rr(dst.xmm(), src.xmm()),
        (false, true) => masm.gpr_to_xmm(size_of(ty), dst.xmm(), src.gpr()),
        (true, false) => masm.xmm_to_gpr(size_of(ty), dst.gpr(), src.xmm()),
    }
}

/// Loads a value of type `ty` from a frame slot into a register of either class.
#[inline]
pub fn load_slot(masm: &mut Masm, ty: ValType, from: u32, dst: Reg) {
    if !dst.is_xmm() {
        masm.load_slot(size_of(ty), dst.gpr(), 8 * from as i32)
    } else {
        vector_load(masm, ty, slot(from), dst.xmm())
    }
}

/// Stores a value of type `ty` from a register of either class into a frame slot.
#[inline]
pub fn store_slot(masm: &mut Masm, ty: ValType, to: u32, src: Reg) {
    if !src.is_xmm() {
        masm.store_slot(size_of(ty), 8 * to as i32, src.gpr())
    } else {
        store(masm, ty, slot(to), src)
    }
}

/// Loads a value of type `ty` into a register of either class.
#[inline]
pub fn load(masm: &mut Masm, ty: ValType, mem: Mem, dst: Reg) {
    if !dst.is_xmm() {
        masm.load(size_of(ty), dst.gpr(), mem)
    } else {
        vector_load(masm, ty, mem, dst.xmm())
    }
}

/// Stores a value of type `ty` from a register of either class.
#[inline]
pub fn store(masm: &mut Masm, ty: ValType, mem: Mem, src: Reg) {
    if !src.is_xmm() {
        masm.store(size_of(ty), mem, src.gpr())
    } else if ty == ValType::V128 {
        masm.vstore(mem, src.xmm())
    } else {
        masm.fstore(size_of(ty), mem, src.xmm())
    }
}

/// Puts a constant into a register; leaves the flags alone, may overwrite `r11`.
pub fn constant(masm: &mut Masm, ty: ValType, bits: u64, dst: Reg) {
    if !dst.is_xmm() {
        masm.mov_ri(dst.gpr(), bits);
    } else if bits == 0 {
        masm.fzero(dst.xmm());
    } else {
        masm.mov_ri(Gpr::SCRATCH, bits);
        masm.gpr_to_xmm(size_of(ty), dst.xmm(), Gpr::SCRATCH);
    }
}

/// Stores a constant; leaves the flags alone, may overwrite `r11`.
pub fn store_constant(masm: &mut Masm, ty: ValType, bits: u64, mem: Mem) {
    match size_of(ty) {
        Size::S32 => masm.store_imm(Size::S32, mem, bits as u32 as i32),
        Size::S64 => match i32::try_from(bits as i64) {
            Ok(imm) => masm.store_imm(Size::S64, mem, imm),
            Err(_) => {
                masm.mov_ri(Gpr::SCRATCH, bits);
                masm.store(Size::S64, mem, Gpr::SCRATCH);
            }
        },
    }
}

/// Loads the bits of a value of any type into a vector register.
fn vector_load(masm: &mut Masm, ty: ValType, mem: Mem, dst: Xmm) {
    if ty == ValType::V128 {
        masm.vload(dst, mem)
    } else {
        masm.fload(size_of(ty), dst, mem)
    }
}

#[cfg(feature = "coverage")]
fn source_kind(src: Src, ty: ValType) -> usize {
    use crate::coverage::Kind;
    match src {
        Src::Reg(reg) => usize::from(reg.is_xmm()),
        Src::Slot(_) => 2,
        Src::Const(bits) => 3 + usize::from(Kind::of_constant(ty, bits) == Kind::Constant),
    }
}

#[cfg(feature = "coverage")]
fn destination_kind(dst: Dst) -> usize {
    match dst {
        Dst::Reg(reg) => usize::from(reg.is_xmm()),
        Dst::Slot(_) => 2,
        Dst::Out(_) => 3,
        Dst::Caller(_) => 4,
    }
}
