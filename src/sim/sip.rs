//! Channels by SIP, without the SIP: only what is seen of it inside the engine.

use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};

use super::Sim;
use super::agenda::{CalleeAct, Event, Refusal};
use super::channel::{Chan, Driver, Side};
use super::message::{Fields, Msg};
use super::settings::Callee;

/// How long the far end takes to acknowledge an answer.
const ACKNOWLEDGE_AFTER: Duration = Duration::from_millis(5);

/// After how long without any response the engine gives up calling.
const LOST_AFTER: Duration = Duration::from_secs(32);

const BUSY: Refusal = Refusal { code: "486", words: "Busy Here", error: "busy" };
const DECLINES: Refusal = Refusal { code: "603", words: "Decline", error: "forbidden" };
const UNKNOWN: Refusal = Refusal { code: "404", words: "Not Found", error: "noroute" };

/// What a SIP channel has that others have not.
#[derive(Debug)]
pub(super) struct SipSide {
    pub(super) domain: BString,
    call_id: BString,
    first_tag: BString,
    /// Known once the other end has said something.
    second_tag: BString,
    reason: BString,
    pub(super) hung_up: bool,
    /// Sound comes from it.
    pub(super) media: bool,
    /// Sound goes to it though it has not been answered.
    early: bool,
}

impl SipSide {
    pub(super) fn new(call_id: BString, first_tag: BString) -> Self {
        SipSide {
            domain: BString::default(),
            call_id,
            first_tag,
            second_tag: BString::default(),
            reason: "Request Terminated".into(),
            hung_up: false,
            media: true,
            early: false,
        }
    }

    pub(super) fn complete(&self, fields: &mut Fields) {
        if !self.domain.is_empty() {
            fields.set("domain", self.domain.clone());
        }
        fields.set("callid", format!("sip/{}/{}/{}", self.call_id, self.first_tag, self.second_tag));
    }
}

/// The SIP code and the words for a reason that the engine knows.
fn known_reason(reason: &BStr) -> Option<(u16, &'static str)> {
    let known = match reason.as_bytes() {
        b"incomplete" => (484, "Address Incomplete"),
        b"noroute" | b"offline" => (404, "Not Found"),
        b"noconn" | b"service-unavailable" | b"noresource" => (503, "Service Unavailable"),
        b"noauth" | b"noautoauth" => (401, "Unauthorized"),
        b"nomedia" => (415, "Unsupported Media Type"),
        b"nocall" => (481, "Call/Transaction Does Not Exist"),
        b"busy" => (486, "Busy Here"),
        b"noanswer" | b"congestion" => (480, "Temporarily Unavailable"),
        b"rejected" => (406, "Not Acceptable"),
        b"forbidden" => (403, "Forbidden"),
        b"unallocated" | b"moved" => (410, "Gone"),
        b"failure" | b"interworking" => (500, "Server Internal Error"),
        b"pending" => (491, "Request Pending"),
        b"looping" => (483, "Too Many Hops"),
        b"timeout" => (408, "Request Timeout"),
        b"postdialdelay" => (504, "Server Time-out"),
        b"unacceptable" => (488, "Not Acceptable Here"),
        _ => return None,
    };
    Some(known)
}

impl Sim {
    /// The engine's own host, and its port if that is not the usual one.
    pub(super) fn sip_host(&self) -> &str {
        let address = &self.settings.sip_address;
        address.strip_suffix(":5060").unwrap_or(address)
    }

    fn sip_side(&mut self, chan: Chan) -> Option<&mut SipSide> {
        self.channels.get_mut(&chan)?.sip_mut()
    }

    fn new_tag(&mut self) -> BString {
        self.random.below(1 << 31).to_string().into()
    }

