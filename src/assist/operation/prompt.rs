//! A sound that tells the caller what happened.

use bstr::BString;

use crate::assist::flight::{Purpose, Reply, Why, accepted};
use crate::assist::names::Context;
use crate::assist::{Assist, Report};
use crate::moment::Moment;
use crate::template::Template;
use crate::wire::Params;

impl Assist {
    /// Plays to the caller alone, over what the call lets them hear; says whether that was asked for.
    pub(in crate::assist) fn prompt(
        &mut self,
        now: Moment,
        from: &Context<'_>,
        why: Why,
        resource: &Template,
    ) -> bool {
        if self.calls.find(from.channel.as_ref()).is_none() {
            return false;
        }
        self.prompt_sent(from.channel.as_ref());
        let params = Params::new()
            .with("id", from.channel)
            .with("message", "chan.attach")
            .with("override", self.render(now, *from, resource))
            .with("single", "yes");
        let purpose = Purpose::Prompt { channel: from.channel.clone(), why };
        self.send_aside(now, purpose, "chan.masquerade", params)
    }

    pub(in crate::assist) fn prompt_ended(&mut self, channel: &BString, why: &Why, reply: Reply<'_, '_>) {
        if let (Why::State(_), Some(call)) = (why, self.calls.by_id_mut(channel.as_ref())) {
            call.prompting = false;
        }
        if let Err(failure) = accepted(reply) {
            let text = format!("the sound of {why} was not played to {channel:?}: {}", failure.reason);
            self.outbox.report(Report::Trouble { text });
        }
    }
}
