//! Lowerings: what each operator becomes, one file per family.

mod call;
mod float;
mod int;
mod memory;
