//! Putting the digits of one channel in order.
//!
//! The engine dispatches on several threads, so digits keyed fast arrive out of order. It counts them: `sequence`
//! starts at 1 on each channel and also counts digits that the engine itself dropped, so a gap may never be filled
//! and is waited for only shortly.

use std::time::Duration;

/// How far back a digit is still known to have been seen.
const WINDOW: u32 = 64;

/// Puts what is counted in order; `T` is what one message carried.
#[derive(Debug, Clone)]
pub struct Order<T> {
    /// The number expected next; 0 while none was seen.
    next: u32,
    /// Bit `n` is set if number `next - 1 - n` was given out.
    seen: u64,
    early: Vec<Early<T>>,
}

/// What came before those that it follows.
#[derive(Debug, Clone)]
struct Early<T> {
    number: u32,
    /// Until when they are waited for.
    due: Duration,
    item: T,
}

/// What became of one that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is its turn, perhaps with early ones after it; they are in `out`.
    Ready,
    /// It waits for earlier ones.
    Early,
    /// This number was given out before, or waits already.
    Repeated,
}

impl<T> Default for Order<T> {
    fn default() -> Self {
        Order { next: 0, seen: 0, early: Vec::new() }
    }
}

impl<T> Order<T> {
    /// The order of a channel that was seen from its first moment: number 1 comes first.
    #[must_use]
    pub fn from_start() -> Self {
        Order { next: 1, ..Order::default() }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due, if something waits.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.early.iter().map(|waiting| waiting.due).min()
    }

    /// Takes what arrived with `number`; what can go on now is appended to `out`, in order.
    ///
    /// A gap is waited for until `patience` after it was noticed. What comes later than that is given out at once:
    /// late is better than lost.
    pub fn accept(
        &mut self,
        now: Duration,
        number: u32,
        item: T,
        patience: Duration,
        out: &mut Vec<T>,
    ) -> Arrival {
        if self.next == 0 {
            self.next = number;
        }
        if number > self.next {
            return self.keep(now + patience, number, item);
        }
        let back = self.next - number;
        if back > WINDOW {
            // So far back that the engine must have begun to count anew.
            self.next = number;
            self.seen = 0;
        } else if back > 0 {
            let bit = 1 << (back - 1);
            if self.seen & bit != 0 {
                return Arrival::Repeated;
            }
            self.seen |= bit;
            out.push(item);
            return Arrival::Ready;
        }
        self.give(number, item, out);
        self.give_following(out);
        Arrival::Ready
    }

