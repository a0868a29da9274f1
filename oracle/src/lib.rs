//! Differential verification of WebAssembly engines.
//!
//! Data flows one way: choices → module → [`prepare`] → [`engine`]s in step ([`run`]) →
//! [`observe`] → [`compare`] → divergence → reduction → regression corpus. An engine is
//! anything that implements the traits of [`engine`]; comparison code never names one.
#![forbid(unsafe_code)]

pub mod cache;
pub mod choice;
pub mod compare;
pub mod decode;
pub mod engine;
pub mod engines;
pub mod generate;
pub mod host;
pub mod localize;
pub mod observe;
pub mod panics;
pub mod prepare;
pub mod reduce;
pub mod regression;
pub mod roundtrip;
pub mod run;
pub mod stats;
pub mod subject;
pub mod targets;
pub mod value;
pub mod wast;

#[cfg(feature = "coverage")]
pub use microwasm_codegen::coverage;
