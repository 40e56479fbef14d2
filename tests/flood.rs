//! A flood of digits through the daemon, over a UNIX socket: every one is answered, and memory stays what it was.
//!
//! `cargo test --release --test flood -- --ignored --nocapture` is the long one, with its figures.

#![allow(clippy::disallowed_methods)] // It measures time.

use std::collections::VecDeque;
use std::io::{BufWriter, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How many channels there are at a time.
const CHANNELS: usize = 1_000;
/// How many digits may wait for their answers.
const IN_FLIGHT: usize = 1_000;
/// How many digits a channel keys before it hangs up and another one takes its place.
const CALL_LENGTH: u64 = 60;
/// What everybody keys, again and again: a code among digits that are none, and the beginning of one.
const KEYED: &[u8] = b"*61234567890*9*512";
/// How much the daemon may have grown between the middle and the end.
const GROWTH_KB: u64 = 2_048;

#[test]
fn a_hundred_thousand_digits_are_answered_and_memory_is_flat() {
    println!("{}", flood(100_000));
}

#[test]
#[ignore = "a million digits; run it for the figures"]
fn a_million_digits_are_answered_and_memory_is_flat() {
    println!("{}", flood(1_000_000));
}

struct Figures {
    digits: u64,
    fired: u64,
    took: Duration,
    memory_kb: [u64; 3],
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Figures { digits, fired, took, memory_kb: [start, middle, end] } = self;
        let rate = *digits as f64 / took.as_secs_f64();
        write!(
            f,
            "{digits} digits in {took:.2?}, {rate:.0} digits/s, {fired} operations; \
             memory {start} kB at the start, {middle} kB in the middle, {end} kB at the end"
        )
    }
}

fn flood(digits: u64) -> Figures {
    let mut engine = Engine::start();
    // Once round for everything that is made the first time it is needed.
    engine.flood(20_000);
    let start = engine.memory_kb();
    let began = Instant::now();
    engine.flood(digits / 2);
    let half = began.elapsed();
    let middle = engine.memory_kb();
    let again = Instant::now();
    engine.flood(digits - digits / 2);
    let took = half + again.elapsed();
    let end = engine.memory_kb();
    let figures = Figures { digits, fired: engine.operations, took, memory_kb: [start, middle, end] };
    assert!(engine.operations > digits / 100, "codes fired: {figures}");
    assert!(end < middle + GROWTH_KB, "memory is flat: {figures}");
    figures
}

/// The daemon, with us as its engine.
struct Engine {
    child: Child,
    input: UnixStream,
    output: BufWriter<UnixStream>,
    unread: Vec<u8>,
    callers: Vec<Caller>,
    waiting: VecDeque<u64>,
    next_channel: u64,
    next_digit: u64,
    operations: u64,
    _folder: tempfile::TempDir,
}

#[derive(Clone, Copy)]
struct Caller {
    channel: u64,
    keyed: u64,
}

