//! A long randomised run: trials of the shipped configurations and of a conference server, with everything going wrong
//! that can.
//!
//! `cargo test --release --test soak_trials -- --ignored --nocapture` goes on for `SOAK_MINUTES` (3), from `SOAK_SEED` on;
//! what is printed at a failure has the seed of the one trial that failed.

#![allow(clippy::disallowed_methods)] // It says when to end, and takes its seed from the clock.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use touchtone::config::load_file;
use touchtone::trial::shrink::shrink;
use touchtone::trial::{Faults, Scene, Trial, rooms};

/// What is tried in turn.
const CONFIGURATIONS: [&str; 4] = ["conference.toml", "conference-roles.toml", "pbx.toml", "pin.toml"];

fn scene(name: &str) -> Scene {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
    let config = load_file(&path).unwrap_or_else(|refused| panic!("{refused}")).config;
    Scene::new(Arc::new(config), Faults::ALL)
}

fn try_scene(name: &str, scene: &Scene, seed: u64) {
    let trial = Trial::of_seed(scene, seed);
    if let Err(broken) = trial.hold(scene) {
        let (trial, broken) = shrink(scene, trial, broken);
        let acts: Vec<_> = trial.acts.iter().map(|act| scene.tell(act)).collect();
        panic!("{name}, SOAK_SEED={seed}: {broken:?}\n{}", acts.join("\n"));
    }
}

fn try_rooms(house: &rooms::House, seed: u64) {
    let trial = rooms::Trial::of_seed(seed);
    if let Err(broken) = trial.hold(house) {
        let (trial, broken) = trial.shrink(house, broken);
        let acts: Vec<_> = trial.acts.iter().map(|act| format!("{act:?}")).collect();
        panic!("rooms, stores {}, SOAK_SEED={seed}: {broken}\n{}", house.stores, acts.join("\n"));
    }
}

#[test]
#[ignore = "takes minutes; say --release"]
fn soak_of_trials_with_everything_going_wrong_keeps_every_promise() {
    let given = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let first = given("SOAK_SEED").unwrap_or_else(|| jiff::Timestamp::now().as_second().unsigned_abs() << 20);
    let span = Duration::from_secs(60 * given("SOAK_MINUTES").unwrap_or(3));
    println!("SOAK_SEED={first}");
    let scenes: Vec<_> = CONFIGURATIONS.iter().map(|name| (name, scene(name))).collect();
    let houses =
        [true, false].map(|stores| rooms::House::new(stores).unwrap_or_else(|refused| panic!("{refused}")));
    let (start, mut seed, mut minute) = (Instant::now(), first, Duration::ZERO);
    while start.elapsed() < span {
        scenes.iter().for_each(|(name, scene)| try_scene(name, scene, seed));
        houses.iter().for_each(|house| try_rooms(house, seed));
        seed += 1;
        if start.elapsed() >= minute {
            minute += Duration::from_secs(60);
            println!("{} s: {} seeds from {first} on", start.elapsed().as_secs(), seed - first);
        }
    }
    println!("{} seeds, of {} trials each: no promise is broken", seed - first, scenes.len() + houses.len());
}
