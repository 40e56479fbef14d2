//! What must not happen when things go wrong, or many at once.

mod common;

use std::time::Duration;

use common::house::{ENTRY, House, engine};
use touchtone::assist::Report;
use touchtone::control::protocol::{Command, Switch, Who};
use touchtone::sim::{CallRequest, Callee, Fate, Kind, Mishap, Route, Settings};
use touchtone::stage::Told;
use touchtone::store::{Pin, hash_pin};

const CODES: &str = r#"
[control]
socket = "touchtone.sock"

[calling]
direct = "sip/sip:${number}@127.0.0.1:7000"
ring = "10s"

[[code]]
name = "join"
keys = "*3(room:x{3})#"
state = ["call", "dial", "conference"]
operation = "join"
room = "conf/${room}"

[[code]]
name = "alone"
keys = "*8(room:x{3})#"
state = ["call", "dial"]
operation = "join"
room = "conf/${room}"
with-peer = false

[[code]]
name = "mute"
keys = "*6"
state = "conference"
operation = "mute-toggle"

[[code]]
name = "others"
keys = "*7"
state = "conference"
operation = "mute-others"
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

#[test]
fn two_who_mute_all_others_at_once_do_not_wait_for_each_other() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    let (alice, bob) = (house.call("alice", "800"), house.call("bob", "800"));
    for keys in ["*", "6", "*", "7"] {
        let keys = keys.parse().expect("keys");
        house.scene.stage.sim_mut().key(&bob, &keys);
    }
    for keys in ["*", "7"] {
        house.scene.stage.sim_mut().key(&alice, &keys.parse().expect("keys"));
    }
    house.seconds(5);
    assert_eq!(house.scene.stage.assist().load().waiting, 0);
    let before = house.scene.muted(&alice);
    house.key(&alice, "*6");
    assert_ne!(house.scene.muted(&alice), before, "alice's keys do something still");
}

#[test]
fn a_lost_connection_ends_no_conference_and_forgets_no_organizer() {
    let mut house = house("[rooms.800]\nlonely = true\nends-with-organizer = true\nmax-users = 9\n");
    let (alice, bob) = (house.call("alice", "900"), house.call("bob", "800"));
    let seats = house.seats("800");
    house.done(Command::Lock { room: "800".to_owned(), to: Switch::On });
    house.scene.stage.reconnect(Duration::from_secs(3));
    house.seconds(5);
    assert!(house.is_in("800", &alice) && house.is_in("800", &bob));
    assert_eq!(house.seats("800"), seats);
    assert_eq!(house.room("800").map(|room| room.locked), Some(true));
    assert_eq!(house.attendance().iter().filter(|one| one.left.is_some()).count(), 0);
}

#[test]
fn who_waits_for_a_pin_when_the_connection_is_lost_is_let_in_by_it_after() {
    let mut house = house(&format!("[rooms.800]\nparticipant = {{ pin = {:?} }}\n", pin("1234")));
    let bob = house.call("bob", "800");
    house.scene.stage.reconnect(Duration::from_secs(1));
    house.seconds(1);
    house.key(&bob, "1234#");
    assert!(house.is_in("800", &bob));
}

#[test]
fn whoever_was_called_has_not_the_rights_of_who_calls() {
    let hash = pin("4711");
    let mut settings = settings();
    settings.routes[2] = settings.routes[2].clone().with("touchtone_role", "organizer");
    let text = format!("{CODES}{ENTRY}\n[rooms.800]\nparticipant = {{ pin = {hash:?} }}\n");
    let mut house = House::new(&text, settings);
    let alice = house.call("alice", "7010");
    let carol = house.scene.channel(&alice).peer.expect("a peer");
    house.key(&carol, "*8800#");
    assert!(!house.is_in("800", &carol), "she is asked for a PIN");
}

