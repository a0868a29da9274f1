//! Listings: which Microwasm operator became which machine code, or bytecode.
//!
//! [`ListingSink`] stands in for a [`FunctionCompiler`] and notes, operator by
//! operator, where in the source it came from and where its code begins;
//! [`render`] decodes the finished stencil between those notes. Code that an
//! operator holds back (a jump that may turn out to go to the next instruction)
//! is shown with the operator at which it is emitted.

use crate::bytecode::op::Text;
use crate::compiler::FunctionCompiler;
use crate::error::CodegenError;
use crate::settings::Backend;
use crate::stencil::{CodeOffset, ExternalName, Stencil};
use iced_x86::{Decoder, DecoderOptions, Formatter as _, NasmFormatter};
use microwasm::Sink;
use microwasm::op::Op;
use std::fmt::{self, Write as _};

/// One operator of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOp {
    /// Byte offset in the source.
    pub source: u32,
    /// The operator as text.
    pub text: String,
    /// Where its code begins; it ends where the next operator's begins.
    pub code: CodeOffset,
}

/// Compiles a function and takes notes.
pub struct ListingSink<C> {
    compiler: C,
    ops: Vec<ListedOp>,
    source: u32,
}

impl<C: FunctionCompiler> ListingSink<C> {
    /// Takes notes of what `compiler` does.
    pub fn new(compiler: C) -> ListingSink<C> {
        ListingSink {
            compiler,
            ops: Vec::new(),
            source: 0,
        }
    }

    /// Ends the function and returns the notes.
    ///
    /// # Errors
    /// As [`FunctionCompiler::finish`].
    pub fn finish(self) -> Result<Vec<ListedOp>, CodegenError> {
        self.compiler.finish()?;
        Ok(self.ops)
    }
}

impl<C: FunctionCompiler> Sink for ListingSink<C> {
    fn op(&mut self, op: Op<'_>) {
        let code = self.compiler.offset();
        self.ops.push(ListedOp {
            source: self.source,
            text: op.to_string(),
            code,
        });
        self.compiler.op(op);
    }

    fn source(&mut self, offset: u32) {
        self.source = offset;
        self.compiler.source(offset);
    }
}

/// Writes a function's operators, each followed by its machine code, then the code that
/// lies behind the body. Addresses are offsets in the function.
///
/// # Errors
/// Those of `out`.
pub fn render(
    instructions: impl IntoIterator<Item = Line>,
    ops: &[ListedOp],
    out: &mut impl fmt::Write,
) -> fmt::Result {
    let mut instructions = instructions.into_iter().peekable();
    while let Some(line) = instructions.next_if(|i| ops.first().is_none_or(|op| i.offset < op.code))
    {
        writeln!(out, "{line}")?;
    }
    for (i, op) in ops.iter().enumerate() {
        writeln!(out, "{:6x}: {}", op.source, op.text)?;
        let end = ops.get(i + 1).map(|next| next.code);
        while let Some(line) = instructions.next_if(|i| end.is_none_or(|end| i.offset < end)) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// One decoded instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its first byte.
    pub offset: CodeOffset,
    /// Intel syntax; calls by name.
    pub text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "            {:5x}  {}", self.offset.0, self.text)
    }
}

/// Decodes a stencil of any backend.
pub fn decode(stencil: &Stencil<'_>, backend: Backend) -> Vec<Line> {
    match backend {
        Backend::X64 => instructions(stencil).collect(),
        Backend::Bytecode => bytecode(stencil).collect(),
    }
}

/// Decodes a stencil of bytecode; calls by name.
pub fn bytecode<'a>(stencil: &Stencil<'a>) -> impl Iterator<Item = Line> + use<'a> {
    let code = stencil.code;
    let mut relocs = stencil.relocs.iter().copied().peekable();
    let mut at = 0;
    std::iter::from_fn(move || {
        let instruction = Text::of(code, at)?;
        let offset = CodeOffset(at);
        at += instruction.size();
        let text = match relocs.next_if(|reloc| reloc.offset.0 < at) {
            Some(reloc) => match reloc.target {
                ExternalName::Func(func) => format!("call func {func}"),
                ExternalName::Builtin(builtin) => format!("call {builtin:?}"),
            },
            None => instruction.to_string(),
        };
        Some(Line { offset, text })
    })
}

/// Decodes a stencil of machine code. Jump tables decode as whatever their bytes happen to be.
pub fn instructions<'a>(stencil: &Stencil<'a>) -> impl Iterator<Item = Line> + use<'a> {
    let mut decoder = Decoder::with_ip(64, stencil.code, 0, DecoderOptions::NONE);
    let mut formatter = NasmFormatter::new();
    formatter.options_mut().set_branch_leading_zeros(false);
    formatter
        .options_mut()
        .set_space_after_operand_separator(true);
    formatter.options_mut().set_hex_prefix("0x");
    formatter.options_mut().set_hex_suffix("");
    let mut relocs = stencil.relocs.iter().copied().peekable();
    std::iter::from_fn(move || {
        if !decoder.can_decode() {
            return None;
        }
        let instruction = decoder.decode();
        let mut text = String::new();
        match relocs.next_if(|r| u64::from(r.offset.0) < instruction.next_ip()) {
            Some(reloc) => match reloc.target {
                ExternalName::Func(func) => write!(text, "call func {func}"),
                ExternalName::Builtin(builtin) => write!(text, "call {builtin:?}"),
            }
            .expect("strings take everything"),
            None => formatter.format(&instruction, &mut text),
        }
        Some(Line {
            offset: CodeOffset(instruction.ip32()),
            text,
        })
    })
}
