//! The explorer in a real browser: what is pointed at lights up, with what belongs to it.
//!
//! Ignored, by name, where there is no Chromium.

mod browser;

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};

const MODULE: &str = r#"(module (func (export "f") (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.add))"#;

/// Points at the operator of Microwasm that is an `i32.add`.
const POINT: &str = "
for (const item of document.querySelectorAll('[data-op]'))
  if (item.textContent === 'i32.add')
    item.dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
";

fn page(dir: &Path) -> Result<PathBuf, Failed> {
    let (module, page) = (dir.join("add.wat"), dir.join("add.html"));
    std::fs::write(&module, MODULE)?;
    let status = Command::new(env!("CARGO_BIN_EXE_microwasm"))
        .args(["compile".as_ref(), module.as_os_str(), "-o".as_ref()])
        .arg(&page)
        .status()?;
    if !status.success() {
        return Err("no page was made".into());
    }
    Ok(page)
}

fn lights_up(browser: &Path) -> Result<(), Failed> {
    let dir = std::env::temp_dir().join(format!("microwasm-explorer-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let dom = browser::dom(browser, &page(&dir)?, POINT)?;
    std::fs::remove_dir_all(&dir)?;
    // The row, the operator, and the instruction.
    let lit: Vec<&str> = dom.split("class=\"lit\"").skip(1).collect();
    let texts: Vec<&str> = lit
        .iter()
        .map(|rest| rest.split(['>', '<']).nth(1).unwrap_or_default())
        .collect();
    if lit.len() != 3 || texts[1] != "i32.add" {
        return Err(format!("lit: {texts:?}").into());
    }
    if !lit[2].contains("lea eax") {
        return Err(format!("no instruction is lit: {}", lit[2]).into());
    }
    Ok(())
}

fn main() {
    let browser = browser::chromium();
    let missing = browser.is_none();
    let test = Trial::test("what_is_pointed_at_lights_up_in_chromium", move || {
        lights_up(&browser.ok_or("there is no Chromium")?)
    });
    libtest_mimic::run(
        &Arguments::from_args(),
        vec![test.with_ignored_flag(missing)],
    )
    .exit();
}
