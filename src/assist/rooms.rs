//! The conference rooms and the legs in them, as the engine tells.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use bstr::{BStr, BString};

use super::gone::Gone;
use super::job::Job;
use super::legs::{Leg, Mute, Tellings};
use super::peers::RACE;

/// The name that a utility leg of ours is called by begins with this; the room's name follows. By it the leg is
/// known again after a restart of ours.
pub(super) const RECORD_LEG: &str = "touchtone-record-";

/// How many legs may be spoken of before they are known.
const TOLD_EARLY: usize = 1024;

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
    told_early: HashMap<BString, Mute>,
    gone: Gone,
}

impl Rooms {
    pub(super) fn leg(&self, id: &BStr) -> Option<&Leg> {
        self.legs.get(id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&BString, &Room)> {
        self.rooms.iter()
    }

    /// Whether a leg was seen to end. It never comes back.
    pub(super) fn is_gone(&self, leg: &BStr) -> bool {
        self.gone.contains(leg)
    }

    /// The room of that name, which an operation may be about to make.
    pub(super) fn room_mut(&mut self, name: &BStr) -> &mut Room {
        if !self.rooms.contains_key(name) {
            self.rooms.insert(name.to_owned(), Room::default());
        }
        self.rooms.entry(name.to_owned()).or_default()
    }

    /// A leg is in a room. Events come in any order: what is known already stays.
    pub(super) fn entered(&mut self, now: Duration, leg: &BStr, room: &BStr) {
        if room.is_empty() || self.gone.contains(leg) {
            return;
        }
        self.room_mut(room).legs.insert(leg.to_owned());
        let mute = self.told_early.remove(leg).unwrap_or_default();
        let new = || Leg { room: room.to_owned(), peer: None, since: now, mute };
        self.legs.entry(leg.to_owned()).or_insert_with(new);
    }

    /// A leg was just made.
    pub(super) fn made(&mut self, now: Duration, leg: &BStr, room: &BStr) {
        self.entered(now, leg, room);
        if let Some(known) = self.legs.get_mut(leg) {
            known.mute.made();
        }
    }

    /// A leg is in a room and a channel is on it.
    pub(super) fn occupied(&mut self, now: Duration, leg: &BStr, room: &BStr, peer: &BStr) {
        self.gone.reconnected(leg, peer);
        self.entered(now, leg, room);
        self.connected(leg, peer);
    }

    /// What is known of a leg's mute, perhaps before the engine said that there is such a leg; `None` if it is gone.
    pub(super) fn mute_mut(&mut self, leg: &BStr) -> Option<&mut Mute> {
        if let Some(known) = self.legs.get_mut(leg) {
            return Some(&mut known.mute);
        }
        if self.gone.contains(leg) || self.told_early.len() >= TOLD_EARLY {
            return None;
        }
        Some(self.told_early.entry(leg.to_owned()).or_default())
    }

    /// A leg is connected to a channel.
    pub(super) fn connected(&mut self, leg: &BStr, peer: &BStr) {
        if let Some(known) = self.legs.get_mut(leg) {
            known.peer = Some(peer.to_owned());
        }
    }

    /// How often something was told of a leg's mute.
    pub(super) fn tellings(&self, leg: &BStr) -> Tellings {
        let mute = self.legs.get(leg).map(|leg| &leg.mute).or_else(|| self.told_early.get(leg));
        mute.map(Mute::tellings).unwrap_or_default()
    }

    /// The room's own recorder is on that leg. A leg of ours that records, or did, is what our codes are about.
    pub(super) fn records_itself(&mut self, now: Duration, leg: &BStr, room: &BStr) {
        self.entered(now, leg, room);
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
        self.gone.insert(leg, None);
        self.forget_leg(leg)
    }

    /// A leg is connected to that channel no more, and gone unless it is connected to another; says which room it
    /// was in.
    pub(super) fn parted(&mut self, leg: &BStr, peer: &BStr) -> Option<BString> {
        let elsewhere = |leg: &Leg| leg.peer.as_ref().is_some_and(|other| other != peer);
        if peer.is_empty() || self.legs.get(leg).is_some_and(elsewhere) {
            return None;
        }
        self.gone.insert(leg, Some(peer));
        self.forget_leg(leg)
    }

    fn forget_leg(&mut self, leg: &BStr) -> Option<BString> {
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

    /// A room is gone, and every leg that was in it. One that was heard of just now is in a new room of that name.
    pub(super) fn destroyed(&mut self, now: Duration, name: &BStr) {
        let Some(room) = self.rooms.get(name) else { return };
        let is_old = |leg: &&BString| self.legs.get(*leg).is_none_or(|leg| leg.since + RACE < now);
        let legs: Vec<BString> = room.legs.iter().filter(is_old).cloned().collect();
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
