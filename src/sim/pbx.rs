//! What every driver does with messages for its channels, and what the `pbx` module adds.

use bstr::{BStr, BString};

use super::Sim;
use super::channel::{Chan, Driver};
use super::message::Msg;

impl Sim {
    /// The channel that a message is for: its peer, or else its target, if that is `driver`'s.
    fn addressed(&self, driver: Driver, msg: &Msg) -> Option<Chan> {
        let peer = msg.fields.text("peerid");
        let dest = if driver.strip(peer).is_some() { peer } else { msg.fields.text("targetid") };
        driver.strip(dest)?;
        self.find(dest)
    }

    /// The channel that a message names as `id`, if that is `driver`'s.
    fn named(&self, driver: Driver, msg: &Msg) -> Option<Chan> {
        let id = msg.fields.text("id");
        driver.strip(id)?;
        self.find(id)
    }

    /// `chan.masquerade`: the message becomes another, about a channel, and goes on as that.
    pub(super) fn masquerade(&mut self, driver: Driver, msg: &mut Msg) -> bool {
        let Some(chan) = self.named(driver, msg) else { return false };
        msg.name = msg.fields.text("message").into();
        msg.fields.remove(b"message");
        self.set_chan(msg, chan);
        if let Some(channel) = self.channels.get_mut(&chan) {
            if channel.billid.is_empty() {
                channel.billid = msg.fields.text("billid").into();
            }
            match msg.name.as_slice() {
                b"call.answered" => {
                    channel.limits.unanswered = None;
                    channel.status = "answered".into();
                }
                b"call.progress" => channel.status = "progressing".into(),
                b"call.ringing" => channel.status = "ringing".into(),
                _ => {}
            }
        }
        if self.number_digit(chan, msg) {
            return true;
        }
        let minimal = msg.fields.truth("complete_minimal", false);
        self.complete(chan, msg, minimal);
        false
    }

    /// `chan.locate`
    pub(super) fn locate(&mut self, driver: Driver, msg: &mut Msg) -> bool {
        let Some(chan) = self.named(driver, msg) else { return false };
        self.set_chan(msg, chan);
        self.complete_if_asked(chan, msg);
        true
    }

    fn complete_if_asked(&self, chan: Chan, msg: &mut Msg) {
        if msg.fields.truth("complete", false) {
            let minimal = msg.fields.truth("complete_minimal", false);
            self.complete(chan, msg, minimal);
        }
    }

    /// `call.drop` of a channel, of a room, or of all that a driver has.
    pub(super) fn call_drop(&mut self, driver: Driver, msg: &mut Msg) -> bool {
        let dest = BString::from(msg.fields.text("id"));
        let reason = BString::from(msg.fields.text("reason"));
        if let (Driver::Conf, Some(room)) = (driver, driver.strip(BStr::new(&dest)))
            && self.rooms.contains_key(room)
        {
            let given = msg.fields.get("reason").is_some();
            self.drop_room(room, given.then_some(BStr::new(&reason)));
            return true;
        }
        let all = dest == driver.name();
        if all || dest.is_empty() {
            for chan in self.channels_of(driver) {
                self.drop_held(chan, BStr::new(&reason), msg);
            }
            return all;
        }
        let Some(chan) = self.named(driver, msg) else { return false };
        self.drop_held(chan, BStr::new(&reason), msg);
        true
    }

    fn drop_held(&mut self, chan: Chan, reason: &BStr, msg: &Msg) {
        self.hold(chan);
        self.drop_channel(chan, reason, &msg.fields);
        if self.channels.get(&chan).is_some_and(|channel| channel.driver == Driver::Sip) {
            self.sip_dropped(chan, reason);
        }
        self.release(chan);
    }

    pub(super) fn channels_of(&self, driver: Driver) -> Vec<Chan> {
        self.channels.iter().filter(|(_, channel)| channel.driver == driver).map(|(chan, _)| *chan).collect()
    }

