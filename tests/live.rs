//! The first calls on a real engine. `TOUCHTONE_LIVE=unix:PATH` or `tcp:HOST:PORT` names the socket of its
//! external modules; without it every test here says that it was skipped.
//!
//! The engine must run on this machine and may write where we may: files are looked at. It needs the modules
//! conference, dumbchan, tonegen and wavefile. The callers are dumb channels made by a connection of the test's own,
//! whose digits the daemon under test sees as if they were keyed. Nothing is left behind, and nobody else's calls are
//! touched; but another touchtone beside that engine would act on the same digits, and is complained of.

#![allow(clippy::disallowed_methods)] // It waits for a real engine.

mod common;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::client::Client;
use common::process::Daemon;
use tempfile::TempDir;
use touchtone::config::Address;

const PATIENCE: Duration = Duration::from_secs(10);

/// The tests share one engine, and take turns.
static TURN: Mutex<()> = Mutex::new(());

/// A dumb channel that somebody could be at.
#[derive(Debug, Clone)]
struct Caller {
    id: String,
    /// What it hears, from its first moment.
    ears: PathBuf,
}

struct Live {
    address: String,
    client: Client,
    daemon: Option<Daemon>,
    folder: TempDir,
    room: String,
    callers: Vec<Caller>,
    _turn: MutexGuard<'static, ()>,
}

impl Live {
    /// An engine with a daemon beside it; `None` if there is no engine to be tried on.
    fn begin() -> Option<Self> {
        let Ok(address) = std::env::var("TOUCHTONE_LIVE") else {
            // Not by a macro: what those print of a test that passes nobody sees.
            let test = std::thread::current();
            let line = format!(
                "skipped {}: TOUCHTONE_LIVE names no engine (unix:PATH or tcp:HOST:PORT)\n",
                test.name().unwrap_or_default()
            );
            let _ = std::io::stderr().write_all(line.as_bytes());
            return None;
        };
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let place: Address = address.parse().expect("TOUCHTONE_LIVE is unix:PATH or tcp:HOST:PORT");
        let folder = tempfile::tempdir().expect("a folder");
        // The engine may be somebody else than we are.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("a folder for all");
        let mut live = Live {
            client: Client::connect(&place),
            room: format!("touchtone-test-{}", std::process::id()),
            address,
            daemon: None,
            folder,
            callers: Vec::new(),
            _turn: turn,
        };
        let lone = live.caller();
        assert!(!live.heeded(&lone), "another touchtone is beside this engine: it would act on our digits");
        live.start_daemon();
        Some(live)
    }

    fn start_daemon(&mut self) {
        let config = self.folder.path().join("touchtone.toml");
        let recordings = format!("wave/record/{}/", self.folder.path().display());
        let text = include_str!("../config/conference.toml")
            .replace("wave/record//var/spool/yate/", &recordings)
            .replace("interdigit = \"4s\"", "interdigit = \"500ms\"")
            .replace("critical = \"1s\"", "critical = \"250ms\"\nreorder = \"1s\"");
        assert!(text.contains(&recordings) && text.contains("500ms") && text.contains("reorder"));
        fs::write(&config, text).expect("a configuration");
        let daemon = Daemon::start(&config, &self.address);
        daemon.log.wait_for(&["INFO", "ready", "engine="]);
        self.daemon = Some(daemon);
    }

    fn daemon(&mut self) -> &mut Daemon {
        self.daemon.as_mut().expect("a daemon")
    }

    /// Somebody in the room.
    fn caller(&mut self) -> Caller {
        let room = format!("conf/{}", self.room);
        self.call(&[("direct", room.as_str()), ("lonely", "true"), ("copyparams", "lonely")]).0
    }

    /// Two in a call with each other.
    fn pair(&mut self) -> (Caller, Caller) {
        let (one, other) = self.call(&[("direct", "dumb/touchtone-test-callee")]);
        let other = self.with_ears(other);
        (one, other)
    }

    fn call(&mut self, fields: &[(&str, &str)]) -> (Caller, String) {
        let fields = [&[("callto", "dumb/touchtone-test-caller"), ("target", "x")], fields].concat();
        let said = self.client.ask("call.execute", &fields);
        assert!(said.processed, "no call to {fields:?}: {said:?}");
        (self.with_ears(said.get("id")), said.get("peerid"))
    }

    fn with_ears(&mut self, id: String) -> Caller {
        let ears = self.folder.path().join(format!("heard-{}.au", id.replace('/', "-")));
        // Answered `false`, and heard all the same.
        let consumer = format!("wave/record/{}", ears.display());
        self.client.masquerade(&id, "chan.attach", &[("consumer", &consumer)]);
        let caller = Caller { id, ears };
        self.callers.push(caller.clone());
        caller
    }

