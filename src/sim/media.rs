//! Tones and files: what is played to whom, and what is recorded.

use bstr::{BStr, BString};

use super::Sim;
use super::agenda::Event;
use super::channel::{Chan, Driver, Side};
use super::message::{Fields, Msg};

/// What is attached to a channel.
#[derive(Debug, Default)]
pub(super) struct Media {
    /// What the channel says to its peer, where that is no person.
    pub(super) source: Option<Playing>,
    /// What the party of this channel hears instead of its peer.
    pub(super) over: Option<Playing>,
    /// Where both sides of the channel are recorded.
    pub(super) call_record: Option<BString>,
    /// Where the peer's side is recorded.
    pub(super) peer_record: Option<BString>,
    /// For a `wave/record` channel, what it records to.
    pub(super) recorder: Option<BString>,
    /// Everything that was played instead of the peer, from the first on.
    pub(super) heard: Vec<BString>,
    /// How loud the party at this end is.
    pub(super) energy: u32,
}

/// A resource that is being played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Playing {
    pub(super) resource: BString,
    number: u64,
    notify: BString,
    /// It ends when it has been played; until it has begun, that is not on the agenda.
    ends: bool,
    begun: bool,
}

/// Where in a channel something is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Source,
    Over,
}

/// The tones that the engine makes by name, and their short names.
const TONES: [&[u8]; 26] = [
    b"dial",
    b"busy",
    b"ring",
    b"specdial",
    b"congestion",
    b"outoforder",
    b"info",
    b"milliwatt",
    b"silence",
    b"noise",
    b"probe/0",
    b"probe/1",
    b"probe/2",
    b"cotv",
    b"callwaiting",
    b"dt",
    b"bs",
    b"rt",
    b"sd",
    b"cg",
    b"oo",
    b"in",
    b"mw",
    b"cn",
    b"probe",
    b"cw",
];

fn is_tone(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"*").unwrap_or(name);
    let described = |c: &u8| c.is_ascii_digit() || b"+*/,!-".contains(c);
    TONES.contains(&name)
        || name == b"cots"
        || [b"dtmf/".as_slice(), b"dtmfstr/", b"cadence/"].iter().any(|prefix| name.starts_with(prefix))
        || (!name.is_empty() && name.iter().all(described))
}

/// The file of `wave/METHOD/FILE`.
fn wave_file<'a>(resource: &'a BStr, method: &str) -> Option<&'a [u8]> {
    resource.strip_prefix(b"wave/")?.strip_prefix(method.as_bytes())?.strip_prefix(b"/")
}

impl Sim {
    fn has_consumer(&self, chan: Chan) -> bool {
        let Some(channel) = self.channels.get(&chan) else { return false };
        match channel.driver {
            Driver::Sip => true,
            Driver::Conf => channel.leg().is_some_and(|leg| leg.voice),
            Driver::Wave | Driver::Dumb => channel.media.recorder.is_some(),
            Driver::Tone => false,
        }
    }

    fn play(&mut self, chan: Chan, slot: Slot, resource: &BStr, notify: BString, endless: bool) {
        self.last_playing += 1;
        let number = self.last_playing;
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        let playing =
            Some(Playing { resource: resource.into(), number, notify, ends: !endless, begun: false });
        let old = match slot {
            Slot::Source => std::mem::replace(&mut channel.media.source, playing),
            Slot::Over => {
                channel.media.heard.push(resource.into());
                std::mem::replace(&mut channel.media.over, playing)
            }
        };
        if let Some(old) = old {
            self.played_notify(&old.notify, None, "replaced");
        }
        self.begin_playing(chan);
    }

    /// Begins what is attached and can begin: what a channel says to its peer needs somebody there to hear it.
    pub(super) fn begin_playing(&mut self, chan: Chan) {
        let heard = self.peer_of(chan).is_some_and(|peer| self.has_consumer(peer));
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        let source = channel.media.source.as_mut().filter(|_| heard);
        let mut begun = Vec::new();
        for playing in source.into_iter().chain(channel.media.over.as_mut()) {
            if !std::mem::replace(&mut playing.begun, true) && playing.ends {
                begun.push((playing.number, playing.resource.clone()));
            }
        }
        for (number, resource) in begun {
            let at = self.now + self.length_of(BStr::new(&resource));
            self.agenda.put(at, Event::Played { chan, playing: number });
        }
    }

    fn length_of(&self, resource: &BStr) -> std::time::Duration {
        let known = self.settings.files.iter().find(|(name, _)| name.as_bytes() == resource);
        known.map_or(self.settings.play_time, |(_, length)| *length)
    }

