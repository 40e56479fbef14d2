//! What a user of the commands sees that ask a running daemon.

mod common;

use std::io::Write;
use std::path::Path;
use std::process::{Command as Process, Output, Stdio};

use common::control::{Fake, fake};
use touchtone::control::figures::{Bucket, Digits, Ends, Figures, Latency, Waiting};
use touchtone::control::protocol::{
    Answer, Command, Held, Outcome, Refusal, RefusalCode, Room, Seat, Status,
};
use touchtone::store::{Attempt, AttemptState, Attendance, AttendanceKey, ConferenceInfo, Manage, Managed};

/// A daemon with rooms that do not change; of what would change something it says what it has read.
fn daemon() -> Fake {
    fake(|command| Some(answer(command)))
}

fn answer(command: &Command) -> Outcome {
    Outcome::Ok(match command {
        Command::Status => Answer::Status(Box::new(Status {
            version: "0.1.0".to_owned(),
            ready: true,
            engine: "6.4.0".to_owned(),
            run: "1795420044".to_owned(),
            channels: 12,
            rooms: 2,
            legs: 7,
            unanswered: 0,
            store: Some(true),
            store_untried: false,
            conferences: 1,
            figures: figures(),
        })),
        Command::Rooms { room: None } => Answer::Rooms(rooms()),
        Command::Rooms { room: Some(name) } => {
            let found: Vec<Room> = rooms().into_iter().filter(|room| room.name == *name).collect();
            if found.is_empty() {
                let message = format!("there is no room {name}");
                return Outcome::Error(Refusal { code: RefusalCode::NotFound, message });
            }
            Answer::Rooms(found)
        }
        Command::Schedule { manage } => Answer::Schedule(Box::new(managed(manage))),
        other => Answer::Done(serde_json::to_string(other).expect("JSON")),
    })
}

fn figures() -> Figures {
    let bucket = |le, count| Bucket { le, count };
    Figures {
        up: 11_405.7,
        connections: 3,
        digits: Digits {
            keyed: 1002,
            fired: 612,
            refused: 2,
            passed: 300,
            released: 12,
            dropped: 70,
            repeated: 3,
        },
        fires: [("mute".to_owned(), 306), ("join".to_owned(), 0)].into(),
        operations: [("mute-toggle".to_owned(), Ends { done: 300, failed: 6 })].into(),
        behind: 5,
        limits: [("codes-per-second".to_owned(), 1), ("operations".to_owned(), 0)].into(),
        log_lines_lost: 7,
        answers: 1010,
        latency: Latency {
            buckets: vec![bucket(0.00001, 0), bucket(0.0001, 1000), bucket(0.001, 1009)],
            count: 1010,
            sum: 0.07,
        },
        store_failures: 1,
        talkers: 2,
        calls_out: 1,
        waiting: Waiting { operations: 4, bytes: 80, store: 2, control: 1 },
    }
}

fn at<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a time")
}

fn seat(number: u32, caller: &str, name: &str, role: &str) -> Seat {
    Seat {
        seat: number,
        leg: format!("conf/{number}"),
        channel: Some(format!("sip/{}", number + 10)),
        caller: caller.to_owned(),
        name: name.to_owned(),
        role: role.to_owned(),
        muted: Some(false),
        talking: None,
        since: Some(at("2020-01-05T09:31:00Z")),
    }
}

fn rooms() -> Vec<Room> {
    let seats = vec![
        Seat { talking: Some(21), ..seat(1, "+40721000001", "Ana Ștefănescu", "organizer") },
        Seat { muted: Some(true), ..seat(2, "305", "李小龙", "") },
        Seat { talking: Some(60), channel: None, ..seat(3, "anonymous", "\u{1b}[31mred\u{202e}", "") },
        Seat { muted: None, since: None, ..seat(12, "306", "Zoe\u{308}", "guest") },
    ];
    let held = Held { id: 3, title: "Weekly of all teams".to_owned(), ends: at("2020-01-05T10:30:00Z") };
    let full = Room {
        name: "800".to_owned(),
        since: Some(at("2020-01-05T09:30:00Z")),
        locked: true,
        recording: true,
        max_users: Some(50),
        conference: Some(held),
        seats,
        waiting: 2,
    };
    let empty = Room {
        name: "hall".to_owned(),
        since: None,
        locked: false,
        recording: false,
        max_users: None,
        conference: None,
        seats: Vec::new(),
        waiting: 0,
    };
    vec![full, empty]
}

