//! Operations under way: each sends a message, waits for the engine's answer, and believes that.
//!
//! A channel's operations are done one after the other, so that `*6*6` mutes and unmutes; those on a room itself
//! one after the other in that room, so that two participants who toggle at once do not undo each other.

use bstr::BString;

use super::flight::{Purpose, REFUSED, Reply, Why, accepted};
use super::job::{Asker, Job, Keyed, Step};
use super::limits::Limit;
use super::names::Context;
use super::outcome::{Cause, Outcome, done};
use super::{Assist, Report};
use crate::config::Operation;
use crate::moment::Moment;

impl Assist {
    /// Queues an operation behind those that its channel asked for before.
    pub(super) fn enqueue(&mut self, now: Moment, job: Job) {
        let at = self.calls.find(job.channel.as_ref());
        let Some((at, call)) = at.and_then(|at| Some((at, self.calls.get_mut(at)?))) else {
            return match job.channel.is_empty() {
                true => self.begin(now, job),
                false => self.conclude(now, &job, Err(Cause::NobodyThere.because("the caller is gone"))),
            };
        };
        if !job.waits_its_turn() {
            return self.begin(now, job);
        }
        if !job.due && call.rare.jobs.len() >= self.config.bounds.operations_per_caller {
            let failure = self.refusal(now, Limit::OperationsPerCaller);
            return self.conclude(now, &job, Err(failure));
        }
        if let &Operation::SetState { to } = job.operation() {
            // What is keyed next means what it means in the new state, however long the engine takes for what was
            // asked of it before. What follows the change waits for that all the same.
            let outcome = self.change_state(now, &job, to);
            if outcome.is_ok() {
                let jobs = self.followers(&job);
                if let Some(call) = self.calls.by_id_mut(job.channel.as_ref()) {
                    self.queued += jobs.len();
                    call.rare.jobs.extend(jobs);
                }
            }
            self.conclude(now, &job, outcome);
            self.next_job(now, &job.channel);
        } else {
            self.queued += 1;
            call.rare.jobs.push_back(job);
            self.next_job_at(now, at);
        }
    }

    /// Starts what a channel asked for next, once what it asked for before is done.
    pub(super) fn next_job(&mut self, now: Moment, channel: &BString) {
        if let Some(at) = self.calls.find(channel.as_ref()) {
            self.next_job_at(now, at);
        }
    }

    fn next_job_at(&mut self, now: Moment, at: usize) {
        if !self.is_ready() {
            return;
        }
        let Some(call) = self.calls.get_mut(at) else { return };
        if call.working {
            return;
        }
        let natural = call.place.natural;
        let Some(mut job) = call.rare.jobs.pop_front() else { return };
        self.queued -= 1;
        call.working = true;
        job.queued = true;
        // The states of the engine's have the same places in every configuration.
        let moved = |keyed: &Keyed| {
            let elsewhere = keyed.keyed_in.is_some_and(|keyed_in| keyed_in != natural);
            elsewhere && !keyed.code().states.contains(&natural)
        };
        if job.keyed().is_some_and(moved) {
            let outcome = Err(Cause::Other.because("the call has moved on since it was keyed"));
            return self.finish(now, job, outcome);
        }
        self.begin(now, job);
    }

    /// Starts an operation, unless too much is under way. What the rules want is not many, and nobody would ask for it
    /// again.
    fn begin(&mut self, now: Moment, job: Job) {
        let asked_for = !job.due && !matches!(job.asker, Asker::Rules(_));
        if asked_for && self.steps >= self.config.bounds.operations {
            let failure = self.refusal(now, Limit::Operations);
            return self.finish(now, job, Err(failure));
        }
        self.start(now, job);
    }

