//! Between a connection's bytes and the brain: what to do about an event, as plain functions.

use std::time::Duration;

use bstr::ByteSlice;
use tracing::warn;

use super::tell;
use crate::assist::{Assist, Input, Output, Report, Role};
use crate::moment::Moment;
use crate::wire::{EngineLine, Framer, MAX_LINE_LIMIT};

/// Something that happened at the edge.
#[derive(Debug)]
pub enum Event<'a> {
    /// There is a connection.
    Connected(Role),
    /// The engine said something, not necessarily whole lines.
    Bytes(&'a [u8]),
    /// The connection is lost, and why.
    Lost(String),
    /// A timer is due.
    Due,
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

/// Feeds the brain and keeps what it wants written.
#[derive(Debug)]
pub struct Pump {
    assist: Assist,
    framer: Framer,
    pending: Vec<u8>,
    leaving: bool,
}

impl Pump {
    /// A pump for a brain that has no connection yet.
    #[must_use]
    pub fn new(assist: Assist) -> Self {
        // The engine sends lines longer than it takes: what it adds to a message does not count there.
        Pump { assist, framer: Framer::new(4 * MAX_LINE_LIMIT), pending: Vec::new(), leaving: false }
    }

    /// The brain.
    #[must_use]
    pub fn assist(&self) -> &Assist {
        &self.assist
    }

    /// What is to be written to the engine.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// All of it was.
    pub fn written(&mut self) {
        self.pending.clear();
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
                self.framer.clear();
                self.pending.clear();
                self.assist.handle_input(now, Input::Connected(role));
            }
            Event::Bytes(bytes) => self.bytes(now, bytes),
            Event::Lost(problem) => return Some(self.lost(now, problem)),
            Event::Due => self.assist.handle_timeout(now),
            Event::Leave => {
                self.leaving = true;
                self.assist.handle_input(now, Input::Leave);
            }
        }
        self.settle(&mut tell)
    }

    /// The connection is lost.
    pub fn lost(&mut self, now: Moment, problem: String) -> Ended {
        self.assist.handle_input(now, Input::Disconnected);
        self.settle(&mut tell::report);
        if self.leaving { Ended::Left } else { Ended::Lost(problem) }
    }

    fn bytes(&mut self, now: Moment, bytes: &[u8]) {
        self.framer.push(bytes);
        while let Some(line) = self.framer.next_line() {
            match line {
                Ok(line) => match EngineLine::parse(line) {
                    Ok(line) => self.assist.handle_input(now, Input::Line(line)),
                    Err(problem) => {
                        let line = line[..line.len().min(200)].as_bstr();
                        warn!(%problem, ?line, "the engine said something that is no line of the protocol");
                    }
                },
                Err(problem) => warn!(%problem, "the engine said too much at once"),
            }
        }
    }

    fn settle(&mut self, tell: &mut impl FnMut(Report)) -> Option<Ended> {
        let mut ended = None;
        while let Some(output) = self.assist.poll_output() {
            match output {
                Output::Send(lines) => self.pending.extend_from_slice(&lines),
                Output::Report(report) => tell(report),
                Output::Leave => ended = Some(Ended::Left),
            }
        }
        ended
    }
}
