//! Operands: bringing values where an instruction wants them.

use super::super::moves;
use super::super::reg::{Gpr, Reg, Xmm};
use super::super::stack::{Entry, Loc, VirtualStack};
use super::Context;
use microwasm::{RegClass, ValType};

/// A popped operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// Type of the value.
    pub ty: ValType,
    /// Where the value is; never [`Loc::Flags`], and [`Loc::Home`] has become [`Loc::Slot`].
    pub loc: Loc,
}

impl Operand {
    /// Whether the operand is a constant.
    #[inline]
    pub fn is_constant(self) -> bool {
        matches!(self.loc, Loc::Const(_) | Loc::Wide(_))
    }
}

impl Context {
    /// The operand's bits, if it is a constant.
    #[inline]
    pub fn constant(&self, operand: Operand) -> Option<u64> {
        self.constants.bits(operand.loc)
    }

    /// The operand as an immediate that sign-extends to its value.
    #[inline]
    pub fn imm32(&self, operand: Operand) -> Option<i32> {
        match (operand.loc, operand.ty) {
            (Loc::Const(bits), ValType::I32) => Some(bits as i32),
            (Loc::Const(bits), _) => i32::try_from(bits).ok(),
            (Loc::Wide(number), _) => i32::try_from(self.constants.wide(number) as i64).ok(),
            _ => None,
        }
    }

    /// Brings the value at `pos` into a register.
    pub fn load_entry(&mut self, pos: u32) -> Reg {
        let entry = self.stack.get(pos);
        if let Loc::Reg { reg, .. } = entry.loc {
            self.stamps[reg.index()] = self.clock;
            return reg;
        }
        let reg = self.alloc(entry.ty.class());
        // Allocation may have spilled, and so moved, the entry's source.
        let entry = self.stack.get(pos);
        match entry.loc {
            Loc::Home => {
                rule!(LoadHome);
                moves::load_slot(&mut self.masm, entry.ty, entry.home, reg);
                self.relocate(pos, Loc::Reg { reg, clean: true });
                self.cache_slot(entry.home, reg);
            }
            Loc::Slot(from) => {
                rule!(LoadSlot);
                moves::load_slot(&mut self.masm, entry.ty, from, reg);
                self.relocate(pos, Loc::Reg { reg, clean: false });
                self.cache_slot(from, reg);
            }
            Loc::Const(_) | Loc::Wide(_) => {
                rule!(LoadConst);
                self.load_constant(entry.ty, entry.loc, reg);
                self.relocate(pos, Loc::Reg { reg, clean: false });
            }
            Loc::Flags(cond) => {
                rule!(LoadFlags);
                self.masm.setcc(cond, reg.gpr());
                self.masm.movzx8(reg.gpr(), reg.gpr());
                self.relocate(pos, Loc::Reg { reg, clean: false });
            }
            Loc::Reg { .. } => unreachable!("allocating puts no value into a register"),
        }
        self.held.remove(reg);
        reg
    }

    /// `reg` now holds what is in `slot`: all who name the slot may use the register.
    fn cache_slot(&mut self, slot: u32, reg: Reg) {
        if let Some(pos) = self.stack.position_of_slot(slot)
            && let Entry { loc, ty, .. } = self.stack.get(pos)
            && loc == Loc::Home
            && (ty.class() == RegClass::Xmm) == reg.is_xmm()
            && self.stack.off().len() < VirtualStack::MAX_OFF
        {
            rule!(CacheOwner);
            self.retain(reg);
            self.stack
                .take_from_home(pos, Loc::Reg { reg, clean: true });
        }
        if self.stack.has_slot_aliases() {
            self.cache_aliases(slot, reg);
        }
    }

    #[inline(never)]
    fn cache_aliases(&mut self, slot: u32, reg: Reg) {
        for i in 0..self.stack.off().len() {
            let pos = self.stack.off()[i];
            if self.stack.get(pos).loc == Loc::Slot(slot) {
                rule!(CacheAlias);
                self.relocate(pos, Loc::Reg { reg, clean: false });
            }
        }
    }

    /// The operand in a register that must not be written; holds it.
    #[inline]
    pub fn reg(&mut self, operand: &mut Operand) -> Reg {
        if let Loc::Reg { reg, .. } = operand.loc {
            return reg;
        }
        let reg = self.load_operand(operand.ty, operand.loc);
        operand.loc = Loc::Reg { reg, clean: false };
        reg
    }

    /// The value of an operand that is in no register, in a register that must not be written.
    #[inline(never)]
    fn load_operand(&mut self, ty: ValType, loc: Loc) -> Reg {
        let reg = self.alloc(ty.class());
        if let Loc::Slot(slot) = loc {
            moves::load_slot(&mut self.masm, ty, slot, reg);
            self.cache_slot(slot, reg);
        } else {
            self.load_into(ty, loc, reg);
        }
        reg
    }

    fn load_constant(&mut self, ty: ValType, loc: Loc, reg: Reg) {
        if let Some(bits) = self.constants.bits(loc) {
            moves::constant(&mut self.masm, ty, bits, reg);
        }
    }

    /// Copies the operand into `reg`.
    #[inline]
    pub fn load_operand_into(&mut self, operand: Operand, reg: Reg) {
        self.load_into(operand.ty, operand.loc, reg);
    }

    #[inline(never)]
    fn load_into(&mut self, ty: ValType, loc: Loc, reg: Reg) {
        match loc {
            Loc::Reg { reg: from, .. } => {
                if from != reg {
                    moves::reg_to_reg(&mut self.masm, ty, from, reg);
                }
            }
            Loc::Const(_) | Loc::Wide(_) => self.load_constant(ty, loc, reg),
            Loc::Slot(slot) => moves::load_slot(&mut self.masm, ty, slot, reg),
            Loc::Flags(cond) => {
                self.masm.setcc(cond, reg.gpr());
                self.masm.movzx8(reg.gpr(), reg.gpr());
            }
            Loc::Home => unreachable!("a popped operand names its slot"),
        }
    }

    /// The operand in a general-purpose register that must not be written.
    #[inline]
    pub fn gpr(&mut self, operand: &mut Operand) -> Gpr {
        self.reg(operand).gpr()
    }

    /// The operand in a vector register that must not be written.
    #[inline]
    pub fn xmm(&mut self, operand: &mut Operand) -> Xmm {
        self.reg(operand).xmm()
    }

    /// The operand in a register that the operator may overwrite: its own if no stack entry
    /// is in it, else a copy.
    #[inline]
    pub fn reg_mut(&mut self, operand: Operand) -> Reg {
        if let Loc::Reg { reg, .. } = operand.loc
            && self.is_dead(reg)
        {
            return reg;
        }
        let reg = self.alloc(operand.ty.class());
        self.load_operand_into(operand, reg);
        reg
    }
}
