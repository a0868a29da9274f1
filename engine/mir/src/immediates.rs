//! The kinds of immediates that operators have, as seen by whoever reads or writes them.
//!
//! The table of operators calls these methods, one for each immediate, in order; the text
//! form and the binary form implement both traits.

use crate::op::{BlockDecl, MemArg};
use crate::types::{Label, ValType};

/// Memory for the lists that operators borrow.
#[derive(Default)]
pub struct Scratch {
    /// Targets of a branch table.
    pub labels: Vec<Label>,
    /// Argument types of a block.
    pub types: Vec<ValType>,
}

/// Takes immediates.
#[allow(missing_docs)]
pub trait WriteImmediates {
    /// Why writing stops.
    type Error;

    /// The label that a declaration makes.
    fn fresh(&mut self, label: Label) -> Result<(), Self::Error>;
    fn label(&mut self, label: Label) -> Result<(), Self::Error>;
    fn labels(&mut self, labels: &[Label]) -> Result<(), Self::Error>;
    fn decl(&mut self, decl: BlockDecl<'_>) -> Result<(), Self::Error>;
    /// A depth or a count.
    fn number(&mut self, number: u32) -> Result<(), Self::Error>;
    /// An index into an index space of the module.
    fn index(&mut self, index: u32) -> Result<(), Self::Error>;
    fn i32(&mut self, value: i32) -> Result<(), Self::Error>;
    fn i64(&mut self, value: i64) -> Result<(), Self::Error>;
    fn f32(&mut self, bits: u32) -> Result<(), Self::Error>;
    fn f64(&mut self, bits: u64) -> Result<(), Self::Error>;
    fn ty(&mut self, ty: ValType) -> Result<(), Self::Error>;
    fn memarg(&mut self, arg: MemArg) -> Result<(), Self::Error>;
}

/// Gives immediates.
#[allow(missing_docs)]
pub trait ReadImmediates {
    /// Why reading stops.
    type Error;

    /// The label that a declaration makes.
    fn fresh(&mut self) -> Result<Label, Self::Error>;
    fn label(&mut self) -> Result<Label, Self::Error>;
    /// The targets of a branch table, without its default, which follows.
    fn labels<'s>(&mut self, scratch: &'s mut Scratch) -> Result<&'s [Label], Self::Error>;
    fn decl<'s>(&mut self, scratch: &'s mut Scratch) -> Result<BlockDecl<'s>, Self::Error>;
    /// A depth or a count.
    fn number(&mut self) -> Result<u32, Self::Error>;
    /// An index into an index space of the module.
    fn index<I: From<u32>>(&mut self) -> Result<I, Self::Error>;
    fn i32(&mut self) -> Result<i32, Self::Error>;
    fn i64(&mut self) -> Result<i64, Self::Error>;
    fn f32(&mut self) -> Result<u32, Self::Error>;
    fn f64(&mut self) -> Result<u64, Self::Error>;
    fn ty(&mut self) -> Result<ValType, Self::Error>;
    fn memarg(&mut self) -> Result<MemArg, Self::Error>;
}
