//! One function: a graph of blocks, each a row of random operators.
//!
//! Follows the stack as the verifier does. Invariants, by which every function is valid:
//! - Nothing below [`Body::floor`] is popped: the base of every block that is still to be
//!   bound, or that is bound and has had no caller.
//! - Of the blocks that are not bound, one with the highest base is bound next.
//! - Before a block with a lower base is bound, every block that has had no caller and
//!   would be lost gets one.

use microwasm::immediates::{ReadImmediates, Scratch};
use microwasm::op::{
    AluOp, BlockDecl, Const, ConvertOp, FloatBinary, FloatCmp, FloatSize, IntSize, MemArg, Op, Sink,
};
use microwasm::*;

use super::{FUEL_GLOBAL, Source, TYPES};
use crate::prepare::FUEL;
use crate::value::{CANONICAL_NAN_32, CANONICAL_NAN_64};

/// How many functions and blocks may be entered before no branch goes back any more, mostly.
const LOOPS: i32 = 300;

/// An operator, as long as declarations are not complete.
enum Draft {
    Op(Op<'static>),
    Declare(usize),
    BrTable(Vec<Label>, Label),
}

/// A declared block; the label's number is its place plus one.
struct Block {
    base: usize,
    /// The push under the base.
    prefix: u64,
    /// How many of [`Body::tail`].
    args: usize,
    backward: bool,
    bound: bool,
    callers: u32,
    /// Whether the declaration says how many callers there are.
    counted: bool,
}

struct Body<'s, 'b> {
    source: &'s mut Source<'b>,
    info: &'s ModuleInfo,
    func: FuncIndex,
    drafts: Vec<Draft>,
    /// Types, each with the number of its push.
    stack: Vec<(ValType, u64)>,
    pushes: u64,
    blocks: Vec<Block>,
    /// What blocks take, and in the end the function's results.
    tail: Vec<ValType>,
    results: usize,
    /// How many more blocks may be declared.
    budget: usize,
}

/// Generates the body of `func` into `sink`.
pub(super) fn generate(
    source: &mut Source<'_>,
    info: &ModuleInfo,
    func: FuncIndex,
    sink: &mut impl Sink,
) {
    let ty = info.func_type(func);
    let most = if source.one_in(4) { 12 } else { 4 };
    let mut tail = source.types(most);
    tail.extend_from_slice(&ty.results);
    let most = if source.one_in(8) { 40 } else { 10 };
    let budget = source.below(most);
    let mut body = Body {
        source,
        info,
        func,
        drafts: Vec::new(),
        stack: Vec::new(),
        pushes: 0,
        blocks: Vec::new(),
        tail,
        results: ty.results.len(),
        budget,
    };
    ty.params.iter().for_each(|&ty| body.push(ty));
    body.burn();
    loop {
        body.row();
        body.terminate();
        let Some(next) = body.choose_next() else {
            break;
        };
        body.bind(next);
    }
    body.emit(sink);
}

impl Body<'_, '_> {
    // --- the stack ---

    fn push(&mut self, ty: ValType) {
        self.pushes += 1;
        self.stack.push((ty, self.pushes));
    }

    fn ty(&self, position: usize) -> ValType {
        self.stack[position].0
    }

    fn prefix(&self, base: usize) -> Option<u64> {
        match base.checked_sub(1) {
            None => Some(0),
            Some(position) => self.stack.get(position).map(|value| value.1),
        }
    }

    /// Whether the block can still be branched to or bound.
    fn is_alive(&self, block: &Block) -> bool {
        self.prefix(block.base) == Some(block.prefix)
    }

    fn floor(&self) -> usize {
        let needed = self
            .blocks
            .iter()
            .filter(|block| !block.bound || block.callers == 0);
        needed.map(|block| block.base).max().unwrap_or(0)
    }

    /// Emits an operator that pops so many values and pushes these.
    fn op(&mut self, op: Op<'static>, pops: usize, pushes: &[ValType]) {
        self.drafts.push(Draft::Op(op));
        self.stack.truncate(self.stack.len() - pops);
        pushes.iter().for_each(|&ty| self.push(ty));
    }

    fn constant(&mut self, value: Const) {
        self.op(Op::Const(value), 0, &[value.ty()]);
    }

    fn i32(&mut self, value: i32) {
        self.constant(Const::I32(value));
    }

