//! Lines of the log that were lost. The log is one for the whole process, and so is their count.

use std::sync::atomic::{AtomicU64, Ordering};

static LOST: AtomicU64 = AtomicU64::new(0);

/// So many lines were lost.
pub fn lose(lines: u64) {
    LOST.fetch_add(lines, Ordering::Relaxed);
}

/// How many were lost so far.
#[must_use]
pub fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}
