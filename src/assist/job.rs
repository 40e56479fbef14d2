//! Operations under way: each sends a message, waits for the engine's answer, and believes that.
//!
//! A channel's operations are done one after the other, so that `*6*6` mutes and unmutes; those on a room itself
//! one after the other in that room, so that two participants who toggle at once do not undo each other.

use std::fmt;
use std::time::Duration;

use bstr::{BString, ByteSlice};

use super::late::Late;
use super::legs::Tellings;
use super::names::Context;
use super::rooms::Recorder;
use super::timers::Timer;
use super::{Assist, Report};
use crate::config::Operation;
use crate::key::Keys;
use crate::moment::Moment;
use crate::wire::{Answer, Params};

/// How many operations of one channel wait at most, while the engine is slow.
const JOB_LIMIT: usize = 32;

/// An operation that a code asked for.
#[derive(Debug, Clone)]
pub(super) struct Job {
    /// The channel that keyed the code.
    pub(super) channel: BString,
    /// A place in the configuration's codes.
    pub(super) code: usize,
    /// The state that the engine's events had led to when it was keyed; `None` for what follows another.
    pub(super) keyed_in: Option<usize>,
    pub(super) keys: Keys,
    pub(super) captures: Vec<(String, Keys)>,
    /// The room that is kept busy meanwhile.
    pub(super) room: Option<BString>,
    /// How often the engine was asked about the caller's leg.
    pub(super) asks: u8,
}

/// How an operation ended: what is so now, or why it could not be.
pub(super) type Outcome = Result<&'static str, String>;

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
    RecordAgain { room: BString, recorder: Recorder },
    /// Nothing is to be recorded on a leg of ours, whatever was done to it before.
    StopSpare,
    /// A leg of ours that nobody needs any more.
    DropLeg(BString),
    /// What is so of a leg of which two things were told.
    AskLeg { leg: BString, asked: Tellings, asks: u8 },
    /// The engine's account of itself.
    Account(Account),
    /// Nothing any more; but what it says is so.
    Late(Late),
}

impl Purpose {
    /// The channel in whose name the message was sent.
    fn of_channel(&self) -> Option<&BString> {
        match self {
            Purpose::Step(job, Step::Join | Step::Leave | Step::SetMuted { .. }) => Some(&job.channel),
            Purpose::Release(channel) | Purpose::Prompt { channel, .. } => Some(channel),
            // In nobody's name, or in that of a leg.
            Purpose::Step(..)
            | Purpose::AskMayGo { .. }
            | Purpose::RecordAgain { .. }
            | Purpose::StopSpare
            | Purpose::DropLeg(_)
            | Purpose::AskLeg { .. }
            | Purpose::Account(_)
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
}

/// Where an operation stands, by what it waits for.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Join,
    Leave,
    Message,
    AskLeg { leg: BString, asked: Tellings },
    SetMuted { on: bool, leg: BString, sent: Tellings },
    OpenRecordLeg,
    StartRecordLeg(Recorder),
    StopRecordLeg(Recorder),
    StartRoomRecorder { changed: u64 },
    AskMayStop,
    StopRoomRecorder { changed: u64 },
}

/// What came of a message: the engine's answer, or `None` if it was too late.
pub(super) type Reply<'r, 'a> = Option<&'r Answer<'a>>;

impl Assist {
    /// Queues an operation behind those that its channel asked for before.
    pub(super) fn enqueue(&mut self, now: Moment, job: Job) {
        let Some(call) = self.calls.by_id_mut(job.channel.as_ref()) else { return };
        if call.jobs.len() >= JOB_LIMIT {
            let reason = format!("{JOB_LIMIT} operations of this caller are waiting already");
            return self.conclude(now, &job, Err(reason));
        }
        let channel = job.channel.clone();
        if let Operation::SetState { to } = self.config.codes[job.code].operation {
            // What is keyed next means what it means in the new state, however long the engine takes for what was
            // asked of it before. What follows the change waits for that all the same.
            let outcome = self.change_state(now, &channel, to);
            if outcome.is_ok() {
                let jobs = self.followers(&job);
                if let Some(call) = self.calls.by_id_mut(channel.as_ref()) {
                    call.jobs.extend(jobs);
                }
            }
            self.conclude(now, &job, outcome);
        } else {
            call.jobs.push_back(job);
        }
        self.next_job(now, &channel);
    }

    /// Starts what a channel asked for next, once what it asked for before is done.
    pub(super) fn next_job(&mut self, now: Moment, channel: &BString) {
        if !self.is_ready() {
            return;
        }
        let Some(call) = self.calls.by_id_mut(channel.as_ref()) else { return };
        if call.working {
            return;
        }
        let natural = call.place.natural;
        let Some(job) = call.jobs.pop_front() else { return };
        call.working = true;
        let moved = job.keyed_in.is_some_and(|keyed_in| keyed_in != natural);
        if moved && !self.config.codes[job.code].states.contains(&natural) {
            return self.finish(now, job, Err("the call has moved on since it was keyed".to_owned()));
        }
        self.start(now, job);
    }

