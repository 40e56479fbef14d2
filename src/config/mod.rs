//! The configuration: TOML to a checked [`Config`].

mod model;

pub use model::{
    Address, Code, Config, Keypad, Operation, Params, Record, RecordBy, STATE_CALL, STATE_CONFERENCE, State, Switch,
    Unmatched, Yate,
};
