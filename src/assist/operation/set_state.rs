//! Putting a call in another state.

use crate::assist::Assist;
use crate::assist::calls::Place;
use crate::assist::job::Job;
use crate::assist::outcome::{Cause, Outcome, done};
use crate::moment::Moment;

impl Assist {
    /// The engine knows nothing of states, so nothing is asked: it is so at once.
    pub(in crate::assist) fn change_state(&mut self, now: Moment, job: &Job, to: Option<usize>) -> Outcome {
        let to = to.map(|to| self.state_now(job, to)).transpose()?;
        let channel = job.channel.as_ref();
        let found = self.calls.find(channel).and_then(|at| Some((at, self.calls.get(at)?.place)));
        let (at, place) = found.ok_or(Cause::NobodyThere.because("the caller is gone"))?;
        self.change_place(now, at, Place { set: to, ..place });
        self.await_key(now, at);
        done("in its state")
    }
}