#[test]
fn who_is_called_in_and_keys_a_join_at_once_takes_no_leg_of_ours_along() {
    let mut settings = settings();
    settings.callees = engine(&[("201", Callee::Rings { answers_after: Duration::from_secs(2) })]).callees;
    let rooms = "[rooms.800]\nlonely = true\n[rooms.801]\nlonely = true\n";
    let mut house = House::new(&format!("{CODES}{ENTRY}{rooms}"), settings);
    house.call("alice", "900");
    house.done(Command::Invite { room: "800".to_owned(), number: "201".to_owned(), organizer: false });
    // That they answered is told after their keys.
    let late = Mishap::Line(Kind::Event, Fate::Late(Duration::from_millis(500)));
    (0..8).for_each(|_| house.scene.stage.mishap(late));
    let answered = |house: &House| {
        house.scene.sim().channels().find(|channel| channel.called == "201" && channel.answered)
    };
    while answered(&house).is_none() {
        house.scene.stage.advance(Duration::from_millis(1));
    }
    let callee = answered(&house).expect("201").id;
    house.scene.stage.sim_mut().key(&callee, &"*3801#".parse().expect("keys"));
    house.seconds(5);
    let own = house.scene.sim().channels().filter(|channel| channel.id.as_str().starts_with("dumb/"));
    assert_eq!(own.count(), 0);
    assert!(house.is_in("801", &callee) || house.is_in("800", &callee));
}

#[test]
fn a_role_of_routing_for_one_room_is_no_key_to_another() {
    let mut house = house(&format!(
        "[roles.guest]\n[rooms.800]\nlonely = true\nparticipant = {{ pin = {:?} }}\n",
        pin("4711")
    ));
    let eve = house.call("eve", "700");
    assert!(house.is_in("700", &eve));
    house.key(&eve, "*3800#");
    assert!(!house.is_in("800", &eve), "she is asked for a PIN");
    house.key(&eve, "4711#");
    assert!(house.is_in("800", &eve), "and let in by it, from one room into another");
}

#[test]
fn a_join_that_waited_for_a_pin_is_the_one_that_was_keyed() {
    let mut house =
        house(&format!("[rooms.800]\nlonely = true\nparticipant = {{ pin = {:?} }}\n", pin("4711")));
    let dave = house.call("dave", "7010");
    let carol = house.scene.channel(&dave).peer.expect("a peer");
    house.key(&dave, "*8800#");
    house.key(&dave, "4711#");
    assert!(house.is_in("800", &dave) && !house.is_in("800", &carol), "alone, as it says");
    assert_eq!(house.scene.ended(), ["pin", "alone"]);
}

#[test]
fn a_right_pin_for_a_locked_room_is_told_so_and_the_caller_not_left_in_silence() {
    let mut house = house(&format!("[rooms.800]\nparticipant = {{ pin = {:?} }}\n", pin("1234")));
    let bob = house.call("bob", "800");
    let invite = Command::Invite { room: "800".to_owned(), number: "201".to_owned(), organizer: false };
    house.done(invite);
    house.done(Command::Lock { room: "800".to_owned(), to: Switch::On });
    house.key(&bob, "1234#");
    house.seconds(3);
    assert!(house.scene.sim().channel(&bob).is_none(), "the call is over");
}

#[test]
fn many_calls_at_once_are_made_one_after_the_other_and_none_is_forgotten() {
    use touchtone::store::{Manage, NewConference, NewParticipant};
    let text = format!("{CODES}{ENTRY}\n").replace("ring = \"10s\"", "ring = \"10s\"\nper-minute = 3");
    let mut house = House::new(&format!("{text}\n[rooms.800]\nlonely = true\nmax-users = 50\n"), settings());
    let start = house.scene.stage.date() + Duration::from_secs(30);
    let participants = (0..8)
        .map(|number| NewParticipant {
            number: format!("21{number}"),
            username: None,
            name: String::new(),
            organizer: false,
            call: true,
        })
        .collect();
    let conference = NewConference {
        room: "800".to_owned(),
        title: String::new(),
        start: start.to_zoned(jiff::tz::TimeZone::UTC).datetime(),
        time_zone: "UTC".to_owned(),
        minutes: 30,
        rrule: None,
        except: Vec::new(),
        organizer_pin: None,
        pin: None,
        participants,
    };
    house.manage(Manage::Add { conference: Box::new(conference) });
    house.seconds(60);
    assert_eq!(house.seats("800").len(), 3);
    house.seconds(200);
    assert_eq!(house.seats("800").len(), 8);
}

