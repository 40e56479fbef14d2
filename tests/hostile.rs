//! Nothing that callers name, or those who route them, gets into a message, a file's name, or another caller's call.

mod common;

use bstr::{BStr, ByteSlice};
use common::brain::config;
use common::hostile::{CODES, Module, is_well_formed, messages, value};
use common::house::{House, engine};
use common::scene::Scene;
use proptest::prelude::*;
use touchtone::control::protocol::{Command, Switch, Who};
use touchtone::sim::{ChannelId, Route, Settings};
use touchtone::stage::Told;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_callers_and_rooms_are_called_every_line_is_one_line_with_the_parameters_that_are_meant(
        caller in value(), called in value(), billid in value(), room in value(), peer in value(),
    ) {
        let mut module = Module::ready(config(CODES));
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
                    let leads_up = file.split(|&byte| byte == b'/').any(|part| part == b"..");
                    prop_assert!(!leads_up && directories <= 5, "{:?}", BStr::new(file));
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
        let mut module = Module::ready(config(CODES));
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
    let mut module = Module::ready(config(&text));
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
    // It is asked now and then what is so.
    let harmless = |line: &String| line.starts_with("%%<message:") || line.contains(":engine.status:");
    assert!(lines_sent(&mut house.scene).iter().all(harmless), "nothing else was asked of the engine");
    assert!(house.is_in("800", &there));
}
