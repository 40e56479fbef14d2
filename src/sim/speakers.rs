//! Who speaks in a room, and when it says so.

use std::time::Duration;

use bstr::BStr;

use super::Sim;
use super::agenda::Event;
use super::channel::Chan;
use super::room::{MAX_SPEAKERS, Room};

/// A room repeats itself this often while somebody speaks.
const REPEAT: Duration = Duration::from_secs(5);

type Speakers = [Option<(Chan, u32)>; MAX_SPEAKERS];

impl Sim {
    /// Something has changed that may change who speaks: the room looks as soon as it may say so.
    pub(super) fn look_at_speakers(&mut self, name: &BStr) {
        let now = self.now;
        let Some(room) = self.rooms.get_mut(name) else { return };
        if room.speaking.track == 0 || room.notify.is_empty() {
            return;
        }
        room.speaking.look += 1;
        let (due, at) = (room.speaking.look, room.speaking.not_before.max(now));
        self.agenda.put(at, Event::Speakers { room: name.into(), due });
    }

    /// The room looks at who speaks, says so if that is due, and decides when to look again.
    pub(super) fn speakers_due(&mut self, name: &BStr, due: u64) {
        let now = self.now;
        let Some(room) = self.rooms.get(name).filter(|room| room.speaking.look == due) else { return };
        let speakers = self.speakers(room);
        let chans = speakers.map(|speaker| speaker.map(|(chan, _)| chan));
        let changed = !same_set(&room.speaking.last, &chans, room.speaking.track);
        let differ = room.speaking.last != chans;
        let repeat = chans[0].is_some() && now >= room.speaking.repeat_at;
        if differ || repeat {
            self.say_speaking(room.name.clone().as_ref(), &speakers, changed);
        }
        let Some(room) = self.rooms.get_mut(name) else { return };
        room.speaking.last = chans;
        if differ || repeat {
            room.speaking.repeat_at = now + REPEAT;
            room.speaking.not_before = now + room.speaking.interval;
        }
        if chans[0].is_some() {
            room.speaking.look += 1;
            let (due, at) = (room.speaking.look, room.speaking.repeat_at);
            self.agenda.put(at, Event::Speakers { room: name.into(), due });
        }
    }

    fn say_speaking(&mut self, name: &BStr, speakers: &Speakers, changed: bool) {
        let Some(room) = self.rooms.get(name) else { return };
        let mut msg = self.room_event(room, "speaking");
        msg.fields.add("maxusers", room.max_users.to_string());
        let mut count = 0usize;
        for (chan, energy) in speakers.iter().flatten() {
            count += 1;
            let prefix = format!("speaker.{count}");
            msg.fields.add_foreign(prefix.as_bytes(), &self.id_of(*chan));
            if let Some(peer) = self.peer_of(*chan) {
                msg.fields.add_foreign(format!("{prefix}.peer").as_bytes(), &self.id_of(peer));
            }
            msg.fields.add_foreign(format!("{prefix}.energy").as_bytes(), energy.to_string().as_bytes());
        }
        msg.fields.add("speakers", count.to_string());
        msg.fields.add("changed", if changed { "true" } else { "false" });
        self.enqueue(msg);
    }

    /// The loudest first; of two as loud as each other, whoever came first.
    fn speakers(&self, room: &Room) -> Speakers {
        let energy = |leg: &Chan| -> Option<(Chan, u32)> {
            let channel = self.channels.get(leg)?;
            let speaks =
                channel.leg().is_some_and(|leg| leg.voice && leg.smart && !leg.muted && !leg.utility);
            let peer = channel.peer.and_then(|peer| self.channels.get(&peer))?;
            (speaks && peer.media.energy > 0).then_some((*leg, peer.media.energy))
        };
        let mut found: Vec<_> = room.members.iter().filter_map(energy).collect();
        found.sort_by_key(|(_, energy)| std::cmp::Reverse(*energy));
        found.truncate(room.speaking.track);
        let mut speakers = Speakers::default();
        for (place, speaker) in speakers.iter_mut().zip(found) {
            *place = Some(speaker);
        }
        speakers
    }
}

/// Whether the same speak, in whatever order; nobody counts as somebody where there is room for more.
fn same_set(one: &[Option<Chan>; MAX_SPEAKERS], other: &[Option<Chan>; MAX_SPEAKERS], track: usize) -> bool {
    let (one, other) = (&one[..track], &other[..track]);
    one.iter().all(|chan| other.contains(chan)) && other.iter().all(|chan| one.contains(chan))
}
