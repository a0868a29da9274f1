//! What a module declares outside its function bodies, as plain data.
//!
//! The front end fills it in as sections arrive; by the time of the first
//! function body everything but data segments, exports of code and names is
//! there. Backends and the runtime only read it.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::op::{AluOp, Op};
use crate::types::{
    DefinedFuncIndex, FuncIndex, FuncType, GlobalIndex, MemoryIndex, TableIndex, TypeIndex, ValType,
};

/// Size limits of a memory (in 64 KiB pages) or a table (in elements).
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Initial size.
    pub min: u32,
    /// Largest size, if declared.
    pub max: Option<u32>,
}

/// Type of a memory.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryType {
    /// Limits in pages of 64 KiB.
    pub limits: Limits,
}

/// Type of a table.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableType {
    /// `FuncRef` or `ExternRef`.
    pub element: ValType,
    /// Limits in elements.
    pub limits: Limits,
}

/// Type of a global.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalType {
    /// Type of its value.
    pub ty: ValType,
    /// Whether it can be set.
    pub mutable: bool,
}

/// Type of something imported or exported.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternType {
    /// A function, by its type index.
    Func(TypeIndex),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
}

/// An import.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Module name. Imports may share it.
    pub module: Arc<str>,
    /// Field name.
    pub name: Box<str>,
    /// What is imported.
    pub ty: ExternType,
}

/// What an export names.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportItem {
    /// A function.
    Func(FuncIndex),
    /// A table.
    Table(TableIndex),
    /// A memory.
    Memory(MemoryIndex),
    /// A global.
    Global(GlobalIndex),
}

/// An export.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: Box<str>,
    /// What it names.
    pub item: ExportItem,
}

/// One step of a constant expression (Wasm spec 3.3.10 and the extended-const proposal).
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstOp {
    /// Pushes a constant.
    Const(crate::op::Const),
    /// Pushes an immutable global's value.
    GlobalGet(GlobalIndex),
    /// Pushes a reference to a function.
    RefFunc(FuncIndex),
    /// `add`, `sub` or `mul` on the two topmost values.
    Binary(ConstBinary, crate::op::IntSize),
}

/// Operators of extended constant expressions.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ConstBinary {
    Add,
    Sub,
    Mul,
}

/// The operator of the same name.
impl From<ConstOp> for Op<'static> {
    fn from(op: ConstOp) -> Op<'static> {
        match op {
            ConstOp::Const(value) => Op::Const(value),
            ConstOp::GlobalGet(global) => Op::GlobalGet(global),
            ConstOp::RefFunc(func) => Op::RefFunc(func),
            ConstOp::Binary(ConstBinary::Add, size) => Op::Alu(AluOp::Add, size),
            ConstOp::Binary(ConstBinary::Sub, size) => Op::Alu(AluOp::Sub, size),
            ConstOp::Binary(ConstBinary::Mul, size) => Op::Mul(size),
        }
    }
}

/// An operator that cannot be in a constant expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("operator is not constant")]
pub struct NotConstant;

impl TryFrom<Op<'_>> for ConstOp {
    type Error = NotConstant;

    fn try_from(op: Op<'_>) -> Result<ConstOp, NotConstant> {
        Ok(match op {
            Op::Const(value) => ConstOp::Const(value),
            Op::GlobalGet(global) => ConstOp::GlobalGet(global),
            Op::RefFunc(func) => ConstOp::RefFunc(func),
            Op::Alu(AluOp::Add, size) => ConstOp::Binary(ConstBinary::Add, size),
            Op::Alu(AluOp::Sub, size) => ConstOp::Binary(ConstBinary::Sub, size),
            Op::Mul(size) => ConstOp::Binary(ConstBinary::Mul, size),
            _ => return Err(NotConstant),
        })
    }
}

/// A validated constant expression, in postfix order: a list that derefs to a slice. Never empty, and
/// almost always one operator, which takes no allocation.
pub type ConstExpr = SmallVec<[ConstOp; 1]>;

/// Where a segment goes.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SegmentMode<I> {
    /// Copied at instantiation to `target` at `offset`, then dropped.
    Active {
        /// Table or memory.
        target: I,
        /// First element or byte.
        offset: ConstExpr,
    },
    /// Copied by `*.init`.
    Passive,
    /// Only declares function references; dropped at instantiation.
    Declared,
}

/// An element segment.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElemSegment {
    /// `FuncRef` or `ExternRef`.
    pub ty: ValType,
    /// Its elements.
    pub items: ElemItems,
    /// Where it goes.
    pub mode: SegmentMode<TableIndex>,
}

