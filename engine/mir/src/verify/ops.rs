//! Typing of the operators that stay within a block.

use super::{Verifier, Violation};
use crate::module::ModuleInfo;
use crate::op::{Const, Op, Sink};
use crate::types::{FuncIndex, ValType};
use crate::typing::{self, Operands};
use crate::wasm::LimitKind;

impl<'m, S: Sink> Verifier<'m, S> {
    pub(super) fn plain(&mut self, op: Op<'_>) -> Result<(), Violation> {
        match op {
            Op::Pick(depth) => {
                let ty = self.stack.peek(depth)?;
                self.stack.push(ty)
            }
            Op::Swap(depth) => self.swap(depth),
            Op::Const(Const::Null(found)) if !found.is_ref() => {
                Err(Violation::NotReference { found })
            }
            Op::Zeros { ty, count } => {
                self.locals += u64::from(count);
                self.rules.check(LimitKind::Locals, self.locals)?;
                self.stack.push_many(ty, count)
            }
            _ => typing::apply(self, op),
        }
    }

    fn swap(&mut self, depth: u32) -> Result<(), Violation> {
        if depth == 0 {
            return Err(Violation::SwapSelf);
        }
        let (found, expected) = (self.stack.peek(0)?, self.stack.peek(depth)?);
        if found == expected {
            Ok(())
        } else {
            Err(Violation::Type { expected, found })
        }
    }
}

impl<'m, S> Operands<'m> for Verifier<'m, S> {
    type Error = Violation;

    fn module(&self) -> &'m ModuleInfo {
        self.module
    }

    fn is_reference(&self, func: FuncIndex) -> bool {
        self.rules.is_reference(func)
    }

    fn push(&mut self, ty: ValType) -> Result<(), Violation> {
        self.stack.push(ty)
    }

    fn pop(&mut self, expected: ValType) -> Result<(), Violation> {
        self.stack.pop(expected)
    }

    fn pop_any(&mut self) -> Result<(), Violation> {
        self.stack.pop_any().map(|_| ())
    }

    fn pop_reference(&mut self) -> Result<(), Violation> {
        match self.stack.pop_any()? {
            found if found.is_ref() => Ok(()),
            found => Err(Violation::NotReference { found }),
        }
    }

    fn apply(&mut self, params: &[ValType], results: &[ValType]) -> Result<(), Violation> {
        self.stack.pop_all(params)?;
        self.stack.push_all(results)
    }
}
