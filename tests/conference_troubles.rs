//! A conference server in trouble: the daemon killed, the store taken away, nobody at the other end, and what people write
//! wrong on the command line.

#![allow(clippy::disallowed_methods)] // It waits as callers do.

mod common;

use std::path::Path;
use std::time::Duration;

use common::client::Client;
use common::house::{ENTRY, engine};
use common::process::{Daemon, touchtone};
use common::site::{Places, Said, Site, until};
use touchtone::config::Address;
use touchtone::sim::server::{Pace, Server};
use touchtone::sim::{Callee, ChannelView, Settings, Sim};
use touchtone::store::AttemptState::{Busy, Joined, Unknown};
use touchtone::store::{Attendance, ConferenceInfo};

const RULES: &str = r#"
[rooms."8*"]
lonely = true
[[route]]
called = "7000"
[calling]
ring = "10s"
[schedule]
retries = 1
retry-after = "1s"
warn-before = "none"
[[code]]
name = "mute"
keys = "*6"
state = "conference"
operation = "mute-toggle"
[[code]]
name = "lock"
keys = "*5"
state = "conference"
allow = "organizer"
operation = "lock-toggle"
"#;

fn rules() -> String {
    format!("{RULES}{ENTRY}")
}

fn settings(callees: &[(&str, Callee)]) -> Settings {
    engine(callees)
}

fn rings(milliseconds: u64) -> Callee {
    Callee::Rings { answers_after: Duration::from_millis(milliseconds) }
}

/// Hears of every channel that the engine makes to call somebody.
fn listener(site: &Site) -> Client {
    let address: Address = site.engine.address().parse().expect("an address");
    let mut other = Client::connect(&address);
    other.watch("chan.startup");
    other
}

/// Whom the engine called since the last time, in order of their numbers.
fn called(listener: &mut Client) -> Vec<String> {
    let made = listener.take_watched();
    let outgoing =
        made.iter().filter(|said| said.get("direction") == "outgoing" && !said.get("called").is_empty());
    let mut numbers: Vec<String> =
        outgoing.filter(|said| said.get("id").starts_with("sip/")).map(|said| said.get("called")).collect();
    numbers.sort();
    numbers
}

#[test]
fn a_daemon_killed_in_the_middle_of_a_conference_calls_nobody_twice_and_knows_who_is_there() {
    let callees = [("202", rings(3000)), ("203", Callee::Busy)];
    let mut site = Site::new(&rules(), settings(&callees));
    let mut listener = listener(&site);
    let people =
        "--organizer alice,Ana --participant 201,Bo,call --participant 202,Di,call --participant 203,call";
    let conference = site.schedule(1, &format!("--room 850 {people} --participant carol,Cy"));
    let alice = site.enter("alice", "7000", "850");
    let carol = site.enter("carol", "7000", "850");
    until("201 is there, and 203 was busy", || {
        let attempts = site.attempts(&conference);
        site.callers("850").contains(&"201".to_owned()) && attempts.contains(&(1, Busy))
    });
    assert_eq!(site.calls_to("202"), 1, "it rings there");
    site.done("mute 850 --seat 1");
    let before = site.attendance();
    site.kill();
    site.engine.hangup(&carol);
    site.start();
    until("202 is there", || site.callers("850").contains(&"202".to_owned()));
    let all = [(1, Joined), (1, Joined), (1, Busy), (2, Busy)];
    until("203 was tried once more", || site.attempts(&conference) == all);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(called(&mut listener), ["201", "202", "203", "203"]);
    let seats = site.seats("850");
    let mut shown: Vec<_> =
        seats.iter().map(|seat| (&*seat.caller, &*seat.name, &*seat.role, seat.muted)).collect();
    shown.sort();
    let is = |caller, name, role, muted| (caller, name, role, Some(muted));
    assert_eq!(
        shown,
        [is("201", "Bo", "", false), is("202", "Di", "", false), is("alice", "Ana", "organizer", true)]
    );
    let after = site.attendance();
    let of = |all: &[Attendance], caller: &str| -> Attendance {
        let mut of: Vec<_> = all.iter().filter(|one| one.caller == caller).cloned().collect();
        assert_eq!(of.len(), 1, "{caller} once: {all:?}");
        of.remove(0)
    };
    for stayed in ["alice", "201"] {
        assert_eq!(of(&after, stayed), of(&before, stayed), "it goes on");
    }
    let carols = of(&after, "carol");
    assert!(carols.left.is_some() && carols.seconds.is_some(), "{carols:?}");
    assert_eq!((carols.joined, &*carols.reason), (of(&before, "carol").joined, "unknown"));
    assert!(after.iter().all(|one| one.conference == Some(conference.id)), "{after:?}");
    site.key(&alice, "*5");
    until("she is an organizer still", || site.room("850").is_some_and(|room| room.locked));
}

