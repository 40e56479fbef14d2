//! The words of the store: what is asked, what is answered, and what is kept.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Keep, Kept};

/// What is asked of the store.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Every conference that is held at some time from `from` until `to`.
    Occurrences {
        /// The beginning, included.
        from: Timestamp,
        /// The end, not included.
        to: Timestamp,
    },
    /// Writes down that somebody is about to be called. Nobody is called before that is on disk.
    BeginAttempt(AttemptKey),
    /// Writes down what came of a call.
    EndAttempt {
        /// Which call.
        key: AttemptKey,
        /// What came of it.
        state: AttemptState,
    },
    /// A conference that is being held ends at another time, this once.
    Extend {
        /// Which.
        key: OccurrenceKey,
        /// When it ends now.
        ends: Timestamp,
    },
    /// Somebody came into a room. To say it again changes nothing.
    Joined(Box<Attendance>),
    /// Somebody left a room.
    Left {
        /// Which participation.
        key: AttendanceKey,
        /// When.
        left: Timestamp,
        /// Why, in a word or a sentence.
        reason: String,
    },
    /// Who was in a room when we last wrote, and has not left by what we wrote.
    OpenAttendance,
    /// What is kept of calls and rooms, of this life of the engine.
    Kept {
        /// The engine's `runid`.
        run: String,
    },
    /// Changes of what is kept of calls and rooms.
    Keep(Box<Keep>),
    /// Whether a PIN is one of these; takes some tens of milliseconds, on purpose.
    VerifyPin {
        /// What was keyed.
        pin: Pin,
        /// What is on record, in the order in which they count.
        hashes: Vec<PinHash>,
    },
    /// What an admin wants to see or change.
    Manage(Manage),
}

/// What the store answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// To [`Request::Occurrences`], in the order in which they begin.
    Occurrences(Vec<Occurrence>),
    /// To [`Request::BeginAttempt`]: `false` if that call was begun before.
    Begun(bool),
    /// To [`Request::OpenAttendance`].
    OpenAttendance(Vec<Attendance>),
    /// To [`Request::Kept`].
    Kept(Box<Kept>),
    /// To [`Request::VerifyPin`]: which of the hashes it is of, if any.
    Verified(Option<usize>),
    /// To [`Request::Manage`].
    Managed(Box<Managed>),
    /// It is done.
    Done,
    /// It could not be done.
    Failed(Problem),
}

/// Why the store could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Whether it is for who asked to mend (a time that is past, a file that is broken), or the store's own.
    pub yours: bool,
    /// What is wrong, and the way out.
    pub message: String,
}

/// What is wanted of the schedule and of attendance, as commands say it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Manage {
    /// A new conference.
    Add {
        /// Which.
        conference: Box<NewConference>,
    },
    /// All conferences.
    List,
    /// One conference with its participants and its next occurrences.
    Show {
        /// Its number.
        id: i64,
    },
    /// Forgets a conference. What is being held goes on.
    Remove {
        /// Its number.
        id: i64,
    },
    /// Takes the events of a calendar as conferences.
    Import {
        /// The text of an `.ics` file (RFC 5545).
        text: String,
        /// The room of events that name none in their location.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// Whether those invited are called.
        #[serde(default)]
        call: bool,
    },
    /// Who was in which room.
    Attendance {
        /// Only this room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        /// Only who came at this time or later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
        /// Only who came before this time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Timestamp>,
    },
}

/// What is answered to [`Manage`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Managed {
    /// Conferences: those that were added, or all, or the one.
    Conferences {
        /// Each of them.
        conferences: Vec<ConferenceInfo>,
        /// What was left out of a calendar, and why, one sentence each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
    },
    /// It is forgotten.
    Removed {
        /// Its number.
        id: i64,
    },
    /// Participations, in the order in which they began.
    Attendance {
        /// Each of them.
        attendance: Vec<Attendance>,
    },
}

/// A conference to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewConference {
    /// The room, without `conf/`.
    pub room: String,
    /// What it is about; may be empty.
    #[serde(default)]
    pub title: String,
    /// When it begins the first time, by the clock on the wall in `time_zone`: `2026-12-01T09:30`.
    pub start: jiff::civil::DateTime,
    /// The name of a time zone (IANA), as `Europe/Bucharest`.
    pub time_zone: String,
    /// How long it lasts, in minutes.
    pub minutes: u32,
    /// How it recurs (RFC 5545, section 3.3.10), as `FREQ=WEEKLY;BYDAY=MO`; once if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
    /// Beginnings that are left out, by the clock on the wall.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<jiff::civil::DateTime>,
    /// The PIN of organizers, which is kept as a hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizer_pin: Option<Pin>,
    /// The PIN of everybody else, which is kept as a hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    /// Who takes part.
    #[serde(default)]
    pub participants: Vec<NewParticipant>,
}

