//! Channels: what all kinds have in common.

use std::time::Duration;

use bstr::{BStr, BString};

use super::Sim;
use super::agenda::Event;
use super::leg::Leg;
use super::media::Media;
use super::message::{Fields, Msg};
use super::sip::SipSide;

/// A channel in the engine's memory; never used again for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Chan(pub(super) u64);

/// The modules that own channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Driver {
    Tone,
    Dumb,
    Wave,
    Sip,
    Conf,
}

/// One channel.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: BString,
    pub(super) driver: Driver,
    pub(super) outgoing: bool,
    pub(super) status: BString,
    pub(super) answered: bool,
    pub(super) address: BString,
    pub(super) caller: BString,
    pub(super) called: BString,
    pub(super) target: BString,
    pub(super) billid: BString,
    pub(super) peer: Option<Chan>,
    pub(super) last_peer: BString,
    /// What is said when it is disconnected or hung up.
    pub(super) parting: Fields,
    /// The messages and routines that keep it in being.
    pub(super) holds: u32,
    pub(super) digits: Digits,
    pub(super) limits: Limits,
    pub(super) media: Media,
    pub(super) side: Side,
}

/// What only some kinds of channels have.
#[derive(Debug)]
pub(super) enum Side {
    Plain,
    Sip(SipSide),
    Leg(Leg),
}

/// The digits of a channel, both ways.
#[derive(Debug, Default)]
pub(super) struct Digits {
    pub(super) sequence: u64,
    pub(super) text: BString,
    pub(super) detected: BString,
    pub(super) until: Duration,
    /// What reached the party at this end.
    pub(super) received: BString,
}

/// When a channel is dropped by itself.
#[derive(Debug, Default)]
pub(super) struct Limits {
    pub(super) total: Option<Duration>,
    pub(super) unanswered: Option<Duration>,
    /// What `total` becomes when the call is answered.
    pub(super) once_answered: Option<Duration>,
}

impl Driver {
    pub(super) fn from_name(name: &str) -> Option<Driver> {
        [Driver::Tone, Driver::Dumb, Driver::Wave, Driver::Sip, Driver::Conf]
            .into_iter()
            .find(|d| d.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Driver::Tone => "tone",
            Driver::Dumb => "dumb",
            Driver::Wave => "wave",
            Driver::Sip => "sip",
            Driver::Conf => "conf",
        }
    }

    /// What follows `NAME/` if `text` begins so.
    pub(super) fn strip(self, text: &BStr) -> Option<&BStr> {
        text.strip_prefix(self.name().as_bytes())?.strip_prefix(b"/").map(BStr::new)
    }
}

impl Channel {
    pub(super) fn direction(&self) -> &'static str {
        if self.outgoing { "outgoing" } else { "incoming" }
    }

    pub(super) fn sip(&self) -> Option<&SipSide> {
        if let Side::Sip(side) = &self.side { Some(side) } else { None }
    }

    pub(super) fn sip_mut(&mut self) -> Option<&mut SipSide> {
        if let Side::Sip(side) = &mut self.side { Some(side) } else { None }
    }

    pub(super) fn leg(&self) -> Option<&Leg> {
        if let Side::Leg(leg) = &self.side { Some(leg) } else { None }
    }

    pub(super) fn leg_mut(&mut self) -> Option<&mut Leg> {
        if let Side::Leg(leg) = &mut self.side { Some(leg) } else { None }
    }
}

impl Sim {
    /// Makes a channel, held once by whoever makes it.
    pub(super) fn new_channel(&mut self, driver: Driver, outgoing: bool, address: &[u8], side: Side) -> Chan {
        self.last_chan += 1;
        let chan = Chan(self.last_chan);
        let counts = self.counts.entry(driver).or_default();
        counts.last_id += 1;
        let id = BString::from(format!("{}/{}", driver.name(), counts.last_id));
        let billid = if outgoing { BString::default() } else { self.next_billid() };
        let channel = Channel {
            id: id.clone(),
            driver,
            outgoing,
            status: if outgoing { "outgoing" } else { "incoming" }.into(),
            answered: false,
            address: address.into(),
            caller: BString::default(),
            called: BString::default(),
            target: BString::default(),
            billid,
            peer: None,
            last_peer: BString::default(),
            parting: Fields::default(),
            holds: 1,
            digits: Digits::default(),
            limits: Limits::default(),
            media: Media::default(),
            side,
        };
        self.channels.insert(chan, channel);
        self.by_id.insert(id, chan);
        chan
    }

