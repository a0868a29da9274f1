//! Findings: what is wrong, where, and the code of the guilty function.

use std::path::Path;

use microwasm_codegen::{Backend, CpuFeatures, MemoryBounds, Settings};
use microwasm_oracle::localize::Finding;

use crate::error::CliError;
use crate::explorer::{self, escape, put};
use crate::groups::Group;
use crate::{compile, input};

/// Writes the section.
pub(super) fn section(page: &mut String, groups: &[Group]) -> Result<(), CliError> {
    *page += "<h2>Findings</h2>\n";
    if groups.is_empty() {
        *page += "<p>None.</p>\n";
    }
    for group in groups {
        one(page, group)?;
    }
    Ok(())
}

fn one(page: &mut String, group: &Group) -> Result<(), CliError> {
    let times = match group.times {
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    put(
        page,
        format_args!(
            "<details class=\"finding\"><summary><code>{}</code> <small>{times}, first by {}</small></summary>\n",
            escape(&group.key),
            escape(&group.target)
        ),
    );
    let mut rows = Vec::new();
    if let Some(finding) = &group.finding {
        describe(&mut rows, finding);
    }
    if let Some(path) = &group.regression {
        rows.push(("regression", code(&path.display().to_string())));
    }
    let inputs = group.artifacts.iter();
    let inputs: Vec<_> = inputs
        .map(|path| code(&path.display().to_string()))
        .collect();
    rows.push(("inputs", inputs.join("<br>")));
    *page += "<dl>\n";
    for (what, html) in rows {
        put(page, format_args!("<dt>{what}</dt><dd>{html}</dd>\n"));
    }
    *page += "</dl>\n";
    if let (Some(finding), Some(path)) = (&group.finding, &group.regression) {
        listing(page, finding, path)?;
    }
    *page += "</details>\n";
    Ok(())
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// What localization says, as rows of HTML.
fn describe(rows: &mut Vec<(&'static str, String)>, finding: &Finding) {
    let stage = finding
        .stage
        .map_or("not known".into(), |stage| stage.to_string());
    rows.push(("engine", escape(&format!("{}: {stage}", finding.engine))));
    rows.push(("differs", escape(&finding.difference)));
    if let Some(op) = &finding.wasm {
        rows.push(("WebAssembly", code(&op.text)));
    }
    if let Some(op) = &finding.op {
        rows.push(("Microwasm", code(&op.text)));
        let operands = op.operands.iter();
        let operands: Vec<_> = operands
            .map(|at| escape(&format!("{} in {}", at.value, at.place)))
            .collect();
        if !operands.is_empty() {
            rows.push(("operands", operands.join("<br>")));
        }
    }
    rows.push(("symptom", escape(&finding.symptom)));
    for wrong in &finding.wrong {
        let text = format!(
            "{} in {}: expected {}, got {}",
            wrong.what, wrong.place, wrong.expected, wrong.got
        );
        rows.push(("wrong", escape(&text)));
    }
}

/// The guilty function, with the guilty operator marked.
fn listing(page: &mut String, finding: &Finding, path: &Path) -> Result<(), CliError> {
    let (Some(function), Some(settings)) = (&finding.function, settings(&finding.engine)) else {
        return Ok(());
    };
    // A file that has been moved into the corpus is not missed.
    if !path.exists() {
        return Ok(());
    }
    let case = input::regression(path)?.case();
    let wasm = case.map_err(|source| CliError::Regression {
        path: path.to_owned(),
        source,
    })?;
    let functions = compile::list(settings, &wasm.wasm, path)?;
    let Some(listed) = functions
        .iter()
        .find(|listed| listed.func.0 == function.index)
    else {
        return Ok(());
    };
    let mut table = String::new();
    explorer::function(&mut table, listed, explorer::lines(&wasm.wasm).as_deref());
    if let Some(op) = &finding.op {
        // The explorer counts from 1.
        let attribute = format!("data-op=\"{}\"", op.number + 1);
        table = table.replace(&attribute, &format!("{attribute} class=\"guilty\""));
    }
    put(page, format_args!("<div class=\"wide\">{table}</div>\n"));
    Ok(())
}

/// The settings of an engine that has a backend.
fn settings(engine: &str) -> Option<Settings> {
    let x64 = Settings {
        features: CpuFeatures::detect(),
        ..Settings::default()
    };
    Some(match engine {
        "x64" | "x64-perturbed" => x64,
        "x64-explicit" => Settings {
            bounds: MemoryBounds::Explicit,
            ..x64
        },
        "x64-baseline" => Settings {
            features: CpuFeatures::BASELINE,
            ..x64
        },
        "x64-metered" => Settings {
            fuel: true,
            epoch: true,
            ..x64
        },
        "bytecode" => Settings {
            backend: Backend::Bytecode,
            ..x64
        },
        _ => return None,
    })
}
