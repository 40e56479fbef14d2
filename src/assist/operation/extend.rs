//! Letting a conference of the schedule last longer.

use std::time::Duration;

use jiff::Timestamp;

use crate::assist::Assist;
use crate::assist::job::Job;
use crate::assist::outcome::{Cause, Done, in_no_room};
use crate::assist::questions::Question;
use crate::moment::Moment;
use crate::sounds::Phrase;
use crate::store::{OccurrenceKey, Request};

impl Assist {
    /// Lets the conference that is being held in a room last longer.
    pub(in crate::assist) fn extend(&mut self, now: Moment, job: Job, by: Duration) {
        let Some(name) = self.room_of_job(&job) else {
            return self.finish(now, job, in_no_room());
        };
        let Some(held) = self.held_in(now, name.as_ref()).map(|held| (held.key, held.ends)) else {
            let failure = Cause::NobodyThere.because("no conference of the schedule is being held there");
            return self.finish(now, job, Err(failure));
        };
        let (key, ends) = held;
        let Ok(ends) = ends.checked_add(by) else {
            return self.finish(now, job, Err(Cause::Other.because("that is too long")));
        };
        self.ask_store(now, Question::Extend { job, key, ends }, Request::Extend { key, ends });
    }

    /// It is on disk that it does.
    pub(in crate::assist) fn extended(&mut self, now: Moment, job: Job, key: OccurrenceKey, ends: Timestamp) {
        self.extend_held(now, key, ends);
        let now_so = format!("extended until {ends}");
        self.finish(now, job, Ok(Done::saying(now_so, [Phrase::Extended.into()])));
    }
}
