//! An incoming call, from its arrival until it is connected or refused.

use bstr::{BStr, BString, ByteSlice};

use super::Sim;
use super::channel::{Chan, Driver, Side};
use super::dispatch::{Onward, Then};
use super::message::{Fields, Msg};
use super::settings::CallRequest;
use super::sip::SipSide;

impl Sim {
    /// A call comes in by SIP; it is routed on a thread of its own.
    pub(super) fn incoming(&mut self, request: &CallRequest) -> Chan {
        let mut given = Fields::default();
        for (name, value) in &request.params {
            given.add_foreign(name.as_bytes(), value.as_bytes());
        }
        if given.text("sip_callid").is_empty() {
            let made_up = format!("{}@{}", self.random.below(1 << 31), self.sip_host());
            given.set("sip_callid", made_up);
        }
        let call_id = BString::from(given.text("sip_callid"));
        let side = SipSide::new(call_id, "1".into());
        let chan = self.new_channel(Driver::Sip, false, request.address.as_bytes(), Side::Sip(side));
        let mut call = self.message("call.preroute", chan, false);
        call.fields.add("caller", request.caller.as_str());
        call.fields.add("called", request.called.as_str());
        for (name, value) in given.iter() {
            call.fields.add_foreign(name, value);
        }
        if let Some(channel) = self.channels.get_mut(&chan) {
            (channel.caller, channel.called) =
                (request.caller.as_str().into(), request.called.as_str().into());
            if let Some(side) = channel.sip_mut() {
                side.domain = given.text("domain").into();
            }
        }
        let mut startup = self.message("chan.startup", chan, false);
        startup.fields.add("caller", request.caller.as_str());
        startup.fields.add("called", request.called.as_str());
        startup.fields.copy(&given, b"connection_id,trace_id");
        self.enqueue(startup);
        self.count_channel(Driver::Sip);
        self.counts.entry(Driver::Sip).or_default().routing += 1;
        self.start_thread(call, Then::Prerouted(chan));
        chan
    }

    /// `call.preroute` is through: now the call is routed.
    pub(super) fn prerouted(&mut self, chan: Chan, call: &mut Msg, handled: bool) -> Onward {
        self.take_copied(chan, call);
        if handled && is_refusal(&call.retvalue) {
            return self.reject(chan, call, "unknown", "");
        }
        self.set_status(chan, "prerouted");
        if let (Some(channel), Some(billid)) = (self.channels.get_mut(&chan), call.fields.get("billid")) {
            channel.billid = billid.into();
        }
        let next = self.next_stage(call, "call.route");
        Onward::Again(Box::new(next), Then::Routed(chan))
    }

    fn next_stage(&mut self, call: &mut Msg, name: &str) -> Msg {
        let mut next = Msg::new(name, self.now);
        next.fields = std::mem::take(&mut call.fields);
        next.fields.remove(b"handlers");
        next
    }

    /// `regexroute`
    pub(super) fn route(&mut self, msg: &mut Msg) -> bool {
        let called = msg.fields.text("called").to_str_lossy().into_owned();
        let found = self.settings.routes.iter().find_map(|route| Some((route, route.target_for(&called)?)));
        let Some((route, target)) = found else { return false };
        for (name, value) in &route.params {
            msg.fields.set_foreign(name.as_bytes(), value.as_bytes());
        }
        msg.retvalue = target.into();
        true
    }

    /// `call.route` is through: now the call is executed, if there is anywhere to go.
    pub(super) fn routed(&mut self, chan: Chan, call: &mut Msg, handled: bool) -> Onward {
        let target = BString::from(call.retvalue.trim());
        if !handled || target.is_empty() {
            return self.reject(chan, call, "noroute", "No route to call target");
        }
        if is_refusal(&target) {
            return self.reject(chan, call, "unknown", "");
        }
        if call.fields.number("antiloop", 1) <= 0 {
            return self.reject(chan, call, "looping", "Call is looping");
        }
        if !self.call_routed(chan, call) {
            return self.routing_over(chan, false);
        }
        let mut next = self.next_stage(call, "call.execute");
        next.fields.set("callto", target);
        next.fields.remove(b"error");
        self.set_chan(&mut next, chan);
        Onward::Again(Box::new(next), Then::Executed(chan))
    }