#[test]
fn who_has_a_pin_looked_at_is_muted_by_others_all_the_same() {
    let mut house = house(&format!(
        "[rooms.800]\nlonely = true\norganizer = {{ pin = {:?} }}\n[entry]\nwait = \"30s\"\n\
         [[code]]\nname = \"claim\"\nkeys = \"*5(pin:x{{4}})#\"\nstate = \"conference\"\noperation = \"enter-pin\"\npin = \"${{pin}}\"\n",
        pin("4711")
    ));
    let (_, bob) = (house.call("alice", "800"), house.call("bob", "800"));
    house.key(&bob, "*50000#");
    house.key(&bob, "*50000#");
    let mute = Command::Mute { room: "800".to_owned(), who: Who::Seat(2), to: Switch::On };
    assert_eq!(house.done(mute), "muted");
    house.key(&bob, "*6");
    assert!(!house.scene.muted(&bob), "nor do his own keys wait");
}

#[test]
fn a_new_engine_has_none_of_the_old_ones_callers() {
    let mut house = house("[rooms.800]\nlonely = true\n");
    house.call("alice", "800");
    house.done(Command::Lock { room: "800".to_owned(), to: Switch::On });
    house.scene.stage.restart_engine();
    house.seconds(3);
    assert_eq!(house.room("800"), None);
    let bob = house.call("bob", "800");
    assert!(house.is_in("800", &bob), "the lock was that of a room that is gone");
    let attendance = house.attendance();
    let told: Vec<_> =
        attendance.iter().map(|one| (one.caller.as_str(), one.left.is_some(), one.reason.as_str())).collect();
    assert_eq!(told, [("alice", true, "unknown"), ("bob", false, "")]);
}

#[test]
fn a_call_that_went_on_while_the_connection_was_lost_is_known_after() {
    let callees = [("201", Callee::Rings { answers_after: Duration::from_secs(4) })];
    let mut settings = settings();
    settings.callees = engine(&callees).callees;
    let mut house = House::new(&format!("{CODES}{ENTRY}\n[rooms.800]\nlonely = true\n"), settings);
    let alice = house.call("alice", "900");
    let invite = Command::Invite { room: "800".to_owned(), number: "201".to_owned(), organizer: true };
    house.done(invite);
    house.scene.stage.reconnect(Duration::from_secs(1));
    house.seconds(10);
    assert!(house.is_in("800", &alice));
    let seats = house.seats("800");
    assert_eq!(seats[1], (2, "201".to_owned(), "organizer".to_owned()));
}

#[test]
fn after_a_restart_everybody_is_who_they_were() {
    let mut house = house(&format!(
        "[rooms.800]\nlonely = true\norganizer = {{ pin = {:?} }}\n\
        participant = {{ pin = {:?} }}\n",
        pin("4711"),
        pin("1234")
    ));
    let (alice, bob) = (house.call("alice", "800"), house.call("bob", "800"));
    house.key(&alice, "4711#");
    house.key(&bob, "1234#");
    house.key(&bob, "*6");
    let invite = Command::Invite { room: "800".to_owned(), number: "201".to_owned(), organizer: false };
    house.done(invite);
    house.seconds(2);
    let before = house.room("800").expect("the room");
    house.scene.stage.restart_module();
    house.seconds(2);
    let after = house.room("800").expect("the room");
    assert_eq!(after.seats, before.seats, "seats, numbers, roles, mutes and since when");
    assert_eq!(house.attendance().iter().filter(|one| one.left.is_some()).count(), 0);
    assert!(house.scene.muted(&bob));
}

