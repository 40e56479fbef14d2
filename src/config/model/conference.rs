//! What the conference server is configured with: rooms, routes to them, calling out, the schedule, sounds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::RoomPattern;
use crate::key::Keys;
use crate::keypad::Keymap;
use crate::store::PinHash;
use crate::template::Template;

/// Parameters of the engine's, by its own names, as `maxusers`.
pub type EngineParams = BTreeMap<String, String>;

/// `[rooms."PATTERN"]`: rooms under control, whichever way somebody comes to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRules {
    /// The rooms it is about.
    pub pattern: RoomPattern,
    /// How many may be there, if not as many as the engine's default.
    pub max_users: Option<u32>,
    /// What the engine is told of a room that is made: `maxusers`, `lonely`, `speakers`, `interval`, `waitlock`, …
    pub params: EngineParams,
    /// Whether it is recorded from when the first has come, as `[record]` says.
    pub record: bool,
    /// The utility leg that is there all the while.
    pub utility: Utility,
    /// What those hear who came before an organizer; they are let in when one has. `None` lets them in at once.
    pub waiting: Option<String>,
    /// Whether everybody goes when the last organizer has left.
    pub ends_with_organizer: bool,
    /// The language of what is said there, if not that of `[sounds]`.
    pub language: Option<String>,
    /// What is said when somebody comes or goes.
    pub tells_of_comings: bool,
    /// Organizers.
    pub organizer: Admission,
    /// Everybody else.
    pub participant: Admission,
}

/// How one kind of caller is let into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// What they key; `None` if nothing is asked of them.
    pub pin: Option<PinHash>,
    /// Whether they may open a room that is not there (the engine's `existing=true` if not).
    pub may_open: bool,
    /// Whether they are muted when they come.
    pub start_muted: bool,
    /// What the engine is told of their leg besides: `billing`, `smart`, …
    pub params: EngineParams,
}

/// A utility leg of our own in a room, of which nobody hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Utility {
    /// There is one only while something is announced.
    None,
    /// It is there as long as the room is, so that an announcement begins at once.
    Held,
    /// It keeps the room open besides, when nobody else is there; it takes the place of one user.
    KeepsOpen,
}

/// `[[route]]`: called numbers that touchtone sends to their rooms itself.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    /// What becomes of a call, by the place of the route.
    pub all: Vec<Route>,
    /// The numbers, compiled, as codes of which each has the place of its route; `None` if there are none.
    pub numbers: Option<Arc<Keymap>>,
}

/// What becomes of a call to a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The room with its prefix, as `conf/${room}`; `None` for the conference that the caller has now, or else what
    /// the caller is asked for.
    pub room: Option<Template>,
    /// The role of who calls there, as a place in [`Config::roles`](super::Config::roles).
    pub role: Option<usize>,
    /// What the engine is told of the call besides.
    pub params: EngineParams,
}

impl Routes {
    /// The route of a called number, and what its captures hold; `None` if it is none of ours.
    #[must_use]
    pub fn find(&self, called: &[u8]) -> Option<(&Route, Vec<(String, Keys)>)> {
        let keys: Keys = std::str::from_utf8(called).ok()?.parse().ok()?;
        let numbers = self.numbers.as_ref()?;
        let pattern = numbers.whole(&keys)?;
        Some((self.all.get(numbers.codes[pattern])?, numbers.captures(pattern, &keys)))
    }
}

/// `[entry]`: how callers prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// How many wrong PINs end a call.
    pub tries: u32,
    /// How long a PIN waits to be looked at after a wrong one, of the same caller or for the same room; it doubles with
    /// each, up to `longest`.
    pub wait: Duration,
    /// The wait that is not exceeded.
    pub longest: Duration,
}

/// `[calling]`: how others are called in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calling {
    /// Where to, by `${number}` and `${room}`, as `sip/sip:${number}@gateway`; `None` asks the engine's routing.
    pub direct: Option<Template>,
    /// Who is said to call.
    pub caller: Template,
    /// How long it may ring.
    pub ring: Duration,
    /// How many calls are begun in a minute at most.
    pub per_minute: u32,
    /// What the engine is told besides.
    pub params: EngineParams,
}

/// `[schedule]`: how conferences on record are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How long before it begins callers are sent to it.
    pub early: Duration,
    /// How often somebody is called again who did not answer or was busy.
    pub retries: u32,
    /// How long after such a call.
    pub retry_after: Duration,
    /// Whether the room is ended at the end.
    pub ends: bool,
    /// How long before that it is said in the room; `None` says nothing.
    pub warn_before: Option<Duration>,
}

/// `[sounds]`: where the engine finds what is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sounds {
    /// A directory as the engine sees it, with one for each language; `None` has tones in place of words.
    pub dir: Option<String>,
    /// The language, where a room has none of its own.
    pub language: String,
}

/// `[control]`: the socket on which commands come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Where it is.
    pub socket: PathBuf,
    /// Who may use it, as a file's mode: 0o600.
    pub mode: u32,
}

impl Control {
    /// Where it is if nothing else is said, and where commands look for it.
    pub const DEFAULT_SOCKET: &str = "/run/touchtone.sock";
}
