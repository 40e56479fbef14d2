//! Everything that a conference server does, by the daemon as a process: callers on a simulated engine behind a socket, the
//! command line, and a store in a file. Time is real, so all that takes long is short here.

#![allow(clippy::disallowed_methods)] // It waits as callers do.

mod common;

use std::time::Duration;

use common::client::Client;
use common::house::engine;
use common::site::{Site, until};
use touchtone::config::Address;
use touchtone::sim::{Callee, ChannelId, Route, Settings};
use touchtone::store::AttemptState::{Busy, Joined, NoAnswer};

const RULES: &str = r#"
[rooms."8*"]
lonely = true
max-users = 7
speakers = 3
interval = "1s"
[rooms."8*".organizer]
billing = true
[rooms."8*".participant]
billing = true

[[route]]
called = "7(room:8xx)"
room = "conf/${room}"
[[route]]
called = "7000"

[calling]
ring = "2s"
[schedule]
retries = 1
retry-after = "1s"
warn-before = "none"
[record]
warn = "wave/play//recorded.au"
"#;

/// The codes of everybody, and of organizers.
fn codes() -> String {
    let code = |name: &str, keys: &str, states: &str, more: &str| {
        format!("[[code]]\nname = {name:?}\nkeys = {keys:?}\nstate = {states}\n{more}\n")
    };
    let here = |name: &str, keys: &str, more: &str| {
        code(name, keys, "\"conference\"", &format!("operation = {name:?}\n{more}"))
    };
    let organizer =
        |name: &str, keys: &str, more: &str| here(name, keys, &format!("allow = \"organizer\"\n{more}"));
    [
        code(
            "join",
            "*3(room:x{3})#",
            "[\"call\", \"dial\"]",
            "operation = \"join\"\nroom = \"conf/${room}\"",
        ),
        code("pin", "(pin:x{4,8})#", "\"pin\"", "operation = \"enter-pin\"\npin = \"${pin}\""),
        code("which", "(room:x{3})#", "\"lobby\"", "operation = \"enter-room\"\nroom = \"conf/${room}\""),
        here("mute-toggle", "*6", ""),
        here("count", "*80", ""),
        here("talkers", "*81", ""),
        here("leave", "*0", ""),
        organizer("mute-others", "*70", ""),
        organizer("unmute-all", "*71", ""),
        organizer("record-toggle", "*9", ""),
        organizer("lock-toggle", "*5", ""),
        organizer("kick", "*4(seat:x{1,2})#", "seat = \"${seat}\""),
        organizer("kick-last", "*4*", ""),
        organizer("invite", "*2(number:x{3,15})#", "number = \"${number}\""),
        organizer("announce", "*82", "sound = \"wave/play//gavel.au\""),
        organizer("end", "*11", ""),
    ]
    .concat()
}

/// 900 is room 800 for organizers.
fn settings(callees: &[(&str, Callee)]) -> Settings {
    let mut settings = engine(callees);
    settings.play_time = Duration::from_millis(1500);
    settings.routes.push(Route::new("900", "conf/800").with("touchtone_role", "organizer"));
    settings
}

fn site_with(more: &str, settings: Settings) -> Site {
    Site::new(&format!("{more}{RULES}{}", codes()), settings)
}

fn site() -> Site {
    site_with("", settings(&[]))
}

/// An organizer and two participants in room 800.
fn three(site: &Site) -> [ChannelId; 3] {
    [site.enter("alice", "900", "800"), site.enter("bob", "800", "800"), site.enter("carol", "800", "800")]
}

/// Who is muted in room 800, by the engine.
fn muted(site: &Site, who: &[&ChannelId]) -> Vec<bool> {
    site.engine.with(|sim| who.iter().filter_map(|id| sim.channel(id)).map(|channel| channel.muted).collect())
}

/// Waits until that plays into room 800 on a leg that is nobody's.
fn plays(site: &Site, sound: &str) {
    site.engine_has(sound, |sim| {
        sim.room("800").is_some_and(|room| {
            room.members.iter().any(|member| member.utility && member.playing.as_deref() == Some(sound))
        })
    });
}