    pub(super) fn start(&mut self, now: Moment, job: Job) {
        let config = self.config.clone();
        match &config.codes[job.code].operation {
            Operation::Join { room, with_peer, params } => self.join(now, job, room, *with_peer, params),
            Operation::Leave { to } => self.leave(now, job, to.as_ref()),
            Operation::Mute(switch) => self.mute(now, job, *switch),
            Operation::Record(switch) => self.record(now, job, *switch),
            // One that follows another; keyed ones are done before they get here.
            Operation::SetState { to } => {
                let outcome = self.change_state(now, &job.channel, *to);
                self.finish(now, job, outcome);
            }
            Operation::Message { name, masquerade, params } => {
                self.message(now, job, name, *masquerade, params);
            }
            _ => self.finish(now, job, Err("this is not built yet".to_owned())),
        }
    }

    /// An operation goes on with what the engine said.
    pub(super) fn step(&mut self, now: Moment, job: Job, step: Step, reply: Reply<'_, '_>) {
        match step {
            Step::Join => self.joined(now, job, reply),
            Step::Leave => self.simply_done(now, job, reply),
            Step::Message => {
                let outcome = accepted(reply).map(|_| "done");
                let unhandled = |reason: String| format!("{reason}, or nobody handles this message");
                self.finish(
                    now,
                    job,
                    outcome.map_err(|reason| if reason == REFUSED { unhandled(reason) } else { reason }),
                );
            }
            Step::AskLeg { leg, asked } => self.leg_known(now, job, &leg, asked, reply),
            Step::SetMuted { on, leg, sent } => self.muted(now, job, on, &leg, sent, reply),
            Step::OpenRecordLeg => self.record_leg_open(now, job, reply),
            Step::StartRecordLeg(recorder) => self.record_leg_started(now, job, &recorder, reply),
            Step::StopRecordLeg(recorder) => self.record_leg_stopped(now, job, &recorder, reply),
            Step::StartRoomRecorder { changed } => self.room_recorder_started(now, job, changed, reply),
            Step::AskMayStop => self.may_stop_known(now, job, reply),
            Step::StopRoomRecorder { changed } => self.room_recorder_stopped(now, job, changed, reply),
        }
    }

    fn simply_done(&mut self, now: Moment, job: Job, reply: Reply<'_, '_>) {
        let outcome = accepted(reply).map(|_| "done");
        self.finish(now, job, outcome);
    }

    /// Sends the next message of an operation, or fails it.
    pub(super) fn send_step(&mut self, now: Moment, job: Job, step: Step, name: &str, params: Params<'_>) {
        match self.outbox.message(name, params) {
            Ok(number) => self.await_answer(now, number, Purpose::Step(job, step)),
            Err(problem) => self.finish(now, job, Err(problem.to_string())),
        }
    }

    /// Sends a message that is no step of an operation; a failure is told and nothing more.
    pub(super) fn send_aside(
        &mut self,
        now: Moment,
        purpose: Purpose,
        name: &str,
        params: Params<'_>,
    ) -> bool {
        match self.outbox.message(name, params) {
            Ok(number) => self.await_answer(now, number, purpose),
            Err(problem) => {
                self.outbox.report(Report::Trouble { text: format!("{name} was not sent: {problem}") });
                return false;
            }
        }
        true
    }

    fn await_answer(&mut self, now: Moment, number: u64, purpose: Purpose) {
        let due = now.steady + self.config.yate.answer_timeout;
        self.timers.change(Timer::Flight(number), None, Some(due));
        self.flights.insert(number, Flight { purpose, due });
    }

    /// The answer to a message of ours, or nothing if it took too long.
    pub(super) fn answered(&mut self, now: Moment, number: u64, reply: Reply<'_, '_>) {
        let Some(flight) = self.flights.remove(&number) else { return };
        self.timers.change(Timer::Flight(number), Some(flight.due), None);
        let late = if reply.is_none() { Late::of(&flight.purpose) } else { None };
        let gone = flight.purpose.of_channel().filter(|_| reply.is_some_and(says_gone)).cloned();
        match flight.purpose {
            Purpose::Step(job, step) => self.step(now, job, step, reply),
            Purpose::Release(channel) => self.release_ended(now, channel.as_ref(), reply),
            Purpose::Prompt { channel, why } => self.prompt_ended(&channel, &why, reply),
            Purpose::AskMayGo { room, channel } => self.may_go_known(now, &room, channel, reply),
            Purpose::RecordAgain { room, recorder } => self.recorded_again(&room, &recorder, reply),
            Purpose::StopSpare => {}
            Purpose::DropLeg(channel) => self.leg_dropped(&channel, reply),
            Purpose::AskLeg { leg, asked, asks } => self.told_aside(now, &leg, asked, asks, reply),
            Purpose::Account(account) => {
                self.account(now, account, reply);
                self.one_account_less(now);
            }
            Purpose::Late(late) => self.late(now, late, reply),
        }
        if let Some(late) = late {
            self.listen_on(now, number, late);
        }
        if let Some(channel) = gone {
            self.forget_call(now, channel.as_ref());
        }
    }

