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
//! - `frames` holds every construct that was entered and not left. What was entered in
//!   unreachable code is validated, and nothing of it is emitted.
//! - While `reachable`, the operands are exactly the virtual stack.
//! - Every label that is bound has been branched to before, or is a loop's.

use wasmparser::ValidatorResources;

use super::convert::{BlockSig, val_type};
use super::error::{Cause, WasmError, narrow};
use super::limits::{LimitExceeded, LimitKind};
use super::operands::{Checked, Mistake, Operand, Operands};
use crate::module::ModuleInfo;
use crate::op::{BlockDecl, Branch, Op, Sink};
use crate::types::{FuncType, Label, StackHeight, TypeIndex, ValType};
use crate::typing::{self, Operands as _, Shape, entry};

/// What the visitor returns: one word, so that success costs a register test.
pub(super) type Visit = Result<(), Box<WasmError>>;

/// The most parameters and locals that any engine takes; wasmparser has it built in.
const MAX_LOCALS: u32 = 50_000;

/// A construct that has been entered and not left.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    kind: FrameKind,
    sig: BlockSig,
    /// Height of the stack below the parameters, which is that below the results.
    base: StackHeight,
    /// Whether it was entered in reachable code.
    live: bool,
    /// Whether what is left of the arm at hand is unreachable: what the operands go on with when
    /// this is the innermost construct again.
    polymorphic: bool,
    /// What a branch to the construct goes to, once there has been one.
    label: Option<Label>,
}

#[derive(Clone, Copy)]
enum FrameKind {
    Func,
    Block,
    Loop,
    /// The first arm of an `if`, with the label of the second.
    If(Label),
    /// The second arm of an `if`.
    Else,
}

/// State of the translation of one function.
pub(super) struct Translator<'t, S> {
    pub(super) operands: Operands<'t>,
    /// Offset of the operator at hand.
    pub(super) offset: u64,
    pub(super) reachable: bool,
    labels: u32,
    max_nesting: u32,
    module: &'t ModuleInfo,
    pub(super) sink: &'t mut S,
    /// Whether the sink wants to know where operators come from.
    sources: bool,
    frames: &'t mut Vec<Frame>,
    targets: &'t mut Vec<Label>,
}

/// Memory that translating one function leaves to the next.
#[derive(Default)]
pub struct Scratch {
    pub(super) operands: Vec<Operand>,
    frames: Vec<Frame>,
    targets: Vec<Label>,
}

