//! A fingerprint of the compiler's sources: code that another compiler made must not be taken
//! for this one's, also between two builds of the same version.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let mut files = BTreeSet::new();
    // Where these crates are used from a registry, their versions stand for their sources.
    for part in ["src", "../mir/src", "../../Cargo.lock"] {
        collect(&here.join(part), &mut files);
    }
    let mut hasher = DefaultHasher::new();
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let bytes = std::fs::read(file).unwrap_or_default();
        hasher.write_usize(bytes.len());
        hasher.write(&bytes);
    }
    println!(
        "cargo::rustc-env=MICROWASM_COMPILER_FINGERPRINT={:016x}",
        hasher.finish()
    );
}

/// All files below a path.
fn collect(path: &Path, files: &mut BTreeSet<PathBuf>) {
    match std::fs::read_dir(path) {
        Ok(entries) => {
            println!("cargo::rerun-if-changed={}", path.display());
            let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
            paths.for_each(|path| collect(&path, files));
        }
        Err(_) if path.is_file() => drop(files.insert(path.to_owned())),
        Err(_) => {}
    }
}