    /// `call.execute` to `sip/sip:USER@HOST:PORT`
    pub(super) fn sip_execute(&mut self, msg: &mut Msg, dest: &BStr) -> bool {
        let Some(caller) = msg.chan else { return false };
        let uri = dest.strip_prefix(b"sip:").unwrap_or(dest);
        let (user, host) = uri.split_once_str("@").unwrap_or((b"", uri));
        let number = self.random.below(1 << 31);
        let domain = msg.fields.get("domain").filter(|domain| !domain.is_empty());
        let call_id = format!("{number}@{}", domain.unwrap_or(BStr::new(self.sip_host())));
        let tag = self.new_tag();
        let mut side = SipSide::new(call_id.clone().into(), tag);
        side.domain = msg.fields.text("domain").into();
        side.media = msg.fields.get("media").and_then(super::message::truth).unwrap_or(true);
        let chan = self.new_channel(Driver::Sip, true, host, Side::Sip(side));
        if let Some(channel) = self.channels.get_mut(&chan) {
            channel.target = msg.fields.text("id").into();
            (channel.caller, channel.called) =
                (msg.fields.text("caller").into(), msg.fields.text("called").into());
        }
        self.set_limits(chan, &msg.fields);
        // The engine takes up the offer to leave the sound to the two ends, or not; it is not passed on.
        msg.fields.remove(b"rtp_forward");
        let mut startup = self.startup(chan, msg);
        startup.fields.set("caller", msg.fields.text("caller"));
        startup.fields.copy(&msg.fields, b"callername,called,billid,callto,username");
        startup.fields.set("calledfull", user);
        startup.fields.set("sip_callid", call_id);
        startup.fields.add("connection_id", "general");
        self.enqueue(startup);
        self.count_channel(Driver::Sip);
        let reason = msg.fields.get("reason").map(BString::from);
        let connected = self.connect_channels(chan, caller, reason.as_deref().map(BStr::new), true);
        if connected {
            let id = self.id_of(chan);
            msg.fields.set("peerid", id.clone());
            msg.fields.set("targetid", id);
            self.call_callee(chan, &user.to_str_lossy(), &uri.to_str_lossy());
        }
        self.release(chan);
        connected
    }

    fn call_callee(&mut self, chan: Chan, user: &str, uri: &str) {
        let known = self.settings.callees.iter().find(|(who, _)| who == user || who == uri);
        let callee = known.map_or_else(Callee::default, |(_, callee)| *callee);
        let soon = self.now + Duration::from_millis(2);
        let mut put = |at, act| self.agenda.put(at, Event::Callee { chan, act });
        match callee {
            Callee::Answers { after } => put(self.now + after, CalleeAct::Answer),
            Callee::Rings { answers_after } => {
                put(soon, CalleeAct::Ring);
                put(self.now + answers_after, CalleeAct::Answer);
            }
            Callee::Busy => put(soon, CalleeAct::Refuse(BUSY)),
            Callee::Declines => put(soon, CalleeAct::Refuse(DECLINES)),
            Callee::Unknown => put(soon, CalleeAct::Refuse(UNKNOWN)),
            Callee::NoAnswer => put(soon, CalleeAct::Ring),
            Callee::Silent => put(self.now + LOST_AFTER, CalleeAct::Lost),
        }
    }

    /// The far end of an outgoing call does something.
    pub(super) fn callee_acts(&mut self, chan: Chan, act: CalleeAct) {
        let Some(channel) = self.channels.get(&chan) else { return };
        if channel.answered || channel.sip().is_none_or(|side| side.hung_up) {
            return;
        }
        match act {
            CalleeAct::Ring => {
                self.responded(chan, "180", "Ringing");
                self.set_status(chan, "ringing");
                let mut msg = self.message("call.ringing", chan, false);
                msg.fields.add("earlymedia", "false");
                self.enqueue(msg);
            }
            CalleeAct::Answer => {
                self.responded(chan, "200", "OK");
                self.callee_answers(chan);
            }
            CalleeAct::Refuse(Refusal { code, words, error }) => {
                self.responded(chan, code, words);
                self.hang_up(chan, words.into(), Some(error));
            }
            CalleeAct::Lost => {
                if let Some(channel) = self.channels.get_mut(&chan) {
                    channel.parting.set("cause_sip", "408");
                }
                self.hang_up(chan, "Request Timeout".into(), Some("noconn"));
            }
        }
    }

    /// A response goes either way; with the first one who sends it makes itself known.
    fn responded(&mut self, chan: Chan, code: &str, words: &str) {
        let tag = self.new_tag();
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        channel.parting.set("cause_sip", code);
        channel.parting.set("reason_sip", words);
        if let Some(side) = channel.sip_mut().filter(|side| side.second_tag.is_empty()) {
            side.second_tag = tag;
        }
    }

    fn callee_answers(&mut self, chan: Chan) {
        let Some(side) = self.sip_side(chan) else { return };
        side.reason = BString::default();
        self.set_status(chan, "answered");
        let mut msg = self.message("call.answered", chan, false);
        msg.fields.add("sip_contact", format!("<sip:{};transport=UDP>", msg.fields.text("address")));
        msg.fields.add("sip_content-type", "application/sdp");
        msg.fields.add("media", "yes");
        msg.fields.add("formats", "mulaw");
        msg.fields.add("transport", "RTP/AVP");
        msg.fields.add("rtp_rfc2833", "false");
        self.enqueue(msg);
    }

    /// The engine answers an incoming call.
    pub(super) fn answer_caller(&mut self, chan: Chan) {
        let tag = self.new_tag();
        if let Some(side) = self.sip_side(chan) {
            if side.hung_up {
                return;
            }
            side.second_tag = tag;
            side.reason = BString::default();
            self.agenda.put(self.now + ACKNOWLEDGE_AFTER, Event::Acknowledged(chan));
        }
        self.set_status(chan, "answered");
    }

