//! The daemon killed (`SIGKILL`) behind any line of an operation that it has said or heard, and started again: what is so
//! in the engine is known, nothing was done twice, nothing of ours is left over, nobody waited, and what was keyed can be
//! keyed again.
//!
//! `cargo test --test kills -- --ignored --nocapture` kills it behind every line of every operation;
//! `TOUCHTONE_SEED` says which lines are tried otherwise.

#![allow(clippy::disallowed_methods)] // It waits as callers do, and takes its seed from the clock.

mod common;

use std::time::Duration;

use common::client::{Client, Said};
use common::house::engine;
use common::site::{Site, until};
use common::turnstile::{Last, Turnstile};
use touchtone::config::Address;
use touchtone::control::protocol::Room;
use touchtone::sim::{ChannelId, Route, Settings};
use touchtone::trial::Chance;

/// How long nothing is said when all that was keyed is done.
const QUIET: Duration = Duration::from_millis(700);

/// An operation that is keyed.
struct Keyed {
    keys: &'static str,
    by: Party,
    /// Whether it is so in the engine, or as shown, what it makes so.
    is: fn(&House) -> bool,
    /// Which of what the engine does are it.
    does: fn(&House, &Said) -> bool,
}

/// Whether somebody was muted; that all are heard again is what is done afterwards.
fn mutes(said: &Said) -> bool {
    said.name == "chan.control" && said.get("mute") == "true"
}

#[derive(Clone, Copy)]
enum Party {
    Alice,
    Bob,
    Dave,
}

const OPERATIONS: [Keyed; 12] = [
    Keyed {
        keys: "*6",
        by: Party::Alice,
        is: |house| house.muted(&house.alice),
        does: |house, said| mutes(said) && said.get("id") == house.alice.as_str(),
    },
    Keyed {
        keys: "*9",
        by: Party::Alice,
        is: |house| house.shown().is_some_and(|room| room.recording),
        does: |_, said| said.name == "chan.record" && said.get("call").starts_with("wave/"),
    },
    Keyed {
        keys: "*5",
        by: Party::Alice,
        is: |house| house.shown().is_some_and(|room| room.locked),
        does: |_, _| false,
    },
    Keyed {
        keys: "*4*",
        by: Party::Alice,
        is: |house| !house.is_in("800", &house.eve),
        does: |_, said| said.name == "call.drop" && said.get("id").starts_with("sip/"),
    },
    Keyed {
        keys: "*2201#",
        by: Party::Alice,
        is: |house| house.site.callers("800").contains(&"201".to_owned()),
        does: |_, said| {
            let calls = said.name == "chan.startup" && said.get("id").starts_with("sip/");
            calls && said.get("called") == "201"
        },
    },
    Keyed {
        keys: "*82",
        by: Party::Alice,
        is: |_| false,
        does: |_, said| said.name == "chan.attach" && said.get("override") == "tone/1000/500",
    },
    Keyed {
        keys: "*70",
        by: Party::Alice,
        is: |house| house.muted(&house.bob),
        does: |house, said| {
            let leg = house.leg(&house.bob);
            mutes(said) && [&said.get("targetid"), &said.get("peerid")].contains(&&leg)
        },
    },
    Keyed {
        keys: "*3700#",
        by: Party::Dave,
        is: |house| house.is_in("700", &house.dave),
        does: |_, said| said.name == "call.conference" && said.processed,
    },
    Keyed {
        keys: "*0",
        by: Party::Bob,
        is: |house| !house.is_in("800", &house.bob),
        does: |house, said| said.name == "call.execute" && said.get("id") == house.bob.as_str(),
    },
    Keyed { keys: "*88", by: Party::Bob, is: |_| false, does: |_, _| false },
    Keyed { keys: "*80", by: Party::Bob, is: |_| false, does: |_, _| false },
    Keyed {
        keys: "*11",
        by: Party::Alice,
        is: |house| house.site.engine_room("800").is_none(),
        does: |_, said| said.name == "call.drop" && said.get("id") == "conf/800",
    },
];

