//! Legs of ours that record nothing any more.
//!
//! When a leg goes from a room that does not let one stay alone (`lonely=false`), the engine hangs up whoever would
//! be. So it is asked first, and the leg stays until somebody else is there too. With the last user of a room the
//! engine ends the room and our legs in it.

use bstr::{BStr, BString};

use super::flight::{Purpose, Reply};
use super::operation::stop_recording;
use super::room::OwnLeg;
use super::rooms::prefixed;
use super::{Assist, Report, status};
use crate::moment::Moment;
use crate::wire::Params;

impl Assist {
    /// Legs that are in nobody's service go, and a room that is empty is forgotten.
    pub(super) fn tidy_room(&mut self, now: Moment, name: &BStr) {
        for channel in self.rooms.spare_to_ask_for(name) {
            let purpose = Purpose::AskMayGo { room: name.to_owned(), channel };
            let params = Params::new().with("module", prefixed(name));
            self.send_aside(now, purpose, "engine.status", params);
        }
        self.rooms.forget_if_empty(name);
    }

    pub(super) fn may_go_known(
        &mut self,
        now: Moment,
        name: &BString,
        channel: BString,
        reply: Reply<'_, '_>,
    ) {
        if self.rooms.may_drop_spare(name.as_ref(), &channel, may_go(reply)) {
            let params = Params::new().with("id", &channel);
            self.send_aside(now, Purpose::DropLeg(channel), "call.drop", params);
        }
    }

    /// Makes sure that nothing is recorded on a leg that records nothing by all that was told.
    pub(super) fn stop_spare(&mut self, now: Moment, name: &BString, recorder: &OwnLeg) {
        if self.rooms.is_spare(name.as_ref(), recorder) {
            self.send_aside(now, Purpose::StopSpare, "chan.masquerade", stop_recording(&recorder.leg));
        }
    }

    pub(super) fn leg_dropped(&mut self, channel: &BString, reply: Reply<'_, '_>) {
        if reply.is_none() {
            let text = format!("the engine did not say that the leg {channel:?} of ours is gone");
            self.outbox.report(Report::Trouble { text });
        }
    }
}

/// Whether the engine says of a room that a leg which it does not count can go without anybody being hung up.
pub(super) fn may_go(reply: Reply<'_, '_>) -> bool {
    let account = reply.map(|answer| answer.retvalue.as_ref()).unwrap_or_default();
    let users: Option<u32> = status::value(account, "users").and_then(|users| users.to_string().parse().ok());
    let lonely = status::value(account, "lonely").is_some_and(|lonely| lonely == "true");
    // Where the engine counts nobody it ends the room when any leg goes.
    users.is_some_and(|users| users > 1 || users == 1 && lonely)
}
