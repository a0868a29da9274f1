//! What came of the drill, as a table.

use std::time::Duration;

use serde_json::json;

use crate::hunt::Hunt;
use crate::patch::Patch;

/// A bug and what came of it.
pub struct Row {
    name: String,
    bug: String,
    expected: String,
    hunt: Hunt,
    /// Whether localization was asked.
    asked: bool,
    /// Whether it said what it should; `None` if it said nothing.
    right: Option<bool>,
}

impl Row {
    /// What came of a patch.
    pub fn new(patch: &Patch, hunt: Hunt, reduced: bool) -> Row {
        let right = hunt
            .localized
            .as_ref()
            .map(|found| patch.stages.contains(&found.stage) && patch.expects(&found.op));
        Row {
            name: patch.name.clone(),
            bug: patch.bug.clone(),
            expected: format!("{} {}", patch.stages.join(" "), patch.ops.join(" ")),
            asked: reduced && hunt.searches.iter().any(|search| search.target.is_some()),
            hunt,
            right,
        }
    }

    /// Whether it was found with every seed.
    pub fn is_found(&self) -> bool {
        !self.hunt.searches.is_empty()
            && self
                .hunt
                .searches
                .iter()
                .all(|search| search.target.is_some())
    }

    /// The longest search.
    fn longest(&self) -> Duration {
        let times = self.hunt.searches.iter().map(|search| search.cpu);
        times.max().unwrap_or_default()
    }

    fn localized(&self) -> String {
        match &self.hunt.localized {
            Some(found) => format!("{} {}", found.stage, found.op),
            None => "-".to_owned(),
        }
    }

    fn cells(&self) -> [String; 6] {
        let searches = &self.hunt.searches;
        let mut targets: Vec<&str> = searches
            .iter()
            .map(|search| search.target.as_deref().unwrap_or("NOT FOUND"))
            .collect();
        targets.dedup();
        let each = |of: &dyn Fn(usize) -> String| {
            let all: Vec<String> = (0..searches.len()).map(of).collect();
            all.join(" ")
        };
        [
            self.name.clone(),
            targets.join(", "),
            each(&|i| {
                searches[i]
                    .executions
                    .map_or("?".to_owned(), |n| n.to_string())
            }),
            each(&|i| format!("{:.1}", searches[i].cpu.as_secs_f64())),
            match self.right {
                Some(true) => self.localized(),
                Some(false) => format!("WRONG: {}", self.localized()),
                None if self.asked => "WRONG: nothing".to_owned(),
                None => "-".to_owned(),
            },
            self.hunt
                .operators
                .map_or("-".to_owned(), |count| count.to_string()),
        ]
    }

    /// In a line.
    pub fn line(&self) -> String {
        let [_, targets, executions, seconds, localized, operators] = self.cells();
        format!(
            "{targets}; executions {executions}; CPU s {seconds}; {localized}; {operators} operators"
        )
    }

    /// For machines.
    pub fn json(&self) -> serde_json::Value {
        let searches = self.hunt.searches.iter().map(|search| {
            json!({
                "target": search.target,
                "executions": search.executions,
                "cpu_seconds": search.cpu.as_secs_f64(),
            })
        });
        json!({
            "patch": self.name,
            "bug": self.bug,
            "searches": searches.collect::<Vec<_>>(),
            "expected": self.expected,
            "localized": self.hunt.localized.as_ref().map(|_| self.localized()),
            "localized_right": self.right,
            "operators": self.hunt.operators,
        })
    }
}

const HEAD: [&str; 6] = [
    "bug",
    "found by",
    "executions",
    "CPU seconds",
    "localized as",
    "operators",
];

/// Prints the table and what it comes to.
pub fn print(rows: &[Row]) {
    let cells: Vec<_> = rows.iter().map(Row::cells).collect();
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|i| {
            let column = cells.iter().map(|row| row[i].len());
            column.chain([HEAD[i].len()]).max().unwrap_or(0)
        })
        .collect();
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        println!("| {} |", cells.join(" | "));
    };
    line(&HEAD.map(str::to_owned));
    let rules: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&rules);
    cells.iter().for_each(|row| line(row));

    let found = rows.iter().filter(|row| row.is_found()).count();
    let mut times: Vec<f64> = rows
        .iter()
        .flat_map(|row| row.hunt.searches.iter().map(|s| s.cpu.as_secs_f64()))
        .collect();
    let mut sizes: Vec<usize> = rows.iter().filter_map(|row| row.hunt.operators).collect();
    times.sort_by(f64::total_cmp);
    sizes.sort_unstable();
    let asked = rows.iter().filter(|row| row.asked).count();
    let right = rows.iter().filter(|row| row.right == Some(true)).count();
    let longest = rows.iter().map(Row::longest).max().unwrap_or_default();
    println!("\nfound            {found} of {}", rows.len());
    if let Some(median) = times.get(times.len() / 2) {
        println!(
            "CPU seconds      median {median:.1}, longest {:.1}",
            longest.as_secs_f64()
        );
    }
    if asked > 0 {
        println!("localized right  {right} of {asked}");
    }
    if let Some(median) = sizes.get(sizes.len() / 2) {
        println!("operators left   median {median}");
    }
}
