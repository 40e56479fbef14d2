//! Calling somebody in: a `dumb` channel of ours calls them, and when they answer they come into the room.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};
use jiff::Timestamp;

use super::Assist;
use super::admission::Admission;
use super::calls::{LEG_PREFIX, Place, is_leg};
use super::flight::{Purpose, Reply, accepted};
use super::job::{Asker, Job, Step};
use super::outcome::{Cause, Done};
use super::questions::Question;
use super::room::OwnLeg;
use super::rooms::prefixed;
use super::timers::Timer;
use super::watch::text;
use crate::keypad::Order;
use crate::moment::Moment;
use crate::sounds::{Phrase, Word};
use crate::store::{AttemptKey, AttemptState, Request};
use crate::template::Template;
use crate::wire::Params;

/// The name that a channel of ours is called by which calls somebody begins with this; a number of the conference, of the
/// participant and of the try follow, and the room.
pub(super) const CALL_LEG: &str = "touchtone-call-";

/// How many calls are under way at most.
const MOST: usize = 1000;

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

/// What was told of channels while calls were being begun: the answer to our own message may come after it.
#[derive(Debug, Default)]
pub(super) struct Early {
    answered: BTreeSet<BString>,
    ended: HashMap<BString, Option<AttemptState>>,
}

impl Early {
    /// A channel is gone, or parted from its peer. What tells why counts.
    fn end(&mut self, id: &BStr, state: Option<AttemptState>) {
        let known = self.ended.entry(id.to_owned()).or_default();
        *known = known.or(state);
    }

    /// How a call has ended, by what was told of either of its channels.
    fn ended(&mut self, channel: &BString, callee: &BString) -> Option<AttemptState> {
        let told = [channel, callee].map(|id| self.ended.remove(id));
        let over = told.iter().any(Option::is_some);
        over.then(|| told.into_iter().flatten().flatten().next().unwrap_or(AttemptState::Failed))
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
    /// Calls a number into the room of who wants it.
    pub(super) fn invite(&mut self, now: Moment, job: Job, number: &Template, role: Option<usize>) {
        let Some(room) = self.room_of_job(&job) else {
            return self.finish(now, job, super::outcome::in_no_room());
        };
        let number = BString::from(self.render(now, &job, number));
        if !is_number(&number) {
            let failure = Cause::Other.because("a number has digits, letters and +, and at most 64 of them");
            return self.finish(now, job, Err(failure));
        }
        let mut outgoing = Outgoing::new(room, number, role);
        outgoing.inviter = matches!(job.asker, Asker::Code(_)).then(|| job.channel.clone());
        self.dial(now, job, outgoing);
    }

    /// Begins a call, unless there are too many.
    pub(super) fn dial(&mut self, now: Moment, job: Job, outgoing: Outgoing) {
        let most = self.config.calling.per_minute;
        if self.outgoing.len() >= MOST || !self.pace.allows(now.steady, most) {
            let reason = format!("no more than {most} calls are begun in a minute");
            return self.finish(now, job, Err(Cause::Busy.because(reason)));
        }
        let params = self.call_params(&outgoing);
        self.send_step(now, job, Step::Dial(Box::new(outgoing)), "call.execute", params);
    }

    fn call_params(&self, outgoing: &Outgoing) -> Params<'static> {
        let calling = &self.config.calling;
        let fill = |template: &Template| {
            template.render(|name| match name {
                "number" => Some(outgoing.number.as_slice().into()),
                "room" => Some(outgoing.room.as_slice().into()),
                _ => None,
            })
        };
        let patience = (calling.ring.as_millis() + RINGS_LONGER).to_string();
        let mut params = Params::new()
            .with("callto", [b"dumb/", name_of(outgoing).as_slice()].concat())
            .with("target", &outgoing.number)
            .with("caller", fill(&calling.caller))
            .with("maxcall", patience);
        if let Some(direct) = &calling.direct {
            params.push("direct", fill(direct));
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
                if !self.is_dialling() {
                    self.early = Early::default();
                }
                self.finish(now, job, Ok(Done::saying(now_so, said)));
            }
            Err(failure) => {
                let outgoing = Outgoing { inviter: None, ..outgoing };
                self.call_over(now, &outgoing, AttemptState::Failed);
                self.finish(now, job, Err(failure));
            }
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
        if answered {
            self.callee_answered(now, channel);
        }
    }

