//! What only touchtone knows of calls and rooms: it is so again after a restart, as long as the engine is the same and the
//! channel or the room is there, and of nobody else.

mod common;

use std::time::Duration;

use common::house::{ENTRY, House, engine};
use touchtone::assist::Report;
use touchtone::control::protocol::{Command, Switch};
use touchtone::sim::{Callee, ChannelId, Route, Settings};
use touchtone::stage::Told;
use touchtone::store::{Kept, Manage, NewConference, NewParticipant, Pin, Reply, Request, hash_pin};

const CODES: &str = r#"
[control]
socket = "touchtone.sock"

[calling]
direct = "sip/sip:${number}@127.0.0.1:7000"
ring = "10s"

[states.menu]

[roles.guest]

[[code]]
name = "join"
keys = "*3(room:x{3})#"
state = ["call", "dial", "conference"]
operation = "join"
room = "conf/${room}"

[[code]]
name = "menu"
keys = "*0"
state = "conference"
operation = "set-state"
to = "menu"

[[code]]
name = "mute"
keys = "5"
state = "menu"
operation = "mute-toggle"

[[code]]
name = "lock"
keys = "*7"
state = "conference"
allow = "organizer"
operation = "lock-toggle"

[[code]]
name = "guests"
keys = "*8"
state = "conference"
allow = "guest"
operation = "count"

[[code]]
name = "call"
keys = "*9(number:x{3})#"
state = "conference"
operation = "invite"
number = "${number}"
role = "organizer"
"#;

fn settings() -> Settings {
    let mut settings = engine(&[]);
    settings.routes.push(Route::new("900", "conf/800").with("touchtone_role", "organizer"));
    settings.routes.push(Route::new("700", "conf/700").with("touchtone_role", "guest"));
    settings
}

fn house(rooms: &str) -> House {
    House::new(&format!("{CODES}{ENTRY}\n{rooms}"), settings())
}

fn pin(digits: &str) -> String {
    hash_pin(&Pin::new(digits)).expect("a hash").as_str().to_owned()
}

/// The module is killed, and started again a moment later.
fn kill(house: &mut House) {
    house.scene.stage.restart_module();
    house.seconds(2);
}

/// What the store has, of the engine that is there.
fn kept(house: &mut House) -> Kept {
    let run = house.scene.sim().settings().run_id.clone();
    match house.ask(Request::Kept { run }) {
        Reply::Kept(kept) => *kept,
        other => panic!("{other:?}"),
    }
}

fn advice(house: &mut House) -> Vec<String> {
    let told = house.scene.stage.take_told().into_iter().filter_map(|(_, told)| match told {
        Told::Report(Report::Advice { text }) => Some(text),
        _ => None,
    });
    told.collect()
}

fn locked(house: &mut House, room: &str) -> Option<bool> {
    house.room(room).map(|room| room.locked)
}

fn lock(house: &mut House, to: Switch) -> String {
    house.done(Command::Lock { room: "800".to_owned(), to })
}

#[test]
fn a_locked_room_is_locked_still_and_open_since_then() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    house.call("alice", "800");
    lock(&mut house, Switch::On);
    let before = house.room("800").expect("the room");
    kill(&mut house);
    let after = house.room("800").expect("the room");
    assert_eq!((after.locked, after.since), (true, before.since));
    let bob = house.call("bob", "800");
    assert!(!house.is_in("800", &bob));
    lock(&mut house, Switch::Off);
    kill(&mut house);
    let carol = house.call("carol", "800");
    assert!(house.is_in("800", &carol), "nor is one locked that was opened again");
}

#[test]
fn nobody_slips_into_a_locked_room_while_touchtone_starts() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    house.call("alice", "800");
    lock(&mut house, Switch::On);
    house.scene.stage.restart_module();
    house.wait(Duration::from_millis(1));
    let bob = house.call("bob", "800");
    assert!(!house.is_in("800", &bob));
}

#[test]
fn a_new_room_of_that_name_is_not_locked_because_the_old_one_was() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    let alice = house.call("alice", "800");
    lock(&mut house, Switch::On);
    house.leave_unseen();
    house.scene.stage.sim_mut().hangup(&alice);
    house.scene.stage.advance(Duration::from_secs(1));
    let bob = house.scene.call("bob", "800");
    kill(&mut house);
    assert!(house.is_in("800", &bob));
    assert_eq!(locked(&mut house, "800"), Some(false));
}

