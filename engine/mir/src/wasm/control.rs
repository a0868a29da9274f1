//! The state of translating one function, and structured control.
//!
//! Wasm's `block`, `loop` and `if` become Microwasm blocks. Of a construct's
//! blocks only those are declared that something branches to:
//!
//! - The end of a `block` or `if` is declared by the first branch to it. Without
//!   one, its end is no block boundary at all.
//! - A `loop`'s header is declared where it begins, as a backward target.
//! - An `if` declares both of its arms. Without an `else`, the second is where
//!   the `if` ends, unless something has branched to the end: an `else` might
//!   still have come, so that such branches have a label of their own.
//!
//! Invariants:
//! - `frames` holds the constructs that were entered in reachable code;
//!   `dead_depth` counts those inside of unreachable code, of which nothing is
//!   emitted and nothing needs to be known.
//! - While `reachable`, the validator's operands above the locals are exactly
//!   the virtual stack, so that its height needs no bookkeeping of its own.
//! - Every label that is bound has been branched to before, or is a loop's.

use wasmparser::{FuncValidator, FuncValidatorAllocations, ValidatorResources};

use super::convert::{BlockSig, val_type};
use super::error::{WasmError, invalid, narrow};
use super::limits::{LimitExceeded, LimitKind};
use crate::module::ModuleInfo;
use crate::op::{BlockDecl, Branch, Op, Sink};
use crate::types::{Label, StackHeight, TypeIndex, ValType};

/// What the visitor returns: one word, so that success costs a register test.
pub(super) type Visit = Result<(), Box<WasmError>>;

/// A construct that has been entered and not left.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    kind: FrameKind,
    sig: BlockSig,
    /// Height of the stack below the parameters, which is that below the results.
    base: StackHeight,
    /// What a branch to the construct goes to, once there has been one.
    label: Option<Label>,
}

#[derive(Clone, Copy)]
enum FrameKind {
    Func,
    /// A `block`, or the second arm of an `if`.
    Block,
    Loop,
    /// The first arm of an `if`, with the label of the second.
    If(Label),
}

/// State of the translation of one function.
pub(super) struct Translator<'t, S> {
    pub(super) validator: FuncValidator<ValidatorResources>,
    /// Offset of the operator at hand.
    pub(super) offset: u64,
    pub(super) reachable: bool,
    /// The validator's innermost construct, which the reader asks for at every operator.
    pub(super) innermost: Option<wasmparser::FrameKind>,
    dead_depth: u32,
    /// Parameters and declared locals: the bottom of the virtual stack.
    locals: u32,
    labels: u32,
    max_nesting: u32,
    module: &'t ModuleInfo,
    pub(super) sink: &'t mut S,
    /// Whether the sink wants to know where operators come from.
    sources: bool,
    frames: &'t mut Vec<Frame>,
    targets: &'t mut Vec<Label>,
}

