//! A module as text: declarations, then functions.

use std::fmt::{self, Display};

use super::op::{Offsets, TextSink};
use super::scalar::{Quoted, Types};
use crate::input::{self, Consumer, FunctionBody, InputError};
use crate::module::{
    ConstOp, ElemItems, ExportItem, ExternType, GlobalType, Limits, ModuleInfo, SegmentMode,
};
use crate::op::Op;
use crate::types::{DefinedFuncIndex, FuncIndex};
use crate::wasm;

/// Translates a module, in whatever form, to Microwasm text.
pub fn print(bytes: &[u8], limits: wasm::Limits, offsets: Offsets) -> Result<String, InputError> {
    let mut printer = ModulePrinter::new(offsets);
    let info = input::translate(bytes, limits, &mut printer)?;
    Ok(printer.finish(&info).to_string())
}

/// Prints a module while it is translated. Functions are kept as text until the
/// module's end, which has the data segments and names that belong before them.
pub struct ModulePrinter {
    offsets: Offsets,
    bodies: Vec<String>,
}

impl ModulePrinter {
    /// A printer for one module.
    pub fn new(offsets: Offsets) -> ModulePrinter {
        ModulePrinter {
            offsets,
            bodies: Vec::new(),
        }
    }

    /// The text of the module whose functions have been received.
    pub fn finish(self, info: &ModuleInfo) -> impl Display {
        ModuleText {
            info,
            bodies: self.bodies,
        }
    }
}

impl Consumer for ModulePrinter {
    type Error = InputError;

    fn function(&mut self, body: FunctionBody<'_>) -> Result<(), InputError> {
        let mut text = String::new();
        body.feed(&mut TextSink::new(&mut text, self.offsets))?;
        self.bodies.push(text);
        Ok(())
    }
}

struct ModuleText<'a> {
    info: &'a ModuleInfo,
    bodies: Vec<String>,
}

impl Display for ModuleText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "microwasm 1")?;
        for (i, ty) in self.info.types.iter().enumerate() {
            writeln!(
                f,
                "type {i} {} -> {}",
                Types(&ty.params),
                Types(&ty.results)
            )?;
        }
        self.imports(f)?;
        self.definitions(f)?;
        self.segments(f)?;
        for (i, body) in self.bodies.iter().enumerate() {
            self.func(f, DefinedFuncIndex(i as u32), body)?;
        }
        Ok(())
    }
}

impl ModuleText<'_> {
    fn imports(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut funcs, mut tables, mut memories, mut globals) = (0, 0, 0, 0);
        for import in &self.info.imports {
            let (kind, index) = match import.ty {
                ExternType::Func(_) => ("func", &mut funcs),
                ExternType::Table(_) => ("table", &mut tables),
                ExternType::Memory(_) => ("memory", &mut memories),
                ExternType::Global(_) => ("global", &mut globals),
            };
            let (module, name) = (import.module.as_bytes(), import.name.as_bytes());
            write!(
                f,
                "import {kind} {index} {} {} ",
                Quoted(module),
                Quoted(name)
            )?;
            *index += 1;
            match import.ty {
                ExternType::Func(ty) => {
                    write!(f, "type {ty}")?;
                    if let Some(name) = self.name(FuncIndex(funcs - 1)) {
                        write!(f, " name {}", Quoted(name.as_bytes()))?;
                    }
                    writeln!(f)?;
                }
                ExternType::Table(ty) => writeln!(f, "{} {}", ty.element, ty.limits)?,
                ExternType::Memory(ty) => writeln!(f, "{}", ty.limits)?,
                ExternType::Global(ty) => writeln!(f, "{ty}")?,
            }
        }
        Ok(())
    }

    fn definitions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.info;
        for (i, ty) in info
            .tables
            .iter()
            .enumerate()
            .skip(info.imported_tables as usize)
        {
            writeln!(f, "table {i} {} {}", ty.element, ty.limits)?;
        }
        for (i, ty) in info
            .memories
            .iter()
            .enumerate()
            .skip(info.imported_memories as usize)
        {
            writeln!(f, "memory {i} {}", ty.limits)?;
        }
        let globals = info
            .globals
            .iter()
            .enumerate()
            .skip(info.imported_globals as usize);
        for ((i, ty), init) in globals.zip(&info.global_inits) {
            writeln!(f, "global {i} {ty} {}", Const(init))?;
        }
        for export in &info.exports {
            let name = Quoted(export.name.as_bytes());
            match export.item {
                ExportItem::Func(index) => writeln!(f, "export func {index} {name}")?,
                ExportItem::Table(index) => writeln!(f, "export table {index} {name}")?,
                ExportItem::Memory(index) => writeln!(f, "export memory {index} {name}")?,
                ExportItem::Global(index) => writeln!(f, "export global {index} {name}")?,
            }
        }
        info.start
            .map_or(Ok(()), |start| writeln!(f, "start {start}"))
    }

    fn segments(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.info.elems.iter().enumerate() {
            write!(f, "elem {i} {} {}", segment.ty, segment.mode)?;
            match &segment.items {
                ElemItems::Funcs(funcs) => {
                    write!(f, " func")?;
                    funcs.iter().try_for_each(|func| write!(f, " {func}"))?;
                }
                ElemItems::Exprs(exprs) => {
                    write!(f, " expr")?;
                    exprs
                        .iter()
                        .try_for_each(|expr| write!(f, " {}", Const(expr)))?;
                }
            }
            writeln!(f)?;
        }
        for (i, segment) in self.info.datas.iter().enumerate() {
            writeln!(f, "data {i} {} {}", segment.mode, Quoted(&segment.bytes))?;
        }
        Ok(())
    }

    fn func(&self, f: &mut fmt::Formatter<'_>, func: DefinedFuncIndex, body: &str) -> fmt::Result {
        let index = self.info.func_index(func);
        write!(f, "\nfunc {index}")?;
        if let Some(name) = self.name(index) {
            write!(f, " {}", Quoted(name.as_bytes()))?;
        }
        let ty = self.info.func_type(index);
        let (params, results) = (Types(&ty.params), Types(&ty.results));
        writeln!(
            f,
            " type {} ;; {params} -> {results}",
            self.info.funcs[index.index()]
        )?;
        writeln!(f, "{body}end")
    }

    fn name(&self, func: FuncIndex) -> Option<&str> {
        let names = &self.info.func_names;
        let found = names
            .binary_search_by_key(&func, |(index, _)| *index)
            .ok()?;
        Some(&names[found].1)
    }
}

impl Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max {
            Some(max) => write!(f, "{}..{max}", self.min),
            None => write!(f, "{}..", self.min),
        }
    }
}

impl Display for GlobalType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.mutable { "mut " } else { "" }, self.ty)
    }
}

impl<I: Display> Display for SegmentMode<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SegmentMode::Active { target, offset } => {
                write!(f, "active {target} {}", Const(offset))
            }
            SegmentMode::Passive => f.write_str("passive"),
            SegmentMode::Declared => f.write_str("declared"),
        }
    }
}

/// A constant expression, in parentheses.
struct Const<'a>(&'a [ConstOp]);

impl Display for Const<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, op) in self.0.iter().enumerate() {
            write!(f, "{}{}", if i == 0 { "(" } else { " " }, Op::from(*op))?;
        }
        f.write_str(")")
    }
}
