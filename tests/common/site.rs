//! A conference server as it is installed: a simulated engine behind a socket, the daemon beside it as a process with its
//! store in a file, and the command line. Time is real.
#![allow(clippy::disallowed_methods)] // It waits for what is to be so.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use tempfile::TempDir;
use touchtone::control::protocol::{Room, Seat, Status};
use touchtone::sim::server::{Pace, Server};
use touchtone::sim::{CallRequest, ChannelId, RoomView, Settings, Sim};
use touchtone::store::{AttemptState, Attendance, ConferenceInfo};

use super::process::{Daemon, PATIENCE, touchtone};

pub(crate) struct Site {
    pub(crate) engine: Arc<Server>,
    pub(crate) daemon: Daemon,
    /// The folder of the configuration, the store and the sockets.
    pub(crate) folder: TempDir,
    /// Where the daemon finds the engine.
    address: String,
}

/// Where in a folder what is.
pub(crate) struct Places<'f>(pub(crate) &'f Path);

impl Places<'_> {
    pub(crate) fn config(&self) -> PathBuf {
        self.0.join("touchtone.toml")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.0.join("store").join("touchtone.db")
    }

    pub(crate) fn engine(&self) -> String {
        format!("unix:{}", self.0.join("engine.sock").display())
    }

    /// Writes the configuration: where everything is, and `text`, which begins in `[yate]`.
    pub(crate) fn write(&self, text: &str) {
        let text = format!(
            "[control]\nsocket = \"control.sock\"\n[store]\nfile = \"store/touchtone.db\"\n\
             [yate]\nconnect = {:?}\nreconnect = {{ shortest = \"50ms\", longest = \"100ms\" }}\n{text}",
            self.engine()
        );
        std::fs::create_dir_all(self.0.join("store")).expect("a folder for the store");
        std::fs::write(self.config(), text).expect("a configuration");
    }

    /// `touchtone WORDS --config …`
    pub(crate) fn run(&self, words: &[&str]) -> Said {
        let config = self.config();
        let output = touchtone().args(words).arg("--config").arg(config).env("TZ", "UTC").output();
        Said::from(output.expect("the command"))
    }
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text").trim_end().to_owned();
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Said {
    /// What it said, if it was done.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.out
    }

    /// Why it was refused.
    pub(crate) fn refused(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{self:?}");
        self.err
    }

    /// What is told to programs, an object a line.
    pub(crate) fn objects<T: DeserializeOwned>(self) -> Vec<T> {
        let out = self.done();
        out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }
}

impl Site {
    /// With this configuration, to which is added where everything is.
    pub(crate) fn new(text: &str, settings: Settings) -> Self {
        Site::by(text, settings, |_, engine| engine.to_owned())
    }

    /// The same, where `way` leads from the engine's address in that folder to the one that the daemon is told.
    pub(crate) fn by(text: &str, settings: Settings, way: impl FnOnce(&Path, &str) -> String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let places = Places(folder.path());
        places.write(text);
        let _ = places.run(&["check"]).done();
        let engine = Server::start(Sim::new(settings), &places.engine(), Pace::Real).expect("an engine");
        let address = way(folder.path(), engine.address());
        let daemon = Daemon::start(&places.config(), &address);
        let site = Site { engine: Arc::new(engine), daemon, folder, address };
        site.is_ready();
        site
    }

