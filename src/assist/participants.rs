//! Who comes to a room and who goes, whichever way the engine told it: their seats, what the room's rules make of it, and
//! what is written down.

use bstr::{BStr, BString};
use jiff::Timestamp;

use super::Assist;
use super::job::Job;
use super::peers::RACE;
use super::room::Recording;
use super::seats::Seat;
use super::session::Phase;
use super::timers::Timer;
use crate::config::{Operation, Switch};
use crate::moment::Moment;
use crate::sounds::{Phrase, Word};
use crate::store::{Attendance, AttendanceKey, Request};

impl Assist {
    /// Looks at every room in which something changed.
    pub(super) fn settle_rooms(&mut self, now: Moment) {
        while self.phase == Phase::Ready
            && let Some(name) = self.rooms.next_touched()
        {
            self.settle_room(now, &name, true);
        }
    }

    /// Looks at every room for the first time on a connection: who is there may have been there for long.
    pub(super) fn settle_account(&mut self, now: Moment) {
        self.rooms.look_at_kept();
        self.rooms.forget_old();
        self.know_callees();
        while let Some(name) = self.rooms.next_touched() {
            self.settle_room(now, &name, false);
        }
        self.rooms.seats_are_given();
        self.ask_for_mutes(now);
        // Who waits may have been told so while it was not known who is there.
        let led: Vec<BString> = self
            .rooms
            .iter()
            .filter(|(_, room)| room.seats.has_organizer())
            .map(|(name, _)| name.clone())
            .collect();
        for name in led {
            self.let_in_waiting(now, &name);
        }
    }

    /// Makes the seats of a room be those of who is there. `seen` if what changed was seen to change.
    fn settle_room(&mut self, now: Moment, name: &BString, seen: bool) {
        let Some(room) = self.rooms.get(name.as_ref()) else { return };
        let sits = |leg: &BString| room.legs.contains(leg).then(|| self.rooms.sitter(room, leg)).flatten();
        let had_organizer = room.seats.has_organizer();
        let gone: Vec<u32> = room
            .seats
            .iter()
            .filter(|(_, seat)| sits(&seat.leg) != Some(&seat.channel))
            .map(|(number, _)| number)
            .collect();
        let passed_on: Vec<BString> =
            gone.iter().filter_map(|&number| Some(room.seats.get(number)?.leg.clone())).collect();
        let was_empty = room.seats.is_empty();
        // The numbers are in order.
        let seated = |leg: &BString| {
            room.seats.of_leg(leg.as_ref()).is_some_and(|number| gone.binary_search(&number).is_err())
        };
        let mut comers: Vec<(BString, BString)> = room
            .legs
            .iter()
            .filter(|leg| !seated(leg))
            .filter_map(|leg| Some((leg.clone(), self.rooms.sitter(room, leg)?.clone())))
            .collect();
        comers.sort_by_key(|(leg, _)| (leg.len(), leg.clone()));
        for number in gone {
            self.goes(now, name, number);
        }
        for (leg, channel) in comers {
            let row = if passed_on.contains(&leg) { format!("{leg}#{channel}") } else { leg.to_string() };
            self.comes(now, name, (&leg, &channel), row, seen);
        }
        self.look_at_organizers(now, name, had_organizer, seen);
        let Some(room) = self.rooms.get_mut(name.as_ref()) else { return };
        match (was_empty, room.seats.is_empty()) {
            (true, false) => {
                room.since = room.since.or(seen.then_some(now.date));
                self.opened(now, name);
            }
            (false, true) => self.emptied(now, name),
            _ => {}
        }
        self.rooms.forget_if_empty(name.as_ref());
        self.keep_room(name);
    }

    fn comes(
        &mut self,
        now: Moment,
        name: &BString,
        (leg, channel): (&BString, &BString),
        row: String,
        seen: bool,
    ) {
        let organizer = self.is_organizer_in(now, name.as_ref(), channel);
        let seat = Seat {
            leg: leg.clone(),
            channel: channel.clone(),
            since: seen.then_some(now.date),
            row: row.clone(),
            organizer,
            parting: None,
        };
        let Some(room) = self.rooms.get_mut(name.as_ref()) else { return };
        room.seats.take(seat);
        let others = room.seats.len() > 1;
        self.write_attendance(now, name, row, channel, now.date);
        let config = self.config.clone();
        let Some(rules) = config.room(name).filter(|_| seen) else { return };
        let admission = if organizer { &rules.organizer } else { &rules.participant };
        if admission.start_muted {
            self.enqueue(now, Job::ruled(Operation::Mute(Switch::On), channel.clone()));
        }
        if rules.tells_of_comings && others {
            self.tell_of(now, name, channel, Phrase::HasJoined);
        }
    }

    fn goes(&mut self, now: Moment, name: &BString, number: u32) {
        let Some(room) = self.rooms.get_mut(name.as_ref()) else { return };
        let Some(seat) = room.seats.free(number) else { return };
        let left = !room.seats.is_empty();
        let key = self.attendance_key(seat.row);
        let reason = seat.parting.unwrap_or("left").to_owned();
        self.write_down(now, Request::Left { key, left: now.date, reason });
        if left && self.config.room(name).is_some_and(|rules| rules.tells_of_comings) {
            self.tell_of(now, name, &seat.channel, Phrase::HasLeft);
        }
    }

