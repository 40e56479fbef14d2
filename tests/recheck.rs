//! What the engine told and nobody heard is known when the engine is asked again.

mod common;

use std::time::Duration;

use common::brain::conference;
use common::scene::{SECOND, Scene};
use touchtone::assist::RECHECKED_EVERY;
use touchtone::sim::{ChannelId, Fate, Kind, Mishap, Settings};

/// How long it is at most until all is known again.
const KNOWN: Duration = RECHECKED_EVERY.saturating_add(Duration::from_secs(5));

fn scene() -> Scene {
    Scene::new(conference(), Settings::default())
}

/// Nothing of what happens is told until [`Sim::no_mishaps`](touchtone::sim::Sim::no_mishaps).
fn tell_nothing(scene: &mut Scene, kind: Kind) {
    (0..100).for_each(|_| scene.stage.mishap(Mishap::Line(kind, Fate::Never)));
}

/// Time passes until the engine was asked again.
fn ask_again(scene: &mut Scene) {
    scene.stage.sim_mut().no_mishaps();
    scene.stage.advance(KNOWN);
}

fn believed_in_rooms(scene: &Scene) -> Vec<String> {
    let rooms = scene.stage.assist().rooms();
    let channels = rooms.iter().flat_map(|room| &room.participants).filter_map(|one| one.channel.clone());
    channels.map(|channel| channel.to_string()).collect()
}

#[test]
fn who_hung_up_and_was_not_told_of_is_forgotten() {
    let mut scene = scene();
    let (alice, bob) = (scene.call("alice", "800"), scene.call("bob", "800"));
    tell_nothing(&mut scene, Kind::Event);
    scene.stage.sim_mut().hangup(&alice);
    scene.stage.advance(SECOND);
    assert_eq!(believed_in_rooms(&scene).len(), 2);
    ask_again(&mut scene);
    assert_eq!(believed_in_rooms(&scene), [bob.as_str()]);
    assert_eq!(scene.stage.assist().load().calls, 1);
}

#[test]
fn who_came_and_was_not_told_of_is_known_and_can_key() {
    let mut scene = scene();
    tell_nothing(&mut scene, Kind::Event);
    let alice = scene.call("alice", "800");
    assert!(believed_in_rooms(&scene).is_empty());
    ask_again(&mut scene);
    assert_eq!(believed_in_rooms(&scene), [alice.as_str()]);
    scene.key(&alice, "*6");
    assert!(scene.muted(&alice));
}

#[test]
fn a_mute_that_nobody_was_told_of_is_flipped_as_it_is() {
    let mut scene = scene();
    let alice = scene.call("alice", "800");
    tell_nothing(&mut scene, Kind::Event);
    let other = scene.stage.sim_mut().connect();
    let leg = scene.channel(&alice).peer.expect("a leg");
    let mute = format!("%%>connect:global\n%%>message:m:0:chan.control::targetid={leg}:mute=true\n");
    scene.stage.sim_mut().receive(other, mute.as_bytes());
    scene.stage.advance(SECOND);
    assert!(scene.muted(&alice));
    ask_again(&mut scene);
    scene.key(&alice, "*6");
    assert!(!scene.muted(&alice), "she is heard again by the first key");
}

#[test]
fn a_leg_of_ours_of_which_the_answer_was_lost_is_not_left_over() {
    let mut scene = scene();
    let alice = scene.call("alice", "800");
    tell_nothing(&mut scene, Kind::Answer);
    scene.key(&alice, "*9");
    let own = |scene: &Scene| {
        let own = |id: &ChannelId| id.as_str().starts_with("dumb/");
        scene.sim().channels().filter(|channel| own(&channel.id)).count()
    };
    assert_eq!(own(&scene), 1);
    ask_again(&mut scene);
    assert_eq!(own(&scene), 0);
    scene.key(&alice, "*9");
    assert_eq!(
        scene.sim().room("sampleroom").expect("the room").recordings().len(),
        1,
        "it can be keyed again"
    );
}

#[test]
fn an_engine_that_never_answers_is_asked_no_more_often() {
    let mut scene = scene();
    let _ = scene.call("alice", "800");
    scene.stage.take_told();
    tell_nothing(&mut scene, Kind::Account);
    scene.stage.advance(KNOWN * 3);
    let asked = |line: &[u8]| line.windows(15).any(|part| part == b":engine.status:");
    let told = scene.stage.take_told();
    let sent =
        told.iter().filter(|(_, told)| matches!(told, touchtone::stage::Told::Sent(line) if asked(line)));
    let count = sent.count();
    assert!((4..100).contains(&count), "{count} questions in {:?}", KNOWN * 3);
}
