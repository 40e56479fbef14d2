//! What the store promises: what was answered is on disk, nobody is called twice, and what goes wrong is said.

mod common;

use common::records::{NOW, Records, attempt, came, one, participant, weekly};
use common::times::{at, wall};
use std::fs;

use jiff::ToSpan;
use touchtone::store::{
    Attempt, AttemptKey, AttemptState, Attendance, AttendanceKey, Manage, Managed, NewConference,
    OccurrenceKey, Pin, Reply, Request, Store, export,
};

#[tokio::test]
async fn a_conference_comes_back_as_it_was_added_but_for_its_pins() {
    let room = Records::open().await;
    let added = room.add(weekly()).await;
    assert_eq!(added.conference, NewConference { organizer_pin: None, pin: None, ..weekly() });
    assert!(added.has_organizer_pin && added.has_pin);
    let weeks = ["2026-12-01", "2026-12-08", "2026-12-22", "2026-12-29", "2027-01-05"];
    assert_eq!(
        added.next,
        weeks.map(|day| at(&format!("{day}T07:30:00Z"))),
        "five, without the one that is left out"
    );
    let room = room.again().await;
    assert_eq!(room.show(added.id).await, added);
    let Managed::Conferences { conferences, notes } = room.manage(Manage::List).await else { panic!() };
    assert_eq!((conferences, notes), (vec![added], vec![]));
}

#[tokio::test]
async fn occurrences_have_all_that_is_needed_to_hold_them() {
    let room = Records::open().await;
    let later = NewConference {
        start: wall("2026-12-01T10:00"),
        title: "Later".to_owned(),
        except: vec![],
        ..weekly()
    };
    let later = room.add(NewConference { room: "conf/801".to_owned(), ..later }).await;
    let id = room.add(weekly()).await.id;
    let held = room.occurrences("2026-12-01T08:00:00Z", "2026-12-02T00:00:00Z").await;
    let keys: Vec<_> = held.iter().map(|held| (held.key.conference, held.key.starts, &*held.room)).collect();
    let (half_past, ten) = (at("2026-12-01T07:30:00Z"), at("2026-12-01T08:00:00Z"));
    assert_eq!(keys, [(id, half_past, "800"), (later.id, ten, "801")], "in order, and those that go on, too");
    let held = &held[0];
    assert_eq!(held.ends, at("2026-12-01T08:30:00Z"));
    assert_eq!(
        held.participants.iter().map(|who| who.who.clone()).collect::<Vec<_>>(),
        weekly().participants
    );
    let hashes = vec![held.organizer_pin.clone().expect("a PIN"), held.pin.clone().expect("a PIN")];
    let verify = |pin| room.ask(Request::VerifyPin { pin: Pin::new(pin), hashes: hashes.clone() });
    assert_eq!(verify("471147").await, Reply::Verified(Some(0)));
    assert_eq!(verify("081508").await, Reply::Verified(Some(1)));
    assert_eq!(verify("471148").await, Reply::Verified(None));
    assert_eq!(
        room.occurrences("2026-12-01T09:00:00Z", "2026-12-08T07:30:00Z").await,
        [],
        "ends are not included"
    );
    let left_out = room.occurrences("2026-12-15T00:00:00Z", "2026-12-16T00:00:00Z").await;
    let left_out: Vec<_> = left_out.iter().map(|held| held.key.conference).collect();
    assert_eq!(left_out, [later.id], "the other is left out that day");
}