#[test]
fn a_daemon_killed_as_it_begins_to_call_calls_nobody_twice() {
    for after in [0, 25, 150, 600] {
        let mut site = Site::new(&rules(), settings(&[("202", rings(400)), ("203", rings(900))]));
        let mut listener = listener(&site);
        let people = "--participant 201,call --participant 202,call --participant 203,call";
        let conference = site.schedule(-1, &format!("--room 850 {people}"));
        std::thread::sleep(Duration::from_millis(after));
        site.kill();
        site.start();
        let open = |site: &Site| {
            let attempts = site.attempts(&conference);
            attempts.len() < 3
                || attempts.iter().any(|(_, state)| *state == touchtone::store::AttemptState::Calling)
        };
        until("all calls are over", || !open(&site));
        let mut once = called(&mut listener);
        let all = once.len();
        once.dedup();
        let attempts = site.attempts(&conference);
        assert_eq!(all, once.len(), "after {after} ms: {attempts:?}");
        let there = attempts.iter().filter(|attempt| **attempt == (1, Joined)).count();
        assert_eq!(site.seats("850").len(), there, "after {after} ms: {attempts:?}");
    }
}

/// Where somebody puts the store away.
fn put_away(site: &Site) -> std::path::PathBuf {
    site.folder.path().join("store.away")
}

#[test]
fn without_its_store_calls_go_on_and_it_is_told_once_and_commands_say_why() {
    let mut site = Site::new(&rules(), settings(&[]));
    let alice = site.enter("alice", "800", "800");
    let bob = site.enter("bob", "800", "800");
    let conference = site.schedule(2, "--room 850 --participant 201,call");
    assert_eq!(site.status().and_then(|status| status.store), Some(true));
    std::fs::rename(site.folder.path().join("store"), put_away(&site)).expect("a move");
    let carol = site.enter("carol", "800", "800");
    site.engine.hangup(&bob);
    until("bob is gone", || site.callers("800") == ["alice", "carol"]);
    site.key(&alice, "*6");
    until("alice is muted", || site.seats("800")[0].muted == Some(true));
    assert_eq!(site.done("mute 800 --seat 1 off"), "unmuted");
    for words in
        ["schedule list", "attendance", "schedule remove 1", "schedule add --room 8 --start 2099-01-01T00:00"]
    {
        let said = site.refused(words);
        assert!(said.contains("there is no directory") && said.contains("make it"), "{words}: {said}");
    }
    assert_eq!(site.status().and_then(|status| status.store), Some(false));
    assert!(site.done("status").contains("cannot be written; the log says why"));
    // Its time comes, and better nobody is called than somebody twice.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(site.calls_to("201"), 0);
    std::fs::rename(put_away(&site), site.folder.path().join("store")).expect("a move");
    until("201 is called", || site.callers("850") == ["201"]);
    assert_eq!(site.attempts(&conference).len(), 1);
    site.enter("dan", "800", "800");
    site.engine.hangup(&carol);
    until("carol is gone", || site.callers("800") == ["alice", "dan"]);
    assert_eq!(site.status().and_then(|status| status.store), Some(true));
    let attendance = site.attendance();
    let known: Vec<&str> = attendance.iter().map(|one| &*one.caller).collect();
    assert!(known.starts_with(&["alice", "bob"]) && known.contains(&"dan"), "{attendance:?}");
    site.daemon.leave();
    let log = site.daemon.log.rest();
    let lines = |part: &str| log.iter().filter(|line| line.contains(part)).count();
    assert_eq!(lines("the store does not work, and calls go on without it"), 1, "{log:#?}");
    assert_eq!(lines("the store works again"), 1, "{log:#?}");
}

#[test]
fn a_store_that_is_deleted_while_calls_run_is_begun_anew_and_they_go_on() {
    let mut site = Site::new(&rules(), settings(&[]));
    let alice = site.enter("alice", "800", "800");
    let store = site.places().store();
    for end in ["", "-wal", "-shm"] {
        std::fs::remove_file(format!("{}{end}", store.display())).ok();
    }
    site.enter("bob", "800", "800");
    site.engine.hangup(&alice);
    until("alice is gone", || site.callers("800") == ["bob"]);
    assert_eq!(site.status().and_then(|status| status.store), Some(true));
    assert_eq!(site.attendance().last().map(|one| one.caller.clone()).as_deref(), Some("bob"));
    site.daemon.leave();
    let log = site.daemon.log.rest();
    let loud: Vec<_> =
        log.iter().filter(|line| line.contains("the store") && line.contains("WARN")).collect();
    assert_eq!(loud.len(), 1, "{log:#?}");
    assert!(loud[0].contains("was taken away or replaced"), "{loud:?}");
}

