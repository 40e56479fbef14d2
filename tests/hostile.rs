//! Nothing that callers name, or those who route them, gets into a message, a file's name, or another caller's call.

mod common;

use std::time::Duration;

use bstr::{BStr, ByteSlice};
use common::brain::config;
use common::house::{House, engine};
use common::scene::Scene;
use jiff::Timestamp;
use proptest::prelude::*;
use touchtone::assist::{Assist, Role};
use touchtone::control::protocol::{Command, Switch, Who};
use touchtone::link::{Event, Pump};
use touchtone::moment::Moment;
use touchtone::sim::{ChannelId, Route, Settings};
use touchtone::stage::Told;
use touchtone::wire::{Answer, EngineLine, MAX_LINE_LIMIT, Message, ModuleLine, Params};

/// Every way in which a value of a caller's gets into a message.
const CODES: &str = r#"
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
struct Module {
    pump: Pump,
    now: Duration,
    sequence: u32,
}

impl Module {
    fn ready() -> Self {
        let mut module =
            Module { pump: Pump::new(Assist::new(config(CODES))), now: Duration::from_secs(1), sequence: 0 };
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
            module.answer(&id, true, "engine.status", "name=x,type=misc;chans=0;", &[]);
        }
        assert!(module.pump.assist().is_connected_and_ready());
        module.take();
        module
    }

    fn handle(&mut self, event: Event<'_>) {
        let now = Moment::at(self.now, Timestamp::UNIX_EPOCH);
        let ended = self.pump.handle_telling(now, event, |_| {});
        assert_eq!(ended, None, "the connection holds");
    }

    fn hear(&mut self, line: &EngineLine<'_>) {
        let mut bytes = Vec::new();
        line.encode(&mut bytes);
        self.handle(Event::Bytes(&bytes));
    }

    fn event(&mut self, name: &str, fields: &[(&str, &[u8])]) {
        self.answer(b"", true, name, "", fields);
    }

    fn answer(&mut self, id: &[u8], processed: bool, name: &str, retvalue: &str, fields: &[(&str, &[u8])]) {
        let params: Params<'static> = fields.iter().copied().collect();
        self.hear(&EngineLine::Answer(Answer {
            id: id.to_vec().into(),
            processed,
            name: name.as_bytes().into(),
            retvalue: retvalue.as_bytes().into(),
            params,
        }));
    }

    fn ask(&mut self, name: &str, fields: &[(&str, &[u8])]) {
        self.hear(&EngineLine::Message(Message::new(
            b"asked".as_slice(),
            name,
            fields.iter().copied().collect::<Params<'static>>(),
        )));
    }

    fn key(&mut self, channel: &str, keys: &str) {
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
    fn take(&mut self) -> Vec<u8> {
        let said = self.pump.pending().to_vec();
        self.handle(Event::Wrote(said.len()));
        said
    }

    /// As [`take`](Self::take); the engine does all that it is asked for.
    fn take_and_do(&mut self) -> Vec<u8> {
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

fn messages(said: &[u8]) -> impl Iterator<Item = Message<'_>> {
    said.lines().filter_map(|line| match ModuleLine::parse(line) {
        Ok(ModuleLine::Message(message)) => Some(message),
        _ => None,
    })
}

/// What a message is, whoever it is sent as.
fn name_of(message: &Message<'_>) -> String {
    let masked = message.params.get("message");
    masked.unwrap_or(message.name.clone()).to_str_lossy().into_owned()
}

/// Every parameter that the module, or its configuration, ever sends.
const KEYS: [&str; 34] = [
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
fn is_well_formed(said: &[u8]) -> Result<(), TestCaseError> {
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
fn value() -> impl Strategy<Value = Vec<u8>> {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_callers_and_rooms_are_called_every_line_is_one_line_with_the_parameters_that_are_meant(
        caller in value(), called in value(), billid in value(), room in value(), peer in value(),
    ) {
        let mut module = Module::ready();
        let prefixed = [b"conf/", room.as_slice()].concat();
        let mut said = Vec::new();
        module.ask("call.route", &[("caller", &caller), ("called", b"7800"), ("billid", &billid)]);
        module.ask("call.route", &[("caller", &caller), ("called", &called)]);
        let known: [(&str, &[u8]); 5] =
            [("id", b"sip/2"), ("caller", &caller), ("called", &called), ("billid", &billid), ("username", &peer)];
        module.event("chan.startup", &known);
        module.ask("call.execute", &[&known[..], &[("callto", prefixed.as_slice())]].concat());
        module.event("chan.connected", &[("id", b"sip/2"), ("peerid", &peer)]);
        module.key("sip/2", "*1*25");
        said.extend(module.take_and_do());
        module.event("call.execute", &[&known[..], &[("room", prefixed.as_slice()), ("peerid", b"conf/5")]].concat());
        module.event("chan.connected", &[("id", b"conf/5"), ("address", &room), ("peerid", b"sip/2")]);
        module.event("chan.connected", &[("id", b"sip/2"), ("peerid", b"conf/5"), ("lastpeerid", &peer)]);
        for code in ["*1", "*3", "*4", "*5201", "*6", "*7", "*0", "*3", "*8", "*9"] {
            module.key("sip/2", code);
            said.extend(module.take_and_do());
        }
        module.event("chan.notify", &[("targetid", &peer), ("event", b"joined"), ("room", &room), ("id", &caller)]);
        module.event("chan.hangup", &[("id", b"sip/2"), ("lastpeerid", &peer)]);
        said.extend(module.take_and_do());
        is_well_formed(&said)?;
        let kept = messages(&said).filter(|message| message.params.get("id").is_some_and(|id| *id == *b"sip/9")).count();
        prop_assert!(kept == 0 || peer == b"sip/9" || room == b"sip/9", "nobody else's call is spoken of");
        for message in messages(&said) {
            for name in ["override", "call", "callto"] {
                let value = message.params.get(name).unwrap_or_default();
                if let Some(file) = value.strip_prefix(b"wave/") {
                    let directories = file.iter().filter(|&&byte| byte == b'/').count();
                    prop_assert!(!file.contains_str("..") && directories <= 5, "{:?}", BStr::new(file));
                }
            }
            let direct = message.params.get("direct").unwrap_or_default();
            if let Some(number) = direct.strip_prefix(b"sip/sip:") {
                let at = number.iter().filter(|&&byte| byte == b'@').count();
                prop_assert!(at == 1 && !number.contains(&b';'), "{:?}", BStr::new(number));
            }
        }
    }
}

/// An engine with these rooms, by the numbers that lead there.
fn rooms(routes: &[(&str, &str)]) -> Settings {
    let mut settings = engine(&[]);
    settings.routes.extend(
        routes
            .iter()
            .map(|(number, target)| Route::new(*number, *target).with("lonely", "true").with("notify", "x")),
    );
    settings
}

/// The names of the rooms that are believed in, each with how many are there.
fn believed(scene: &Scene) -> Vec<(String, usize)> {
    let rooms = scene.stage.assist().rooms();
    let mut rooms: Vec<_> =
        rooms.into_iter().map(|room| (room.name.to_string(), room.participants.len())).collect();
    rooms.sort();
    rooms
}

fn lines_sent(scene: &mut Scene) -> Vec<String> {
    let told = scene.stage.take_told().into_iter();
    told.filter_map(|(_, told)| match told {
        Told::Sent(line) => Some(String::from_utf8_lossy(&line).into_owned()),
        _ => None,
    })
    .collect()
}

#[test]
fn a_room_whose_name_begins_as_a_resource_is_not_the_room_that_is_called_so_without_it() {
    let mut scene = Scene::new(config(CODES), rooms(&[("1", "conf/900"), ("2", "conf/conf/900")]));
    let honest = scene.call("alice", "1");
    let guest = scene.call("mallory", "2");
    let expected = [("900".to_owned(), 1), ("conf/900".to_owned(), 1)];
    assert_eq!(believed(&scene), expected);
    scene.stage.restart_module();
    scene.stage.advance(common::scene::SECOND);
    assert_eq!(believed(&scene), expected, "nor after a restart");
    scene.key(&guest, "*6");
    assert!(scene.muted(&guest), "who asks is asked about, and stays where they are");
    assert_eq!(believed(&scene), expected);
    scene.key(&guest, "*8");
    assert_eq!(believed(&scene), expected[..1], "they end their own");
    assert!(scene.sim().channel(&honest).is_some());
}

#[test]
fn a_room_cannot_be_called_so_that_somebody_else_sits_in_it() {
    let name = "x,peerid=sip/1,type=conference;lonely=true,mute=true";
    let mut scene = Scene::new(config(CODES), rooms(&[("1", "conf/900"), ("2", &format!("conf/{name}"))]));
    let victim = scene.call("alice", "1");
    let guest = scene.call("mallory", "2");
    assert_eq!(victim.as_str(), "sip/1");
    scene.stage.restart_module();
    scene.stage.advance(common::scene::SECOND);
    scene.key(&guest, "*6");
    assert!(scene.muted(&guest) && !scene.muted(&victim));
    let rooms = scene.stage.assist().rooms();
    let sitter = |room: &str| -> Vec<String> {
        let room = rooms.iter().find(|known| known.name == room).expect("a room");
        room.participants.iter().filter_map(|one| Some(one.channel.as_ref()?.to_string())).collect()
    };
    assert_eq!((sitter("900"), sitter(name)), (vec!["sip/1".to_owned()], vec![guest.as_str().to_owned()]));
}

#[test]
fn a_caller_who_is_called_as_a_channel_is_none() {
    let mut scene = Scene::new(config(CODES), rooms(&[("1", "conf/900")]));
    let victim = scene.call("alice", "1");
    let guest = scene.call("sip/1", "1");
    scene.key(&guest, "*6");
    assert!(scene.muted(&guest) && !scene.muted(&victim));
}

#[test]
fn what_a_caller_is_called_and_their_room_lead_no_file_elsewhere() {
    let up = "../../../etc/x";
    let mut scene = Scene::new(config(CODES), rooms(&[("2", &format!("conf/{up}"))]));
    let guest = scene.call(up, "2");
    scene.key(&guest, "*3");
    scene.key(&guest, "*4*0");
    scene.key(&guest, "*9");
    let lines = lines_sent(&mut scene);
    let files: Vec<&str> =
        lines.iter().flat_map(|line| line.split(':')).filter(|field| field.contains("=wave/")).collect();
    for what in ["/srv/rec/", "/srv/recorded/", "/srv/hello/", "/srv/sorry/", "/srv/bye/"] {
        assert!(files.iter().any(|file| file.contains(what)), "{what}: {files:?}");
    }
    for file in files {
        assert!(file.contains("/srv/") && !file.contains("..") && !file.contains("etc/x"), "{file}");
    }
}

#[test]
fn what_an_engine_cannot_be_told_fails_the_operation_and_not_the_connection() {
    for caller in [&b"a\0b"[..], &[b'7'; 60_000], &[b':'; 40_000]] {
        let mut module = Module::ready();
        let text = caller.repeat(2);
        module.event(
            "chan.startup",
            &[("id", b"sip/2"), ("caller", &text), ("called", caller), ("billid", &text)],
        );
        module.event("chan.connected", &[("id", b"sip/2"), ("peerid", b"sip/3")]);
        module.key("sip/2", "*1");
        let said = module.take_and_do();
        is_well_formed(&said).expect("lines");
        if caller.contains(&0) {
            assert!(
                !said.contains_str("test.message") && said.contains_str("tone/failed"),
                "{:?}",
                BStr::new(&said)
            );
        }
        module.key("sip/2", "5");
        assert!(module.take().contains_str("%%<message:asked:false::"), "it goes on");
    }
}

#[test]
fn a_room_that_is_no_text_is_come_back_to_by_its_own_name() {
    let text = format!("{CODES}\n[rooms.\"8*\"]\nwaiting = \"tone/ring\"\n");
    let mut module = Module::ready();
    module.pump = Pump::new(Assist::new(config(&text)));
    module.handle(Event::Connected(Role::Socket));
    let said = module.take();
    for id in messages(&said).map(|message| message.id.to_vec()).collect::<Vec<_>>() {
        module.answer(&id, true, "engine.status", "name=x,type=misc;chans=0;", &[]);
    }
    let room = b"conf/8\xff\xfe";
    module.ask("call.execute", &[("id", b"sip/2"), ("caller", b"1"), ("callto", room)]);
    assert!(module.take().contains_str("callto=tone/ring"));
    module.event("chan.connected", &[("id", b"sip/2"), ("peerid", b"tone/1")]);
    module.event("chan.startup", &[("id", b"sip/3"), ("caller", b"2")]);
    let organizer: [(&str, &[u8]); 3] =
        [("id", b"sip/3"), ("callto", room), ("touchtone_role", b"organizer")];
    module.event("call.execute", &[&organizer[..], &[("room", &room[..]), ("peerid", b"conf/5")]].concat());
    module.event("chan.connected", &[("id", b"conf/5"), ("address", b"8\xff\xfe"), ("peerid", b"sip/3")]);
    let said = module.take();
    let callto: Vec<_> =
        messages(&said).filter_map(|message| Some(message.params.get("callto")?.into_owned())).collect();
    assert_eq!(callto, [room.to_vec()], "{:?}", BStr::new(&said));
}

#[test]
fn commands_name_no_rooms_numbers_or_files_that_would_be_something_else() {
    let text = "[control]\nsocket = \"touchtone.sock\"\n[rooms.\"8*\"]\nlonely = true\n[[code]]\nname = \"m\"\nkeys = \"*6\"\noperation = \"mute\"\n";
    let mut house = House::new(text, engine(&[]));
    let there: ChannelId = house.call("alice", "800");
    house.scene.stage.take_told();
    for room in
        ["../800", "conf/../800", "800\n%%>quit", "conf/conf/800", "", "8\0", &"8".repeat(65), "conf/"]
    {
        let room = || room.to_owned();
        for command in [
            Command::End { room: room() },
            Command::Lock { room: room(), to: Switch::On },
            Command::Record { room: room(), to: Switch::On },
            Command::Kick { room: room(), who: Who::Last },
            Command::Mute { room: room(), who: Who::Channel(there.as_str().to_owned()), to: Switch::On },
            Command::Invite { room: room(), number: "201".into(), organizer: false },
        ] {
            assert!(house.refused(command.clone()).contains("can be no room's name"), "{command:?}");
        }
    }
    for number in ["1@elsewhere", "1/../2", "1:2=3", "1\n2", "", "sip/sip:1"] {
        let command = Command::Invite { room: "800".into(), number: number.into(), organizer: false };
        house.refused(command);
    }
    for sound in ["/srv/a\n.au", "wave/record//etc/x", "srv/hello.au", "/srv/\u{1b}.au"] {
        house.refused(Command::Announce { room: "800".into(), sound: sound.into(), who: None });
    }
    assert!(
        lines_sent(&mut house.scene).iter().all(|line| line.starts_with("%%<message:")),
        "nothing was asked of the engine"
    );
    assert!(house.is_in("800", &there));
}
