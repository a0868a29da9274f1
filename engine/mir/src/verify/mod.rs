//! Checks the operators of a function, one at a time, on their way to a sink.
//!
//! Receives operators as every [`Sink`] does, checks each against the
//! invariants of [`op`](crate::op) and the module's declarations, and hands it
//! on to the sink behind. From the first violation on, nothing is handed on.
//! One variant of [`Violation`] per property. What is declared outside of functions
//! is checked by [`Declarations`].
//!
//! Time and memory are linear in the number of operators and of values pushed:
//! no block boundary copies the stack. Instead every stack position carries the
//! number of the push that filled it. As long as the position under a block's
//! arguments still has the number that it had at the declaration, nothing there
//! or below has been popped; and types below cannot have changed, because
//! `swap` exchanges equal types.

mod declarations;
mod ops;
mod rules;
mod stack;
mod violation;

use std::ops::Range;

use crate::module::ModuleInfo;
use crate::op::{BlockDecl, Op, Sink};
use crate::types::{FuncIndex, Label, StackHeight, ValType};

pub use declarations::Declarations;
pub use rules::Rules;
use stack::{Mark, Stack};
pub use violation::Violation;

/// A violated property and where it was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operator {op}, source {source_offset:#x}: {violation}")]
pub struct VerifyError {
    /// Number of the operator in its function, from 0.
    pub op: u32,
    /// Source offset announced last.
    pub source_offset: u32,
    /// The property.
    pub violation: Violation,
}

/// What is known of a declared label.
struct Block {
    base: StackHeight,
    prefix: Mark,
    /// Where its argument types are in [`Verifier::args`].
    args: Range<u32>,
    backward: bool,
    declared_callers: Option<u32>,
    callers: u32,
    bound: bool,
}

/// A sink that checks, and forwards to `S` what is right.
pub struct Verifier<'m, S> {
    module: &'m ModuleInfo,
    rules: &'m Rules,
    stack: Stack,
    /// By label, from label 1 on.
    blocks: Vec<Block>,
    args: Vec<ValType>,
    /// Parameters, and what `zeros` pushed.
    locals: u64,
    results: &'m [ValType],
    /// Whether the block at hand has not ended.
    open: bool,
    ops: u32,
    source_offset: u32,
    error: Option<VerifyError>,
    sink: S,
}

