//! Checks the operators of a function, one at a time, on their way to a sink.
//!
//! Receives operators as every [`Sink`] does, checks each against the
//! invariants of [`op`](crate::op) and the module's declarations, and hands it
//! on to the sink behind. From the first violation on, nothing is handed on.
//! One variant of [`Violation`] per property.
//!
//! Time and memory are linear in the number of operators and of values pushed:
//! no block boundary copies the stack. Instead every stack position carries the
//! number of the push that filled it. As long as the position under a block's
//! arguments still has the number that it had at the declaration, nothing there
//! or below has been popped; and types below cannot have changed, because
//! `swap` exchanges equal types.

mod ops;
mod stack;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::module::ModuleInfo;
use crate::op::{BlockDecl, Op, Sink};
use crate::types::{FuncIndex, GlobalIndex, Label, StackHeight, ValType};

use stack::{Mark, Stack};

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

/// Which property of [`op`](crate::op) does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// More values popped or looked at than there are.
    #[error("stack height is {height}, but {needed} values are needed")]
    Underflow {
        /// Values on the stack.
        height: u32,
        /// Values needed.
        needed: u32,
    },
    /// More values pushed than any source has.
    #[error("stack grows above {limit} values")]
    Overflow {
        /// The most there can be.
        limit: u32,
    },
    /// An operand has the wrong type.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What the operator takes.
        expected: ValType,
        /// What is there.
        found: ValType,
    },
    /// An operand should be a reference.
    #[error("expected a reference, found {found}")]
    NotReference {
        /// What is there.
        found: ValType,
    },
    /// A `swap` of the top with itself.
    #[error("swap 0")]
    SwapSelf,
    /// An index out of range.
    #[error("{space} {index} does not exist")]
    Index {
        /// The index space.
        space: &'static str,
        /// The index.
        index: u32,
    },
    /// A `global.set` of what cannot be set.
    #[error("global {0} is immutable")]
    Immutable(GlobalIndex),
    /// A label declared twice, or [`Label::RETURN`] declared.
    #[error("label {0} is declared already")]
    Redeclared(Label),
    /// A branch to, or binding of, a label that is not declared.
    #[error("label {0} is not declared")]
    Undeclared(Label),
    /// A label bound twice, or [`Label::RETURN`] bound.
    #[error("label {0} is bound already")]
    Rebound(Label),
    /// A declared label that is never bound.
    #[error("label {0} is never bound")]
    Unbound(Label),
    /// A block that nothing branches to.
    #[error("nothing branches to label {0}")]
    Unreached(Label),
    /// A branch backwards to a label that is not declared for it.
    #[error("label {0} is bound already, and not a backward target")]
    Backward(Label),
    /// Other than the declared number of branches.
    #[error("label {label} has {found} callers, {declared} declared")]
    Callers {
        /// The label.
        label: Label,
        /// As declared.
        declared: u32,
        /// As found.
        found: u32,
    },
    /// A declaration whose base is above the stack.
    #[error("base {base} of label {label} is above the stack of {height}")]
    Base {
        /// The label.
        label: Label,
        /// As declared.
        base: StackHeight,
        /// Values on the stack.
        height: u32,
    },
    /// Values below a block's arguments were popped between its declaration and a use.
    #[error("the stack below label {0} has changed since its declaration")]
    Prefix(Label),
    /// An operator after the end of a block and before the next label.
    #[error("operator outside of a block")]
    Outside,
    /// A label in the middle of a block, which must end in a branch.
    #[error("block runs into label {0}")]
    RunsInto(Label),
    /// The function ends in the middle of a block.
    #[error("function ends without a branch")]
    Unterminated,
}

/// What is known of a declared label.
struct Block {
    base: StackHeight,
    prefix: Mark,
    args: Box<[ValType]>,
    backward: bool,
    declared_callers: Option<u32>,
    callers: u32,
    bound: bool,
}

/// A sink that checks, and forwards to `S` what is right.
pub struct Verifier<'m, S> {
    module: &'m ModuleInfo,
    stack: Stack,
    blocks: HashMap<Label, Block>,
    results: &'m [ValType],
    /// Whether the block at hand has not ended.
    open: bool,
    ops: u32,
    source_offset: u32,
    error: Option<VerifyError>,
    sink: S,
}

impl<'m, S: Sink> Verifier<'m, S> {
    /// A verifier for one function of `module`, in front of `sink`.
    pub fn new(module: &'m ModuleInfo, func: FuncIndex, sink: S) -> Verifier<'m, S> {
        let ty = module.func_type(func);
        let mut stack = Stack::default();
        let pushed = stack.push_all(&ty.params);
        Verifier {
            module,
            stack,
            blocks: HashMap::new(),
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
        let mut blocks: Vec<_> = self.blocks.iter().collect();
        blocks.sort_unstable_by_key(|(label, _)| **label);
        for (&label, block) in blocks {
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
        let Some(prefix) = self.stack.mark(decl.base) else {
            let height = self.stack.height();
            return Err(Violation::Base {
                label,
                base: decl.base,
                height,
            });
        };
        let Entry::Vacant(entry) = self.blocks.entry(label) else {
            return Err(Violation::Redeclared(label));
        };
        if label == Label::RETURN {
            return Err(Violation::Redeclared(label));
        }
        entry.insert(Block {
            base: decl.base,
            prefix,
            args: decl.args.into(),
            backward: decl.backward,
            declared_callers: decl.callers,
            callers: 0,
            bound: false,
        });
        Ok(())
    }

    /// An edge from here to `label`. The stack stays, for other edges.
    fn branch(&mut self, label: Label) -> Result<(), Violation> {
        if label == Label::RETURN {
            return self.stack.expect_top(self.results, StackHeight(0));
        }
        let block = self
            .blocks
            .get_mut(&label)
            .ok_or(Violation::Undeclared(label))?;
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
        self.stack.expect_top(&block.args, block.base)?;
        match self.stack.unchanged(block.base, block.prefix) {
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
        let block = self
            .blocks
            .get_mut(&label)
            .ok_or(Violation::Undeclared(label))?;
        if block.bound {
            return Err(Violation::Rebound(label));
        }
        if block.callers == 0 && !block.backward {
            return Err(Violation::Unreached(label));
        }
        if !self.stack.unchanged(block.base, block.prefix) {
            return Err(Violation::Prefix(label));
        }
        block.bound = true;
        self.stack.truncate(block.base);
        self.stack.push_all(&block.args)?;
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
        self.source_offset = offset;
        if self.error.is_none() {
            self.sink.source(offset);
        }
    }
}
