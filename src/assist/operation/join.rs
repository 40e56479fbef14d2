//! Putting a caller in a room.

use bstr::ByteSlice;

use crate::assist::calls::is_leg;
use crate::assist::job::{Job, Reply, Step, accepted};
use crate::assist::peers::{Kind, kind};
use crate::assist::{Assist, NOTIFY_ID};
use crate::config;
use crate::moment::Moment;
use crate::template::Template;
use crate::wire::Params;

impl Assist {
    /// With the other party, by `call.conference`, which gives each leg of the call a leg in the room; or alone, by
    /// `call.execute`, after which the engine hangs the other party up. A tone or a file at the other end is no party:
    /// in the room it would play on.
    pub(in crate::assist) fn join(
        &mut self,
        now: Moment,
        job: Job,
        room: &Template,
        with_peer: bool,
        extra: &config::Params,
    ) {
        let room = self.render(now, &job, room);
        let peer = self.calls.by_id(job.channel.as_ref()).and_then(|call| call.peers.current());
        let machine = peer.is_some_and(|peer| matches!(kind(peer), Kind::Tone | Kind::File));
        let (message, target) =
            if with_peer && !machine { ("call.conference", "room") } else { ("call.execute", "callto") };
        let mut params = Params::new().with("id", &job.channel).with("message", message).with(target, room);
        if !extra.contains_key("notify") {
            params.push("notify", NOTIFY_ID);
        }
        for (name, value) in extra {
            params.push(name, self.render(now, &job, value));
        }
        self.send_step(now, job, Step::Join, "chan.masquerade", params);
    }

    pub(in crate::assist) fn joined(&mut self, now: Moment, job: Job, reply: Reply<'_, '_>) {
        let outcome = accepted(reply).and_then(|answer| {
            self.entered_by(now, &job.channel, &answer.params);
            // Whoever handles the call can send it elsewhere, as to a tone, and say that all is well.
            let elsewhere = !answer.params.get("peerid").is_some_and(|peer| is_leg(&peer));
            match answer.params.get("reason").filter(|reason| !reason.is_empty()) {
                Some(reason) if elsewhere => Err(format!("the caller was not let in: {}", reason.as_bstr())),
                None if elsewhere => Err("the caller was not let in".to_owned()),
                _ => Ok("joined"),
            }
        });
        self.finish(now, job, outcome);
    }
}
