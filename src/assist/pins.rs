//! PINs that callers keyed: they wait after wrong ones, are looked at outside, and let in or not.

use std::collections::HashMap;
use std::time::Duration;

use bstr::{BStr, BString};

use super::Assist;
use super::entry::Entry;
use super::job::Job;
use super::outcome::{Cause, done};
use super::questions::Question;
use super::timers::Timer;
use crate::moment::Moment;
use crate::sounds::Phrase;
use crate::store::{Pin, Request};
use crate::template::Template;

/// How many callers, and how many rooms, are remembered for wrong PINs.
const REMEMBERED: usize = 10_000;

/// For how long a wrong PIN counts.
const COUNTS: Duration = Duration::from_secs(3600);

/// How many PINs for one room are looked at at once: who tries many at a time learns no more than that in a round.
const AT_ONCE: usize = 4;

/// How long until a PIN is tried again that found too many others being looked at.
const TURN: Duration = Duration::from_millis(20);

/// PINs that were wrong, by the number of who keyed them, or by the room.
#[derive(Debug, Default)]
pub(super) struct Failures {
    of: HashMap<BString, (u32, Duration)>,
}

impl Failures {
    /// How long a PIN is to wait that would be looked at now.
    fn wait(&self, now: Duration, who: &BString, entry: &crate::config::Entry) -> Duration {
        let Some(&(times, last)) = self.of.get(who).filter(|&&(_, last)| now < last + COUNTS) else {
            return Duration::ZERO;
        };
        let factor = 2u32.saturating_pow(times.saturating_sub(1).min(31));
        let due = last + entry.wait.saturating_mul(factor).min(entry.longest);
        due.saturating_sub(now)
    }

    fn note(&mut self, now: Duration, who: &BString) {
        if who.is_empty() {
            return;
        }
        if self.of.len() >= REMEMBERED && !self.of.contains_key(who) {
            let oldest = self.of.iter().min_by_key(|(_, (_, last))| *last).map(|(who, _)| who.clone());
            oldest.and_then(|oldest| self.of.remove(&oldest));
        }
        let times = self.of.get(who).filter(|(_, last)| now < *last + COUNTS).map_or(0, |&(times, _)| times);
        self.of.insert(who.clone(), (times.saturating_add(1), now));
    }

    fn forget(&mut self, who: &BString) {
        self.of.remove(who);
    }
}

/// A PIN on its way to be looked at.
#[derive(Debug)]
pub(super) struct PinCheck {
    job: Job,
    pin: Pin,
    room: BString,
    /// The number of who keyed it.
    caller: BString,
    /// How many of the PINs it is compared with are those of organizers, once it is.
    organizers: Option<usize>,
}

/// The PINs that were keyed and are not known to be right or wrong, by number.
#[derive(Debug, Default)]
pub(super) struct Pins {
    last: u64,
    checks: HashMap<u64, PinCheck>,
    callers: Failures,
    rooms: Failures,
}

impl Pins {
    /// Whether a PIN that was keyed on a channel is being looked at, or is to be.
    pub(super) fn is_looking(&self, channel: &BString) -> bool {
        self.checks.values().any(|check| check.job.channel == *channel)
    }

    /// What the PINs were keyed for that nobody will look at any more.
    pub(super) fn take_jobs(&mut self) -> Vec<Job> {
        let mut checks: Vec<_> = std::mem::take(&mut self.checks).into_iter().collect();
        checks.sort_by_key(|(number, _)| *number);
        checks.into_iter().map(|(_, check)| check.job).collect()
    }

    fn wait(&self, now: Duration, check: &PinCheck, entry: &crate::config::Entry) -> Duration {
        let caller = self.callers.wait(now, &check.caller, entry);
        caller.max(self.rooms.wait(now, &check.room, entry))
    }
}

impl Assist {
    /// A PIN was keyed: for what is wanted, or by somebody in a room, who may be its organizer. What else the caller
    /// keys, and what others do to them, does not wait for it.
    pub(super) fn enter_pin(&mut self, now: Moment, job: Job, pin: &Template) {
        let pin = String::from_utf8_lossy(&self.render(now, &job, pin)).into_owned();
        let call = self.calls.by_id(job.channel.as_ref());
        let wanted = call.and_then(|call| call.rare.entry.as_ref()).and_then(Entry::room).cloned();
        let Some(room) = wanted.or_else(|| self.room_of(&job.channel).cloned()) else {
            return self.finish(now, job, Err(Cause::NotInRoom.because("no PIN was asked for")));
        };
        if self.pins.is_looking(&job.channel) {
            return self.finish(now, job, Err(Cause::Busy.because("a PIN of theirs is being looked at")));
        }
        let caller = call.map(|call| call.facts.number().to_owned()).unwrap_or_default();
        let job = self.set_aside(now, job);
        self.pins.last += 1;
        let number = self.pins.last;
        self.pins.checks.insert(number, PinCheck { job, pin: Pin::new(pin), room, caller, organizers: None });
        self.look_at_pin(now, number);
    }

    /// Has a PIN looked at, if it has waited long enough.
    pub(super) fn look_at_pin(&mut self, now: Moment, number: u64) {
        let Some(check) = self.pins.checks.get(&number) else { return };
        let others =
            self.pins.checks.values().filter(|other| other.room == check.room && other.organizers.is_some());
        let wait = match self.pins.wait(now.steady, check, &self.config.entry) {
            Duration::ZERO if others.count() >= AT_ONCE => TURN,
            wait => wait,
        };
        if !wait.is_zero() {
            return self.timers.change(Timer::Pin(number), None, Some(now.steady + wait));
        }
        let (hashes, organizers) = self.pins_of(now, check.room.as_ref());
        let request = Request::VerifyPin { pin: check.pin.clone(), hashes };
        if let Some(check) = self.pins.checks.get_mut(&number) {
            check.organizers = Some(organizers);
        }
        self.ask_store(now, Question::Pin(number), request);
    }

    /// Whether a PIN was right, or that this could not be found out.
    pub(super) fn pin_known(&mut self, now: Moment, number: u64, verified: Result<Option<usize>, String>) {
        let Some(PinCheck { job, room, caller, organizers, .. }) = self.pins.checks.remove(&number) else {
            return;
        };
        let channel = job.channel.clone();
        match verified {
            Ok(Some(at)) => {
                self.pins.callers.forget(&caller);
                self.pin_is_right(now, job, &room, organizers.is_some_and(|organizers| at < organizers));
            }
            Ok(None) => {
                self.pins.rooms.note(now.steady, &room);
                self.pins.callers.note(now.steady, &caller);
                self.finish(now, job, Err(Cause::WrongPin.because("the PIN is wrong")));
                self.entry_failed(now, &channel, Some(Phrase::WrongPin));
            }
            Err(problem) => {
                self.finish(now, job, Err(Cause::Store.because(problem)));
                self.entry_failed(now, &channel, Some(Phrase::Failed));
            }
        }
    }

    fn pin_is_right(&mut self, now: Moment, job: Job, room: &BString, organizer: bool) {
        let channel = job.channel.clone();
        if let Some(at) = self.calls.find(channel.as_ref()) {
            if let Some(call) = self.calls.get_mut(at) {
                call.rare.proven = Some((room.clone(), organizer));
            }
            self.keep_channel(&channel);
            self.settle(now, at);
            self.rooms.touch(room.as_ref());
        }
        self.finish(now, job, done("proven"));
        self.entry_done(now, &channel, BStr::new(room));
    }
}
