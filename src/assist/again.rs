//! What is known again of who was there before us: after a restart of ours, or a time without the store.

use bstr::{BStr, BString};

use super::Assist;
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
                "number" => Some(facts.called().to_vec().into()),
                "room" => Some(name.as_slice().into()),
                _ => None,
            });
            facts.outgoing |= !caller.is_empty() && !facts.called().is_empty() && facts.caller() == caller;
            self.keep_channel(&channel);
        }
    }

    /// Whether somebody is muted is not in the engine's account, and is to be shown to whoever looks.
    pub(super) fn ask_for_mutes(&mut self, now: Moment) {
        if self.config.control.is_none() {
            return;
        }
        for leg in self.rooms.untold() {
            self.ask_aside(now, leg.as_ref(), 1);
        }
    }

    /// Who was there when we last wrote: some are there still, and the others have left, nobody saw when.
    pub(super) fn open_attendance(&mut self, now: Moment, open: Vec<Attendance>) {
        for row in open {
            match self.seat_on(&row.key, &row.room) {
                Some(number) => self.sits_still(now, number, row),
                None => {
                    let reason = "unknown".to_owned();
                    self.write_down(now, Request::Left { key: row.key, left: now.date, reason });
                }
            }
        }
    }

    /// Somebody is there whom we have seen come, perhaps before a restart of ours: they are who they were.
    fn sits_still(&mut self, now: Moment, number: u32, row: Attendance) {
        let name = BString::from(row.room);
        let Some(room) = self.rooms.get_mut(name.as_ref()) else { return };
        let Some(seat) = room.seats.get_mut(number) else { return };
        (seat.since, seat.row) = (seat.since.or(Some(row.joined)), row.key.leg);
        let channel = seat.channel.clone();
        let organizer = self.organizer.is_some_and(|organizer| self.config.roles[organizer] == row.role);
        let Some(at) = self.calls.find(channel.as_ref()) else { return };
        let Some(call) = self.calls.get_mut(at) else { return };
        call.facts.outgoing |=
            row.caller.as_bytes() == call.facts.called() && row.caller.as_bytes() != call.facts.caller();
        if call.rare.proven.is_none() {
            call.rare.proven = Some((name.clone(), organizer));
        }
        self.keep_channel(&channel);
        self.settle(now, at);
        self.rooms.touch(name.as_ref());
    }

    fn seat_on(&self, key: &AttendanceKey, room: &str) -> Option<u32> {
        let room = self.rooms.get(BStr::new(room)).filter(|_| key.run == self.engine.run)?;
        let (leg, channel) =
            key.leg.split_once('#').map_or((key.leg.as_str(), None), |(leg, on)| (leg, Some(on)));
        let number = room.seats.of_leg(BStr::new(leg))?;
        let same = |on: &str| room.seats.get(number).is_some_and(|seat| seat.channel == on.as_bytes());
        channel.is_none_or(same).then_some(number)
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
            let joined = seat.since.unwrap_or(now.date);
            self.write_attendance(now, &name, seat.row, &seat.channel, joined);
        }
        self.ask_store(now, Question::OpenAttendance(self.connections), Request::OpenAttendance);
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