/// Elements of a segment: the short form or one expression each.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElemItems {
    /// Function references.
    Funcs(Box<[FuncIndex]>),
    /// Constant expressions.
    Exprs(Box<[ConstExpr]>),
}

/// A data segment.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSegment {
    /// Its bytes.
    pub bytes: Box<[u8]>,
    /// Where it goes.
    pub mode: SegmentMode<MemoryIndex>,
}

/// Everything that a module declares, function bodies excepted.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModuleInfo {
    /// Function types.
    pub types: Vec<FuncType>,
    /// Imports, in order.
    pub imports: Vec<Import>,
    /// Types of all functions, imported ones first.
    pub funcs: Vec<TypeIndex>,
    /// How many of `funcs` are imported.
    pub imported_funcs: u32,
    /// Types of all tables, imported ones first.
    pub tables: Vec<TableType>,
    /// How many of `tables` are imported.
    pub imported_tables: u32,
    /// Types of all memories, imported ones first. At most one.
    pub memories: Vec<MemoryType>,
    /// How many of `memories` are imported.
    pub imported_memories: u32,
    /// Types of all globals, imported ones first.
    pub globals: Vec<GlobalType>,
    /// How many of `globals` are imported.
    pub imported_globals: u32,
    /// Initial values of the defined globals.
    pub global_inits: Vec<ConstExpr>,
    /// Exports, in order.
    pub exports: Vec<Export>,
    /// Start function.
    pub start: Option<FuncIndex>,
    /// Element segments.
    pub elems: Vec<ElemSegment>,
    /// How many data segments there will be, as far as code may name them:
    /// known before the first function body, unlike `datas`.
    pub data_count: u32,
    /// Data segments.
    pub datas: Vec<DataSegment>,
    /// Names of functions from the name section, `(index, name)`, ascending.
    pub func_names: Vec<(FuncIndex, Box<str>)>,
}

impl ModuleInfo {
    /// A copy of what function bodies are translated and compiled by: types and counts, but
    /// neither names nor initial values nor segments.
    pub fn for_bodies(&self) -> ModuleInfo {
        ModuleInfo {
            types: self.types.clone(),
            imports: Vec::new(),
            funcs: self.funcs.clone(),
            imported_funcs: self.imported_funcs,
            tables: self.tables.clone(),
            imported_tables: self.imported_tables,
            memories: self.memories.clone(),
            imported_memories: self.imported_memories,
            globals: self.globals.clone(),
            imported_globals: self.imported_globals,
            global_inits: Vec::new(),
            exports: Vec::new(),
            start: self.start,
            elems: Vec::new(),
            data_count: self.data_count,
            datas: Vec::new(),
            func_names: Vec::new(),
        }
    }

    /// Calls `see` with every function that the module names outside of function bodies, the start
    /// function excepted: those that `ref.func` may name (the context's *refs*, Wasm spec 2.0, 3.4.10).
    pub fn for_each_reference(&self, mut see: impl FnMut(FuncIndex)) {
        for export in &self.exports {
            if let ExportItem::Func(func) = export.item {
                see(func);
            }
        }
        in_exprs(&self.global_inits).for_each(&mut see);
        for segment in &self.elems {
            match &segment.items {
                ElemItems::Funcs(funcs) => funcs.iter().copied().for_each(&mut see),
                ElemItems::Exprs(exprs) => in_exprs(exprs).for_each(&mut see),
            }
        }
    }

    /// Signature of a function.
    #[inline]
    pub fn func_type(&self, func: FuncIndex) -> &FuncType {
        &self.types[self.funcs[func.index()].index()]
    }

    /// The defined function that `func` is, or `None` for an import.
    #[inline]
    pub fn defined(&self, func: FuncIndex) -> Option<DefinedFuncIndex> {
        func.0
            .checked_sub(self.imported_funcs)
            .map(DefinedFuncIndex)
    }

    /// The index of a defined function in the whole index space.
    #[inline]
    pub fn func_index(&self, func: DefinedFuncIndex) -> FuncIndex {
        FuncIndex(func.0 + self.imported_funcs)
    }
}

/// The functions that constant expressions name.
fn in_exprs(exprs: &[ConstExpr]) -> impl Iterator<Item = FuncIndex> {
    exprs.iter().flatten().filter_map(|op| match op {
        ConstOp::RefFunc(func) => Some(*func),
        _ => None,
    })
}
