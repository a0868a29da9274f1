//! What a location map wants to know of the bytecode backend.

use super::NARROW_SLOTS;
use super::compiler::FunctionCompiler;
use super::context::{Compare, Cond, Pending, Value};
use super::emit::frame_slot;
use super::stack::Loc;
use crate::locations::{LOOK_BACK, Location, Observed, Operand, Place, Relation, Test};
use crate::stencil::CodeOffset;

impl FunctionCompiler<'_> {
    fn place(&self, loc: Loc) -> Place {
        match (loc, self.c.cx.pending) {
            (Loc::Const(bits), _) => Place::Const(bits),
            (Loc::Slot(slot), _) => Place::Slot(frame_slot(slot)),
            (Loc::Compare, Pending::Compare(compare)) => Place::Test(test(compare)),
            (Loc::Home | Loc::Compare, _) => {
                unreachable!("at home, or a compare that is not pending")
            }
        }
    }
}

fn test(Compare { cond, lhs, rhs }: Compare) -> Test {
    let operand = |value| match value {
        Value::Slot(slot) => Operand::Slot(frame_slot(slot)),
        Value::Const(bits) => Operand::Const(bits),
    };
    Test {
        relation: match cond {
            Cond::Int(cmp, size) => Relation::Int(cmp, size),
            Cond::Float(cmp, size, negated) => Relation::Float(cmp, size, negated),
        },
        lhs: operand(lhs.value),
        rhs: operand(rhs.value),
    }
}

impl Observed for FunctionCompiler<'_> {
    fn code_before(&self, offset: CodeOffset) -> &[u8] {
        let from = offset.0.saturating_sub(LOOK_BACK);
        let code = self.c.cx.emit.buf.code_since(CodeOffset(from));
        &code[..code.len().min((offset.0 - from) as usize)]
    }

    fn is_dead(&self) -> bool {
        self.c.blocks.is_dead()
    }

    fn height(&self) -> u32 {
        self.c.cx.stack.height()
    }

    fn off_home(&self, out: &mut Vec<Location>) {
        let stack = &self.c.cx.stack;
        let first = out.len();
        out.extend(stack.off().iter().map(|&position| Location {
            position,
            place: self.place(stack.get(position).loc),
            at_home: false,
        }));
        // What is to change places has done so as far as anybody can tell.
        if let Pending::Swap(low) = self.c.cx.pending {
            let top = stack.height() - 1;
            let place = |position| match stack.get(position).loc {
                Loc::Home => Place::Slot(frame_slot(stack.get(position).home)),
                loc => self.place(loc),
            };
            let swapped = [(low, place(top)), (top, place(low))];
            out.retain({
                let mut index = 0;
                move |location| {
                    index += 1;
                    index <= first || location.position != low && location.position != top
                }
            });
            out.extend(swapped.map(|(position, place)| Location {
                position,
                place,
                at_home: false,
            }));
            out[first..].sort_unstable_by_key(|location| location.position);
        }
    }

    fn shift(&self) -> Option<(u32, u32)> {
        Some((NARROW_SLOTS, frame_slot(NARROW_SLOTS) - NARROW_SLOTS))
    }
}
