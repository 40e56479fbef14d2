//! A process beside ours that holds the connection too, and ends it if we cannot.
//!
//! An engine lets go of what waits for a module when the module's connection ends. Where it is reset instead, as the
//! system does when a process is killed that has not read all that came, the engine lets every message that it had sent
//! run into its time-out: with ten of them all its workers stand still. So that nobody has to wait because we were
//! killed, a second process keeps the connection open, and ends it in order when we are gone.

use std::io::{self, Read};
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use socket2::Socket;
use tracing::warn;

/// How long the engine may take to close, once we have.
const PATIENCE: Duration = Duration::from_secs(3);

/// The argument that makes a program of ours the guard.
pub const ARGUMENT: &str = "guard";

/// The other process. It ends when this is dropped, and with it the connection.
#[derive(Debug)]
pub(super) struct Guard {
    /// The other end is what it waits at.
    ours: Option<ChildStdin>,
    wanted: Arc<AtomicBool>,
}

impl Guard {
    /// Starts it from that program, which is ours.
    ///
    /// # Errors
    /// What the system says if it cannot be started.
    pub(super) fn start(program: &Path, connection: OwnedFd) -> io::Result<Self> {
        // It learns by its standard input that we are gone, and no key at a terminal reaches it.
        let mut child = Command::new(program)
            .arg(ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::from(connection))
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let (ours, wanted) = (child.stdin.take(), Arc::new(AtomicBool::new(true)));
        let still = wanted.clone();
        // It ends long after us, or before, if somebody kills it.
        thread::spawn(move || {
            let ended = child.wait();
            if still.load(Ordering::Relaxed) {
                warn!(
                    ?ended,
                    "the guard of the connection is gone: until the next connection, digits wait for the engine's \
                     time-out if touchtone is killed"
                );
            }
        });
        Ok(Guard { ours, wanted })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Relaxed);
        drop(self.ours.take());
    }
}

/// What that process does: it waits until standard input ends, then ends the connection that is its standard output, and
/// reads what had come, so that the system resets nothing.
///
/// # Errors
/// If standard output is no connection.
pub fn stand() -> io::Result<()> {
    io::copy(&mut io::stdin(), &mut io::sink())?;
    let mut connection = Socket::from(io::stdout().as_fd().try_clone_to_owned()?);
    connection.shutdown(Shutdown::Write)?;
    connection.set_nonblocking(false)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    let mut unread = [0; 64 * 1024];
    while connection.read(&mut unread)? > 0 {}
    Ok(())
}
