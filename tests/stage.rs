//! Callers on a simulated engine key codes; what becomes of the rooms is what the engine says, not what we believe.

mod common;

use std::time::Duration;

use common::brain::conference;
use touchtone::assist::Report;
use touchtone::sim::{CallRequest, ChannelId, Settings, Sim};
use touchtone::stage::{Stage, Told};

const SECOND: Duration = Duration::from_secs(1);

struct Scene {
    stage: Stage,
}

impl Scene {
    fn new(settings: Settings) -> Self {
        let mut stage = Stage::new(conference(), settings);
        stage.advance(SECOND);
        Scene { stage }
    }

    fn call(&mut self, caller: &str, called: &str) -> ChannelId {
        let port = 7000 + caller.bytes().map(u16::from).sum::<u16>() % 1000;
        let channel =
            self.stage.sim_mut().call(&CallRequest::new(caller, called, format!("127.0.0.1:{port}")));
        self.stage.advance(SECOND);
        channel
    }

    fn key(&mut self, channel: &ChannelId, keys: &str) {
        for key in keys.chars() {
            self.stage.sim_mut().key(channel, &key.to_string().parse().expect("a key"));
            self.stage.advance(SECOND / 10);
        }
        self.stage.advance(SECOND);
    }

    fn sim(&self) -> &Sim {
        self.stage.sim()
    }

    fn muted(&self, channel: &ChannelId) -> bool {
        self.sim().channel(channel).expect("a channel").muted
    }

    fn fired(&mut self) -> Vec<String> {
        let fired = |told| match told {
            (_, Told::Report(Report::Fired { code, .. })) => Some(code),
            _ => None,
        };
        self.stage.take_told().into_iter().filter_map(fired).collect()
    }
}

#[test]
fn a_caller_in_a_room_is_muted_by_a_code_and_heard_again_by_the_same() {
    let mut scene = Scene::new(Settings::default());
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
    let mut scene = Scene::new(Settings::default());
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
    let mut scene = Scene::new(Settings::default());
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
    let mut scene = Scene::new(Settings::default());
    let dave = scene.call("dave", "7010");
    let carol = scene.sim().channel(&dave).expect("dave").peer.expect("a peer");
    scene.key(&dave, "*3800#");
    let room = scene.sim().room("800").expect("room 800");
    assert!(room.member(&dave).is_some() && room.member(&carol).is_some(), "{room:?}");
    assert_eq!(scene.sim().channel(&carol).expect("carol").received, "", "carol heard none of the code");
    scene.key(&dave, "*6");
    assert!(scene.muted(&dave));
}

#[test]
fn digits_that_are_no_code_reach_the_other_party_in_order() {
    let mut scene = Scene::new(Settings::default());
    let dave = scene.call("dave", "7010");
    let carol = scene.sim().channel(&dave).expect("dave").peer.expect("a peer");
    scene.key(&dave, "1*52*3");
    scene.stage.advance(10 * SECOND);
    assert_eq!(scene.sim().channel(&carol).expect("carol").received, "1*52*3");
}

#[test]
fn a_module_that_was_killed_knows_what_was_so() {
    let mut scene = Scene::new(Settings::default());
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
