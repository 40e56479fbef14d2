//! What a digit costs from outside: an engine of straw floods a UNIX socket with `chan.dtmf` messages as an engine sends
//! them, from 1,000 channels with 1,000 unanswered at most, and counts the answers. Beside it, in the same run, a module
//! that answers every line without looking: the floor.
//!
//! `cargo bench --bench socket` runs three rounds of each; `-- DIGITS` says how many digits a round has.

#![allow(clippy::disallowed_methods)] // It measures.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use bstr::ByteSlice;
use touchtone::config::{self, Address, Config};
use touchtone::link;

const CHANNELS: usize = 1_000;
const UNANSWERED: usize = 1_000;
const ROUNDS: usize = 3;

/// A digit as an engine sends it; its place among all digits is written over the zeros.
const DIGIT: &str = "%%>message:0x7f1c00000000.0:1795420044:chan.dtmf::id=sip/0000:module=sip:status=answered:\
                     address=127.0.0.1%z5062:billid=1795420044-0007:answered=true:direction=incoming:\
                     callid=sip/1-19971@127.0.0.1/1/:text=K:detected=sip-info:sequence=00000000:peerid=conf/0000:\
                     lastpeerid=conf/0000:duplicate=false\n";

fn main() {
    let digits = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(2_000_000);
    println!("{digits} digits a round, {} bytes each, {CHANNELS} channels", DIGIT.len());
    for (name, keys, module) in [
        ("answered without looking", "5", answer_blindly as fn(&Path)),
        ("no code fires", "5", touchtone as fn(&Path)),
        ("*6 all the time, each mute sent and answered", "*6", touchtone as fn(&Path)),
    ] {
        for _ in 0..ROUNDS {
            let (seconds, asked) = round(digits, keys, module);
            #[expect(clippy::cast_precision_loss, reason = "figures for people")]
            let rate = digits as f64 / seconds;
            println!("{name}: {rate:.0} digits/s, {asked} messages of the module's");
        }
    }
}

/// One flood; how long it took in seconds, and what the module asked for meanwhile.
fn round(digits: usize, keys: &'static str, module: fn(&Path)) -> (f64, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    thread::spawn(move || module(&path));
    let (stream, _) = listener.accept().expect("a module");
    let mut engine = Engine { stream, said: Vec::new(), answers: 0, asked: 0, out: Vec::new() };
    // It is ready when its questions about what is so are answered.
    while module as usize != answer_blindly as fn(&Path) as usize && engine.asked < 3 {
        engine.listen();
    }
    engine.asked = 0;
    let begun = Instant::now();
    let mut sent = 0;
    let (mut line, keys) = (Line::new(), keys.as_bytes());
    while engine.answers < digits {
        while sent < digits && sent - engine.answers < UNANSWERED {
            engine.out.extend_from_slice(line.write(sent, keys));
            sent += 1;
        }
        engine.listen();
    }
    (begun.elapsed().as_secs_f64(), engine.asked)
}

/// A digit's line with the places of what differs from one to the next.
struct Line {
    text: Vec<u8>,
    /// The message's ID, the channel, its count, the leg.
    numbers: [(usize, usize); 4],
    key: usize,
}

impl Line {
    fn new() -> Self {
        let at = |marker: &str| DIGIT.find(marker).expect("a marker") + marker.len();
        let numbers =
            [(at("message:0x7f1c"), 8), (at(":id=sip/"), 4), (at(":sequence="), 8), (at(":peerid=conf/"), 4)];
        Line { text: DIGIT.as_bytes().to_vec(), numbers, key: at(":text=") }
    }

    /// The digits go round: one of each channel, then the next of each.
    fn write(&mut self, number: usize, keys: &[u8]) -> &[u8] {
        let (channel, sequence) = (number % CHANNELS, number / CHANNELS);
        let values = [number, channel, sequence + 1, channel];
        for ((at, width), mut value) in self.numbers.into_iter().zip(values) {
            for digit in self.text[at..at + width].iter_mut().rev() {
                *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
                value /= 10;
            }
        }
        self.text[self.key] = keys[sequence % keys.len()];
        &self.text
    }
}

/// The engine's side of the socket.
struct Engine {
    stream: UnixStream,
    said: Vec<u8>,
    answers: usize,
    asked: usize,
    out: Vec<u8>,
}

impl Engine {
    /// Says what is to be said, and hears what the module says.
    fn listen(&mut self) {
        self.stream.write_all(&self.out).expect("a module");
        self.out.clear();
        let mut buffer = [0; 65_536];
        let count = self.stream.read(&mut buffer).expect("a module");
        assert!(count > 0, "the module is gone");
        self.said.extend_from_slice(&buffer[..count]);
        let whole = self.said.rfind_byte(b'\n').map_or(0, |at| at + 1);
        for line in self.said[..whole].lines() {
            if line.starts_with(b"%%<message:") {
                self.answers += 1;
            } else if let Some(message) = line.strip_prefix(b"%%>message:") {
                self.asked += 1;
                answer(message, &mut self.out);
            }
        }
        self.said.drain(..whole);
    }
}

/// What an engine says to a message: it did it, and on which leg; or how that leg is. Ten legs are in one room.
fn answer(message: &[u8], out: &mut Vec<u8>) {
    let id = message.split(|&byte| byte == b':').next().unwrap_or_default();
    let number = |marker: &str| {
        let at = message.find(marker)? + marker.len();
        message.get(at..at + 4)
    };
    out.extend_from_slice(b"%%<message:");
    out.extend_from_slice(id);
    if message.contains_str(":engine.status:") {
        let leg = number("=conf/").unwrap_or(b"0000");
        for part in [
            b":true:engine.status:name=conf/",
            leg,
            b",type=conf;peerid=sip/",
            leg,
            b",address=8",
            &leg[..3],
            b",mute=false%M%J\n",
        ] {
            out.extend_from_slice(part);
        }
    } else {
        out.extend_from_slice(b":true:chan.control::peerid=conf/");
        out.extend_from_slice(number("id=sip/").unwrap_or(b"0000"));
        out.push(b'\n');
    }
}

fn touchtone(path: &Path) {
    let text = "[yate]\nconnect = \"stdio\"\n[[code]]\nname = \"mute\"\nkeys = \"*6\"\nstate = \"conference\"\n\
                operation = \"mute-toggle\"\n[limits]\ncodes-per-second = 0\n";
    let config: Arc<Config> = match config::load(Path::new("bench.toml"), |_| Ok(text.to_owned())) {
        Ok(loaded) => loaded.config.into(),
        Err(refused) => panic!("{refused}"),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let address = Address::Unix(path.to_owned());
    // The engine goes when the round is over, and the thread with the process.
    runtime.block_on(link::run(Path::new("touchtone.toml"), config, &address, None)).ok();
}

/// A module that answers without looking at more than the ID.
fn answer_blindly(path: &Path) {
    let mut stream = UnixStream::connect(path).expect("an engine");
    let (mut said, mut out, mut buffer) = (Vec::new(), Vec::new(), vec![0; 65_536]);
    while let Ok(count) = stream.read(&mut buffer)
        && count > 0
    {
        said.extend_from_slice(&buffer[..count]);
        let whole = said.rfind_byte(b'\n').map_or(0, |at| at + 1);
        for line in said[..whole].lines() {
            let id = line.split(|&byte| byte == b':').nth(1).unwrap_or_default();
            for part in [&b"%%<message:"[..], id, b":false::\n"] {
                out.extend_from_slice(part);
            }
        }
        said.drain(..whole);
        if stream.write_all(&out).is_err() {
            return;
        }
        out.clear();
    }
}
