//! Callers who are asked for something before they are let in: a room, a PIN, patience.

use std::collections::HashMap;
use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};

use super::Assist;
use super::admission::{Admission, Comer};
use super::calls::LEG_PREFIX;
use super::flight::Purpose;
use super::job::Job;
use super::outcome::{Cause, done};
use super::questions::Question;
use super::timers::Timer;
use super::watch::room_name;
use crate::config::{Operation, Params as Templates};
use crate::moment::Moment;
use crate::sounds::Phrase;
use crate::store::{Pin, Request};
use crate::template::Template;
use crate::wire::Params;

/// How many callers and rooms are remembered for wrong PINs.
const REMEMBERED: usize = 10_000;

/// For how long a wrong PIN counts.
const COUNTS: Duration = Duration::from_secs(3600);

/// What a caller has yet to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) wanted: Wanted,
    /// How often it was done wrong, or not at all.
    tries: u32,
    /// Whether the caller was told.
    told: bool,
    /// Whether the caller may be hearing it.
    heard: bool,
    /// Whether the caller was put aside for it, and is with nobody.
    parked: bool,
}

/// What is wanted of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The number of a room.
    Room,
    /// A PIN for this room.
    Pin { room: BString },
    /// To wait for an organizer of this room.
    Organizer { room: BString },
}

impl Entry {
    pub(super) fn new(wanted: Wanted, parked: bool) -> Self {
        Entry { wanted, tries: 0, told: false, heard: false, parked }
    }

    /// The room it is for.
    pub(super) fn room(&self) -> Option<&BString> {
        match &self.wanted {
            Wanted::Room => None,
            Wanted::Pin { room } | Wanted::Organizer { room } => Some(room),
        }
    }

    /// Whether the caller may be hearing what is wanted; asked once of each saying.
    pub(super) fn is_heard(&mut self) -> bool {
        std::mem::take(&mut self.heard) && !matches!(self.wanted, Wanted::Organizer { .. })
    }

    fn phrase(&self) -> Phrase {
        match self.wanted {
            Wanted::Room => Phrase::EnterRoom,
            Wanted::Pin { .. } => Phrase::EnterPin,
            Wanted::Organizer { .. } => Phrase::WaitForOrganizer,
        }
    }
}

/// PINs that were wrong, by the caller's number and by the room.
#[derive(Debug, Default)]
pub(super) struct Failures {
    of: HashMap<BString, (u32, Duration)>,
}

impl Failures {
    /// How long a PIN is to wait that is keyed now.
    fn wait(&self, now: Duration, who: &BString, entry: &crate::config::Entry) -> Duration {
        let Some(&(times, last)) = self.of.get(who).filter(|&&(_, last)| now < last + COUNTS) else {
            return Duration::ZERO;
        };
        let factor = 2u32.saturating_pow(times.saturating_sub(1).min(31));
        let due = last + entry.wait.saturating_mul(factor).min(entry.longest);
        due.saturating_sub(now)
    }

    fn note(&mut self, now: Duration, who: BString) {
        if self.of.len() >= REMEMBERED {
            self.of.retain(|_, (_, last)| now < *last + COUNTS);
            if self.of.len() >= REMEMBERED {
                self.of.clear();
            }
        }
        let times = self.of.get(&who).filter(|(_, last)| now < *last + COUNTS).map_or(0, |&(times, _)| times);
        self.of.insert(who, (times.saturating_add(1), now));
    }

    fn forget(&mut self, who: &BString) {
        self.of.remove(who);
    }
}

/// A PIN on its way to be looked at.
#[derive(Debug)]
pub(super) struct PinCheck {
    pub(super) job: Job,
    pin: Pin,
    room: BString,
}

impl Assist {
    /// The state that what is wanted of a caller puts the call in.
    pub(super) fn state_of_entry(&self, entry: &Entry) -> usize {
        match entry.wanted {
            Wanted::Room => self.places.lobby,
            Wanted::Pin { .. } => self.places.pin,
            Wanted::Organizer { .. } => self.places.waiting,
        }
    }

