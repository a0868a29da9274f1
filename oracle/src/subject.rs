//! One engine with one module: imports satisfied, everything observable at hand.
//!
//! Owns the store and the host of a run. Imports are made here, the same for every
//! engine: functions are host functions, memories and tables have the size that the
//! module asks for or one more, and everything is filled from the seed.

use std::rc::Rc;
use std::sync::Arc;

use microwasm::ValType;
use microwasm::module::{GlobalType, Limits as Size, MemoryType, TableType};

use crate::choice::{Choices, mix};
use crate::engine::*;
use crate::host::{Reach, SuiteHost};
use crate::observe::{Observation, Outcome};
use crate::prepare::{FUEL, FUEL_EXPORT, Import, ImportType, ItemKind, Shape};
use crate::value::{FuncName, Value};

/// A module in an engine.
pub struct Subject<'a> {
    shape: &'a Shape,
    store: Box<dyn Store>,
    host: Rc<SuiteHost>,
    funcs: Vec<Option<Func>>,
    items: Items,
    /// The imported items once more, as the instance exports them.
    reexported: Items,
    fuel: Option<Global>,
    results: Vec<Value>,
}

/// What is observed, by index; `None` where the engine does not export it.
#[derive(Default)]
struct Items {
    tables: Vec<Option<Table>>,
    memories: Vec<Option<Memory>>,
    globals: Vec<Option<Global>>,
}

impl Items {
    fn add(&mut self, kind: ItemKind, item: Option<Extern>) {
        match kind {
            ItemKind::Func => {}
            ItemKind::Table => self.tables.push(match item {
                Some(Extern::Table(table)) => Some(table),
                _ => None,
            }),
            ItemKind::Memory => self.memories.push(match item {
                Some(Extern::Memory(memory)) => Some(memory),
                _ => None,
            }),
            ItemKind::Global => self.globals.push(match item {
                Some(Extern::Global(global)) => Some(global),
                _ => None,
            }),
        }
    }
}

/// How an engine took a module.
pub struct Started<'a> {
    /// The module in the engine; what can be observed depends on the outcome.
    pub subject: Subject<'a>,
    /// What instantiation came to.
    pub outcome: Outcome,
}

