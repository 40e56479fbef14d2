//! Between a connection's bytes and the brain: what to do about an event, as plain functions.

use std::sync::Arc;
use std::time::Duration;

use super::tell;
use crate::assist::{Assist, Input, Limit, Output, Report, Role};
use crate::config::Config;
use crate::control::protocol::Command;
use crate::moment::Moment;
use crate::store;
use crate::wire::{EngineLine, Framer};

/// Something that happened at the edge.
#[derive(Debug)]
pub enum Event<'a> {
    /// There is a connection.
    Connected(Role),
    /// The engine said something, not necessarily whole lines.
    Bytes {
        /// What.
        bytes: &'a [u8],
        /// It came no earlier than then, by the steady clock; until now it may have waited for us.
        since: Duration,
    },
    /// That much of what is pending was written.
    Wrote(usize),
    /// The connection is lost, and why.
    Lost(String),
    /// A timer is due.
    Due,
    /// Somebody wants something by the control socket, by this number.
    Command(u64, Command),
    /// The store has answered the question of this number.
    Stored(u64, store::Reply),
    /// A limit of what is beside the engine was reached, so many times.
    Reached(Limit, u64),
    /// Another configuration holds from now on.
    Reload(Arc<Config>),
    /// Somebody wants us to leave.
    Leave,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// As we wanted.
    Left,
    /// Without our doing, and why.
    Lost(String),
}

/// What waited less is as good as new.
const WORTH_TELLING: Duration = Duration::from_millis(50);

/// Feeds the brain and keeps what it wants written.
#[derive(Debug)]
pub struct Pump {
    assist: Assist,
    framer: Framer,
    /// Since when what there is of a line may be here, if it is not whole yet.
    begun: Option<Duration>,
    /// How long the brain knows that what comes has waited.
    waited: Duration,
    pending: Vec<u8>,
    asides: Vec<Output>,
    leaving: bool,
}

impl Pump {
    /// A pump for a brain that has no connection yet.
    #[must_use]
    pub fn new(assist: Assist) -> Self {
        let framer = Framer::new(assist.bounds().line);
        Pump {
            assist,
            framer,
            begun: None,
            waited: Duration::ZERO,
            pending: Vec::new(),
            asides: Vec::new(),
            leaving: false,
        }
    }

    /// The brain.
    #[must_use]
    pub fn assist(&self) -> &Assist {
        &self.assist
    }

    /// Takes what is for the store, and for those who gave commands.
    pub fn take_asides(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.asides)
    }

    /// What is to be written to the engine.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// When a timer is due, if any.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.assist.poll_timeout()
    }

    /// Does what an event asks for; says so if the connection ends with it.
    pub fn handle(&mut self, now: Moment, event: Event<'_>) -> Option<Ended> {
        self.handle_telling(now, event, tell::report)
    }

    /// As [`handle`](Self::handle), with what is for people given to `tell` instead of the log.
    pub fn handle_telling(
        &mut self,
        now: Moment,
        event: Event<'_>,
        mut tell: impl FnMut(Report),
    ) -> Option<Ended> {
        match event {
            Event::Connected(role) => {
                // The engine sends lines longer than it takes.
                self.framer = Framer::new(self.assist.bounds().line);
                (self.begun, self.waited) = (None, Duration::ZERO);
                self.pending.clear();
                self.assist.handle_input(now, Input::Connected(role));
            }
            Event::Bytes { bytes, since } => self.bytes(now, bytes, since),
            Event::Wrote(count) => drop(self.pending.drain(..count.min(self.pending.len()))),
            Event::Lost(problem) => return Some(self.lost(now, problem, &mut tell)),
            Event::Due => self.assist.handle_timeout(now),
            Event::Command(number, command) => {
                self.assist.handle_input(now, Input::Command { number, command });
            }
            Event::Stored(number, reply) => self.assist.handle_input(now, Input::Stored { number, reply }),
            Event::Reached(limit, times) => self.assist.limit_reached(now, limit, times),
            Event::Reload(config) => self.assist.handle_input(now, Input::Reload(config)),
            Event::Leave => {
                self.leaving = true;
                self.assist.handle_input(now, Input::Leave);
            }
        }
        let ended = self.settle(&mut tell);
        if self.pending.len() > self.assist.bounds().pending_bytes {
            self.assist.limit_reached(now, Limit::PendingBytes, 1);
            return Some(self.lost(now, "the engine does not read what it is told".to_owned(), &mut tell));
        }
        ended
    }

    fn lost(&mut self, now: Moment, problem: String, tell: &mut impl FnMut(Report)) -> Ended {
        self.assist.handle_input(now, Input::Disconnected);
        self.settle(tell);
        // Nobody is there to read it, and the next connection begins anew.
        self.pending.clear();
        if self.leaving { Ended::Left } else { Ended::Lost(problem) }
    }

    fn bytes(&mut self, now: Moment, bytes: &[u8], since: Duration) {
        // The first line may have begun before.
        let mut begun = self.begun.take().unwrap_or(since).min(since);
        self.framer.push(bytes);
        while let Some(line) = self.framer.next_line() {
            let waited = now.steady.saturating_sub(std::mem::replace(&mut begun, since));
            if waited != self.waited && waited.max(self.waited) >= WORTH_TELLING {
                self.assist.handle_input(now, Input::Waited(waited));
                self.waited = waited;
            }
            match line {
                Ok(line) => match EngineLine::parse(line) {
                    Ok(line) => self.assist.handle_input(now, Input::Line(line)),
                    Err(problem) => {
                        let problem = problem.to_string();
                        self.assist.handle_input(now, Input::Unreadable { line, problem });
                    }
                },
                Err(too_long) => {
                    let problem = too_long.to_string();
                    self.assist.limit_reached(now, Limit::Line, 1);
                    self.assist.handle_input(now, Input::Unreadable { line: &too_long.head, problem });
                }
            }
        }
        self.begun = (self.framer.pending() > 0).then_some(begun);
    }

    fn settle(&mut self, tell: &mut impl FnMut(Report)) -> Option<Ended> {
        let mut ended = None;
        while let Some(output) = self.assist.poll_output() {
            match output {
                Output::Send(lines) => {
                    self.pending.extend_from_slice(&lines);
                    self.assist.reuse(lines);
                }
                Output::Report(report) => tell(report),
                Output::Leave => ended = Some(Ended::Left),
                Output::Store { .. } | Output::Answer { .. } => self.asides.push(output),
            }
        }
        ended
    }
}
