//! The result of a benchmark: a table that prints as Markdown or as JSON.

use std::fmt::{self, Display, Formatter};

use serde_json::{Map, Value, json};

/// One field of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A measured number, printed with this many decimals.
    Number {
        /// The number.
        value: f64,
        /// How many decimals to print.
        decimals: usize,
    },
    /// Nothing to say.
    Empty,
}

impl Cell {
    /// Words.
    pub fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    /// A number with this many decimals.
    #[must_use]
    pub fn number(value: f64, decimals: usize) -> Self {
        Self::Number { value, decimals }
    }

    /// A number that may be missing.
    #[must_use]
    pub fn maybe(value: Option<f64>, decimals: usize) -> Self {
        value.map_or(Self::Empty, |value| Self::number(value, decimals))
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(words) => json!(words),
            Self::Number { value, .. } => json!(value),
            Self::Empty => Value::Null,
        }
    }
}

impl Display for Cell {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(words) => out.pad(words),
            Self::Number { value, decimals } => out.pad(&format!("{value:.decimals$}")),
            Self::Empty => out.pad(""),
        }
    }
}

/// A table with a heading above and remarks below.
#[derive(Debug, Clone)]
pub struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    notes: Vec<String>,
}

impl Table {
    /// An empty table with these column heads.
    pub fn new(
        title: impl Into<String>,
        columns: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            title: title.into(),
            columns: columns.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a row; missing cells at its end are empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut row: Vec<Cell> = cells.into_iter().collect();
        assert!(
            row.len() <= self.columns.len(),
            "{} cells in {} columns",
            row.len(),
            self.columns.len()
        );
        row.resize(self.columns.len(), Cell::Empty);
        self.rows.push(row);
    }

    /// Adds a remark.
    pub fn note(&mut self, words: impl Into<String>) {
        self.notes.push(words.into());
    }

    /// The number in the row that begins with `row`, in this column.
    #[must_use]
    pub fn number(&self, row: &str, column: &str) -> Option<f64> {
        let at = self.columns.iter().position(|head| head == column)?;
        let of_row = |cells: &&Vec<Cell>| cells.first() == Some(&Cell::text(row));
        match self.rows.iter().find(of_row)?.get(at)? {
            Cell::Number { value, .. } => Some(*value),
            Cell::Text(_) | Cell::Empty => None,
        }
    }

    /// The same for machines: one object per row, keyed by column.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let fields: Map<String, Value> = self
                    .columns
                    .iter()
                    .cloned()
                    .zip(row.iter().map(Cell::to_json))
                    .collect();
                Value::Object(fields)
            })
            .collect();
        json!({ "title": self.title, "rows": rows, "notes": self.notes })
    }
}

impl Display for Table {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let printed: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| row.iter().map(Cell::to_string).collect())
            .collect();
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, head)| {
                printed
                    .iter()
                    .map(|row| row[at].chars().count())
                    .chain([head.chars().count()])
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        writeln!(out, "{}\n", self.title)?;
        line(out, self.columns.iter().map(String::as_str), &widths)?;
        write!(out, "|")?;
        for (at, &width) in widths.iter().enumerate() {
            let rule = "-".repeat(width);
            write!(
                out,
                "{}",
                if at == 0 {
                    format!(" {rule} |")
                } else {
                    format!(" {rule}:|")
                }
            )?;
        }
        writeln!(out)?;
        for row in &printed {
            line(out, row.iter().map(String::as_str), &widths)?;
        }
        for note in &self.notes {
            writeln!(out, "\n{note}")?;
        }
        Ok(())
    }
}

/// One line of the table: the first column to the left, the others to the right.
fn line<'a>(
    out: &mut Formatter<'_>,
    cells: impl Iterator<Item = &'a str>,
    widths: &[usize],
) -> fmt::Result {
    write!(out, "|")?;
    for (at, (cell, &width)) in cells.zip(widths).enumerate() {
        if at == 0 {
            write!(out, " {cell:<width$} |")?;
        } else {
            write!(out, " {cell:>width$} |")?;
        }
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_markdown_and_json() {
        let mut table = Table::new("Some figures", ["what", "µs"]);
        table.row([Cell::text("first"), Cell::number(1.25, 1)]);
        table.row([Cell::text("second")]);
        table.note("Measured once.");
        assert_eq!(
            table.to_string(),
            "Some figures\n\n| what   |  µs |\n| ------ | ---:|\n| first  | 1.2 |\n| second |     |\n\nMeasured once.\n"
        );
        assert_eq!(table.number("first", "µs"), Some(1.25));
        assert_eq!(table.number("second", "µs"), None);
        assert_eq!(
            table.to_json(),
            json!({
                "title": "Some figures",
                "rows": [{ "what": "first", "µs": 1.25 }, { "what": "second", "µs": null }],
                "notes": ["Measured once."],
            })
        );
    }
}