impl<'t, S: Sink> Translator<'t, S> {
    pub(super) fn new(
        validator: FuncValidator<ValidatorResources>,
        sig: TypeIndex,
        module: &'t ModuleInfo,
        (frames, targets): (&'t mut Vec<Frame>, &'t mut Vec<Label>),
        sink: &'t mut S,
        max_nesting: u32,
    ) -> Translator<'t, S> {
        frames.clear();
        frames.push(Frame {
            kind: FrameKind::Func,
            sig: BlockSig::Func(sig),
            base: StackHeight(0),
            label: Some(Label::RETURN),
        });
        Translator {
            locals: validator.len_locals(),
            validator,
            offset: 0,
            reachable: true,
            innermost: Some(wasmparser::FrameKind::Block),
            dead_depth: 0,
            labels: Label::RETURN.0,
            max_nesting,
            module,
            sources: sink.wants_source(),
            sink,
            frames,
            targets,
        }
    }

    pub(super) fn into_allocations(self) -> FuncValidatorAllocations {
        self.validator.into_allocations()
    }

    /// Adds a group of locals, pushed as zeros.
    pub(super) fn define_locals(
        &mut self,
        offset: u64,
        count: u32,
        ty: wasmparser::ValType,
        limit: u32,
    ) -> Result<(), WasmError> {
        let value = u64::from(self.locals) + u64::from(count);
        if value > u64::from(limit) {
            let offset = narrow(offset);
            let kind = LimitKind::Locals;
            return Err(WasmError::Limit(LimitExceeded {
                kind,
                value,
                limit,
                offset,
            }));
        }
        self.validator
            .define_locals(offset, count, ty)
            .map_err(invalid)?;
        if count > 0 {
            self.locals += count;
            self.sink.source(narrow(offset));
            self.sink.op(Op::Zeros {
                ty: val_type(ty, offset)?,
                count,
            });
        }
        Ok(())
    }

    /// Height of the virtual stack, in reachable code.
    #[inline]
    pub(super) fn height(&self) -> u32 {
        self.locals + self.validator.operand_stack_height()
    }

    /// Called when the validator has entered or left a construct.
    #[inline]
    pub(super) fn frame_changed(&mut self) {
        self.innermost = self.validator.get_control_frame(0).map(|frame| frame.kind);
    }

    #[inline]
    pub(super) fn source(&mut self) {
        if self.sources {
            self.tell_source();
        }
    }

    #[cold]
    #[inline(never)]
    fn tell_source(&mut self) {
        self.sink.source(narrow(self.offset));
    }

    fn new_label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels)
    }

    /// Branches to `target` if the condition on top of the stack is met, which is popped already
    /// as far as the validator knows, and goes on behind it.
    fn branch(&mut self, target: Label, when: bool) {
        let next = self.new_label();
        let height = StackHeight(self.height());
        self.sink.branch(Branch {
            target,
            when,
            next,
            height,
        });
    }

    fn declare(&mut self, base: StackHeight, args: &[ValType], backward: bool) -> Label {
        let label = self.new_label();
        self.sink.op(Op::Declare(
            label,
            BlockDecl {
                base,
                args,
                backward,
                callers: None,
            },
        ));
        label
    }

    /// The label of the construct `depth` levels out, declared if need be.
    #[inline]
    fn target(&mut self, depth: u32) -> Label {
        let frame = self.frames.len() - 1 - depth as usize;
        let Frame {
            sig, base, label, ..
        } = self.frames[frame];
        if let Some(label) = label {
            return label;
        }
        let module = self.module;
        let label = self.declare(base, sig.results(&module.types), false);
        self.frames[frame].label = Some(label);
        label
    }

    /// Height of the stack below a construct's parameters, which are on top.
    #[inline]
    fn base(&self, sig: BlockSig) -> StackHeight {
        StackHeight(self.height() - sig.params(&self.module.types).len() as u32)
    }

    /// Whether the construct that begins here is in reachable code; counts it if not.
    #[inline]
    fn enter(&mut self) -> Result<bool, Box<WasmError>> {
        let nesting = self.frames.len() as u32 + self.dead_depth;
        if nesting > self.max_nesting {
            return Err(self.nested_too_deeply(nesting));
        }
        if !self.reachable {
            self.dead_depth += 1;
            return Ok(false);
        }
        self.source();
        Ok(true)
    }

    #[cold]
    fn nested_too_deeply(&self, nesting: u32) -> Box<WasmError> {
        Box::new(WasmError::Limit(LimitExceeded {
            kind: LimitKind::Nesting,
            value: u64::from(nesting),
            limit: self.max_nesting,
            offset: narrow(self.offset),
        }))
    }

    pub(super) fn block(&mut self, ty: wasmparser::BlockType) -> Visit {
        if self.enter()? {
            let sig = BlockSig::new(ty, self.offset)?;
            let base = self.base(sig);
            self.frames.push(Frame {
                kind: FrameKind::Block,
                sig,
                base,
                label: None,
            });
        }
        Ok(())
    }

    pub(super) fn loop_(&mut self, ty: wasmparser::BlockType) -> Visit {
        if self.enter()? {
            let sig = BlockSig::new(ty, self.offset)?;
            let base = self.base(sig);
            let module = self.module;
            let header = self.declare(base, sig.params(&module.types), true);
            self.sink.op(Op::Br(header));
            self.sink.op(Op::Label(header));
            self.frames.push(Frame {
                kind: FrameKind::Loop,
                sig,
                base,
                label: Some(header),
            });
        }
        Ok(())
    }

    pub(super) fn if_(&mut self, ty: wasmparser::BlockType) -> Visit {
        if self.enter()? {
            let sig = BlockSig::new(ty, self.offset)?;
            let base = self.base(sig);
            let module = self.module;
            let otherwise = self.declare(base, sig.params(&module.types), false);
            self.branch(otherwise, false);
            self.frames.push(Frame {
                kind: FrameKind::If(otherwise),
                sig,
                base,
                label: None,
            });
        }
        Ok(())
    }

    pub(super) fn else_(&mut self) {
        if self.dead_depth > 0 {
            return;
        }
        let Some(FrameKind::If(otherwise)) = self.frames.last().map(|frame| frame.kind) else {
            unreachable!("validated: `else` ends the first arm of an `if`");
        };
        self.source();
        if self.reachable {
            let end = self.target(0);
            self.sink.op(Op::Br(end));
        }
        self.bind(otherwise);
        if let Some(frame) = self.frames.last_mut() {
            frame.kind = FrameKind::Block;
        }
    }

    pub(super) fn end(&mut self) {
        if self.dead_depth > 0 {
            self.dead_depth -= 1;
            return;
        }
        let Some(Frame { kind, label, .. }) = self.frames.pop() else {
            unreachable!("validated: `end` ends a construct");
        };
        self.source();
        match (kind, label) {
            (FrameKind::Func, _) => {
                self.jump(Label::RETURN);
            }
            (FrameKind::Loop, _) | (FrameKind::Block, None) => {}
            (FrameKind::Block, Some(end)) => self.join(end),
            (FrameKind::If(otherwise), None) => self.join(otherwise),
            (FrameKind::If(otherwise), Some(end)) => {
                self.jump(end);
                self.bind(otherwise);
                self.join(end);
            }
        }
    }

    /// Branches to `label` if this point can be reached.
    fn jump(&mut self, label: Label) {
        if self.reachable {
            self.sink.op(Op::Br(label));
        }
    }

    fn bind(&mut self, label: Label) {
        self.sink.op(Op::Label(label));
        self.reachable = true;
    }

    /// Ends the block at hand, if any, by going on in `label`.
    fn join(&mut self, label: Label) {
        self.jump(label);
        self.bind(label);
    }

    pub(super) fn br(&mut self, depth: u32) {
        let target = self.target(depth);
        self.sink.op(Op::Br(target));
        self.reachable = false;
    }

    pub(super) fn br_if(&mut self, depth: u32) {
        let target = self.target(depth);
        self.branch(target, true);
    }

    pub(super) fn br_table(&mut self, table: &wasmparser::BrTable<'_>) -> Visit {
        self.targets.clear();
        for depth in table.targets() {
            let label = self.target(depth.map_err(super::error::malformed)?);
            self.targets.push(label);
        }
        let default = self.target(table.default());
        self.sink.op(Op::BrTable {
            targets: self.targets,
            default,
        });
        self.reachable = false;
        Ok(())
    }

    pub(super) fn return_(&mut self) {
        self.sink.op(Op::Br(Label::RETURN));
        self.reachable = false;
    }

    pub(super) fn unreachable(&mut self) {
        self.sink.op(Op::Unreachable);
        self.reachable = false;
    }
}