    fn speak(&mut self, caller: &Caller) {
        self.client.masquerade(&caller.id, "chan.attach", &[("source", "tone/milliwatt")]);
    }

    /// Keys, each as soon as the one before it was dealt with.
    fn key(&mut self, caller: &Caller, keys: &str) {
        for key in keys.chars() {
            self.client.masquerade(&caller.id, "chan.dtmf", &[("text", &key.to_string())]);
        }
    }

    fn key_without_waiting(&mut self, caller: &Caller, key: char) -> (String, Instant) {
        let fields = [("id", caller.id.as_str()), ("message", "chan.dtmf"), ("text", &key.to_string())];
        (self.client.send("chan.masquerade", &fields), Instant::now())
    }

    /// Keys without waiting for anything; gives the keys in the order in which the engine counts them, which is not
    /// always that in which they are sent.
    fn key_at_once(&mut self, caller: &Caller, keys: &str) -> String {
        let sent: Vec<_> = keys.chars().map(|key| self.key_without_waiting(caller, key).0).collect();
        let answers = sent.iter().map(|id| self.client.answer(id));
        let mut counted: Vec<(u32, String)> =
            answers.map(|said| (said.get("sequence").parse().expect("a count"), said.get("text"))).collect();
        counted.sort();
        assert_eq!(counted.len(), keys.len());
        counted.into_iter().map(|(_, key)| key).collect()
    }

    /// Whether a digit of the caller's is shown to a touchtone.
    fn heeded(&mut self, caller: &Caller) -> bool {
        let said = self.client.masquerade(&caller.id, "chan.dtmf", &[("text", "5")]);
        said.get("handlers").split(',').any(|handler| handler.starts_with("touchtone:"))
    }

    /// A value in the engine's account of something.
    fn value(&mut self, of: &str, key: &str) -> Option<String> {
        let account = self.client.status(of);
        let values = account.trim_end().split([';', ',']).filter_map(|field| field.split_once('='));
        values.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value.to_owned())
    }

    fn leg(&mut self, caller: &Caller) -> String {
        self.value(&caller.id, "peerid").unwrap_or_default()
    }

    fn muted(&mut self, caller: &Caller) -> bool {
        let leg = self.leg(caller);
        self.value(&leg, "mute").expect("a leg in a room") == "true"
    }

    fn wait_for_mute(&mut self, caller: &Caller, muted: bool) {
        self.wait_for(&format!("mute={muted}"), |live| live.muted(caller) == muted);
    }

    /// The channels that record our room.
    fn recorders(&mut self) -> Vec<String> {
        let (name, account) = (format!("|touchtone-record-{}|", self.room), self.client.status("dumb"));
        let ours = account.split([';', ',']).filter(|entry| entry.contains(&name));
        ours.filter_map(|entry| Some(entry.split_once('=')?.0.to_owned())).collect()
    }

    fn recording(&self) -> Option<PathBuf> {
        let files = fs::read_dir(self.folder.path()).expect("a folder");
        let mut paths = files.map(|file| file.expect("a file").path());
        let ours = |path: &PathBuf| path.to_string_lossy().contains(&self.room);
        paths.find(ours)
    }

    fn clean_up(&mut self) {
        for caller in std::mem::take(&mut self.callers) {
            self.client.ask("call.drop", &[("id", &caller.id)]);
        }
        if let Some(mut daemon) = self.daemon.take() {
            daemon.leave();
        }
        for recorder in self.recorders() {
            self.client.ask("call.drop", &[("id", &recorder)]);
        }
    }

    fn wait_for(&mut self, what: &str, mut there: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !there(self) {
            assert!(Instant::now() < end, "waited for {what}");
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // A test that failed may have failed by the connection, and this would too.
        let _ = catch_unwind(AssertUnwindSafe(|| self.clean_up()));
    }
}

/// The loudest sample of a file from that byte on, and how long the file is.
fn loudest(file: &Path, from: usize) -> (u16, usize) {
    let bytes = fs::read(file).unwrap_or_default();
    if bytes.is_empty() {
        return (0, 0);
    }
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("a header"));
    assert_eq!((&bytes[..4], word(12)), (b".snd".as_slice(), 3), "16 bit samples");
    let start = from.max(word(4) as usize).next_multiple_of(2).min(bytes.len());
    let samples = bytes[start..].chunks_exact(2).map(|pair| i16::from_be_bytes([pair[0], pair[1]]));
    (samples.map(i16::unsigned_abs).max().unwrap_or(0), bytes.len())
}