#[tokio::test]
async fn nobody_is_called_twice_whoever_asks_and_however_often_the_file_is_opened() {
    let room = Records::open().await;
    room.add(weekly()).await;
    let key = attempt(&room, 1).await;
    assert_eq!(room.ask(Request::BeginAttempt(key)).await, Reply::Begun(true));
    assert_eq!(room.ask(Request::BeginAttempt(key)).await, Reply::Begun(false));
    let other = Store::open(&room.path()).await.expect("the same store");
    assert_eq!(other.perform(at(NOW), Request::BeginAttempt(key)).await, Reply::Begun(false));
    let again = AttemptKey { number: 2, ..key };
    let both = tokio::join!(
        room.store.perform(at(NOW), Request::BeginAttempt(again)),
        other.perform(at(NOW), Request::BeginAttempt(again))
    );
    assert!(matches!(both, (Reply::Begun(a), Reply::Begun(b)) if a != b), "{both:?}");
    let room = room.again().await;
    assert_eq!(room.ask(Request::BeginAttempt(key)).await, Reply::Begun(false));
    assert_eq!(room.ask(Request::EndAttempt { key, state: AttemptState::NoAnswer }).await, Reply::Done);
    let attempts = room.show(key.occurrence.conference).await.attempts;
    let call = |number, state| {
        let called = "101".to_owned();
        Attempt { participant: key.participant, called, number, begun: at(NOW), state }
    };
    assert_eq!(attempts, [call(1, AttemptState::NoAnswer), call(2, AttemptState::Calling)]);
    let held = room.occurrences("2026-12-01T07:00:00Z", "2026-12-01T08:00:00Z").await;
    assert_eq!(held[0].attempts, attempts);
    let next = AttemptKey {
        occurrence: OccurrenceKey { starts: at("2026-12-08T07:30:00Z"), ..key.occurrence },
        ..key
    };
    assert_eq!(
        room.ask(Request::BeginAttempt(next)).await,
        Reply::Begun(true),
        "another time is another call"
    );
}

/// The file as it is on disk at that moment is what a machine finds that stopped then.
#[tokio::test]
async fn a_call_that_was_answered_is_on_disk() {
    let room = Records::open().await;
    room.add(weekly()).await;
    let key = attempt(&room, 1).await;
    assert_eq!(room.ask(Request::BeginAttempt(key)).await, Reply::Begun(true));
    let after = tempfile::tempdir().expect("a folder");
    for end in ["", "-wal"] {
        let name = format!("touchtone.db{end}");
        fs::copy(room.folder.path().join(&name), after.path().join(&name)).expect("a copy");
    }
    let store = Store::open(&after.path().join("touchtone.db")).await.expect("a store");
    assert_eq!(store.perform(at(NOW), Request::BeginAttempt(key)).await, Reply::Begun(false));
}

#[tokio::test]
async fn what_is_dropped_in_the_middle_is_done_wholly_or_not_at_all() {
    let room = Records::open().await;
    let mut polls = 0;
    loop {
        let before = count(&room).await;
        let many = NewConference {
            participants: (100..160).map(|n| participant(&n.to_string())).collect(),
            ..weekly()
        };
        let many = NewConference { organizer_pin: None, pin: None, ..many };
        let add = room.store.perform(at(NOW), Request::Manage(Manage::Add { conference: Box::new(many) }));
        polls += 1;
        let done = poll_only(add, polls).await;
        let after = count(&room).await;
        assert!(
            after == before || after == (before.0 + 1, before.1 + 60),
            "{before:?} {after:?} by {polls} polls"
        );
        if done {
            assert_eq!(after, (before.0 + 1, before.1 + 60));
            break;
        }
    }
    assert!(polls > 3, "it was dropped in the middle: {polls}");
}

/// Polls a future so many times and drops it; whether it was done.
async fn poll_only<T>(future: impl Future<Output = T>, mut polls: u32) -> bool {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        polls = polls.saturating_sub(1);
        match future.as_mut().poll(context) {
            std::task::Poll::Ready(_) => std::task::Poll::Ready(true),
            std::task::Poll::Pending if polls == 0 => std::task::Poll::Ready(false),
            std::task::Poll::Pending => std::task::Poll::Pending,
        }
    })
    .await
}

async fn count(room: &Records) -> (usize, usize) {
    let Managed::Conferences { conferences, .. } = room.manage(Manage::List).await else { panic!() };
    (conferences.len(), conferences.iter().map(|info| info.conference.participants.len()).sum())
}

