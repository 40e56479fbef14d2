//! The conference server that people start from, played on a simulated engine: every code does what its comment says.

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::house::{House, engine};
use touchtone::sim::ChannelId;
use touchtone::store::{Manage, NewConference, NewParticipant};

/// The house, and the codes that were seen done.
struct Play {
    house: House,
    done: BTreeSet<String>,
}

impl Play {
    fn new() -> Self {
        let house = House::new(include_str!("../config/conference-server.toml"), engine(&[]));
        Play { house, done: BTreeSet::new() }
    }

    /// Somebody keys; the operations that end by that, one that failed with a `!`.
    fn key(&mut self, channel: &ChannelId, keys: &str) -> Vec<String> {
        self.house.key(channel, keys);
        let ended = self.house.scene.ended();
        self.done.extend(ended.iter().filter(|code| !code.ends_with('!')).cloned());
        ended
    }

    /// Who calls 7800 and keys a PIN.
    fn enter(&mut self, caller: &str, pin: &str) -> ChannelId {
        let channel = self.house.call(caller, "7800");
        assert_eq!(self.key(&channel, pin), ["pin"]);
        channel
    }

    fn hold_a_conference(&mut self) {
        let organizer = NewParticipant {
            number: "alice".to_owned(),
            username: None,
            name: "Alice".to_owned(),
            organizer: true,
            call: false,
        };
        let start = self.house.scene.stage.date() + Duration::from_secs(60);
        let conference = NewConference {
            room: "800".to_owned(),
            title: "Board".to_owned(),
            start: start.to_zoned(jiff::tz::TimeZone::UTC).datetime(),
            time_zone: "UTC".to_owned(),
            minutes: 30,
            rrule: None,
            except: Vec::new(),
            organizer_pin: None,
            pin: None,
            participants: vec![organizer],
        };
        self.house.manage(Manage::Add { conference: Box::new(conference) });
        self.house.seconds(60);
    }
}

#[test]
fn every_code_of_the_conference_server_does_what_it_says() {
    let mut play = Play::new();
    play.hold_a_conference();
    let bob = play.enter("bob", "1234#");
    assert!(!play.house.is_in("800", &bob), "he waits for an organizer");
    let alice = play.house.call("alice", "7000");
    assert!(play.house.is_in("800", &alice) && play.house.is_in("800", &bob), "who is known by her number");
    let carol = play.house.call("carol", "7000");
    assert_eq!(play.key(&carol, "800#"), ["which-room"], "who has no conference keys one");
    assert_eq!(play.key(&carol, "1234#"), ["pin"]);
    assert!(play.house.is_in("800", &carol));
    let eve = play.house.call("eve", "7800");
    assert_eq!(play.key(&eve, "*0"), ["give-up"]);
    assert!(play.house.scene.sim().channel(&eve).is_none());
    let (dave, other) = play.house.scene.pair();
    assert_eq!(play.key(&dave, "*3800#"), Vec::<String>::new(), "he is asked for a PIN");
    assert_eq!(play.key(&dave, "1234#"), ["pin", "join"]);
    assert!(play.house.is_in("800", &dave) && play.house.is_in("800", &other));
    assert_eq!(play.key(&bob, "*6"), ["mute"]);
    assert!(play.house.scene.muted(&bob));
    assert_eq!(play.key(&bob, "*80"), ["count"]);
    assert_eq!(play.key(&bob, "*81"), ["talkers"]);
    assert_eq!(play.key(&bob, "*5"), Vec::<String>::new(), "no code of a participant's");
    for (keys, code) in [("*70", "mute-others"), ("*71", "unmute-all"), ("*82", "gavel"), ("*83", "extend")] {
        assert_eq!(play.key(&alice, keys), [code]);
    }
    assert!(!play.house.scene.muted(&bob));
    assert_eq!(play.key(&alice, "*9"), ["record"]);
    assert_eq!(play.house.room("800").map(|room| room.recording), Some(true));
    assert_eq!(play.key(&alice, "*2201#"), ["invite"]);
    assert_eq!(play.house.seats("800").last().map(|seat| seat.1.clone()), Some("201".to_owned()));
    assert_eq!(play.key(&alice, "*4*"), ["kick-last"]);
    assert_eq!(play.key(&alice, "*42#"), ["kick"], "bob, who was let in after her");
    assert_eq!(play.key(&carol, "*0"), ["leave"]);
    assert!(play.house.peer(&carol).is_some_and(|peer| peer.starts_with("tone/")));
    assert_eq!(play.key(&alice, "*5"), ["lock"]);
    assert_eq!(play.house.room("800").map(|room| room.locked), Some(true));
    assert_eq!(play.key(&alice, "*11"), ["end"]);
    assert_eq!(play.house.room("800"), None);
    let config = include_str!("../config/conference-server.toml");
    let codes: BTreeSet<String> = config
        .lines()
        .filter_map(|line| Some(line.strip_prefix("name = \"")?.strip_suffix('"')?.to_owned()))
        .collect();
    assert_eq!(play.done, codes, "nothing ships that was not tried");
}
