//! Being told to leave.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::Address;

/// SIGTERM and, where we are our own master, SIGINT.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Option<Signal>,
}

impl Signals {
    /// An engine that started us ignores SIGINT, which reaches its whole terminal; so do we then.
    pub(super) fn new(address: &Address) -> io::Result<Self> {
        let interrupt =
            if *address == Address::Stdio { None } else { Some(signal(SignalKind::interrupt())?) };
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt })
    }

    /// Waits until somebody says so.
    pub(super) async fn leave(&mut self) {
        let Some(interrupt) = &mut self.interrupt else {
            self.terminate.recv().await;
            return;
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