    /// The engine tells a caller that it rings, or that there is something to hear meanwhile.
    pub(super) fn tell_caller(&mut self, chan: Chan, status: &str) {
        self.set_status(chan, status);
        let told = match status {
            "ringing" => ("180", "Ringing"),
            "progressing" => ("183", "Session Progress"),
            _ => return,
        };
        if self.sip_side(chan).is_none_or(|side| side.hung_up) {
            return;
        }
        self.responded(chan, told.0, told.1);
        let peer = self.peer_of(chan).and_then(|peer| self.channels.get(&peer));
        let plays = peer.is_some_and(|peer| peer.media.source.is_some());
        if let Some(side) = self.sip_side(chan) {
            side.early |= plays;
        }
    }

    /// The caller has acknowledged the answer: the engine tells its call records.
    pub(super) fn acknowledged(&mut self, chan: Chan) {
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        channel.parting.set("cause_sip", "200");
        channel.parting.remove(b"reason_sip");
        let mut msg = self.message("call.update", chan, false);
        msg.fields.add("operation", "cdrbuild");
        self.enqueue(msg);
    }

    /// The far end says goodbye.
    pub(super) fn goodbye(&mut self, chan: Chan, said: &[(&str, &str)]) {
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        if channel.sip().is_none_or(|side| side.hung_up) {
            return;
        }
        let gives_up = !channel.outgoing && !channel.answered;
        self.count_packets(chan);
        if gives_up {
            // Its peer hears of it first, and of nothing but that.
            self.part(chan, Some(BStr::new("Cancelled")), true, None);
        }
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        for (name, value) in said {
            channel.parting.set_foreign(name.as_bytes(), value.as_bytes());
        }
        let reason = channel.sip().map(|side| side.reason.clone()).unwrap_or_default();
        self.hang_up(chan, reason, None);
    }

    fn hang_up(&mut self, chan: Chan, reason: BString, error: Option<&str>) {
        if let Some(side) = self.sip_side(chan) {
            side.hung_up = true;
        }
        self.hold(chan);
        let said = if reason.is_empty() { None } else { Some(reason) };
        let error = error.map(BString::from).or_else(|| said.clone());
        self.say_hangup(chan, said);
        let parting = self.channels.get(&chan).map(|channel| channel.parting.clone()).unwrap_or_default();
        self.part(chan, error.as_deref().map(BStr::new), true, Some(&parting));
        self.release(chan);
    }

    /// A channel that the engine itself ends says so, if it has not yet.
    pub(super) fn sip_ended(&mut self, chan: Chan) {
        let Some(side) = self.sip_side(chan) else { return };
        if !side.hung_up {
            let reason = side.reason.clone();
            self.count_packets(chan);
            self.hang_up(chan, reason, None);
        }
    }

    /// What went over the wire is told when a call ends, if anything did.
    fn count_packets(&mut self, chan: Chan) {
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        let answered = channel.answered;
        if channel.sip().is_some_and(|side| side.media && (answered || side.early)) {
            channel.parting.set("rtp_stats", "PS=0,OS=0,PR=0,OR=0,PL=0");
        }
    }

    /// Its peer has gone, for this reason.
    pub(super) fn sip_reason(&mut self, chan: Chan, reason: &BStr) {
        if let Some(side) = self.sip_side(chan) {
            side.reason =
                known_reason(reason).map_or_else(|| reason.into(), |(_, words)| BString::from(words));
        }
    }

    /// It has been dropped, for this reason.
    pub(super) fn sip_dropped(&mut self, chan: Chan, reason: &BStr) {
        if let (Some((_, words)), Some(side)) = (known_reason(reason), self.sip_side(chan)) {
            side.reason = words.into();
        }
    }

    /// The engine refuses an incoming call.
    pub(super) fn sip_rejected(&mut self, chan: Chan, error: &BStr, reason: &BStr) {
        let (code, usual) = known_reason(error).unwrap_or((500, "Server Internal Error"));
        let words = if reason.is_empty() { BStr::new(usual) } else { reason };
        self.note("sip", format!("{} is refused: {code} {words}", self.id_of(chan)));
        if let Some(side) = self.sip_side(chan) {
            let words = if reason.is_empty() { error } else { reason };
            side.reason = words.into();
        }
    }

    /// A digit reaches the telephone.
    pub(super) fn sip_digit(&mut self, chan: Chan, msg: &Msg) -> bool {
        let Some(channel) = self.channels.get_mut(&chan) else { return false };
        if channel.sip().is_none_or(|side| side.hung_up) {
            return false;
        }
        channel.digits.received.extend_from_slice(msg.fields.text("text"));
        true
    }
}
