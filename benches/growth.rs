//! What a digit costs where there is much of everything: channels, rooms, codes; and what memory a channel takes. The
//! brain is driven with lines as an engine sends them, without a socket.
//!
//! `cargo bench --bench growth`

#![allow(clippy::disallowed_methods)] // It measures.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use touchtone::assist::{Assist, Role, Telling};
use touchtone::config::{self, Config};
use touchtone::link::{Event, Pump};
use touchtone::moment::Moment;

/// How many digits a figure is made from.
const DIGITS: usize = 1_000_000;

/// How many lines are read at once.
const BATCH: usize = 200;

fn main() {
    let before = resident();
    let mut site = Site::new(1);
    site.call(1_000_000, 0);
    let held = resident().saturating_sub(before);
    println!(
        "1000000 channels that have each keyed a digit: {} MB, {} bytes each",
        held / 1_000_000,
        held / 1_000_000
    );
    println!("a digit among 1000000 channels: {}", site.time_of_a_digit());
    drop(site);
    for channels in [1_000, 10_000, 100_000] {
        let mut site = Site::new(1);
        site.call(channels, 0);
        println!("a digit among {channels} channels: {}", site.time_of_a_digit());
    }
    for rooms in [1, 100, 10_000] {
        let mut site = Site::new(1);
        site.call(10_000, rooms);
        println!("a digit among 10000 channels in rooms of {}: {}", 10_000 / rooms, site.time_of_a_digit());
    }
    for codes in [1, 100, 1_000] {
        let mut site = Site::new(codes);
        site.call(1_000, 0);
        println!("a digit where {codes} codes hold: {}", site.time_of_a_digit());
    }
}

/// A brain, and what was said to it.
struct Site {
    pump: Pump,
    now: Duration,
    channels: usize,
    rooms: usize,
    sequence: usize,
}

impl Site {
    fn new(codes: usize) -> Self {
        let mut text =
            "[yate]\nconnect = \"stdio\"\n[limits]\nchannels = 2000000\nrooms = 100000\n".to_owned();
        for code in 0..codes {
            write!(
                text,
                "[[code]]\nname = \"code-{code}\"\nkeys = \"*{code:04}#\"\noperation = \"mute-toggle\"\n"
            )
            .expect("a text");
        }
        let config: Arc<Config> = match config::load(Path::new("bench.toml"), |_| Ok(text.clone())) {
            Ok(loaded) => loaded.config.into(),
            Err(refused) => panic!("{refused}"),
        };
        let mut assist = Assist::new(config);
        assist.tell(Telling::Troubles);
        let (pump, now) = (Pump::new(assist), Duration::from_secs(1));
        let mut site = Site { pump, now, channels: 0, rooms: 0, sequence: 1 };
        site.handle(Event::Connected(Role::Socket));
        site.answer_all();
        assert!(site.pump.assist().is_connected_and_ready());
        site
    }

    fn handle(&mut self, event: Event<'_>) {
        let ended = self.pump.handle(Moment::at(self.now, Timestamp::UNIX_EPOCH), event);
        assert_eq!(ended, None);
    }

    fn hear(&mut self, lines: &str) {
        self.handle(Event::Bytes { bytes: lines.as_bytes(), since: self.now });
    }

    /// Answers what the brain asks, as an engine that has no calls; says how much it had said.
    fn answer_all(&mut self) -> usize {
        let mut length = 0;
        loop {
            let said = String::from_utf8_lossy(self.pump.pending()).into_owned();
            if said.is_empty() {
                return length;
            }
            length += said.len();
            self.handle(Event::Wrote(said.len()));
            let mut answers = String::new();
            for id in said.lines().filter_map(|line| line.strip_prefix("%%>message:")?.split(':').next()) {
                writeln!(answers, "%%<message:{id}:true:engine.status:name=x,type=misc;chans=0;%M%J")
                    .expect("a text");
            }
            self.hear(&answers);
        }
    }

    /// That many calls begin, to each other or in that many rooms, and each keys a digit.
    fn call(&mut self, channels: usize, rooms: usize) {
        (self.channels, self.rooms) = (channels, rooms);
        let mut lines = String::new();
        for channel in 0..channels {
            let (peer, room) = self.peer(channel);
            write!(
                lines,
                "%%<message::false:chan.startup::id=sip/{channel}:direction=incoming:caller=+40215550{channel:06}:\
                 called=800:billid=1795420044-{channel}\n\
                 %%<message::false:chan.connected::id=sip/{channel}:peerid={peer}:lastpeerid=:\
                 billid=1795420044-{channel}\n"
            )
            .expect("a text");
            if rooms > 0 {
                writeln!(
                    lines,
                    "%%<message::false:chan.connected::id={peer}:peerid=sip/{channel}:lastpeerid=:address={room}"
                )
                .expect("a text");
            }
            if channel % BATCH == 0 || channel + 1 == channels {
                self.hear(&lines);
                lines.clear();
                self.answer_all();
            }
        }
        self.key_all();
    }

    fn peer(&self, channel: usize) -> (String, String) {
        match self.rooms {
            0 => (format!("sip/{}", 10_000_000 + channel), String::new()),
            rooms => (format!("conf/{channel}"), format!("{}", channel % rooms)),
        }
    }

    fn key_all(&mut self) {
        for from in (0..self.channels).step_by(BATCH) {
            let lines = self.keyed((from..self.channels.min(from + BATCH)).collect());
            self.hear(&lines);
            self.answer_all();
        }
        self.sequence += 1;
    }

    /// What an engine says when these channels key a digit each.
    fn keyed(&self, channels: Vec<usize>) -> String {
        let mut lines = String::with_capacity(channels.len() * 300);
        for channel in channels {
            let (peer, _) = self.peer(channel);
            writeln!(
                lines,
                "%%>message:0x7f1c{channel:08}.{}:1795420044:chan.dtmf::id=sip/{channel}:module=sip:status=answered:\
                 address=127.0.0.1%z5062:billid=1795420044-{channel}:answered=true:direction=incoming:\
                 callid=sip/1-19971@127.0.0.1/1/:text=5:detected=sip-info:sequence={}:peerid={peer}:\
                 lastpeerid={peer}:duplicate=false",
                self.sequence, self.sequence
            )
            .expect("a text");
        }
        lines
    }

    /// The channels key one after the other, those that did so longest ago first.
    fn time_of_a_digit(&mut self) -> String {
        let mut spent = Duration::ZERO;
        let (mut keyed, mut at) = (0, 0);
        while keyed < DIGITS {
            let to = self.channels.min(at + BATCH);
            let lines = self.keyed((at..to).collect());
            let begun = Instant::now();
            self.hear(&lines);
            spent += begun.elapsed();
            self.handle(Event::Wrote(self.pump.pending().len()));
            keyed += to - at;
            at = if to == self.channels { 0 } else { to };
            self.sequence += usize::from(at == 0);
        }
        format!("{} ns", spent.as_nanos() / keyed as u128)
    }
}

/// How much memory the process has, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or(0) * 1024
}
