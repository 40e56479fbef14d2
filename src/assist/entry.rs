//! Callers who are asked for something before they are let in: a room, a PIN, patience.

use std::collections::BTreeMap;

use bstr::{BStr, BString};

use super::Assist;
use super::admission::{Admission, Comer};
use super::calls::{Call, Place};
use super::flight::{Purpose, Reply, accepted};
use super::job::{Job, Step};
use super::outcome::{Cause, Failure, done};
use super::watch::{room_name, text};
use crate::config::{Operation, Params as Templates};
use crate::moment::Moment;
use crate::sounds::{Phrase, Word};
use crate::template::Template;
use crate::wire::Params;

/// What a caller has yet to do.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) wanted: Wanted,
    /// What they wanted to do themselves, which is done then; `None` for who was routed here.
    job: Option<Box<Job>>,
    /// How often it was done wrong, or not at all.
    tries: u32,
    /// Whether the caller was told.
    told: bool,
    /// Whether the caller may be hearing it.
    heard: bool,
    /// Whether the caller was put aside for it, and is with nobody.
    parked: bool,
    /// Whether the caller is on the way into the room.
    going: bool,
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
    /// Of a caller who was routed here, and is put aside.
    pub(super) fn parked(wanted: Wanted) -> Self {
        Entry { wanted, job: None, tries: 0, told: false, heard: false, parked: true, going: false }
    }

    /// One that was written down.
    pub(super) fn restored(wanted: Wanted, job: Option<Job>, tries: u32, parked: bool) -> Self {
        Entry { job: job.map(Box::new), tries, parked, told: true, ..Entry::parked(wanted) }
    }

    /// What the caller wanted to do themselves.
    pub(super) fn job(&self) -> Option<&Job> {
        self.job.as_deref()
    }

    /// How often it was done wrong, or not at all.
    pub(super) const fn tries(&self) -> u32 {
        self.tries
    }

    /// Whether the caller was put aside for it, and is with nobody.
    pub(super) const fn is_parked(&self) -> bool {
        self.parked
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

    fn waits_for(&self, name: &BStr) -> bool {
        matches!(&self.wanted, Wanted::Organizer { room } if room == name)
    }

    fn phrase(&self) -> Phrase {
        match self.wanted {
            Wanted::Room => Phrase::EnterRoom,
            Wanted::Pin { .. } => Phrase::EnterPin,
            Wanted::Organizer { .. } => Phrase::WaitForOrganizer,
        }
    }
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
        let Some(entry) = call.rare.entry_mut().filter(|entry| !entry.told) else { return };
        entry.told = true;
        entry.heard = true;
        let phrase = entry.phrase();
        // What is to be heard while waiting is heard there already; without words there is nothing to add.
        if phrase != Phrase::WaitForOrganizer || self.config.sounds.dir.is_some() {
            self.say_phrase(now, &channel, phrase);
        }
    }

    /// The connection was lost and is there again, or we are: who was asked for something is asked once more.
    pub(super) fn ask_again(&mut self, now: Moment) {
        let asked = |call: &Call| call.rare.entry.is_some() || call.place.set.is_some();
        let asked: Vec<usize> = self.calls.iter().filter(|(_, call)| asked(call)).map(|(at, _)| at).collect();
        for at in asked {
            self.ask_one_again(now, at);
        }
    }

    /// Asks a caller once more, if something is asked of them still.
    pub(super) fn ask_one_again(&mut self, now: Moment, at: usize) {
        // Who was put aside may be with somebody by now.
        self.settle(now, at);
        if let Some(entry) = self.calls.get_mut(at).and_then(|call| call.rare.entry_mut()) {
            (entry.told, entry.going) = (false, false);
            let parked = entry.parked;
            self.settle(now, at);
            // Who was put aside is with nobody; the engine does not tell at once that it is so.
            if parked {
                self.tell_entry(now, at);
            }
        }
        self.await_key(now, at);
    }

    /// Something is wanted of a caller before what they keyed is done; they stay where they are.
    pub(super) fn ask_caller(&mut self, now: Moment, job: Job, wanted: Wanted) {
        let job = self.set_aside(now, job);
        let Some(at) = self.calls.find(job.channel.as_ref()) else {
            return self.conclude(now, &job, Err(Cause::NobodyThere.because("the caller is gone")));
        };
        let before = self.take_entry(at);
        let parked = before.as_ref().is_some_and(|before| before.parked);
        self.entry_over(now, before, "something else was keyed");
        let entry = Entry { parked, job: Some(Box::new(job)), ..Entry::parked(wanted) };
        self.begin_entry(now, at, entry);
        self.tell_entry(now, at);
    }

    fn begin_entry(&mut self, now: Moment, at: usize, entry: Entry) {
        let state = self.state_of_entry(&entry);
        let Some(call) = self.calls.get_mut(at) else { return };
        call.rare.entry = Some(entry);
        let (id, place) = (call.id.clone(), call.place);
        self.keep_channel(&id);
        self.change_place(now, at, Place { set: Some(state), ..place });
        self.await_key(now, at);
    }

    fn take_entry(&mut self, at: usize) -> Option<Entry> {
        let call = self.calls.get_mut(at)?;
        let (id, entry) = (call.id.clone(), call.rare.take_entry()?);
        self.keep_channel(&id);
        Some(entry)
    }

    /// Nothing is wanted any more; what was to be done then will not be.
    pub(super) fn entry_over(&mut self, now: Moment, entry: Option<Entry>, reason: &'static str) {
        if let Some(job) = entry.and_then(|entry| entry.job) {
            self.conclude(now, &job, Err(Cause::Other.because(reason)));
        }
    }

    /// Somebody else has connected a caller who was put aside: nothing is wanted any more.
    pub(super) fn taken_out(&mut self, now: Moment, at: usize) -> bool {
        let put_aside = |entry: &Entry| entry.parked && entry.told;
        if !self.calls.get(at).and_then(|call| call.rare.entry.as_ref()).is_some_and(put_aside) {
            return false;
        }
        let entry = self.take_entry(at);
        self.entry_over(now, entry, "the call was sent elsewhere");
        true
    }

    /// A call is in a room: what was wanted for that is wanted no more.
    pub(super) fn entered_room(&mut self, now: Moment, at: usize) {
        let entry = self.take_entry(at);
        self.entry_over(now, entry, "the call has moved on since it was keyed");
    }

    /// Nothing was keyed where something is wanted.
    pub(super) fn entry_timeout(&mut self, now: Moment, at: usize) -> bool {
        let Some(channel) =
            self.calls.get(at).filter(|call| call.rare.entry.is_some()).map(|call| call.id.clone())
        else {
            return false;
        };
        // Who has keyed something waits for us, and not we for them.
        if !self.pins.is_looking(&channel) {
            self.entry_failed(now, &channel, None);
        }
        self.await_key(now, at);
        true
    }

    /// What was wanted was done wrong, or not at all: once more, or never again.
    pub(super) fn entry_failed(&mut self, now: Moment, channel: &BString, wrong: Option<Phrase>) {
        let tries = self.config.entry.tries;
        let Some(at) = self.calls.find(channel.as_ref()) else { return };
        let Some(entry) = self.calls.get_mut(at).and_then(|call| call.rare.entry_mut()) else { return };
        entry.tries += 1;
        if entry.tries < tries {
            entry.heard = true;
            let words: Vec<Word> = wrong.into_iter().chain([entry.phrase()]).map(Word::from).collect();
            self.keep_channel(channel);
            self.say(now, channel, &words);
            return self.await_key(now, at);
        }
        self.turn_away(now, at, &Cause::Other.because("too many tries"), Some(Phrase::TooManyTries));
    }

    /// A caller of whom something was wanted is not let in: who was put aside for it hears why and is gone, and who
    /// keyed something stays where they are.
    fn turn_away(&mut self, now: Moment, at: usize, failure: &Failure, phrase: Option<Phrase>) {
        let Some(entry) = self.take_entry(at) else { return };
        let Some(call) = self.calls.get(at) else { return };
        let (channel, place) = (call.id.clone(), call.place);
        self.change_place(now, at, Place { set: None, ..place });
        let room = entry.room().cloned().unwrap_or_default();
        if let Some(job) = &entry.job {
            self.conclude(now, job, Err(failure.clone()));
        }
        match phrase {
            _ if entry.parked => {
                self.see_off(now, &channel, &room, phrase.unwrap_or_else(|| failure.cause.phrase()));
            }
            Some(phrase) => self.say_phrase(now, &channel, phrase),
            None => {}
        }
    }

    /// Ends a call; where there are words for it, by a file that says why.
    pub(super) fn see_off(&mut self, now: Moment, channel: &BString, room: &BString, phrase: Phrase) {
        let params = Params::new().with("id", channel);
        match self.last_words(room, phrase) {
            Some(resource) => {
                let params = params.with("message", "call.execute").with("callto", resource);
                self.send_aside(now, Purpose::SeeOff(channel.clone()), "chan.masquerade", params);
            }
            None => {
                let params = params.with("reason", phrase.file());
                self.send_aside(now, Purpose::DropLeg(channel.clone()), "call.drop", params);
            }
        }
    }

    /// What said why does not, so the call ends without.
    pub(super) fn seen_off(&mut self, now: Moment, channel: &BString, reply: Reply<'_, '_>) {
        if accepted(reply).is_err() && !reply.is_some_and(super::flight::says_gone) {
            let params = Params::new().with("id", channel);
            self.send_aside(now, Purpose::DropLeg(channel.clone()), "call.drop", params);
        }
    }

    /// Puts a caller aside until there is an organizer.
    pub(super) fn let_wait(&mut self, now: Moment, job: Job, room: BString, resource: &str) {
        let params = Params::new()
            .with("id", &job.channel)
            .with("message", "call.execute")
            .with("callto", resource)
            .with("autorepeat", "true");
        self.send_step(now, job, Step::Wait { room }, "chan.masquerade", params);
    }

    pub(super) fn waits(&mut self, now: Moment, job: Job, room: &BString, reply: Reply<'_, '_>) {
        let answer = match accepted(reply) {
            Ok(answer) => answer,
            Err(failure) => return self.finish(now, job, Err(failure)),
        };
        let job = self.set_aside(now, job);
        let Some(at) = self.calls.find(job.channel.as_ref()) else {
            return self.conclude(now, &job, Err(Cause::NobodyThere.because("the caller is gone")));
        };
        let before = self.take_entry(at);
        self.entry_over(now, before, "something else was keyed");
        let (channel, peer) = (job.channel.clone(), text(&answer.params, "peerid"));
        self.recheck.hears(channel.as_ref());
        let wanted = Wanted::Organizer { room: room.clone() };
        self.begin_entry(now, at, Entry { job: Some(Box::new(job)), ..Entry::parked(wanted) });
        self.connected_to(now, channel.as_ref(), peer.as_ref(), BStr::new(""));
        // One may have come meanwhile.
        if self.rooms.get(room.as_ref()).is_some_and(|room| room.seats.has_organizer()) {
            self.go_on(now, at, room);
        }
    }

    /// An organizer is there: who waited comes in.
    pub(super) fn let_in_waiting(&mut self, now: Moment, name: &BString) {
        for at in self.who_waits_for(name.as_ref()) {
            self.go_on_once(now, at, name);
        }
    }

    /// Who is on the way into a room already is not sent there again.
    pub(super) fn go_on_once(&mut self, now: Moment, at: usize, room: &BString) {
        let going = |call: &Call| call.rare.entry.as_ref().is_some_and(|entry| entry.going);
        if !self.calls.get(at).is_some_and(going) {
            self.go_on(now, at, room);
        }
    }

    /// The room is over: who waited for it need not any more.
    pub(super) fn send_waiting_away(&mut self, now: Moment, name: &BString) {
        for at in self.who_waits_for(name.as_ref()) {
            self.turn_away(
                now,
                at,
                &Cause::NobodyThere.because("the conference is over"),
                Some(Phrase::Ended),
            );
        }
    }

    fn who_waits_for(&self, name: &BStr) -> Vec<usize> {
        let waits = |call: &Call| call.rare.entry.as_ref().is_some_and(|entry| entry.waits_for(name));
        self.calls.iter().filter(|(_, call)| waits(call)).map(|(at, _)| at).collect()
    }

    /// The rooms for whose organizer somebody waits, and how many do.
    pub(super) fn waited_for(&self) -> BTreeMap<BString, usize> {
        let mut waiting = BTreeMap::new();
        for (_, call) in self.calls.iter() {
            if let Some(Wanted::Organizer { room }) = call.rare.entry.as_ref().map(|entry| &entry.wanted) {
                *waiting.entry(room.clone()).or_default() += 1;
            }
        }
        waiting
    }

    /// What was wanted for a room was done.
    pub(super) fn entry_done(&mut self, now: Moment, channel: &BString, room: &BStr) {
        let Some(at) = self.calls.find(channel.as_ref()) else { return };
        let entry = self.calls.get(at).and_then(|call| call.rare.entry.as_ref());
        if entry.is_some_and(|entry| entry.room().is_some_and(|wanted| wanted == room)) {
            self.go_on(now, at, &room.to_owned());
        }
    }

    /// Does what the caller wanted to do, or sends who was routed here into the room. They are asked no more; but if
    /// they cannot come in they hear why.
    fn go_on(&mut self, now: Moment, at: usize, room: &BString) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let channel = call.id.clone();
        let Some(entry) = call.rare.entry_mut() else { return };
        entry.going = true;
        let job = match entry.job.take() {
            Some(job) => *job,
            None => {
                // By its name, which need not be text.
                let name = "conf/${room}".parse().unwrap_or_default();
                let join = Operation::Join { room: name, with_peer: false, params: Templates::new() };
                Job::ruled(join, channel).about(room.clone())
            }
        };
        self.enqueue(now, job.due());
    }

    /// What a caller wanted has failed: they are on the way into no room.
    pub(super) fn goes_no_further(&mut self, channel: &BString) {
        if let Some(entry) = self.calls.by_id_mut(channel.as_ref()).and_then(|call| call.rare.entry_mut()) {
            entry.going = false;
        }
    }

    /// Who did what was wanted and cannot be let in all the same: who was put aside hears why and is gone.
    pub(super) fn not_let_in(&mut self, now: Moment, channel: &BString, failure: &Failure) {
        let Some(at) = self.calls.find(channel.as_ref()) else { return };
        if self
            .calls
            .get(at)
            .and_then(|call| call.rare.entry.as_ref())
            .is_some_and(|entry| entry.job.is_none())
        {
            self.turn_away(now, at, failure, None);
        }
    }

    /// The number of a room was keyed.
    pub(super) fn enter_room(&mut self, now: Moment, job: Job, room: &Template) {
        let room = self.render(now, &job, room);
        let name = room_name(BStr::new(&room)).to_owned();
        let known = self.config.room(&name).is_some()
            || self.held_in(now, name.as_ref()).is_some()
            || self.rooms.is_open(name.as_ref());
        let channel = job.channel.clone();
        if !known {
            self.finish(now, job, Err(Cause::NobodyThere.because("there is no such conference")));
            return self.entry_failed(now, &channel, Some(Phrase::NoConference));
        }
        self.finish(now, job, done("found"));
        if let Some(at) = self.calls.find(channel.as_ref()) {
            self.go_on(now, at, &name);
        }
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
        let invited = self.is_invited(channel, room);
        let comer = Comer { invited, in_company, ..Comer::of(channel.as_ref(), &facts) };
        self.admission(now, room, &comer)
    }
}
