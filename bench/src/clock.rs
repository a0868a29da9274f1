//! Timing and the few statistics the tables show.

use std::time::{Duration, Instant};

use clap::ValueEnum;
use rustix::time::{ClockId, clock_gettime};

/// Which time is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Clock {
    /// Processor time of the whole process: what the work costs, whoever else uses the machine.
    Cpu,
    /// Wall time.
    Wall,
}

impl Clock {
    /// Does `work` and tells how long it took.
    pub fn time<T>(self, work: impl FnOnce() -> T) -> (T, Duration) {
        match self {
            Self::Wall => {
                let start = Instant::now();
                let value = work();
                (value, start.elapsed())
            }
            Self::Cpu => {
                let start = processor_time();
                let value = work();
                (value, processor_time().saturating_sub(start))
            }
        }
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.cast_unsigned(),
        u32::try_from(time.tv_nsec).expect("below a second by definition"),
    )
}

/// The median of some durations in nanoseconds; nothing of nothing.
#[must_use]
pub fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        count if count % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The median over the rounds of one duration divided by another of the same round: what slows a
/// whole round down slows both down. Nothing if they have no round in common.
#[must_use]
pub fn median_ratio(of: &[f64], to: &[f64]) -> Option<f64> {
    let ratios: Vec<f64> = of.iter().zip(to).map(|(of, to)| of / to).collect();
    median(&ratios)
}

/// The geometric mean of some positive numbers; nothing of nothing.
#[must_use]
pub fn geometric_mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.into_iter().fold((0u32, 0.0), |(count, sum), value| {
        (count + 1, sum + value.ln())
    });
    (count > 0).then(|| (sum / f64::from(count)).exp())
}

/// A duration in nanoseconds, as a number to calculate with.
#[must_use]
pub fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        assert_eq!(median_ratio(&[1.0], &[]), None);
        let slow_second_round = ([2.0, 40.0, 2.0], [1.0, 20.0, 1.0, 7.0]);
        assert_eq!(
            median_ratio(&slow_second_round.0, &slow_second_round.1),
            Some(2.0)
        );
    }

    #[test]
    fn geometric_means() {
        assert_eq!(geometric_mean([]), None);
        let mean = geometric_mean([1.0, 4.0]).expect("of two numbers");
        assert!((mean - 2.0).abs() < 1e-12, "{mean}");
    }
}
