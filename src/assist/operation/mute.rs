//! Muting a participant.

use bstr::ByteSlice;

use crate::assist::Assist;
use crate::assist::job::{Job, Reply, Step, accepted};
use crate::assist::rooms::Muted;
use crate::config::Switch;
use crate::moment::Moment;
use crate::wire::Params;

impl Assist {
    /// A toggle flips what is so in the engine; where that is not known it is asked first.
    pub(in crate::assist) fn mute(&mut self, now: Moment, job: Job, switch: Switch) {
        let Some(leg) = self.leg_of(&job.channel).cloned() else {
            return self.finish(now, job, Err("the caller is in no room".to_owned()));
        };
        let known = self.rooms.leg(leg.as_ref()).and_then(|leg| leg.muted.known());
        match (switch, known) {
            (Switch::On, _) => self.set_muted(now, job, true),
            (Switch::Off, _) => self.set_muted(now, job, false),
            (Switch::Toggle, Some(muted)) => self.set_muted(now, job, !muted),
            (Switch::Toggle, None) => self.ask_leg(now, job, leg),
        }
    }

    fn set_muted(&mut self, now: Moment, job: Job, on: bool) {
        let wanted = if on { "true" } else { "false" };
        let params =
            Params::new().with("id", &job.channel).with("message", "chan.control").with("mute", wanted);
        self.send_step(now, job, Step::SetMuted { on }, "chan.masquerade", params);
    }

    pub(in crate::assist) fn muted(&mut self, now: Moment, job: Job, on: bool, reply: Reply<'_, '_>) {
        let outcome = accepted(reply).map(|answer| {
            if let Some(leg) = answer.params.get("peerid") {
                self.rooms.told_muted(leg.as_bstr(), Muted::Is(on));
            }
            if on { "muted" } else { "unmuted" }
        });
        if reply.is_none()
            && let Some(leg) = self.leg_of(&job.channel).cloned()
        {
            // It may have been done all the same.
            self.rooms.told_muted(leg.as_ref(), Muted::Doubtful);
        }
        self.finish(now, job, outcome);
    }
}
