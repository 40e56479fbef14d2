//! When everybody has hung up and time has passed, nothing is left.

use super::Checked;
use crate::assist::Load;
use crate::trial::record::{Event, Noted};

pub(super) fn check(record: &[Noted]) -> Checked {
    for Noted { at, event } in record {
        let Event::Ended(seen) = event else { continue };
        if let Some(channel) = seen.channels.first() {
            return Err((*at, format!("{} is still there", channel.id)));
        }
        if let Some(room) = seen.rooms.first() {
            return Err((*at, format!("the room {} is still there", room.name)));
        }
        if seen.load != Load::default() {
            return Err((*at, format!("the module keeps {:?}", seen.load)));
        }
        if seen.waiting > 0 {
            return Err((*at, format!("{} messages wait in the engine", seen.waiting)));
        }
    }
    Ok(())
}
