//! Nothing that callers are called, or rooms, or conferences, does anything to a terminal or writes a line of the log:
//! the daemon as a process, and the command line.

#![allow(clippy::disallowed_methods)] // It waits as callers do.

mod common;

use std::process::{Command, Stdio};

use common::house::engine;
use common::process::{Lines, send_signal, touchtone};
use common::site::{Site, until};
use touchtone::control::protocol::Room;
use touchtone::sim::{ChannelId, Route, Settings};
use touchtone::store::Attendance;

/// Whatever moves a cursor, colours, turns the direction of writing, hides, ends a line, or looks like a parameter.
const NAME: &str = "Eve\u{1b}]0;owned\u{7}\u{9b}31m\u{85}\u{202e}live\u{2066}\u{200b}\u{2028}\u{feff}\u{e0041}\u{3164}:id=sip/9%z\
                    \r\n2026-01-01T00:00:00Z ERROR all is lost\t\u{8}\u{7f}";

const ROOM: &str = "8\u{1b}[2J\u{202e}x\n9";

const CONFIG: &str = r#"
[rooms."8*"]
lonely = true
tells-of-comings = true

[roles.guest]

[[code]]
name = "tell"
keys = "*1"
operation = "message"
message = "test.nobody"
masquerade = false
params = { caller = "${caller}", room = "${room}" }

[[code]]
name = "record"
keys = "*9"
operation = "record-toggle"
state = "conference"

[[code]]
name = "invite"
keys = "*2"
operation = "invite"
number = "${caller}"
state = "conference"

[[code]]
name = "pin"
keys = "(pin:x{4,8})#"
state = "pin"
operation = "enter-pin"
pin = "${pin}"
"#;

fn settings() -> Settings {
    let mut settings = engine(&[]);
    let room = format!("conf/{ROOM}");
    settings.routes.push(Route::new("1", room).with("lonely", "true").with("touchtone_role", NAME));
    settings
}

/// Whether a character does something else than be read; that lines end is no deed.
fn acts(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{3164}' | '\u{e0000}'..='\u{e007f}')
}

fn is_plain(what: &str, text: &str) {
    assert!(!text.contains(acts), "{what}: {text:?}");
}

/// The caller keys all that there is.
fn key_all(site: &Site, caller: &ChannelId) {
    for keys in ["*1", "*2", "*9", "5"] {
        site.key(caller, keys);
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[test]
fn a_table_a_list_and_an_object_show_what_callers_are_called_and_do_nothing_else() {
    let site = Site::new(CONFIG, settings());
    let caller = site.call(NAME, "1");
    site.shows_in(ROOM, &caller);
    for words in ["rooms", "attendance", "rooms --format json", "attendance --format json", "status"] {
        let out = site.done(words);
        is_plain(words, &out);
        assert_eq!(out.contains("\\u{1b}") || out.contains("\\u001b"), words != "status", "{words}: {out}");
    }
    is_plain("csv", &site.done("attendance --format csv").replace(['\r', '\t'], ""));
    let narrow =
        touchtone().args(["rooms", "--config"]).arg(site.places().config()).env("COLUMNS", "30").output();
    is_plain("narrow", &String::from_utf8(narrow.expect("rooms").stdout).expect("text"));
    let told: Vec<Room> = site.command("rooms --format json").objects();
    assert_eq!(
        (told[0].name.as_str(), told[0].seats[0].caller.as_str()),
        (ROOM, NAME),
        "programs have it as it is"
    );
    let attended: Vec<Attendance> = site.attendance();
    assert_eq!((attended[0].room.as_str(), attended[0].caller.as_str()), (ROOM, NAME));
}

#[test]
fn nobody_writes_a_line_of_the_log() {
    let mut site = Site::new(CONFIG, settings());
    let caller = site.call(NAME, "1");
    site.shows_in(ROOM, &caller);
    key_all(&site, &caller);
    site.engine.hangup(&caller);
    until("nobody is there", || site.room(ROOM).is_none());
    site.daemon.leave();
    let log = site.daemon.log.rest();
    assert!(log.iter().any(|line| line.contains("the role") && line.contains("all is lost")), "{log:#?}");
    for line in &log {
        is_plain("the log", line);
        let (date, rest) = line.split_once(' ').expect("a date");
        assert!(
            date.ends_with('Z') && date.starts_with("20") && !date.starts_with("2026-01-01T00:00:00Z"),
            "{line}"
        );
        let level = rest.split_whitespace().next();
        assert!(["DEBUG", "INFO", "WARN"].contains(&level.expect("a level")), "{line}");
    }
}

#[test]
fn nobody_writes_a_line_of_the_log_for_programs() {
    let mut site = Site::new(CONFIG, settings());
    site.daemon.leave();
    let places = site.places();
    let mut child = touchtone()
        .args(["run", "--log-format", "json", "--connect", &places.engine(), "--config"])
        .arg(places.config())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the daemon");
    let log = Lines::of(child.stderr.take().expect("a log"));
    site.is_ready();
    let caller = site.call(NAME, "1");
    site.shows_in(ROOM, &caller);
    key_all(&site, &caller);
    send_signal(&child, "-TERM");
    assert!(child.wait().expect("an end").success());
    let log = log.rest();
    assert!(log.iter().any(|line| line.contains("all is lost")), "{log:#?}");
    for line in &log {
        is_plain("the log", line);
        let event: serde_json::Value = serde_json::from_str(line).expect("an object");
        assert!(event["level"] != "ERROR" && event["timestamp"].is_string(), "{line}");
        is_plain("a message", event["message"].as_str().expect("a message"));
    }
}

#[test]
fn conferences_are_in_no_room_that_is_somewhere_else_and_their_titles_only_show() {
    let site = Site::new(CONFIG, settings());
    let add = |room: &str, title: &str, who: &str| {
        let places = site.places();
        let config = places.config();
        let mut command: Command = touchtone();
        command.args(["schedule", "add", "--start", "2030-01-01T10:00", "--zone", "UTC", "--minutes", "30"]);
        let output = command
            .args(["--room", room, "--title", title, "--participant", who, "--config"])
            .arg(config)
            .output();
        common::site::Said::from(output.expect("the command"))
    };
    for room in
        ["../x", "conf/../x", "conf/conf/800", "8\n9", "8\u{202e}0", "8:owner=true", "", &"8".repeat(65)]
    {
        let why = add(room, "Board", "201,Bob").refused();
        is_plain("why", &why);
    }
    is_plain("why", &add("800", "Board", &format!("{NAME},Bob")).refused());
    let title = NAME.replace(',', "");
    add("800", &title, &format!("201,{title}")).done();
    for words in
        ["schedule list", "schedule show 1", "schedule list --format json", "schedule show 1 --format json"]
    {
        let out = site.done(words);
        is_plain(words, &out);
        assert!(out.contains("all is"), "{out}");
    }
    let ics = site.folder.path().join("calendar.ics");
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20300101T000000Z\r\n\
         DTSTART:20300102T100000Z\r\nDURATION:PT30M\r\nLOCATION:../x\u{202e}\r\nSUMMARY:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        NAME.replace(|c: char| c.is_control(), "")
    );
    std::fs::write(&ics, text).expect("a calendar");
    let said = site.command(&format!("schedule import {}", ics.display()));
    is_plain("an import", &said.out);
    is_plain("an import", &said.err);
    assert!(!site.done("schedule list").contains(".."), "{said:?}");
}
