//! Any sequence of engine lines, in any order, true or not: the brain answers every message once and before anything
//! else, sends nothing that is no line, and lets nobody's leaving leave anything behind.
#![no_main]

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use touchtone::assist::{Assist, Input, Output, Role};
use touchtone::config::{self, Config};
use touchtone::moment::Moment;
use touchtone::wire::{EngineLine, ModuleLine};

static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| {
    let text = include_str!("../../config/conference.toml");
    let loaded = config::load(Path::new("conference.toml"), |_| Ok(text.to_owned()));
    Arc::new(loaded.expect("the example loads").config)
});

/// What a byte means: lines of a few channels, keys, legs and rooms, so that they meet each other.
struct Events<'b> {
    bytes: std::slice::Iter<'b, u8>,
    number: u32,
    sent: Vec<Vec<u8>>,
}

impl Events<'_> {
    fn byte(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or_default()
    }

    fn channel(&mut self) -> String {
        let kind = ["sip", "dumb", "conf", "tone"][usize::from(self.byte() % 4)];
        format!("{kind}/{}", self.byte() % 4)
    }

    fn key(&mut self) -> char {
        char::from(b"0123456789*#AD6*"[usize::from(self.byte() % 16)])
    }

    fn line(&mut self) -> String {
        self.number += 1;
        let (id, peer, number) = (self.channel(), self.channel(), self.number);
        let (key, room, flag) = (self.key(), self.byte() % 3, self.byte().is_multiple_of(2));
        match self.byte() % 14 {
            0..4 => format!(
                "%%>message:m{number}:1:chan.dtmf::id={id}:peerid={peer}:text={key}:sequence={}:duplicate={flag}",
                self.byte()
            ),
            4 => format!("%%>message:m{number}:1:call.route::id={id}:called=800"),
            5 => format!("%%<message::{flag}:chan.startup::id={id}:address={room}:caller=a%zb:called=800"),
            6 => format!(
                "%%<message::{flag}:call.execute::id={id}:peerid={peer}:room=conf/{room}:answered={flag}"
            ),
            7 => format!("%%<message::false:chan.connected::id={id}:peerid={peer}:address={room}"),
            8 => format!("%%<message::false:chan.disconnected::id={id}:lastpeerid={peer}:address={room}"),
            9 => format!("%%<message::false:chan.hangup::id={id}:lastpeerid={peer}"),
            10 => format!("%%<message::true:chan.control::id={id}:peerid={peer}:mute={flag}"),
            11 => {
                let event = ["created", "joined", "left", "destroyed", "recording", "dtmf"]
                    [usize::from(self.byte() % 6)];
                format!(
                    "%%<message::false:chan.notify::id={id}:event={event}:room={room}:peerid={peer}:text={key}"
                )
            }
            _ => self.answer(flag, &id, &peer, room),
        }
    }

    /// An answer to one of the messages sent, in any order, perhaps a second time.
    fn answer(&mut self, flag: bool, id: &str, peer: &str, room: u8) -> String {
        let at = usize::from(self.byte());
        let sent = self.sent.get(at % self.sent.len().max(1)).cloned().unwrap_or_default();
        let asked = String::from_utf8_lossy(&sent).into_owned();
        let mut fields = asked.split(':').skip(1);
        let (number, name) =
            (fields.next().unwrap_or("x").to_owned(), fields.nth(1).unwrap_or("x").to_owned());
        let account = format!("name=conf,type=misc,format=a;chans=1;{peer}=outgoing|{room}|{id}%M%J");
        format!("%%<message:{number}:{flag}:{name}:{account}:id={id}:peerid={peer}:room=conf/{room}")
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut events = Events { bytes: bytes.iter(), number: 0, sent: Vec::new() };
    let mut assist = Assist::new(CONFIG.clone());
    let mut now = Duration::ZERO;
    let moment = |now| Moment::at(now, Timestamp::UNIX_EPOCH);
    assist.handle_input(moment(now), Input::Connected(Role::Socket));
    drain(&mut assist, &mut events.sent);
    while events.bytes.len() > 0 {
        now += Duration::from_millis(u64::from(events.byte()) * 20);
        assist.handle_timeout(moment(now));
        drain(&mut assist, &mut events.sent);
        let text = events.line();
        let line = EngineLine::parse(text.as_bytes()).expect("a line of the protocol");
        let asked = match &line {
            EngineLine::Message(message) => Some(message.id.to_vec()),
            _ => None,
        };
        assist.handle_input(moment(now), Input::Line(line));
        let first = drain(&mut assist, &mut events.sent);
        match (asked, first.as_slice()) {
            (Some(id), [only]) => assert_eq!(*only, id, "the message that waits is answered"),
            (Some(_), answers) => panic!("{} answers to one message: {text}", answers.len()),
            (None, answers) => assert!(answers.is_empty(), "an answer that nobody waits for: {text}"),
        }
        assert!(events.sent.len() < 1 << 16);
    }
    assist.handle_input(moment(now), Input::Disconnected);
    drain(&mut assist, &mut Vec::new());
    assert_eq!(assist.poll_timeout(), None, "what is lost leaves no timer");
    assert!(assist.rooms().is_empty());
});

/// Takes all output; gives the ids that were answered. Answers come before everything else.
fn drain(assist: &mut Assist, sent: &mut Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut answered = Vec::new();
    let mut others = false;
    while let Some(output) = assist.poll_output() {
        let Output::Send(lines) = output else { continue };
        assert_eq!(lines.last(), Some(&b'\n'), "whole lines");
        for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            match ModuleLine::parse(line).expect("a line of the protocol") {
                ModuleLine::Answer(answer) => {
                    assert!(!others, "an answer waited for something else");
                    answered.push(answer.id.into_owned());
                }
                ModuleLine::Message(_) => {
                    others = true;
                    sent.push(line.to_vec());
                }
                _ => others = true,
            }
        }
    }
    answered
}
