//! A configuration that was read and checked.

mod bounds;
mod conference;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::grammar::Limits;
use crate::grammar::ast::Node;
use crate::key::Key;
use crate::keypad::{Keymap, Keymaps, Rules};
use crate::template::Template;

pub use bounds::Bounds;
pub use conference::{
    Admission, Calling, Control, EngineParams, Entry, RoomRules, Route, Routes, Schedule, Sounds, Utility,
};

/// Everything an admin can set, checked: what loads works as it reads.
#[derive(Debug, Clone)]
pub struct Config {
    /// How the engine is reached.
    pub yate: Yate,
    /// What holds for the keys of every call.
    pub keypad: Keypad,
    /// How rooms are recorded.
    pub record: Record,
    /// How large grammars may become.
    pub limits: Limits,
    /// How much there may be of what callers and others ask for.
    pub bounds: Bounds,
    /// The states that a call can be in, built-in ones first; a state is known by its place here.
    pub states: Vec<State>,
    /// The roles that are named anywhere; a role is known by its place here.
    pub roles: Vec<String>,
    /// Which rooms give which role to those in them, first match first; a role is a place in `roles`.
    pub role_rooms: Vec<(RoomPattern, usize)>,
    /// The codes, in the order they are written.
    pub codes: Vec<Code>,
    /// The codes compiled, one automaton a state and role.
    pub keymaps: Keymaps,
    /// The rooms under control, first match first.
    pub rooms: Vec<RoomRules>,
    /// Which called numbers touchtone sends to rooms itself.
    pub routes: Routes,
    /// How callers prove who they are.
    pub entry: Entry,
    /// How others are called in.
    pub calling: Calling,
    /// How conferences on record are held.
    pub schedule: Schedule,
    /// Where the engine finds what is said.
    pub sounds: Sounds,
    /// The file of the store; `None` if nothing is to last.
    pub store: Option<PathBuf>,
    /// The socket on which commands come; `None` if there is none.
    pub control: Option<Control>,
    /// Where metrics are shown, an address of this machine alone; `None` if nowhere.
    pub metrics: Option<SocketAddr>,
}

impl Config {
    /// The place of a state among [`states`](Self::states), by its name.
    #[must_use]
    pub fn state(&self, name: &str) -> Option<usize> {
        self.states.iter().position(|state| state.name == name)
    }

    /// The place of a role among [`roles`](Self::roles), by its name.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<usize> {
        self.roles.iter().position(|role| role == name)
    }

    /// What holds for the digits of a caller, by the places of the call's state and the caller's role.
    #[must_use]
    pub fn rules(&self, state: usize, role: Option<usize>) -> Rules<'_> {
        let Keymap { automaton, waits, .. } = &**self.keymaps.get(state, role);
        let State { interdigit, critical, enter, .. } = self.states[state];
        Rules { automaton, waits, interdigit, critical, enter, max_digits: self.keypad.max_digits }
    }

    /// The rules of a room under control, by its name without the prefix.
    #[must_use]
    pub fn room(&self, name: &[u8]) -> Option<&RoomRules> {
        self.rooms.iter().find(|rules| rules.pattern.matches(name))
    }

    /// Whether anything is to be said about who comes into which room.
    #[must_use]
    pub fn guards_rooms(&self) -> bool {
        let locks = |code: &Code| matches!(code.operation, Operation::Lock(_));
        let asks = !self.routes.all.is_empty();
        asks || !self.rooms.is_empty()
            || self.control.is_some()
            || self.store.is_some()
            || self.codes.iter().any(locks)
    }

    /// The names of the states in which callers are asked for something, or wait, before they are in a room: of those
    /// that any room, route or conference on record brings callers to.
    pub fn asks(&self) -> impl Iterator<Item = &'static str> {
        let has_pin = |rules: &RoomRules| rules.organizer.pin.is_some() || rules.participant.pin.is_some();
        let stored = self.store.is_some();
        let asks_room = self.routes.all.iter().any(|route| route.room.is_none());
        let asks_pin = stored || self.rooms.iter().any(has_pin);
        let waits = self.rooms.iter().any(|rules| rules.waiting.is_some());
        let each = [(STATE_LOBBY, asks_room), (STATE_PIN, asks_pin), (STATE_WAITING, waits)];
        each.into_iter().filter_map(|(state, asks)| asks.then_some(state))
    }

    /// Whether digits are held back in a state, by its place, or go on as they come and are only watched.
    #[must_use]
    pub fn holds_back(&self, state: usize) -> bool {
        self.yate.intercept && !self.states[state].pass_through
    }
}

/// `[yate]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yate {
    /// Where the engine listens.
    pub connect: Address,
    /// The priority of the handler of `chan.dtmf`; lower comes first, and conferences have 75.
    pub priority: u32,
    /// Whether digits are handled (and can be held back) or only watched.
    pub intercept: bool,
    /// How long an operation waits for the engine's answer before it counts as failed.
    pub answer_timeout: Duration,
    /// The shortest and the longest wait before a lost connection is tried again.
    pub reconnect: (Duration, Duration),
}