impl<'t, S: Sink> Translator<'t, S> {
    pub(super) fn new(
        sig: TypeIndex,
        module: &'t ModuleInfo,
        resources: &'t ValidatorResources,
        scratch: &'t mut Scratch,
        sink: &'t mut S,
        max_nesting: u32,
    ) -> Translator<'t, S> {
        let frames = &mut scratch.frames;
        frames.clear();
        frames.push(Frame {
            kind: FrameKind::Func,
            sig: BlockSig::Func(sig),
            base: StackHeight(0),
            live: true,
            polymorphic: false,
            label: Some(Label::RETURN),
        });
        let types = std::mem::take(&mut scratch.operands);
        let mut operands = Operands::new(module, resources, types);
        for &param in &module.types[sig.index()].params {
            operands.add_locals(param, 1);
        }
        Translator {
            operands,
            offset: 0,
            reachable: true,
            labels: Label::RETURN.0,
            max_nesting,
            module,
            sources: sink.wants_source(),
            sink,
            frames,
            targets: &mut scratch.targets,
        }
    }

    /// The memory of the operands, for the next function.
    pub(super) fn into_operands(self) -> Vec<Operand> {
        self.operands.into_types()
    }

    /// Adds a group of locals, pushed as zeros.
    pub(super) fn define_locals(
        &mut self,
        offset: u64,
        count: u32,
        ty: wasmparser::ValType,
        limit: u32,
    ) -> Result<(), WasmError> {
        let value = u64::from(self.operands.height()) + u64::from(count);
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
        let ty = val_type(ty, offset)?;
        if value > u64::from(MAX_LOCALS) {
            return Err(mistaken(offset));
        }
        if count > 0 {
            self.operands.add_locals(ty, count);
            self.sink.source(narrow(offset));
            self.sink.op(Op::Zeros { ty, count });
        }
        Ok(())
    }

    /// Ends the locals: what follows are operators.
    pub(super) fn begin(&mut self) {
        self.frames[0].base = StackHeight(self.operands.height());
    }

    /// Whether the function has ended.
    #[inline]
    pub(super) fn has_ended(&self) -> bool {
        self.frames.is_empty()
    }

    /// The innermost construct, as wasmparser's reader asks for it.
    #[inline]
    pub(super) fn innermost(&self) -> Option<wasmparser::FrameKind> {
        Some(match self.frames.last()?.kind {
            FrameKind::Func | FrameKind::Block => wasmparser::FrameKind::Block,
            FrameKind::Loop => wasmparser::FrameKind::Loop,
            FrameKind::If(_) => wasmparser::FrameKind::If,
            FrameKind::Else => wasmparser::FrameKind::Else,
        })
    }

    /// Validates an operator that stays within its block, and emits it where it can be reached.
    #[inline(always)]
    pub(super) fn op(&mut self, op: Op<'_>) -> Visit {
        let checked = typing::apply(&mut self.operands, op);
        self.checked(checked, op)
    }

    /// As [`Translator::op`], for an operator of a known shape.
    #[inline(always)]
    pub(super) fn shaped(&mut self, shape: Shape, op: Op<'_>) -> Visit {
        let checked = match shape {
            Shape::Unary(from, to) => self.operands.unary(from, to),
            Shape::Binary(of, to) => self.operands.binary(of, to),
            Shape::Drop => self.operands.pop_any(),
            Shape::Other => typing::apply(&mut self.operands, op),
        };
        self.checked(checked, op)
    }

    /// Emits an operator that is valid.
    #[inline(always)]
    pub(super) fn checked(&mut self, checked: Checked, op: Op<'_>) -> Visit {
        if self.goes_on(checked)? {
            self.sink.op(op);
        }
        Ok(())
    }

    /// Whether an operator that has been looked at is to be emitted.
    #[inline(always)]
    pub(super) fn goes_on(&mut self, checked: Checked) -> Result<bool, Box<WasmError>> {
        self.valid(checked)?;
        if !self.reachable {
            return Ok(false);
        }
        self.source();
        Ok(true)
    }

    #[inline(always)]
    pub(super) fn valid<T>(&self, checked: Result<T, Mistake>) -> Result<T, Box<WasmError>> {
        checked.map_err(|Mistake| self.mistake())
    }

    #[cold]
    #[inline(never)]
    fn mistake(&self) -> Box<WasmError> {
        Box::new(mistaken(self.offset))
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

    /// Branches to `target` if the condition on top of the stack is met, which the operands are
    /// without already, and goes on behind it.
    fn branch(&mut self, target: Label, when: bool) {
        let next = self.new_label();
        let height = StackHeight(self.operands.height());
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

    /// Where the construct `depth` levels out is.
    #[inline]
    fn outer(&self, depth: u32) -> Result<usize, Mistake> {
        let frame = self.frames.len().checked_sub(depth as usize + 1);
        frame.ok_or(Mistake)
    }

    /// The types that a branch to a construct takes.
    #[inline]
    fn label_types(&self, frame: usize) -> &'t [ValType] {
        let Frame { kind, sig, .. } = self.frames[frame];
        match kind {
            FrameKind::Loop => sig.params(&self.module.types),
            _ => sig.results(&self.module.types),
        }
    }

    /// The label of a construct, declared if need be.
    #[inline]
    fn target(&mut self, frame: usize) -> Label {
        let Frame {
            sig, base, label, ..
        } = self.frames[frame];
        if let Some(label) = label {
            return label;
        }
        let label = self.declare(base, sig.results(&self.module.types), false);
        self.frames[frame].label = Some(label);
        label
    }

    fn sig(&self, ty: wasmparser::BlockType) -> Result<BlockSig, Box<WasmError>> {
        let sig = BlockSig::new(ty, self.offset)?;
        if let BlockSig::Func(index) = sig {
            let types: &[FuncType] = &self.module.types;
            self.valid(entry("type", types, index.0).map_err(Mistake::from))?;
        }
        Ok(sig)
    }

    /// Enters a construct; returns where its parameters begin.
    #[inline]
    fn enter(&mut self, kind: FrameKind, sig: BlockSig) -> Result<StackHeight, Box<WasmError>> {
        let nesting = self.frames.len() as u32;
        if nesting > self.max_nesting {
            return Err(self.nested_too_deeply(nesting));
        }
        let entered = self.operands.enter(sig.params(&self.module.types));
        let base = self.valid(entered)?;
        self.frames.push(Frame {
            kind,
            sig,
            base,
            live: self.reachable,
            polymorphic: false,
            label: None,
        });
        Ok(base)
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

    fn last(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    pub(super) fn block(&mut self, ty: wasmparser::BlockType) -> Visit {
        let sig = self.sig(ty)?;
        self.enter(FrameKind::Block, sig)?;
        if self.reachable {
            self.source();
        }
        Ok(())
    }

    pub(super) fn loop_(&mut self, ty: wasmparser::BlockType) -> Visit {
        let sig = self.sig(ty)?;
        let base = self.enter(FrameKind::Loop, sig)?;
        if self.reachable {
            self.source();
            let header = self.declare(base, sig.params(&self.module.types), true);
            self.sink.op(Op::Br(header));
            self.sink.op(Op::Label(header));
            self.last().label = Some(header);
        }
        Ok(())
    }

    pub(super) fn if_(&mut self, ty: wasmparser::BlockType) -> Visit {
        let sig = self.sig(ty)?;
        let condition = self.operands.pop(ValType::I32);
        self.valid(condition)?;
        // What is unreachable has no label, and asks for none.
        let base = self.enter(FrameKind::If(Label::RETURN), sig)?;
        if self.reachable {
            self.source();
            let otherwise = self.declare(base, sig.params(&self.module.types), false);
            self.branch(otherwise, false);
            self.last().kind = FrameKind::If(otherwise);
        }
        Ok(())
    }

    pub(super) fn else_(&mut self) -> Visit {
        let innermost = self.frames.len() - 1;
        let Frame {
            kind: FrameKind::If(otherwise),
            sig,
            live,
            ..
        } = self.frames[innermost]
        else {
            return Err(self.mistake());
        };
        let types = &self.module.types;
        let left = self.operands.leave(sig.results(types));
        self.valid(left)?;
        self.operands.restart(sig.params(types));
        if live {
            self.source();
            if self.reachable {
                let end = self.target(innermost);
                self.sink.op(Op::Br(end));
            }
            self.bind(otherwise);
        }
        let frame = self.last();
        frame.kind = FrameKind::Else;
        frame.polymorphic = false;
        Ok(())
    }

    pub(super) fn end(&mut self) -> Visit {
        let Some(Frame {
            kind,
            sig,
            live,
            label,
            ..
        }) = self.frames.pop()
        else {
            return Err(self.mistake());
        };
        let types = &self.module.types;
        let results = sig.results(types);
        let mut left = self.operands.leave(results);
        if matches!(kind, FrameKind::If(_)) && sig.params(types) != results {
            left = Err(Mistake);
        }
        self.valid(left)?;
        if let Some(around) = self.frames.last() {
            self.operands.resume(around.base, around.polymorphic);
        }
        if !live {
            return Ok(());
        }
        self.source();
        match (kind, label) {
            (FrameKind::Func, _) => self.jump(Label::RETURN),
            (FrameKind::Loop, _) | (FrameKind::Block | FrameKind::Else, None) => {}
            (FrameKind::Block | FrameKind::Else, Some(end)) => self.join(end),
            (FrameKind::If(otherwise), None) => self.join(otherwise),
            (FrameKind::If(otherwise), Some(end)) => {
                self.jump(end);
                self.bind(otherwise);
                self.join(end);
            }
        }
        Ok(())
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

    /// Ends what can be reached of the innermost construct.
    fn give_up(&mut self) {
        self.operands.give_up();
        self.last().polymorphic = true;
        self.reachable = false;
    }

    pub(super) fn br(&mut self, depth: u32) -> Visit {
        let frame = self.valid(self.outer(depth))?;
        let taken = self.operands.pop_all(self.label_types(frame));
        self.valid(taken)?;
        if self.reachable {
            self.source();
            let target = self.target(frame);
            self.sink.op(Op::Br(target));
        }
        self.give_up();
        Ok(())
    }

    pub(super) fn br_if(&mut self, depth: u32) -> Visit {
        let frame = self.valid(self.outer(depth))?;
        let condition = self.operands.pop(ValType::I32);
        self.valid(condition)?;
        let passed = self.operands.replace(self.label_types(frame));
        self.valid(passed)?;
        if self.reachable {
            self.source();
            let target = self.target(frame);
            self.branch(target, true);
        }
        Ok(())
    }

    pub(super) fn br_table(&mut self, table: wasmparser::BrTable<'_>) -> Visit {
        let condition = self.operands.pop(ValType::I32);
        self.valid(condition)?;
        let default = self.valid(self.outer(table.default()))?;
        let arity = self.label_types(default).len();
        self.targets.clear();
        if self.reachable {
            self.source();
        }
        for depth in table.targets() {
            let frame = self.valid(self.outer(depth.map_err(super::error::malformed)?))?;
            let types = self.label_types(frame);
            self.valid(self.operands.accept(types))?;
            if types.len() != arity {
                return Err(self.mistake());
            }
            if self.reachable {
                let label = self.target(frame);
                self.targets.push(label);
            }
        }
        self.valid(self.operands.accept(self.label_types(default)))?;
        if self.reachable {
            let default = self.target(default);
            self.sink.op(Op::BrTable {
                targets: self.targets,
                default,
            });
        }
        self.give_up();
        Ok(())
    }

    pub(super) fn return_(&mut self) -> Visit {
        let taken = self.operands.pop_all(self.label_types(0));
        self.valid(taken)?;
        if self.reachable {
            self.source();
            self.sink.op(Op::Br(Label::RETURN));
        }
        self.give_up();
        Ok(())
    }

    pub(super) fn unreachable(&mut self) -> Visit {
        if self.reachable {
            self.source();
            self.sink.op(Op::Unreachable);
        }
        self.give_up();
        Ok(())
    }
}

/// What is said of an operator that is not valid, until wasmparser says it better.
fn mistaken(offset: u64) -> WasmError {
    WasmError::Invalid {
        offset: narrow(offset),
        cause: Cause::Typing,
    }
}