    pub(super) fn start(&mut self, now: Moment, job: Job) {
        let work = job.work();
        match work.operation() {
            Operation::Join { room, with_peer, params } => self.join(now, job, room, *with_peer, params),
            Operation::Leave { to } => self.leave(now, job, to.as_ref()),
            Operation::Mute(switch) => self.mute(now, job, *switch),
            Operation::Record(switch) => self.record(now, job, *switch),
            // One that follows another; keyed ones are done before they get here.
            Operation::SetState { to } => {
                let outcome = self.change_state(now, &job, *to);
                self.finish(now, job, outcome);
            }
            Operation::Message { name, masquerade, params } => {
                self.message(now, job, name, *masquerade, params);
            }
            Operation::MuteOthers { on } => self.mute_others(now, job, *on),
            Operation::Lock(switch) => self.lock(now, job, *switch),
            Operation::Kick { seat } => self.kick(now, job, seat.as_ref()),
            Operation::Invite { number, role } => {
                let role = role.as_ref().and_then(|role| self.config.role(role));
                self.invite(now, job, number, role);
            }
            Operation::Count => self.count(now, job),
            Operation::Talkers => self.talkers(now, job),
            Operation::Announce { sound } => self.announce(now, job, sound),
            Operation::Extend { by } => self.extend(now, job, *by),
            Operation::End => self.end(now, job),
            Operation::EnterPin { pin } => self.enter_pin(now, job, pin),
            Operation::EnterRoom { room } => self.enter_room(now, job, room),
        }
    }

    /// An operation goes on with what the engine said.
    pub(super) fn step(&mut self, now: Moment, job: Job, step: Step, reply: Reply<'_, '_>) {
        match step {
            Step::Join { room } => self.joined(now, job, &room, reply),
            Step::Leave => self.simply_done(now, job, reply),
            Step::End => self.room_ended(now, job, reply),
            Step::Kick { leg } => self.kicked(now, job, &leg, reply),
            Step::Message => {
                let outcome = accepted(reply).map(|_| "done").map_err(|failure| match failure.reason {
                    reason if reason == REFUSED => {
                        Cause::Engine.because(format!("{reason}, or nobody handles this message"))
                    }
                    _ => failure,
                });
                self.finish(now, job, outcome.and_then(done));
            }
            Step::AskLeg { leg, asked } => self.leg_known(now, job, &leg, asked, reply),
            Step::SetMuted { on, leg, sent } => self.muted(now, job, on, &leg, sent, reply),
            Step::OpenRecordLeg => self.record_leg_open(now, job, reply),
            Step::StartRecordLeg(recorder) => self.record_leg_started(now, job, &recorder, reply),
            Step::StopRecordLeg(recorder) => self.record_leg_stopped(now, job, &recorder, reply),
            Step::StartRoomRecorder { changed } => self.room_recorder_started(now, job, changed, reply),
            Step::AskMayStop => self.may_stop_known(now, job, reply),
            Step::StopRoomRecorder { changed } => self.room_recorder_stopped(now, job, changed, reply),
            Step::Dial(outgoing) => self.dialled(now, job, *outgoing, reply),
            Step::Wait { room } => self.waits(now, job, &room, reply),
        }
    }

    fn simply_done(&mut self, now: Moment, job: Job, reply: Reply<'_, '_>) {
        let outcome = accepted(reply).and_then(|_| done("done"));
        self.finish(now, job, outcome);
    }

    /// An operation is over: tell it, let the caller hear it, and go on with what waits.
    pub(super) fn finish(&mut self, now: Moment, job: Job, outcome: Outcome) {
        if outcome.is_ok() {
            // It comes before what was keyed after it.
            let jobs = self.followers(&job);
            if let Some(call) = self.calls.by_id_mut(job.channel.as_ref()) {
                self.queued += jobs.len();
                jobs.into_iter().rev().for_each(|job| call.rare.jobs.push_front(job));
            }
        }
        self.conclude(now, &job, outcome);
        if let Some(room) = &job.room {
            self.release_room(now, room);
        }
        self.set_aside(now, job);
    }

    /// What its channel asks for next does not wait for an operation any more, wherever the call moves meanwhile.
    pub(super) fn set_aside(&mut self, now: Moment, mut job: Job) -> Job {
        if let Asker::Code(keyed) = &mut job.asker {
            keyed.keyed_in = None;
        }
        if std::mem::take(&mut job.queued) {
            let at = self.calls.find(job.channel.as_ref());
            if let Some((at, call)) = at.and_then(|at| Some((at, self.calls.get_mut(at)?))) {
                call.working = false;
                self.next_job_at(now, at);
            }
        }
        job
    }