/// A way to an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `unix:PATH`
    Unix(PathBuf),
    /// `tcp:HOST:PORT`
    Tcp {
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
    },
    /// `stdio`: the engine started this process, and speaks on its standard input and output.
    Stdio,
}

/// `[keypad]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keypad {
    /// How long the next digit of a code may take.
    pub interdigit: Duration,
    /// How long a code waits that is complete, while a longer one is still possible.
    pub critical: Duration,
    /// The key that says "this is all".
    pub enter: Option<Key>,
    /// How many digits are held at most.
    pub max_digits: usize,
    /// How long a digit waits for an earlier one that the engine delivers late.
    pub reorder: Duration,
}

/// `[record]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What does the recording.
    pub by: RecordBy,
    /// Where it is written: an engine resource, as `wave/record//var/spool/yate/${room}-${date}.au`.
    pub file: Template,
    /// What the room hears when a recording starts.
    pub warn: Option<Template>,
}

/// Who records a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordBy {
    /// A utility leg of our own in the room.
    Leg,
    /// The room's own recorder.
    Room,
}

/// `[states.NAME]`, and the built-in states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its name.
    pub name: String,
    /// What becomes of digits that no code wants.
    pub unmatched: Unmatched,
    /// The keypad's, unless the state has its own.
    pub interdigit: Duration,
    /// The keypad's, unless the state has its own.
    pub critical: Duration,
    /// The keypad's, unless the state has its own.
    pub enter: Option<Key>,
    /// Whether every digit goes on as it comes, and codes are only looked for in passing.
    pub pass_through: bool,
    /// How long the first key may take; then the call is back in the state where the engine has it.
    pub first_key: Option<Duration>,
    /// Whether nobody is to read in the log what is keyed there.
    pub secret: bool,
    /// Whether single digits are to be read in no log, because what is keyed there is secret or may become a secret code.
    pub hides_digits: bool,
    /// What the caller hears when digits were given up.
    pub on_unmatched: Option<Template>,
    /// What the caller hears when a timer ran out before there was a code.
    pub on_timeout: Option<Template>,
}

/// Names of rooms: one name, or with a final `*` all that begin so. Without the prefix `conf/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomPattern {
    name: String,
    open: bool,
}

impl RoomPattern {
    /// The pattern of a text, which may have the prefix `conf/`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = text.strip_prefix("conf/").unwrap_or(text);
        let name = text.strip_suffix('*');
        RoomPattern { name: name.unwrap_or(text).to_owned(), open: name.is_some() }
    }

    /// The name of a room, without its prefix, that is one of these.
    #[must_use]
    pub fn example(&self) -> String {
        if self.open { format!("{}1", self.name) } else { self.name.clone() }
    }

    /// Whether every room of another pattern is one of these.
    pub(super) fn covers(&self, other: &RoomPattern) -> bool {
        if self.open { other.name.starts_with(&self.name) } else { self == other }
    }

    /// Whether a room's name, without its prefix, is one of these.
    #[must_use]
    pub fn matches(&self, room: &[u8]) -> bool {
        if self.open { room.starts_with(self.name.as_bytes()) } else { room == self.name.as_bytes() }
    }
}

/// What becomes of digits that no code wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmatched {
    /// They go on to the other party.
    Pass,
    /// They go nowhere.
    Drop,
}

/// `[[code]]`
#[derive(Debug, Clone)]
pub struct Code {
    /// Its name, unique.
    pub name: String,
    /// What is keyed for it, as a pattern of [`Key::index`]; `None` if it only follows other codes.
    pub keys: Option<Arc<Node>>,
    /// The states it is for, as places in [`Config::states`].
    pub states: Vec<usize>,
    /// The roles it is for, as places in [`Config::roles`]; `None` for everybody.
    pub allow: Option<Vec<usize>>,
    /// What it does.
    pub operation: Operation,
    /// How long its next key may take, if not as long as in its state.
    pub interdigit: Option<Duration>,
    /// How long it waits for a longer code, if not as long as in its state.
    pub critical: Option<Duration>,
    /// The codes whose operations follow when its own was done, as places in [`Config::codes`].
    pub then: Vec<usize>,
    /// Whether nobody is to read its keys in the log.
    pub secret: bool,
    /// What the caller hears when it was done: an engine resource, as `tone/1000/200`.
    pub on_success: Option<Template>,
    /// What the caller hears when it could not be done.
    pub on_failure: Option<Template>,
}

