//! Location maps: where every value of the virtual stack is, operator by operator.
//!
//! [`ObservingSink`] stands in for a function compiler of either backend, as a listing's sink
//! does, and notes before each operator that will be executed where its code begins and where
//! all values are. The code that comes of it is what the compiler makes without being observed.
//! Whoever stops the code at that offset can read every value ([`Place`]).
//!
//! A boundary is left out ([`Boundary::judged`]) where the state belongs to nobody: behind a
//! branch and in code that nobody reaches; and where an operator went back to change code that
//! was there already, so that what had been noted of the place is not so. Left out, too, are those
//! between operators that the compiler is told at once ([`ObservingSink::at_once`]).

use crate::compiler::FunctionCompiler;
use crate::error::CodegenError;
use crate::stencil::CodeOffset;
use crate::x64::masm::Cond;
use crate::x64::reg::{Gpr, Xmm};
use microwasm::op::{Branch, FloatCmp, FloatSize, IntCmp, IntSize, Op};
use microwasm::{GlobalIndex, Label, ModuleInfo, Sink, TableIndex};
use std::ops::Range;

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// In a general-purpose register.
    Gpr(Gpr),
    /// In a vector register.
    Xmm(Xmm),
    /// Known when the code was compiled.
    Const(u64),
    /// In this slot of the frame.
    Slot(u32),
    /// 1 if the flags satisfy the condition, else 0.
    Flags(Cond),
    /// 1 if the test holds, else 0: in bytecode, a compare that was not executed yet.
    Test(Test),
}

/// A compare of two values that are where they have been.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// What is compared how.
    pub relation: Relation,
    /// The left operand.
    pub lhs: Operand,
    /// The right operand.
    pub rhs: Operand,
}

/// When a [`Test`] holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Relation {
    /// Between integers.
    Int(IntCmp, IntSize),
    /// Between floats, and whether it is negated.
    Float(FloatCmp, FloatSize, bool),
}

/// An operand of a [`Test`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Operand {
    Slot(u32),
    Const(u64),
}

/// Where a value is that is not in its own slot, or not only there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    /// Its position on the stack, from the bottom.
    pub position: u32,
    /// Where it is.
    pub place: Place,
    /// Whether its own slot has it, too.
    pub at_home: bool,
}

/// State besides the stack that an operator reads: an operand tells where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// None, or more than one place.
    Nothing,
    /// This many bytes of memory 0, at the operand and this offset.
    Memory {
        /// Added to the operand.
        offset: u32,
        /// How many bytes.
        bytes: u32,
    },
    /// A global.
    Global(GlobalIndex),
    /// The element of a table that the operand names.
    Element(TableIndex),
}

/// What is known of the place before an operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Boundary {
    /// Number of the operator among all operators of the function.
    pub number: u32,
    /// Byte offset of the operator in the source.
    pub source: u32,
    /// The operator as text.
    pub text: String,
    /// How many values it takes from the stack.
    pub operands: u32,
    /// What else it reads.
    pub reads: Reads,
    /// Where its code begins.
    pub code: CodeOffset,
    /// Where its code ended when the next operator came.
    pub end: CodeOffset,
    /// How many values there are.
    pub height: u32,
    /// Whether what is said of the values can be relied on.
    pub judged: bool,
    off: Range<usize>,
}

/// The boundaries of one function: one for each operator but declarations and labels.
#[derive(Clone, Debug, Default)]
pub struct LocationMap {
    boundaries: Vec<Boundary>,
    off: Vec<Location>,
    /// From this slot on, slots lie that much further up in the frame.
    shift: Option<(u32, u32)>,
}

impl LocationMap {
    /// The boundaries, in the order of the operators.
    pub fn boundaries(&self) -> &[Boundary] {
        &self.boundaries
    }

    /// The values that are not, or not only, in their own slots, ascending.
    pub fn off_home(&self, boundary: &Boundary) -> &[Location] {
        &self.off[boundary.off.clone()]
    }

    /// The own slot of a position.
    pub fn home(&self, position: u32) -> u32 {
        match self.shift {
            Some((from, by)) if position >= from => position + by,
            _ => position,
        }
    }