fn managed(manage: &Manage) -> Managed {
    let info = |conference, attempts| ConferenceInfo {
        id: 3,
        conference,
        has_organizer_pin: true,
        has_pin: false,
        next: vec![at("2020-12-01T07:30:00Z"), at("2020-12-08T07:30:00Z")],
        attempts,
    };
    let conference = || {
        serde_json::from_str(
            r#"{"room":"800","title":"Weekly","start":"2026-12-01T09:30","time_zone":"Europe/Bucharest","minutes":60,
            "rrule":"FREQ=WEEKLY;BYDAY=TU","except":["2026-12-29T09:30"],"participants":[
            {"number":"+40721000001","name":"Ana","organizer":true,"call":true},{"number":"305","name":"李小龙"}]}"#,
        )
        .expect("a conference")
    };
    match manage {
        // What was asked is shown, PINs and all, as no real daemon would.
        Manage::Add { conference } => {
            let conferences = vec![info((**conference).clone(), Vec::new())];
            Managed::Conferences { conferences, notes: Vec::new() }
        }
        Manage::List => {
            Managed::Conferences { conferences: vec![info(conference(), Vec::new())], notes: Vec::new() }
        }
        Manage::Show { .. } => {
            let (begun, state) = (at("2020-12-01T07:30:00Z"), AttemptState::NoAnswer);
            let attempts =
                vec![Attempt { participant: 12, called: "201".to_owned(), number: 1, begun, state }];
            Managed::Conferences { conferences: vec![info(conference(), attempts)], notes: Vec::new() }
        }
        Manage::Remove { id } => Managed::Removed { id: *id },
        Manage::Import { text, .. } => {
            let notes = vec![format!("{} bytes\u{7} were not understood", text.len())];
            Managed::Conferences { conferences: Vec::new(), notes }
        }
        Manage::Attendance { room, from, to } => {
            let key = AttendanceKey { run: "1795420044".to_owned(), leg: "conf/7".to_owned() };
            let one = Attendance {
                key,
                room: room.clone().unwrap_or_else(|| "800".to_owned()),
                conference: Some(3),
                channel: "sip/4".to_owned(),
                caller: "+40721000001".to_owned(),
                role: "organizer".to_owned(),
                billid: "1795420044-9".to_owned(),
                joined: from.unwrap_or_else(|| at("2020-01-05T09:31:00Z")),
                left: Some(to.unwrap_or_else(|| at("2020-01-05T10:30:59Z"))),
                seconds: Some(3599.0),
                reason: "hangup".to_owned(),
            };
            let there = Attendance { left: None, seconds: None, reason: String::new(), ..one.clone() };
            Managed::Attendance { attendance: vec![one, there] }
        }
    }
}

fn run(socket: &Path, columns: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = Process::new(env!("CARGO_BIN_EXE_touchtone"))
        .args(arguments)
        .arg("--socket")
        .arg(socket)
        .env("COLUMNS", columns)
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command");
    child.stdin.take().expect("an input").write_all(input.as_bytes()).ok();
    child.wait_with_output().expect("an end")
}

/// The exit code and both outputs, as a user sees them.
fn seen_at(daemon: &Fake, columns: &str, arguments: &[&str], input: &str) -> String {
    let Output { status, stdout, stderr } = run(&daemon.path, columns, arguments, input);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    format!("exit {}\n{}{}", status.code().expect("an exit"), text(stdout), text(stderr))
}

fn seen(daemon: &Fake, arguments: &[&str]) -> String {
    seen_at(daemon, "80", arguments, "")
}

#[test]
fn rooms_are_shown_on_a_usual_terminal() {
    insta::assert_snapshot!(seen_at(&daemon(), "80", &["rooms"], ""));
}

#[test]
fn rooms_are_shown_on_a_narrow_terminal() {
    insta::assert_snapshot!(seen_at(&daemon(), "40", &["rooms"], ""));
}

