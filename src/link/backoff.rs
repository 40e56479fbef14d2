//! How long to wait before a connection is tried again.

use std::time::Duration;

/// Doubles the wait from the shortest to the longest.
#[derive(Debug)]
pub(super) struct Backoff {
    shortest: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(super) fn new((shortest, longest): (Duration, Duration)) -> Self {
        Backoff { shortest, longest, next: shortest }
    }

    /// The wait now; the one after it is longer.
    pub(super) fn next(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(self.longest);
        wait
    }

    /// The engine spoke: the next wait is the shortest again.
    pub(super) fn reset(&mut self) {
        self.next = self.shortest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew() {
        let second = Duration::from_secs;
        let mut backoff = Backoff::new((second(1), second(5)));
        assert_eq!(
            [backoff.next(), backoff.next(), backoff.next(), backoff.next()],
            [1, 2, 4, 5].map(second)
        );
        backoff.reset();
        assert_eq!(backoff.next(), second(1));
    }
}
