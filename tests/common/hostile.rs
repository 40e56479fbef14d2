//! A module that is spoken to in bytes, and what callers may be called who mean no good.

use std::sync::Arc;
use std::time::Duration;

use bstr::{BStr, ByteSlice};
use jiff::Timestamp;
use proptest::prelude::*;
use touchtone::assist::{Assist, Role};
use touchtone::config::Config;
use touchtone::link::{Event, Pump};
use touchtone::moment::Moment;
use touchtone::wire::{Answer, EngineLine, MAX_LINE_LIMIT, Message, ModuleLine, Params};

/// Every way in which a value of a caller's gets into a message.
pub(crate) const CODES: &str = r#"
[record]
by = "leg"
file = "wave/record//srv/rec/${room}-${caller}-${channel}.au"

[calling]
direct = "sip/sip:${number}@gateway/${room}"
caller = "${room}"

[[route]]
called = "7(room:8xx)"
room = "conf/${caller}"

[states.conference]
on-unmatched = "wave/play//srv/sorry/${room}.au"

[[code]]
name = "message"
keys = "*1"
operation = "message"
message = "test.message"
masquerade = false
params = { caller = "${caller}", called = "${called}", billid = "${billid}", room = "${room}", peer = "${peer}", channel = "${channel}" }
on-failure = "tone/failed"

[[code]]
name = "join"
keys = "*2"
operation = "join"
room = "conf/${caller}"
params = { title = "${called}:owner=true" }
state = "call"

[[code]]
name = "record"
keys = "*3"
operation = "record-toggle"
state = "conference"
on-success = "wave/play//srv/recorded/${room}.au"

[[code]]
name = "announce"
keys = "*4"
operation = "announce"
sound = "wave/play//srv/hello/${room}.au"
state = "conference"

[[code]]
name = "invite"
keys = "*5(who:x{3})"
operation = "invite"
number = "${who}"
state = "conference"

[[code]]
name = "mute"
keys = "*6"
operation = "mute-toggle"
state = "conference"

[[code]]
name = "lock"
keys = "*7"
operation = "lock-toggle"
state = "conference"

[[code]]
name = "end"
keys = "*8"
operation = "end"
state = "conference"

[[code]]
name = "leave"
keys = "*9"
operation = "leave"
to = "wave/play//srv/bye/${room}.au"
state = "conference"

[limits]
codes-per-second = 0
"#;

/// A module that is spoken to in bytes, and says bytes.
pub(crate) struct Module {
    pub(crate) pump: Pump,
    now: Duration,
    sequence: u32,
}

impl Module {
    /// One that the engine has told that there is nothing yet.
    pub(crate) fn ready(config: Arc<Config>) -> Self {
        let mut module =
            Module { pump: Pump::new(Assist::new(config)), now: Duration::from_secs(1), sequence: 0 };
        module.handle(Event::Connected(Role::Socket));
        let size = EngineLine::LocalSet {
            name: b"bufsize".into(),
            value: MAX_LINE_LIMIT.to_string().into_bytes().into(),
            success: true,
        };
        let said = module.take();
        module.hear(&size);
        let accounts: Vec<Vec<u8>> = messages(&said).map(|message| message.id.to_vec()).collect();
        for id in accounts {
            module.answer(&id, true, "engine.status", "name=x,type=misc;chans=0;\r\n", &[]);
        }
        assert!(module.pump.assist().is_connected_and_ready());
        module.take();
        module
    }

    pub(crate) fn handle(&mut self, event: Event<'_>) {
        let now = Moment::at(self.now, Timestamp::UNIX_EPOCH);
        let ended = self.pump.handle_telling(now, event, |_| {});
        assert_eq!(ended, None, "the connection holds");
    }

    pub(crate) fn hear(&mut self, line: &EngineLine<'_>) {
        let mut bytes = Vec::new();
        line.encode(&mut bytes);
        self.handle(Event::Bytes { bytes: &bytes, since: self.now });
    }

    pub(crate) fn event(&mut self, name: &str, fields: &[(&str, &[u8])]) {
        self.answer(b"", true, name, "", fields);
    }

    pub(crate) fn answer(
        &mut self,
        id: &[u8],
        processed: bool,
        name: &str,
        retvalue: &str,
        fields: &[(&str, &[u8])],
    ) {
        let params: Params<'static> = fields.iter().copied().collect();
        self.hear(&EngineLine::Answer(Answer {
            id: id.to_vec().into(),
            processed,
            name: name.as_bytes().into(),
            retvalue: retvalue.as_bytes().into(),
            params,
        }));
    }

    pub(crate) fn ask(&mut self, name: &str, fields: &[(&str, &[u8])]) {
        self.hear(&EngineLine::Message(Message::new(
            b"asked".as_slice(),
            name,
            fields.iter().copied().collect::<Params<'static>>(),
        )));
    }

