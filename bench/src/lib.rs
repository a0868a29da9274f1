//! Benchmarks of the Microwasm engine, beside its peers and beside native code.
//!
//! Each benchmark is one module here and one command of the `microwasm-bench` binary; it measures
//! every engine in one process, alternating between them, and hands back a [`table::Table`]. Engines
//! sit behind the traits of [`engine`]; those that take minutes to build are there only with the
//! `peers` feature. Nothing in this crate is part of the product: it may be slow to write a table,
//! but what it times is only the engine's own work.

#![forbid(unsafe_code)]

pub mod all;
pub mod bombs;
pub mod calls;
pub mod clock;
pub mod compile;
pub mod engine;
pub mod engines;
pub mod executions;
pub mod kernels;
pub mod latency;
pub mod mutations;
pub mod native;
pub mod plot;
pub mod processor;
pub mod real;
pub mod run;
pub mod shape;
pub mod smith;
pub mod table;
pub mod threads;