    /// Enters it in its driver's list, where `engine.status` counts it.
    pub(super) fn count_channel(&mut self, driver: Driver) {
        self.counts.entry(driver).or_default().total += 1;
    }

    fn next_billid(&mut self) -> BString {
        self.last_billid += 1;
        format!("{}-{}", self.settings.run_id, self.last_billid).into()
    }

    pub(super) fn find(&self, id: &[u8]) -> Option<Chan> {
        self.by_id.get(BStr::new(id)).copied()
    }

    pub(super) fn id_of(&self, chan: Chan) -> BString {
        self.channels.get(&chan).map(|channel| channel.id.clone()).unwrap_or_default()
    }

    pub(super) fn peer_of(&self, chan: Chan) -> Option<Chan> {
        self.channels.get(&chan)?.peer
    }

    pub(super) fn hold(&mut self, chan: Chan) {
        if let Some(channel) = self.channels.get_mut(&chan) {
            channel.holds += 1;
        }
    }

    /// Undoes one [`Sim::hold`]; a channel that nobody holds and that has no peer ends.
    pub(super) fn release(&mut self, chan: Chan) {
        if let Some(channel) = self.channels.get_mut(&chan) {
            channel.holds = channel.holds.saturating_sub(1);
            self.end_if_unused(chan);
        }
    }

    pub(super) fn end_if_unused(&mut self, chan: Chan) {
        let unused =
            self.channels.get(&chan).is_some_and(|channel| channel.holds == 0 && channel.peer.is_none());
        if unused {
            self.end_channel(chan);
        }
    }

    fn end_channel(&mut self, chan: Chan) {
        // Held while it ends, so that nothing it says now ends it once more.
        self.hold(chan);
        match self.channels.get(&chan).map(|channel| channel.driver) {
            Some(Driver::Sip) => self.sip_ended(chan),
            Some(Driver::Dumb) => self.say_hangup(chan, None),
            Some(Driver::Conf) => self.leg_ended(chan),
            _ => {}
        }
        if let Some(channel) = self.channels.remove(&chan) {
            self.by_id.remove(&channel.id);
            self.finish_media(channel.media);
        }
    }

    /// Says `chan.hangup` of a channel.
    pub(super) fn say_hangup(&mut self, chan: Chan, reason: Option<BString>) {
        let mut hangup = self.message("chan.hangup", chan, false);
        if let Some(reason) = reason {
            hangup.fields.set("reason", reason);
        }
        self.enqueue(hangup);
    }

    /// A message that says what the engine says of a channel in every message about it.
    pub(super) fn message(&self, name: &str, chan: Chan, minimal: bool) -> Msg {
        let mut msg = Msg::new(name, self.now);
        self.complete(chan, &mut msg, minimal);
        msg
    }

    /// Fills in what the engine says of a channel in every message about it.
    pub(super) fn complete(&self, chan: Chan, msg: &mut Msg, minimal: bool) {
        let Some(channel) = self.channels.get(&chan) else { return };
        let hangup = msg.name == "chan.hangup";
        let fields = &mut msg.fields;
        fields.set("id", channel.id.clone());
        fields.set("module", channel.driver.name());
        if hangup {
            fields.copy_all(&channel.parting);
        }
        if minimal {
            return;
        }
        let peer = channel.peer.map(|peer| self.id_of(peer)).unwrap_or_default();
        for (name, value) in [
            ("status", &channel.status),
            ("address", &channel.address),
            ("targetid", &channel.target),
            ("billid", &channel.billid),
            ("peerid", &peer),
            ("lastpeerid", &channel.last_peer),
        ] {
            if !value.is_empty() {
                fields.set(name, value.clone());
            }
        }
        fields.set("answered", if channel.answered { "true" } else { "false" });
        fields.set("direction", channel.direction());
        if let Some(side) = channel.sip() {
            side.complete(fields);
        }
    }