#[test]
fn one_room_is_shown_or_said_not_to_be_there() {
    insta::assert_snapshot!(seen(&daemon(), &["rooms", "hall"]), @"
    exit 0
    room hall
      open since before touchtone came, 0 there
    ");
    insta::assert_snapshot!(seen(&daemon(), &["rooms", "801"]), @"
    exit 1
    error: there is no room 801
    ");
    insta::assert_snapshot!(seen(&daemon(), &["rooms", "801", "--format", "json"]), @r#"
    exit 1
    {"error":{"code":"not-found","message":"there is no room 801"}}
    "#);
}

#[test]
fn programs_get_a_room_a_line_as_the_daemon_tells_it() {
    let out = run(&daemon().path, "80", &["rooms", "--format", "json"], "").stdout;
    let lines = String::from_utf8(out).expect("text");
    let told: Vec<Room> = lines.lines().map(|line| serde_json::from_str(line).expect("a room")).collect();
    assert_eq!(told, rooms());
}

#[test]
fn the_status_is_shown() {
    insta::assert_snapshot!(seen(&daemon(), &["status"]), @"
    exit 0
    touchtone 0.1.0, running for 3h 10m 5s
    engine            connected to engine 6.4.0, run 1795420044
    reconnected       2 times
    store             is written
    store failed      once

    there are
    rooms             2
    talkers           2
    conferences       1
    channels          12
    legs              7
    calls out         1

    waiting
    unanswered        0
    unread bytes      80
    operations        4
    for the store     2
    commands          1

    digits
    keyed             1002
    fired             612
    refused           2
    passed            300
    released          12
    dropped           70
    repeated          3
    held              3
    behind            5

    answers
    answered          1010
    p50               about 55 µs
    p99               about 100 µs
    p99.9             about 999 µs

    codes fired
    join              0
    mute              306

    operations
    mute-toggle       300 done, 6 failed

    limits reached
    codes-per-second  once
    log lines lost    7 times
    ");
    assert!(
        seen(&daemon(), &["status", "--format", "json"]).contains("{\"version\":\"0.1.0\",\"ready\":true,")
    );
}

#[test]
fn every_command_asks_for_what_it_says() {
    let daemon = daemon();
    let mut asked = String::new();
    for words in [
        "mute 800 --seat 2",
        "mute 800 --channel sip/4 off",
        "mute conf/800 --all toggle",
        "kick 800 --last",
        "kick 800 --seat 3",
        "kick 800 --channel conf/7",
        "lock 800",
        "lock 800 off",
        "record 800 toggle",
        "announce 800 tone/busy",
        "announce 800 /srv/a.au",
        "invite 800 +40721000001",
        "invite 800 305 --organizer",
        "end 800",
        "extend 800 15",
    ] {
        let seen = seen(&daemon, &words.split(' ').collect::<Vec<_>>());
        asked.push_str(&format!("{words}\n    {}\n", seen.trim().replace('\n', " ")));
    }
    insta::assert_snapshot!(asked);
    assert_eq!(
        seen(&daemon, &["end", "800", "--format", "json"]),
        "exit 0\n{\"done\":\"{\\\"command\\\":\\\"end\\\",\\\"room\\\":\\\"800\\\"}\"}\n"
    );
}

#[test]
fn wrong_usage_is_told_from_a_refusal() {
    let daemon = daemon();
    for words in [
        "mute 800",
        "mute 800 --seat 1 --all",
        "mute 800 --seat x",
        "kick 800",
        "extend 800 0",
        "extend 800",
        "lock 800 maybe",
        "rooms --watch",
        "rooms --watch --format json",
        "schedule",
        "schedule show x",
        "schedule add --room 800",
        "schedule add --room 800 --start tomorrow",
        "schedule add --room 800 --start 2026-12-01T09:30 --zone Europe/Bucarest",
        "attendance --from yesterday",
        "status --config x.toml",
    ] {
        let out = run(&daemon.path, "80", &words.split(' ').collect::<Vec<_>>(), "");
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!((out.status.code(), out.stdout.len()), (Some(2), 0), "{words}: {told}");
        assert!(told.starts_with("error: ") || told.contains("Usage: "), "{words}: {told}");
    }
}

#[test]
fn a_conference_is_put_on_the_schedule() {
    let daemon = daemon();
    let folder = tempfile::tempdir().expect("a folder");
    let pin = folder.path().join("pin");
    std::fs::write(&pin, "0042\n").expect("a file");
    let all: Vec<&str> = "schedule add --room 800 --title Weekly --start 2026-12-01T09:30 --zone \
        Europe/Bucharest --minutes 45 --rrule FREQ=WEEKLY;BYDAY=TU --except \
        2026-12-08T09:30 --participant 305,Radu --organizer +40721000001,Ana,call \
        --participant 306,call"
        .split(' ')
        .collect();
    let pins = ["--pin-file", pin.to_str().expect("a path"), "--organizer-pin-file", "-", "--format", "json"];
    insta::assert_snapshot!(seen_at(&daemon, "80", &[&all[..], &pins].concat(), "4711\n"), @r#"
    exit 0
    {"id":3,"room":"800","title":"Weekly","start":"2026-12-01T09:30:00","time_zone":"Europe/Bucharest","minutes":45,"rrule":"FREQ=WEEKLY;BYDAY=TU","except":["2026-12-08T09:30:00"],"organizer_pin":"4711","pin":"0042","participants":[{"number":"+40721000001","name":"Ana","organizer":true,"call":true},{"number":"305","name":"Radu","organizer":false,"call":false},{"number":"306","name":"","organizer":false,"call":true}],"has_organizer_pin":true,"has_pin":false,"next":["2020-12-01T07:30:00Z","2020-12-08T07:30:00Z"]}
    "#);
    // Two PINs of standard input are two lines, and the zone is the machine's.
    let few = ["schedule", "add", "--room", "800", "--start", "2026-12-01T09:30", "--format", "json"];
    let both = ["--pin-file", "-", "--organizer-pin-file", "-"];
    insta::assert_snapshot!(seen_at(&daemon, "80", &[&few[..], &both].concat(), "4711\n0042\n"), @r#"
    exit 0
    {"id":3,"room":"800","title":"","start":"2026-12-01T09:30:00","time_zone":"UTC","minutes":60,"organizer_pin":"4711","pin":"0042","participants":[],"has_organizer_pin":true,"has_pin":false,"next":["2020-12-01T07:30:00Z","2020-12-08T07:30:00Z"]}
    "#);
    let bad = seen_at(&daemon, "80", &[&few[..], &both[..2]].concat(), "secret\n");
    assert_eq!(
        bad,
        "exit 1\nerror: the PIN of everybody but organizers (from standard input) must be digits, and digits only\n"
    );
}

#[test]
fn the_schedule_is_shown() {
    let daemon = daemon();
    insta::assert_snapshot!(seen(&daemon, &["schedule", "list"]), @"
    exit 0
    id  room  title   next              lasts   recurs                people
    3   800   Weekly  2020-12-01 07:30  60 min  FREQ=WEEKLY;BYDAY=TU  2
    ");
    insta::assert_snapshot!(seen_at(&daemon, "40", &["schedule", "list"], ""), @"
    exit 0
    id  room  title               next
    3   800   Weekly              2020-12-01
              FREQ=WEEKLY;BYDAY=  07:30
              TU
    ");
    insta::assert_snapshot!(seen(&daemon, &["schedule", "show", "3"]));
    insta::assert_snapshot!(seen(&daemon, &["schedule", "remove", "3"]), @"
    exit 0
    conference 3 is forgotten
    ");
    insta::assert_snapshot!(seen_at(&daemon, "80", &["schedule", "import", "-"], "BEGIN:VCALENDAR"), @r#"
    exit 1
    15 bytes\u{7} were not understood
    error: no conference was taken
    "#);
    assert!(
        seen(&daemon, &["schedule", "import", "nosuch.ics"])
            .starts_with("exit 1\nerror: nosuch.ics cannot be read")
    );
    let large = seen_at(&daemon, "80", &["schedule", "import", "-"], &"x".repeat(1024 * 1024));
    assert!(large.contains("import it in parts"), "{large}");
}

#[test]
fn who_attended_is_shown() {
    let daemon = daemon();
    insta::assert_snapshot!(seen(&daemon, &["attendance"]), @"
    exit 0
    room  caller        role       came        left              lasted   why
    800   +40721000001  organizer  2020-01-05  2020-01-05 10:30  0:59:59  hangup
                                   09:31
    800   +40721000001  organizer  2020-01-05  is there
                                   09:31
    ");
    insta::assert_snapshot!(seen_at(&daemon, "40", &["attendance"], ""), @"
    exit 0
    room  who           came, left   lasted
    800   +40721000001  2020-01-05   0:59:59
          organizer     09:31
          hangup        2020-01-05
                        10:30
    800   +40721000001  2020-01-05
          organizer     09:31
                        is there
    ");
    let times: Vec<&str> =
        "attendance --room 9 --from 2026-12-01 --to 2026-12-01T09:30Z --format json".split(' ').collect();
    insta::assert_snapshot!(seen(&daemon, &times), @r#"
    exit 0
    {"run":"1795420044","leg":"conf/7","room":"9","conference":3,"channel":"sip/4","caller":"+40721000001","role":"organizer","billid":"1795420044-9","joined":"2026-12-01T00:00:00Z","left":"2026-12-01T09:30:00Z","seconds":3599.0,"reason":"hangup"}
    {"run":"1795420044","leg":"conf/7","room":"9","conference":3,"channel":"sip/4","caller":"+40721000001","role":"organizer","billid":"1795420044-9","joined":"2026-12-01T00:00:00Z","left":null,"seconds":null,"reason":""}
    "#);
}

#[test]
fn without_a_daemon_every_command_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("touchtone.sock");
    for words in ["status", "rooms", "end 800", "reload", "schedule list", "attendance"] {
        let out = run(&socket, "80", &words.split(' ').collect::<Vec<_>>(), "");
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!((out.status.code(), out.stdout.len()), (Some(1), 0), "{words}");
        assert!(told.starts_with("error: no touchtone listens on ") && told.contains("[control]?"), "{told}");
    }
}

#[test]
fn a_configuration_without_control_is_told_to_have_none() {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/config/conference.toml");
    let out = Process::new(env!("CARGO_BIN_EXE_touchtone")).args(["status", "--config", config]).output();
    let out = out.expect("the command");
    let told = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(1));
    assert!(told.contains("has no [control]"), "{told}");
}