    /// A number below `n`, as a constant or computed.
    fn small(&mut self, n: usize) {
        if self.source.one_in(3) {
            self.want(ValType::I32);
            self.i32(n.next_power_of_two() as i32 - 1);
            self.op(Op::Alu(AluOp::And, IntSize::I32), 2, &[ValType::I32]);
        } else {
            let value = self.source.below(n) as i32;
            self.i32(value);
        }
    }

    /// Pushes a value of this type: a copy of one that there is, or a constant.
    fn want(&mut self, ty: ValType) {
        let height = self.stack.len();
        if height > 0 && !self.source.one_in(4) {
            let start = self.source.below(height);
            let positions = (0..height).map(|i| (start + i) % height);
            let found = positions
                .into_iter()
                .find(|&position| self.ty(position) == ty);
            if let Some(position) = found {
                let depth = (height - 1 - position) as u32;
                return self.op(Op::Pick(depth), 0, &[ty]);
            }
        }
        let value = self.source.constant(ty);
        self.constant(value);
    }

    /// Has values of these types on top: those that are there, sometimes, if they may be
    /// popped.
    fn operands(&mut self, types: &[ValType]) {
        let first = self.stack.len().checked_sub(types.len());
        let there = first.is_some_and(|first| {
            first >= self.floor() && self.stack[first..].iter().map(|v| &v.0).eq(types)
        });
        if !there || self.source.one_in(3) {
            types.iter().for_each(|&ty| self.want(ty));
        }
    }

    /// Takes a unit of fuel; traps when there is none.
    fn burn(&mut self) {
        const I32: ValType = ValType::I32;
        self.i32(1);
        self.op(Op::GlobalGet(FUEL_GLOBAL), 0, &[I32]);
        self.op(Op::Div(op::DivOp::DivU, IntSize::I32), 2, &[I32]);
        self.op(Op::Drop, 1, &[]);
        self.op(Op::GlobalGet(FUEL_GLOBAL), 0, &[I32]);
        self.i32(1);
        self.op(Op::Alu(AluOp::Sub, IntSize::I32), 2, &[I32]);
        self.op(Op::GlobalSet(FUEL_GLOBAL), 1, &[]);
    }

    // --- rows of operators ---

    fn row(&mut self) {
        let most = if self.source.one_in(4) { 24 } else { 8 };
        for _ in 0..self.source.below(most) {
            match self.source.below(16) {
                0 => self.declare(),
                1 => {
                    let ty = self.source.ty();
                    let value = self.source.constant(ty);
                    self.constant(value);
                }
                2 => {
                    let ty = self.source.ty();
                    self.want(ty);
                }
                3 | 4 => self.swap(),
                5 if self.stack.len() > self.floor() => self.op(Op::Drop, 1, &[]),
                6 => self.storage(),
                7 => self.call(),
                8 => self.state(),
                _ => self.plain(),
            }
        }
    }

    fn swap(&mut self) {
        let Some(top) = self.stack.len().checked_sub(1).filter(|&top| top > 0) else {
            return;
        };
        let position = self.source.below(top);
        if self.ty(position) == self.ty(top) {
            // The values change places; what is known of their positions does not.
            self.drafts
                .push(Draft::Op(Op::Swap((top - position) as u32)));
        }
    }

    /// An operator on numbers.
    fn plain(&mut self) {
        let opcode = self.source.pick(Opcode::ALL);
        if !opcode.immediates().is_empty() {
            return;
        }
        let mut scratch = Scratch::default();
        let Ok(op) = opcode.read(&mut Nothing, &mut scratch);
        let Some((params, result)) = signature(op) else {
            return;
        };
        let Some(op) = op.without_list() else { return };
        let (op, tame) = (saturating(op), !self.source.one_in(16));
        let op = if tame { op.0 } else { op.1 };
        self.operands(&params);
        if let (Op::Div(_, size), true) = (op, tame) {
            self.divisor(size);
        }
        self.op(op, params.len(), &[result]);
        self.canonical(op, result);
    }

    /// Keeps the divisor on top from being 0.
    fn divisor(&mut self, size: IntSize) {
        let odd = match size {
            IntSize::I32 => Const::I32(1),
            IntSize::I64 => Const::I64(1),
        };
        self.constant(odd);
        self.op(Op::Alu(AluOp::Or, size), 2, &[size.ty()]);
    }

