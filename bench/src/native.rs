//! The kernels as native programs: the yardstick of `run`.
//!
//! A native kernel is a program that `bench/kernels/build` made; it is started once and asked for
//! one round at a time, so that it takes its turn among the engines. It times itself.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::clock::Clock;
use crate::processor::OneProcessor;

/// Where `bench/kernels/build` puts the programs.
pub const DIRECTORY: &str = "target/kernels";

/// A running native kernel.
#[derive(Debug)]
pub struct Native {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Native {
    /// Starts the program of a kernel; nothing if it has not been built.
    pub fn start(name: &str) -> io::Result<Option<Self>> {
        let path = Path::new(DIRECTORY).join(name);
        if !path.is_file() {
            return Ok(None);
        }
        let mut child = Command::new(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let requests = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let answers = BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        Ok(Some(Self {
            child,
            requests,
            answers,
        }))
    }

    /// One round on the processor of those that it is compared with: the checksum and the time it took.
    pub fn run(
        &mut self,
        scale: i32,
        clock: Clock,
        processor: &OneProcessor,
    ) -> io::Result<(i64, Duration)> {
        processor.fetch(&self.child);
        writeln!(self.requests, "{scale}")?;
        self.requests.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let mut numbers = line
            .split_whitespace()
            .map_while(|word| word.parse::<i64>().ok());
        let (Some(checksum), Some(wall), Some(cpu)) =
            (numbers.next(), numbers.next(), numbers.next())
        else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let taken = match clock {
            Clock::Wall => wall,
            Clock::Cpu => cpu,
        };
        Ok((checksum, Duration::from_nanos(taken.unsigned_abs())))
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        // The program is only killed if it does not hear that there is nothing more to do; either
        // way there is nobody left to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
