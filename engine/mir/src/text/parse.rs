//! Text to a module: declarations, then functions, as the binary reader does it.
//!
//! Functions are declared where their bodies are, behind everything that names them. So
//! the headers of all functions are read first.

use super::error::{TextCause, TextError};
use super::words::{Read, Words, label};
use crate::immediates::{ReadImmediates, Scratch};
use crate::input::{self, Consumer, InputError};
use crate::module::{
    ConstExpr, ConstOp, DataSegment, ElemItems, ElemSegment, Export, ExportItem, ExternType,
    GlobalType, Import, Limits as Size, MemoryType, ModuleInfo, SegmentMode, TableType,
};
use crate::op::{Op, Sink};
use crate::opcode::Opcode;
use crate::types::{DefinedFuncIndex, FuncIndex, FuncType, GlobalIndex, TableIndex, TypeIndex};
use crate::verify::{Declarations, Rules, Verifier, VerifyError, Violation};
use crate::wasm::{LimitKind, Limits};

/// Declarations, in the order in which they come.
const ORDER: [&str; 11] = [
    "microwasm",
    "type",
    "import",
    "table",
    "memory",
    "global",
    "export",
    "start",
    "elem",
    "data",
    "func",
];

/// Whether the first word is the one that every text begins with.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    if !may_be_text(bytes) {
        return false;
    }
    let head = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // What is wrong with it, reading it as text tells.
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    };
    let mut words = Words::new(head, 0, head.len());
    words.next_line() && words.peek() == ORDER[0]
}

/// Whether bytes that begin so may turn out to be text.
pub(crate) fn may_be_text(head: &[u8]) -> bool {
    matches!(
        head.first(),
        Some(b'm' | b';' | b' ' | b'\t' | b'\r' | b'\n')
    )
}

/// Translates a module in text form.
pub fn parse<C: Consumer>(
    bytes: &[u8],
    limits: Limits,
    consumer: &mut C,
) -> Result<ModuleInfo, C::Error> {
    let size = bytes.len() as u64;
    let text_error = |offset, cause| InputError::from(TextError::new(bytes, offset, cause));
    if let Err(over) = limits.check(LimitKind::ModuleSize, size, size) {
        let (kind, value, limit) = (over.kind, over.value, over.limit);
        let violation = Violation::Limit { kind, value, limit };
        return Err(text_error(0, TextCause::Invalid(violation)).into());
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(text_error(error.valid_up_to(), TextCause::Utf8).into()),
    };
    let mut parser = Parser {
        words: Words::new(text, 0, text.len()),
        text,
        declarations: Declarations::new(limits),
        headers: Vec::new(),
        datas: 0,
        declared: false,
        last: 0,
    };
    parser.headers().map_err(InputError::from)?;
    parser.module(consumer)
}

struct Parser<'a> {
    words: Words<'a>,
    text: &'a str,
    declarations: Declarations,
    /// Types of the functions, and where they are.
    headers: Vec<(usize, TypeIndex)>,
    /// How many data segments there will be.
    datas: u32,
    /// Whether the functions have been declared.
    declared: bool,
    /// Place in [`ORDER`] of the declaration before.
    last: usize,
}

impl<'a> Parser<'a> {
    /// Reads the headers of all functions.
    fn headers(&mut self) -> Read<()> {
        let mut words = self.words.clone();
        while words.next_line() {
            let at = words.offset();
            match words.peek() {
                "func" => {
                    let (_, _, ty) = header(&mut words)?;
                    self.headers.push((at, ty));
                }
                "data" => self.datas += 1,
                _ => {}
            }
            words.skip_line();
        }
        Ok(())
    }

