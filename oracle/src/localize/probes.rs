//! Probes in WebAssembly: a module that keeps account of the value that every operator leaves.
//!
//! Everything that is added comes last in its index space, so that nothing else changes its
//! index and the host sees what it has seen: five globals, a type and the function that all
//! probes call. It folds the number of the probe and the value into a hash, and keeps the latest,
//! until a limit is reached. Two engines that differ in the hash under some limit differ in one of
//! so many probes; under the smallest such limit the latest one is it.
//!
//! NaNs are all the same, references null or not. Code that cannot be reached gets no probes.

use std::ops::Range;

use microwasm::ValType;
use microwasm::module::GlobalType;
use wasm_encoder::{
    CodeSection, ConstExpr, Encode, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, Instruction as I, Module, RawSection, TypeSection,
};
use wasmparser::{
    BinaryReaderError, FuncValidator, FuncValidatorAllocations, FunctionBody, Operator, Payload,
    ValidPayload, Validator, ValidatorResources,
};

use crate::prepare::{FEATURES, ItemKind, Shape, encoder_type, val_type};
use crate::value::{CANONICAL_NAN_32, CANONICAL_NAN_64};

/// How a probe gets at the value: the operators that it consists of may be wrong themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// By `local.tee`.
    Tee,
    /// By `local.set`.
    Set,
}

/// Which probes are put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    All,
    /// The one with this number.
    Only(u32),
}

/// An operator behind which there is a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Probe {
    /// Its function.
    pub(super) func: u32,
    /// Its offset in the module without probes.
    pub(super) offset: u64,
}

/// A module with probes.
pub(super) struct Probed {
    pub(super) wasm: Vec<u8>,
    /// What the suite may know of it.
    pub(super) shape: Shape,
    /// By number.
    pub(super) probes: Vec<Probe>,
}

/// The globals that are added, from the first one on.
const COUNT: u32 = 0;
const LIMIT: u32 = 1;
const LATEST: u32 = 2;
const VALUE: u32 = 3;
const HASH: u32 = 4;
/// Their types.
const GLOBALS: [ValType; 5] = [
    ValType::I32,
    ValType::I32,
    ValType::I32,
    ValType::I64,
    ValType::I64,
];

/// What the globals of a module with probes say, by index of the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) count: u32,
    pub(super) latest: u32,
    pub(super) value: u64,
    pub(super) hash: u64,
}

impl Account {
    /// Of all globals that were observed.
    pub(super) fn of(globals: &[u64]) -> Option<Account> {
        let [count, _, latest, value, hash] = *globals.last_chunk::<5>()?;
        Some(Account {
            count: count as u32,
            latest: latest as u32,
            value,
            hash,
        })
    }
}

/// Puts probes into a module, which count up to `limit`.
pub(super) fn insert(
    wasm: &[u8],
    shape: &Shape,
    limit: u32,
    (manner, which): (Manner, Which),
) -> Result<Probed, BinaryReaderError> {
    let mut rewriter = Rewriter {
        wasm,
        shape,
        limit,
        manner,
        which,
        validator: Validator::new_with_features(FEATURES),
        allocations: FuncValidatorAllocations::default(),
        out: Module::new(),
        last_id: 0,
        func: shape.imported_funcs,
        bodies: CodeSection::new(),
        probes: Vec::new(),
    };
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        rewriter.payload(&payload?)?;
    }
    rewriter.catch_up(u8::MAX);
    let mut shape = shape.clone();
    // Not to be changed by the host, which only knows what is mutable.
    shape
        .globals
        .extend(GLOBALS.map(|ty| GlobalType { ty, mutable: false }));
    Ok(Probed {
        wasm: rewriter.out.finish(),
        shape,
        probes: rewriter.probes,
    })
}

struct Rewriter<'a> {
    wasm: &'a [u8],
    shape: &'a Shape,
    limit: u32,
    manner: Manner,
    which: Which,
    validator: Validator,
    allocations: FuncValidatorAllocations,
    out: Module,
    /// Identifier of the section written last.
    last_id: u8,
    func: u32,
    bodies: CodeSection,
    probes: Vec<Probe>,
}