    /// `call.execute` is through.
    pub(super) fn executed(&mut self, chan: Chan, call: &mut Msg, handled: bool) -> Onward {
        if handled {
            self.call_accepted(chan, call);
            return self.routing_over(chan, true);
        }
        let error = BString::from(call.fields.get("error").unwrap_or(BStr::new("noconn")));
        let usual = if error == "noconn" { "Could not connect to target" } else { "" };
        let reason = BString::from(call.fields.get("reason").unwrap_or(BStr::new(usual)));
        let mut msg = Msg::new("chan.disconnected", self.now);
        msg.fields.copy(&call.fields, call.fields.text("copyparams"));
        self.complete(chan, &mut msg, false);
        msg.fields.set("error", error.clone());
        msg.fields.set("reason", reason.clone());
        msg.fields.set("reroute", "true");
        self.set_chan(&mut msg, chan);
        Onward::Again(Box::new(msg), Then::Refused { chan, error, reason })
    }

    /// Nobody took over a call that could not be connected.
    pub(super) fn refused(&mut self, chan: Chan, error: &BString, reason: &BString, handled: bool) -> Onward {
        if !handled {
            self.call_rejected(chan, BStr::new(error), BStr::new(reason));
        }
        self.routing_over(chan, false)
    }

    fn reject(&mut self, chan: Chan, call: &Msg, error: &str, reason: &str) -> Onward {
        self.take_copied(chan, call);
        let error = BString::from(call.fields.get("error").unwrap_or(BStr::new(error)));
        let reason = BString::from(call.fields.get("reason").unwrap_or(BStr::new(reason)));
        self.call_rejected(chan, BStr::new(&error), BStr::new(&reason));
        self.routing_over(chan, false)
    }

    fn take_copied(&mut self, chan: Chan, call: &Msg) {
        if let (Some(channel), Some(names)) = (self.channels.get_mut(&chan), call.fields.get("copyparams")) {
            channel.parting.copy(&call.fields, names);
        }
    }

    fn routing_over(&mut self, chan: Chan, routed: bool) -> Onward {
        let counts = self.counts.entry(Driver::Sip).or_default();
        counts.routing = counts.routing.saturating_sub(1);
        counts.routed += u64::from(routed);
        self.release(chan);
        Onward::Result(routed)
    }

    fn call_rejected(&mut self, chan: Chan, error: &BStr, reason: &BStr) {
        self.set_status(chan, "rejected");
        self.sip_rejected(chan, error, reason);
    }

    /// A caller's route is known; false if the caller is gone.
    pub(super) fn call_routed(&mut self, chan: Chan, call: &Msg) -> bool {
        let Some(channel) = self.channels.get_mut(&chan) else { return false };
        channel.status = "routed".into();
        if channel.billid.is_empty() {
            channel.billid = call.fields.text("billid").into();
        }
        channel.sip().is_none_or(|side| !side.hung_up)
    }

    /// A caller is connected to what was called.
    pub(super) fn call_accepted(&mut self, chan: Chan, call: &Msg) {
        self.set_status(chan, "accepted");
        self.set_limits(chan, &call.fields);
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        if channel.billid.is_empty() {
            channel.billid = call.fields.text("billid").into();
        }
        channel.target = call.fields.text("targetid").into();
        let untargeted = channel.target.is_empty();
        if call.fields.truth("autoanswer", false) {
            self.answer_caller(chan);
        } else if call.fields.truth("autoring", false) {
            self.tell_caller(chan, "ringing");
        } else if call.fields.truth("autoprogress", false) {
            self.tell_caller(chan, "progressing");
        } else if untargeted && call.fields.truth("autoanswer", true) {
            self.answer_caller(chan);
        }
    }
}

fn is_refusal(target: &BString) -> bool {
    target == "-" || target == "error"
}