    /// Makes a NaN that the operator may have made canonical.
    fn canonical(&mut self, op: Op<'_>, ty: ValType) {
        use microwasm::op::FloatUnary;
        let (size, nan) = match ty {
            ValType::F32 => (FloatSize::F32, Const::F32(CANONICAL_NAN_32)),
            ValType::F64 => (FloatSize::F64, Const::F64(CANONICAL_NAN_64)),
            _ => return,
        };
        let moves_bits = matches!(
            op,
            Op::FloatBinary(FloatBinary::Copysign, _)
                | Op::FloatUnary(FloatUnary::Abs | FloatUnary::Neg, _)
                | Op::Convert(ConvertOp::F32ReinterpretI32 | ConvertOp::F64ReinterpretI64)
        );
        if moves_bits {
            return;
        }
        self.constant(nan);
        self.op(Op::Pick(1), 0, &[ty]);
        self.op(Op::Pick(0), 0, &[ty]);
        self.op(Op::FloatCmp(FloatCmp::Eq, size), 2, &[ValType::I32]);
        self.op(Op::Select(ty), 3, &[ty]);
    }

    /// Loads and stores, mostly in bounds.
    fn storage(&mut self) {
        let code = Opcode::I32Load as usize
            + self
                .source
                .below(Opcode::MemorySize as usize - Opcode::I32Load as usize);
        let mut scratch = Scratch::default();
        let Ok(op) = Opcode::ALL[code].read(&mut Nothing, &mut scratch);
        let arg = MemArg {
            memory: MemoryIndex(0),
            offset: self.source.below(300) as u32,
        };
        if self.source.one_in(16) {
            self.want(ValType::I32);
        } else {
            self.small(0x1_0000);
        }
        match op {
            Op::Load(load, _) => self.op(Op::Load(load, arg), 1, &[load.ty()]),
            Op::Store(store, _) => {
                self.want(store.ty());
                self.op(Op::Store(store, arg), 2, &[]);
            }
            _ => unreachable!("loads and stores are between these opcodes"),
        }
    }

    /// Calls a function that comes before this one, mostly, so that calls come to an end.
    fn call(&mut self) {
        let info = self.info;
        let callable = match self.func.index() {
            earlier if earlier > 0 && !self.source.one_in(16) => earlier,
            _ => info.funcs.len(),
        };
        let func = FuncIndex(self.source.below(callable) as u32);
        let FuncType { params, results } = info.func_type(func);
        if self.source.one_in(3) {
            let ty = match self.source.one_in(16) {
                true => TypeIndex(self.source.below(info.types.len()) as u32),
                false => info.funcs[func.index()],
            };
            let FuncType { params, results } = &info.types[ty.index()];
            params.iter().for_each(|&ty| self.want(ty));
            if self.source.one_in(16) {
                self.small(info.funcs.len());
            } else if self.source.one_in(2) {
                // Not known to the compiler.
                self.want(ValType::I32);
                self.i32(0);
                self.op(Op::Alu(AluOp::And, IntSize::I32), 2, &[ValType::I32]);
                self.i32(func.0 as i32);
                self.op(Op::Alu(AluOp::Or, IntSize::I32), 2, &[ValType::I32]);
            } else {
                self.i32(func.0 as i32);
            }
            let table = TableIndex(0);
            let op = Op::CallIndirect { ty, table };
            self.op(op, params.len() + 1, results);
        } else {
            self.operands(params);
            self.op(Op::Call(func), params.len(), results);
        }
    }

