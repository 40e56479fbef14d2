//! Channels with nobody at the other end.

use bstr::{BStr, BString};

use super::Sim;
use super::channel::{Chan, Driver, Side};
use super::dispatch::{Onward, Outcome, Then};
use super::message::Msg;

/// What a leg that is called takes over from the call.
const CALL_FIELDS: &[u8] = b"caller,callername,called,billid,callto,username";

impl Sim {
    /// `call.execute` to `dumb/…`: from a channel, that is connected to a new one; without, the new one calls on.
    pub(super) fn dumb_execute(&mut self, msg: &mut Msg, dest: &BStr) -> Outcome {
        let Some(caller) = msg.chan else { return self.dumb_calls(msg, dest) };
        let chan = self.new_channel(Driver::Dumb, true, dest, Side::Plain);
        let mut startup = self.startup(chan, msg);
        startup.fields.copy(&msg.fields, CALL_FIELDS);
        self.enqueue(startup);
        self.count_channel(Driver::Dumb);
        let connected = self.connect_channels(caller, chan, None, true);
        if connected {
            let (id, caller_id) = (self.id_of(chan), self.id_of(caller));
            msg.fields.set("peerid", id.clone());
            msg.fields.set("targetid", id);
            if let Some(channel) = self.channels.get_mut(&chan) {
                channel.target = caller_id;
            }
            if !msg.fields.has("autoring") {
                msg.fields.add("autoring", "true");
            }
        }
        self.release(chan);
        Outcome::Done(connected)
    }

    /// `chan.startup` of a channel that comes from a call's message.
    pub(super) fn startup(&self, chan: Chan, call: &Msg) -> Msg {
        let mut startup = self.message("chan.startup", chan, false);
        startup.fields.copy(&call.fields, call.fields.text("copyparams"));
        startup
    }

    fn dumb_calls(&mut self, msg: &mut Msg, dest: &BStr) -> Outcome {
        let Some(target) = msg.fields.get("target").map(BString::from) else { return Outcome::Done(false) };
        let chan = self.new_channel(Driver::Dumb, false, dest, Side::Plain);
        let startup = self.startup(chan, msg);
        self.enqueue(startup);
        self.count_channel(Driver::Dumb);
        let mut caller = BString::from(msg.fields.text("caller"));
        if caller.is_empty() {
            caller = [b"dumb/", dest.as_ref() as &[u8]].concat().into();
        }
        let mut call = Msg::new("call.route", self.now);
        call.fields.add("driver", "dumb");
        call.fields.add("id", self.id_of(chan));
        call.fields.add("caller", caller);
        call.fields.add("called", target);
        call.fields.copy(&msg.fields, b"callername,maxcall,timeout,stop_call");
        call.fields.copy(&msg.fields, msg.fields.text("copyparams"));
        let direct = BString::from(msg.fields.text("direct"));
        if direct.is_empty() {
            return Outcome::Nested(Box::new(call), Then::DumbRouted(chan));
        }
        self.dumb_call_on(chan, &mut call, direct);
        Outcome::Nested(Box::new(call), Then::DumbExecuted(chan))
    }

    fn dumb_call_on(&mut self, chan: Chan, call: &mut Msg, callto: BString) {
        call.name = "call.execute".into();
        call.fields.add("callto", callto);
        call.fields.set("id", self.id_of(chan));
        self.set_chan(call, chan);
    }

    pub(super) fn dumb_routed(
        &mut self,
        chan: Chan,
        call: &mut Msg,
        handled: bool,
        outer: &mut Msg,
    ) -> Onward {
        if !handled {
            outer.fields.copy(&call.fields, b"error,reason");
            self.release(chan);
            return Onward::Result(false);
        }
        let mut next = call.clone();
        (next.chan, next.origin) = (None, None);
        let callto = std::mem::take(&mut next.retvalue);
        self.dumb_call_on(chan, &mut next, callto);
        Onward::Again(Box::new(next), Then::DumbExecuted(chan))
    }

    pub(super) fn dumb_executed(
        &mut self,
        chan: Chan,
        call: &mut Msg,
        handled: bool,
        outer: &mut Msg,
    ) -> bool {
        if handled {
            self.call_routed(chan, call);
            self.call_accepted(chan, call);
            outer.fields.copy(&call.fields, b"id,peerid");
            if let Some(target) = call.fields.get("targetid").map(BString::from) {
                outer.fields.set("targetid", target.clone());
                if let Some(channel) = self.channels.get_mut(&chan) {
                    channel.target = target;
                }
            }
        } else {
            outer.fields.copy(&call.fields, b"error,reason");
        }
        self.release(chan);
        handled
    }
}
