//! What Wasm constructs become, as text.
//!
//! Every `tests/snapshots/*.wat` is a module, followed by its Microwasm in
//! comments. `BLESS=1` writes what comes out; read the difference.

mod common;

use std::fmt::Write as _;
use std::path::Path;

use microwasm::text::{Offsets, print};
use microwasm::wasm::Limits;

/// Begins the expected text.
const MARK: &str = ";;; Microwasm\n";

#[test]
fn snapshots() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let bless = std::env::var_os("BLESS").is_some();
    let mut failures = String::new();
    let mut count = 0;
    for file in std::fs::read_dir(&dir).expect("the snapshots are part of the source") {
        let path = file.expect("directory is readable").path();
        let text = std::fs::read_to_string(&path).expect("snapshot is UTF-8");
        let (wat, expected) = text.split_once(MARK).unwrap_or((&text, ""));
        let wasm = common::assemble(wat);
        common::translate(&wasm).expect("snapshots are valid");
        let printed = print(&wasm, Limits::default(), Offsets::Hide).expect("snapshots are valid");
        let found: String = printed.lines().map(comment).collect();
        count += 1;
        if found == expected {
            continue;
        }
        if bless {
            let wat = wat.trim_end();
            std::fs::write(&path, format!("{wat}\n\n{MARK}{found}")).expect("source is writable");
        } else {
            let path = path.display();
            write!(
                failures,
                "\n{path}\n--- expected\n{expected}--- found\n{found}"
            )
            .expect("string");
        }
    }
    assert!(count > 0, "no snapshots in {}", dir.display());
    assert!(
        failures.is_empty(),
        "BLESS=1 accepts what was found.\n{failures}"
    );
}

fn comment(line: &str) -> String {
    format!(";; {line}").trim_end().to_owned() + "\n"
}
