//! The types on the stack, as validation knows them (Wasm spec, appendix "Validation Algorithm").
//!
//! Locals are the bottom of the stack, so that in reachable code this is the virtual stack itself:
//! nobody else keeps its height.
//!
//! A yes or no is all that is asked for. Who is told *no* has the body validated once more, by
//! wasmparser, which says what is wrong and where.

use wasmparser::{ValidatorResources, WasmModuleResources};

use crate::module::ModuleInfo;
use crate::types::{FuncIndex, StackHeight, ValType};
use crate::typing;
use crate::verify::Violation;

/// A type, or what unreachable code pops from below its construct: any type.
pub(super) type Operand = Option<ValType>;

/// The operator is not valid here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mistake;

impl From<Violation> for Mistake {
    fn from(_: Violation) -> Mistake {
        Mistake
    }
}

pub(super) type Checked = Result<(), Mistake>;

pub(super) struct Operands<'t> {
    module: &'t ModuleInfo,
    resources: &'t ValidatorResources,
    types: Vec<Operand>,
    /// Parameters and declared locals.
    locals: usize,
    /// Height of the stack when the innermost construct began, its parameters not counted.
    base: usize,
    /// Whether there is no end of operands of any type at `base`.
    polymorphic: bool,
}

impl<'t> Operands<'t> {
    pub(super) fn new(
        module: &'t ModuleInfo,
        resources: &'t ValidatorResources,
        mut types: Vec<Operand>,
    ) -> Operands<'t> {
        types.clear();
        Operands {
            module,
            resources,
            types,
            locals: 0,
            base: 0,
            polymorphic: false,
        }
    }

    pub(super) fn into_types(self) -> Vec<Operand> {
        self.types
    }

    #[inline]
    pub(super) fn height(&self) -> u32 {
        self.types.len() as u32
    }

    /// The type of the topmost operand.
    #[inline]
    pub(super) fn top(&self) -> Operand {
        self.types.last().copied().flatten()
    }

    /// Adds locals, while there are no operands yet.
    pub(super) fn add_locals(&mut self, ty: ValType, count: u32) {
        self.types
            .resize(self.types.len() + count as usize, Some(ty));
        self.locals = self.types.len();
        self.base = self.locals;
    }

    #[inline]
    pub(super) fn local(&self, index: u32) -> Result<ValType, Mistake> {
        match self.types.get(index as usize) {
            Some(&Some(ty)) if (index as usize) < self.locals => Ok(ty),
            _ => Err(Mistake),
        }
    }

    /// Begins a construct with these operands as parameters; returns its base.
    #[inline]
    pub(super) fn enter(&mut self, params: &[ValType]) -> Result<StackHeight, Mistake> {
        self.replace(params)?;
        self.base = self.types.len() - params.len();
        self.polymorphic = false;
        Ok(StackHeight(self.base as u32))
    }

    /// Ends an arm of the innermost construct, which must leave exactly its results.
    #[inline]
    pub(super) fn leave(&mut self, results: &[ValType]) -> Checked {
        self.replace(results)?;
        if self.types.len() == self.base + results.len() {
            Ok(())
        } else {
            Err(Mistake)
        }
    }

    /// Goes on in the construct around, with the results of the one that was left.
    #[inline]
    pub(super) fn resume(&mut self, base: StackHeight, polymorphic: bool) {
        self.base = base.index();
        self.polymorphic = polymorphic;
    }

    /// Begins the second arm of the innermost construct.
    pub(super) fn restart(&mut self, params: &[ValType]) {
        self.types.truncate(self.base);
        self.push_all(params);
        self.polymorphic = false;
    }

    /// From here on code is unreachable, to the end of the construct.
    #[inline]
    pub(super) fn give_up(&mut self) {
        self.types.truncate(self.base);
        self.polymorphic = true;
    }

    /// Pops these types and pushes them again.
    #[inline]
    pub(super) fn replace(&mut self, types: &[ValType]) -> Checked {
        if self.are_on_top(types) {
            return Ok(());
        }
        self.pop_all(types)?;
        self.push_all(types);
        Ok(())
    }

    /// Whether these types could be popped. What is popped stays, known or not.
    pub(super) fn accept(&self, types: &[ValType]) -> Checked {
        let operands = &self.types[self.base..];
        let fit = types
            .iter()
            .rev()
            .zip(operands.iter().rev())
            .all(|(&expected, &found)| found.is_none_or(|found| found == expected));
        if fit && (self.polymorphic || operands.len() >= types.len()) {
            Ok(())
        } else {
            Err(Mistake)
        }
    }

    #[inline]
    pub(super) fn pop_all(&mut self, types: &[ValType]) -> Checked {
        types
            .iter()
            .rev()
            .try_for_each(|&ty| typing::Operands::pop(self, ty))
    }

    /// Pops the operands of a `select` without a type and pushes its result.
    #[inline]
    pub(super) fn select(&mut self) -> Checked {
        typing::Operands::pop(self, ValType::I32)?;
        let (second, first) = (self.take()?, self.take()?);
        let is_number = |operand: Operand| operand.is_none_or(|ty| !ty.is_ref());
        let same = first == second || first.is_none() || second.is_none();
        if !same || !is_number(first) || !is_number(second) {
            return Err(Mistake);
        }
        self.types.push(first.or(second));
        Ok(())
    }

    #[inline]
    fn push_all(&mut self, types: &[ValType]) {
        self.types.extend(types.iter().map(|&ty| Some(ty)));
    }

    #[inline]
    fn are_on_top(&self, types: &[ValType]) -> bool {
        let operands = &self.types[self.base..];
        let Some(below) = operands.len().checked_sub(types.len()) else {
            return false;
        };
        types
            .iter()
            .zip(&operands[below..])
            .all(|(&expected, &found)| found == Some(expected))
    }

    #[inline]
    fn take(&mut self) -> Result<Operand, Mistake> {
        if self.types.len() > self.base {
            Ok(self.types.pop().flatten())
        } else if self.polymorphic {
            Ok(None)
        } else {
            Err(Mistake)
        }
    }

    /// Pops what is not known to be of that type.
    #[cold]
    fn pop_unknown(&mut self) -> Checked {
        match self.take()? {
            None => Ok(()),
            Some(_) => Err(Mistake),
        }
    }
}