    fn tell_of(&mut self, now: Moment, name: &BString, channel: &BString, phrase: Phrase) {
        let number = self.calls.by_id(channel.as_ref()).map(|call| call.facts.number().to_string());
        let who = number.filter(|number| !number.is_empty()).map(Word::Digits);
        let words: Vec<Word> = who.into_iter().chain([phrase.into()]).collect();
        self.say_to_room(now, name, &words);
    }

    /// Organizers may have come, gone, or proven that they are one.
    fn look_at_organizers(&mut self, now: Moment, name: &BString, had: bool, seen: bool) {
        let Some(room) = self.rooms.get(name.as_ref()) else { return };
        let roles: Vec<(u32, bool)> = room
            .seats
            .iter()
            .map(|(number, seat)| (number, self.is_organizer_in(now, name.as_ref(), &seat.channel)))
            .collect();
        let Some(room) = self.rooms.get_mut(name.as_ref()) else { return };
        for (number, organizer) in roles {
            if let Some(seat) = room.seats.get_mut(number) {
                seat.organizer |= organizer;
            }
        }
        let (has, empty) = (room.seats.has_organizer(), room.seats.is_empty());
        if has && !had {
            self.let_in_waiting(now, name);
            self.tell_missing(now, name);
        }
        let ends = self.config.room(name).is_some_and(|rules| rules.ends_with_organizer);
        // A loss of the connection is nobody's leaving.
        if had && !has && !empty && ends && seen {
            self.endings += 1;
            self.ending.insert(self.endings, name.clone());
            self.timers.change(Timer::Ending(self.endings), None, Some(now.steady + RACE));
        }
    }

    /// The last organizer left a moment ago; who only moved is there again.
    pub(super) fn organizer_left(&mut self, now: Moment, number: u64) {
        let Some(name) = self.ending.remove(&number) else { return };
        let room = self.rooms.get(name.as_ref());
        if room.is_some_and(|room| !room.seats.is_empty() && !room.seats.has_organizer()) {
            self.end_room(now, &name, "organizer-left");
        }
    }

    /// The first is there.
    fn opened(&mut self, now: Moment, name: &BString) {
        self.hold_voice(now, name);
        if self.config.room(name).is_some_and(|rules| rules.record) {
            let record = Job::ruled(Operation::Record(Switch::On), BString::default());
            self.start(now, record.about(name.clone()));
        }
    }

    /// The last has gone. The engine may keep the room for a leg of ours; what was done to it is over.
    fn emptied(&mut self, now: Moment, name: &BString) {
        let Some(room) = self.rooms.get_mut(name.as_ref()) else { return };
        (room.locked, room.since) = (false, None);
        if !room.legs.is_empty() && *room.recording() != Recording::Off {
            let stop = Job::ruled(Operation::Record(Switch::Off), BString::default());
            self.start(now, stop.about(name.clone()));
        }
    }

    /// Whether who is on a channel is an organizer in a room.
    pub(super) fn is_organizer_in(&self, now: Moment, name: &BStr, channel: &BString) -> bool {
        let Some(call) = self.calls.by_id(channel.as_ref()) else { return false };
        let role = self.role_in(now, name, call);
        role.is_some() && role == self.organizer
    }

    fn attendance_key(&self, row: String) -> AttendanceKey {
        AttendanceKey { run: self.engine.run.clone(), leg: row }
    }

    pub(super) fn write_attendance(
        &mut self,
        now: Moment,
        name: &BString,
        row: String,
        channel: &BString,
        joined: Timestamp,
    ) {
        if !self.has_store() {
            return;
        }
        let call = self.calls.by_id(channel.as_ref());
        let role = call.and_then(|call| self.role_in(now, name.as_ref(), call));
        let facts = call.map(|call| call.facts.clone()).unwrap_or_default();
        let attendance = Attendance {
            key: self.attendance_key(row),
            room: name.to_string(),
            conference: self.held_in(now, name.as_ref()).map(|held| held.key.conference),
            channel: channel.to_string(),
            caller: facts.number().to_string(),
            role: role.map(|role| self.config.roles[role].clone()).unwrap_or_default(),
            billid: facts.billid().to_string(),
            joined,
            left: None,
            seconds: None,
            reason: String::new(),
        };
        self.write_down(now, Request::Joined(Box::new(attendance)));
    }

    /// Why who sits on a channel or leg goes, before they do.
    pub(super) fn note_parting(&mut self, name: &BStr, id: &BStr, reason: Option<&'static str>) {
        if let Some(room) = self.rooms.get_mut(name)
            && let Some(number) = room.seats.of(id)
            && let Some(seat) = room.seats.get_mut(number)
        {
            seat.parting = reason;
        }
    }

    /// Throws everybody out of a room.
    pub(super) fn end_room(&mut self, now: Moment, name: &BString, reason: &'static str) {
        let end = Job::ruled(Operation::End, BString::default());
        self.end_because(now, end.about(name.clone()), reason);
    }
}