/// The conference server that ships, its own places left out, with a state of its own and nobody asked for a PIN.
fn text() -> String {
    let shipped = include_str!("../config/conference-server.toml");
    let from = shipped.find("[record]").expect("a section");
    let text = shipped[from..].replace("# ring = \"30s\"", "ring = \"2s\"");
    let state = "\n[states.vault]\n[roles.guest]\n[[code]]\nname = \"vault\"\nkeys = \"*88\"\nstate = \"conference\"\n\
                 operation = \"set-state\"\nto = \"vault\"\n";
    format!("answer-timeout = \"2s\"\n{text}{state}")
}

fn settings() -> Settings {
    let mut settings = engine(&[]);
    settings.play_time = Duration::from_millis(300);
    settings.routes.insert(0, Route::new("800", "conf/800").with("touchtone_role", "guest"));
    settings.routes.push(Route::new("900", "conf/800").with("touchtone_role", "organizer"));
    settings
}

/// Three in a room, two in a call, and somebody who sees what the engine does.
struct House {
    site: Site,
    way: Turnstile,
    witness: Client,
    alice: ChannelId,
    bob: ChannelId,
    eve: ChannelId,
    dave: ChannelId,
}

impl House {
    fn new() -> Self {
        let way = Turnstile::default();
        let site = Site::by(&text(), settings(), |folder, engine| way.listen(folder, engine));
        let address: Address = site.engine.address().parse().expect("an address");
        let mut witness = Client::connect(&address);
        for name in
            ["chan.control", "chan.record", "chan.attach", "chan.startup", "call.drop", "call.conference"]
        {
            witness.watch(name);
        }
        witness.watch("call.execute");
        let nobody = || ChannelId::from("");
        let (alice, bob, eve, dave) = (nobody(), nobody(), nobody(), nobody());
        let mut house = House { site, way, witness, alice, bob, eve, dave };
        house.gather();
        house
    }

    /// Everybody comes: Eve last of those in the room, of whom nobody is muted, in another state or recorded.
    fn gather(&mut self) {
        self.alice = self.site.enter("alice", "900", "800");
        self.bob = self.site.enter("bob", "800", "800");
        self.eve = self.site.enter("eve", "800", "800");
        self.dave = self.site.call("dave", "7010");
        // How they came is nobody's doing.
        self.is_true("when all have come");
        self.witness.take_watched();
    }

    /// What a channel that there is is connected to.
    fn channel(&self, id: &ChannelId) -> Option<Option<ChannelId>> {
        self.site.engine.with(|sim| sim.channel(id)).map(|channel| channel.peer)
    }

    fn is_in(&self, room: &str, who: &ChannelId) -> bool {
        self.site.engine_room(room).is_some_and(|room| room.member(who).is_some())
    }

    fn muted(&self, who: &ChannelId) -> bool {
        self.site.engine.with(|sim| sim.channel(who)).is_some_and(|channel| channel.muted)
    }

    fn leg(&self, who: &ChannelId) -> String {
        self.channel(who).flatten().map(|leg| leg.as_str().to_owned()).unwrap_or_default()
    }

    fn shown(&self) -> Option<Room> {
        self.site.room("800")
    }

    fn key(&self, operation: &Keyed) {
        let who = match operation.by {
            Party::Alice => &self.alice,
            Party::Bob => &self.bob,
            Party::Dave => &self.dave,
        };
        self.site.key(who, operation.keys);
    }

    /// Everything is as it was before, and nothing that was done leaves a trace: all go, and come again.
    fn undo(&mut self) {
        let called = self.channels_to("201");
        for who in [&self.alice, &self.bob, &self.eve, &self.dave].into_iter().chain(&called) {
            self.site.engine.hangup(who);
        }
        until("the rooms are over", || {
            let over = |name| self.site.engine_room(name).is_none() && self.site.room(name).is_none();
            over("800") && over("700")
        });
        self.gather();
    }

    fn channels_to(&self, number: &str) -> Vec<ChannelId> {
        let to = |sim: &mut touchtone::sim::Sim| {
            let to = sim.channels().filter(|channel| channel.outgoing && channel.called == number);
            to.map(|channel| channel.id).collect()
        };
        self.site.engine.with(to)
    }

    fn is_true(&self, after: &str) {
        until(&format!("what is shown is so {after}"), || {
            let [shown, so] = self.site.rooms_shown_and_so();
            shown == so
        });
        let status = self.site.status().expect("a daemon");
        assert!(status.ready, "{after}");
    }

