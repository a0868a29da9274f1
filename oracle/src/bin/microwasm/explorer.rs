//! The explorer: a module as one self-contained page, WebAssembly, Microwasm and code side by
//! side, in which pointing at an operator lights up what it comes from and what becomes of it.
//!
//! Rows are operators of WebAssembly; an operator of Microwasm belongs to the row whose offset
//! is its source, an instruction to the operator that was being compiled when it was emitted.
//! A module that is Microwasm has no first column.

use std::fmt::Write as _;
use std::path::Path;

use microwasm::input::Form;
use microwasm_codegen::listing::{Line, ListedOp};

use crate::compile::Listed;

pub(crate) const STYLE: &str = include_str!("explorer/style.css");
pub(crate) const SCRIPT: &str = include_str!("explorer/script.js");

/// Makes the page.
pub(crate) fn page(file: &Path, module: &[u8], functions: &[Listed]) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = escape(&name);
    let lines = lines(module);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{name}</title>\n<style>\n{STYLE}</style></head>\n<body>\n<h1>{name}</h1>\n"
    );
    for listed in functions {
        function(&mut page, listed, lines.as_deref());
    }
    page += "<script>\n";
    page += SCRIPT;
    page += "</script></body></html>\n";
    page
}

/// Offset and text of every line of a WebAssembly module.
pub(crate) fn lines(module: &[u8]) -> Option<Vec<(u32, String)>> {
    if Form::of(module) != Form::Wasm {
        return None;
    }
    let mut storage = String::new();
    let lines = wasmprinter::Config::new()
        .offsets_and_lines(module, &mut storage)
        .ok()?;
    let lines = lines.filter_map(|(offset, line)| Some((offset? as u32, line.to_owned())));
    Some(lines.collect())
}

/// Writes the table of a function; `lines` are those of the module if it is WebAssembly.
pub(crate) fn function(page: &mut String, listed: &Listed, lines: Option<&[(u32, String)]>) {
    let Listed {
        func,
        body,
        size,
        frame,
        ops,
        code,
    } = listed;
    let heads = match lines {
        Some(_) => "<th>WebAssembly</th><th>Microwasm</th><th>code</th>",
        None => "<th>Microwasm</th><th>code</th>",
    };
    put(
        page,
        format_args!(
            "<h2 id=\"f{func}\">func {func} <small>{size} bytes of code, frame {frame}</small></h2>\n\
             <table><thead><tr>{heads}</tr></thead><tbody>\n"
        ),
    );
    let end = ops.first().map_or(u32::MAX, |op| op.code.0);
    let first: Vec<&Line> = code.iter().take_while(|line| line.offset.0 < end).collect();
    prologue(page, lines.is_some(), &first);
    let mut rest = &ops[..];
    let mut number = 0;
    let in_body = |(offset, _): &&(u32, String)| body.contains(offset);
    let mut here = lines.unwrap_or_default().iter().filter(in_body).peekable();
    loop {
        // The operators whose source lies before the next line but one belong to the next.
        let text = here.next();
        let until = match (text, here.peek()) {
            (Some(_), Some((next, _))) => *next,
            (None, _) if lines.is_none() && !rest.is_empty() => rest[0].source + 1,
            _ => u32::MAX,
        };
        let count = rest.iter().take_while(|op| op.source < until).count();
        let (now, later) = rest.split_at(count);
        if text.is_none() && now.is_empty() {
            break;
        }
        operators(
            page,
            text.map(|(_, text)| text.as_str()).or(lines.map(|_| "")),
            now,
            later,
            code,
            &mut number,
        );
        rest = later;
    }
    *page += "</tbody></table>\n";
}

/// A row for an operator of WebAssembly.
fn operators(
    page: &mut String,
    text: Option<&str>,
    now: &[ListedOp],
    later: &[ListedOp],
    code: &[Line],
    number: &mut u32,
) {
    *page += "<tr>";
    if let Some(text) = text {
        let indent = (text.len() - text.trim_start().len()) / 2;
        put(
            page,
            format_args!(
                "<td class=\"wasm\" style=\"--indent:{indent}\">{}</td>",
                escape(text.trim_start())
            ),
        );
    }
    let (mut left, mut right) = (String::new(), String::new());
    for (index, op) in now.iter().enumerate() {
        *number += 1;
        put(
            &mut left,
            format_args!("<div data-op=\"{number}\">{}</div>", escape(&op.text)),
        );
        let end = now.get(index + 1).or(later.first());
        let end = end.map_or(u32::MAX, |next| next.code.0);
        let first = code.partition_point(|line| line.offset.0 < op.code.0);
        let lines = code[first..].iter().take_while(|line| line.offset.0 < end);
        for line in lines {
            instruction(&mut right, &number.to_string(), line);
        }
    }
    put(page, format_args!("<td>{left}</td><td>{right}</td></tr>\n"));
}

/// A row for the code before the first operator's.
fn prologue(page: &mut String, has_wasm: bool, code: &[&Line]) {
    const NAME: &str = "prologue";
    if code.is_empty() {
        return;
    }
    let mut right = String::new();
    for line in code {
        instruction(&mut right, NAME, line);
    }
    let wasm = if has_wasm { "<td></td>" } else { "" };
    put(
        page,
        format_args!(
            "<tr>{wasm}<td><div data-op=\"{NAME}\" class=\"note\">{NAME}</div></td><td>{right}</td></tr>\n"
        ),
    );
}

fn instruction(out: &mut String, op: &str, line: &Line) {
    put(
        out,
        format_args!(
            "<div data-op=\"{op}\"><i>{:x}</i>{}</div>",
            line.offset.0,
            escape(&line.text)
        ),
    );
}

/// Appends to a page.
pub(crate) fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes everything");
}

/// A text as HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
