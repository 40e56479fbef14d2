//! Time as the core is told it.

use std::time::Duration;

use jiff::Timestamp;

/// An instant, given to the core with every input: a steady clock for timers, and the date for names of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Time since some fixed start; it never goes back. Every timer is measured on it.
    pub steady: Duration,
    /// The date and time of day, which may jump.
    pub date: Timestamp,
}

impl Moment {
    /// A moment `steady` after the start of a clock that began at `epoch`.
    #[must_use]
    pub fn at(steady: Duration, epoch: Timestamp) -> Self {
        Moment { steady, date: epoch.checked_add(steady).unwrap_or(Timestamp::MAX) }
    }
}
