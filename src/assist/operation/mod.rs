//! What codes do, one file an operation.

mod announce;
mod extend;
mod invite;
mod join;
mod kick;
mod leave;
mod lock;
mod many;
mod message;
mod mute;
mod prompt;
mod record;
mod record_room;
mod set_state;
mod tell;

pub(super) use many::Whole;
pub(super) use record::{own_leg, stop_recording};
