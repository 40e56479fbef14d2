//! What organizers and participants do to a room by keys and by commands, through the same operations.

mod common;

use common::house::{House, engine};
use touchtone::control::protocol::{Command, Switch, Who};
use touchtone::sim::{Callee, ChannelId, Route, Settings};

const CODES: &str = r#"
[control]
socket = "touchtone.sock"
[rooms."8*"]
lonely = true
[calling]
direct = "sip/sip:${number}@127.0.0.1:7000"
ring = "10s"
"#;

/// A code of each operation that organizers have.
fn codes() -> String {
    let of = |name: &str, keys: &str, more: &str| {
        format!("[[code]]\nname = {name:?}\nkeys = {keys:?}\nstate = \"conference\"\n{more}\n")
    };
    let organizer = |name: &str, keys: &str, more: &str| {
        of(name, keys, &format!("allow = \"organizer\"\noperation = {name:?}\n{more}"))
    };
    [
        CODES.to_owned(),
        of("mute", "*6", "operation = \"mute-toggle\""),
        of("count", "*80", "operation = \"count\""),
        of("talkers", "*81", "operation = \"talkers\""),
        organizer("mute-others", "*70", ""),
        organizer("unmute-all", "*71", ""),
        organizer("kick", "*4(seat:x{1,2})#", "seat = \"${seat}\""),
        organizer("kick-last", "*4*", ""),
        organizer("invite", "*2(number:x{3,15})#", "number = \"${number}\""),
        organizer("announce", "*82", "sound = \"wave/play//srv/hello.au\""),
        organizer("end", "*11", ""),
    ]
    .concat()
}

fn settings(callees: &[(&str, Callee)]) -> Settings {
    let mut settings = engine(callees);
    settings.routes.push(Route::new("900", "conf/800").with("touchtone_role", "organizer"));
    settings
}

fn house() -> House {
    House::new(&codes(), settings(&[]))
}

/// An organizer and two participants in room 800.
fn three(house: &mut House) -> (ChannelId, ChannelId, ChannelId) {
    (house.call("alice", "900"), house.call("bob", "800"), house.call("carol", "800"))
}

/// How many tones of those that count units a caller heard.
fn beeps(house: &House, channel: &ChannelId) -> usize {
    house.heard(channel).iter().filter(|sound| sound.starts_with("tone/880/")).count()
}

fn room() -> String {
    "800".to_owned()
}

#[test]
fn an_organizer_mutes_all_others_and_unmutes_everybody() {
    let mut house = house();
    let (alice, bob, carol) = three(&mut house);
    house.key(&bob, "*6");
    house.key(&alice, "*70");
    assert_eq!([&alice, &bob, &carol].map(|who| house.scene.muted(who)), [false, true, true]);
    house.key(&bob, "*6");
    assert!(!house.scene.muted(&bob), "the toggle flips what is");
    house.key(&alice, "*71");
    assert_eq!([&alice, &bob, &carol].map(|who| house.scene.muted(who)), [false, false, false]);
    house.key(&bob, "*70");
    assert!(!house.scene.muted(&carol), "no code of a participant's");
}

#[test]
fn who_unmutes_everybody_is_heard_again_too() {
    let mut house = house();
    let (alice, bob, _) = three(&mut house);
    assert_eq!(house.done(Command::Mute { room: room(), who: Who::All, to: Switch::On }), "all muted");
    house.key(&alice, "*71");
    assert_eq!([&alice, &bob].map(|who| house.scene.muted(who)), [false, false]);
    house.key(&alice, "*6");
    assert!(house.scene.muted(&alice), "and what she keys next is done");
}

#[test]
fn organizers_who_mute_each_other_at_once_wait_for_nobody_and_go_on() {
    let mut house = house();
    let (alice, bob) = (house.call("alice", "900"), house.call("bob", "900"));
    for (who, keys) in [(&bob, "*6*70"), (&alice, "*70")] {
        house.scene.stage.sim_mut().key(who, &keys.parse().expect("keys"));
    }
    house.seconds(2);
    assert_eq!([&alice, &bob].map(|who| house.scene.muted(who)), [true, true]);
    for who in [&alice, &bob] {
        house.key(who, "*6");
    }
    assert_eq!([&alice, &bob].map(|who| house.scene.muted(who)), [false, false]);
}

