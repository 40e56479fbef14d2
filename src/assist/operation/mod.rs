//! What codes do, one file an operation.

mod join;
mod leave;
mod message;
mod mute;
mod prompt;
mod record;
mod record_room;
mod set_state;

pub(super) use record::{recorder, stop_recording};
