//! Edits outside of bodies: something that is declared goes, and with it everything that
//! names it.

use microwasm::module::*;
use microwasm::op::MemArg;
use microwasm::{
    DataIndex, ElemIndex, FuncIndex, FuncType, GlobalIndex, MemoryIndex, Op, TableIndex, TypeIndex,
    ValType,
};

use super::types::{Stacks, effect};
use super::{Body, Editable, Item};

/// An index space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reduce) enum Kind {
    Func,
    Table,
    Memory,
    Global,
    Elem,
    Data,
    Type,
    Export,
}

/// An index after the one at `.0` of the space is gone.
#[derive(Clone, Copy)]
struct Gone(Kind, u32);

impl Gone {
    /// `None` if it is the one.
    fn index<I: Copy + From<u32> + Into<u32>>(self, kind: Kind, index: I) -> Option<I> {
        let number: u32 = index.into();
        match number.cmp(&self.1) {
            _ if kind != self.0 => Some(index),
            std::cmp::Ordering::Less => Some(index),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(I::from(number - 1)),
        }
    }

    fn func(self, index: FuncIndex) -> Option<FuncIndex> {
        self.index(Kind::Func, index)
    }

    fn table(self, index: TableIndex) -> Option<TableIndex> {
        self.index(Kind::Table, index)
    }

    fn memory(self, index: MemoryIndex) -> Option<MemoryIndex> {
        self.index(Kind::Memory, index)
    }

    fn global(self, index: GlobalIndex) -> Option<GlobalIndex> {
        self.index(Kind::Global, index)
    }

    fn elem(self, index: ElemIndex) -> Option<ElemIndex> {
        self.index(Kind::Elem, index)
    }

    fn data(self, index: DataIndex) -> Option<DataIndex> {
        self.index(Kind::Data, index)
    }

