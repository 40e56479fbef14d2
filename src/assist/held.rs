//! Conferences of the schedule, while they are held and shortly before: who is let in, called, missing.
//!
//! What is looked at is the clock on the wall, at least twice a minute, so that one that jumps is noticed. Whom we call is
//! on disk before the call begins: a restart in the middle calls nobody twice.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bstr::BString;
use jiff::{SignedDuration, Timestamp};

use super::calling::Outgoing;
use super::calls::Call;
use super::identity::is_of;
use super::questions::Question;
use super::timers::Timer;
use super::{Assist, Report};
use crate::moment::Moment;
use crate::sounds::{Phrase, Word};
use crate::store::{
    AttemptKey, AttemptState, Managed, NewParticipant, Occurrence, OccurrenceKey, Participant, Request,
};

/// How long it is between two looks at the clock, at most.
const LOOK: Duration = Duration::from_secs(30);

/// How long it is between two questions what is held.
const ASK: Duration = Duration::from_secs(600);

/// How long until somebody is called whom the pace did not allow.
const TURN: Duration = Duration::from_secs(1);

/// By how much the clock on the wall may differ from the steady one between two looks.
const JUMP: SignedDuration = SignedDuration::from_secs(5);

/// What is known of the schedule.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    pub(super) known: BTreeMap<OccurrenceKey, Held>,
    /// When it is looked at next.
    due: Option<Duration>,
    /// When the store was last asked.
    asked: Option<Duration>,
    /// What both clocks said at the last look.
    last: Option<(Duration, Timestamp)>,
}

/// A conference at one of its times.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) occurrence: Occurrence,
    calls: HashMap<i64, Calls>,
    warned: bool,
    told_missing: bool,
    said_missing: bool,
}

/// Our calls to one participant.
#[derive(Debug, Clone, Copy, Default)]
struct Calls {
    begun: u32,
    state: Option<AttemptState>,
    /// When the next may begin.
    not_before: Option<Duration>,
}

impl Schedule {
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// What was asked was not answered: it is asked again at the next look.
    pub(super) fn ask_again(&mut self) {
        self.asked = None;
    }

    /// There is no engine: what is held is looked at again when there is one.
    pub(super) fn stop(&mut self) {
        self.due = None;
        self.asked = None;
    }
}

impl Assist {
    /// Asks what is held now and soon; `told` is what a command is told then that changed it.
    pub(super) fn ask_for_occurrences(&mut self, now: Moment, told: Option<(u64, Box<Managed>)>) {
        if !self.has_store() {
            return;
        }
        self.schedule.asked = Some(now.steady);
        let ahead = SignedDuration::try_from(self.config.schedule.early + ASK * 2).unwrap_or_default();
        let to = now.date.checked_add(ahead).unwrap_or(Timestamp::MAX);
        self.ask_store(now, Question::Occurrences { told }, Request::Occurrences { from: now.date, to });
        self.look_again(now, LOOK);
    }

    /// The store says what is held now and soon.
    pub(super) fn schedule_known(&mut self, now: Moment, occurrences: Vec<Occurrence>) {
        let known = std::mem::take(&mut self.schedule.known);
        // What is being held goes on, though it is on record no more.
        let going_on = known.into_iter().filter(|(key, held)| {
            let told = occurrences.iter().any(|occurrence| occurrence.key == *key);
            told || key.starts <= now.date && now.date < held.occurrence.ends
        });
        self.schedule.known = going_on.collect();
        for occurrence in occurrences {
            self.occurrence_known(occurrence);
        }
        self.look_at_roles(now);
        self.settle_attempts(now);
        self.look_at_schedule(now);
    }