    /// Globals, tables, references, bulk operators and what else there is.
    fn state(&mut self) {
        use ValType::{FuncRef, I32};
        let (memory, table) = (MemoryIndex(0), TableIndex(self.source.below(2) as u32));
        let element = self.info.tables[table.index()].element;
        let global = GlobalIndex(1 + self.source.below(TYPES.len()) as u32);
        let ty = self.info.globals[global.index()].ty;
        // Table 1 has three elements.
        let elements = if table.0 == 0 || self.source.one_in(8) {
            4
        } else {
            2
        };
        let bulk = |body: &mut Self, size: usize| {
            (0..3).for_each(|_| body.small(size));
        };
        match self.source.below(20) {
            0..3 => self.op(Op::GlobalGet(global), 0, &[ty]),
            3..6 => {
                self.operands(&[ty]);
                self.op(Op::GlobalSet(global), 1, &[]);
            }
            6 | 7 => {
                let ty = self.source.ty();
                self.operands(&[ty, ty, I32]);
                self.op(Op::Select(ty), 3, &[ty]);
            }
            8 => {
                let (ty, count) = (self.source.ty(), self.source.below(5) as u32);
                self.op(Op::Zeros { ty, count }, 0, &vec![ty; count as usize]);
            }
            9 => {
                let ty = self.source.pick(&TYPES[4..]);
                self.operands(&[ty]);
                self.op(Op::RefIsNull, 1, &[I32]);
            }
            10 => {
                let func = FuncIndex(self.source.below(self.info.funcs.len()) as u32);
                self.op(Op::RefFunc(func), 0, &[FuncRef]);
            }
            11 => self.op(Op::MemorySize(memory), 0, &[I32]),
            12 => {
                self.small(2);
                self.op(Op::MemoryGrow(memory), 1, &[I32]);
            }
            13 => {
                bulk(self, 256);
                self.op(Op::MemoryFill(memory), 3, &[]);
            }
            14 => {
                bulk(self, 256);
                let (dst, src) = (memory, memory);
                self.op(Op::MemoryCopy { dst, src }, 3, &[]);
            }
            15 => {
                bulk(self, 64);
                let data = DataIndex(1);
                self.op(Op::MemoryInit { data, memory }, 3, &[]);
            }
            16 => {
                self.small(elements);
                self.op(Op::TableGet(table), 1, &[element]);
            }
            17 => {
                self.small(elements);
                self.want(element);
                self.op(Op::TableSet(table), 2, &[]);
            }
            18 => {
                self.want(element);
                self.small(2);
                self.op(Op::TableGrow(table), 2, &[I32]);
            }
            _ => self.op(Op::TableSize(table), 0, &[I32]),
        }
    }

    // --- blocks ---

    fn declare(&mut self) {
        if self.budget == 0 {
            return;
        }
        self.budget -= 1;
        let height = self.stack.len();
        let args = self.source.below(self.tail.len() + 1);
        let base = match self.source.below(4) {
            // As the stack is, if its top is what the block takes.
            0 | 1 => height.saturating_sub(args),
            2 => self.floor(),
            _ => self.source.below(height + 1),
        };
        let prefix = self.prefix(base).expect("the base is on the stack");
        let backward = self.source.one_in(3);
        let counted = self.source.one_in(2);
        self.drafts.push(Draft::Declare(self.blocks.len()));
        self.blocks.push(Block {
            base,
            prefix,
            args,
            backward,
            bound: false,
            callers: 0,
            counted,
        });
    }

    /// Blocks that must be branched to now: those that would be lost, and one that can be
    /// bound next.
    fn forced(&mut self) -> Vec<usize> {
        let pending = |block: &&Block| !block.bound;
        let next = self
            .blocks
            .iter()
            .filter(pending)
            .map(|block| block.base)
            .max();
        let lost = |block: &Block| {
            block.bound && block.callers == 0 && next.is_none_or(|next| block.base > next)
        };
        let indices = 0..self.blocks.len();
        let mut forced: Vec<usize> = indices.filter(|&i| lost(&self.blocks[i])).collect();
        if let Some(next) = next {
            let candidates: Vec<usize> = self.with_base(next).collect();
            if !candidates.iter().any(|&i| self.can_be_bound(i)) {
                forced.push(self.source.pick(&candidates));
            }
        }
        forced
    }

    fn with_base(&self, base: usize) -> impl Iterator<Item = usize> {
        let is = move |block: &Block| !block.bound && block.base == base;
        (0..self.blocks.len()).filter(move |&i| is(&self.blocks[i]))
    }

    fn can_be_bound(&self, index: usize) -> bool {
        let block = &self.blocks[index];
        block.callers > 0 || block.backward
    }

    fn terminate(&mut self) {
        for _ in 0..self.source.below(4) {
            self.declare();
        }
        let mut targets: Vec<Label> = self.forced().into_iter().map(label).collect();
        if targets.is_empty() && self.source.one_in(128) {
            self.drafts.push(Draft::Op(Op::Unreachable));
            return;
        }
        let open: Vec<usize> = (0..self.blocks.len())
            .filter(|&i| !self.blocks[i].bound || self.blocks[i].backward)
            .filter(|&i| self.is_alive(&self.blocks[i]))
            .collect();
        let wanted = match self.source.below(8) {
            0..3 => 1,
            3..7 => 2,
            _ => 2 + self.source.below(5),
        };
        while targets.len() < wanted {
            targets.push(if open.is_empty() || self.source.one_in(8) {
                Label::RETURN
            } else {
                label(self.source.pick(&open))
            });
        }
        // Whatever goes back can also leave.
        let back = |target: &Label| self.is_bound(*target);
        if targets.len() != 2 && targets.iter().any(back) || targets.iter().all(back) {
            targets.push(Label::RETURN);
        }
        self.branch(&targets);
    }

