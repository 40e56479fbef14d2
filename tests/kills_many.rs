//! Two hundred kills: fifty callers key codes all the time, and the daemon is killed (`SIGKILL`) at random moments and
//! started again. After each restart what it shows is what is so in the engine, nobody waited for the engine's time-out,
//! and no code was done more often than it was keyed.
//!
//! `cargo test --release --test kills_many -- --ignored --nocapture` is the long one, with its figures; `KILLS` says how
//! many, `TOUCHTONE_SEED` from which seed.

#![allow(clippy::disallowed_methods)] // It waits as callers do, measures, and takes its seed from the clock.

mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use common::client::Client;
use common::house::engine;
use common::site::{Site, until};
use touchtone::config::Address;
use touchtone::control::protocol::Room;
use touchtone::sim::server::Server;
use touchtone::sim::{ChannelId, Jitter, Route, Settings};
use touchtone::trial::Chance;

/// How many callers there are to a room.
const TO_A_ROOM: usize = 5;

const RULES: &str = r#"
answer-timeout = "2s"
[rooms."8*"]
lonely = true
max-users = 20
[[code]]
name = "mute"
keys = "*6"
state = "conference"
operation = "mute-toggle"
on-success = "tone/1000/200"
[[code]]
name = "record"
keys = "*9"
state = "conference"
operation = "record-toggle"
[[code]]
name = "lock"
keys = "*5"
state = "conference"
operation = "lock-toggle"
[[code]]
name = "announce"
keys = "*82"
state = "conference"
operation = "announce"
sound = "tone/1000/100"
"#;

/// What is keyed: codes, what is none, and beginnings of codes.
const KEYED: [&str; 12] = ["*6", "*6", "*6", "*6", "*9", "*5", "*82", "12", "*", "**6", "#", "*61"];

/// All who key.
#[derive(Default)]
struct Callers {
    channels: Vec<ChannelId>,
    stop: AtomicBool,
    rest: AtomicBool,
    /// How often each has keyed `*6`.
    keyed: Mutex<HashMap<ChannelId, usize>>,
}

impl Callers {
    fn keyed(&self) -> MutexGuard<'_, HashMap<ChannelId, usize>> {
        self.keyed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// They key, but for when they rest, until they are told to stop.
    fn key(&self, engine: &Server, seed: u64) {
        let mut chance = Chance::seeded(!seed);
        while !self.stop.load(Ordering::Relaxed) {
            thread::sleep(chance.within(Duration::from_millis(8)));
            let mut keyed = self.keyed();
            if self.rest.load(Ordering::Relaxed) {
                continue;
            }
            let (who, keys) = (chance.pick(&self.channels), *chance.pick(&KEYED));
            *keyed.entry(who.clone()).or_default() += usize::from(keys.contains("*6"));
            engine.key(who, &keys.parse().expect("keys"));
        }
    }
}

fn settings() -> Settings {
    let mut settings = engine(&[]);
    settings.routes.insert(0, Route::new("8*", "conf/*").with("lonely", "true"));
    settings.jitter = Jitter::lifelike();
    settings
}

/// What is recorded is shown to be. Of a leg of ours that records nothing after a kill the engine does not say so.
fn recordings_are_shown(site: &Site) -> bool {
    let shown: Vec<Room> = site.command("rooms --format json").objects();
    site.engine.with(|sim| {
        let recorded = |room: &Room| sim.room(&room.name).is_some_and(|room| !room.recordings().is_empty());
        shown.iter().all(|room| room.recording || !recorded(room))
    })
}

/// How often each was muted or unmuted since the last time, as somebody else sees it.
fn mutes(witness: &mut Client) -> HashMap<ChannelId, usize> {
    let mut count = HashMap::new();
    for said in witness.take_watched() {
        if said.name == "chan.control" && !said.get("mute").is_empty() && said.get("id").starts_with("sip/") {
            *count.entry(ChannelId::from(said.get("id"))).or_default() += 1;
        }
    }
    count
}

/// What came of it all.
#[derive(Debug, Default)]
struct Figures {
    kills: usize,
    keyed: usize,
    done: usize,
    /// The longest from a kill to a daemon that knows what there is.
    back: Duration,
    /// The longest from that, with everybody resting, to what is shown being so.
    true_after: Duration,
}

/// Callers, the daemon, and somebody who sees what the engine does.
struct Play {
    site: Site,
    witness: Client,
    callers: Arc<Callers>,
    chance: Chance,
    /// How often each had keyed `*6` when it was looked last, without anything done for it: on a busy machine it may be
    /// done yet.
    undone: HashMap<ChannelId, usize>,
    figures: Figures,
}