    /// `chan.control`
    pub(super) fn control(&mut self, driver: Driver, msg: &mut Msg) -> bool {
        let Some(chan) = self.addressed(driver, msg) else { return false };
        self.set_limits(chan, &msg.fields);
        let done = self.control_leg(chan, msg);
        self.complete_if_asked(chan, msg);
        done
    }

    /// `chan.dtmf` that reaches a channel.
    pub(super) fn digit_to(&mut self, driver: Driver, msg: &mut Msg) -> bool {
        let Some(chan) = self.addressed(driver, msg) else { return false };
        match driver {
            Driver::Conf => self.alter_for_room(chan, msg, "dtmf"),
            Driver::Sip => return self.sip_digit(chan, msg),
            _ => {}
        }
        false
    }

    /// `chan.text` that reaches a channel.
    pub(super) fn text_to(&mut self, driver: Driver, msg: &mut Msg) -> bool {
        let Some(chan) = self.addressed(driver, msg) else { return false };
        if driver == Driver::Conf {
            self.alter_for_room(chan, msg, "text");
        }
        driver == Driver::Sip
    }

    /// `call.progress`, `call.ringing` and `call.answered` that reach a caller.
    pub(super) fn progress_to(&mut self, driver: Driver, msg: &mut Msg, status: &'static str) -> bool {
        let Some(chan) = self.addressed(driver, msg) else { return false };
        let Some(channel) = self.channels.get_mut(&chan) else { return false };
        if channel.outgoing || channel.answered {
            return false;
        }
        if channel.billid.is_empty() {
            channel.billid = msg.fields.text("billid").into();
        }
        if status == "answered" {
            self.answer_caller(chan);
        } else {
            self.tell_caller(chan, status);
        }
        true
    }

    /// `call.update` that reaches a telephone, which has no request under way that it could be about.
    pub(super) fn update_to(&mut self, driver: Driver, msg: &mut Msg) -> bool {
        if self.addressed(driver, msg).is_some() {
            msg.fields.set("error", "nocall");
        }
        false
    }

    /// `chan.connect`: two channels that need not know each other.
    pub(super) fn chan_connect(&mut self, msg: &mut Msg) -> bool {
        let side = |sim: &Self, id: &str, peer: &str| {
            let chan = sim.find(msg.fields.text(id))?;
            if msg.fields.truth(peer, false) { sim.peer_of(chan) } else { Some(chan) }
        };
        let ends = (side(self, "id", "id_peer"), side(self, "targetid", "targetid_peer"));
        let (Some(one), Some(other)) = ends else { return false };
        self.connect_channels(one, other, msg.fields.get("reason"), true)
    }

    /// `call.execute` to `pickup/CHANNEL`: takes over what that channel was connected to.
    pub(super) fn pickup(&mut self, msg: &mut Msg) -> bool {
        let callto = BString::from(msg.fields.text("callto"));
        let Some(id) = callto.strip_prefix(b"pickup/").filter(|id| !id.is_empty()) else { return false };
        let Some(caller) = msg.chan else {
            msg.fields.set("error", "failure");
            return false;
        };
        let found = self.find(id);
        let called = if msg.fields.truth("pickup_peer", true) {
            found.and_then(|chan| self.peer_of(chan))
        } else {
            found
        };
        let Some(called) = called else {
            msg.fields.set("error", "nocall");
            return false;
        };
        let reason = BString::from(msg.fields.get("reason").unwrap_or(BStr::new("pickup")));
        if !self.connect_channels(called, caller, Some(BStr::new(&reason)), true) {
            return false;
        }
        let called_id = self.id_of(called);
        msg.fields.set("peerid", called_id.clone());
        msg.fields.set("targetid", called_id);
        for chan in [called, caller] {
            let mut answered = Msg::new("chan.masquerade", self.now);
            answered.fields.add("id", self.id_of(chan));
            answered.fields.add("message", "call.answered");
            answered
                .fields
                .add("peerid", self.peer_of(called).map(|peer| self.id_of(peer)).unwrap_or_default());
            answered.fields.add("reason", reason.clone());
            self.enqueue(answered);
        }
        true
    }
}
