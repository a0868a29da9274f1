//! A module as bytes: declarations and operators in, binary form out.

use std::convert::Infallible;

use super::{MAGIC, Section, TYPES, VERSION, declare, kind, mode};
use crate::immediates::WriteImmediates;
use crate::input::{self, Consumer, FunctionBody, InputError};
use crate::module::{
    ConstOp, DataSegment, ElemItems, ElemSegment, ExportItem, ExternType, GlobalType, Limits,
    ModuleInfo, SegmentMode, TableType,
};
use crate::op::{BlockDecl, MemArg, Op, Sink};
use crate::types::{Label, ValType};
use crate::wasm;

/// Translates a module, in whatever form, to the binary form.
pub fn write(bytes: &[u8], limits: wasm::Limits) -> Result<Vec<u8>, InputError> {
    let mut writer = ModuleWriter::default();
    let info = input::translate(bytes, limits, &mut writer)?;
    Ok(writer.finish(&info))
}

/// Collects the functions of a module, which come before the last declarations.
#[derive(Default)]
pub struct ModuleWriter {
    bodies: Vec<u8>,
    count: u32,
    body: Vec<u8>,
}

impl ModuleWriter {
    /// Adds the next function's body.
    pub fn body(&mut self, body: &[u8]) {
        number(&mut self.bodies, body.len() as u64);
        self.bodies.extend_from_slice(body);
        self.count += 1;
    }

    /// The module whose functions have been received.
    pub fn finish(self, info: &ModuleInfo) -> Vec<u8> {
        let mut out = Vec::from(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        declarations(&mut out, info);
        list(&mut out, Section::Elems, &info.elems, elem);
        if !info.datas.is_empty() {
            section(&mut out, Section::DataCount, |out| {
                number(out, info.datas.len() as u64);
            });
        }
        if self.count != 0 {
            section(&mut out, Section::Code, |out| {
                number(out, self.count.into());
                out.extend_from_slice(&self.bodies);
            });
        }
        list(&mut out, Section::Datas, &info.datas, data);
        list(&mut out, Section::Names, &info.func_names, |out, named| {
            number(out, named.0.0.into());
            bytes(out, named.1.as_bytes());
        });
        out
    }
}

impl Consumer for ModuleWriter {
    type Error = InputError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), InputError> {
        let mut buffer = std::mem::take(&mut self.body);
        buffer.clear();
        body.feed(&mut OpWriter::new(&mut buffer))?;
        self.body(&buffer);
        self.body = buffer;
        Ok(())
    }
}

fn section(out: &mut Vec<u8>, id: Section, contents: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = Vec::new();
    contents(&mut bytes);
    out.push(id as u8);
    number(out, bytes.len() as u64);
    out.append(&mut bytes);
}

/// A section with a list of items; nothing if there is none.
fn list<T>(out: &mut Vec<u8>, id: Section, items: &[T], mut item: impl FnMut(&mut Vec<u8>, &T)) {
    if items.is_empty() {
        return;
    }
    section(out, id, |out| {
        number(out, items.len() as u64);
        items.iter().for_each(|it| item(out, it));
    });
}

/// Everything up to the start function.
fn declarations(out: &mut Vec<u8>, info: &ModuleInfo) {
    list(out, Section::Types, &info.types, |out, ty| {
        types(out, &ty.params);
        types(out, &ty.results);
    });
    list(out, Section::Imports, &info.imports, |out, import| {
        bytes(out, import.module.as_bytes());
        bytes(out, import.name.as_bytes());
        extern_type(out, import.ty);
    });
    let funcs = &info.funcs[info.imported_funcs as usize..];
    list(out, Section::Functions, funcs, |out, ty| {
        number(out, ty.0.into());
    });
    let tables = &info.tables[info.imported_tables as usize..];
    list(out, Section::Tables, tables, |out, ty| table(out, *ty));
    let memories = &info.memories[info.imported_memories as usize..];
    list(out, Section::Memories, memories, |out, ty| {
        limits(out, ty.limits);
    });
    let globals = &info.globals[info.imported_globals as usize..];
    let globals: Vec<_> = globals.iter().zip(&info.global_inits).collect();
    list(out, Section::Globals, &globals, |out, (ty, init)| {
        global(out, **ty);
        constant(out, init);
    });
    list(out, Section::Exports, &info.exports, |out, export| {
        bytes(out, export.name.as_bytes());
        let (kind, index) = match export.item {
            ExportItem::Func(func) => (kind::FUNC, func.0),
            ExportItem::Table(table) => (kind::TABLE, table.0),
            ExportItem::Memory(memory) => (kind::MEMORY, memory.0),
            ExportItem::Global(global) => (kind::GLOBAL, global.0),
        };
        out.push(kind);
        number(out, index.into());
    });
    if let Some(start) = info.start {
        section(out, Section::Start, |out| number(out, start.0.into()));
    }
}

fn extern_type(out: &mut Vec<u8>, ty: ExternType) {
    match ty {
        ExternType::Func(ty) => {
            out.push(kind::FUNC);
            number(out, ty.0.into());
        }
        ExternType::Table(ty) => {
            out.push(kind::TABLE);
            table(out, ty);
        }
        ExternType::Memory(ty) => {
            out.push(kind::MEMORY);
            limits(out, ty.limits);
        }
        ExternType::Global(ty) => {
            out.push(kind::GLOBAL);
            global(out, ty);
        }
    }
}

