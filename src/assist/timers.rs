//! Every timer there is, in one table.

use std::collections::BTreeSet;
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
    /// The engine's part in starting or leaving.
    Session,
}

/// The timers, by when they are due.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeSet<(Duration, Timer)>,
}

impl Timers {
    /// Moves a timer from when it was due to when it is due now.
    pub(super) fn change(&mut self, timer: Timer, from: Option<Duration>, to: Option<Duration>) {
        if from == to {
            return;
        }
        if let Some(at) = from {
            self.due.remove(&(at, timer));
        }
        if let Some(at) = to {
            self.due.insert((at, timer));
        }
    }

    /// When the first is due.
    pub(super) fn next(&self) -> Option<Duration> {
        self.due.first().map(|&(at, _)| at)
    }

    /// Whether any runs but this one.
    pub(super) fn is_any_but(&self, timer: Timer) -> bool {
        self.due.iter().any(|&(_, other)| other != timer)
    }

    /// Takes the first, if it is due at `now`.
    pub(super) fn pop(&mut self, now: Duration) -> Option<Timer> {
        self.due.first().filter(|&&(at, _)| at <= now)?;
        self.due.pop_first().map(|(_, timer)| timer)
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.due.clear();
    }
}
