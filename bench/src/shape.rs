//! What the benchmarks need to know of a module before any engine sees it.

use wasmparser::{
    BinaryReaderError, CompositeInnerType, ExternalKind, FuncType, Parser, Payload, RefType,
    TypeRef, ValType,
};

use crate::engine::{Export, ValueType};

/// The size of the code and the functions one can call.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Bytes of function bodies, which is what compilers are measured by.
    pub code_bytes: usize,
    /// How many functions have bodies.
    pub functions: usize,
    /// The exported functions whose types a benchmark can make arguments for.
    pub exports: Vec<Export>,
}

impl Shape {
    /// Reads it off a module, which should be valid.
    pub fn of(wasm: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut shape = Self::default();
        let mut types: Vec<Option<FuncType>> = Vec::new();
        let mut functions: Vec<u32> = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        types.extend(group?.into_types().map(|ty| match ty.composite_type.inner {
                            CompositeInnerType::Func(function) => Some(function),
                            _ => None,
                        }));
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        if let TypeRef::Func(index) = import?.ty {
                            functions.push(index);
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for index in section {
                        functions.push(index?);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if export.kind != ExternalKind::Func {
                            continue;
                        }
                        let function_type = functions
                            .get(export.index as usize)
                            .and_then(|index| types.get(*index as usize))
                            .and_then(Option::as_ref);
                        shape
                            .exports
                            .extend(function_type.and_then(|ty| callable(export.name, ty)));
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    shape.code_bytes += body.as_bytes().len();
                    shape.functions += 1;
                }
                _ => {}
            }
        }
        Ok(shape)
    }
}

fn callable(name: &str, function_type: &FuncType) -> Option<Export> {
    Some(Export {
        name: name.to_owned(),
        params: function_type
            .params()
            .iter()
            .copied()
            .map(value_type)
            .collect::<Option<_>>()?,
        results: function_type
            .results()
            .iter()
            .copied()
            .map(value_type)
            .collect::<Option<_>>()?,
    })
}

fn value_type(value: ValType) -> Option<ValueType> {
    match value {
        ValType::I32 => Some(ValueType::I32),
        ValType::I64 => Some(ValueType::I64),
        ValType::F32 => Some(ValueType::F32),
        ValType::F64 => Some(ValueType::F64),
        ValType::Ref(RefType::FUNCREF) => Some(ValueType::FuncRef),
        ValType::Ref(RefType::EXTERNREF) => Some(ValueType::ExternRef),
        ValType::V128 | ValType::Ref(_) => None,
    }
}
