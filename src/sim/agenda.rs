//! What is to happen, and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use bstr::BString;

use super::channel::Chan;
use super::connection::ConnectionId;
use super::message::Msg;

/// Something that happens at its time.
#[derive(Debug)]
pub(super) enum Event {
    /// The thread that reads a connection wakes up.
    Read(ConnectionId),
    /// A message is at the head of the queue, for whichever thread is free.
    Ready(Box<Msg>),
    /// A module may not have answered for too long.
    AnswerOverdue(ConnectionId),
    /// The far end of an outgoing call does what it does.
    Callee { chan: Chan, act: CalleeAct },
    /// The far end of an answered call acknowledges.
    Acknowledged(Chan),
    /// A file has been played to its end.
    Played { chan: Chan, playing: u64 },
    /// A room looks at who speaks.
    Speakers { room: BString, due: u64 },
    /// The engine's clock strikes a second at which some channel may have lasted too long.
    Timer,
    /// One more dispatching thread, if all are stuck.
    Grow,
    /// A line that was late goes to a module; an empty one lets go what it was to be overtaken by.
    Say(ConnectionId, Vec<u8>),
}

/// What the far end of an outgoing call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CalleeAct {
    /// Its bell rings.
    Ring,
    /// It picks up.
    Answer,
    /// It refuses.
    Refuse(Refusal),
    /// It has said nothing for so long that the engine gives up.
    Lost,
}

/// How the far end refuses a call: the SIP response, and what the engine makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) words: &'static str,
    pub(super) error: &'static str,
}

#[derive(Debug)]
struct Entry {
    at: Duration,
    order: u64,
    event: Event,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// Events by time; those of one instant in the order in which they were put down.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    entries: BinaryHeap<Reverse<Entry>>,
    order: u64,
}

impl Agenda {
    pub(super) fn put(&mut self, at: Duration, event: Event) {
        self.order += 1;
        self.entries.push(Reverse(Entry { at, order: self.order, event }));
    }

    pub(super) fn next(&self) -> Option<Duration> {
        self.entries.peek().map(|Reverse(entry)| entry.at)
    }

    /// The next event, if it is due by `to`.
    pub(super) fn take(&mut self, to: Duration) -> Option<(Duration, Event)> {
        if self.next()? > to {
            return None;
        }
        self.entries.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_and_then_by_order() {
        let mut agenda = Agenda::default();
        for (at, connection) in [(5, 1), (3, 2), (5, 3), (3, 4)] {
            agenda.put(Duration::from_millis(at), Event::Read(ConnectionId(connection)));
        }
        let mut seen = Vec::new();
        while let Some((_, Event::Read(ConnectionId(id)))) = agenda.take(Duration::from_millis(5)) {
            seen.push(id);
        }
        assert_eq!(seen, [2, 4, 1, 3]);
        assert_eq!(agenda.next(), None);
    }
}
