//! The backend's front: consumes Microwasm operators, drives the lowerings, and closes each
//! function into a stencil.
//!
//! A [`Compiler`] owns what is reused from function to function; a [`FunctionCompiler`] is the
//! sink of one function. Every function begins with `enter`, whose field, the size of the
//! frame, is filled in at the end.

use super::blocks::Blocks;
use super::context::{Context, Pending};
use super::op::{Inst, Opcode};
use super::stack::Loc;
use crate::buffer::Patch32;
use crate::error::CodegenError;
use crate::settings::Settings;
use crate::stencil::{Builtin, CodeOffset, Stencils};
use crate::vmctx::VmLayout;
use microwasm::op::{IntSize, Op};
use microwasm::{DefinedFuncIndex, ModuleInfo, Sink, ValType};

/// Compiles functions, one after the other.
pub struct Compiler {
    pub(super) cx: Context,
    pub(super) blocks: Blocks,
    settings: Settings,
}

impl Compiler {
    /// A compiler for the given settings.
    pub fn new(settings: Settings) -> Compiler {
        Compiler {
            cx: Context::new(settings.max_frame, settings.self_check),
            blocks: Blocks::default(),
            settings,
        }
    }

    /// The settings this compiler was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Begins a function of `module`, to be appended to `out`: the sink for its operators.
    pub fn function<'c>(
        &'c mut self,
        module: &'c ModuleInfo,
        vm: &'c VmLayout,
        func: DefinedFuncIndex,
        out: &'c mut Stencils,
    ) -> FunctionCompiler<'c> {
        let ty = module.func_type(module.func_index(func));
        let cx = &mut self.cx;
        cx.begin_function();
        cx.emit
            .buf
            .begin_function(out, self.settings.max_function_code);
        self.blocks.begin_function(&ty.results);
        cx.emit.inst(Inst::new(Opcode::Enter).u32(0));
        let frame = cx.emit.buf.patch_here();
        cx.stack.push_args(&ty.params);
        let results: u32 = ty.results.iter().map(|ty| ty.slots()).sum();
        cx.reserve(cx.stack.end_slot().max(results));
        let mut function = FunctionCompiler {
            c: self,
            module,
            vm,
            out,
            frame,
        };
        function.interruption_checks();
        function
    }
}

/// Compiles the operators of one function.
pub struct FunctionCompiler<'c> {
    pub(super) c: &'c mut Compiler,
    pub(super) module: &'c ModuleInfo,
    pub(super) vm: &'c VmLayout,
    out: &'c mut Stencils,
    /// The field of `enter`.
    frame: Patch32,
}

impl FunctionCompiler<'_> {
    /// Counts fuel and looks at the epoch, if the settings say so.
    pub(super) fn interruption_checks(&mut self) {
        let Settings { fuel, epoch, .. } = self.c.settings;
        if fuel {
            self.c.cx.emit.plain(Opcode::Fuel);
        }
        if epoch {
            self.c.cx.emit.plain(Opcode::Epoch);
        }
    }

    /// Where the next code goes.
    pub fn offset(&self) -> CodeOffset {
        self.c.cx.emit.buf.offset()
    }

    /// Ends the function without a stencil: the operators turned out not to be valid. Without
    /// this and without [`FunctionCompiler::finish`] the earlier stencils are lost, too.
    pub fn abandon(self) {
        self.c.cx.emit.buf.abandon_function(self.out);
    }

    /// Ends the function and appends its stencil.
    ///
    /// # Errors
    /// A limit of the settings was exceeded; nothing has been appended then.
    pub fn finish(mut self) -> Result<(), CodegenError> {
        self.flush_cursor();
        let frame = self.c.cx.frame();
        let buf = &mut self.c.cx.emit.buf;
        buf.patch32(self.frame, frame.unwrap_or(0) as i32);
        let size = buf.end_function(self.out, 8 * frame.unwrap_or(0));
        frame.map(drop).and(size)
    }

    fn depth(&self, depth: u32) -> u32 {
        self.c.cx.stack.height() - 1 - depth
    }
}

impl Sink for FunctionCompiler<'_> {
    #[inline(always)]
    fn op(&mut self, op: Op<'_>) {
        #[cfg(feature = "coverage")]
        if !self.c.blocks.is_dead() {
            super::cover::operator(&self.c.cx, &op);
        }
        match op {
            Op::Declare(label, decl) => return self.declare(label, decl),
            Op::Label(label) => {
                self.label(label);
                return self.end_op();
            }
            _ if self.c.blocks.is_dead() => return,
            // What may complete the operator before.
            Op::BrIf { then, otherwise } => self.br_if_settled(then, otherwise),
            Op::Select(ty) => self.select(ty),
            Op::Eqz(size) => self.eqz(size),
            Op::Drop => self.drop_top(),
            _ => {
                self.settle();
                self.lower(op);
            }
        }
        self.end_op();
    }

    #[inline]
    fn source(&mut self, offset: u32) {
        if self.c.settings.source_map {
            self.c.cx.emit.buf.add_source(offset);
        }
    }

    #[inline]
    fn wants_source(&self) -> bool {
        self.c.settings.source_map
    }
}

