//! `engine.status`: the engine's own account of itself.

use std::fmt::Write;

use bstr::{BStr, BString, ByteSlice};

use super::Sim;
use super::channel::{Chan, Driver};
use super::handlers::Module;
use super::message::Msg;

/// The loudness that the engine takes for silence, as it counts (the logarithm of the energy).
const NOISE: u32 = 8;

impl Sim {
    /// A module without channels.
    pub(super) fn module_status(&mut self, module: Module, msg: &mut Msg) -> bool {
        let asked = msg.fields.text("module");
        let own = asked == module.name();
        if !own && !asked.is_empty() {
            return false;
        }
        let text = match module {
            Module::Engine => self.engine_status(),
            Module::CdrBuild => {
                let text = self.records_status(msg.fields.truth("details", true));
                msg.retvalue.extend_from_slice(text.as_bytes());
                return false;
            }
            Module::Yrtp => "name=yrtp,type=misc;chans=0,mirrors=0".into(),
            Module::RegexRoute => {
                "name=regexroute,type=route;sections=1,extra=0,variables=0,processing=0".into()
            }
            Module::External => {
                format!("name=extmodule,type=misc;scripts={},chans=0", self.connections_open())
            }
            other => format!("name={},type=misc;", other.name()),
        };
        msg.retvalue.extend_from_slice(text.as_bytes());
        msg.retvalue.extend_from_slice(b"\r\n");
        own
    }

    fn engine_status(&self) -> String {
        format!(
            "name=engine,type=system,version={},nodename={};plugins=13,handlers={},messages={},threads={},workers={}",
            self.settings.version,
            self.settings.node_name,
            self.handlers.count(),
            self.threads.queue.len(),
            self.threads.count,
            self.threads.count,
        )
    }

    fn records_status(&mut self, details: bool) -> String {
        let now = self.now;
        let ended = self.records.ended(now);
        let mut text = String::from("name=cdrbuild,type=cdr,format=Status|Caller|Called|BillId|Duration");
        let _ = write!(text, ";cdrs={},hungup={ended}", self.records.open.len());
        if details {
            text.push(';');
            let lines = self.records.open.iter().map(|record| {
                let seconds =
                    record.start.map_or(0, |start| (now.saturating_sub(start).as_millis() + 500) / 1000);
                let field = |name| uri_escape(record.fields.text(name));
                let (caller, called, billid) = (field("caller"), field("called"), field("billid"));
                format!("{}={}|{caller}|{called}|{billid}|{seconds}", record.chan, record.status)
            });
            text.push_str(&lines.collect::<Vec<_>>().join(","));
        }
        text.push_str("\r\n");
        text
    }

    /// A driver, one of its channels, or a conference room.
    pub(super) fn driver_status(&mut self, driver: Driver, msg: &mut Msg) -> bool {
        let asked = BString::from(msg.fields.text("module"));
        if let Some(rest) = driver.strip(BStr::new(&asked)) {
            if driver == Driver::Conf
                && let Some(text) = self.room_status(rest)
            {
                msg.retvalue = text.into();
                return true;
            }
            let Some(chan) = self.find(&asked) else { return false };
            self.complete(chan, msg, false);
            msg.retvalue = self.channel_status(chan).into();
            return true;
        }
        let own = asked == driver.name();
        if own || asked.is_empty() {
            let text = self.driver_text(driver, msg.fields.truth("details", true));
            msg.retvalue.extend_from_slice(text.as_bytes());
        }
        // The SIP driver says everything, and then leaves the message to the others.
        own && driver != Driver::Sip
    }