#[test]
fn announcements_are_heard_in_the_room_one_after_the_other_and_nobody_counts_the_voice() {
    let site = site();
    let [alice, bob, _] = three(&site);
    assert_eq!(site.done("announce 800 /first.au"), "announced");
    assert_eq!(site.done("announce 800 wave/play//second.au"), "announced");
    plays(&site, "wave/play//first.au");
    assert_eq!(site.callers("800"), ["alice", "bob", "carol"]);
    plays(&site, "wave/play//second.au");
    site.engine_has("the voice is gone", |sim| sim.room("800").is_some_and(|room| room.members.len() == 3));
    site.key(&bob, "*82");
    site.daemon.log.wait_for(&["dropped", bob.as_str(), "*82"]);
    site.key(&alice, "*82");
    plays(&site, "wave/play//gavel.au");
    let said = site.refused("announce 800 nosuch.au");
    assert!(said.contains("neither a whole path"), "{said}");
}

#[test]
fn what_is_said_to_one_caller_nobody_else_hears() {
    let site = site();
    let [alice, bob, carol] = three(&site);
    site.key(&bob, "*80");
    let beeps = |who| site.heard(who).iter().filter(|sound| sound.starts_with("tone/880/")).count();
    until("three are counted", || beeps(&bob) == 3);
    assert_eq!((site.heard(&alice).len(), site.heard(&carol).len()), (0, 0));
}

#[test]
fn participants_are_muted_and_unmuted_by_keys_and_by_commands_alike() {
    let site = site();
    let [alice, bob, carol] = three(&site);
    let all = [&alice, &bob, &carol];
    let shown = || site.seats("800").iter().map(|seat| seat.muted == Some(true)).collect::<Vec<_>>();
    let so = |wanted: [bool; 3]| {
        until(&format!("{wanted:?} are muted, and shown so"), || {
            shown() == wanted && muted(&site, &all) == wanted
        });
    };
    assert_eq!(site.done("mute 800 --seat 2"), "muted");
    so([false, true, false]);
    site.key(&bob, "*6");
    so([false, false, false]);
    site.key(&alice, "*70");
    so([false, true, true]);
    assert_eq!(site.done(&format!("mute 800 --channel {carol} toggle")), "unmuted");
    so([false, true, false]);
    site.done("mute 800 --all");
    so([true, true, true]);
    site.key(&alice, "*71");
    so([false, false, false]);
    site.key(&bob, "*70");
    assert_eq!(site.refused("mute 800 --seat 9"), "error: nobody is on seat 9 of 800");
    so([false, false, false]);
}

#[test]
fn a_room_is_recorded_with_a_warning_by_key_and_by_command() {
    let site = site();
    let [alice, ..] = three(&site);
    site.key(&alice, "*9");
    until("it is shown as recorded", || site.room("800").is_some_and(|room| room.recording));
    let file = site.engine_room("800").expect("the room").recordings().remove(0).to_owned();
    assert!(file.starts_with("wave/record/") && file.contains("800"), "{file}");
    assert_eq!(site.callers("800").len(), 3, "who records is nobody");
    plays(&site, "wave/play//recorded.au");
    assert_eq!(site.done("record 800 off"), "not recording");
    assert_eq!(site.room("800").map(|room| room.recording), Some(false));
    site.engine_has("the recording is over", |sim| sim.recordings().any(|ended| ended == file));
    assert_eq!(site.done("record 800 toggle"), "recording");
    assert_eq!(site.engine_room("800").map(|room| room.recordings().len()), Some(1));
}