#[test]
fn who_was_asked_for_a_pin_when_the_connection_was_lost_is_asked_once_more() {
    let mut house = house(&format!("[rooms.800]\nparticipant = {{ pin = {:?} }}\n", pin("1234")));
    let bob = house.call("bob", "800");
    let heard = house.heard(&bob).len();
    house.scene.stage.reconnect(Duration::from_secs(1));
    house.seconds(1);
    assert_eq!(house.heard(&bob).len(), 2 * heard, "{:?}", house.heard(&bob));
    house.seconds(120);
    assert!(house.scene.sim().channel(&bob).is_none(), "who keys nothing is not waited for for ever");
}

#[test]
fn what_is_keyed_on_after_a_pin_is_secret_still() {
    let mut house =
        house(&format!("[rooms.800]\nlonely = true\nparticipant = {{ pin = {:?} }}\n", pin("1234")));
    let bob = house.call("bob", "800");
    house.scene.stage.take_told();
    house.key(&bob, "1234#");
    assert!(house.is_in("800", &bob));
    house.key(&bob, "1234#");
    assert_eq!(told_openly(&mut house), Vec::<String>::new());
    house.seconds(6);
    house.key(&bob, "*1");
    assert_eq!(told_openly(&mut house).concat(), "*1");
}

/// What was keyed, as anybody reads it who reads the log.
fn told_openly(house: &mut House) -> Vec<String> {
    let told = house.scene.stage.take_told();
    let keyed = told.into_iter().filter_map(|(_, told)| match told {
        Told::Report(Report::Keyed { keys, secret: false, .. }) => Some(keys.to_string()),
        _ => None,
    });
    keyed.collect()
}

#[test]
fn who_was_put_aside_and_is_connected_to_somebody_is_asked_for_nothing_more() {
    let mut house = house(&format!("[rooms.800]\nparticipant = {{ pin = {:?} }}\n", pin("1234")));
    let bob = house.call("bob", "800");
    let sim = house.scene.stage.sim_mut();
    let operator = sim.connect();
    let line = format!(
        "%%>message:1:1:chan.masquerade::id={bob}:message=call.execute:callto=sip/sip%z7010@127.0.0.1%z7010\n"
    );
    sim.receive(operator, b"%%>connect:global\n");
    sim.receive(operator, line.as_bytes());
    house.seconds(2);
    let heard = house.heard(&bob).len();
    assert!(house.peer(&bob).is_some_and(|peer| peer.starts_with("sip/")), "{:?}", house.peer(&bob));
    house.key(&bob, "1234#");
    house.seconds(120);
    assert!(house.peer(&bob).is_some_and(|peer| peer.starts_with("sip/")), "the talk goes on");
    assert_eq!(house.heard(&bob).len(), heard, "and nothing is said into it");
}

#[test]
fn who_waits_is_let_in_once_though_two_organizers_come() {
    let mut house = house("[rooms.800]\nwaiting = \"wave/play//srv/wait.au\"\n");
    let bob = house.call("bob", "800");
    for organizer in ["alice", "ann"] {
        let request = CallRequest::new(organizer, "900", "127.0.0.1:5061");
        house.scene.stage.sim_mut().call(&request);
    }
    house.seconds(3);
    assert!(house.is_in("800", &bob));
    let attended = house.attendance();
    assert_eq!(attended.iter().filter(|one| one.caller == "bob").count(), 1, "{attended:?}");
}

#[test]
fn whom_a_call_was_to_is_known_after_a_restart() {
    let callees = [("201", Callee::NoAnswer)];
    let mut house = House::new(&format!("{CODES}{ENTRY}\n[rooms.800]\nlonely = true\n"), engine(&callees));
    house.call("alice", "800");
    house.done(Command::Invite { room: "800".to_owned(), number: "201".to_owned(), organizer: false });
    house.seconds(1);
    house.scene.stage.restart_module();
    house.scene.stage.take_told();
    house.seconds(60);
    let told = house.scene.stage.take_told();
    let of_201 = |told: &Told| matches!(told, Told::Report(Report::Advice { text }) if text.starts_with("201 was called"));
    assert!(told.iter().any(|(_, told)| of_201(told)), "{told:?}");
}
