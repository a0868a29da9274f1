//! Colours and progress: on a terminal only.

use std::io::{IsTerminal as _, stderr, stdout};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Where a text is going to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

fn paint(text: &str, code: u8, stream: Stream) -> String {
    let terminal = match stream {
        Stream::Out => stdout().is_terminal(),
        Stream::Err => stderr().is_terminal(),
    };
    if terminal && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// A text that says that all is well.
pub(crate) fn good(text: &str, stream: Stream) -> String {
    paint(text, 32, stream)
}

/// A text that says that something is wrong.
pub(crate) fn bad(text: &str, stream: Stream) -> String {
    paint(text, 31, stream)
}

/// How often progress is printed where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// A progress bar on a terminal, a line now and then elsewhere. Goes to standard error.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    total: u64,
    last: Instant,
}

impl Progress {
    /// Progress towards `total` things, called `what`.
    pub(crate) fn new(what: &'static str, total: u64) -> Progress {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} ({eta} left)");
            ProgressBar::new(total)
                .with_style(style.expect("the template is a constant that parses"))
        });
        Progress {
            bar,
            what,
            total,
            last: Instant::now(),
        }
    }

    /// Says that `done` things are done.
    pub(crate) fn set(&mut self, done: u64, message: impl FnOnce() -> String) {
        match &self.bar {
            Some(bar) => {
                bar.set_position(done);
                bar.set_message(format!("{}, {}", self.what, message()));
            }
            None if self.last.elapsed() >= EVERY => {
                self.last = Instant::now();
                eprintln!("{done}/{} {}, {}", self.total, self.what, message());
            }
            None => {}
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
