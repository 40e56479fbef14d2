//! Every timer there is, in one table.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

/// What a timer is for; matched exhaustively where timers run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The digits that a channel holds.
    Keypad(usize),
    /// A digit of a channel that waits for an earlier one.
    Order(usize),
    /// The first key of a channel in a state that asks for one.
    FirstKey(usize),
    /// The answer to a message of ours.
    Flight(u64),
    /// What is being said to a channel, where the engine does not tell its end.
    Speech(usize),
    /// What is being said to a room.
    Announcement(u64),
    /// A PIN that is to be looked at.
    Pin(u64),
    /// Somebody whom we call.
    Ring(u64),
    /// A room that its last organizer has left.
    Ending(u64),
    /// What was kept in the store, which operations wait for.
    Kept,
    /// What is to be kept there, and could not be.
    Keep,
    /// The clock on the wall.
    Schedule,
    /// What is believed, which is compared with what is so.
    Recheck,
    /// The engine's part in starting or leaving.
    Session,
}

/// The timers, by when they are due.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeSet<(Duration, Timer)>,
    flights: Flights,
}

/// The timers of messages, which are numbered as they are sent and wait for as long as each other: the first that was
/// sent is the first that is due, and no order is to be looked for.
#[derive(Debug, Default)]
struct Flights {
    /// The number of the first.
    first: u64,
    /// When each is due from there on; `None` for those that were answered. The first and the last run.
    due: VecDeque<Option<Duration>>,
}

impl Flights {
    /// Says whether it was added; it is not if it is not behind all others.
    fn add(&mut self, number: u64, at: Duration) -> bool {
        if self.due.is_empty() {
            self.first = number;
        }
        let next = self.first + self.due.len() as u64;
        let behind = self.due.back().copied().flatten().is_none_or(|last| last <= at);
        let follows = number >= next && number - next <= SKIPPED;
        if behind && follows {
            self.due.extend((next..number).map(|_| None).chain([Some(at)]));
        }
        behind && follows
    }

    /// Says whether it was there.
    fn remove(&mut self, number: u64, at: Duration) -> bool {
        let place = number.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        let Some(due) = place.and_then(|place| self.due.get_mut(place)).filter(|due| **due == Some(at))
        else {
            return false;
        };
        *due = None;
        while self.due.front().is_some_and(Option::is_none) {
            self.due.pop_front();
            self.first += 1;
        }
        while self.due.back().is_some_and(Option::is_none) {
            self.due.pop_back();
        }
        true
    }

    fn next(&self) -> Option<(Duration, Timer)> {
        Some((self.due.front().copied().flatten()?, Timer::Flight(self.first)))
    }
}

/// How many numbers may be between two that wait in a row.
const SKIPPED: u64 = 64;

impl Timers {
    /// Moves a timer from when it was due to when it is due now.
    pub(super) fn change(&mut self, timer: Timer, from: Option<Duration>, to: Option<Duration>) {
        if from == to {
            return;
        }
        if let Some(at) = from
            && !matches!(timer, Timer::Flight(number) if self.flights.remove(number, at))
        {
            self.due.remove(&(at, timer));
        }
        if let Some(at) = to
            && !matches!(timer, Timer::Flight(number) if self.flights.add(number, at))
        {
            self.due.insert((at, timer));
        }
    }

    /// When the first is due.
    pub(super) fn next(&self) -> Option<Duration> {
        self.first().map(|(at, _)| at)
    }

    fn first(&self) -> Option<(Duration, Timer)> {
        let others = self.due.first().copied();
        match (self.flights.next(), others) {
            (Some(flight), Some(other)) => Some(flight.min(other)),
            (flight, other) => flight.or(other),
        }
    }

    /// Whether any runs but these.
    pub(super) fn is_any_but(&self, timers: &[Timer]) -> bool {
        self.flights.next().is_some() || self.due.iter().any(|(_, other)| !timers.contains(other))
    }

    /// Takes the first, if it is due at `now`.
    pub(super) fn pop(&mut self, now: Duration) -> Option<Timer> {
        let (at, timer) = self.first().filter(|&(at, _)| at <= now)?;
        self.change(timer, Some(at), None);
        Some(timer)
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        *self = Timers::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Act {
        /// A timer of this number is due that much from now on.
        Start(u64, u64),
        Stop(u64),
        Wait(u64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            4 => (0..12u64, 0..6u64).prop_map(|(number, wait)| Act::Start(number, wait)),
            2 => (0..12u64).prop_map(Act::Stop),
            2 => (0..4u64).prop_map(Act::Wait),
        ]
    }

    proptest! {
        #[test]
        fn timers_of_messages_run_out_as_those_of_a_sorted_list(acts in prop::collection::vec(act(), 0..60)) {
            let (mut timers, mut model, mut now) = (Timers::default(), Vec::<(Duration, Timer)>::new(), 0);
            let mut sent = 0u64;
            for act in acts {
                match act {
                    Act::Start(back, wait) => {
                        // Most are new; some that were sent before are waited for anew.
                        sent += 1;
                        let number = if back < 8 { sent * 3 } else { (sent.saturating_sub(back)) * 3 };
                        let (timer, at) = (Timer::Flight(number), Duration::from_secs(now + wait));
                        let before = model.iter().find(|(_, other)| *other == timer).map(|&(at, _)| at);
                        model.retain(|(_, other)| *other != timer);
                        model.push((at, timer));
                        timers.change(timer, before, Some(at));
                    }
                    Act::Stop(back) => {
                        let timer = Timer::Flight(sent.saturating_sub(back) * 3);
                        let before = model.iter().find(|(_, other)| *other == timer).map(|&(at, _)| at);
                        model.retain(|(_, other)| *other != timer);
                        timers.change(timer, before, None);
                    }
                    Act::Wait(more) => {
                        now += more;
                        let mut out = Vec::new();
                        while let Some(timer) = timers.pop(Duration::from_secs(now)) {
                            out.push(timer);
                        }
                        model.sort();
                        let due = model.iter().take_while(|(at, _)| *at <= Duration::from_secs(now)).count();
                        let expected: Vec<_> = model.drain(..due).map(|(_, timer)| timer).collect();
                        prop_assert_eq!(out, expected);
                    }
                }
                prop_assert_eq!(timers.next(), model.iter().map(|&(at, _)| at).min());
            }
        }
    }
}
