//! Where a call is, by the engine's events and by codes that set a state.

use bstr::{BStr, BString};

use super::Assist;
use super::admission::Comer;
use super::calls::{Call, Place, is_leg};
use super::flight::Why;
use super::names::Context;
use super::peers::{Kind, kind};
use super::timers::Timer;
use crate::config::State;
use crate::key::Keys;
use crate::moment::Moment;

/// How long after a state that hides its digits, and after each key then, digits are secret still: who was let in or
/// turned away while they keyed a PIN keys on.
pub(super) const STILL_SECRET: std::time::Duration = std::time::Duration::from_secs(5);

impl Assist {
    /// The engine tells that a channel is connected to another, to a leg or to a tone.
    pub(super) fn connected_to(&mut self, now: Moment, id: &BStr, peer: &BStr, last: &BStr) {
        let over = self.rooms.is_gone(peer);
        if let Some(at) = self.calls.find(id)
            && let Some(call) = self.calls.get_mut(at)
        {
            call.peers.begun(now.steady, peer, last);
            if over {
                call.peers.ended(now.steady, peer);
            }
            self.settle(now, at);
        }
    }

    /// The engine tells that a channel is connected to that peer no more.
    pub(super) fn parted_from(&mut self, now: Moment, id: &BStr, peer: &BStr) {
        if let Some(at) = self.calls.find(id)
            && let Some(call) = self.calls.get_mut(at)
        {
            call.peers.ended(now.steady, peer);
            self.settle(now, at);
        }
    }

    /// A digit says what its channel was connected to when it was keyed.
    pub(super) fn keyed_to(&mut self, now: Moment, at: usize, peer: Option<&BStr>) {
        let Some(call) = self.calls.get_mut(at) else { return };
        if call.peers.current().map(BStr::new) == peer && peer.is_some() && self.config.role_rooms.is_empty()
        {
            return;
        }
        if peer.is_none_or(|peer| !self.rooms.is_gone(peer)) {
            call.peers.named(now.steady, peer);
        }
        self.settle(now, at);
    }

    /// Where a call is follows from what it is connected to.
    pub(super) fn settle(&mut self, now: Moment, at: usize) {
        let to_party = |call: &Call| call.peers.current().is_some_and(|peer| kind(peer) == Kind::Party);
        let taken_out = self.calls.get(at).is_some_and(to_party) && self.taken_out(now, at);
        let Some(call) = self.calls.get(at) else { return };
        let (mut place, peer) = (call.place, call.peers.current());
        let waits = call.rare.entry.as_ref().map(|entry| self.state_of_entry(entry));
        let alone = peer.is_some_and(|peer| matches!(kind(peer), Kind::Tone | Kind::File));
        let natural = match peer.map(|peer| kind(peer)) {
            None if call.peers.is_untold() => place.natural,
            None => self.places.hold,
            Some(Kind::Leg) => self.places.conference,
            Some(Kind::Tone) => self.places.dial,
            Some(Kind::File | Kind::Party) => self.places.call,
        };
        let moved = natural != place.natural;
        if moved || taken_out {
            place.set = None;
        }
        place.natural = natural;
        let in_room = natural == self.places.conference;
        let room = peer.and_then(|peer| self.rooms.leg(peer.as_ref())).map(|leg| &leg.room);
        let there =
            call.rare.entry.as_ref().is_some_and(|entry| entry.room().is_some() && entry.room() == room);
        if in_room && (moved || there) {
            self.entered_room(now, at);
        } else if waits.is_some() {
            place.set = waits;
        }
        let Some(call) = self.calls.get(at) else { return };
        let peer = call.peers.current();
        if let Some(leg) = peer.filter(|peer| is_leg(peer)) {
            self.rooms.connected(leg.as_ref(), call.id.as_ref());
        }
        place.role = self.role_at(now, at, place);
        self.change_place(now, at, place);
        if alone && waits.is_some() {
            self.tell_entry(now, at);
        }
    }

    /// The role that who is on a channel has at that place.
    pub(super) fn role_at(&self, now: Moment, at: usize, place: Place) -> Option<usize> {
        let in_room = place.natural == self.places.conference;
        self.role_here(now, at).or(place.told_role.filter(|_| !in_room))
    }

    /// The role of who is on a channel in the room where they are.
    fn role_here(&self, now: Moment, at: usize) -> Option<usize> {
        let call = self.calls.get(at)?;
        let leg = call.peers.current().filter(|peer| is_leg(peer))?;
        match self.rooms.leg(leg.as_ref()) {
            Some(leg) => self.role_in(now, leg.room.as_ref(), call),
            // Which room it is will be told.
            None => call.place.told_role,
        }
    }

