//! Asking the engine about one leg, where what it told is not enough.

use bstr::{BStr, BString, ByteSlice};

use super::flight::{Purpose, Reply, accepted};
use super::job::{Job, Step};
use super::legs::{Certainty, Muted, Tellings};
use super::limits::Limit;
use super::outcome::Cause;
use super::{Assist, status};
use crate::moment::Moment;
use crate::wire::{Answer, Params};

/// How often one thing is asked while others change it.
const ASKS: u8 = 3;

impl Assist {
    /// Asks for what an operation needs to know; then it starts again and knows.
    pub(super) fn ask_leg(&mut self, now: Moment, mut job: Job, leg: BString) {
        // Whose room is left alone will not be known, however often it is asked for.
        if job.asks > 0 && self.rooms.leg(leg.as_ref()).is_none() && self.rooms.are_full() {
            let failure = self.refusal(now, Limit::Rooms);
            return self.finish(now, job, Err(failure));
        }
        if job.asks >= ASKS {
            let reason = "the engine does not say enough of the caller's leg";
            return self.finish(now, job, Err(Cause::Engine.because(reason)));
        }
        job.asks += 1;
        let params = Params::new().with("module", &leg);
        let asked = self.rooms.tellings(leg.as_ref());
        self.send_step(now, job, Step::AskLeg { leg, asked }, "engine.status", params);
    }

    pub(super) fn leg_known(
        &mut self,
        now: Moment,
        job: Job,
        leg: &BString,
        asked: Tellings,
        reply: Reply<'_, '_>,
    ) {
        match accepted(reply) {
            Ok(answer) => {
                // If it is in doubt still the operation asks again.
                let _ = self.leg_account(now, leg, asked, answer);
                self.start(now, job);
            }
            Err(reason) => self.finish(now, job, Err(reason)),
        }
    }

    /// Somebody else muted or unmuted a leg.
    pub(super) fn muted_by_others(&mut self, now: Moment, leg: &BStr, muted: Muted) {
        if let Some(mute) = self.rooms.mute_mut(leg)
            && mute.done_by_others(now.steady, muted) == Certainty::Ask
        {
            self.ask_aside(now, leg, 1);
        }
    }

    /// The engine muted or unmuted a leg as we said when `sent` had been told of `leg`. The answer says which it was: the
    /// caller may be on another by then.
    pub(super) fn muted_as_answered(
        &mut self,
        now: Moment,
        answer: &Answer<'_>,
        leg: &BString,
        sent: Tellings,
        on: bool,
    ) {
        let Some(done) = answer.params.get("peerid") else { return };
        let sent = (*leg == *done).then_some(sent);
        if let Some(mute) = self.rooms.mute_mut(done.as_bstr())
            && mute.done_by_us(now.steady, sent, on) == Certainty::Ask
        {
            self.ask_aside(now, done.as_bstr(), 1);
        }
    }

    pub(super) fn ask_aside(&mut self, now: Moment, leg: &BStr, asks: u8) {
        let asked = self.rooms.tellings(leg);
        let purpose = Purpose::AskLeg { leg: leg.to_owned(), asked, asks };
        self.send_aside(now, purpose, "engine.status", Params::new().with("module", leg));
    }

    pub(super) fn told_aside(
        &mut self,
        now: Moment,
        leg: &BString,
        asked: Tellings,
        asks: u8,
        reply: Reply<'_, '_>,
    ) {
        // Whatever is in doubt still is asked again when somebody needs to know it.
        if let Ok(answer) = accepted(reply)
            && self.leg_account(now, leg, asked, answer) == Certainty::Ask
            && asks < ASKS
        {
            self.ask_aside(now, leg.as_ref(), asks + 1);
        }
    }

    /// `peerid=dumb/11,…address=studio,…mute=true`: what one leg is connected to, its room, whether it is muted.
    fn leg_account(&mut self, now: Moment, leg: &BString, asked: Tellings, answer: &Answer<'_>) -> Certainty {
        let account = &answer.retvalue;
        if status::kind(account).is_some_and(|kind| kind == "conference") {
            // Of a leg whose number is a room's name the engine tells the room instead.
            return Certainty::Ask;
        }
        if let Some(room) = status::address(account) {
            self.rooms.entered(now.steady, leg.as_ref(), room);
        }
        // What events told since is newer.
        let known = self.rooms.leg(leg.as_ref()).is_some_and(|leg| leg.peer.is_some());
        if let Some(peer) = status::peer(account).filter(|_| !known) {
            self.rooms.connected(leg.as_ref(), peer);
        }
        match (status::value(account, "mute"), self.rooms.mute_mut(leg.as_ref())) {
            (Some(muted), Some(mute)) => mute.accounted(asked, muted == "true"),
            _ => Certainty::Sure,
        }
    }
}