#[test]
fn participants_are_added_by_calling_them_and_removed_by_their_seats() {
    let site = site_with("", settings(&[("202", Callee::Busy)]));
    let [alice, bob, carol] = three(&site);
    site.key(&alice, "*2201#");
    until("201 is there", || site.callers("800") == ["alice", "bob", "carol", "201"]);
    assert_eq!(site.done("invite 800 203 --organizer"), "calling 203");
    until("203 is there", || site.callers("800").len() == 5);
    assert_eq!(site.seats("800")[4].role, "organizer");
    let heard = site.heard(&alice).len();
    site.key(&alice, "*2202#");
    until("alice hears that 202 is busy", || site.heard(&alice).len() > heard + 1);
    site.key(&alice, "*42#");
    until("bob is gone", || site.callers("800") == ["alice", "carol", "201", "203"]);
    assert_eq!(site.done("kick 800 --last"), "kicked");
    assert_eq!(site.done(&format!("kick 800 --channel {carol}")), "kicked");
    assert!(site.engine.with(|sim| sim.channel(&bob).is_none() && sim.channel(&carol).is_none()));
    assert_eq!(site.callers("800"), ["alice", "201"]);
    assert_eq!(site.refused("kick 800 --seat 2"), "error: nobody is on seat 2 of 800");
}

#[test]
fn who_was_there_for_how_long_is_what_the_engine_bills() {
    let site = site();
    let address: Address = site.engine.address().parse().expect("an address");
    let mut other = Client::connect(&address);
    other.watch("call.cdr");
    let [alice, bob, _] = three(&site);
    let there = site.attendance();
    assert!(there.iter().all(|one| one.left.is_none() && one.reason.is_empty()), "{there:?}");
    std::thread::sleep(Duration::from_millis(700));
    site.engine.hangup(&bob);
    std::thread::sleep(Duration::from_millis(700));
    site.key(&alice, "*11");
    until("all are gone", || site.attendance().iter().all(|one| one.left.is_some()));
    let attendance = site.attendance();
    let told: Vec<_> = attendance.iter().map(|one| (&*one.caller, &*one.role, &*one.reason)).collect();
    assert_eq!(told, [("alice", "organizer", "ended"), ("bob", "", "left"), ("carol", "", "ended")]);
    let bills: Vec<_> = other
        .take_watched()
        .into_iter()
        .filter(|said| said.get("operation") == "finalize" && said.get("chan").starts_with("conf/"))
        .collect();
    assert_eq!(bills.len(), 3, "{bills:?}");
    for one in &attendance {
        let bill = bills.iter().find(|bill| bill.get("chan") == one.key.leg).expect("a bill of that leg");
        let billed: f64 = bill.get("duration").parse().expect("a duration");
        let seconds = one.seconds.expect("an end");
        assert!((billed - seconds).abs() < 1.0 && seconds > 0.6, "{billed} {one:?}");
        assert_eq!(bill.get("billid"), one.billid);
    }
    let csv = site.done("attendance --room 800 --format csv");
    assert_eq!(csv.lines().count(), 4, "{csv}");
    assert!(csv.contains(&bob.to_string()) && site.done("attendance --room 801").contains("nobody"), "{csv}");
}

#[test]
fn who_is_talking_is_shown_and_told() {
    let site = site();
    let [alice, bob, _] = three(&site);
    site.engine.with(|sim| sim.talk(&bob, 21));
    let talking = || site.seats("800").iter().map(|seat| seat.talking).collect::<Vec<_>>();
    until("bob is shown to talk", || talking() == [None, Some(21), None]);
    site.key(&alice, "*81");
    until("alice is told that it is seat 2", || site.heard(&alice).len() >= 2);
    let table = site.done("rooms 800");
    assert!(table.contains("bob") && table.contains("talk"), "{table}");
    site.engine.with(|sim| sim.talk(&bob, 0));
    until("nobody is shown to talk", || talking() == [None, None, None]);
}

#[test]
fn a_conference_comes_to_be_by_routing_by_a_route_of_ours_by_a_key_and_by_a_command_with_the_same_rules() {
    let site = site();
    site.enter("alice", "800", "800");
    site.enter("bob", "7812", "812");
    let dave = site.call("dave", "7010");
    site.key(&dave, "*3823#");
    site.shows_in("823", &dave);
    assert_eq!(site.done("invite 834 201"), "calling 201");
    until("201 is there", || site.callers("834") == ["201"]);
    for name in ["800", "812", "823", "834"] {
        let room = site.engine_room(name).expect("the room");
        assert_eq!((room.max_users, room.lonely), (7, true), "{room:?}");
        assert_eq!(room.notify.as_deref(), Some("touchtone"));
        assert_eq!(site.room(name).and_then(|room| room.max_users), Some(7));
    }
    assert_eq!(site.callers("823").len(), 2, "both parties of a call");
    assert_eq!(site.done("end 823"), "ended");
    assert!(site.engine.with(|sim| sim.room("823").is_none() && sim.channel(&dave).is_none()));
    assert_eq!(site.refused("rooms 823"), "error: there is no room 823");
}

