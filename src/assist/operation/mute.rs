//! Muting a participant.

use bstr::BString;

use crate::assist::Assist;
use crate::assist::flight::{Reply, accepted};
use crate::assist::job::{Job, Step};
use crate::assist::legs::Tellings;
use crate::assist::outcome::{in_no_room, said};
use crate::config::Switch;
use crate::moment::Moment;
use crate::sounds::Phrase;
use crate::wire::Params;

impl Assist {
    /// A toggle flips what is so in the engine; where that is not known it is asked first.
    pub(in crate::assist) fn mute(&mut self, now: Moment, job: Job, switch: Switch) {
        let Some(leg) = self.leg_of(&job.channel).cloned() else {
            return self.finish(now, job, in_no_room());
        };
        let known = self.rooms.leg(leg.as_ref()).and_then(|leg| leg.mute.known());
        match (switch, known) {
            (Switch::On, _) => self.set_muted(now, job, leg, true),
            (Switch::Off, _) => self.set_muted(now, job, leg, false),
            (Switch::Toggle, Some(muted)) => self.set_muted(now, job, leg, !muted),
            (Switch::Toggle, None) => self.ask_leg(now, job, leg),
        }
    }

    fn set_muted(&mut self, now: Moment, job: Job, leg: BString, on: bool) {
        let wanted = if on { "true" } else { "false" };
        let params =
            Params::new().with("id", &job.channel).with("message", "chan.control").with("mute", wanted);
        let sent = self.rooms.tellings(leg.as_ref());
        self.send_step(now, job, Step::SetMuted { on, leg, sent }, "chan.masquerade", params);
    }

    pub(in crate::assist) fn muted(
        &mut self,
        now: Moment,
        job: Job,
        on: bool,
        leg: &BString,
        sent: Tellings,
        reply: Reply<'_, '_>,
    ) {
        let outcome = accepted(reply).and_then(|answer| {
            self.muted_as_answered(now, answer, leg, sent, on);
            if on { said("muted", Phrase::Muted) } else { said("unmuted", Phrase::Unmuted) }
        });
        if reply.is_none()
            && let Some(mute) = self.rooms.mute_mut(leg.as_ref())
        {
            // It may have been done all the same.
            mute.doubt();
            self.ask_aside(now, leg.as_ref(), 1);
        }
        self.finish(now, job, outcome);
    }
}
