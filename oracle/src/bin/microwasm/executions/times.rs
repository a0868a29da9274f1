//! Processor time that inputs took, and what is said of it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// Does `work` and tells how much processor time this thread spent on it.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = thread_time();
    let value = work();
    (value, thread_time().saturating_sub(start))
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.cast_unsigned(),
        u32::try_from(time.tv_nsec).expect("below a second by definition"),
    )
}

/// A duration in microseconds.
pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// The time of many inputs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Summary {
    /// How many.
    pub(crate) inputs: usize,
    /// All of them together.
    pub(crate) total: Duration,
    /// At least half of them took no longer.
    pub(crate) median: Duration,
    /// At least nine tenths of them took no longer.
    pub(crate) p90: Duration,
}

impl Summary {
    /// Sums up.
    pub(crate) fn of(mut times: Vec<Duration>) -> Summary {
        times.sort_unstable();
        Summary {
            inputs: times.len(),
            total: times.iter().sum(),
            median: percentile(&times, 50),
            p90: percentile(&times, 90),
        }
    }

    /// Microseconds per input.
    pub(crate) fn mean(&self) -> f64 {
        micros(self.total) / self.inputs.max(1) as f64
    }

    /// Inputs per second of processor time.
    pub(crate) fn per_second(&self) -> f64 {
        if self.total.is_zero() {
            return 0.0;
        }
        self.inputs as f64 / self.total.as_secs_f64()
    }

    /// The same for machines.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "inputs": self.inputs,
            "per_second": self.per_second(),
            "mean_micros": self.mean(),
            "median_micros": micros(self.median),
            "p90_micros": micros(self.p90),
        })
    }
}

/// The smallest of some sorted durations that so many percent of them do not exceed; zero of none.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_durations_that_were_measured() {
        let times = |count: u64| (1..=count).map(Duration::from_micros).collect::<Vec<_>>();
        for (count, median, p90) in [
            (1, 1, 1),
            (2, 1, 2),
            (10, 5, 9),
            (11, 6, 10),
            (1000, 500, 900),
        ] {
            let summary = Summary::of(times(count).into_iter().rev().collect());
            assert_eq!(summary.median, Duration::from_micros(median), "{count}");
            assert_eq!(summary.p90, Duration::from_micros(p90), "{count}");
            assert_eq!(summary.inputs as u64, count);
        }
        assert_eq!(Summary::of(Vec::new()).p90, Duration::ZERO);
    }

    #[test]
    fn means_and_rates() {
        let summary = Summary::of(vec![Duration::from_micros(1), Duration::from_micros(3)]);
        assert!((summary.mean() - 2.0).abs() < 1e-9, "{summary:?}");
        assert!(
            (summary.per_second() - 500_000.0).abs() < 1e-3,
            "{summary:?}"
        );
    }

    #[test]
    fn time_passes_while_a_thread_works_only() {
        let wait = Duration::from_millis(50);
        let ((), slept) = timed(|| std::thread::sleep(wait));
        assert!(slept < wait, "{slept:?}");
        let ((), worked) = timed(|| {
            let start = thread_time();
            while thread_time() - start < Duration::from_millis(2) {}
        });
        assert!(worked >= Duration::from_millis(2), "{worked:?}");
    }
}
