//! One operator as a line of text, and the sink that writes them.

use std::fmt::{self, Display};

use super::scalar::{F32, F64, LabelName, Types};
use crate::immediates::WriteImmediates;
use crate::op::{BlockDecl, MemArg, Op, Sink};
use crate::types::{Label, MemoryIndex, ValType};

impl Display for Op<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Op::Label(label) = self {
            return write!(f, "{}:", LabelName(*label));
        }
        f.write_str(self.name())?;
        self.write(&mut Words(f))
    }
}

/// Writes each immediate with a space before it.
struct Words<'f, 'a>(&'f mut fmt::Formatter<'a>);

impl WriteImmediates for Words<'_, '_> {
    type Error = fmt::Error;

    fn fresh(&mut self, label: Label) -> fmt::Result {
        self.label(label)
    }

    fn label(&mut self, label: Label) -> fmt::Result {
        write!(self.0, " {}", LabelName(label))
    }

    fn labels(&mut self, labels: &[Label]) -> fmt::Result {
        labels.iter().try_for_each(|&label| self.label(label))
    }

    fn decl(&mut self, decl: BlockDecl<'_>) -> fmt::Result {
        decl.fmt(self.0)
    }

    fn number(&mut self, number: u32) -> fmt::Result {
        write!(self.0, " {number}")
    }

    fn index(&mut self, index: u32) -> fmt::Result {
        write!(self.0, " {index}")
    }

    fn i32(&mut self, value: i32) -> fmt::Result {
        write!(self.0, " {value}")
    }

    fn i64(&mut self, value: i64) -> fmt::Result {
        write!(self.0, " {value}")
    }

    fn f32(&mut self, bits: u32) -> fmt::Result {
        write!(self.0, " {}", F32(bits))
    }

    fn f64(&mut self, bits: u64) -> fmt::Result {
        write!(self.0, " {}", F64(bits))
    }

    fn ty(&mut self, ty: ValType) -> fmt::Result {
        write!(self.0, " {ty}")
    }

    fn memarg(&mut self, arg: MemArg) -> fmt::Result {
        arg.fmt(self.0)
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
    use crate::op::Const;

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
