//! What is taken of calendars (.ics), and what is said of what is not.

mod common;

use common::times::{conference, held, now, wall};

use proptest::prelude::*;
use touchtone::schedule::Times;
use touchtone::schedule::calendar::{self, Defaults, Imported};
use touchtone::store::{NewConference, NewParticipant};

fn read(text: &str) -> Result<Imported, String> {
    let defaults =
        Defaults { room: Some("800".to_owned()), time_zone: Some("Europe/Rome".to_owned()), call: true };
    calendar::read(text, &defaults, now())
}

/// A calendar with these events, each of a few lines.
fn events(events: &[&str]) -> String {
    let events = events
        .iter()
        .map(|event| format!("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT\r\n", event.replace('\n', "\r\n")));
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}END:VCALENDAR\r\n", events.collect::<String>())
}

fn imported(text: &str) -> (Vec<NewConference>, Vec<String>) {
    let imported = read(text).expect("a calendar");
    (imported.conferences.into_iter().map(|found| found.conference).collect(), imported.notes)
}

#[test]
fn a_calendar_gives_conferences() {
    let text = "\u{feff}BEGIN:VCALENDAR\r\nPRODID:-//x//y\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Bucharest\r\n\
        BEGIN:STANDARD\r\nDTSTART:19701025T040000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
        BEGIN:VEVENT\r\nUID:1@example.com\r\nSUMMARY:Sales\\, weekly \r\n and lo\r\n\tng\r\n\
        DTSTART;TZID=Europe/Bucharest:20260203T093000\r\nDTEND;TZID=Europe/Bucharest:20260203T103000\r\n\
        RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20260401T063000Z\r\nEXDATE;TZID=Europe/Bucharest:20260210T093000,20260217T093000\r\n\
        EXDATE:20260224T073000Z\r\nlocation:conf/700\r\n\
        ORGANIZER;CN=Ann:tel:+40-21-555-0101\r\nATTENDEE;CN=Ann;ROLE=CHAIR:tel:+40215550101\r\n\
        ATTENDEE;CN=\"Ben; the boss: B\";X-PHONE=102:mailto:ben@example.com\r\n\
        ATTENDEE;CN=103;X-NUM-GUESTS=0:mailto:x@example.com\r\nATTENDEE;PARTSTAT=DECLINED:sip:104@pbx.example.com;transport=tcp\r\n\
        ATTENDEE;CN=\"Eve +39 06 1234567\":mailto:eve@example.com\r\nATTENDEE;CN=Flo 7;X-NUM-GUESTS=12:mailto:flo@example.com\r\n\
        BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nDESCRIPTION:DTSTART\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let (conferences, notes) = imported(text);
    let who = |number: &str, name: &str, organizer: bool, call: bool| NewParticipant {
        number: number.to_owned(),
        username: None,
        name: name.to_owned(),
        organizer,
        call,
    };
    let expected = NewConference {
        room: "700".to_owned(),
        title: "Sales, weekly and long".to_owned(),
        except: ["2026-02-10T09:30", "2026-02-17T09:30", "2026-02-24T09:30"].map(wall).to_vec(),
        participants: vec![
            who("+40215550101", "Ann", true, true),
            who("102", "Ben; the boss: B", false, true),
            who("103", "", false, true),
            who("104", "", false, false),
            who("+39061234567", "Eve +39 06 1234567", false, true),
        ],
        ..conference("2026-02-03T09:30", "Europe/Bucharest", "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260401T063000Z")
    };
    assert_eq!(conferences, std::slice::from_ref(&expected));
    let times = Times::of(&expected).expect("times");
    let days =
        ["02-03 07:30Z", "03-03 07:30Z", "03-10 07:30Z", "03-17 07:30Z", "03-24 07:30Z", "03-31 06:30Z"];
    assert_eq!(held(&times, "2026-01-01", "2027-01-01"), days);
    insta::assert_snapshot!(notes.join("\n"), @r#"
    the event of line 10 (Sales, weekly and long) does not call sip:104@pbx.example.com;transport=tcp, who declined
    the event of line 10 (Sales, weekly and long) is held without Flo 7 (flo@example.com), who has no number
    "#);
    assert_eq!(imported(&text.replace("\r\n", "\n")), (conferences, notes), "lines end either way");
}

#[test]
fn times_of_calendars_are_read_in_every_form() {
    let start = |line: &str| {
        let (conferences, notes) = imported(&events(&[&format!("{line}\nDURATION:PT90M")]));
        conferences
            .first()
            .map(|found| format!("{} {} {}", found.start, found.time_zone, found.minutes))
            .ok_or(notes)
    };
    let is = |line: &str, expected: &str| assert_eq!(start(line).as_deref(), Ok(expected), "{line}");
    is("DTSTART:20260203T073000Z", "2026-02-03T07:30:00 UTC 90");
    is("DTSTART:20260203T093000", "2026-02-03T09:30:00 Europe/Rome 90");
    is("DTSTART;TZID=W. Europe Standard Time:20260203T093000", "2026-02-03T09:30:00 Europe/Berlin 90");
    is(
        "DTSTART;TZID=\"/example.org/20260101/Europe/Rome\":20260203T093000",
        "2026-02-03T09:30:00 Europe/Rome 90",
    );
    is(
        "DTSTART;VALUE=DATE-TIME;TZID=America/Argentina/Buenos_Aires:20260203T093000",
        "2026-02-03T09:30:00 America/Argentina/Buenos_Aires 90",
    );
    let left_out = |line: &str, says: &str| {
        let notes = start(line).expect_err("left out");
        assert!(notes[0].contains(says), "{line}: {notes:?}");
    };
    left_out("DTSTART;VALUE=DATE:20260203", "lasts all day");
    left_out(
        "DTSTART;TZID=Customized Time Zone:20260203T093000",
        "there is no time zone \"Customized Time Zone\"",
    );
    left_out("DTSTART:20250203T073000Z", "is past");
    let text = events(&["DTSTART:20260203T093000"]).replace("VERSION:2.0", "X-WR-TIMEZONE:Asia/Tokyo");
    let (conferences, notes) = imported(&text);
    assert_eq!((&*conferences[0].time_zone, conferences[0].minutes), ("Asia/Tokyo", 60));
    assert_eq!(notes, ["the event of line 3 does not say when it ends: 60 minutes are taken"]);
    let no_zone = Defaults { room: Some("800".to_owned()), ..Defaults::default() };
    let read = calendar::read(&events(&["DTSTART:20260203T093000"]), &no_zone, now()).expect("a calendar");
    assert!(read.conferences.is_empty() && read.notes[0].contains("give DTSTART a TZID"), "{:?}", read.notes);
}

#[test]
fn what_was_moved_out_of_a_series_is_held_when_it_was_moved_to() {
    let series = "UID:s\nSUMMARY:Series\nDTSTART;TZID=Europe/Rome:20260202T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=4";
    let moved = "UID:s\nSUMMARY:Series\nRECURRENCE-ID;TZID=Europe/Rome:20260209T100000\nDTSTART;TZID=Europe/Rome:20260210T150000\nDURATION:PT2H";
    let cancelled = "UID:s\nSUMMARY:Series\nSTATUS:CANCELLED\nRECURRENCE-ID:20260216T090000Z\nDTSTART;TZID=Europe/Rome:20260216T100000";
    let imported = read(&events(&[series, moved, cancelled])).expect("a calendar");
    let found = &imported.conferences;
    assert_eq!(found[0].conference.except, ["2026-02-09T10:00", "2026-02-16T10:00"].map(wall));
    assert_eq!((found[1].conference.start, found[1].conference.minutes), (wall("2026-02-10T15:00"), 120));
    assert_eq!(found[1].uid.as_deref(), Some("s 2026-02-09T10:00:00"), "and is known apart");
    assert_eq!(found.len(), 2);
    insta::assert_snapshot!(imported.notes.join("\n"), @r#"
    the event of line 10 (Series) was moved: it is a conference of its own, and left out of its series
    the event of line 17 (Series) is left out: it is cancelled
    "#);
}

#[test]
fn what_cannot_be_held_is_left_out_and_said() {
    let event = |lines: &str| format!("SUMMARY:It\nDTSTART:20260203T073000Z\n{lines}");
    let all = [
        event("STATUS:CANCELLED"),
        event("RRULE:FREQ=HOURLY"),
        event("DTEND:20260203T063000Z"),
        event("DTEND:20260203T073000Z"),
        event("LOCATION:Big hall\nDURATION:PT1H"),
        event("DURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=WE\nRDATE:20260205T073000Z"),
    ];
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let (conferences, notes) = imported(&events(&all));
    let starts: Vec<_> = conferences.iter().map(|found| (&*found.room, found.start)).collect();
    assert_eq!(starts, [("800", wall("2026-02-03T07:30")), ("800", wall("2026-02-04T07:30"))]);
    insta::assert_snapshot!(notes.join("\n"), @r#"
    the event of line 3 (It) is left out: it is cancelled
    the event of line 8 (It) is left out: FREQ=HOURLY recurs more often than daily, which conferences do not: write FREQ=DAILY;BYHOUR=9,13,17 for some times of a day
    the event of line 13 (It) is left out: it ends before it begins
    the event of line 18 (It) is left out: a conference of 0 minutes is not held: say from 1 to 1440
    the event of line 23 (It) is in room 800: its location "Big hall" is no name of a room
    the event of line 29 (It) begins at 2026-02-04T07:30 by its recurrence: its start 2026-02-03T07:30 is none of that, and is not counted
    the event of line 29 (It) is held without what its RDATE says, which is not carried
    "#);
    let nowhere = calendar::read(&events(&all[4..5]), &Defaults::default(), now()).expect("a calendar");
    assert!(
        nowhere.notes[0].contains("its location is no room, and no other was given"),
        "{:?}",
        nowhere.notes
    );
}

#[test]
fn a_broken_file_is_told_with_its_line_and_gives_nothing() {
    let good = "DTSTART:20260203T073000Z\nDURATION:PT1H";
    let whole = events(&[good, good]);
    let broken = [
        String::new(),
        "hello".to_owned(),
        "BEGIN:VEVENT\r\nEND:VEVENT\r\n".to_owned(),
        whole[..whole.len() - 30].to_owned(),
        whole[..60].to_owned(),
        whole.replacen("END:VEVENT\r\n", "", 1),
        whole.replacen("END:VEVENT", "END:VALARM", 1),
        whole.replace("VERSION:2.0", "END:VCALENDAR\r\nEND:VCALENDAR"),
        whole.replace(
            "VERSION:2.0",
            "BEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nBEGIN:A\r\nBEGIN:A",
        ),
        whole.replace("VERSION:2.0", "VERSION"),
        whole.replace("VERSION:2.0", "BEGIN"),
        whole.replace("VERSION:2.0", "X:\u{7}"),
        events(&["SUMMARY:no start"]),
        events(&["DTSTART:20260230T073000Z"]),
        events(&["DTSTART:tomorrow"]),
        events(&["DTSTART:20260203T073000Z,20260204T073000Z"]),
        events(&["DTSTART:20260203T073000Z\nDTSTART:20260203T073000Z"]),
        events(&["DTSTART:20260203T073000Z\nDURATION:1h"]),
        events(&["DTSTART;TZID=\"Europe/Rome:20260203T073000"]),
        events(&["DTSTART:20260203T073000Z\nEXDATE:20260203T073000Z,"]),
    ];
    let told: Vec<String> = broken.iter().map(|text| read(text).expect_err(text)).collect();
    assert!(told.iter().all(|told| told.starts_with("line ")), "{told:#?}");
    insta::assert_snapshot!(told.join("\n"), @r#"
    line 1: the file is empty
    line 1: "hello" is no line of a calendar, which is NAME:VALUE
    line 1: this is no calendar: one begins with BEGIN:VCALENDAR
    line 9: the file ends inside the VEVENT that begins in line 7: is it cut off?
    line 4: the file ends inside the VEVENT that begins in line 3: is it cut off?
    line 6: VEVENT inside the VEVENT of line 3: an END is missing
    line 6: END:VALARM where END:VEVENT is due, which begins in line 3
    line 3: this is no calendar: one begins with BEGIN:VCALENDAR
    line 9: more than 8 things are inside one another
    line 2: "VERSION" is no line of a calendar, which is NAME:VALUE
    line 2: "BEGIN" is no line of a calendar, which is NAME:VALUE
    line 2: '\u{7}' is no text
    line 3: the event has no DTSTART
    line 4: DTSTART: "20260230T073000Z" is no date: one is 20261201, 20261201T093000 or 20261201T073000Z
    line 4: DTSTART: "tomorrow" is no date: one is 20261201, 20261201T093000 or 20261201T073000Z
    line 4: DTSTART: one time is expected here
    line 5: DTSTART: this was said before of the same event
    line 5: DURATION: "1h" is no length of time: one is PT1H30M
    line 4: the parameters of DTSTART cannot be read
    line 5: EXDATE: "20260203T073000Z," is no date: one is 20261201, 20261201T093000 or 20261201T073000Z
    "#);
    assert!(read(&events(&vec![good; 2_001])).unwrap_err().contains("2000 are taken at once"));
    assert!(read(&"x".repeat(5_000_000)).unwrap_err().contains("bytes"));
    assert_eq!(read(&events(&[])).expect("a calendar").notes, ["the calendar has no events"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is in a file, it is told or taken, and nothing else.
    #[test]
    fn no_calendar_breaks_anything(cut in 0..600usize, with in "\\PC{0,8}|[\r\n:;=\",A-Z]{1,8}") {
        let text = events(&["UID:1\nSUMMARY:x\nDTSTART;TZID=Europe/Rome:20260203T073000\nDURATION:PT1H\nRRULE:FREQ=DAILY\nATTENDEE;CN=\"x\":tel:1"]);
        let cut = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let _ = read(&format!("{}{with}{}", &text[..cut], &text[cut..]));
        let _ = read(&format!("{}{with}", &text[..cut]));
    }
}
