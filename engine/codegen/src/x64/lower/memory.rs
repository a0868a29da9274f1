//! Loads and stores. [`FunctionCompiler::address`] is the one door to linear memory.

use crate::settings::MemoryBounds;
use crate::stencil::TrapCode;
use crate::vmctx;
use crate::x64::compiler::FunctionCompiler;
use crate::x64::context::Operand;
use crate::x64::masm::{Alu, Cond, Mem, Size};
use crate::x64::moves;
use crate::x64::reg::Gpr;
use crate::x64::stack::Loc;
use microwasm::op::{LoadOp, MemArg, ShiftOp, StoreOp};
use microwasm::{RegClass, ValType};

impl FunctionCompiler<'_> {
    #[inline(never)]
    pub(in crate::x64) fn load(&mut self, op: LoadOp, arg: MemArg) {
        let index = self.c.cx.pop();
        let mem = self.address(index, arg, op.bytes());
        let cx = &mut self.c.cx;
        // The index is read before the result is written: they may share a register.
        if let Some(index) = mem.index() {
            cx.unhold(index);
        }
        let ty = op.ty();
        let dst = cx.alloc(ty.class());
        self.trap_site();
        let masm = &mut self.c.cx.masm;
        match ty.class() {
            RegClass::Gpr => masm.load_ext(op, dst.gpr(), mem),
            RegClass::Xmm => moves::load(masm, ty, mem, dst),
        }
        self.c.cx.push_reg(ty, dst);
    }

    #[inline(never)]
    pub(in crate::x64) fn store(&mut self, op: StoreOp, arg: MemArg) {
        let cx = &mut self.c.cx;
        let mut value = cx.pop();
        let index = cx.pop();
        let bytes = op.bytes();
        let imm = match (cx.constant(value), bytes) {
            (Some(bits), 8) => i32::try_from(bits as i64).ok(),
            (Some(bits), _) => Some(bits as u32 as i32),
            (None, _) => None,
        };
        // The value first: the address may be in the scratch register.
        if imm.is_none() {
            cx.reg(&mut value);
        }
        let mem = self.address(index, arg, bytes);
        self.trap_site();
        let cx = &mut self.c.cx;
        match (imm, value.loc) {
            (Some(imm), _) => {
                rule!(StoreImm);
                cx.masm.store_imm_narrow(bytes, mem, imm)
            }
            (None, Loc::Reg { reg, .. }) if reg.is_xmm() => {
                moves::store(&mut cx.masm, op.ty(), mem, reg)
            }
            _ => {
                let src = cx.gpr(&mut value);
                cx.masm.store_narrow(bytes, mem, src);
            }
        }
    }

    /// The memory operand of an access of `bytes` bytes, checked as the settings say.
    ///
    /// The index is an unsigned 32-bit number, zero-extended in its register; index,
    /// offset and size are added in 64 bits, where they cannot wrap around.
    /// May use the scratch register, in the operand, too.
    fn address(&mut self, mut index: Operand, arg: MemArg, bytes: u32) -> Mem {
        let offset = arg.offset as u64;
        if let Some(constant) = self.c.cx.constant(index) {
            let address = (constant as u32 as u64) + offset;
            self.check_constant(address + bytes as u64);
            return match i32::try_from(address) {
                Ok(disp) => {
                    rule!(AddressConst);
                    Mem::base(Gpr::MEMORY, disp)
                }
                Err(_) => {
                    rule!(AddressConstScratch);
                    self.c.cx.masm.mov_ri(Gpr::SCRATCH, address);
                    Mem::indexed(Gpr::MEMORY, Gpr::SCRATCH, 0)
                }
            };
        }
        let reg = self.c.cx.gpr(&mut index);
        self.check_index(reg, offset + bytes as u64);
        match i32::try_from(offset) {
            Ok(disp) => {
                rule!(AddressIndexed);
                Mem::indexed(Gpr::MEMORY, reg, disp)
            }
            Err(_) => {
                rule!(AddressIndexedScratch);
                let masm = &mut self.c.cx.masm;
                masm.mov_ri(Gpr::SCRATCH, offset);
                masm.alu_rr(Alu::Add, Size::S64, Gpr::SCRATCH, reg);
                Mem::indexed(Gpr::MEMORY, Gpr::SCRATCH, 0)
            }
        }
    }

    /// Traps unless `reg + end` is within the memory.
    fn check_index(&mut self, reg: Gpr, end: u64) {
        if self.c.settings.bounds == MemoryBounds::Guard {
            return;
        }
        let masm = &mut self.c.cx.masm;
        match i32::try_from(end) {
            Ok(end) => {
                rule!(BoundsIndex);
                masm.lea(Size::S64, Gpr::SCRATCH, Mem::base(reg, end))
            }
            Err(_) => {
                rule!(BoundsIndexScratch);
                masm.mov_ri(Gpr::SCRATCH, end);
                masm.alu_rr(Alu::Add, Size::S64, Gpr::SCRATCH, reg);
            }
        }
        self.check_scratch();
    }

    fn check_constant(&mut self, end: u64) {
        if self.c.settings.bounds == MemoryBounds::Explicit {
            rule!(BoundsConst);
            self.c.cx.masm.mov_ri(Gpr::SCRATCH, end);
            self.check_scratch();
        }
    }

    fn check_scratch(&mut self) {
        let len = Mem::base(Gpr::VMCTX, vmctx::VMCTX_MEMORY_LEN);
        self.c
            .cx
            .masm
            .alu_rm(Alu::Cmp, Size::S64, Gpr::SCRATCH, len);
        self.trap_if(Cond::GtU, TrapCode::MemoryOutOfBounds);
    }

    /// The next instruction may fault.
    fn trap_site(&mut self) {
        if self.c.settings.bounds == MemoryBounds::Guard {
            self.c.cx.masm.buf.add_trap(TrapCode::MemoryOutOfBounds);
        }
    }

    #[inline(never)]
    pub(in crate::x64) fn memory_size(&mut self) {
        let cx = &mut self.c.cx;
        let dst = cx.alloc_gpr();
        cx.masm.load(
            Size::S64,
            dst,
            Mem::base(Gpr::VMCTX, vmctx::VMCTX_MEMORY_LEN),
        );
        cx.masm.shift_ri(ShiftOp::ShrU, Size::S64, dst, 16);
        cx.push_reg(ValType::I32, dst);
    }
}