    /// Somebody whom we call has answered, by the event that tells.
    pub(super) fn call_answered(&mut self, now: Moment, params: &Params<'_>) {
        let (id, peer, target) = (text(params, "id"), text(params, "peerid"), text(params, "targetid"));
        let ours = |channel: &BString| self.outgoing.contains_key(channel);
        if let Some(channel) = [peer, target].into_iter().find(ours) {
            return self.callee_answered(now, &channel);
        }
        if self.is_dialling() && !is_leg(&id) {
            self.early.answered.insert(id);
        }
    }

    /// Whether a call of ours may be under way of which the engine has not told us yet.
    fn is_dialling(&self) -> bool {
        self.flights.values().any(|flight| matches!(flight.purpose, Purpose::Step(_, Step::Dial(_))))
    }

    fn callee_answered(&mut self, now: Moment, channel: &BString) {
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
            call.proven = Some((room.clone(), role.is_some() && role == self.organizer));
            let place = call.place;
            let told_role = role.filter(|_| role != self.organizer).or(place.told_role);
            self.change_place(now, at, Place { told_role, ..place });
        }
        let engine = match self.admission_of(now, &callee, room.as_ref(), false) {
            Admission::Enter(engine) => engine,
            Admission::Refuse(cause) => {
                self.trouble(format!(
                    "{callee} was called into conf/{room}, which does not take them: {cause:?}"
                ));
                return self.drop_call(now, channel, "refused");
            }
            // Nobody who was called in is asked or made to wait.
            Admission::AskPin | Admission::Wait(_) => Default::default(),
        };
        // Without these two the record of the leg has neither.
        let mut params = Params::new()
            .with("id", &callee)
            .with("message", "call.execute")
            .with("callto", prefixed(&room))
            .with("caller", &room)
            .with("called", &number);
        for (name, value) in &engine {
            params.push(name, value);
        }
        self.send_aside(now, Purpose::BringIn(channel.clone()), "chan.masquerade", params);
    }

    /// Somebody who was called is in the room, or could not be brought there.
    pub(super) fn brought_in(&mut self, now: Moment, channel: &BString, reply: Reply<'_, '_>) {
        let Some(outgoing) = self.outgoing.remove(channel) else { return };
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
        if let Some(outgoing) = self.outgoing.remove(channel) {
            let state = if reason == "noanswer" { AttemptState::NoAnswer } else { AttemptState::Failed };
            self.call_over(now, &outgoing, state);
        }
        self.drop_channel(now, channel, reason);
    }

    fn drop_channel(&mut self, now: Moment, channel: &BString, reason: &str) {
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
        if let Some(outgoing) = self.outgoing.remove(channel) {
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

    /// Whether a channel is that of somebody whom we have called.
    pub(super) fn is_invited(&self, channel: &BString) -> bool {
        self.outgoing.values().any(|outgoing| outgoing.callee == *channel)
    }

    /// It is on disk that somebody is called; so they are, unless it was there before.
    pub(super) fn attempt_begun(&mut self, now: Moment, outgoing: Outgoing, fresh: bool) {
        let Some(key) = outgoing.attempt else { return };
        if !fresh || !self.is_ready() {
            return self.attempt_over(now, key, AttemptState::Unknown);
        }
        let job = Job {
            place: Some(outgoing.room.clone()),
            ..Job::ruled(
                crate::config::Operation::Invite { number: Template::default(), role: outgoing.role },
                BString::default(),
            )
        };
        self.dial(now, job, outgoing);
    }

    /// It could not be written that somebody is called.
    pub(super) fn not_called(&mut self, now: Moment, outgoing: &Outgoing, problem: &str) {
        let text = format!(
            "{} is not called into conf/{}, because that could not be written down: {problem}",
            outgoing.number, outgoing.room
        );
        self.trouble(text);
        if let Some(key) = outgoing.attempt {
            self.attempt_over(now, key, AttemptState::Failed);
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
        let mut outgoing = Outgoing::new(room, BString::default(), None);
        outgoing.attempt = attempt;
        outgoing.callee = own.leg;
        if let Some(key) = attempt {
            self.attempt_adopted(key);
        }
        let channel = own.channel;
        self.ringing(now, &channel, outgoing);
        if answered {
            self.callee_answered(now, &channel);
        }
    }
}

/// How a call went, by what the engine says of its end; `None` if it does not say.
///
/// Of the channel that called it tells the `reason` when they part, of the one that was called the answer to its call
/// (`cause_sip`), and of either in `status` what it was dropped for.
fn state_of(params: &Params<'_>) -> Option<AttemptState> {
    let said = ["reason", "cause_sip", "status"].map(|name| text(params, name));
    let is = |words: &[&str]| said.iter().any(|said| words.iter().any(|word| said == word));
    match () {
        () if is(&["busy", "486", "600"]) => Some(AttemptState::Busy),
        () if is(&["noanswer", "timeout", "480", "487", "Request Terminated"]) => {
            Some(AttemptState::NoAnswer)
        }
        () if is(&["forbidden", "noroute", "noconn", "rejected", "congestion", "failure", "offline"]) => {
            Some(AttemptState::Failed)
        }
        () if !said[1].is_empty() => Some(AttemptState::Failed),
        () => None,
    }
}

/// The name that the channel of a call is called by: what has to be known of it after a restart of ours.
fn name_of(outgoing: &Outgoing) -> Vec<u8> {
    let (conference, starts, participant, number) = match outgoing.attempt {
        Some(key) => {
            let AttemptKey { occurrence, participant, number } = key;
            (occurrence.conference, occurrence.starts.as_second(), participant, number)
        }
        None => (0, 0, 0, 0),
    };
    let head = format!("{CALL_LEG}{conference}-{starts}-{participant}-{number}-");
    [head.as_bytes(), &outgoing.room].concat()
}

fn read_name(name: &BStr) -> Option<(Option<AttemptKey>, BString)> {
    let rest = name.strip_prefix(CALL_LEG.as_bytes())?;
    let mut parts = rest.splitn_str(5, "-");
    let mut number = || parts.next()?.to_str().ok()?.parse::<i64>().ok();
    let (conference, starts, participant, count) = (number()?, number()?, number()?, number()?);
    let room = BString::from(parts.next().filter(|room| !room.is_empty())?);
    let occurrence = crate::store::OccurrenceKey { conference, starts: Timestamp::from_second(starts).ok()? };
    let key = AttemptKey { occurrence, participant, number: u32::try_from(count).ok()? };
    Some(((conference != 0).then_some(key), room))
}

/// Whether it can be called: nothing in it leads a resource's name elsewhere.
fn is_number(number: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+*#-._".contains(byte);
    (1..=64).contains(&number.len()) && number.iter().all(plain)
}

/// A room as commands and codes name it, without its prefix; `None` if it can be none.
pub(super) fn named_room(text: &[u8]) -> Option<BString> {
    let name = text.strip_prefix(LEG_PREFIX).unwrap_or(text);
    let plain = |byte: &u8| *byte >= b' ' && *byte != 0x7f && *byte != b'/';
    ((1..=64).contains(&name.len()) && name.iter().all(plain)).then(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::OccurrenceKey;

    #[test]
    fn a_call_is_known_again_by_the_name_of_its_channel() {
        let mut outgoing = Outgoing::new("a-b-800".into(), "700".into(), None);
        assert_eq!(read_name(BStr::new(&name_of(&outgoing))), Some((None, "a-b-800".into())));
        let occurrence =
            OccurrenceKey { conference: 3, starts: Timestamp::from_second(1_795_420_044).expect("a time") };
        outgoing.attempt = Some(AttemptKey { occurrence, participant: 7, number: 2 });
        assert_eq!(read_name(BStr::new(&name_of(&outgoing))), Some((outgoing.attempt, "a-b-800".into())));
        assert_eq!(read_name(BStr::new("touchtone-call-x")), None);
    }

    #[test]
    fn what_is_called_cannot_lead_elsewhere() {
        assert!(is_number(b"+40211234567") && is_number(b"alice"));
        assert!(!is_number(b"1@elsewhere") && !is_number(b"") && !is_number(b"1\n2") && !is_number(b"a/b"));
        assert!(!is_number(&[b'1'; 65]));
    }
}