    /// Tells how an operation ended, and lets the caller hear it.
    pub(super) fn conclude(&mut self, now: Moment, job: &Job, outcome: Outcome) {
        let operation = job.operation().name();
        if !matches!(job.asker, Asker::Part { .. }) {
            self.counts.ended(operation, outcome.is_ok());
        }
        if outcome.is_err() {
            self.goes_no_further(&job.channel);
        }
        match &job.asker {
            Asker::Code(keyed) => self.conclude_code(now, job, keyed, &outcome),
            Asker::Command { number, .. } => self.conclude_command(*number, operation, outcome),
            Asker::Rules(_) => {
                if let Err(failure) = outcome {
                    let of = if job.channel.is_empty() { job.place.as_ref() } else { Some(&job.channel) };
                    let of = of.map(|of| format!(" of {of:?}")).unwrap_or_default();
                    let text = format!("{operation}{of} by the rules failed: {}", failure.reason);
                    self.outbox.report(Report::Trouble { text });
                }
            }
            Asker::Part { of, .. } => self.part_ended(now, *of, outcome),
        }
    }

    fn conclude_code(&mut self, now: Moment, job: &Job, keyed: &Keyed, outcome: &Outcome) {
        self.outbox.tell_code(|| {
            let (channel, name) = (job.channel.clone(), keyed.code().name.clone());
            match outcome {
                Ok(done) => Report::Done { channel, code: name, now: done.now.to_string() },
                Err(failure) => Report::Failed { channel, code: name, reason: failure.reason.to_string() },
            }
        });
        self.let_hear(now, job, keyed, outcome);
    }

    /// A code is not done whose caller fires too many. They hear that it failed, once until they may again.
    pub(super) fn refuse_code(&mut self, now: Moment, job: &Job, tell: bool) {
        let failure = self.refusal(now, Limit::CodesPerSecond);
        if let Some(keyed) = job.keyed().filter(|_| tell) {
            self.let_hear(now, job, keyed, &Err(failure));
        }
    }

    /// Lets the caller hear how a code ended.
    fn let_hear(&mut self, now: Moment, job: &Job, keyed: &Keyed, outcome: &Outcome) {
        let code = keyed.code();
        let prompt = if outcome.is_ok() { &code.on_success } else { &code.on_failure };
        match prompt {
            Some(prompt) => {
                self.prompt(now, &Context::from(job), Why::Code(code.name.clone()), prompt);
            }
            // What is wanted of a caller is said where it is wanted.
            None if self.calls.by_id(job.channel.as_ref()).is_some_and(|call| call.rare.entry.is_some()) => {}
            None => self.say_outcome(now, job, outcome),
        }
    }

    /// What follows an operation on the same keys.
    fn followers(&self, job: &Job) -> Vec<Job> {
        let Some(keyed) = job.keyed() else { return Vec::new() };
        let follower = |&code: &usize| {
            let keyed = Keyed { code, keyed_in: None, ..keyed.clone() };
            Job::new(Asker::Code(keyed), job.channel.clone())
        };
        keyed.code().then.iter().map(follower).collect()
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
    pub(super) fn fail_all_jobs(&mut self, now: Moment, reason: &'static str) {
        let failure = || Err(Cause::Engine.because(reason));
        self.steps = 0;
        for (_, flight) in self.flights.drain().collect::<std::collections::BTreeMap<_, _>>() {
            if let Purpose::Step(job, _) = flight.purpose {
                self.conclude(now, &job, failure());
            }
        }
        for job in self.pins.take_jobs() {
            self.conclude(now, &job, failure());
        }
        for job in self.rooms.take_waiting() {
            self.conclude(now, &job, failure());
        }
        for at in self.calls.places() {
            let jobs = self.calls.get_mut(at).map(|call| call.rare.take_jobs());
            self.queued -= jobs.as_ref().map_or(0, std::collections::VecDeque::len);
            for job in jobs.into_iter().flatten() {
                self.conclude(now, &job, failure());
            }
        }
    }
}
