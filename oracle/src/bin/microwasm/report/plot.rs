//! Line plots over time, as SVG, with axes, units and a legend; and numbers for people.

use crate::explorer::{escape, put};

/// A line.
pub(super) struct Series {
    name: &'static str,
    /// Seconds, and value.
    points: Vec<(f64, f64)>,
}

impl Series {
    /// A line that needs no name if it is the only one.
    pub(super) fn new(name: &'static str, points: Vec<(f64, f64)>) -> Series {
        Series { name, points }
    }
}

/// The picture, in units that are pixels at its natural size, and the margins of the axes.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 36.0;

/// Points that are drawn at most.
const POINTS: usize = 400;

/// Writes a plot of `series`, whose values have the unit that the title names.
pub(super) fn figure(page: &mut String, title: &str, series: &[Series]) {
    let all = || series.iter().flat_map(|series| &series.points);
    let end = all().map(|point| point.0).fold(1.0, f64::max);
    let top = all().map(|point| point.1).fold(0.0, f64::max);
    let (x_step, x_unit, x_scale) = time_step(end);
    let y_step = step(if top > 0.0 { top } else { 1.0 }, 4.0);
    let top = ((top / y_step).ceil() * y_step).max(y_step);
    let x = |seconds: f64| LEFT + seconds / end * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM);
    put(
        page,
        format_args!(
            "<figure><figcaption>{0}</figcaption>\n\
             <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}\">\n",
            escape(title)
        ),
    );
    for tick in ticks(top, y_step) {
        let (right, at) = (WIDTH - RIGHT, y(tick));
        put(
            page,
            format_args!(
                "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
                 <text class=\"y\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
                LEFT - 6.0,
                at + 4.0,
                short(tick, y_step)
            ),
        );
    }
    for tick in ticks(end, x_step) {
        put(
            page,
            format_args!(
                "<text class=\"x\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
                x(tick),
                HEIGHT - BOTTOM + 16.0,
                short(tick / x_scale, x_step / x_scale)
            ),
        );
    }
    put(
        page,
        format_args!(
            "<text class=\"x\" x=\"{:.1}\" y=\"{:.1}\">{x_unit}</text>\n",
            (LEFT + WIDTH - RIGHT) / 2.0,
            HEIGHT - 4.0
        ),
    );
    for (number, series) in series.iter().enumerate() {
        let every = series.points.len().div_ceil(POINTS).max(1);
        let drawn = series.points.iter().rev().step_by(every);
        let points: Vec<String> = drawn
            .map(|(seconds, value)| format!("{:.1},{:.1}", x(*seconds), y(*value)))
            .collect();
        put(
            page,
            format_args!(
                "<polyline class=\"s{number}\" points=\"{}\"/>\n",
                points.join(" ")
            ),
        );
    }
    *page += "</svg>\n";
    if series.len() > 1 {
        *page += "<ul class=\"legend\">";
        for (number, series) in series.iter().enumerate() {
            put(
                page,
                format_args!("<li class=\"s{number}\">{}</li>", escape(series.name)),
            );
        }
        *page += "</ul>\n";
    }
    *page += "</figure>\n";
}

/// A round number of which there are about `count` up to `end`.
fn step(end: f64, count: f64) -> f64 {
    let raw = end / count;
    let ten = 10f64.powf(raw.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0];
    let factor = factor.iter().find(|factor| **factor * ten >= raw);
    factor.unwrap_or(&10.0) * ten
}

/// The distance of ticks on the axis of time in seconds, the unit that is shown, and its seconds.
fn time_step(end: f64) -> (f64, &'static str, f64) {
    let (unit, seconds) = match end {
        ..300.0 => ("seconds", 1.0),
        ..18_000.0 => ("minutes", 60.0),
        ..432_000.0 => ("hours", 3600.0),
        _ => ("days", 86_400.0),
    };
    (step(end / seconds, 6.0) * seconds, unit, seconds)
}

fn ticks(end: f64, step: f64) -> impl Iterator<Item = f64> {
    (0..)
        .map(move |n| f64::from(n) * step)
        .take_while(move |tick| *tick <= end * 1.001)
}

/// A tick's number; `step` says how many digits matter.
fn short(value: f64, step: f64) -> String {
    match step {
        1_000_000.0.. => format!("{} M", value / 1e6),
        10_000.0.. => format!("{} k", value / 1e3),
        1.0.. => grouped(value as u64),
        _ => {
            let digits = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
            format!("{value:.digits$}")
        }
    }
}

/// A number with its digits in groups.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A time in the two units that matter.
pub(super) fn duration(seconds: f64) -> String {
    let s = seconds as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {} s", s / 60, s % 60),
        _ => format!("{} h {} min", s / 3600, s / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(step(100.0, 4.0), 50.0);
        assert_eq!(step(0.9, 4.0), 0.5);
        assert_eq!(step(7.0, 4.0), 2.0);
        assert_eq!(time_step(7200.0), (1200.0, "minutes", 60.0));
        assert_eq!(grouped(1234567), "1\u{202f}234\u{202f}567");
        assert_eq!(short(0.5, 0.5), "0.5");
        assert_eq!(duration(3661.0), "1 h 1 min");
    }
}