    /// Tells a caller what is wanted, once they can hear it.
    pub(super) fn tell_entry(&mut self, now: Moment, at: usize) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let channel = call.id.clone();
        let Some(entry) = call.entry.as_mut().filter(|entry| !entry.told) else { return };
        entry.told = true;
        entry.heard = true;
        let phrase = entry.phrase();
        // What is to be heard while waiting is heard there already; without words there is nothing to add.
        if phrase != Phrase::WaitForOrganizer || self.config.sounds.dir.is_some() {
            self.say_phrase(now, &channel, phrase);
        }
    }

    /// Something is wanted of a caller, who stays where they are until it was done.
    pub(super) fn ask_caller(&mut self, now: Moment, channel: &BString, wanted: Wanted) {
        let Some(at) = self.calls.find(channel.as_ref()) else { return };
        let entry = Entry::new(wanted, false);
        let state = self.state_of_entry(&entry);
        let Some(call) = self.calls.get_mut(at) else { return };
        let parked = call.entry.as_ref().is_some_and(|before| before.parked);
        call.entry = Some(Entry { parked, ..entry });
        let place = call.place;
        self.change_place(now, at, super::calls::Place { set: Some(state), ..place });
        self.await_key(now, at);
        self.tell_entry(now, at);
    }

    /// Nothing was keyed where something is wanted.
    pub(super) fn entry_timeout(&mut self, now: Moment, at: usize) -> bool {
        let Some(channel) =
            self.calls.get(at).filter(|call| call.entry.is_some()).map(|call| call.id.clone())
        else {
            return false;
        };
        // Who has keyed something waits for us, and not we for them.
        if !self.pin_checks.values().any(|check| check.job.channel == channel) {
            self.entry_failed(now, &channel, None);
        }
        self.await_key(now, at);
        true
    }

    /// What was wanted was done wrong, or not at all: once more, or never again.
    fn entry_failed(&mut self, now: Moment, channel: &BString, wrong: Option<Phrase>) {
        let tries = self.config.entry.tries;
        let Some(at) = self.calls.find(channel.as_ref()) else { return };
        let Some(entry) = self.calls.get_mut(at).and_then(|call| call.entry.as_mut()) else { return };
        entry.tries += 1;
        if entry.tries < tries {
            entry.heard = true;
            let phrases: Vec<_> = wrong.into_iter().chain([entry.phrase()]).map(Into::into).collect();
            self.say(now, channel, &phrases);
            return self.await_key(now, at);
        }
        let (parked, room) = (entry.parked, entry.room().cloned().unwrap_or_default());
        if let Some(call) = self.calls.get_mut(at) {
            call.entry = None;
            let place = call.place;
            self.change_place(now, at, super::calls::Place { set: None, ..place });
        }
        if parked {
            let resource = self.last_words(&room, Phrase::TooManyTries);
            self.divert(now, channel, &resource.unwrap_or_else(|| "tone/congestion".to_owned()));
        } else {
            self.say_phrase(now, channel, Phrase::TooManyTries);
        }
    }

    /// Sends a caller to a tone or a file.
    fn divert(&mut self, now: Moment, channel: &BString, resource: &str) {
        let params =
            Params::new().with("id", channel).with("message", "call.execute").with("callto", resource);
        self.send_aside(now, Purpose::Divert(channel.clone()), "chan.masquerade", params);
    }

    pub(super) fn diverted(&mut self, now: Moment, channel: &BString, reply: super::flight::Reply<'_, '_>) {
        match super::flight::accepted(reply) {
            Ok(answer) => {
                let peer = super::watch::text(&answer.params, "peerid");
                self.connected_to(now, channel.as_ref(), peer.as_ref(), BStr::new(""));
            }
            Err(failure) => self.trouble(format!("{channel} could not be put aside: {}", failure.reason)),
        }
    }

    /// Puts a caller aside until there is an organizer.
    pub(super) fn let_wait(&mut self, now: Moment, channel: &BString, room: &BString, resource: &str) {
        if let Some(call) = self.calls.by_id_mut(channel.as_ref()) {
            call.entry = Some(Entry::new(Wanted::Organizer { room: room.clone() }, true));
        }
        let params = Params::new()
            .with("id", channel)
            .with("message", "call.execute")
            .with("callto", resource)
            .with("autorepeat", "true");
        self.send_aside(now, Purpose::Divert(channel.clone()), "chan.masquerade", params);
    }

    /// An organizer is there: who waited comes in.
    pub(super) fn let_in_waiting(&mut self, now: Moment, name: &BString) {
        let waits = |entry: &Entry| matches!(&entry.wanted, Wanted::Organizer { room } if room == name);
        let waiting = self.calls.iter().filter(|(_, call)| call.entry.as_ref().is_some_and(waits));
        let waiting: Vec<BString> = waiting.map(|(_, call)| call.id.clone()).collect();
        for channel in waiting {
            self.send_in(now, channel, name, false);
        }
    }

    /// How many wait for an organizer of a room.
    pub(super) fn waiting_for(&self, name: &BStr) -> usize {
        let waits = |entry: &Entry| matches!(&entry.wanted, Wanted::Organizer { room } if room == name);
        self.calls.iter().filter(|(_, call)| call.entry.as_ref().is_some_and(waits)).count()
    }

    /// Sends a caller into a room, by the rules.
    fn send_in(&mut self, now: Moment, channel: BString, name: &BString, with_peer: bool) {
        let room = Template::literal(&[LEG_PREFIX, name].concat().to_str_lossy());
        let join = Operation::Join { room, with_peer, params: Templates::new() };
        self.enqueue(now, Job::ruled(join, channel));
    }

    /// The number of a room was keyed.
    pub(super) fn enter_room(&mut self, now: Moment, job: Job, room: &Template) {
        let room = self.render(now, &job, room);
        let name = room_name(BStr::new(&room)).to_owned();
        let known = self.config.room(&name).is_some()
            || self.held_in(now, name.as_ref()).is_some()
            || self.rooms.get(name.as_ref()).is_some_and(|room| !room.legs.is_empty());
        let channel = job.channel.clone();
        if !known {
            self.finish(now, job, Err(Cause::NobodyThere.because("there is no such conference")));
            return self.entry_failed(now, &channel, Some(Phrase::NoConference));
        }
        self.finish(now, job, done("found"));
        self.send_in(now, channel, &name, false);
    }

    /// A PIN was keyed: for what is wanted, or by somebody in a room, who may be its organizer.
    pub(super) fn enter_pin(&mut self, now: Moment, job: Job, pin: &Template) {
        let pin = String::from_utf8_lossy(&self.render(now, &job, pin)).into_owned();
        let call = self.calls.by_id(job.channel.as_ref());
        let wanted = call.and_then(|call| call.entry.as_ref()).and_then(Entry::room).cloned();
        let Some(room) = wanted.or_else(|| self.room_of(&job.channel).cloned()) else {
            return self.finish(now, job, Err(Cause::NotInRoom.because("no PIN was asked for")));
        };
        let caller = call.map(|call| call.facts.number().to_owned()).unwrap_or_default();
        let entry = &self.config.entry;
        let wait = self.failures.wait(now.steady, &caller, entry);
        let wait = wait.max(self.failures.wait(now.steady, &of_room(&room), entry));
        self.pin_checks_made += 1;
        let (number, due) = (self.pin_checks_made, now.steady + wait);
        self.pin_checks.insert(number, PinCheck { job, pin: Pin::new(pin), room });
        self.timers.change(Timer::Pin(number), None, Some(due));
    }

    /// A PIN has waited long enough.
    pub(super) fn look_at_pin(&mut self, now: Moment, number: u64) {
        let Some(check) = self.pin_checks.get(&number) else { return };
        let (hashes, _) = self.pins_of(now, check.room.as_ref());
        let request = Request::VerifyPin { pin: check.pin.clone(), hashes };
        self.ask_store(now, Question::Pin(number), request);
    }

    /// Whether a PIN was right, or that this could not be found out.
    pub(super) fn pin_known(&mut self, now: Moment, number: u64, verified: Result<Option<usize>, String>) {
        let Some(PinCheck { job, room, .. }) = self.pin_checks.remove(&number) else { return };
        let channel = job.channel.clone();
        let caller = self.calls.by_id(channel.as_ref()).map(|call| call.facts.number().to_owned());
        let at = match verified {
            Ok(Some(at)) => at,
            Ok(None) => {
                self.failures.note(now.steady, of_room(&room));
                if let Some(caller) = caller.filter(|caller| !caller.is_empty()) {
                    self.failures.note(now.steady, caller);
                }
                self.finish(now, job, Err(Cause::WrongPin.because("the PIN is wrong")));
                return self.entry_failed(now, &channel, Some(Phrase::WrongPin));
            }
            Err(problem) => {
                self.finish(now, job, Err(Cause::Store.because(problem)));
                return self.entry_failed(now, &channel, Some(Phrase::Failed));
            }
        };
        if let Some(caller) = caller {
            self.failures.forget(&caller);
        }
        let (_, organizers) = self.pins_of(now, room.as_ref());
        self.believe_pin(now, &channel, &room, at < organizers);
        self.finish(now, job, done("proven"));
        let wanted = self.calls.by_id(channel.as_ref()).and_then(|call| call.entry.as_ref());
        if wanted.is_some_and(|entry| entry.room() == Some(&room)) {
            let with_peer = wanted.is_some_and(|entry| !entry.parked);
            self.send_in(now, channel, &room, with_peer);
        }
    }

    fn believe_pin(&mut self, now: Moment, channel: &BString, room: &BString, organizer: bool) {
        let Some(at) = self.calls.find(channel.as_ref()) else { return };
        let Some(call) = self.calls.get_mut(at) else { return };
        call.proven = Some((room.clone(), organizer));
        self.settle(now, at);
        self.rooms.touch(room.as_ref());
    }

    /// What becomes of a caller who is to be sent into a room.
    pub(super) fn admission_of(
        &self,
        now: Moment,
        channel: &BString,
        room: &BStr,
        in_company: bool,
    ) -> Admission {
        let facts = self.calls.by_id(channel.as_ref()).map(|call| call.facts.clone()).unwrap_or_default();
        let comer = Comer {
            channel: channel.as_ref(),
            caller: &facts.caller,
            username: &facts.username,
            told_role: None,
            invited: self.is_invited(channel),
            in_company,
        };
        self.admission(now, room, &comer)
    }
}

/// Under what a room's failures are kept: no caller's number begins so.
fn of_room(room: &BString) -> BString {
    [b"\0".as_slice(), room].concat().into()
}
