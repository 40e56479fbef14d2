//! What was counted since the start: plain numbers, added to where things happen; and how all is, for whoever looks.

use std::collections::BTreeMap;

use super::Assist;
use crate::control::figures::{Digits, Ends, Figures, Latency, Waiting};
use crate::control::protocol::Status;
use crate::moment::Moment;

/// How often what happened. The numbers only grow.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Digits, and what became of them.
    pub digits: Digits,
    /// How often each code fired, by its name, whichever configuration it was of; those that are not there never did.
    pub fires: BTreeMap<String, u64>,
    /// How operations ended, by what configurations call them; those that are not there never did. An operation on many
    /// counts once.
    pub operations: Vec<(&'static str, Ends)>,
    /// What the store was asked and did not do, though it should have.
    pub store_failures: u64,
}

impl Counts {
    /// A code fired for so many digits.
    pub(super) fn fired(&mut self, code: &str, digits: usize) {
        self.digits.fired += digits as u64;
        match self.fires.get_mut(code) {
            Some(fires) => *fires += 1,
            None => drop(self.fires.insert(code.to_owned(), 1)),
        }
    }

    /// An operation ended.
    pub(super) fn ended(&mut self, operation: &'static str, done: bool) {
        // A site uses few kinds of operations, and mostly one.
        let at = self.operations.iter().position(|(known, _)| *known == operation).unwrap_or_else(|| {
            self.operations.push((operation, Ends::default()));
            self.operations.len() - 1
        });
        let ends = &mut self.operations[at].1;
        *if done { &mut ends.done } else { &mut ends.failed } += 1;
    }
}

impl Assist {
    /// What was counted so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many operations wait for others, without looking at every channel.
    #[must_use]
    pub fn operations_waiting(&self) -> usize {
        let in_rooms: usize = self.rooms.iter().map(|(_, room)| room.waiting.len()).sum();
        self.queued + in_rooms
    }

    /// How many messages of the engine's were answered so far.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.outbox.answered()
    }
}

impl Assist {
    /// How the daemon is, as far as the brain knows. It takes as long with many channels as with few: somebody may look
    /// all the time, and digits are not to wait for them.
    pub(super) fn status_told(&self, now: Moment) -> Status {
        let (rooms, legs) = self.rooms.count();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ready: self.is_connected_and_ready(),
            engine: self.engine.version.clone(),
            run: self.engine.run.clone(),
            channels: self.calls.len(),
            rooms,
            legs,
            unanswered: self.flights.len(),
            store: self.store_ok.filter(|_| self.has_store()),
            store_untried: self.has_store() && self.store_ok.is_none(),
            conferences: self.schedule.len(),
            figures: self.figures(now),
        }
    }

    fn figures(&self, now: Moment) -> Figures {
        let Counts { digits, fires, operations, store_failures } = &self.counts;
        let mut fires = fires.clone();
        for code in &self.config.codes {
            fires.entry(code.name.clone()).or_default();
        }
        Figures {
            up: now.steady.as_secs_f64(),
            connections: self.connections,
            digits: *digits,
            fires,
            operations: operations.iter().map(|&(name, ends)| (name.to_owned(), ends)).collect(),
            behind: self.passed_behind(),
            limits: self.limits_reached().map(|(limit, times)| (limit.name().to_owned(), times)).collect(),
            log_lines_lost: 0,
            answers: self.answers(),
            latency: Latency::default(),
            store_failures: *store_failures,
            talkers: self.rooms.iter().map(|(_, room)| room.talkers.len()).sum(),
            calls_out: self.outgoing.len(),
            waiting: Waiting {
                operations: self.operations_waiting(),
                bytes: 0,
                store: self.questions.len(),
                control: 0,
            },
        }
    }
}
