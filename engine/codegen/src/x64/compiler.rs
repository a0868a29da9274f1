//! The backend's front: consumes Microwasm operators, drives the lowerings, and
//! closes each function into a stencil.
//!
//! A [`Compiler`] owns what is reused from function to function; a
//! [`FunctionCompiler`] is the sink of one function. The frame's size is known
//! at the end and filled in there; code that runs rarely (traps, calls into
//! other instances) lies behind the body.
//!
//! ```text
//! entry:  cmp rsp, [r15 + stack_limit]   ; large frames: jmp to a check of the whole frame
//!         jb  stack_overflow
//!         sub rsp, frame
//!         …
//!         add rsp, frame
//!         ret
//! traps:  mov eax, code
//!         call [trap]
//! ```

use super::abi::{ArgLoc, Assigner};
use super::buffer::JumpLabel;
use super::context::Context;
use super::convention::{Blocks, Convention, Conventions};
use super::masm::{Alu, Cond, Masm, Mem, Patch32, Size};
use super::moves;
use super::perturb::Perturb;
use super::reg::{Gpr, Xmm};
use crate::error::CodegenError;
use crate::settings::Settings;
use crate::stencil::{Builtin, CodeOffset, StackState, Stencils, TrapCode};
use crate::vmctx::{self, VmLayout};
use microwasm::op::{Branch, IntSize, Op};
use microwasm::{DefinedFuncIndex, FuncType, Label, ModuleInfo, Sink, ValType};

/// A call into another instance, emitted behind the body.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColdCall {
    pub(super) entry: JumpLabel,
    pub(super) back: JumpLabel,
    pub(super) funcref: Gpr,
    /// Bytes below the frame at the call.
    pub(super) below: u32,
}

/// Compiles functions, one after the other.
pub struct Compiler {
    pub(super) cx: Context,
    pub(super) blocks: Blocks,
    pub(super) conventions: Conventions,
    pub(super) settings: Settings,
    /// Whether there is something to do between operators.
    watched: bool,
    /// Out-of-line traps by code; 0 is the one whose code is in `eax` already.
    traps: [Option<JumpLabel>; TRAPS],
    pub(super) cold_calls: Vec<ColdCall>,
    frame_fields: Vec<Patch32>,
    /// Slots that the self-check has seen values in.
    slots_seen: u32,
}

const TRAPS: usize = TrapCode::UndefinedElement as usize + 1;

impl Compiler {
    /// A compiler for the given settings.
    pub fn new(mut settings: Settings) -> Compiler {
        let mut perturb = settings.perturb.map(|seed| Box::new(Perturb::new(seed)));
        if let Some(perturb) = &mut perturb {
            settings.features = perturb.hide(settings.features);
        }
        let watched = settings.self_check || perturb.is_some();
        let masm = Masm::new(settings.features);
        Compiler {
            cx: Context::new(masm, settings.max_frame, settings.self_check, perturb),
            blocks: Blocks::default(),
            conventions: Conventions::default(),
            settings,
            watched,
            traps: [None; TRAPS],
            cold_calls: Vec::new(),
            frame_fields: Vec::new(),
            slots_seen: 0,
        }
    }

    /// The settings this compiler was made with, less the CPU features that a perturbation hides.
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
        self.cx.begin_function();
        self.cx
            .masm
            .buf
            .begin_function(out, self.settings.max_function_code);
        self.cx.masm.sp_adjust = 0;
        self.blocks.begin_function(&ty.results);
        self.blocks.get_mut(Label::RETURN).convention = Convention::Return;
        self.conventions.clear();
        self.traps = [None; TRAPS];
        self.cold_calls.clear();
        self.frame_fields.clear();
        self.slots_seen = 0;
        let result_places = Assigner::results_of(ty);
        let body = self.cx.masm.buf.new_label();
        let mut function = FunctionCompiler {
            c: self,
            module,
            vm,
            out,
            result_places,
            body,
        };
        function.prologue(ty);
        function
    }
}

/// Compiles the operators of one function.
pub struct FunctionCompiler<'c> {
    pub(super) c: &'c mut Compiler,
    pub(super) module: &'c ModuleInfo,
    pub(super) vm: &'c VmLayout,
    out: &'c mut Stencils,
    pub(super) result_places: Assigner,
    /// Behind the prologue.
    body: JumpLabel,
}

