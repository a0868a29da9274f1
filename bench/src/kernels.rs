//! The kernels: small programs whose run time is compared.
//!
//! Their sources are C (`bench/kernels/*.c`); what is compiled into this program is the text form
//! of the Wasm that clang made of them, so that measuring needs no clang.

use std::fs;
use std::path::Path;

use crate::engine::Cause;

/// A kernel and how much of it makes a round of a few tens of milliseconds of native code.
#[derive(Debug, Clone, Copy)]
pub struct Kernel {
    /// Its name, also of its source.
    pub name: &'static str,
    /// Its Wasm, as text.
    pub text: &'static str,
    /// What a round passes to `run`.
    pub scale: i32,
}

macro_rules! kernels {
    ($($name:literal * $scale:literal)*) => {
        &[$(Kernel { name: $name, text: include_str!(concat!("../kernels/", $name, ".wat")), scale: $scale }),*]
    };
}

/// All of them.
pub const KERNELS: &[Kernel] = kernels! {
    "fib" * 33
    "sieve" * 12
    "matmul" * 8
    "nbody" * 250000
    "sha256" * 800
    "quicksort" * 5
    "bytecode_vm" * 800000
    "indirect_calls" * 10000000
    "direct_calls" * 5000000
    "host_calls" * 20000000
    "memory_copy" * 400
    "mandelbrot" * 380
    "crc32" * 250
    "utf8" * 150
    "json" * 200
    "spectral_norm" * 80
    "fannkuch" * 9
    "int64" * 1500000
    "base64" * 300
    "hash_table" * 2500000
    "edit_distance" * 30
};

/// The kernel that calls the host in a loop; its scale is the number of calls.
pub const HOST_CALLS: &str = "host_calls";

/// Turns the binaries in one directory into the text files of another: a step of
/// `bench/kernels/build`.
pub fn print_all(binaries: &Path, texts: &Path) -> Result<usize, Cause> {
    let mut count = 0;
    for entry in fs::read_dir(binaries)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        let text = wasmprinter::print_bytes(fs::read(&path)?)?;
        let name = path.file_stem().unwrap_or_default();
        fs::write(texts.join(name).with_extension("wat"), text)?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Compiled, Engine};
    use crate::engines::{self, Validator};

    #[test]
    fn every_source_is_a_kernel() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels");
        let mut sources: Vec<String> = fs::read_dir(directory)
            .expect("the crate has its kernels")
            .filter_map(|entry| {
                entry
                    .ok()?
                    .file_name()
                    .into_string()
                    .ok()?
                    .strip_suffix(".c")
                    .map(str::to_owned)
            })
            .filter(|name| name != "native" && name != "host")
            .collect();
        let mut names: Vec<&str> = KERNELS.iter().map(|kernel| kernel.name).collect();
        sources.sort();
        names.sort_unstable();
        assert_eq!(sources, names);
    }

    #[test]
    fn kernels_keep_to_the_benchmarked_features_and_agree() {
        let engines = engines::all().expect("the engines start");
        for kernel in KERNELS {
            let wasm = wat::parse_str(kernel.text).expect("printed from a valid module");
            Validator
                .compile(&wasm)
                .unwrap_or_else(|error| panic!("{}: {error}", kernel.name));
            let scale = kernel.scale.min(8);
            let sums: Vec<i64> = engines
                .iter()
                .map(|engine| {
                    let compiled: Box<dyn Compiled> =
                        engine.compile(&wasm).expect("the kernel compiles");
                    let mut instance = compiled.instantiate().expect("the kernel instantiates");
                    instance.run(scale).expect("the kernel runs")
                })
                .collect();
            assert!(
                sums.iter().all(|sum| *sum == sums[0]),
                "{}: {sums:?}",
                kernel.name
            );
        }
    }
}
