//! Who comes into which room, and by which rules: the same whichever way they come.

mod common;

use common::house::{ENTRY, House, engine};
use touchtone::assist::Report;
use touchtone::control::protocol::{Command, Switch};
use touchtone::stage::Told;
use touchtone::store::{Pin, hash_pin};

const CODES: &str = r#"
[control]
socket = "touchtone.sock"

[[code]]
name = "join"
keys = "*3(room:x{3})#"
state = ["call", "dial"]
operation = "join"
room = "conf/${room}"

[[code]]
name = "claim"
keys = "*7(pin:x{4,8})#"
state = "conference"
operation = "enter-pin"
pin = "${pin}"

[[code]]
name = "lock"
keys = "*5"
state = "conference"
allow = "organizer"
operation = "lock-toggle"
"#;

fn house(rooms: &str) -> House {
    House::new(&format!("{CODES}{ENTRY}\n{rooms}"), engine(&[]))
}

fn lock(house: &mut House, to: Switch) -> String {
    house.done(Command::Lock { room: "800".to_owned(), to })
}

fn pin(digits: &str) -> String {
    hash_pin(&Pin::new(digits)).expect("a hash").as_str().to_owned()
}

#[test]
fn a_room_has_the_same_parameters_whichever_way_its_first_caller_comes() {
    let rules = r#"
        [rooms."8*"]
        max-users = 7
        lonely = true
        speakers = 3
    "#;
    let mut by_routing = house(rules);
    by_routing.call("alice", "800");
    let mut by_code = house(rules);
    let dave = by_code.call("dave", "7010");
    by_code.key(&dave, "*3800#");
    for house in [&by_routing, &by_code] {
        let room = house.scene.sim().room("800").expect("the room");
        assert_eq!((room.max_users, room.lonely), (7, true));
        assert_eq!(room.notify.as_deref(), Some("touchtone"));
    }
}

#[test]
fn a_room_that_somebody_else_is_told_of_keeps_telling_them() {
    let mut settings = engine(&[]);
    settings.routes[0] = settings.routes[0].clone().with("notify", "monitor/x");
    let mut house = House::new(&format!("{CODES}{ENTRY}\n[rooms.800]\nmax-users = 5\n"), settings);
    let alice = house.call("alice", "800");
    let room = house.scene.sim().room("800").expect("the room");
    assert_eq!((room.notify.as_deref(), room.max_users), (Some("monitor/x"), 5));
    assert_eq!(house.seats("800"), [(1, "alice".to_owned(), String::new())], "and is followed all the same");
    house.hangup(&alice);
    assert_eq!(house.room("800"), None);
}

#[test]
fn a_locked_room_lets_in_nobody_but_organizers_and_says_so() {
    let mut house = house("[rooms.800]\n[roles.organizer]\n");
    let alice = house.call("alice", "800");
    assert_eq!(lock(&mut house, Switch::On), "locked");
    let bob = house.call("bob", "800");
    assert!(house.scene.sim().channel(&bob).is_none(), "bob is refused");
    let said = house.scene.sim().log().any(|line| line.text.contains("486 locked"));
    assert!(said, "by an answer that his telephone shows: {:?}", house.scene.sim().log().collect::<Vec<_>>());
    let dave = house.call("dave", "7010");
    house.key(&dave, "*3800#");
    assert!(!house.is_in("800", &dave) && house.peer(&dave).is_some(), "who is in a call stays there");
    assert_eq!(lock(&mut house, Switch::Toggle), "unlocked");
    house.key(&dave, "*3800#");
    assert!(house.is_in("800", &dave) && house.is_in("800", &alice));
}

#[test]
fn a_room_under_control_that_is_full_says_so() {
    let mut house = house("[rooms.800]\nmax-users = 1\n");
    house.call("alice", "800");
    let dave = house.call("dave", "7010");
    house.key(&dave, "*3800#");
    assert!(!house.is_in("800", &dave));
    assert_eq!(house.failures(), ["the room is full"]);
}

