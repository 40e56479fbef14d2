//! Messages of ours that wait for the engine's answer.

use std::fmt;
use std::time::Duration;

use bstr::{BString, ByteSlice};

use super::job::{Job, Step};
use super::late::Late;
use super::legs::Tellings;
use super::limits::Limit;
use super::outcome::{Cause, Failure};
use super::room::OwnLeg;
use super::timers::Timer;
use super::{Assist, Report};
use crate::moment::Moment;
use crate::wire::{Answer, Params};

/// A message of ours that was not answered yet.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) purpose: Purpose,
    pub(super) due: Duration,
}

/// What an answer is waited for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// A step of an operation.
    Step(Job, Step),
    /// Digits that went on to the other party of this channel.
    Release(BString),
    /// A sound for the caller.
    Prompt { channel: BString, why: Why },
    /// Whether a leg of ours can go from a room.
    AskMayGo { room: BString, channel: BString },
    /// What may have been ended is to be recorded all the same.
    RecordAgain { room: BString, recorder: OwnLeg },
    /// What was to be stopped, and perhaps was.
    StopAgain { room: BString, recorder: OwnLeg },
    /// Nothing is to be recorded on a leg of ours, whatever was done to it before.
    StopSpare,
    /// A leg of ours that nobody needs any more.
    DropLeg(BString),
    /// What is so of a leg of which two things were told.
    AskLeg { leg: BString, asked: Tellings, asks: u8 },
    /// The engine's account of itself.
    Account { of: Account, asks: u8 },
    /// The same once more, to compare it with what is believed.
    Recheck(Account),
    /// Whether there is such a channel still.
    IsThere(BString),
    /// A sound for the caller that others may follow.
    Say { channel: BString, number: u64 },
    /// A leg to announce on in this room.
    OpenVoice(BString),
    /// A sound for a room.
    Announce(u64),
    /// A caller hears why they are not let in, and is gone.
    SeeOff(BString),
    /// Somebody whom this channel of ours called comes into the room.
    BringIn(BString),
    /// Nothing any more; but what it says is so.
    Late(Late),
}

impl Purpose {
    /// The channel in whose name the message was sent.
    fn of_channel(&self) -> Option<&BString> {
        match self {
            Purpose::Step(
                job,
                Step::Join { .. } | Step::Leave | Step::Wait { .. } | Step::SetMuted { .. },
            ) => Some(&job.channel),
            Purpose::Release(channel)
            | Purpose::Prompt { channel, .. }
            | Purpose::Say { channel, .. }
            | Purpose::SeeOff(channel) => Some(channel),
            // In nobody's name, or in that of a leg.
            Purpose::Step(..)
            | Purpose::AskMayGo { .. }
            | Purpose::RecordAgain { .. }
            | Purpose::StopAgain { .. }
            | Purpose::StopSpare
            | Purpose::DropLeg(_)
            | Purpose::AskLeg { .. }
            | Purpose::Account { .. }
            | Purpose::Recheck(_)
            | Purpose::IsThere(_)
            | Purpose::OpenVoice(_)
            | Purpose::Announce(_)
            | Purpose::BringIn(_)
            | Purpose::Late(_) => None,
        }
    }
}

/// What a sound belongs to.
#[derive(Debug)]
pub(super) enum Why {
    Code(String),
    State(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Code(name) => write!(f, "code {name}"),
            Why::State(name) => write!(f, "state {name}"),
        }
    }
}

/// What the engine is asked for when a connection begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    Conferences,
    OwnLegs,
    Calls,
    /// What the channels of a driver are connected to.
    Parties,
}

impl Account {
    pub(super) const ALL: [Account; 3] = [Account::Conferences, Account::OwnLegs, Account::Calls];

    /// The module whose account it is, where that is one.
    pub(super) const fn module(self) -> Option<&'static str> {
        match self {
            Account::Conferences => Some("conf"),
            Account::OwnLegs => Some("dumb"),
            Account::Calls => Some("cdrbuild"),
            Account::Parties => None,
        }
    }
}

/// What came of a message: the engine's answer, or `None` if it was too late.
pub(super) type Reply<'r, 'a> = Option<&'r Answer<'a>>;

impl Assist {
    /// Sends the next message of an operation, or fails it and says so.
    pub(super) fn send_step(
        &mut self,
        now: Moment,
        job: Job,
        step: Step,
        name: &str,
        params: Params<'_>,
    ) -> bool {
        match self.outbox.message(name, params) {
            Ok(number) => self.await_answer(now, number, Purpose::Step(job, step)),
            Err(problem) => {
                self.finish(now, job, Err(Cause::Other.because(problem.to_string())));
                return false;
            }
        }
        true
    }

