//! Callers on a simulated engine key codes; what becomes of the rooms is what the engine says, not what we believe.

mod common;

use common::brain;
use common::scene::{SECOND, Scene};
use touchtone::sim::Settings;
use touchtone::stage::Told;

/// Callers beside the configuration that the README uses.
fn conference() -> Scene {
    Scene::new(brain::conference(), Settings::default())
}

#[test]
fn a_caller_in_a_room_is_muted_by_a_code_and_heard_again_by_the_same() {
    let mut scene = conference();
    let (alice, bob) = (scene.call("alice", "800"), scene.call("bob", "800"));
    scene.key(&alice, "*6");
    assert_eq!((scene.muted(&alice), scene.muted(&bob)), (true, false));
    assert_eq!(scene.sim().channel(&alice).expect("alice").heard, ["tone/1000/200"], "a sound says so");
    scene.key(&alice, "*6");
    assert_eq!((scene.muted(&alice), scene.muted(&bob)), (false, false));
    assert_eq!(scene.fired(), ["mute", "mute"]);
}

#[test]
fn a_room_is_recorded_until_the_same_code_stops_it_and_the_leg_is_gone() {
    let mut scene = conference();
    let alice = scene.call("alice", "800");
    scene.key(&alice, "*9");
    let room = scene.sim().room("sampleroom").expect("the room");
    assert_eq!(room.recordings().len(), 1);
    assert!(room.recordings()[0].starts_with("wave/record//var/spool/yate/sampleroom-2026"), "{room:?}");
    assert_eq!(room.users, 1, "the recording leg counts as nobody");
    scene.key(&alice, "*9");
    let room = scene.sim().room("sampleroom").expect("the room");
    assert_eq!((room.recordings().len(), room.members.len()), (0, 1));
}

#[test]
fn a_recorded_room_ends_when_its_last_caller_goes() {
    let mut scene = conference();
    let alice = scene.call("alice", "800");
    scene.key(&alice, "*9");
    scene.stage.sim_mut().hangup(&alice);
    scene.stage.advance(SECOND);
    assert_eq!(scene.sim().rooms().count(), 0);
    assert_eq!(scene.sim().channels().count(), 0);
    assert_eq!(scene.stage.assist().rooms(), []);
}

#[test]
fn a_caller_in_a_two_party_call_keys_a_room_and_both_are_in_it() {
    let mut scene = conference();
    let (dave, carol) = scene.pair();
    scene.key(&dave, "*3800#");
    let room = scene.sim().room("800").expect("room 800");
    assert!(room.member(&dave).is_some() && room.member(&carol).is_some(), "{room:?}");
    assert_eq!(scene.sim().channel(&carol).expect("carol").received, "", "carol heard none of the code");
    scene.key(&dave, "*6");
    assert!(scene.muted(&dave));
}

#[test]
fn digits_that_are_no_code_reach_the_other_party_in_order() {
    let mut scene = conference();
    let (dave, carol) = scene.pair();
    scene.key(&dave, "1*52*3");
    scene.stage.advance(10 * SECOND);
    assert_eq!(scene.sim().channel(&carol).expect("carol").received, "1*52*3");
}

#[test]
fn a_module_that_was_killed_knows_what_was_so() {
    let mut scene = conference();
    let alice = scene.call("alice", "800");
    scene.key(&alice, "*6");
    scene.key(&alice, "*9");
    scene.stage.restart_module();
    scene.stage.advance(SECOND);
    scene.key(&alice, "*6");
    assert!(!scene.muted(&alice), "the toggle flips what is so");
    scene.key(&alice, "*9");
    assert!(scene.sim().room("sampleroom").expect("the room").recordings().is_empty());
}

#[test]
fn who_records_a_room_cannot_choose_the_file_that_it_hears() {
    let config = brain::config(
        "[record]\nby = \"room\"\nwarn = \"wave/play//tmp/${caller}.au\"\n\
         [[code]]\nname = \"record\"\nkeys = \"*9\"\noperation = \"record-start\"\n",
    );
    let mut scene = Scene::new(config, Settings::default());
    let mallory = scene.call("../etc/passwd", "800");
    scene.key(&mallory, "*9");
    let sent = scene.stage.take_told().into_iter().filter_map(|(_, told)| match told {
        Told::Sent(line) => String::from_utf8(line).ok(),
        _ => None,
    });
    let warns: Vec<_> = sent.filter(|line| line.contains(":recordwarn=")).collect();
    assert!(
        warns.len() == 1 && warns[0].contains(":recordwarn=wave/play//tmp/___etc_passwd.au"),
        "{warns:?}"
    );
}