/// A folder with a configuration and nothing that runs.
fn alone() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    Places(folder.path()).write(&rules());
    folder
}

fn run(folder: &Path, words: &str) -> Said {
    Places(folder).run(&words.split(' ').collect::<Vec<_>>())
}

#[test]
fn without_a_daemon_the_schedule_and_attendance_are_those_of_the_store_and_the_rest_says_so() {
    let folder = alone();
    let at = |words: &str| run(folder.path(), words);
    assert_eq!(at("schedule list").done(), "no conferences");
    let added =
        at("schedule add --room 850 --zone UTC --start 2099-01-01T10:00 --participant 201 --format json");
    let id = added.objects::<ConferenceInfo>()[0].id;
    assert!(at("schedule list").done().contains("2099-01-01 10:00"));
    assert!(at(&format!("schedule show {id}")).done().contains("201"));
    assert_eq!(at("attendance --format csv").done().lines().count(), 1);
    for words in ["status", "rooms", "kick 850 --last", "end 850", "announce 850 /a.au"] {
        let said = at(words).refused();
        assert!(said.starts_with("error: no touchtone listens on "), "{words}: {said}");
    }
    assert_eq!(at(&format!("schedule remove {id}")).done(), format!("conference {id} is forgotten"));
    assert_eq!(
        at(&format!("schedule remove {id}")).refused(),
        format!("error: there is no conference {id} on record")
    );
    let socket = folder.path().join("control.sock");
    let out = touchtone().args(["attendance", "--socket"]).arg(&socket).output().expect("the command");
    let said = Said::from(out).refused();
    assert!(said.contains("no touchtone listens") && said.contains("--config"), "{said}");
}

#[test]
fn without_an_engine_the_daemon_says_so_and_refuses_and_holds_the_conference_when_there_is_one() {
    let folder = alone();
    let places = Places(folder.path());
    let _daemon = Daemon::start(&places.config(), &places.engine());
    until("it listens", || run(folder.path(), "status").code == Some(0));
    assert!(run(folder.path(), "status").done().contains("not connected to an engine"));
    assert_eq!(run(folder.path(), "rooms --format json").done(), "");
    for words in
        ["kick 800 --last", "kick 800 --seat 1", "mute 800 --all", "invite 800 201", "end 800", "record 800"]
    {
        let said = run(folder.path(), words).refused();
        assert_eq!(said, "error: there is no engine to do it: touchtone is not connected", "{words}");
    }
    let start =
        (jiff::Timestamp::now() - Duration::from_secs(5)).to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let words = format!("schedule add --room 850 --zone UTC --start {start} --participant 201,call");
    run(folder.path(), &words).done();
    let engine = Server::start(Sim::new(settings(&[])), &places.engine(), Pace::Real).expect("an engine");
    let called = |sim: &Sim| sim.room("850").is_some_and(|room| room.users == 1);
    assert!(engine.wait_until(Duration::from_secs(10), called), "201 is called as soon as somebody can");
}

#[test]
fn a_second_daemon_does_not_start_on_the_socket_of_the_first() {
    let site = Site::new(&rules(), settings(&[]));
    let config = site.places().config();
    let out = touchtone().args(["run", "--config"]).arg(config).output().expect("the daemon");
    assert_eq!(out.status.code(), Some(1));
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("another touchtone runs") && said.contains("[control]"), "{said}");
    assert!(site.status().is_some_and(|status| status.ready), "the first goes on");
    assert_eq!(site.engine.connections(), 1);
}