#[test]
fn everybody_has_their_seat_still_and_no_seat_is_given_twice() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    let (alice, bob) = (house.call("alice", "800"), house.call("bob", "800"));
    house.call("carol", "800");
    let dave = house.call("dave", "800");
    house.hangup(&bob);
    kill(&mut house);
    let numbers = |house: &mut House| -> Vec<(u32, String)> {
        house.seats("800").into_iter().map(|(number, caller, _)| (number, caller)).collect()
    };
    let are = |all: &[(u32, &str)]| -> Vec<(u32, String)> {
        all.iter().map(|(number, caller)| (*number, (*caller).to_owned())).collect()
    };
    assert_eq!(numbers(&mut house), are(&[(1, "alice"), (3, "carol"), (4, "dave")]));
    house.hangup(&dave);
    kill(&mut house);
    house.call("erin", "800");
    assert_eq!(numbers(&mut house), are(&[(1, "alice"), (3, "carol"), (5, "erin")]));
    assert!(house.is_in("800", &alice));
}

#[test]
fn a_role_that_routing_gave_keeps_its_rights() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    let alice = house.call("alice", "900");
    let gerd = house.call("gerd", "700");
    kill(&mut house);
    house.key(&alice, "*7");
    assert_eq!(locked(&mut house, "800"), Some(true));
    house.scene.fired();
    house.key(&gerd, "*8");
    assert_eq!(house.scene.fired(), ["guests"]);
}

#[test]
fn whoever_was_called_has_not_the_rights_of_who_calls_after_a_restart_either() {
    let mut house =
        house(&format!("[rooms.800]\nlonely = true\nparticipant = {{ pin = {:?} }}\n", pin("4711")));
    let start = house.scene.stage.date().to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let alices = NewConference {
        room: "800".to_owned(),
        title: String::new(),
        start,
        time_zone: "UTC".to_owned(),
        minutes: 60,
        rrule: None,
        except: Vec::new(),
        organizer_pin: None,
        pin: None,
        participants: vec![NewParticipant {
            number: "alice".to_owned(),
            username: None,
            name: String::new(),
            organizer: true,
            call: false,
        }],
    };
    house.manage(Manage::Add { conference: Box::new(alices) });
    let alice = house.call("alice", "7010");
    let carol = house.scene.channel(&alice).peer.expect("a peer");
    kill(&mut house);
    house.key(&carol, "*3800#");
    assert!(!house.is_in("800", &carol), "she is asked for a PIN");
    let alice = house.call("alice", "800");
    assert!(house.is_in("800", &alice), "who is known is not");
}

#[test]
fn a_pin_that_was_keyed_is_not_asked_for_again() {
    let rooms = format!(
        "[rooms.800]\nlonely = true\nwaiting = \"wave/play//srv/wait.au\"\norganizer = {{ pin = {:?} }}\n\
         participant = {{ pin = {:?} }}\n",
        pin("4711"),
        pin("1234")
    );
    let mut house = house(&rooms);
    let bob = house.call("bob", "800");
    house.key(&bob, "1234#");
    assert_eq!(house.peer(&bob).map(|peer| peer.starts_with("wave/")), Some(true), "he waits");
    kill(&mut house);
    let heard = house.heard(&bob);
    let alice = house.call("alice", "800");
    house.key(&alice, "4711#");
    house.seconds(2);
    assert!(house.is_in("800", &alice) && house.is_in("800", &bob));
    assert!(!house.heard(&bob)[heard.len()..].iter().any(|sound| sound.contains("enter")), "he waits on");
}

#[test]
fn who_waits_is_let_in_by_the_organizer_after_a_restart() {
    let mut house = house("[rooms.800]\nlonely = true\nwaiting = \"wave/play//srv/wait.au\"\n");
    let bob = house.call("bob", "800");
    kill(&mut house);
    assert!(!house.is_in("800", &bob));
    let alice = house.call("alice", "900");
    house.seconds(1);
    assert!(house.is_in("800", &alice) && house.is_in("800", &bob));
}

