//! The legs by which callers are in a conference room.

use bstr::{BStr, BString};

use super::Sim;
use super::channel::{Chan, Driver, Side};
use super::message::{Fields, Msg};

/// What a conference leg has that other channels have not.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) room: BString,
    pub(super) counted: bool,
    pub(super) utility: bool,
    billing: bool,
    /// It leaves messages alone that are for something else.
    keep_target: bool,
    /// It hears its caller; without, it only plays the room.
    pub(super) voice: bool,
    /// It measures how loud its caller is.
    pub(super) smart: bool,
    pub(super) muted: bool,
}

impl Leg {
    pub(super) fn populate(&self, address: &BString, fields: &mut Fields) {
        fields.set("counted", if self.counted { "true" } else { "false" });
        fields.set("utility", if self.utility { "true" } else { "false" });
        fields.set("room", address.clone());
    }
}

impl Sim {
    /// A leg for a caller, in a room that is made if need be.
    fn caller_leg(&mut self, room: &BStr, msg: &Msg, counted: bool, utility: bool) -> Chan {
        let fields = &msg.fields;
        let leg = Leg {
            room: room.into(),
            counted,
            utility,
            billing: fields.truth("billing", false),
            keep_target: fields.truth("keeptarget", false),
            voice: fields.truth("voice", true),
            smart: fields.truth("smart", !utility),
            muted: false,
        };
        let billing = leg.billing;
        let chan = self.new_channel(Driver::Conf, true, room, Side::Leg(leg));
        self.enter_room(room, fields);
        if !utility {
            self.set_leg_limit(chan, fields);
        }
        self.join_room(room, chan, fields.truth("player", false));
        if billing {
            let mut startup = self.startup(chan, msg);
            startup.fields.copy(fields, b"caller,callername,called,billid,callto,username");
            self.enqueue(startup);
        }
        self.count_channel(Driver::Conf);
        chan
    }

    fn set_leg_limit(&mut self, chan: Chan, fields: &Fields) {
        let mut only = Fields::default();
        only.copy(fields, b"timeout");
        self.set_limits(chan, &only);
    }

    /// The leg that the room's own recorder calls out on.
    pub(super) fn recorder_leg(&mut self, room: &BStr, voice: bool) -> Chan {
        let leg = Leg {
            room: room.into(),
            counted: false,
            utility: true,
            billing: false,
            keep_target: true,
            voice,
            smart: false,
            muted: false,
        };
        let chan = self.new_channel(Driver::Conf, false, room, Side::Leg(leg));
        self.join_room(room, chan, false);
        chan
    }

    /// Whether a caller may enter; an empty name becomes one that is free.
    fn admit(&mut self, room: &mut BString, existing: bool, counted: bool) -> bool {
        if let Some(found) = self.rooms.get(BStr::new(room.as_slice())) {
            return !(counted && found.full());
        }
        if !existing && room.is_empty() {
            self.last_room += 1;
            *room = format!("x-{}", self.last_room).into();
        }
        !existing
    }

    /// `call.execute` to `conf/ROOM`
    pub(super) fn conf_execute(&mut self, msg: &mut Msg, dest: &BStr) -> bool {
        let utility = msg.fields.truth("utility", false);
        let counted = msg.fields.truth("counted", !utility);
        let mut room = BString::from(dest);
        if !self.admit(&mut room, msg.fields.truth("existing", false), counted) {
            return false;
        }
        let Some(caller) = msg.chan else { return false };
        let leg = self.caller_leg(BStr::new(&room), msg, counted, utility);
        let reason = msg.fields.get("reason").map(BString::from);
        let connected = self.connect_channels(caller, leg, reason.as_deref().map(BStr::new), true);
        if connected {
            self.tell_room(msg, leg, &room);
            self.room_params(BStr::new(&room), &mut msg.fields);
        }
        self.release(leg);
        connected
    }

    fn tell_room(&self, msg: &mut Msg, leg: Chan, room: &BString) {
        msg.fields.set("peerid", self.id_of(leg));
        msg.fields.set("room", [b"conf/", room.as_slice()].concat());
    }

