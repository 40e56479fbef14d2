//! The conference rooms and the legs in them, as the engine tells.

use std::collections::{BTreeSet, HashMap, VecDeque};

use bstr::{BStr, BString};

use super::calls::Gone;
use super::job::Job;

/// The name that a utility leg of ours is called by begins with this; the room's name follows. By it the leg is
/// known again after a restart of ours.
pub(super) const RECORD_LEG: &str = "touchtone-record-";

/// How many legs may be spoken of before they are known.
const TOLD_EARLY: usize = 1024;

/// One leg `conf/N`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leg {
    /// The room's name without its prefix.
    pub(super) room: BString,
    pub(super) peer: Option<BString>,
    pub(super) muted: Muted,
}

/// Whether a leg is muted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Muted {
    /// The engine has not said. A leg that was just made is not muted.
    #[default]
    Untold,
    /// It was as the engine said, but something was done that the engine did not answer.
    Doubtful,
    /// As the engine says.
    Is(bool),
}

impl Muted {
    pub(super) fn known(self) -> Option<bool> {
        match self {
            Muted::Is(muted) => Some(muted),
            Muted::Untold | Muted::Doubtful => None,
        }
    }
}

/// What records a room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Recording {
    #[default]
    Off,
    /// A utility leg of ours: its channel `dumb/N` and its leg `conf/U`.
    Leg { channel: BString, leg: BString },
    /// That leg, which records nothing any more. When a leg goes from a room that does not let one stay alone, the
    /// engine hangs up whoever would be: so it stays until somebody else is there too.
    Idle { channel: BString, leg: BString },
    /// The room's own recorder, with its leg where that is known.
    Room { leg: Option<BString> },
}

impl Recording {
    /// The leg that records, or did.
    pub(super) fn leg(&self) -> Option<&BString> {
        match self {
            Recording::Off => None,
            Recording::Leg { leg, .. } | Recording::Idle { leg, .. } => Some(leg),
            Recording::Room { leg } => leg.as_ref(),
        }
    }

    /// Whether the room is being recorded.
    pub(super) fn is_on(&self) -> bool {
        matches!(self, Recording::Leg { .. } | Recording::Room { .. })
    }
}

/// One room.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) legs: BTreeSet<BString>,
    pub(super) recording: Recording,
    /// Whether an operation on the room itself is under way; others wait.
    pub(super) busy: bool,
    pub(super) waiting: VecDeque<Job>,
}

/// All rooms and legs.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    legs: HashMap<BString, Leg>,
    rooms: HashMap<BString, Room>,
    /// Of legs that no event has told of yet.
    told_early: HashMap<BString, Muted>,
    gone: Gone,
}

impl Rooms {
    pub(super) fn leg(&self, id: &BStr) -> Option<&Leg> {
        self.legs.get(id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&BString, &Room)> {
        self.rooms.iter()
    }

    /// The room of that name, which an operation may be about to make.
    pub(super) fn room_mut(&mut self, name: &BStr) -> &mut Room {
        if !self.rooms.contains_key(name) {
            self.rooms.insert(name.to_owned(), Room::default());
        }
        self.rooms.entry(name.to_owned()).or_default()
    }

    /// A leg is in a room. Events come in any order: what is known already stays.
    pub(super) fn entered(&mut self, leg: &BStr, room: &BStr) {
        if room.is_empty() || self.gone.contains(leg) {
            return;
        }
        self.room_mut(room).legs.insert(leg.to_owned());
        let muted = self.told_early.remove(leg).unwrap_or_default();
        let new = || Leg { room: room.to_owned(), peer: None, muted };
        self.legs.entry(leg.to_owned()).or_insert_with(new);
    }

    /// A leg was just made: nobody can have muted it before.
    pub(super) fn made(&mut self, leg: &BStr, room: &BStr) {
        self.entered(leg, room);
        if let Some(known) = self.legs.get_mut(leg)
            && known.muted == Muted::Untold
        {
            known.muted = Muted::Is(false);
        }
    }

    /// What the engine said of a leg, perhaps before it said that there is one.
    pub(super) fn told_muted(&mut self, leg: &BStr, muted: Muted) {
        if let Some(known) = self.legs.get_mut(leg) {
            known.muted = muted;
        } else if !self.gone.contains(leg) && self.told_early.len() < TOLD_EARLY {
            self.told_early.insert(leg.to_owned(), muted);
        }
    }

    /// A leg is connected to a channel.
    pub(super) fn connected(&mut self, leg: &BStr, peer: &BStr) {
        if let Some(known) = self.legs.get_mut(leg) {
            known.peer = Some(peer.to_owned());
        }
    }

    /// The room's own recorder is on that leg. A leg of ours that records, or did, is what our codes are about.
    pub(super) fn records_itself(&mut self, leg: &BStr, room: &BStr) {
        self.entered(leg, room);
        if self.gone.contains(leg) {
            return;
        }
        let recording = &mut self.room_mut(room).recording;
        if matches!(recording, Recording::Off | Recording::Room { .. }) {
            *recording = Recording::Room { leg: Some(leg.to_owned()) };
        }
    }

    /// A leg is gone for good; says which room it was in.
    pub(super) fn left(&mut self, leg: &BStr) -> Option<BString> {
        self.gone.insert(leg);
        self.told_early.remove(leg);
        let known = self.legs.remove(leg)?;
        if let Some(room) = self.rooms.get_mut(&known.room) {
            room.legs.remove(leg);
            let records = room.recording.leg().is_some_and(|recorder| recorder == leg);
            if records {
                room.recording = Recording::Off;
            }
        }
        Some(known.room)
    }

    /// A room is gone, and every leg in it.
    pub(super) fn destroyed(&mut self, name: &BStr) {
        let legs = self.rooms.get(name).map(|room| room.legs.clone()).unwrap_or_default();
        for leg in &legs {
            self.left(leg.as_ref());
        }
        self.forget_if_empty(name);
    }

    /// Forgets a room that has no legs and nothing to do.
    pub(super) fn forget_if_empty(&mut self, name: &BStr) {
        if self
            .rooms
            .get(name)
            .is_some_and(|room| room.legs.is_empty() && !room.busy && room.waiting.is_empty())
        {
            self.rooms.remove(name);
        }
    }

    /// How many legs there are that are not ours.
    pub(super) fn others(&self, name: &BStr) -> usize {
        let Some(room) = self.rooms.get(name) else { return 0 };
        room.legs.iter().filter(|leg| Some(*leg) != room.recording.leg()).count()
    }

    /// The channel of our leg that records nothing, if it can go without somebody being left alone.
    pub(super) fn idle_leg(&self, name: &BStr) -> Option<&BString> {
        let room = self.rooms.get(name).filter(|room| !room.busy)?;
        match &room.recording {
            Recording::Idle { channel, .. } if self.others(name) >= 2 => Some(channel),
            _ => None,
        }
    }

    /// The channel of our recording leg, if nobody else is in the room any more: it would keep the room open.
    pub(super) fn lone_recorder(&self, name: &BStr) -> Option<&BString> {
        let room = self.rooms.get(name)?;
        match &room.recording {
            Recording::Leg { channel, leg } | Recording::Idle { channel, leg }
                if !room.busy && room.legs.iter().all(|other| other == leg) =>
            {
                Some(channel)
            }
            _ => None,
        }
    }
}

/// Whether a leg is that of a room's own recorder: the room made it itself, and a file is at the other end.
pub(super) fn is_recorder(status: &BStr, peer: &BStr) -> bool {
    status == "incoming" && peer.starts_with(b"wave/")
}