    fn module<C: Consumer>(&mut self, consumer: &mut C) -> Result<ModuleInfo, C::Error> {
        self.first_line().map_err(InputError::from)?;
        let (mut bodies, mut scratch, mut rules) = (0, Scratch::default(), None);
        while self.words.next_line() {
            let at = self.words.offset();
            self.in_order(at).map_err(InputError::from)?;
            if self.words.peek() != "func" {
                self.declaration(at).map_err(InputError::from)?;
                continue;
            }
            let (start, end) = self.func(bodies).map_err(InputError::from)?;
            let module = self.declarations.info();
            let limits = self.declarations.limits();
            let rules = rules.get_or_insert_with(|| Rules::new(module, limits));
            consumer.function(input::FunctionBody::Text(FunctionBody {
                index: DefinedFuncIndex(bodies),
                text: self.text,
                start,
                end,
                module,
                rules,
                scratch: &mut scratch,
            }))?;
            bodies += 1;
        }
        let end = self.text.len();
        self.functions().map_err(InputError::from)?;
        let finished = self.declarations.finish(bodies);
        finished.map_err(|violation| InputError::from(self.invalid(end, violation)).into())
    }

    fn first_line(&mut self) -> Read<()> {
        self.words.next_line();
        self.words.keyword(ORDER[0])?;
        let at = self.words.offset();
        if self.words.u32("a version")? != crate::binary::VERSION {
            return self.words.expected(at, "version 1");
        }
        self.words.line_end()
    }

    fn invalid(&self, offset: usize, violation: Violation) -> TextError {
        self.words.error(offset, TextCause::Invalid(violation))
    }

    /// Checks that the next declaration may come here.
    fn in_order(&mut self, at: usize) -> Read<()> {
        let word = self.words.peek();
        let Some(place) = ORDER.iter().skip(1).position(|known| *known == word) else {
            return self.words.expected(at, "a declaration");
        };
        if place < self.last {
            return Err(self.words.error(at, TextCause::Order));
        }
        self.last = place;
        if place >= 2 {
            self.functions()?;
        }
        Ok(())
    }

    /// Declares the functions, once.
    fn functions(&mut self) -> Read<()> {
        if std::mem::replace(&mut self.declared, true) {
            return Ok(());
        }
        for (at, ty) in std::mem::take(&mut self.headers) {
            let checked = self.declarations.func(ty);
            checked.map_err(|violation| self.invalid(at, violation))?;
        }
        let counted = self.declarations.data_count(self.datas);
        counted.map_err(|violation| self.invalid(0, violation))
    }

    /// The number of a declaration, which must be the next one.
    fn next(&mut self, expected: usize) -> Read<u32> {
        let at = self.words.offset();
        let (found, expected) = (self.words.u32("a number")?, expected as u32);
        if found != expected {
            return Err(self.words.error(at, TextCause::Number(expected)));
        }
        Ok(found)
    }

    fn declaration(&mut self, at: usize) -> Read<()> {
        let info = self.declarations.info();
        let (types, elems, datas) = (info.types.len(), info.elems.len(), info.datas.len());
        let (tables, globals) = (info.tables.len(), info.globals.len());
        let memories = info.memories.len();
        let checked = match self.words.word("a declaration")? {
            "type" => {
                self.next(types)?;
                let ty = func_type(&mut self.words)?;
                self.declarations.ty(ty)
            }
            "import" => self.import()?,
            "table" => {
                self.next(tables)?;
                let ty = table(&mut self.words)?;
                self.declarations.table(ty)
            }
            "memory" => {
                self.next(memories)?;
                let limits = limits(&mut self.words)?;
                self.declarations.memory(MemoryType { limits })
            }
            "global" => {
                self.next(globals)?;
                let ty = global(&mut self.words)?;
                let init = constant(&mut self.words)?;
                self.declarations.global(ty, init)
            }
            "export" => {
                let item = export_item(&mut self.words)?;
                let name = self.words.name()?;
                self.declarations.export(Export { name, item })
            }
            "start" => {
                let func = FuncIndex(self.words.u32("a function")?);
                if self.declarations.info().start.is_some() {
                    return Err(self.words.error(at, TextCause::Order));
                }
                self.declarations.start(func)
            }
            "elem" => {
                self.next(elems)?;
                let segment = elem(&mut self.words)?;
                self.declarations.elem(segment)
            }
            _ => {
                self.next(datas)?;
                let mode = segment_mode(&mut self.words)?;
                let bytes = self.words.string()?.into();
                self.declarations.data(DataSegment { bytes, mode })
            }
        };
        checked.map_err(|violation| self.invalid(at, violation))?;
        self.words.line_end()
    }

