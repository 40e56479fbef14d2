//! What is to be sent and told, in order, answers first.

use std::collections::VecDeque;

use super::{Output, Report, Telling};
use crate::control::protocol::Outcome;
use crate::store;
use crate::wire::{self, Answer, Message, ModuleLine, Params, Unsendable};

/// How much memory is kept for the lines that come, in bytes.
const WORTH_KEEPING: usize = 1 << 20;

/// Collects output until it is polled.
#[derive(Debug)]
pub(super) struct Outbox {
    answers: Vec<u8>,
    lines: Vec<u8>,
    /// Memory that was used before.
    empty: Vec<u8>,
    reports: VecDeque<Report>,
    /// For the store, and for those who gave commands.
    aside: VecDeque<Output>,
    telling: Telling,
    leaving: bool,
    limit: usize,
    last_id: u64,
    /// How many messages were answered.
    answered: u64,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Outbox {
            answers: Vec::new(),
            lines: Vec::new(),
            empty: Vec::new(),
            reports: VecDeque::new(),
            aside: VecDeque::new(),
            telling: Telling::Digits,
            leaving: false,
            limit: wire::DEFAULT_LINE_LIMIT,
            last_id: 0,
            answered: 0,
        }
    }

    /// Answers a message of the engine's.
    pub(super) fn answer(&mut self, id: &[u8], processed: bool) {
        wire::answer_into(id, processed, &mut self.answers);
        self.answered += 1;
    }

    /// Answers a message of the engine's with something changed. If the engine would choke on it nothing is.
    pub(super) fn answer_with(&mut self, answer: &Answer<'_>) {
        let line = ModuleLine::Answer(answer.clone());
        if let Err(problem) = line.encode(self.limit, &mut self.answers) {
            self.report(Report::Trouble { text: format!("an answer was not given in full: {problem}") });
            return self.answer(&answer.id, false);
        }
        self.answered += 1;
    }

    /// How many messages of the engine's were answered.
    pub(super) fn answered(&self) -> u64 {
        self.answered
    }

    /// Asks the store.
    pub(super) fn ask_store(&mut self, number: u64, request: store::Request) {
        self.aside.push_back(Output::Store { number, request });
    }

    /// Answers a command.
    pub(super) fn answer_command(&mut self, number: u64, outcome: Outcome) {
        self.aside.push_back(Output::Answer { number, outcome });
    }

    /// Sends a line of the session's, which is known to be good.
    pub(super) fn line(&mut self, line: &ModuleLine<'_>) {
        if let Err(problem) = line.encode(self.limit, &mut self.lines) {
            self.report(Report::Trouble { text: format!("a line was not sent: {problem}") });
        }
    }

    /// Sends a message and gives the number by which its answer is known.
    ///
    /// # Errors
    /// [`Unsendable`] if the engine would choke on it; nothing is sent then.
    pub(super) fn message(&mut self, name: &str, params: Params<'_>) -> Result<u64, Unsendable> {
        let number = self.last_id + 1;
        let mut id = Vec::with_capacity(ID_LENGTH);
        id.extend_from_slice(ID_PREFIX.as_bytes());
        id.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        ModuleLine::Message(Message::new(id, name, params)).encode(self.limit, &mut self.lines)?;
        self.last_id = number;
        Ok(number)
    }

    pub(super) fn report(&mut self, report: Report) {
        self.reports.push_back(report);
    }

    /// Reports what became of digits, if somebody wants to know.
    pub(super) fn tell(&mut self, report: impl FnOnce() -> Report) {
        if self.telling >= Telling::Digits {
            self.reports.push_back(report());
        }
    }

    /// Reports what came of a code, if somebody wants to know.
    pub(super) fn tell_code(&mut self, report: impl FnOnce() -> Report) {
        if self.telling >= Telling::Codes {
            self.reports.push_back(report());
        }
    }

    /// What somebody wants to know, from now on.
    pub(super) fn set_telling(&mut self, telling: Telling) {
        self.telling = telling;
    }

    /// Says that the connection can be closed.
    pub(super) fn leave(&mut self) {
        self.leaving = true;
    }

    /// The longest line the engine takes from now on, in bytes.
    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// What was not sent when a connection was lost belongs to that connection.
    pub(super) fn connection_lost(&mut self) {
        self.answers.clear();
        self.lines.clear();
        self.leaving = false;
        self.limit = wire::DEFAULT_LINE_LIMIT;
    }

    /// Takes back what was sent, for the lines that come.
    pub(super) fn reuse(&mut self, mut sent: Vec<u8>) {
        sent.clear();
        if (self.empty.capacity()..WORTH_KEEPING).contains(&sent.capacity()) {
            self.empty = sent;
        }
    }

    pub(super) fn poll(&mut self) -> Option<Output> {
        for lines in [&mut self.answers, &mut self.lines] {
            if !lines.is_empty() {
                return Some(Output::Send(std::mem::replace(lines, std::mem::take(&mut self.empty))));
            }
        }
        if let Some(output) = self.aside.pop_front() {
            return Some(output);
        }
        if let Some(report) = self.reports.pop_front() {
            return Some(Output::Report(report));
        }
        std::mem::take(&mut self.leaving).then_some(Output::Leave)
    }
}

/// What the ids of our messages begin with.
const ID_PREFIX: &str = "touchtone.";

/// How long they are at most.
const ID_LENGTH: usize = ID_PREFIX.len() + 20;

/// The number of a message of ours, from the id that its answer carries.
pub(super) fn number_of(id: &[u8]) -> Option<u64> {
    std::str::from_utf8(id.strip_prefix(ID_PREFIX.as_bytes())?).ok()?.parse().ok()
}