impl<'t> typing::Operands<'t> for Operands<'t> {
    type Error = Mistake;

    #[inline]
    fn module(&self) -> &'t ModuleInfo {
        self.module
    }

    fn is_reference(&self, func: FuncIndex) -> bool {
        self.resources.is_function_referenced(func.0)
    }

    #[inline]
    fn push(&mut self, ty: ValType) -> Checked {
        self.types.push(Some(ty));
        Ok(())
    }

    #[inline]
    fn pop(&mut self, expected: ValType) -> Checked {
        if self.types.len() > self.base && self.types.last() == Some(&Some(expected)) {
            self.types.pop();
            Ok(())
        } else {
            self.pop_unknown()
        }
    }

    #[inline]
    fn pop_any(&mut self) -> Checked {
        self.take().map(|_| ())
    }

    fn pop_reference(&mut self) -> Checked {
        match self.take()? {
            Some(ty) if !ty.is_ref() => Err(Mistake),
            _ => Ok(()),
        }
    }

    #[inline]
    fn apply(&mut self, params: &[ValType], results: &[ValType]) -> Checked {
        if self.are_on_top(params) {
            self.types.truncate(self.types.len() - params.len());
        } else {
            self.pop_all(params)?;
        }
        self.push_all(results);
        Ok(())
    }

    #[inline]
    fn unary(&mut self, from: ValType, to: ValType) -> Checked {
        if self.types.len() > self.base
            && let Some(top) = self.types.last_mut()
            && *top == Some(from)
        {
            *top = Some(to);
            return Ok(());
        }
        self.pop_unknown()?;
        self.push(to)
    }

    #[inline]
    fn binary(&mut self, of: ValType, to: ValType) -> Checked {
        if self.types.len() >= self.base + 2
            && let [.., first, second] = self.types.as_mut_slice()
            && [*first, *second] == [Some(of), Some(of)]
        {
            *first = Some(to);
            self.types.pop();
            return Ok(());
        }
        self.pop(of)?;
        self.pop(of)?;
        self.push(to)
    }
}