/// Somebody who is to take part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewParticipant {
    /// The number they call from and are called at.
    pub number: String,
    /// By which the engine may know them besides (`username`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Their name, for people; may be empty.
    #[serde(default)]
    pub name: String,
    /// Whether they are an organizer.
    #[serde(default)]
    pub organizer: bool,
    /// Whether they are called when it begins.
    #[serde(default)]
    pub call: bool,
}

/// A conference on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConferenceInfo {
    /// Its number, by which commands name it.
    pub id: i64,
    /// What it is. PINs are never told.
    #[serde(flatten)]
    pub conference: NewConference,
    /// Whether there is a PIN of organizers.
    pub has_organizer_pin: bool,
    /// Whether there is a PIN of everybody else.
    pub has_pin: bool,
    /// When it is held next, a few times; none if it is over.
    pub next: Vec<Timestamp>,
    /// What came of calling its participants, the last time it was held; for one conference only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}

/// A conference at one of the times that it is held.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// Which.
    pub key: OccurrenceKey,
    /// The room, without `conf/`.
    pub room: String,
    /// What it is about; may be empty.
    pub title: String,
    /// When it ends.
    pub ends: Timestamp,
    /// The PIN of organizers.
    pub organizer_pin: Option<PinHash>,
    /// The PIN of everybody else.
    pub pin: Option<PinHash>,
    /// Who takes part.
    pub participants: Vec<Participant>,
    /// Whom we called so far, this time.
    pub attempts: Vec<Attempt>,
}

/// A conference and when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OccurrenceKey {
    /// The conference's number.
    pub conference: i64,
    /// When it begins.
    pub starts: Timestamp,
}

/// Somebody who takes part in a conference on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Their number on record.
    pub id: i64,
    /// Who they are.
    pub who: NewParticipant,
}

/// One call to one participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttemptKey {
    /// The conference.
    pub occurrence: OccurrenceKey,
    /// The participant's number on record.
    pub participant: i64,
    /// Which try it is, from 1.
    pub number: u32,
}

/// A call to a participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The participant's number on record.
    pub participant: i64,
    /// The number that was called.
    pub called: String,
    /// Which try it is, from 1.
    pub number: u32,
    /// When it was begun.
    pub begun: Timestamp,
    /// What came of it.
    pub state: AttemptState,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptState {
    /// Nothing yet.
    Calling,
    /// They answered and were joined.
    Joined,
    /// They were busy.
    Busy,
    /// They did not answer in time.
    NoAnswer,
    /// They refused, or cannot be reached.
    Failed,
    /// We were not there to see what came of it.
    Unknown,
}

/// One leg in the life of one engine: what a participation is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttendanceKey {
    /// The engine's `runid`.
    pub run: String,
    /// The leg, as `conf/5`.
    pub leg: String,
}

/// A participation: who was in which room, from when until when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attendance {
    /// What it is known by.
    #[serde(flatten)]
    pub key: AttendanceKey,
    /// The room, without `conf/`.
    pub room: String,
    /// The conference on record that was held, if one was.
    pub conference: Option<i64>,
    /// The channel, as `sip/4`.
    pub channel: String,
    /// The caller's number, or the number that was called.
    pub caller: String,
    /// The caller's role; empty for none.
    pub role: String,
    /// The engine's billing identifier.
    pub billid: String,
    /// When they came.
    pub joined: Timestamp,
    /// When they left; `None` if they are there still.
    pub left: Option<Timestamp>,
    /// How long they were there, in seconds; `None` if they are there still.
    pub seconds: Option<f64>,
    /// Why they left; empty while they are there.
    pub reason: String,
}

impl Attendance {
    /// How long it lasts if it ends at `left`, in seconds; never less than nothing.
    #[must_use]
    pub fn lasted(&self, left: Timestamp) -> f64 {
        left.duration_since(self.joined).max(SignedDuration::ZERO).as_secs_f64()
    }
}

/// What is keyed to prove something. It is never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pin(String);

impl Pin {
    /// A PIN as it is keyed.
    #[must_use]
    pub fn new(digits: impl Into<String>) -> Self {
        Pin(digits.into())
    }

    /// Its digits, for hashing.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// What a PIN is kept as: a PHC string of Argon2id (RFC 9106), as `$argon2id$v=19$m=…`.
#[derive(Clone, PartialEq, Eq)]
pub struct PinHash(String);

impl PinHash {
    /// A hash as it is written; whether it is one is for the store to see.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        PinHash(text.into())
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinHash(…)")
    }
}