    fn is_bound(&self, target: Label) -> bool {
        target != Label::RETURN && self.blocks[target.index() - 1].bound
    }

    /// Branches to these, of which there is at least one.
    fn branch(&mut self, targets: &[Label]) {
        let args = |body: &Self, label: Label| match label {
            Label::RETURN => (0, body.results),
            Label(number) => {
                let block = &body.blocks[number as usize - 1];
                (block.base, block.args)
            }
        };
        let shapes: Vec<(usize, usize)> = targets.iter().map(|&t| args(self, t)).collect();
        let most = shapes.iter().map(|shape| shape.1).max().unwrap_or(0);
        let least = shapes.iter().map(|(base, args)| base + args).max();
        let taken = self.tail[self.tail.len() - most..].to_vec();
        let height = self.stack.len();
        let there = height >= least.unwrap_or(0).max(most)
            && self.stack[height - most..].iter().map(|v| &v.0).eq(&taken);
        if !there || self.source.one_in(4) {
            taken.iter().for_each(|&ty| self.want(ty));
        }
        if targets.len() > 1 {
            self.condition(targets.len());
            self.tire(targets);
            self.stack.pop();
        }
        for &target in targets {
            if target != Label::RETURN {
                self.blocks[target.index() - 1].callers += 1;
            }
        }
        self.drafts.push(match *targets {
            [target] => Draft::Op(Op::Br(target)),
            [then, otherwise] => Draft::Op(Op::BrIf { then, otherwise }),
            [ref targets @ .., default] => Draft::BrTable(targets.to_vec(), default),
            [] => unreachable!("there is a target"),
        });
    }

    /// When fuel runs low, has the condition on top choose what does not go back.
    fn tire(&mut self, targets: &[Label]) {
        const I32: ValType = ValType::I32;
        if !targets.iter().any(|&target| self.is_bound(target)) || self.source.one_in(64) {
            return;
        }
        self.op(Op::GlobalGet(FUEL_GLOBAL), 0, &[I32]);
        self.i32(FUEL as i32 - LOOPS);
        let back_if_true = targets.len() == 2 && self.is_bound(targets[0]);
        let cmp = if back_if_true {
            op::IntCmp::GtS
        } else {
            op::IntCmp::LeS
        };
        self.op(Op::IntCmp(cmp, IntSize::I32), 2, &[I32]);
        if targets.len() > 2 {
            // Beyond all targets.
            self.i32(10);
            self.op(Op::Shift(op::ShiftOp::Shl, IntSize::I32), 2, &[I32]);
        } else if back_if_true {
            // The condition may be any number.
            self.op(Op::Swap(1), 0, &[]);
            self.i32(0);
            self.op(Op::IntCmp(op::IntCmp::Ne, IntSize::I32), 2, &[I32]);
        }
        let op = if back_if_true { AluOp::And } else { AluOp::Or };
        self.op(Op::Alu(op, IntSize::I32), 2, &[I32]);
    }

    fn condition(&mut self, targets: usize) {
        if targets > 2 {
            return self.small(targets);
        }
        match self.source.below(4) {
            0 => self.want(ValType::I32),
            1 => {
                self.want(ValType::I64);
                self.op(Op::Eqz(IntSize::I64), 1, &[ValType::I32]);
            }
            2 => {
                self.want(ValType::F64);
                self.want(ValType::F64);
                let cmp = self
                    .source
                    .pick(&[FloatCmp::Eq, FloatCmp::Ne, FloatCmp::Lt]);
                self.op(Op::FloatCmp(cmp, FloatSize::F64), 2, &[ValType::I32]);
            }
            _ => {
                self.want(ValType::I32);
                self.want(ValType::I32);
                let cmp = self
                    .source
                    .pick(&[op::IntCmp::LtS, op::IntCmp::GeU, op::IntCmp::Ne]);
                self.op(Op::IntCmp(cmp, IntSize::I32), 2, &[ValType::I32]);
            }
        }
    }

    /// The block that is bound next; `None` when all are.
    fn choose_next(&mut self) -> Option<usize> {
        let pending = |block: &&Block| !block.bound;
        let base = self
            .blocks
            .iter()
            .filter(pending)
            .map(|block| block.base)
            .max()?;
        let group = self.with_base(base).filter(|&i| self.can_be_bound(i));
        let group: Vec<usize> = group.collect();
        Some(self.source.pick(&group))
    }

