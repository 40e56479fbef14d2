//! The other side of the control socket: what commands ask by.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::protocol::{Command, MAX_LINE, Outcome, Request, Response, VERSION};

/// How long the daemon may take; a little longer than it gives itself.
pub const PATIENCE: Duration = Duration::from_secs(35);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Nobody listens there.
    #[error(
        "no touchtone listens on {}\nis `touchtone run` running with this configuration, and does it have [control]?",
        .0.display()
    )]
    NotRunning(PathBuf),
    /// We may not.
    #[error("{} may not be used by this user: [control] says by its mode who may", .0.display())]
    Denied(PathBuf),
    /// Something else listens there, or another version.
    #[error(
        "the daemon speaks version {0} of the control protocol, and this command version {VERSION}: they are of different releases"
    )]
    Version(u64),
    /// It took too long.
    #[error("no answer came within {} s; what was asked may be done all the same", .0.as_secs())]
    Late(Duration),
    /// It went away.
    #[error("touchtone closed the connection without an answer; its log may say why")]
    Closed,
    /// What was answered is no answer.
    #[error("what was answered cannot be understood ({0}); is it a touchtone that listens there?")]
    NotUnderstood(String),
    /// What is asked is too much for a line.
    #[error("what is asked is longer than the {MAX_LINE} bytes that a line may have; ask in parts")]
    TooLong,
    /// The system refuses.
    #[error("{} cannot be used: {error}", .path.display())]
    System {
        /// Where it was to be.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// A connection to a daemon.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
    path: PathBuf,
    patience: Duration,
    id: u64,
}

impl Client {
    /// Connects to the daemon that listens there.
    ///
    /// # Errors
    /// Nobody listens there, or we may not connect.
    pub fn connect(path: &Path, patience: Duration) -> Result<Client, Problem> {
        let stream = UnixStream::connect(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => Problem::NotRunning(path.to_owned()),
            ErrorKind::PermissionDenied => Problem::Denied(path.to_owned()),
            _ => Problem::System { path: path.to_owned(), error },
        })?;
        Ok(Client { stream: BufReader::new(stream), path: path.to_owned(), patience, id: 0 })
    }

    /// Asks, and waits for what comes of it.
    ///
    /// # Errors
    /// No answer came that can be understood; ask no more on this connection then.
    pub fn ask(&mut self, command: Command) -> Result<Outcome, Problem> {
        self.id += 1;
        let request = Request { v: VERSION, id: Some(self.id), command };
        let mut line = serde_json::to_vec(&request).map_err(|error| self.system(error.into()))?;
        if line.len() > MAX_LINE {
            return Err(Problem::TooLong);
        }
        line.push(b'\n');
        let due = now() + self.patience;
        self.limit(due)?;
        match self.stream.get_mut().write_all(&line) {
            // Who is turned away is told why before the door is closed.
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {}
            written => written.map_err(|error| self.failed(error))?,
        }
        let line = self.line(due)?;
        self.understand(&line)
    }

    fn understand(&self, line: &[u8]) -> Result<Outcome, Problem> {
        let not_understood = |error: serde_json::Error| Problem::NotUnderstood(error.to_string());
        let said: Value = serde_json::from_slice(line).map_err(not_understood)?;
        match said.get("v").and_then(Value::as_u64) {
            Some(v) if v == u64::from(VERSION) => {}
            Some(v) => return Err(Problem::Version(v)),
            None => return Err(Problem::NotUnderstood("it has no version".to_owned())),
        }
        let Response { id, outcome, .. } = serde_json::from_value(said).map_err(not_understood)?;
        match (id, &outcome) {
            // What is not about one request has no identifier.
            (None, Outcome::Error(_)) => Ok(outcome),
            (Some(id), _) if id == self.id => Ok(outcome),
            _ => Err(Problem::NotUnderstood("it answers something else".to_owned())),
        }
    }

    /// The next line, before `due`.
    fn line(&mut self, due: Instant) -> Result<Vec<u8>, Problem> {
        let mut line = Vec::new();
        loop {
            self.limit(due)?;
            let most = u64::try_from(MAX_LINE + 1 - line.len()).unwrap_or(u64::MAX);
            let part = self.stream.fill_buf().map(|there| (there.len(), there.contains(&b'\n')));
            let ended = match part {
                Ok((0, _)) => return Err(Problem::Closed),
                Ok((_, true)) => self.stream.by_ref().take(most).read_until(b'\n', &mut line),
                Ok((length, false)) => {
                    let length = u64::try_from(length).unwrap_or(u64::MAX).min(most);
                    self.stream.by_ref().take(length).read_to_end(&mut line)
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.failed(error)),
            };
            ended.map_err(|error| self.failed(error))?;
            if line.last() == Some(&b'\n') {
                return Ok(line);
            }
            if line.len() > MAX_LINE {
                return Err(Problem::NotUnderstood("it is too long".to_owned()));
            }
        }
    }

    /// What is read or written from now on has to be done by `due`.
    fn limit(&self, due: Instant) -> Result<(), Problem> {
        let left = due.checked_duration_since(now()).filter(|left| !left.is_zero());
        let left = Some(left.ok_or(Problem::Late(self.patience))?);
        let stream = self.stream.get_ref();
        let set = stream.set_read_timeout(left).and_then(|()| stream.set_write_timeout(left));
        set.map_err(|error| self.system(error))
    }

    fn failed(&self, error: io::Error) -> Problem {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Problem::Late(self.patience),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof => Problem::Closed,
            _ => self.system(error),
        }
    }

    fn system(&self, error: io::Error) -> Problem {
        Problem::System { path: self.path.clone(), error }
    }
}

#[allow(clippy::disallowed_methods)] // The edge: a person waits.
fn now() -> Instant {
    Instant::now()
}
