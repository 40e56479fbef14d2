//! The conference rooms and the legs in them, as the engine tells.

mod recording;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use bstr::{BStr, BString};

use super::calls::LEG_PREFIX;
use super::gone::Gone;
use super::job::Job;
use super::legs::{Leg, Mute, Tellings};
use super::peers::{Kind, RACE, kind};
use super::room::{Kept, Recording, Room};
use super::table::Table;

/// The name that a leg of ours to record on is called by begins with this; the room's name follows. By it the leg is
/// known again after a restart of ours.
pub(super) const RECORD_LEG: &str = "touchtone-record-";

/// The same of a leg of ours to announce on.
pub(super) const VOICE_LEG: &str = "touchtone-announce-";

/// What the ids of the channels at our legs begin with. Other drivers' names are not to be trusted: callers choose them.
pub(super) const OWN_CHANNEL: &[u8] = b"dumb/";

/// How many channels are remembered that are in rooms only to do something there.
const MOST_UTILITIES: usize = 4096;

/// How many legs may be spoken of before they are known.
const TOLD_EARLY: usize = 1024;

/// The longest name of a room that is looked at, in bytes: callers may have a say in it.
const LONGEST_NAME: usize = 1024;

/// What was under way when a connection was lost: the rooms in which a leg of ours was to be made, and the channels of
/// those on which a recording was to begin, or to end.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    pub(super) opening: HashSet<BString>,
    pub(super) starting: HashMap<BString, Job>,
    pub(super) stopping: HashSet<BString>,
}

/// All rooms and legs.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    /// How many rooms and legs are known at most. What an engine has more is left alone.
    most: usize,
    most_legs: usize,
    /// How many rooms and legs were left alone because of that, and are not counted yet.
    refused: (u64, u64),
    legs: Table<BString, Leg>,
    rooms: Table<BString, Room>,
    /// Of legs that no event has told of yet.
    told_early: Table<BString, Mute>,
    gone: Gone,
    changes: u64,
    /// The channels of our legs that recorded nothing when the connection was lost; the engine does not say that.
    spare_before: HashSet<BString>,
    /// The rooms in which a leg of ours was to be made then.
    opening_before: HashSet<BString>,
    /// The channels of those on which a recording was to begin, and what for.
    starting_before: HashMap<BString, Job>,
    /// What was ours of the rooms that were there then.
    kept: HashMap<BString, Kept>,
    /// Rooms in which something changed that has not been looked at.
    touched: BTreeSet<BString>,
    /// Channels that are known to be in a room only to do something there, the first first.
    utilities: VecDeque<BString>,
    /// The same, to be looked into.
    utility_ids: HashSet<BString>,
}

impl Rooms {
    /// What is known when a connection was lost: nothing, but for what the engine will not tell of our legs. Those of
    /// `under_way` were being started or stopped.
    pub(super) fn begin_again(&mut self, under_way: UnderWay) {
        let spare = self.rooms.values().flat_map(|room| &room.spare).map(|spare| &spare.recorder.channel);
        let mut spare_before: HashSet<_> =
            spare.filter(|channel| !under_way.starting.contains_key(*channel)).cloned().collect();
        spare_before.extend(under_way.stopping);
        let (gone, changes) = (std::mem::take(&mut self.gone), self.changes);
        let mut kept = std::mem::take(&mut self.kept);
        kept.extend(self.rooms.iter_mut().map(|(name, room)| (name.clone(), room.keep())));
        *self = Rooms {
            kept,
            utilities: std::mem::take(&mut self.utilities),
            utility_ids: std::mem::take(&mut self.utility_ids),
            gone,
            changes,
            spare_before,
            opening_before: under_way.opening,
            starting_before: under_way.starting,
            ..self.empty()
        };
    }

    fn empty(&self) -> Self {
        let Rooms { most, most_legs, refused, .. } = *self;
        Rooms { most, most_legs, refused, ..Rooms::default() }
    }

    /// How many rooms and legs are known at most, from now on.
    pub(super) fn set_most(&mut self, most: usize, most_legs: usize) {
        (self.most, self.most_legs) = (most, most_legs);
    }

    /// How often there were too many rooms, and too many legs, since this was asked last.
    pub(super) fn take_refused(&mut self) -> (u64, u64) {
        std::mem::take(&mut self.refused)
    }

    /// Whether there is no place for another room.
    pub(super) fn are_full(&self) -> bool {
        self.rooms.len() >= self.most
    }

    /// Whether there is no place for a room of that name.
    pub(super) fn has_no_place_for(&self, name: &BStr) -> bool {
        name.len() > LONGEST_NAME || self.are_full() && !self.rooms.contains_key(name)
    }

    /// The engine is another one, and counts its legs anew.
    pub(super) fn forget_all(&mut self) {
        *self = self.empty();
    }

    pub(super) fn leg(&self, id: &BStr) -> Option<&Leg> {
        self.legs.get(id)
    }