    /// How many wait for earlier ones.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.early.len()
    }

    /// Gives out what has waited long enough at `now`, and what comes before it or follows it.
    pub fn handle_timeout(&mut self, now: Duration, out: &mut Vec<T>) {
        while self.poll_timeout().is_some_and(|due| due <= now) {
            let Some(lowest) = self.lowest() else { return };
            self.give(lowest.number, lowest.item, out);
            self.give_following(out);
        }
    }

    /// Gives out what waits, in order.
    pub fn flush(&mut self, out: &mut Vec<T>) {
        while let Some(lowest) = self.lowest() {
            self.give(lowest.number, lowest.item, out);
        }
    }

    fn lowest(&mut self) -> Option<Early<T>> {
        let lowest = (0..self.early.len()).min_by_key(|&at| self.early[at].number)?;
        Some(self.early.swap_remove(lowest))
    }

    fn keep(&mut self, due: Duration, number: u32, item: T) -> Arrival {
        if self.early.iter().any(|waiting| waiting.number == number) {
            return Arrival::Repeated;
        }
        self.early.push(Early { number, due, item });
        Arrival::Early
    }

    fn give(&mut self, number: u32, item: T, out: &mut Vec<T>) {
        let skipped = number - self.next;
        self.seen = self.seen.checked_shl(skipped + 1).unwrap_or(0) | 1;
        self.next = number.saturating_add(1);
        out.push(item);
    }

    fn give_following(&mut self, out: &mut Vec<T>) {
        while let Some(at) = self.early.iter().position(|waiting| waiting.number == self.next) {
            let Early { number, item, .. } = self.early.swap_remove(at);
            self.give(number, item, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PATIENCE: Duration = Duration::from_millis(100);
    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn take(order: &mut Order<u32>, at: u64, number: u32) -> (Arrival, Vec<u32>) {
        let mut out = Vec::new();
        let arrival = order.accept(ms(at), number, number, PATIENCE, &mut out);
        (arrival, out)
    }

    #[test]
    fn what_comes_early_waits_for_what_comes_late() {
        let mut order = Order::from_start();
        assert_eq!(take(&mut order, 0, 2), (Arrival::Early, vec![]));
        assert_eq!(take(&mut order, 1, 3), (Arrival::Early, vec![]));
        assert_eq!(take(&mut order, 2, 1), (Arrival::Ready, vec![1, 2, 3]));
        assert_eq!(order.poll_timeout(), None);
    }

    #[test]
    fn a_gap_that_is_never_filled_is_waited_for_only_shortly() {
        let mut order = Order::from_start();
        take(&mut order, 0, 1);
        take(&mut order, 10, 3);
        assert_eq!(order.poll_timeout(), Some(ms(110)));
        let mut out = Vec::new();
        order.handle_timeout(ms(109), &mut out);
        assert!(out.is_empty());
        order.handle_timeout(ms(110), &mut out);
        assert_eq!(out, [3]);
        assert_eq!(take(&mut order, 120, 4), (Arrival::Ready, vec![4]));
    }

    #[test]
    fn each_gap_is_waited_for_as_long_as_the_other() {
        let mut order = Order::from_start();
        take(&mut order, 0, 3);
        take(&mut order, 90, 5);
        take(&mut order, 95, 1);
        assert_eq!(take(&mut order, 95, 2), (Arrival::Ready, vec![2, 3]));
        assert_eq!(order.poll_timeout(), Some(ms(190)), "4 was missed at 90");
        assert_eq!(take(&mut order, 105, 4), (Arrival::Ready, vec![4, 5]));
    }

    #[test]
    fn what_comes_after_its_gap_was_given_up_is_not_lost_and_not_given_twice() {
        let mut order = Order::from_start();
        take(&mut order, 0, 2);
        order.handle_timeout(ms(100), &mut Vec::new());
        assert_eq!(take(&mut order, 150, 1), (Arrival::Ready, vec![1]));
        assert_eq!(take(&mut order, 160, 1), (Arrival::Repeated, vec![]));
        assert_eq!(take(&mut order, 170, 2), (Arrival::Repeated, vec![]));
    }

    #[test]
    fn a_channel_met_in_the_middle_starts_with_what_comes_first() {
        let mut order = Order::default();
        assert_eq!(take(&mut order, 0, 17), (Arrival::Ready, vec![17]));
        assert_eq!(take(&mut order, 1, 18), (Arrival::Ready, vec![18]));
        assert_eq!(take(&mut order, 1, 16), (Arrival::Ready, vec![16]));
    }

    proptest! {
        #[test]
        fn each_number_is_given_exactly_once_and_a_shuffle_within_the_patience_is_undone(
            swaps in prop::collection::vec(0usize..5, 40),
        ) {
            let mut numbers: Vec<u32> = (1..=40).collect();
            for (at, by) in swaps.into_iter().enumerate() {
                let to = (at + by).min(39);
                numbers.swap(at, to);
            }
            let mut order = Order::from_start();
            let mut out = Vec::new();
            for &number in &numbers {
                order.accept(ms(0), number, number, PATIENCE, &mut out);
                order.accept(ms(0), number, number, PATIENCE, &mut out);
            }
            prop_assert_eq!(out, (1..=40).collect::<Vec<_>>());
        }

        #[test]
        fn nothing_is_lost_whatever_the_numbers(numbers in prop::collection::hash_set(1u32..200, 0..60)) {
            let mut order = Order::default();
            let mut out = Vec::new();
            for &number in &numbers {
                order.accept(ms(0), number, number, PATIENCE, &mut out);
            }
            order.flush(&mut out);
            out.sort_unstable();
            let mut expected: Vec<_> = numbers.into_iter().collect();
            expected.sort_unstable();
            prop_assert_eq!(out, expected);
        }
    }
}