impl Rewriter<'_> {
    fn payload(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        if let ValidPayload::Func(func, body) = self.validator.payload(payload)? {
            let mut validator = func.into_validator(std::mem::take(&mut self.allocations));
            let code = self.body(&body, &mut validator)?;
            self.bodies.raw(&code);
            self.allocations = validator.into_allocations();
            self.func += 1;
            if self.func as usize == self.shape.funcs.len() {
                let first = self.shape.globals.len() as u32;
                self.bodies.function(&probe_function(first));
                self.out.section(&std::mem::take(&mut self.bodies));
            }
            return Ok(());
        }
        let Some((id, range)) = payload.as_section() else {
            return Ok(());
        };
        if matches!(
            payload,
            Payload::CodeSectionStart { .. } | Payload::CustomSection(_)
        ) {
            return Ok(());
        }
        self.catch_up(id);
        let data = &self.wasm[range.start as usize..range.end as usize];
        match self.addition(id) {
            Some(added) => {
                let data = &append(data, &added);
                self.out.section(&RawSection { id, data });
            }
            None => {
                self.out.section(&RawSection { id, data });
            }
        }
        self.last_id = id;
        Ok(())
    }

    /// Writes what is added to sections that come before `id` and that the module does not have.
    fn catch_up(&mut self, id: u8) {
        for missing in [6, 7] {
            if self.last_id < missing && id > missing {
                if let Some(added) = self.addition(missing) {
                    let data = &append(&[0], &added);
                    self.out.section(&RawSection { id: missing, data });
                }
                self.last_id = missing;
            }
        }
    }

    /// What is added to a section: itself as a section.
    fn addition(&self, id: u8) -> Option<Vec<u8>> {
        let shape = self.shape;
        let first = shape.globals.len() as u32;
        let mut bytes = Vec::new();
        match id {
            1 => {
                let mut types = TypeSection::new();
                let params = [wasm_encoder::ValType::I64, wasm_encoder::ValType::I32];
                types.ty().function(params, []);
                types.encode(&mut bytes);
            }
            3 => {
                let mut functions = FunctionSection::new();
                functions.function(shape.types.len() as u32);
                functions.encode(&mut bytes);
            }
            6 => {
                let mut globals = GlobalSection::new();
                for (index, ty) in (0..).zip(GLOBALS) {
                    let (val_type, init) = match ty {
                        ValType::I32 if index == LIMIT => {
                            let init = ConstExpr::i32_const(self.limit as i32);
                            (wasm_encoder::ValType::I32, init)
                        }
                        ValType::I32 => (wasm_encoder::ValType::I32, ConstExpr::i32_const(0)),
                        _ => (wasm_encoder::ValType::I64, ConstExpr::i64_const(0)),
                    };
                    let ty = wasm_encoder::GlobalType {
                        val_type,
                        mutable: index != LIMIT,
                        shared: false,
                    };
                    globals.global(ty, &init);
                }
                globals.encode(&mut bytes);
            }
            7 => {
                let mut exports = ExportSection::new();
                for index in first..first + GLOBALS.len() as u32 {
                    let name = ItemKind::Global.reserved_name(index);
                    exports.export(&name, ExportKind::Global, index);
                }
                exports.encode(&mut bytes);
            }
            _ => return None,
        }
        Some(bytes)
    }

    fn body(
        &mut self,
        body: &FunctionBody<'_>,
        validator: &mut FuncValidator<ValidatorResources>,
    ) -> Result<Vec<u8>, BinaryReaderError> {
        let mut locals = Vec::new();
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            locals.push((count, encoder_type(val_type(ty))));
        }
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        let mut site = Site {
            manner: self.manner,
            probe: self.shape.funcs.len() as u32,
            locals: validator.len_locals(),
            temporaries: Vec::new(),
            code: Vec::new(),
        };
        let start = reader.original_position();
        self.mark(start, &mut site);
        let mut ops = wasmparser::OperatorsReader::new(reader);
        while !ops.eof() {
            let (op, offset) = ops.read_with_offset()?;
            validator.op(offset, &op)?;
            let end = ops.original_position();
            let bytes = Range {
                start: offset as usize,
                end: end as usize,
            };
            site.code.extend_from_slice(&self.wasm[bytes]);
            let reachable = validator
                .get_control_frame(0)
                .is_some_and(|f| !f.unreachable);
            if reachable {
                self.after(&op, offset, validator, &mut site);
            }
        }
        ops.finish()?;
        locals.extend(site.temporaries.iter().map(|ty| (1, encoder_type(*ty))));
        let mut function = Function::new(locals);
        function.raw(site.code);
        Ok(function.into_raw_body())
    }

    /// A probe of what an operator has left.
    fn after(
        &mut self,
        op: &Operator<'_>,
        offset: u64,
        validator: &FuncValidator<ValidatorResources>,
        site: &mut Site,
    ) {
        let top = || validator.get_operand_type(0).flatten().map(val_type);
        match op {
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                let ty = validator.get_local_type(*local_index).map(val_type);
                if let (Some(ty), Some(number)) = (ty, self.number(offset)) {
                    I::LocalGet(*local_index).encode(&mut site.code);
                    site.probe(ty, number);
                }
                if let (Operator::LocalTee { .. }, Some(ty)) = (op, top())
                    && let Some(number) = self.number(offset)
                {
                    site.duplicate(ty);
                    site.probe(ty, number);
                }
            }
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else => self.mark(offset, site),
            op if leaves_nothing(op) => {}
            // What is on top where an operator has left nothing is somebody else's, but right.
            _ => match top() {
                Some(ty) if has_values(validator) => {
                    if let Some(number) = self.number(offset) {
                        site.duplicate(ty);
                        site.probe(ty, number);
                    }
                }
                _ => self.mark(offset, site),
            },
        }
    }

    /// The number of the probe that comes next, if it is put in.
    fn number(&mut self, offset: u64) -> Option<u32> {
        let (func, number) = (self.func, self.probes.len() as u32);
        self.probes.push(Probe { func, offset });
        (self.which == Which::All || self.which == Which::Only(number)).then_some(number)
    }

    /// A probe that only says that execution has come here.
    fn mark(&mut self, offset: u64, site: &mut Site) {
        if let Some(number) = self.number(offset) {
            I::I64Const(0).encode(&mut site.code);
            site.call(number);
        }
    }
}