impl Play {
    fn new(people: usize, seed: u64) -> Self {
        let site = Site::new(RULES, settings());
        let address: Address = site.engine.address().parse().expect("an address");
        let mut witness = Client::connect(&address);
        witness.watch("chan.control");
        let call = |who: usize| site.call(&format!("c{who}"), &format!("8{:02}", who / TO_A_ROOM));
        let channels = (0..people).map(call).collect();
        until("everybody is there", || {
            let [shown, so] = site.rooms_shown_and_so();
            shown == so && so.iter().map(|(_, seats)| seats.len()).sum::<usize>() == people
        });
        let callers = Arc::new(Callers { channels, ..Callers::default() });
        Play {
            site,
            witness,
            callers,
            chance: Chance::seeded(seed),
            undone: HashMap::new(),
            figures: Figures::default(),
        }
    }

    fn kill(&mut self) {
        thread::sleep(self.chance.within(Duration::from_millis(400)));
        let killed = Instant::now();
        self.site.kill();
        self.site.start();
        self.figures.back = self.figures.back.max(killed.elapsed());
        thread::sleep(self.chance.within(Duration::from_millis(200)));
        self.callers.rest.store(true, Ordering::Relaxed);
        // Who is in the middle of a key has keyed it.
        drop(self.callers.keyed());
        let rests = Instant::now();
        self.look();
        self.figures.true_after = self.figures.true_after.max(rests.elapsed());
        self.figures.kills += 1;
        self.callers.rest.store(false, Ordering::Relaxed);
    }

    fn look(&mut self) {
        let site = &self.site;
        site.engine_has("nobody waits", |sim| sim.waiting() == 0 && sim.queued() == 0);
        let kills = self.figures.kills;
        until(&format!("what is shown is so after {kills} kills"), || {
            let [shown, so] = site.rooms_shown_and_so();
            shown == so && recordings_are_shown(site)
        });
        let late = site.engine.with(|sim| sim.log().filter(|line| line.text.contains("in time")).count());
        assert_eq!(late, 0, "messages that ran into the engine's time-out");
        // What was keyed last may be done only now.
        thread::sleep(Duration::from_millis(50));
        let done = mutes(&mut self.witness);
        let keyed = std::mem::take(&mut *self.callers.keyed());
        self.figures.keyed += keyed.values().sum::<usize>();
        self.figures.done += done.values().sum::<usize>();
        let before = std::mem::replace(&mut self.undone, keyed);
        for (channel, times) in &done {
            let before = before.get(channel).copied().unwrap_or_default();
            let keyed = self.undone.entry(channel.clone()).or_default();
            let left = (*keyed + before).checked_sub(*times);
            let left = left.unwrap_or_else(|| {
                panic!("{channel} keyed *6 {keyed} times, and {before} before, and was muted {times} times")
            });
            // What was keyed before that is not done now never is.
            *keyed = left.min(*keyed);
        }
    }
}

fn kill_at_random(kills: usize, people: usize, seed: u64) {
    println!("TOUCHTONE_SEED={seed}, {kills} kills, {people} callers");
    let mut play = Play::new(people, seed);
    let (engine, callers) = (play.site.engine.clone(), play.callers.clone());
    let keys = thread::spawn(move || callers.key(&engine, seed));
    for _ in 0..kills {
        play.kill();
        if play.figures.kills.is_multiple_of(20) {
            println!("{:?}", play.figures);
        }
    }
    play.callers.stop.store(true, Ordering::Relaxed);
    keys.join().expect("they key");
    let longest = play.site.engine.with(|sim| sim.longest_wait());
    println!("{:?}; the engine waited for an answer for {longest:?} at most", play.figures);
    assert!(play.figures.done > 0);
}

fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

fn seed() -> u64 {
    given("TOUCHTONE_SEED").unwrap_or_else(|| jiff::Timestamp::now().as_microsecond().unsigned_abs())
}

#[test]
fn killed_now_and_then_it_knows_what_is_so_and_does_nothing_twice() {
    kill_at_random(4, 10, seed());
}

#[test]
#[ignore = "takes some minutes; say --release"]
fn two_hundred_kills_at_random_moments() {
    let kills = given("KILLS").and_then(|kills| usize::try_from(kills).ok()).unwrap_or(200);
    kill_at_random(kills, 50, seed());
}
