//! The compiler's rules that were used: one matrix for each family, and the rest by name.
//!
//! Receives what `campaign --coverage` writes. The rows of a matrix are the first words of a
//! cell's name, its columns the last; where a family has more dimensions, or there are operands,
//! an entry stands for several cells.

use std::path::Path;

use serde::Deserialize;

use crate::error::CliError;
use crate::explorer::{escape, put};
use crate::input;

/// One rule in one circumstance.
#[derive(Deserialize)]
struct Cell {
    family: String,
    name: String,
    count: u8,
    excluded: Option<String>,
}

/// All of them, without those that cannot be reached.
#[derive(Deserialize)]
pub(super) struct Rules {
    cells: Vec<Cell>,
}

/// Where the topmost operand is; the rest of a name of operands says where the other one is, and
/// how many registers are free.
const PLACES: [&str; 8] = [
    "immediate",
    "constant",
    "home",
    "slot",
    "flags",
    "compare",
    "register",
    "shared register",
];

impl Cell {
    /// Row and column; no row if the family has one dimension.
    fn place(&self) -> (&str, &str) {
        if !self.family.ends_with("operands") {
            return self.name.rsplit_once(", ").unwrap_or(("", &self.name));
        }
        let is_place = |part: &str| {
            PLACES.contains(&part) || part.starts_with("under ") || part.ends_with(" free")
        };
        let mut end = 0;
        for part in self.name.split(", ") {
            if is_place(part) {
                let row = self.name[..end].trim_end_matches(", ");
                return (row, if PLACES.contains(&part) { part } else { "" });
            }
            end += part.len() + ", ".len();
        }
        (&self.name, "")
    }
}

/// Cells reached, of cells.
#[derive(Clone, Copy, Default)]
struct Share {
    reached: u64,
    all: u64,
}

impl Share {
    fn of<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Share {
        let mut share = Share::default();
        for cell in cells {
            share.all += 1;
            share.reached += u64::from(cell.count > 0);
        }
        share
    }
}

impl Rules {
    /// Reads the file of a campaign that counted.
    pub(super) fn read(path: &Path) -> Result<Option<Rules>, CliError> {
        if !path.exists() {
            return Ok(None);
        }
        let rules = serde_json::from_slice(&input::read(path)?);
        let mut rules: Rules = rules.map_err(|source| CliError::Record {
            path: path.to_owned(),
            source,
        })?;
        rules.cells.retain(|cell| cell.excluded.is_none());
        Ok(Some(rules))
    }

    /// How many were reached, and how many there are.
    pub(super) fn counts(&self) -> (u64, u64) {
        let Share { reached, all } = Share::of(&self.cells);
        (reached, all)
    }

    /// Writes the section.
    pub(super) fn section(&self, page: &mut String) {
        let (reached, all) = self.counts();
        put(
            page,
            format_args!(
                "<h2>Rules of the compiler</h2>\n\
                 <p>{reached} of {all} combinations of a rule and its circumstances were reached. \
                 In a matrix, an entry is how many combinations of its row and column were, of how many.</p>\n"
            ),
        );
        let mut rest = &self.cells[..];
        while let Some(first) = rest.first() {
            let end = rest.iter().take_while(|cell| cell.family == first.family);
            let (cells, later) = rest.split_at(end.count());
            rest = later;
            family(page, &first.family, cells);
        }
    }
}

fn family(page: &mut String, name: &str, cells: &[Cell]) {
    let Share { reached, all } = Share::of(cells);
    let open = if name == "x64 operands" { " open" } else { "" };
    put(
        page,
        format_args!(
            "<details class=\"family\"{open}><summary><span>{}</span>\
             <meter max=\"{all}\" value=\"{reached}\"></meter><span>{reached} of {all}</span></summary>\n",
            escape(name)
        ),
    );
    if cells.iter().any(|cell| cell.place().0.is_empty()) {
        chips(page, cells);
    } else {
        matrix(page, cells);
        never(page, cells);
    }
    *page += "</details>\n";
}

/// A family of one dimension.
fn chips(page: &mut String, cells: &[Cell]) {
    *page += "<ul class=\"chips\">\n";
    for cell in cells {
        let (class, title) = match cell.count {
            0 => ("no", "never reached"),
            _ => ("yes", "reached"),
        };
        put(
            page,
            format_args!(
                "<li class=\"{class}\" title=\"{title}\">{}</li>\n",
                escape(&cell.name)
            ),
        );
    }
    *page += "</ul>\n";
}

/// The different texts, in order.
fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

fn matrix(page: &mut String, cells: &[Cell]) {
    let mut columns = distinct(cells.iter().map(|cell| cell.place().1));
    columns.sort_by_key(|column| PLACES.iter().position(|place| place == column));
    *page += "<div class=\"wide\"><table class=\"matrix\"><thead><tr><th></th>";
    for column in &columns {
        let column = if column.is_empty() {
            "no operand"
        } else {
            column
        };
        put(page, format_args!("<th>{}</th>", escape(column)));
    }
    *page += "</tr></thead><tbody>\n";
    for row in distinct(cells.iter().map(|cell| cell.place().0)) {
        put(page, format_args!("<tr><th>{}</th>", escape(row)));
        for column in &columns {
            let here = cells.iter().filter(|cell| cell.place() == (row, column));
            match Share::of(here) {
                Share { all: 0, .. } => *page += "<td class=\"none\"></td>",
                Share { reached, all } => {
                    let share = reached * 100 / all;
                    put(
                        page,
                        format_args!(
                            "<td style=\"--share:{share}%\">{reached}<small>/{all}</small></td>"
                        ),
                    );
                }
            }
        }
        *page += "</tr>\n";
    }
    *page += "</tbody></table></div>\n";
}

/// Cells that were never reached, by name.
fn never(page: &mut String, cells: &[Cell]) {
    let never: Vec<&Cell> = cells.iter().filter(|cell| cell.count == 0).collect();
    if never.is_empty() {
        return;
    }
    put(
        page,
        format_args!(
            "<details class=\"never\"><summary>{} never reached, by name</summary><dl>\n",
            never.len()
        ),
    );
    for row in distinct(never.iter().map(|cell| cell.place().0)) {
        put(page, format_args!("<dt>{}</dt><dd>", escape(row)));
        let here = never.iter().filter(|cell| cell.place().0 == row);
        let names: Vec<String> = here
            .map(|cell| escape(cell.name[row.len()..].trim_start_matches(", ")))
            .collect();
        *page += &names.join("; ");
        *page += "</dd>\n";
    }
    *page += "</dl></details>\n";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_rows_and_columns() {
        let place = |family: &str, name: &str| {
            let cell = Cell {
                family: family.into(),
                name: name.into(),
                count: 0,
                excluded: None,
            };
            let (row, column) = cell.place();
            (row.to_owned(), column.to_owned())
        };
        let pair = |row: &str, column: &str| (row.to_owned(), column.to_owned());
        let x64 = |name| place("x64 operands", name);
        assert_eq!(
            x64("i32.add, home, under slot, few free"),
            pair("i32.add", "home")
        );
        assert_eq!(
            x64("fill, copy, init, slot, few free"),
            pair("fill, copy, init", "slot")
        );
        assert_eq!(x64("i32.const, many free"), pair("i32.const", ""));
        assert_eq!(place("x64 moves", "gpr, xmm"), pair("gpr", "xmm"));
        assert_eq!(place("links", "call: near"), pair("", "call: near"));
    }
}