#[test]
fn two_who_come_together_need_a_place_each() {
    let mut house = house("[rooms.800]\nmax-users = 2\n");
    house.call("alice", "800");
    let dave = house.call("dave", "7010");
    house.key(&dave, "*3800#");
    assert!(!house.is_in("800", &dave), "there is a place for one of them");
    assert_eq!(house.failures(), ["the room is full"]);
    assert!(house.peer(&dave).is_some_and(|peer| peer.starts_with("sip/")), "they talk on");
}

#[test]
fn participants_who_may_not_open_a_room_wait_for_nobody_and_are_refused() {
    let mut house =
        house("[rooms.800]\nparticipant = { may-open = false }\n[roles.organizer]\nrooms = \"9*\"\n");
    let bob = house.call("bob", "800");
    assert!(house.scene.sim().channel(&bob).is_none() && house.scene.sim().room("800").is_none());
}

#[test]
fn who_comes_before_an_organizer_hears_something_and_is_let_in_when_one_is_there() {
    let hash = pin("4711");
    let mut house = house(&format!(
        "[rooms.800]\nwaiting = \"tone/ring\"\norganizer = {{ pin = {hash:?} }}\nparticipant = {{ pin = {:?} }}\n",
        pin("1234")
    ));
    let bob = house.call("bob", "800");
    assert!(house.peer(&bob).is_some_and(|peer| peer.starts_with("tone/")), "asked for a PIN");
    house.key(&bob, "1234#");
    assert!(house.scene.sim().room("800").is_none(), "nobody opens it");
    assert!(house.peer(&bob).is_some_and(|peer| peer.starts_with("tone/")), "bob waits");
    let told = house.room("800").expect("who waits is shown");
    assert_eq!((told.waiting, told.seats.len()), (1, 0));
    let alice = house.call("alice", "800");
    house.key(&alice, "4711#");
    assert!(house.is_in("800", &alice) && house.is_in("800", &bob));
    let seats = house.seats("800");
    assert_eq!(seats[0], (1, "alice".to_owned(), "organizer".to_owned()));
    assert_eq!(seats[1], (2, "bob".to_owned(), String::new()));
}

#[test]
fn wrong_pins_wait_longer_each_time_and_the_third_ends_the_call() {
    let hash = pin("1234");
    let mut house =
        house(&format!("[rooms.800]\nparticipant = {{ pin = {hash:?} }}\n[entry]\nwait = \"2s\"\n"));
    let bob = house.call("bob", "800");
    house.key(&bob, "9999#");
    house.scene.key(&bob, "1234#");
    assert!(!house.is_in("800", &bob), "the second waits");
    house.seconds(2);
    assert!(house.is_in("800", &bob), "and was right");
    house.hangup(&bob);
    let eve = house.call("eve", "800");
    for _ in 0..3 {
        house.key(&eve, "0000#");
        house.seconds(7);
    }
    for (at, told) in house.scene.stage.take_told() {
        if let Told::Report(Report::Keyed { secret, .. } | Report::Fired { secret, .. }) = &told {
            assert!(secret, "what is keyed is in no log: {at:?} {told:?}");
        }
    }
    house.key(&eve, "1234#");
    house.seconds(60);
    assert!(!house.is_in("800", &eve), "her tries are over");
}

#[test]
fn who_keys_nothing_where_something_is_asked_is_not_waited_for_for_ever() {
    let hash = pin("1234");
    let mut house = house(&format!("[rooms.800]\nparticipant = {{ pin = {hash:?} }}\n"));
    let bob = house.call("bob", "800");
    let asked = house.heard(&bob).len();
    house.seconds(12);
    assert!(house.heard(&bob).len() > asked, "he is asked again");
    house.seconds(60);
    assert!(house.scene.sim().channel(&bob).is_none());
}

