//! Decides how the interpreter goes on from one instruction to the next.
//!
//! `cfg(threaded)`: by calls in tail position, where the optimizer makes jumps of them. It does
//! so from `opt-level = 2` on, unless it has been told to instrument the code.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(threaded)");
    let optimized = matches!(var("OPT_LEVEL").as_deref(), Ok("2" | "3"));
    let arch = var("CARGO_CFG_TARGET_ARCH");
    let six_registers = matches!(arch.as_deref(), Ok("x86_64" | "aarch64"));
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let instrumented = ["sanitizer", "instrument", "sancov"]
        .iter()
        .any(|what| flags.contains(what));
    if optimized && six_registers && !instrumented {
        println!("cargo::rustc-cfg=threaded");
    }
}
