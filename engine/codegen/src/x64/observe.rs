//! What a location map wants to know of the x86-64 backend.

use super::compiler::FunctionCompiler;
use super::context::Context;
use super::stack::Loc;
use crate::locations::{LOOK_BACK, Location, Observed, Place};
use crate::stencil::CodeOffset;

impl Observed for FunctionCompiler<'_> {
    fn code_before(&self, offset: CodeOffset) -> &[u8] {
        let from = offset.0.saturating_sub(LOOK_BACK);
        let code = self.c.cx.masm.buf.code_since(CodeOffset(from));
        &code[..code.len().min((offset.0 - from) as usize)]
    }

    fn is_dead(&self) -> bool {
        self.c.blocks.is_dead()
    }

    fn height(&self) -> u32 {
        self.c.cx.stack.height()
    }

    fn off_home(&self, out: &mut Vec<Location>) {
        let Context {
            stack, constants, ..
        } = &self.c.cx;
        out.extend(stack.off().iter().map(|&position| {
            let (place, at_home) = match stack.get(position).loc {
                Loc::Home => unreachable!("listed as off home"),
                Loc::Reg { reg, clean } if reg.is_xmm() => (Place::Xmm(reg.xmm()), clean),
                Loc::Reg { reg, clean } => (Place::Gpr(reg.gpr()), clean),
                Loc::Const(bits) => (Place::Const(bits.into()), false),
                Loc::Wide(number) => (Place::Const(constants.wide(number)), false),
                Loc::Slot(slot) => (Place::Slot(slot), false),
                Loc::Flags(cond) => (Place::Flags(cond), false),
            };
            Location {
                position,
                place,
                at_home,
            }
        }));
    }

    fn shift(&self) -> Option<(u32, u32)> {
        None
    }
}