    /// How many rooms there are, and how many legs in them.
    pub(super) fn count(&self) -> (usize, usize) {
        (self.rooms.len(), self.legs.len())
    }

    pub(super) fn legs(&self) -> impl Iterator<Item = (&BString, &Leg)> {
        self.legs.iter()
    }

    /// That many of the legs that somebody sits on, from behind one on in their order, and from the first on then.
    pub(super) fn seated_after(&self, last: &BString, most: usize) -> Vec<BString> {
        let (mut behind, mut before) = (BTreeSet::new(), BTreeSet::new());
        let seated = self.legs.iter().filter(|(id, leg)| {
            self.rooms.get(&leg.room).is_some_and(|room| self.sitter(room, id).is_some())
        });
        for (leg, _) in seated {
            let some = if leg > last { &mut behind } else { &mut before };
            some.insert(leg);
            if some.len() > most {
                some.pop_last();
            }
        }
        behind.into_iter().chain(before).take(most).cloned().collect()
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
        self.rooms.entry(name.to_owned()).or_insert_with(|| match self.kept.remove(name) {
            Some(Kept { locked, since, seats }) => Room { locked, since, seats, ..Room::default() },
            None => Room::default(),
        })
    }

    /// The room of that name, if there is one.
    pub(super) fn get(&self, name: &BStr) -> Option<&Room> {
        self.rooms.get(name)
    }

    /// The room of that name, if there is one, to change what is ours of it.
    pub(super) fn get_mut(&mut self, name: &BStr) -> Option<&mut Room> {
        self.rooms.get_mut(name)
    }

    /// Has every room that was there when a connection was lost be looked at, gone or not.
    pub(super) fn look_at_kept(&mut self) {
        let names: Vec<BString> = self.kept.keys().cloned().collect();
        for name in names {
            self.room_mut(name.as_ref());
            self.touched.insert(name);
        }
    }

    /// Whether anybody is in a room who was there when that was kept.
    pub(super) fn is_as_before(&self, name: &BStr, kept: &Kept) -> bool {
        self.rooms.get(name).is_some_and(|room| kept.seats.legs().any(|leg| room.legs.contains(leg)))
    }

    /// Something is known of a room, and is believed where nothing else is known since. `locks` unless somebody has said
    /// since whether it is locked.
    pub(super) fn give_back(&mut self, name: BString, kept: Kept, locks: bool) {
        let Kept { locked, since, seats } = kept;
        match self.rooms.get_mut(&name) {
            Some(room) => {
                room.locked |= locked && locks;
                room.since = room.since.or(since);
                room.seats.take_over(seats);
            }
            None => {
                self.kept.entry(name).or_insert(Kept { locked, since, seats });
            }
        }
    }

    /// The engine has told who is in which room. Where nobody is who was there before, a room is another one of that name,
    /// and is not locked because the old one was.
    pub(super) fn forget_old(&mut self) {
        for room in self.rooms.values_mut() {
            if !room.seats.legs().any(|leg| room.legs.contains(leg)) {
                (room.locked, room.since) = (false, None);
            }
        }
    }

    /// Everybody has a seat who was there before.
    pub(super) fn seats_are_given(&mut self) {
        self.rooms.values_mut().for_each(|room| room.seats.are_given());
    }

    /// Has a room be looked at.
    pub(super) fn touch(&mut self, name: &BStr) {
        self.touched.insert(name.to_owned());
    }

    /// The next room to be looked at.
    pub(super) fn next_touched(&mut self) -> Option<BString> {
        self.touched.pop_first()
    }

    /// A channel is in a room, or will be, only to do something there.
    pub(super) fn is_utility(&mut self, channel: &BStr) {
        if !self.utility_ids.insert(channel.to_owned()) {
            return;
        }
        self.utilities.push_back(channel.to_owned());
        if self.utilities.len() > MOST_UTILITIES
            && let Some(oldest) = self.utilities.pop_front()
        {
            self.utility_ids.remove(&oldest);
        }
        let rooms = self.legs.values().filter(|leg| leg.peer.as_ref().is_some_and(|peer| peer == channel));
        self.touched.extend(rooms.map(|leg| leg.room.clone()));
    }

    /// A channel is gone.
    pub(super) fn utility_gone(&mut self, channel: &BStr) {
        if self.utility_ids.remove(channel) {
            self.utilities.retain(|known| known != channel);
        }
    }

    /// The legs that somebody sits on of whom the engine has not said whether they are muted.
    pub(super) fn untold(&self) -> Vec<BString> {
        let sits = |room: &Room, leg: &BString| self.sitter(room, leg).is_some();
        let untold = |leg: &&BString| self.legs.get(*leg).is_some_and(|leg| leg.mute.known().is_none());
        let legs = self.rooms.values().flat_map(|room| room.legs.iter().filter(move |leg| sits(room, leg)));
        legs.filter(untold).cloned().collect()
    }