    fn import(&mut self) -> Read<Result<(), Violation>> {
        let kind = self.words.word("a kind")?;
        let info = self.declarations.info();
        let expected = match kind {
            "func" => info.funcs.len(),
            "table" => info.tables.len(),
            "memory" => info.memories.len(),
            _ => info.globals.len(),
        };
        let at = self.words.offset();
        let number = self.next(expected)?;
        let (module, name) = (self.words.name()?.into(), self.words.name()?);
        let ty = match kind {
            "func" => {
                self.words.keyword("type")?;
                ExternType::Func(TypeIndex(self.words.u32("a type")?))
            }
            "table" => ExternType::Table(table(&mut self.words)?),
            "memory" => ExternType::Memory(MemoryType {
                limits: limits(&mut self.words)?,
            }),
            "global" => ExternType::Global(global(&mut self.words)?),
            _ => return self.words.expected(at, "func, table, memory or global"),
        };
        let checked = self.declarations.import(Import { module, name, ty });
        if checked.is_ok() && kind == "func" && self.words.has("name") {
            let name = self.words.name()?;
            return Ok(self.declarations.name(FuncIndex(number), name));
        }
        Ok(checked)
    }

    /// A function's header; returns where the body is, and goes behind it.
    fn func(&mut self, bodies: u32) -> Read<(usize, usize)> {
        let at = self.words.offset();
        let (index, name, _) = header(&mut self.words)?;
        let expected = FuncIndex(self.declarations.info().imported_funcs + bodies);
        if index != expected {
            return Err(self.words.error(at, TextCause::Number(expected.0)));
        }
        if let Some(name) = name {
            let named = self.declarations.name(index, name);
            named.map_err(|violation| self.invalid(at, violation))?;
        }
        self.words.line_end()?;
        let start = self.words.offset();
        while self.words.next_line() {
            let end = self.words.offset();
            if self.words.has("end") {
                self.words.line_end()?;
                return Ok((start, end));
            }
            if matches!(self.words.peek(), "func" | "data") {
                break;
            }
            self.words.skip_line();
        }
        Err(self.words.error(at, TextCause::Unended(index)))
    }
}

/// `func` index name? `type` index
fn header(words: &mut Words<'_>) -> Read<(FuncIndex, Option<Box<str>>, TypeIndex)> {
    words.keyword("func")?;
    let index = words.index()?;
    let name = match words.is_string() {
        true => Some(words.name()?),
        false => None,
    };
    words.keyword("type")?;
    Ok((index, name, words.index()?))
}

fn func_type(words: &mut Words<'_>) -> Read<FuncType> {
    let (mut params, mut results) = (Vec::new(), Vec::new());
    words.types(&mut params)?;
    words.keyword("->")?;
    words.types(&mut results)?;
    Ok(FuncType {
        params: params.into(),
        results: results.into(),
    })
}

fn table(words: &mut Words<'_>) -> Read<TableType> {
    let element = words.ty()?;
    let limits = limits(words)?;
    Ok(TableType { element, limits })
}

fn global(words: &mut Words<'_>) -> Read<GlobalType> {
    let mutable = words.has("mut");
    let ty = words.ty()?;
    Ok(GlobalType { ty, mutable })
}

/// `min..` or `min..max`
fn limits(words: &mut Words<'_>) -> Read<Size> {
    const WHAT: &str = "limits, as 1.. or 1..2";
    let at = words.offset();
    let word = words.word(WHAT)?;
    let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().ok(),
        false => None,
    };
    let limits = word.split_once("..").and_then(|(min, max)| {
        let max = match max {
            "" => None,
            max => Some(number(max)?),
        };
        let min = number(min)?;
        Some(Size { min, max })
    });
    limits.map_or_else(|| words.expected(at, WHAT), Ok)
}

