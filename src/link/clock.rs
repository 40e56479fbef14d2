//! The one clock of a running module.
#![allow(clippy::disallowed_methods)] // The edge reads the clock so that nothing else has to.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::moment::Moment;

/// Tells the core what time it is.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that begins now.
    #[must_use]
    pub fn start() -> Self {
        Clock { start: Instant::now() }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment { steady: self.steady(), date: Timestamp::now() }
    }

    /// Now, by the steady clock alone.
    #[must_use]
    pub fn steady(&self) -> Duration {
        self.start.elapsed()
    }

    /// Waits until the clock shows `due`; for ever if nothing is due.
    pub async fn until(&self, due: Option<Duration>) {
        match due {
            Some(due) => tokio::time::sleep_until((self.start + due).into()).await,
            None => std::future::pending().await,
        }
    }
}
