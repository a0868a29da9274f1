//! Re-encodes a module section by section; see the module's documentation.

use microwasm::input::{Form, InputError};
use thiserror::Error;
use wasm_encoder::{
    CodeSection, ConstExpr, Encode, ExportKind, ExportSection, GlobalSection, GlobalType, Module,
    RawSection,
};
use wasmparser::{BinaryReaderError, FuncValidatorAllocations, Payload, ValidPayload, Validator};

use super::body::{self, Accumulators, Callees, Changes};
use super::shape::{ItemKind, Shape, encoder_type};
use super::{FEATURES, FUEL, FUEL_EXPORT, RESERVED};

/// Which NaNs are made canonical, so that engines that are free in their choice agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Canonicalize {
    /// None.
    #[default]
    Nothing,
    /// Those whose bits become visible. What stays a float is compared as a class.
    Leaks,
    /// Those that `demote` and `promote` make, of a module whose arithmetic makes no other
    /// than the canonical one.
    Conversions,
}

/// What bounds how long the functions of a module run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bound {
    /// Nothing that the suite knows of.
    #[default]
    Nothing,
    /// A global of the module's own, to be exported as [`FUEL_EXPORT`].
    Global(u32),
    /// A global that is added, exported so, and counted down in every function and loop.
    Added,
}

/// What [`prepare`] does besides validating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Which NaNs to make canonical.
    pub nans: Canonicalize,
    /// Fold dropped numbers into globals.
    pub fold_drops: bool,
    /// Call functions with values that would be dropped.
    pub call_with_drops: bool,
    /// Export every function under a name of its own, `f0`, `f1`, …, for invocations.
    pub name_funcs: bool,
    /// Export everything under reserved names, for observation; such names that the module has
    /// already stay otherwise.
    pub observe: bool,
    /// What bounds the run time.
    pub bound: Bound,
}

impl Options {
    /// For a module that is to be run as it is: only make it observable.
    pub const OBSERVE: Options = Options {
        nans: Canonicalize::Nothing,
        fold_drops: false,
        call_with_drops: false,
        name_funcs: false,
        observe: true,
        bound: Bound::Nothing,
    };
}

/// A module ready to be run and observed.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Its bytes.
    pub wasm: Vec<u8>,
    /// What is in it, including globals that were added.
    pub shape: Shape,
}

/// Why a module cannot be prepared: it is not valid.
#[derive(Clone, Debug, Error)]
pub enum PrepareError {
    /// A WebAssembly module.
    #[error("{} (at offset {:#x})", .0.message(), .0.offset())]
    Wasm(#[from] BinaryReaderError),
    /// A Microwasm module.
    #[error(transparent)]
    Microwasm(#[from] InputError),
}

impl PrepareError {
    /// Byte offset of the error in the module.
    pub fn offset(&self) -> u64 {
        match self {
            PrepareError::Wasm(error) => error.offset(),
            PrepareError::Microwasm(error) => error.offset().unwrap_or(0).into(),
        }
    }
}

/// Validates and re-encodes `wasm`. A Microwasm module is always made observable, and
/// nothing else is done to it.
pub fn prepare(wasm: &[u8], options: &Options) -> Result<Prepared, PrepareError> {
    if Form::of(wasm) != Form::Wasm {
        return Ok(super::microwasm::prepare(wasm)?);
    }
    let mut rewriter = Rewriter::new(wasm, options);
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        rewriter.payload(&payload?)?;
    }
    Ok(rewriter.finish())
}

struct Rewriter<'a> {
    wasm: &'a [u8],
    options: &'a Options,
    validator: Validator,
    allocations: FuncValidatorAllocations,
    shape: Shape,
    changes: Changes,
    out: Module,
    globals_done: bool,
    exports_done: bool,
    code: CodeSection,
    bodies: u32,
}

