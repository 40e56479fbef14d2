//! A sound that tells the caller what happened.

use bstr::BString;

use crate::assist::job::{Job, Purpose, Reply, accepted};
use crate::assist::{Assist, Report};
use crate::moment::Moment;
use crate::template::Template;
use crate::wire::Params;

impl Assist {
    /// Plays to the caller alone, over what the call lets them hear.
    pub(in crate::assist) fn prompt(&mut self, now: Moment, job: &Job, resource: &Template) {
        if self.calls.find(job.channel.as_ref()).is_none() {
            return;
        }
        let resource = self.render(now, job, resource);
        let params = Params::new()
            .with("id", &job.channel)
            .with("message", "chan.attach")
            .with("override", resource)
            .with("single", "yes");
        let purpose = Purpose::Prompt { channel: job.channel.clone(), code: job.code };
        self.send_aside(now, purpose, "chan.masquerade", params);
    }

    pub(in crate::assist) fn prompt_ended(&mut self, channel: &BString, code: usize, reply: Reply<'_, '_>) {
        if let Err(reason) = accepted(reply) {
            let code = &self.config.codes[code].name;
            let text = format!("the sound that answers {code} was not played to {channel:?}: {reason}");
            self.outbox.report(Report::Trouble { text });
        }
    }
}