fn export_item(words: &mut Words<'_>) -> Read<ExportItem> {
    let at = words.offset();
    Ok(match words.word("a kind")? {
        "func" => ExportItem::Func(words.index()?),
        "table" => ExportItem::Table(words.index()?),
        "memory" => ExportItem::Memory(words.index()?),
        "global" => ExportItem::Global(GlobalIndex(words.u32("an index")?)),
        _ => return words.expected(at, "func, table, memory or global"),
    })
}

fn elem(words: &mut Words<'_>) -> Read<ElemSegment> {
    let ty = words.ty()?;
    let mode: SegmentMode<TableIndex> = segment_mode(words)?;
    let items = if words.has("func") {
        let mut funcs = Vec::new();
        while !words.at_line_end() {
            funcs.push(words.index()?);
        }
        ElemItems::Funcs(funcs.into())
    } else {
        words.keyword("expr")?;
        let mut exprs = Vec::new();
        while !words.at_line_end() {
            exprs.push(constant(words)?);
        }
        ElemItems::Exprs(exprs.into())
    };
    Ok(ElemSegment { ty, items, mode })
}

fn segment_mode<I: From<u32>>(words: &mut Words<'_>) -> Read<SegmentMode<I>> {
    let at = words.offset();
    Ok(match words.word("a mode")? {
        "active" => SegmentMode::Active {
            target: words.index()?,
            offset: constant(words)?,
        },
        "passive" => SegmentMode::Passive,
        "declared" => SegmentMode::Declared,
        _ => return words.expected(at, "active, passive or declared"),
    })
}

/// `(` operators `)`
fn constant(words: &mut Words<'_>) -> Read<ConstExpr> {
    let at = words.offset();
    if !words.has_bracket(b'(') {
        return words.expected(at, "(");
    }
    let (mut ops, mut scratch) = (ConstExpr::new(), Scratch::default());
    while !words.has_bracket(b')') {
        let at = words.offset();
        let constant = ConstOp::try_from(op(words, &mut scratch)?);
        ops.push(constant.map_err(|_| words.error(at, TextCause::NotConstant))?);
    }
    Ok(ops)
}

fn op<'s>(words: &mut Words<'_>, scratch: &'s mut Scratch) -> Read<Op<'s>> {
    let at = words.offset();
    let name = words.word("an operator")?;
    if let Some(name) = name.strip_suffix(':') {
        return match label(name) {
            Some(label) => Ok(Op::Label(label)),
            None => words.expected(at, "a label"),
        };
    }
    match Opcode::from_name(name) {
        Some(opcode) if opcode != Opcode::Label => opcode.read(words, scratch),
        _ => Err(words.error(at, TextCause::Operator)),
    }
}

/// A function body that has been found and not looked into yet.
pub struct FunctionBody<'a> {
    index: DefinedFuncIndex,
    text: &'a str,
    start: usize,
    end: usize,
    module: &'a ModuleInfo,
    rules: &'a Rules,
    scratch: &'a mut Scratch,
}

impl<'a> FunctionBody<'a> {
    /// Which of the module's own functions this is.
    pub fn index(&self) -> DefinedFuncIndex {
        self.index
    }

    /// Offset of the body in the text.
    pub fn offset(&self) -> u32 {
        self.start as u32
    }

    /// The lines of the body.
    pub fn bytes(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.start..self.end]
    }

    /// What the module has declared.
    pub fn module(&self) -> &'a ModuleInfo {
        self.module
    }

    /// Checks the body and feeds it to `sink`. After an error, what the sink has received
    /// is worthless.
    pub fn translate<S: Sink>(self, sink: &mut S) -> Result<(), TextError> {
        let func = self.module.func_index(self.index);
        let mut words = Words::new(self.text, self.start, self.end);
        let mut verifier = Verifier::new(self.module, self.rules, func, sink);
        while words.next_line() {
            let at = words.offset();
            let op = op(&mut words, self.scratch)?;
            verifier.source(at as u32);
            verifier.op(op);
            words.line_end()?;
            if verifier.has_failed() {
                break;
            }
        }
        let finished = verifier.finish().map(drop);
        finished.map_err(|error: VerifyError| {
            let at = error.source_offset as usize;
            words.error(at, TextCause::Invalid(error.violation))
        })
    }
}