impl FunctionCompiler<'_> {
    #[inline(always)]
    fn end_op(&mut self) {
        if self.c.settings.self_check {
            super::check::check_state(&self.c.cx);
        }
    }

    #[inline(always)]
    fn settle(&mut self) {
        if self.c.cx.pending != Pending::Nothing {
            self.c.cx.settle();
        }
    }

    #[inline(always)]
    fn br_if_settled(&mut self, then: microwasm::Label, otherwise: microwasm::Label) {
        if let Pending::Swap(_) = self.c.cx.pending {
            self.c.cx.settle();
        }
        self.br_if(then, otherwise);
    }

    #[inline(never)]
    fn drop_top(&mut self) {
        match self.c.cx.pending {
            Pending::Swap(pos) => {
                self.c.cx.pending = Pending::Nothing;
                self.c.cx.set(pos);
            }
            Pending::Compare(_) => {
                self.c.cx.take_compare();
            }
            Pending::Nothing => {
                self.c.cx.stack.pop();
            }
        }
    }

    #[inline(never)]
    fn zeros(&mut self, ty: ValType, count: u32) {
        let cx = &mut self.c.cx;
        let first = cx.stack.end_slot();
        cx.stack.push_home(ty, count);
        let end = cx.stack.end_slot();
        cx.reserve(end);
        cx.emit.zeros(first, end - first);
    }

    /// Operators before which nothing is pending.
    #[inline(always)]
    fn lower(&mut self, op: Op<'_>) {
        match op {
            Op::Br(label) => self.br(label),
            Op::BrTable { targets, default } => self.br_table(targets, default),
            Op::Unreachable => self.unreachable(),
            Op::Pick(depth) => self.c.cx.pick(self.depth(depth)),
            Op::Swap(depth) => self.c.cx.pending = Pending::Swap(self.depth(depth)),
            Op::Const(value) => self.c.cx.push(value.ty(), Loc::Const(value.bits())),
            Op::Zeros { ty, count } => self.zeros(ty, count),
            Op::Alu(op, size) => self.alu(op, size),
            Op::Mul(size) => self.mul(size),
            Op::Shift(op, size) => self.shift(op, size),
            Op::Div(op, size) => self.div(op, size),
            Op::Bit(op, size) => self.bit(op, size),
            Op::IntCmp(cmp, size) => self.int_cmp(cmp, size),
            Op::Extend(op) => self.extend(op),
            Op::FloatBinary(op, size) => self.float_binary(op, size),
            Op::FloatUnary(op, size) => self.float_unary(op, size),
            Op::FloatCmp(cmp, size) => self.float_cmp(cmp, size),
            Op::Convert(op) => self.convert(op),
            Op::Load(op, arg) => self.load(op, arg),
            Op::Store(op, arg) => self.store(op, arg),
            Op::MemorySize(_) => self.memory_size(),
            Op::MemoryGrow(_) => self.builtin(Builtin::MemoryGrow, 1, None),
            Op::MemoryFill(_) => self.builtin(Builtin::MemoryFill, 3, None),
            Op::MemoryCopy { .. } => self.builtin(Builtin::MemoryCopy, 3, None),
            Op::MemoryInit { data, .. } => {
                self.builtin(Builtin::MemoryInit, 3, Some(data.0.into()))
            }
            Op::DataDrop(data) => self.builtin(Builtin::DataDrop, 0, Some(data.0.into())),
            Op::GlobalGet(global) => self.global_get(global),
            Op::GlobalSet(global) => self.global_set(global),
            Op::TableGet(table) => self.table_get(table),
            Op::TableSet(table) => self.table_set(table),
            Op::TableSize(table) => self.table_size(table),
            Op::TableGrow(table) => self.builtin(Builtin::TableGrow, 2, Some(table.0.into())),
            Op::TableFill(table) => self.builtin(Builtin::TableFill, 3, Some(table.0.into())),
            Op::TableCopy { dst, src } => {
                let tables = u64::from(dst.0) | u64::from(src.0) << 32;
                self.builtin(Builtin::TableCopy, 3, Some(tables));
            }
            Op::TableInit { elem, table } => {
                let both = u64::from(table.0) | u64::from(elem.0) << 32;
                self.builtin(Builtin::TableInit, 3, Some(both));
            }
            Op::ElemDrop(elem) => self.builtin(Builtin::ElemDrop, 0, Some(elem.0.into())),
            Op::RefIsNull => self.eqz(IntSize::I64),
            Op::RefFunc(func) => self.builtin(Builtin::RefFunc, 0, Some(func.0.into())),
            Op::Call(func) => self.call(func),
            Op::CallIndirect { ty, table } => self.call_indirect(ty, table),
            Op::Declare(..)
            | Op::Label(_)
            | Op::BrIf { .. }
            | Op::Select(_)
            | Op::Eqz(_)
            | Op::Drop => unreachable!("dispatched before"),
        }
    }

    #[inline(never)]
    fn unreachable(&mut self) {
        self.c.cx.emit.plain(Opcode::Unreachable);
        self.end_dead();
    }
}
