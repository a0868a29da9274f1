//! What the bombs are put together from.

use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, MemorySection, MemoryType,
    Module, RefType, TableSection, TableType, TypeSection, ValType,
};

/// The type index of the function under attack.
pub(super) const ENTRY_TYPE: u32 = 0;

/// How many types [`one_function`] and [`with_callee`] declare before those of the bomb itself.
pub(super) const OWN_TYPES: u32 = 1;

/// A function type: parameters and results.
pub(super) type Signature = (Vec<ValType>, Vec<ValType>);

/// As many `i32`s.
pub(super) fn words(count: usize) -> Vec<ValType> {
    vec![ValType::I32; count]
}

/// A module around one exported function, with a memory and a table.
///
/// The function takes `params` numbers and returns one; `types` come after its own, for blocks.
pub(super) fn one_function(
    params: usize,
    types: &[Signature],
    locals: u32,
    body: impl FnOnce(&mut Function),
) -> Vec<u8> {
    assemble(params, types, None, locals, body)
}

/// The same with a second function for the first to call: index 1, type index 1, the first of
/// `types`. All it does is trap.
pub(super) fn with_callee(
    params: usize,
    types: &[Signature],
    locals: u32,
    body: impl FnOnce(&mut Function),
) -> Vec<u8> {
    let mut callee = Function::new([]);
    callee.instructions().unreachable().end();
    assemble(params, types, Some(callee), locals, body)
}

fn assemble(
    params: usize,
    types: &[Signature],
    callee: Option<Function>,
    locals: u32,
    body: impl FnOnce(&mut Function),
) -> Vec<u8> {
    let mut type_section = TypeSection::new();
    type_section.ty().function(words(params), words(1));
    for (params, results) in types {
        type_section
            .ty()
            .function(params.iter().copied(), results.iter().copied());
    }
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    functions.function(ENTRY_TYPE);
    let mut function = if locals == 0 {
        Function::new([])
    } else {
        Function::new([(locals, ValType::I32)])
    };
    body(&mut function);
    function.instructions().end();
    code.function(&function);
    if let Some(callee) = callee {
        functions.function(OWN_TYPES);
        code.function(&callee);
    }
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: 10,
        maximum: None,
        shared: false,
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export("run", ExportKind::Func, 0);
    let mut module = Module::new();
    module
        .section(&type_section)
        .section(&functions)
        .section(&tables)
        .section(&memories)
        .section(&exports)
        .section(&code);
    module.finish()
}

/// A constant of moderate size that differs from its neighbours.
pub(super) fn scattered(index: u32) -> i32 {
    (index & 0x3fff).cast_signed()
}