#[test]
fn who_was_asked_for_a_pin_is_asked_again_and_let_in_by_no_other() {
    let mut house =
        house(&format!("[rooms.800]\nlonely = true\nparticipant = {{ pin = {:?} }}\n", pin("1234")));
    let bob = house.call("bob", "800");
    house.key(&bob, "0000#");
    let heard = house.heard(&bob).len();
    kill(&mut house);
    assert!(house.heard(&bob).len() > heard, "he is asked again: {:?}", house.heard(&bob));
    assert!(!house.is_in("800", &bob));
    house.key(&bob, "9999#");
    house.seconds(3);
    assert!(!house.is_in("800", &bob));
    house.seconds(3);
    house.key(&bob, "1234#");
    house.seconds(3);
    assert!(house.is_in("800", &bob));
}

#[test]
fn who_keys_nothing_is_not_asked_for_ever_however_often_touchtone_is_killed() {
    let mut house =
        house(&format!("[rooms.800]\nlonely = true\nparticipant = {{ pin = {:?} }}\n", pin("1234")));
    let bob = house.call("bob", "800");
    for _ in 0..4 {
        house.key(&bob, "0000#");
        house.seconds(10);
        kill(&mut house);
    }
    house.seconds(60);
    assert!(house.scene.sim().channel(&bob).is_none(), "wrong tries before a restart count");
}

#[test]
fn what_was_keyed_before_a_pin_is_done_after_it_though_touchtone_was_killed_between() {
    let mut house =
        house(&format!("[rooms.800]\nlonely = true\nparticipant = {{ pin = {:?} }}\n", pin("1234")));
    let alice = house.call("alice", "7010");
    let carol = house.scene.channel(&alice).peer.expect("a peer");
    house.key(&alice, "*3800#");
    assert!(!house.is_in("800", &alice));
    kill(&mut house);
    house.key(&alice, "1234#");
    assert!(house.is_in("800", &alice) && house.is_in("800", &carol), "with whom she talks, as she keyed it");
}

#[test]
fn who_was_asked_and_is_connected_elsewhere_meanwhile_is_asked_for_nothing() {
    let mut house =
        house(&format!("[rooms.800]\nlonely = true\nparticipant = {{ pin = {:?} }}\n", pin("1234")));
    let bob = house.call("bob", "800");
    house.leave_unseen();
    let sim = house.scene.stage.sim_mut();
    let operator = sim.connect();
    sim.receive(operator, b"%%>connect:global\n");
    let line = format!(
        "%%>message:1:1:chan.masquerade::id={bob}:message=call.execute:callto=sip/sip%z7010@127.0.0.1%z7010\n"
    );
    sim.receive(operator, line.as_bytes());
    house.scene.stage.advance(Duration::from_secs(1));
    let heard = house.heard(&bob).len();
    kill(&mut house);
    house.seconds(120);
    assert!(house.peer(&bob).is_some_and(|peer| peer.starts_with("sip/")), "the talk goes on");
    assert_eq!(house.heard(&bob).len(), heard, "and nothing is said into it");
}

#[test]
fn a_state_that_a_code_set_holds_until_the_call_moves_on() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    let (alice, bob) = (house.call("alice", "800"), house.call("bob", "800"));
    house.key(&alice, "*0");
    house.key(&bob, "*0");
    kill(&mut house);
    house.key(&alice, "5");
    assert!(house.scene.muted(&alice), "she is in the menu still");
    house.scene.stage.reconnect(Duration::from_secs(1));
    house.seconds(2);
    house.key(&alice, "5");
    assert!(!house.scene.muted(&alice), "nor does a lost connection end it");
    house.key(&bob, "5");
    assert!(house.scene.muted(&bob));
}

#[test]
fn who_is_called_in_as_an_organizer_is_one_when_they_answer_after_a_restart() {
    let callees = [("201", Callee::Rings { answers_after: Duration::from_secs(5) })];
    let mut settings = settings();
    settings.callees = engine(&callees).callees;
    let text = format!("{CODES}{ENTRY}\n[rooms.800]\nlonely = true\n");
    let mut house = House::new(&text, settings);
    house.call("alice", "800");
    house.done(Command::Invite { room: "800".to_owned(), number: "201".to_owned(), organizer: true });
    kill(&mut house);
    house.seconds(8);
    assert_eq!(house.seats("800")[1], (2, "201".to_owned(), "organizer".to_owned()));
}

