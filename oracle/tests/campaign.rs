//! Findings by what is wrong, on the command line: bugs of a reference stand for ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn microwasm(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_microwasm"))
        .args(args)
        .output()
        .expect("the program runs")
}

/// A folder with a bug of a reference in it twice, under the names `a.wat` and `b.wat`.
fn folder(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("microwasm-{name}-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("a folder");
    let bug = "../corpus/reference-bugs/0002-select-after-eqz.wat";
    let bug = Path::new(env!("CARGO_MANIFEST_DIR")).join(bug);
    for copy in ["a.wat", "b.wat"] {
        fs::copy(&bug, dir.join(copy)).expect("a copy");
    }
    dir
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path with text")
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_small_finding_is_named_after_what_is_wrong() {
    let dir = folder("minimize");
    let output = microwasm(&["minimize", text(&dir.join("a.wat")), "--time", "5"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let names = names(&dir);
    let small = names.iter().find(|name| name.starts_with("reference-"));
    let small = dir.join(small.unwrap_or_else(|| panic!("{names:?}")));
    let header = fs::read_to_string(&small).expect("text");
    assert!(header.starts_with(";; cause: not yet known."), "{header}");
    assert!(header.contains(";; Found by a.wat\n"), "{header}");
    let output = microwasm(&["replay", text(&small)]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "it is replayed as it is, and fails: {output:?}"
    );
    fs::remove_dir_all(&dir).expect("it is there");
}

#[test]
fn few_artifacts_of_a_key_are_kept() {
    let dir = folder("triage");
    let sort = || {
        let output = microwasm(&["triage", text(&dir), "--keep", "1", "--json"]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let groups: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (groups.as_array().map(Vec::len), groups[0]["files"].as_u64())
    };
    assert_eq!(sort(), (Some(1), Some(2)));
    assert_eq!(names(&dir), ["a.wat", "findings.json"]);
    // What has been seen is not looked at again, and what comes later counts.
    assert_eq!(sort(), (Some(1), Some(2)));
    fs::copy(dir.join("a.wat"), dir.join("c.wat")).expect("a copy");
    assert_eq!(sort(), (Some(1), Some(3)));
    assert_eq!(names(&dir), ["a.wat", "findings.json"]);
    fs::remove_dir_all(&dir).expect("it is there");
}

#[test]
fn outcomes_do_not_depend_on_what_ran_before() {
    let outcomes = |more: &[&str]| {
        let campaign = ["campaign", "--target", "all", "--inputs", "300", "--json"];
        let output = microwasm(&[&campaign, more].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let counts: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        counts["outcomes"].clone()
    };
    let forwards = outcomes(&[]);
    assert!(forwards.is_string());
    assert_eq!(outcomes(&["--backwards"]), forwards);
    assert_eq!(outcomes(&["--jobs", "3"]), forwards);
    assert_ne!(outcomes(&["--seed", "1"]), forwards);
}