    fn played_notify(&mut self, notify: &BString, id: Option<BString>, reason: &str) {
        if notify.is_empty() {
            return;
        }
        let mut msg = Msg::new("chan.notify", self.now);
        if let Some(id) = id {
            msg.fields.add("id", id);
        }
        msg.fields.add("targetid", notify.clone());
        if !reason.is_empty() {
            msg.fields.add("reason", reason);
        }
        self.enqueue(msg);
    }

    /// A file is at its end.
    pub(super) fn played(&mut self, chan: Chan, number: u64) {
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        let media = &mut channel.media;
        if media.source.as_ref().is_some_and(|playing| playing.number == number) {
            let Some(done) = media.source.take() else { return };
            let id = channel.id.clone();
            let only_plays = channel.driver == Driver::Wave;
            self.played_notify(&done.notify, Some(id), "eof");
            if only_plays {
                self.part(chan, None, true, None);
                self.end_if_unused(chan);
            }
        } else if media.over.as_ref().is_some_and(|playing| playing.number == number) {
            let Some(done) = media.over.take() else { return };
            self.played_notify(&done.notify, None, "eof");
        }
    }

    /// `chan.attach` of tones.
    pub(super) fn attach_tone(&mut self, msg: &mut Msg) -> bool {
        let tone = |fields: &Fields, name| {
            let value = fields.text(name).strip_prefix(b"tone/").filter(|tone| !tone.is_empty());
            value.map(BString::from)
        };
        let (source, over) = (tone(&msg.fields, "source"), tone(&msg.fields, "override"));
        let replace = tone(&msg.fields, "replace");
        let Some(chan) = msg.chan else { return false };
        if source.is_none() && over.is_none() && replace.is_none() {
            return false;
        }
        let mut done = msg.fields.truth("single", false);
        for (name, wanted) in [("source", source), ("override", over), ("replace", replace)] {
            let Some(wanted) = wanted else { continue };
            let playable = is_tone(&wanted) && (name == "source" || self.has_consumer(chan));
            if !playable {
                done = false;
                continue;
            }
            let resource = BString::from(msg.fields.text(name));
            let slot = if name == "source" { Slot::Source } else { Slot::Over };
            // As an override a tone is played once, unless it begins with a star.
            let endless = slot == Slot::Source || wanted.starts_with(b"*");
            self.play(chan, slot, BStr::new(&resource), BString::default(), endless);
            msg.fields.remove(name.as_bytes());
        }
        done
    }

    /// `chan.attach` of files.
    pub(super) fn attach_wave(&mut self, msg: &mut Msg) -> bool {
        let Some(chan) = msg.chan else { return false };
        let mut done = msg.fields.truth("single", false);
        let mut any = false;
        for (name, method) in
            [("source", "play"), ("consumer", "record"), ("override", "play"), ("replace", "play")]
        {
            let resource = BString::from(msg.fields.text(name));
            if resource.is_empty() {
                continue;
            }
            if wave_file(BStr::new(&resource), method).is_none() {
                done = false;
                continue;
            }
            any = true;
            if matches!(name, "override" | "replace") && !self.has_consumer(chan) {
                done = false;
                continue;
            }
            if self.attach_file(chan, name, &resource, &msg.fields) {
                msg.fields.remove(name.as_bytes());
            } else {
                done = false;
            }
        }
        any && done
    }

    fn is_missing(&self, resource: &BString) -> bool {
        self.settings.missing_files.iter().any(|missing| missing.as_bytes() == resource.as_slice())
    }

    /// Attaches a file; false where the engine refuses. A file that is missing is over at once.
    fn attach_file(&mut self, chan: Chan, name: &str, resource: &BString, fields: &Fields) -> bool {
        let own = format!("notify_{name}");
        let notify = BString::from(fields.get(&own).unwrap_or(fields.text("notify")));
        let endless = fields.truth("autorepeat", false);
        if name != "consumer" && self.is_missing(resource) {
            self.played_notify(&notify, None, "");
            return name == "source";
        }
        match name {
            "source" => self.play(chan, Slot::Source, BStr::new(resource), notify, endless),
            "consumer" => {
                if let Some(channel) = self.channels.get_mut(&chan) {
                    channel.media.recorder = Some(resource.clone());
                }
            }
            _ => self.play(chan, Slot::Over, BStr::new(resource), notify, endless),
        }
        true
    }

    /// `chan.attach` with `-`: what was attached is taken away.
    pub(super) fn detach(&mut self, msg: &Msg) -> bool {
        let Some(chan) = msg.chan else { return false };
        let off = |name| msg.fields.text(name) == "-";
        let (source, consumer) = (off("source"), off("consumer"));
        let over = off("override") || off("replace");
        if !(source || consumer || over) {
            return false;
        }
        let Some(channel) = self.channels.get_mut(&chan) else { return false };
        let mut ended = Vec::new();
        if source {
            ended.extend(channel.media.source.take());
        }
        if consumer {
            channel.media.recorder = None;
        }
        if over {
            ended.extend(channel.media.over.take());
        }
        for playing in ended {
            self.played_notify(&playing.notify, None, "replaced");
        }
        msg.fields.truth("single", false)
    }