#[test]
fn a_participant_is_thrown_out_by_seat_or_as_the_last_who_came() {
    let mut house = house();
    let (alice, bob, carol) = three(&mut house);
    house.key(&alice, "*42#");
    assert!(house.scene.sim().channel(&bob).is_none() && house.is_in("800", &carol));
    house.key(&alice, "*42#");
    house.key(&alice, "*47#");
    house.key(&alice, "*41#");
    assert!(house.is_in("800", &carol) && house.is_in("800", &alice), "nobody else, and not herself");
    let failures = house.failures();
    assert_eq!(failures, ["nobody is on seat 2", "nobody is on seat 7", "who keyed it is on that seat"]);
    house.key(&alice, "*4*");
    assert!(house.scene.sim().channel(&carol).is_none());
    let attendance = house.attendance();
    let reasons: Vec<_> = attendance.iter().map(|one| (one.caller.as_str(), one.reason.as_str())).collect();
    assert_eq!(reasons, [("alice", ""), ("bob", "kicked"), ("carol", "kicked")]);
}

#[test]
fn who_is_called_in_comes_in_when_they_answer_and_the_organizer_hears_who_does_not() {
    let callees = [("201", Callee::default()), ("202", Callee::Busy), ("203", Callee::NoAnswer)];
    let mut house = House::new(&codes(), settings(&callees));
    let alice = house.call("alice", "900");
    house.key(&alice, "*2201#");
    let seats = house.seats("800");
    assert_eq!(seats[1], (2, "201".to_owned(), String::new()), "{seats:?}");
    let heard = house.heard(&alice).len();
    house.key(&alice, "*2202#");
    house.seconds(3);
    assert!(house.heard(&alice).len() > heard, "alice hears that 202 is busy");
    house.key(&alice, "*2203#");
    assert_eq!(house.scene.sim().channels().filter(|channel| channel.called == "203").count(), 1, "it rings");
    house.seconds(12);
    assert_eq!(house.scene.sim().channels().filter(|channel| channel.called == "203").count(), 0);
    assert_eq!(house.seats("800").len(), 2);
    assert_eq!(house.scene.sim().channels().filter(|c| c.id.as_str().starts_with("dumb/")).count(), 0);
}

#[test]
fn how_many_are_there_is_told_to_who_keyed_it() {
    let mut house = house();
    let (alice, bob, _) = three(&mut house);
    house.key(&alice, "*80");
    assert_eq!(beeps(&house, &alice), 3, "{:?}", house.heard(&alice));
    assert!(house.heard(&bob).is_empty());
    assert_eq!(house.done(Command::Mute { room: room(), who: Who::Seat(2), to: Switch::On }), "muted");
}

#[test]
fn who_is_talking_is_shown_while_they_do() {
    let mut settings = settings(&[]);
    settings.routes[0] = settings.routes[0].clone().with("speakers", "3").with("interval", "1000");
    let mut house = House::new(&codes(), settings);
    let (alice, bob) = (house.call("alice", "800"), house.call("bob", "800"));
    house.scene.stage.sim_mut().talk(&bob, 21);
    house.seconds(2);
    let talking = |house: &mut House| {
        let room = house.room("800").expect("the room");
        room.seats.iter().map(|seat| seat.talking).collect::<Vec<_>>()
    };
    assert_eq!(talking(&mut house), [None, Some(21)]);
    house.key(&alice, "*81");
    assert_eq!(beeps(&house, &alice), 2, "seat 2, by tones: {:?}", house.heard(&alice));
    house.scene.stage.sim_mut().talk(&bob, 0);
    house.seconds(3);
    assert_eq!(talking(&mut house), [None, None]);
}

