//! Every bug known of an engine that judges others, by name: `corpus/reference-bugs/*.wat`.
//! On each the other engines agree against the first. One that is gone fails.

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use microwasm_oracle::regression::Regression;
use microwasm_oracle::targets::Verdict;

fn replay(path: &Path) -> Result<(), Failed> {
    let regression = Regression::parse(&std::fs::read_to_string(path)?)?;
    match regression.replay()?.verdict {
        Verdict::Outvoted(_) => Ok(()),
        other => Err(format!("not outvoted any more: {other:?}").into()),
    }
}

fn main() -> std::io::Result<()> {
    let args = Arguments::from_args();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/reference-bugs");
    let mut tests = Vec::new();
    for file in std::fs::read_dir(dir)? {
        let path = file?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        tests.push(Trial::test(name.into_owned(), move || replay(&path)));
    }
    assert!(!tests.is_empty(), "there are bugs of the reference");
    libtest_mimic::run(&args, tests).exit()
}
