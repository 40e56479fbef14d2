//! The configuration: TOML to a checked [`Config`].
//!
//! [`load_file`] reads a file in two phases: parse, every value with its place, then check, collecting every problem. What
//! can be written is in [`schema`], and what templates may name in [`names`].

mod address;
mod asked;
pub mod check;
mod codes;
mod conference;
mod conflicts;
mod duration;
mod files;
mod fixed;
mod grammar_file;
mod load;
mod model;
pub mod names;
mod observe;
mod operation;
mod params;
mod patterns;
mod read;
mod roles;
mod rooms;
mod routes;
mod rules;
pub mod schema;
mod sections;
mod shape;
mod states;
mod syntax;
mod templates;

pub use address::BadAddress;
pub use grammar_file::load_grammar;
pub use load::{Loaded, Refused, load, load_file, load_limits};
pub use model::{
    Address, Admission, Bounds, Calling, Code, Config, Control, EngineParams, Entry, Keypad, Operation,
    Params, ROLE_ORGANIZER, Record, RecordBy, RoomPattern, RoomRules, Route, Routes, STATE_CALL,
    STATE_CONFERENCE, STATE_DIAL, STATE_HOLD, STATE_LOBBY, STATE_PIN, STATE_WAITING, STATES_OF_ENGINE,
    STATES_OF_ENTRY, Schedule, Sounds, State, Switch, Unmatched, Utility, Yate,
};
