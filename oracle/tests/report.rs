//! The page of a campaign in a real browser: it shows what the campaign has left behind.
//!
//! Ignored, by name, where there is no Chromium.

mod browser;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::json;

const REGRESSION: &str = r#";; cause: none
(module (func (export "f") (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.sub))"#;

/// Says what can be seen.
const LOOK: &str = "
document.querySelectorAll('details').forEach((item) => { item.open = true; });
const texts = (what) => [...document.querySelectorAll(what)].map((item) => item.textContent.trim());
const root = document.documentElement;
document.body.dataset.seen = JSON.stringify({
  lines: document.querySelectorAll('svg polyline').length,
  guilty: texts('.guilty'),
  lost: texts('dt').includes('i32.add'),
  overflows: root.scrollWidth > root.clientWidth,
  broken: document.body.innerText.includes('NaN'),
});
";

fn microwasm(args: &[&str]) -> Result<(), Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_microwasm"))
        .args(args)
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{args:?}: {output:?}").into()),
    }
}

/// The page of a campaign that found something and counted.
fn page(dir: &Path) -> Result<PathBuf, Failed> {
    let record = dir.to_str().ok_or("a path without text")?;
    let run = ["--target", "all", "--inputs", "40", "--record", record];
    microwasm(&[&["campaign"], &run[..]].concat())?;
    let findings = dir.join("findings");
    let regression = findings.join("x64-i32.sub-wrong-result.wat");
    fs::write(&regression, REGRESSION)?;
    // Three operators before it: two picks, and nothing that is not listed.
    let finding = json!({
        "engine": "x64", "stage": "BackEnd", "difference": "result 0", "symptom": "wrong result",
        "function": { "index": 0, "name": null }, "wasm": { "offset": 40, "text": "i32.sub" },
        "op": { "number": 2, "text": "i32.sub", "operands": [] },
        "wrong": [], "code": [], "notes": [], "key": "backend-x64/i32.sub/-/wrong-result",
    });
    let group = json!([{
        "key": "backend-x64/i32.sub/-/wrong-result", "also": [], "times": 3, "failing": true,
        "target": "spill", "artifacts": ["spill-0-1"], "finding": finding, "regression": regression,
    }]);
    fs::write(findings.join("findings.json"), group.to_string())?;
    let cells = json!({ "cells": [
        { "family": "x64 operands", "name": "i32.add, home, under slot, few free", "count": 0 },
        { "family": "x64 operands", "name": "i32.sub, home, under slot, few free", "count": 128 },
        { "family": "links", "name": "call: near", "count": 1 },
    ] });
    fs::write(dir.join("coverage.json"), cells.to_string())?;
    microwasm(&["report", record])?;
    Ok(dir.join("report.html"))
}

fn shows(browser: &Path) -> Result<(), Failed> {
    let dir = std::env::temp_dir().join(format!("microwasm-report-{}", std::process::id()));
    fs::create_dir_all(&dir)?;
    let page = page(&dir)?;
    let text = fs::read_to_string(&page)?;
    let dom = browser::dom(browser, &page, LOOK)?;
    fs::remove_dir_all(&dir)?;
    if text.contains("http") || text.contains("src=") {
        return Err("the page needs others".into());
    }
    let seen = dom.split("data-seen=\"").nth(1).ok_or("no script ran")?;
    let seen = seen.split('"').next().unwrap_or_default();
    let seen: serde_json::Value = serde_json::from_str(&seen.replace("&quot;", "\""))?;
    let guilty = seen["guilty"].as_array().ok_or("no list")?;
    let is_sub = |text: &serde_json::Value| text.as_str().is_some_and(|text| text.contains("sub"));
    // The operator and its instruction.
    if guilty.len() < 2 || !guilty.iter().any(is_sub) {
        return Err(format!("not marked: {seen}").into());
    }
    let lines = seen["lines"].as_u64().unwrap_or(0);
    if lines < 4 || seen["lost"] != true || seen["overflows"] != false || seen["broken"] != false {
        return Err(seen.to_string().into());
    }
    Ok(())
}

fn main() {
    let browser = browser::chromium();
    let missing = browser.is_none();
    let test = Trial::test("a_campaign_is_shown_in_chromium", move || {
        shows(&browser.ok_or("there is no Chromium")?)
    });
    libtest_mimic::run(
        &Arguments::from_args(),
        vec![test.with_ignored_flag(missing)],
    )
    .exit();
}
