//! What a function body refers to outside of itself.
//!
//! Receives a body that has been found and not been looked into; reads it without
//! validating it. What is told here, together with the body's bytes and its own
//! signature, is all that translating it depends on, besides how many data segments
//! there are and whether there is a memory.

use wasmparser::{BinaryReader, BlockType, Operator, OperatorsReader};

use super::FunctionBody;
use super::error::{WasmError, malformed};
use crate::types::{ElemIndex, FuncIndex, GlobalIndex, TableIndex, TypeIndex};

/// Something that an operator names by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Parameters and results of a block.
    BlockType(TypeIndex),
    /// The signature that an indirect call expects.
    Signature(TypeIndex),
    /// A function that is called.
    Call(FuncIndex),
    /// A function that a reference is made to.
    FuncRef(FuncIndex),
    /// A table.
    Table(TableIndex),
    /// A global.
    Global(GlobalIndex),
    /// An element segment.
    Elem(ElemIndex),
}

impl FunctionBody<'_> {
    /// Calls `see` for everything that the body's operators name, in order and as often as
    /// they do. Indices may be out of range: nothing is validated.
    ///
    /// # Errors
    /// The body is malformed.
    pub fn references(&self, mut see: impl FnMut(Reference)) -> Result<(), WasmError> {
        let body = &self.body;
        let offset = u64::from(body.offset);
        let mut reader = BinaryReader::new_features(body.bytes, offset, body.validate.features);
        for _ in 0..reader.read_var_u32().map_err(malformed)? {
            reader.read_var_u32().map_err(malformed)?;
            reader.read::<wasmparser::ValType>().map_err(malformed)?;
        }
        let mut operators = OperatorsReader::new(reader);
        while !operators.eof() {
            of_operator(&operators.read().map_err(malformed)?, &mut see);
        }
        Ok(())
    }
}

fn of_operator(operator: &Operator<'_>, see: &mut impl FnMut(Reference)) {
    let table = |table: &u32| Reference::Table(TableIndex(*table));
    match operator {
        Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
            if let BlockType::FuncType(ty) = blockty {
                see(Reference::BlockType(TypeIndex(*ty)));
            }
        }
        Operator::Call { function_index } => see(Reference::Call(FuncIndex(*function_index))),
        Operator::CallIndirect {
            type_index,
            table_index,
        } => {
            see(Reference::Signature(TypeIndex(*type_index)));
            see(table(table_index));
        }
        Operator::RefFunc { function_index } => see(Reference::FuncRef(FuncIndex(*function_index))),
        Operator::GlobalGet { global_index } | Operator::GlobalSet { global_index } => {
            see(Reference::Global(GlobalIndex(*global_index)));
        }
        Operator::TableGet { table: index }
        | Operator::TableSet { table: index }
        | Operator::TableSize { table: index }
        | Operator::TableGrow { table: index }
        | Operator::TableFill { table: index } => see(table(index)),
        Operator::TableCopy {
            dst_table,
            src_table,
        } => {
            see(table(dst_table));
            see(table(src_table));
        }
        Operator::TableInit {
            elem_index,
            table: index,
        } => {
            see(Reference::Elem(ElemIndex(*elem_index)));
            see(table(index));
        }
        Operator::ElemDrop { elem_index } => see(Reference::Elem(ElemIndex(*elem_index))),
        _ => {}
    }
}
