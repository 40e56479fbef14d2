//! What is done to many participants: an operation each, and the whole is done when all are.

use std::sync::Arc;

use bstr::BString;

use crate::assist::Assist;
use crate::assist::job::{Asker, Job};
use crate::assist::outcome::{Cause, Outcome, done, in_no_room, said};
use crate::config::{Operation, Switch};
use crate::moment::Moment;
use crate::sounds::Phrase;

/// An operation whose parts are under way.
#[derive(Debug)]
pub(in crate::assist) struct Whole {
    pub(in crate::assist) job: Job,
    missing: usize,
    failed: usize,
    of: usize,
    on: bool,
}

impl Assist {
    /// Mutes everybody but who keyed it, or unmutes everybody.
    pub(in crate::assist) fn mute_others(&mut self, now: Moment, job: Job, on: bool) {
        let Some(name) = self.room_of_job(&job) else {
            return self.finish(now, job, in_no_room());
        };
        let but = (on && matches!(job.asker, Asker::Code(_))).then(|| job.channel.clone());
        let Some(room) = self.rooms.get(name.as_ref()) else {
            return self.finish(
                now,
                job,
                Err(Cause::NobodyThere.because(format!("there is no room {name}"))),
            );
        };
        let channels: Vec<BString> = room
            .seats
            .iter()
            .map(|(_, seat)| seat.channel.clone())
            .filter(|channel| but.as_ref() != Some(channel))
            .collect();
        if channels.is_empty() {
            return self.finish(now, job, Err(Cause::NobodyThere.because("nobody else is there")));
        }
        self.wholes_made += 1;
        let of = self.wholes_made;
        let count = channels.len();
        self.wholes.insert(of, Whole { job, missing: count, failed: 0, of: count, on });
        let operation = Arc::new(Operation::Mute(if on { Switch::On } else { Switch::Off }));
        for channel in channels {
            self.enqueue(now, Job::new(Asker::Part { of, operation: operation.clone() }, channel));
        }
    }

    /// One of many is done, or could not be.
    pub(in crate::assist) fn part_ended(&mut self, now: Moment, of: u64, outcome: Outcome) {
        let Some(whole) = self.wholes.get_mut(&of) else { return };
        whole.missing -= 1;
        // Who left meanwhile is in nobody's way.
        let gone = |cause| matches!(cause, Cause::NobodyThere | Cause::NotInRoom);
        whole.failed += usize::from(outcome.is_err_and(|failure| !gone(failure.cause)));
        if whole.missing > 0 {
            return;
        }
        let Some(Whole { job, failed, of, on, .. }) = self.wholes.remove(&of) else { return };
        let outcome = match (failed, on) {
            (0, true) if matches!(job.asker, Asker::Command { .. }) => done("all muted"),
            (0, true) => said("others muted", Phrase::OthersMuted),
            (0, false) => said("all unmuted", Phrase::AllUnmuted),
            _ => Err(Cause::Engine.because(format!("{failed} of {of} could not be done"))),
        };
        self.finish(now, job, outcome);
    }
}
