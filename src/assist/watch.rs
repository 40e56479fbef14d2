//! What the engine's events say of channels and rooms, in whatever order they come.

use bstr::{BStr, BString, ByteSlice};

use super::announce::announcement_of;
use super::calls::{LEG_PREFIX, is_leg};
use super::digits::Strokes;
use super::facts::Fact;
use super::legs::Muted;
use super::peers::{Kind, kind};
use super::room::OwnLeg;
use super::rooms::{OWN_CHANNEL, RECORD_LEG, is_recorder};
use super::speech::saying_of;
use super::{Assist, Report};
use crate::keypad::Order;
use crate::moment::Moment;
use crate::wire::{Answer, Params};

/// The messages that are watched.
pub(super) const WATCHED: [&str; 9] = [
    "call.execute",
    "call.answered",
    "call.conference",
    "chan.startup",
    "chan.connected",
    "chan.disconnected",
    "chan.hangup",
    "chan.control",
    "chan.notify",
];

/// How many speakers the engine tells of at most.
const MOST_SPEAKERS: usize = 8;

/// What the ids of forked calls begin with.
pub(super) const FORK_PREFIX: &[u8] = b"fork/";

impl Assist {
    pub(super) fn watched(&mut self, now: Moment, event: &Answer<'_>) {
        let params = &event.params;
        self.hears_of(params);
        match event.name.as_ref() {
            b"chan.dtmf" => self.watch_digits(now, params),
            b"chan.startup" => self.started(now, params),
            b"call.execute" => self.executed(now, params, event.processed),
            b"call.answered" => self.call_answered(now, params),
            b"chan.connected" => self.now_connected(now, params),
            b"call.conference" if event.processed => self.conference(now, params),
            b"chan.disconnected" => self.disconnected(now, params),
            b"chan.hangup" => self.hung_up(now, params),
            b"chan.control" if event.processed => self.controlled(now, params),
            b"chan.notify" => self.notified(now, params),
            _ => {}
        }
    }

    fn started(&mut self, now: Moment, params: &Params<'_>) {
        let id = id(params);
        if is_leg(&id) {
            return self.leg_made(now, &id, &text(params, "address"));
        }
        let at = self.learn(id.as_ref(), params, Order::from_start);
        let outgoing = ["direction", "status"].iter().any(|name| text(params, name) == "outgoing");
        if let Some(call) = at.and_then(|at| self.calls.get_mut(at)) {
            call.facts.outgoing |= outgoing;
        }
        self.keep_channel(&id);
    }

    /// Who calls whom, and what routing says of the caller; then where the call went.
    fn executed(&mut self, now: Moment, params: &Params<'_>, processed: bool) {
        let id = id(params);
        if is_leg(&id) && !processed {
            return self.recorder_failed(&id, &text(params, "room"));
        }
        // What forks a call to several has no beginning and no end of its own, and keys nothing.
        if id.is_empty() || is_leg(&id) || id.starts_with(FORK_PREFIX) {
            return;
        }
        if params.is_true("utility") {
            self.rooms.is_utility(id.as_ref());
        }
        if self.call_told(now, &id, params).is_none() {
            return;
        }
        if processed {
            let (leg, room) = (text(params, "peerid"), text(params, "room"));
            if is_leg(&leg) {
                self.leg_made(now, &leg, &room_name(room.as_ref()).to_owned());
            }
            self.conference(now, params);
        }
    }

    /// What a call is and what routing says of its caller, by the message that connects it.
    pub(super) fn call_told(&mut self, now: Moment, id: &BString, params: &Params<'_>) -> Option<usize> {
        // A call that is being set up has keyed nothing yet; one that is answered may have.
        let order = if params.is_true("answered") { Order::default } else { Order::from_start };
        let at = self.learn(id.as_ref(), params, order)?;
        self.keep_channel(id);
        if let Some(role) = params.get("touchtone_role") {
            let name = role.as_bstr();
            let role = self.role_told(params);
            let warned = self.warned_of_role.as_ref().is_some_and(|warned| warned == name);
            if role.is_none() && !self.config.roles.is_empty() && !warned {
                self.warned_of_role = Some(name.to_owned());
                let text =
                    format!("routing gives {id:?} the role {name:?}, which no code and no section names");
                self.outbox.report(Report::Trouble { text });
            }
            let callto = text(params, "callto");
            let room = callto.strip_prefix(LEG_PREFIX).filter(|room| !room.is_empty()).map(BString::from);
            self.told_role(now, at, role, room);
        }
        Some(at)
    }

    /// The role that a message of the engine's says.
    pub(super) fn role_told(&self, params: &Params<'_>) -> Option<usize> {
        self.config.role(params.get("touchtone_role")?.to_str().ok()?)
    }