#[test]
fn who_is_on_record_is_let_into_their_conference_and_who_is_not_is_asked_which_and_for_a_pin() {
    let site = site();
    let pin = site.folder.path().join("pin");
    std::fs::write(&pin, "862953\n").expect("a file");
    let more = format!("--room 850 --organizer alice,Ana --participant bob --pin-file {}", pin.display());
    let conference = site.schedule(60, &more);
    assert!(conference.has_pin && !conference.has_organizer_pin);
    site.enter("alice", "7000", "850");
    site.enter("bob", "7850", "850");
    let seats = site.seats("850");
    assert_eq!((&*seats[0].role, &*seats[0].name, &*seats[1].role), ("organizer", "Ana", ""));
    let eve = site.call("eve", "7000");
    until("eve is asked for a room", || site.heard(&eve).len() == 1);
    site.key(&eve, "850#");
    until("eve is asked for a PIN", || site.heard(&eve).len() > 1);
    assert_eq!(site.callers("850"), ["alice", "bob"]);
    let heard = site.heard(&eve).len();
    site.key(&eve, "862954#");
    until("eve hears that it was wrong", || site.heard(&eve).len() > heard);
    site.key(&eve, "862953#");
    site.shows_in("850", &eve);
    let held = site.room("850").and_then(|room| room.conference).expect("what is held");
    assert_eq!(held.id, conference.id);
    assert!(site.attendance().iter().all(|one| one.conference == Some(conference.id)));
    let mut site = site;
    site.daemon.leave();
    let log = site.daemon.log.rest();
    assert!(log.iter().any(|line| line.contains("(secret)")), "digits are told");
    // A line begins with its time, in which any digits may be.
    let after_the_time =
        |line: &String| line.split_once(' ').map_or(String::new(), |(_, rest)| rest.to_owned());
    let told: Vec<_> = log.iter().map(after_the_time).filter(|line| line.contains("86295")).collect();
    assert!(told.is_empty(), "but none of a PIN's: {told:?}");
}

#[test]
fn at_its_time_everybody_is_called_and_who_is_missing_is_told_and_at_its_end_all_go() {
    let callees = [("202", Callee::Busy), ("203", Callee::NoAnswer)];
    let site = site_with("", settings(&callees));
    // What began less than a minute ago was meant for now; a minute is the shortest.
    let people = "--organizer alice --participant 201,Bo,call --participant 202,call --participant 203,call";
    let conference = site.schedule(-50, &format!("--room 850 --minutes 1 {people}"));
    let alice = site.enter("alice", "7000", "850");
    until("201 is there", || site.callers("850").contains(&"201".to_owned()));
    let seats = site.seats("850");
    let bo = seats.iter().find(|seat| seat.caller == "201").expect("a seat");
    assert_eq!((&*bo.name, &*bo.role), ("Bo", ""));
    until("it rings there", || site.calls_to("203") == 1);
    let all = [(1, Joined), (1, Busy), (2, Busy), (1, NoAnswer), (2, NoAnswer)];
    until("all were called", || site.attempts(&conference) == all);
    until("alice is told who is missing", || site.heard(&alice).len() >= 2);
    site.daemon.log.wait_for(&["missing in conf/850", "202, 203"]);
    until("it is over", || site.room("850").is_none());
    let attendance = site.attendance();
    assert_eq!(attendance.len(), 2, "{attendance:?}");
    let over =
        |one: &touchtone::store::Attendance| one.conference == Some(conference.id) && one.reason == "over";
    assert!(attendance.iter().all(over), "{attendance:?}");
    assert_eq!(site.engine.with(|sim| sim.channels().count()), 0);
}