    /// Where a value is before the operator.
    pub fn place(&self, boundary: &Boundary, position: u32) -> Place {
        let off = self.off_home(boundary);
        match off.binary_search_by_key(&position, |location| location.position) {
            Ok(index) => off[index].place,
            Err(_) => Place::Slot(self.home(position)),
        }
    }
}

/// A function compiler that says where things are.
pub trait Observed: FunctionCompiler {
    /// The last bytes of code before an offset.
    fn code_before(&self, offset: CodeOffset) -> &[u8];
    /// Whether the operator that comes next is skipped.
    fn is_dead(&self) -> bool;
    /// How many values there are.
    fn height(&self) -> u32;
    /// Appends the places of values that are not only in their own slots, ascending.
    fn off_home(&self, out: &mut Vec<Location>);
    /// From this slot on, slots lie that much further up in the frame.
    fn shift(&self) -> Option<(u32, u32)>;
}

/// How much of the code is looked at to see whether an operator has changed what was there.
pub(crate) const LOOK_BACK: u32 = 16;

/// Compiles a function and takes notes.
pub struct ObservingSink<'m, C> {
    compiler: C,
    module: &'m ModuleInfo,
    map: LocationMap,
    /// Arguments of the declared blocks, by label.
    args: Vec<u32>,
    /// Operators so far.
    count: u32,
    source: u32,
    /// Whether the state belongs to somebody.
    live: bool,
    /// Whether what comes at once is handed on at once.
    at_once: bool,
}

impl<'m, C: Observed> ObservingSink<'m, C> {
    /// Takes notes of what `compiler` does with a function of `module` that has `results`
    /// results.
    pub fn new(compiler: C, module: &'m ModuleInfo, results: u32) -> ObservingSink<'m, C> {
        ObservingSink {
            compiler,
            module,
            map: LocationMap::default(),
            args: vec![results],
            count: 0,
            source: 0,
            live: true,
            at_once: false,
        }
    }

    /// Hands on at once what comes at once, instead of operator by operator: then there is less to
    /// see, but a compiler that does not treat the two alike does what it does unobserved.
    #[must_use]
    pub fn at_once(self) -> ObservingSink<'m, C> {
        ObservingSink {
            at_once: true,
            ..self
        }
    }

    /// Ends the function and returns the notes.
    ///
    /// # Errors
    /// As [`Observed::finish`].
    pub fn finish(self) -> Result<LocationMap, CodegenError> {
        let mut map = self.map;
        map.shift = self.compiler.shift();
        self.compiler.finish()?;
        Ok(map)
    }

    fn note(&mut self, op: Op<'_>) {
        let start = self.map.off.len();
        self.compiler.off_home(&mut self.map.off);
        let code = self.compiler.offset();
        self.map.boundaries.push(Boundary {
            number: self.count,
            source: self.source,
            text: op.to_string(),
            operands: self.operands(op),
            reads: reads(op),
            code,
            end: code,
            height: self.compiler.height(),
            judged: self.live && !self.compiler.is_dead(),
            off: start..self.map.off.len(),
        });
    }

