//! How long what is read may have waited for us.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use super::clock::Clock;
use super::stream::Probe;

/// How much the system may keep for us unread, in bytes, on both sides of a socket.
const MOST_UNREAD: usize = 8 * 1024 * 1024;

/// Since when there may be something that was not read.
///
/// What is read came after the last time that there was nothing to read. Where more comes than is read at once there is
/// no such time; but the system keeps only so much, so that what is read when that much was read since came after that.
#[derive(Debug)]
pub(super) struct Unread {
    since: Duration,
    /// When it was read before to the brim, and how much is left of what may have been unread then.
    full: Option<(Duration, usize)>,
}

impl Unread {
    /// Nothing can have come before `now`.
    pub(super) fn new(now: Duration) -> Self {
        Unread { since: now, full: None }
    }

    /// There is nothing to read at `now`.
    pub(super) fn nothing(&mut self, now: Duration) {
        (self.since, self.full) = (now, None);
    }

    /// So much was read at `now`, and that was all, unless the buffer is full. Says after what time all of it came.
    pub(super) fn read(&mut self, now: Duration, count: usize, is_full: bool) -> Duration {
        let since = self.since;
        if !is_full {
            self.nothing(now);
            return since;
        }
        self.full = match self.full {
            None => Some((now, MOST_UNREAD)),
            Some((at, left)) if left <= count => {
                self.since = at;
                Some((now, MOST_UNREAD))
            }
            Some((at, left)) => Some((at, left - count)),
        };
        since
    }

    /// Reads, and knows when there was nothing to read.
    pub(super) async fn reading<T>(
        &mut self,
        clock: &Clock,
        probe: &Probe,
        read: impl Future<Output = T>,
    ) -> T {
        let mut read = pin!(read);
        poll_fn(|context| {
            let now = clock.steady();
            let polled = read.as_mut().poll(context);
            // That there is nothing to read may only mean that nobody has looked.
            if polled.is_pending() && probe.is_empty() {
                self.nothing(now);
            }
            polled
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_is_read_came_after_there_was_nothing_to_read() {
        let mut unread = Unread::new(ms(0));
        unread.nothing(ms(700));
        assert_eq!(unread.read(ms(900), 10, false), ms(700));
        assert_eq!(unread.read(ms(2500), 10, false), ms(900), "all was read then");
    }

    #[test]
    fn where_there_is_always_more_it_came_after_all_that_could_be_unread_was_read() {
        let mut unread = Unread::new(ms(0));
        let size = MOST_UNREAD / 4;
        let mut since = Vec::new();
        for time in 1..=10 {
            since.push(unread.read(ms(100 * time), size, true));
        }
        assert_eq!(since, [0, 0, 0, 0, 0, 100, 100, 100, 100, 500].map(ms));
        assert_eq!(unread.read(ms(1100), 5, false), ms(500));
        assert_eq!(unread.read(ms(1200), 5, false), ms(1100));
    }
}