#[test]
fn of_another_life_of_the_engine_nothing_comes_back() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    house.call("alice", "900");
    house.call("gerd", "700");
    lock(&mut house, Switch::On);
    house.leave_unseen();
    house.scene.stage.restart_engine();
    kill(&mut house);
    let bob = house.call("bob", "800");
    assert!(house.is_in("800", &bob), "the lock was that of a room that is gone");
    house.key(&bob, "*7");
    assert_eq!(
        locked(&mut house, "800"),
        Some(false),
        "he has the channel of an organizer, and not the rights"
    );
    let kept = kept(&mut house);
    assert_eq!(kept.channels, [], "{kept:?}");
    assert_eq!(kept.rooms.len(), 1);
}

#[test]
fn who_hung_up_leaves_nothing_behind_whenever_it_was() {
    let mut house = house("[rooms.800]\nlonely = true\nwaiting = \"wave/play//srv/wait.au\"\n");
    let alice = house.call("alice", "900");
    let (bob, gerd) = (house.call("bob", "801"), house.call("gerd", "700"));
    assert!(kept(&mut house).channels.len() >= 2);
    house.hangup(&gerd);
    house.leave_unseen();
    for channel in [&alice, &bob] {
        house.scene.stage.sim_mut().hangup(channel);
    }
    house.scene.stage.advance(Duration::from_secs(1));
    kill(&mut house);
    house.seconds(1);
    let all = kept(&mut house);
    assert_eq!((&*all.channels, &*all.rooms), (&[][..], &[][..]));
    let carol = house.call("carol", "900");
    house.scene.stage.reconnect(Duration::from_secs(1));
    house.seconds(1);
    house.hangup(&carol);
    let all = kept(&mut house);
    assert_eq!((&*all.channels, &*all.rooms), (&[][..], &[][..]));
}

#[test]
fn what_is_no_more_in_the_configuration_is_forgotten_and_said_once() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    let (alice, bob) = (house.call("alice", "700"), house.call("bob", "700"));
    house.key(&alice, "*0");
    house.key(&bob, "*0");
    let text = format!("{CODES}{ENTRY}").replace("guest", "member").replace("menu", "list");
    house.restart_with(&text);
    house.seconds(2);
    let told: Vec<_> =
        advice(&mut house).into_iter().filter(|text| text.contains("kept from before")).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("the role guest") && told[1].contains("the state menu"), "{told:?}");
    house.key(&alice, "*7");
    assert!(house.is_in("700", &alice));
}

#[test]
fn no_digit_and_no_pin_is_in_what_is_kept() {
    let mut house = house(&format!(
        "[rooms.800]\nlonely = true\nparticipant = {{ pin = {:?} }}\norganizer = {{ pin = {:?} }}\n",
        pin("91357"),
        pin("84260")
    ));
    let (alice, bob) = (house.call("alice", "800"), house.call("bob", "800"));
    house.key(&alice, "84260#");
    house.key(&bob, "77777#");
    house.key(&bob, "913");
    let written: Vec<String> = house
        .asked
        .iter()
        .filter(|request| matches!(request, Request::Keep(_)))
        .map(|request| format!("{request:?}"))
        .collect();
    assert!(!written.is_empty());
    for secret in ["84260", "91357", "77777", "913"] {
        assert!(!written.iter().any(|said| said.contains(secret)), "{secret}: {written:?}");
    }
}

#[test]
fn keys_alone_write_nothing() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    let (alice, bob) = (house.call("alice", "900"), house.call("bob", "800"));
    let before = house.asked.len();
    for keys in ["12345", "*1", "*7*7", "99"] {
        house.key(&alice, keys);
        house.key(&bob, keys);
    }
    let written: Vec<_> = house.asked[before..].iter().filter(|it| matches!(it, Request::Keep(_))).collect();
    assert_eq!(written.len(), 2, "the lock, on and off: {written:?}");
}

#[test]
fn a_store_that_does_not_answer_holds_up_no_operation_for_long_and_no_digit_at_all() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    let alice = house.call("alice", "900");
    lock(&mut house, Switch::On);
    house.silent(true);
    house.troubles();
    house.scene.stage.restart_module();
    house.wait(Duration::from_millis(500));
    assert!(!house.scene.stage.assist().is_connected_and_ready());
    house.wait(Duration::from_millis(600));
    assert!(house.scene.stage.assist().is_connected_and_ready());
    assert_eq!(house.troubles().iter().filter(|text| text.contains("takes long")).count(), 1);
    assert_eq!(locked(&mut house, "800"), Some(false));
    house.silent(false);
    house.seconds(1);
    assert_eq!(locked(&mut house, "800"), Some(true), "it is believed when it comes");
    house.key(&alice, "*7");
    assert_eq!(locked(&mut house, "800"), Some(false), "she is an organizer");
}