#[tokio::test]
async fn a_conference_lasts_longer_this_once() {
    let room = Records::open().await;
    let id = room.add(weekly()).await.id;
    let key = OccurrenceKey { conference: id, starts: at("2026-12-01T07:30:00Z") };
    let ends = at("2026-12-01T10:00:00Z");
    assert_eq!(room.ask(Request::Extend { key, ends }).await, Reply::Done);
    let room = room.again().await;
    let held = room.occurrences("2026-12-01T09:30:00Z", "2026-12-09T00:00:00Z").await;
    let held: Vec<_> = held.iter().map(|held| (held.key.starts, held.ends)).collect();
    let next = (at("2026-12-08T07:30:00Z"), at("2026-12-08T08:30:00Z"));
    assert_eq!(held, [(key.starts, ends), next], "it goes on past its usual end, and the next one does not");
    let sooner = at("2026-12-01T08:00:00Z");
    assert_eq!(room.ask(Request::Extend { key, ends: sooner }).await, Reply::Done);
    assert_eq!(room.occurrences("2026-12-01T08:00:00Z", "2026-12-02T00:00:00Z").await, [], "it ended sooner");
    let stray = OccurrenceKey { starts: at("2026-12-02T07:30:00Z"), ..key };
    assert!(room.problem(Request::Extend { key: stray, ends }).await.yours);
    let before = room.problem(Request::Extend { key, ends: key.starts }).await;
    assert!(before.yours && before.message.contains("say a time after it"), "{before:?}");
}

#[tokio::test]
async fn what_is_not_on_record_is_for_who_asked_to_mend() {
    let room = Records::open().await;
    room.add(weekly()).await;
    let key = attempt(&room, 1).await;
    let nobody = AttemptKey { participant: 99, ..key };
    let nothing = OccurrenceKey { conference: 99, ..key.occurrence };
    let gone = AttendanceKey { run: "1".to_owned(), leg: "conf/1".to_owned() };
    for (request, says) in [
        (Request::Manage(Manage::Show { id: 99 }), "conference 99"),
        (Request::Manage(Manage::Remove { id: 99 }), "conference 99"),
        (Request::BeginAttempt(nobody), "participant 99 of conference 1"),
        (Request::BeginAttempt(AttemptKey { occurrence: nothing, ..key }), "of conference 99"),
        (Request::EndAttempt { key, state: AttemptState::Busy }, "call 1 to participant"),
        (Request::Extend { key: nothing, ends: at("2026-12-01T09:00:00Z") }, "conference 99"),
        (Request::Left { key: gone, left: at(NOW), reason: String::new() }, "conf/1"),
    ] {
        let problem = room.problem(request).await;
        assert!(problem.yours && problem.message.contains(says), "{problem:?}");
    }
    let bad = NewConference { time_zone: "Europe/Bukarest".to_owned(), minutes: 0, ..weekly() };
    let problem = room.problem(Request::Manage(Manage::Add { conference: Box::new(bad) })).await;
    assert!(problem.yours && problem.message.contains("did you mean Europe/Bucharest?"), "{problem:?}");
    assert!(problem.message.contains("0 minutes"), "every problem is told: {problem:?}");
}

#[tokio::test]
async fn a_conference_that_is_forgotten_leaves_who_attended() {
    let room = Records::open().await;
    let id = room.add(weekly()).await.id;
    let key = attempt(&room, 1).await;
    room.ask(Request::BeginAttempt(key)).await;
    room.ask(Request::Joined(Box::new(came("conf/5")))).await;
    assert_eq!(room.manage(Manage::Remove { id }).await, Managed::Removed { id });
    assert_eq!(room.attendance().await, [came("conf/5")]);
    assert_eq!(room.occurrences("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z").await, []);
    assert!(room.problem(Request::BeginAttempt(AttemptKey { number: 2, ..key })).await.yours);
    assert_ne!(room.add(weekly()).await.id, id, "a number is not given twice");
}

