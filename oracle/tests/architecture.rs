//! The rules of `ARCHITECTURE.md` that can be read off the sources.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All Rust files below a folder.
fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(&folder).expect("the folder is part of the source") {
            let path = file.expect("the folder is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

/// The crates of this project in a manifest's `[dependencies]`.
fn dependencies(manifest: &str) -> Vec<String> {
    let manifest = read(manifest);
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or("");
    let section = section.split("\n[").next().unwrap_or("");
    let names = section
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next());
    names
        .filter(|name| name.starts_with("microwasm"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn dependencies_point_one_way() {
    let layers = [
        ("engine/mir/Cargo.toml", "microwasm"),
        ("engine/codegen/Cargo.toml", "microwasm-codegen"),
        ("engine/runtime/Cargo.toml", "microwasm-runtime"),
        ("oracle/Cargo.toml", "microwasm-oracle"),
        ("fuzz/Cargo.toml", "microwasm-fuzz"),
    ];
    for (layer, (manifest, name)) in layers.iter().enumerate() {
        let below: Vec<&str> = layers[..layer].iter().map(|(_, name)| *name).collect();
        let found = dependencies(manifest);
        for dependency in &found {
            assert!(
                below.contains(&dependency.as_str()),
                "{name} depends on {dependency}"
            );
        }
        assert_eq!(found.is_empty(), layer == 0, "{name} depends on {found:?}");
    }
}

#[test]
fn unsafe_code_is_in_the_runtime_only() {
    for library in ["engine/mir", "engine/codegen", "oracle"] {
        let source = read(format!("{library}/src/lib.rs"));
        assert!(
            source.contains("#![forbid(unsafe_code)]"),
            "{library} does not forbid unsafe code"
        );
    }
}

#[test]
fn every_file_says_what_it_is() {
    for folder in ["engine", "oracle", "fuzz/fuzz_targets", "bench/src"] {
        for path in sources(folder) {
            let source = fs::read_to_string(&path).expect("sources are UTF-8");
            assert!(
                source.starts_with("//!"),
                "{} has no header",
                path.display()
            );
        }
    }
}

#[test]
fn comparison_names_no_engine() {
    for file in ["compare.rs", "observe.rs", "run.rs"] {
        let source = read(format!("oracle/src/{file}")).to_lowercase();
        for engine in ["wasmi", "x64", "wasmtime", "microwasm_runtime"] {
            assert!(!source.contains(engine), "{file} names {engine}");
        }
    }
}

#[test]
fn the_front_end_names_no_backend() {
    for path in sources("engine/mir/src") {
        let source = fs::read_to_string(&path).expect("sources are UTF-8");
        let words = source.split(|c: char| c != '_' && !c.is_alphanumeric());
        // What begins with a digit is a number, not a name: `0x64`.
        for word in words.filter(|word| !word.starts_with(|c: char| c.is_ascii_digit())) {
            for backend in ["microwasm_codegen", "x64", "dynasm"] {
                assert!(!word.contains(backend), "{} names {word}", path.display());
            }
        }
    }
}

#[test]
fn only_the_assembler_assembles() {
    for path in sources("engine/codegen/src") {
        let text = path.to_string_lossy().into_owned();
        if text.contains("/masm/") {
            continue;
        }
        let source = fs::read_to_string(&path).expect("sources are UTF-8");
        assert!(!source.contains("dynasm!"), "{text} assembles");
    }
}

#[test]
fn code_generation_maps_and_calls_nothing() {
    for path in sources("engine/codegen/src") {
        let source = fs::read_to_string(&path).expect("sources are UTF-8");
        for word in ["mmap", "*const u8", "*mut u8", "transmute"] {
            let code = source
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            assert!(
                !code.into_iter().any(|line| line.contains(word)),
                "{} has {word}",
                path.display()
            );
        }
    }
}
