//! `microwasm report`: what a campaign has left behind, as one self-contained page.
//!
//! | file | owns |
//! |---|---|
//! | `findings` | what is wrong, with the listing of the guilty function |
//! | `plot` | counts over time |
//! | `rules` | the compiler's rules: matrices, and what was never reached |
//!
//! Receives the folder that [`crate::record`] describes; what is not there is left out.

mod findings;
mod plot;
mod rules;

use std::path::{Path, PathBuf};

use crate::error::CliError;
use crate::explorer::{escape, put};
use crate::record::{self, Campaign, Progress};
use crate::{Found, explorer, groups, input};
use plot::Series;
use rules::Rules;

const STYLE: &str = include_str!("report/style.css");

/// Make a page of a campaign
///
/// Reads what `campaign --record DIR` has written and makes one self-contained HTML page of it:
/// findings with localization and the code of the guilty function, executions and discards over
/// time, and, if the campaign counted them, the rules of the compiler that were used, as a matrix,
/// and those that never were, by name.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    microwasm campaign --target all --seconds 600 --inputs 100000000 --record target/night --keep-going\n  \
    microwasm report target/night\n  \
    microwasm report target/night -o night.html")]
pub(crate) struct Args {
    /// The folder of a campaign
    dir: PathBuf,
    /// The page to write [default: DIR/report.html]
    #[arg(short)]
    output: Option<PathBuf>,
}

pub(crate) fn main(args: &Args) -> Result<Found, CliError> {
    let page = page(&args.dir)?;
    let path = match &args.output {
        Some(path) => path.clone(),
        None => args.dir.join("report.html"),
    };
    input::write(&path, page.as_bytes())?;
    println!("{}", path.display());
    Ok(Found::Nothing)
}

fn page(dir: &Path) -> Result<String, CliError> {
    let path = dir.join(record::CAMPAIGN);
    let campaign: Campaign = serde_json::from_slice(&input::read(&path)?)
        .map_err(|source| CliError::Record { path, source })?;
    let progress = progress(&dir.join(record::PROGRESS))?;
    let rules = Rules::read(&dir.join(record::COVERAGE))?;
    let mut groups = groups::load(&dir.join(record::FINDINGS))?;
    groups.retain(|group| group.failing);
    groups.sort_by_key(|group| std::cmp::Reverse(group.times));
    let target = match &*campaign.target {
        "all" => "all targets",
        target => target,
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Campaign: {target}</title>\n<style>\n{}{STYLE}</style></head>\n<body>\n\
         <h1>Campaign: {target}</h1>\n",
        explorer::STYLE
    );
    let last = progress.last();
    header(&mut page, &campaign, last);
    tiles(&mut page, last, groups.len(), rules.as_ref());
    findings::section(&mut page, &groups)?;
    over_time(&mut page, &progress);
    if let Some(last) = last {
        outcomes(&mut page, last);
    }
    if let Some(rules) = &rules {
        rules.section(&mut page);
    }
    put(
        &mut page,
        format_args!("<script>\n{}</script></body></html>\n", explorer::SCRIPT),
    );
    Ok(page)
}

/// The log; a line that was being written when the campaign died is left out.
fn progress(path: &Path) -> Result<Vec<Progress>, CliError> {
    let bytes = input::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.lines().map(serde_json::from_str);
    lines
        .collect::<Result<_, _>>()
        .map_err(|source| CliError::Record {
            path: path.to_owned(),
            source,
        })
}

fn header(page: &mut String, campaign: &Campaign, last: Option<&Progress>) {
    let Campaign {
        seed,
        first,
        jobs,
        version,
        ..
    } = campaign;
    let time = plot::duration(last.map_or(0.0, |last| last.seconds));
    let threads = if *jobs == 1 { "thread" } else { "threads" };
    put(
        page,
        format_args!(
            "<p class=\"about\">{time} with {jobs} {threads}, inputs from number {first} on of seed {seed:#x}, \
             microwasm {}</p>\n",
            escape(version)
        ),
    );
}

