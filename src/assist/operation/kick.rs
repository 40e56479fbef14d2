//! Throwing a participant out, or everybody.

use bstr::{BString, ByteSlice};

use crate::assist::Assist;
use crate::assist::flight::{Reply, accepted};
use crate::assist::job::{Asker, Job, Step};
use crate::assist::outcome::{Cause, Failure, done, in_no_room, said};
use crate::assist::rooms::prefixed;
use crate::assist::seats::Seats;
use crate::moment::Moment;
use crate::sounds::Phrase;
use crate::template::Template;
use crate::wire::Params;

impl Assist {
    /// By seat, or who came last; nobody throws themselves out.
    pub(in crate::assist) fn kick(&mut self, now: Moment, job: Job, seat: Option<&Template>) {
        let Some(name) = self.room_of_job(&job) else {
            return self.finish(now, job, in_no_room());
        };
        let seat = seat.map(|seat| self.render(now, &job, seat));
        let by_key = matches!(job.asker, Asker::Code(_));
        let found = match self.rooms.get(name.as_ref()) {
            Some(room) => find(&room.seats, seat.as_deref(), by_key.then_some(&job.channel)),
            None => Err(Cause::NobodyThere.because(format!("there is no room {name}"))),
        };
        let (leg, channel) = match found {
            Ok(found) => found,
            Err(failure) => return self.finish(now, job, Err(failure)),
        };
        self.note_parting(name.as_ref(), leg.as_ref(), Some("kicked"));
        let params = Params::new().with("id", &channel);
        let (name, params) = match self.last_words(&name, Phrase::YouAreKicked) {
            Some(words) => ("chan.masquerade", params.with("message", "call.execute").with("callto", words)),
            None => ("call.drop", params.with("reason", "kicked")),
        };
        self.send_step(now, job, Step::Kick { leg }, name, params);
    }

    pub(in crate::assist) fn kicked(&mut self, now: Moment, job: Job, leg: &BString, reply: Reply<'_, '_>) {
        let outcome = accepted(reply).and_then(|_| said("kicked", Phrase::Kicked));
        if outcome.is_err()
            && let Some(name) = self.rooms.leg(leg.as_ref()).map(|leg| leg.room.clone())
        {
            self.note_parting(name.as_ref(), leg.as_ref(), None);
        }
        self.finish(now, job, outcome);
    }

    /// Ends the room for everybody.
    pub(in crate::assist) fn end(&mut self, now: Moment, job: Job) {
        self.end_because(now, job, "ended");
    }

    /// Ends a room, for the reason that callers are told.
    pub(in crate::assist) fn end_because(&mut self, now: Moment, job: Job, reason: &'static str) {
        let Some(name) = self.room_of_job(&job) else {
            return self.finish(now, job, in_no_room());
        };
        let Some(room) = self.rooms.get_mut(name.as_ref()).filter(|room| !room.legs.is_empty()) else {
            return self.finish(
                now,
                job,
                Err(Cause::NobodyThere.because(format!("there is no room {name}"))),
            );
        };
        room.seats.part(Some(reason));
        self.send_waiting_away(now, &name);
        let params = Params::new().with("id", prefixed(&name)).with("reason", reason);
        self.send_step(now, job.about(name), Step::End, "call.drop", params);
    }

    pub(in crate::assist) fn room_ended(&mut self, now: Moment, job: Job, reply: Reply<'_, '_>) {
        let outcome = accepted(reply).and_then(|_| done("ended"));
        if outcome.is_err()
            && let Some(room) = job.place.as_ref().and_then(|name| self.rooms.get_mut(name.as_ref()))
        {
            room.seats.part(None);
        }
        self.finish(now, job, outcome);
    }
}

/// The leg and the channel of who is meant: of a seat, or of who came last; `but` not them.
fn find(seats: &Seats, wanted: Option<&[u8]>, but: Option<&BString>) -> Result<(BString, BString), Failure> {
    let found = match wanted {
        Some(text) => {
            let number = text.to_str().ok().and_then(|text| text.parse().ok());
            let seat = number.and_then(|number: u32| seats.get(number));
            seat.ok_or_else(|| Cause::NobodyThere.because(format!("nobody is on seat {}", text.as_bstr())))?
        }
        None => {
            let others = seats.iter().filter(|(_, seat)| but != Some(&seat.channel));
            // Legs are numbered as they come.
            let last = others.max_by_key(|(_, seat)| (seat.leg.len(), seat.leg.clone()));
            last.map(|(_, seat)| seat).ok_or_else(|| Cause::NobodyThere.because("nobody else is there"))?
        }
    };
    if but == Some(&found.channel) {
        return Err(Cause::NotAllowed.because("who keyed it is on that seat"));
    }
    Ok((found.leg.clone(), found.channel.clone()))
}