    /// An operation is over: tell it, let the caller hear it, and go on with what waits.
    pub(super) fn finish(&mut self, now: Moment, job: Job, outcome: Outcome) {
        if outcome.is_ok() {
            // It comes before what was keyed after it.
            let jobs = self.followers(&job);
            if let Some(call) = self.calls.by_id_mut(job.channel.as_ref()) {
                jobs.into_iter().rev().for_each(|job| call.jobs.push_front(job));
            }
        }
        self.conclude(now, &job, outcome);
        let Job { channel, room, .. } = job;
        if let Some(room) = room {
            self.release_room(now, &room);
        }
        if let Some(call) = self.calls.by_id_mut(channel.as_ref()) {
            call.working = false;
        }
        self.next_job(now, &channel);
    }

    /// Tells how an operation ended, and lets the caller hear it.
    pub(super) fn conclude(&mut self, now: Moment, job: &Job, outcome: Outcome) {
        let config = self.config.clone();
        let code = &config.codes[job.code];
        let prompt = if outcome.is_ok() { &code.on_success } else { &code.on_failure };
        let (channel, name) = (job.channel.clone(), code.name.clone());
        self.outbox.report(match outcome {
            Ok(state) => Report::Done { channel, code: name, now: state.to_owned() },
            Err(reason) => Report::Failed { channel, code: name, reason },
        });
        if let Some(prompt) = prompt {
            self.prompt(now, &Context::from(job), Why::Code(code.name.clone()), prompt);
        }
    }

    /// What follows an operation on the same keys.
    fn followers(&self, job: &Job) -> Vec<Job> {
        let codes = &self.config.codes[job.code].then;
        codes.iter().map(|&code| Job { code, keyed_in: None, room: None, asks: 0, ..job.clone() }).collect()
    }

    /// Keeps a room busy for an operation; if it is busy already the operation waits there.
    pub(super) fn claim_room(&mut self, mut job: Job, name: &BString) -> Option<Job> {
        let room = self.rooms.room_mut(name.as_ref());
        if room.busy {
            room.waiting.push_back(job);
            return None;
        }
        room.busy = true;
        job.room = Some(name.clone());
        Some(job)
    }

    /// An operation on a room is over: the next that waits there begins. One that ends at once makes way for another.
    fn release_room(&mut self, now: Moment, name: &BString) {
        let room = self.rooms.room_mut(name.as_ref());
        room.busy = false;
        if std::mem::replace(&mut room.serving, true) {
            return;
        }
        while let Some(job) = self.rooms.next_waiting(name.as_ref()) {
            self.start(now, job);
        }
        self.rooms.room_mut(name.as_ref()).serving = false;
        self.tidy_room(now, name.as_ref());
    }

    /// Nobody will say what becomes of these any more.
    pub(super) fn fail_all_jobs(&mut self, now: Moment, reason: &str) {
        for (_, flight) in self.flights.drain().collect::<std::collections::BTreeMap<_, _>>() {
            if let Purpose::Step(job, _) = flight.purpose {
                self.conclude(now, &job, Err(reason.to_owned()));
            }
        }
        for job in self.rooms.take_waiting() {
            self.conclude(now, &job, Err(reason.to_owned()));
        }
        for at in self.calls.places() {
            let jobs = self.calls.get_mut(at).map(|call| std::mem::take(&mut call.jobs));
            for job in jobs.into_iter().flatten() {
                self.conclude(now, &job, Err(reason.to_owned()));
            }
        }
    }
}

/// What is said where the engine says no more than no.
const REFUSED: &str = "the engine refused";

/// The engine's answer, if it says that somebody did what was asked.
pub(super) fn accepted<'r, 'a>(reply: Reply<'r, 'a>) -> Result<&'r Answer<'a>, String> {
    match reply {
        None => Err("the engine did not answer in time".to_owned()),
        Some(answer) if answer.processed => Ok(answer),
        Some(answer) if says_gone(answer) => Err("the channel is gone".to_owned()),
        Some(answer) => Err(match answer.params.get("reason").or_else(|| answer.params.get("error")) {
            Some(reason) if !reason.is_empty() => format!("the engine refused: {}", reason.as_bstr()),
            _ => REFUSED.to_owned(),
        }),
    }
}

/// Whether an answer says that there is no such channel as a message was to be sent by: the engine gives an answer that
/// it could pass on the name of what it passed on.
fn says_gone(answer: &Answer<'_>) -> bool {
    !answer.processed && answer.name.as_ref() == b"chan.masquerade"
}