    fn occurrence_known(&mut self, occurrence: Occurrence) {
        let key = occurrence.key;
        if let Some(held) = self.schedule.known.get_mut(&key) {
            held.occurrence = occurrence;
            return;
        }
        let mut calls: HashMap<i64, Calls> = HashMap::new();
        for attempt in &occurrence.attempts {
            let known = calls.entry(attempt.participant).or_default();
            if attempt.number >= known.begun {
                (known.begun, known.state) = (attempt.number, Some(attempt.state));
            }
        }
        let held = Held { occurrence, calls, warned: false, told_missing: false, said_missing: false };
        self.schedule.known.insert(key, held);
    }

    /// Of a call that was begun, and is under way no more, nobody saw what became.
    pub(super) fn settle_attempts(&mut self, now: Moment) {
        if !self.is_ready() {
            return;
        }
        let calling = |calls: &Calls| calls.state == Some(AttemptState::Calling);
        let begun: Vec<AttemptKey> = self
            .schedule
            .known
            .iter()
            .flat_map(|(&occurrence, held)| {
                let open = held.calls.iter().filter(move |(_, calls)| calling(calls));
                open.map(move |(&participant, calls)| AttemptKey {
                    occurrence,
                    participant,
                    number: calls.begun,
                })
            })
            .collect();
        for key in begun {
            let under_way = self.outgoing.values().any(|outgoing| outgoing.attempt == Some(key));
            if !under_way && !self.is_beginning(key) && !self.is_dialling_for(key) {
                let state = if self.is_called(key) { AttemptState::Joined } else { AttemptState::Unknown };
                self.write_down(now, Request::EndAttempt { key, state });
                self.attempt_over(now, key, state);
            }
        }
    }

    /// Whether who was called by that try is there.
    fn is_called(&self, key: AttemptKey) -> bool {
        let held = self.schedule.known.get(&key.occurrence).map(|held| &held.occurrence);
        held.is_some_and(|held| {
            let who = held.participants.iter().find(|participant| participant.id == key.participant);
            who.is_some_and(|who| self.is_present(&held.room.as_str().into(), &who.who))
        })
    }

    fn look_again(&mut self, now: Moment, after: Duration) {
        let due = now.steady + after.min(LOOK);
        let before = self.schedule.due.replace(due);
        self.timers.change(Timer::Schedule, before, Some(due));
    }

    /// It is time to look at the clock.
    pub(super) fn schedule_timeout(&mut self, now: Moment) {
        self.schedule.due = None;
        if let Some((steady, date)) = self.schedule.last {
            let passed = SignedDuration::try_from(now.steady.saturating_sub(steady)).unwrap_or_default();
            let jump = now.date.duration_since(date) - passed;
            if jump.abs() > JUMP {
                let way = if jump.is_negative() { "back" } else { "forward" };
                let text =
                    format!("the clock jumped {way} by {:#}: the schedule is looked at anew", jump.abs());
                self.trouble(text);
                self.schedule.asked = None;
            }
        }
        self.look_at_schedule(now);
    }

    /// Does what is due by the schedule.
    fn look_at_schedule(&mut self, now: Moment) {
        self.schedule.last = Some((now.steady, now.date));
        if !self.is_ready() {
            return;
        }
        let keys: Vec<OccurrenceKey> = self.schedule.known.keys().copied().collect();
        let mut next = LOOK;
        for key in keys {
            if let Some(wait) = self.look_at_held(now, key) {
                next = next.min(wait);
            }
        }
        if self.schedule.asked.is_none_or(|asked| asked + ASK <= now.steady) {
            self.ask_for_occurrences(now, None);
        }
        self.look_again(now, next);
    }