#[test]
fn what_is_announced_is_played_to_the_room_one_after_the_other_and_the_leg_goes() {
    let mut settings = settings(&[]);
    settings.play_time = std::time::Duration::from_secs(4);
    let mut house = House::new(&codes(), settings);
    three(&mut house);
    for file in ["/a.au", "/b.au"] {
        let sound = file.to_owned();
        assert_eq!(house.done(Command::Announce { room: room(), sound, who: None }), "announced");
    }
    let playing = |house: &House| {
        let room = house.scene.sim().room("800").expect("the room");
        let voice = room.members.iter().filter(|member| member.utility);
        let channels: Vec<_> = voice.map(|member| house.scene.sim().channel(&member.leg)).collect();
        channels.into_iter().flatten().filter_map(|channel| channel.hearing).collect::<Vec<_>>()
    };
    let mut heard: Vec<String> = Vec::new();
    for _ in 0..200 {
        house.wait(std::time::Duration::from_millis(100));
        for sound in playing(&house) {
            if heard.last() != Some(&sound) {
                heard.push(sound);
            }
        }
    }
    let room = house.scene.sim().room("800").expect("the room");
    assert_eq!(room.members.len(), 3, "the leg is gone");
    assert_eq!(house.troubles(), Vec::<String>::new());
    assert_eq!(heard, ["wave/play//a.au", "wave/play//b.au"]);
    assert_eq!(house.seats("800").len(), 3, "nobody counts it");
}

#[test]
fn what_is_announced_to_one_is_heard_by_nobody_else() {
    let mut house = house();
    let (alice, bob, carol) = three(&mut house);
    let sound = "/srv/hello.au".to_owned();
    let command = Command::Announce { room: room(), sound, who: Some(Who::Seat(2)) };
    assert_eq!(house.done(command), "announced");
    assert_eq!(house.heard(&bob), ["wave/play//srv/hello.au"]);
    assert!(house.heard(&alice).is_empty() && house.heard(&carol).is_empty());
}

#[test]
fn everything_that_a_key_does_a_command_does() {
    let mut house = house();
    let (_, bob, carol) = three(&mut house);
    let channel = Who::Channel(bob.as_str().to_owned());
    assert_eq!(house.done(Command::Mute { room: room(), who: channel, to: Switch::Toggle }), "muted");
    assert!(house.scene.muted(&bob));
    assert_eq!(house.done(Command::Mute { room: room(), who: Who::All, to: Switch::Off }), "all unmuted");
    assert!(!house.scene.muted(&bob));
    assert_eq!(house.done(Command::Record { room: room(), to: Switch::On }), "recording");
    assert_eq!(house.room("800").map(|room| room.recording), Some(true));
    assert_eq!(house.done(Command::Record { room: room(), to: Switch::Off }), "not recording");
    assert_eq!(house.done(Command::Kick { room: room(), who: Who::Last }), "kicked");
    assert!(house.scene.sim().channel(&carol).is_none());
    let invite = Command::Invite { room: "conf/800".to_owned(), number: "201".to_owned(), organizer: true };
    assert_eq!(house.done(invite), "calling 201");
    assert_eq!(house.seats("800").last().expect("a seat").2, "organizer");
    assert_eq!(house.done(Command::End { room: room() }), "ended");
    assert_eq!(house.room("800"), None);
    assert_eq!(house.scene.sim().rooms().count(), 0);
}

#[test]
fn commands_that_cannot_be_done_say_why() {
    let mut house = house();
    let of = |house: &mut House, command| house.refused(command);
    assert_eq!(of(&mut house, Command::End { room: room() }), "there is no room 800");
    let kick = |who| Command::Kick { room: room(), who };
    assert_eq!(of(&mut house, kick(Who::Seat(1))), "there is no room 800");
    house.call("alice", "900");
    assert_eq!(of(&mut house, kick(Who::Seat(9))), "nobody is on seat 9 of 800");
    for room in ["", "../x", "a\nb", "conf/"] {
        let said = of(&mut house, Command::End { room: room.to_owned() });
        assert!(said.ends_with("can be no room's name"), "{said}");
    }
    let number = "1:params=x\n".to_owned();
    let said = of(&mut house, Command::Invite { room: room(), number, organizer: false });
    assert!(said.starts_with("a number has"), "{said}");
    let said = of(&mut house, Command::Announce { room: room(), sound: "hello.au".to_owned(), who: None });
    assert!(said.contains("neither a whole path"), "{said}");
    let said = of(&mut house, Command::Extend { room: room(), minutes: 5 });
    assert_eq!(said, "no conference of the schedule is being held there");
}

#[test]
fn a_conference_is_ended_for_everybody_by_a_key() {
    let mut house = house();
    let (alice, ..) = three(&mut house);
    house.key(&alice, "*11");
    assert_eq!(house.scene.sim().channels().count(), 0);
    assert!(house.attendance().iter().all(|one| one.reason == "ended" && one.seconds.is_some()));
}
