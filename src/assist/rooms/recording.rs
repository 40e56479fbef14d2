//! What records the rooms, and the legs of ours that record or did.

use std::collections::HashSet;
use std::time::Duration;

use bstr::{BStr, BString};

use super::Rooms;
use crate::assist::job::Job;
use crate::assist::room::{OwnLeg, Recording, Room, Spare};

impl Rooms {
    /// Whether a leg of ours was to be made in a room when the connection was lost.
    pub(in crate::assist) fn was_opening(&self, name: &BStr) -> bool {
        self.opening_before.contains(name)
    }

    /// Whether a leg is one that we record on in a room, or may be the one that we asked for just now.
    pub(in crate::assist) fn is_ours(&self, name: &BStr, leg: &BString) -> bool {
        self.gone.contains(leg.as_ref())
            || self.rooms.get(name).is_some_and(|room| room.busy || room.is_machine(leg))
    }

    /// What a recording that was to begin on a leg of ours was for, if nobody knows whether it did.
    pub(in crate::assist) fn was_starting(&mut self, channel: &BString) -> Option<Job> {
        self.starting_before.remove(channel)
    }

    /// Whether a leg of ours that the engine knows of is known to record nothing.
    pub(in crate::assist) fn was_spare(&self, channel: &BString, name: &BStr) -> bool {
        self.spare_before.contains(channel) || self.opening_before.contains(name)
    }

    /// The last change of any room's recording.
    pub(in crate::assist) fn changes(&self) -> u64 {
        self.changes
    }

    /// The rooms that are believed to be recorded by their own recorders since that change or longer, and have none.
    pub(in crate::assist) fn recorded_by_nobody(
        &self,
        recorded: &HashSet<BString>,
        changes: u64,
    ) -> Vec<BString> {
        let own = |room: &Room| {
            matches!(room.recording, Recording::Room { .. }) && !room.busy && room.changed <= changes
        };
        let believed = self.rooms.iter().filter(|(name, room)| own(room) && !recorded.contains(*name));
        believed.map(|(name, _)| name.clone()).collect()
    }

    /// Whether a leg of ours is known in a room, or one is just being made there.
    pub(in crate::assist) fn awaits_own_leg(&self, name: &BStr, leg: &BString) -> bool {
        self.rooms.get(name).is_some_and(|room| room.busy || room.voice.is_opening() || room.is_machine(leg))
    }

    /// The room's own recorder is on that leg. A leg of ours that records, or did, is what our codes are about.
    pub(in crate::assist) fn records_itself(&mut self, now: Duration, leg: &BStr, room: &BStr) {
        self.entered(now, leg, room);
        // It is gone, or left alone.
        let Some(known) = self.legs.get_mut(leg) else { return };
        known.records = true;
        if matches!(self.room_mut(room).recording, Recording::Off | Recording::Room { .. }) {
            self.record(room, Recording::Room { leg: Some(leg.to_owned()) });
        }
    }

    /// The room's own recorder could not begin; says whether it was believed to have.
    pub(in crate::assist) fn recorder_failed(&mut self, leg: &BStr, room: &BStr) -> bool {
        let recording = self.rooms.get(room).map(|room| &room.recording);
        let believed = match recording {
            Some(Recording::Room { leg: known }) => known.as_ref().is_none_or(|known| known == leg),
            Some(Recording::Off | Recording::Leg(_)) | None => false,
        };
        self.left(leg);
        if believed {
            self.record(room, Recording::Off);
        }
        // An answer that says it began may come yet.
        self.changes += 1;
        if let Some(room) = self.rooms.get_mut(room) {
            room.changed = self.changes;
        }
        believed
    }

    /// A leg of ours that records nothing is in a room.
    pub(in crate::assist) fn add_spare(&mut self, now: Duration, name: &BStr, recorder: OwnLeg) {
        self.occupied(now, recorder.leg.as_ref(), name, recorder.channel.as_ref());
        let Some(room) = self.rooms.get_mut(name) else { return };
        if room.legs.contains(&recorder.leg) && !room.is_machine(&recorder.leg) {
            room.spare.push(Spare::new(recorder, false));
        }
    }

    /// Which change of its recording was the room's last.
    pub(in crate::assist) fn recording_changed(&self, name: &BStr) -> u64 {
        self.rooms.get(name).map_or(0, |room| room.changed)
    }

    /// What records a room is another thing from now on.
    pub(in crate::assist) fn record(&mut self, name: &BStr, recording: Recording) {
        let change = self.changes + 1;
        let room = self.room_mut(name);
        if room.recording != recording {
            (room.recording, room.changed) = (recording, change);
            self.changes = change;
        }
    }

    /// Whether that leg of ours records, by all that was told.
    pub(in crate::assist) fn is_recording_on(&self, name: &BStr, recorder: &OwnLeg) -> bool {
        let recording = self.rooms.get(name).map(|room| &room.recording);
        matches!(recording, Some(Recording::Leg(known)) if known == recorder)
    }

    /// Whether that leg of ours records nothing.
    pub(in crate::assist) fn is_spare(&self, name: &BStr, recorder: &OwnLeg) -> bool {
        self.rooms.get(name).is_some_and(|room| room.spare.iter().any(|spare| spare.recorder == *recorder))
    }

    /// That leg of ours records, or does not.
    pub(in crate::assist) fn set_recording(&mut self, name: &BStr, recorder: &OwnLeg, on: bool) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let here = |spare: &Spare| spare.recorder == *recorder;
        if on && room.recording == Recording::Off && room.spare.iter().any(here) {
            room.spare.retain(|spare| !here(spare));
            self.record(name, Recording::Leg(recorder.clone()));
        } else if !on && room.recording == Recording::Leg(recorder.clone()) {
            room.spare.push(Spare::new(recorder.clone(), false));
            self.record(name, Recording::Off);
        }
    }

    /// The channels of spare legs that the engine is to be asked about, if nothing else is done to the room.
    pub(in crate::assist) fn spare_to_ask_for(&mut self, name: &BStr) -> Vec<BString> {
        let Some(room) = self.rooms.get_mut(name).filter(|room| !room.busy) else { return Vec::new() };
        let spare = room.spare.iter_mut().filter(|spare| !spare.asked && !spare.dropped);
        spare
            .map(|spare| {
                spare.asked = true;
                spare.recorder.channel.clone()
            })
            .collect()
    }

    /// Whether to drop a spare leg, now that the engine has said whether it may go.
    pub(in crate::assist) fn may_drop_spare(&mut self, name: &BStr, channel: &BString, may: bool) -> bool {
        let Some(room) = self.rooms.get_mut(name) else { return false };
        let busy = room.busy;
        let Some(spare) = room.spare.iter_mut().find(|spare| spare.recorder.channel == *channel) else {
            return false;
        };
        spare.asked = false;
        spare.dropped |= may && !busy;
        may && !busy
    }
}
