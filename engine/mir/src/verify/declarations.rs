//! Collects what a module declares outside of its functions, and checks it piece by piece.
//!
//! Receives declarations in the order of the formats: types, imports, functions, tables,
//! memories, globals, exports, start, element segments, data segments, names. Each is
//! checked against those before it. Hands on the [`ModuleInfo`], which is valid at any
//! time up to where it has been filled.

use std::collections::HashSet;

use super::Violation;
use super::rules::within;
use crate::module::{
    ConstExpr, ConstOp, DataSegment, ElemItems, ElemSegment, Export, ExportItem, ExternType,
    GlobalType, Import, Limits as Size, MemoryType, ModuleInfo, SegmentMode, TableType,
};
use crate::types::{FuncIndex, FuncType, TypeIndex, ValType};
use crate::typing::entry;
use crate::wasm::{LimitKind, Limits};

const MAX_PAGES: u32 = 65_536;
const MAX_TABLE: u32 = 10_000_000;

type Checked = Result<(), Violation>;

/// A module's declarations as they come in.
pub struct Declarations {
    info: ModuleInfo,
    limits: Limits,
    export_names: HashSet<Box<str>>,
}

impl Declarations {
    /// No declarations yet.
    pub fn new(limits: Limits) -> Declarations {
        Declarations {
            info: ModuleInfo::default(),
            limits,
            export_names: HashSet::new(),
        }
    }

    /// What has been declared so far.
    pub fn info(&self) -> &ModuleInfo {
        &self.info
    }

