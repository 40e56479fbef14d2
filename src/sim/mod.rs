//! An engine that is not there.
//!
//! [`Sim`] behaves towards an external module as a running Yate does, and speaks the same line protocol: messages go
//! through the handlers by priority on a limited number of threads, calls come and are routed, channels meet in
//! conference rooms, and everything is told to those who watch. There is no I/O and no clock in it: bytes are handed
//! in and taken out, time is what [`Sim::advance`] says, and what happens follows from the [`Settings`] with their
//! seed. It is what the demo, the tests and the fuzz targets run on, and is held to transcripts of a running engine.
//!
//! The contract: a call, a key or a hangup changes the engine's state at once, as the thread that hears of it would;
//! the messages that follow wait in the queue, and bytes from a module wait to be read, until [`Sim::advance`], be it
//! to the very same instant. So do something, advance to the time it is, take out with [`Sim::transmit`] what the
//! engine has said, and sleep until [`Sim::next_event`] unless there is something to do before.

mod agenda;
mod cdr;
mod channel;
mod connection;
mod digits;
mod dispatch;
mod dumb;
mod handlers;
mod leg;
mod link;
mod locals;
mod media;
mod message;
mod mishap;
mod pbx;
mod random;
mod room;
mod route;
pub mod server;
mod settings;
mod sip;
mod speakers;
mod status;
mod view;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use bstr::BString;

use crate::key::Keys;
use agenda::{Agenda, Event};
use channel::{Chan, Channel, Driver};
use connection::Connection;
use dispatch::{Handlers, Threads};

use room::Room;

pub use connection::ConnectionId;
pub use digits::Detector;
pub use mishap::{Fate, Kind, Mishap, Mishaps};
pub(crate) use random::Random;
pub use settings::{CallRequest, Callee, Jitter, Route, Settings};
pub use view::{ChannelId, ChannelView, LogLine, MemberView, RoomView};

/// How many channels a driver has had.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    last_id: u64,
    total: u64,
    routing: u64,
    routed: u64,
}

/// A simulated engine.
#[derive(Debug)]
pub struct Sim {
    settings: Settings,
    now: Duration,
    random: Random,
    /// Of what goes wrong: what does not takes nothing from the other.
    chance: Random,
    agenda: Agenda,
    handlers: Handlers,
    threads: Threads,
    connections: BTreeMap<ConnectionId, Connection>,
    /// Those that watch, from whoever began first.
    watchers: Vec<ConnectionId>,
    channels: BTreeMap<Chan, Channel>,
    by_id: HashMap<BString, Chan>,
    counts: HashMap<Driver, Counts>,
    rooms: BTreeMap<BString, Room>,
    records: cdr::Records,
    recordings: VecDeque<BString>,
    log: VecDeque<LogLine>,
    /// The stroke of the clock that is on the agenda.
    timer_at: Option<Duration>,
    /// The longest that a thread has waited for a module.
    longest_wait: Duration,
    last_connection: u64,
    last_chan: u64,
    last_billid: u64,
    last_room: u64,
    last_playing: u64,
}

