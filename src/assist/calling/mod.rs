//! Calling somebody in: a `dumb` channel of ours calls them, and when they answer they come into the room.

mod name;
mod told;

use std::time::Duration;

use bstr::{BStr, BString};

use self::name::{in_address, name_of, read_name};
use self::told::state_of;

use super::Assist;
use super::admission::Admission;
use super::calls::{Place, is_leg};
use super::flight::{Flight, Purpose, Reply, accepted};
use super::job::{Job, Step};
use super::limits::Limit;
use super::outcome::{Cause, Done};
use super::questions::Question;
use super::room::OwnLeg;
use super::rooms::prefixed;
use super::timers::Timer;
use super::watch::text;
use crate::config::Operation;
use crate::keypad::Order;
use crate::moment::Moment;
use crate::sounds::{Phrase, Word};
use crate::store::{AttemptKey, AttemptState, Request};
use crate::template::Template;
use crate::wire::Params;

pub(super) use self::name::CALL_LEG;
pub(super) use self::told::Early;

/// How long after a call has ended it may still be told why.
const TELLS_MORE: Duration = Duration::from_millis(300);

/// How much longer than we the engine lets it ring, if we are not there to end it, in milliseconds.
const RINGS_LONGER: u128 = 5000;

/// A call to somebody.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) room: BString,
    pub(super) number: BString,
    pub(super) role: Option<usize>,
    /// Who wants it, to be told how it went.
    pub(super) inviter: Option<BString>,
    /// Of which conference on record it is.
    pub(super) attempt: Option<AttemptKey>,
    /// The channel that is called, once the engine has made it.
    pub(super) callee: BString,
    /// Whether they have answered.
    pub(super) answered: bool,
    /// Whether it is over, and nobody has told why.
    ended: bool,
}

impl Outgoing {
    pub(super) fn new(room: BString, number: BString, role: Option<usize>) -> Self {
        Outgoing {
            room,
            number,
            role,
            inviter: None,
            attempt: None,
            callee: BString::default(),
            answered: false,
            ended: false,
        }
    }
}

/// How many calls were begun in the last minute.
#[derive(Debug, Default)]
pub(super) struct Pace {
    begun: std::collections::VecDeque<Duration>,
}

impl Pace {
    fn allows(&mut self, now: Duration, most: u32) -> bool {
        while self.begun.front().is_some_and(|&at| at + Duration::from_secs(60) <= now) {
            self.begun.pop_front();
        }
        let allows = self.begun.len() < most as usize;
        if allows {
            self.begun.push_back(now);
        }
        allows
    }
}

impl Assist {
    /// Begins a call, unless there are too many.
    pub(super) fn dial(&mut self, now: Moment, job: Job, outgoing: Outgoing) {
        // Those of the schedule have waited for their turn.
        if outgoing.attempt.is_none()
            && let Err(limit) = self.may_call(now)
        {
            let failure = self.refusal(now, limit);
            return self.finish(now, job, Err(failure));
        }
        let params = self.call_params(&outgoing);
        let unsent = Outgoing { inviter: None, ..outgoing.clone() };
        if !self.send_step(now, job, Step::Dial(Box::new(outgoing)), "call.execute", params) {
            self.call_over(now, &unsent, AttemptState::Failed);
        }
    }

    /// Whether a call may be begun now, or which limit does not let it; if so it counts as begun.
    pub(super) fn may_call(&mut self, now: Moment) -> Result<(), Limit> {
        match () {
            () if self.calls_under_way() >= self.config.bounds.calls => Err(Limit::Calls),
            () if self.pace.allows(now.steady, self.config.calling.per_minute) => Ok(()),
            () => Err(Limit::CallsPerMinute),
        }
    }

    /// How many calls go on, or are being begun.
    fn calls_under_way(&self) -> usize {
        let dials = |flight: &&Flight| matches!(flight.purpose, Purpose::Step(_, Step::Dial(_)));
        self.outgoing.len() + self.questions.begun() + self.flights.values().filter(dials).count()
    }

