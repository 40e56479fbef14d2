//! A store in a folder of its own, and what is put into it.

use std::path::PathBuf;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use touchtone::store::{
    AttemptKey, Attendance, AttendanceKey, ConferenceInfo, Manage, Managed, NewConference, NewParticipant,
    Occurrence, Pin, Problem, Reply, Request, Store,
};

use super::times::{at, wall};

/// The day before the first conference, at noon in UTC.
pub(crate) const NOW: &str = "2026-11-30T12:00:00Z";

pub(crate) struct Records {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Records {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("touchtone.db")).await.expect("a store");
        Records { folder, store }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("touchtone.db")
    }

    /// The same file, opened again.
    pub(crate) async fn again(self) -> Self {
        let Records { folder, store } = self;
        store.close().await;
        let store = Store::open(&folder.path().join("touchtone.db")).await.expect("a store");
        Records { folder, store }
    }

    pub(crate) async fn ask(&self, request: Request) -> Reply {
        self.store.perform(at(NOW), request).await
    }

    pub(crate) async fn manage(&self, manage: Manage) -> Managed {
        match self.ask(Request::Manage(manage)).await {
            Reply::Managed(managed) => *managed,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn add(&self, conference: NewConference) -> ConferenceInfo {
        one(self.manage(Manage::Add { conference: Box::new(conference) }).await)
    }

    pub(crate) async fn show(&self, id: i64) -> ConferenceInfo {
        one(self.manage(Manage::Show { id }).await)
    }

    pub(crate) async fn occurrences(&self, from: &str, to: &str) -> Vec<Occurrence> {
        match self.ask(Request::Occurrences { from: at(from), to: at(to) }).await {
            Reply::Occurrences(occurrences) => occurrences,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn problem(&self, request: Request) -> Problem {
        match self.ask(request).await {
            Reply::Failed(problem) => problem,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn attendance(&self) -> Vec<Attendance> {
        match self.manage(Manage::Attendance { room: None, from: None, to: None }).await {
            Managed::Attendance { attendance } => attendance,
            other => panic!("{other:?}"),
        }
    }

    /// Another program at the same file.
    pub(crate) async fn intruder(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).connect().await.expect("a connection")
    }
}

pub(crate) fn one(managed: Managed) -> ConferenceInfo {
    match managed {
        Managed::Conferences { mut conferences, .. } => conferences.pop().expect("a conference"),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn participant(number: &str) -> NewParticipant {
    NewParticipant {
        number: number.to_owned(),
        username: Some(format!("user{number}")),
        name: format!("Name {number}"),
        organizer: number == "101",
        call: true,
    }
}

pub(crate) fn weekly() -> NewConference {
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

pub(crate) fn came(leg: &str) -> Attendance {
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

pub(crate) async fn attempt(room: &Records, number: u32) -> AttemptKey {
    let occurrence = room.occurrences("2026-12-01T07:00:00Z", "2026-12-01T08:00:00Z").await.remove(0);
    AttemptKey { occurrence: occurrence.key, participant: occurrence.participants[0].id, number }
}