    /// Compiles operators that have boundaries, of which the first is judged.
    fn group(&mut self, ops: &[Op<'_>], compile: impl FnOnce(&mut C)) {
        let first = self.map.boundaries.len();
        for &op in ops {
            self.note(op);
            self.count += 1;
        }
        self.compile(compile);
        let end = self.compiler.offset();
        for (i, boundary) in self.map.boundaries.iter_mut().skip(first).enumerate() {
            boundary.judged &= i == 0;
            boundary.end = end;
        }
    }

    /// Compiles something; takes back what was noted of the place before it if it has changed
    /// the code there.
    fn compile(&mut self, compile: impl FnOnce(&mut C)) {
        let before = self.compiler.offset();
        let mut bytes = [0; LOOK_BACK as usize];
        let code = self.compiler.code_before(before);
        let len = code.len();
        bytes[..len].copy_from_slice(code);
        compile(&mut self.compiler);
        let changed =
            self.compiler.offset() < before || self.compiler.code_before(before) != &bytes[..len];
        if changed {
            let boundaries = self.map.boundaries.iter_mut().rev();
            for boundary in boundaries.take_while(|boundary| boundary.code == before) {
                boundary.judged = false;
            }
        }
    }

    fn declare(&mut self, label: Label, args: u32) {
        let needed = self.args.len().max(label.index() + 1);
        self.args.resize(needed, 0);
        self.args[label.index()] = args;
    }

    fn args_of(&self, label: Label) -> u32 {
        self.args.get(label.index()).copied().unwrap_or(0)
    }

    /// How many values an operator takes.
    fn operands(&self, op: Op<'_>) -> u32 {
        match op {
            Op::Declare(..) | Op::Label(_) | Op::Unreachable | Op::Const(_) | Op::Zeros { .. } => 0,
            Op::Pick(depth) | Op::Swap(depth) => depth + 1,
            Op::Br(label) => self.args_of(label),
            Op::BrIf { then, otherwise } => 1 + self.args_of(then).max(self.args_of(otherwise)),
            Op::BrTable { default, .. } => 1 + self.args_of(default),
            Op::Drop
            | Op::Bit(..)
            | Op::Eqz(_)
            | Op::Extend(_)
            | Op::FloatUnary(..)
            | Op::Convert(_)
            | Op::Load(..)
            | Op::MemoryGrow(_)
            | Op::GlobalSet(_)
            | Op::TableGet(_)
            | Op::RefIsNull => 1,
            Op::Alu(..)
            | Op::Mul(_)
            | Op::Shift(..)
            | Op::Div(..)
            | Op::IntCmp(..)
            | Op::FloatBinary(..)
            | Op::FloatCmp(..)
            | Op::Store(..)
            | Op::TableSet(_)
            | Op::TableGrow(_) => 2,
            Op::Select(_)
            | Op::MemoryFill(_)
            | Op::MemoryCopy { .. }
            | Op::MemoryInit { .. }
            | Op::TableFill(_)
            | Op::TableCopy { .. }
            | Op::TableInit { .. } => 3,
            Op::MemorySize(_)
            | Op::DataDrop(_)
            | Op::GlobalGet(_)
            | Op::TableSize(_)
            | Op::ElemDrop(_)
            | Op::RefFunc(_) => 0,
            Op::Call(func) => self.module.func_type(func).params.len() as u32,
            Op::CallIndirect { ty, .. } => 1 + self.module.types[ty.index()].params.len() as u32,
        }
    }
}

fn reads(op: Op<'_>) -> Reads {
    match op {
        Op::Load(load, arg) => Reads::Memory {
            offset: arg.offset,
            bytes: load.bytes(),
        },
        Op::GlobalGet(global) => Reads::Global(global),
        Op::TableGet(table) | Op::CallIndirect { table, .. } => Reads::Element(table),
        _ => Reads::Nothing,
    }
}

impl<C: Observed> Sink for ObservingSink<'_, C> {
    fn op(&mut self, op: Op<'_>) {
        match op {
            Op::Declare(label, decl) => {
                self.declare(label, decl.args.len() as u32);
                self.compile(|compiler| compiler.op(op));
                self.count += 1;
            }
            Op::Label(_) => {
                self.compile(|compiler| compiler.op(op));
                self.count += 1;
                self.live = true;
            }
            _ => {
                self.group(&[op], |compiler| compiler.op(op));
                let terminator = matches!(
                    op,
                    Op::Br(_) | Op::BrIf { .. } | Op::BrTable { .. } | Op::Unreachable
                );
                self.live &= !terminator;
            }
        }
    }

    fn replace(&mut self, depth: u32) {
        let ops = [Op::Swap(depth), Op::Drop];
        match self.at_once {
            true => self.group(&ops, |compiler| compiler.replace(depth)),
            false => ops.into_iter().for_each(|op| self.op(op)),
        }
    }

    fn tee(&mut self, depth: u32) {
        let ops = [Op::Pick(0), Op::Swap(depth + 1), Op::Drop];
        match self.at_once {
            true => self.group(&ops, |compiler| compiler.tee(depth)),
            false => ops.into_iter().for_each(|op| self.op(op)),
        }
    }

    fn branch(&mut self, branch: Branch) {
        if !self.at_once {
            return branch.one_by_one(self);
        }
        self.declare(branch.next, 0);
        self.count += 1;
        self.group(&[branch.br_if()], |compiler| compiler.branch(branch));
        self.count += 1;
        self.live = true;
    }

    fn source(&mut self, offset: u32) {
        self.source = offset;
        self.compiler.source(offset);
    }
}
