//! Writes valid modules: a module under construction, and a function body whose operand
//! stack and locals are tracked.
//!
//! Callers ask for operators whose operands are on the stack; that they are is asserted.
//! Nobody can see which NaN an engine chose: floats that may be such a NaN are *vague*, and
//! made canonical before an operator that would show their bits. All others are compared
//! bit by bit. Vague floats live in vague locals only.

use microwasm::module::{GlobalType, Limits, MemoryType, TableType};
use microwasm::{FuncType, ValType};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements,
    Encode, EntityType, ExportKind, ExportSection, FunctionSection, GlobalSection, HeapType,
    Ieee32, Ieee64, ImportSection, Instruction, MemorySection, RefType, TableSection, TypeSection,
};

use super::ops::{Access, Numeric};
use crate::prepare::{Export, FUEL_EXPORT, Import, ImportType, ItemKind, Shape};
use crate::value::{CANONICAL_NAN_32, CANONICAL_NAN_64, Value};

/// Types of a module: every signature once.
#[derive(Default)]
pub struct Types(Vec<FuncType>);

impl Types {
    /// The index of a signature.
    pub fn index(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        let known = self.0.iter();
        let mut known = known.enumerate();
        let at = known.find(|(_, ty)| *ty.params == *params && *ty.results == *results);
        if let Some((at, _)) = at {
            return at as u32;
        }
        self.0.push(FuncType {
            params: params.into(),
            results: results.into(),
        });
        self.0.len() as u32 - 1
    }

    /// The signature with this index.
    pub fn get(&self, index: u32) -> &FuncType {
        &self.0[index as usize]
    }
}

/// A module under construction. Imports come before functions.
#[derive(Default)]
pub struct ModuleWriter {
    /// Its types.
    pub types: Types,
    /// Type index of every function.
    pub funcs: Vec<u32>,
    imported: u32,
    bodies: CodeSection,
    memory: Option<Limits>,
    data: Vec<u8>,
    tables: Vec<(TableType, Vec<u32>)>,
    globals: Vec<(ValType, Value)>,
    fuel: Option<u32>,
}

impl ModuleWriter {
    /// Imports a function.
    pub fn import(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        assert_eq!(
            self.imported as usize,
            self.funcs.len(),
            "imports are first"
        );
        self.imported += 1;
        self.funcs.push(self.types.index(params, results));
        self.funcs.len() as u32 - 1
    }

    /// Adds a function that has been written.
    pub fn func(&mut self, func: Written) -> u32 {
        self.bodies.raw(&func.body);
        self.funcs.push(func.ty);
        self.funcs.len() as u32 - 1
    }

    /// The signature of a function.
    pub fn signature(&self, func: u32) -> &FuncType {
        self.types.get(self.funcs[func as usize])
    }

    /// Indices of the functions that are not imported.
    pub fn defined(&self) -> std::ops::Range<u32> {
        self.imported..self.funcs.len() as u32
    }

    /// Gives the module a memory that starts with `data`. Data segment 0 holds it, too.
    pub fn memory(&mut self, limits: Limits, data: Vec<u8>) {
        self.memory = Some(limits);
        self.data = data;
    }

    /// Adds a table whose first elements are these functions; element segment 0 is passive
    /// and holds those of the first table.
    pub fn table(&mut self, element: ValType, limits: Limits, funcs: Vec<u32>) -> u32 {
        self.tables.push((TableType { element, limits }, funcs));
        self.tables.len() as u32 - 1
    }

    /// Adds a mutable global.
    pub fn global(&mut self, ty: ValType, value: Value) -> u32 {
        self.globals.push((ty, value));
        self.globals.len() as u32 - 1
    }

    /// Adds the global that bounds run time.
    pub fn fuel(&mut self) -> u32 {
        let fuel = self.global(ValType::I32, Value::I32(0));
        self.fuel = Some(fuel);
        fuel
    }

    /// The module with everything exported for observation, and its shape.
    pub fn finish(self) -> (Vec<u8>, Shape) {
        let shape = self.shape();
        let mut module = wasm_encoder::Module::new();
        let mut types = TypeSection::new();
        for ty in &shape.types {
            let [params, results] =
                [&ty.params, &ty.results].map(|types| types.iter().map(|ty| encoded(*ty)));
            types.ty().function(params, results);
        }
        module.section(&types);
        let mut imports = ImportSection::new();
        for import in &shape.imports {
            if let ImportType::Func(ty) = import.ty {
                imports.import(&import.module, &import.name, EntityType::Function(ty));
            }
        }
        module.section(&imports);
        let mut funcs = FunctionSection::new();
        for func in self.defined() {
            funcs.function(self.funcs[func as usize]);
        }
        module.section(&funcs);
        self.state(&mut module);
        module.section(&exports(&shape));
        self.segments(&mut module);
        (module.finish(), shape)
    }