    fn bind(&mut self, index: usize) {
        let Block {
            base,
            args,
            backward,
            ..
        } = self.blocks[index];
        self.blocks[index].bound = true;
        self.drafts.push(Draft::Op(Op::Label(label(index))));
        self.stack.truncate(base);
        let taken = self.tail[self.tail.len() - args..].to_vec();
        taken.iter().for_each(|&ty| self.push(ty));
        if backward {
            self.burn();
        }
    }

    fn emit(self, sink: &mut impl Sink) {
        for draft in &self.drafts {
            match draft {
                Draft::Op(op) => sink.op(*op),
                Draft::Declare(index) => {
                    let block = &self.blocks[*index];
                    let decl = BlockDecl {
                        base: StackHeight(block.base as u32),
                        args: &self.tail[self.tail.len() - block.args..],
                        backward: block.backward,
                        callers: block.counted.then_some(block.callers),
                    };
                    sink.op(Op::Declare(label(*index), decl));
                }
                Draft::BrTable(targets, default) => sink.op(Op::BrTable {
                    targets,
                    default: *default,
                }),
            }
        }
    }
}

/// The truncation that saturates in place of one that traps, and the operator as it was.
fn saturating(op: Op<'static>) -> (Op<'static>, Op<'static>) {
    use ConvertOp::*;
    let Op::Convert(convert) = op else {
        return (op, op);
    };
    let saturating = match convert {
        I32TruncF32S => I32TruncSatF32S,
        I32TruncF32U => I32TruncSatF32U,
        I32TruncF64S => I32TruncSatF64S,
        I32TruncF64U => I32TruncSatF64U,
        I64TruncF32S => I64TruncSatF32S,
        I64TruncF32U => I64TruncSatF32U,
        I64TruncF64S => I64TruncSatF64S,
        I64TruncF64U => I64TruncSatF64U,
        other => other,
    };
    (Op::Convert(saturating), op)
}

fn label(index: usize) -> Label {
    Label(index as u32 + 1)
}

/// Operand types and result type of the operators on numbers.
fn signature(op: Op<'_>) -> Option<(Vec<ValType>, ValType)> {
    use ValType::I32;
    Some(match op {
        Op::Alu(_, size) | Op::Shift(_, size) | Op::Div(_, size) | Op::Mul(size) => {
            (vec![size.ty(); 2], size.ty())
        }
        Op::Bit(_, size) => (vec![size.ty()], size.ty()),
        Op::IntCmp(_, size) => (vec![size.ty(); 2], I32),
        Op::Eqz(size) => (vec![size.ty()], I32),
        Op::Extend(extend) => (vec![extend.ty()], extend.ty()),
        Op::FloatBinary(_, size) => (vec![size.ty(); 2], size.ty()),
        Op::FloatUnary(_, size) => (vec![size.ty()], size.ty()),
        Op::FloatCmp(_, size) => (vec![size.ty(); 2], I32),
        Op::Convert(convert) => {
            let (from, to) = convert.signature();
            (vec![from], to)
        }
        _ => return None,
    })
}

/// Immediates where their values do not matter.
struct Nothing;

type Read<T> = Result<T, std::convert::Infallible>;

impl ReadImmediates for Nothing {
    type Error = std::convert::Infallible;

    fn fresh(&mut self) -> Read<Label> {
        Ok(Label::RETURN)
    }

    fn label(&mut self) -> Read<Label> {
        Ok(Label::RETURN)
    }

    fn labels<'s>(&mut self, scratch: &'s mut Scratch) -> Read<&'s [Label]> {
        Ok(&scratch.labels)
    }

    fn decl<'s>(&mut self, scratch: &'s mut Scratch) -> Read<BlockDecl<'s>> {
        Ok(BlockDecl {
            base: StackHeight(0),
            args: &scratch.types,
            backward: false,
            callers: None,
        })
    }

    fn number(&mut self) -> Read<u32> {
        Ok(0)
    }

    fn index<I: From<u32>>(&mut self) -> Read<I> {
        Ok(I::from(0))
    }

    fn i32(&mut self) -> Read<i32> {
        Ok(0)
    }

    fn i64(&mut self) -> Read<i64> {
        Ok(0)
    }

    fn f32(&mut self) -> Read<u32> {
        Ok(0)
    }

    fn f64(&mut self) -> Read<u64> {
        Ok(0)
    }

    fn ty(&mut self) -> Read<ValType> {
        Ok(ValType::I32)
    }

    fn memarg(&mut self) -> Read<MemArg> {
        Ok(MemArg {
            memory: MemoryIndex(0),
            offset: 0,
        })
    }
}