    /// Does what is due in one conference; says how long until something is again.
    fn look_at_held(&mut self, now: Moment, key: OccurrenceKey) -> Option<Duration> {
        let held = self.schedule.known.get(&key)?;
        let (room, ends) = (BString::from(held.occurrence.room.as_str()), held.occurrence.ends);
        let until = |at: Timestamp| Duration::try_from(at.duration_since(now.date)).unwrap_or_default();
        if ends <= now.date {
            self.over(now, key, &room);
            return None;
        }
        if now.date < key.starts {
            return Some(until(key.starts));
        }
        let mut next = until(ends);
        if let Some(before) = self.config.schedule.warn_before {
            let warn_in = until(ends).saturating_sub(before);
            let lasts = Duration::try_from(ends.duration_since(key.starts)).unwrap_or_default();
            let warns = self.config.schedule.ends && lasts > before;
            let held = self.schedule.known.get_mut(&key)?;
            if warns && !held.warned && warn_in.is_zero() {
                held.warned = true;
                self.phrase_to_room(now, &room, Phrase::EndsSoon);
            } else if warns && !held.warned {
                next = next.min(warn_in);
            }
        }
        let called = self.call_who_is_due(now, key, &room);
        Some(next.min(called.unwrap_or(LOOK)))
    }

    /// Calls everybody who is to be called now; says how long until somebody is again.
    fn call_who_is_due(&mut self, now: Moment, key: OccurrenceKey, room: &BString) -> Option<Duration> {
        let held = self.schedule.known.get(&key)?;
        let to_call: Vec<Participant> =
            held.occurrence.participants.iter().filter(|participant| participant.who.call).cloned().collect();
        let (mut next, mut open) = (None::<Duration>, false);
        for participant in to_call {
            let calls =
                self.schedule.known.get(&key)?.calls.get(&participant.id).copied().unwrap_or_default();
            if self.is_present(room, &participant.who) {
                continue;
            }
            match calls.state {
                Some(AttemptState::Calling) => open = true,
                // Who has been there and left again is not called back.
                Some(AttemptState::Joined | AttemptState::Unknown) => {}
                _ if calls.begun > self.config.schedule.retries => {}
                _ => match calls.not_before.map(|at| at.saturating_sub(now.steady)) {
                    Some(wait) if !wait.is_zero() => {
                        open = true;
                        next = Some(next.map_or(wait, |next| next.min(wait)));
                    }
                    _ if self.may_call(now).is_ok() => {
                        open = true;
                        self.call_one(now, key, room, &participant);
                    }
                    // Too many are called at once: they are called a little later.
                    _ => {
                        open = true;
                        next = Some(TURN);
                    }
                },
            }
        }
        if !open {
            self.all_called(now, key, room);
        }
        next
    }

    fn call_one(&mut self, now: Moment, key: OccurrenceKey, room: &BString, participant: &Participant) {
        let Some(held) = self.schedule.known.get_mut(&key) else { return };
        let calls = held.calls.entry(participant.id).or_default();
        calls.begun += 1;
        calls.state = Some(AttemptState::Calling);
        let role = participant.who.organizer.then_some(self.organizer).flatten();
        let mut outgoing = Outgoing::new(room.clone(), participant.who.number.as_str().into(), role);
        outgoing.attempt =
            Some(AttemptKey { occurrence: key, participant: participant.id, number: calls.begun });
        self.call_participant(now, outgoing);
    }

    /// A call to a participant is over.
    pub(super) fn attempt_over(&mut self, now: Moment, key: AttemptKey, state: AttemptState) {
        let wait = self.config.schedule.retry_after;
        if let Some(held) = self.schedule.known.get_mut(&key.occurrence) {
            let calls = held.calls.entry(key.participant).or_default();
            calls.begun = calls.begun.max(key.number);
            calls.state = Some(state);
            calls.not_before = Some(now.steady + wait);
            self.look_again(now, Duration::ZERO);
        }
    }

    /// A call to a participant could not be begun: it counts for none, and is tried again.
    pub(super) fn attempt_not_begun(&mut self, now: Moment, key: AttemptKey) {
        let wait = self.config.schedule.retry_after;
        if let Some(held) = self.schedule.known.get_mut(&key.occurrence) {
            let calls = held.calls.entry(key.participant).or_default();
            calls.begun = key.number.saturating_sub(1);
            (calls.state, calls.not_before) = (None, Some(now.steady + wait));
            self.look_again(now, Duration::ZERO);
        }
    }