    /// Sends a message that is no step of an operation; a failure is told and nothing more.
    pub(super) fn send_aside(
        &mut self,
        now: Moment,
        purpose: Purpose,
        name: &str,
        params: Params<'_>,
    ) -> bool {
        // Who is told that there is too much makes no more of it.
        let is_sound = matches!(purpose, Purpose::Prompt { .. } | Purpose::Say { .. });
        if is_sound && self.flights.len() >= 2 * self.config.bounds.operations {
            self.limit_reached(now, Limit::Operations, 1);
            return false;
        }
        match self.outbox.message(name, params) {
            Ok(number) => self.await_answer(now, number, purpose),
            Err(problem) => {
                self.outbox.report(Report::Trouble { text: format!("{name} was not sent: {problem}") });
                return false;
            }
        }
        true
    }

    pub(super) fn await_answer(&mut self, now: Moment, number: u64, purpose: Purpose) {
        let due = now.steady + self.config.yate.answer_timeout;
        self.timers.change(Timer::Flight(number), None, Some(due));
        self.steps += usize::from(matches!(purpose, Purpose::Step(..)));
        self.flights.insert(number, Flight { purpose, due });
    }

    /// The answer to a message of ours, or nothing if it took too long.
    pub(super) fn answered(&mut self, now: Moment, number: u64, reply: Reply<'_, '_>) {
        let Some(flight) = self.flights.remove(&number) else { return };
        self.steps -= usize::from(matches!(flight.purpose, Purpose::Step(..)));
        self.timers.change(Timer::Flight(number), Some(flight.due), None);
        let late = if reply.is_none() { Late::of(&flight.purpose) } else { None };
        let gone = flight.purpose.of_channel().filter(|_| reply.is_some_and(says_gone)).cloned();
        match flight.purpose {
            Purpose::Step(job, step) => self.step(now, job, step, reply),
            Purpose::Release(channel) => self.release_ended(now, channel.as_ref(), reply),
            Purpose::Prompt { channel, why } => self.prompt_ended(&channel, &why, reply),
            Purpose::AskMayGo { room, channel } => self.may_go_known(now, &room, channel, reply),
            Purpose::RecordAgain { room, recorder } => self.recorded_again(&room, &recorder, reply),
            Purpose::StopAgain { room, recorder } => self.stopped_again(now, &room, &recorder, reply),
            Purpose::StopSpare => {}
            Purpose::DropLeg(channel) => self.leg_dropped(&channel, reply),
            Purpose::AskLeg { leg, asked, asks } => self.told_aside(now, &leg, asked, asks, reply),
            Purpose::Account { of, asks } => self.account_given(now, of, asks, reply),
            Purpose::Recheck(of) => self.rechecked(now, of, reply),
            Purpose::IsThere(channel) => self.is_there_known(now, &channel, reply),
            Purpose::Say { channel, number } => self.saying(now, &channel, number, reply),
            Purpose::OpenVoice(room) => self.voice_open(now, &room, reply),
            Purpose::Announce(number) => self.announcement_taken(now, number, reply),
            Purpose::SeeOff(channel) => self.seen_off(now, &channel, reply),
            Purpose::BringIn(channel) => self.brought_in(now, &channel, reply),
            Purpose::Late(late) => self.late(now, late, reply),
        }
        if let Some(late) = late {
            self.listen_on(now, number, late);
        }
        if let Some(channel) = gone {
            self.forget_call(now, channel.as_ref());
        }
    }
}

/// What is said where the engine says no more than no.
pub(super) const REFUSED: &str = "the engine refused";

/// The engine's answer, if it says that somebody did what was asked.
pub(super) fn accepted<'r, 'a>(reply: Reply<'r, 'a>) -> Result<&'r Answer<'a>, Failure> {
    match reply {
        None => Err(Cause::Engine.because("the engine did not answer in time")),
        Some(answer) if answer.processed => Ok(answer),
        Some(answer) if says_gone(answer) => Err(Cause::NobodyThere.because("the channel is gone")),
        Some(answer) => Err(match answer.params.get("reason").or_else(|| answer.params.get("error")) {
            Some(reason) if !reason.is_empty() => {
                Cause::Engine.because(format!("the engine refused: {}", reason.as_bstr()))
            }
            _ => Cause::Engine.because(REFUSED),
        }),
    }
}

/// Whether an answer says that there is no such channel as a message was to be sent by: the engine gives an answer that
/// it could pass on the name of what it passed on.
pub(super) fn says_gone(answer: &Answer<'_>) -> bool {
    !answer.processed && answer.name.as_ref() == b"chan.masquerade"
}
