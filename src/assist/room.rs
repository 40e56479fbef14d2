//! One conference room: its legs, who sits where, what records it, what is said in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bstr::BString;
use jiff::Timestamp;

use super::announce::Voice;
use super::job::Job;
use super::seats::Seats;

/// A utility leg of ours: its channel `dumb/N` and its leg `conf/U`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnLeg {
    pub(super) channel: BString,
    pub(super) leg: BString,
}

/// What records a room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Recording {
    #[default]
    Off,
    /// A leg of ours.
    Leg(OwnLeg),
    /// The room's own recorder, with its leg where that is known.
    Room { leg: Option<BString> },
}

impl Recording {
    /// The leg that records.
    pub(super) fn leg(&self) -> Option<&BString> {
        match self {
            Recording::Off => None,
            Recording::Leg(recorder) => Some(&recorder.leg),
            Recording::Room { leg } => leg.as_ref(),
        }
    }
}

/// A leg of ours that records nothing, or nothing yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spare {
    pub(super) recorder: OwnLeg,
    /// Whether the engine was asked whether it may go.
    pub(super) asked: bool,
    /// Whether the engine was told to drop it.
    pub(super) dropped: bool,
    /// Whether it was there to announce.
    pub(super) spoke: bool,
}

impl Spare {
    pub(super) fn new(recorder: OwnLeg, spoke: bool) -> Self {
        Spare { recorder, asked: false, dropped: false, spoke }
    }
}

/// One room.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) legs: BTreeSet<BString>,
    pub(super) recording: Recording,
    /// Which change of any room's recording was this room's last.
    pub(super) changed: u64,
    pub(super) spare: Vec<Spare>,
    /// Whether an operation on the room itself is under way; others wait.
    pub(super) busy: bool,
    pub(super) waiting: VecDeque<Job>,
    /// Whether those that wait are being started.
    pub(super) serving: bool,
    /// Whether only organizers are let in.
    pub(super) locked: bool,
    /// Since when somebody is there, if we saw it begin.
    pub(super) since: Option<Timestamp>,
    pub(super) seats: Seats,
    /// Who is talking, by leg, and how loud.
    pub(super) talkers: BTreeMap<BString, u32>,
    pub(super) voice: Voice,
}

impl Room {
    /// What records it.
    pub(super) fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Whether a leg is ours, there only to record or to announce.
    pub(super) fn is_machine(&self, leg: &BString) -> bool {
        self.recording.leg() == Some(leg)
            || self.voice.leg().is_some_and(|own| own.leg == *leg)
            || self.spare.iter().any(|spare| spare.recorder.leg == *leg)
    }

    /// What is ours and not the engine's: it outlasts a lost connection.
    pub(super) fn keep(&mut self) -> Kept {
        Kept { locked: self.locked, since: self.since, seats: std::mem::take(&mut self.seats) }
    }
}

/// What we know of a room that the engine does not.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) locked: bool,
    pub(super) since: Option<Timestamp>,
    pub(super) seats: Seats,
}