    /// Legs of ours: one to announce by, which is held, one to record by if the room is recorded, none to call by.
    fn nothing_is_left(&self, after: &str) {
        let own = || {
            let own = |sim: &mut touchtone::sim::Sim| {
                let own = sim.channels().filter(|channel| channel.id.as_str().starts_with("dumb/"));
                own.map(|channel| channel.address).collect::<Vec<_>>()
            };
            self.site.engine.with(own)
        };
        until(&format!("there is a leg too many {after}: {:?}", own()), || {
            let names = own();
            let count = |begin: &str| names.iter().filter(|name| name.starts_with(begin)).count();
            let recorded = usize::from(self.shown().is_some_and(|room| room.recording));
            count("touchtone-announce-") <= 1 && names.len() == count("touchtone-announce-") + recorded
        });
    }

    fn did(&mut self, operation: &Keyed) -> usize {
        let seen = self.witness.take_watched();
        seen.iter().filter(|said| (operation.does)(self, said)).count()
    }

    /// Keys it, with the daemon killed behind that line of what comes of it; false if there are not so many.
    fn kill_in(&mut self, operation: &Keyed, last: Last) -> bool {
        self.way.end_with(last);
        self.key(operation);
        let Some(line) = self.way.wait(QUIET) else { return false };
        let keys = operation.keys;
        let after =
            format!("after {keys} and a kill behind line {}, {} %: {line:?}", last.line, last.hundredths);
        self.site.kill();
        self.site.engine_has("nobody waits", |sim| sim.waiting() == 0);
        self.site.start();
        self.is_true(&after);
        self.nothing_is_left(&after);
        let did = self.did(operation);
        assert!(did <= 1, "done {did} times {after}");
        let was = (operation.is)(self);
        // Who is out of the room has no code there any more.
        let done = matches!(keys, "*4*" | "*2201#" | "*3700#" | "*0" | "*11") && was;
        if !done {
            self.key(operation);
            let flips = matches!(keys, "*6" | "*9" | "*5");
            let by_itself = matches!(keys, "*82" | "*88" | "*80");
            until(&format!("it is done when it is keyed again {after}"), || {
                by_itself || (operation.is)(self) == (!flips || !was)
            });
        }
        self.is_true(&after);
        self.undo();
        self.nothing_is_left(&after);
        true
    }

    fn nobody_waited(&self) {
        let late = |sim: &mut touchtone::sim::Sim| {
            let late = sim.log().filter(|line| line.text.contains("did not return in time"));
            (late.count(), sim.longest_wait())
        };
        let (late, longest) = self.site.engine.with(late);
        println!("the longest that the engine waited for an answer: {longest:?}");
        assert_eq!(late, 0, "messages that ran into the engine's time-out");
    }
}

#[test]
fn a_daemon_killed_in_the_middle_of_an_operation_has_done_it_once_or_not_at_all() {
    let said = std::env::var("TOUCHTONE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = said.unwrap_or_else(|| jiff::Timestamp::now().as_microsecond().unsigned_abs());
    println!("TOUCHTONE_SEED={seed}");
    let mut chance = Chance::seeded(seed);
    let mut house = House::new();
    let mut kills = 0;
    // What is drawn may be behind the last line each time.
    for turn in 0.. {
        if turn >= 5 && kills > 0 {
            break;
        }
        assert!(turn < 50, "it is never killed");
        let operation = chance.pick(&OPERATIONS);
        let last = Last { line: chance.between(1, 12), hundredths: *chance.pick(&[100, 100, 50]) };
        println!("{} {last:?}", operation.keys);
        if house.kill_in(operation, last) {
            kills += 1;
        } else {
            house.undo();
        }
    }
    house.nobody_waited();
}

#[test]
#[ignore = "takes many minutes"]
fn a_daemon_killed_behind_every_line_of_every_operation_has_done_it_once_or_not_at_all() {
    let mut house = House::new();
    let mut kills = 0;
    for operation in &OPERATIONS {
        for line in 1.. {
            let last = Last { line, hundredths: if line % 3 == 0 { 50 } else { 100 } };
            if !house.kill_in(operation, last) {
                println!("{}: {} lines", operation.keys, line - 1);
                house.undo();
                break;
            }
            kills += 1;
        }
    }
    println!("{kills} kills");
    assert!(kills > OPERATIONS.len(), "each is answered with a line at least");
    house.nobody_waited();
}
