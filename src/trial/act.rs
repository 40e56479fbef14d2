//! What can happen in a trial. Each act stands for itself, so that others can be left out.

use std::fmt;
use std::time::Duration;

use crate::key::Keys;
use crate::sim::Mishap;

/// One thing that happens. Where it cannot happen, because nobody is there, nothing does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A caller who is in no call calls, as [`Scene`](super::Scene) has the destinations.
    Call {
        /// Who.
        who: usize,
        /// Where to.
        to: usize,
    },
    /// Keys are pressed.
    Keys {
        /// Who presses them.
        who: Party,
        /// Which.
        keys: Keys,
        /// How far apart; `None` if the engine has them in one message.
        gap: Option<Duration>,
        /// What happens to one of them on its way.
        trouble: Option<(usize, Trouble)>,
    },
    /// Time passes.
    Wait(Duration),
    /// Everything runs out that is under way; then it is looked at what is so.
    Settle,
    /// Somebody hangs up.
    HangUp(Party),
    /// Somebody else does something to a caller.
    Meddle {
        /// To whom.
        who: Party,
        /// What.
        what: Meddling,
    },
    /// Something goes wrong with a line of the engine's, or with its connection; if that is before all is settled. With
    /// its account of itself it does so on the next connection, too.
    Amiss(Mishap),
    /// What we ask of the engine next, it does only later; if that is before all is settled.
    DoneLate(Duration),
    /// The connection is lost, for so long; then there is a new one. If `killed` the module knows nothing any more.
    Lost {
        /// For how long.
        time: Duration,
        /// Whether the module is started anew.
        killed: bool,
    },
}

/// One end of a call: a caller, or whoever is at the far end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// The caller.
    pub caller: usize,
    /// Whether the other one of the two is meant.
    pub far: bool,
}

/// What happens to a digit on its way to the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It is overtaken.
    Late(Duration),
    /// It comes a second time, and may be marked as such.
    Twice {
        /// How long after the first time.
        after: Duration,
        /// Whether it says that it is a duplicate.
        marked: bool,
    },
    /// It never comes, but was counted.
    Never,
}

/// What somebody else does to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meddling {
    /// Mutes or unmutes.
    Mute(bool),
    /// Throws out.
    Kick,
    /// Ends the room.
    EndRoom,
    /// Starts or stops the room's own recorder.
    Record(bool),
    /// Puts in a room, with the other party: a destination.
    Join(usize),
    /// Connects to a tone.
    Tone,
    /// Connects to another caller.
    Connect(usize),
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Call { who, to } => write!(f, "caller {who} calls destination {to}"),
            Act::Keys { who, keys, gap, trouble } => {
                write!(f, "{who} keys {keys}")?;
                match gap {
                    None => write!(f, " in one message")?,
                    Some(gap) if keys.len() > 1 => write!(f, ", {} apart", Ms(*gap))?,
                    Some(_) => {}
                }
                match trouble {
                    None => Ok(()),
                    Some((at, trouble)) => write!(f, "; key {} {trouble}", at + 1),
                }
            }
            Act::Wait(time) => write!(f, "wait {}", Ms(*time)),
            Act::Settle => f.write_str("wait until all is settled"),
            Act::HangUp(who) => write!(f, "{who} hangs up"),
            Act::Meddle { who, what } => write!(f, "somebody else {what} {who}"),
            Act::Amiss(mishap) => mishap.fmt(f),
            Act::DoneLate(time) => write!(f, "the engine is {} late to do what it is asked next", Ms(*time)),
            Act::Lost { time, killed: false } => write!(f, "the connection is lost for {}", Ms(*time)),
            Act::Lost { time, killed: true } => {
                write!(f, "the module is killed, and back after {}", Ms(*time))
            }
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Party { caller, far } = self;
        if *far { write!(f, "the far end of caller {caller}") } else { write!(f, "caller {caller}") }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Late(time) => write!(f, "comes {} late", Ms(*time)),
            Trouble::Twice { after, marked } => {
                let marked = if *marked { ", marked as a duplicate" } else { "" };
                write!(f, "comes again {} later{marked}", Ms(*after))
            }
            Trouble::Never => f.write_str("never comes"),
        }
    }
}

impl fmt::Display for Meddling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Meddling::Mute(true) => f.write_str("mutes"),
            Meddling::Mute(false) => f.write_str("unmutes"),
            Meddling::Kick => f.write_str("throws out"),
            Meddling::EndRoom => f.write_str("ends the room of"),
            Meddling::Record(true) => f.write_str("records the room of"),
            Meddling::Record(false) => f.write_str("stops recording the room of"),
            Meddling::Join(to) => write!(f, "puts into the room of destination {to}"),
            Meddling::Tone => f.write_str("connects to a tone"),
            Meddling::Connect(other) => write!(f, "connects to caller {other}"),
        }
    }
}

/// A time, for people.
struct Ms(Duration);

impl fmt::Display for Ms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0.as_millis())
    }
}
