//! What happens in a trial of rooms.

use std::time::Duration;

use crate::control::protocol::Command;
use crate::key::Keys;
use crate::sim::Mishap;

/// Something that happens, and how long it is until the next thing does.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// What.
    pub deed: Deed,
    /// How long it is until the next; `None` until all that came of it is over, when the promises are looked at.
    pub pause: Option<Duration>,
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Somebody calls a number, unless they are in a call.
    Call {
        /// Who, as a place among the callers.
        who: usize,
        /// What is called.
        called: String,
    },
    /// Somebody keys.
    Key {
        /// Who.
        who: Who,
        /// What.
        keys: Keys,
        /// How long after each other.
        gap: Duration,
    },
    /// Somebody hangs up.
    HangUp(Who),
    /// The engine drops somebody, as an admin at its console has it do.
    Drop(Who),
    /// Somebody else mutes or unmutes somebody.
    Mute {
        /// Whom.
        who: Who,
        /// Which way.
        on: bool,
    },
    /// Somebody else sends somebody to a room.
    Send {
        /// Whom.
        who: Who,
        /// Where, without its prefix.
        room: String,
    },
    /// Somebody else ends a room.
    EndRoom(String),
    /// Somebody gives a command.
    Command(Command),
    /// Something goes wrong with a line of the engine's, or with its connection.
    Amiss(Mishap),
    /// The connection is lost, for so long.
    Lost(Duration),
    /// The clock on the wall jumps, by so many seconds.
    Clock(i64),
    /// From now on the store writes nothing, as on a disk that is full, or it does again.
    Disk {
        /// Whether it is full.
        full: bool,
    },
    /// Nothing happens.
    Nothing,
}

/// Who does something, or has it done to them: one of those who are at a telephone, from the oldest call on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who(pub usize);
