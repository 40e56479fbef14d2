//! Being told to leave.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::Address;

/// SIGTERM and, where we are our own master, SIGINT.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    heeds_interrupt: bool,
}

impl Signals {
    /// An engine that started us ignores SIGINT, which reaches everything in its terminal; so do we then.
    pub(super) fn new(address: &Address) -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        // Taken in any case: a signal that nobody takes ends the process.
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Signals { terminate, interrupt, heeds_interrupt: *address != Address::Stdio })
    }

    /// Waits until somebody says so.
    pub(super) async fn leave(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv(), if self.heeds_interrupt => {}
        }
    }
}
