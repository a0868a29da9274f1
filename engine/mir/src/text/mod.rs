//! The text form of Microwasm.
//!
//! Receives operators through a [`TextSink`], or a whole Wasm module through a
//! [`ModulePrinter`]; hands on text. One line is one declaration, operator or
//! label; `;;` begins a comment. Nothing that a reader would need is in comments:
//!
//! ```text
//! module   = "microwasm 1" declaration* func*
//! type     = "type" index types "->" types
//! import   = "import" kind index string string signature ("name" string)?
//! table    = "table" index valtype limits
//! memory   = "memory" index limits
//! global   = "global" index "mut"? valtype const
//! export   = "export" kind index string
//! start    = "start" index
//! elem     = "elem" index valtype mode ("func" index* | "expr" const*)
//! data     = "data" index mode string
//! func     = "func" index string? "type" index body "end"
//! body     = (label ":" | operator)*
//! mode     = "passive" | "declared" | "active" index const
//! limits   = min ".." max?
//! const    = "(" operator* ")"
//! types    = "[" valtype* "]"
//! label    = ".return" | ".L" number
//! operator = "declare" label types "base" number ("callers" number)? "backward"?
//!          | name immediate*
//! ```
//!
//! Immediates come in the order in which Wasm's text format has them; the last
//! label of a `br_table` is its default. Strings are Wasm's, escapes included.
//! Floats are the shortest decimal that reads back as the same bits, `inf`,
//! or `nan:` with the payload.

mod error;
mod module;
mod op;
mod parse;
mod scalar;
mod words;

pub use error::{TextCause, TextError};
pub use module::{ModulePrinter, print};
pub use op::{Offsets, TextSink};
pub use parse::{FunctionBody, parse};
pub(crate) use parse::{is_text, may_be_text};
