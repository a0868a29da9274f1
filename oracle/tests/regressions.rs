//! Every bug that was found, one test each: `corpus/regressions/*.wat` and
//! `*.mwt`.

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use microwasm_oracle::regression::Regression;
use microwasm_oracle::targets::Verdict;

fn replay(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let regression = Regression::parse(&text)?;
    match regression.replay()?.verdict {
        Verdict::Agree => Ok(()),
        Verdict::Poisoned(poison) => Err(format!("a limit was reached: {poison:?}").into()),
        Verdict::Discarded(why) => Err(format!("not executed: {why}").into()),
        Verdict::Outvoted(finding) => Err(format!("the reference is wrong: {finding}").into()),
        Verdict::Diverged(finding) => Err(finding.to_string().into()),
    }
}

fn main() -> std::io::Result<()> {
    let args = Arguments::from_args();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/regressions");
    let mut tests = Vec::new();
    for file in std::fs::read_dir(dir)? {
        let path = file?.path();
        if path
            .extension()
            .is_some_and(|ending| ending == "wat" || ending == "mwt")
        {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            tests.push(Trial::test(name, move || replay(&path)));
        }
    }
    assert!(!tests.is_empty(), "there are regressions");
    libtest_mimic::run(&args, tests).exit()
}
