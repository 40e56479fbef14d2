//! Watching only (`intercept = false`): no call ever waits for the module, and codes fire all the same.

mod common;

use common::brain;
use common::scene::{SECOND, Scene};
use touchtone::assist::{Input, Role};
use touchtone::sim::Settings;
use touchtone::stage::Told;

const CODES: &str = include_str!("../config/conference.toml");

fn observer() -> Scene {
    Scene::new(brain::config(&CODES.replace("[yate]\n", "[yate]\nintercept = false\n")), Settings::default())
}

/// The messages that the engine waited with, since the last time.
fn waited(scene: &mut Scene) -> Vec<String> {
    let told = scene.stage.take_told().into_iter();
    told.filter_map(|(_, told)| match told {
        Told::Received(line) => Some(String::from_utf8_lossy(&line).into_owned()),
        Told::Sent(_) | Told::Report(_) => None,
    })
    .filter(|line| line.starts_with("%%>message:"))
    .collect()
}

#[test]
fn no_handler_is_installed_and_digits_are_watched_wherever_the_engine_tells_them() {
    let config = brain::config(&CODES.replace("[yate]\n", "[yate]\nintercept = false\n"));
    let sent = brain::Brain::new(config).input(Input::Connected(Role::Socket));
    assert!(!sent.iter().any(|line| line.starts_with("%%>install")), "{sent:?}");
    for name in ["chan.dtmf", "chan.notify"] {
        assert!(sent.contains(&format!("%%>watch:{name}")), "{sent:?}");
    }
}

#[test]
fn a_code_fires_once_in_a_room_that_tells_of_its_digits_and_in_one_that_does_not() {
    for called in ["800", "801"] {
        let mut scene = observer();
        let alice = scene.call("alice", called);
        scene.key(&alice, "*6");
        assert!(scene.muted(&alice), "{called}");
        scene.key(&alice, "*6");
        assert!(!scene.muted(&alice), "{called}");
        assert_eq!(scene.fired(), ["mute", "mute"], "{called}");
    }
}

#[test]
fn the_other_party_of_a_call_hears_every_digit_once_and_the_engine_waits_for_none() {
    let mut scene = observer();
    let (dave, carol) = scene.pair();
    scene.stage.take_told();
    scene.key(&dave, "12*5*3800#");
    assert_eq!(waited(&mut scene), [""; 0]);
    assert_eq!(scene.channel(&carol).received, "12*5*3800#");
    let room = scene.sim().room("800").expect("room 800");
    assert!(room.member(&dave).is_some() && room.member(&carol).is_some(), "{room:?}");
}

#[test]
fn digits_that_are_told_in_another_order_are_put_in_order() {
    let settings = Settings {
        workers_at_start: 10,
        jitter: touchtone::sim::Jitter { probability: 0.5, span: SECOND / 50 },
        ..Settings::default()
    };
    let config = brain::config(&CODES.replace("[yate]\n", "[yate]\nintercept = false\n"));
    let mut scene = Scene::new(config, settings);
    let alice = scene.call("alice", "800");
    for _ in 0..20 {
        for key in ["*", "6"] {
            scene.stage.sim_mut().key(&alice, &key.parse().expect("a key"));
        }
        scene.stage.advance(SECOND);
    }
    assert_eq!(scene.fired(), ["mute"; 20]);
    assert!(!scene.muted(&alice));
}