    /// A room's own recorder calls its file by a leg of its own, and it may be that nothing takes the call.
    fn recorder_failed(&mut self, leg: &BString, room: &BString) {
        if self.rooms.recorder_failed(leg.as_ref(), room.as_ref()) {
            let text = format!("{} is not recorded: the engine could not make the file", BStr::new(room));
            self.outbox.report(Report::Trouble { text });
        }
    }

    /// A channel was put in a room.
    fn conference(&mut self, now: Moment, params: &Params<'_>) {
        let channel = id(params);
        if !channel.is_empty() {
            self.entered_by(now, &channel, params);
        }
    }

    fn now_connected(&mut self, now: Moment, params: &Params<'_>) {
        let (id, peer) = (id(params), text(params, "peerid"));
        if !is_leg(&id) {
            let last = text(params, "lastpeerid");
            self.adopt(now, &id, &peer, params);
            self.connected_to(now, id.as_ref(), peer.as_ref(), last.as_ref());
            // On whose bill somebody is called is told by nothing before.
            let billid = text(params, "billid");
            if let Some(call) =
                self.calls.by_id_mut(id.as_ref()).filter(|call| call.facts.billid().is_empty())
            {
                call.facts.set(Fact::BillId, &billid);
            }
            // Who is taken elsewhere parts from the leg without a word.
            if is_leg(&last) && last != peer {
                self.leg_parted(now, &last, &id);
            }
            return;
        }
        if self.calls.is_gone(peer.as_ref()) {
            return;
        }
        let (room, status) = (text(params, "address"), text(params, "status"));
        self.rooms.occupied(now.steady, id.as_ref(), room.as_ref(), peer.as_ref());
        if is_recorder(status.as_ref(), peer.as_ref()) {
            self.rooms.records_itself(now.steady, id.as_ref(), room.as_ref());
        }
    }

    /// A leg of our name may come to be that was asked for before the connection was lost, and nobody waits for it any
    /// more. One that was not asked for is somebody else's.
    fn adopt(&mut self, now: Moment, channel: &BString, leg: &BString, params: &Params<'_>) {
        let name = text(params, "address");
        let ours = channel.starts_with(OWN_CHANNEL) && is_leg(leg);
        let (Some(room), true) = (name.strip_prefix(RECORD_LEG.as_bytes()), ours) else { return };
        let room = room.as_bstr();
        if self.rooms.was_opening(room) {
            let recorder = OwnLeg { channel: channel.clone(), leg: leg.clone() };
            self.rooms.add_spare(now.steady, room, recorder);
            self.tidy_room(now, room);
        } else if !self.rooms.is_ours(room, leg) && !self.warned_of_another {
            self.warned_of_another = true;
            let text =
                "another touchtone is at work on this engine: both act on the same digits, so stop one";
            self.outbox.report(Report::Trouble { text: text.to_owned() });
        }
    }

    fn disconnected(&mut self, now: Moment, params: &Params<'_>) {
        let (id, last) = (id(params), text(params, "lastpeerid"));
        self.call_ended(now, id.as_ref(), params);
        if is_leg(&id) {
            self.leg_parted(now, &id, &last);
        }
        if is_leg(&last) {
            self.leg_parted(now, &last, &id);
        }
        self.parted_from(now, id.as_ref(), last.as_ref());
        // A tone or a file is told of where its party may not be.
        if kind(&id) != Kind::Party {
            self.parted_from(now, last.as_ref(), id.as_ref());
        }
    }

    pub(super) fn hung_up(&mut self, now: Moment, params: &Params<'_>) {
        let id = id(params);
        if is_leg(&id) {
            return self.leg_left(now, &id);
        }
        self.call_ended(now, id.as_ref(), params);
        self.rooms.utility_gone(id.as_ref());
        self.forget_call(now, id.as_ref());
        let last = text(params, "lastpeerid");
        if is_leg(&last) {
            self.leg_parted(now, &last, &id);
        }
    }

    /// Somebody else muted or unmuted a participant: the leg that took it is `peerid`, or else `targetid`.
    fn controlled(&mut self, now: Moment, params: &Params<'_>) {
        let Some(muted) = params.get("mute") else { return };
        let muted = match muted.as_ref() {
            b"true" | b"yes" | b"on" | b"enable" | b"t" => Muted::Is(true),
            b"false" | b"no" | b"off" | b"disable" | b"f" => Muted::Is(false),
            _ => Muted::Doubtful,
        };
        let target =
            ["peerid", "targetid"].into_iter().filter_map(|name| params.get(name)).find(|id| is_leg(id));
        if let Some(leg) = target {
            self.muted_by_others(now, leg.as_bstr(), muted);
        }
    }