    /// Whether a participant is in a room, or waits to be let in.
    fn is_present(&self, name: &BString, who: &NewParticipant) -> bool {
        let waits = |call: &Call| call.rare.entry.as_ref().is_some_and(|entry| entry.room() == Some(name));
        let seats = |call: &Call| {
            self.rooms.get(name.as_ref()).is_some_and(|room| room.seats.of(call.id.as_ref()).is_some())
        };
        self.calls.iter().any(|(_, call)| is_of(who, &call.facts) && (waits(call) || seats(call)))
    }

    /// Everybody was called: what is missing is told, once.
    fn all_called(&mut self, now: Moment, key: OccurrenceKey, room: &BString) {
        let missing = self.missing(key, room);
        let Some(held) = self.schedule.known.get_mut(&key) else { return };
        if std::mem::replace(&mut held.told_missing, true) || missing.is_empty() {
            return;
        }
        let text = format!("missing in conf/{room}, after everybody was called: {}", missing.join(", "));
        self.outbox.report(Report::Advice { text });
        self.tell_missing(now, room);
    }

    /// The numbers of those who were to be called and are not there.
    fn missing(&self, key: OccurrenceKey, room: &BString) -> Vec<String> {
        let participants = self.schedule.known.get(&key).map(|held| held.occurrence.participants.as_slice());
        participants
            .unwrap_or_default()
            .iter()
            .filter(|participant| participant.who.call && !self.is_present(room, &participant.who))
            .map(|participant| participant.who.number.clone())
            .collect()
    }

    /// Tells the organizers who are in a room who is missing, once it is known and once in all.
    pub(super) fn tell_missing(&mut self, now: Moment, name: &BString) {
        let told = self.schedule.known.iter().find(|(_, held)| {
            held.occurrence.room.as_bytes() == name.as_slice() && held.told_missing && !held.said_missing
        });
        let Some((&key, _)) = told else { return };
        let missing = self.missing(key, name);
        let Some(room) = self.rooms.get(name.as_ref()) else { return };
        let organizers: Vec<BString> = room
            .seats
            .iter()
            .filter(|(_, seat)| seat.organizer)
            .map(|(_, seat)| seat.channel.clone())
            .collect();
        if missing.is_empty() || organizers.is_empty() {
            return;
        }
        let words: Vec<Word> =
            missing.into_iter().flat_map(|number| [Word::Digits(number), Phrase::Missing.into()]).collect();
        for channel in organizers {
            self.say(now, &channel, &words);
        }
        if let Some(held) = self.schedule.known.get_mut(&key) {
            held.said_missing = true;
        }
    }

    /// A conference is at its end.
    fn over(&mut self, now: Moment, key: OccurrenceKey, room: &BString) {
        let Some(held) = self.schedule.known.remove(&key) else { return };
        let to_call = || held.occurrence.participants.iter().filter(|participant| participant.who.call);
        let came = to_call().any(|participant| self.is_present(room, &participant.who));
        if held.calls.is_empty() && to_call().next().is_some() && !came {
            let text =
                format!("conference {} in conf/{room} was over before anybody was called", key.conference);
            self.trouble(text);
        }
        let goes_on = self.held_in(now, room.as_ref()).is_some_and(|other| other.key.starts <= now.date);
        let there = self.rooms.get(room.as_ref()).is_some_and(|room| !room.seats.is_empty());
        match self.config.schedule.ends && !goes_on {
            true if there => self.end_room(now, room, "over"),
            true => self.send_waiting_away(now, room),
            false => {}
        }
    }

    /// A conference ends at another time.
    pub(super) fn extend_held(&mut self, now: Moment, key: OccurrenceKey, ends: Timestamp) {
        if let Some(held) = self.schedule.known.get_mut(&key) {
            held.occurrence.ends = ends;
            held.warned = false;
        }
        self.look_again(now, Duration::ZERO);
    }
}