    pub(crate) fn places(&self) -> Places<'_> {
        Places(self.folder.path())
    }

    /// Waits until the daemon knows what there is.
    pub(crate) fn is_ready(&self) {
        until("the daemon is ready", || self.status().is_some_and(|status| status.ready));
    }

    /// Kills the daemon as it stands.
    pub(crate) fn kill(&mut self) {
        self.daemon.signal("-KILL");
        self.daemon.wait();
    }

    /// Starts another.
    pub(crate) fn start(&mut self) {
        self.daemon = Daemon::start(&self.places().config(), &self.address);
        self.is_ready();
    }

    /// A command, as words with one blank between.
    pub(crate) fn command(&self, words: &str) -> Said {
        self.places().run(&words.split(' ').collect::<Vec<_>>())
    }

    /// A command that says what is so then.
    pub(crate) fn done(&self, words: &str) -> String {
        self.command(words).done()
    }

    /// A command that is refused, and why.
    pub(crate) fn refused(&self, words: &str) -> String {
        self.command(words).refused()
    }

    pub(crate) fn status(&self) -> Option<Status> {
        let said = self.command("status --format json");
        (said.code == Some(0)).then(|| said.objects().remove(0))
    }

    /// A room as it is shown.
    pub(crate) fn room(&self, name: &str) -> Option<Room> {
        self.command("rooms --format json").objects().into_iter().find(|room: &Room| room.name == name)
    }

    pub(crate) fn seats(&self, name: &str) -> Vec<Seat> {
        self.room(name).map(|room| room.seats).unwrap_or_default()
    }

    /// The numbers of those in a room, by seat.
    pub(crate) fn callers(&self, name: &str) -> Vec<String> {
        self.seats(name).into_iter().map(|seat| seat.caller).collect()
    }

    /// Every room with who is in it and whether they are muted: as shown, and as the engine has it.
    pub(crate) fn rooms_shown_and_so(&self) -> [Vec<InRoom>; 2] {
        let shown: Vec<Room> = self.command("rooms --format json").objects();
        let shown = shown.into_iter().map(|room| {
            let seats = room.seats.into_iter();
            (room.name, sorted(seats.map(|seat| (seat.channel.unwrap_or_default(), seat.muted))))
        });
        let rooms: Vec<RoomView> =
            self.engine.with(|sim| sim.rooms().filter_map(|name| sim.room(&name)).collect());
        let name = |peer: Option<ChannelId>| peer.map(|peer| peer.as_str().to_owned()).unwrap_or_default();
        let so = rooms.into_iter().map(|room| {
            let people = room.members.into_iter().filter(|member| !member.utility);
            (room.name, sorted(people.map(|member| (name(member.peer), Some(member.muted)))))
        });
        [shown.collect(), so.collect()]
    }

    pub(crate) fn attendance(&self) -> Vec<Attendance> {
        self.command("attendance --format json").objects()
    }

    /// Puts a conference on the schedule that begins in so many seconds, or began.
    pub(crate) fn schedule(&self, seconds: i64, more: &str) -> ConferenceInfo {
        let at = Timestamp::now().as_second() + seconds;
        let at = Timestamp::from_second(at).expect("a time").to_zoned(TimeZone::UTC).datetime();
        self.command(&format!("schedule add --format json --zone UTC --start {at} {more}"))
            .objects()
            .remove(0)
    }

    /// What came of the calls for a conference: of one participant after the other, in the order in which they were added.
    pub(crate) fn attempts(&self, conference: &ConferenceInfo) -> Vec<(u32, AttemptState)> {
        let words = format!("schedule show {} --format json", conference.id);
        let mut shown: Vec<ConferenceInfo> = self.command(&words).objects();
        let mut attempts = std::mem::take(&mut shown[0].attempts);
        attempts.sort_by_key(|attempt| (attempt.participant, attempt.number));
        attempts.into_iter().map(|attempt| (attempt.number, attempt.state)).collect()
    }

    /// Somebody calls; they are there when something answers or it is over.
    pub(crate) fn call(&self, caller: &str, called: &str) -> ChannelId {
        let port = 7000 + caller.bytes().map(u16::from).sum::<u16>() % 1000;
        let request = CallRequest::new(caller, called, format!("127.0.0.1:{port}"));
        let channel = self.engine.call(&request);
        self.engine_has("the call is answered or over", |sim| {
            sim.channel(&channel).is_none_or(|channel| channel.answered)
        });
        channel
    }

    /// Calls a room and is in it, as the daemon shows.
    pub(crate) fn enter(&self, caller: &str, called: &str, room: &str) -> ChannelId {
        let channel = self.call(caller, called);
        self.shows_in(room, &channel);
        channel
    }

    /// Waits until the daemon shows a channel in a room.
    pub(crate) fn shows_in(&self, room: &str, channel: &ChannelId) {
        let id = Some(channel.as_str().to_owned());
        until(&format!("{channel} is in {room}"), || self.seats(room).iter().any(|seat| seat.channel == id));
    }

    /// Presses keys as people do, only faster.
    pub(crate) fn key(&self, channel: &ChannelId, keys: &str) {
        for key in keys.chars() {
            self.engine.key(channel, &key.to_string().parse().expect("a key"));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until something is so in the engine.
    pub(crate) fn engine_has(&self, what: &str, so: impl Fn(&Sim) -> bool) {
        if !self.engine.wait_until(PATIENCE, so) {
            let rooms: Vec<_> =
                self.engine.with(|sim| sim.rooms().filter_map(|name| sim.room(&name)).collect());
            panic!("it is never so that {what}: {rooms:#?}");
        }
    }

    /// A room as the engine has it.
    pub(crate) fn engine_room(&self, name: &str) -> Option<RoomView> {
        self.engine.with(|sim| sim.room(name))
    }

    /// What somebody was played, from the first on.
    pub(crate) fn heard(&self, channel: &ChannelId) -> Vec<String> {
        self.engine.with(|sim| sim.channel(channel)).map(|channel| channel.heard).unwrap_or_default()
    }

    /// How many channels call that number, or are by it.
    pub(crate) fn calls_to(&self, number: &str) -> usize {
        self.engine
            .with(|sim| sim.channels().filter(|channel| channel.outgoing && channel.called == number).count())
    }
}

/// A room, and who is in it: the channel, and whether they are muted, if that is known.
pub(crate) type InRoom = (String, Vec<(String, Option<bool>)>);

fn sorted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort();
    all
}

/// Waits until something is so.
pub(crate) fn until(what: &str, so: impl Fn() -> bool) {
    let due = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < due, "it is never so that {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
