//! What is kept of a channel or a room, as the store has it and as we have it.

use std::collections::{BTreeSet, HashMap};

use bstr::{BStr, BString, ByteSlice};

use crate::assist::Assist;
use crate::assist::calling::Outgoing;
use crate::assist::calls::{Kept, LEG_PREFIX};
use crate::assist::entry::{Entry, Wanted};
use crate::assist::job::Job;
use crate::assist::room;
use crate::assist::rooms::OWN_CHANNEL;
use crate::assist::seats::{Seat, Seats};
use crate::config::{Operation, Params};
use crate::store::{KeptChannel, KeptEntry, KeptRoom, KeptSeat, KeptWanted};
use crate::template::Template;

/// What is named in what was kept and is not in the configuration, in words.
pub(super) type Unknown = BTreeSet<String>;

impl Assist {
    /// What is to be kept of a channel, if it is there and there is anything that only we know.
    pub(super) fn keep_of_channel(&self, id: &BStr) -> Option<KeptChannel> {
        if id.starts_with(OWN_CHANNEL) {
            return self.keep_of_outgoing(self.outgoing.get(id)?);
        }
        let call = self.calls.by_id(id)?;
        let entry = call.rare.entry.as_ref().and_then(|entry| self.keep_of_entry(entry));
        let set = call.place.set.filter(|_| call.rare.entry.is_none());
        let name = |state: usize| self.config.states[state].name.clone();
        let state_in = (set.is_some() || entry.is_some()).then(|| name(call.place.natural));
        let kept = KeptChannel {
            role: call.place.told_role.map(|role| self.config.roles[role].clone()),
            role_for: call.rare.told_for.as_ref().filter(|_| call.place.told_role.is_some()).and_then(text),
            proven: call.rare.proven.as_ref().and_then(|(room, organizer)| Some((text(room)?, *organizer))),
            outgoing: call.facts.outgoing,
            username: text(call.facts.username()).unwrap_or_default(),
            state: set.map(name),
            state_in,
            entry,
            inviter: None,
        };
        (kept != KeptChannel::default()).then_some(kept)
    }

    /// Of a call of ours to somebody: what its channel's name does not tell.
    fn keep_of_outgoing(&self, outgoing: &Outgoing) -> Option<KeptChannel> {
        let role = outgoing.role.map(|role| self.config.roles[role].clone());
        let inviter = outgoing.inviter.as_ref().and_then(text);
        let worth = role.is_some() || inviter.is_some();
        worth.then(|| KeptChannel { role, inviter, ..KeptChannel::default() })
    }

    fn keep_of_entry(&self, entry: &Entry) -> Option<KeptEntry> {
        let wanted = match &entry.wanted {
            Wanted::Room => KeptWanted::Room,
            Wanted::Pin { room } => KeptWanted::Pin(text(room)?),
            Wanted::Organizer { room } => KeptWanted::Organizer(text(room)?),
        };
        let code = entry.job().and_then(Job::keyed).map(|keyed| keyed.code().name.clone());
        let with_peer = entry.job().and_then(|job| match job.operation() {
            Operation::Join { with_peer, .. } => Some(*with_peer),
            _ => None,
        });
        Some(KeptEntry { wanted, tries: entry.tries(), parked: entry.is_parked(), code, with_peer })
    }

    /// What is to be kept of a room, if somebody is there.
    pub(super) fn keep_of_room(&self, name: &BStr) -> Option<KeptRoom> {
        let room = self.rooms.get(name).filter(|room| !room.seats.is_empty())?;
        let seat = |(number, seat): (u32, &Seat)| KeptSeat {
            number,
            leg: seat.leg.to_string(),
            channel: seat.channel.to_string(),
        };
        Some(KeptRoom {
            locked: room.locked,
            since: room.since,
            highest: room.seats.highest(),
            seats: room.seats.iter().map(seat).collect(),
        })
    }

    /// What was kept of a channel, by this configuration.
    pub(super) fn channel_kept(&self, id: &BString, kept: KeptChannel, unknown: &mut Unknown) -> Kept {
        let mut state = |name: String| {
            let state = self.config.state(&name);
            if state.is_none() {
                unknown.insert(format!("the state {name}"));
            }
            state
        };
        let set = kept.state.and_then(&mut state);
        let natural = kept.state_in.and_then(&mut state).unwrap_or(self.places.call);
        let told_role = kept.role.and_then(|role| self.role_named(&role, unknown));
        Kept {
            told_role,
            told_for: kept.role_for.map(BString::from),
            proven: kept.proven.map(|(room, organizer)| (room.into(), organizer)),
            entry: kept.entry.map(|entry| self.entry_kept(id, entry)),
            outgoing: kept.outgoing,
            username: kept.username.into(),
            set,
            natural,
        }
    }

    pub(super) fn role_named(&self, name: &str, unknown: &mut Unknown) -> Option<usize> {
        let role = self.config.role(name);
        if role.is_none() {
            unknown.insert(format!("the role {name}"));
        }
        role
    }

    /// What was wanted of a caller. What they had keyed to join is not kept; what is known of it is where to, and whether with
    /// the other party.
    fn entry_kept(&self, id: &BString, kept: KeptEntry) -> Entry {
        let wanted = match kept.wanted {
            KeptWanted::Room => Wanted::Room,
            KeptWanted::Pin(room) => Wanted::Pin { room: room.into() },
            KeptWanted::Organizer(room) => Wanted::Organizer { room: room.into() },
        };
        let room = match &wanted {
            Wanted::Room => None,
            Wanted::Pin { room } | Wanted::Organizer { room } => Some(room),
        };
        let job = kept.with_peer.zip(room).map(|(with_peer, room)| {
            let room = Template::literal(&[LEG_PREFIX, room].concat().to_str_lossy());
            let params = kept.code.map(|code| self.params_of(&code)).unwrap_or_default();
            Job::ruled(Operation::Join { room, with_peer, params }, id.clone())
        });
        Entry::restored(wanted, job, kept.tries, kept.parked)
    }

    /// What the engine is told by a code that joins, as far as it does not depend on what was keyed.
    fn params_of(&self, code: &str) -> Params {
        match self.config.codes.iter().find(|known| known.name == code).map(|code| &code.operation) {
            Some(Operation::Join { params, .. }) => {
                let plain = params.iter().filter(|(_, value)| value.is_literal());
                plain.map(|(name, value)| (name.clone(), value.clone())).collect()
            }
            _ => Params::new(),
        }
    }
}

/// What was kept of a room.
pub(super) fn room_kept(kept: KeptRoom) -> room::Kept {
    let seats = kept.seats.into_iter().map(|seat| (seat.leg.into(), (seat.channel.into(), seat.number)));
    let before: HashMap<BString, (BString, u32)> = seats.collect();
    room::Kept { locked: kept.locked, since: kept.since, seats: Seats::restored(kept.highest, before) }
}

/// A text that the store can have.
fn text(text: impl AsRef<[u8]>) -> Option<String> {
    text.as_ref().to_str().ok().map(str::to_owned)
}
