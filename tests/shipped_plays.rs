//! The key sets that people start from, played on a simulated engine: every code does what its comment says, and is
//! heard to.

mod common;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use common::scene::{SECOND, Scene};
use touchtone::config::{Config, load_file};
use touchtone::sim::{ChannelId, ConnectionId, Settings};

const DONE: Option<&str> = Some("tone/1000/200");
const FAILED: Option<&str> = Some("tone/outoforder");

/// A shipped configuration and those who try it, and the codes that they have seen done.
struct Play {
    scene: Scene,
    config: Arc<Config>,
    done: BTreeSet<String>,
}

impl Play {
    fn of(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
        let loaded = load_file(&path).unwrap_or_else(|refused| panic!("{refused}"));
        let config = Arc::new(loaded.config);
        Play { scene: Scene::new(config.clone(), Settings::default()), config, done: BTreeSet::new() }
    }

    /// Somebody keys; the operations that end by that, one that failed with a `!`.
    fn key(&mut self, channel: &ChannelId, keys: &str) -> Vec<String> {
        self.scene.key(channel, keys);
        self.ended()
    }

    fn ended(&mut self) -> Vec<String> {
        let ended = self.scene.ended();
        self.done.extend(ended.iter().filter(|code| !code.ends_with('!')).cloned());
        ended
    }

    fn heard_last(&self, channel: &ChannelId) -> Option<String> {
        self.scene.heard_last(channel)
    }

    fn peer(&self, channel: &ChannelId) -> Option<String> {
        self.scene.channel(channel).peer.map(|peer| peer.to_string())
    }

    fn is_in(&self, channel: &ChannelId, room: &str) -> bool {
        self.scene.channel(channel).room.as_deref() == Some(room)
    }

    /// Nothing ships that was not tried.
    fn end(self) {
        let codes: BTreeSet<_> = self.config.codes.iter().map(|code| code.name.clone()).collect();
        assert_eq!(self.done, codes);
    }
}

#[test]
fn conference_joins_mutes_records_and_leaves() {
    let mut play = Play::of("conference.toml");
    let (dave, carol) = play.scene.pair();
    assert_eq!(play.key(&dave, "*3800#"), ["join"]);
    assert!(play.is_in(&dave, "800") && play.is_in(&carol, "800"));
    assert_eq!(play.key(&dave, "*6"), ["mute"]);
    assert_eq!((play.scene.muted(&dave), play.heard_last(&dave).as_deref()), (true, DONE));
    assert_eq!(play.key(&dave, "*6"), ["mute"]);
    assert!(!play.scene.muted(&dave));
    let recordings = |play: &Play| play.scene.sim().room("800").expect("the room").recordings().len();
    assert_eq!((play.key(&dave, "*9"), recordings(&play)), (vec!["record".to_owned()], 1));
    assert_eq!((play.key(&carol, "*9"), recordings(&play)), (vec!["record".to_owned()], 0));
    assert_eq!(play.key(&dave, "*0"), ["leave"]);
    assert!(play.peer(&dave).expect("a tone").starts_with("tone/"), "a dial tone");
    assert!(play.is_in(&carol, "800"), "the room stays with one in it");
    play.end();
}

#[test]
fn conference_roles_lets_organizers_record_and_end_and_others_not() {
    let mut play = Play::of("conference-roles.toml");
    let bob = play.scene.call("bob", "900");
    assert_eq!(play.key(&bob, "*3800#"), ["join"], "from a dial tone");
    assert_eq!(play.key(&bob, "*9"), [""; 0], "no organizer");
    assert_eq!(play.heard_last(&bob).as_deref(), Some("tone/congestion"), "no code says so");
    assert_eq!(play.key(&bob, "*6"), ["mute"]);
    assert_eq!((play.scene.muted(&bob), play.heard_last(&bob).as_deref()), (true, DONE));
    assert_eq!((play.key(&bob, "*5"), play.scene.muted(&bob)), (vec!["hear".to_owned()], false));
    assert_eq!(play.key(&bob, "*0"), ["leave"]);
    assert!(play.peer(&bob).expect("a tone").starts_with("tone/"));
    let (dave, carol) = play.scene.pair();
    assert_eq!(play.key(&dave, "*3900#"), ["join"], "from a call");
    assert!(play.is_in(&dave, "900") && play.is_in(&carol, "900"));
    assert_eq!(play.key(&dave, "*9"), ["record"]);
    assert_eq!(play.scene.sim().room("900").expect("the room").recordings().len(), 1);
    assert_eq!(play.key(&carol, "*11"), ["end"]);
    assert!(play.scene.sim().room("900").is_none(), "for everybody");
    assert!(play.scene.sim().channel(&dave).is_none() && play.scene.sim().channel(&carol).is_none());
    play.end();
}