/// Whether the innermost block has values on the stack.
fn has_values(validator: &FuncValidator<ValidatorResources>) -> bool {
    let floor = validator
        .get_control_frame(0)
        .map_or(0, |frame| frame.height);
    validator.operand_stack_height() as usize > floor
}

/// Whether an operator leaves no value, and is no place to say that execution has come to.
fn leaves_nothing(op: &Operator<'_>) -> bool {
    matches!(
        op,
        Operator::Drop
            | Operator::Nop
            | Operator::BrIf { .. }
            | Operator::GlobalSet { .. }
            | Operator::TableSet { .. }
            | Operator::MemoryFill { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryInit { .. }
            | Operator::DataDrop { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::ElemDrop { .. }
            | Operator::I32Store { .. }
            | Operator::I64Store { .. }
            | Operator::F32Store { .. }
            | Operator::F64Store { .. }
            | Operator::I32Store8 { .. }
            | Operator::I32Store16 { .. }
            | Operator::I64Store8 { .. }
            | Operator::I64Store16 { .. }
            | Operator::I64Store32 { .. }
    )
}

/// The code of a function that gets probes.
struct Site {
    manner: Manner,
    /// The function that they call.
    probe: u32,
    /// Locals that it has.
    locals: u32,
    /// Locals that it gets.
    temporaries: Vec<ValType>,
    code: Vec<u8>,
}

impl Site {
    fn temporary(&mut self, ty: ValType) -> u32 {
        let at = self.temporaries.iter().position(|known| *known == ty);
        let at = at.unwrap_or_else(|| {
            self.temporaries.push(ty);
            self.temporaries.len() - 1
        });
        self.locals + at as u32
    }

    fn duplicate(&mut self, ty: ValType) {
        let local = self.temporary(ty);
        match self.manner {
            Manner::Tee => I::LocalTee(local).encode(&mut self.code),
            Manner::Set => {
                I::LocalSet(local).encode(&mut self.code);
                I::LocalGet(local).encode(&mut self.code);
            }
        }
        I::LocalGet(local).encode(&mut self.code);
    }

    /// Takes a value of this type from the stack.
    fn probe(&mut self, ty: ValType, number: u32) {
        let mut emit = |instruction: I<'_>| instruction.encode(&mut self.code);
        match ty {
            ValType::I32 => emit(I::I64ExtendI32U),
            ValType::FuncRef | ValType::ExternRef => {
                emit(I::RefIsNull);
                emit(I::I64ExtendI32U);
            }
            ValType::F32 | ValType::F64 => self.number_of(ty),
            ValType::I64 | ValType::V128 => {}
        }
        self.call(number);
    }

    /// The bits of a float, all NaNs alike.
    fn number_of(&mut self, ty: ValType) {
        let local = self.temporary(ty);
        let narrow = ty == ValType::F32;
        let mut emit = |instruction: I<'_>| instruction.encode(&mut self.code);
        emit(I::LocalSet(local));
        emit(I::LocalGet(local));
        if narrow {
            emit(I::I32ReinterpretF32);
            emit(I::I64ExtendI32U);
            emit(I::I64Const(CANONICAL_NAN_32.into()));
        } else {
            emit(I::I64ReinterpretF64);
            emit(I::I64Const(CANONICAL_NAN_64 as i64));
        }
        emit(I::LocalGet(local));
        emit(I::LocalGet(local));
        emit(if narrow { I::F32Eq } else { I::F64Eq });
        emit(I::Select);
    }

    fn call(&mut self, number: u32) {
        I::I32Const(number as i32).encode(&mut self.code);
        I::Call(self.probe).encode(&mut self.code);
    }
}

/// The function that probes call with a value and their number. Without branches, and without
/// setting locals: what is most likely to be wrong is not needed here.
fn probe_function(first: u32) -> Function {
    let mut function = Function::new([]);
    let below = [
        I::GlobalGet(first + COUNT),
        I::GlobalGet(first + LIMIT),
        I::I32LtU,
    ];
    let mut emit = |instructions: &[I<'_>]| {
        for instruction in instructions {
            function.instruction(instruction);
        }
    };
    emit(&[
        I::GlobalGet(first + HASH),
        I::LocalGet(0),
        I::I64Xor,
        I::LocalGet(1),
        I::I64ExtendI32U,
        I::I64Const(0x9e37_79b9_7f4a_7c15_u64 as i64),
        I::I64Mul,
        I::I64Add,
        I::I64Const(0xbf58_476d_1ce4_e5b9_u64 as i64),
        I::I64Mul,
        I::I64Const(27),
        I::I64Rotl,
        I::GlobalGet(first + HASH),
    ]);
    emit(&below);
    emit(&[I::Select, I::GlobalSet(first + HASH)]);
    emit(&[I::LocalGet(1), I::GlobalGet(first + LATEST)]);
    emit(&below);
    emit(&[I::Select, I::GlobalSet(first + LATEST)]);
    emit(&[I::LocalGet(0), I::GlobalGet(first + VALUE)]);
    emit(&below);
    emit(&[I::Select, I::GlobalSet(first + VALUE)]);
    emit(&[
        I::GlobalGet(first + COUNT),
        I::I32Const(1),
        I::I32Add,
        I::GlobalSet(first + COUNT),
        I::End,
    ]);
    function
}

/// Appends the items of `added`, which is a section, to those of `data`, which is one, too, but
/// begins with the number of its items.
fn append(data: &[u8], added: &[u8]) -> Vec<u8> {
    // A section begins with its size.
    let (_, items) = number(added);
    let (more, items) = number(items);
    let (count, rest) = number(data);
    let mut out = Vec::with_capacity(data.len() + items.len() + 4);
    (count + more).encode(&mut out);
    out.extend_from_slice(rest);
    out.extend_from_slice(items);
    out
}

/// The LEB128 number at the beginning, which is valid, and what is behind it.
fn number(bytes: &[u8]) -> (u32, &[u8]) {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (value, &bytes[index + 1..]);
        }
    }
    (value, &[])
}