    pub(crate) fn key(&mut self, channel: &str, keys: &str) {
        for key in keys.chars() {
            self.sequence += 1;
            let sequence = self.sequence.to_string();
            let key = key.to_string();
            let fields: [(&str, &[u8]); 3] =
                [("id", channel.as_bytes()), ("text", key.as_bytes()), ("sequence", sequence.as_bytes())];
            self.ask("chan.dtmf", &fields);
        }
    }

    /// What was said since the last time.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let said = self.pump.pending().to_vec();
        self.handle(Event::Wrote(said.len()));
        said
    }

    /// As [`take`](Self::take); the engine does all that it is asked for.
    pub(crate) fn take_and_do(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        for _ in 0..20 {
            let said = self.take();
            let asked: Vec<_> =
                messages(&said).map(|message| (message.id.to_vec(), name_of(&message))).collect();
            for (at, (id, name)) in asked.into_iter().enumerate() {
                let (own, leg) = (format!("dumb/{at}"), format!("conf/9{at}"));
                let fields: [(&str, &[u8]); 2] = [("id", own.as_bytes()), ("peerid", leg.as_bytes())];
                self.answer(&id, true, &name, "", &fields);
            }
            all.extend_from_slice(&said);
            if said.is_empty() {
                break;
            }
        }
        all
    }
}

pub(crate) fn messages(said: &[u8]) -> impl Iterator<Item = Message<'_>> {
    said.lines().filter_map(|line| match ModuleLine::parse(line) {
        Ok(ModuleLine::Message(message)) => Some(message),
        _ => None,
    })
}

/// What a message is, whoever it is sent as.
pub(crate) fn name_of(message: &Message<'_>) -> String {
    let masked = message.params.get("message");
    masked.unwrap_or(message.name.clone()).to_str_lossy().into_owned()
}

/// Every parameter that the module, or its configuration, ever sends.
pub(crate) const KEYS: [&str; 34] = [
    "id",
    "message",
    "caller",
    "called",
    "billid",
    "room",
    "peer",
    "channel",
    "title",
    "notify",
    "callto",
    "override",
    "single",
    "call",
    "target",
    "direct",
    "utility",
    "counted",
    "existing",
    "copyparams",
    "maxcall",
    "module",
    "mute",
    "reason",
    "text",
    "sequence",
    "error",
    "autoanswer",
    "autorepeat",
    "touchtone_role",
    "touchtone_entry",
    "record",
    "recordwarn",
    "targetid",
];

/// All that is said is whole lines, each a line of the protocol with parameters that are ours, and none too long.
pub(crate) fn is_well_formed(said: &[u8]) -> Result<(), TestCaseError> {
    prop_assert!(said.is_empty() || said.ends_with(b"\n"));
    for line in said.split_inclusive(|&byte| byte == b'\n') {
        prop_assert!(line.len() < MAX_LINE_LIMIT, "{} bytes", line.len());
        let line = &line[..line.len() - 1];
        prop_assert!(line.iter().all(|&byte| byte >= b' '), "{:?}", BStr::new(line));
        let params = match ModuleLine::parse(line) {
            Ok(ModuleLine::Message(Message { params, .. }) | ModuleLine::Answer(Answer { params, .. })) => {
                params
            }
            Ok(_) => continue,
            Err(problem) => return Err(TestCaseError::fail(format!("{problem}: {:?}", BStr::new(line)))),
        };
        let mut names: Vec<Vec<u8>> = params.iter().map(|(name, _)| name.into_owned()).collect();
        let known = |name: &Vec<u8>| KEYS.iter().any(|known| known.as_bytes() == name.as_slice());
        prop_assert!(names.iter().all(known), "{names:?}");
        names.sort();
        names.dedup();
        prop_assert_eq!(names.len(), params.iter().count(), "none is there twice");
    }
    Ok(())
}

/// Anything, and what would be something if it were not kept apart.
pub(crate) fn value() -> impl Strategy<Value = Vec<u8>> {
    let nasty = prop::sample::select(vec![
        &b":id=sip/9:owner=true"[..],
        b"%z",
        b"%",
        b"%%",
        b"%@",
        b"%J",
        b"%}",
        b":",
        b"=",
        b"\n",
        b"\r\n%%>message:x:0:call.drop::id=sip/9\n",
        b"\0",
        b"\xff\xfe",
        b"\xc3",
        b"../",
        b"/../../etc/x",
        b"conf/",
        b"conf/conf/",
        b"sip/2",
        b"dumb/1",
        b"${caller}",
        b"${room}",
        b",peerid=sip/9",
        b";type=conference",
        b"|",
        b"\x1b[2J",
        b"\xe2\x80\xae",
        b"a",
        b"touchtone-record-",
        b"touchtone-call-1-2-3-4-",
        b"#",
        b"@",
    ]);
    let piece = prop_oneof![
        nasty.prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..20),
        "[ -~]{0,8}".prop_map(String::into_bytes),
    ];
    let short = prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat());
    prop_oneof![20 => short.clone(), 1 => (short, 1_000usize..30_000).prop_map(|(piece, times)| {
        piece.repeat(times).into_iter().take(60_000).collect()
    })]
}