    fn shape(&self) -> Shape {
        let import = |index| Import {
            module: "host".into(),
            name: format!("f{index}").into(),
            ty: ImportType::Func(self.funcs[index as usize]),
        };
        let export = |name: Box<str>, kind, index| Export { name, kind, index };
        let funcs = self.defined();
        let funcs = funcs.map(|index| export(format!("f{index}").into(), ItemKind::Func, index));
        let fuel = self.fuel.iter();
        let fuel = fuel.map(|fuel| export(FUEL_EXPORT.into(), ItemKind::Global, *fuel));
        Shape {
            types: self.types.0.clone(),
            imports: (0..self.imported).map(import).collect(),
            funcs: self.funcs.clone(),
            imported_funcs: self.imported,
            tables: self.tables.iter().map(|(ty, _)| *ty).collect(),
            memories: self
                .memory
                .iter()
                .map(|limits| MemoryType { limits: *limits })
                .collect(),
            globals: self
                .globals
                .iter()
                .map(|(ty, _)| GlobalType {
                    ty: *ty,
                    mutable: true,
                })
                .collect(),
            exports: funcs.chain(fuel).collect(),
        }
    }

    /// Tables, memory and globals.
    fn state(&self, module: &mut wasm_encoder::Module) {
        if !self.tables.is_empty() {
            let mut tables = TableSection::new();
            for (ty, _) in &self.tables {
                tables.table(wasm_encoder::TableType {
                    element_type: reference(ty.element),
                    table64: false,
                    minimum: ty.limits.min.into(),
                    maximum: ty.limits.max.map(u64::from),
                    shared: false,
                });
            }
            module.section(&tables);
        }
        if let Some(limits) = self.memory {
            let mut memories = MemorySection::new();
            memories.memory(wasm_encoder::MemoryType {
                minimum: limits.min.into(),
                maximum: limits.max.map(u64::from),
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
            module.section(&memories);
        }
        if !self.globals.is_empty() {
            let mut globals = GlobalSection::new();
            for (ty, value) in &self.globals {
                let ty = wasm_encoder::GlobalType {
                    val_type: encoded(*ty),
                    mutable: true,
                    shared: false,
                };
                globals.global(ty, &constant(*value));
            }
            module.section(&globals);
        }
    }

    /// Elements, code and data.
    fn segments(&self, module: &mut wasm_encoder::Module) {
        let mut elements = ElementSection::new();
        if let Some((_, funcs)) = self.tables.first() {
            elements.passive(Elements::Functions(funcs.into()));
        }
        let filled = self.tables.iter().enumerate();
        for (index, (_, funcs)) in filled.filter(|(_, (_, funcs))| !funcs.is_empty()) {
            let offset = ConstExpr::i32_const(0);
            let funcs = Elements::Functions(funcs.into());
            elements.active(Some(index as u32), &offset, funcs);
        }
        // `ref.func` may name any function: all are exported.
        if !elements.is_empty() {
            module.section(&elements);
        }
        if self.memory.is_some() {
            module.section(&DataCountSection { count: 2 });
        }
        module.section(&self.bodies);
        if self.memory.is_some() {
            let mut data = DataSection::new();
            data.passive(self.data.iter().copied());
            data.active(0, &ConstExpr::i32_const(0), self.data.iter().copied());
            module.section(&data);
        }
    }
}

/// The shape's own exports and the reserved ones.
fn exports(shape: &Shape) -> ExportSection {
    let mut section = ExportSection::new();
    for export in &shape.exports {
        let kind = match export.kind {
            ItemKind::Func => ExportKind::Func,
            _ => ExportKind::Global,
        };
        section.export(&export.name, kind, export.index);
    }
    for (item, kind, count) in [
        (ItemKind::Func, ExportKind::Func, shape.funcs.len()),
        (ItemKind::Table, ExportKind::Table, shape.tables.len()),
        (ItemKind::Memory, ExportKind::Memory, shape.memories.len()),
        (ItemKind::Global, ExportKind::Global, shape.globals.len()),
    ] {
        for index in 0..count as u32 {
            section.export(&item.reserved_name(index), kind, index);
        }
    }
    section
}

fn reference(ty: ValType) -> RefType {
    match ty {
        ValType::ExternRef => RefType::EXTERNREF,
        _ => RefType::FUNCREF,
    }
}

fn constant(value: Value) -> ConstExpr {
    match value {
        Value::I32(v) => ConstExpr::i32_const(v as i32),
        Value::I64(v) => ConstExpr::i64_const(v as i64),
        Value::F32(v) => ConstExpr::f32_const(Ieee32::new(v)),
        Value::F64(v) => ConstExpr::f64_const(Ieee64::new(v)),
        Value::FuncRef(_) => ConstExpr::ref_null(HeapType::FUNC),
        Value::ExternRef(_) => ConstExpr::ref_null(HeapType::EXTERN),
    }
}

/// A type as the encoder names it.
pub fn encoded(ty: ValType) -> wasm_encoder::ValType {
    match ty {
        ValType::I32 => wasm_encoder::ValType::I32,
        ValType::I64 => wasm_encoder::ValType::I64,
        ValType::F32 => wasm_encoder::ValType::F32,
        ValType::F64 => wasm_encoder::ValType::F64,
        ValType::V128 => wasm_encoder::ValType::V128,
        ValType::FuncRef => wasm_encoder::ValType::FUNCREF,
        ValType::ExternRef => wasm_encoder::ValType::EXTERNREF,
    }
}

/// Writes an opcode, whose prefix is the high byte.
pub fn opcode(code: u16, out: &mut Vec<u8>) {
    let [prefix, code] = code.to_be_bytes();
    if prefix != 0 {
        out.push(prefix);
    }
    out.push(code);
}

/// A function ready to be added to its module.
pub struct Written {
    ty: u32,
    body: Vec<u8>,
}

/// A value on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its type.
    pub ty: ValType,
    /// Whether it may be a NaN of the engine's choice.
    pub vague: bool,
}

fn exact(ty: ValType) -> Slot {
    Slot { ty, vague: false }
}

fn is_float(ty: ValType) -> bool {
    matches!(ty, ValType::F32 | ValType::F64)
}

/// A block that is open.
struct Frame {
    params: Vec<ValType>,
    results: Vec<ValType>,
    height: usize,
}

/// A function body under construction.
pub struct FuncWriter<'a> {
    types: &'a mut Types,
    params: usize,
    /// Locals, parameters first; in a vague one there may be vague values.
    pub locals: Vec<Slot>,
    /// The operand stack.
    pub stack: Vec<Slot>,
    code: Vec<u8>,
    frames: Vec<Frame>,
    scratch: [Option<u32>; 2],
}