#[tokio::test]
async fn who_came_is_there_until_they_left() {
    let room = Records::open().await;
    let early = Attendance { role: String::new(), conference: None, ..came("conf/5") };
    assert_eq!(room.ask(Request::Joined(Box::new(early.clone()))).await, Reply::Done);
    let late =
        Attendance { joined: at("2026-12-01T09:00:00Z"), caller: "other".to_owned(), ..came("conf/5") };
    assert_eq!(room.ask(Request::Joined(Box::new(late))).await, Reply::Done);
    room.ask(Request::Joined(Box::new(came("conf/6")))).await;
    let room = room.again().await;
    let open = Reply::OpenAttendance(vec![came("conf/5"), came("conf/6")]);
    assert_eq!(
        room.ask(Request::OpenAttendance).await,
        open,
        "what was not known is filled in, and nothing else"
    );
    let leave = |leg: &str, left: &str, reason: &str| Request::Left {
        key: came(leg).key,
        left: at(left),
        reason: reason.to_owned(),
    };
    assert_eq!(room.ask(leave("conf/5", "2026-12-01T07:31:02.5Z", "hangup")).await, Reply::Done);
    assert_eq!(room.ask(leave("conf/5", "2026-12-01T08:00:00Z", "later")).await, Reply::Done);
    assert_eq!(room.ask(leave("conf/6", "2026-12-01T07:00:00Z", "clock")).await, Reply::Done);
    room.ask(Request::Joined(Box::new(came("conf/5")))).await;
    assert_eq!(room.ask(Request::OpenAttendance).await, Reply::OpenAttendance(vec![]));
    let gone = Attendance {
        left: Some(at("2026-12-01T07:31:02.5Z")),
        seconds: Some(61.25),
        reason: "hangup".to_owned(),
        ..came("conf/5")
    };
    let all = room.attendance().await;
    assert_eq!(all[0], gone, "who left first has left");
    assert_eq!(
        (all[1].seconds, all[1].left),
        (Some(0.0), Some(all[1].joined)),
        "nobody is there for less than nothing"
    );
    let only = |room_name: Option<&str>, from: Option<&str>, to: Option<&str>| Manage::Attendance {
        room: room_name.map(str::to_owned),
        from: from.map(at),
        to: to.map(at),
    };
    for (asked, found) in [
        (only(Some("conf/800"), None, None), 2),
        (only(Some("801"), None, None), 0),
        (only(None, Some("2026-12-01T07:30:01.25Z"), None), 2),
        (only(None, Some("2026-12-01T07:30:01.250000001Z"), None), 0),
        (only(None, None, Some("2026-12-01T07:30:01.25Z")), 0),
    ] {
        let Managed::Attendance { attendance } = room.manage(asked.clone()).await else { panic!() };
        assert_eq!(attendance.len(), found, "{asked:?}");
    }
}

#[tokio::test]
async fn no_pin_is_in_the_file_or_in_what_is_written_of_it() {
    let room = Records::open().await;
    let conference = weekly();
    let request = Request::Manage(Manage::Add { conference: Box::new(conference.clone()) });
    assert!(!format!("{request:?}").contains("471147"), "{request:?}");
    room.ask(request).await;
    let held = room.occurrences("2026-12-01T07:00:00Z", "2026-12-01T08:00:00Z").await;
    assert!(!format!("{held:?}").contains("argon2id"), "{held:?}");
    let told = serde_json::to_string(&room.show(1).await).expect("JSON");
    assert!(!told.contains("argon2id") && !told.contains("471147"), "{told}");
    let refused = NewConference {
        pin: Some(Pin::new("471")),
        organizer_pin: Some(Pin::new("47114711471147")),
        ..conference
    };
    let problem = room.problem(Request::Manage(Manage::Add { conference: Box::new(refused) })).await;
    assert!(problem.message.contains("4 to 12 digits") && !problem.message.contains("471"), "{problem:?}");
    room.ask(Request::Joined(Box::new(came("conf/5")))).await;
    for entry in fs::read_dir(room.folder.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("bytes");
        for pin in ["471147", "081508"] {
            assert!(!bytes.windows(6).any(|window| window == pin.as_bytes()), "{pin} in {path:?}");
        }
    }
}