    /// The limits that apply.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    fn limit(&self, kind: LimitKind, value: usize) -> Checked {
        within(&self.limits, kind, value as u64)
    }

    /// Adds a function type.
    pub fn ty(&mut self, ty: FuncType) -> Checked {
        self.limit(LimitKind::Params, ty.params.len())?;
        self.limit(LimitKind::Results, ty.results.len())?;
        self.info.types.push(ty);
        self.limit(LimitKind::Types, self.info.types.len())
    }

    /// Adds an import.
    pub fn import(&mut self, import: Import) -> Checked {
        let longest = import.module.len().max(import.name.len());
        self.limit(LimitKind::NameLength, longest)?;
        match import.ty {
            ExternType::Func(ty) => {
                self.func(ty)?;
                self.info.imported_funcs += 1;
            }
            ExternType::Table(ty) => {
                self.table(ty)?;
                self.info.imported_tables += 1;
            }
            ExternType::Memory(ty) => {
                self.memory(ty)?;
                self.info.imported_memories += 1;
            }
            ExternType::Global(ty) => {
                self.info.globals.push(ty);
                self.info.imported_globals += 1;
                self.limit(LimitKind::Globals, self.info.globals.len())?;
            }
        }
        self.info.imports.push(import);
        self.limit(LimitKind::Imports, self.info.imports.len())
    }

    /// Adds a function of this type, whose body will come.
    pub fn func(&mut self, ty: TypeIndex) -> Checked {
        entry("type", &self.info.types, ty.0)?;
        self.info.funcs.push(ty);
        self.limit(LimitKind::Functions, self.info.funcs.len())
    }

    /// Adds a table.
    pub fn table(&mut self, ty: TableType) -> Checked {
        if !ty.element.is_ref() {
            return Err(Violation::NotReference { found: ty.element });
        }
        ordered(ty.limits)?;
        if ty.limits.min > MAX_TABLE {
            return Err(Violation::TableSize(ty.limits.min));
        }
        self.info.tables.push(ty);
        self.limit(LimitKind::Tables, self.info.tables.len())
    }

    /// Adds a memory.
    pub fn memory(&mut self, ty: MemoryType) -> Checked {
        ordered(ty.limits)?;
        let largest = ty.limits.max.unwrap_or(0).max(ty.limits.min);
        if largest > MAX_PAGES {
            return Err(Violation::MemorySize(largest));
        }
        if !self.info.memories.is_empty() {
            return Err(Violation::Memories);
        }
        self.info.memories.push(ty);
        Ok(())
    }

    /// Adds a global with its initial value.
    pub fn global(&mut self, ty: GlobalType, init: ConstExpr) -> Checked {
        self.constant(&init, ty.ty)?;
        self.info.globals.push(ty);
        self.info.global_inits.push(init);
        self.limit(LimitKind::Globals, self.info.globals.len())
    }

    /// Adds an export.
    pub fn export(&mut self, export: Export) -> Checked {
        self.limit(LimitKind::NameLength, export.name.len())?;
        let info = &self.info;
        match export.item {
            ExportItem::Func(i) => entry("function", &info.funcs, i.0).map(drop)?,
            ExportItem::Table(i) => entry("table", &info.tables, i.0).map(drop)?,
            ExportItem::Memory(i) => entry("memory", &info.memories, i.0).map(drop)?,
            ExportItem::Global(i) => entry("global", &info.globals, i.0).map(drop)?,
        }
        if !self.export_names.insert(export.name.clone()) {
            return Err(Violation::DuplicateExport);
        }
        self.info.exports.push(export);
        self.limit(LimitKind::Exports, self.info.exports.len())
    }

    /// Sets the start function.
    pub fn start(&mut self, func: FuncIndex) -> Checked {
        let ty = entry("function", &self.info.funcs, func.0)?;
        if self.info.types[ty.index()] != FuncType::default() {
            return Err(Violation::StartType);
        }
        self.info.start = Some(func);
        Ok(())
    }

    /// Adds an element segment.
    pub fn elem(&mut self, segment: ElemSegment) -> Checked {
        if !segment.ty.is_ref() {
            return Err(Violation::NotReference { found: segment.ty });
        }
        if let SegmentMode::Active { target, offset } = &segment.mode {
            let expected = entry("table", &self.info.tables, target.0)?.element;
            if segment.ty != expected {
                let found = segment.ty;
                return Err(Violation::Type { expected, found });
            }
            self.constant(offset, ValType::I32)?;
        }
        let count = match &segment.items {
            ElemItems::Funcs(_) if segment.ty != ValType::FuncRef => {
                return Err(Violation::NotFunctions(segment.ty));
            }
            ElemItems::Funcs(funcs) => {
                for func in funcs {
                    entry("function", &self.info.funcs, func.0)?;
                }
                funcs.len()
            }
            ElemItems::Exprs(exprs) => {
                for expr in exprs {
                    self.constant(expr, segment.ty)?;
                }
                exprs.len()
            }
        };
        self.limit(LimitKind::Elems, count)?;
        self.info.elems.push(segment);
        self.limit(LimitKind::ElemSegments, self.info.elems.len())
    }

    /// Says how many data segments there will be.
    pub fn data_count(&mut self, count: u32) -> Checked {
        self.info.data_count = count;
        self.limit(LimitKind::DataSegments, count as usize)
    }

    /// Adds a data segment.
    pub fn data(&mut self, segment: DataSegment) -> Checked {
        match &segment.mode {
            SegmentMode::Active { target, offset } => {
                entry("memory", &self.info.memories, target.0)?;
                self.constant(offset, ValType::I32)?;
            }
            SegmentMode::Passive => {}
            SegmentMode::Declared => return Err(Violation::DeclaredData),
        }
        self.info.datas.push(segment);
        self.limit(LimitKind::DataSegments, self.info.datas.len())
    }

    /// Names a function. Names come in ascending order.
    pub fn name(&mut self, func: FuncIndex, name: Box<str>) -> Checked {
        self.limit(LimitKind::NameLength, name.len())?;
        let ascends = self
            .info
            .func_names
            .last()
            .is_none_or(|(last, _)| *last < func);
        if !ascends || func.index() >= self.info.funcs.len() {
            return Err(Violation::NameOrder(func));
        }
        self.info.func_names.push((func, name));
        Ok(())
    }

    /// Ends the module, of whose functions so many have had their bodies.
    pub fn finish(&mut self, bodies: u32) -> Result<ModuleInfo, Violation> {
        let declared = self.info.funcs.len() as u32 - self.info.imported_funcs;
        if bodies != declared {
            let found = bodies;
            return Err(Violation::Bodies { declared, found });
        }
        let (announced, found) = (self.info.data_count, self.info.datas.len() as u32);
        if announced != found {
            return Err(Violation::DataCount { announced, found });
        }
        Ok(std::mem::take(&mut self.info))
    }

    /// Checks a constant expression (Wasm spec, 3.3.10).
    fn constant(&self, expr: &[ConstOp], expected: ValType) -> Checked {
        let mut stack = Vec::new();
        for op in expr {
            let ty = match *op {
                ConstOp::Const(crate::op::Const::Null(found)) if !found.is_ref() => {
                    return Err(Violation::NotReference { found });
                }
                ConstOp::Const(value) => value.ty(),
                ConstOp::GlobalGet(global) => {
                    let ty = entry("global", &self.info.globals, global.0)?;
                    if ty.mutable || global.0 >= self.info.imported_globals {
                        return Err(Violation::NotConstant(global));
                    }
                    ty.ty
                }
                ConstOp::RefFunc(func) => {
                    entry("function", &self.info.funcs, func.0)?;
                    ValType::FuncRef
                }
                ConstOp::Binary(_, size) => {
                    for _ in 0..2 {
                        let (height, needed) = (stack.len() as u32, stack.len() as u32 + 1);
                        let found = stack.pop().ok_or(Violation::Underflow { height, needed })?;
                        same(size.ty(), found)?;
                    }
                    size.ty()
                }
            };
            stack.push(ty);
        }
        match *stack {
            [found] => same(expected, found),
            _ => Err(Violation::ConstResults(stack.len() as u32)),
        }
    }
}

fn same(expected: ValType, found: ValType) -> Checked {
    if expected == found {
        Ok(())
    } else {
        Err(Violation::Type { expected, found })
    }
}

fn ordered(Size { min, max }: Size) -> Checked {
    match max {
        Some(max) if max < min => Err(Violation::MinAboveMax { min, max }),
        _ => Ok(()),
    }
}