/// The figures that matter most.
fn tiles(page: &mut String, last: Option<&Progress>, findings: usize, rules: Option<&Rules>) {
    *page += "<div class=\"tiles\">\n";
    let mut tile = |class: &str, value: String, what: &str| {
        put(
            page,
            format_args!("<div class=\"{class}\"><b>{value}</b>{what}</div>\n"),
        );
    };
    let what = if findings == 1 {
        "finding"
    } else {
        "different findings"
    };
    let class = if findings == 0 { "good" } else { "bad" };
    tile(class, plot::grouped(findings as u64), what);
    if let Some(Progress { seconds, stats, .. }) = last {
        let rate = stats.inputs as f64 / seconds.max(0.001);
        tile("", plot::grouped(stats.inputs), "inputs");
        tile("", plot::grouped(rate as u64), "inputs per second");
        let discarded: u64 = stats.discarded.values().sum();
        tile("", percent(discarded, stats.inputs), "discarded");
    }
    if let Some(rules) = rules {
        let (reached, reachable) = rules.counts();
        tile("", percent(reached, reachable), "of the rules reached");
    }
    *page += "</div>\n";
}

fn percent(part: u64, whole: u64) -> String {
    let percent = part as f64 * 100.0 / whole.max(1) as f64;
    match percent {
        0.0 => "0 %".to_owned(),
        ..0.1 => format!("{percent:.3} %"),
        _ => format!("{percent:.1} %"),
    }
}

fn over_time(page: &mut String, progress: &[Progress]) {
    let points = |value: &dyn Fn(&Progress) -> f64| -> Vec<(f64, f64)> {
        let points = progress.iter().map(|at| (at.seconds, value(at)));
        points.collect()
    };
    let share = |part: &dyn Fn(&Progress) -> u64| {
        points(&|at| part(at) as f64 * 100.0 / at.stats.inputs.max(1) as f64)
    };
    let rates = progress.windows(2).map(|two| {
        let (a, b) = (&two[0], &two[1]);
        let inputs = b.stats.inputs.saturating_sub(a.stats.inputs);
        let time = (b.seconds - a.seconds).max(0.001);
        (b.seconds, inputs as f64 / time)
    });
    *page += "<h2>Over time</h2>\n<div class=\"plots\">\n";
    plot::figure(
        page,
        "Inputs per second",
        &[Series::new("", rates.collect())],
    );
    plot::figure(
        page,
        "Inputs that were not compared, % of all",
        &[
            Series::new("discarded", share(&|at| at.stats.discarded.values().sum())),
            Series::new(
                "a limit was reached",
                share(&|at| at.stats.poisoned.values().sum()),
            ),
            Series::new("not instantiated", share(&|at| at.stats.not_instantiated)),
        ],
    );
    if progress.iter().any(|at| at.cells.is_some()) {
        let cells = points(&|at| at.cells.unwrap_or(0) as f64);
        plot::figure(page, "Rules reached", &[Series::new("", cells)]);
    }
    if progress.iter().any(|at| at.findings > 0) {
        let findings = points(&|at| at.findings as f64);
        plot::figure(page, "Different findings", &[Series::new("", findings)]);
    }
    *page += "</div>\n";
}

/// What became of the inputs.
fn outcomes(page: &mut String, last: &Progress) {
    let stats = &last.stats;
    *page += "<h2>What became of the inputs</h2>\n<table class=\"counts\"><tbody>\n";
    let mut row = |what: &str, count: u64| {
        let share = percent(count, stats.inputs);
        put(
            page,
            format_args!(
                "<tr><th>{}</th><td>{}</td><td>{share}</td><td><meter max=\"{}\" value=\"{count}\"></meter></td></tr>\n",
                escape(what),
                plot::grouped(count),
                stats.inputs.max(1)
            ),
        );
    };
    row("executed", stats.executed);
    row("not instantiated", stats.not_instantiated);
    for (why, count) in &stats.discarded {
        row(&format!("discarded: {why}"), *count);
    }
    for (why, count) in &stats.poisoned {
        row(&format!("limit: {why}"), *count);
    }
    row("differs", stats.diverged);
    row("reference is wrong", stats.outvoted);
    *page += "</tbody></table>\n";
}