const LOUD: u16 = 1000;

#[test]
fn a_code_mutes_and_the_same_code_unmutes() {
    let Some(mut live) = Live::begin() else { return };
    let (alice, bob) = (live.caller(), live.caller());
    live.key(&alice, "*6");
    live.wait_for_mute(&alice, true);
    assert!(!live.muted(&bob));
    live.key(&alice, "*6");
    live.wait_for_mute(&alice, false);
    live.key(&alice, "**6");
    live.wait_for_mute(&alice, true);
}

#[test]
fn a_toggle_respects_what_somebody_else_did() {
    let Some(mut live) = Live::begin() else { return };
    let alice = live.caller();
    let leg = live.leg(&alice);
    live.client.ask("chan.control", &[("targetid", &leg), ("mute", "true")]);
    assert!(live.muted(&alice));
    live.key(&alice, "*6");
    live.wait_for_mute(&alice, false);
    live.client.masquerade(&alice.id, "chan.control", &[("mute", "true")]);
    live.key(&alice, "*6");
    live.wait_for_mute(&alice, false);
}

#[test]
fn the_sound_that_answers_a_code_is_heard_by_its_caller_alone_and_then_the_room_again() {
    let Some(mut live) = Live::begin() else { return };
    let (alice, bob) = (live.caller(), live.caller());
    live.key(&alice, "*6");
    live.wait_for("a beep", |_| loudest(&alice.ears, 0).0 > LOUD);
    sleep(Duration::from_millis(500));
    let (_, heard) = loudest(&alice.ears, 0);
    assert_eq!(loudest(&bob.ears, 0).0, 0, "bob hears nothing of it");
    live.speak(&bob);
    live.wait_for("the room again", |_| loudest(&alice.ears, heard).0 > LOUD);
}

#[test]
fn a_code_records_the_room_and_the_same_code_stops_it() {
    let Some(mut live) = Live::begin() else { return };
    let (alice, bob) = (live.caller(), live.caller());
    live.speak(&bob);
    live.key(&alice, "*9");
    live.wait_for("a leg that records", |live| live.recorders().len() == 1);
    live.wait_for("a recording of the room", |live| live.recording().is_some());
    let file = live.recording().expect("a recording");
    live.wait_for("bob in the recording", |_| loudest(&file, 0).0 > LOUD);
    let (_, before) = loudest(&file, 0);
    live.wait_for("a file that grows", |_| loudest(&file, before).1 > before + 8_000);
    live.key(&bob, "*6");
    live.wait_for_mute(&bob, true);
    sleep(Duration::from_millis(200));
    let (_, muted) = loudest(&file, 0);
    sleep(Duration::from_millis(400));
    assert_eq!(loudest(&file, muted).0, 0, "who is muted is not recorded");
    live.key(&bob, "*6");
    live.wait_for("bob again", |_| loudest(&file, muted).0 > LOUD);
    live.key(&alice, "*9");
    live.wait_for("the leg to be gone", |live| live.recorders().is_empty());
    let (_, end) = loudest(&file, 0);
    sleep(Duration::from_millis(300));
    assert_eq!(loudest(&file, 0).1, end, "nothing is recorded any more");
    let room = format!("conf/{}", live.room);
    assert_eq!(live.value(&room, "users").as_deref(), Some("3"), "everybody else is still there");
}

#[test]
fn a_code_takes_both_parties_of_a_call_into_the_room_that_was_keyed() {
    let Some(mut live) = Live::begin() else { return };
    let (dave, erin) = live.pair();
    live.key(&dave, "*3800#");
    for caller in [&dave, &erin] {
        live.wait_for("room 800", |live| {
            let leg = live.leg(caller);
            leg.starts_with("conf/") && live.value(&leg, "address").as_deref() == Some("800")
        });
    }
    live.key(&erin, "*6");
    live.wait_for_mute(&erin, true);
    assert!(!live.muted(&dave));
}

#[test]
fn digits_that_no_code_wants_reach_the_other_party_in_order() {
    let Some(mut live) = Live::begin() else { return };
    let mut far = FarEnd::of(&mut live);
    for keys in ["1*52*3#", "9*", "*38", "00", "0123", "*6"] {
        let near = far.near.clone();
        live.key(&near, keys);
    }
    far.wait_for("1*52*3#9**38000123*6");
}