    fn notified(&mut self, now: Moment, params: &Params<'_>) {
        let target = text(params, "targetid");
        if let Some(saying) = saying_of(&target) {
            return self.said(now, saying, text(params, "reason") == "replaced");
        }
        if let Some(number) = announcement_of(&target) {
            return self.announced(now, number);
        }
        let (room, leg) = (text(params, "room"), id(params));
        match text(params, "event").as_slice() {
            b"joined" => self.leg_made(now, &leg, &room),
            b"left" => self.leg_left(now, &leg),
            b"destroyed" => self.rooms.destroyed(now.steady, room.as_ref()),
            b"speaking" => self.speaking(room.as_ref(), params),
            b"recording" => self.rooms.records_itself(now.steady, leg.as_ref(), room.as_ref()),
            b"dtmf" if !self.config.yate.intercept => self.watch_digits(now, &keyed(params)),
            _ => {}
        }
    }

    /// `speaker.1=conf/11`, `speaker.1.energy=21`, …: who talks, the loudest first.
    fn speaking(&mut self, room: &BStr, params: &Params<'_>) {
        let count: usize =
            params.get("speakers").and_then(|count| count.to_str().ok()?.parse().ok()).unwrap_or(0);
        let talker = |place: usize| {
            let energy = params.get(&format!("speaker.{place}.energy"));
            let energy = energy.and_then(|energy| energy.to_str().ok()?.parse().ok()).unwrap_or(0);
            let leg = text(params, &format!("speaker.{place}"));
            (!leg.is_empty()).then_some((leg, energy))
        };
        let talkers = (1..=count.min(MOST_SPEAKERS)).filter_map(talker).collect();
        if let Some(room) = self.rooms.get_mut(room) {
            room.talkers = talkers;
        }
    }

    fn leg_made(&mut self, now: Moment, leg: &BString, room: &BString) {
        self.rooms.made(now.steady, leg.as_ref(), room.as_ref());
        self.tidy_room(now, room.as_ref());
    }

    pub(super) fn leg_left(&mut self, now: Moment, leg: &BString) {
        let peer = self.rooms.leg(leg.as_ref()).and_then(|leg| leg.peer.clone());
        let room = self.rooms.left(leg.as_ref());
        self.after_leg(now, leg, peer.as_ref(), room);
    }

    fn leg_parted(&mut self, now: Moment, leg: &BString, peer: &BString) {
        let room = self.rooms.parted(leg.as_ref(), peer.as_ref());
        if room.is_some() {
            self.after_leg(now, leg, Some(peer), room);
        }
    }

    /// Who was on a leg that is gone is not there any more, and a leg of ours may be alone now.
    fn after_leg(&mut self, now: Moment, leg: &BString, peer: Option<&BString>, room: Option<BString>) {
        if let Some(peer) = peer {
            self.parted_from(now, peer.as_ref(), leg.as_ref());
        }
        if let Some(room) = room {
            self.tidy_room(now, room.as_ref());
        }
    }

    /// A channel is in a room, by its name without the prefix, on that leg.
    pub(super) fn enter(&mut self, now: Moment, channel: &BStr, leg: &BStr, room: &BStr) {
        if self.calls.is_gone(channel) {
            return;
        }
        self.recheck.hears(channel);
        self.recheck.hears(leg);
        self.rooms.occupied(now.steady, leg, room, channel);
        self.connected_to(now, channel, leg, BStr::new(""));
    }

    /// A message that put a channel in a room was done: the leg is `peerid`.
    pub(super) fn entered_by(&mut self, now: Moment, channel: &BString, params: &Params<'_>) {
        let (leg, room) = (text(params, "peerid"), text(params, "room"));
        if is_leg(&leg) {
            self.enter(now, channel.as_ref(), leg.as_ref(), room_name(room.as_ref()));
        }
    }

    pub(super) fn learn(
        &mut self,
        id: &BStr,
        params: &Params<'_>,
        order: fn() -> Order<Strokes>,
    ) -> Option<usize> {
        let at = self.calls.obtain(id, self.places.call, order)?;
        let call = self.calls.get_mut(at)?;
        let values = params.pick(Fact::TOLD.map(|(_, name)| name));
        for ((fact, _), value) in Fact::TOLD.into_iter().zip(values) {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                call.facts.set(fact, &value);
            }
        }
        Some(at)
    }
}

/// A room's name without its prefix.
pub(super) fn room_name(room: &BStr) -> &BStr {
    room.strip_prefix(LEG_PREFIX).map_or(room, ByteSlice::as_bstr)
}

/// A room that was made with `notify` tells of a digit from its own side: the leg is `id`, the caller `peerid`.
fn keyed(params: &Params<'_>) -> Params<'static> {
    let swapped = |name: &[u8]| match name {
        b"id" => b"peerid".to_vec(),
        b"peerid" => b"id".to_vec(),
        other => other.to_vec(),
    };
    params.iter().filter_map(|(name, value)| Some((swapped(&name), value?.into_owned()))).collect()
}

pub(super) fn text(params: &Params<'_>, name: &str) -> BString {
    BString::from(params.get(name).unwrap_or_default().into_owned())
}

fn id(params: &Params<'_>) -> BString {
    text(params, "id")
}