impl<'a> Subject<'a> {
    /// Compiles and instantiates `wasm`, whose shape is `shape`.
    pub fn start(
        engine: &dyn Engine,
        wasm: &[u8],
        shape: &'a Arc<Shape>,
        seed: u64,
        limits: Limits,
    ) -> Result<Started<'a>, Refusal> {
        // Functions of the host that are not imported get in through tables and globals.
        let host = Rc::new(SuiteHost::new(seed, shape.clone()));
        let mut subject = Subject {
            shape,
            store: engine.seeded_store(seed, host.clone(), limits),
            host,
            funcs: Vec::new(),
            items: Items::default(),
            reexported: Items::default(),
            fuel: None,
            results: Vec::new(),
        };
        let module = subject.store.compile(wasm)?;
        let outcome = match subject.make_imports(seed) {
            Err(Refused) => Outcome::NotLinked,
            Ok(imports) => match subject.store.instantiate(module, &imports) {
                Ok(instance) => {
                    subject.find_items(instance);
                    Outcome::Returned(Box::default())
                }
                Err(InstantiateError::Trap(trap)) => Outcome::Trapped(trap),
                Err(InstantiateError::Limit(_)) => Outcome::Trapped(Trap::ResourceLimit),
                Err(InstantiateError::Link(_)) => Outcome::NotLinked,
            },
        };
        Ok(Started { subject, outcome })
    }

    fn make_imports(&mut self, seed: u64) -> Result<Vec<Extern>, Refused> {
        let shape = self.shape;
        let mut extra = ExtraFuncs {
            made: vec![None; shape.types.len()],
        };
        let mut imports = Vec::with_capacity(shape.imports.len());
        for (index, import) in shape.imports.iter().enumerate() {
            let mut choices = Choices::new(mix(seed, index as u64));
            imports.push(self.make_import(import, &mut choices, &mut extra)?);
        }
        Ok(imports)
    }

    fn make_import(
        &mut self,
        import: &Import,
        choices: &mut Choices,
        extra: &mut ExtraFuncs,
    ) -> Result<Extern, Refused> {
        Ok(match import.ty {
            ImportType::Func(ty) => {
                let index = self.funcs.len() as u32;
                let ty = &self.shape.types[ty as usize];
                let func = self.store.new_func(HostFunc(index), ty);
                self.host.name_func(func, FuncName::Index(index));
                self.funcs.push(Some(func));
                Extern::Func(func)
            }
            ImportType::Memory(ty) => {
                let memory = self.store.new_memory(MemoryType {
                    limits: grown(ty.limits, choices),
                })?;
                self.items.memories.push(Some(memory));
                Extern::Memory(memory)
            }
            ImportType::Table(ty) => {
                let limits = grown(ty.limits, choices);
                let table = self.store.new_table(TableType { limits, ..ty })?;
                for index in 0..limits.min.min(8) {
                    let value = self.import_value(ty.element, choices, extra);
                    self.store.table_set(table, index, value)?;
                }
                self.items.tables.push(Some(table));
                Extern::Table(table)
            }
            ImportType::Global(ty) => {
                let value = self.import_value(ty.ty, choices, extra);
                let global = self.store.new_global(ty, value)?;
                self.items.globals.push(Some(global));
                Extern::Global(global)
            }
        })
    }

    /// A value for an imported global or an element of an imported table.
    fn import_value(
        &mut self,
        ty: ValType,
        choices: &mut Choices,
        extra: &mut ExtraFuncs,
    ) -> Value {
        choices
            .value(ty, |choices| {
                if choices.one_in(3) {
                    None
                } else {
                    extra.get(self, choices)
                }
            })
            .expect("validated: no vector types")
    }

    fn find_items(&mut self, instance: Instance) {
        let shape = self.shape;
        let find = |store: &mut dyn Store, kind: ItemKind, index: usize| {
            store.export(instance, &kind.reserved_name(index as u32))
        };
        let store = &mut *self.store;
        let imported = self.funcs.len();
        self.funcs.clear();
        for index in 0..shape.funcs.len() {
            let func = match find(store, ItemKind::Func, index) {
                Some(Extern::Func(func)) => Some(func),
                _ => None,
            };
            // Imported functions have their names already: an export that is another one shows.
            if let Some(func) = func.filter(|_| index >= imported) {
                self.host.name_func(func, FuncName::Index(index as u32));
            }
            self.funcs.push(func);
        }
        for (kind, imported, all) in [
            (ItemKind::Table, self.items.tables.len(), shape.tables.len()),
            (
                ItemKind::Memory,
                self.items.memories.len(),
                shape.memories.len(),
            ),
            (
                ItemKind::Global,
                self.items.globals.len(),
                shape.globals.len(),
            ),
        ] {
            for index in 0..all {
                let to = if index < imported {
                    &mut self.reexported
                } else {
                    &mut self.items
                };
                to.add(kind, find(store, kind, index));
            }
        }
        let fuel = shape.export(FUEL_EXPORT).filter(|export| {
            export.kind == ItemKind::Global
                && shape.globals[export.index as usize]
                    == GlobalType {
                        ty: ValType::I32,
                        mutable: true,
                    }
        });
        self.fuel = fuel.and_then(|export| self.items.globals[export.index as usize]);
        self.host.set_reach(self.reach());
    }

    fn reach(&self) -> Reach {
        let shape = self.shape;
        let funcs = (0..).zip(&self.funcs);
        let funcs = funcs.filter_map(|(index, func)| func.map(|func| (func, index)));
        let tables = self.items.tables.iter().zip(&shape.tables);
        let globals = self.items.globals.iter().zip(&shape.globals);
        Reach {
            funcs: funcs.collect(),
            memories: self.items.memories.iter().flatten().copied().collect(),
            tables: tables
                .filter_map(|(table, ty)| table.map(|t| (t, ty.element)))
                .collect(),
            globals: globals
                .filter(|(global, ty)| ty.mutable && **global != self.fuel)
                .filter_map(|(global, ty)| global.map(|g| (g, ty.ty)))
                .collect(),
        }
    }

    /// Calls the function with this index, with arguments made to fit its type.
    pub fn invoke(&mut self, func: u32, args: &[Value<FuncName>]) -> Outcome {
        let Some(Some(handle)) = self.funcs.get(func as usize).copied() else {
            return Outcome::NoSuchFunction;
        };
        if let Some(fuel) = self.fuel {
            self.store
                .global_set(fuel, Value::I32(FUEL))
                .expect("a mutable i32");
        }
        let params = self.shape.func_type(func).params.iter().enumerate();
        let args: Vec<Value> = params
            .map(|(i, ty)| {
                let given = args.get(i).filter(|arg| arg.ty() == *ty);
                let value = given.map(|arg| arg.map_func(|name| self.func_named(name)));
                value
                    .or(Value::zero(*ty))
                    .expect("validated: no vector types")
            })
            .collect();
        let mut results = std::mem::take(&mut self.results);
        let outcome = match self.store.call(handle, &args, &mut results) {
            Ok(()) => Outcome::Returned(
                results
                    .iter()
                    .map(|value| self.host.named(*value))
                    .collect(),
            ),
            Err(trap) => Outcome::Trapped(trap),
        };
        self.results = results;
        outcome
    }

    fn func_named(&self, name: FuncName) -> Option<Func> {
        match name {
            FuncName::Index(index) => self.funcs.get(index as usize).copied().flatten(),
            FuncName::Host(_) | FuncName::Unknown => None,
        }
    }

    /// Everything that can be seen now; `outcome` is what the last step came to.
    pub fn observe(&mut self, outcome: Outcome) -> Observation<'_> {
        let trace = self.host.take_trace();
        let store = &mut *self.store;
        let host = &self.host;
        let (items, again) = (&self.items, &self.reexported);
        let globals = items.globals.iter().chain(&again.globals);
        let globals = globals
            .map(|global| global.map(|g| host.named(store.global_get(g))))
            .collect();
        let tables = items.tables.iter().chain(&again.tables).map(|table| {
            table.map(|table| {
                (0..store.table_size(table))
                    .map(|i| store.table_get(table, i).expect("within the table's size"))
                    .map(|value| host.named(value))
                    .collect()
            })
        });
        let tables = tables.collect();
        let store = &*self.store;
        let memories = items.memories.iter().chain(&again.memories);
        let memories = memories
            .map(|memory| memory.map(|m| store.memory_data(m)))
            .collect();
        Observation {
            outcome,
            trace,
            globals,
            tables,
            memories,
        }
    }
}

/// A size that satisfies `limits`: the smallest, or one more.
fn grown(limits: Size, choices: &mut Choices) -> Size {
    let more = limits
        .min
        .checked_add(1)
        .filter(|more| limits.max.is_none_or(|max| *more <= max));
    match more {
        Some(min) if choices.one_in(4) => Size { min, ..limits },
        _ => limits,
    }
}

/// Host functions that are not imported, made when first needed.
struct ExtraFuncs {
    made: Vec<Option<Func>>,
}

impl ExtraFuncs {
    fn get(&mut self, subject: &mut Subject<'_>, choices: &mut Choices) -> Option<Func> {
        let ty = choices.below(self.made.len() as u64) as usize;
        let slot = self.made.get_mut(ty)?;
        if slot.is_none() {
            let number = subject.shape.imported_funcs + ty as u32;
            let func = subject
                .store
                .new_func(HostFunc(number), &subject.shape.types[ty]);
            subject.host.name_func(func, FuncName::Host(number));
            *slot = Some(func);
        }
        *slot
    }
}