#[test]
fn two_hundred_digits_keyed_at_once_are_all_accounted_for() {
    let Some(mut live) = Live::begin() else { return };
    let mut far = FarEnd::of(&mut live);
    let keyed = live.key_at_once(&far.near.clone(), &"0123456789".repeat(20));
    far.wait_for_all(&keyed);

    let alice = live.caller();
    let leg = live.leg(&alice);
    live.client.watch("chan.control");
    // However they are swapped, no other code comes of them.
    let keyed = live.key_at_once(&alice, &("12*64*4578*781#12457".repeat(9) + "12457812457812457812"));
    let codes = keyed.matches("*6").count();
    let mut toggles = 0;
    let mut count = |live: &mut Live| {
        toggles += live.client.take_watched().iter().filter(|said| said.get("peerid") == leg).count();
        toggles
    };
    live.wait_for(&format!("{codes} codes"), |live| count(live) >= codes);
    sleep(Duration::from_millis(200));
    assert_eq!(count(&mut live), codes, "each code fires once");
    assert_eq!(live.muted(&alice), codes % 2 == 1);
}

#[test]
fn told_to_leave_it_keeps_no_digit_waiting_and_its_handlers_are_gone() {
    let Some(mut live) = Live::begin() else { return };
    let mut far = FarEnd::of(&mut live);
    let near = far.near.clone();
    let mut keys = "0123456789".chars().cycle().take(150).collect::<String>();
    keys.replace_range(39..42, "*38");
    let mut sent = Vec::new();
    for (at, key) in keys.chars().enumerate() {
        sent.push(live.key_without_waiting(&near, key));
        if at == 41 {
            live.daemon().signal("-TERM");
        }
        sleep(Duration::from_millis(5));
    }
    let slowest = sent.iter().map(|(id, at)| live.client.answer(id).at - *at).max().expect("digits");
    assert!(slowest < Duration::from_secs(1), "a digit took {slowest:?}");
    println!("the slowest digit took {slowest:?} while the module left");
    far.wait_for_all(&keys);
    let mut daemon = live.daemon.take().expect("a daemon");
    assert!(daemon.wait().success());
    assert!(!live.heeded(&near));
}

#[test]
fn a_daemon_that_was_killed_knows_what_is_so_when_it_is_started_again() {
    let Some(mut live) = Live::begin() else { return };
    let (alice, bob, carol) = (live.caller(), live.caller(), live.caller());
    live.key(&alice, "*6");
    live.wait_for_mute(&alice, true);
    live.key(&bob, "*9");
    live.wait_for("a recording", |live| live.recorders().len() == 1);
    live.daemon().signal("-KILL");
    live.daemon().wait();
    live.wait_for("nobody to heed digits", |live| !live.heeded(&alice));
    live.client.masquerade(&carol.id, "chan.control", &[("mute", "true")]);
    live.start_daemon();
    for (caller, muted) in [(&alice, false), (&bob, true), (&carol, false)] {
        live.key(caller, "*6");
        live.wait_for_mute(caller, muted);
    }
    assert_eq!(live.recorders().len(), 1, "the leg outlives us");
    live.key(&carol, "*9");
    live.wait_for("no recording", |live| live.recorders().is_empty());
}

/// The other end of a call, seen as its telephone would: what touchtone has left of what was keyed.
struct FarEnd {
    near: Caller,
    client: Client,
}

impl FarEnd {
    fn of(live: &mut Live) -> Self {
        let (near, _) = live.pair();
        let mut client = Client::connect(&live.address.parse().expect("an address"));
        client.install(99, "chan.dtmf", &near.id);
        FarEnd { near, client }
    }

    fn heard(&mut self) -> String {
        self.client.asked().iter().map(|said| said.get("text")).collect()
    }

    fn wait_for(&mut self, keys: &str) {
        self.wait(keys);
        assert_eq!(self.heard(), keys);
    }

    /// As `wait_for`, in whatever order: digits that follow each other at once the engine itself swaps.
    fn wait_for_all(&mut self, keys: &str) {
        self.wait(keys);
        let sorted = |keys: &str| {
            let mut keys: Vec<_> = keys.chars().collect();
            keys.sort_unstable();
            keys
        };
        assert_eq!(sorted(&self.heard()), sorted(keys));
    }

    fn wait(&mut self, keys: &str) {
        let end = Instant::now() + PATIENCE;
        while self.heard().len() < keys.len() {
            assert!(Instant::now() < end, "of {keys} the other party got only {}", self.heard());
            sleep(Duration::from_millis(20));
        }
        sleep(Duration::from_millis(200));
    }
}