impl<'a> Rewriter<'a> {
    fn new(wasm: &'a [u8], options: &'a Options) -> Rewriter<'a> {
        Rewriter {
            wasm,
            options,
            validator: Validator::new_with_features(FEATURES),
            allocations: FuncValidatorAllocations::default(),
            shape: Shape::default(),
            changes: Changes {
                nans: options.nans,
                ..Changes::default()
            },
            out: Module::new(),
            globals_done: false,
            exports_done: false,
            code: CodeSection::new(),
            bodies: 0,
        }
    }

    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        let func = match self.validator.payload(payload)? {
            ValidPayload::Func(func, body) => Some((func, body)),
            _ => None,
        };
        if let Some((func, body)) = func {
            let allocations = std::mem::take(&mut self.allocations);
            let mut validator = func.into_validator(allocations);
            match body::rewrite(&body, &mut validator, &self.changes)? {
                Some(bytes) => self.code.raw(&bytes),
                None => self.code.raw(body.as_bytes()),
            };
            self.allocations = validator.into_allocations();
            self.bodies -= 1;
            if self.bodies == 0 {
                self.out.section(&std::mem::take(&mut self.code));
            }
            return Ok(());
        }
        self.shape.add(payload)?;
        if let Payload::CodeSectionStart { count, .. } = payload {
            self.catch_up(10);
            self.bodies = *count;
            if self.options.call_with_drops {
                self.changes.callees = Callees::of(&self.shape);
            }
            return Ok(());
        }
        if let Payload::CustomSection(_) = payload {
            return Ok(());
        }
        if let Some((id, range)) = payload.as_section() {
            self.catch_up(id);
            let data = &self.wasm[range.start as usize..range.end as usize];
            match payload {
                Payload::GlobalSection(section) => self.globals(section.count(), data),
                Payload::ExportSection(section) => self.exports(Some(section)),
                _ => {
                    self.out.section(&RawSection { id, data });
                }
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Prepared {
        self.catch_up(u8::MAX);
        Prepared {
            wasm: self.out.finish(),
            shape: self.shape,
        }
    }

    /// Writes the sections of our own that come before section `id` and that the module
    /// does not have.
    fn catch_up(&mut self, id: u8) {
        // Sections come in the order of their ids, except for 12 (data count) before 10.
        if id > 6 && !self.globals_done {
            self.globals(0, &[0]);
        }
        if id > 7 && !self.exports_done {
            self.exports(None);
        }
    }

    /// Writes the global section: the module's, whose bytes are a count and `count`
    /// globals, then the accumulators.
    fn globals(&mut self, count: u32, data: &[u8]) {
        self.globals_done = true;
        let mut section = GlobalSection::new();
        let shape = &mut self.shape;
        let mut add = |ty: microwasm::ValType, init: ConstExpr| {
            let mutable = true;
            section.global(
                GlobalType {
                    val_type: encoder_type(ty),
                    mutable,
                    shared: false,
                },
                &init,
            );
            shape
                .globals
                .push(microwasm::module::GlobalType { ty, mutable });
            shape.globals.len() as u32 - 1
        };
        if self.options.fold_drops {
            self.changes.accumulators = Some(Accumulators {
                narrow: add(microwasm::ValType::I32, ConstExpr::i32_const(0)),
                wide: add(microwasm::ValType::I64, ConstExpr::i64_const(0)),
            });
        }
        if self.options.bound == Bound::Added {
            let fuel = add(microwasm::ValType::I32, ConstExpr::i32_const(FUEL as i32));
            self.changes.fuel = Some(fuel);
        }
        if section.is_empty() {
            if count > 0 {
                self.out.section(&RawSection { id: 6, data });
            }
            return;
        }
        let mut bytes = Vec::with_capacity(data.len() + 16);
        let mut added = Vec::new();
        section.encode(&mut added);
        // A section encodes as its size, its count (here one byte each) and its items.
        (count + section.len()).encode(&mut bytes);
        bytes.extend_from_slice(&data[count_len(data)..]);
        bytes.extend_from_slice(&added[2..]);
        self.out.section(&RawSection {
            id: 6,
            data: &bytes,
        });
    }

    fn exports(&mut self, own: Option<&wasmparser::ExportSectionReader<'_>>) {
        self.exports_done = true;
        let mut section = ExportSection::new();
        let mut taken = Vec::new();
        let fuel = match self.options.bound {
            Bound::Nothing => None,
            Bound::Global(global) => Some(global),
            Bound::Added => self.changes.fuel,
        };
        // A bound that is added is the only one.
        let added = self.changes.fuel.is_some();
        if added {
            let exports = &mut self.shape.exports;
            exports.retain(|export| &*export.name != FUEL_EXPORT);
        }
        for export in own.into_iter().flat_map(|own| own.clone()).flatten() {
            let kind = match export.kind {
                wasmparser::ExternalKind::Func | wasmparser::ExternalKind::FuncExact => {
                    ExportKind::Func
                }
                wasmparser::ExternalKind::Table => ExportKind::Table,
                wasmparser::ExternalKind::Memory => ExportKind::Memory,
                wasmparser::ExternalKind::Global => ExportKind::Global,
                wasmparser::ExternalKind::Tag => continue,
            };
            let ours = self.options.observe && export.name.starts_with(RESERVED)
                || added && export.name == FUEL_EXPORT;
            if !ours {
                section.export(export.name, kind, export.index);
                taken.push(export.name);
            }
        }
        if let Some(global) = fuel.filter(|_| !taken.contains(&FUEL_EXPORT)) {
            section.export(FUEL_EXPORT, ExportKind::Global, global);
            let (name, kind) = (FUEL_EXPORT.into(), ItemKind::Global);
            self.shape.exports.push(super::Export {
                name,
                kind,
                index: global,
            });
        }
        let mut add = |prefix: &str, kind: ItemKind, count: usize| {
            let encoded = match kind {
                ItemKind::Func => ExportKind::Func,
                ItemKind::Table => ExportKind::Table,
                ItemKind::Memory => ExportKind::Memory,
                ItemKind::Global => ExportKind::Global,
            };
            for index in 0..count as u32 {
                let name = format!("{prefix}{}{index}", kind.letter());
                if !taken.contains(&name.as_str()) {
                    section.export(&name, encoded, index);
                }
                if prefix.is_empty() {
                    self.shape.exports.push(super::Export {
                        name: name.into(),
                        kind,
                        index,
                    });
                }
            }
        };
        if self.options.name_funcs {
            add("", ItemKind::Func, self.shape.funcs.len());
        }
        if self.options.observe {
            add(RESERVED, ItemKind::Func, self.shape.funcs.len());
            add(RESERVED, ItemKind::Table, self.shape.tables.len());
            add(RESERVED, ItemKind::Memory, self.shape.memories.len());
            add(RESERVED, ItemKind::Global, self.shape.globals.len());
        }
        if !section.is_empty() {
            self.out.section(&section);
        }
    }
}

/// Length of the LEB128 number that `data` starts with.
fn count_len(data: &[u8]) -> usize {
    data.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1
}