/// What a code does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Puts the caller in a room.
    Join {
        /// The room with its prefix, as `conf/800`.
        room: Template,
        /// Whether the other party of the call comes along; if not, the engine hangs it up.
        with_peer: bool,
        /// What the engine is told of a room that this makes, as `lonely`.
        params: Params,
    },
    /// Takes the caller out of the room: to `to`, or the call ends.
    Leave {
        /// An engine resource, as `tone/dial`.
        to: Option<Template>,
    },
    /// Mutes or unmutes the caller.
    Mute(Switch),
    /// Starts or stops the recording of the room.
    Record(Switch),
    /// Mutes everybody else in the room, or unmutes everybody.
    MuteOthers {
        /// Whether to mute.
        on: bool,
    },
    /// Locks or unlocks the room.
    Lock(Switch),
    /// Throws somebody out of the room.
    Kick {
        /// The seat; `None` for who came last, other than who keyed.
        seat: Option<Template>,
    },
    /// Calls somebody in.
    Invite {
        /// The number.
        number: Template,
        /// The role they get, one of [`Config::roles`].
        role: Option<String>,
    },
    /// Tells the caller how many are in the room.
    Count,
    /// Tells the caller who is talking.
    Talkers,
    /// Plays something into the room.
    Announce {
        /// An engine resource.
        sound: Template,
    },
    /// Lets the conference that is being held last longer.
    Extend {
        /// By how much.
        by: Duration,
    },
    /// Ends the conference for everybody.
    End,
    /// The caller has keyed a PIN that was asked for.
    EnterPin {
        /// The PIN.
        pin: Template,
    },
    /// The caller has keyed the number of a conference that was asked for.
    EnterRoom {
        /// The room with its prefix, as `conf/${room}`.
        room: Template,
    },
    /// Puts the call in another state.
    SetState {
        /// A place in [`Config::states`], or `None` for where the engine has the call.
        to: Option<usize>,
    },
    /// Sends any message.
    Message {
        /// Its name, as `call.drop`.
        name: String,
        /// Whether it is sent in the caller's name, through `chan.masquerade`.
        masquerade: bool,
        /// Its parameters.
        params: Params,
    },
}

impl Operation {
    /// What it is called in a configuration.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Operation::Join { .. } => "join",
            Operation::Leave { .. } => "leave",
            Operation::Mute(Switch::Toggle) => "mute-toggle",
            Operation::Mute(Switch::On) => "mute",
            Operation::Mute(Switch::Off) => "unmute",
            Operation::Record(Switch::Toggle) => "record-toggle",
            Operation::Record(Switch::On) => "record-start",
            Operation::Record(Switch::Off) => "record-stop",
            Operation::MuteOthers { on: true } => "mute-others",
            Operation::MuteOthers { on: false } => "unmute-all",
            Operation::Lock(Switch::Toggle) => "lock-toggle",
            Operation::Lock(Switch::On) => "lock",
            Operation::Lock(Switch::Off) => "unlock",
            Operation::Kick { seat: Some(_) } => "kick",
            Operation::Kick { seat: None } => "kick-last",
            Operation::Invite { .. } => "invite",
            Operation::Count => "count",
            Operation::Talkers => "talkers",
            Operation::Announce { .. } => "announce",
            Operation::Extend { .. } => "extend",
            Operation::End => "end",
            Operation::EnterPin { .. } => "enter-pin",
            Operation::EnterRoom { .. } => "enter-room",
            Operation::SetState { .. } => "set-state",
            Operation::Message { .. } => "message",
        }
    }
}

/// Named values, each filled in when the code fires.
pub type Params = BTreeMap<String, Template>;

/// Which way an operation that can be undone goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// To what it is not now.
    Toggle,
    /// On.
    On,
    /// Off.
    Off,
}

/// The name of the state of a call between two parties.
pub const STATE_CALL: &str = "call";
/// The name of the state of a caller in a conference room.
pub const STATE_CONFERENCE: &str = "conference";
/// The name of the state of a caller who hears a tone.
pub const STATE_DIAL: &str = "dial";
/// The name of the state of a caller who is connected to nobody.
pub const STATE_HOLD: &str = "hold";
/// The name of the state of a caller who is asked for the number of a conference.
pub const STATE_LOBBY: &str = "lobby";
/// The name of the state of a caller who is asked for a PIN.
pub const STATE_PIN: &str = "pin";
/// The name of the state of a caller who waits to be let into a room.
pub const STATE_WAITING: &str = "waiting";

/// The states in which the engine has calls by itself.
pub const STATES_OF_ENGINE: [&str; 4] = [STATE_CALL, STATE_CONFERENCE, STATE_DIAL, STATE_HOLD];
/// The states in which touchtone asks callers for something, or lets them wait, before they are in a room.
pub const STATES_OF_ENTRY: [&str; 3] = [STATE_LOBBY, STATE_PIN, STATE_WAITING];

/// The role that organizers of conferences have.
pub const ROLE_ORGANIZER: &str = "organizer";
