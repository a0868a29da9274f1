//! One variant for each property that a module or a function can violate.

use crate::types::{FuncIndex, GlobalIndex, Label, StackHeight, ValType};
use crate::wasm::LimitKind;

/// Which property does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// More values popped or looked at than there are.
    #[error("stack height is {height}, but {needed} values are needed")]
    Underflow {
        /// Values on the stack.
        height: u32,
        /// Values needed.
        needed: u32,
    },
    /// More values pushed than any source has.
    #[error("stack grows above {limit} values")]
    Overflow {
        /// The most there can be.
        limit: u32,
    },
    /// An operand has the wrong type.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What the operator takes.
        expected: ValType,
        /// What is there.
        found: ValType,
    },
    /// An operand should be a reference.
    #[error("expected a reference, found {found}")]
    NotReference {
        /// What is there.
        found: ValType,
    },
    /// A `swap` of the top with itself.
    #[error("swap 0")]
    SwapSelf,
    /// An index out of range.
    #[error("{space} {index} does not exist")]
    Index {
        /// The index space.
        space: &'static str,
        /// The index.
        index: u32,
    },
    /// A `global.set` of what cannot be set.
    #[error("global {0} is immutable")]
    Immutable(GlobalIndex),
    /// A label declared out of turn.
    #[error("label {label} is declared where {expected} is next")]
    LabelOrder {
        /// As declared.
        label: Label,
        /// The next number.
        expected: Label,
    },
    /// A label declared twice, or [`Label::RETURN`] declared.
    #[error("label {0} is declared already")]
    Redeclared(Label),
    /// A branch to, or binding of, a label that is not declared.
    #[error("label {0} is not declared")]
    Undeclared(Label),
    /// A label bound twice, or [`Label::RETURN`] bound.
    #[error("label {0} is bound already")]
    Rebound(Label),
    /// A declared label that is never bound.
    #[error("label {0} is never bound")]
    Unbound(Label),
    /// A block that nothing branches to.
    #[error("nothing branches to label {0}")]
    Unreached(Label),
    /// A branch backwards to a label that is not declared for it.
    #[error("label {0} is bound already, and not a backward target")]
    Backward(Label),
    /// A `ref.func` of a function that no export, global or element segment names.
    #[error("function {0} is not declared as a reference")]
    Unreferenced(FuncIndex),
    /// Other than the declared number of branches.
    #[error("label {label} has {found} callers, {declared} declared")]
    Callers {
        /// The label.
        label: Label,
        /// As declared.
        declared: u32,
        /// As found.
        found: u32,
    },
    /// A declaration whose base is above the stack.
    #[error("base {base} of label {label} is above the stack of {height}")]
    Base {
        /// The label.
        label: Label,
        /// As declared.
        base: StackHeight,
        /// Values on the stack.
        height: u32,
    },
    /// Values below a block's arguments were popped between its declaration and a use.
    #[error("the stack below label {0} has changed since its declaration")]
    Prefix(Label),
    /// An operator after the end of a block and before the next label.
    #[error("operator outside of a block")]
    Outside,
    /// A label in the middle of a block, which must end in a branch.
    #[error("block runs into label {0}")]
    RunsInto(Label),
    /// The function ends in the middle of a block.
    #[error("function ends without a branch")]
    Unterminated,
    /// More of something than is allowed.
    #[error("{value} {kind}, limit {limit}")]
    Limit {
        /// Which limit.
        kind: LimitKind,
        /// What there is.
        value: u64,
        /// The limit.
        limit: u32,
    },
    /// Limits of a memory or table with the smaller one second.
    #[error("minimum {min} is above maximum {max}")]
    MinAboveMax {
        /// Initial size.
        min: u32,
        /// Largest size.
        max: u32,
    },
    /// A memory of more than 4 GiB.
    #[error("memory of {0} pages, at most 65536 are possible")]
    MemorySize(u32),
    /// A table that begins with too many elements.
    #[error("table of {0} elements, at most 10000000 are possible")]
    TableSize(u32),
    /// More than one memory.
    #[error("more than one memory")]
    Memories,
    /// A constant expression that depends on a global that is mutable or not imported.
    #[error("global {0} is not constant")]
    NotConstant(GlobalIndex),
    /// A constant expression with other than one result.
    #[error("constant expression with {0} results")]
    ConstResults(u32),
    /// Two exports of one name.
    #[error("there is another export of this name")]
    DuplicateExport,
    /// A start function with parameters or results.
    #[error("start function with parameters or results")]
    StartType,
    /// A data segment that is declared; only element segments can be.
    #[error("data segments cannot be declared")]
    DeclaredData,
    /// Function indices in a segment of another type.
    #[error("functions in a segment of {0}")]
    NotFunctions(ValType),
    /// Other than the announced number of data segments.
    #[error("{found} data segments, {announced} announced")]
    DataCount {
        /// As announced.
        announced: u32,
        /// As found.
        found: u32,
    },
    /// Other than the declared number of function bodies.
    #[error("{found} function bodies, {declared} declared")]
    Bodies {
        /// As declared.
        declared: u32,
        /// As found.
        found: u32,
    },
    /// A name of a function that does not exist or that does not ascend.
    #[error("name of function {0} is out of turn")]
    NameOrder(FuncIndex),
}