impl FunctionCompiler<'_> {
    fn prologue(&mut self, ty: &FuncType) {
        self.note_stack(StackState::Entry);
        let overflow = self.trap_label(TrapCode::StackOverflow);
        let cx = &mut self.c.cx;
        cx.masm.alu_rm(
            Alu::Cmp,
            Size::S64,
            Gpr::RSP,
            Mem::base(Gpr::VMCTX, vmctx::VMCTX_STACK_LIMIT),
        );
        cx.masm.jcc(Cond::LtU, overflow);
        self.c.frame_fields.push(cx.masm.sub_rsp_patchable());
        self.note_stack(StackState::Frame { below: 0 });
        let cx = &mut self.c.cx;
        cx.masm.buf.bind(self.body);
        let mut places = Assigner::params();
        for &param in &ty.params {
            match places.next(param) {
                ArgLoc::Reg(reg) => cx.push_reg(param, reg),
                ArgLoc::Stack(offset) => {
                    rule!(StackParam);
                    let home = cx.stack.end_slot();
                    cx.stack.push_home(param, 1);
                    cx.frame.reserve(home + param.slots());
                    let field = cx.masm.fload_patchable(Size::S64, Xmm::SCRATCH);
                    cx.caller_fields.push((field, offset));
                    moves::store_slot(&mut cx.masm, ValType::F64, home, Xmm::SCRATCH.into());
                }
            }
        }
        self.interruption_checks();
    }

    /// Leaves the function; the results are in place.
    pub(super) fn epilogue(&mut self) {
        let field = self.c.cx.masm.add_rsp_patchable();
        self.c.frame_fields.push(field);
        self.note_stack(StackState::Entry);
        self.c.cx.masm.ret();
        self.note_stack(StackState::Frame { below: 0 });
    }

    /// Notes where the stack pointer is from here on, if the settings say so.
    #[inline]
    pub(super) fn note_stack(&mut self, state: StackState) {
        if self.c.settings.unwind {
            self.c.cx.masm.buf.add_unwind(state);
        }
    }

    /// Counts fuel and looks at the epoch, if the settings say so.
    pub(super) fn interruption_checks(&mut self) {
        let Settings { fuel, epoch, .. } = self.c.settings;
        if !fuel && !epoch {
            return;
        }
        let out_of_fuel = fuel.then(|| self.trap_label(TrapCode::OutOfFuel));
        let interrupted = epoch.then(|| self.trap_label(TrapCode::Interrupted));
        let masm = &mut self.c.cx.masm;
        masm.load(
            Size::S64,
            Gpr::SCRATCH,
            Mem::base(Gpr::VMCTX, vmctx::VMCTX_STORE),
        );
        if let Some(trap) = out_of_fuel {
            rule!(Fuel);
            masm.alu_mi(
                Alu::Sub,
                Size::S64,
                Mem::base(Gpr::SCRATCH, vmctx::STORE_FUEL),
                1,
            );
            masm.jcc(Cond::LtU, trap);
        }
        if let Some(trap) = interrupted {
            rule!(Epoch);
            // r11 = *epoch; the store is loaded again, there is one scratch register.
            masm.load(
                Size::S64,
                Gpr::SCRATCH,
                Mem::base(Gpr::SCRATCH, vmctx::STORE_EPOCH),
            );
            masm.load(Size::S64, Gpr::SCRATCH, Mem::base(Gpr::SCRATCH, 0));
            masm.push(Gpr::RAX);
            self.note_stack(StackState::Frame { below: 8 });
            let masm = &mut self.c.cx.masm;
            masm.load(
                Size::S64,
                Gpr::RAX,
                Mem::base(Gpr::VMCTX, vmctx::VMCTX_STORE),
            );
            masm.alu_rm(
                Alu::Cmp,
                Size::S64,
                Gpr::SCRATCH,
                Mem::base(Gpr::RAX, vmctx::STORE_EPOCH_DEADLINE),
            );
            masm.pop(Gpr::RAX);
            self.note_stack(StackState::Frame { below: 0 });
            let masm = &mut self.c.cx.masm;
            masm.jcc(Cond::GeU, trap);
        }
    }

    /// The out-of-line code that raises `code`.
    pub(super) fn trap_label(&mut self, code: TrapCode) -> JumpLabel {
        let masm = &mut self.c.cx.masm;
        *self.c.traps[code as usize].get_or_insert_with(|| masm.buf.new_label())
    }

    /// The out-of-line code that raises the trap whose code is in `eax`.
    pub(super) fn returned_trap_label(&mut self) -> JumpLabel {
        let masm = &mut self.c.cx.masm;
        *self.c.traps[0].get_or_insert_with(|| masm.buf.new_label())
    }

    /// Raises `code` when `cond` holds.
    pub(super) fn trap_if(&mut self, cond: Cond, code: TrapCode) {
        let label = self.trap_label(code);
        self.c.cx.masm.jcc(cond, label);
    }

    /// Where the next code goes.
    pub fn offset(&self) -> CodeOffset {
        self.c.cx.masm.buf.offset()
    }

    /// Ends the function without a stencil: the operators turned out not to be valid. Without
    /// this and without [`FunctionCompiler::finish`] the earlier stencils are lost, too.
    pub fn abandon(self) {
        self.c.cx.masm.buf.abandon_function(self.out);
    }

    /// Ends the function and appends its stencil.
    ///
    /// # Errors
    /// A limit of the settings was exceeded; nothing has been appended then.
    pub fn finish(mut self) -> Result<(), CodegenError> {
        self.flush_cursor();
        self.emit_cold_calls();
        let slots = self.c.cx.frame.slots();
        let seen = self.c.slots_seen;
        assert!(
            slots.as_ref().ok().is_none_or(|slots| *slots >= seen),
            "values in {seen} slots, {slots:?} in the frame"
        );
        // At entry rsp is 8 below a multiple of 16; inside, it is a multiple.
        let frame = (slots.unwrap_or(0) * 8).next_multiple_of(16) + 8;
        self.patch_frame(frame);
        self.emit_traps();
        let size = self.c.cx.masm.buf.end_function(self.out, frame);
        slots.map(drop).and(size)
    }

    fn patch_frame(&mut self, frame: u32) {
        let Compiler {
            cx, frame_fields, ..
        } = &mut *self.c;
        for &field in frame_fields.iter() {
            cx.masm.buf.patch32(field, frame as i32);
        }
        for &(field, offset) in &cx.caller_fields {
            cx.masm.buf.patch32(field, (frame + 8 + offset) as i32);
        }
        if frame > vmctx::STACK_SLACK {
            rule!(LargeFrame);
            self.check_large_frame(frame);
        } else {
            rule!(SmallFrame);
        }
    }

    /// A frame beyond the slack: the entry jumps here to compare its lower end.
    fn check_large_frame(&mut self, frame: u32) {
        let overflow = self.trap_label(TrapCode::StackOverflow);
        self.note_stack(StackState::Entry);
        let masm = &mut self.c.cx.masm;
        let check = masm.buf.offset();
        let limit = Mem::base(Gpr::VMCTX, vmctx::VMCTX_STACK_LIMIT);
        // The limit may be below the frame's size: compare distances, which do not wrap.
        masm.mov_rr(Size::S64, Gpr::SCRATCH, Gpr::RSP);
        masm.alu_rm(Alu::Sub, Size::S64, Gpr::SCRATCH, limit);
        masm.jcc(Cond::LtU, overflow);
        masm.alu_ri(Alu::Cmp, Size::S64, Gpr::SCRATCH, frame as i32);
        masm.jcc(Cond::LtU, overflow);
        masm.add_rsp(-(frame as i32));
        self.note_stack(StackState::Frame { below: 0 });
        let masm = &mut self.c.cx.masm;
        masm.jmp(self.body);
        masm.overwrite_entry_with_jump(check);
    }

    fn emit_cold_calls(&mut self) {
        for i in 0..self.c.cold_calls.len() {
            rule!(ColdCall);
            let ColdCall {
                entry,
                back,
                funcref,
                below,
            } = self.c.cold_calls[i];
            self.note_stack(StackState::Frame { below });
            let cx = &mut self.c.cx;
            cx.masm.buf.bind(entry);
            cx.mov(Size::S64, Gpr::SCRATCH, funcref);
            cx.masm
                .call_m(Mem::base(Gpr::SCRATCH, vmctx::FUNCREF_CROSS));
            cx.masm.jmp(back);
        }
        self.note_stack(StackState::Frame { below: 0 });
    }

    fn emit_traps(&mut self) {
        for (code, label) in self.c.traps.into_iter().enumerate() {
            let Some(label) = label else { continue };
            cover!(X64Traps, code);
            // The stack is checked before the stack pointer moves.
            self.note_stack(if code == TrapCode::StackOverflow as usize {
                StackState::Entry
            } else {
                StackState::Frame { below: 0 }
            });
            let masm = &mut self.c.cx.masm;
            masm.buf.bind(label);
            if code != 0 {
                masm.mov_ri(Gpr::RAX, code as u64);
            }
            masm.call_builtin(Builtin::Trap);
        }
    }

    // --- operators that only touch the stack ---

    #[inline(never)]
    fn zeros(&mut self, ty: ValType, count: u32) {
        /// So many are constants, stored where somebody wants them stored. More would take
        /// registers at every branch: with eight, code grows by a fiftieth.
        const FEW: u32 = 2;
        let cx = &mut self.c.cx;
        if count <= FEW && ty != ValType::V128 {
            rule!(ZerosKnown);
            (0..count).for_each(|_| cx.push_constant(ty, 0));
            return;
        }
        let first = cx.stack.end_slot();
        cx.stack.push_home(ty, count);
        let end = cx.stack.end_slot();
        cx.frame.reserve(end + 1);
        let mut at = first;
        cx.masm.fzero(Xmm::SCRATCH);
        if end - first > 16 {
            rule!(ZerosLoop);
            // Stores pairs of slots from the top down to the first; r11 counts bytes to -0.
            let pairs = (end - first) / 2;
            let masm = &mut cx.masm;
            let base = moves::slot(first + 2 * pairs);
            masm.mov_ri(Gpr::SCRATCH, (-(16 * pairs as i64)) as u64);
            let head = masm.buf.new_label();
            masm.buf.bind(head);
            masm.vstore(base.plus(Gpr::SCRATCH), Xmm::SCRATCH);
            masm.alu_ri(Alu::Add, Size::S64, Gpr::SCRATCH, 16);
            masm.jcc(Cond::Ne, head);
            at = first + 2 * pairs;
        }
        if at == first {
            rule!(ZerosShort);
        }
        while at + 2 <= end {
            cx.masm.vstore(moves::slot(at), Xmm::SCRATCH);
            at += 2;
        }
        if at < end {
            cx.masm.fstore(Size::S64, moves::slot(at), Xmm::SCRATCH);
        }
    }

    /// The operator that is most frequent: a function that needs no registers of its caller.
    #[inline(never)]
    fn pick(&mut self, depth: u32) {
        let cx = &mut self.c.cx;
        if cx.flags_pending() || !cx.stack.has_room() {
            return self.pick_slowly(depth);
        }
        cx.pick(cx.stack.height() - 1 - depth);
        self.end_op();
    }

    #[cold]
    #[inline(never)]
    fn pick_slowly(&mut self, depth: u32) {
        self.c.cx.settle_flags();
        self.c.cx.make_room();
        self.pick(depth);
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
            self.count_operator(&op);
        }
        match op {
            Op::Declare(label, decl) => return self.declare(label, decl),
            Op::Label(label) => {
                self.label(label);
                return self.end_op();
            }
            _ if self.c.blocks.is_dead() => return,
            // What may consume a pending compare, or emits nothing that changes flags.
            Op::BrIf { then, otherwise } => self.br_if(then, otherwise),
            Op::Select(ty) => self.select(ty),
            Op::Eqz(size) => self.eqz(size),
            Op::Drop => self.c.cx.drop_top(),
            Op::Pick(depth) => return self.pick(depth),
            _ => {
                self.c.cx.settle_flags();
                self.lower(op);
            }
        }
        self.end_op();
    }

    #[inline]
    fn replace(&mut self, depth: u32) {
        // A perturbation may come between the two.
        if self.c.cx.perturb.is_some() {
            self.op(Op::Swap(depth));
            self.op(Op::Drop);
        } else if !self.c.blocks.is_dead() {
            #[cfg(feature = "coverage")]
            self.count_operator(&Op::Swap(depth));
            self.c.cx.settle_flags();
            self.c.cx.replace(self.depth(depth));
            self.end_op();
        }
    }

    #[inline]
    fn tee(&mut self, depth: u32) {
        let cx = &self.c.cx;
        // A perturbation may come between.
        if cx.perturb.is_some() || self.c.blocks.is_dead() || !cx.can_tee() {
            self.op(Op::Pick(0));
            self.replace(depth + 1);
        } else {
            #[cfg(feature = "coverage")]
            {
                self.count_operator(&Op::Pick(0));
                self.count_operator(&Op::Swap(depth));
            }
            self.c.cx.tee(self.depth(depth));
            self.end_op();
        }
    }

    #[inline]
    fn branch(&mut self, branch: Branch) {
        // A perturbation may come between, and make `next` a block like any other.
        if self.c.cx.perturb.is_some() {
            branch.one_by_one(self);
        } else if !self.c.blocks.is_dead() {
            #[cfg(feature = "coverage")]
            self.count_branch(branch);
            self.branch_on(branch.target, branch.when);
            self.end_op();
        }
    }

    #[inline]
    fn source(&mut self, offset: u32) {
        if self.c.settings.source_map {
            self.c.cx.masm.buf.add_source(offset);
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
        self.c.cx.end_op();
        if self.c.watched {
            self.between_operators();
        }
    }

    #[cold]
    fn between_operators(&mut self) {
        self.perturb();
        if self.c.settings.self_check {
            let slots = super::check::check_state(&self.c.cx);
            self.c.slots_seen = self.c.slots_seen.max(slots);
        }
    }

    /// Operators before which no compare is pending.
    #[inline(always)]
    fn lower(&mut self, op: Op<'_>) {
        match op {
            Op::Br(label) => self.br(label),
            Op::BrTable { targets, default } => self.br_table(targets, default),
            Op::Unreachable => self.unreachable(),
            Op::Swap(depth) => self.c.cx.swap(self.depth(depth)),
            Op::Const(value) => self.c.cx.push_constant(value.ty(), value.bits()),
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
            Op::MemoryGrow(_) => self.builtin(Builtin::MemoryGrow, None),
            Op::MemoryFill(_) => self.builtin(Builtin::MemoryFill, None),
            Op::MemoryCopy { .. } => self.builtin(Builtin::MemoryCopy, None),
            Op::MemoryInit { data, .. } => self.builtin(Builtin::MemoryInit, Some(data.0 as u64)),
            Op::DataDrop(data) => self.builtin(Builtin::DataDrop, Some(data.0 as u64)),
            Op::GlobalGet(global) => self.global_get(global),
            Op::GlobalSet(global) => self.global_set(global),
            Op::TableGet(table) => self.table_get(table),
            Op::TableSet(table) => self.table_set(table),
            Op::TableSize(table) => self.table_size(table),
            Op::TableGrow(table) => self.builtin(Builtin::TableGrow, Some(table.0 as u64)),
            Op::TableFill(table) => self.builtin(Builtin::TableFill, Some(table.0 as u64)),
            Op::TableCopy { dst, src } => {
                self.builtin(
                    Builtin::TableCopy,
                    Some(dst.0 as u64 | (src.0 as u64) << 32),
                );
            }
            Op::TableInit { elem, table } => {
                self.builtin(
                    Builtin::TableInit,
                    Some(table.0 as u64 | (elem.0 as u64) << 32),
                );
            }
            Op::ElemDrop(elem) => self.builtin(Builtin::ElemDrop, Some(elem.0 as u64)),
            Op::RefIsNull => self.eqz(IntSize::I64),
            Op::RefFunc(func) => self.builtin(Builtin::RefFunc, Some(func.0 as u64)),
            Op::Call(func) => self.call(func),
            Op::CallIndirect { ty, table } => self.call_indirect(ty, table),
            Op::Declare(..)
            | Op::Label(_)
            | Op::BrIf { .. }
            | Op::Select(_)
            | Op::Eqz(_)
            | Op::Drop
            | Op::Pick(_) => unreachable!("dispatched before"),
        }
    }

    #[inline(never)]
    fn unreachable(&mut self) {
        let label = self.trap_label(TrapCode::Unreachable);
        self.c.cx.masm.jmp(label);
        self.end_dead();
    }
}