impl Sim {
    /// An engine that has just started.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let mut counts: HashMap<Driver, Counts> = HashMap::new();
        for (name, count) in &settings.history {
            if let Some(driver) = Driver::from_name(name) {
                counts.insert(driver, Counts { last_id: *count, total: *count, ..Counts::default() });
            }
        }
        let bills = settings.history.iter().find(|(name, _)| name == "bill").map_or(0, |(_, count)| *count);
        Sim {
            random: Random::new(settings.seed),
            chance: Random::new(!settings.seed),
            threads: Threads::new(settings.workers_at_start.min(settings.workers)),
            settings,
            now: Duration::ZERO,
            agenda: Agenda::default(),
            handlers: Handlers::default(),
            connections: BTreeMap::new(),
            watchers: Vec::new(),
            channels: BTreeMap::new(),
            by_id: HashMap::new(),
            counts,
            rooms: BTreeMap::new(),
            records: cdr::Records::default(),
            recordings: VecDeque::new(),
            log: VecDeque::new(),
            timer_at: None,
            longest_wait: Duration::ZERO,
            last_connection: 0,
            last_chan: 0,
            last_billid: bills,
            last_room: 0,
            last_playing: 0,
        }
    }

    /// What the engine is like.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes what the engine is like; for what people do and where calls go. A running engine's threads and name
    /// stay as they were.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// A module connects to the engine's socket.
    pub fn connect(&mut self) -> ConnectionId {
        self.open_connection(false)
    }

    /// The engine starts a module, to talk on standard input and output.
    pub fn connect_script(&mut self) -> ConnectionId {
        self.open_connection(true)
    }

    /// Bytes come from the module, in any pieces.
    pub fn receive(&mut self, connection: ConnectionId, bytes: &[u8]) {
        self.arrived(connection, bytes, false);
    }

    /// Takes out what the engine has said to the module since the last time; also of a connection that it closed.
    pub fn transmit(&mut self, connection: ConnectionId) -> Vec<u8> {
        let Some(known) = self.connections.get_mut(&connection) else { return Vec::new() };
        let mut said = std::mem::take(&mut known.outbox);
        let (left, ends) = known.amiss.says(said.len());
        if ends {
            said.truncate(left);
            self.close(connection);
        }
        said
    }

    /// Whether the engine has not closed the connection.
    #[must_use]
    pub fn is_open(&self, connection: ConnectionId) -> bool {
        self.connections.get(&connection).is_some_and(|connection| connection.open)
    }

    /// Whether a module that the engine started is to be started again when it ends.
    #[must_use]
    pub fn restarts(&self, connection: ConnectionId) -> bool {
        self.connections.get(&connection).is_some_and(|connection| connection.locals.restart)
    }

    /// The module closes its end. What it said before is read first.
    pub fn disconnect(&mut self, connection: ConnectionId) {
        self.arrived(connection, b"", true);
    }

    /// How long the engine has been running.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// When something will happen next if nothing is done to the engine before.
    #[must_use]
    pub fn next_event(&self) -> Option<Duration> {
        self.agenda.next()
    }

    /// Lets everything happen that is due by `to`. A time that is past already counts as now.
    pub fn advance(&mut self, to: Duration) {
        while let Some((at, event)) = self.agenda.take(to) {
            self.now = self.now.max(at);
            self.happen(event);
        }
        self.now = self.now.max(to);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Read(connection) => self.read(connection),
            Event::Ready(msg) => self.ready(msg),
            Event::AnswerOverdue(connection) => self.overdue(connection),
            Event::Callee { chan, act } => self.callee_acts(chan, act),
            Event::Acknowledged(chan) => self.acknowledged(chan),
            Event::Played { chan, playing } => self.played(chan, playing),
            Event::Speakers { room, due } => self.speakers_due(room.as_ref(), due),
            Event::Timer => self.timer(),
            Event::Grow => self.grow(),
            Event::Say(connection, line) => self.say_late(connection, &line),
        }
    }

    /// Somebody calls. The channel is there at once; it is routed from now on.
    pub fn call(&mut self, request: &CallRequest) -> ChannelId {
        let chan = self.incoming(request);
        self.public_id(chan)
    }

    /// Keys pressed on a channel one after the other with no time between, heard as telephones by SIP INFO; other
    /// channels than SIP ones as events in the sound. A channel that is gone takes no notice.
    pub fn key(&mut self, channel: &ChannelId, keys: &Keys) {
        let sip = channel.as_str().starts_with("sip/");
        let detector = if sip { Detector::SipInfo } else { Detector::Rfc2833 };
        self.key_heard(channel, keys, detector);
    }

    /// Keys pressed, and how they are heard.
    pub fn key_heard(&mut self, channel: &ChannelId, keys: &Keys, detector: Detector) {
        let Some(chan) = self.find(channel.as_str().as_bytes()) else { return };
        for key in keys.iter() {
            self.keyed(chan, key.symbol(), detector);
        }
    }

    /// The party of a channel hangs up. A channel with nobody at it is dropped.
    pub fn hangup(&mut self, channel: &ChannelId) {
        self.hangup_saying(channel, &[]);
    }

    /// The party of a channel hangs up, with more to be told of it, as `rtp_stats`.
    pub fn hangup_saying(&mut self, channel: &ChannelId, said: &[(&str, &str)]) {
        let Some(chan) = self.find(channel.as_str().as_bytes()) else { return };
        self.hold(chan);
        if self.channels.get(&chan).is_some_and(|channel| channel.driver == Driver::Sip) {
            self.goodbye(chan, said);
        } else {
            self.drop_channel(chan, "".into(), &message::Fields::default());
        }
        self.release(chan);
    }

    /// How loud the party of a channel speaks, as rooms report it (about 21 for speech); 0 is silence.
    pub fn talk(&mut self, channel: &ChannelId, energy: u32) {
        let Some(chan) = self.find(channel.as_str().as_bytes()) else { return };
        let Some(channel) = self.channels.get_mut(&chan) else { return };
        channel.media.energy = energy;
        let peer = channel.peer.and_then(|peer| self.channels.get(&peer));
        if let Some(room) = peer.and_then(|peer| peer.leg()).map(|leg| leg.room.clone()) {
            self.look_at_speakers(room.as_ref());
        }
    }
}
