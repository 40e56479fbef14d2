//! Putting a caller in a room.

use bstr::{BStr, BString, ByteSlice};

use crate::assist::admission::Admission;
use crate::assist::calls::is_leg;
use crate::assist::entry::Wanted;
use crate::assist::flight::{Reply, accepted};
use crate::assist::job::{Job, Step};
use crate::assist::limits::Limit;
use crate::assist::outcome::{Cause, Failure, done};
use crate::assist::peers::{Kind, kind};
use crate::assist::rooms::OWN_CHANNEL;
use crate::assist::watch::room_name;
use crate::assist::{Assist, NOTIFY_ID};
use crate::config::{self, EngineParams};
use crate::moment::Moment;
use crate::template::Template;
use crate::wire::Params;

impl Assist {
    /// By the rules of the room: who may not is told, asked for a PIN, or put aside until an organizer is there.
    pub(in crate::assist) fn join(
        &mut self,
        now: Moment,
        job: Job,
        room: &Template,
        with_peer: bool,
        extra: &config::Params,
    ) {
        let room = self.render(now, &job, room);
        let name = room_name(BStr::new(&room)).to_owned();
        let peer = self.calls.by_id(job.channel.as_ref()).and_then(|call| call.peers.current());
        let machine = peer.is_none_or(is_machine);
        let in_company = with_peer && self.is_in_company(&job.channel);
        if self.rooms.has_no_place_for(name.as_ref()) {
            let failure = self.refusal(now, Limit::Rooms);
            return self.not_joined(now, job, failure);
        }
        match self.admission_of(now, &job.channel, name.as_ref(), in_company) {
            Admission::Enter(engine) => self.join_with(now, job, room, with_peer, (&engine, extra)),
            Admission::Refuse(cause) => {
                let why = match cause {
                    Cause::Locked => "the room is locked",
                    Cause::Full => "the room is full",
                    _ => "the room is not open",
                };
                self.not_joined(now, job, cause.because(why));
            }
            Admission::AskPin => self.ask_caller(now, job, Wanted::Pin { room: name }),
            Admission::Wait(resource) if machine || !with_peer => {
                self.let_wait(now, job, name, &resource);
            }
            Admission::Wait(_) => {
                self.not_joined(now, job, Cause::NobodyThere.because("no organizer is there yet"));
            }
        }
    }

    fn not_joined(&mut self, now: Moment, job: Job, failure: Failure) {
        self.not_let_in(now, &job.channel.clone(), &failure);
        self.finish(now, job, Err(failure));
    }

    /// With the other party, by `call.conference`, which gives each leg of the call a leg in the room; or alone, by
    /// `call.execute`, after which the engine hangs the other party up. A tone or a file at the other end is no party:
    /// in the room it would play on.
    fn join_with(
        &mut self,
        now: Moment,
        job: Job,
        room: Vec<u8>,
        with_peer: bool,
        (engine, extra): (&EngineParams, &config::Params),
    ) {
        let peer = self.calls.by_id(job.channel.as_ref()).and_then(|call| call.peers.current());
        let machine = peer.is_some_and(is_machine);
        let (message, target) =
            if with_peer && !machine { ("call.conference", "room") } else { ("call.execute", "callto") };
        let name = room_name(BStr::new(&room)).to_owned();
        let mut params = Params::new().with("id", &job.channel).with("message", message).with(target, room);
        if !extra.contains_key("notify") && !engine.contains_key("notify") {
            params.push("notify", NOTIFY_ID);
        }
        for (name, value) in engine {
            params.push(name, value);
        }
        if let Some(call) = self.calls.by_id(job.channel.as_ref()).filter(|_| !engine.is_empty()) {
            // Without these two the record of the leg has neither.
            params.push("caller", call.facts.caller());
            params.push("called", call.facts.called());
        }
        // What holds for everybody who comes there holds for who comes by a code.
        for (name, value) in extra.iter().filter(|(name, _)| !engine.contains_key(*name)) {
            params.push(name, self.render(now, &job, value));
        }
        self.send_step(now, job, Step::Join { room: name }, "chan.masquerade", params);
    }

    /// Whether there is a party at the other end of a call.
    pub(in crate::assist) fn is_in_company(&self, channel: &BString) -> bool {
        let peer = self.calls.by_id(channel.as_ref()).and_then(|call| call.peers.current());
        peer.is_some_and(|peer| kind(peer) == Kind::Party && !is_machine(peer))
    }

    pub(in crate::assist) fn joined(&mut self, now: Moment, job: Job, room: &BString, reply: Reply<'_, '_>) {
        let outcome = accepted(reply).and_then(|answer| {
            self.entered_by(now, &job.channel, &answer.params);
            // Whoever handles the call can send it elsewhere, as to a tone, and say that all is well.
            let elsewhere = !answer.params.get("peerid").is_some_and(|peer| is_leg(&peer));
            match answer.params.get("reason").filter(|reason| !reason.is_empty()) {
                Some(reason) if elsewhere => {
                    Err(Cause::Engine.because(format!("the caller was not let in: {}", reason.as_bstr())))
                }
                None if elsewhere => Err(Cause::Engine.because("the caller was not let in")),
                _ => done("joined"),
            }
        });
        // The engine gives no reason why it lets nobody in.
        let outcome =
            outcome.map_err(|failure| match self.config.room(room).and_then(|rules| rules.max_users) {
                Some(most)
                    if self
                        .rooms
                        .get(room.as_ref())
                        .is_some_and(|room| room.seats.len() >= most as usize) =>
                {
                    Cause::Full.because(failure.reason)
                }
                _ => failure,
            });
        match outcome {
            Ok(done) => self.finish(now, job, Ok(done)),
            Err(failure) => self.not_joined(now, job, failure),
        }
    }
}

/// Whether nobody is at the other end of a call: a tone, a file, or a channel of ours by which somebody was called who is
/// not in their room yet.
fn is_machine(peer: &BString) -> bool {
    matches!(kind(peer), Kind::Tone | Kind::File) || peer.starts_with(OWN_CHANNEL)
}