    /// `chan.record` to a file.
    pub(super) fn record_wave(&mut self, msg: &Msg) -> bool {
        let Some(chan) = msg.chan else { return false };
        let call = BString::from(msg.fields.text("call"));
        let peer = BString::from(msg.fields.text("peer"));
        let good = |resource: &BString| wave_file(BStr::new(resource), "record").is_some();
        if !good(&call) && !good(&peer) {
            return false;
        }
        let mut ended = Vec::new();
        if let Some(channel) = self.channels.get_mut(&chan) {
            if good(&call) {
                ended.extend(channel.media.call_record.replace(call.clone()));
            }
            if good(&peer) {
                ended.extend(channel.media.peer_record.replace(peer.clone()));
            }
        }
        self.recorded(ended);
        [call, peer].iter().all(|resource| resource.is_empty() || good(resource))
    }

    /// `chan.record` with `-`: recording stops, though the answer is `false`.
    pub(super) fn stop_record(&mut self, msg: &Msg) -> bool {
        let (call, peer) = (msg.fields.text("call") == "-", msg.fields.text("peer") == "-");
        let Some(channel) = msg.chan.and_then(|chan| self.channels.get_mut(&chan)) else { return false };
        let mut ended = Vec::new();
        if call {
            ended.extend(channel.media.call_record.take());
        }
        if peer {
            ended.extend(channel.media.peer_record.take());
        }
        self.recorded(ended);
        (call || peer) && msg.fields.truth("single", call && peer)
    }

    /// What a channel that ends has recorded is complete, and what was played on it is taken away.
    pub(super) fn finish_media(&mut self, media: Media) {
        for playing in media.source.iter().chain(&media.over) {
            self.played_notify(&playing.notify, None, "replaced");
        }
        self.recorded([media.call_record, media.peer_record, media.recorder].into_iter().flatten().collect());
    }

    fn recorded(&mut self, ended: Vec<BString>) {
        self.recordings.extend(ended);
        let surplus = self.recordings.len().saturating_sub(self.settings.log_limit);
        self.recordings.drain(..surplus);
    }

    /// `call.execute` to `tone/NAME`
    pub(super) fn tone_execute(&mut self, msg: &mut Msg, dest: &BStr) -> bool {
        let Some(caller) = msg.chan else { return false };
        let address: &[u8] = if is_tone(dest) { dest } else { b"" };
        let chan = self.new_channel(Driver::Tone, false, address, Side::Plain);
        if !address.is_empty() {
            let resource = BString::from([b"tone/", address].concat());
            self.play(chan, Slot::Source, BStr::new(&resource), BString::default(), true);
        }
        self.connect_media(msg, caller, chan, Driver::Tone)
    }

    /// `call.execute` to `wave/play/FILE` and `wave/record/FILE`
    pub(super) fn wave_execute(&mut self, msg: &mut Msg, _dest: &BStr) -> bool {
        let Some(caller) = msg.chan else { return false };
        let resource = BString::from(msg.fields.text("callto"));
        let resource = BStr::new(&resource);
        let record = wave_file(resource, "record").is_some();
        if !record && wave_file(resource, "play").is_none() {
            return false;
        }
        let chan = self.new_channel(Driver::Wave, false, b"", Side::Plain);
        if !record {
            let endless = msg.fields.truth("autorepeat", false);
            self.play(chan, Slot::Source, resource, BString::default(), endless);
            if let (true, Some(number)) = (self.is_missing(&resource.into()), self.playing_now(chan)) {
                self.agenda.put(self.now, Event::Played { chan, playing: number });
            }
        } else if let Some(channel) = self.channels.get_mut(&chan) {
            channel.media.recorder = Some(resource.into());
        }
        self.connect_media(msg, caller, chan, Driver::Wave)
    }

    fn playing_now(&self, chan: Chan) -> Option<u64> {
        self.channels.get(&chan)?.media.source.as_ref().map(|playing| playing.number)
    }

    fn connect_media(&mut self, msg: &mut Msg, caller: Chan, chan: Chan, driver: Driver) -> bool {
        self.count_channel(driver);
        let reason = msg.fields.get("reason").map(BString::from);
        let connected = self.connect_channels(caller, chan, reason.as_deref().map(BStr::new), true);
        if connected {
            msg.fields.set("peerid", self.id_of(chan));
        }
        self.release(chan);
        connected
    }
}
