//! Judges candidates in a child process that may die of them.
//!
//! The parent writes a line per candidate, the child answers with a line. When the child
//! dies or is silent for too long, that is the answer, and the next candidate gets a new
//! child.

use std::io::{self, BufRead, BufReader, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use super::{Judge, Message, Signature, signature};
use crate::regression::Regression;

/// The child's side: answers until its input ends.
pub fn serve() -> io::Result<()> {
    /// Where the last panic happened.
    static PLACE: Mutex<Option<String>> = Mutex::new(None);
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or("somewhere".into(), ToString::to_string);
        *PLACE
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(place);
    }));
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let answer = panic::catch_unwind(AssertUnwindSafe(|| {
            let message: Message = serde_json::from_str(&line).ok()?;
            // What is not valid any more does not fail in the way that is looked for.
            signature(&message.into_regression()?).ok().flatten()
        }));
        let answer = answer.unwrap_or_else(|_| {
            let place = PLACE
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .take();
            Some(Signature::Panicked(place.unwrap_or_default()))
        });
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

/// The parent's side.
pub struct Worker {
    program: PathBuf,
    args: Vec<String>,
    limit: Duration,
    running: Option<Running>,
}

struct Running {
    child: Child,
    answers: Receiver<String>,
}

impl Worker {
    /// Children are started as `program args…`, which has to call [`serve`]; each
    /// candidate may take as long as `limit`.
    pub fn new(program: PathBuf, args: Vec<String>, limit: Duration) -> Worker {
        Worker {
            program,
            args,
            limit,
            running: None,
        }
    }

    /// How `candidate` fails, if it does.
    pub fn judge(&mut self, candidate: &Regression) -> io::Result<Option<Signature>> {
        if self.running.is_none() {
            self.running = Some(self.start()?);
        }
        let running = self.running.as_mut().expect("started above");
        let mut line = serde_json::to_string(&Message::of(candidate))?;
        line.push('\n');
        let input = running.child.stdin.as_mut().expect("the input is a pipe");
        // A child that died before it read the line is noticed below.
        let _ = input
            .write_all(line.as_bytes())
            .and_then(|()| input.flush());
        match running.answers.recv_timeout(self.limit) {
            Ok(answer) => Ok(serde_json::from_str(&answer)?),
            Err(RecvTimeoutError::Timeout) => {
                self.stop();
                Ok(Some(Signature::TimedOut))
            }
            Err(RecvTimeoutError::Disconnected) => {
                let mut running = self.running.take().expect("it was running until now");
                let status = running.child.wait()?;
                Ok(Some(Signature::Crashed(how(status))))
            }
        }
    }

    fn start(&self) -> io::Result<Running> {
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = child.stdout.take().expect("the output is a pipe");
        let (send, answers) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { return };
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Running { child, answers })
    }

    fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            // It may have ended by itself just now.
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

impl Judge for Worker {
    fn judge(&mut self, candidate: &Regression) -> io::Result<Option<Signature>> {
        Worker::judge(self, candidate)
    }

    fn hurry(&mut self, limit: Duration) {
        self.limit = self.limit.min(limit);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}

fn how(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("signal {signal}"),
        (None, Some(code)) => format!("exit code {code}"),
        (None, None) => "unknown".into(),
    }
}
