//! What is known again of who was there before us: after a restart of ours, or a time without the store.

use bstr::{BStr, BString};

use super::Assist;
use super::calls::is_leg;
use super::questions::Question;
use crate::moment::Moment;
use crate::store::{Attendance, AttendanceKey, Request};

impl Assist {
    /// Who was called into a room by us is known by the number that was called: the engine's account does not say which
    /// way a call went, but it is by whom we are said to be.
    pub(super) fn know_callees(&mut self) {
        for (name, channel) in self.everybody() {
            let config = self.config.clone();
            let Some(call) = self.calls.by_id_mut(channel.as_ref()) else { continue };
            let facts = &mut call.facts;
            let caller = config.calling.caller.render(|known| match known {
                "number" => Some(facts.called.as_slice().into()),
                "room" => Some(name.as_slice().into()),
                _ => None,
            });
            facts.outgoing |= !caller.is_empty() && !facts.called.is_empty() && facts.caller == caller;
        }
    }

    /// Whether somebody is muted is not in the engine's account, and is to be shown to whoever looks.
    pub(super) fn ask_for_mutes(&mut self, now: Moment) {
        if self.config.control.is_none() {
            return;
        }
        let seats = self.rooms.iter().flat_map(|(_, room)| room.seats.iter());
        let legs: Vec<BString> = seats.map(|(_, seat)| seat.leg.clone()).collect();
        for leg in legs {
            if self.rooms.leg(leg.as_ref()).is_some_and(|leg| leg.mute.known().is_none()) {
                self.ask_aside(now, leg.as_ref(), 1);
            }
        }
    }

    /// Who was there when we last wrote: some are there still, and the others have left, nobody saw when.
    pub(super) fn open_attendance(&mut self, now: Moment, open: Vec<Attendance>) {
        for Attendance { key, room, channel, role, joined, .. } in open {
            let seat = self.seat_on(&key, &room);
            match seat.and_then(|number| self.rooms.get_mut(BStr::new(&room))?.seats.get_mut(number)) {
                Some(seat) => {
                    seat.since = seat.since.or(Some(joined));
                    let same = seat.channel == channel.as_str();
                    let organizer = self.organizer.map(|role| self.config.roles[role].as_str());
                    if same && organizer == Some(role.as_str()) {
                        self.was_organizer(now, &channel.into(), &room.into());
                    }
                }
                None => {
                    self.write_down(now, Request::Left { key, left: now.date, reason: "unknown".to_owned() });
                }
            }
        }
    }

    fn seat_on(&self, key: &AttendanceKey, room: &str) -> Option<u32> {
        let here = key.run == self.engine.run && is_leg(key.leg.as_bytes());
        self.rooms.get(BStr::new(room)).filter(|_| here)?.seats.of_leg(BStr::new(&key.leg))
    }

    /// By routing or a PIN, of which only we were told: it holds in that room.
    fn was_organizer(&mut self, now: Moment, channel: &BString, room: &BString) {
        let known = self.calls.by_id(channel.as_ref()).is_none_or(|call| call.proven.is_some());
        if !known && !self.is_organizer_in(now, room.as_ref(), channel) {
            self.believe_pin(now, channel, room, true);
        }
    }

    /// Who may do what in a room changes with what is on the schedule.
    pub(super) fn look_at_roles(&mut self, now: Moment) {
        for (name, channel) in self.everybody() {
            if let Some(at) = self.calls.find(channel.as_ref()) {
                self.settle(now, at);
            }
            self.rooms.touch(name.as_ref());
        }
    }

    /// The store works again: who is there is written, and who is on record and left meanwhile is not there any more.
    pub(super) fn write_who_is_there(&mut self, now: Moment) {
        let rooms = self
            .rooms
            .iter()
            .flat_map(|(name, room)| room.seats.iter().map(|(_, seat)| (name.clone(), seat.clone())));
        for (name, seat) in rooms.collect::<Vec<_>>() {
            self.write_attendance(now, &name, &seat);
        }
        self.ask_store(now, Question::OpenAttendance, Request::OpenAttendance);
    }

    /// The rooms and channels of all who are in one.
    fn everybody(&self) -> Vec<(BString, BString)> {
        let of = |(name, room): (&BString, &super::room::Room)| {
            let sitters = room.legs.iter().filter_map(|leg| self.rooms.sitter(room, leg).cloned());
            sitters.map(|channel| (name.clone(), channel)).collect::<Vec<_>>()
        };
        self.rooms.iter().flat_map(of).collect()
    }
}