    /// The operator with indices as they are then.
    fn op(self, op: Op<'static>) -> Option<Op<'static>> {
        let arg = |arg: MemArg| -> Option<MemArg> {
            let memory = self.memory(arg.memory)?;
            Some(MemArg { memory, ..arg })
        };
        Some(match op {
            Op::Load(op, memory) => Op::Load(op, arg(memory)?),
            Op::Store(op, memory) => Op::Store(op, arg(memory)?),
            Op::MemorySize(memory) => Op::MemorySize(self.memory(memory)?),
            Op::MemoryGrow(memory) => Op::MemoryGrow(self.memory(memory)?),
            Op::MemoryFill(memory) => Op::MemoryFill(self.memory(memory)?),
            Op::MemoryCopy { dst, src } => Op::MemoryCopy {
                dst: self.memory(dst)?,
                src: self.memory(src)?,
            },
            Op::MemoryInit { data, memory } => Op::MemoryInit {
                data: self.data(data)?,
                memory: self.memory(memory)?,
            },
            Op::DataDrop(data) => Op::DataDrop(self.data(data)?),
            Op::GlobalGet(global) => Op::GlobalGet(self.global(global)?),
            Op::GlobalSet(global) => Op::GlobalSet(self.global(global)?),
            Op::TableGet(table) => Op::TableGet(self.table(table)?),
            Op::TableSet(table) => Op::TableSet(self.table(table)?),
            Op::TableSize(table) => Op::TableSize(self.table(table)?),
            Op::TableGrow(table) => Op::TableGrow(self.table(table)?),
            Op::TableFill(table) => Op::TableFill(self.table(table)?),
            Op::TableCopy { dst, src } => Op::TableCopy {
                dst: self.table(dst)?,
                src: self.table(src)?,
            },
            Op::TableInit { elem, table } => Op::TableInit {
                elem: self.elem(elem)?,
                table: self.table(table)?,
            },
            Op::ElemDrop(elem) => Op::ElemDrop(self.elem(elem)?),
            Op::RefFunc(func) => Op::RefFunc(self.func(func)?),
            Op::Call(func) => Op::Call(self.func(func)?),
            Op::CallIndirect { ty, table } => Op::CallIndirect {
                ty: self.index(Kind::Type, ty)?,
                table: self.table(table)?,
            },
            other => other,
        })
    }

    fn expr(self, info: &ModuleInfo, expr: &ConstExpr) -> Option<ConstExpr> {
        let op = |op: &ConstOp| {
            Some(match op {
                ConstOp::GlobalGet(global) => match self.global(*global) {
                    Some(global) => ConstOp::GlobalGet(global),
                    None => zero(info.globals.get(global.index())?.ty)?,
                },
                ConstOp::RefFunc(func) => match self.func(*func) {
                    Some(func) => ConstOp::RefFunc(func),
                    None => zero(ValType::FuncRef)?,
                },
                other => *other,
            })
        };
        expr.iter().map(op).collect()
    }
}

fn zero(ty: ValType) -> Option<ConstOp> {
    match Item::zero(ty)? {
        Item::Op(op) => ConstOp::try_from(op).ok(),
        _ => None,
    }
}

impl Editable {
    /// How many things of a kind there are.
    pub(in crate::reduce) fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Func => self.info.funcs.len(),
            Kind::Table => self.info.tables.len(),
            Kind::Memory => self.info.memories.len(),
            Kind::Global => self.info.globals.len(),
            Kind::Elem => self.info.elems.len(),
            Kind::Data => self.info.datas.len(),
            Kind::Type => self.info.types.len(),
            Kind::Export => self.info.exports.len(),
        }
    }

    /// The module without one of its declarations. Operators that name it become drops and
    /// constants.
    pub(in crate::reduce) fn without(&self, kind: Kind, index: usize) -> Option<Editable> {
        let mut module = self.clone();
        if kind == Kind::Export {
            module.info.exports.remove(index);
            return Some(module);
        }
        let gone = Gone(kind, index as u32);
        for (number, body) in module.bodies.iter_mut().enumerate() {
            let func = FuncIndex(self.info.imported_funcs + number as u32);
            if func.index() != index || kind != Kind::Func {
                *body = self.body_without(func, body, gone)?;
            }
        }
        module.remove(kind, index)?;
        module.rename(&self.info, gone)?;
        Some(module)
    }

    fn body_without(&self, func: FuncIndex, body: &Body, gone: Gone) -> Option<Body> {
        let stacks = Stacks::of(&self.info, func, body)?;
        let mut new = Vec::new();
        for (at, item) in body.iter().enumerate() {
            let Item::Op(op) = item else {
                new.push(item.clone());
                continue;
            };
            if let Some(op) = gone.op(*op) {
                new.push(Item::Op(op));
                continue;
            }
            let types: Vec<ValType> = stacks.before[at].iter().map(|slot| slot.ty).collect();
            let (pops, pushes) = effect(&self.info, op, &types)?;
            new.extend(vec![Item::Op(Op::Drop); pops]);
            for ty in pushes {
                new.push(Item::zero(ty)?);
            }
        }
        Some(new)
    }

    /// Takes away the declaration itself.
    fn remove(&mut self, kind: Kind, index: usize) -> Option<()> {
        let info = &mut self.info;
        let imported = match kind {
            Kind::Func => &mut info.imported_funcs,
            Kind::Table => &mut info.imported_tables,
            Kind::Memory => &mut info.imported_memories,
            Kind::Global => &mut info.imported_globals,
            _ => &mut 0,
        };
        let defined = index.checked_sub(*imported as usize);
        if defined.is_none() {
            *imported -= 1;
            let of_kind = |import: &Import| match import.ty {
                ExternType::Func(_) => kind == Kind::Func,
                ExternType::Table(_) => kind == Kind::Table,
                ExternType::Memory(_) => kind == Kind::Memory,
                ExternType::Global(_) => kind == Kind::Global,
            };
            let mut positions = (0..info.imports.len()).filter(|&at| of_kind(&info.imports[at]));
            let position = positions.nth(index)?;
            info.imports.remove(position);
        }
        match kind {
            Kind::Func => {
                info.funcs.remove(index);
                if let Some(defined) = defined {
                    self.bodies.remove(defined);
                }
            }
            Kind::Table => drop(info.tables.remove(index)),
            Kind::Memory => drop(info.memories.remove(index)),
            Kind::Global => {
                info.globals.remove(index);
                if let Some(defined) = defined {
                    info.global_inits.remove(defined);
                }
            }
            Kind::Elem => drop(info.elems.remove(index)),
            Kind::Data => {
                info.datas.remove(index);
                info.data_count -= 1;
            }
            Kind::Type => drop(info.types.remove(index)),
            Kind::Export => drop(info.exports.remove(index)),
        }
        Some(())
    }

    /// Gives everything outside of bodies its new index.
    fn rename(&mut self, old: &ModuleInfo, gone: Gone) -> Option<()> {
        let info = &mut self.info;
        let ty = |ty: &mut TypeIndex| -> Option<()> {
            *ty = gone.index(Kind::Type, *ty)?;
            Some(())
        };
        info.funcs.iter_mut().try_for_each(ty)?;
        for import in &mut info.imports {
            if let ExternType::Func(index) = &mut import.ty {
                ty(index)?;
            }
        }
        info.start = info.start.and_then(|func| gone.func(func));
        info.exports = std::mem::take(&mut info.exports)
            .into_iter()
            .filter_map(|export| {
                let item = match export.item {
                    ExportItem::Func(func) => ExportItem::Func(gone.func(func)?),
                    ExportItem::Table(table) => ExportItem::Table(gone.table(table)?),
                    ExportItem::Memory(memory) => ExportItem::Memory(gone.memory(memory)?),
                    ExportItem::Global(global) => ExportItem::Global(gone.global(global)?),
                };
                Some(Export { item, ..export })
            })
            .collect();
        for init in &mut info.global_inits {
            *init = gone.expr(old, init)?;
        }
        for segment in &mut info.elems {
            match &mut segment.items {
                ElemItems::Funcs(funcs) => {
                    *funcs = funcs.iter().filter_map(|func| gone.func(*func)).collect();
                }
                ElemItems::Exprs(exprs) => {
                    *exprs = exprs
                        .iter()
                        .map(|expr| gone.expr(old, expr))
                        .collect::<Option<_>>()?;
                }
            }
            if let SegmentMode::Active { target, offset } = &mut segment.mode {
                *target = gone.table(*target)?;
                *offset = gone.expr(old, offset)?;
            }
        }
        for segment in &mut info.datas {
            if let SegmentMode::Active { target, offset } = &mut segment.mode {
                *target = gone.memory(*target)?;
                *offset = gone.expr(old, offset)?;
            }
        }
        Some(())
    }

    /// The module with half of a segment's contents.
    pub(in crate::reduce) fn shorter_segment(&self, kind: Kind, index: usize) -> Option<Editable> {
        let mut module = self.clone();
        match kind {
            Kind::Data => {
                let bytes = &mut module.info.datas.get_mut(index)?.bytes;
                *bytes = bytes[..bytes.len() / 2].into();
            }
            Kind::Elem => match &mut module.info.elems.get_mut(index)?.items {
                ElemItems::Funcs(funcs) => *funcs = funcs[..funcs.len() / 2].into(),
                ElemItems::Exprs(exprs) => *exprs = exprs[..exprs.len() / 2].into(),
            },
            _ => return None,
        }
        Some(module)
    }

    /// The module with a function that has another body and lacks parameters. `None` if
    /// something calls it by its name.
    pub(in crate::reduce) fn with_body(
        &self,
        func: FuncIndex,
        body: Body,
        gone: &[usize],
    ) -> Option<Editable> {
        let mut ty = self.info.func_type(func).clone();
        let params = ty.params.iter().enumerate();
        let params = params.filter(|(param, _)| !gone.contains(param));
        ty.params = params.map(|(_, ty)| *ty).collect();
        let mut module = self.clone();
        module.bodies[self.info.defined(func)?.index()] = body;
        module.retyped(func, ty)
    }

    /// The module with a function that does not return the lowest of its results.
    pub(in crate::reduce) fn without_result(&self, func: FuncIndex) -> Option<Editable> {
        let mut ty = self.info.func_type(func).clone();
        ty.results = ty.results.get(1..)?.into();
        self.clone().retyped(func, ty)
    }

    fn retyped(mut self, func: FuncIndex, ty: FuncType) -> Option<Editable> {
        if ty == *self.info.func_type(func) {
            return Some(self);
        }
        let mut items = self.bodies.iter().flatten();
        if items.any(|item| *item == Item::Op(Op::Call(func))) || self.info.start == Some(func) {
            return None;
        }
        let known = self.info.types.iter().position(|known| *known == ty);
        let index = known.unwrap_or(self.info.types.len());
        if known.is_none() {
            self.info.types.push(ty);
        }
        self.info.funcs[func.index()] = TypeIndex(index as u32);
        Some(self)
    }

    /// The module with zeros for what its globals begin with.
    pub(in crate::reduce) fn zero_global(&self, index: usize) -> Option<Editable> {
        let mut module = self.clone();
        let defined = index.checked_sub(self.info.imported_globals as usize)?;
        let init = zero(self.info.globals.get(index)?.ty)?;
        *module.info.global_inits.get_mut(defined)? = [init].into();
        Some(module)
    }
}