impl Engine {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("engine.sock");
        let config = folder.path().join("touchtone.toml");
        // No caller keys as fast as that, and would be let.
        let text = concat!(include_str!("../config/conference.toml"), "\n[limits]\ncodes-per-second = 0\n");
        std::fs::write(&config, text).expect("a configuration");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let child = Command::new(env!("CARGO_BIN_EXE_touchtone"))
            .args(["run", "--config"])
            .arg(&config)
            .arg("--connect")
            .arg(format!("unix:{}", socket.display()))
            .env("TOUCHTONE_LOG", "error")
            .stderr(Stdio::null())
            .spawn()
            .expect("the daemon");
        let (input, _) = listener.accept().expect("a connection");
        let output = BufWriter::with_capacity(1 << 16, input.try_clone().expect("a stream"));
        let mut engine = Engine {
            child,
            input,
            output,
            unread: Vec::new(),
            callers: Vec::new(),
            waiting: VecDeque::new(),
            next_channel: 0,
            next_digit: 0,
            operations: 0,
            _folder: folder,
        };
        for at in 0..CHANNELS {
            engine.callers.push(Caller { channel: 0, keyed: 0 });
            engine.call(at);
        }
        engine
    }

    /// Keys that many digits, and waits until all are answered.
    fn flood(&mut self, digits: u64) {
        let until = self.next_digit + digits;
        while self.next_digit < until || !self.waiting.is_empty() {
            while self.next_digit < until && self.waiting.len() < IN_FLIGHT {
                self.key();
            }
            self.output.flush().expect("the daemon reads");
            self.read();
        }
    }

    fn key(&mut self) {
        let at = usize::try_from(self.next_digit).expect("a count") % CHANNELS;
        let Caller { channel, keyed } = self.callers[at];
        if keyed == CALL_LENGTH {
            writeln!(
                self.output,
                "%%<message::false:chan.hangup::id=sip/{channel}:module=sip:lastpeerid=conf/{channel}"
            )
            .expect("the daemon reads");
            self.call(at);
            return self.key();
        }
        let number = self.next_digit;
        // The phase of each channel is its own, so that codes fire all the time and not all at once.
        let key = char::from(KEYED[(keyed + channel) as usize % KEYED.len()]);
        let sequence = keyed + 1;
        writeln!(
            self.output,
            "%%>message:0x7f359cf16c60.{number}:1795420070:chan.dtmf::id=sip/{channel}:module=sip:status=answered:\
             address=127.0.0.1%z7001:billid=1795419992-{channel}:peerid=conf/{channel}:lastpeerid=conf/{channel}:\
             answered=true:direction=incoming:callid=sip/1-19971@127.0.0.1/1/2:sip_content-type=application/dtmf-relay:\
             text={key}:detected=sip-info:sequence={sequence}:duplicate=false"
        )
        .expect("the daemon reads");
        self.waiting.push_back(number);
        self.next_digit += 1;
        self.callers[at].keyed += 1;
    }

    /// Somebody new is in the room.
    fn call(&mut self, at: usize) {
        self.next_channel += 1;
        let channel = self.next_channel;
        self.callers[at] = Caller { channel, keyed: 0 };
        writeln!(
            self.output,
            "%%<message::true:call.execute::id=sip/{channel}:module=sip:answered=false:caller=c{channel}:called=800:\
             billid=1795419992-{channel}:callto=conf/r{room}:peerid=conf/{channel}:room=conf/r{room}",
            room = at % 100
        )
        .expect("the daemon reads");
    }

    fn read(&mut self) {
        let mut buffer = [0; 1 << 16];
        let count = self.input.read(&mut buffer).expect("the daemon speaks");
        assert!(count > 0, "the daemon is there");
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend_from_slice(&buffer[..count]);
        let mut rest = unread.as_slice();
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            self.said(std::str::from_utf8(&rest[..end]).expect("text"));
            rest = &rest[end + 1..];
        }
        self.unread = rest.to_vec();
    }

    /// A line of the daemon's: an answer, or something that it wants to be done, which is.
    fn said(&mut self, line: &str) {
        let mut fields = line.split(':');
        match fields.next() {
            Some("%%<message") => {
                let id =
                    fields.next().and_then(|id| id.strip_prefix("0x7f359cf16c60.")).expect("an id of ours");
                assert_eq!(
                    Some(id.parse().expect("a number")),
                    self.waiting.pop_front(),
                    "answered once, in order"
                );
            }
            Some("%%>message") => {
                let (id, name) = (fields.next().expect("an id"), fields.nth(1).expect("a name"));
                self.operations += u64::from(name != "engine.status");
                let params = line.splitn(6, ':').nth(5).unwrap_or_default();
                let leg = if name == "call.execute" { ":id=dumb/1:peerid=conf/1" } else { "" };
                writeln!(self.output, "%%<message:{id}:true:{name}::{params}{leg}")
                    .expect("the daemon reads");
            }
            _ => {}
        }
    }

    fn memory_kb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