    fn driver_text(&self, driver: Driver, details: bool) -> String {
        let name = driver.name();
        let counts = self.counts.get(&driver).copied().unwrap_or_default();
        let chans = self.channels_of(driver);
        let playing = |media: fn(&super::media::Media) -> bool| {
            self.channels.values().filter(|channel| media(&channel.media)).count()
        };
        let general = format!(
            "routed={},routing={},total={},chans={}",
            counts.routed,
            counts.routing,
            counts.total,
            chans.len()
        );
        let kind = if driver == Driver::Sip { "varchans" } else { "misc" };
        let head = format!("name={name},type={kind},format=Status|Address|Peer");
        let mut text = match driver {
            Driver::Tone => format!("name=tone,type=misc;tones={0},chans={0}", chans.len()),
            Driver::Dumb => format!("{head};{general}"),
            Driver::Wave => {
                let play =
                    playing(|media| media.source.as_ref().is_some_and(|p| p.resource.starts_with(b"wave/")));
                let record = playing(|media| media.recorder.is_some() || media.call_record.is_some());
                format!("{head};play={play},record={record},{general}")
            }
            Driver::Sip => format!("{head};{general},transactions=0"),
            Driver::Conf => format!("{head};{general},rooms={}", self.rooms.len()),
        };
        if details && !chans.is_empty() {
            let lines = chans.iter().filter_map(|chan| self.channels.get(chan)).map(|channel| {
                let peer = channel.peer.map(|peer| self.id_of(peer)).unwrap_or_default();
                let address = uri_escape(BStr::new(&channel.address));
                format!("{}={}|{address}|{peer}", channel.id, channel.status)
            });
            text.push(';');
            text.push_str(&lines.collect::<Vec<_>>().join(","));
        }
        text.push_str("\r\n");
        text
    }

    fn room_status(&self, name: &BStr) -> Option<String> {
        let room = self.rooms.get(name)?;
        let left =
            room.expires.filter(|_| room.lonely).map_or(0, |at| at.saturating_sub(self.now).as_millis());
        let mut text = format!(
            "name=conf/{0},type=conference;module=conf,room={0},maxusers={1},lonely={2},expire={left},rate={3},\
             users={4},chans={5},owners={6}",
            room.name,
            room.max_users,
            room.lonely,
            room.rate,
            room.users,
            room.members.len(),
            room.owners.len()
        );
        if !room.notify.is_empty() {
            let _ = write!(text, ",notify={}", room.notify);
        }
        if !room.player.is_empty() {
            let _ = write!(text, ",player={}", room.player);
        }
        text.push_str("\r\n");
        Some(text)
    }

    fn channel_status(&self, chan: Chan) -> String {
        let Some(channel) = self.channels.get(&chan) else { return String::new() };
        let mut text = format!("name={},type=channel;module={}", channel.id, channel.driver.name());
        if let Some(peer) = channel.peer {
            let _ = write!(text, ",peerid={}", self.id_of(peer));
        }
        let _ = write!(
            text,
            ",status={},direction={},answered={},targetid={},address={},billid={}",
            channel.status,
            channel.direction(),
            channel.answered,
            channel.target,
            channel.address,
            channel.billid
        );
        let left = |at: std::time::Duration| (at.saturating_sub(self.now).as_micros() + 500) / 1000;
        if let Some(at) = channel.limits.total {
            let _ = write!(text, ",timeout={}", left(at));
        }
        if let Some(at) = channel.limits.unanswered {
            let _ = write!(text, ",maxcall={}", left(at));
        }
        if channel.driver == Driver::Sip {
            text.push_str(",inviting=false");
        }
        self.leg_status(chan, &mut text);
        text.push_str("\r\n");
        text
    }

    fn leg_status(&self, chan: Chan, text: &mut String) {
        let Some(channel) = self.channels.get(&chan) else { return };
        let Some(leg) = channel.leg().filter(|leg| leg.voice) else { return };
        let peer = channel.peer.and_then(|peer| self.channels.get(&peer));
        // Until it has heard anything at all, a leg takes its own first guess for a signal.
        let silent = peer.is_some_and(|peer| peer.driver == Driver::Sip && peer.media.energy == 0);
        let energy = peer.map_or(NOISE, |peer| peer.media.energy.max(NOISE));
        let signal = !leg.muted && !silent;
        let _ = write!(text, ",mute={},signal={signal}", leg.muted);
        if leg.smart && !leg.muted {
            let _ = write!(text, ",noise={NOISE}");
            if signal {
                let _ = write!(text, ",energy={energy}");
            }
        }
    }
}

/// Escapes what would break a list apart.
fn uri_escape(text: &BStr) -> String {
    let mut out = String::new();
    for (_, _, symbol) in text.char_indices() {
        match symbol {
            ',' | ';' | '|' | '%' => {
                let _ = write!(out, "%{:02x}", u32::from(symbol));
            }
            c if c < ' ' => {
                let _ = write!(out, "%{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