impl<'m, S: Sink> Verifier<'m, S> {
    /// A verifier for one function of `module`, in front of `sink`. `rules` are the
    /// module's.
    pub fn new(
        module: &'m ModuleInfo,
        rules: &'m Rules,
        func: FuncIndex,
        sink: S,
    ) -> Verifier<'m, S> {
        let ty = module.func_type(func);
        let mut stack = Stack::default();
        let pushed = stack.push_all(&ty.params);
        Verifier {
            module,
            rules,
            stack,
            blocks: Vec::new(),
            args: Vec::new(),
            locals: ty.params.len() as u64,
            results: &ty.results,
            open: true,
            ops: 0,
            source_offset: 0,
            error: pushed.err().map(|violation| VerifyError {
                op: 0,
                source_offset: 0,
                violation,
            }),
            sink,
        }
    }

    /// Ends the function. Returns the sink if every property holds.
    pub fn finish(mut self) -> Result<S, VerifyError> {
        if self.error.is_none() {
            let ended = self.end();
            self.note(ended);
        }
        match self.error {
            None => Ok(self.sink),
            Some(error) => Err(error),
        }
    }

    /// Whether a property has been violated already.
    pub fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    fn note(&mut self, result: Result<(), Violation>) {
        if let Err(violation) = result {
            let (op, source_offset) = (self.ops, self.source_offset);
            self.error = Some(VerifyError {
                op,
                source_offset,
                violation,
            });
        }
    }

    fn end(&self) -> Result<(), Violation> {
        if self.open {
            return Err(Violation::Unterminated);
        }
        for (label, block) in (1..).map(Label).zip(&self.blocks) {
            match block {
                Block { bound: false, .. } => return Err(Violation::Unbound(label)),
                Block { callers: 0, .. } => return Err(Violation::Unreached(label)),
                Block {
                    declared_callers: Some(declared),
                    callers,
                    ..
                } if callers != declared => {
                    let (declared, found) = (*declared, *callers);
                    return Err(Violation::Callers {
                        label,
                        declared,
                        found,
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check(&mut self, op: Op<'_>) -> Result<(), Violation> {
        match op {
            Op::Declare(label, decl) => return self.declare(label, decl),
            Op::Label(label) => return self.bind(label),
            _ if !self.open => return Err(Violation::Outside),
            _ => {}
        }
        match op {
            Op::Br(label) => self.branch(label)?,
            Op::BrIf { then, otherwise } => {
                self.stack.pop(ValType::I32)?;
                self.branch(then)?;
                self.branch(otherwise)?;
            }
            Op::BrTable { targets, default } => {
                self.stack.pop(ValType::I32)?;
                for &target in targets {
                    self.branch(target)?;
                }
                self.branch(default)?;
            }
            Op::Unreachable => {}
            _ => return self.plain(op),
        }
        self.open = false;
        Ok(())
    }

    fn declare(&mut self, label: Label, decl: BlockDecl<'_>) -> Result<(), Violation> {
        let expected = Label(self.blocks.len() as u32 + 1);
        if label < expected {
            return Err(Violation::Redeclared(label));
        }
        if label > expected {
            return Err(Violation::LabelOrder { label, expected });
        }
        let Some(prefix) = self.stack.mark(decl.base) else {
            let height = self.stack.height();
            return Err(Violation::Base {
                label,
                base: decl.base,
                height,
            });
        };
        let start = self.args.len() as u32;
        self.args.extend_from_slice(decl.args);
        self.blocks.push(Block {
            base: decl.base,
            prefix,
            args: start..self.args.len() as u32,
            backward: decl.backward,
            declared_callers: decl.callers,
            callers: 0,
            bound: false,
        });
        Ok(())
    }

    /// The block that a label other than [`Label::RETURN`] names.
    fn block(&mut self, label: Label) -> Result<&mut Block, Violation> {
        let index = label.index().wrapping_sub(1);
        self.blocks
            .get_mut(index)
            .ok_or(Violation::Undeclared(label))
    }

    /// An edge from here to `label`. The stack stays, for other edges.
    fn branch(&mut self, label: Label) -> Result<(), Violation> {
        if label == Label::RETURN {
            return self.stack.expect_top(self.results, StackHeight(0));
        }
        let block = self.block(label)?;
        if block.bound && !block.backward {
            return Err(Violation::Backward(label));
        }
        block.callers += 1;
        if let Some(declared) = block
            .declared_callers
            .filter(|&declared| block.callers > declared)
        {
            return Err(Violation::Callers {
                label,
                declared,
                found: block.callers,
            });
        }
        let (base, prefix, args) = (block.base, block.prefix, block.args.clone());
        let args = &self.args[args.start as usize..args.end as usize];
        self.stack.expect_top(args, base)?;
        match self.stack.unchanged(base, prefix) {
            true => Ok(()),
            false => Err(Violation::Prefix(label)),
        }
    }

    fn bind(&mut self, label: Label) -> Result<(), Violation> {
        if self.open {
            return Err(Violation::RunsInto(label));
        }
        if label == Label::RETURN {
            return Err(Violation::Rebound(label));
        }
        let block = self.block(label)?;
        if block.bound {
            return Err(Violation::Rebound(label));
        }
        if block.callers == 0 && !block.backward {
            return Err(Violation::Unreached(label));
        }
        block.bound = true;
        let (base, prefix, args) = (block.base, block.prefix, block.args.clone());
        if !self.stack.unchanged(base, prefix) {
            return Err(Violation::Prefix(label));
        }
        self.stack.truncate(base);
        let args = &self.args[args.start as usize..args.end as usize];
        self.stack.push_all(args)?;
        self.open = true;
        Ok(())
    }
}

impl<S: Sink> Sink for Verifier<'_, S> {
    fn op(&mut self, op: Op<'_>) {
        if self.error.is_some() {
            return;
        }
        let checked = self.check(op);
        self.note(checked);
        if self.error.is_none() {
            self.ops += 1;
            self.sink.op(op);
        }
    }

    fn source(&mut self, offset: u32) {
        if self.error.is_none() {
            self.source_offset = offset;
            self.sink.source(offset);
        }
    }
}
