//! Taking a caller out of a room.

use crate::assist::Assist;
use crate::assist::job::{Job, Step};
use crate::assist::outcome::in_no_room;
use crate::moment::Moment;
use crate::template::Template;
use crate::wire::Params;

impl Assist {
    /// On to somewhere else, or out of the call.
    pub(in crate::assist) fn leave(&mut self, now: Moment, job: Job, to: Option<&Template>) {
        if self.leg_of(&job.channel).is_none() {
            return self.finish(now, job, in_no_room());
        }
        let params = Params::new().with("id", &job.channel);
        let (name, params) = match to {
            Some(to) => {
                let target = self.render(now, &job, to);
                ("chan.masquerade", params.with("message", "call.execute").with("callto", target))
            }
            None => ("call.drop", params.with("reason", "left")),
        };
        self.send_step(now, job, Step::Leave, name, params);
    }
}
