//! The plot of compile throughput against run time: one point per engine.
//!
//! Both axes are logarithmic, because what engines have in common is a trade: ten times the
//! time to compile for half the time to run. Written as SVG, which browsers and code hosts show.

use std::fmt::{self, Display, Formatter};

/// An engine: where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its name.
    pub engine: String,
    /// Megabytes of function bodies that it compiles in a second.
    pub throughput: f64,
    /// Run time of the kernels, native code's being 1.
    pub run_time: f64,
    /// Whether it is one of ours.
    pub ours: bool,
}

/// The plot; prints as SVG.
#[derive(Debug, Clone)]
pub struct Plot {
    /// The engines.
    pub points: Vec<Point>,
    /// Machine and versions.
    pub caption: String,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 480.0;
/// Distance of the axes from the left and from the top.
const LEFT: f64 = 70.0;
const TOP: f64 = 50.0;
/// What is between them and the other edges.
const RIGHT: f64 = 40.0;
const BOTTOM: f64 = 80.0;
/// Between the labels of two points that lie close together.
const LINE: f64 = 15.0;

/// A logarithmic axis with a tick at every power of two.
struct Axis {
    /// Exponents of its ends.
    low: i32,
    high: i32,
    /// Where they are drawn.
    from: f64,
    to: f64,
}

impl Axis {
    fn new(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Axis {
        let (mut low, mut high) = (i32::MAX, i32::MIN);
        for value in values {
            low = low.min(value.log2().floor() as i32);
            high = high.max(value.log2().ceil() as i32);
        }
        if low > high {
            (low, high) = (0, 0);
        }
        Axis {
            low,
            high: high.max(low + 1),
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> f64 {
        let part = (value.log2() - f64::from(self.low)) / f64::from(self.high - self.low);
        self.from + part * (self.to - self.from)
    }

    /// Places of the ticks, and what they say.
    fn ticks(&self) -> impl Iterator<Item = (f64, f64)> {
        (self.low..=self.high).map(|exponent| {
            let value = 2f64.powi(exponent);
            (self.place(value), value)
        })
    }
}

impl Display for Plot {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let x = Axis::new(self.points.iter().map(|p| p.throughput), LEFT, right);
        let y = Axis::new(self.points.iter().map(|p| p.run_time), bottom, TOP);
        writeln!(
            out,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" font-size="13">
<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>
<g stroke="#ddd">"##
        )?;
        for (at, _) in x.ticks() {
            writeln!(out, r#"<path d="M{at:.1} {TOP:.1}V{bottom:.1}"/>"#)?;
        }
        for (at, _) in y.ticks() {
            writeln!(out, r#"<path d="M{LEFT:.1} {at:.1}H{right:.1}"/>"#)?;
        }
        writeln!(out, "</g>\n<g fill=\"#555\">")?;
        for (at, value) in x.ticks() {
            let below = bottom + 18.0;
            writeln!(
                out,
                r#"<text x="{at:.1}" y="{below:.1}" text-anchor="middle">{value}</text>"#
            )?;
        }
        for (at, value) in y.ticks() {
            let (before, level) = (LEFT - 8.0, at + 4.0);
            writeln!(
                out,
                r#"<text x="{before:.1}" y="{level:.1}" text-anchor="end">{value} ×</text>"#
            )?;
        }
        let (title, middle, caption) = (bottom + 40.0, (LEFT + right) / 2.0, bottom + 64.0);
        writeln!(
            out,
            r##"<text x="{middle:.1}" y="{title:.1}" text-anchor="middle">compile throughput, MB of function bodies per second (more is better)</text>
<text x="{LEFT:.1}" y="28">run time of the kernels, native code = 1 × (less is better)</text>
<text x="{middle:.1}" y="{caption:.1}" text-anchor="middle" font-size="11" fill="#888">{}</text>
</g>"##,
            escape(&self.caption)
        )?;
        // From the top down, so that labels on the same side stay apart.
        let mut points: Vec<&Point> = self.points.iter().collect();
        points.sort_by(|a, b| b.run_time.total_cmp(&a.run_time));
        let mut lowest = [f64::MIN; 2];
        for point in points {
            let (cx, cy) = (x.place(point.throughput), y.place(point.run_time));
            let (colour, weight) = if point.ours {
                ("#c0392b", "bold")
            } else {
                ("#34495e", "normal")
            };
            // Beside the point, on the side where there is more room.
            let (at, anchor) = if cx > middle {
                (cx - 10.0, "end")
            } else {
                (cx + 10.0, "start")
            };
            let lowest = &mut lowest[usize::from(cx > middle)];
            let level = (cy + 4.5).max(*lowest + LINE);
            *lowest = level;
            writeln!(
                out,
                r#"<g fill="{colour}" font-weight="{weight}"><circle cx="{cx:.1}" cy="{cy:.1}" r="6"><title>{:.1} MB/s, {:.2} ×</title></circle><text x="{at:.1}" y="{level:.1}" text-anchor="{anchor}">{}</text></g>"#,
                point.throughput,
                point.run_time,
                escape(&point.engine)
            )?;
        }
        writeln!(out, "</svg>")
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_logarithmic() {
        let axis = Axis::new([1.5, 7.0].into_iter(), 0.0, 90.0);
        let ticks: Vec<_> = axis.ticks().collect();
        assert_eq!(ticks, [(0.0, 1.0), (30.0, 2.0), (60.0, 4.0), (90.0, 8.0)]);
    }

    fn point(engine: &str, throughput: f64, run_time: f64) -> Point {
        Point {
            engine: engine.to_owned(),
            throughput,
            run_time,
            ours: engine == "ours",
        }
    }

    #[test]
    fn labels_of_close_points_are_apart() {
        let close = [("a", 30.0, 9.6), ("ours", 36.0, 9.0), ("c", 0.7, 1.2)];
        let plot = Plot {
            points: close.map(|(name, x, y)| point(name, x, y)).into(),
            caption: String::new(),
        };
        let text = plot.to_string();
        let level = |name: &str| -> f64 {
            let label = text
                .lines()
                .find(|line| line.contains(&format!(">{name}<")));
            let field = label.expect("a label").rsplit(" y=\"").next();
            let number = field.and_then(|field| field.split('"').next());
            number.expect("a level").parse().expect("a number")
        };
        assert!(level("ours") - level("a") >= LINE - 0.1, "{text}");
    }

    #[test]
    fn every_point_is_drawn_within_the_axes() {
        let plot = Plot {
            points: vec![point("ours", 30.0, 1.3), point("a < b", 0.7, 9.5)],
            caption: "machine".to_owned(),
        };
        let text = plot.to_string();
        assert_eq!(text.matches("<circle").count(), 2);
        assert!(text.contains("a &lt; b"), "{text}");
        for field in text.split("cx=\"").skip(1) {
            let cx: f64 = field.split('"').next().unwrap().parse().unwrap();
            assert!((LEFT..=WIDTH - RIGHT).contains(&cx), "{cx}");
        }
    }
}
