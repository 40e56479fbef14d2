//! What the store promises: what was answered is on disk, nobody is called twice, and what goes wrong is said.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, ToSpan};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use touchtone::store::{
    Attempt, AttemptKey, AttemptState, Attendance, AttendanceKey, ConferenceInfo, Manage, Managed,
    NewConference, NewParticipant, Occurrence, OccurrenceKey, Pin, PinHash, Problem, Reply, Request, Store,
    export, worker,
};

/// The day before the first conference, at noon in UTC.
const NOW: &str = "2026-11-30T12:00:00Z";

struct Room {
    folder: tempfile::TempDir,
    store: Store,
}

impl Room {
    async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("touchtone.db")).await.expect("a store");
        Room { folder, store }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("touchtone.db")
    }

    /// The same file, opened again.
    async fn again(self) -> Self {
        let Room { folder, store } = self;
        store.close().await;
        let store = Store::open(&folder.path().join("touchtone.db")).await.expect("a store");
        Room { folder, store }
    }

    async fn ask(&self, request: Request) -> Reply {
        self.store.perform(at(NOW), request).await
    }

    async fn manage(&self, manage: Manage) -> Managed {
        match self.ask(Request::Manage(manage)).await {
            Reply::Managed(managed) => *managed,
            other => panic!("{other:?}"),
        }
    }

    async fn add(&self, conference: NewConference) -> ConferenceInfo {
        one(self.manage(Manage::Add { conference: Box::new(conference) }).await)
    }

    async fn show(&self, id: i64) -> ConferenceInfo {
        one(self.manage(Manage::Show { id }).await)
    }

    async fn occurrences(&self, from: &str, to: &str) -> Vec<Occurrence> {
        match self.ask(Request::Occurrences { from: at(from), to: at(to) }).await {
            Reply::Occurrences(occurrences) => occurrences,
            other => panic!("{other:?}"),
        }
    }

    async fn problem(&self, request: Request) -> Problem {
        match self.ask(request).await {
            Reply::Failed(problem) => problem,
            other => panic!("{other:?}"),
        }
    }

    async fn attendance(&self) -> Vec<Attendance> {
        match self.manage(Manage::Attendance { room: None, from: None, to: None }).await {
            Managed::Attendance { attendance } => attendance,
            other => panic!("{other:?}"),
        }
    }

    /// Another program at the same file.
    async fn intruder(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).connect().await.expect("a connection")
    }
}