    /// The role that who is on a channel has in a room: by a PIN that they keyed, by the schedule, by routing, by the
    /// room's name. That of organizers, where routing gave it on the way to a room, is for that room.
    pub(super) fn role_in(&self, now: Moment, room: &BStr, call: &Call) -> Option<usize> {
        let proven =
            call.rare.proven.as_ref().is_some_and(|(proven, organizer)| *organizer && proven == room);
        let Comer { number, username, .. } = Comer::of(call.id.as_ref(), &call.facts);
        let organizer = || self.identity_in(now, room, number, username) == Some(true);
        if self.organizer.is_some() && (proven || organizer()) {
            return self.organizer;
        }
        let elsewhere = call.rare.told_for.as_ref().is_some_and(|told_for| told_for != room);
        let told = call.place.told_role.filter(|_| !elsewhere || call.place.told_role != self.organizer);
        let given = || self.config.role_rooms.iter().find(|(pattern, _)| pattern.matches(room));
        told.or_else(|| given().map(|&(_, role)| role))
    }

    /// Routing says what role a caller has, perhaps on the way to a room.
    pub(super) fn told_role(&mut self, now: Moment, at: usize, role: Option<usize>, room: Option<BString>) {
        let Some(call) = self.calls.get_mut(at) else { return };
        if call.rare.told_for != room {
            call.rare.told_for = room;
        }
        let (id, place) = (call.id.clone(), call.place);
        self.keep_channel(&id);
        self.change_place(now, at, Place { told_role: role, ..place });
        self.settle(now, at);
    }

    /// The call moved on. A code among the digits that are held may move it further.
    pub(super) fn change_place(&mut self, now: Moment, at: usize, place: Place) {
        let Some(call) = self.calls.get_mut(at) else { return };
        let old = std::mem::replace(&mut call.place, place);
        if (old.set, old.told_role) != (place.set, place.told_role) {
            let id = call.id.clone();
            self.keep_channel(&id);
        }
        let Some(call) = self.calls.get_mut(at) else { return };
        let hides = |place: Place| self.config.states[place.state()].hides_digits;
        if hides(old) && !hides(place) {
            call.rare.hides_until = Some(now.steady + STILL_SECRET);
        }
        if (old.state(), old.role()) != (place.state(), place.role()) {
            self.end_digits(now, at, old);
        }
        if old.state() != place.state() {
            self.await_key(now, at);
        }
        if old.role() != place.role()
            && let Some(call) = self.calls.get(at)
            && let Some(room) = self.room_of(&call.id).cloned()
        {
            self.rooms.touch(room.as_ref());
        }
    }

    /// Where something is asked for, the next key is waited for as long as nothing is held.
    pub(super) fn await_key(&mut self, now: Moment, at: usize) {
        let Some(call) = self.calls.get(at) else { return };
        let patience = self.config.states[call.place.state()].first_key;
        let patience = patience.filter(|_| call.collector.held().is_empty());
        self.expect_first_key(at, patience.map(|patience| now.steady + patience));
    }

    /// When the first key is due, from now on.
    pub(super) fn expect_first_key(&mut self, at: usize, due: Option<std::time::Duration>) {
        if let Some(call) = self.calls.get_mut(at).filter(|call| call.rare.first_key != due) {
            self.timers.change(Timer::FirstKey(at), call.rare.first_key, due);
            call.rare.first_key = due;
        }
    }

    /// Whether nobody is to read what is keyed there, on a channel that may not be known yet.
    pub(super) fn is_secret(&self, now: Moment, at: Option<usize>) -> bool {
        let call = at.and_then(|at| self.calls.get(at));
        let place = call.map(|call| (&self.config, call.place));
        let (config, state) = match at.and_then(|at| self.former.of(at)).or(place) {
            Some((config, place)) => (config, place.state()),
            None => (&self.config, self.places.call),
        };
        config.states[state].hides_digits || call.is_some_and(|call| call.is_secret_still(now))
    }

    /// Nothing was keyed where something was asked for: the call is back where the engine has it.
    pub(super) fn first_key_timeout(&mut self, now: Moment, at: usize) {
        let Some(call) = self.calls.get_mut(at) else { return };
        call.rare.first_key = None;
        let place = call.place;
        if self.entry_timeout(now, at) {
            return;
        }
        let config = self.config.clone();
        self.prompt_of_state(now, at, &config.states[place.state()], &Keys::default(), true);
        self.change_place(now, at, Place { set: None, ..place });
    }

    /// Tells the caller that what was keyed is no code, or took too long; once, however many digits there are.
    pub(super) fn prompt_of_state(&mut self, now: Moment, at: usize, state: &State, keys: &Keys, late: bool) {
        let Some(call) = self.calls.get(at).filter(|call| !call.prompting) else { return };
        let prompt = if late { &state.on_timeout } else { &state.on_unmatched };
        if let Some(prompt) = prompt {
            let channel: BString = call.id.clone();
            let context = Context { channel: &channel, code: None, keys, captures: &[], room: None };
            let sent = self.prompt(now, &context, Why::State(state.name.clone()), prompt);
            if let Some(call) = self.calls.get_mut(at) {
                call.prompting = sent;
            }
        }
    }
}