#[tokio::test]
async fn a_calendar_is_taken_once() {
    let room = Records::open().await;
    let text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1@example.com\r\nSUMMARY:Sales\r\n\
        DTSTART;TZID=Europe/Bucharest:20261201T093000\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let import = |text: &str, room: Option<&str>| Manage::Import {
        text: text.to_owned(),
        room: room.map(str::to_owned),
        call: false,
    };
    let first = one(room.manage(import(text, Some("conf/800"))).await);
    assert_eq!((&*first.conference.room, first.next), ("800", vec![at("2026-12-01T07:30:00Z")]));
    let Managed::Conferences { conferences, notes } = room.manage(import(text, Some("800"))).await else {
        panic!()
    };
    assert_eq!(conferences, []);
    assert_eq!(notes, ["\"Sales\" is conference 1 already: remove that to take it anew"]);
    let broken =
        text.replace("BEGIN:VEVENT\r\nUID", "BEGIN:VEVENT\r\nDTSTART:x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID");
    let problem = room.problem(Request::Manage(import(&broken.replace("1@", "2@"), Some("800")))).await;
    assert!(problem.yours && problem.message.starts_with("line 3: DTSTART"), "{problem:?}");
    assert_eq!(count(&room).await.0, 1, "nothing of a broken file is taken");
}

#[test]
fn no_cell_is_a_formula_and_every_line_has_its_columns() {
    let who = Attendance {
        caller: "=HYPERLINK(\"http://x\",\"y\")".to_owned(),
        role: "a,b".to_owned(),
        reason: "two\r\nlines".to_owned(),
        left: Some(at("2026-12-01T07:31:02.5Z")),
        seconds: Some(61.25),
        ..came("conf/5")
    };
    let plus = Attendance { conference: None, ..came("conf/6") };
    let text = export::csv(&[who.clone(), plus.clone()]);
    let expected = "run,leg,room,conference,channel,caller,role,billid,joined,left,seconds,reason\r\n\
        1700000000,conf/5,800,1,sip/4,\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",\"a,b\",1700000000-4,\
        2026-12-01T07:30:01.25Z,2026-12-01T07:31:02.5Z,61.250,\"two\r\nlines\"\r\n\
        1700000000,conf/6,800,,sip/4,'+40215550101,organizer,1700000000-4,2026-12-01T07:30:01.25Z,,,\r\n";
    assert_eq!(text, expected);
    let lines = export::json_lines(&[who.clone(), plus.clone()]);
    let read: Vec<Attendance> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(read, [who, plus], "JSON has everything as it is");
}

#[tokio::test]
async fn a_conference_that_recurs_for_ever_is_bounded() {
    let room = Records::open().await;
    let daily = NewConference { rrule: Some("FREQ=DAILY".to_owned()), except: vec![], ..weekly() };
    room.add(daily.clone()).await;
    let ever = room.occurrences("2026-12-01T00:00:00Z", "2199-01-01T00:00:00Z").await;
    assert_eq!(ever.len(), 1_000);
    let last = daily.start.checked_add(999.days()).expect("a day");
    assert_eq!(ever[999].key.starts, last.in_tz("Europe/Bucharest").expect("a time").timestamp());
    for finer in ["FREQ=SECONDLY", "FREQ=HOURLY;INTERVAL=5"] {
        let finer = NewConference { rrule: Some(finer.to_owned()), ..daily.clone() };
        let problem = room.problem(Request::Manage(Manage::Add { conference: Box::new(finer) })).await;
        assert!(problem.yours && problem.message.contains("more often than daily"), "{problem:?}");
    }
}
