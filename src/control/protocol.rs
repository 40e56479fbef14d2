//! What is said on the control socket: one JSON object a line, both ways.
//!
//! A client sends [`Request`]s and gets a [`Response`] to each, in order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::figures::Figures;
use crate::store;

/// The version of the protocol. What a newer one adds, an older one does not know; what it changes has another number.
pub const VERSION: u32 = 1;

/// The longest line either side takes, in bytes.
pub const MAX_LINE: usize = 1024 * 1024;

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The version that the client speaks.
    pub v: u32,
    /// Given back in the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// What is wanted.
    #[serde(flatten)]
    pub command: Command,
}

/// What a client is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The version that the daemon speaks.
    pub v: u32,
    /// The request's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done, or this is what was asked for.
    Ok(Answer),
    /// It was not done.
    Error(Refusal),
}

/// Why a command was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// For programs.
    pub code: RefusalCode,
    /// For people.
    pub message: String,
}

/// Why a command was not done, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// The request cannot be read, or is of a version that is not spoken here.
    BadRequest,
    /// There is no such room, seat or conference.
    NotFound,
    /// It cannot be done as things are.
    Refused,
    /// The engine did not do it, or is not there.
    Engine,
    /// The store did not do it, or there is none.
    Store,
    /// Too much is asked at once.
    Busy,
}

/// What is wanted. What changes something is done by the same operations that keys do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case")]
pub enum Command {
    /// How the daemon is.
    Status,
    /// The rooms, or one room.
    Rooms {
        /// Only this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
    },
    /// Mutes or unmutes.
    Mute {
        /// The room, with or without `conf/`.
        room: String,
        /// Whom.
        who: Who,
        /// Which way.
        to: Switch,
    },
    /// Throws somebody out.
    Kick {
        /// The room.
        room: String,
        /// Whom.
        who: Who,
    },
    /// Locks or unlocks a room.
    Lock {
        /// The room.
        room: String,
        /// Which way.
        to: Switch,
    },
    /// Starts or stops a recording.
    Record {
        /// The room.
        room: String,
        /// Which way.
        to: Switch,
    },
    /// Plays a file into a room, behind what is being played, or to one who is there.
    Announce {
        /// The room.
        room: String,
        /// A file, or a resource of the engine's as `wave/play/…` and `tone/…`.
        sound: String,
        /// Only to whom; everybody if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        who: Option<Who>,
    },
    /// Calls somebody in.
    Invite {
        /// The room; it need not be open.
        room: String,
        /// Whom to call.
        number: String,
        /// Whether they are an organizer there.
        #[serde(default)]
        organizer: bool,
    },
    /// Ends a room.
    End {
        /// The room.
        room: String,
    },
    /// Lets the conference that is being held last longer.
    Extend {
        /// The room.
        room: String,
        /// By how much.
        minutes: u32,
    },
    /// The schedule and who attended.
    Schedule {
        /// What is wanted of it; an object of its own, because it has fields of the names of a request's.
        manage: store::Manage,
    },
    /// Reads the daemon's configuration again and uses it, if it can work.
    Reload,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// By seat.
    Seat(u32),
    /// By channel or leg, as `sip/4` or `conf/7`.
    Channel(String),
    /// Who came last.
    Last,
    /// Everybody.
    All,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// To what it is not now.
    Toggle,
    /// On.
    On,
    /// Off.
    Off,
}

/// What is answered if all is well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It was done; this is so now, as `muted`.
    Done(String),
    /// To [`Command::Status`].
    Status(Box<Status>),
    /// To [`Command::Rooms`], by name.
    Rooms(Vec<Room>),
    /// To [`Command::Schedule`].
    Schedule(Box<store::Managed>),
    /// To [`Command::Reload`].
    Reloaded(Box<Reloaded>),
}

/// A configuration that was read again and is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// The file.
    pub file: String,
    /// The settings that have changed in it and are as they were until the daemon is started again, as `[store] file`.
    pub restart: Vec<String>,
    /// What works, but probably not as meant; each with its place.
    pub warnings: Vec<String>,
}

/// How the daemon is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The daemon's own version.
    pub version: String,
    /// Whether there is a connection to an engine and its account is in.
    pub ready: bool,
    /// The engine's version; empty if none was told.
    pub engine: String,
    /// The engine's `runid`; empty if none was told.
    pub run: String,
    /// Channels that are known.
    pub channels: usize,
    /// Rooms that are known.
    pub rooms: usize,
    /// Conference legs that are known, our own too.
    pub legs: usize,
    /// Messages to the engine that it has not answered yet.
    pub unanswered: usize,
    /// Whether what is to last is written; `None` if there is no store, or nothing was asked of it yet.
    pub store: Option<bool>,
    /// Whether there is a store of which nothing was asked yet.
    #[serde(default)]
    pub store_untried: bool,
    /// Conferences that are being held or soon will be.
    pub conferences: usize,
    /// What was counted and measured.
    #[serde(default)]
    pub figures: Figures,
}

/// A room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Room {
    /// Its name, without `conf/`.
    pub name: String,
    /// Since when it is open; `None` if it was open before we came.
    pub since: Option<Timestamp>,
    /// Whether only organizers are let in.
    pub locked: bool,
    /// Whether it is recorded.
    pub recording: bool,
    /// How many it takes, if that is known.
    pub max_users: Option<u32>,
    /// What is being held there: the conference's number and title, and when it ends.
    pub conference: Option<Held>,
    /// Who is there, by seat.
    pub seats: Vec<Seat>,
    /// How many wait to be let in.
    pub waiting: usize,
}

/// A conference that is being held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Its number on record.
    pub id: i64,
    /// What it is about.
    pub title: String,
    /// When it ends.
    pub ends: Timestamp,
}

/// Somebody in a room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seat {
    /// From 1; it is theirs as long as they are there.
    pub seat: u32,
    /// The leg, as `conf/7`.
    pub leg: String,
    /// The channel, as `sip/4`; `None` if the engine has not told.
    pub channel: Option<String>,
    /// The number of who calls, or was called.
    pub caller: String,
    /// Their name, from the schedule; empty if there is none.
    pub name: String,
    /// Their role; empty for none.
    pub role: String,
    /// Whether they are muted; `None` if the engine has not said.
    pub muted: Option<bool>,
    /// How loud they are talking, as the engine measures it (about 20 for speech); `None` if they are not.
    pub talking: Option<u32>,
    /// Since when they are there; `None` if they were there before we came.
    pub since: Option<Timestamp>,
}