#[test]
fn organizers_come_by_other_rules_than_the_others_and_may_do_more() {
    let rules = r#"
[rooms.844]
max-users = 9
[rooms.844.organizer]
params = { voice = true }
[rooms.844.participant]
may-open = false
start-muted = true
params = { smart = true }
[[route]]
called = "6844"
room = "conf/844"
[[route]]
called = "9844"
room = "conf/844"
role = "organizer"
"#;
    let site = site_with(rules, settings(&[]));
    let address: Address = site.engine.address().parse().expect("an address");
    let mut other = Client::connect(&address);
    other.watch("call.execute");
    let bob = site.call("bob", "6844");
    assert!(site.engine.with(|sim| sim.channel(&bob).is_none()), "he may not open it");
    let alice = site.enter("alice", "9844", "844");
    let bob = site.enter("bob", "6844", "844");
    until("he is muted", || muted(&site, &[&alice, &bob]) == [false, true]);
    let told: Vec<_> = other
        .take_watched()
        .into_iter()
        .filter(|said| said.processed && said.get("callto") == "conf/844")
        .map(|said| ["maxusers", "existing", "voice", "smart"].map(|name| said.get(name)))
        .collect();
    assert_eq!(told, [["9", "", "true", ""], ["9", "true", "", "true"]]);
    site.key(&bob, "*5");
    site.daemon.log.wait_for(&["dropped", bob.as_str(), "*5"]);
    assert_eq!(site.room("844").map(|room| room.locked), Some(false));
    site.key(&alice, "*5");
    until("it is locked", || site.room("844").is_some_and(|room| room.locked));
    let carol = site.call("carol", "6844");
    assert!(site.engine.with(|sim| sim.channel(&carol).is_none()), "nobody else comes in");
    site.enter("dan", "9844", "844");
    assert_eq!(site.done("lock 844 off"), "unlocked");
    site.enter("carol", "6844", "844");
}

#[test]
fn a_channel_is_held_in_the_room_and_told_of_everything_and_rooms_that_tell_others_are_followed() {
    let mut settings = settings(&[]);
    settings.routes.push(Route::new("860", "conf/860").with("notify", "monitor/x"));
    let site = site_with("[rooms.800]\nlonely = true\nutility = \"held\"\nspeakers = 3\n", settings);
    let address: Address = site.engine.address().parse().expect("an address");
    let mut other = Client::connect(&address);
    other.watch("chan.notify");
    let alice = site.enter("alice", "800", "800");
    let held = |site: &Site| {
        let room = site.engine_room("800").expect("the room");
        room.members.into_iter().find(|member| member.utility).map(|member| member.leg)
    };
    until("the leg is there", || held(&site).is_some());
    let leg = held(&site);
    let bob = site.enter("bob", "800", "800");
    site.engine.with(|sim| sim.talk(&bob, 30));
    until("bob is shown to talk", || site.seats("800")[1].talking == Some(30));
    site.done("announce 800 /a.au");
    plays(&site, "wave/play//a.au");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(held(&site), leg, "it stays");
    assert_eq!(site.callers("800"), ["alice", "bob"], "and is nobody");
    site.engine.hangup(&bob);
    site.engine.hangup(&alice);
    until("the room is gone", || site.room("800").is_none());
    site.engine_has("the leg is gone with it", |sim| sim.channels().count() == 0);
    let mut events: Vec<String> = Vec::new();
    for said in other.take_watched().iter().filter(|said| said.get("targetid") == "touchtone") {
        if events.last() != Some(&said.get("event")) {
            events.push(said.get("event"));
        }
    }
    for wanted in ["created", "joined", "speaking", "left", "destroyed"] {
        assert!(events.iter().any(|event| event == wanted), "{wanted}: {events:?}");
    }
    let carol = site.enter("carol", "860", "860");
    assert_eq!(site.engine_room("860").and_then(|room| room.notify).as_deref(), Some("monitor/x"));
    site.engine.hangup(&carol);
    until("that room is gone", || site.room("860").is_none());
}