fn table(out: &mut Vec<u8>, ty: TableType) {
    val_type(out, ty.element);
    limits(out, ty.limits);
}

fn global(out: &mut Vec<u8>, ty: GlobalType) {
    val_type(out, ty.ty);
    out.push(u8::from(ty.mutable));
}

fn limits(out: &mut Vec<u8>, limits: Limits) {
    out.push(u8::from(limits.max.is_some()));
    number(out, limits.min.into());
    if let Some(max) = limits.max {
        number(out, max.into());
    }
}

fn elem(out: &mut Vec<u8>, segment: &ElemSegment) {
    let exprs = match segment.items {
        ElemItems::Funcs(_) => 0,
        ElemItems::Exprs(_) => mode::EXPRS,
    };
    segment_mode(out, &segment.mode, exprs);
    val_type(out, segment.ty);
    match &segment.items {
        ElemItems::Funcs(funcs) => {
            number(out, funcs.len() as u64);
            funcs.iter().for_each(|func| number(out, func.0.into()));
        }
        ElemItems::Exprs(exprs) => {
            number(out, exprs.len() as u64);
            exprs.iter().for_each(|expr| constant(out, expr));
        }
    }
}

fn data(out: &mut Vec<u8>, segment: &DataSegment) {
    segment_mode(out, &segment.mode, 0);
    bytes(out, &segment.bytes);
}

fn segment_mode<I: Copy + Into<u32>>(out: &mut Vec<u8>, mode: &SegmentMode<I>, flags: u8) {
    match mode {
        SegmentMode::Active { target, offset } => {
            out.push(mode::ACTIVE | flags);
            number(out, (*target).into().into());
            constant(out, offset);
        }
        SegmentMode::Passive => out.push(mode::PASSIVE | flags),
        SegmentMode::Declared => out.push(mode::DECLARED | flags),
    }
}

fn constant(out: &mut Vec<u8>, expr: &[ConstOp]) {
    number(out, expr.len() as u64);
    let mut writer = OpWriter::new(out);
    expr.iter().for_each(|&op| writer.op(op.into()));
}

fn types(out: &mut Vec<u8>, types: &[ValType]) {
    number(out, types.len() as u64);
    types.iter().for_each(|&ty| val_type(out, ty));
}

fn val_type(out: &mut Vec<u8>, ty: ValType) {
    let code = TYPES.iter().find(|(_, known)| *known == ty);
    out.push(code.expect("no module has a type without a code").0);
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Unsigned LEB128.
fn number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Signed LEB128.
fn signed(out: &mut Vec<u8>, mut value: i64) {
    while !(-0x40..0x40).contains(&value) {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8 & 0x7f);
}

/// Writes operators, one behind the other: a function's body.
pub struct OpWriter<'a> {
    out: &'a mut Vec<u8>,
    /// The label declared last.
    label: Label,
}

impl<'a> OpWriter<'a> {
    /// A writer for one function, at the end of `out`.
    pub fn new(out: &'a mut Vec<u8>) -> OpWriter<'a> {
        OpWriter {
            out,
            label: Label::RETURN,
        }
    }
}

impl Sink for OpWriter<'_> {
    fn op(&mut self, op: Op<'_>) {
        self.out.push(op.opcode() as u8);
        match op.write(self) {
            Ok(()) => {}
        }
    }
}

impl WriteImmediates for OpWriter<'_> {
    type Error = Infallible;

    fn fresh(&mut self, label: Label) -> Result<(), Infallible> {
        self.label.0 += 1;
        assert_eq!(label, self.label, "labels are declared in order");
        Ok(())
    }

    fn label(&mut self, label: Label) -> Result<(), Infallible> {
        self.number(label.0)
    }

    fn labels(&mut self, labels: &[Label]) -> Result<(), Infallible> {
        number(self.out, labels.len() as u64);
        labels.iter().try_for_each(|&label| self.label(label))
    }

    fn decl(&mut self, decl: BlockDecl<'_>) -> Result<(), Infallible> {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        self.out.push(
            flag(decl.backward, declare::BACKWARD)
                | flag(decl.callers.is_some(), declare::CALLERS)
                | flag(!decl.args.is_empty(), declare::ARGS),
        );
        self.number(decl.base.0)?;
        if let Some(callers) = decl.callers {
            self.number(callers)?;
        }
        if !decl.args.is_empty() {
            types(self.out, decl.args);
        }
        Ok(())
    }

    fn number(&mut self, value: u32) -> Result<(), Infallible> {
        number(self.out, value.into());
        Ok(())
    }

    fn index(&mut self, index: u32) -> Result<(), Infallible> {
        self.number(index)
    }

    fn i32(&mut self, value: i32) -> Result<(), Infallible> {
        signed(self.out, value.into());
        Ok(())
    }

    fn i64(&mut self, value: i64) -> Result<(), Infallible> {
        signed(self.out, value);
        Ok(())
    }

    fn f32(&mut self, bits: u32) -> Result<(), Infallible> {
        self.out.extend_from_slice(&bits.to_le_bytes());
        Ok(())
    }

    fn f64(&mut self, bits: u64) -> Result<(), Infallible> {
        self.out.extend_from_slice(&bits.to_le_bytes());
        Ok(())
    }

    fn ty(&mut self, ty: ValType) -> Result<(), Infallible> {
        val_type(self.out, ty);
        Ok(())
    }

    fn memarg(&mut self, arg: MemArg) -> Result<(), Infallible> {
        self.number(arg.memory.0)?;
        self.number(arg.offset)
    }
}
