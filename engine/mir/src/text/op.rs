//! One operator as a line of text, and the sink that writes them.

use std::fmt::{self, Display};

use super::scalar::{F32, F64, LabelName, Types};
use crate::op::{BlockDecl, Const, MemArg, Op, Sink};
use crate::types::MemoryIndex;

impl Display for Op<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Op::Label(label) = self {
            return write!(f, "{}:", LabelName(*label));
        }
        f.write_str(self.name())?;
        match self {
            Op::Declare(label, decl) => write!(f, " {}{decl}", LabelName(*label)),
            Op::Br(label) => write!(f, " {}", LabelName(*label)),
            Op::BrIf { then, otherwise } => {
                write!(f, " {} {}", LabelName(*then), LabelName(*otherwise))
            }
            Op::BrTable { targets, default } => {
                targets
                    .iter()
                    .try_for_each(|target| write!(f, " {}", LabelName(*target)))?;
                write!(f, " {}", LabelName(*default))
            }
            Op::Pick(depth) | Op::Swap(depth) => write!(f, " {depth}"),
            Op::Const(value) => write!(f, " {value}"),
            Op::Zeros { ty, count } => write!(f, " {ty} {count}"),
            Op::Select(ty) => write!(f, " {ty}"),
            Op::Load(_, arg) | Op::Store(_, arg) => write!(f, "{arg}"),
            Op::MemorySize(memory) | Op::MemoryGrow(memory) | Op::MemoryFill(memory) => {
                write!(f, " {memory}")
            }
            Op::MemoryCopy { dst, src } => write!(f, " {dst} {src}"),
            Op::MemoryInit { data, memory } => write!(f, " {memory} {data}"),
            Op::DataDrop(data) => write!(f, " {data}"),
            Op::GlobalGet(global) | Op::GlobalSet(global) => write!(f, " {global}"),
            Op::TableGet(table)
            | Op::TableSet(table)
            | Op::TableSize(table)
            | Op::TableGrow(table)
            | Op::TableFill(table) => write!(f, " {table}"),
            Op::TableCopy { dst, src } => write!(f, " {dst} {src}"),
            Op::TableInit { elem, table } => write!(f, " {table} {elem}"),
            Op::ElemDrop(elem) => write!(f, " {elem}"),
            Op::RefFunc(func) | Op::Call(func) => write!(f, " {func}"),
            Op::CallIndirect { ty, table } => write!(f, " {table} {ty}"),
            Op::Label(_)
            | Op::Unreachable
            | Op::Drop
            | Op::Alu(..)
            | Op::Mul(_)
            | Op::Shift(..)
            | Op::Div(..)
            | Op::Bit(..)
            | Op::IntCmp(..)
            | Op::Eqz(_)
            | Op::Extend(_)
            | Op::FloatBinary(..)
            | Op::FloatUnary(..)
            | Op::FloatCmp(..)
            | Op::Convert(_)
            | Op::RefIsNull => Ok(()),
        }
    }
}

impl Display for BlockDecl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {} base {}", Types(self.args), self.base)?;
        if let Some(callers) = self.callers {
            write!(f, " callers {callers}")?;
        }
        f.write_str(if self.backward { " backward" } else { "" })
    }
}

/// The value alone; the operator's name has its type.
impl Display for Const {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Const::I32(value) => value.fmt(f),
            Const::I64(value) => value.fmt(f),
            Const::F32(bits) => F32(bits).fmt(f),
            Const::F64(bits) => F64(bits).fmt(f),
            Const::Null(ty) => ty.fmt(f),
        }
    }
}

/// Memory 0 and offset 0 go without saying.
impl Display for MemArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.memory != MemoryIndex(0) {
            write!(f, " {}", self.memory)?;
        }
        if self.offset != 0 {
            write!(f, " offset={}", self.offset)?;
        }
        Ok(())
    }
}

/// Writes operators, one line each.
pub struct TextSink<'a> {
    out: &'a mut String,
    offsets: Offsets,
    /// The offset that the next operator comes from, if it is new.
    source: Option<u32>,
}

/// Whether a [`TextSink`] says where operators come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offsets {
    /// Operators alone.
    Hide,
    /// A comment with the offset in the source at each operator that begins one there.
    Show,
}

impl<'a> TextSink<'a> {
    /// A sink that appends to `out`.
    pub fn new(out: &'a mut String, offsets: Offsets) -> TextSink<'a> {
        TextSink {
            out,
            offsets,
            source: None,
        }
    }
}

impl Sink for TextSink<'_> {
    fn op(&mut self, op: Op<'_>) {
        let indent = if matches!(op, Op::Label(_)) {
            ""
        } else {
            "    "
        };
        let line = format!("{indent}{op}");
        match self.source.take().filter(|_| self.offsets == Offsets::Show) {
            Some(source) => *self.out += &format!("{line:<40} ;; {source:#x}\n"),
            None => {
                *self.out += &line;
                self.out.push('\n');
            }
        }
    }

    fn source(&mut self, offset: u32) {
        self.source = Some(offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Label;

    #[test]
    fn offsets_are_comments() {
        let mut text = String::new();
        let mut sink = TextSink::new(&mut text, Offsets::Show);
        sink.source(0x2a);
        sink.op(Op::Const(Const::I32(-1)));
        sink.op(Op::Br(Label::RETURN));
        let padding = " ".repeat(40 - "    i32.const -1".len());
        assert_eq!(
            text,
            format!("    i32.const -1{padding} ;; 0x2a\n    br .return\n")
        );
    }
}
