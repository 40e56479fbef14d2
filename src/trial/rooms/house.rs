//! The conference server that trials of rooms are about: its configuration, the engine beside it, its PINs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{self, Config, Refused, RoomRules};
use crate::sim::{Callee, Jitter, Route, Settings};
use crate::trial::Chance;

const TEXT: &str = include_str!("house.toml");

/// What a server has besides that writes down what is to last.
const WITH_STORE: &str = r#"
[store]
file = "nowhere.db"
[[route]]
called = "7000"
[[code]]
name = "extend"
keys = "*83"
state = "conference"
allow = "organizer"
operation = "extend"
by = "15m"
"#;

/// The rooms.
pub const ROOMS: [&str; 5] = ["800", "810", "820", "830", "850"];

/// The room of the one conference that is on record, and held all the time.
pub const SCHEDULED: &str = "850";

/// The codes that only organizers have.
pub const OF_ORGANIZERS: [&str; 10] = [
    "lock",
    "mute-others",
    "unmute-all",
    "kick",
    "kick-last",
    "invite",
    "announce",
    "record",
    "end",
    "extend",
];

/// Who calls: the organizer and a participant of the conference on record, and nobody in particular.
pub const CALLERS: [&str; 6] = ["301", "302", "carl", "dora", "emil", "fran"];

/// The numbers that can be called in; the last takes part in the conference on record, and is called by it.
pub const NUMBERS: [&str; 5] = ["201", "202", "203", "204", "205"];

/// A PIN, the room that it is of, and whether it is that of organizers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownPin {
    /// What is keyed.
    pub digits: &'static str,
    /// For which room.
    pub room: &'static str,
    /// Whether it makes an organizer.
    pub organizer: bool,
}

/// The PINs, no two the same.
pub const PINS: [KnownPin; 5] = [
    KnownPin { digits: "4711", room: "810", organizer: true },
    KnownPin { digits: "1234", room: "810", organizer: false },
    KnownPin { digits: "5511", room: "820", organizer: true },
    KnownPin { digits: "9911", room: SCHEDULED, organizer: true },
    KnownPin { digits: "8888", room: SCHEDULED, organizer: false },
];

/// A conference server.
#[derive(Debug, Clone)]
pub struct House {
    /// Its configuration.
    pub config: Arc<Config>,
    /// Whether it has a store, and with it a schedule and attendance.
    pub stores: bool,
}

impl House {
    /// A server with or without a store.
    ///
    /// # Errors
    /// What is wrong with its configuration.
    pub fn new(stores: bool) -> Result<Self, Refused> {
        Self::with(stores, &Self::text(stores))
    }

    /// A server with that configuration.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn with(stores: bool, text: &str) -> Result<Self, Refused> {
        let loaded = config::load(Path::new("house.toml"), |_| Ok(text.to_owned()))?;
        Ok(House { config: Arc::new(loaded.config), stores })
    }

    /// The configuration of a server with or without a store.
    #[must_use]
    pub fn text(stores: bool) -> String {
        if stores { [TEXT, WITH_STORE].concat() } else { TEXT.to_owned() }
    }

    /// The rules of a room.
    pub(super) fn rules(&self, room: &str) -> Option<&RoomRules> {
        self.config.room(room.as_bytes())
    }

    /// Whether a room is closed to who is unknown and keys no PIN.
    pub(super) fn asks_for_pin(&self, room: &str) -> bool {
        let has_pin = |pin: &KnownPin| pin.room == room && !pin.organizer;
        PINS.iter().any(has_pin) && (room != SCHEDULED || self.stores)
    }

    /// Who calls from that number, in that room: an organizer of its conference, a participant, or nobody known.
    pub(super) fn identity(&self, room: &str, number: &str) -> Option<bool> {
        match number {
            _ if room != SCHEDULED || !self.stores => None,
            "301" => Some(true),
            "302" | "205" => Some(false),
            _ => None,
        }
    }

    /// Every number that can be called.
    pub(super) fn numbers() -> Vec<String> {
        let of = |room: &str| ["", "6", "9", "7"].map(|kind| format!("{kind}{room}"));
        let others = ["7000", "7010", "7020"].map(str::to_owned);
        ROOMS.iter().flat_map(|room| of(room)).chain(others).collect()
    }

    /// The role that the engine's routing gives who calls a number, and the room that it sends them to.
    pub(super) fn role_of(called: &str) -> Option<(&'static str, String)> {
        match called.as_bytes() {
            [b'9', room @ ..] if room.len() == 3 => Some(("organizer", called[1..].to_owned())),
            [b'6', room @ ..] if room.len() == 3 => Some(("guest", called[1..].to_owned())),
            _ => None,
        }
    }

    /// An engine for a trial.
    pub(super) fn settings(&self, seed: u64) -> Settings {
        let mut chance = Chance::seeded(seed);
        let rough = Jitter { probability: 0.3, span: Duration::from_millis(30) };
        let jitter = *chance.pick(&[Settings::default().jitter, Jitter::lifelike(), rough]);
        let mut routes = Vec::new();
        for room in ROOMS {
            let target = format!("conf/{room}");
            routes.push(Route::new(room, &target));
            routes.push(Route::new(format!("6{room}"), &target).with("touchtone_role", "guest"));
            routes.push(Route::new(format!("9{room}"), &target).with("touchtone_role", "organizer"));
        }
        for number in ["7010", "7020"] {
            routes.push(Route::new(number, format!("sip/sip:{number}@127.0.0.1:{number}")));
        }
        let callees = [
            ("202", Callee::Busy),
            ("203", Callee::NoAnswer),
            ("204", Callee::Rings { answers_after: Duration::from_millis(700) }),
        ];
        Settings {
            seed: chance.below(1 << 30) as u64,
            jitter,
            read_idle: Duration::from_millis(*chance.pick(&[5, 0, 1])),
            routes,
            callees: callees.map(|(number, callee)| (number.to_owned(), callee)).to_vec(),
            ..Settings::default()
        }
    }
}