#[test]
fn what_is_written_wrong_on_the_command_line_is_refused_with_a_way_out() {
    let site = Site::new(&rules(), settings(&[]));
    let alice = site.enter("alice", "800", "800");
    let past = site.refused("schedule add --room 850 --zone UTC --start 2020-01-01T10:00");
    assert_eq!(past, "error: it began already: 2020-01-01T10:00 in UTC is past; say a later start");
    let zone = site.command("schedule add --room 850 --zone Europe/Bucarest --start 2099-01-01T10:00");
    assert_eq!((zone.code, zone.out.as_str()), (Some(2), ""));
    assert!(zone.err.ends_with("did you mean Europe/Bucharest?"), "{zone:?}");
    for room in ["../x", "conf/../x", "a/b", "conf/", "x\ny"] {
        let commands: [&[&str]; 11] = [
            &["rooms", room],
            &["mute", room, "--seat", "1"],
            &["mute", room, "--all"],
            &["kick", room, "--last"],
            &["lock", room],
            &["record", room],
            &["announce", room, "/a.au"],
            &["invite", room, "201"],
            &["end", room],
            &["extend", room, "5"],
            &["schedule", "add", "--zone", "UTC", "--start", "2099-01-01T10:00", "--room", room],
        ];
        for words in commands {
            let said = site.places().run(words).refused();
            let names = said.contains("can be no room's name") || said.contains("is no name of a room");
            assert!(names || room == "conf/" && said.contains("there is no room"), "{words:?}: {said}");
        }
    }
    let number = site.places().run(&["invite", "800", "201\nx@elsewhere"]).refused();
    assert!(number.starts_with("error: a number has digits"), "{number}");
    let ics = site.folder.path().join("broken.ics");
    let calendars = [
        "",
        "BEGIN:VCALENDAR",
        "hello",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20990101T100000Z\r\nEND:VCALENDAR\r\n",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:tomorrow\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    ];
    for text in calendars {
        std::fs::write(&ics, text).expect("a file");
        let said = site.command(&format!("schedule import {} --room 850", ics.display()));
        assert!(!said.err.is_empty(), "something is said of {text:?}: {said:?}");
        assert!(said.code == Some(1) || said.out == "no conferences", "{text:?}: {said:?}");
    }
    std::fs::write(&ics, b"BEGIN:VCALENDAR\xff\xfe").expect("a file");
    let said = site.refused(&format!("schedule import {}", ics.display()));
    assert!(said.ends_with("is no text (UTF-8)"), "{said}");
    assert_eq!(site.done("schedule list"), "no conferences", "nothing of it is on record");
    assert_eq!(site.engine_room("800").map(|room| room.members.len()), Some(1));
    site.key(&alice, "*6");
    until("and keys work", || site.seats("800")[0].muted == Some(true));
}

#[test]
fn an_engine_that_is_started_again_is_another_and_who_was_there_before_has_left() {
    let site = Site::new(&rules(), settings(&[]));
    site.enter("alice", "800", "800");
    site.enter("bob", "800", "800");
    site.done("lock 800");
    let run = "1795430000".to_owned();
    site.engine.restart(Sim::new(Settings { run_id: run.clone(), ..settings(&[]) }));
    // Before the daemon is back, and on a channel and a leg of the same names as alice's were.
    let carol = site.call("carol", "800");
    site.is_ready();
    site.shows_in("800", &carol);
    until("she alone is there", || site.callers("800") == ["carol"]);
    assert_eq!(site.room("800").map(|room| room.locked), Some(false), "it is another room");
    until("the others have left", || {
        let open = site.attendance().into_iter().filter(|one| one.left.is_none());
        open.map(|one| (one.key.run, one.caller)).collect::<Vec<_>>() == [(run.clone(), "carol".to_owned())]
    });
    site.engine.hangup(&carol);
    until("she has left, too", || site.attendance().iter().all(|one| one.left.is_some()));
    let reasons: Vec<_> = site.attendance().into_iter().map(|one| (one.caller, one.reason)).collect();
    let is = |caller: &str, reason: &str| (caller.to_owned(), reason.to_owned());
    assert_eq!(reasons, [is("alice", "unknown"), is("bob", "unknown"), is("carol", "left")]);
}

#[test]
fn what_became_of_a_call_while_there_was_no_connection_is_not_waited_for() {
    let site = Site::new(&rules(), settings(&[("202", rings(60_000)), ("203", rings(2000))]));
    let conference = site.schedule(0, "--room 850 --participant 202,call --participant 203,call");
    let rings =
        |channel: &ChannelView| channel.id.as_str().starts_with("sip/") && channel.status == "ringing";
    site.engine_has("both ring", |sim| sim.channels().filter(rings).count() == 2);
    let of_202 =
        |sim: &mut Sim| sim.channels().find(|channel| channel.called == "202").map(|channel| channel.id);
    let ringing = site.engine.with(of_202).expect("a call");
    site.engine.close_connections();
    site.engine.hangup(&ringing);
    until("nobody saw what became of 202, and 203 came", || {
        site.attempts(&conference) == [(1, Unknown), (1, Joined)]
    });
    site.daemon.log.wait_for(&["missing in conf/850", "202"]);
    assert_eq!(site.callers("850"), ["203"]);
}
