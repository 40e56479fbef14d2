//! When everybody has hung up and time has passed, nothing is left.

use std::collections::HashSet;

use super::Checked;
use crate::assist::{Load, Report};
use crate::trial::record::{Event, Noted};

pub(super) fn check(record: &[Noted]) -> Checked {
    let (mut gone, mut late, mut lost) = (HashSet::new(), HashSet::new(), false);
    for Noted { at, event } in record {
        match event {
            Event::Gone(channel) => {
                gone.insert(channel.as_bytes());
            }
            Event::Lost => lost = true,
            // Who hung up while there was no connection is not told of again, whatever they have keyed before.
            Event::Told(Report::Keyed { channel, .. }) if lost && gone.contains(channel.as_slice()) => {
                late.insert(channel);
            }
            Event::Ended(seen) => {
                if let Some(channel) = seen.channels.first() {
                    return Err((*at, format!("{} is still there", channel.id)));
                }
                if let Some(room) = seen.rooms.first() {
                    return Err((*at, format!("the room {} is still there", room.name)));
                }
                if seen.load != (Load { calls: seen.load.calls.min(late.len()), ..Load::default() }) {
                    return Err((*at, format!("the module keeps {:?}", seen.load)));
                }
                if seen.waiting > 0 {
                    return Err((*at, format!("{} messages wait in the engine", seen.waiting)));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
