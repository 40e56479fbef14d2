//! What was seen in a trial of rooms.

use std::collections::BTreeMap;
use std::time::Duration;

use super::act::Deed;
use crate::assist::Load;
use crate::control::protocol::{Command, Outcome, Room};
use crate::store::{Attendance, AttendanceKey};

/// Something, and when it was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Noted {
    /// When.
    pub at: Duration,
    /// What.
    pub event: Event,
}

/// Something that was seen.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It was done to the engine or to the module.
    Deed(Deed),
    /// A telephone's channel came to be.
    Appeared {
        /// The channel.
        channel: String,
        /// Who calls.
        caller: String,
        /// What is called.
        called: String,
        /// Whether the engine called it.
        outgoing: bool,
    },
    /// Two are in a call with each other.
    Talks(String, String),
    /// In the engine, somebody came into a room.
    Entered {
        /// Which room.
        room: String,
        /// By which leg.
        leg: String,
        /// Who.
        channel: String,
    },
    /// In the engine, somebody left a room.
    Gone {
        /// Which room.
        room: String,
        /// By which leg.
        leg: String,
    },
    /// The engine told that a room is no more.
    Destroyed(String),
    /// The module told that a code fired.
    Fired {
        /// Who keyed it.
        channel: String,
        /// Which code.
        code: String,
        /// What its captures hold.
        captures: Vec<(String, String)>,
        /// The room that the channel is in, and the one that it was in just before.
        rooms: Vec<String>,
    },
    /// The module told how an operation of a code ended.
    Ended {
        /// Who keyed it.
        channel: String,
        /// Which code.
        code: String,
        /// What is so now, or why it is not.
        outcome: Result<String, String>,
    },
    /// A command was given.
    Commanded {
        /// Its number.
        number: u64,
        /// What was wanted.
        command: Command,
    },
    /// A command was answered.
    Answered {
        /// Its number.
        number: u64,
        /// What came of it.
        outcome: Outcome,
    },
    /// A participation was to be written down.
    Joined(Attendance),
    /// The end of one was.
    Left {
        /// Which.
        key: AttendanceKey,
        /// Why.
        reason: String,
        /// Whether the leg is in its room all the same.
        there: bool,
    },
    /// All that came of what was done is over.
    Rest(Rest),
    /// Everybody has hung up, and time has passed.
    End(Rest),
}

/// What is so at rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Rest {
    /// Every room of the engine's, by its name.
    pub engine: BTreeMap<String, EngineRoom>,
    /// What the module shows.
    pub shown: Vec<Room>,
    /// What the module keeps.
    pub load: Load,
    /// Whether there was no end to what came of it.
    pub restless: bool,
}

/// A room in the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineRoom {
    /// Whether it is recorded.
    pub recording: bool,
    /// The people in it, without machines.
    pub people: Vec<Person>,
}

/// Somebody in a room of the engine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The leg.
    pub leg: String,
    /// The channel.
    pub channel: String,
    /// Whether the room does not hear them.
    pub muted: bool,
}
