//! How what fills the terminal is told to leave.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How long the terminal's owner has to leave by itself.
const PATIENCE: Duration = Duration::from_millis(500);

/// Whether a signal has told this process to leave; Ctrl-C is a key, unless somebody else sends it.
///
/// Who reads from a terminal that is gone reads for ever and does not look. Some time after the signal the terminal is
/// restored, if there is one, and the process ended as by that signal.
#[allow(clippy::disallowed_methods)] // The edge: people wait in real time.
pub(super) fn told_to_leave(restore: fn() -> io::Result<()>) -> io::Result<Arc<AtomicBool>> {
    let told = Arc::new(AtomicBool::new(false));
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let tell = told.clone();
    thread::Builder::new().name("leave".to_owned()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            tell.store(true, Ordering::Relaxed);
            thread::sleep(PATIENCE);
            // There may be no terminal any more, and who reads from it may hold the lock that is needed to write to it.
            let (done, restored) = mpsc::channel();
            thread::spawn(move || done.send(restore()));
            let _ = restored.recv_timeout(PATIENCE);
            process::exit(128 + signal);
        }
    })?;
    Ok(told)
}