#[test]
fn what_was_said_since_goes_before_what_a_slow_store_tells() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    house.call("alice", "900");
    lock(&mut house, Switch::On);
    house.silent(true);
    house.scene.stage.restart_module();
    house.seconds(2);
    lock(&mut house, Switch::On);
    lock(&mut house, Switch::Off);
    house.silent(false);
    house.seconds(1);
    assert_eq!(locked(&mut house, "800"), Some(false));
}

#[test]
fn a_store_that_fails_changes_nothing_but_that_it_is_said_and_has_all_when_it_works_again() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    let alice = house.call("alice", "900");
    house.broken(true);
    house.scene.stage.take_told();
    house.key(&alice, "*7");
    assert_eq!(locked(&mut house, "800"), Some(true));
    let bob = house.call("bob", "700");
    assert!(house.is_in("700", &bob));
    assert_eq!(house.troubles().iter().filter(|text| text.contains("the store does not work")).count(), 1);
    house.broken(false);
    house.seconds(40);
    kill(&mut house);
    assert_eq!(locked(&mut house, "800"), Some(true), "it was written when that could be");
}

#[test]
fn a_store_that_fails_at_the_start_tells_what_was_kept_when_it_works_again() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    let alice = house.call("alice", "900");
    lock(&mut house, Switch::On);
    house.broken(true);
    kill(&mut house);
    assert_eq!(locked(&mut house, "800"), Some(false));
    let bob = house.call("bob", "800");
    assert!(house.is_in("800", &bob), "calls go on");
    house.broken(false);
    house.seconds(40);
    assert_eq!(locked(&mut house, "800"), Some(true));
    house.key(&alice, "*7");
    assert_eq!(locked(&mut house, "800"), Some(false));
}

#[test]
fn what_is_told_late_locks_no_room_of_others() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    let alice = house.call("alice", "900");
    lock(&mut house, Switch::On);
    house.silent(true);
    kill(&mut house);
    house.hangup(&alice);
    house.seconds(2);
    let bob = house.call("bob", "800");
    assert!(house.is_in("800", &bob), "it is another room of that name");
    house.silent(false);
    house.seconds(5);
    assert_eq!(locked(&mut house, "800"), Some(false));
    house.hangup(&bob);
    house.seconds(2);
    let carol = house.call("carol", "800");
    assert!(house.is_in("800", &carol), "nor is one that comes to be later");
}

#[test]
fn a_store_that_could_not_be_read_and_can_be_at_the_next_connection_keeps_nobody_waiting() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    house.broken(true);
    kill(&mut house);
    house.broken(false);
    house.scene.stage.reconnect(Duration::from_secs(1));
    house.seconds(5);
    let alice = house.call("alice", "900");
    house.key(&alice, "*7");
    assert_eq!(locked(&mut house, "800"), Some(true), "operations are done");
}

#[test]
fn without_a_store_a_lost_connection_is_outlasted_as_ever() {
    let text = format!("{CODES}{ENTRY}\n[rooms.800]\nlonely = true\n");
    let mut scene = common::scene::Scene::new(config(&text), settings());
    let alice = scene.call("alice", "900");
    scene.key(&alice, "*7");
    scene.key(&alice, "*0");
    scene.stage.reconnect(Duration::from_secs(1));
    scene.stage.advance(Duration::from_secs(1));
    scene.key(&alice, "5");
    assert!(scene.muted(&alice), "she is in the menu still");
    let bob: ChannelId = scene.call("bob", "800");
    assert!(scene.sim().room("800").is_some_and(|room| room.member(&bob).is_none()), "it is locked still");
    assert!(scene.stage.take_asides().is_empty(), "and nothing is asked of a store");
}

fn config(text: &str) -> std::sync::Arc<touchtone::config::Config> {
    let loaded = touchtone::config::load(std::path::Path::new("test.toml"), |_| Ok(text.to_owned()));
    match loaded {
        Ok(loaded) => std::sync::Arc::new(loaded.config),
        Err(refused) => panic!("{refused}"),
    }
}
