//! The daemon as a process.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Lines of a stream, as they come.
pub(crate) struct Lines(Receiver<String>);

impl Lines {
    pub(crate) fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Lines(receiver)
    }

    pub(crate) fn take(&self) -> String {
        self.0.recv_timeout(PATIENCE).expect("a line")
    }

    /// The next line in which all of that stands.
    pub(crate) fn wait_for(&self, parts: &[&str]) -> String {
        loop {
            match self.0.recv_timeout(PATIENCE) {
                Ok(line) if parts.iter().all(|part| line.contains(part)) => return line,
                Ok(_) => {}
                Err(problem) => panic!("no line with {parts:?}: {problem}"),
            }
        }
    }

    /// What is left, until the end.
    pub(crate) fn rest(&self) -> Vec<String> {
        std::iter::from_fn(|| self.0.recv_timeout(PATIENCE).ok()).collect()
    }

    pub(crate) fn ended(&self) -> bool {
        loop {
            match self.0.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return true,
                Err(RecvTimeoutError::Timeout) => return false,
            }
        }
    }
}

/// `touchtone run`, ended with the test.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) log: Lines,
}

impl Daemon {
    pub(crate) fn start(config: &Path, address: &str) -> Self {
        // A file that would be larger than is allowed is then an error, as on a full disk, and no end.
        let mut child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_touchtone")])
            .env("TOUCHTONE_LOG", "debug")
            .args(["run", "--connect", address, "--config"])
            .arg(config)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the daemon");
        let log = Lines::of(child.stderr.take().expect("a log"));
        Daemon { child, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How large a file may become that it writes, in bytes; any size if that is not said. What would be larger is refused
    /// as on a disk that is full.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let (id, limit) = (format!("--pid={}", self.id()), format!("--fsize={limit}:unlimited"));
        assert!(Command::new("prlimit").args([id, limit]).status().expect("prlimit").success());
    }

    pub(crate) fn signal(&self, signal: &str) {
        send_signal(&self.child, signal);
    }

    /// Has it leave as it should.
    pub(crate) fn leave(&mut self) {
        self.signal("-TERM");
        assert!(self.wait().success(), "it leaves well");
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("an end")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn touchtone() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchtone"));
    command.env("TOUCHTONE_LOG", "debug");
    command
}

pub(crate) fn send_signal(child: &Child, signal: &str) {
    let status = Command::new("kill").arg(signal).arg(child.id().to_string()).status();
    assert!(status.expect("kill").success());
}
