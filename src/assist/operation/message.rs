//! Sending any message.

use crate::assist::Assist;
use crate::assist::job::{Job, Step};
use crate::config;
use crate::moment::Moment;
use crate::wire::Params;

impl Assist {
    /// In the caller's name, or in nobody's.
    pub(in crate::assist) fn message(
        &mut self,
        now: Moment,
        job: Job,
        name: &str,
        masquerade: bool,
        fields: &config::Params,
    ) {
        let mut params = Params::new();
        if masquerade {
            params = params.with("id", &job.channel).with("message", name);
        }
        for (field, value) in fields {
            params.push(field, self.render(now, &job, value));
        }
        let sent = if masquerade { "chan.masquerade" } else { name };
        self.send_step(now, job, Step::Message, sent, params);
    }
}