#[test]
fn who_keys_the_organizers_pin_in_the_room_is_one_from_then_on_there() {
    let hash = pin("4711");
    let mut house = house(&format!("[rooms.800]\norganizer = {{ pin = {hash:?} }}\n"));
    let alice = house.call("alice", "800");
    house.key(&alice, "*5");
    assert_eq!(house.room("800").map(|room| room.locked), Some(false), "no code of hers yet");
    house.key(&alice, "*74711#");
    house.key(&alice, "*5");
    assert_eq!(house.room("800").map(|room| room.locked), Some(true));
    assert_eq!(house.seats("800")[0].2, "organizer");
}

#[test]
fn participants_who_start_muted_are_and_organizers_are_not() {
    let mut settings = engine(&[]);
    settings.routes.push(touchtone::sim::Route::new("900", "conf/800").with("touchtone_role", "organizer"));
    let mut house = House::new(
        &format!("{CODES}{ENTRY}\n[rooms.800]\nparticipant = {{ start-muted = true }}\n"),
        settings,
    );
    let (alice, bob) = (house.call("alice", "900"), house.call("bob", "800"));
    assert_eq!((house.scene.muted(&alice), house.scene.muted(&bob)), (false, true));
}

#[test]
fn when_the_last_organizer_leaves_a_room_that_ends_with_them_everybody_goes() {
    let mut settings = engine(&[]);
    settings.routes.push(touchtone::sim::Route::new("900", "conf/800").with("touchtone_role", "organizer"));
    let mut house = House::new(
        &format!("{CODES}{ENTRY}\n[rooms.800]\nlonely = true\nends-with-organizer = true\n"),
        settings,
    );
    let (alice, bob) = (house.call("alice", "900"), house.call("bob", "800"));
    house.hangup(&alice);
    house.seconds(2);
    assert!(house.scene.sim().channel(&bob).is_none());
    let attendance = house.attendance();
    let reasons: Vec<_> = attendance.iter().map(|one| (one.caller.as_str(), one.reason.as_str())).collect();
    assert_eq!(reasons, [("alice", "left"), ("bob", "organizer-left")]);
}

#[test]
fn a_route_leads_to_its_room_and_leaves_all_other_numbers_to_the_engine() {
    let mut house = house(
        "[[route]]\ncalled = \"7(room:8xx)\"\nroom = \"conf/${room}\"\n[rooms.\"8*\"]\nmax-users = 3\n",
    );
    let alice = house.call("alice", "7812");
    assert!(house.is_in("812", &alice));
    assert_eq!(house.scene.sim().room("812").map(|room| room.max_users), Some(3));
    let bob = house.call("bob", "800");
    assert!(house.is_in("800", &bob), "by the engine's own routing");
    let dave = house.call("dave", "7010");
    assert!(house.peer(&dave).is_some_and(|peer| peer.starts_with("sip/")));
}

#[test]
fn who_has_no_conference_is_asked_for_one() {
    let mut house = house("[[route]]\ncalled = \"7000\"\n[rooms.800]\n");
    let alice = house.call("alice", "7000");
    assert!(!house.heard(&alice).is_empty(), "she is asked");
    house.key(&alice, "999#");
    assert!(house.peer(&alice).is_some_and(|peer| peer.starts_with("tone/")), "there is no such room");
    house.key(&alice, "800#");
    assert!(house.is_in("800", &alice));
}

#[test]
fn a_leg_of_ours_keeps_a_room_open_where_the_rules_say_so_and_what_was_done_to_it_is_over() {
    let mut house = house("[rooms.800]\nlonely = true\nutility = \"keeps-open\"\nmax-users = 3\n");
    let alice = house.call("alice", "800");
    assert_eq!(lock(&mut house, Switch::On), "locked");
    assert_eq!(house.done(Command::Record { room: "800".to_owned(), to: Switch::On }), "recording");
    house.hangup(&alice);
    house.seconds(3);
    let room = house.scene.sim().room("800").expect("the room is there still");
    assert_eq!((room.recordings().len(), room.members.len()), (0, 1), "and records nobody");
    let told = house.room("800").expect("it is shown");
    assert!(told.seats.is_empty() && !told.locked && !told.recording);
    let bob = house.call("bob", "800");
    assert!(house.is_in("800", &bob));
}