    /// `call.conference`: both ends of a call into a room, or the room's own recorder.
    pub(super) fn conference(&mut self, msg: &mut Msg) -> bool {
        let asked = BString::from(msg.fields.text("room"));
        let mut room = match Driver::Conf.strip(BStr::new(&asked)) {
            Some(name) if !name.is_empty() => BString::from(name),
            None if asked.is_empty() => BString::default(),
            _ => return false,
        };
        let Some(caller) = msg.chan else { return self.conference_room(msg, &room) };
        if self.channels.get(&caller).is_some_and(|channel| channel.driver == Driver::Conf) {
            self.note("conf", "Conference request from a conference leg!");
            return false;
        }
        let utility = msg.fields.truth("utility", false);
        let counted = msg.fields.truth("counted", !utility);
        if !self.admit(&mut room, msg.fields.truth("existing", false), counted) {
            return false;
        }
        let mut peer = self.peer_of(caller);
        let peer_leg = peer.and_then(|peer| self.channels.get(&peer)).and_then(|channel| channel.leg());
        if let Some(leg) = peer_leg {
            if leg.room == room {
                self.note("conf", "Do-nothing conference request to the same room");
                return true;
            }
            peer = None;
        }
        self.conference_both(msg, caller, peer, &room, (counted, utility))
    }

    fn conference_both(
        &mut self,
        msg: &mut Msg,
        caller: Chan,
        peer: Option<Chan>,
        room: &BString,
        kind: (bool, bool),
    ) -> bool {
        let name = BStr::new(room.as_slice());
        let reason = BString::from(msg.fields.get("reason").unwrap_or(BStr::new("conference")));
        let reason = Some(BStr::new(&reason)).filter(|reason| !reason.is_empty());
        let leg = self.caller_leg(name, msg, kind.0, kind.1);
        // Held, so that it does not end between its old peer and its new one.
        if let Some(peer) = peer {
            self.hold(peer);
        }
        let connected = self.connect_channels(caller, leg, reason, false);
        if connected {
            self.tell_room(msg, leg, room);
        }
        if let Some(peer) = peer {
            if connected {
                let other = self.caller_leg(name, msg, kind.0, kind.1);
                self.connect_channels(peer, other, reason, false);
                self.release(other);
            }
            self.release(peer);
        }
        if connected {
            self.room_params(name, &mut msg.fields);
        }
        self.release(leg);
        connected
    }

    fn conference_room(&mut self, msg: &mut Msg, room: &BString) -> bool {
        let name = BStr::new(room.as_slice());
        let mut done = false;
        if self.rooms.contains_key(name) {
            done = self.set_recording(name, &msg.fields);
            done |= self.room_params(name, &mut msg.fields);
        }
        if !done {
            self.note("conf", "Conference request with no channel!");
        }
        done
    }

    /// `mute` and `smart` of a leg; nothing else takes them.
    pub(super) fn control_leg(&mut self, chan: Chan, msg: &Msg) -> bool {
        let Some(channel) = self.channels.get_mut(&chan) else { return false };
        let Some(leg) = channel.leg_mut().filter(|leg| leg.voice) else { return false };
        let mut done = false;
        if let Some(muted) = msg.fields.get("mute").and_then(super::message::truth) {
            leg.muted = muted;
            done = true;
        }
        if let Some(smart) = msg.fields.get("smart").and_then(super::message::truth) {
            leg.smart = smart;
            done = true;
        }
        let room = leg.room.clone();
        self.look_at_speakers(BStr::new(&room));
        done
    }

    /// A digit or text that reaches a leg becomes an event of its room, if that tells its events.
    pub(super) fn alter_for_room(&mut self, chan: Chan, msg: &mut Msg, event: &str) {
        let Some(channel) = self.channels.get(&chan) else { return };
        let Some(leg) = channel.leg() else { return };
        let target = msg.fields.text("targetid");
        if leg.keep_target && !target.is_empty() && target != channel.id {
            return;
        }
        leg.populate(&channel.address, &mut msg.fields);
        let Some(room) =
            self.rooms.get(BStr::new(leg.room.as_slice())).filter(|room| !room.notify.is_empty())
        else {
            return;
        };
        msg.name = "chan.notify".into();
        if let Some(id) = msg.fields.get("id").map(BString::from) {
            msg.fields.set("peerid", id);
        }
        msg.fields.set("id", channel.id.clone());
        msg.fields.set("event", event);
        msg.fields.set("users", room.users.to_string());
        msg.fields.set("full", if room.full() { "true" } else { "false" });
        msg.fields.set("targetid", room.notify.clone());
        if !channel.last_peer.is_empty() {
            msg.fields.set("lastpeerid", channel.last_peer.clone());
        }
    }

    /// A leg has no peer any more, and nobody holds it.
    pub(super) fn leg_ended(&mut self, chan: Chan) {
        let Some(leg) = self.channels.get(&chan).and_then(|channel| channel.leg()) else { return };
        let (room, billing) = (leg.room.clone(), leg.billing);
        self.leave_room(BStr::new(&room), chan);
        if billing {
            self.say_hangup(chan, None);
        }
        self.leg_gone(BStr::new(&room));
    }
}
