//! An operation that is to be done: who wants it, for whom, and where it stands.

use std::sync::Arc;

use bstr::BString;

use super::calling::Outgoing;
use super::legs::Tellings;
use super::room::OwnLeg;
use crate::config::{Code, Config, Operation, Switch};
use crate::key::Keys;

/// An operation that is to be done.
#[derive(Debug, Clone)]
pub(super) struct Job {
    /// Who wants it.
    pub(super) asker: Asker,
    /// The channel that it is done for, or to; empty for what is done to a room in nobody's name.
    pub(super) channel: BString,
    /// The room that it is about, if not the one that the channel is in.
    pub(super) place: Option<BString>,
    /// The room that is kept busy meanwhile.
    pub(super) room: Option<BString>,
    /// How often the engine was asked about the caller's leg.
    pub(super) asks: u8,
    /// Whether what its channel asks for next waits for it.
    pub(super) queued: bool,
    /// Whether it is what a caller was let in for: it is refused by no limit, for they were let in to do it.
    pub(super) due: bool,
}

/// Who wants an operation.
#[derive(Debug, Clone)]
pub(super) enum Asker {
    /// A caller, by a code.
    Code(Keyed),
    /// Somebody, by a command of that number.
    Command { number: u64, operation: Arc<Operation> },
    /// The rules of a room, or the schedule.
    Rules(Arc<Operation>),
    /// An operation on many, of which this is one.
    Part { of: u64, operation: Arc<Operation> },
}

/// A code that was keyed.
#[derive(Debug, Clone)]
pub(super) struct Keyed {
    /// The configuration that the code is of, which may be an earlier one.
    pub(super) config: Arc<Config>,
    /// A place in that configuration's codes.
    pub(super) code: usize,
    /// The state that the engine's events had led to then; `None` for what follows another.
    pub(super) keyed_in: Option<usize>,
    pub(super) keys: Keys,
    pub(super) captures: Vec<(String, Keys)>,
}

/// What is to be done, apart from the job that is handed on with it.
#[derive(Debug, Clone)]
pub(super) enum Work {
    /// What a code does.
    Code(Arc<Config>, usize),
    /// Something else.
    Other(Arc<Operation>),
}

impl Work {
    /// The operation itself.
    pub(super) fn operation(&self) -> &Operation {
        match self {
            Work::Code(config, code) => &config.codes[*code].operation,
            Work::Other(operation) => operation,
        }
    }
}

impl Keyed {
    /// The code.
    pub(super) fn code(&self) -> &Code {
        &self.config.codes[self.code]
    }
}

impl Job {
    /// What is done for a channel.
    pub(super) fn new(asker: Asker, channel: BString) -> Self {
        Job { asker, channel, place: None, room: None, asks: 0, queued: false, due: false }
    }

    /// What the rules want done to a channel.
    pub(super) fn ruled(operation: Operation, channel: BString) -> Self {
        Job::new(Asker::Rules(Arc::new(operation)), channel)
    }

    /// What a caller was let in for.
    pub(super) fn due(self) -> Self {
        Job { due: true, ..self }
    }

    /// About this room.
    pub(super) fn about(self, room: BString) -> Self {
        Job { place: Some(room), ..self }
    }

    /// Whether it stands in the queue of its channel. What is done to a participant by others, and says itself how it is
    /// to be, does not: those wait for nothing that the participant does.
    pub(super) fn waits_its_turn(&self) -> bool {
        match &self.asker {
            Asker::Code(_) => true,
            Asker::Part { .. } => false,
            Asker::Command { .. } | Asker::Rules(_) => {
                !matches!(self.operation(), Operation::Mute(Switch::On | Switch::Off))
            }
        }
    }

    /// What is to be done.
    pub(super) fn operation(&self) -> &Operation {
        match &self.asker {
            Asker::Code(keyed) => &keyed.code().operation,
            Asker::Command { operation, .. } | Asker::Rules(operation) | Asker::Part { operation, .. } => {
                operation
            }
        }
    }

    /// The same, for whoever hands the job on.
    pub(super) fn work(&self) -> Work {
        match &self.asker {
            Asker::Code(keyed) => Work::Code(keyed.config.clone(), keyed.code),
            Asker::Command { operation, .. } | Asker::Rules(operation) | Asker::Part { operation, .. } => {
                Work::Other(operation.clone())
            }
        }
    }

    /// The code that was keyed for it, if one was.
    pub(super) fn keyed(&self) -> Option<&Keyed> {
        match &self.asker {
            Asker::Code(keyed) => Some(keyed),
            Asker::Command { .. } | Asker::Rules(_) | Asker::Part { .. } => None,
        }
    }
}

/// Where an operation stands, by what it waits for.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Join { room: BString },
    Leave,
    End,
    Kick { leg: BString },
    Message,
    AskLeg { leg: BString, asked: Tellings },
    SetMuted { on: bool, leg: BString, sent: Tellings },
    OpenRecordLeg,
    StartRecordLeg(OwnLeg),
    StopRecordLeg(OwnLeg),
    StartRoomRecorder { changed: u64 },
    AskMayStop,
    StopRoomRecorder { changed: u64 },
    Dial(Box<Outgoing>),
    Wait { room: BString },
}