    fn call_params(&self, outgoing: &Outgoing) -> Params<'static> {
        let calling = &self.config.calling;
        let fill = |template: &Template, room: &[u8]| {
            template.render(|name| match name {
                "number" => Some(outgoing.number.to_vec().into()),
                "room" => Some(room.to_vec().into()),
                _ => None,
            })
        };
        let patience = (calling.ring.as_millis() + RINGS_LONGER).to_string();
        let mut params = Params::new()
            .with("callto", [b"dumb/", name_of(outgoing).as_slice()].concat())
            .with("target", &outgoing.number)
            .with("caller", fill(&calling.caller, &outgoing.room))
            .with("maxcall", patience);
        if let Some(direct) = &calling.direct {
            params.push("direct", fill(direct, &in_address(&outgoing.room)));
        }
        for (name, value) in &calling.params {
            params.push(name, value);
        }
        if !calling.params.is_empty() {
            let names: Vec<&str> = calling.params.keys().map(String::as_str).collect();
            params.push("copyparams", names.join(","));
        }
        params
    }

    /// The engine calls, or cannot.
    pub(super) fn dialled(&mut self, now: Moment, job: Job, mut outgoing: Outgoing, reply: Reply<'_, '_>) {
        let begun = accepted(reply).and_then(|answer| {
            let (channel, callee) = (text(&answer.params, "id"), text(&answer.params, "peerid"));
            let made = !channel.is_empty() && !callee.is_empty();
            made.then_some((channel, callee)).ok_or(Cause::Engine.because("the engine made no call"))
        });
        match begun {
            Ok((channel, callee)) => {
                let said = [Phrase::Calling.into(), Word::Digits(outgoing.number.to_string())];
                let now_so = format!("calling {}", outgoing.number);
                outgoing.callee = callee;
                self.ringing(now, &channel, outgoing);
                self.finish(now, job, Ok(Done::saying(now_so, said)));
            }
            Err(failure) => {
                let outgoing = Outgoing { inviter: None, ..outgoing };
                // Better not called than called twice.
                let state = if reply.is_some() { AttemptState::Failed } else { AttemptState::Unknown };
                self.call_over(now, &outgoing, state);
                self.finish(now, job, Err(failure));
            }
        }
        if !self.is_dialling() {
            self.early = Early::default();
        }
    }

    /// A call of ours rings.
    pub(super) fn ringing(&mut self, now: Moment, channel: &BString, outgoing: Outgoing) {
        let ended = self.early.ended(channel, &outgoing.callee);
        if ended.is_some() || self.calls.is_gone(outgoing.callee.as_ref()) {
            return self.call_over(now, &outgoing, ended.unwrap_or(AttemptState::Failed));
        }
        let due = now.steady + self.config.calling.ring;
        self.ring_until(channel.clone(), due);
        let answered = self.early.answered.remove(&outgoing.callee);
        self.outgoing.insert(channel.clone(), outgoing);
        self.keep_channel(channel);
        if answered {
            self.callee_answered(now, channel);
        }
    }

    /// Somebody whom we call has answered, by the event that tells.
    pub(super) fn call_answered(&mut self, now: Moment, params: &Params<'_>) {
        let (id, peer, target) = (text(params, "id"), text(params, "peerid"), text(params, "targetid"));
        let ours = |channel: &BString| self.outgoing.contains_key(channel);
        if let Some(channel) = [peer, target].into_iter().find(ours) {
            if let Some(outgoing) = self.outgoing.get_mut(&channel).filter(|_| !id.is_empty()) {
                // Where several are called at once it is who answers.
                outgoing.callee = id;
            }
            return self.callee_answered(now, &channel);
        }
        if self.is_dialling() && !is_leg(&id) {
            self.early.answer(id);
        }
    }

    /// Whether a call of ours may be under way of which the engine has not told us yet.
    fn is_dialling(&self) -> bool {
        self.flights.values().any(|flight| matches!(flight.purpose, Purpose::Step(_, Step::Dial(_))))
    }

    /// Whether the engine has yet to answer that it calls for this.
    pub(super) fn is_dialling_for(&self, key: AttemptKey) -> bool {
        self.flights.values().any(|flight| match &flight.purpose {
            Purpose::Step(_, Step::Dial(outgoing)) => outgoing.attempt == Some(key),
            _ => false,
        })
    }

    fn callee_answered(&mut self, now: Moment, channel: &BString) {
        if !self.is_ready() {
            self.answered_early.insert(channel.clone());
            return;
        }
        let Some(outgoing) = self.outgoing.get_mut(channel) else { return };
        if std::mem::replace(&mut outgoing.answered, true) {
            return;
        }
        let (callee, room) = (outgoing.callee.clone(), outgoing.room.clone());
        let (number, role) = (outgoing.number.clone(), outgoing.role);
        if let Some(at) = self.calls.obtain(callee.as_ref(), self.places.call, Order::from_start)
            && let Some(call) = self.calls.get_mut(at)
        {
            call.facts.outgoing = true;
            // Who was called is known, and for this room.
            call.rare.proven = Some((room.clone(), role.is_some() && role == self.organizer));
            let place = call.place;
            self.keep_channel(&callee);
            let told_role = role.filter(|_| role != self.organizer).or(place.told_role);
            self.change_place(now, at, Place { told_role, ..place });
        }
        let Admission::Enter(engine) = self.admission_of(now, &callee, room.as_ref(), false) else {
            // Nobody who was called in is asked for anything, so it is full.
            self.trouble(format!("{callee} was called into conf/{room}, which takes no more"));
            return self.drop_call(now, channel, "congestion");
        };
        // Without these two the record of the leg has neither.
        let mut params = Params::new()
            .with("id", &callee)
            .with("message", "call.execute")
            .with("callto", prefixed(&room))
            .with("caller", &room)
            .with("called", &number);
        for (name, value) in &Assist::with_notify(engine) {
            params.push(name, value);
        }
        if !self.send_aside(now, Purpose::BringIn(channel.clone()), "chan.masquerade", params) {
            self.drop_call(now, channel, "failed");
        }
    }

    /// Somebody who was called is in the room, or could not be brought there.
    pub(super) fn brought_in(&mut self, now: Moment, channel: &BString, reply: Reply<'_, '_>) {
        let Some(outgoing) = self.take_outgoing(channel) else { return };
        match accepted(reply) {
            Ok(answer) => {
                self.entered_by(now, &outgoing.callee, &answer.params);
                self.call_over(now, &outgoing, AttemptState::Joined);
            }
            Err(failure) => {
                self.trouble(format!("{} answered and did not come in: {}", outgoing.callee, failure.reason));
                self.call_over(now, &outgoing, AttemptState::Failed);
                self.drop_channel(now, &outgoing.callee, "failed");
            }
        }
    }

    fn take_outgoing(&mut self, channel: &BString) -> Option<Outgoing> {
        let outgoing = self.outgoing.remove(channel);
        self.keep_no_channel(channel.as_ref());
        outgoing
    }

    fn ring_until(&mut self, channel: BString, due: Duration) {
        self.ringings += 1;
        self.timers.change(Timer::Ring(self.ringings), None, Some(due));
        self.ringing_of.insert(self.ringings, channel);
    }

    /// It has rung long enough, or nobody has told why it ended.
    pub(super) fn rung(&mut self, now: Moment, number: u64) {
        let Some(channel) = self.ringing_of.remove(&number) else { return };
        match self.outgoing.get(&channel) {
            Some(outgoing) if outgoing.answered => {}
            Some(outgoing) if outgoing.ended => self.call_failed(now, &channel, AttemptState::Failed),
            Some(_) => self.drop_call(now, &channel, "noanswer"),
            None => {}
        }
    }

    fn drop_call(&mut self, now: Moment, channel: &BString, reason: &'static str) {
        if let Some(outgoing) = self.take_outgoing(channel) {
            let state = if reason == "noanswer" { AttemptState::NoAnswer } else { AttemptState::Failed };
            self.call_over(now, &outgoing, state);
        }
        self.drop_channel(now, channel, reason);
    }

    pub(super) fn drop_channel(&mut self, now: Moment, channel: &BString, reason: &str) {
        let params = Params::new().with("id", channel).with("reason", reason);
        self.send_aside(now, Purpose::DropLeg(channel.clone()), "call.drop", params);
    }

    /// A channel is gone, or parted from its peer: if it was called by us, or called for us, that call is over.
    pub(super) fn call_ended(&mut self, now: Moment, id: &BStr, params: &Params<'_>) {
        let by_us = self.outgoing.get(id).map(|_| id.to_owned());
        let channel = by_us.or_else(|| {
            self.outgoing
                .iter()
                .find(|(_, outgoing)| outgoing.callee == id)
                .map(|(channel, _)| channel.clone())
        });
        let Some(channel) = channel else {
            if self.is_dialling() {
                self.early.end(id, state_of(params));
            }
            return;
        };
        // Once answered they are parted from our channel on their way into the room; the answer to that tells more.
        let Some(outgoing) = self.outgoing.get_mut(&channel).filter(|outgoing| !outgoing.answered) else {
            return;
        };
        outgoing.ended = true;
        match state_of(params) {
            Some(state) => self.call_failed(now, &channel, state),
            // What tells more may be told after what tells less.
            None => self.ring_until(channel, now.steady + TELLS_MORE),
        }
    }

    fn call_failed(&mut self, now: Moment, channel: &BString, state: AttemptState) {
        if let Some(outgoing) = self.take_outgoing(channel) {
            self.call_over(now, &outgoing, state);
        }
    }

    /// Tells how a call went: who wanted it, and the store.
    fn call_over(&mut self, now: Moment, outgoing: &Outgoing, state: AttemptState) {
        if let Some(key) = outgoing.attempt {
            self.write_down(now, Request::EndAttempt { key, state });
            self.attempt_over(now, key, state);
        }
        let phrase = match state {
            AttemptState::Busy => Phrase::Busy,
            AttemptState::NoAnswer => Phrase::NoAnswer,
            AttemptState::Failed | AttemptState::Unknown => Phrase::Unreachable,
            AttemptState::Joined | AttemptState::Calling => return,
        };
        let text =
            format!("{} was called into conf/{} and {}", outgoing.number, outgoing.room, phrase.english());
        self.outbox.report(super::Report::Advice { text });
        if let Some(inviter) = &outgoing.inviter {
            self.say(now, inviter, &[Word::Digits(outgoing.number.to_string()), phrase.into()]);
        }
    }

    /// Whether a channel is that of somebody whom we have called into that room.
    pub(super) fn is_invited(&self, channel: &BString, room: &BStr) -> bool {
        self.outgoing.values().any(|outgoing| outgoing.callee == *channel && outgoing.room == room)
    }

    /// It is on disk that somebody is called; so they are, unless it was there before.
    pub(super) fn attempt_begun(&mut self, now: Moment, outgoing: Outgoing, fresh: bool) {
        let Some(key) = outgoing.attempt else { return };
        if !fresh {
            return self.attempt_over(now, key, AttemptState::Unknown);
        }
        if !self.is_ready() {
            return self.call_over(now, &outgoing, AttemptState::Failed);
        }
        let invite = Operation::Invite { number: Template::default(), role: None };
        let job = Job::ruled(invite, BString::default()).about(outgoing.room.clone());
        self.dial(now, job, outgoing);
    }

    /// It could not be written that somebody is called.
    pub(super) fn not_called(&mut self, now: Moment, outgoing: &Outgoing, cause: Cause, problem: &str) {
        let text = format!(
            "{} is not called into conf/{}, because that could not be written down: {problem}",
            outgoing.number, outgoing.room
        );
        self.trouble(text);
        match outgoing.attempt {
            Some(key) if cause == Cause::Store => self.attempt_not_begun(now, key),
            // Its conference is on record no more.
            Some(key) => self.attempt_over(now, key, AttemptState::Unknown),
            None => {}
        }
    }

    /// Calls somebody of a conference on record, once that is on disk.
    pub(super) fn call_participant(&mut self, now: Moment, outgoing: Outgoing) {
        if let Some(key) = outgoing.attempt {
            self.ask_store(now, Question::Begin(Box::new(outgoing)), Request::BeginAttempt(key));
        }
    }

    /// A call of ours from before, by its name: it goes on.
    pub(super) fn adopt_call(&mut self, now: Moment, own: OwnLeg, name: &BStr, answered: bool) {
        let Some((attempt, room)) = read_name(name) else { return };
        let OwnLeg { channel, leg: callee } = own;
        let known = self.outgoing_before.remove(&channel);
        let mut outgoing = known.unwrap_or_else(|| {
            let number = self.calls.by_id(callee.as_ref()).map(|call| call.facts.called().to_owned());
            Outgoing { attempt, ..Outgoing::new(room, number.unwrap_or_default(), None) }
        });
        (outgoing.callee, outgoing.answered, outgoing.ended) = (callee, false, false);
        self.ringing(now, &channel, outgoing);
        if answered {
            self.callee_answered(now, &channel);
        }
    }

    /// The engine has told whom the calls from before are to.
    pub(super) fn learn_numbers(&mut self) {
        for outgoing in self.outgoing.values_mut().filter(|outgoing| outgoing.number.is_empty()) {
            if let Some(call) = self.calls.by_id(outgoing.callee.as_ref()) {
                outgoing.number = call.facts.called().to_owned();
            }
        }
    }

    /// Those of the calls from before that were answered come in, now that it is known who is where.
    pub(super) fn bring_in_answered(&mut self, now: Moment) {
        for channel in std::mem::take(&mut self.answered_early) {
            self.callee_answered(now, &channel);
        }
    }

    /// The connection is lost: what is under way goes on without us.
    pub(super) fn let_calls_be(&mut self) {
        self.outgoing_before.extend(std::mem::take(&mut self.outgoing));
        self.ringing_of.clear();
        self.answered_early.clear();
        self.early = Early::default();
    }

    /// The engine has told all: what it knows no more of the calls that were under way is over, nobody saw how.
    pub(super) fn forget_calls_before(&mut self, now: Moment) {
        for (_, outgoing) in std::mem::take(&mut self.outgoing_before) {
            let joined = self.leg_of(&outgoing.callee).is_some();
            let state = if joined { AttemptState::Joined } else { AttemptState::Unknown };
            self.call_over(now, &outgoing, state);
        }
        self.settle_attempts(now);
    }
}