    pub(super) fn set_status(&mut self, chan: Chan, status: impl Into<BString>) {
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        channel.status = status.into();
        if !channel.answered && channel.status == "answered" {
            channel.answered = true;
            channel.limits.unanswered = None;
            self.limit_from_now(chan);
        }
    }

    fn limit_from_now(&mut self, chan: Chan) {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        if let Some(span) = channel.limits.once_answered {
            channel.limits.total = Some(now + span);
            self.watch_limits();
        }
    }

    /// Takes `timeout` and `maxcall` (milliseconds) from a message.
    pub(super) fn set_limits(&mut self, chan: Chan, fields: &Fields) {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        let span = |name| fields.get(name).and_then(super::message::number);
        let after = |ms: i64| Duration::from_millis(u64::try_from(ms).unwrap_or_default());
        match span("timeout") {
            Some(ms) if ms > 0 => {
                channel.limits.once_answered = Some(after(ms));
                channel.limits.total = Some(now + after(ms));
            }
            Some(0) => (channel.limits.once_answered, channel.limits.total) = (None, None),
            _ => {}
        }
        match span("maxcall") {
            _ if channel.answered => channel.limits.unanswered = None,
            Some(ms) if ms > 0 => {
                channel.limits.total = None;
                channel.limits.unanswered = Some(now + after(ms));
            }
            Some(0) => channel.limits.unanswered = None,
            _ => {}
        }
        self.watch_limits();
    }

    /// Has the clock looked at when the earliest limit is over; the engine looks once a second.
    fn watch_limits(&mut self) {
        let limits = |channel: &Channel| [channel.limits.total, channel.limits.unanswered];
        let Some(due) = self.channels.values().flat_map(limits).flatten().min() else { return };
        let stroke = Duration::from_secs(due.as_secs() + 1);
        if self.timer_at.is_none_or(|at| stroke < at) {
            self.timer_at = Some(stroke);
            self.agenda.put(stroke, Event::Timer);
        }
    }

    /// A second is over: channels that have lasted too long are dropped, one driver's after the other's.
    pub(super) fn timer(&mut self) {
        let now = self.now;
        if self.timer_at.is_some_and(|at| at <= now) {
            self.timer_at = None;
        }
        let over = |due: Option<Duration>| due.is_some_and(|due| due < now);
        for driver in [Driver::Tone, Driver::Dumb, Driver::Wave, Driver::Sip, Driver::Conf] {
            for chan in self.channels_of(driver) {
                let Some(limits) = self.channels.get(&chan).map(|channel| &channel.limits) else { continue };
                if over(limits.total) {
                    self.expire(chan, "timeout");
                } else if over(limits.unanswered) {
                    self.expire(chan, "noanswer");
                }
            }
        }
        self.watch_limits();
    }

    fn expire(&mut self, chan: Chan, reason: &str) {
        self.hold(chan);
        // The engine's own timer drops it, so what that says of itself is said of the channel too.
        let mut timer = Fields::default();
        timer.add("time", (self.settings.epoch + self.now.as_secs()).to_string());
        timer.add("nodename", self.settings.node_name.clone());
        self.drop_channel(chan, reason.into(), &timer);
        self.release(chan);
    }

    /// What `call.drop` does to a channel, with the parameters of that message.
    pub(super) fn drop_channel(&mut self, chan: Chan, reason: &BStr, fields: &Fields) {
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        channel.limits = Limits::default();
        channel.status = if reason.is_empty() { BStr::new("dropped") } else { reason }.into();
        let reason = (!reason.is_empty()).then_some(reason);
        self.part(chan, reason, true, Some(fields));
    }
}
