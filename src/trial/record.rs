//! What a trial leaves behind: everything that was heard, said, told and seen, in order.

use std::time::Duration;

use bstr::BString;

use crate::assist::{Counts, Load, PlaceView, Report, RoomView};
use crate::key::Key;
use crate::sim;

/// One thing, and when it was so.
#[derive(Debug, Clone)]
pub struct Noted {
    /// When.
    pub at: Duration,
    /// What.
    pub event: Event,
}

/// One thing of a trial.
#[derive(Debug, Clone)]
pub enum Event {
    /// An act begins, by its place in the list.
    Act(usize),
    /// There is a connection; `anew` if the module has just been started.
    Connected {
        /// Whether the module knows nothing.
        anew: bool,
    },
    /// There is none any more.
    Lost,
    /// The module hears a line. What follows, up to the next `Heard`, `Due`, `Connected` or `Lost`, comes of it.
    Heard(Vec<u8>),
    /// A timer of the module's is due, and nothing else.
    Due,
    /// The module says a line.
    Said(Vec<u8>),
    /// The module tells people something.
    Told(Report),
    /// Where the module believes a channel now, and what it holds; only if that has changed.
    Stands(Box<Stand>),
    /// What a channel is connected to in the engine now; only if that has changed.
    Peer {
        /// The channel.
        channel: String,
        /// The other one, if there is one.
        peer: Option<String>,
    },
    /// A channel is no more.
    Gone(String),
    /// All that was under way has run out.
    Settled(Box<Snapshot>),
    /// Everybody has hung up, and everything has run out.
    Ended(Box<Snapshot>),
    /// The engine and the module go on saying things for ever.
    Endless,
}

/// How the module has a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// The channel.
    pub channel: BString,
    /// Where it is; `None` if it is not known any more.
    pub place: Option<PlaceView>,
    /// The digits that it holds for a code.
    pub held: Vec<Key>,
    /// When they are given up, or fire as they are.
    pub due: Option<Duration>,
}

/// What is so, and what is believed.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Whether there is a connection to believe by.
    pub connected: bool,
    /// The rooms as the module has them.
    pub believed: Vec<RoomView>,
    /// The rooms as they are.
    pub rooms: Vec<sim::RoomView>,
    /// The channels as they are, legs left out.
    pub channels: Vec<sim::ChannelView>,
    /// Where the module has those channels.
    pub places: Vec<Option<PlaceView>>,
    /// What the module keeps.
    pub load: Load,
    /// What it has counted.
    pub counts: Counts,
    /// How many operations it tells that wait for others.
    pub queued: usize,
    /// Messages that wait in the engine, for the module or for a thread.
    pub waiting: usize,
}