fn one(managed: Managed) -> ConferenceInfo {
    match managed {
        Managed::Conferences { mut conferences, .. } => conferences.pop().expect("a conference"),
        other => panic!("{other:?}"),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn wall(text: &str) -> DateTime {
    text.parse().expect("a time on the wall")
}

fn participant(number: &str) -> NewParticipant {
    NewParticipant {
        number: number.to_owned(),
        username: Some(format!("user{number}")),
        name: format!("Name {number}"),
        organizer: number == "101",
        call: true,
    }
}

fn weekly() -> NewConference {
    NewConference {
        room: "800".to_owned(),
        title: "Weekly".to_owned(),
        start: wall("2026-12-01T09:30"),
        time_zone: "Europe/Bucharest".to_owned(),
        minutes: 60,
        rrule: Some("FREQ=WEEKLY;BYDAY=TU".to_owned()),
        except: vec![wall("2026-12-15T09:30")],
        organizer_pin: Some(Pin::new("471147")),
        pin: Some(Pin::new("081508")),
        participants: vec![participant("101"), participant("102")],
    }
}

fn came(leg: &str) -> Attendance {
    Attendance {
        key: AttendanceKey { run: "1700000000".to_owned(), leg: leg.to_owned() },
        room: "800".to_owned(),
        conference: Some(1),
        channel: "sip/4".to_owned(),
        caller: "+40215550101".to_owned(),
        role: "organizer".to_owned(),
        billid: "1700000000-4".to_owned(),
        joined: at("2026-12-01T07:30:01.25Z"),
        left: None,
        seconds: None,
        reason: String::new(),
    }
}

async fn attempt(room: &Room, number: u32) -> AttemptKey {
    let occurrence = room.occurrences("2026-12-01T07:00:00Z", "2026-12-01T08:00:00Z").await.remove(0);
    AttemptKey { occurrence: occurrence.key, participant: occurrence.participants[0].id, number }
}

#[tokio::test]
async fn a_conference_comes_back_as_it_was_added_but_for_its_pins() {
    let room = Room::open().await;
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
    let room = Room::open().await;
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
    let room = Room::open().await;
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
    let room = Room::open().await;
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
    let room = Room::open().await;
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

async fn count(room: &Room) -> (usize, usize) {
    let Managed::Conferences { conferences, .. } = room.manage(Manage::List).await else { panic!() };
    (conferences.len(), conferences.iter().map(|info| info.conference.participants.len()).sum())
}

#[tokio::test]
async fn a_conference_lasts_longer_this_once() {
    let room = Room::open().await;
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
    let room = Room::open().await;
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
    let room = Room::open().await;
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
    let room = Room::open().await;
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
    let room = Room::open().await;
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
async fn only_its_owner_reads_the_file() {
    let room = Room::open().await;
    room.add(weekly()).await;
    for entry in fs::read_dir(room.folder.path()).expect("a folder") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("a mode").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
    }
}

/// SQLite writes no file of which the header says that it is of a version to come (byte 18), whoever asks.
fn let_write(path: &Path, writable: bool) {
    let mut bytes = fs::read(path).expect("bytes");
    bytes[18] = if writable { 2 } else { 3 };
    fs::write(path, bytes).expect("written");
}

#[tokio::test]
async fn a_store_that_cannot_be_written_says_so_and_works_again_when_it_can() {
    let Room { folder, store } = Room::open().await;
    let path = folder.path().join("touchtone.db");
    store.close().await;
    let_write(&path, false);
    let store = Store::open(&path).await.expect("it can be read");
    let add = || Request::Manage(Manage::Add { conference: Box::new(weekly()) });
    let Reply::Failed(problem) = store.perform(at(NOW), add()).await else { panic!("it was written") };
    assert!(!problem.yours && problem.message.contains("cannot be written"), "{problem:?}");
    assert!(problem.message.contains(path.to_str().expect("a path")), "{problem:?}");
    let list = store.perform(at(NOW), Request::Manage(Manage::List)).await;
    assert!(matches!(list, Reply::Managed(_)), "it can be read: {list:?}");
    let_write(&path, true);
    // Others may be at it: it is opened anew after a failure at the latest.
    let first = store.perform(at(NOW), add()).await;
    let second = store.perform(at(NOW), add()).await;
    assert!(matches!(second, Reply::Managed(_)), "{first:?} {second:?}");
}

/// Permissions hold nobody up who is root.
#[tokio::test]
async fn a_file_that_may_not_be_written_is_told() {
    let room = Room::open().await;
    let path = room.path();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("a mode");
    if fs::OpenOptions::new().write(true).open(&path).is_ok() {
        eprintln!("skipped: whoever runs this may write everything");
        return;
    }
    let room = room.again().await;
    let joined = || Request::Joined(Box::new(came("conf/5")));
    let problem = room.problem(joined()).await;
    assert!(!problem.yours && problem.message.contains("be writable for touchtone's user"), "{problem:?}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    assert_eq!(room.ask(joined()).await, Reply::Done);
}

/// On a small file system, as of `mount -t tmpfs -o size=500k tmpfs DIRECTORY`.
#[tokio::test]
async fn a_full_disk_is_told_and_is_no_matter_when_there_is_room_again() {
    let Some(disk) = std::env::var_os("TOUCHTONE_SMALL_DISK").map(PathBuf::from) else {
        eprintln!("skipped: TOUCHTONE_SMALL_DISK does not say where a small disk is");
        return;
    };
    let (path, ballast) = (disk.join("touchtone.db"), disk.join("ballast"));
    fs::write(&ballast, vec![1; 200_000]).expect("ballast");
    let store = Store::open(&path).await.expect("a store");
    let joined = |leg: u32| Request::Joined(Box::new(came(&format!("conf/{leg}"))));
    let mut leg = 0;
    let problem = loop {
        match store.perform(at(NOW), joined(leg)).await {
            Reply::Done => leg += 1,
            Reply::Failed(problem) => break problem,
            other => panic!("{other:?}"),
        }
        assert!(leg < 10_000, "this is no small disk");
    };
    eprintln!("{} after {leg}", problem.message);
    assert!(!problem.yours && problem.message.contains("make room"), "{problem:?}");
    fs::remove_file(&ballast).expect("room");
    assert_eq!(store.perform(at(NOW), joined(leg)).await, Reply::Done);
    let Reply::OpenAttendance(open) = store.perform(at(NOW), Request::OpenAttendance).await else { panic!() };
    assert_eq!(open.len(), leg as usize + 1, "what was answered is there");
}

#[tokio::test]
async fn a_store_that_another_program_holds_is_tried_and_said() {
    let room = Room::open().await;
    let mut intruder = room.intruder().await;
    let held = intruder.begin_with("BEGIN IMMEDIATE").await.expect("a lock");
    let joined = || Request::Joined(Box::new(came("conf/5")));
    let problem = room.problem(joined()).await;
    assert!(!problem.yours && problem.message.contains("is locked"), "{problem:?}");
    held.rollback().await.expect("let go");
    assert_eq!(room.ask(joined()).await, Reply::Done);
}

#[tokio::test]
async fn a_store_that_was_taken_away_is_not_written_where_nobody_finds_it() {
    let room = Room::open().await;
    let away = room.folder.path().join("away");
    fs::create_dir(room.folder.path().join("inner")).expect("a folder");
    let inner = room.folder.path().join("inner");
    let path = inner.join("touchtone.db");
    let store = Store::open(&path).await.expect("a store");
    fs::rename(&inner, &away).expect("moved");
    let joined = || Request::Joined(Box::new(came("conf/5")));
    let Reply::Failed(problem) = store.perform(at(NOW), joined()).await else { panic!("it was written") };
    assert!(!problem.yours && problem.message.contains("there is no directory"), "{problem:?}");
    fs::rename(&away, &inner).expect("moved back");
    assert_eq!(store.perform(at(NOW), joined()).await, Reply::Done);
    fs::remove_dir_all(&inner).expect("removed");
    assert!(matches!(store.perform(at(NOW), joined()).await, Reply::Failed(_)));
    fs::create_dir(&inner).expect("a folder");
    assert_eq!(store.perform(at(NOW), joined()).await, Reply::Done, "a new one is made");
}

#[tokio::test]
async fn what_is_no_store_or_a_newer_one_is_refused() {
    let room = Room::open().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9, 'to come', TRUE, x'00', 0)";
    sqlx::query(newer).execute(&mut room.intruder().await).await.expect("a newer schema");
    let problem = Store::open(&room.path()).await.expect_err("a newer schema");
    assert!(!problem.yours && problem.message.contains("newer touchtone (schema 9)"), "{problem:?}");
    let text = room.folder.path().join("notes.txt");
    fs::write(&text, "a shopping list, and long enough to have a header: ".repeat(40)).expect("written");
    let problem = Store::open(&text).await.expect_err("no store");
    assert!(problem.message.contains("another kind of file"), "{problem:?}");
    assert!(fs::read_to_string(&text).expect("text").starts_with("a shopping list"), "and is left as it is");
    let problem = Store::open(room.folder.path()).await.expect_err("a directory");
    assert!(problem.message.contains("directory"), "{problem:?}");
    let problem = Store::open(&room.folder.path().join("none/x.db")).await.expect_err("no directory");
    assert!(problem.message.contains("make it"), "{problem:?}");
}

#[tokio::test]
async fn a_calendar_is_taken_once() {
    let room = Room::open().await;
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
async fn the_worker_keeps_the_order_and_lets_no_pin_hold_up_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut worker = worker::start(Some(folder.path().join("touchtone.db")), 64);
    let hash = touchtone::store::hash_pin(&Pin::new("4711")).expect("a hash");
    let verify = |pin: &str| Request::VerifyPin { pin: Pin::new(pin), hashes: vec![hash.clone(); 20] };
    worker.requests.send((1, verify("4711"))).await.expect("sent");
    for n in 0..20 {
        let leg = format!("conf/{n}");
        let left = came(&leg).joined + SignedDuration::from_secs(n);
        let leave = Request::Left { key: came(&leg).key, left, reason: String::new() };
        worker
            .requests
            .send((10 + 2 * n.unsigned_abs(), Request::Joined(Box::new(came(&leg)))))
            .await
            .expect("sent");
        worker.requests.send((11 + 2 * n.unsigned_abs(), leave)).await.expect("sent");
    }
    drop(worker.requests);
    let mut numbers = Vec::new();
    while let Some((number, reply)) = worker.replies.recv().await {
        let verified = reply == Reply::Verified(Some(0));
        assert!(if number == 1 { verified } else { reply == Reply::Done }, "{number}: {reply:?}");
        numbers.push(number);
    }
    worker.task.await.expect("an end");
    assert_ne!(numbers.first(), Some(&1), "others did not wait for the PIN");
    numbers.retain(|number| *number != 1);
    assert_eq!(numbers, (10..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn pins_are_looked_at_without_any_store_and_no_more_than_are_bounded() {
    let mut worker = worker::start(None, 256);
    let hash = touchtone::store::hash_pin(&Pin::new("4711")).expect("a hash");
    let verify = || Request::VerifyPin { pin: Pin::new("4711"), hashes: vec![hash.clone()] };
    for number in 0..200 {
        worker.requests.send((number, verify())).await.expect("sent");
    }
    worker.requests.send((200, Request::OpenAttendance)).await.expect("sent");
    drop(worker.requests);
    let (mut verified, mut refused) = (0, 0);
    while let Some((number, reply)) = worker.replies.recv().await {
        match reply {
            Reply::Verified(found) => {
                assert_eq!(found, Some(0));
                verified += 1;
            }
            Reply::Failed(problem) if number == 200 => {
                assert!(problem.message.contains("no store"), "{problem:?}");
            }
            Reply::Failed(problem) => {
                assert!(problem.message.contains("too many PINs"), "{problem:?}");
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(verified + refused, 200);
    assert!(verified >= 64 && refused > 0, "{verified} {refused}");
}

#[tokio::test]
async fn a_worker_without_its_store_tries_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("later");
    let mut worker = worker::start(Some(inner.join("touchtone.db")), 8);
    worker.requests.send((1, Request::OpenAttendance)).await.expect("sent");
    let Some((1, Reply::Failed(problem))) = worker.replies.recv().await else { panic!("there is no store") };
    assert!(!problem.yours && problem.message.contains("there is no directory"), "{problem:?}");
    fs::create_dir(&inner).expect("a folder");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    worker.requests.send((2, Request::OpenAttendance)).await.expect("sent");
    assert_eq!(worker.replies.recv().await, Some((2, Reply::OpenAttendance(vec![]))));
    drop(worker.requests);
    worker.task.await.expect("an end");
}

/// What `touchtone hash-pin` prints and says for what is on its standard input.
fn hash_pin(input: &str) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_touchtone"));
    let piped = command.arg("hash-pin").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the command");
    child.stdin.take().expect("an input").write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("an end");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_pin_is_hashed_for_the_configuration_and_never_shown() {
    let (code, hash, said) = hash_pin("4711\n");
    assert_eq!((code, &*said), (Some(0), ""));
    let hash = PinHash::new(hash.trim_end());
    assert_eq!(touchtone::store::check_hash(&hash), Ok(()));
    assert_eq!(touchtone::store::verify_pin(&Pin::new("4711"), &[hash]), Some(0));
    let refused = "error: the PIN is not of 4 to 12 digits\n".to_owned();
    assert_eq!(hash_pin("471x\n"), (Some(1), String::new(), refused));
    let (code, _, said) = hash_pin("");
    assert!(code == Some(2) && said.contains("run `touchtone hash-pin` and key it"), "{said}");
}

#[tokio::test]
async fn a_conference_that_recurs_for_ever_is_bounded() {
    let room = Room::open().await;
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