    /// Whether anybody is in a room but machines.
    pub(super) fn is_open(&self, name: &BStr) -> bool {
        self.rooms.get(name).is_some_and(|room| {
            let people = |leg: &BString| match self.legs.get(leg).and_then(|leg| leg.peer.as_ref()) {
                Some(_) => self.sitter(room, leg).is_some(),
                None => !room.is_machine(leg),
            };
            room.legs.iter().any(people)
        })
    }

    /// Whether a room is locked, also where the engine has yet to say that it is there still.
    pub(super) fn is_locked(&self, name: &BStr) -> bool {
        let kept = || self.kept.get(name).is_some_and(|kept| kept.locked);
        self.rooms.get(name).map_or_else(kept, |room| room.locked && !room.legs.is_empty())
    }

    /// Who sits on a leg: its channel, unless that is a machine.
    pub(super) fn sitter(&self, room: &Room, leg: &BString) -> Option<&BString> {
        let known = self.legs.get(leg).filter(|known| !known.records && !room.is_machine(leg))?;
        let peer = known.peer.as_ref()?;
        (kind(peer) == Kind::Party && !self.utility_ids.contains(peer)).then_some(peer)
    }

    /// The next operation that waits for a room, if the room is free.
    pub(super) fn next_waiting(&mut self, name: &BStr) -> Option<Job> {
        self.rooms.get_mut(name).filter(|room| !room.busy)?.waiting.pop_front()
    }

    /// All operations that wait for rooms.
    pub(super) fn take_waiting(&mut self) -> Vec<Job> {
        self.rooms.values_mut().flat_map(|room| std::mem::take(&mut room.waiting)).collect()
    }

    /// A leg is in a room. Events come in any order: what is known already stays.
    pub(super) fn entered(&mut self, now: Duration, leg: &BStr, room: &BStr) {
        // A leg never changes its room, and its room is not always told.
        if room.is_empty() || self.gone.contains(leg) || self.legs.contains_key(leg) {
            return;
        }
        if self.legs.len() >= self.most_legs {
            self.refused.1 += 1;
            return;
        }
        if self.has_no_place_for(room) {
            self.refused.0 += 1;
            return;
        }
        self.room_mut(room).legs.insert(leg.to_owned());
        self.touch(room);
        let mute = self.told_early.remove(leg).unwrap_or_default();
        let new = Leg { room: room.to_owned(), peer: None, since: now, mute, records: false };
        self.legs.insert(leg.to_owned(), new);
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
        if self.gone.contains(leg) {
            return None;
        }
        if self.told_early.len() >= TOLD_EARLY {
            // Nothing more came of so many: they are of a time that is over.
            self.told_early.clear();
        }
        Some(self.told_early.entry(leg.to_owned()).or_default())
    }

    /// A leg is connected to a channel.
    pub(super) fn connected(&mut self, leg: &BStr, peer: &BStr) {
        if let Some(known) = self.legs.get_mut(leg)
            && known.peer.as_ref().is_none_or(|known| known != peer)
        {
            known.peer = Some(peer.to_owned());
            self.touched.insert(known.room.clone());
        }
    }

    /// How often something was told of a leg's mute.
    pub(super) fn tellings(&self, leg: &BStr) -> Tellings {
        let mute = self.legs.get(leg).map(|leg| &leg.mute).or_else(|| self.told_early.get(leg));
        mute.map(Mute::tellings).unwrap_or_default()
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
            room.talkers.remove(leg);
            room.voice.leg_gone(leg);
            self.touched.insert(known.room.clone());
            room.spare.retain(|spare| spare.recorder.leg != leg);
            if room.recording.leg().is_some_and(|recorder| recorder == leg) {
                self.record(known.room.as_ref(), Recording::Off);
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
        if self.rooms.get(name).is_some_and(|room| {
            let idle = !room.busy && !room.serving && room.waiting.is_empty() && room.voice.is_idle();
            room.legs.is_empty() && room.seats.is_empty() && idle
        }) {
            self.rooms.remove(name);
        }
    }
}

/// A room's name as the engine's messages have it.
pub(super) fn prefixed(name: &[u8]) -> Vec<u8> {
    [LEG_PREFIX, name].concat()
}

/// Whether a leg is that of a room's own recorder: the room made it itself, and a file is at the other end.
pub(super) fn is_recorder(status: &BStr, peer: &BStr) -> bool {
    status == "incoming" && kind(peer) == Kind::File
}

/// A room as commands and codes name it, without its prefix; `None` if it can be none.
pub(super) fn named(text: &[u8]) -> Option<BString> {
    let name = text.strip_prefix(LEG_PREFIX).unwrap_or(text);
    let plain = |byte: &u8| *byte >= b' ' && *byte != 0x7f && *byte != b'/';
    ((1..=64).contains(&name.len()) && name.iter().all(plain)).then(|| name.into())
}