#[test]
fn pbx_holds_takes_back_transfers_and_takes_both_into_a_room() {
    let mut play = Play::of("pbx.toml");
    let (dave, carol) = play.scene.pair();
    assert_eq!(play.key(&dave, "*1"), ["hold", "waiting"]);
    play.scene.stage.advance(60 * SECOND);
    assert_eq!(play.scene.channel(&carol).hearing.as_deref(), Some("tone/*ring"), "carol waits");
    assert_eq!(play.heard_last(&dave), None, "dave hears no error");
    assert_eq!(play.key(&dave, "5*7201#"), [""; 0], "only *2 is a code meanwhile");
    assert_eq!(play.scene.channel(&carol).received, "", "and carol hears no keys");
    assert_eq!(play.key(&dave, "*2"), ["back", "talking"]);
    assert_eq!(play.scene.channel(&carol).hearing, None, "carol hears dave again");
    assert_eq!(play.peer(&dave), Some(carol.to_string()));
    assert_eq!(play.key(&carol, "*1*2"), ["hold", "waiting", "back", "talking"], "the called party can too");
    assert_eq!(play.key(&dave, "*3800#"), ["conference"]);
    assert!(play.is_in(&dave, "800") && play.is_in(&carol, "800"));

    let erin = play.scene.call("erin", "7011");
    let frank = play.scene.channel(&erin).peer.expect("frank");
    assert_eq!(play.key(&erin, "*7201#"), ["transfer"]);
    let target = play.scene.channel(&frank).peer.expect("a target");
    assert_eq!(play.scene.channel(&target).called, "201");
    assert!(play.scene.sim().channel(&erin).is_none(), "erin's call ends");
    play.end();
}

/// A module of the admin's own, which knows the PINs.
struct Doorman {
    connection: ConnectionId,
}

impl Doorman {
    fn beside(play: &mut Play) -> Self {
        let connection = play.scene.stage.sim_mut().connect();
        let lines = b"%%>connect:global\n%%>install:100:pin.check\n";
        play.scene.stage.sim_mut().receive(connection, lines);
        play.scene.stage.advance(SECOND);
        let doorman = Doorman { connection };
        assert_eq!(doorman.hears(play), "%%<install:100:pin.check:true\n");
        doorman
    }

    fn hears(&self, play: &mut Play) -> String {
        let heard = play.scene.stage.sim_mut().transmit(self.connection);
        String::from_utf8(heard).expect("text")
    }

    /// What was asked; the answer is whether it is the right one.
    fn answers(&self, play: &mut Play, right: &str) -> String {
        let asked = self.hears(play);
        let id = asked.trim_end().split(':').nth(1).expect("a question").to_owned();
        let good = asked.trim_end().split(':').any(|field| field == format!("pin={right}"));
        let answer = format!("%%<message:{id}:{good}::\n");
        play.scene.stage.sim_mut().receive(self.connection, answer.as_bytes());
        play.scene.stage.advance(SECOND);
        asked
    }
}

#[test]
fn pin_lets_in_who_keys_the_right_number_and_nobody_else() {
    let mut play = Play::of("pin.toml");
    let bob = play.scene.call("bob", "900");
    assert_eq!(play.key(&bob, "**"), ["ask"]);
    assert_eq!(play.heard_last(&bob).as_deref(), DONE, "bob is asked");
    assert_eq!(play.key(&bob, "1234#"), ["pin!"], "an engine that knows no PINs lets nobody in");
    assert_eq!(play.heard_last(&bob).as_deref(), FAILED);

    let doorman = Doorman::beside(&mut play);
    assert_eq!(play.key(&bob, "12*"), ["again"], "a star begins again");
    assert_eq!(play.key(&bob, "1234#"), [""; 0], "it is asked");
    let asked = doorman.answers(&mut play, "24680");
    assert!(asked.contains(":pin=1234:") || asked.ends_with(":pin=1234\n"), "without the #: {asked}");
    assert!(asked.contains(":caller=bob"), "{asked}");
    assert_eq!(play.ended(), ["pin!"]);
    assert_eq!(play.heard_last(&bob).as_deref(), FAILED);
    assert!(play.peer(&bob).expect("a tone").starts_with("tone/"), "bob is where he was");

    assert_eq!(play.key(&bob, "24680#"), [""; 0]);
    doorman.answers(&mut play, "24680");
    assert_eq!(play.ended(), ["pin", "enter"]);
    assert!(play.is_in(&bob, "members"));
    play.end();
}

#[test]
fn pin_says_when_it_took_too_long_or_was_no_number() {
    let mut play = Play::of("pin.toml");
    let bob = play.scene.call("bob", "900");
    play.key(&bob, "**");
    play.scene.stage.advance(10 * SECOND);
    assert_eq!(play.heard_last(&bob).as_deref(), Some("tone/info"), "the first key has ten seconds");
    assert_eq!(play.key(&bob, "1234#"), [""; 0], "then nothing is asked any more");
    play.key(&bob, "**123");
    play.scene.stage.advance(6 * SECOND);
    assert_eq!(play.heard_last(&bob).as_deref(), Some("tone/info"), "a further one has six");
    play.key(&bob, "12#");
    assert_eq!(play.heard_last(&bob).as_deref(), Some("tone/congestion"));
}
