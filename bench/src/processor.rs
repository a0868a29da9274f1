//! One processor for all that is compared within a round.
//!
//! The processors of a virtual machine are as fast as those who share their cores let them be, each at
//! times of its own: what ran on one does not compare with what ran on another.

use std::process::Child;

use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_getcpu, sched_setaffinity};

/// As long as this lives, the calling thread stays on the processor where it is, and so do the
/// programs that it starts. Where the system has no say in that, nothing happens.
#[derive(Debug)]
pub struct OneProcessor {
    before: Option<CpuSet>,
}

impl OneProcessor {
    /// The one where the calling thread is.
    #[must_use]
    pub fn here() -> Self {
        let before = sched_getaffinity(None).ok();
        let cpu = sched_getcpu();
        // Who could not be moved back is not moved.
        if before.is_some_and(|before| cpu < CpuSet::MAX_CPU && before.is_set(cpu)) {
            let mut here = CpuSet::new();
            here.set(cpu);
            move_to(None, &here);
        }
        Self { before }
    }

    /// Moves a program there that has been started before.
    pub fn fetch(&self, program: &Child) {
        if let Ok(here) = sched_getaffinity(None) {
            move_to(Some(Pid::from_child(program)), &here);
        }
    }
}

impl Drop for OneProcessor {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            move_to(None, before);
        }
    }
}

/// Whoever may not be moved stays where it is, and is measured there.
fn move_to(whom: Option<Pid>, set: &CpuSet) {
    let _ = sched_setaffinity(whom, set);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_and_its_programs_stay_on_one_processor_until_the_end() {
        let of = |whom| sched_getaffinity(whom).expect("a thread or child of this process");
        let before = of(None);
        let mut earlier = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .expect("a program");
        let one = OneProcessor::here();
        one.fetch(&earlier);
        assert_eq!(of(None).count(), 1);
        assert_eq!(of(Some(Pid::from_child(&earlier))), of(None));
        drop(one);
        assert_eq!(of(None), before);
        earlier.kill().expect("still running");
        earlier.wait().expect("a child");
    }
}
