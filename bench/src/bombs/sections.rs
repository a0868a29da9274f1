//! Bombs of whole modules: many of everything a section can hold, and counts that lie.

use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    MemorySection, MemoryType, Module, RefType, TableSection, TableType, TypeSection, ValType,
};

/// A type section with the type `() -> ()`.
fn no_arguments() -> TypeSection {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types
}

/// As many functions of type 0, each with this body.
fn repeated(size: u32, body: &Function) -> (FunctionSection, CodeSection) {
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    for _ in 0..size {
        functions.function(0);
        code.function(body);
    }
    (functions, code)
}

fn empty_body() -> Function {
    let mut body = Function::new([]);
    body.instructions().end();
    body
}

pub(super) fn functions(size: u32) -> Vec<u8> {
    let (functions, code) = repeated(size, &empty_body());
    let mut module = Module::new();
    module
        .section(&no_arguments())
        .section(&functions)
        .section(&code);
    module.finish()
}

/// Seven bytes of input claim fifty thousand locals.
pub(super) fn functions_of_locals(size: u32) -> Vec<u8> {
    let mut body = Function::new([(50_000, ValType::I64)]);
    body.instructions().end();
    let (functions, code) = repeated(size, &body);
    let mut module = Module::new();
    module
        .section(&no_arguments())
        .section(&functions)
        .section(&code);
    module.finish()
}

pub(super) fn local_groups(size: u32) -> Vec<u8> {
    let types = [ValType::I32, ValType::F64, ValType::I64, ValType::F32];
    let mut body = Function::new((0..size as usize).map(|index| (1, types[index % types.len()])));
    body.instructions().end();
    let (functions, code) = repeated(1, &body);
    let mut module = Module::new();
    module
        .section(&no_arguments())
        .section(&functions)
        .section(&code);
    module.finish()
}

/// Types that all differ: their index in binary, spelt in parameters.
pub(super) fn types(size: u32) -> Vec<u8> {
    let mut types = TypeSection::new();
    for index in 0..size {
        let digits = (0..20).map(|bit| {
            if index >> bit & 1 == 0 {
                ValType::I32
            } else {
                ValType::I64
            }
        });
        types.ty().function(digits.collect::<Vec<_>>(), []);
    }
    let mut module = Module::new();
    module.section(&types);
    module.finish()
}

pub(super) fn imports(size: u32) -> Vec<u8> {
    let mut imports = ImportSection::new();
    for _ in 0..size {
        imports.import("bench", "tick", EntityType::Function(0));
    }
    let mut module = Module::new();
    module.section(&no_arguments()).section(&imports);
    module.finish()
}

pub(super) fn exports(size: u32) -> Vec<u8> {
    let (functions, code) = repeated(1, &empty_body());
    let mut exports = ExportSection::new();
    for index in 0..size {
        exports.export(&format!("function {index:07}"), ExportKind::Func, 0);
    }
    let mut module = Module::new();
    module
        .section(&no_arguments())
        .section(&functions)
        .section(&exports)
        .section(&code);
    module.finish()
}

pub(super) fn globals(size: u32) -> Vec<u8> {
    let mut globals = GlobalSection::new();
    let mut body = Function::new([]);
    for index in 0..size {
        let global = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        globals.global(global, &ConstExpr::i32_const(7));
        body.instructions()
            .global_get(index)
            .global_set(size - 1 - index);
    }
    body.instructions().end();
    let (functions, code) = repeated(1, &body);
    let mut module = Module::new();
    module
        .section(&no_arguments())
        .section(&functions)
        .section(&globals)
        .section(&code);
    module.finish()
}

pub(super) fn data_segments(size: u32) -> Vec<u8> {
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut data = DataSection::new();
    for index in 0..size {
        data.active(
            0,
            &ConstExpr::i32_const((index & 0xffff).cast_signed()),
            [7],
        );
    }
    let mut module = Module::new();
    module.section(&memories).section(&data);
    module.finish()
}

fn table_of(minimum: u64) -> TableSection {
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum,
        maximum: None,
        shared: false,
    });
    tables
}

pub(super) fn element_segments(size: u32) -> Vec<u8> {
    let (functions, code) = repeated(1, &empty_body());
    let mut elements = ElementSection::new();
    for _ in 0..size {
        elements.active(
            None,
            &ConstExpr::i32_const(0),
            Elements::Functions([0][..].into()),
        );
    }
    let mut module = Module::new();
    module
        .section(&no_arguments())
        .section(&functions)
        .section(&table_of(1))
        .section(&elements)
        .section(&code);
    module.finish()
}

pub(super) fn table_elements(size: u32) -> Vec<u8> {
    let (functions, code) = repeated(1, &empty_body());
    let mut elements = ElementSection::new();
    elements.active(
        None,
        &ConstExpr::i32_const(0),
        Elements::Functions(vec![0; size as usize].into()),
    );
    let mut module = Module::new();
    module
        .section(&no_arguments())
        .section(&functions)
        .section(&table_of(u64::from(size)))
        .section(&elements)
        .section(&code);
    module.finish()
}

/// Modules that claim `size` of something and end there: none may cost more than its few bytes.
pub(super) fn claimed_counts(size: u32) -> Vec<Vec<u8>> {
    const SECTIONS: [u8; 11] = [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12];
    let count = leb(size);
    let mut modules: Vec<Vec<u8>> = SECTIONS
        .iter()
        .map(|id| with_section(*id, &count))
        .collect();
    // The size of a section, of a string, of a body, rather than a count.
    let mut oversized = HEADER.to_vec();
    oversized.push(1);
    oversized.extend(&count);
    modules.push(oversized);
    modules.push(with_section(2, &[&[1], &count[..]].concat()));
    // One function type, one function; then a body of that many locals, or with that many targets.
    let locals = [&[1], &count[..], &[0x7f, 0x0b]].concat();
    let targets = [&[0, 0x41, 0, 0x0e], &count[..], &[0, 0x0b]].concat();
    // A type of that many parameters, a segment of that many bytes.
    modules.push(with_section(1, &[&[1, 0x60], &count[..]].concat()));
    modules.push(with_section(11, &[&[1, 1], &count[..]].concat()));
    modules.extend([locals, targets].map(|body| with_body(&body)));
    modules
}

const HEADER: &[u8] = b"\0asm\x01\0\0\0";

fn with_section(id: u8, contents: &[u8]) -> Vec<u8> {
    [HEADER, &[id], &leb(contents.len() as u32), contents].concat()
}

fn with_body(body: &[u8]) -> Vec<u8> {
    let code = [&[1], &leb(body.len() as u32)[..], body].concat();
    [
        HEADER,
        &[1, 4, 1, 0x60, 0, 0],
        &[3, 2, 1, 0],
        &[10],
        &leb(code.len() as u32),
        &code,
    ]
    .concat()
}

fn leb(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}