impl<'a> FuncWriter<'a> {
    /// A function with these parameters, which are vague if they are floats and `vague`.
    pub fn new(types: &'a mut Types, params: &[ValType], vague: bool) -> FuncWriter<'a> {
        let slot = |ty: &ValType| Slot {
            ty: *ty,
            vague: vague && is_float(*ty),
        };
        FuncWriter {
            types,
            params: params.len(),
            locals: params.iter().map(slot).collect(),
            stack: Vec::with_capacity(16),
            code: Vec::with_capacity(512),
            frames: Vec::new(),
            scratch: [None; 2],
        }
    }

    /// Ends the function, which returns what is on the stack.
    pub fn finish(mut self) -> Written {
        assert!(self.frames.is_empty(), "every block is closed");
        let results: Vec<ValType> = self.stack.iter().map(|slot| slot.ty).collect();
        let params: Vec<ValType> = self.locals[..self.params].iter().map(|s| s.ty).collect();
        let ty = self.types.index(&params, &results);
        let locals = &self.locals[self.params..];
        let mut body = Vec::with_capacity(self.code.len() + 16);
        let groups: Vec<&[Slot]> = locals.chunk_by(|a, b| a.ty == b.ty).collect();
        groups.len().encode(&mut body);
        for group in groups {
            (group.len() as u32).encode(&mut body);
            encoded(group[0].ty).encode(&mut body);
        }
        self.emit(Instruction::End);
        body.extend_from_slice(&self.code);
        Written { ty, body }
    }

    fn emit(&mut self, instruction: Instruction<'_>) {
        instruction.encode(&mut self.code);
    }

    /// Pushes a value that the next instruction is going to make.
    fn push(&mut self, ty: ValType, vague: bool) {
        let vague = vague && is_float(ty);
        self.stack.push(Slot { ty, vague });
    }

    fn pop(&mut self) -> Slot {
        self.stack.pop().expect("the operand is there")
    }

    fn expect(&mut self, ty: ValType) -> Slot {
        let slot = self.pop();
        assert_eq!(slot.ty, ty, "operand type");
        slot
    }

    fn pop_all(&mut self, types: &[ValType]) {
        for ty in types.iter().rev() {
            self.expect(*ty);
        }
    }

    /// Type of the value on top, if there is one in this block.
    pub fn top(&self) -> Option<ValType> {
        self.own().last().map(|slot| slot.ty)
    }

    /// The values that belong to the innermost block.
    pub fn own(&self) -> &[Slot] {
        &self.stack[self.frames.last().map_or(0, |frame| frame.height)..]
    }

    /// A new local, zero at first; vague if it is a float.
    pub fn local(&mut self, ty: ValType) -> u32 {
        let vague = is_float(ty);
        self.locals.push(Slot { ty, vague });
        self.locals.len() as u32 - 1
    }

    /// A new local that is never vague.
    pub fn exact_local(&mut self, ty: ValType) -> u32 {
        self.locals.push(exact(ty));
        self.locals.len() as u32 - 1
    }

    /// Pushes a constant; a reference to a function is null.
    pub fn constant(&mut self, value: Value) {
        self.emit(match value {
            Value::I32(v) => Instruction::I32Const(v as i32),
            Value::I64(v) => Instruction::I64Const(v as i64),
            Value::F32(v) => Instruction::F32Const(Ieee32::new(v)),
            Value::F64(v) => Instruction::F64Const(Ieee64::new(v)),
            Value::FuncRef(_) => Instruction::RefNull(HeapType::FUNC),
            Value::ExternRef(_) => Instruction::RefNull(HeapType::EXTERN),
        });
        self.push(value.ty(), false);
    }

    /// `ref.func`
    pub fn ref_func(&mut self, func: u32) {
        self.emit(Instruction::RefFunc(func));
        self.push(ValType::FuncRef, false);
    }

    /// `ref.is_null`
    pub fn ref_is_null(&mut self) {
        self.pop();
        self.emit(Instruction::RefIsNull);
        self.push(ValType::I32, false);
    }

    /// `local.get`
    pub fn get(&mut self, local: u32) {
        let slot = self.locals[local as usize];
        self.emit(Instruction::LocalGet(local));
        self.stack.push(slot);
    }

    /// `local.set`
    pub fn set(&mut self, local: u32) {
        self.settle(local);
        self.expect(self.locals[local as usize].ty);
        self.emit(Instruction::LocalSet(local));
    }

    /// `local.tee`
    pub fn tee(&mut self, local: u32) {
        self.settle(local);
        self.expect(self.locals[local as usize].ty);
        self.emit(Instruction::LocalTee(local));
        self.stack.push(self.locals[local as usize]);
    }

    /// Makes what goes into an exact local exact.
    fn settle(&mut self, local: u32) {
        if !self.locals[local as usize].vague {
            self.canonicalize();
        }
    }

    /// Makes a vague value on top exact: `x ≠ x ? canonical NaN : x`.
    pub fn canonicalize(&mut self) {
        let slot = *self.stack.last().expect("a value");
        if !slot.vague {
            return;
        }
        let narrow = slot.ty == ValType::F32;
        let scratch = self.scratch[usize::from(narrow)];
        let scratch = scratch.unwrap_or_else(|| {
            let local = self.local(slot.ty);
            self.scratch[usize::from(narrow)] = Some(local);
            local
        });
        self.set(scratch);
        self.constant(if narrow {
            Value::F32(CANONICAL_NAN_32)
        } else {
            Value::F64(CANONICAL_NAN_64)
        });
        self.get(scratch);
        self.get(scratch);
        self.get(scratch);
        self.numeric(Numeric::of(if narrow { 0x5c } else { 0x62 }));
        self.select();
        self.stack.last_mut().expect("selected").vague = false;
    }

    /// A numeric operator.
    pub fn numeric(&mut self, op: Numeric) {
        if op.shows_nans() {
            self.canonicalize();
        }
        let mut vague = op.makes_nans();
        for ty in op.params.iter().rev() {
            vague |= self.expect(*ty).vague;
        }
        opcode(op.code, &mut self.code);
        self.push(op.result, vague);
    }

    /// `select` with a condition on top; of references the one with a type.
    pub fn select(&mut self) {
        self.expect(ValType::I32);
        let (b, a) = (self.pop(), self.pop());
        assert_eq!(a.ty, b.ty, "operands of select");
        if matches!(a.ty, ValType::FuncRef | ValType::ExternRef) {
            self.emit(Instruction::TypedSelect(encoded(a.ty)));
        } else {
            self.emit(Instruction::Select);
        }
        self.push(a.ty, a.vague || b.vague);
    }

    /// `drop`
    pub fn discard(&mut self) {
        self.pop();
        self.emit(Instruction::Drop);
    }

    /// A load or store at an address below the value.
    pub fn access(&mut self, op: Access, align: u32, offset: u32) {
        if op.stores {
            self.canonicalize();
            self.expect(op.ty);
        }
        self.expect(ValType::I32);
        self.code.push(op.code);
        align.min(op.size_log2).encode(&mut self.code);
        offset.encode(&mut self.code);
        if !op.stores {
            self.push(op.ty, false);
        }
    }

    /// `global.get`; what is in a global is vague.
    pub fn global_get(&mut self, global: u32, ty: ValType) {
        self.emit(Instruction::GlobalGet(global));
        self.push(ty, true);
    }

    /// `global.set`
    pub fn global_set(&mut self, global: u32) {
        self.pop();
        self.emit(Instruction::GlobalSet(global));
    }

    /// Any other instruction, which takes `params` and gives exact `results`.
    pub fn plain(&mut self, op: Instruction<'_>, params: &[ValType], results: &[ValType]) {
        self.pop_all(params);
        self.emit(op);
        results.iter().for_each(|ty| self.push(*ty, false));
    }

    /// `call`; the results of a host function are exact.
    pub fn call(&mut self, func: u32, ty: &FuncType, vague: bool) {
        self.pop_all(&ty.params);
        self.emit(Instruction::Call(func));
        ty.results.iter().for_each(|ty| self.push(*ty, vague));
    }

    /// `call_indirect` with the element's index on top.
    pub fn call_indirect(&mut self, table: u32, ty: &FuncType) {
        self.expect(ValType::I32);
        self.pop_all(&ty.params);
        let type_index = self.types.index(&ty.params, &ty.results);
        self.emit(Instruction::CallIndirect {
            type_index,
            table_index: table,
        });
        ty.results.iter().for_each(|ty| self.push(*ty, true));
    }

    /// How many blocks are open.
    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Opens a block that takes values from the stack.
    pub fn block(&mut self, kind: Block, params: &[ValType], results: &[ValType]) {
        if kind == Block::If {
            self.expect(ValType::I32);
        }
        self.pop_all(params);
        let ty = match (params, results) {
            ([], []) => BlockType::Empty,
            ([], [result]) => BlockType::Result(encoded(*result)),
            _ => BlockType::FunctionType(self.types.index(params, results)),
        };
        self.emit(match kind {
            Block::Block => Instruction::Block(ty),
            Block::Loop => Instruction::Loop(ty),
            Block::If => Instruction::If(ty),
        });
        self.frames.push(Frame {
            params: params.to_vec(),
            results: results.to_vec(),
            height: self.stack.len(),
        });
        params.iter().for_each(|ty| self.push(*ty, true));
    }

    /// Goes on with the other arm of an `if`, whatever is on the stack.
    pub fn alternative(&mut self) {
        let frame = self.frames.last().expect("an open block");
        self.stack.truncate(frame.height);
        let params = frame.params.clone();
        self.emit(Instruction::Else);
        params.iter().for_each(|ty| self.push(*ty, true));
    }

    /// Closes the innermost block. Its results are on the stack, or its end is unreachable.
    pub fn end(&mut self) {
        let frame = self.frames.pop().expect("an open block");
        self.stack.truncate(frame.height);
        self.emit(Instruction::End);
        frame.results.iter().for_each(|ty| self.push(*ty, true));
    }

    /// `br`; what follows is unreachable until the block ends.
    pub fn br(&mut self, depth: usize) {
        self.emit(Instruction::Br(depth as u32));
    }

    /// `br_if`
    pub fn br_if(&mut self, depth: usize) {
        self.expect(ValType::I32);
        self.emit(Instruction::BrIf(depth as u32));
        // The values that the branch would take are now those of the label.
    }

    /// `br_table`; what follows is unreachable until the block ends.
    pub fn br_table(&mut self, targets: &[u32], default: u32) {
        self.expect(ValType::I32);
        self.emit(Instruction::BrTable(targets.into(), default));
    }

    /// `return` of what is on the stack; what follows is unreachable until the block ends.
    pub fn ret(&mut self) {
        self.emit(Instruction::Return);
    }

    /// Traps if there is no fuel left, else takes one.
    pub fn take_fuel(&mut self, fuel: u32) {
        self.global_get(fuel, ValType::I32);
        self.plain(Instruction::I32Eqz, &[ValType::I32], &[ValType::I32]);
        self.block(Block::If, &[], &[]);
        self.emit(Instruction::Unreachable);
        self.end();
        self.global_get(fuel, ValType::I32);
        self.constant(Value::I32(1));
        self.numeric(Numeric::of(0x6b));
        self.global_set(fuel);
    }
}

/// Kinds of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// `block`
    Block,
    /// `loop`
    Loop,
    /// `if`, with its condition on top of the stack
    If,
}
